"""Resolves the files and folders on the command line to files in projects."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import field
from pathlib import Path
from typing import Any

from playpen_ls.api.rule import Rule
from playpen_ls.cli.results import Problem, relative
from playpen_ls.cli.write_file import recovery_of
from playpen_ls.config.loader import find, load, with_one_config
from playpen_ls.config.model import Config, Settings
from playpen_ls.languages.detection import language_of
from playpen_ls.languages.registry import LANGUAGES, finds_nothing, labels
from playpen_ls.project.discovery import files_under, is_found, project_root
from playpen_ls.project.indexer import TOO_MANY
from playpen_ls.project.read_file import read_file
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.source import Source, Unreadable


@dataclass(frozen=True)
class Target:
    """A file to check; `path` is relative to the root of the workspace."""

    workspace: Workspace
    path: str
    source: Source
    language: str
    named: bool = True
    """Whether the command line names it, not only a folder that it is in."""
    on_disk: bool = True
    """Whether it has a location on disk, so that other files can be accessed."""

    @property
    def practices(self) -> frozenset[str]:
        """The best practices that an enabled rule can find violated in a text with these words."""
        words, rules = self.source.words, self.workspace.configs.rules(self.path, self.language)
        reported, found = rules.reported, {"+"}
        for one in rules.rules:
            if one.rule.practice not in found and one.rule.id in reported and one.rule.may_concern(words):
                found.add(one.rule.practice)
        return frozenset(found - {"+"})

    @property
    def finds_nothing(self) -> bool:
        """Whether its text, without parsing it, rules out any finding, fact or ignore comment."""
        rules = self.workspace.configs.rules(self.path, self.language)
        return finds_nothing(self.language, self.source, rules.may_concern)


@dataclass
class Targets:
    """Finds the files. Unreadable files are recorded as problems, and the others are checked."""

    settings: Settings
    folder: Path = field(default_factory=Path.cwd)
    force_exclude: bool = False
    """Whether files that are named are excluded too."""
    with_practices: bool = False
    """Whether reports say which practices concern a file."""
    remembers: bool = False
    """Whether results are kept for later runs."""
    problems: list[Problem] = field(default_factory=list)
    workspaces: dict[Path, Workspace] = field(default_factory=dict)
    _configs: dict[str, Config] = field(default_factory=dict)
    _found: dict[str, Path | None] = field(default_factory=dict)
    _workspaces: dict[str, Workspace] = field(default_factory=dict)
    _marked: dict[str, str] = field(default_factory=dict)
    _named: list[Path] = field(default_factory=list)

    def under(self, names: Iterable[str]) -> Iterator[Target]:
        """The files in these paths, sorted, without duplicates."""
        for path, named in self.paths(names):
            target = self.target(path, named)
            if target is not None:
                yield target

    def paths(self, names: Iterable[str]) -> list[tuple[str, bool]]:
        """(absolute path, whether it was named itself) of possibly supported files, sorted."""
        paths: dict[str, bool] = {}
        for name in names:
            path = os.path.abspath(self.folder / name)
            if os.path.isdir(path):
                self._named.append(Path(path))
                config = self.config(path)
                for file in files_under(Path(path), config.exclude, self._unreadable, base=config.folder):
                    nearest = self.config(os.path.dirname(file))
                    if nearest.path == config.path or not nearest.excludes(Path(file)):
                        paths.setdefault(file, False)
            elif not self.force_exclude or self._is_found(path):
                paths[path] = True
        return sorted(paths.items(), key=lambda item: item[0].split(os.sep))

    def _is_found(self, path: str) -> bool:
        """Whether the file would be found in its project."""
        config, root = self.config(os.path.dirname(path)), self.workspace(path).root
        return is_found(relative(path, root), root, config.exclude, config.folder)

    def workspace(self, path: str) -> Workspace:
        """The project of a file. Its index is built on first use."""
        folder = os.path.dirname(path)
        workspace = self._workspaces.get(folder)
        if workspace is None:
            place = Path(path)
            folders = (one for one in (self.folder, *self._named) if place.is_relative_to(one))
            fallback = next(folders, place.parent)
            workspace = self._workspaces[folder] = self.project(project_root(place, fallback, self._marked))
        return workspace

    def project(self, root: Path) -> Workspace:
        """The project of this folder."""
        if root not in self.workspaces:
            self.workspaces[root] = Workspace(root, self.settings)
        return self.workspaces[root]

    def place(self, path: str, workspace: Workspace) -> None:
        """Tell that files beside this one are in this project."""
        self._workspaces[os.path.dirname(path)] = workspace

    def order(self) -> list[Any]:
        """What another process needs to check the same files in the same way, as JSON takes it."""
        settings = self.settings
        config = settings.config and [str(settings.config.path) if settings.config.path else None]
        given = [settings.select, settings.ignore, dict(settings.severity), settings.exclude, settings.baseline]
        return [str(self.folder), self.with_practices, self.remembers, str(settings.folder), config, *given]

    @classmethod
    def of(cls, order: list[Any]) -> Targets:
        folder, with_practices, remembers, base, config, select, ignore, severity, exclude, baseline = order
        chosen = None if select is None else tuple(select)
        settings = Settings(chosen, tuple(ignore), severity, None, tuple(exclude), Path(base), baseline)
        if config is not None:
            settings = with_one_config(settings, Path(config[0]) if config[0] else None)
        return cls(settings, Path(folder), with_practices=with_practices, remembers=remembers)

    def text(self, text: str, name: str | None, language: str | None) -> Target | None:
        """Standard input as the file `name`; None if the language is not supported.

        `language` is used if there is no name, or if it does not determine the language.
        """
        shown = name or f"stdin.{language}"
        path = os.path.abspath(self.folder / shown)
        workspace = self.workspace(path)
        source = Source(relative(path, workspace.root), text)
        found = language_of(shown, lambda: text, language or "")
        return Target(workspace, source.path, source, found, True, name is not None) if found else None

    def shown(self, workspace: Workspace, path: str) -> str:
        """A project path for output: relative to the current folder, absolute outside of it."""
        return relative(os.path.join(workspace.root, path), self.folder)

    def target(self, path: str, named: bool) -> Target | None:
        shown = relative(path, self.folder)
        try:
            content = read_file(path)
            recovery = recovery_of(path)
            if recovery is not None:
                name = os.path.basename(recovery) if os.path.dirname(recovery) == os.path.dirname(path) else recovery
                raise OSError(
                    f"an interrupted fix left its complete text in `{name}`; compare it with this file, then delete it"
                )
            workspace = self.workspace(path)
            source = Source.decoded(relative(path, workspace.root), content)
        except (OSError, Unreadable) as error:
            # Data files are often large or in another encoding; they are not manifests, so not a problem.
            if named or isinstance(error, OSError) or not path.endswith((".json", ".yaml", ".yml", ".properties")):
                self.problems.append(Problem(shown, getattr(error, "strerror", None) or str(error), named))
            return None
        language = language_of(source.path, lambda: source.text)
        if language is None:
            if named:
                self.problems.append(Problem(shown, f"not a {labels('or')}"))
            return None
        return Target(workspace, source.path, source, language, named)

    def all_problems(self) -> Iterator[Problem]:
        """What was not checked so far, in files and in projects."""
        yield from self.problems
        for root, workspace in self.workspaces.items():
            if workspace.closed.too_many:
                shown = relative(os.path.join(root, ""), self.folder).rstrip("/")
                yield Problem(shown or ".", TOO_MANY)

    def rules(self) -> list[Rule]:
        """The rules that are enabled by a configuration of the files so far, sorted by id."""
        used = [config for workspace in self.workspaces.values() for config in workspace.configs.used()]
        enabled = {
            one.rule.id: one.rule
            for config in used or [Config(self.folder)]
            for language in LANGUAGES
            for one in config.rules(language, "", self.settings)
        }
        return [rule for _, rule in sorted(enabled.items())]

    def config(self, folder: str) -> Config:
        """The configuration of the files in a folder."""
        if folder not in self._configs:
            found = None if self.settings.config else find(Path(folder), known=self._found)
            config = load(found) if found else Config(Path(folder))
            self._configs[folder] = self.settings.config or config.excluding(self.settings)
        return self._configs[folder]

    def _unreadable(self, path: str, reason: str) -> None:
        self.problems.append(Problem(relative(path, self.folder), reason))
