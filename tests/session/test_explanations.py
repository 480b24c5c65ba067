"""What stands under the cursor, in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from opened import opened

from playpen_ls.session.explanations import decoded, explained_at
from playpen_ls.session.references.reference import Kind

APP = 'import os\n\nfrom fastapi import FastAPI\n\napp = FastAPI()\nhost = os.environ["DB_HOST"]\n\n\n@app.get("/health")\ndef health(): ...\n'
DOCKERFILE = (
    "FROM python:3.12 AS builder\nARG VERSION=1.0\nRUN pip install x==${VERSION}\nFROM python:3.12\nWORKDIR /app\n"
    'COPY --from=builder /x /x\nCOPY app/main.py main.py\nCMD ["uvicorn", "main:app", "--port", "8000"]\n'
)
MANIFEST = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {level: info}\n---\n"
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  selector: {matchLabels: {app: shop}}\n"
    "  template:\n    metadata: {labels: {app: shop}}\n    spec:\n      containers:\n        - name: web\n"
    "          image: nexus:5000/shop:1.0\n          ports: [{name: http, containerPort: 8000}]\n"
    "          env:\n            - {name: DB_HOST, value: db}\n"
    "            - {name: LEVEL, valueFrom: {configMapKeyRef: {name: settings, key: level}}}\n"
    "          livenessProbe: {httpGet: {path: /health, port: http}}\n"
    "          resources: {limits: {cpu: 500m, memory: 0.5Gi}}\n"
)
JENKINSFILE = (
    "pipeline {\n    agent any\n    stages {\n        stage('Build') {\n            steps {\n"
    "                sh 'docker build -t nexus:5000/shop:1.0 .'\n            }\n        }\n    }\n"
    "    post { regression { echo 'always' } }\n}\n"
)
TEMPLATE = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-settings\n---\n"
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n      envFrom:\n"
    "        - configMapRef: {name: {{ .Release.Name }}-settings}\n"
)
FILES = {"app/main.py": APP, "Dockerfile": DOCKERFILE, "k8s/app.yaml": MANIFEST, "Jenkinsfile": JENKINSFILE,
         "web/Chart.yaml": "name: web\nversion: 1.0.0\n", "web/templates/web.yaml": TEMPLATE}  # fmt: skip
LANGUAGES = {
    "app/main.py": "python",
    "Dockerfile": "dockerfile",
    "k8s/app.yaml": "kubernetes",
    "Jenkinsfile": "jenkinsfile",
    "web/templates/web.yaml": "kubernetes",
}


def explained(folder: Path, path: str, words: str, *left: Kind) -> list[str] | None:
    """What is said of the last of these words."""
    project = opened(folder, FILES, path, LANGUAGES[path])
    project.check(path)  # as of every open file; others know its facts then
    found = explained_at(project, path, FILES[path].rindex(words), left)
    if found is None:
        return None
    lines, span = found
    assert span.start <= FILES[path].rindex(words) <= span.end
    return lines


@pytest.mark.parametrize(
    ("path", "words", "lines"),
    [
        ("k8s/app.yaml", "/health", ["route `/health`", "served at `app/main.py:9`"]),
        ("k8s/app.yaml", "http}}", ["port `http`", "defined at `k8s/app.yaml:17`"]),
        ("k8s/app.yaml", "DB_HOST", ["environment variable `DB_HOST`", "read at `app/main.py:6`"]),
        ("k8s/app.yaml", "settings, key", ["ConfigMap `settings`", "defined at `k8s/app.yaml:3`"]),
        ("web/templates/web.yaml", "settings}", ["ConfigMap `?-settings`", "defined at `web/templates/web.yaml:4`"]),
        ("k8s/app.yaml", "level}}}", ["key `level`", "defined at `k8s/app.yaml:4`"]),
        ("k8s/app.yaml", "500m", ["`500m` = 0.5 cores (500 millicores)"]),
        ("k8s/app.yaml", "0.5Gi", ["`0.5Gi` = 512 MiB (536,870,912 bytes)"]),
        ("Dockerfile", "builder", ["stage `builder`", "defined at `Dockerfile:1`"]),
        ("Dockerfile", "VERSION}", ["ARG or ENV `VERSION`", "defined at `Dockerfile:2`"]),
        ("app/main.py", "DB_HOST", ["environment variable `DB_HOST`", "used at `k8s/app.yaml:19`"]),
        ("Jenkinsfile", "agent", ["`agent`: where the pipeline or the stage runs"]),
        ("Jenkinsfile", "regression", ["`regression`: if it did not succeed and did the last time"]),
        ("Jenkinsfile", "always", None),  # in a text
        ("app/main.py", "FastAPI()", None),  # a Python name is another server's
        ("k8s/app.yaml", "livenessProbe", None),  # a key is the schema's
        ("k8s/app.yaml", "value: db", None),
    ],
)
def test_the_thing_is_told(tmp_path: Path, path: str, words: str, lines: list[str] | None):
    assert explained(tmp_path, path, words) == lines


def test_what_another_server_shows_is_left_to_it(tmp_path: Path):
    assert explained(tmp_path, "Dockerfile", "builder", Kind.STAGE) is None


@pytest.mark.parametrize(
    ("resource", "text", "words"),
    [
        ("cpu", "2", "2 cores"),
        ("cpu", "1", "1 core"),
        ("cpu", "1500m", "1.5 cores (1,500 millicores)"),
        ("memory", "128Mi", "128 MiB (134,217,728 bytes)"),
        ("memory", "1G", "953.67 MiB (1,000,000,000 bytes)"),
        ("memory", "512m", "0.512 bytes"),  # a typing mistake that is seen here
        ("memory", "1e3", "1,000 bytes"),
        ("memory", "512MB", ""),
        ("cpu", "-1", ""),
    ],
)
def test_a_quantity_is_decoded(resource: str, text: str, words: str):
    assert decoded(resource, text) == words
