"""Which files of a project git ignores, as rules see its files."""

from __future__ import annotations

import posixpath
import re

from playpen_ls.api.facts import Files
from playpen_ls.text.ignore_patterns import IgnorePatterns


def is_git_ignored(path: str, files: Files) -> bool:
    """Whether git ignores the path by a `.gitignore` of the project; the innermost one with a matching pattern decides.

    Nothing in an ignored folder can be included again. A file that git tracks is not ignored.
    """
    return _matches(path, files) and not files.is_tracked(path)


def _matches(path: str, files: Files) -> bool:
    found: list[tuple[str, IgnorePatterns]] = []
    for folder in ("", *(path[: match.start()] for match in re.finditer("/", path))):
        if folder and _verdict(folder, found, True):
            return True
        text = files.text(posixpath.join(folder, ".gitignore"))
        if text is not None:
            found.append((folder, IgnorePatterns(text.split("\n"))))
    return _verdict(path, found, False)


def _verdict(path: str, found: list[tuple[str, IgnorePatterns]], is_folder: bool) -> bool:
    for folder, patterns in reversed(found):
        verdict = patterns.verdict(path[len(folder) + 1 :] if folder else path, is_folder)
        if verdict is not None:
            return verdict
    return False
