"""The packages that a project requires."""

from __future__ import annotations

import posixpath
import re

from playpen_ls.api.facts import Files

_FILES = ("pyproject.toml", "requirements.txt", "requirements/base.txt", "Pipfile", "setup.cfg", "setup.py")


def requirement(package: str, path: str, files: Files) -> str | None:
    """What follows the package in the requirements nearest to a file: `==1.4.*"`; None if it is not required."""
    wanted = re.compile(
        rf"(?:^|[\"'])[ \t]*{package}(?=[^\w.-]|$)(?:\[[^\]]*\])?(?P<version>[^\n#]*)", re.MULTILINE | re.IGNORECASE
    )
    folder = posixpath.dirname(path)
    while True:
        for name in _FILES:
            file = posixpath.join(folder, name)
            text = files.text(file) if files.exists(file) else None
            found = wanted.search(text) if text is not None else None
            if found is not None:
                return found["version"]
        if folder in ("", "/"):
            return None
        folder = posixpath.dirname(folder)


def is_required(package: str, path: str, files: Files) -> bool:
    return requirement(package, path, files) is not None
