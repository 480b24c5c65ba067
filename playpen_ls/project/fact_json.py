"""Facts as JSON, for what another process read. Only the types in `facts` can be named, and their fields must fit.

A fact is `[type, start, end, message, field, …]`; its path is that of the file that it is listed under.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_type_hints

from playpen_ls.api import fact_types as facts
from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Place
from playpen_ls.project.typed_json import Malformed, reader
from playpen_ls.text.span import Span


def plain(path: str, fact: Fact) -> list[Any]:
    """What `json.dumps` takes: tuples become lists."""
    kind, place = type(fact), fact.place
    if kind is not _KINDS.get(kind.__name__) or place != Place(path, place.span, place.message):
        raise Malformed(f"{kind.__name__}: only a type in `facts`, placed in {path!r}, has a form in JSON")
    values = [getattr(fact, name) for name in _NAMES[kind.__name__]]
    return [kind.__name__, place.span.start, place.span.end, place.message, *values]


def fact_of(path: str, data: Any) -> Fact:
    """Raises Malformed."""
    if type(data) is not list or len(data) < 4 or type(data[0]) is not str or data[0] not in _KINDS:
        raise Malformed("expected a fact")
    name, start, end, message, *values = data
    readers = _READERS[name]
    if len(values) != len(readers):
        raise Malformed(f"{name}: expected {len(readers)} fields")
    place = Place(path, Span(_whole(start), _whole(end)), _text(message))
    fact: Fact = _KINDS[name](place, *[read(value) for read, value in zip(readers, values, strict=True)])
    return fact


_whole, _text = reader(int), reader(str)
_KINDS = {kind.__name__: kind for kind in vars(facts).values() if isinstance(kind, type) and kind.__base__ is Fact}
_NAMES = {name: [one.name for one in fields(kind) if one.name != "place"] for name, kind in _KINDS.items()}
_READERS = {
    name: [reader(hints[field]) for field in _NAMES[name]]
    for name, kind in _KINDS.items()
    for hints in [get_type_hints(kind)]
}
