"""What `playpen-ls inspect` says of each container."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from playpen_ls.cli.main import run

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: web
          image: nexus:5000/shop:1.0.0
          env: [{name: LEVEL, value: secret-value}]
        - name: cache
          image: redis:7
"""
FILES = {
    "k8s/app.yaml": DEPLOYMENT,
    "shop/Dockerfile": 'FROM python:3.12\nCMD ["uvicorn", "main:app", "--port", "8000"]\n',
    "shop/main.py": "import os\nfrom fastapi import FastAPI\napp = FastAPI()\nlevel = os.environ['LEVEL'], os.environ['REGION']\n"
    "@app.get('/health')\ndef health(): pass\n",
    "Makefile": "build:\n\tdocker build -t shop shop\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def containers(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert run(["inspect", *arguments, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == 1
    return document["containers"]  # type: ignore[no-any-return]


def test_a_linked_container_is_described(project: Path, capsys: pytest.CaptureFixture[str]):
    web, cache = containers(capsys)
    assert web == {
        "path": "k8s/app.yaml",
        "line": 11,
        "kind": "Deployment",
        "workload": "shop",
        "container": "web",
        "image": "nexus:5000/shop:1.0.0",
        "deployments": [],
        "dockerfile": "shop/Dockerfile",
        "certainty": "certain",
        "evidence": [
            {"path": "Makefile", "line": 2, "message": "builds image `shop` from `shop/Dockerfile`"},
            {"path": "shop/Dockerfile", "line": 2, "message": "has the name of container or workload `shop`"},
        ],
        "why_not": None,
        "program": "uvicorn main:app",
        "ports": [8000],
        "routes": ["GET /health"],
        "environment": {"set": ["LEVEL"], "read": ["LEVEL", "REGION"], "missing": ["REGION"]},
    }
    assert (cache["dockerfile"], cache["why_not"]) == (None, "`redis` is a public image")


def test_the_text_names_the_dockerfile_and_the_evidence(project: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["inspect", "k8s"]) == 0
    told = capsys.readouterr().out
    assert "k8s/app.yaml:11  Deployment shop, container web: nexus:5000/shop:1.0.0" in told
    assert "built from `shop/Dockerfile` (certain)" in told
    assert "`Makefile:2`: builds image `shop`" in told
    assert "variables required but not set: `REGION`" in told
    assert "1 of 2 containers linked" in told
    assert "secret-value" not in told


def test_a_program_is_shown_without_its_arguments(project: Path, capsys: pytest.CaptureFixture[str]):
    for command, program in (
        ("python main.py hunter2", "python main.py"),
        ("redis-server --requirepass hunter2", "redis-server"),
    ):
        (project / "shop/Dockerfile").write_text(f"FROM x\nCMD {command}\n")
        web, _ = containers(capsys)
        assert web["program"] == program


def test_the_answer_is_the_same_from_the_folder_above(project: Path, capsys: pytest.CaptureFixture[str]):
    here = containers(capsys)
    os.chdir(project.parent)
    above = containers(capsys, project.name)
    for row in above:
        for key in ("path", "dockerfile"):
            row[key] = row[key] and row[key].removeprefix(f"{project.name}/")
        for evidence in row["evidence"]:
            evidence["path"] = evidence["path"].removeprefix(f"{project.name}/")
            evidence["message"] = evidence["message"].replace(f"{project.name}/", "")
    assert above == here


def test_a_folder_that_is_named_from_elsewhere_is_the_project(
    project: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
):
    os.chdir(tmp_path_factory.mktemp("elsewhere"))
    web, _ = containers(capsys, str(project))
    assert web["dockerfile"] == (project / "shop/Dockerfile").as_posix()
    assert web["certainty"] == "certain"


CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "chart/values.yaml": "image: {repository: me/shop}\n",
    "chart/templates/app.yaml": DEPLOYMENT.replace("nexus:5000/shop:1.0.0", '"{{ .Values.image.repository }}:1"'),
    "Dockerfile": "FROM x\n",
    "compose.yaml": "services: {shop: {image: me/shop, build: .}}\n",
}


def test_the_image_of_a_chart_is_that_of_its_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for path, text in CHART.items():
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    web, _ = containers(capsys)
    assert (web["image"], web["dockerfile"]) == ("me/shop:1", "Dockerfile")


