"""Kubernetes quantities: `500m`, `512Mi`, `1e3`."""

from __future__ import annotations

from decimal import Decimal

from playpen_ls.text.regex import regex

_QUANTITY = regex(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,2}))?")
_FACTORS = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "k": Decimal("1e3"), "M": Decimal("1e6"),
    "G": Decimal("1e9"), "T": Decimal("1e12"), "P": Decimal("1e15"), "E": Decimal("1e18"),
} | {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)}  # fmt: skip


def amount(text: str) -> Decimal | None:
    """The number of cores or bytes; None if the text is not a quantity."""
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        return None
    number, suffix, exponent = match.groups()
    factor = _FACTORS[suffix] if suffix else Decimal(10) ** int(exponent or 0)
    return Decimal(number) * factor


def unit(text: str) -> str:
    """The letters after the number, valid or not: `512MB` → `MB`."""
    return text.strip().lstrip("+-.0123456789")
