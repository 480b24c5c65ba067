"""The dataclasses of this program: `dataclasses.dataclass`, made in a third of the time.

The standard decorator compiles six methods for each class. With some 300 classes the user waits for that when the
server starts. Here a class gets a compiled `__init__` only; the classes share the other methods.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, eq=True, order=False, **options):
        """`dataclasses.dataclass`, but nothing stops a program from assigning to a frozen object: mypy does."""

        def made(cls):
            return _made(cls, frozen, eq, options)

        if order:
            return dataclasses.dataclass(cls, frozen=frozen, eq=eq, order=order, **options)
        return made if cls is None else made(cls)


def _made(cls: type, frozen: bool, eq: bool, options: dict[str, Any]) -> type:
    own = vars(cls).copy()
    cls.__doc__ = cls.__doc__ or " "  # otherwise the signature is written there, which takes as long as all else
    make: Callable[[type], type] = dataclasses.dataclass(eq=False, repr=False, **options)
    made: Any = make(cls)
    made.__doc__ = own["__doc__"]
    if eq:
        names = [field.name for field in dataclasses.fields(made) if field.compare]
        made._compared = attrgetter(*names) if names else _nothing
        if "__eq__" not in own:
            made.__eq__ = _equal
        if "__hash__" not in own:
            made.__hash__ = _hash if frozen else None
    if "__repr__" not in own:
        made.__repr__ = _repr
    return made  # type: ignore[no-any-return]


def _nothing(_: object) -> tuple[()]:
    return ()


def _equal(self: Any, other: Any) -> bool:
    kind: Any = self.__class__
    if kind is not other.__class__:
        return NotImplemented  # type: ignore[no-any-return]
    compared = kind._compared
    return self is other or bool(compared(self) == compared(other))


def _hash(self: Any) -> int:
    return hash(self.__class__._compared(self))


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"
