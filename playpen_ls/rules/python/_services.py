"""The folder of the service that a Python file belongs to."""

from __future__ import annotations

import posixpath

from playpen_ls.api.facts import Files

_MARKS = ("Dockerfile", "requirements.txt", "pyproject.toml", "setup.py", "Pipfile", "manage.py")


def service_of(path: str, files: Files) -> str:
    """The innermost folder with a file that a service has at its root; "" for the whole project."""
    folder = posixpath.dirname(path)
    while folder and folder != "/":
        if any(files.exists(posixpath.join(folder, mark)) for mark in _MARKS):
            return folder
        folder = posixpath.dirname(folder)
    return ""
