"""What the API server accepts: its schemas for fields and types, and its validation functions for all else.

The schemas are those of `kubernetes-validate`. They do not contain what validation adds, so REFUSED names the function
of `pkg/apis/*/validation` in Kubernetes that rejects each text.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest
import yaml
from jsonschema.validators import Draft202012Validator
from referencing import Registry, Resource

from examples import Project
from playpen_ls.api.example import example, unmarked
from playpen_ls.engine.registry import rules_of
from playpen_ls.rules.kubernetes._api_versions import REMOVED

pytest.importorskip("kubernetes_validate", reason="installed with the extra `dev`")
from kubernetes_schemas import NEWEST, OLDEST, load, name_of


@cache
def validator(version: str, kind: str, release: str = NEWEST) -> Draft202012Validator | None:
    schema = load(release, name_of(version, kind))
    if schema is None:
        return None
    registry: Registry[Any] = Registry().with_resources(
        (one["$id"], Resource.from_contents(one)) for one in (schema, load(release, "_definitions"))
    )
    return Draft202012Validator(schema, registry=registry)


def faults(text: str) -> set[str]:
    """What the schemas say of the objects in a text, without the places."""
    found = set()
    for one in yaml.safe_load_all(text):
        known = validator(str(one.get("apiVersion")), str(one.get("kind"))) if isinstance(one, dict) else None
        if known is not None:
            found |= {f"{'.'.join(map(str, error.path))}: {error.message}" for error in known.iter_errors(one)}
    return found


def written() -> Iterator[Any]:
    """What the fixes of the rules make of a text: (name, before, after), before is "" for a new file."""
    for rule in rules_of("kubernetes"):
        for number, bad in enumerate(rule.bad):
            path, text = next(iter(bad.files.items()))
            if bad.fixed is not None and not any(mark in text for mark in ("{{", "\t")) and path.endswith("yaml"):
                yield pytest.param(unmarked(text), bad.fixed, id=f"{rule.name}-{number}")
            for created in bad.creates.values():
                yield pytest.param("", created, id=f"{rule.name}-{number}-created")


@pytest.mark.parametrize(("before", "after"), list(written()))
def test_fixes_write_no_field_or_type_that_the_api_does_not_know(before: str, after: str):
    new = faults(after) - faults(before)
    if before:  # examples are short, and old versions have no schema that says so
        new = {one for one in new if "required" not in one}
    assert new == set()


def test_the_schemas_find_faults():
    text = "apiVersion: apps/v1\nkind: Deployment\nspec: {replicas: two, selector: {}, template: {}, size: 1}\n"
    assert len(faults(text)) == 2


@pytest.mark.parametrize(("version", "kind"), REMOVED, ids=[f"{version}-{kind}" for version, kind in REMOVED])
def test_removed_versions_have_no_schema_from_their_release_on(version: str, kind: str):
    removed = REMOVED[version, kind]
    minor = int(removed.release.partition(".")[2])
    for release in (max(minor, 25), 37):
        assert load(f"1.{release}", name_of(version, kind)) is None
    if minor > 25:
        assert load(f"1.{minor - 1}", name_of(version, kind)) is not None
    if removed.now:
        assert load(NEWEST, name_of(removed.now, kind)) is not None


def test_autoscalers_of_the_removed_version_have_the_same_schema():
    """The removed version that the fix calls equal and whose last release has a recorded schema."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items() if key not in ("description", "enum", "$schema")
                    and not key.startswith("x-kubernetes")}  # fmt: skip
        return value.replace("v2beta2", "v2") if isinstance(value, str) else value

    def definitions(version: str) -> dict[str, Any]:
        every = load(OLDEST, "_definitions")["$defs"]
        prefix = f"io.k8s.api.autoscaling.{version}."
        names = [name for name in every if name.startswith(prefix) and "Status" not in name]  # nobody writes these
        return {name.removeprefix(prefix): plain(every[name]) for name in names}

    assert definitions("v2") == definitions("v2beta2") != {}


class Refused(NamedTuple):
    """A text that the API server rejects, and the nearest one that it accepts; `by` is the function that rejects it."""

    by: str
    rule: str
    text: str
    change: tuple[str, str]


POD = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  containers:
    - name: shop
      image: nexus:5000/shop:1.0.0
      ports: [{name: http, containerPort: 80}, {name: admin, containerPort: 81}]
      livenessProbe: {httpGet: {path: /, port: 80}, successThreshold: 1}
      startupProbe: {httpGet: {path: /, port: 80}, successThreshold: 1}
      resources: {requests: {cpu: 1}, limits: {cpu: 2}}
      volumeMounts: [{name: data, mountPath: /data}, {name: cache, mountPath: /cache}]
    - {name: proxy, image: 'nexus:5000/proxy:1.0.0'}
  volumes: [{name: data, emptyDir: {}}, {name: cache, emptyDir: {}}]
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}, matchExpressions: [{key: app, operator: In, values: [shop]}]}
  template:
    metadata: {labels: {app: shop}}
    spec:
      restartPolicy: Always
      containers: [{name: shop, image: 'nexus:5000/shop:1.0.0'}]
