"""Resource requests and limits of a container: which are missing, and how to add the platform's defaults."""

from __future__ import annotations

import posixpath
from collections import abc
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from playpen_ls.api.finding import Change, Fix, Refused
from playpen_ls.languages.kubernetes.edits.insert import put, put_all, put_before
from playpen_ls.languages.kubernetes.helm.text import Place
from playpen_ls.languages.kubernetes.model.resources import Container
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar
from playpen_ls.rules.kubernetes._charts import Charts
from playpen_ls.rules.kubernetes._completeness import Absence, Lack, is_empty
from playpen_ls.rules.kubernetes._namespaces import LimitRanges
from playpen_ls.rules.kubernetes._quantity import amount
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

Resources = abc.Mapping[str, abc.Mapping[str, str]]


Leaves = Sequence[tuple[str, str]]


class Unset(NamedTuple):
    """The leaves that are not set; `all` if `resources` has nothing at all."""

    leaves: Leaves
    all: bool


def lacking(
    container: Container, leaves: Leaves, absence: Absence, ranges: LimitRanges
) -> Lack[Container, Unset] | None:
    """The `leaves`, such as `("limits", "memory")`, that are not set. A limit also sets the request."""

    def lacks(one: Container) -> Unset | None:
        found = _unset(one, leaves, ranges)
        return Unset(found, _nothing_set(one)) if found else None

    return absence.lack(container, lacks, "resources")


def _unset(container: Container, leaves: Leaves, ranges: LimitRanges) -> Leaves:
    workload = container.workload
    if workload.pod.get("resources") is not None:
        return []
    resources = container.node.get("resources")
    if resources is not None and not isinstance(resources, Mapping | Scalar):
        return []
    if isinstance(resources, Scalar) and not resources.null:
        return []
    found, given = [], ranges.leaves(workload)
    for kind, name in leaves:
        if (kind, name) in given:
            continue
        kinds = ("requests", "limits") if kind == "requests" else ("limits",)
        if not any(_sets(resources, one, name) for one in kinds):
            found.append((kind, name))
    return found


def _sets(resources: object, kind: str, name: str) -> bool:
    """Whether the value is set and not zero. Values that are not mappings or quantities count as set."""
    if not isinstance(resources, Mapping):
        return False
    part = resources.get(kind)
    if part is None or is_empty(part):
        return False
    if not isinstance(part, Mapping):
        return True
    value = part.get(name)
    if value is None or is_empty(value):
        return False
    return not (isinstance(value, Scalar) and value.literal and amount(value.value) == 0)


def place(container: Container) -> Span:
    """The span of the `resources` key if present, else of the container's name."""
    entry = container.node.entry("resources")
    return container.document.span(entry.key) if entry is not None else container.span


def _nothing_set(container: Container) -> bool:
    resources = container.node.get("resources")
    return resources is None or is_empty(resources)


def described(defaults: Resources) -> str:
    """`requests 100m/128Mi, limits 500m/512Mi`."""
    return ", ".join(f"{kind} {'/'.join(values.values())}" for kind, values in defaults.items() if values)


def fixes_of(
    lack: Lack[Container, Unset], fixes: Iterable[Fix], defaults: Resources, absence: Absence
) -> tuple[Fix, ...]:
    """The fixes of the manifest, or that of the values file that a template takes `resources` from."""
    if lack.form is None or not lack.found.all or not defaults:
        return lack.fixes(fixes)
    place = absence.charts.place(lack.form.node.get("resources"))
    if place is None:
        return ()
    title = f"Set `resources` in `{posixpath.basename(place.path)}` to the platform's defaults ({described(defaults)})"
    return (Fix(title, lambda: _in_values(absence.charts, lack.part, place, defaults)),)


_EMPTY_BLOCK = regex(r"(?P<indentation> *)(?P<key>[\w-]+): *(?P<block>\{\})(?P<rest>[ \t]*(?:#[^\r\n]*)?)")


