"""Which objects want which of probes, resources and an account: the table of the kinds, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import LARGEST, Source, Unreadable

CONTAINER = "{name: a, image: 'a:1'%s}"
PORTS = ", ports: [{containerPort: 80}]"
PROBES = ", livenessProbe: {grpc: {port: 1}}, readinessProbe: {grpc: {port: 1}}"
LIMITS = ", resources: {limits: {cpu: 1, memory: 1Gi}}"
EMPTY = ", livenessProbe: , readinessProbe: {}"
STARTUP = ", startupProbe: {grpc: {port: 1}}"
LABELS = "metadata: {labels: {app: a}}"
SELECTOR = "selector: {matchLabels: {app: a}}"
SHORT = {
    "no-liveness-probe": "live", "no-readiness-probe": "ready", "no-memory-limit": "memory", "no-cpu-limit": "cpu",
    "no-resource-requests": "requests", "default-service-account": "account",
}  # fmt: skip
RESOURCES = {"memory": "warning", "cpu": "warning", "requests": "warning"}
ACCOUNT = {"account": "warning"}


def found(folder: Path, text: str, **others: str) -> dict[str, str]:
    """What is missing, and how much that matters."""
    for name, other in others.items():
        (folder / f"{name}.yaml").write_text(other)
    workspace = Workspace(folder)
    workspace.open(Source("app.yaml", text), "kubernetes")
    workspace.closed.read_all()
    diagnostics = workspace.check("app.yaml").diagnostics
    return {
        SHORT[diagnostic.rule.name]: diagnostic.severity.label
        for diagnostic in diagnostics
        if diagnostic.rule.name in SHORT
    }


def pod(container: str = CONTAINER % "", spec: str = "", metadata: str = "name: a") -> str:
    more = f", {spec}" if spec else ""
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{{metadata}}}\nspec: {{containers: [{container}]{more}}}\n"


def workload(kind: str, group: str, container: str = CONTAINER % "", spec: str = "", selector: str = SELECTOR) -> str:
    more, chosen = f", {spec}" if spec else "", f"{selector}, " if selector else ""
    template = f"template: {{{LABELS}, spec: {{containers: [{container}]{more}}}}}"
    if kind == "CronJob":
        template = f"jobTemplate: {{spec: {{{template}}}}}"
    return f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{{chosen}{template}}}\n"


def probes(live: str, ready: str) -> dict[str, str]:
    return {"live": live, "ready": ready}


SIDECAR = "initContainers: [{name: side, image: 's:1', restartPolicy: Always%s}]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(pod(), probes("warning", "hint") | RESOURCES | ACCOUNT, id="pod"),
        pytest.param(pod(spec="restartPolicy: Never"), RESOURCES | ACCOUNT, id="pod that runs once"),
        pytest.param(pod(spec="restartPolicy: OnFailure"), RESOURCES | ACCOUNT, id="pod that runs until it works"),
        pytest.param(pod(metadata="name: a, ownerReferences: [{kind: X}]"), RESOURCES, id="pod of another object"),
        pytest.param(pod(metadata="name: a, annotations: {kubernetes.io/config.mirror: x}"), RESOURCES, id="mirror"),
        pytest.param(pod(metadata="name: a, annotations: {helm.sh/hook: test}"), RESOURCES | ACCOUNT, id="hook"),
        *(
            pytest.param(workload(kind, group), probes("warning", "hint") | RESOURCES | ACCOUNT, id=f"{group} {kind}")
            for kind, group in (
                ("Deployment", "apps/v1"),
                ("ReplicaSet", "apps/v1"),
                ("DaemonSet", "apps/v1"),
                ("ReplicationController", "v1"),
                ("Deployment", "extensions/v1beta1"),
            )
        ),
        *(
            pytest.param(
                workload(kind, "apps/v1", CONTAINER % PORTS), probes("warning", "warning") | RESOURCES | ACCOUNT,
                id=f"{kind} with ports",
            )
            for kind in ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet")
        ),
        pytest.param(
            workload("StatefulSet", "apps/v1"), probes("warning", "warning") | RESOURCES | ACCOUNT, id="StatefulSet"
        ),
        pytest.param(workload("Job", "batch/v1", selector=""), RESOURCES | ACCOUNT, id="Job"),
        pytest.param(workload("CronJob", "batch/v1", selector=""), RESOURCES | ACCOUNT, id="CronJob"),
        pytest.param(
            workload("Job", "batch/v1", CONTAINER % LIMITS, SIDECAR % LIMITS, ""),
            probes("hint", "hint") | ACCOUNT,
            id="Job with a sidecar",
        ),
        pytest.param(workload("Rollout", "argoproj.io/v1alpha1"), {}, id="Argo's Rollout"),
        pytest.param(workload("DeploymentConfig", "apps.openshift.io/v1"), {}, id="OpenShift's DeploymentConfig"),
        pytest.param(workload("Service", "serving.knative.dev/v1"), {}, id="Knative's Service"),
        pytest.param(workload("Job", "batch.volcano.sh/v1alpha1"), {}, id="another group's Job"),
        pytest.param(
            "apiVersion: v1\nkind: List\nitems:\n- " + pod(CONTAINER % (PROBES + LIMITS)).replace("\n", "\n  "),
            ACCOUNT,
            id="item of a List",
        ),
        pytest.param(pod(metadata="generateName: a-", spec="restartPolicy: Never"), RESOURCES | ACCOUNT, id="generated"),
    ],
)  # fmt: skip
def test_each_kind_wants_its_own(tmp_path: Path, text: str, expected: dict[str, str]):
    assert found(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        (CONTAINER % (LIMITS + PROBES), {}),
        (CONTAINER % (LIMITS + EMPTY), probes("warning", "hint")),
        (CONTAINER % (LIMITS + STARTUP), probes("warning", "hint")),
        (CONTAINER % (LIMITS + PORTS), probes("warning", "warning")),
        (CONTAINER % (PROBES + PORTS + LIMITS) + ", " + CONTAINER % LIMITS, probes("hint", "hint")),
        (CONTAINER % (LIMITS + ", command: [/bin/sh, -c], args: ['while true; do sleep 30; done']"), {}),
        (CONTAINER % (LIMITS + ", command: [sh, -c, 'trap : TERM INT; sleep infinity & wait']"), {}),
        (CONTAINER % (LIMITS + ", args: [tail, -f, /dev/null]"), {}),
        (CONTAINER % (LIMITS + ", command: [bin/sh, -c, 'echo up; while true; do sleep 9s ; done;']"), {}),
        (CONTAINER % (LIMITS + ", command: [sh, -c, 'echo up; serve & wait']"), probes("warning", "hint")),
        (CONTAINER.replace("a:1", "registry.k8s.io/pause:3.8") % LIMITS, {}),
        (CONTAINER % (LIMITS + ", stdin: true, tty: true"), {}),
        (CONTAINER % (LIMITS + ", stdin: true, tty: true" + PORTS), probes("warning", "warning")),
        (CONTAINER % (LIMITS + ", command: [sh, -c, 'sleep 5; exec serve']"), probes("warning", "hint")),
        (CONTAINER % (PROBES + ", resources: {requests: {cpu: 0, memory: 1}}"), RESOURCES),
        (CONTAINER % (PROBES + ", resources: {limits: {memory: 1Gi}}"), {"cpu": "warning", "requests": "warning"}),
    ],
)
def test_what_is_missing_in_a_container(tmp_path: Path, container: str, expected: dict[str, str]):
    assert found(tmp_path, workload("Deployment", "apps/v1", container, "serviceAccountName: a")) == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("serviceAccountName: a, initContainers: [{name: i, image: 'i:1'}]", dict.fromkeys(RESOURCES, "hint")),
        ("serviceAccountName: a, " + SIDECAR % LIMITS, probes("hint", "hint")),
        ("serviceAccountName: a, " + SIDECAR % (LIMITS + PORTS), probes("warning", "warning")),
        ("serviceAccountName: default", ACCOUNT),
        ("serviceAccountName: ''", ACCOUNT),
        ("serviceAccount: default", ACCOUNT),
        ("serviceAccount: a", {}),
        ("automountServiceAccountToken: false", {}),
        ("automountServiceAccountToken: true", ACCOUNT),
    ],
)
def test_what_the_pod_says(tmp_path: Path, spec: str, expected: dict[str, str]):
    whole = CONTAINER % (PROBES + LIMITS + PORTS)
    assert found(tmp_path, workload("Deployment", "apps/v1", whole, spec)) == expected


def test_resources_of_the_pod_and_of_the_namespace_count(tmp_path: Path):
    text = workload("Deployment", "apps/v1", CONTAINER % PROBES, "serviceAccountName: a")
    limits = (
        "apiVersion: v1\nkind: LimitRange\nmetadata: {name: a%s}\nspec: {limits: [{default: {cpu: 1, memory: 1Gi}}]}\n"
    )
    named = text.replace("{name: a}", "{name: a, namespace: one}", 1)
    assert found(tmp_path, text.replace("spec: {containers", "spec: {resources: {limits: {cpu: 1}}, containers")) == {}
    assert found(tmp_path, named, limits=limits % ", namespace: two") == RESOURCES
    assert found(tmp_path, named, limits=limits % ", namespace: one") == {}


def test_a_token_that_the_default_account_does_not_mount_is_none(tmp_path: Path):
    account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default}\nautomountServiceAccountToken: %s\n"
    text = workload("Deployment", "apps/v1", CONTAINER % (PROBES + LIMITS))
    assert found(tmp_path, text, account=account % "true") == ACCOUNT
    assert found(tmp_path, text, account=account % "false") == {}


SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: a%s}\nspec: {selector: {app: a}}\n"
WORKER = workload("Deployment", "apps/v1", CONTAINER % LIMITS, "serviceAccountName: a")


def test_a_service_wants_to_know_whether_its_pods_are_ready(tmp_path: Path):
    named = WORKER.replace("{name: a}", "{name: a, namespace: one}", 1)
    assert found(tmp_path, named, service=SERVICE % ", namespace: two") == probes("warning", "hint")
    assert found(tmp_path, named, service=SERVICE % ", namespace: one") == probes("warning", "warning")
    assert found(tmp_path, named, service=SERVICE % "") == probes("warning", "warning")


def test_a_service_of_another_variant_is_not_meant(tmp_path: Path):
    (tmp_path / "extras").mkdir()
    assert found(tmp_path, WORKER, **{"extras/all": SERVICE % "" + "---\n" + WORKER}) == probes("warning", "hint")
    other = WORKER.replace("metadata: {name: a}", "metadata: {name: b}", 1)
    assert found(tmp_path, WORKER, **{"extras/all": SERVICE % "" + "---\n" + other}) == probes("warning", "warning")


@pytest.mark.parametrize(
    ("text", "others"),
    [
        (workload("Deployment", "apps/v1", selector=""), {}),
        (workload("Deployment", "apps/v1", "{name: a}"), {}),
        (workload("Deployment", "apps/v1", "{name: a, image: b, $patch: merge}"), {}),
        (workload("Deployment", "apps/v1", CONTAINER % ", args: [{{ .Values.x }}]"), {}),
        (workload("Deployment", "apps/v1").replace("spec:", "spec:  #@ spec", 1), {}),
        ("#@schema/match data_values=True\n" + workload("Deployment", "apps/v1"), {}),
        (WORKER, {"kustomization": "kind: Kustomization\nresources: [x.yaml]\npatches: [{path: app.yaml}]\n"}),
        (WORKER, {"kustomization": "resources: [x.yaml]\npatchesStrategicMerge: [app.yaml]\n"}),
    ],
)
def test_a_part_of_an_object_misses_nothing(tmp_path: Path, text: str, others: dict[str, str]):
    assert found(tmp_path, text, **others) == {}


def test_a_comment_is_no_template(tmp_path: Path):
    text = workload("Deployment", "apps/v1", CONTAINER % LIMITS, "serviceAccountName: a")
    assert found(tmp_path, f"#@author: jane, # {{{{ no }}}}\n{text}") == found(tmp_path, text)


LAUGHS = "".join(f"  {b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in zip("abcdefghijklm", "bcdefghijklmn", strict=True))
BOMB = "".join(
    f"  {b}: &{b} {{<<: [*{a}, *{a}], k{b}: 1}}\n" for a, b in zip("abcdefghijklm", "bcdefghijklmn", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        f"{pod()}x:\n  a: &a [{{name: X, value: y}}]\n{LAUGHS}",
        "apiVersion: v1\nkind: Pod\nx:\n  a: &a [{name: X, value: y}]\n"
        + LAUGHS
        + "spec: {containers: *n, volumes: *n}\n",
        "apiVersion: v1\nkind: Pod\nx:\n  a: &a {name: X, image: y}\n"
        + BOMB
        + "spec: {containers: [*n], volumes: [*n]}\n",
        "apiVersion: v1\nkind: Pod\nspec: &s\n  containers: &c [{name: a, image: b, env: *c, <<: *s}]\n  <<: *s\n",
        "apiVersion: v1\nkind: List\nitems: &i [{apiVersion: v1, kind: List, items: *i}]\n",
        f"{pod()}x: {'[' * 40_000}",
        f"{pod()}x: {'[' * 40_000}{']' * 40_000}\n",
        f"{pod()}{'  ' * 3_000}- x: y\n",
        pod().replace("kind", "ki\0nd"),
    ],
)
def test_hostile_objects_are_looked_at_like_others(tmp_path: Path, text: str):
    other = pod(CONTAINER % (PROBES + LIMITS))
    assert found(tmp_path, f"{text.rstrip()}\n---\n{other}")["account"] == "warning"


def test_a_text_of_20_megabytes_is_not_looked_at():
    with pytest.raises(Unreadable, match="larger"):
        Source.decoded("app.yaml", pod().encode() + b"# x\n" * (20 * 1024 * 1024 // 4))
    assert LARGEST < 20 * 1024 * 1024
