"""What a name that a Python module imports is, followed through the modules of the project."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterator

from playpen_ls.api.fact_types import Exported
from playpen_ls.api.facts import Facts
from playpen_ls.text.dataclass import dataclass

_STEPS = 10  # of re-exports
_STDLIB = sys.stdlib_module_names
_CLASS = "<class>"


@dataclass(frozen=True, slots=True)
class Bound:
    """A name of a module, and the origin (see `Exported`) of what was asked for, relative to that module.

    `name` is "" if what was asked for is a member of what has the name.
    """

    path: str
    name: str
    origin: str


def followed(exported: Facts[Exported], path: str, origin: str) -> tuple[Bound | None, str]:
    """(the name that defines it, its origin) of an origin in the module `path`, as far as it can be followed."""
    found: Bound | None = None
    for _ in range(_STEPS):
        following = _step(exported, path, origin)
        if following is None:
            break
        found, path, origin = following, following.path, following.origin
    return found, origin


def defined(exported: Facts[Exported], path: str, origin: str) -> tuple[str, str]:
    """(module, name) that defines an object of the project; ("", "") if that is unknown."""
    found, _ = followed(exported, path, origin)
    return (found.path, found.name) if found is not None and found.name else ("", "")


def _step(
    exported: Facts[Exported], path: str, origin: str, looked: set[tuple[str, str]] | None = None
) -> Bound | None:
    """What a name of another module is bound to; None if that is unknown or ambiguous.

    `looked` are the names of modules whose star imports were looked through: these can go in circles.
    """
    looked = set() if looked is None else looked
    name = origin.lstrip(".")
    dots, words = len(origin) - len(name), name.split(".")
    if not dots and words[0] in _STDLIB:
        return None
    for split in range(len(words) - 1, -1 if dots else 0, -1):
        module = words[:split]
        if not all(word.isidentifier() for word in module):
            continue
        files = dict.fromkeys(_files(path, dots, module))
        found = {one for file in files if (one := _bound(exported, file, words[split:], looked))}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _bound(exported: Facts[Exported], file: str, words: list[str], looked: set[tuple[str, str]]) -> Bound | None:
    """A name in a module, with what follows it in `words`."""
    first, rest = words[0], "".join(f".{word}" for word in words[1:])
    called = first.partition("(")[0]
    attribute, after = _attribute(words)
    found: list[str] = []
    bound: Bound | None = None
    for fact in exported.of(file):
        if fact.name == attribute:
            return Bound(file, "" if after else attribute, fact.origin + after)
        if fact.name == first:
            bound = bound or Bound(file, "" if rest else first, fact.origin + rest)
        elif fact.name == called:
            bound = bound or Bound(file, "", fact.origin + first[len(called) :] + rest)
        elif fact.name == "*" and (file, first) not in looked:
            found.append(fact.origin.removesuffix("*") + first + rest)
    if bound is not None:
        return bound
    looked.add((file, first))
    found = [one for one in found if _step(exported, file, one, looked)]
    return Bound(file, "", found[0]) if len(found) == 1 else None


def _attribute(words: list[str]) -> tuple[str, str]:
    """(`Base.logger`, what follows) of `Base.<class>.logger.info`; ("", "") if it is not an attribute of an object."""
    inner = next((at for at, word in enumerate(words) if at and word != _CLASS), 0)
    if inner < 2:
        return "", ""
    return f"{words[0]}.{words[inner]}", "".join(f".{word}" for word in words[inner + 1 :])


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
