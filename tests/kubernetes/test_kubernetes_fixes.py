"""Every fix changes the keys that it names and not a character outside of what it inserts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from playpen_ls.api.example import unmarked
from playpen_ls.api.finding import Refused
from playpen_ls.config.model import Settings
from playpen_ls.engine.registry import rules_of
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source

CASES = json.loads((Path(__file__).parent / "probes.json").read_text())
# What the fixes of a rule may add or change, below the container, the pod or the entry of `env`, is what those of its
# examples do (see `intended`), except where these manifests need less, or the examples do not show every fix.
INTENDED = {
    "no-liveness-probe": {"livenessProbe", "readinessProbe"},
    "no-readiness-probe": {"livenessProbe", "readinessProbe"},
    "privileged-container": {"privileged", "hostNetwork"},
    "suspicious-quantity": {"memory"},
    "unrestricted-container": {
        "securityContext",
        "allowPrivilegeEscalation",
        "capabilities",
        "drop",
        "runAsNonRoot",
        "seccompProfile",
        "type",
    },
    "writable-root": {"securityContext", "readOnlyRootFilesystem"},
}
REPLACING = {"literal-secret", "privileged-container", "suspicious-quantity"}


def workspace(text: str, path: str) -> Workspace:
    made = Workspace(Path("/nonexistent"), Settings(select=("kubernetes",)))  # those that are opt-in too
    made.index.complete = True
    made.open(Source(path, text), "kubernetes", on_disk=False)
    made.check(path)
    return made


def changes(text: str, path: str = "app.yaml") -> Iterator[tuple[str, str, tuple[Edit, ...], str]]:
    """(rule, title, edits, result) of every fix that is offered."""
    made = workspace(text, path)
    trier = made.fix_verifier(path)
    for diagnostic in made.look(path).diagnostics:
        for fix in diagnostic.finding.fixes:
            try:
                change = trier(diagnostic, fix)
            except Refused:
                continue
            if change.creates and not change.edits:  # a new file leaves the text as it is
                continue
            edits = tuple(change.edits.get(path, ()))
            yield diagnostic.rule.name, fix.title, edits, made.documents[path].source.edited(edits).text


def differing(before: object, after: object, name: str = "document") -> set[str]:
    """The innermost keys that were added, taken away or changed."""
    if before == after:
        return set()
    if isinstance(before, dict) and isinstance(after, dict):
        return {
            key
            for name in {*before, *after}
            for key in (differing(before[name], after[name], name) if name in before and name in after else {name})
        }
    if isinstance(before, list) and isinstance(after, list):
        shared = {key for one, other in zip(before, after, strict=False) for key in differing(one, other, name)}
        return shared if len(before) == len(after) else {*shared, name}
    return {name}


def data(text: str) -> list[object]:
    return list(yaml.load_all(text, Loader=yaml.CBaseLoader))


def outermost(keys: set[str]) -> set[str]:
    """`requests` and `limits` and what is in them are `resources`."""
    inside = {"requests", "limits", "cpu", "memory"}
    return {"resources" if key in inside else key for key in keys}


@cache
def intended(name: str) -> set[str]:
    """The keys that a rule's fixes may change."""
    if name in INTENDED:
        return INTENDED[name]
    (rule,) = (one for one in rules_of("kubernetes") if one.name == name)
    pairs = [(unmarked(next(iter(one.files.values()))), unmarked(one.fixed)) for one in rule.bad if one.fixed]
    return {key for before, after in pairs for key in outermost(differing(data(before), data(after)))}


def assert_only_intended(text: str, path: str = "app.yaml") -> int:
    count = 0
    for rule, title, edits, after in changes(text, path):
        count += 1
        found = differing(data(text), data(after))
        found = found if rule == "suspicious-quantity" else outermost(found)
        assert found <= intended(rule), (rule, title, after)
        assert found, (rule, title)
        if rule not in REPLACING:
            taken = "".join(text[edit.start : edit.end] for edit in edits)
            assert set(taken) <= set(" {}~null"), (rule, title, taken)
    return count


def item(lines: list[str], dash: int) -> list[str]:
    return [" " * dash + "- " + lines[0], *(" " * (dash + 2) + line for line in lines[1:])]


