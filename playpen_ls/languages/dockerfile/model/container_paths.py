"""Paths inside the image, as far as they follow from the Dockerfile.

A path is absolute (`/app`), or starts with `?` if its prefix is unknown: the working directory of the
base image, or a variable without a value. Two paths with the same unknown prefix can be compared,
others cannot.
"""

from __future__ import annotations

import posixpath

from playpen_ls.languages.dockerfile.model.expansion import expanded
from playpen_ls.languages.dockerfile.model.stage import stage_of
from playpen_ls.languages.dockerfile.model.variables import values_before
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import Transfer

_BASE = "?base"


def joined(folder: str, path: str) -> str:
    """`path` relative to `folder`; a path that leaves an unknown prefix with `..` is a new unknown."""
    if path.startswith(("?", "/")):
        return _clean(path)
    made = posixpath.normpath(f"{folder.rstrip('/')}/{path}")
    return made if made.startswith(("/", "?")) and not made.startswith("//") else f"?{folder}/{path}"


def _clean(path: str) -> str:
    made = posixpath.normpath(path)
    return made[1:] if made.startswith("//") else made


def rest_below(path: str, folder: str) -> str | None:
    """The part of `path` below `folder`, "" for the folder itself; None if it is not below."""
    if path == folder:
        return ""
    prefix = folder.rstrip("/") + "/"
    return path[len(prefix) :] if path.startswith(prefix) else None


def is_apart(one: str, other: str) -> bool:
    """Neither path is equal to or below the other; False if they cannot be compared."""
    if beginning(one) != beginning(other):
        return False
    return rest_below(one, other) is None and rest_below(other, one) is None


def beginning(path: str) -> str:
    return "/" if path.startswith("/") else path.partition("/")[0]


def known(text: str, instruction: Instruction) -> str:
    """The text with its variables expanded; `?` and the text if one has no known value."""
    if "$" not in text:
        return text
    value = expanded(text.strip("\"'"), values_before(instruction))
    return value if value is not None else f"?{text}"


def working_directory(instruction: Instruction) -> str:
    """The working directory at the instruction, against which relative paths are resolved."""
    later: list[str] = []
    own = stage_of(instruction)
    if own is None:
        return _BASE
    # Not `before`, for speed: every instruction of a long stage needs this, and few are a WORKDIR.
    for workdir in (one for stage in own.ancestors for one in stage.workdirs):
        if workdir.scope is own and workdir.index >= instruction.index:
            continue
        path = known(workdir.path, workdir)
        later.append(path)
        if path.startswith(("/", "?")):
            break
    folder = _BASE
    for path in reversed(later):
        folder = joined(folder, path)
    return folder


def destination_of(transfer: Transfer) -> str | None:
    """The container path that COPY or ADD writes to; None while it has no destination."""
    if transfer.destination is None:
        return None
    return joined(working_directory(transfer), known(transfer.destination.text, transfer))
