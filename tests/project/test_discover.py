"""Which files are looked at, and as what."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from playpen_ls.languages.detection import language_of
from playpen_ls.project import discovery
from playpen_ls.project.discovery import files_under, is_found, project_root
from playpen_ls.project.index import Index
from playpen_ls.project.indexer import Indexer
from playpen_ls.project.scan import Excluded

MANIFEST = "apiVersion: v1\nkind: Service\n"


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("Dockerfile", "", "dockerfile"),
        ("docker/Dockerfile.dev", "", "dockerfile"),
        ("web.Dockerfile", "", "dockerfile"),
        ("Containerfile", "", "dockerfile"),
        ("Dockerfile-windows", "# escape=`\n\nARG V=1\nFROM a:$V\n", "dockerfile"),
        ("Dockerfile_prod", "FROM a\n", "dockerfile"),
        ("web/dockerfile", "from a\n", "dockerfile"),
        ("web_Dockerfile", "FROM a\n", "dockerfile"),
        ("dockerfile", "name: a\n", None),
        ("Dockerfile-notes.md", "FROM a\n", None),
        ("dockerfile.js", "FROM a\n", None),
        ("Dockerfile.groovy", "package a\nclass Dockerfile {}\n", None),
        ("Dockerfile.php", "# PHP\nFROM php:8\n", "dockerfile"),
        ("Dockerfile.dockerignore", "", None),
        ("Jenkinsfile", "", "jenkinsfile"),
        ("Jenkinsfile-nightly", "", "jenkinsfile"),
        ("ci/build.jenkinsfile", "", "jenkinsfile"),
        ("ci/build.Jenkinsfile", "", "jenkinsfile"),
        ("ci/build.jenkinsFile", "", "jenkinsfile"),
        ("Jenkinsfile_nightly", "", "jenkinsfile"),
        ("release-Jenkinsfile", "", "jenkinsfile"),
        ("web/jenkinsfile", "", "jenkinsfile"),
        ("ci/build.groovy", "// the build\n@Library('x') _\npipeline {\n}\n", "jenkinsfile"),
        ("ci/build.groovy", "library(\n  identifier: 'x'\n)\nvoid f() {\n}\npipeline {\n}\n", "jenkinsfile"),
        ("ci/build.groovy", "def call() {\n  pipeline {\n  }\n}\n", None),
        ("ci/web-Jenkinsfile.scripted.groovy", "node {\n    checkout scm\n}\n", "jenkinsfile"),
        ("ci/build.groovy", "def x = 1\nnode('linux') {\n}\n", "jenkinsfile"),
        ("ci/build.groovy", "def call() {\n  node {\n  }\n}\n", None),
        ("ci/build.groovy", "nodes.each {\n}\nnode.children {\n}\ndef node = 1\n", None),
        ("ci/build.groovy", "def x = 1\n", None),
        ("vars/build.groovy", "pipeline {\n}\n", None),
        ("app.yaml", MANIFEST, "kubernetes"),
        ("app.json", '{"apiVersion": "v1", "kind": "Service"}', "kubernetes"),
        ("app.yaml", "a: 1\n", None),
        ("docker-compose.yml", MANIFEST, "configuration"),
        ("docker-compose-dev.yaml", "", "configuration"),
        ("compose.prod.yaml", MANIFEST, "configuration"),
        ("chart/values.yaml", MANIFEST, "configuration"),
        ("values-prod.yml", "", "configuration"),
        ("my-values.yaml", "", None),
        ("app/.env", "", "configuration"),
        (".env.production", "", "configuration"),
        ("web.env", "", "configuration"),
        ("environment", "", None),
        ("alembic.ini", "", "configuration"),
        ("setup.ini", "", None),
        ("application.properties", "", "configuration"),
        (".npmrc", "", "configuration"),
        (".netrc", "", "configuration"),
        ("pip.conf", "", "configuration"),
        ("nginx.conf", "", None),
        ("settings.xml", "", "configuration"),
        ("pom.xml", "", None),
        ("kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", "kubernetes"),
        ("chart/Chart.yaml", "apiVersion: v2\nname: x\n", "kubernetes"),
        (".github/workflows/ci.yml", MANIFEST, None),
        ("main.py", "", "python"),
        ("types.pyi", "", None),
        ("notebook.ipynb", "", None),
        ("README.md", "", None),
    ],
)
def test_names_decide_and_contents_where_names_do_not(path: str, text: str, language: str | None):
    assert language_of(path, lambda: text) == language


@pytest.mark.parametrize(
    ("language_id", "text", "language"),
    [
        ("python", "", "python"),
        ("python-mode", "", "python"),
        ("dockerfile", "", "dockerfile"),
        ("groovy", "#!groovy\npipeline {\n", "jenkinsfile"),
        ("groovy", "plugins { id 'java' }\n", None),
        ("groovy-mode", "plugins { id 'java' }\n", None),
        ("jenkinsfile", "node {\n", "jenkinsfile"),
        ("yaml", MANIFEST, "kubernetes"),
        ("yaml", "a: 1", None),
        ("markdown", "", None),
    ],
)
def test_an_unnamed_buffer_is_what_the_editor_says(language_id: str, text: str, language: str | None):
    assert language_of("untitled:1", lambda: text, language_id) == language


def tree(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")


def found(root: Path, *exclude: str) -> list[str]:
    return [Path(path).relative_to(root).as_posix() for path in files_under(root, exclude)]


def test_gitignore_counts_as_git_reads_it(tmp_path: Path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    tree(
        tmp_path, "a.py", "build/b.py", "keep/build/c.py", "x/d.py", "x/e.py", "node_modules/f.py", "env/g.py", "h.txt"
    )
    tree(tmp_path, "env/pyvenv.cfg")
    (tmp_path / ".gitignore").write_text("/build/\n*.tmp\nd.py\n")
    (tmp_path / "x/.gitignore").write_text("!d.py\ne.py\n")
    assert found(tmp_path) == ["a.py", "keep/build/c.py", "x/d.py"]
    # The rules of the folders above count too, up to the repository.
    assert found(tmp_path / "x") == ["d.py"]


def test_excludes_are_patterns_like_those_of_gitignore(tmp_path: Path):
    tree(tmp_path, "a.py", "vendor/b.py", "x/vendor/c.py", "x/testdata/d.py")
    assert found(tmp_path, "/vendor/", "**/testdata/**") == ["a.py", "x/vendor/c.py"]


def test_an_unreadable_folder_is_reported_and_the_rest_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tree(tmp_path, "a.py", "locked/b.py")
    scandir = os.scandir

    def denied(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    told: list[tuple[str, str]] = []
    assert [Path(path).name for path in files_under(tmp_path, (), lambda *said: told.append(said))] == ["a.py"]
    assert told == [(str(tmp_path / "locked"), "cannot list the folder: Permission denied")]


def test_links_that_lead_in_circles_are_not_followed(tmp_path: Path):
    tree(tmp_path, "a/b.py")
    (tmp_path / "a/loop").symlink_to(tmp_path, target_is_directory=True)
    assert found(tmp_path) == ["a/b.py"]


def test_the_project_of_a_file(tmp_path: Path):
    tree(tmp_path, ".git/HEAD", "svc/playpen.toml", "svc/app/main.py", "other/x.py")
    known: dict[str, str] = {}
    for _ in range(2):  # what is known is what was found
        assert project_root(tmp_path / "svc/app/main.py", Path("/"), known) == tmp_path / "svc"
        assert project_root(tmp_path / "other/x.py", Path("/"), known) == tmp_path
        assert project_root(Path("/nowhere/x.py"), Path("/fallback"), known) == Path("/fallback")


def test_a_configuration_above_the_repository_does_not_make_its_folder_the_project(tmp_path: Path):
    tree(tmp_path, "playpen.toml", "repo/.git/HEAD", "repo/app.py")
    assert project_root(tmp_path / "repo/app.py", Path("/")) == tmp_path / "repo"


def test_excludes_of_a_folder_further_up_stay_relative_to_it(tmp_path: Path):
    tree(tmp_path, "gen/a.py", "src/gen/b.py", "src/c.py")

    def below(folder: str, *exclude: str) -> list[str]:
        return [Path(path).name for path in files_under(tmp_path / folder, exclude, base=tmp_path)]

    assert below("src", "/gen/") == ["c.py", "b.py"]
    assert below("src", "/src/gen/") == ["c.py"]
    assert below("src", "gen/") == ["c.py"]
    assert below("gen", "/gen/") == ["a.py"]  # who names an excluded folder wants to see it


def test_long_headers_and_many_blank_lines_take_no_time():
    # Tried in every way in which they can be read, these would take years.
    assert language_of("x.groovy", lambda: "//  \n" * 2000 + "def x = 1\n") is None
    assert language_of("x.groovy", lambda: "//  \n" * 2000 + "pipeline {\n") == "jenkinsfile"
    assert language_of("x.yaml", lambda: "\n" * 500_000 + "a: 1\n") is None


@pytest.mark.parametrize("folder", ["", "src"])
def test_one_file_is_found_where_all_are(tmp_path: Path, folder: str):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    names = ["a.py", "src/a.py", "src/b.txt", "src/gen/a.py", "src/out/a.py", "src/node_modules/a.py", "src/env/a.py"]
    tree(tmp_path, *names, "src/env/pyvenv.cfg", "src/out/kept/a.py", "src/Dockerfile.dockerignore")
    (tmp_path / "src/link").symlink_to(tmp_path / "src/gen", target_is_directory=True)
    (tmp_path / ".gitignore").write_text("/src/gen/\n/a.py\n")
    (tmp_path / "src/.gitignore").write_text("out/*.py\n")
    root = tmp_path / folder
    found = {Path(path).relative_to(root).as_posix() for path in files_under(root, ["kept/"], base=root)}
    every = [*root.rglob("*"), *(root / "src/link" if not folder else root / "link").glob("*")]
    files = {path.relative_to(root).as_posix() for path in every if path.is_file()}
    assert {path for path in files if is_found(path, root, ["kept/"], root)} == found
    assert len(found) == 1


def test_ignore_files_are_read_once_while_a_project_is_indexed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tree(tmp_path, *(f"src/{number}.py" for number in range(20)))
    (tmp_path / "src/.gitignore").write_text("x\n")
    read: list[str] = []
    ignore_file = discovery._ignore_file

    def counted(folder: str, unreadable: discovery.Unreadables):
        read.append(folder)
        return ignore_file(folder, unreadable)

    monkeypatch.setattr(discovery, "_ignore_file", counted)
    index = Index()
    Indexer(tmp_path, lambda: Excluded((), tmp_path), index, ()).read_all()
    assert index.complete
    assert read == [str(tmp_path / "src")]