BLOCKS = [
    ["image: nexus:5000/web:1.0"],
    ["image: postgres:16.4  # the database"],
    ["ports:", "- containerPort: 8080"],
    ["ports: [{name: http, containerPort: 8080}]"],
    ["resources: {}"],
    ["resources:"],
    ["resources:", "  limits: {cpu: 1}"],
    ["resources:", "  requests:", "    memory: 512m  # odd"],
    ["readinessProbe: {tcpSocket: {port: 8080}}"],
    ["livenessProbe: ~  # later"],
    ["securityContext:", "  privileged: true"],
    ["env:", "- name: DB_PASSWORD", '  value: "hunter2-77"  # why'],
    ["args:", "- |", "  run", "  # no comment", ""],
    ["# a comment", "workingDir: /app"],
    ["command: [sh, -c, '😀']"],
]


@st.composite
def manifests(draw: st.DrawFn) -> str:
    """A Deployment in one of the styles that people write."""
    step, dash = draw(st.sampled_from([2, 4])), draw(st.sampled_from([0, 2]))
    containers: list[str] = []
    for name in draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=2, unique=True)):
        blocks = draw(st.lists(st.sampled_from(BLOCKS), max_size=5, unique_by=lambda block: block[0].split(":")[0]))
        image = [] if any(block[0].startswith("image") for block in blocks) else [BLOCKS[0]]
        order = draw(st.permutations([[f"name: {name}"], *image, *blocks]))
        containers += item([line for block in order for line in block], dash)
        containers += draw(st.sampled_from([[], ["# between"], [""]]))
    lines = ["apiVersion: apps/v1", "kind: Deployment", "metadata:", " " * step + "name: web", "spec:"]
    lines += [" " * step + "selector: {matchLabels: {app: web}}", " " * step + "template:", " " * 2 * step + "spec:"]
    lines += draw(st.sampled_from([[], [" " * 3 * step + "hostNetwork: true"]]))
    lines += [" " * 3 * step + "containers:", *(" " * 3 * step + line if line else "" for line in containers)]
    lines += draw(st.sampled_from([[], ["---", "# the end"], ["# the end"]]))
    text = draw(st.sampled_from(["", "# 😀\n", "---\n"])) + "\n".join(lines)
    return (text + draw(st.sampled_from(["", "\n", "\n\n"]))).replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@settings(deadline=None, max_examples=60)  # a busy machine is no failure
@given(manifests())
def test_a_fix_changes_only_what_it_names(text: str):
    assert_only_intended(text)


@settings(deadline=None, max_examples=60)  # a busy machine is no failure
@given(manifests())
def test_all_fixes_together_leave_a_document_that_parses(text: str):
    made = workspace(text, "app.yaml")
    fixed = made.fixed("app.yaml", lambda diagnostic, fix: True)
    assert not fixed.stopped
    found = outermost(differing(data(text), data(fixed.source.text)))
    assert found <= set().union(*(intended(rule.name) for rule in rules_of("kubernetes")))
    if "\r\n" in text:
        assert "\n" not in fixed.source.text.replace("\r\n", "")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_fixes_of_the_cases_change_only_what_they_name(case: dict[str, str]):
    # Without a selector it would be the patch of an object.
    selector = "spec:\n    selector: {matchLabels: {app: web}}\n    template:"
    count = assert_only_intended(case["before"].replace("spec:\n    template:", selector))
    assert bool(count) or case["after"] is None


def test_json_stays_json():
    container = {"name": "web", "image": "nexus:5000/web:1.0", "ports": [{"containerPort": 8000}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [container]}}
    for indent in (None, 2, 4, "\t"):
        text = json.dumps(pod, indent=indent)
        results = list(changes(text, "pod.json"))
        assert {rule for rule, *_ in results} >= {"no-liveness-probe", "no-memory-limit", "default-service-account"}
        for *_, after in results:
            assert json.loads(after)
            assert after == json.dumps(json.loads(after), indent=indent)


@pytest.mark.parametrize(
    ("ports", "probed"),
    [
        ("{port: 80, targetPort: 9000}", ["9000"]),
        ("{port: 9000}, {port: 9000, protocol: UDP}, {port: 443}", ["9000"]),
        ("{port: 9000}, {port: 9001}", ["9000", "9001"]),
        ("{port: 9001}, {port: 8000}", ["8000"]),
        ("{port: 443}", []),
        ("{port: 80, targetPort: http}", []),
    ],
)
def test_the_port_that_a_service_asks_is_probed(ports: str, probed: list[str]):
    container = "{name: web, image: 'web:1', args: [--api-key-file=/x]}"
    pod = f"apiVersion: v1\nkind: Pod\nmetadata: {{labels: {{app: web}}}}\nspec: {{containers: [{container}]}}\n"
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [%s]}\n"
    made = [data(after)[0] for rule, title, _, after in changes(pod + "---\n" + service % ports)
            if rule == "no-liveness-probe" and "both" not in title]  # fmt: skip
    found = [one["spec"]["containers"][0]["livenessProbe"]["tcpSocket"]["port"] for one in made]  # type: ignore[index,call-overload]
    assert found == probed


