"""The symbols of a project."""

from __future__ import annotations

from pathlib import Path

from marked import ACCOUNT, APP, CONFIG, DOCKERFILE, POD, opened

from playpen_ls.session.project_symbols import MOST, project_symbols

FILES = {
    "k8s/app.yaml": POD,
    "k8s/config.yaml": CONFIG + "---\n" + ACCOUNT,
    "shop/Dockerfile": "FROM a AS builder\nRUN a\n" + DOCKERFILE,
    "shop/main.py": APP,
    "Jenkinsfile": "node {\n  stage('Build all') { sh 'docker build -t nexus:5000/shop:1 shop' }\n}\n",
}


def test_what_has_a_name_is_found_at_its_place(tmp_path: Path):
    workspace = opened(tmp_path, FILES)
    for query, name, words in (
        ("shop-config", "ConfigMap shop-config", "shop-config"),
        ("deployshop", "Deployment shop", "shop"),
        ("serviceaccount", "ServiceAccount shop", "shop"),
        ("get /hea", "GET /health", 'app.get("/health")'),
        ("BUILDER", "builder", "builder"),
        ("build all", "Build all", "Build all"),
        ("5000/shop", "nexus:5000/shop:1", "nexus:5000/shop:1"),
        ("level", "LEVEL", "os.environ['LEVEL']"),
    ):
        found = {one.name: one for one in project_symbols(workspace, query)}
        assert name in found, query
        text = workspace.text(found[name].path) or ""
        assert words in text[found[name].span.start : found[name].span.end]
    assert project_symbols(workspace, "nothing has this name") == []


def test_without_a_query_there_are_objects_and_routes(tmp_path: Path):
    names = [one.name for one in project_symbols(opened(tmp_path, FILES), "")]
    assert sorted(names) == ["ConfigMap shop-config", "Deployment shop", "GET /health", "ServiceAccount shop"]


def test_there_are_not_too_many(tmp_path: Path):
    many = "---\n".join(CONFIG.replace("shop-config", f"c{number}") for number in range(MOST + 50))
    assert len(project_symbols(opened(tmp_path, {"many.yaml": many}), "ConfigMap")) == MOST
