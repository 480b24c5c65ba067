"""Code lenses: what other files make of an image or a route."""

from __future__ import annotations

from pathlib import Path

import pytest
from opened import opened

from playpen_ls.session.lenses import lenses

POD = """apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: shop
          image: nexus:5000/acme/shop:1
          livenessProbe: {httpGet: {path: /api/health, port: 8000}}
        - name: worker
          image: nexus:5000/acme/shop:1
          command: [python, -m, worker]
        - name: cache
          image: redis:8
"""
APP = """from fastapi import APIRouter, FastAPI
app = FastAPI()
router = APIRouter(prefix="/api")
@router.get("/health")
def health(): return {}
@router.get("/items")
def items(): return []
app.include_router(router)
"""
FILES = {
    "shop/Dockerfile": 'FROM python:3.12\nCOPY . .\nCMD ["uvicorn", "main:app", "--port", "8000"]\n',
    "shop/main.py": APP,
    "k8s/shop.yaml": POD,
    "k8s/other.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n    - name: db\n      image: postgres:17\n",
    "Jenkinsfile": "node {\n  sh 'docker build -t nexus:5000/acme/shop:1 shop'\n}\n",
    "tools/Dockerfile": "FROM debian:13\n",
    "tools/check.py": APP.replace("app.include_router(router)\n", ""),
}


@pytest.mark.parametrize(
    ("path", "language", "found"),
    [
        ("shop/Dockerfile", "dockerfile", [("FROM", "2 containers run this image", ["k8s/shop.yaml"])]),
        ("tools/Dockerfile", "dockerfile", []),
        (
            "k8s/shop.yaml",
            "kubernetes",
            [("nexus:5000/acme/shop:1", "built from shop/Dockerfile", ["shop/Dockerfile"])] * 2,
        ),
        ("k8s/other.yaml", "kubernetes", []),
        ("Jenkinsfile", "jenkinsfile", [("nexus:5000/acme/shop:1", "built from shop/Dockerfile", ["shop/Dockerfile"])]),
        ("shop/main.py", "python", [('"/health"', "probed by k8s/shop.yaml", ["k8s/shop.yaml"])]),
        ("tools/check.py", "python", []),
    ],
)
def test_lenses(path: str, language: str, found: list[tuple[str, str, list[str]]], tmp_path: Path):
    text = FILES[path]
    project = opened(tmp_path, FILES, path, language)
    project.check(path)
    shown = list(lenses(project, path))
    told = [(one.title, [target.path for target in one.targets]) for one in shown]
    assert told == [(title, paths) for _, title, paths in found]
    for one, (words, _, _) in zip(shown, found, strict=True):
        line = text[text.rfind("\n", 0, one.span.start) + 1 :].partition("\n")[0]
        assert words in line


def test_before_all_files_are_known_there_is_none(tmp_path: Path):
    project = opened(tmp_path, FILES, "k8s/shop.yaml", "kubernetes")
    project.index.complete = False
    assert list(lenses(project, "k8s/shop.yaml")) == []


def test_probes_of_several_files(tmp_path: Path):
    files = {
        **FILES,
        "shop/Dockerfile": FILES["shop/Dockerfile"] + "HEALTHCHECK CMD curl -f http://localhost:8000/api/health\n",
    }
    project = opened(tmp_path, files, "shop/main.py", "python")
    project.check("shop/main.py")
    (one,) = lenses(project, "shop/main.py")
    assert one.title == "probed by 2 files"
    assert {target.path for target in one.targets} == {"k8s/shop.yaml", "shop/Dockerfile"}
