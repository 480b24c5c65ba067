"""The files of a chart, as Helm loads them."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator
from dataclasses import field
from functools import lru_cache
from typing import Protocol

from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

MOST_FILES = 1_500  # of one chart with its subcharts
MOST_TEXT = 8_000_000
DEEPEST = 8  # charts in charts, folders in folders
_TAKEN = regex(r"(?:templates|charts|crds)/|(?:Chart|values|requirements)\.(?:yaml|lock)$|values\.schema\.json$")


class ChartFiles(Protocol):
    """Reads the files of the project."""

    def text(self, path: str) -> str | None:
        """The text of a file, None if it is none."""

    def names(self, folder: str) -> tuple[str, ...]:
        """The entries of a folder; those of folders end in `/`."""

    def archive(self, path: str) -> tuple[tuple[str, str | None], ...] | None:
        """(path, text) of the files in an archive, None if it cannot be read."""


@dataclass(frozen=True)
class _Unpacked:
    """The files in an archive. Their paths are those in the archive behind the path of the archive."""

    texts: dict[str, str | None]

    def text(self, path: str) -> str | None:
        return self.texts.get(path)

    def names(self, folder: str) -> tuple[str, ...]:
        rest = (path[len(folder) + 1 :] for path in self.texts if path.startswith(f"{folder}/"))
        return tuple(sorted({name.partition("/")[0] + "/" * ("/" in name) for name in rest}))

    def archive(self, path: str) -> None:
        return None


@dataclass(frozen=True)
class Chart:
    """A chart with its subcharts. Paths of files are relative to its folder."""

    folder: str
    metadata: str
    values: str | None
    requirements: str | None
    templates: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str | None], ...]
    """What `.Files` has; None for one that is no text. Only read if a template mentions it."""
    charts: tuple[Chart, ...]
    complete: bool = True
    """Whether all files were read."""
    _hash: int = field(default=0, compare=False)

    def __hash__(self) -> int:
        return self._hash

    def __post_init__(self) -> None:
        parts = (self.folder, self.metadata, self.values, self.requirements, self.templates, self.files, self.charts)
        object.__setattr__(self, "_hash", hash(parts))

    def all(self) -> Iterator[Chart]:
        yield self
        for one in self.charts:
            yield from one.all()


def chart_at(folder: str, texts: ChartFiles) -> Chart | None:
    """The chart in a folder; None if there is none."""
    return _Reader(texts, _Budget()).chart(folder, 0)


def is_packed(template: str) -> bool:
    """Whether a template is in an archive, and not a file of the project."""
    return ".tgz/" in template


@dataclass
class _Budget:
    """What was read of a chart with its subcharts."""

    files: int = 0
    size: int = 0

    @property
    def is_spent(self) -> bool:
        return self.files > MOST_FILES or self.size > MOST_TEXT


class _Reader:
    def __init__(self, texts: ChartFiles, budget: _Budget) -> None:
        self._texts = texts
        self._budget = budget

    def chart(self, folder: str, depth: int) -> Chart | None:
        metadata = self._text(posixpath.join(folder, "Chart.yaml"))
        if metadata is None or depth > DEEPEST:
            return None
        entries = self._texts.names(folder)
        ignored = _ignored(self._text(posixpath.join(folder, ".helmignore")) if ".helmignore" in entries else None)
        known = {name: self._text(posixpath.join(folder, name)) if name in entries else None
                 for name in ("values.yaml", "requirements.yaml")}  # fmt: skip
        templates: list[tuple[str, str]] = []
        complete = True
        if "templates/" in entries:
            for path in self._below(folder, "templates/", ignored, 0):
                text = self._text(posixpath.join(folder, path))
                if text is not None:
                    templates.append((path, text))
                else:
                    complete = False
        charts: list[Chart] = []
        if "charts/" in entries:
            for name in self._texts.names(posixpath.join(folder, "charts")):
                path = posixpath.join(folder, "charts", name.rstrip("/"))
                if name.startswith(("_", ".")) or ignored(f"charts/{name.rstrip('/')}", name.endswith("/")):
                    continue
                if name.endswith("/"):
                    found = self.chart(path, depth + 1)
                elif name.endswith(".tgz"):
                    found = self._packed(path, depth + 1)
                    complete = complete and found is not None
                else:
                    continue
                if found is not None:
                    charts.append(found)
        files: list[tuple[str, str | None]] = []
        if any(".Files" in text for _, text in templates):
            for path in self._below(folder, "", ignored, 0):
                if not _TAKEN.match(path):
                    files.append((path, self._text(posixpath.join(folder, path))))
        complete = complete and not self._budget.is_spent
        return Chart(
            folder,
            metadata,
            known["values.yaml"],
            known["requirements.yaml"],
            tuple(templates),
            tuple(files),
            tuple(charts),
            complete and all(one.complete for one in charts),
        )

    def _packed(self, path: str, depth: int) -> Chart | None:
        """The chart in an archive, which has one folder."""
        files = self._texts.archive(path)
        if files is None:
            return None
        inside = {f"{path}/{name.partition('/')[2]}": text for name, text in files}
        return _Reader(_Unpacked(inside), self._budget).chart(path, depth)

    def _text(self, path: str) -> str | None:
        self._budget.files += 1
        if self._budget.is_spent:
            return None
        found = self._texts.text(path)
        self._budget.size += len(found or "")
        return found

    def _below(self, folder: str, under: str, ignored: _Ignored, depth: int) -> Iterator[str]:
        """The paths of the files in a folder of the chart, without ignored ones."""
        if depth > DEEPEST or self._budget.is_spent:
            return
        for name in self._texts.names(posixpath.join(folder, under).rstrip("/")):
            path = f"{under}{name}"
            if ignored(path.rstrip("/"), name.endswith("/")):
                continue
            if not name.endswith("/"):
                yield path
            elif depth or name not in ("templates/", "charts/", "crds/") or under:
                yield from self._below(folder, path, ignored, depth + 1)


class _Ignored:
    """What `.helmignore` leaves out. Every chart leaves out hidden files in `templates/`."""

    def __init__(self, rules: tuple[str, ...]) -> None:
        self._rules = rules

    def __call__(self, path: str, is_folder: bool) -> bool:
        if re.fullmatch(r"templates/\..+", path):
            return True
        ignored = False
        for rule in self._rules:
            negated, pattern = rule.startswith("!"), rule.lstrip("!")
            if pattern.endswith("/"):
                if not is_folder:
                    continue
                pattern = pattern.rstrip("/")
            if pattern.startswith("/"):
                matches = _matches(pattern[1:], path)
            elif "/" in pattern:
                matches = _matches(pattern, path)
            else:
                matches = _matches(pattern, posixpath.basename(path))
            if matches:
                ignored = not negated
        return ignored


def _matches(pattern: str, path: str) -> bool:
    return pattern.count("/") == path.count("/") and fnmatch.fnmatchcase(path, pattern)


@lru_cache(maxsize=256)
def _ignored(text: str | None) -> _Ignored:
    lines = (line.strip() for line in (text or "").split("\n"))
    return _Ignored(tuple(line for line in lines if line and not line.startswith("#")))
