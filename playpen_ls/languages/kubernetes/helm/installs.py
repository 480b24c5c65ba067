"""The ways in which the charts of a project are installed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from playpen_ls.api.fact_types import ChartInstall, ValuesFile
from playpen_ls.api.facts import Facts, Files
from playpen_ls.languages.kubernetes.helm.files import Chart, chart_at
from playpen_ls.languages.kubernetes.helm.objects import Output, RenderedDocument
from playpen_ls.languages.language import BuildSummary
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

if TYPE_CHECKING:
    from playpen_ls.languages.kubernetes.helm.charts import Rendered

Way = tuple[str, ...]
"""A way to install a chart: the paths of values files besides its `values.yaml`, the strongest last."""
MOST_INSTALLS = 6  # with a chart that has more values files, what its values leave open is not judged
_NAME = regex(r"^name:[ \t]*[\"']?([\w.-]+)", re.MULTILINE)
_VALUES = regex(r"values[-._].+\.ya?ml|.+[-._]values\.ya?ml")


def chart_of(template: str) -> str | None:
    """The folder of the chart that a template is in; None if it is in none."""
    parts = template.split("/")
    if "templates" not in parts[:-1]:
        return None
    at = len(parts) - 2 - parts[-2::-1].index("templates")
    return "/".join(parts[:at])


def installed_with(chart: str | None, files: Files) -> str | None:
    """The folder of the outermost chart that a chart is a subchart of, or its own; None if it is not a chart."""
    if chart is None or not _is_chart(chart, files):
        return None
    while "/charts/" in f"/{chart}" and _is_chart(outer := f"/{chart}".rpartition("/charts/")[0].lstrip("/"), files):
        chart = outer
    return chart


def chart_of_values(path: str, files: Files) -> str | None:
    """The folder of the chart that a values file is of, which can be a subchart; None if there is none."""
    folder, name = posixpath.split(path)
    if name != "values.yaml" and not _VALUES.fullmatch(name):
        return None
    if posixpath.basename(folder) == "ci" and not _is_chart(folder, files):
        folder = posixpath.dirname(folder)
    return folder if _is_chart(folder, files) else None


def installed_objects(path: str, files: Files) -> BuildSummary:
    """What the chart with the `Chart.yaml` at a path gives with its values; nothing for a subchart."""
    folder = posixpath.dirname(path)
    chart = chart_at(folder, files) if installed_with(folder, files) == folder else None
    if chart is None:
        return BuildSummary()
    made = _rendered(chart)
    limit = made.refused if made.limited else ""
    for name in () if chart.complete else files.names(posixpath.join(folder, "charts")):
        if name.endswith(".tgz") and files.archive(posixpath.join(folder, "charts", name)) is None:
            limit = f"`charts/{name}` is too large, or no valid archive"
    return BuildSummary(sum(len(one.documents) for one in made.outputs), limit, made.endless)


def values_files(folder: str, texts: InstalledFiles | Files) -> list[str]:
    """The values files of a chart besides `values.yaml`."""
    names = texts.names(folder)
    found = [posixpath.join(folder, name) for name in names if _VALUES.fullmatch(name)]
    if "ci/" in names:
        inner = posixpath.join(folder, "ci")
        found += [posixpath.join(inner, name) for name in texts.names(inner) if _VALUES.fullmatch(name)]
    return found


def is_given_elsewhere(folder: str, files: Files, values: Facts[ValuesFile], installs: Facts[ChartInstall]) -> bool:
    """Whether a chart can be installed with values that are not looked at.

    They are in a values file outside of the charts, in a statement that installs one, or in one of many files.
    """
    own = values_files(folder, files)
    if len(own) >= MOST_INSTALLS:
        return True
    known = {"values.yaml", *map(posixpath.basename, own)}
    for one in _installs_of(folder, files, installs, unknown=True):
        if one.sets or not known.issuperset(one.values):
            return True
    for place in values.derived(_folders_of):
        near = place in (folder, posixpath.join(folder, "ci"))
        if not near and not _is_chart(place.removesuffix("/ci") or ".", files):
            return True
    return False


@dataclass(frozen=True)
class StatedInstall:
    """A file of the project says that a chart is installed with some of its values files, and with nothing else."""

    path: str
    values: Way


def stated_installs(folder: str, files: Files, installs: Facts[ChartInstall]) -> tuple[StatedInstall, ...]:
    """One for each choice of values files."""
    paths = {posixpath.basename(path): path for path in reversed(values_files(folder, files))}
    found: dict[Way, StatedInstall] = {}
    for one in _installs_of(folder, files, installs, unknown=False):
        names = [name for name in one.values if name != "values.yaml"]
        if not one.sets and paths.keys() >= set(names):
            way = tuple(paths[name] for name in names)
            found.setdefault(way, StatedInstall(one.place.path, way))
    return tuple(found.values())


def _installs_of(folder: str, files: Files, installs: Facts[ChartInstall], unknown: bool) -> Iterator[ChartInstall]:
    """The statements that install a chart; with `unknown`, also those that install one that is not known."""
    called = _NAME.search(files.text(posixpath.join(folder, "Chart.yaml")) or "")
    names = {posixpath.basename(folder), called[1] if called else ""} - {""}
    for name in (*sorted(names), *([""] if unknown else [])):
        yield from installs.having(_chart_name, name)


@dataclass(frozen=True)
class InstalledFiles:
    """The texts of the project's files; the one that is checked has the text that the rule sees."""

    files: Files
    path: str
    own: str

    def text(self, path: str) -> str | None:
        return self.own if path == self.path else self.files.text(path)

    def archive(self, path: str) -> tuple[tuple[str, str | None], ...] | None:
        return self.files.archive(path)

    def names(self, folder: str) -> tuple[str, ...]:
        """The one that is checked need not be saved."""
        found = self.files.names(folder)
        if not self.path.startswith(f"{folder}/" if folder else ""):
            return found
        name, inside, _ = self.path[len(folder) + bool(folder) :].partition("/")
        return found if name + inside in found else tuple(sorted((*found, name + inside)))


