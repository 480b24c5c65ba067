"""What a command line names: files and folders, each in its project."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playpen_ls.cli.report.model import Problem
from playpen_ls.config.loader import find, load
from playpen_ls.config.model import Config, Settings
from playpen_ls.languages.detection import language_of
from playpen_ls.project.discovery import files_under, project_root
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import LARGEST, Source, Unreadable


@dataclass(frozen=True)
class Target:
    """A file to look at; `path` is relative to the workspace's root."""

    workspace: Workspace
    path: str
    source: Source
    language: str
    on_disk: bool = True
    """It has a place, so that what lies beside it can be looked at."""


@dataclass
class Targets:
    """Finds the files; what cannot be read becomes a problem and the rest goes on."""

    settings: Settings
    folder: Path = field(default_factory=Path.cwd)
    problems: list[Problem] = field(default_factory=list)
    failed: bool = False
    """A file that was named could not be read; one that was only found in a folder is no failure."""
    workspaces: dict[Path, Workspace] = field(default_factory=dict)
    _configs: dict[str, Config] = field(default_factory=dict)
    _found: dict[str, Path | None] = field(default_factory=dict)
    _workspaces: dict[str, Workspace] = field(default_factory=dict)
    _marked: dict[str, str] = field(default_factory=dict)

    def under(self, names: Iterable[str]) -> Iterator[Target]:
        """The files that these names stand for, in path order, each once."""
        for path, named in self.paths(names):
            target = self.target(path, named)
            if target is not None:
                yield target

    def paths(self, names: Iterable[str]) -> list[tuple[str, bool]]:
        """The files that could be ours, and whether they were named themselves."""
        paths: dict[str, bool] = {}
        for name in names:
            path = os.path.abspath(self.folder / name)
            if os.path.isdir(path):
                config = self._config(path)
                for file in files_under(Path(path), config.exclude, self._unreadable, base=config.folder):
                    nearest = self._config(os.path.dirname(file))
                    if nearest.path == config.path or not nearest.excludes(Path(file)):
                        paths.setdefault(file, False)
            else:
                paths[path] = True
        return sorted(paths.items(), key=lambda item: item[0].split(os.sep))

    def workspace(self, path: str) -> Workspace:
        """The project of a file; its index is made when something of it is first asked for."""
        folder = os.path.dirname(path)
        workspace = self._workspaces.get(folder)
        if workspace is None:
            place = Path(path)
            fallback = self.folder if place.is_relative_to(self.folder) else place.parent
            root = project_root(place, fallback, self._marked)
            if root not in self.workspaces:
                self.workspaces[root] = Workspace(root, self.settings)
            workspace = self._workspaces[folder] = self.workspaces[root]
        return workspace

    def text(self, text: str, name: str | None, language: str | None) -> Target | None:
        """Text from standard input, as if it were the file `name`; None if it is no language of ours.

        `language` counts where the name does not decide, and for a text without one.
        """
        shown = name or f"stdin.{language}"
        path = os.path.abspath(self.folder / shown)
        workspace = self.workspace(path)
        source = Source(relative(path, workspace.root), text)
        found = language_of(shown, lambda: text, language or "")
        return Target(workspace, source.path, source, found, name is not None) if found else None

    def shown(self, workspace: Workspace, path: str) -> str:
        """A project path as it is printed: relative to the current folder, absolute outside of it."""
        return relative(os.path.join(workspace.root, path), self.folder)

    def target(self, path: str, named: bool) -> Target | None:
        shown = relative(path, self.folder)
        try:
            size = os.stat(path).st_size
            if size > LARGEST:
                raise Unreadable(f"larger than {LARGEST:,} bytes ({size:,}); exclude it or split it")
            workspace = self.workspace(path)
            with open(path, "rb") as file:
                source = Source.decoded(relative(path, workspace.root), file.read())
        except (OSError, Unreadable) as error:
            # Data in JSON or YAML is often large, or in another encoding: that it is no manifest goes without saying.
            if named or isinstance(error, OSError) or not path.endswith((".json", ".yaml", ".yml")):
                self.problems.append(Problem(shown, getattr(error, "strerror", None) or str(error)))
            self.failed = self.failed or named
            return None
        language = language_of(source.path, lambda: source.text)
        if language is None:
            if named:
                self.problems.append(
                    Problem(shown, "not a Dockerfile, Jenkinsfile, Kubernetes manifest or Python file")
                )
            return None
        return Target(workspace, source.path, source, language)

    def _config(self, folder: str) -> Config:
        if folder not in self._configs:
            found = find(Path(folder), known=self._found)
            self._configs[folder] = load(found) if found else Config(Path(folder))
        return self._configs[folder]

    def _unreadable(self, folder: Path) -> None:
        self.problems.append(Problem(relative(str(folder), self.folder), "cannot list the folder"))


def relative(path: str, folder: Path) -> str:
    """With forward slashes; absolute where it is outside of the folder."""
    start = os.path.join(folder, "")
    return path.removeprefix(start).replace(os.sep, "/")
