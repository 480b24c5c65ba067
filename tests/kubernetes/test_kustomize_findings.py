"""Objects that kustomizations list are judged as they are built: small projects, each with the findings that are right."""

from __future__ import annotations

from pathlib import Path

import pytest
from opened import opened

from playpen_ls.api.finding import Refused
from playpen_ls.cli.main import run
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      containers:
      - name: cart
        image: nexus:5000/cart:1.0
"""
HEAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec:\n  template:\n    spec:\n"
RESOURCES = "resources: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1, memory: 1Gi}}"
PROBES = "livenessProbe: {tcpSocket: {port: 1}}, readinessProbe: {httpGet: {path: /r, port: 1}}"
PATCH = HEAD + f"      serviceAccountName: cart\n      containers:\n      - {{name: cart, {PROBES}, {RESOURCES}}}\n"
BASE = {"base/kustomization.yaml": "resources: [app.yaml]\n", "base/app.yaml": DEPLOYMENT}
ALL = {
    "no-cpu-limit", "no-memory-limit", "no-resource-requests", "no-liveness-probe", "no-readiness-probe",
    "default-service-account",
}  # fmt: skip
OVERLAY = "resources: [../../base]\n"
PATCHED = OVERLAY + "patches: [{path: limits.yaml}]\n"
JSON_PATCH = """\
resources: [../../base]
patches:
- target: {kind: Deployment, name: cart}
  patch: |-
    - op: add
      path: /spec/template/spec/containers/0/resources
      value: {limits: {cpu: 1, memory: 1Gi}}