def _in_values(charts: Charts, container: Container, place: Place, defaults: Resources) -> Change:
    """The defaults in the place of `{}` of a values file. Raises Refused."""
    text = charts.files.text(place.path) or ""
    match = _EMPTY_BLOCK.match(text, text.rfind("\n", 0, place.start) + 1)
    if match is None or match.start("block") != place.start or match.end("block") != place.end:
        raise Refused(f"`resources` is not an empty block in `{place.path}`")
    newline = "\r\n" if text.startswith("\r\n", match.end()) else "\n"
    pad = match["indentation"] + "  "
    lines = [f"{match['indentation']}{match['key']}:{match['rest'].rstrip()}"]
    for kind, values in defaults.items():
        if values:
            lines += [f"{pad}{kind}:", *(f"{pad}  {name}: {value}" for name, value in values.items())]
    written = newline.join(lines)
    folder = charts.folder(container.document.path)
    if folder is not None:
        after = text[: match.start()] + written + text[match.end() :]
        charts.refuse_other_text(folder, place.path, text, after)
    return Change({place.path: (Edit(match.start(), match.end(), written),)})


def set_all(container: Container, defaults: Resources) -> list[Edit]:
    value = {kind: dict(values) for kind, values in defaults.items() if values}
    return put(container.document, container.node, ("resources",), value, container.head)


def set_leaf(container: Container, kind: str, name: str, value: str) -> list[Edit]:
    """Set one value in the usual order: requests, then limits. Raises Refused."""
    resources = container.node.get("resources")
    _refuse_crossing(resources, kind, name, value)
    limited = isinstance(resources, Mapping) and resources.get("limits") is not None
    if isinstance(resources, Mapping) and limited and kind == "requests" and resources.entry("requests") is None:
        return put_before(container.document, resources, "requests", {name: value}, ("limits",))
    behind: tuple[str, ...] = ("cpu",) if name == "memory" else ()
    if _nothing_set(container):
        behind = container.head
    elif isinstance(resources, Mapping) and resources.get(kind) is None:
        behind = ("requests",)
    return put(container.document, container.node, ("resources", kind, name), value, behind)


def set_leaves(container: Container, kind: str, values: abc.Mapping[str, str]) -> list[Edit]:
    """Set several values of one kind, none of which is present. Raises Refused."""
    if len(values) == 1:
        ((name, value),) = values.items()
        return set_leaf(container, kind, name, value)
    resources = container.node.get("resources")
    for name, value in values.items():
        _refuse_crossing(resources, kind, name, value)
    part = resources.entry(kind) if isinstance(resources, Mapping) else None
    if part is not None and isinstance(part.value, Mapping) and part.value.entries:
        return put_all(container.document, part.value, values.items(), ())
    if isinstance(resources, Mapping) and part is None and kind == "requests" and resources.entry("limits") is not None:
        return put_before(container.document, resources, kind, dict(values), ("limits",))
    return put(container.document, container.node, ("resources", kind), dict(values))


def _refuse_crossing(resources: object, kind: str, name: str, value: str) -> None:
    """The API server rejects a limit below the request. Raises Refused."""
    other = "limits" if kind == "requests" else "requests"
    part = resources.get(other) if isinstance(resources, Mapping) else None
    written = part.text(name) if isinstance(part, Mapping) else ""
    theirs, ours = amount(written), amount(value)
    if theirs is None or ours is None:
        return
    if (kind == "limits" and theirs > ours) or (kind == "requests" and theirs < ours):
        what = f"{name.replace('cpu', 'CPU')} {other[:-1]}"
        raise Refused(f"the platform's default {value} conflicts with the {what} of {written}")


def quantities(container: Container) -> Iterator[tuple[str, str, Scalar]]:
    """(kind, name, value) of the CPU, memory and storage values that are written in the container, not in an alias."""
    for kind in ("requests", "limits"):
        part = container.node.mapping("resources", kind)
        for name in ("cpu", "memory", "ephemeral-storage"):
            value = part.scalar(name) if part else None
            inside = value is not None and container.node.start <= value.start < container.node.end
            if value is not None and inside and value.literal:
                yield kind, name, value
