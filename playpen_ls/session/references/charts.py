"""References in Helm charts: `.Values.image.tag` and the key `tag` of values files, named templates and their uses.

What `with`, `range` and variables mean is followed, as far as it comes from `.Values`: `.tag` inside of
`{{ with .Values.image }}`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from functools import partial

from playpen_ls.api.facts import Files
from playpen_ls.languages.kubernetes.helm.charts import values_of
from playpen_ls.languages.kubernetes.helm.files import chart_at, is_packed
from playpen_ls.languages.kubernetes.helm.installs import chart_of, chart_of_values, installed_with, values_files
from playpen_ls.languages.kubernetes.helm.syntax import (
    Action,
    Branch,
    Call,
    Dot,
    Field,
    Function,
    InvalidTemplate,
    Literal,
    Loop,
    Operand,
    Pipeline,
    Statement,
    Variable,
    parsed,
)
from playpen_ls.languages.kubernetes.helm.values import CannotRender, List, Map, Value
from playpen_ls.languages.kubernetes.syntax.compose import Unparsable
from playpen_ls.session.references.reference import Access, Kind, Reference, Target
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_DEFINED = regex(r"""\{\{-?\s*(?:define|block)\s+(?:"([^"\\]+)"|`([^`]+)`)""")
_QUOTED = regex(r"""["`]([^"`]+)["`]""")
ITEM = "*"
"""Stands for the key of any item of a list, or of any value of a map."""
Keys = tuple[str, ...]


def of_template(path: str, text: str, files: Files, offset: int | None, word: str) -> Iterator[Reference]:
    """What a template reads of the values of its chart, also by parts, and the named templates that it has and uses."""
    folder = chart_of(path)
    if folder is None or "{{" not in text:
        return
    try:
        template = parsed(text)
    except InvalidTemplate:
        return
    reader = _Reader(text)
    for body in (template.body, *template.defined.values()):
        reader.read(body, (), {"$": ()})
    for keys, span in reader.values:
        if word in keys[-1] and _is_at(span, offset):
            yield Reference(span, Kind.VALUE, "", partial(_places, folder, keys, files), word=keys[-1])
    for span in reader.templates:
        name = text[span.start : span.end]
        if word in name and _is_at(span, offset):
            yield Reference(span, Kind.TEMPLATE, name, partial(_definitions, folder, name, files), word=name)
    for name, span in _defined(text):
        if word in name and _is_at(span, offset):
            yield Reference(
                span,
                Kind.TEMPLATE,
                name,
                partial(_definitions, folder, name, files),
                Target(path, span),
                Access.WRITE,
                name,
            )


def of_values(path: str, text: str, files: Files, offset: int | None, word: str) -> Iterator[Reference]:
    """The keys of a values file; one that another values file of the chart has too is the same."""
    folder = chart_of_values(path, files)
    if folder is None:
        return
    for keys, span in _written(path, text):
        if word in keys[-1] and _is_at(span, offset):
            found = partial(_places, folder, keys, files)
            yield Reference(span, Kind.VALUE, "", found, Target(path, span), Access.WRITE, keys[-1])


def _is_at(span: Span, offset: int | None) -> bool:
    return offset is None or span.start <= offset <= span.end


