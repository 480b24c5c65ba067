"""References to objects whose names have changed, corrected over the whole build.

As kustomize's name reference transformer (`api/filters/nameref`): an object that was called so at some step of the
build is meant by a field that has this name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from playpen_ls.languages.kubernetes.kustomize.field_specs import FieldSpec, NameReference, references_in
from playpen_ls.languages.kubernetes.kustomize.objects import Built
from playpen_ls.languages.kubernetes.kustomize.tree import (
    CannotBuild,
    Placed,
    PlacedMapping,
    PlacedScalar,
    at_path,
    is_null,
    made,
)
from playpen_ls.text.dataclass import dataclass


def with_new_names(objects: Sequence[Built], references: tuple[NameReference, ...]) -> list[Built]:
    """The objects with the names of others as they are now. Raises CannotBuild where a name is ambiguous."""
    by_former: dict[str, list[Built]] = {}
    for one in objects:
        for name in {each.name for each in one.previous}:
            by_former.setdefault(name, []).append(one)
    return [_corrected(one, by_former, references) for one in objects] if by_former else list(objects)


def _corrected(one: Built, by_former: dict[str, list[Built]], references: tuple[NameReference, ...]) -> Built:
    node = one.node
    first = one.original
    for reference, spec in references_in(references, (first.group, first.version, first.kind)):
        if not spec.fits(one.current):
            continue
        look = _Lookup(one, reference, spec, by_former)
        found = at_path(node, spec.path, look.change)
        assert isinstance(found, PlacedMapping)
        node = found
    return one.with_node(node)


@dataclass(frozen=True)
class _Lookup:
    """Looks for the object that a field of `referrer` names."""

    referrer: Built
    reference: NameReference
    spec: FieldSpec
    by_former: dict[str, list[Built]]

    def change(self, node: Placed) -> Placed:
        if is_null(node):
            return node
        if isinstance(node, PlacedScalar):
            found = self._named(node.value, None, _same_name)
            name = found.current.name if found is not None else node.value
            return node if name == node.value or found is None else made(name, _name_of(found, node))
        if isinstance(node, PlacedMapping):
            return self._in_mapping(node)
        items = [self.change(item) for item in node.items]
        same = all(new is old for new, old in zip(items, node.items, strict=True))
        return node if same else node.having(items)

    def _in_mapping(self, node: PlacedMapping) -> Placed:
        name = node.value("name")
        if not isinstance(name, PlacedScalar):
            raise CannotBuild("a reference without a name")
        written = node.value("namespace")
        found = self._named(name.value, written.value if isinstance(written, PlacedScalar) else None, _same_object)
        if found is None:
            return node
        namespace = found.current.namespace
        if found.current.name == name.value and not namespace:
            return node
        if found.current.name != name.value:
            node = node.having("name", made(found.current.name, _name_of(found, name)))
        if namespace and (not isinstance(written, PlacedScalar) or written.value != namespace):
            node = node.having("namespace", made(namespace, _name_of(found, name)))
        return node

    def _named(self, name: str, namespace: str | None, identical: Callable[[Sequence[Built]], bool]) -> Built | None:
        kind, group, version = self.reference.kind, self.reference.group, self.reference.version
        among = self.by_former.get(name, ())
        candidates = [
            one
            for one in among
            if any(each.is_selected(group, version, kind) for each in one.previous)
            and any(each.name == name for each in one.previous)
        ]
        if not candidates:
            return None
        if namespace is not None:
            theirs = [one for one in candidates if one.original.effective_namespace == namespace]
            candidates = theirs or [one for one in candidates if one.current.effective_namespace == namespace]
        candidates = [one for one in candidates if self._can_be_reached(one) and self._fits_role(one)]
        if len(candidates) == 1:
            return candidates[0]
        candidates = [one for one in candidates if _same_affixes(one, self.referrer, True)]
        if len(candidates) > 1:
            candidates = [one for one in candidates if _same_affixes(one, self.referrer, False)]
        if len(candidates) > 1 and not identical(candidates):
            raise CannotBuild("a name could be that of several objects")
        return candidates[0] if candidates else None

    def _can_be_reached(self, one: Built) -> bool:
        referrer = self.referrer.current
        if referrer.is_cluster_scoped or one.current.is_cluster_scoped:
            return True
        return (
            one.current.kind == "ServiceAccount" and self._binds(one)
        ) or one.current.effective_namespace == referrer.effective_namespace

    def _binds(self, account: Built) -> bool:
        """Whether the referrer is a binding that names a subject in the account's namespace."""
        if self.referrer.current.kind != "RoleBinding":
            return False
        subjects = self.referrer.node.mappings("subjects")
        return any(one.text("namespace") == account.current.namespace for one in subjects)

    def _fits_role(self, one: Built) -> bool:
        if self.spec.path[-2:] != ("roleRef", "name"):
            return True
        role = self.referrer.node.mapping("roleRef")
        if role is None or not role.text("apiGroup") or not role.text("kind"):
            return True
        return any(each.is_selected(role.text("apiGroup"), "", role.text("kind")) for each in one.previous)


def _name_of(found: Built, otherwise: Placed) -> Placed:
    """The scalar of the object's name, for its place."""
    metadata = found.node.value("metadata")
    name = metadata.value("name") if isinstance(metadata, PlacedMapping) else None
    return name or otherwise


def _same_affixes(one: Built, other: Built, empty: bool) -> bool:
    return all(
        (empty and (not mine or not theirs)) or _same_end(mine, theirs)
        for mine, theirs in ((one.prefixes, other.prefixes), (one.suffixes, other.suffixes))
    )


def _same_end(one: Sequence[str], other: Sequence[str]) -> bool:
    length = min(len(one), len(other))
    return tuple(one[-length:]) == tuple(other[-length:]) if length else not one and not other


def _same_name(objects: Iterable[Built]) -> bool:
    return len({one.current.name for one in objects}) == 1


def _same_object(objects: Iterable[Built]) -> bool:
    return len({(one.current.name, one.current.namespace) for one in objects}) == 1