def test_no_document_is_added_behind_a_block_that_it_would_lengthen():
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n      image: web:1\n"
    )
    titles = [title for rule, title, *_ in changes(f"{pod}      args:\n        - |\n          run")
              if rule == "default-service-account"]  # fmt: skip
    assert titles == ["Set `automountServiceAccountToken: false`"]
    titles = [title for rule, title, *_ in changes(f"{pod}      args:\n        - |-\n          run")
              if rule == "default-service-account"]  # fmt: skip
    assert len(titles) == 2


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_stub_that_is_there_gets_another_key(tmp_path: Path, newline: str):
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n      image: web:1\n"
    )
    stub = 'kind: Secret\nstringData:\n  api-key: "<set outside git>"\n'.replace("\n", newline)
    (tmp_path / "web-secret.yaml.example").write_bytes(stub.encode())
    made = Workspace(tmp_path)
    made.index.complete = True
    made.open(Source("web.yaml", f"{pod}      env: [{{name: DB_PASSWORD, value: hunter2-77}}]\n"), "kubernetes")
    fixed = made.fixed("web.yaml", lambda diagnostic, fix: diagnostic.rule.name == "literal-secret")
    added = f'stringData:{newline}  db-password: "<set outside git>"{newline}'
    assert fixed.others == {"web-secret.yaml.example": stub.replace(f"stringData:{newline}", added)}


@pytest.mark.parametrize(
    ("container", "probe"),
    [
        ("{name: db, image: 'postgres:16'}", {"exec": {"command": ["pg_isready", "-U", "postgres"]}}),
        (
            "{name: db, image: 'postgres:16', envFrom: [{secretRef: {name: db}}]}",
            {"exec": {"command": ["sh", "-c", 'pg_isready -U "${POSTGRES_USER:-postgres}"']}},
        ),
        ("{name: db, image: 'mysql:8.4'}", {"tcpSocket": {"port": "3306"}}),
        ("{name: db, image: 'mysql:8.4', args: [--port=3307]}", None),
        ("{name: db, image: 'mysql:8.4', ports: [{name: sql, containerPort: 3307}]}", {"tcpSocket": {"port": "sql"}}),
        ("{name: web, image: 'nginx:1.27', ports: [{containerPort: 80}]}", {"tcpSocket": {"port": "80"}}),
        (
            "{name: web, image: 'web:1', ports: [{name: webhook-server, containerPort: 9876}]}",
            {"tcpSocket": {"port": "webhook-server"}},
        ),
        ("{name: web, image: 'web:1', ports: [{containerPort: 53, protocol: UDP}]}", None),
    ],
)
def test_what_does_not_speak_http_is_probed_otherwise(container: str, probe: dict[str, object] | None):
    text = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  containers:\n    - {container}\n"
    made = [after for rule, _, _, after in changes(text) if rule == "no-liveness-probe"]
    if probe is None:
        assert made == []
    else:
        found = data(made[0])[0]["spec"]["containers"][0]["livenessProbe"]  # type: ignore[index,call-overload]
        assert {"initialDelaySeconds": "30", "periodSeconds": "10", **probe} == found


def opened(root: Path, files: dict[str, str], path: str) -> Workspace:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    made = Workspace(root)
    made.closed.read_all()
    made.open(Source(path, files[path]), "kubernetes")
    made.check(path)
    return made


def offered(root: Path, files: dict[str, str], path: str = "k8s/app.yaml") -> dict[str, bool]:
    """The probes that can be added to the manifest of a project, and whether each is the preferred one."""
    made = opened(root, files, path)
    trier, found = made.fix_verifier(path), {}
    for diagnostic in made.look(path).diagnostics:
        for fix in diagnostic.finding.fixes if diagnostic.rule.name.endswith("-probe") else ():
            try:
                trier(diagnostic, fix)
            except Refused:
                continue
            found[fix.title] = fix.preferred
    return found


BOTH = """\
      livenessProbe:
        httpGet:
          path: /health
          port: 8080
        initialDelaySeconds: 30
        periodSeconds: 10
      readinessProbe:
        httpGet:
          path: /ready
          port: 8080
        initialDelaySeconds: 5
        periodSeconds: 5
"""


