"""The line length that a project has set for its formatter."""

from __future__ import annotations

import posixpath
import re

from playpen_ls.api.facts import Files
from playpen_ls.text.regex import regex

_SET = (
    ("pyproject.toml", regex(r"^[ \t]*line[-_]length[ \t]*=[ \t]*(\d{2,3})\b", re.MULTILINE)),
    ("ruff.toml", regex(r"^[ \t]*line-length[ \t]*=[ \t]*(\d{2,3})\b", re.MULTILINE)),
    (".ruff.toml", regex(r"^[ \t]*line-length[ \t]*=[ \t]*(\d{2,3})\b", re.MULTILINE)),
    ("setup.cfg", regex(r"^[ \t]*max[-_]line[-_]length[ \t]*=[ \t]*(\d{2,3})\b", re.MULTILINE)),
    (".flake8", regex(r"^[ \t]*max[-_]line[-_]length[ \t]*=[ \t]*(\d{2,3})\b", re.MULTILINE)),
)
# What black and Ruff have where nothing is set.
_DEFAULT = regex(r"^\[tool\.(?:black|ruff(?:\.format)?)\]", re.MULTILINE)
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