OVERLAID = {
    "base/kustomization.yaml": "resources: [app.yaml]\n",
    "base/app.yaml": DEPLOYMENT,
    "dev/kustomization.yaml": "resources: [../base]\n",
    "prod/kustomization.yaml": "resources: [../base]\nnamespace: live\nnamePrefix: eu-\n"
    "images: [{name: 'nexus:5000/shop', newTag: '2.0'}]\n",
}


def test_a_container_has_the_names_that_overlays_give_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for path, text in OVERLAID.items():
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    web, _ = containers(capsys)
    assert (web["workload"], web["image"]) == ("shop", "nexus:5000/shop:1.0.0")
    assert [list(one.values()) for one in web["deployments"]] == [
        ["dev/kustomization.yaml", "shop", "", "nexus:5000/shop:1.0.0"],
        ["prod/kustomization.yaml", "eu-shop", "live", "nexus:5000/shop:2.0"],
    ]
    assert run(["inspect", "base"]) == 0
    shown = capsys.readouterr().out
    assert "deployed by `dev/kustomization.yaml` as Deployment `shop` with image `nexus:5000/shop:1.0.0`" in shown
    assert "as Deployment `eu-shop` in namespace `live` with image `nexus:5000/shop:2.0`" in shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("{{ .Release.Name }}-web", "?-web"), ("{{ .Chart.Name }}", "shop"), ("plain", "plain")],
)
def test_the_name_of_a_template_s_workload_is_that_of_its_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, shown: str
):
    template = CHART["chart/templates/app.yaml"].replace("metadata: {name: shop}", f'metadata:\n  name: "{name}"')
    template += "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {{ lookup }}\n"  # which is not known
    for path, text in {**CHART, "chart/templates/app.yaml": template}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    assert [one["workload"] for one in containers(capsys)] == [shown, shown]


NAMED = '{{- define "image" }}{{ .repository | default "me/other" }}:{{ .tag }}{{ end }}'


@pytest.mark.parametrize(
    ("more", "image"),
    [
        ({"chart/templates/_names.tpl": NAMED, "chart/templates/app.yaml": '{{ include "image" .Values.image }}',
          "chart/values.yaml": "image: {repository: me/shop, tag: 2}\n"}, "me/shop:2"),
        ({"chart/templates/app.yaml": "{{ .Values.image.repository }}", "chart/values.yaml": "a: b\n",
          "chart/values-prod.yaml": "image: {repository: me/shop}\n"}, "me/shop"),
        ({"chart/templates/app.yaml": "{{ .Values.image.repository }}", "chart/values-prod.yaml":
          "image: {repository: me/prod}\n"}, "me/shop"),
        ({"chart/templates/app.yaml": "{{ .Values.image }}", "chart/values.yaml": "a: b\n",
          "chart/values-one.yaml": "image: one\n", "chart/values-two.yaml": "image: two\n"}, "?"),
        ({"chart/templates/app.yaml": "me/{{ .Release.Name }}:1"}, "me/?:1"),
    ],
)  # fmt: skip
def test_the_image_of_a_chart_is_that_of_its_installation(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: dict[str, str],
    image: str,
):
    for path, text in {**CHART, **more}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        whole = (
            DEPLOYMENT.replace("nexus:5000/shop:1.0.0", text) if path.endswith("app.yaml") and "{{" in text else text
        )
        (tmp_path / path).write_text(CHART[path] if text == CHART.get(path) else whole)
    monkeypatch.chdir(tmp_path)
    web, _ = containers(capsys)
    assert web["image"] == image


def test_the_nearest_kustomization_says_what_an_image_is_called(project: Path, capsys: pytest.CaptureFixture[str]):
    """As in repositories with several operators, whose scaffold calls each image `controller`."""
    for name in ("cart", "shop"):
        folder = project / name / "config"
        folder.mkdir(parents=True)
        (folder / "manager.yaml").write_text(DEPLOYMENT.replace("nexus:5000/shop:1.0.0", "controller:latest"))
        images = f"images: [{{name: controller, newName: 'nexus:5000/{name}'}}]\n"
        (folder / "kustomization.yaml").write_text("resources: [manager.yaml]\n" + images)
        (project / name / "Dockerfile").write_text("FROM alpine\n")
    found = containers(capsys, "cart/config", "shop/config")
    assert [one["dockerfile"] for one in found if one["container"] == "web"] == ["cart/Dockerfile", "shop/Dockerfile"]
