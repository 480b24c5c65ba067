"""`functools.cached_property` that leaves the dictionary of an object unmade, which takes 200 to 400 bytes.

Python keeps the values of an object's attributes in a row until somebody asks for its `__dict__`, as the standard one
does. There are thousands of instructions, statements and nodes in a long file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functools import cached_property as cached_property
else:

    class cached_property:
        def __init__(self, func: Callable[[Any], Any]) -> None:
            self.func = func
            self.name = ""
            self.__doc__ = func.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self.name = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            value = self.func(instance)
            setattr(instance, self.name, value)
            return value
