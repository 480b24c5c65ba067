"""The line length that a project has set for its formatter."""

from __future__ import annotations

import posixpath
import re

from playpen_ls.api.facts import Files

_SET = (
    ("pyproject.toml", re.compile(r"^[ \t]*line[-_]length[ \t]*=[ \t]*(\d{2,3})\b", re.MULTILINE)),
    ("ruff.toml", re.compile(r"^[ \t]*line-length[ \t]*=[ \t]*(\d{2,3})\b", re.MULTILINE)),
    (".ruff.toml", re.compile(r"^[ \t]*line-length[ \t]*=[ \t]*(\d{2,3})\b", re.MULTILINE)),
    ("setup.cfg", re.compile(r"^[ \t]*max[-_]line[-_]length[ \t]*=[ \t]*(\d{2,3})\b", re.MULTILINE)),
    (".flake8", re.compile(r"^[ \t]*max[-_]line[-_]length[ \t]*=[ \t]*(\d{2,3})\b", re.MULTILINE)),
)
# What black and Ruff have where nothing is set.
_DEFAULT = re.compile(r"^\[tool\.(?:black|ruff(?:\.format)?)\]", re.MULTILINE)
_BLACK = 88


def line_length(path: str, files: Files) -> int:
    """The limit in the configuration nearest to a file; 0 if there is none."""
    folder = posixpath.dirname(path)
    while True:
        for name, limit in _SET:
            file = posixpath.join(folder, name)
            text = files.text(file) if files.exists(file) else None
            found = limit.search(text) if text is not None else None
            if found is not None:
                return int(found[1])
            if text is not None and _DEFAULT.search(text):
                return _BLACK
        if folder in ("", "/"):
            return 0
        folder = posixpath.dirname(folder)