class Ways:
    """What a chart gives in the `ways` to install it, without those in which it cannot be installed."""

    def __init__(self, chart: Chart, texts: InstalledFiles, ways: Iterable[Way]) -> None:
        self._chart = chart
        self._texts = texts
        self._known: list[tuple[Way, tuple[Output, ...]]] = []
        self._waiting = iter(ways)

    def documents(self) -> Iterator[RenderedDocument]:
        """Those that were worked out so far."""
        return (one for _, made in self._known for output in made for one in output.documents)

    def outputs(self) -> Iterator[tuple[Way, tuple[Output, ...]]]:
        """(the way, what the templates give)."""
        yield from self._known
        for way in self._waiting:
            made = _rendered(self._chart, tuple((path, self._texts.text(path) or "") for path in way))
            if not made.refused:
                self._known.append((way, made.outputs))
                yield self._known[-1]


def usual_ways(folder: str, texts: InstalledFiles | Files) -> tuple[Way, ...]:
    """With its `values.yaml` alone, and with each other values file too."""
    return ((), *((path,) for path in values_files(folder, texts)[: MOST_INSTALLS - 1]))


def _rendered(chart: Chart, given: tuple[tuple[str, str], ...] = ()) -> Rendered:
    from playpen_ls.languages.kubernetes.helm.charts import rendered  # takes long, and most have none

    return rendered(chart, given)


def _is_chart(folder: str, files: Files) -> bool:
    return files.exists(posixpath.join(folder, "Chart.yaml"))


def _chart_name(install: ChartInstall) -> tuple[str]:
    return (install.chart,)


def _folders_of(values: Facts[ValuesFile]) -> tuple[str, ...]:
    """The folders of values files."""
    return tuple(sorted({posixpath.dirname(one.place.path) for one in values}))
