"""From a name to its definition: the cursor is in the name between « and », the definitions are between ⟨ and ⟩.

`⟨⟩` at the start of a file stands for the file itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from playpen_ls.config.model import Settings
from playpen_ls.languages.detection import language_of
from playpen_ls.session.definitions import definition_at
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


FOUND: Mapping[str, Mapping[str, str]] = {
    "image → Dockerfile": {
        "k8s/app.yaml": at(POD, "image: |nexus:5000/shop:1.0.0|"),
        "shop/Dockerfile": "⟨⟩" + DOCKERFILE,
    },
    "probe path → route": {
        "k8s/app.yaml": at(POD, "path: |/health|"),
        "shop/Dockerfile": DOCKERFILE,
        "shop/main.py": to(APP, '@|app.get("/health")|'),
    },
    "port of a probe → port": {"app.yaml": to(at(POD, "port: |http|}}"), "name: |http|, containerPort")},
    "mount → volume": {"app.yaml": to(at(POD, "{name: |data|, mountPath"), "{name: |data|, empty")},
    "key → key of the ConfigMap": {
        "k8s/app.yaml": at(POD, "key: |level|"),
        "k8s/config.yaml": "---\n" + to(CONFIG, "|level|: info"),
    },
    "key of a Secret in the same file": {
        "k8s/app.yaml": at(POD, "key: |token|") + "---\n" + to(SECRET, "{|token|: <set"),
    },
    "name → ConfigMap": {
        "k8s/app.yaml": at(POD, "name: |shop-config|"),
        "k8s/config.yaml": to(CONFIG, "name: |shop-config|"),
    },
    "service account": {
        "app.yaml": at(POD, "serviceAccountName: |shop|") + "---\n" + to(ACCOUNT, "name: |shop|"),
    },
    "variable → code that reads it": {
        "k8s/app.yaml": at(POD, "name: |LEVEL|"),
        "shop/Dockerfile": DOCKERFILE,
        "shop/main.py": to(APP, "|os.environ['LEVEL']|"),
    },
    "selector → workload": {"app.yaml": to(POD, "metadata: {name: |shop|}\nspec:\n  selector") + "---\n"
                            + at(SERVICE, "app: |shop|")},
    "target port → port": {
        "service.yaml": at(SERVICE, "targetPort: |http|"),
        "app.yaml": to(POD, "name: |http|, containerPort"),
    },
    "kustomization → file": {
        "k8s/kustomization.yaml": "resources: [«app.yaml»]\n",
        "k8s/app.yaml": "⟨⟩" + POD,
    },
    "kustomization → folder's kustomization": {
        "k8s/over/kustomization.yaml": "resources:\n  - «../base»\n",
        "k8s/base/kustomization.yaml": "⟨⟩resources: []\n",
    },
    "FROM → stage": {"Dockerfile": "FROM debian:12 AS ⟨base⟩\nRUN a\n\nFROM «base»\nRUN b\n"},
    "--from → stage": {"Dockerfile": "FROM debian:12 AS ⟨build⟩\nRUN a\nFROM debian:12\nCOPY --from=«Build» /a /b\n"},
    "--from=0 → FROM": {"Dockerfile": "# x\n⟨FROM⟩ debian:12\nRUN a\nFROM debian:12\nCOPY --from=«0» /a /b\n"},
    "variable → ENV of the base stage": {
        "Dockerfile": "FROM debian:12 AS base\nENV A=1 ⟨DIR⟩=/x\nFROM base\nWORKDIR ${«DIR»}/y\n",
    },
    "variable → nearest ARG": {"Dockerfile": "ARG V=1\nFROM debian:12\nARG V\nARG ⟨V⟩=2\nLABEL v=$«V»\n"},
    "variable of FROM → global ARG": {"Dockerfile": "ARG ⟨TAG⟩=12\nFROM debian:$«TAG»\nARG TAG\n"},
    "image that is built here": {
        "base/Dockerfile": "⟨⟩FROM debian:12\nRUN a\n",
        "app/Dockerfile": "FROM «nexus:5000/team/base:1.0»\nRUN b\n",
        "Jenkinsfile": "node { sh 'docker build -t nexus:5000/team/base:1.0 base' }\n",
    },
    "COPY source → file": {
        "app/Dockerfile": "FROM debian:12\nCOPY «requirements.txt» main.py ./\n",
        "app/requirements.txt": "⟨⟩flask\n",
        "app/main.py": "",
    },
    "load → file": {"Jenkinsfile": "node { def a = load '«ci/a.groovy»' }\n", "ci/a.groovy": "⟨⟩return this\n"},
    "yamlFile → file": {
        "Jenkinsfile": "pipeline { agent { kubernetes { yamlFile \"«ci/pod.yaml»\" } } }\n",
        "ci/pod.yaml": "⟨⟩kind: Pod\n",
    },
    "step → shared library": {
        "Jenkinsfile": "node { «deploy» 'shop' }\n",
        "vars/deploy.groovy": "def ⟨call⟩(String name) { sh name }\n",
    },
}  # fmt: skip

NONE: Mapping[str, Mapping[str, str]] = {
    "an image that nothing builds": {"app.yaml": at(POD, "image: |nexus:5000/shop:1.0.0|")},
    "a key": {"app.yaml": at(POD, "|image|: nexus"), "shop/Dockerfile": DOCKERFILE},
    "a value in another namespace": {
        "app.yaml": at(POD.replace("{name: shop}\nspec", "{name: shop, namespace: one}\nspec"), "name: |shop-config|"),
        "config.yaml": CONFIG.replace("{name: shop-config}", "{name: shop-config, namespace: two}"),
    },
    "a public image": {"Dockerfile": "FROM «debian:12»\nRUN a\n"},
    "a later stage": {"Dockerfile": "FROM debian:12\nCOPY --from=«b» /a /b\nFROM debian:12 AS b\n"},
    "a variable that the base image may set": {"Dockerfile": "FROM debian:12\nENV PATH=/x:$«PATH»\n"},
    "a file outside of the project": {"kustomization.yaml": "resources: ['«../../etc/passwd»']\n"},
    "a step that Jenkins has": {"Jenkinsfile": "node { «echo» 'a' }\n"},
    "a computed path": {"Jenkinsfile": 'node { load "«${dir}»/a.groovy" }\n', "a.groovy": ""},
    "a Python name": {"app.py": "import os\n«os».getenv('A')\n"},
    "a broken file": {"app.yaml": "apiVersion: v1\nkind: [«x»\n"},
}


def looked_up(tmp_path: Path, files: Mapping[str, str]) -> tuple[str, list[tuple[str, str]], list[tuple[str, str]]]:
    """(the name that has a definition, where it leads, where it should lead); places as (path, text before + text)."""
    wanted, cursor = [], None
    (tmp_path / ".git").mkdir()
    for path, text in files.items():
        for mark in re.finditer(r"⟨(.*?)⟩", re.sub("[«»]", "", text)):
            wanted.append((path, re.sub("[⟨⟩]", "", mark.string[: mark.start()]), mark[1]))
        bare = re.sub("[⟨⟩]", "", text)
        if "«" in bare:
            cursor = path, bare.index("«")
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(re.sub("[«»]", "", bare))
    assert cursor is not None
    path, offset = cursor
    workspace = Workspace(tmp_path, Settings())
    source = Source(path, (tmp_path / path).read_text())
    language = language_of(path, lambda: source.text)
    assert language is not None
    workspace.open(source, language)
    workspace.closed.read_all()
    found = definition_at(workspace.model(path), workspace.context(path), offset)
    if found is None:
        return "", [], wanted
    places = []
    for target in found.targets:
        text = workspace.text(target.path) or ""
        places.append((target.path, text[: target.span.start], text[target.span.start : target.span.end]))
    return source.of(found.span), places, wanted


@pytest.mark.parametrize("name", FOUND)
def test_a_name_leads_to_its_definition(name: str, tmp_path: Path):
    files = FOUND[name]
    marked = next(text for text in files.values() if "«" in text)
    span, found, wanted = looked_up(tmp_path, files)
    assert wanted
    assert found == wanted
    assert span == re.search("«(.*?)»", marked)[1]  # type: ignore[index]


@pytest.mark.parametrize("name", NONE)
def test_where_nothing_is_known_there_is_no_definition(name: str, tmp_path: Path):
    assert looked_up(tmp_path, NONE[name])[:2] == ("", [])