"""
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{path: limits.yaml}]\n"


def workspace(folder: Path, files: dict[str, str], path: str = "base/app.yaml") -> Workspace:
    return opened(folder, files, path, "kubernetes")


def messages(project: Workspace, path: str = "base/app.yaml") -> dict[str, str]:
    diagnostics = project.check(path).diagnostics
    return {one.rule.name: one.finding.message for one in diagnostics if one.rule.name in ALL}


@pytest.mark.parametrize(
    ("files", "found"),
    [
        pytest.param({}, ALL, id="a base on its own is a build"),
        pytest.param({"base/kustomization.yaml": "resources: [other.yaml]\n"}, ALL, id="what nothing lists is as written"),
        pytest.param({"overlays/prod/kustomization.yaml": PATCHED, "overlays/prod/limits.yaml": PATCH}, set(),
                     id="an overlay adds it"),
        pytest.param({"overlays/prod/kustomization.yaml": JSON_PATCH},
                     ALL - {"no-cpu-limit", "no-memory-limit", "no-resource-requests"}, id="a JSON patch adds it"),
        pytest.param({"overlays/prod/kustomization.yaml": OVERLAY}, ALL, id="an overlay does not add it"),
        pytest.param({"base/app.yaml": DEPLOYMENT + f"        {RESOURCES}\n",
                      "overlays/prod/kustomization.yaml": OVERLAY + "patches: [{path: limits.yaml}]\n",
                      "overlays/prod/limits.yaml": HEAD + "      containers: [{name: cart, resources: null}]\n"},
                     ALL, id="an overlay removes it"),
        pytest.param({"overlays/prod/kustomization.yaml": OVERLAY + "patches: [{path: limits.yaml}]\n",
                      "overlays/prod/limits.yaml": HEAD.replace("\nspec", "\n$patch: delete\nspec")}, set(),
                     id="an overlay deletes the object"),
        pytest.param({"overlays/prod/kustomization.yaml": OVERLAY + "components: [../../part]\n",
                      "part/kustomization.yaml": COMPONENT, "part/limits.yaml": PATCH}, set(), id="a component adds it"),
        pytest.param({"part/kustomization.yaml": COMPONENT, "part/limits.yaml": PATCH}, ALL,
                     id="a component that nothing includes"),
        pytest.param({"overlays/prod/kustomization.yaml": OVERLAY + "transformers: [program]\n"}, set(),
                     id="what a transformer does is unknown"),
        pytest.param({"overlays/prod/kustomization.yaml": OVERLAY + "patches: [{path: gone.yaml}]\n"}, set(),
                     id="a build that fails says nothing"),
        pytest.param({"overlays/prod/kustomization.yaml": "resources: [../../middle]\n",
                      "middle/kustomization.yaml": "resources: [../base]\npatches: [{path: limits.yaml}]\n",
                      "middle/limits.yaml": PATCH}, set(), id="an overlay of an overlay"),
        pytest.param({"overlays/a/kustomization.yaml": "resources: [../b]\n",
                      "overlays/b/kustomization.yaml": "resources: [../a, ../../base]\n"}, set(),
                     id="kustomizations in a circle"),
    ],
)  # fmt: skip
def test_what_is_missing_is_missing_from_what_is_deployed(tmp_path: Path, files: dict[str, str], found: set[str]):
    assert set(messages(workspace(tmp_path, {**BASE, **files}))) == found


SET = {
    **BASE,
    "overlays/prod/kustomization.yaml": PATCHED,
    "overlays/prod/limits.yaml": PATCH,
}
ARGO = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: cart}
spec: {source: {repoURL: https://example.com/cart, path: base}}
"""
FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: cart}
spec: {path: ./base}
"""
SKAFFOLD = "apiVersion: skaffold/v4beta11\nkind: Config\nmanifests: {kustomize: {paths: [base]}}\n"


@pytest.mark.parametrize(
    ("path", "text", "is_built"),
    [
        ("deploy.sh", "kubectl apply -k base\n", True),
        ("deploy.sh", "kubectl -n shop apply --kustomize=./base/\n", True),
        ("deploy.sh", "kustomize build base | kubectl apply -f -\n", True),
        ("base/deploy.sh", "kubectl apply -k .\n", True),
        ("Makefile", "deploy:\n\tkubectl kustomize base | kubectl apply -f -\n", True),
        ("Jenkinsfile", "node {\n    sh 'kubectl apply -k base'\n}\n", True),
        (".github/workflows/a.yml", "jobs: {a: {steps: [{run: kubectl apply -k base}]}}\n", True),
        ("skaffold.yaml", SKAFFOLD, True),
        ("argo.yaml", ARGO, True),
        ("flux.yaml", FLUX, True),
        ("deploy.sh", "kubectl apply -k overlays/prod\n", False),
        ("deploy.sh", "kubectl delete -k base\n", False),
        ("deploy.sh", 'kubectl apply -k "$DIR"\n', False),
        ("deploy.sh", "kubectl apply -k https://example.com/base\n", False),
        ("deploy.sh", "kustomize edit set image a=b\n", False),
    ],
)
def test_a_base_that_is_deployed_by_itself_is_a_build(tmp_path: Path, path: str, text: str, is_built: bool):
    found = messages(workspace(tmp_path, {**SET, path: text}))
    assert set(found) == (ALL if is_built else set())
    assert all("in `base`" in message for message in found.values()), found


def test_a_folder_that_can_be_another_one_is_not_known_to_be_built(tmp_path: Path):
    """From the script's folder it is one kustomization, from the root another."""
    files = {**SET, "k8s/base/kustomization.yaml": "resources: [other.yaml]\n", "k8s/a.sh": "kubectl apply -k base\n"}
    assert not messages(workspace(tmp_path, files))


TWO = {
    **BASE,
    "overlays/dev/kustomization.yaml": OVERLAY,
    "overlays/prod/kustomization.yaml": PATCHED,
    "overlays/prod/limits.yaml": PATCH,
}


def test_the_overlay_that_lacks_something_is_named(tmp_path: Path):
    found = messages(workspace(tmp_path, TWO))
    assert set(found) == ALL
    assert all("in `overlays/dev`" in message for message in found.values()), found
    assert found["no-memory-limit"].startswith("container `cart` has no memory limit in `overlays/dev`;")


