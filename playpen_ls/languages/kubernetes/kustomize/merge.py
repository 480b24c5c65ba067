"""Strategic merge patches, as `kyaml/yaml/merge2` applies them with the schema of Kubernetes 1.21 that it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from playpen_ls.languages.kubernetes.kustomize.tree import (
    CannotBuild,
    Placed,
    PlacedMapping,
    PlacedScalar,
    PlacedSequence,
    has_gaps,
    is_null,
)
from playpen_ls.languages.kubernetes.syntax.nodes import Entry
from playpen_ls.text.dataclass import dataclass


@dataclass(frozen=True)
class Schema:
    """What is known of a type: the types of its fields.

    `keys` is None for a list that a patch replaces whole; the merge keys of its items otherwise, none of them for a
    list of scalars. Then `fields` are those of its items.
    """

    fields: dict[str, Schema] = field(default_factory=dict)
    keys: tuple[str, ...] | None = None


_UNKNOWN = Schema()


def _list(fields: dict[str, Schema], *keys: str) -> Schema:
    return Schema(fields, keys)


_META = Schema({"finalizers": _list({}), "ownerReferences": _list({}, "uid")})
_CONTAINER_FIELDS = {
    "env": _list({}, "name"),
    "ports": _list({}, "containerPort", "protocol"),
    "volumeMounts": _list({}, "mountPath"),
    "volumeDevices": _list({}, "devicePath"),
}
_POD = Schema(
    {
        "containers": _list(_CONTAINER_FIELDS, "name"),
        "initContainers": _list(_CONTAINER_FIELDS, "name"),
        "ephemeralContainers": _list({key: one for key, one in _CONTAINER_FIELDS.items() if key != "ports"}, "name"),
        "volumes": _list({}, "name"),
        "imagePullSecrets": _list({}, "name"),
        "hostAliases": _list({}, "ip"),
        "topologySpreadConstraints": _list({}, "topologyKey", "whenUnsatisfiable"),
    }
)
_TEMPLATE = Schema({"metadata": _META, "spec": _POD})
_WORKLOAD = Schema({"metadata": _META, "spec": Schema({"template": _TEMPLATE})})
_CRON_JOB = Schema({"metadata": _META, "spec": Schema({"jobTemplate": _WORKLOAD})})
_WEBHOOKS = Schema({"metadata": _META, "webhooks": _list({}, "name")})
_PLAIN = Schema({"metadata": _META})
_KINDS: dict[tuple[str, str], Schema] = {
    ("v1", "Pod"): _TEMPLATE,
    ("v1", "PodTemplate"): Schema({"metadata": _META, "template": _TEMPLATE}),
    ("v1", "ReplicationController"): _WORKLOAD,
    ("v1", "Service"): Schema({"metadata": _META, "spec": Schema({"ports": _list({}, "port", "protocol")})}),
    ("v1", "ServiceAccount"): Schema({"metadata": _META, "secrets": _list({}, "name")}),
    ("apps/v1", "Deployment"): _WORKLOAD,
    ("apps/v1", "StatefulSet"): _WORKLOAD,
    ("apps/v1", "DaemonSet"): _WORKLOAD,
    ("apps/v1", "ReplicaSet"): _WORKLOAD,
    ("batch/v1", "Job"): _WORKLOAD,
    ("batch/v1", "CronJob"): _CRON_JOB,
    ("batch/v1beta1", "CronJob"): _CRON_JOB,
    **{
        (f"admissionregistration.k8s.io/{version}", f"{kind}WebhookConfiguration"): _WEBHOOKS
        for version in ("v1", "v1beta1")
        for kind in ("Mutating", "Validating")
    },
}
# Groups and versions whose kinds the schema has; of others only `metadata.finalizers` would be merged, rarely patched.
_BUILT_IN = frozenset(
    "v1 apps/v1 batch/v1 batch/v1beta1 autoscaling/v1 autoscaling/v2beta1 autoscaling/v2beta2 networking.k8s.io/v1 "
    "networking.k8s.io/v1beta1 policy/v1 policy/v1beta1 rbac.authorization.k8s.io/v1 storage.k8s.io/v1 "
    "apiextensions.k8s.io/v1 scheduling.k8s.io/v1 coordination.k8s.io/v1".split()
)


def schema_of(node: PlacedMapping) -> Schema | None:
    version, kind = node.text("apiVersion"), node.text("kind")
    known = _KINDS.get((version, kind))
    return known if known is not None else (_PLAIN if version in _BUILT_IN else None)


def merged(target: PlacedMapping, patch: PlacedMapping) -> PlacedMapping | None:
    """The object with a strategic merge patch applied; None if the patch deletes it. Raises CannotBuild."""
    result = _merge(target, patch, None)
    if result is None or isinstance(result, PlacedMapping):
        return result
    raise CannotBuild("a patch makes an object something else")


def _merge(old: Placed | None, new: Placed | None, schema: Schema | None) -> Placed | None:
    """`old` with the patch `new` applied, either of which can be missing. None: there is nothing (any more)."""
    kinds = {type(one) for one in (old, new) if not is_null(one)}
    if len(kinds) > 1:
        raise CannotBuild("a patch has another kind of value than its target")
    kind = kinds.pop() if kinds else None
    if new is None and not has_gaps(old):
        return old
    if kind is PlacedScalar:
        return old if new is None else None if is_null(new) else _restyled(old, new)  # type: ignore[arg-type]
    if kind is PlacedSequence:
        return _merge_sequences(old, new, schema)  # type: ignore[arg-type]
    if kind is None:  # nulls that are written as one stay, unless the patch has one
        kept = old if new is None and isinstance(old, PlacedScalar) and old.value else None
        return kept
    return _merge_mappings(old, new, schema)  # type: ignore[arg-type]


def _restyled(old: Placed | None, new: PlacedScalar) -> PlacedScalar:
    """kustomize keeps the quotes of the old value, so that a number becomes a text."""
    if not isinstance(old, PlacedScalar) or not old.style or new.style:
        return new
    return PlacedScalar(new.start, new.end, new.value, old.style, new.source)


def _merge_mappings(
    old: PlacedMapping | PlacedScalar | None, new: PlacedMapping | PlacedScalar | None, schema: Schema | None
) -> Placed | None:
    if new is not None and is_null(new) and not is_null(old):
        return None
    directive = new.text("$patch") if isinstance(new, PlacedMapping) else ""
    if isinstance(new, PlacedMapping) and directive:
        new = new.having("$patch", None)
    if directive == "delete":
        return None
    if directive not in ("", "replace", "merge"):
        raise CannotBuild("an unknown `$patch` directive")
    if directive == "replace" or not isinstance(old, PlacedMapping):
        assert isinstance(new, PlacedMapping)
        old, base = new, new
    else:
        base = old
    if schema is None:
        schema = schema_of(base)
    patch = new if isinstance(new, PlacedMapping) else None
    entries: list[Entry] = []
    changed = False
    for entry in base.entries:
        name = entry.key.value  # type: ignore[attr-defined]
        theirs = patch.value(name) if patch is not None else None
        field_schema = schema.fields.get(name, _UNKNOWN) if schema is not None else None
        value = _merge(entry.value, theirs, field_schema)  # type: ignore[arg-type]
        changed = changed or value is not entry.value
        if value is not None:
            entries.append(Entry(entry.key, value) if value is not entry.value else entry)
    if patch is not None and patch is not base:
        for entry in patch.entries:
            name = entry.key.value  # type: ignore[attr-defined]
            if base.entry(name) is not None:
                continue
            field_schema = schema.fields.get(name, _UNKNOWN) if schema is not None else None
            value = _merge(None, entry.value, field_schema)  # type: ignore[arg-type]
            if value is not None:
                changed = True
                entries.append(Entry(entry.key, value))
    if not changed:
        return base
    return PlacedMapping(base.start, base.end, tuple(entries), base.flow, base.source)


def _merge_sequences(
    old: PlacedSequence | PlacedScalar | None, new: PlacedSequence | PlacedScalar | None, schema: Schema | None
) -> Placed | None:
    if schema is None or schema.keys is None:
        chosen = new if new is not None else old
        return None if is_null(chosen) and chosen is new else chosen
    if new is not None and is_null(new) and not is_null(old):
        return None
    directive = ""
    if isinstance(new, PlacedSequence):
        directive, new = _directive(new)
    if directive == "delete" and isinstance(old, PlacedSequence):
        return None
    if directive == "replace" or not isinstance(old, PlacedSequence):
        assert isinstance(new, PlacedSequence)
        return _merge_items(new, None, schema)
    return _merge_items(old, new if isinstance(new, PlacedSequence) else None, schema)


def _directive(new: PlacedSequence) -> tuple[str, PlacedSequence]:
    """The `$patch` of a list, which is an item of its own, and the list without it."""
    for item in new.items:
        if isinstance(item, PlacedMapping) and len(item.entries) == 1 and item.text("$patch"):
            return item.text("$patch"), new.having(one for one in new.items if one is not item)
    return "", new


def _merge_items(old: PlacedSequence, new: PlacedSequence | None, schema: Schema) -> PlacedSequence | None:
    """The items by their merge keys: those of the patch first."""
    keys = schema.keys or ()
    if not keys:
        return _merge_scalars(old, new)
    items_schema = Schema(schema.fields)
    theirs = [(_key(item, keys), item) for item in new.items] if new is not None else []
    ours = [(_key(item, keys), item) for item in old.items]
    for found in (theirs, ours):
        if len({key for key, _ in found}) != len(found):
            raise CannotBuild("items of a list have the same merge key")
    result: list[tuple[tuple[str, ...], Placed]] = []
    taken: dict[int, Placed | None] = {}
    for key, item in theirs:
        match = next((number for number, (other, _) in enumerate(ours) if key == other), None)
        if match is not None:
            # kustomize keeps an item that is to be replaced as it is: the patch's place in the list is all it gets.
            replaced = isinstance(item, PlacedMapping) and item.text("$patch") == "replace"
            taken[match] = _merge(ours[match][1], None if replaced else item, items_schema)
            if len(keys) == 1 and not _is_empty(taken[match]):
                result.append((key, taken[match]))  # type: ignore[arg-type]
        elif not any(_could_be(key, other) for other, _ in ours):
            value = _merge(None, item, items_schema)
            if value is not None and not _is_empty(value):
                result.append((key, value))
    for number, (key, item) in enumerate(ours):
        if number in taken and len(keys) == 1:
            continue
        value = taken[number] if number in taken else _merge(item, None, items_schema)
        if value is not None and not _is_empty(value):
            result.append((key, value))
    if len(result) == len(old.items) and all(value is item for (_, value), item in zip(result, old.items, strict=True)):
        return old
    return old.having(value for _, value in result)


def _key(item: Placed, keys: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(item, PlacedMapping):
        raise CannotBuild("an item of a list has no merge key")
    found = tuple(item.text(key) for key in keys)
    if not found[0]:
        raise CannotBuild("an item of a list has no merge key")
    return found


def _could_be(key: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two keys differ only in one that one of them leaves out: kustomize drops such an item of a patch."""
    return key[0] == other[0] and all(
        one == two or not one or not two for one, two in zip(key[1:], other[1:], strict=True)
    )


def _is_empty(value: Placed | None) -> bool:
    return is_null(value) or (isinstance(value, PlacedMapping) and not value.entries)


def _merge_scalars(old: PlacedSequence, new: PlacedSequence | None) -> PlacedSequence:
    if new is None:
        return old
    found: dict[str, Placed] = {}
    both: Sequence[Placed] = (*new.items, *old.items)
    for item in both:
        if not isinstance(item, PlacedScalar):
            raise CannotBuild("a list of scalars has other items")
        found.setdefault(item.value, item)
    return old.having(found.values())
