"""The fields of objects that name other objects, as kustomize knows them."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.languages.kubernetes.kustomize.field_specs import DEFAULT, references_in
from playpen_ls.languages.kubernetes.kustomize.objects import id_of
from playpen_ls.languages.kubernetes.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence, resolved

BACKENDS = (("spec", "rules", "http", "paths", "backend", "service"), ("spec", "defaultBackend", "service"))
"""Where the Services of an Ingress are named, with their ports."""


def names_by(root: Mapping) -> Iterator[tuple[str, Entry]]:
    """(kind of the other object, the field with its name); a field can be there for several kinds."""
    one = id_of(root)
    for reference, spec in references_in(DEFAULT.references, (one.group, one.version, one.kind)):
        for holder, entry in entries_at(root, spec.path):
            for its, field in _names(holder, entry):
                if its.text("kind") in ("", reference.kind):
                    yield reference.kind, field


def entries_at(node: Node | None, path: tuple[str, ...]) -> Iterator[tuple[Mapping, Entry]]:
    """What is at a path, in each item of the sequences on the way: (the mapping that has it, its entry)."""
    found = resolved(node)
    if isinstance(found, Sequence):
        for item in found.items:
            yield from entries_at(item, path)
    elif isinstance(found, Mapping):
        entry = found.entry(path[0].removesuffix("[]"))
        if entry is not None and len(path) == 1:
            yield found, entry
        elif entry is not None:
            yield from entries_at(entry.value, path[1:])


def _names(holder: Mapping, entry: Entry) -> Iterator[tuple[Mapping, Entry]]:
    """The field itself, or the `name` of the mappings that it has."""
    value = resolved(entry.value)
    if isinstance(value, Scalar):
        yield holder if holder.entry("kind") is not entry else Mapping(0, 0, False, (), False), entry
    elif value is not None:
        yield from entries_at(value, ("name",))
