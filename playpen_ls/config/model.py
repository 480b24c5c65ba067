"""Which rules count for a file, how much, and for which platform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from playpen_ls.api.finding import Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import Configured, Rule, rules_of
from playpen_ls.languages.registry import LANGUAGES
from playpen_ls.text.source import Span

OFF = "off"


@dataclass(frozen=True)
class Invalid:
    """Something wrong in a configuration file; `span` is in its text."""

    path: Path
    span: Span
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Settings:
    """What an editor or a command line adds. Severities are labels, or "off"."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PathRules:
    """What counts for paths that match `pattern`, besides everything else."""

    pattern: str
    ignore: tuple[str, ...]


@dataclass(frozen=True)
class Config:
    """`path` is the file that it came from, None for the defaults; `folder` is what its patterns are relative to."""

    folder: Path
    path: Path | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)
    per_path: tuple[PathRules, ...] = ()
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    platform: Platform = Platform()
    problems: tuple[Invalid, ...] = ()

    def excludes(self, path: Path) -> bool:
        """A file somewhere below `folder` is left out of what is found there."""
        return bool(self.exclude) and _matches(self.exclude, path.relative_to(self.folder).as_posix())

    def rules(self, language: str, path: str, settings: Settings = Settings()) -> tuple[Configured, ...]:
        """The rules that count for a file. `path` is relative to `folder`, with forward slashes."""
        return self.chosen(rules_of(language), path, settings)

    def chosen(self, rules: Iterable[Rule], path: str, settings: Settings) -> tuple[Configured, ...]:
        """Those of some rules that count for a file."""
        select = self.select if settings.select is None else settings.select
        ignore = [*self.ignore, *settings.ignore]
        for one in self.per_path:
            if _matches([one.pattern], path):
                ignore += one.ignore
        chosen = []
        for rule in rules:
            if not (rule.on if select is None else _named(rule, select)) or _named(rule, ignore):
                continue
            label = settings.severity.get(rule.id, self.severity.get(rule.id))
            if label != OFF:
                severity = Severity.named(label) if label else None
                chosen.append(Configured(rule, severity, self.options.get(rule.id, {})))
        return tuple(chosen)


def _named(rule: Rule, names: Iterable[str]) -> bool:
    return any(name in (rule.id, rule.name, rule.language, "all") for name in names)


def _matches(patterns: Iterable[str], path: str) -> bool:
    from pathspec import GitIgnoreSpec  # 15 ms that most runs do not need

    return GitIgnoreSpec.from_lines(patterns).match_file(path)


OWN = ("playpen/unused-ignore", "playpen/invalid-config")
"""The ids of the rules that the engine itself has."""


def is_rule_name(name: str) -> bool:
    """It can stand in `select` and `ignore`."""
    return name in ("all", *LANGUAGES, *OWN) or any(_named(rule, (name,)) for rule in rules_named(name))


def rules_named(name: str) -> Iterator[Rule]:
    """The rules among which a name is looked up; imports one language where the name says which."""
    language = name.partition("/")[0]
    for one in (language,) if language in LANGUAGES else LANGUAGES:
        yield from rules_of(one)


def unknown_rule(name: str) -> str:
    """The message for a name that `is_rule_name` denies."""
    ids = [rule.id for language in LANGUAGES for rule in rules_of(language)]
    # Without its language it is compared with what stands behind the others' languages.
    known = {id if "/" in name else id.partition("/")[2]: id for id in reversed(ids)}
    close = get_close_matches(name, list(known), n=1)
    return f"there is no rule `{name}`" + (f"; did you mean `{known[close[0]]}`?" if close else "")
