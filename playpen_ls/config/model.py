"""The resolved configuration: which rules run on a file, with which severity, options and platform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from playpen_ls.api.finding import Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import PRESETS, Configured, Rule
from playpen_ls.config.rule_names import _named
from playpen_ls.engine.registry import rules_of
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.ignore_patterns import IgnorePatterns
from playpen_ls.text.span import Span

OFF = "off"


@dataclass(frozen=True)
class Invalid:
    """A problem in a configuration file; `span` is in its text, `line` is 1-based.

    `instead` is what is probably meant by the words at `span`, "" if nothing is known.
    """

    path: Path
    span: Span
    line: int
    message: str
    instead: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Settings:
    """Overrides from an editor or the command line. Severities are labels or "off"."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)
    config: Config | None = None
    """The configuration of all files instead of those that are found."""
    exclude: tuple[str, ...] = ()
    """Further patterns, relative to `folder`."""
    folder: Path = Path()
    baseline: str = "hide"
    """What becomes of findings in the baseline: hide, hint or off (they are reported as all others)."""
    config_file: str = ""
    """As `config`, a file that is still to be read; its path is absolute, below `~`, or relative to the project."""


@dataclass(frozen=True)
class PathRules:
    """Rules to ignore in paths that match the .gitignore-style `pattern`."""

    pattern: str
    ignore: tuple[str, ...]

    @cached_property
    def patterns(self) -> IgnorePatterns:
        return IgnorePatterns([self.pattern])


@dataclass(frozen=True)
class Config:
    """`path` is the configuration file, None for the defaults; patterns are relative to `folder`."""

    folder: Path
    path: Path | None = None
    select: tuple[str, ...] | None = None
    preset: str = ""
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)
    per_path: tuple[PathRules, ...] = ()
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    platform: Platform = Platform()
    baseline: Path | None = None
    problems: tuple[Invalid, ...] = ()

    def excludes(self, path: Path) -> bool:
        """Whether the file, which must be below `folder`, is excluded."""
        return bool(self.exclude) and self._excluded.ignores(path.relative_to(self.folder).as_posix())

    @cached_property
    def _excluded(self) -> IgnorePatterns:
        return IgnorePatterns(self.exclude)

    def excluding(self, settings: Settings) -> Config:
        """The same with the patterns of the settings, converted to be relative to its own folder."""
        if not settings.exclude:
            return self
        own, given = self.folder.as_posix(), settings.folder.as_posix()
        if given == own:
            patterns = list(settings.exclude)
        elif settings.folder.is_relative_to(self.folder):
            below = settings.folder.relative_to(self.folder).as_posix()
            patterns = [_below(below, pattern) for pattern in settings.exclude]
        else:
            start = f"{self.folder.relative_to(settings.folder).as_posix()}/" if own.startswith(f"{given}/") else "/"
            patterns = [
                pattern.lstrip("/").removeprefix(start)
                for pattern in settings.exclude
                if not _anchored(pattern) or pattern.lstrip("/").startswith((start, "**/"))
            ]
        return replace(self, exclude=(*self.exclude, *patterns))

    def rules(self, language: str, path: str, settings: Settings = Settings()) -> tuple[Configured, ...]:
        """The rules that run on a file. `path` is relative to `folder`, with forward slashes."""
        return self.chosen(rules_of(language), self.ignored(path), settings)

    def ignored(self, path: str) -> tuple[str, ...]:
        """The rules that only files like this one ignore. `path` is relative to `folder`, with forward slashes."""
        return tuple(rule for one in self.per_path if one.patterns.ignores(path) for rule in one.ignore)

    def chosen(self, rules: Iterable[Rule], ignored: Sequence[str], settings: Settings) -> tuple[Configured, ...]:
        """Those of the given rules that run on a file; `ignored` are what it ignores itself.

        A preset adds its rules to those that the configuration selects; `settings.select` is in place of both.
        """
        select = self.select if settings.select is None else settings.select
        added = PRESETS.get(self.preset, ()) if settings.select is None else ()
        ignore = [*self.ignore, *settings.ignore, *ignored]
        chosen = []
        for rule in rules:
            selected = rule.preset in added or (rule.enabled if select is None else _named(rule, select))
            if not selected or _named(rule, ignore):
                continue
            label = settings.severity.get(rule.id, self.severity.get(rule.id))
            if label != OFF:
                severity = Severity.named(label) if label else None
                chosen.append(Configured(rule, severity, self.options.get(rule.id, {})))
        return tuple(chosen)


def _anchored(pattern: str) -> bool:
    """Whether a .gitignore pattern matches paths from its folder on, not names at any depth."""
    return "/" in pattern.rstrip("/")


def _below(folder: str, pattern: str) -> str:
    """A pattern relative to a folder as a pattern relative to a folder above it."""
    return f"/{folder}/{pattern.lstrip('/')}" if _anchored(pattern) else f"/{folder}/**/{pattern}"
