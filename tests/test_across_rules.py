"""A change in one open file changes what is found in another at once, rule by rule, and goes away when it is undone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from playpen_ls.api.finding import Severity
from playpen_ls.languages.detection import language_of
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

ORDERS = Path(__file__).parent / "projects" / "orders"
PORTS = "          ports:\n            - name: http\n              containerPort: 8000\n"
Change = tuple[str, str, str]  # a file, what it says, what it says then

# (changes before, the change, the file in which something is found then, and what)
CASES: dict[str, tuple[list[Change], Change, str, list[tuple[str, str]]]] = {
    "the route of a router that another module includes": (
        [], ("app/probes.py", '"/ready"', '"/up"'),
        "k8s/deployment.yaml", [("kubernetes/probe-without-route", "/ready")]),
    "the prefix under which it is included": (
        [], ("app/main.py", "probes.router", 'probes.router, prefix="/ops"'),
        "k8s/deployment.yaml", [("kubernetes/probe-without-route", "/health"), ("kubernetes/probe-without-route", "/ready")]),
    "the health route in another module": (
        [], ("app/probes.py", '"/health"', '"/items"'), "app/main.py", []),  # the manifest probes `/ready` still
    "every route of the router": (
        [("k8s/deployment.yaml", "/ready", "/v1/orders/")], ("app/probes.py", "@router.get", "@other.unknown"),
        "app/main.py", [("python/no-health-route", 'FastAPI(title=f"orders in {REGION}")')]),
    "the port of the image's program": (
        [], ("Dockerfile", "8000", "9000"), "k8s/deployment.yaml", [("kubernetes/port-mismatch", "8000")]),
    "the same, where the manifest declares none": (
        [("k8s/deployment.yaml", PORTS, ""), ("k8s/deployment.yaml", "port: http", "port: 8000")],
        ("Dockerfile", "8000", "9000"), "k8s/deployment.yaml",
        [("kubernetes/probe-port-closed", "8000"), ("kubernetes/probe-port-closed", "8000")]),
    "a port's name": (
        [], ("k8s/deployment.yaml", "http\n", "web\n"), "k8s/service.yaml", [("kubernetes/port-mismatch", "http")]),
    "a label of pods": (
        [], ("k8s/deployment.yaml", "app: orders", "app: order"), "k8s/service.yaml",
        [("kubernetes/dangling-service", "orders")]),
    "a key of a ConfigMap": (
        [], ("k8s/config.yaml", "region:", "regions:"), "k8s/deployment.yaml",
        [("kubernetes/missing-reference", "region")]),
    "a ConfigMap's name": (
        [], ("k8s/config.yaml", "orders-config", "orders-confg"), "k8s/deployment.yaml",
        [("kubernetes/missing-reference", "orders-config")]),
    "a ServiceAccount's name": (
        [], ("k8s/config.yaml", "name: postgres", "name: postgress"), "k8s/postgres.yaml",
        [("kubernetes/missing-reference", "postgres")]),
    "the tag that is pushed": (
        [], ("Jenkinsfile", "1.4.0", "1.5.0"), "k8s/deployment.yaml", [("kubernetes/unbuilt-image", "1.4.0")]),
    "a variable that is read": (
        [], ("app/orders.py", "router =", 'import os\n\nos.environ["CURRENCY"]\nrouter ='), "k8s/deployment.yaml",
        [("kubernetes/unset-variable", "orders")]),
    "a backup": (
        [], ("k8s/backup.yaml", "pg_dump", "echo"), "k8s/postgres.yaml", [("kubernetes/no-backup", "postgres")]),
    "the namespace of a backup": (
        [], ("k8s/backup.yaml", "playpen-apps", "other"), "k8s/postgres.yaml", [("kubernetes/no-backup", "postgres")]),
    "the account's token": (
        [("k8s/deployment.yaml", "      serviceAccountName: orders\n", ""),
         ("k8s/config.yaml", "name: orders\n", "name: default\n")],
        ("k8s/config.yaml", "automountServiceAccountToken: false", "automountServiceAccountToken: true"),
        "k8s/deployment.yaml", [("kubernetes/default-service-account", "orders")]),
    "a LimitRange": (
        [("k8s/deployment.yaml", "            limits:\n              cpu: 500m\n              memory: 512Mi\n", ""),
         ("k8s/config.yaml", "---\n", "---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: x, namespace: playpen-apps}\n"
          "spec: {limits: [{default: {cpu: 1, memory: 1Gi}}]}\n---\n")],
        ("k8s/config.yaml", "LimitRange", "LimitRanges"), "k8s/deployment.yaml",
        [("kubernetes/no-cpu-limit", "resources"), ("kubernetes/no-memory-limit", "resources")]),
}  # fmt: skip


@pytest.fixture
def orders(tmp_path: Path) -> Workspace:
    shutil.copytree(ORDERS, tmp_path / "orders")
    workspace = Workspace(tmp_path / "orders")
    workspace.closed.read_all()
    return workspace


def put(workspace: Workspace, path: str, old: str, new: str) -> None:
    """Change an open file, or open it."""
    if path not in workspace.documents:
        text = (workspace.root / path).read_text()
        language = language_of(path, lambda: text)
        assert language is not None
        workspace.open(Source(path, text), language)
    text = workspace.documents[path].source.text
    assert old in text
    workspace.edit(path, Source(path, text.replace(old, new)))
    workspace.index.changed_since_last_call()
    workspace.check(path)


def found(workspace: Workspace, path: str) -> list[tuple[str, str]]:
    report = workspace.check(path)
    return [(diagnostic.rule.id, report.source.of(diagnostic.span)) for diagnostic in report.diagnostics]


@pytest.mark.parametrize(("before", "change", "path", "expected"), CASES.values(), ids=CASES)
def test_the_other_file_says_so_and_no_more(
    orders: Workspace, before: list[Change], change: Change, path: str, expected: list[tuple[str, str]]
):
    for one in [*before, (path, "", "")]:
        put(orders, *one)
    assert found(orders, path) == []
    file, old, new = change
    put(orders, file, old, new)
    assert orders.index.changed_since_last_call()  # so that the server looks at the others
    assert sorted(found(orders, path)) == sorted(expected)
    put(orders, file, new, old)
    assert found(orders, path) == []


def test_a_change_of_what_no_file_asks_for_makes_nobody_look(orders: Workspace):
    put(orders, "k8s/config.yaml", "eu-central", "eu-western")
    assert not orders.index.changed_since_last_call()


WORKER = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n"
    "  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers: [{name: web, image: 'me/web:1'}]\n"
)
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n"
IN_ONE = "namespace: one\nresources: [{}]\n"
# (the files beside `k8s/app.yaml`, what the missing readiness probe of its container is)
WEIGHTS: dict[str, tuple[dict[str, str], Severity]] = {
    "no Service": ({}, Severity.HINT),
    "one that selects it": ({"k8s/service.yaml": SERVICE}, Severity.WARNING),
    "one that selects others": ({"k8s/service.yaml": SERVICE.replace("app: web", "app: api")}, Severity.HINT),
    "one of another namespace": (
        {"k8s/service.yaml": SERVICE.replace("{name: web}", "{name: web, namespace: two}"),
         "k8s/kustomization.yaml": IN_ONE.replace("{}", "app.yaml")}, Severity.HINT),
    "one that kustomize puts into its own": (
        {"k8s/service.yaml": SERVICE.replace("{name: web}", "{name: web, namespace: two}"),
         "k8s/kustomization.yaml": IN_ONE.replace("{}", "app.yaml, service.yaml")}, Severity.WARNING),
    "one elsewhere": ({"extras/service.yaml": SERVICE}, Severity.WARNING),
    "one beside another variant of it": (
        {"extras/service.yaml": SERVICE, "extras/app.yaml": WORKER}, Severity.HINT),
}  # fmt: skip


@pytest.mark.parametrize(("files", "severity"), WEIGHTS.values(), ids=WEIGHTS)
def test_how_much_a_missing_readiness_probe_matters(tmp_path: Path, files: dict[str, str], severity: Severity):
    for path, text in {**files, "k8s/app.yaml": WORKER}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    workspace = Workspace(tmp_path)
    workspace.closed.read_all()
    workspace.open(Source("k8s/app.yaml", WORKER), "kubernetes")
    diagnostics = workspace.check("k8s/app.yaml").diagnostics
    assert [
        diagnostic.severity for diagnostic in diagnostics if diagnostic.rule.id == "kubernetes/no-readiness-probe"
    ] == [severity]
