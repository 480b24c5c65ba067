"""Loads playpen.toml, or [tool.playpen] of pyproject.toml.

An invalid configuration never stops a check: each problem names its line, its value and what would be
valid, and the default is used instead of the invalid value.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from playpen_ls.api.finding import Severity
from playpen_ls.api.platform import Platform, Probe
from playpen_ls.api.rule import PRESETS
from playpen_ls.config.model import OFF, Config, Invalid, PathRules, Settings
from playpen_ls.config.rule_names import is_rule_name, rules_named, similar_rule, unknown_rule
from playpen_ls.project.discovery import repository_folder
from playpen_ls.project.read_file import read_file, read_text
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source, Unreadable
from playpen_ls.text.span import Span

MOST_PROBLEMS = 100  # in one file
MOST_PARTS = 64  # of a dotted key; tomllib takes time and memory proportional to their square
KEYS = ("select", "preset", "ignore", "exclude", "extend", "baseline", "severity", "per-path", "rules", "platform")


def find(
    folder: Path, opened: Mapping[Path, str] = MappingProxyType({}), known: dict[str, Path | None] | None = None
) -> Path | None:
    """The configuration file in `folder` or its nearest parent, not above the root of the repository.

    `opened` are the texts of open editors. `known` caches the result for each folder.
    """
    known = {} if known is None else known
    name, passed, found = str(folder), list[str](), None
    while name not in known:
        passed.append(name)
        found, above = _own(name, opened), os.path.dirname(name)
        if found is not None or above == name or os.path.exists(os.path.join(name, ".git")):
            break
        name = above
    else:
        found = known[name]
    known.update(dict.fromkeys(passed, found))
    return found


def _own(folder: str, opened: Mapping[Path, str]) -> Path | None:
    own, project = os.path.join(folder, "playpen.toml"), os.path.join(folder, "pyproject.toml")
    if os.path.isfile(own) or (opened and Path(own) in opened):
        return Path(own)
    text = opened.get(Path(project)) if opened else None
    return Path(project) if has_table(_text(project) if text is None else text) else None


def has_table(pyproject: str) -> bool:
    """Whether the text of a pyproject.toml has a [tool.playpen] table."""
    return bool(re.search(r"^[ \t]*\[tool\.playpen[\].]", pyproject, re.MULTILINE))


def _text(path: str) -> str:
    try:
        return read_text(path)
    except OSError:
        return ""
    except Unreadable:  # a file that is too large can have the table; `load` says that it cannot be read
        return "[tool.playpen]" if os.path.isfile(path) else ""


def load(path: Path, text: str | None = None) -> Config:
    """Load a configuration file; `text` is its text in an open editor. Never raises: see `problems`."""
    return _Reader(path).read(text)


def with_one_config(settings: Settings, path: Path | None) -> Settings:
    """The settings with the configuration at `path` for all files, or with the defaults for None."""
    config = Config(settings.folder) if path is None else replace(load(path), folder=settings.folder)
    return replace(settings, config=config.excluding(settings))


class _Reader:
    """Reads one file and the file that it extends.

    Nothing of a `private` file is quoted: whoever wrote the workspace may have named any file of the user.
    """

    def __init__(self, path: Path, private: bool = False) -> None:
        self.path = path
        self.private = private
        self.source = Source(path.name, "")
        self.problems: list[Invalid] = []

    def read(self, text: str | None = None, extended: bool = False) -> Config:
        empty = Config(self.path.parent, self.path)
        try:
            self.source = Source(self.path.name, text) if text is not None else self._decoded()
            _check_keys(self.source.text)
            table: Any = tomllib.loads(self.source.text.replace("\r\n", "\n"))
        except (OSError, Unreadable) as error:
            self._say(Span(0, 0), f"cannot be read: {getattr(error, 'strerror', None) or error}")
            return replace(empty, problems=tuple(self.problems))
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            self._say(self._error_line(str(error)), "not TOML" if self.private else f"not TOML: {error}")
            return replace(empty, problems=tuple(self.problems))
        if self.path.name == "pyproject.toml":
            table = self._table("playpen", self._table("tool", table))
        base = self._extended(table, extended) if "extend" in table else empty
        made = self._config(table, base)
        if self._full:
            self._say(Span(0, 0), f"only the first {MOST_PROBLEMS} problems are reported; some of the file is not read")
        return replace(made, problems=tuple(self.problems))

    def _decoded(self) -> Source:
        return Source.decoded(self.path.name, read_file(self.path))

    def _error_line(self, message: str) -> Span:
        match = re.search(r"at line (\d+)", message)
        line = int(match[1]) - 1 if match else self.source.line_of(len(self.source.text.rstrip()))
        return self.source.line_span(line)

    def _extended(self, table: Mapping[str, Any], extended: bool) -> Config:
        target, empty = table["extend"], Config(self.path.parent, self.path)
        if not isinstance(target, str):
            self._wrong("extend", target, "a relative path to a file")
        elif extended:
            self._say(self._key("extend"), "`extend` in an extended file is not supported")
        elif not os.path.isfile(self.path.parent / target):
            self._say(self._key("extend"), f"`extend` refers to `{target}`, which does not exist")
        else:
            path = (self.path.parent / target).resolve()
            reader = _Reader(path, private=not path.is_relative_to(_own_folder(self.path)))
            base = reader.read(extended=True)
            self.problems += reader.problems
            return replace(base, folder=self.path.parent, path=self.path)
        return empty

    def _config(self, table: Mapping[str, Any], base: Config) -> Config:
        for key in table:
            if key not in KEYS:
                self._unknown(key, key, KEYS)
        made = base
        if "select" in table:
            names = self._names("select", table["select"])
            # A list that has only unknown names must not disable all rules.
            made = replace(made, select=names if names or table["select"] == [] else base.select)
        if "preset" in table:
            made = replace(made, preset=self._preset(table["preset"], base.preset))
        if "ignore" in table:
            made = replace(made, ignore=self._names("ignore", table["ignore"]))
        if "exclude" in table:
            made = replace(made, exclude=self._strings("exclude", table["exclude"]))
        if "baseline" in table:
            if isinstance(table["baseline"], str):
                made = replace(made, baseline=self.path.parent / table["baseline"])
            else:
                self._wrong("baseline", table["baseline"], "a relative path to a file")
        made = replace(made, severity={**base.severity, **self._severities(self._table("severity", table))})
        made = replace(made, per_path=(*base.per_path, *self._per_path(self._table("per-path", table))))
        made = replace(made, options={**base.options, **self._options(self._table("rules", table))})
        return replace(made, platform=self._platform(self._table("platform", table), base.platform))

    def _table(self, key: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
        value = table.get(key, {})
        if isinstance(value, dict):
            return value
        self._wrong(key, value, "a table")
        return {}

    def _strings(self, key: str, value: object) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self._wrong(key, value, "a list of strings")
        return ()

    def _names(self, key: str, value: object) -> tuple[str, ...]:
        names = self._strings(key, value)
        known = {name: is_rule_name(name) for name in names}
        for name in known:
            if not known[name] and not self._full:
                self._say(self._word(name, key), self._unknown_rule(name, key), self._meant_rule(name))
        return tuple(name for name in known if known[name])

    def _preset(self, value: object, usual: str) -> str:
        if isinstance(value, str) and value in PRESETS:
            return value
        self._wrong("preset", value, f"one of {', '.join(PRESETS)}")
        return usual

    def _severities(self, table: Mapping[str, Any]) -> dict[str, str]:
        labels = [*(one.label for one in Severity), OFF]
        severities = {}
        for name, label in table.items():
            if self._full:
                break
            if not is_rule_name(name) or "/" not in name:
                self._say(self._key(name, "severity"), self._unknown_rule(name, "severity"), self._meant_rule(name))
            elif label not in labels:
                self._wrong(f"severity.{name}", label, f"one of {', '.join(labels)}", name)
            else:
                severities[name] = label
        return severities

    def _per_path(self, table: Mapping[str, Any]) -> Iterator[PathRules]:
        for pattern, rules in table.items():
            if not isinstance(rules, dict) or set(rules) - {"ignore"}:
                shown = "per-path" if self.private else f"per-path.{pattern}"
                self._wrong(shown, rules, "{ ignore = […] }", pattern)
            else:
                yield PathRules(pattern, self._names("ignore", rules.get("ignore", [])))

    def _options(self, table: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        options: dict[str, dict[str, Any]] = {}
        for id, values in table.items():
            rule = next((rule for rule in rules_named(id) if rule.id == id), None)
            if self._full:
                break
            if rule is None:
                self._say(self._key(id), self._unknown_rule(id, "rules"), self._meant_rule(id))
            elif not isinstance(values, dict):
                self._wrong(f"rules.{id}", values, "a table", id)
            else:
                options[id] = dict(self._checked(values, {option.name: option.type for option in rule.options}, id))
        return options

    def _platform(self, table: Mapping[str, Any], base: Platform) -> Platform:
        hints = get_type_hints(Platform)
        values = dict(self._checked(table, {one.name: hints[one.name] for one in fields(Platform)}, "platform"))
        for name in ("liveness", "readiness"):
            if isinstance(values.get(name), dict):
                probe = dict(self._checked(values[name], get_type_hints(Probe), name))
                values[name] = replace(getattr(base, name), **probe)
        return replace(base, **values)

    def _checked(self, table: Mapping[str, Any], types: Mapping[str, Any], where: str) -> Iterator[tuple[str, Any]]:
        """The entries of a table that have a known key and a value of the right type; others are reported."""
        for key, value in table.items():
            if key not in types:
                self._unknown(key, f"{where}.{key}", types)
            elif not _fits(value, types[key]):
                self._wrong(f"{where}.{key}", value, _described(types[key]), key)
            else:
                yield key, tuple(value) if isinstance(value, list) else value

    def _unknown(self, key: str, shown: str, known: Sequence[str] | Mapping[str, Any]) -> None:
        if self._full:
            return
        if self.private:
            self._say(self._key(key), "unknown key")
            return
        close = get_close_matches(key, list(known), n=1)
        all_of_them = f"known keys: {', '.join(known)}" if known else "no keys can be set here"
        remedy = f"; did you mean `{close[0]}`?" if close else f"; {all_of_them}"
        self._say(self._key(key), f"unknown key `{shown}`{remedy}", close[0] if close else "")

    def _wrong(self, key: str, value: object, right: str, word: str | None = None) -> None:
        if self._full:
            return
        is_now = "has the wrong value" if self.private else f"is {value!r}"
        self._say(self._key(word or key), f"`{key}` {is_now}; it must be {right}")

    @property
    def _full(self) -> bool:
        """Whether no more problems are reported: each costs a search in the text, and one in the names of all rules."""
        return len(self.problems) >= MOST_PROBLEMS

    def _unknown_rule(self, name: str, key: str) -> str:
        return f"unknown rule in `{key}`" if self.private else unknown_rule(name)

    def _meant_rule(self, name: str) -> str:
        return "" if self.private else similar_rule(name)

    def _say(self, span: Span, message: str, instead: str = "") -> None:
        self.problems.append(Invalid(self.path, span, self.source.line_of(span.start) + 1, message, instead))

    def _key(self, key: str, table: str = "") -> Span:
        """The range of a key, before `=` or in a table header; the first line if it is not found."""
        name = rf"[\"']?{re.escape(key)}[\"']?"
        after = self.source.text.find(f"[{table}]") if table else 0
        for pattern in (rf"^[ \t]*({name})[ \t]*=", rf"[{{,][ \t]*({name})[ \t]*=", rf"^[ \t]*\[.*?({name})[ \t]*\]"):
            match = re.compile(pattern, re.MULTILINE).search(self.source.text, max(after, 0))
            if match:
                return Span(match.start(1), match.end(1))
        return self._word(key, "")

    def _word(self, word: str, key: str) -> Span:
        start = self._key(key).start if key else 0
        at = self.source.text.find(word, start)
        return Span(at, at + len(word)) if at >= 0 else self.source.line_span(0)


_STRING = regex(r"\"[^\"\n]*\"|'[^'\n]*'")
_LONG_KEY = regex(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{MOST_PARTS}}}")


def _check_keys(text: str) -> None:
    """Raises Unreadable for a dotted key that tomllib would take too long to read."""
    if text.count(".") >= MOST_PARTS and _LONG_KEY.search(_STRING.sub("x", text)):
        raise Unreadable(f"a key has more than {MOST_PARTS} parts")


def _own_folder(path: Path) -> Path:
    """The repository of a configuration file, or its folder if that is not in a repository."""
    return repository_folder(path.parent.resolve())


def _fits(value: object, kind: Any) -> bool:
    """Whether a TOML value has the annotated type."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in inner)
    if kind is Probe:
        return isinstance(value, dict)
    if origin in (tuple, list) or origin is Sequence:
        return isinstance(value, list) and all(_fits(one, inner[0]) for one in value)
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, dict) and all(_fits(one, inner[1]) for one in value.values())
    if kind in (int, float):
        return isinstance(value, kind) and not isinstance(value, bool)
    return isinstance(value, kind)


def _described(kind: Any) -> str:
    """A type in TOML terms, for messages."""
    if kind is Probe or (get_origin(kind) is not None and issubclass(get_origin(kind), Mapping)):
        return "a table"
    if get_origin(kind) is not None:
        return "a list of strings"
    return {str: "a string", int: "an integer", float: "a number", bool: "true or false"}.get(kind, str(kind))
