"""A project with marks in its texts: for tests of what a place means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from playpen_ls.config.model import Settings
from playpen_ls.languages.detection import language_of
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

DOCKERFILE = 'FROM playpen/python-base:latest\nCOPY . .\nCMD ["uvicorn", "main:app", "--port", "8000"]\n'
APP = (
    "import os\n\nfrom fastapi import FastAPI\n\napp = FastAPI()\nlevel = os.environ['LEVEL']\n\n\n"
    '@app.get("/health")\ndef health():\n    return {}\n'
)
POD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      serviceAccountName: shop
      volumes: [{name: data, emptyDir: {}}]
      containers:
        - name: shop
          image: nexus:5000/shop:1.0.0
          ports: [{name: http, containerPort: 8000}]
          livenessProbe: {httpGet: {path: /health, port: http}}
          volumeMounts: [{name: data, mountPath: /data}]
          env:
            - {name: LEVEL, valueFrom: {configMapKeyRef: {name: shop-config, key: level}}}
            - {name: TOKEN, valueFrom: {secretKeyRef: {name: shop-secrets, key: token}}}
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop-config}\ndata:\n  level: info\n  url: x\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: shop-secrets}\nstringData: {token: <set outside git>}\n"
SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\n"
    "spec: {selector: {app: shop}, ports: [{port: 80, targetPort: http}]}\n"
)
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: shop}\n"


def at(text: str, words: str, marks: str = "«»") -> str:
    """The text with marks around the middle of the words: `key: |level|` marks `level`."""
    before, inside, after = words.split("|")
    assert text.count(before + inside + after) == 1, words
    return text.replace(before + inside + after, f"{before}{marks[0]}{inside}{marks[1]}{after}")


def to(text: str, words: str) -> str:
    return at(text, words, "⟨⟩")


def opened(tmp_path: Path, files: Mapping[str, str], marks: str = "[⟨⟩«»]") -> Workspace:
    """The project, with all files read; the files that have marks are open."""
    (tmp_path / ".git").mkdir()
    workspace = Workspace(tmp_path, Settings())
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        source = Source(path, re.sub(marks, "", text))
        (tmp_path / path).write_text(source.text)
        if re.search("«", text):
            language = language_of(path, lambda: source.text)  # noqa: B023
            assert language is not None
            workspace.open(source, language)
    workspace.closed.read_all()
    for path in workspace.documents:
        workspace.check(path)
    return workspace