def test_two_overlays_that_lack_it_are_counted_as_all(tmp_path: Path):
    files = {**BASE, "overlays/dev/kustomization.yaml": OVERLAY, "overlays/prod/kustomization.yaml": OVERLAY}
    found = messages(workspace(tmp_path, files))
    assert found["no-memory-limit"].startswith("container `cart` has no memory limit;")


@pytest.mark.parametrize(
    ("files", "refused"),
    [
        (BASE, ""),
        ({**BASE, "overlays/dev/kustomization.yaml": OVERLAY}, ""),
        (TWO, "`overlays/prod` sets it"),
        ({**BASE, "overlays/dev/kustomization.yaml": PATCHED,
          "overlays/dev/limits.yaml": HEAD + "      containers: [{name: cart, resources: null}]\n"},
         "it would not fix the finding"),
    ],
)  # fmt: skip
def test_a_fix_goes_where_it_takes_effect(tmp_path: Path, files: dict[str, str], refused: str):
    project = workspace(tmp_path, files)
    (diagnostic,) = [one for one in project.look("base/app.yaml").diagnostics if one.rule.name == "no-memory-limit"]
    verify = project.fix_verifier("base/app.yaml")
    if not refused:
        (edits,) = verify(diagnostic, diagnostic.finding.fixes[0]).edits.values()
        assert any("512Mi" in edit.text for edit in edits)
        return
    for fix in diagnostic.finding.fixes:
        with pytest.raises(Refused, match=refused):
            verify(diagnostic, fix)


def test_an_edit_of_the_overlay_changes_what_is_said_of_the_base(tmp_path: Path):
    project = workspace(tmp_path, TWO)
    overlay = "overlays/dev/kustomization.yaml"
    assert set(messages(project)) == ALL
    project.open(Source(overlay, TWO[overlay]), "kubernetes")
    project.check(overlay)
    project.edit(overlay, Source(overlay, OVERLAY + "patches: [{path: ../prod/limits.yaml}]\n"))
    project.check(overlay)
    assert messages(project) == {}
    project.edit(overlay, Source(overlay, TWO[overlay]))
    project.check(overlay)
    assert set(messages(project)) == ALL


def test_each_document_of_a_file_is_judged_by_itself(tmp_path: Path):
    both = DEPLOYMENT + "---\n" + DEPLOYMENT.replace("cart", "shop")
    files = {
        **TWO,
        "base/app.yaml": both,
        "overlays/dev/kustomization.yaml": PATCHED,
        "overlays/dev/limits.yaml": PATCH,
    }
    project = workspace(tmp_path, files)
    diagnostics = project.check("base/app.yaml").diagnostics
    assert {one.finding.message for one in diagnostics if one.rule.name == "no-memory-limit"} == {
        "container `shop` has no memory limit; a leak can exhaust the node's memory"
    }


def test_an_item_of_a_list_is_judged_as_built(tmp_path: Path):
    listed = "apiVersion: v1\nkind: List\nitems:\n- " + DEPLOYMENT.replace("\n", "\n  ").rstrip() + "\n"
    files = {**TWO, "base/app.yaml": listed}
    assert set(messages(workspace(tmp_path, files))) == ALL
    files |= {"overlays/dev/kustomization.yaml": PATCHED, "overlays/dev/limits.yaml": PATCH}
    assert messages(workspace(tmp_path, files)) == {}


SECRET = "s3cr3tpw9Xq"
WITHOUT_VERSION = f"kind: ConfigMap\nmetadata:\n  name: any\ndata:\n  DB_PASSWORD: {SECRET}\n"
IN_ENV = f"env: [{{name: DB_PASSWORD, value: {SECRET}}}]"


