"""What the Pod Security Standard "restricted" asks of a container, and the `securityContext` that gives it.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from playpen_ls.api.finding import Refused
from playpen_ls.languages.kubernetes.edits.insert import put, put_all, replace_scalar
from playpen_ls.languages.kubernetes.model.resources import Container
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar
from playpen_ls.languages.kubernetes.syntax.writer import Value
from playpen_ls.rules.kubernetes._completeness import is_empty
from playpen_ls.text.edit import Edit

PARTS = ("escalation", "capabilities", "root", "seccomp", "volumes")
_VOLUMES = frozenset(
    ("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret")
)
_NOTHING = Mapping(0, 0, False, (), False)
_VALUES: dict[str, tuple[str, Value]] = {
    "escalation": ("allowPrivilegeEscalation", False),
    "capabilities": ("capabilities", {"drop": ["ALL"]}),
    "root": ("runAsNonRoot", True),
    "seccomp": ("seccompProfile", {"type": "RuntimeDefault"}),
}
_SHOWN = {
    "escalation": "`allowPrivilegeEscalation: false`",
    "capabilities": "`capabilities: {drop: [ALL]}`",
    "root": "`runAsNonRoot: true`",
    "seccomp": "`seccompProfile: {type: RuntimeDefault}`",
}


def missing(container: Container, parts: Collection[str]) -> tuple[tuple[str, str], ...]:
    """(part, what is missing or wrong), for those of the parts that the container does not have; empty if it has all.

    A value that a template computes counts as there.
    """
    return tuple((part, text) for part, text in _missing(container) if part in parts)


def _missing(container: Container) -> Iterator[tuple[str, str]]:
    pod = container.workload.pod
    own, shared = (_context(node) for node in (container.node, pod))
    if own is None or shared is None:
        return
    windows = container.workload.runs_on_windows
    if not windows:
        if own.true("privileged"):  # the API server rejects both together
            yield "escalation", "no `privileged: true`"
        elif not _says(own.scalar("allowPrivilegeEscalation"), "false"):
            yield "escalation", _SHOWN["escalation"]
        yield from _capabilities(own)
    if not _says(own.scalar("runAsNonRoot") or shared.scalar("runAsNonRoot"), "true"):
        yield "root", _SHOWN["root"]
    user = own.scalar("runAsUser") or shared.scalar("runAsUser")
    if user is not None and user.value == "0":
        yield "root", "another user than `runAsUser: 0`"
    if not windows:
        profile = own.get("seccompProfile") or shared.get("seccompProfile")
        kind = profile.scalar("type") if isinstance(profile, Mapping) else profile
        if not (isinstance(kind, Scalar) and (not kind.literal or kind.value in ("RuntimeDefault", "Localhost"))):
            yield "seccomp", _SHOWN["seccomp"]
    yield from _volumes(container)


def _context(node: Mapping) -> Mapping | None:
    """The `securityContext`; None if a template computes it as a whole."""
    value = node.get("securityContext")
    if value is None or is_empty(value):
        return _NOTHING
    return value if isinstance(value, Mapping) else None


def _says(value: Scalar | None, wanted: str) -> bool:
    return value is not None and (not value.literal or value.value.lower() == wanted)


def _capabilities(context: Mapping) -> Iterator[tuple[str, str]]:
    value = context.get("capabilities")
    if isinstance(value, Scalar) and not value.literal:
        return
    changed = value if isinstance(value, Mapping) else _NOTHING
    dropped = changed.scalars("drop")
    if not any(word.value.upper() == "ALL" or not word.literal for word in dropped):
        yield "capabilities", _SHOWN["capabilities"]
    for word in changed.scalars("add"):
        if word.literal and word.value != "NET_BIND_SERVICE":
            yield "capabilities", f"no capability `{word.value}`"


def _volumes(container: Container) -> Iterator[tuple[str, str]]:
    workload = container.workload
    mounted = {mount.text("name") for mount in container.node.mappings("volumeMounts")}
    for volume in workload.pod.mappings("volumes"):
        kinds = {entry.key.value for entry in volume.entries if isinstance(entry.key, Scalar)} - {"name", "<<"}
        if volume.text("name") in mounted and kinds and not kinds & _VOLUMES:
            yield "volumes", f"no `{min(kinds)}` volume `{volume.text('name')}`"


def write(container: Container, parts: Collection[str]) -> list[Edit]:
    """Gives the container all that it lacks, at once. Raises Refused if it also has something that it must not have."""
    document = container.document
    lacking = missing(container, parts)
    wrong = [text for part, text in lacking if text != _SHOWN.get(part)]
    if wrong:
        raise Refused(f"the standard allows {wrong[0]}; decide that first")
    values = dict(_VALUES[part] for part, _ in lacking)
    context = container.node.entry("securityContext")
    if context is None or is_empty(context.value):
        return put(document, container.node, ("securityContext",), values, container.head)
    if not isinstance(context.value, Mapping):
        raise Refused("`securityContext` comes from a YAML anchor")
    edits: list[Edit] = []
    new: list[tuple[str, Value]] = []
    for key, value in values.items():
        there = context.value.get(key)
        if there is None:
            new.append((key, value))
        elif isinstance(value, dict) and isinstance(there, Mapping):
            ((inner, worth),) = value.items()
            edits += _inner(container, there, inner, worth)
        elif isinstance(there, Scalar) and isinstance(value, bool):
            edits += replace_scalar(document, there, str(value).lower())
        else:
            raise Refused(f"`{key}` is already set")
    return [*edits, *(put_all(document, context.value, new, ()) if new else ())]


def _inner(container: Container, mapping: Mapping, key: str, value: Value) -> list[Edit]:
    there = mapping.scalar(key)
    if there is not None and isinstance(value, str):
        return replace_scalar(container.document, there, value)
    return put(container.document, mapping, (key,), value)
