"""What a removed API version had, beside what takes its place: a fix that calls both equal must be right.

`removed_api_fields.json` is recorded from the schemas of the last releases that have these versions, in the source
distribution 1.21.0 of `kubernetes-validate`: `recorded(schemas, group and version, kind)` for each of them. Its newest
release, which the tests use, has the versions that are served now.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from playpen_ls.rules.kubernetes._api_versions import REMOVED

pytest.importorskip("kubernetes_validate", reason="installed with the extra `dev`")
from kubernetes_schemas import NEWEST, load, name_of

RECORDED = json.loads((Path(__file__).parent / "removed_api_fields.json").read_text())
EQUAL = [(version, kind) for (version, kind), removed in REMOVED.items() if removed.same]
BUDGET = ("policy/v1beta1", "PodDisruptionBudget")  # equal but for the meaning of `selector: {}`
SHARED = ("io.k8s.api.core.", "io.k8s.apimachinery.")  # types that all versions have in common


def fields(
    definitions: dict[str, Any], one: dict[str, Any], path: str = "", above: tuple[str, ...] = ()
) -> Iterator[str]:
    """`spec.schedule string`, and `spec.schedule required`, for all fields of a definition that a manifest can have."""
    yield from (f"{path}{field} required" for field in one.get("required", ()))
    for field, value in one.get("properties", {}).items():
        if not path and field in ("apiVersion", "kind", "metadata", "status"):
            continue
        inner = value.get("items", value.get("additionalProperties", value))
        inner = value if not isinstance(inner, dict) else inner
        refers = [each.get("$ref", "") for each in (inner, *inner.get("allOf", ()), *inner.get("oneOf", ()))]
        to = next((each.rpartition("/")[2] for each in refers if each), "")
        shape = "list of " if "items" in value else "map of " if "additionalProperties" in value else ""
        if to and not to.startswith(SHARED) and to not in above and "properties" in definitions[to]:
            yield f"{path}{field} {shape}object"
            yield from fields(definitions, definitions[to], f"{path}{field}.", (*above, to))
        else:
            kinds = inner.get("type", [])
            plain = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
            yield f"{path}{field} {shape}{to or ' or '.join(plain)}"


def recorded(schemas: Any, version: str, kind: str) -> list[str]:
    """`schemas(name)` gives the content of a file of `kubernetes-json-schema`."""
    every, one = schemas("_definitions"), schemas(name_of(version, kind))
    definitions = every.get("definitions") or every["$defs"]
    return sorted(fields(definitions, definitions[one["$ref"].rpartition("/")[2]] if "$ref" in one else one))


@pytest.mark.parametrize(("version", "kind"), [*EQUAL, BUDGET], ids=lambda one: one)
def test_a_version_that_a_fix_replaces_has_no_field_that_the_new_one_lacks(version: str, kind: str):
    before = set(RECORDED[f"{version} {kind}"])
    after = set(recorded(lambda name: load(NEWEST, name), REMOVED[version, kind].now, kind))
    assert before
    assert {one for one in before if not one.endswith(" required")} <= after
    # What is required of an object that the removed version has too; one without `spec` is of no use in any version.
    known = {one.partition(" ")[0] for one in before}
    asked = {one for one in after if one.endswith(" required") and one.partition(" ")[0].rpartition(".")[0] in known}
    assert asked <= before


def test_versions_with_other_fields_are_seen():
    """The comparison finds what is known to differ: the backend of an Ingress, and the rules of autoscalers."""
    after = set(recorded(lambda name: load(NEWEST, name), "networking.k8s.io/v1", "Ingress"))
    before = set(RECORDED["networking.k8s.io/v1beta1 Ingress"])
    assert any("serviceName" in one for one in before - after)