@pytest.mark.parametrize(
    ("path", "files", "found"),
    [
        pytest.param(
            "kustomization.yaml",
            {"kustomization.yaml": f"configMapGenerator:\n- name: a\n  literals: [DB_PASSWORD={SECRET}, LOG=info]\n"},
            {("secret-in-configmap", SECRET)},
            id="a literal of a ConfigMap",
        ),
        pytest.param(
            "kustomization.yaml",
            {"kustomization.yaml": f"secretGenerator:\n- name: a\n  literals:\n  - 'password=\"{SECRET}\"'\n  - user=shop\n"},
            {("committed-secret", SECRET)},
            id="a literal of a Secret",
        ),
        pytest.param(
            "kustomization.yaml",
            {"kustomization.yaml": "resources: [base]\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n"
             "    metadata: {name: cart}\n    spec:\n      template:\n        spec:\n          containers:\n"
             f"          - {{name: cart, {IN_ENV}}}\n"},
            {("literal-secret", SECRET)},
            id="an inline patch",
        ),
        pytest.param(
            "patch.yaml",
            {"patch.yaml": WITHOUT_VERSION,
             "kustomization.yaml": "patches:\n- {path: patch.yaml, target: {kind: ConfigMap}}\n"},
            {("secret-in-configmap", SECRET)},
            id="a patch without apiVersion",
        ),
        pytest.param(
            "patch.yaml",
            {"patch.yaml": PATCH.replace("apiVersion: apps/v1\n", "").replace(PROBES + ", " + RESOURCES, IN_ENV),
             "kustomization.yaml": "patches:\n- {path: patch.yaml, target: {kind: Deployment}}\n"},
            {("literal-secret", SECRET)},
            id="a patch of a workload without apiVersion",
        ),
        pytest.param(
            "kustomization.yaml",
            {"kustomization.yaml": "kind: Kustomization\napiVersion: kustomize.toolkit.fluxcd.io/v1\nmetadata: {name: a}\n"
             "spec: {images: [{name: a, newTag: latest}]}\nimages: [{name: a, newTag: latest}]\n"},
            set(),
            id="a Kustomization of Flux",
        ),
    ],
)  # fmt: skip
def test_values_are_checked_where_they_are_written(
    tmp_path: Path, path: str, files: dict[str, str], found: set[tuple[str, str]]
):
    project = workspace(tmp_path, files, path)
    diagnostics = project.check(path).diagnostics
    source = project.documents[path].source
    assert {(one.rule.name, source.text[one.span.start : one.span.end]) for one in diagnostics} == found


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a]\n"},
         "a/kustomization.yaml: not checked: what it builds is not known: it reaches itself\n"),
        ({"b/kustomization.yaml": "resources: [../a, ../c]\n", "c/kustomization.yaml": "resources: [../b]\n",
          "a/kustomization.yaml": "resources: [app.yaml]\n", "a/app.yaml": DEPLOYMENT},
         "b/kustomization.yaml: not checked: what it builds is not known: it reaches itself\n"),
        ({"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../b]\n"},
         "a/kustomization.yaml: not checked: what it builds is not known: it reaches itself\n"
         "b/kustomization.yaml: not checked: what it builds is not known: it reaches itself\n"),
        ({"a/kustomization.yaml": "resources: [app.yaml]\npatches: [{path: p.yaml, target: {kind: Deployment}}]\n",
          "a/app.yaml": DEPLOYMENT, "a/p.yaml": "- {op: add, path: /spec/paused, value: true}\n" * 2_001},
         "a/kustomization.yaml: not checked: what it builds is not known: a patch has too many operations\n"),
    ],
)  # fmt: skip
def test_a_build_that_reaches_a_limit_is_said_once(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    said: str,
):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    assert run(["check", "--select", "kubernetes/dangling-service"]) == 0
    assert capsys.readouterr().out.startswith(said + "0 findings in ")


def test_the_summary_counts_what_is_built(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    for name, text in (TWO | {"part/kustomization.yaml": COMPONENT, "part/limits.yaml": PATCH}).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    run(["check", "--select", "kubernetes/dangling-service"])
    assert capsys.readouterr().out == "no findings in 7 files; 2 objects built from 2 kustomizations\n"
