"""Rename: every ⟨name⟩ changes, whichever of them the cursor is in; or it is refused with the reason."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from marked import ACCOUNT, APP, CONFIG, DOCKERFILE, POD, SECRET, SERVICE, opened, to

from playpen_ls.api.finding import Refused
from playpen_ls.languages.detection import language_of
from playpen_ls.session.references.rename import prepared, renamed
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

BOUND = (
    'pipeline {\n  environment {\n    ⟨TAG⟩ = "1.0"\n  }\n  stages {\n'
    "    stage('A') { steps { sh 'make ⟨x⟩'; echo \"${env.⟨TAG⟩}\" } }\n  }\n}\n"
).replace("⟨x⟩", "VERSION=$⟨TAG⟩")

DONE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "stage": (
        "final",
        {"Dockerfile": "FROM a:$V AS ⟨base⟩\nRUN base\nFROM ⟨Base⟩ AS b\nCOPY --from=⟨base⟩ /base /b\n# base\n"},
    ),
    "argument": (
        "RELEASE",
        {
            "Dockerfile": 'ARG ⟨V⟩=1\nFROM a:${⟨V⟩}\nARG ⟨V⟩\nENV V2=$⟨V⟩\nRUN echo "$⟨V⟩"\n# V\nFROM b\nARG ⟨V⟩\nRUN x $⟨V⟩\n',
            "Jenkinsfile": "node { sh 'docker build --build-arg OTHER=1 .'; echo 'W' }\n",
        },
    ),
    "volume": ("cache", {"app.yaml": to(POD, "{name: |data|, mountPath").replace("[{name: data,", "[{name: ⟨data⟩,")}),
    "port": (
        "web",
        {
            "service.yaml": to(SERVICE, "targetPort: |http|"),
            "app.yaml": to(POD, "name: |http|, containerPort").replace("port: http}", "port: ⟨http⟩}"),
            "other.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [{name: http, port: 1}]}\n",
        },
    ),
    "key of a Secret": (
        "api.token",
        {"app.yaml": to(POD, "key: |token|"), "secret.yaml": to(SECRET, "{|token|: <set")},
    ),
    "ConfigMap beside one of another application": (
        "settings",
        {
            "shop/app.yaml": to(POD, "name: |shop-config|"),
            "shop/config.yaml": to(CONFIG, "name: |shop-config|"),
            "other/app.yaml": POD,
            "other/config.yaml": CONFIG,
        },
    ),
    "Secret": (
        "shop-keys",
        {"app.yaml": to(POD, "name: |shop-secrets|"), "secret.yaml": to(SECRET, "name: |shop-secrets|")},
    ),
    "ServiceAccount": (
        "seller",
        {
            "app.yaml": POD.replace("serviceAccountName: shop", "serviceAccountName: ⟨vendor⟩"),
            "account.yaml": ACCOUNT.replace("shop", "⟨vendor⟩"),
        },
    ),
    "environment variable": (
        "LOUDNESS",
        {
            "k8s/app.yaml": to(POD, "name: |LEVEL|"),
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": to(APP, "['|LEVEL|']"),
        },
    ),
    "variable of a pipeline": ("RELEASE", {"Jenkinsfile": BOUND}),
    "credential": (
        "nexus-login",
        {
            "Jenkinsfile": "node { withCredentials([string(credentialsId: '⟨nexus⟩', variable: 'T')]) { sh 'x' } }\n",
            "b/Jenkinsfile": "pipeline { environment { T = credentials('⟨nexus⟩')\n } }\n",
        },
    ),
}
REFUSED: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "a target that a pipeline builds": (
        "builds the target `base`",
        "x",
        {"Dockerfile": "FROM a AS «base»\nRUN a\nFROM base\n", "Jenkinsfile": "node { sh 'docker build --target base .' }\n"},
    ),
    "a stage that a variable can name": ("computes", "x", {"Dockerfile": "FROM a AS «base-x»\nARG K\nFROM base-${K}\n"}),
    "a stage with an impossible name": ("not a name", "X Y", {"Dockerfile": "FROM a AS «base»\nFROM base\n"}),
    "a stage with the name of another": ("already in Dockerfile:2", "b", {"Dockerfile": "FROM a AS «x»\nFROM x AS b\n"}),
    "an argument of a build": (
        "also named in Jenkinsfile:1",
        "W",
        {"Dockerfile": "FROM a\nARG «V»\nRUN echo $V\n", "Jenkinsfile": "node { sh 'docker build --build-arg V=1 .' }\n"},
    ),
    "an argument that a program can read": ("programs", "W", {"Dockerfile": "FROM a\nARG «V»=1\nRUN make\n"}),
    "an argument in a heredoc": ("Dockerfile:4", "W", {"Dockerfile": "FROM a\nARG «V»=1\nRUN echo $V <<EOF\n$V\nEOF\n"}),
    "the environment of an image": ("environment of the container", "W", {"Dockerfile": "FROM a\nENV «V»=1\nRUN x $V\n"}),
    "a key that becomes a variable": (
        "takes all keys of `shop-config`",
        "x",
        {
            "app.yaml": POD.replace("key: level", "key: «level»").replace(
                "          env:\n", "          envFrom: [{configMapRef: {name: shop-config}}]\n          env:\n"
            ),
            "config.yaml": CONFIG,
        },
    ),
    "a key that becomes a file": (
        "takes all keys",
        "x",
        {
            "app.yaml": POD.replace("key: level", "key: «level»").replace("emptyDir: {}", "configMap: {name: shop-config}"),
            "config.yaml": CONFIG,
        },
    ),
    "a key of nothing": ("nothing in the project defines", "x", {"app.yaml": POD.replace("key: level", "key: «level»")}),
    "a key that a script creates": (
        "Jenkinsfile names",
        "x",
        {
            "app.yaml": POD.replace("key: level", "key: «level»"),
            "config.yaml": CONFIG,
            "Jenkinsfile": "node { sh 'kubectl create configmap shop-config --from-literal=level=a' }\n",
        },
    ),
    "a key that exists": (
        "already in config.yaml",
        "url",
        {"app.yaml": POD.replace("key: level", "key: «level»"), "config.yaml": CONFIG},
    ),
    "a number as a key": (
        "does not read `1` as text",
        "1",
        {"app.yaml": POD.replace("key: level", "key: «level»"), "config.yaml": CONFIG},
    ),
    "a port with a long name": (
        "not a name",
        "a-name-that-is-too-long",
        {"app.yaml": POD.replace("{name: http,", "{name: «http»,")},
    ),
    "a port that a monitor names": (
        "monitor.yaml:4",
        "x",
        {
            "app.yaml": POD.replace("{name: http,", "{name: «http»,"),
            "monitor.yaml": "kind: PodMonitoring\napiVersion: monitoring.googleapis.com/v1\nspec:\n  endpoints: [{port: http}]\n",
        },
    ),
    "a volume of a patched object": (
        "is also in over/app.yaml",
        "x",
        {"app.yaml": POD.replace("{name: data, empty", "{name: «data», empty"), "over/app.yaml": POD},
    ),
    "an object with a variant": (
        "over/config.yaml:3",
        "x",
        {
            "base/app.yaml": POD.replace("name: shop-config", "name: «shop-config»"),
            "base/config.yaml": CONFIG,
            "over/config.yaml": CONFIG,
        },
    ),
    "an object of a base, which an overlay patches with its workload": (
        "over/config.yaml:3",
        "x",
        {
            "base/app.yaml": POD.replace("name: shop-config", "name: «shop-config»"),
            "base/config.yaml": CONFIG,
            "base/kustomization.yaml": "resources: [app.yaml, config.yaml]\n",
            "over/app.yaml": POD,
            "over/config.yaml": CONFIG,
            "over/kustomization.yaml": "resources: [../base]\npatches: [{path: app.yaml}, {path: config.yaml}]\n",
        },
    ),
    "an object that only other programs use": (
        "nothing in the project uses",
        "x",
        {"config.yaml": CONFIG.replace("shop-config", "«argocd-cm»")},
    ),
    "an object that a script names": (
        "run.sh:1",
        "x",
        {"app.yaml": POD.replace("name: shop-config", "name: «shop-config»"), "config.yaml": CONFIG, "run.sh": "x shop-config\n"},
    ),
    "a variable that a script reads": (
        "shop/run.sh:1",
        "X",
        {
            "k8s/app.yaml": POD.replace("name: LEVEL", "name: «LEVEL»"),
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": APP,
            "shop/run.sh": "echo $LEVEL\n",
        },
    ),
    "a variable that nothing reads": ("known to read `LEVEL`", "X", {"app.yaml": POD.replace("name: LEVEL", "name: «LEVEL»")}),
    "a variable that only programs read": (
        "without naming it",
        "X",
        {"Jenkinsfile": "pipeline {\n  environment {\n    «LEVEL» = '1'\n  }\n}\n"},
    ),
    "both variables of a login": (
        "LOGIN_USR",
        "X",
        {"Jenkinsfile": "pipeline {\n environment {\n  «LOGIN» = credentials('x')\n }\n stages { stage('a') { steps { sh 'a $LOGIN $LOGIN_USR' } } }\n}\n"},
    ),
}  # fmt: skip
NOT_OURS = {
    "an image": {"app.yaml": POD.replace("image: nexus:5000/shop:1.0.0", "image: «nexus:5000/shop:1.0.0»")},
    "a YAML key": {"app.yaml": POD.replace("image:", "«image»:")},
    "a Python name": {"app.py": "import os\n«level» = os.environ['LEVEL']\n"},
    "a port by its number": {"app.yaml": POD.replace("containerPort: 8000", "containerPort: «8000»")},
    "a path": {"Dockerfile": "FROM a\nCOPY «app.py» /\n", "app.py": ""},
    "a variable of the base image": {"Dockerfile": "FROM a\nWORKDIR $«HOME»\n"},
}


def places(files: Mapping[str, str]) -> list[tuple[str, int]]:
    """(path, offset) of the middle of each marked name."""
    found = []
    for path, text in files.items():
        for number, mark in enumerate(re.finditer(r"[⟨«](.*?)[⟩»]", text)):
            found.append((path, mark.start() - 2 * number + len(mark[1]) // 2))
    return found


def open_at(workspace: Workspace, path: str) -> None:
    source = Source(path, workspace.text(path) or "")
    workspace.open(source, language_of(path, lambda: source.text) or "")


@pytest.mark.parametrize("name", DONE)
def test_every_use_is_renamed_from_every_use(name: str, tmp_path: Path):
    new, files = DONE[name]
    workspace = opened(tmp_path, files)
    wanted = {path: re.sub("⟨.*?⟩", new, text) for path, text in files.items() if "⟨" in text}
    assert len(places(files)) > 1
    for path, offset in places(files):
        open_at(workspace, path)
        change = renamed(workspace, path, offset, new)
        assert change is not None
        assert {one: applied(workspace.text(one) or "", edits) for one, edits in change.edits.items()} == wanted
        workspace.close(path)


def applied(text: str, edits: object) -> str:
    for edit in reversed(list(edits)):  # type: ignore[call-overload]
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_the_reason(name: str, tmp_path: Path):
    reason, new, files = REFUSED[name]
    workspace = opened(tmp_path, files)
    ((path, offset),) = places(files)
    with pytest.raises(Refused) as refused:
        renamed(workspace, path, offset, new)
    assert reason in str(refused.value)


@pytest.mark.parametrize("name", NOT_OURS)
def test_other_names_are_left_alone(name: str, tmp_path: Path):
    workspace = opened(tmp_path, NOT_OURS[name])
    ((path, offset),) = places(NOT_OURS[name])
    assert prepared(workspace, path, offset) is None


def test_names_of_a_dockerfile_are_left_to_its_server(tmp_path: Path):
    files = {"Dockerfile": "FROM a AS «base»\nFROM base\n"}
    workspace = opened(tmp_path, files)
    ((path, offset),) = places(files)
    assert prepared(workspace, path, offset) is not None
    assert prepared(workspace, path, offset, only_across=True) is None


def test_while_files_are_read_it_is_refused(tmp_path: Path):
    files = {"Dockerfile": "FROM a AS «base»\nFROM base\n"}
    workspace = opened(tmp_path, files)
    ((path, offset),) = places(files)
    workspace.index.complete = False
    with pytest.raises(Refused):
        prepared(workspace, path, offset)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes everywhere")
def test_a_file_that_is_read_only_is_not_renamed(tmp_path: Path):
    files = {"app.yaml": POD.replace("key: token", "key: «token»"), "secret.yaml": SECRET}
    workspace = opened(tmp_path, files)
    (tmp_path / "secret.yaml").chmod(0o444)
    ((path, offset),) = places(files)
    with pytest.raises(Refused, match="read-only"):
        prepared(workspace, path, offset)
