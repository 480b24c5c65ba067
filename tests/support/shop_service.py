"""A service whose files name each other, for the tests of what editors show of it."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "shop/Dockerfile": (
        "ARG TAG=3.12\nFROM playpen/python-base:${TAG} AS built\nFROM built\nCOPY main.py .\n"
        'CMD ["uvicorn", "main:app", "--port", "8000"]\n'
    ),
    "shop/main.py": (
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\ndef helper() -> dict[str, str]:\n    return {}\n\n\n"
        '@app.get("/health")\ndef health() -> dict[str, str]:\n    return helper()\n'
    ),
    "shop/closed.py": 'HOST = "postgres.playpen-platform.svc.cluster.local"\n',
    "k8s/shop.yaml": (
        "# The shop.\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n"
        "  selector: {matchLabels: {app: shop}}\n  template:\n    metadata: {labels: {app: shop}}\n    spec:\n"
        "      containers:\n        - name: shop\n          image: nexus:5000/shop:1.0\n"
        "          livenessProbe: {httpGet: {path: /health, port: 8000}}\n"
        "          readinessProbe: {httpGet: {path: /health, port: 8000}}\n"
    ),
    "Jenkinsfile": (
        "pipeline {\n  agent any\n  stages {\n    stage('Image') {\n      steps {\n"
        "        sh 'docker build -t nexus:5000/shop:1.0 shop'\n      }\n    }\n  }\n}\n"
    ),
}


def write_project(folder: Path) -> None:
    for name, text in {"playpen.toml": "", **FILES}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
