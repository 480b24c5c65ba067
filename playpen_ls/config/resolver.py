"""Cache of the configuration and the rules for each file of a project, from open editors and from disk."""

from __future__ import annotations

import logging
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from playpen_ls.api.rule import Configured, Rule
from playpen_ls.config.loader import find, load
from playpen_ls.config.model import Config, Settings
from playpen_ls.engine.baseline import Baseline, InvalidBaseline
from playpen_ls.engine.registry import embedded_rules, rules_of
from playpen_ls.engine.rule_set import RuleSet
from playpen_ls.languages.registry import LANGUAGES
from playpen_ls.project.patience import Ask, at_once
from playpen_ls.project.read_file import read_text
from playpen_ls.text.source import Unreadable

logger = logging.getLogger("playpen_ls")


_KnownBaseline = tuple[Baseline, frozenset[str], bool]
"""(baseline, its paths that are files, whether others are not)."""


class ConfigResolver:
    """Paths are those of a workspace: relative to `root`, absolute outside of it.

    Files are read by `ask`: while it does not know the configuration or the baseline of a file yet, what needs them
    raises NotKnownYet.
    """

    def __init__(self, root: Path, settings: Settings, ask: Ask = at_once) -> None:
        self._root = root
        self._settings = settings
        self._ask = ask
        self._changes = 0
        self._by_folder: dict[str, Config] = {}
        self._found: dict[str, Path | None] = {}
        self._baselines: dict[Path, tuple[tuple[int, int], _KnownBaseline]] = {}
        self._texts: dict[Path, str] = {}
        self._rules: dict[tuple[str, str], RuleSet] = {}
        self._shared: dict[tuple[Path | None, str, tuple[str, ...], str], RuleSet] = {}

    def of(self, path: str) -> Config:
        """The configuration of a file: the nearest in a parent folder, or the defaults."""
        name = posixpath.dirname(path)
        config = self._by_folder.get(name)
        if config is None:
            config = self._settings.config
            if config is None:
                reading = partial(self._read, (self._root / path).parent, self._found)
                if self._settings.config_file:
                    reading = partial(self._read_named, self._root / Path(self._settings.config_file).expanduser())
                config = self._ask((self, self._changes, name), reading).excluding(self._settings)
            self._by_folder[name] = config
        return config

    def _read(self, folder: Path, known: dict[str, Path | None]) -> Config:
        found = find(folder, self._texts, known)
        return load(found, self._texts.get(found)) if found else Config(self._root)

    def _read_named(self, path: Path) -> Config:
        return replace(load(path, self._texts.get(path)), folder=self._root)

    def used(self) -> Iterator[Config]:
        """The configurations that have been used, without duplicates."""
        yield from {config.path: config for config in self._by_folder.values()}.values()

    def baseline(self, path: str) -> tuple[Baseline, str, Callable[[str], bool]] | None:
        """(baseline, path of the file in it, whether a path of it is a file), if it can concern the file."""
        file = self.of(path).baseline
        if file is None:
            return None
        inside = os.path.relpath(self._root / path, file.parent).replace(os.sep, "/")
        baseline, there, gone = self._baseline(file)
        return (baseline, inside, there.__contains__) if gone or inside in there else None

    def _baseline(self, file: Path) -> _KnownBaseline:
        return self._ask((self, "baseline", file), partial(self._read_baseline, file))

    def _read_baseline(self, file: Path) -> _KnownBaseline:
        """Read again when the file has changed; empty if it cannot be read."""
        try:
            status = os.stat(file)
            stamp = (status.st_mtime_ns, status.st_size)
            if self._baselines.get(file, (None,))[0] != stamp:
                baseline = Baseline.read(read_text(str(file)))
                there = frozenset(path for path in baseline.paths if os.path.exists(file.parent / path))
                self._baselines[file] = (stamp, (baseline, there, len(there) < len(baseline.paths)))
        except (OSError, Unreadable, InvalidBaseline) as error:
            if file not in self._baselines:
                logger.warning("%s: %s", file.name, getattr(error, "strerror", None) or error)
            self._baselines[file] = ((0, 0), (Baseline(), frozenset(), False))
        return self._baselines[file][1]

    def rules(self, path: str, language: str) -> RuleSet:
        """The rules that count for a file, and those that know its secrets.

        Returns the same object until the configuration changes. Files that are configured alike share one, except in
        languages that embed others: it keeps whether a file needed the rules for those.
        """
        key = (path, language)
        found = self._rules.get(key)
        if found is None:
            config, inside = self.of(path), self._inside(path)
            ignored = config.ignored(inside)
            alike = (config.path, language, ignored, path if LANGUAGES[language].embeds else "")
            if alike not in self._shared:
                rules = config.rules(language, inside, self._settings)
                embedded = partial(self._embedded, config, language, ignored)
                self._shared[alike] = _rule_set(rules, rules_of(language), embedded)
            found = self._rules[key] = self._shared[alike]
        return found

    def _embedded(self, config: Config, language: str, ignored: Sequence[str]) -> RuleSet:
        """The rules for texts of other languages in a file."""
        known = embedded_rules(language)
        return _rule_set(config.chosen(known, ignored, self._settings), known)

    def chosen(self, rules: Iterable[Rule], path: str) -> tuple[Configured, ...]:
        """Those of the given rules that run on a file."""
        config = self.of(path)
        return config.chosen(rules, config.ignored(self._inside(path)), self._settings)

    def _inside(self, path: str) -> str:
        """The path relative to the folder of its configuration, for matching patterns."""
        folder, place = self.of(path).folder, self._root / path
        return place.relative_to(folder).as_posix() if place.is_relative_to(folder) else path

    def changed(self, path: Path, text: str | None = None) -> None:
        """Invalidate the cache after a configuration change; `text` is the unsaved text, None to read the disk."""
        self._texts.pop(path, None)
        if text is not None:
            self._texts[path] = text
        self._forget_files()
        self._forget_rules()

    @property
    def settings(self) -> Settings:
        """The overrides from the editor or the command line."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        if settings.config_file != self._settings.config_file:
            self._forget_files()
        self._settings = settings
        self._forget_rules()

    def _forget_files(self) -> None:
        self._changes += 1
        self._by_folder.clear()
        self._found = {}

    def _forget_rules(self) -> None:
        self._rules.clear()
        self._shared.clear()


def _rule_set(
    rules: Sequence[Configured], known: Iterable[Rule], embedded: Callable[[], RuleSet] | None = None
) -> RuleSet:
    """The rules that run, and of the known others those that know secrets."""
    ids = {one.rule.id for one in rules}
    return RuleSet(rules, [Configured(one) for one in known if one.masks_text and one.id not in ids], embedded)
