"""Environment variables that turn on the debug mode of a program."""

from __future__ import annotations

_NAMES = frozenset(("DEBUG", "FLASK_DEBUG", "DJANGO_DEBUG", "APP_DEBUG", "QUART_DEBUG", "STARLETTE_DEBUG"))
_TRUE = frozenset(("1", "true", "yes", "on", "t", "y"))


def is_debug_setting(name: str, value: str) -> bool:
    """Whether the variable turns it on. `DEBUG=express:*` names what Node.js logs."""
    return name in _NAMES and value.strip().lower() in _TRUE
