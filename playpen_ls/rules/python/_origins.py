"""What an imported name really is: its origin, followed through the modules of the project."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from playpen_ls.api.fact_types import Exported
from playpen_ls.api.facts import Facts, Files
from playpen_ls.languages.python.model.calls import logger_kind
from playpen_ls.languages.python.parts import LogCall
from playpen_ls.rules.python._requirements import is_required

_STEPS = 10  # of re-exports
_STDLIB = sys.stdlib_module_names


@dataclass(frozen=True)
class Origins:
    """Follows origins (see `scope`) through imports and re-exports; a rule takes it as one parameter."""

    exported: Facts[Exported]
    files: Files

    def of(self, path: str, origin: str) -> str:
        """An origin in the module `path`, as far as it can be followed."""
        for _ in range(_STEPS):
            followed = self._step(path, origin)
            if followed is None:
                return origin
            path, origin = followed
        return origin

    def logger(self, call: LogCall) -> LogCall:
        """The call with the kind of its logger.

        It is "unclear" if the project uses Loguru, whose messages have other placeholders, and the logger could be
        Loguru's.
        """
        if call.kind != "named":
            return call
        kind = logger_kind(self.of(call.path, call.name)) if call.name else ""
        return call.of_kind(kind or ("unclear" if self._can_be_loguru(call.path) else "named"))

    def _can_be_loguru(self, path: str) -> bool:
        if not self.exported.complete or self.exported.having(_roots, "loguru"):
            return True
        return is_required("loguru", path, self.files)

    def _step(self, path: str, origin: str, depth: int = 0) -> tuple[str, str] | None:
        """(module, origin in it) of what a name of another module is bound to; None if that is unknown or ambiguous."""
        name = origin.lstrip(".")
        dots, words = len(origin) - len(name), name.split(".")
        if not dots and words[0] in _STDLIB:
            return None
        for split in range(len(words) - 1, -1 if dots else 0, -1):
            module = words[:split]
            if not all(word.isidentifier() for word in module):
                continue
            files = dict.fromkeys(_files(path, dots, module))
            found = {one for file in files if (one := self._bound(file, words[split:], depth))}
            if found:
                return found.pop() if len(found) == 1 else None
        return None

    def _bound(self, file: str, words: list[str], depth: int) -> tuple[str, str] | None:
        """(module, origin) of a name in a module, with what follows it in `words`."""
        first, rest = words[0], "".join(f".{word}" for word in words[1:])
        called = first.partition("(")[0]
        found: list[str] = []
        for fact in self.exported.of(file):
            if fact.name == first:
                return file, fact.origin + rest
            if fact.name == called:
                return file, fact.origin + first[len(called) :] + rest
            if fact.name == "*" and depth < _STEPS:
                found.append(fact.origin.removesuffix("*") + first + rest)
        found = [one for one in found if self._step(file, one, depth + 1)]
        return (file, found[0]) if len(found) == 1 else None


def _files(path: str, dots: int, module: list[str]) -> Iterator[str]:
    """The paths that a module imported in the file `path` can have."""
    folder = posixpath.dirname(path)
    if dots:
        for _ in range(dots - 1):
            folder = posixpath.dirname(folder)
        roots = [folder]
    else:
        roots = [folder]
        while roots[-1] not in ("", "/"):
            roots.append(posixpath.dirname(roots[-1]))
        roots += [posixpath.join(root, "src") for root in roots]
    for root in roots:
        stem = posixpath.join(root, *module)
        if module:
            yield f"{stem}.py"
        yield posixpath.join(stem, "__init__.py")


def _roots(fact: Exported) -> tuple[str]:
    return (re.split(r"[.(]", fact.origin, maxsplit=1)[0],)
