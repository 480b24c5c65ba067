"""The ways in which the charts of a project are installed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from playpen_ls.api.fact_types import ChartInstall, ChartValue
from playpen_ls.api.facts import Facts, Files
from playpen_ls.languages.kubernetes.helm.charts import rendered
from playpen_ls.languages.kubernetes.helm.files import Chart, chart_at
from playpen_ls.languages.kubernetes.helm.objects import Output, RenderedDocument

MOST_INSTALLS = 6  # with a chart that has more values files, what its values leave open is not judged
_NAME = re.compile(r"^name:[ \t]*[\"']?([\w.-]+)", re.MULTILINE)
_VALUES = re.compile(r"values[-._].+\.ya?ml|.+[-._]values\.ya?ml")


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


def installed_objects(path: str, files: Files) -> int:
    """The number of objects that the chart with the `Chart.yaml` at a path gives with its values; 0 for a subchart."""
    folder = posixpath.dirname(path)
    chart = chart_at(folder, files) if installed_with(folder, files) == folder else None
    return sum(len(one.documents) for one in rendered(chart).outputs) if chart is not None else 0


def values_files(folder: str, texts: InstalledFiles | Files) -> list[str]:
    """The values files of a chart besides `values.yaml`."""
    names = texts.names(folder)
    found = [posixpath.join(folder, name) for name in names if _VALUES.fullmatch(name)]
    if "ci/" in names:
        inner = posixpath.join(folder, "ci")
        found += [posixpath.join(inner, name) for name in texts.names(inner) if _VALUES.fullmatch(name)]
    return found


def is_given_elsewhere(folder: str, files: Files, values: Facts[ChartValue], installs: Facts[ChartInstall]) -> bool:
    """Whether a chart can be installed with values that are not looked at.

    They are in a values file outside of the charts, in an object that deploys one, in a command, or in one of many
    files.
    """
    own = values_files(folder, files)
    if len(own) >= MOST_INSTALLS:
        return True
    known = {"values.yaml", *map(posixpath.basename, own)}
    called = _NAME.search(files.text(posixpath.join(folder, "Chart.yaml")) or "")
    for name in {posixpath.basename(folder), called[1] if called else "", ""}:
        for one in installs.having(_chart_name, name):
            if one.sets or not known.issuperset(one.values):
                return True
    for place in values.derived(_folders_of):
        near = place in (folder, posixpath.join(folder, "ci"))
        if not near and not _is_chart(place.removesuffix("/ci") or ".", files):
            return True
    return False


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
    """The ways to install a chart: with its `values.yaml` alone, and with each other values file too.

    Ways in which it cannot be installed are left out.
    """

    def __init__(self, chart: Chart, texts: InstalledFiles) -> None:
        self._chart = chart
        self._texts = texts
        self._known: list[tuple[str, tuple[Output, ...]]] = []
        self._waiting = iter(("", *values_files(chart.folder, texts)[: MOST_INSTALLS - 1]))

    def documents(self) -> Iterator[RenderedDocument]:
        """Those that were worked out so far."""
        return (one for _, made in self._known for output in made for one in output.documents)

    def outputs(self) -> Iterator[tuple[str, tuple[Output, ...]]]:
        """(the path of the other values file, "" if there is none; what the templates give)."""
        yield from self._known
        for path in self._waiting:
            made = rendered(self._chart, path, self._texts.text(path) if path else None)
            if not made.refused:
                self._known.append((path, made.outputs))
                yield self._known[-1]


def _is_chart(folder: str, files: Files) -> bool:
    return files.exists(posixpath.join(folder, "Chart.yaml"))


def _chart_name(install: ChartInstall) -> tuple[str]:
    return (install.chart,)


def _folders_of(values: Facts[ChartValue]) -> tuple[str, ...]:
    """The folders of values files, and `//` if an object deploys a chart with values."""
    return tuple(sorted({posixpath.dirname(one.place.path) if one.key else "//" for one in values
                         if not one.place.path.endswith(".env")}))  # fmt: skip
