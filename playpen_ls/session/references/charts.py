"""References between the templates of Helm charts and values files: `.Values.image.tag` and the key `tag`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.facts import Files
from playpen_ls.languages.kubernetes.helm.charts import values_of
from playpen_ls.languages.kubernetes.helm.installs import chart_of, chart_of_values, values_files
from playpen_ls.languages.kubernetes.helm.values import CannotRender, Map
from playpen_ls.languages.kubernetes.syntax.compose import Unparsable
from playpen_ls.session.references.reference import Access, Kind, Reference, Target
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_EXPRESSION = regex(r"\{\{.*?\}\}", re.DOTALL)
_VALUE = regex(r"(?<![\w)\]])\$?\.Values((?:\.[A-Za-z_]\w*)+)")
Keys = tuple[str, ...]


def of_template(path: str, text: str, files: Files, offset: int | None, word: str) -> Iterator[Reference]:
    """What a template reads of the values of its chart, also by parts: `image` of `.Values.image.tag`."""
    folder = chart_of(path)
    if folder is None or ".Values" not in text:
        return
    for expression in _EXPRESSION.finditer(text):
        if offset is not None and not expression.start() <= offset <= expression.end():
            continue
        for match in _VALUE.finditer(text, expression.start(), expression.end()):
            at = match.start(1)
            keys: Keys = ()
            for key in match[1][1:].split("."):
                span = Span(at + 1, at + 1 + len(key))
                at, keys = span.end, (*keys, key)
                if word in key and (offset is None or span.start <= offset <= span.end):
                    yield Reference(span, Kind.VALUE, "", partial(_places, folder, keys, files), word=key)


def of_values(path: str, text: str, files: Files, offset: int | None, word: str) -> Iterator[Reference]:
    """The keys of a values file; one that another values file of the chart has too is the same."""
    folder = chart_of_values(path, files)
    if folder is None:
        return
    for keys, span in _written(path, text):
        if word in keys[-1] and (offset is None or span.start <= offset <= span.end):
            found = partial(_places, folder, keys, files)
            yield Reference(span, Kind.VALUE, "", found, Target(path, span), Access.WRITE, keys[-1])


def _places(folder: str, keys: Keys, files: Files) -> Iterator[Target]:
    """Where the values files of a chart have a key, and those of the charts that it is in."""
    if not files.exists(posixpath.join(folder, "Chart.yaml")):
        return
    for path in (posixpath.join(folder, "values.yaml"), *values_files(folder, files)):
        for found, span in _written(path, files.text(path) or ""):
            if found == keys:
                yield Target(path, span)
    outer, charts, name = folder.rpartition("/charts/")
    if charts and "/" not in name:
        yield from _places(outer, keys if keys[0] == "global" else (name, *keys), files)


def _written(path: str, text: str) -> Iterator[tuple[Keys, Span]]:
    """The keys of a values file, each behind those that it is in."""
    try:
        yield from _below((), values_of(path, text))
    except (CannotRender, Unparsable):
        return


def _below(outer: Keys, values: Map) -> Iterator[tuple[Keys, Span]]:
    for key, value in values.items():
        place = values.places.get(key, (None, None))[0]
        if place is not None:
            yield (*outer, key), Span(place.start, place.end)
        if isinstance(value, Map):
            yield from _below((*outer, key), value)
