"""A project on disk with one of its files open."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source


def opened(folder: Path, files: Mapping[str, str], path: str, language: str) -> Workspace:
    """Write the files, open the one at `path`, and read the project."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    project = Workspace(folder)
    project.open(Source(path, files[path]), language)
    project.closed.read_all()
    return project