@pytest.mark.parametrize("rule", ["no-liveness-probe", "no-readiness-probe"])
def test_both_probes_are_one_action(tmp_path: Path, rule: str):
    manifest = WEB.replace("{name: web, image: 'me/web:1.0'}", "name: web\n      image: me/web:1.0")
    made = opened(tmp_path, service("/health", "/ready", manifest=manifest), "k8s/app.yaml")
    (found,) = [one for one in made.look("k8s/app.yaml").diagnostics if one.rule.name == rule]
    (both,) = [fix for fix in found.finding.fixes if fix.title.startswith("Add both probes")]
    change = made.fix_verifier("k8s/app.yaml")(found, both)
    assert made.documents["k8s/app.yaml"].source.edited(change.edits["k8s/app.yaml"]).text == manifest + BOTH


WEB = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - {name: web, image: 'me/web:1.0'}\n"
DOCKERFILE = 'FROM python:3.12-slim\nCOPY . .\nCMD ["uvicorn", "main:app", "--port", "8080"]\n'
FAST = "from fastapi import FastAPI\n\napp = FastAPI()\n"


def route(path: str) -> str:
    return f"\n\n@app.get('{path}')\ndef answer{abs(hash(path))}():\n    return {{}}\n"


def service(*paths: str, manifest: str = WEB) -> dict[str, str]:
    return {"k8s/app.yaml": manifest, "web/Dockerfile": DOCKERFILE, "web/main.py": FAST + "".join(map(route, paths))}


FROM = "on port 8080 (from `web/Dockerfile`)"
LIVE, READY = "Add a `livenessProbe` for", "Add a `readinessProbe` for"
BESIDE = "(the platform's default, served by `web/main.py`)"


@pytest.mark.parametrize(
    ("files", "titles"),
    [
        pytest.param(
            service("/health", "/ready"),
            {
                f"{LIVE} `/health` {BESIDE} {FROM}": True,
                f"{READY} `/ready` {BESIDE} {FROM}": True,
                f"Add both probes, for `/health` and `/ready` {BESIDE} {FROM}": False,
            },
            id="both paths are served",
        ),
        pytest.param(
            service("/healthz", "/readyz"),
            {
                f"{LIVE} `/healthz` (a route in `web/main.py`) {FROM}": True,
                f"{READY} `/readyz` (a route in `web/main.py`) {FROM}": True,
                f"Add both probes, for `/healthz` and `/readyz` (a route in `web/main.py`) {FROM}": False,
            },
            id="the only ones that are served",
        ),
        pytest.param(
            service("/healthz"),
            {f"{LIVE} `/healthz` (a route in `web/main.py`) {FROM}": True},
            id="no route for readiness",
        ),
        pytest.param(
            service("/healthz", "/ping", "/ready"),
            {
                f"{LIVE} `/healthz` (a route in `web/main.py`) {FROM}": False,
                f"{LIVE} `/ping` (a route in `web/main.py`) {FROM}": False,
                f"{READY} `/ready` {BESIDE} {FROM}": True,
            },
            id="several: the owner's choice",
        ),
        pytest.param(service("/items"), {}, id="none"),
        pytest.param(
            {**service("/items"), "shop/web/Dockerfile": DOCKERFILE},
            {},
            id="two Dockerfiles may make the image",
        ),
        pytest.param(
            service("/healthz", manifest=WEB.replace("'}", "', args: [worker]}")),
            {},
            id="another command",
        ),
        pytest.param(
            service("/health", "/ready", manifest=WEB.replace("'}", "', ports: [{containerPort: 9000}]}")),
            {},
            id="the port of something else",
        ),
        pytest.param(
            {"k8s/app.yaml": WEB.replace("'}", "', ports: [{containerPort: 9090}, {containerPort: 9091}]}")},
            {
                f"Add a `{key}` that connects to port {port} (one of several; no path is known)": False
                for key in ("livenessProbe", "readinessProbe")
                for port in (9090, 9091)
            },
            id="two ports",
        ),
    ],
)
def test_a_probe_asks_for_what_the_linked_application_serves(
    files: dict[str, str], titles: dict[str, bool], tmp_path: Path
):
    assert offered(tmp_path, files) == titles


def test_what_only_the_owner_can_choose_is_not_fixed_in_bulk(tmp_path: Path):
    (tmp_path / "app.yaml").write_text(WEB.replace("'}", "', ports: [{containerPort: 9090}, {containerPort: 9091}]}"))
    made = Workspace(tmp_path)
    made.open(Source("app.yaml", (tmp_path / "app.yaml").read_text()), "kubernetes")
    made.closed.read_all()
    fixed = made.fixed("app.yaml", lambda diagnostic, fix: diagnostic.rule.name.endswith("-probe"))
    assert fixed.source.text == (tmp_path / "app.yaml").read_text()
