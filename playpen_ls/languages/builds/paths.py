"""Paths in statements, as paths of the project."""

from __future__ import annotations

import posixpath
import re


def within(folder: str, path: str) -> str | None:
    """The path from the project's root of a path from `folder`; None if it is outside or not local."""
    if re.match(r"/|~|https?:|git@|[\w+]+://", path) or re.search(r"[$`{}\ue000]", path):
        return None
    made = posixpath.normpath(posixpath.join(folder, path))
    return None if made == ".." or made.startswith("../") else "" if made == "." else made