"""
SET = DEPLOYMENT.replace("Deployment", "StatefulSet")
DAEMONS = DEPLOYMENT.replace("Deployment", "DaemonSet")
REPLICAS = DEPLOYMENT.replace("Deployment", "ReplicaSet")
JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: shop}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: shop, image: 'nexus:5000/shop:1.0.0'}]}
"""
CRON = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: shop}
spec:
  schedule: "0 2 * * *"
  jobTemplate:
    spec:
      template: {spec: {restartPolicy: OnFailure, containers: [{name: shop, image: 'nexus:5000/shop:1.0.0'}]}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{name: http, port: 80}, {name: admin, port: 81}]}
"""
LABELS = ("labels: {app: shop}", "labels: {app: cart}")
SELECTOR = (DEPLOYMENT[DEPLOYMENT.index("  selector") : DEPLOYMENT.index("  template")], "")
EXPRESSION = ("values: [shop]", "values: [cart]")
CORE, APPS, BATCH = "core/validation", "apps/validation", "batch/validation"
REFUSED = (
    Refused(f"{APPS}.ValidatePodTemplateSpecForReplicaSet", "mismatching-selector", DEPLOYMENT, LABELS),
    Refused(f"{APPS}.ValidatePodTemplateSpecForReplicaSet", "mismatching-selector", REPLICAS, LABELS),
    Refused(f"{APPS}.ValidatePodTemplateSpecForReplicaSet", "mismatching-selector", DEPLOYMENT, EXPRESSION),
    Refused(f"{APPS}.ValidatePodTemplateSpecForStatefulSet", "mismatching-selector", SET, LABELS),
    Refused(f"{APPS}.ValidateDaemonSetSpec", "mismatching-selector", DAEMONS, LABELS),
    Refused(f"{APPS}.ValidateDeploymentSpec", "mismatching-selector", DEPLOYMENT, SELECTOR),
    Refused(f"{APPS}.ValidateStatefulSetSpec", "mismatching-selector", SET, SELECTOR),
    Refused(f"{APPS}.ValidateDaemonSetSpec", "mismatching-selector", DAEMONS, SELECTOR),
    Refused(f"{APPS}.ValidateReplicaSetSpec", "mismatching-selector", REPLICAS, SELECTOR),
    Refused(f"{APPS}.ValidatePodTemplateSpecForReplicaSet", "invalid-restart-policy", DEPLOYMENT, ("Always", "Never")),
    Refused(f"{APPS}.ValidateStatefulSetSpec", "invalid-restart-policy", SET, ("Always", "OnFailure")),
    Refused(f"{APPS}.ValidateDaemonSetSpec", "invalid-restart-policy", DAEMONS, ("Always", "OnFailure")),
    Refused(f"{BATCH}.validateJobSpec", "invalid-restart-policy", JOB, ("Never", "Always")),
    Refused(f"{BATCH}.validateJobSpec", "invalid-restart-policy", JOB, ("restartPolicy: Never, ", "")),
    Refused(f"{BATCH}.validateCronJobSpec", "invalid-restart-policy", CRON, ("OnFailure", "Always")),
    Refused(f"{CORE}.ValidateVolumeMounts", "missing-volume", POD, ("{name: cache, mountPath", "{name: cash, mountPath")),
    Refused(f"{CORE}.ValidateVolumeMounts", "missing-volume", POD, ("mountPath: /cache", "mountPath: /data")),
    Refused(f"{CORE}.ValidateVolumes", "duplicate-name", POD, ("{name: cache, emptyDir", "{name: data, emptyDir")),
    Refused(f"{CORE}.validateContainers", "duplicate-name", POD, ("name: proxy", "name: shop")),
    Refused(f"{CORE}.validateContainerPorts", "duplicate-name", POD, ("name: admin", "name: http")),
    Refused(f"{CORE}.validateServicePort", "duplicate-name", SERVICE, ("name: admin", "name: http")),
    Refused(f"{CORE}.ValidateService", "duplicate-name", SERVICE, ("port: 81", "port: 80")),
    Refused(f"{CORE}.validateLivenessProbe", "probe-timing", POD,
            ("livenessProbe: {httpGet: {path: /, port: 80}, successThreshold: 1",
             "livenessProbe: {httpGet: {path: /, port: 80}, successThreshold: 2")),
    Refused(f"{CORE}.validateStartupProbe", "probe-timing", POD,
            ("startupProbe: {httpGet: {path: /, port: 80}, successThreshold: 1",
             "startupProbe: {httpGet: {path: /, port: 80}, successThreshold: 2")),
    Refused(f"{CORE}.ValidateContainerResourceRequirements", "request-over-limit", POD, ("cpu: 2", "cpu: 500m")),
)  # fmt: skip


@pytest.mark.parametrize("line", REFUSED, ids=[f"{one.rule}-{number}" for number, one in enumerate(REFUSED)])
def test_what_validation_refuses_is_an_error(line: Refused):
    rule = next(one for one in rules_of("kubernetes") if one.name == line.rule)
    refused = line.text.replace(*line.change)
    assert refused != line.text
    found = Project(rule, example({"app.yaml": refused})).look().diagnostics
    assert {one.severity.name for one in found} == {"ERROR"}, line.by
    assert Project(rule, example({"app.yaml": line.text})).look().diagnostics == []
    assert not faults(line.text)
