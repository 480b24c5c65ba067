"""What is proposed where the cursor (‸) is: the text that is replaced, and the names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from marked import ACCOUNT, APP, CONFIG, DOCKERFILE, POD, SECRET, SERVICE, opened

from playpen_ls.config.model import Settings
from playpen_ls.languages.detection import language_of
from playpen_ls.session.completion import configuration
from playpen_ls.session.completion.search import proposals_at
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

PIPELINE = (
    "pipeline {\n  agent any\n  environment {\n    TAG = '1'\n  }\n  stages {\n    stage('A') {\n      steps {\n"
    "        sh 'docker build -t nexus:5000/shop:${TAG} shop'\n        HERE\n      }\n    }\n  }\n}\n"
)
LINKED = {"shop/Dockerfile": DOCKERFILE, "shop/main.py": APP}
BUILT = {"Jenkinsfile": PIPELINE.replace("HERE", "sh 'docker push nexus:5000/shop:1.5.0'")}

CASES: Mapping[str, tuple[Mapping[str, str], str, Sequence[str]]] = {
    "image": (
        {"app.yaml": POD.replace("nexus:5000/shop:1.0.0", "nexus:5000/s‸"), **BUILT},
        "nexus:5000/s",
        ["nexus:5000/shop:1.5.0", "nexus:5000/shop:1"],
    ),
    "image that is empty": (
        {"app.yaml": POD.replace("nexus:5000/shop:1.0.0", "‸"), **BUILT},
        "",
        ["nexus:5000/shop:1.5.0", "nexus:5000/shop:1"],
    ),
    "port of a probe": ({"app.yaml": POD.replace("port: http}", "port: h‸}")}, "h", ["http"]),
    "path of a probe": ({"k8s/app.yaml": POD.replace("path: /health", "path: /‸"), **LINKED}, "/", ["/health"]),
    "target port": ({"a.yaml": SERVICE.replace("targetPort: http", "targetPort: ‸"), "b.yaml": POD}, "", ["http"]),
    "volume": ({"app.yaml": POD.replace("volumeMounts: [{name: data", "volumeMounts: [{name: ‸")}, "", ["data"]),
    "ConfigMap": ({"app.yaml": POD.replace("name: shop-config", "name: sh‸"), "b.yaml": CONFIG}, "sh", ["shop-config"]),
    "Secret": ({"app.yaml": POD.replace("name: shop-secrets", 'name: "‸"'), "b.yaml": SECRET}, "", ["shop-secrets"]),
    "key": ({"app.yaml": POD.replace("key: level", "key: ‸"), "b.yaml": CONFIG}, "", ["level", "url"]),
    "key of a Secret": ({"app.yaml": POD.replace("key: token", "key: ‸") + "---\n" + SECRET}, "", ["token"]),
    "ServiceAccount": ({"app.yaml": POD.replace("Name: shop\n", "Name: s‸hop\n"), "b.yaml": ACCOUNT}, "shop", ["shop"]),
    "variable that the code reads": ({"k8s/app.yaml": POD.replace("name: LEVEL", "name: L‸"), **LINKED}, "L", ["LEVEL"]),
    "base image": (
        {"Dockerfile": "FROM play‸\nRUN a\n", **BUILT},
        "play",
        ["playpen/python-base:latest", "nexus:5000/shop:1.5.0", "nexus:5000/shop:1"],
    ),
    "stage as image": (
        {"Dockerfile": "FROM a AS base\nFROM b AS c\nFROM ‸\n"},
        "",
        ["base", "c", "playpen/python-base:latest"],
    ),
    "stage of a copy": ({"Dockerfile": "FROM a AS base\nRUN a\nFROM b\nCOPY --from=b‸ /a /b\n"}, "b", ["base"]),
    "stage of a mount": ({"Dockerfile": "FROM a AS base\nFROM b\nRUN --mount=type=bind,from=‸\n"}, "", ["base"]),
    "variable": ({"Dockerfile": "ARG G\nFROM a\nARG ONE=1\nENV TWO=2\nRUN echo $‸\nARG LATER\n"}, "", ["ONE", "TWO"]),
    "variable in braces": ({"Dockerfile": "FROM a\nENV TWO=2\nWORKDIR ${T‸\n"}, "T", ["TWO"]),
    "source": ({"Dockerfile": "FROM a\nCOPY ‸\n", "app.py": "", "src/b.py": ""}, "", ["app.py", "src/"]),
    "source in a folder": ({"Dockerfile": "FROM a\nCOPY x src/‸ /y\n", "src/b.py": ""}, "src/", ["src/b.py"]),
    "section of a pipeline": (
        {"Jenkinsfile": "pipeline {\n  ‸\n}\n"},
        "",
        sorted("stages environment post agent tools options parameters triggers libraries".split()),
    ),
    "condition of post": (
        {"Jenkinsfile": PIPELINE.removesuffix("}\n") + "  post {\n    fa‸\n  }\n}\n"},
        "fa",
        sorted("always changed fixed regression aborted success unsuccessful unstable failure notBuilt cleanup".split()),
    ),
    "stage": ({"Jenkinsfile": "pipeline {\n  stages {\n    ‸\n  }\n}\n"}, "", ["stage"]),
    "start of a file": ({"Jenkinsfile": "pip‸"}, "pip", ["pipeline", "node"]),
    "credential": (
        {
            "Jenkinsfile": PIPELINE.replace("HERE", "withCredentials([string(credentialsId: 'n‸')]) { }"),
            "b/Jenkinsfile": "node { withCredentials([string(credentialsId: 'vault', variable: 'T')]) { sh 'x' } }\n",
        },
        "n",
        ["n", "nexus-credentials", "vault"],
    ),
    "parameter of a step": (
        {"Jenkinsfile": PIPELINE.replace("HERE", "sh(script: 'x', ‸)")},
        "",
        ["script: ", "encoding: ", "label: ", "returnStatus: ", "returnStdout: "],
    ),
    "environment variable": (
        {
            "app.py": 'import os\nos.getenv("L‸")\n',
            "b.yaml": CONFIG.replace("level", "LEVEL"),
            "other.py": APP.replace("LEVEL", "COLOR"),
            "Dockerfile": "FROM a\nENV LOUD=1\nCMD x\n",
        },
        "L",
        ["LEVEL", "LOUD", "COLOR"],
    ),
}  # fmt: skip
NOTHING: Mapping[str, Mapping[str, str]] = {
    "a key of YAML": {"app.yaml": POD.replace("image:", "im‸age:")},
    "behind a key without a blank": {"app.yaml": "apiVersion: v1\nkind: Pod\nmetadata:‸\n"},
    "a value that the schema knows": {"app.yaml": POD.replace("kind: Deployment", "kind: D‸")},
    "a name of Python": {"app.py": "import os\nos.get‸\n"},
    "another string of Python": {"app.py": "print('L‸')\n"},
    "a keyword of a Dockerfile": {"Dockerfile": "FROM a\nRU‸\n"},
    "a heredoc": {"Dockerfile": "FROM a\nRUN <<EOF\n$‸\nEOF\n"},
    "a comment of a pipeline": {"Jenkinsfile": "pipeline {\n  // ‸\n}\n"},
    "a string of a pipeline": {"Jenkinsfile": PIPELINE.replace("HERE", "echo 'a ‸ b'")},
    "an expression of a pipeline": {"Jenkinsfile": PIPELINE.replace("HERE", "echo x + ‸")},
    "a word of a template": {"templates/app.yaml": POD.replace("nexus:5000/shop:1.0.0", "{{ .Values.‸ }}")},
}


def asked(tmp_path: Path, files: Mapping[str, str], **only: bool) -> tuple[str, list[str]] | None:
    workspace = opened(tmp_path, files, "‸")
    (path,) = (path for path, text in files.items() if "‸" in text)
    source = Source(path, files[path].replace("‸", ""))
    language = language_of(path, lambda: source.text)
    assert language is not None
    workspace.open(source, language)
    workspace.check(path)
    found = proposals_at(workspace, path, files[path].index("‸"), **only)
    return None if found is None else (source.of(found.span), [one.name for one in found.items])


@pytest.mark.parametrize("name", CASES)
def test_names_of_the_project_are_proposed(name: str, tmp_path: Path):
    files, replaced, names = CASES[name]
    assert asked(tmp_path, files) == (replaced, list(names))


@pytest.mark.parametrize("name", NOTHING)
def test_elsewhere_nothing_is_proposed(name: str, tmp_path: Path):
    assert asked(tmp_path, NOTHING[name]) is None


def test_steps_are_proposed_with_those_of_the_library(tmp_path: Path):
    files = {"Jenkinsfile": PIPELINE.replace("HERE", "‸"), "vars/deploy.groovy": "def call() { }\n"}
    found = asked(tmp_path, files)
    assert found is not None
    assert {"sh", "withCredentials", "script", "deploy"} <= {*found[1]}
    assert "stages" not in found[1]


def test_variables_of_a_pipeline_are_proposed(tmp_path: Path):
    for written in ('echo "${‸}"', 'echo "${env.T‸"', "sh 'echo $‸'", "echo env.‸"):
        folder = tmp_path / written.strip("‸").replace("/", "_")
        folder.mkdir()
        found = asked(folder, {"Jenkinsfile": PIPELINE.replace("HERE", written)})
        assert found is not None, written
        assert found[1][0] == "TAG"
        assert "BUILD_NUMBER" in found[1]


def test_beside_another_server_only_images_are_proposed_in_a_dockerfile(tmp_path: Path):
    found = asked(tmp_path, {"Dockerfile": "FROM a AS base\nFROM ‸\n"}, only_across=True)
    assert found == ("", ["playpen/python-base:latest"])
    (tmp_path / "b").mkdir()
    assert asked(tmp_path / "b", {"Dockerfile": "FROM a\nENV A=1\nRUN $‸\n"}, only_across=True) is None


def test_rules_are_proposed_in_a_comment_the_reported_ones_first(tmp_path: Path):
    files = {"Dockerfile": "# playpen: ignore[‸]\nFROM debian\nRUN a\n"}
    found = asked(tmp_path, files)
    assert found is not None
    assert found[0] == ""
    assert "dockerfile/moving-tag" in found[1][:3]
    (tmp_path / "b").mkdir()
    more = asked(
        tmp_path / "b", {"Dockerfile": "# playpen: ignore[dockerfile/moving-tag, dock‸]\nFROM debian\nRUN a\n"}
    )
    assert more is not None
    assert more[0] == "dock"
    assert "dockerfile/moving-tag" not in more[1]


def configured(text: str, path: str = "playpen.toml") -> tuple[str, list[str]] | None:
    source = Source(path, text.replace("‸", ""))
    found = configuration.proposals(source, text.index("‸"))
    return None if found is None else (source.of(found.span), [one.name for one in found.items])


@pytest.mark.parametrize(
    ("text", "replaced", "names"),
    [
        ("‸\n", "", ["ignore", "select", "baseline"]),
        ("ig‸", "ig", ["ignore"]),
        ('ignore = ["‸"]', "", ["dockerfile", "kubernetes/no-cpu-limit"]),
        ('ignore = ["python", ‸]', "", ['"dockerfile"']),
        ('ignore = [\n  "python",\n  "kuber‸\n]\n', "kuber", ["kubernetes/no-cpu-limit"]),
        ("[‸]", "", ["platform", "severity", "rules"]),
        ("[platform]\n‸", "", ["registry", "base_images"]),
        ('[severity]\n"kubernetes/no-cpu-limit" = "‸"', "", ["error", "off"]),
        ('[severity]\n"kube‸', '"kube', ['"kubernetes/no-cpu-limit"']),
        ('[per-path."tests/*"]\nignore = ["‸"]', "", ["python"]),
    ],
)
def test_the_configuration(text: str, replaced: str, names: list[str]):
    found = configured(text)
    assert found is not None
    assert found[0] == replaced
    assert {*names} <= {*found[1]}


def test_only_our_table_of_a_project_file():
    assert configured("[project]\n‸", "pyproject.toml") is None
    found = configured("[tool.playpen]\n‸", "pyproject.toml")
    assert found is not None
    assert "ignore" in found[1]
    assert configured("# ‸") is None
    assert configured("unknown = ‸") is None


def test_half_typed_texts_are_no_errors(tmp_path: Path):
    for number, (files, _, _) in enumerate(CASES.values()):
        (path,) = (path for path, text in files.items() if "‸" in text)
        folder = tmp_path / str(number)
        folder.mkdir()
        text = files[path].replace("‸", "")
        workspace = Workspace(folder, Settings())
        language = language_of(path, lambda: text) or ""  # noqa: B023
        for end in range(0, len(text) + 1, 7):
            workspace.open(Source(path, text[:end]), language)
            workspace.check(path)
            proposals_at(workspace, path, end)
