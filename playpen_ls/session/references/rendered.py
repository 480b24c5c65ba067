"""References between the objects that the templates of a Helm chart give: `{{ include "web.fullname" . }}-config`.

The chart is rendered: names are equal if what is known of them is, and names of which nothing is known if they come
from the same place, as from a named template.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import NamedTuple

from playpen_ls.api.facts import Files
from playpen_ls.languages.kubernetes.helm.charts import Given, rendered
from playpen_ls.languages.kubernetes.helm.files import Chart, chart_at, is_packed
from playpen_ls.languages.kubernetes.helm.installs import chart_of, installed_with, usual_ways
from playpen_ls.languages.kubernetes.helm.objects import RenderedDocument
from playpen_ls.languages.kubernetes.helm.text import GAP, HOLE, Place
from playpen_ls.languages.kubernetes.syntax.nodes import Entry, Mapping, Scalar
from playpen_ls.session.references.objects import names_by
from playpen_ls.session.references.reference import OBJECTS, Access, Reference, Target
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_VALUE = regex(r"""["']?[ \t]*:[ \t]*["']?(?P<value>(?:\{\{.*?\}\}|[^\s"',{}])+)""")
_UNKNOWN = regex(f"[{HOLE}{GAP}]+")


class Name(NamedTuple):
    """A name at `span` of a template: of the object that it gives (`defines`), or of another one in that.

    `name` has `?` for what is not known; `origins` are the places that all of it comes from if nothing is known.
    """

    path: str
    span: Span
    kind: str
    name: str
    origins: tuple[Place | None, ...]
    defines: bool


def of_template(path: str, text: str, files: Files, offset: int | None) -> Iterator[Reference]:
    """The names of objects that a template writes with expressions."""
    folder = installed_with(chart_of(path), files)
    if folder is None or "{{" not in (text if offset is None else _line(text, offset)):
        return
    for one in _names_in(folder, files):
        is_there = offset is None or one.span.start <= offset <= one.span.end
        if one.path == path and is_there and "{{" in text[one.span.start : one.span.end]:
            targets = partial(named, folder, one.kind, one.name, files, one.origins)
            place = Target(path, one.span) if one.defines else None
            access = Access.WRITE if one.defines else Access.READ
            yield Reference(one.span, OBJECTS[one.kind], one.name, targets, place, access, folder=folder)


def named(folder: str, kind: str, name: str, files: Files, origins: tuple[Place | None, ...] = ()) -> Iterator[Target]:
    """Where the templates of a chart name the object of this kind and name that they give."""
    for one in _names_in(folder, files):
        if one.defines and (one.kind, one.name, one.origins) == (kind, name, origins):
            yield Target(one.path, one.span)


def _line(text: str, offset: int) -> str:
    end = text.find("\n", offset)
    return text[text.rfind("\n", 0, offset) + 1 : end if end >= 0 else len(text)]


def _names_in(folder: str, files: Files) -> tuple[Name, ...]:
    chart = chart_at(folder, files)
    ways = usual_ways(folder, files) if chart is not None else ()
    given = tuple(tuple((path, files.text(path) or "") for path in way) for way in ways)
    return _names(chart, given) if chart is not None else ()


@lru_cache(maxsize=4)
def _names(chart: Chart, ways: tuple[Given, ...]) -> tuple[Name, ...]:
    """Those that the first way to install the chart gives that there is."""
    texts = {f"{one.folder}/{path}".lstrip("/"): text for one in chart.all() for path, text in one.templates}
    found = dict[Name, None]()
    for way in ways:
        made = rendered(chart, way)
        for output in made.outputs:
            for document in output.documents:
                found |= dict.fromkeys(_of_document(document, texts))
        if not made.refused:
            break
    return tuple(found)


def _of_document(document: RenderedDocument, texts: dict[str, str]) -> Iterator[Name]:
    root = document.root
    if not isinstance(root, Mapping) or is_packed(document.template):
        return
    metadata = root.mapping("metadata")
    entry = metadata.entry("name") if metadata is not None else None
    named = [(root.text("kind"), entry, True)] if entry is not None else []
    for kind, field, defines in (*named, *((kind, field, False) for kind, field in names_by(root))):
        value, span = field.value, _written(document, field, texts)
        if kind in OBJECTS and span is not None and isinstance(value, Scalar) and value.value:
            origins = () if _UNKNOWN.sub("", value.value) else document.origins(value)
            yield Name(*span, kind, _UNKNOWN.sub("?", value.value), origins, defines)


def _written(document: RenderedDocument, field: Entry, texts: dict[str, str]) -> tuple[str, Span] | None:
    """Where the value of a field is written behind its key; None if that is not in a template of the project."""
    place = document.place(field.key)
    match = _VALUE.match(texts.get(place.path, ""), place.end) if place is not None else None
    return (place.path, Span(*match.span("value"))) if place is not None and match is not None else None