class _Reader:
    """Collects what the statements of a template read: `values` behind `.Values`, and the names of `templates`.

    The dot and variables are the keys from `$` on that they stand for, None if that is not known.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.values: list[tuple[Keys, Span]] = []
        self.templates: list[Span] = []

    def read(self, body: Sequence[Statement], dot: Keys | None, variables: dict[str, Keys | None]) -> None:
        variables = dict(variables)
        for one in body:
            match one:
                case Action():
                    self._pipeline(one.pipeline, dot, variables)
                case Branch():
                    inner = dict(variables)
                    found = self._pipeline(one.pipeline, dot, inner)
                    self.read(one.body, found if one.word == "with" else dot, inner)
                    self.read(one.otherwise, dot, inner)
                case Loop():
                    plain = Pipeline(one.pipeline.commands, (), False, one.pipeline.start)
                    found = self._pipeline(plain, dot, variables)
                    item = (*found, ITEM) if found is not None else None
                    names = one.pipeline.variables
                    named = dict(zip(names, (None, item) if len(names) == 2 else (item,), strict=False))
                    self.read(one.body, item, variables | named)
                    self.read(one.otherwise, dot, variables)
                case Call():
                    name = _QUOTED.search(self._text, one.start, one.end)
                    if name is not None:
                        self.templates.append(Span(*name.span(1)))
                    if one.pipeline is not None:
                        self._pipeline(one.pipeline, dot, variables)

    def _pipeline(self, pipeline: Pipeline, dot: Keys | None, variables: dict[str, Keys | None]) -> Keys | None:
        found: Keys | None = None
        for number, command in enumerate(pipeline.commands):
            first, *rest = command.operands
            read = [self._operand(one, dot, variables) for one in command.operands]
            if not isinstance(first, Function):
                found = read[0] if not rest and not number else None
            elif first.name == "index" and len(read) > 1 and not number:
                found = self._indexed(read[1], rest[1:])
            elif first.name in ("default", "required"):
                found = found if number else read[-1]
            else:
                found = None
            if isinstance(first, Function) and first.name == "include" and rest and isinstance(rest[0], Literal):
                self.templates.append(Span(rest[0].start, rest[0].end))
        if pipeline.variables:
            variables[pipeline.variables[0]] = found
        return found

    def _operand(self, operand: Operand, dot: Keys | None, variables: dict[str, Keys | None]) -> Keys | None:
        match operand:
            case Dot():
                return dot
            case Variable():
                return variables.get(operand.name)
            case Pipeline():
                return self._pipeline(operand, dot, dict(variables))
            case Field():
                base = self._operand(operand.base, dot, variables)
                return self._field(operand, base) if base is not None else None
        return None

    def _field(self, field: Field, keys: Keys) -> Keys:
        at = field.start
        if isinstance(field.base, Variable):
            at += len(field.base.name)
        elif isinstance(field.base, Pipeline):
            at = self._text.find(f").{'.'.join(field.names)}", at) + 1
        for name in field.names:
            keys = (*keys, name)
            self._value(keys, Span(at + 1, at + 1 + len(name)))
            at += 1 + len(name)
        return keys

    def _indexed(self, keys: Keys | None, names: Sequence[Operand]) -> Keys | None:
        for one in names:
            if keys is None or not isinstance(one, Literal) or not isinstance(one.value, (str, int)):
                return None
            if isinstance(one.value, str):
                keys = (*keys, one.value)
                self._value(keys, Span(one.start, one.end))
            else:
                keys = (*keys, ITEM)
        return keys

    def _value(self, keys: Keys, span: Span) -> None:
        if keys[0] == "Values" and len(keys) > 1:
            self.values.append((keys[1:], span))


def _places(folder: str, keys: Keys, files: Files) -> Iterator[Target]:
    """Where the values files of a chart have a key, and those of the charts that it is in."""
    if not files.exists(posixpath.join(folder, "Chart.yaml")):
        return
    for path in (posixpath.join(folder, "values.yaml"), *values_files(folder, files)):
        for found, span in _written(path, files.text(path) or ""):
            if len(found) == len(keys) and all(key in (ITEM, other) for key, other in zip(keys, found, strict=True)):
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


def _below(outer: Keys, values: Value) -> Iterator[tuple[Keys, Span]]:
    if isinstance(values, List):
        for item in values:
            yield from _below((*outer, ITEM), item)
    elif isinstance(values, Map):
        for key, value in values.items():
            place = values.places.get(key, (None, None))[0]
            if place is not None:
                yield (*outer, key), Span(place.start, place.end)
            yield from _below((*outer, key), value)


def _definitions(folder: str, name: str, files: Files) -> Iterator[Target]:
    """Where the named template is defined, in the chart or those that it is installed with."""
    chart = chart_at(installed_with(folder, files) or folder, files)
    for one in chart.all() if chart is not None else ():
        for inside, text in one.templates:
            path = posixpath.join(one.folder, inside)
            if name in text and not is_packed(path):
                yield from (Target(path, span) for found, span in _defined(text) if found == name)


def _defined(text: str) -> Iterator[tuple[str, Span]]:
    for match in _DEFINED.finditer(text):
        group = 1 if match[1] else 2
        yield match[group], Span(*match.span(group))
