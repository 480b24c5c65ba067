"""Which files git tracks, as its index says."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from playpen_ls.cli.main import run
from playpen_ls.languages.detection import possible_language
from playpen_ls.project.discovery import files_under, is_found
from playpen_ls.project.filesystem import ProjectFiles
from playpen_ls.project.git_index import Tracked, names_in
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

SECRET = "DB_PASSWORD=hunter2-Horse\n"
NAMES = ["a.py", "b c.env", "deep/er/x.py", "deep/er.py", "grün/ü.py", "n" * 200 + "/" + "m" * 200 + ".py", ".env"]


def git(root: Path, *arguments: str, text: str = "") -> bytes:
    return subprocess.run(["git", "-C", root, *arguments], input=text.encode(), check=True, capture_output=True).stdout


def repository(root: Path, *names: str, options: tuple[str, ...] = ()) -> Path:
    root.mkdir(exist_ok=True)
    git(root, "init", "-q", *options)
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{name}\n")
    return root


def listed(root: Path) -> list[bytes]:
    return sorted(set(git(root, "ls-files", "-z").split(b"\0")[:-1]))


def index_of(root: Path) -> bytes:
    return (root / ".git/index").read_bytes()


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize("options", [(), ("--object-format=sha256",)])
def test_the_index_lists_what_git_lists(tmp_path: Path, version: int, options: tuple[str, ...]):
    root = repository(tmp_path, *NAMES, options=options)
    git(root, "add", "-A")
    blob = git(root, "rev-parse", ":a.py").decode().strip()
    entries = f"100644 {blob}\t{'l/' * 2100}long.py\n100644 {blob} 1\tconflict.py\n100644 {blob} 2\tconflict.py\n"
    git(root, "update-index", "--index-info", text=entries)
    (root / "later.py").write_text("")
    if version > 2:
        git(root, "add", "--intent-to-add", "later.py")  # a flag that version 2 does not have
    git(root, "update-index", "--index-version", str(max(version, 2)))
    assert index_of(root)[7] == version
    names = names_in(index_of(root))
    assert names == listed(root)
    assert len(names) == len(NAMES) + 2 + (version > 2)


@pytest.mark.parametrize("version", ["2", "4"])
def test_a_damaged_index_lists_nothing_that_git_does_not(tmp_path: Path, version: str):
    root = repository(tmp_path, *NAMES)
    git(root, "add", "-A")
    git(root, "update-index", "--index-version", version)
    whole = index_of(root)
    chance = random.Random(1)
    assert names_in(b"") == names_in(b"DIRC\0\0\0\2") == names_in(b"DIRC" + b"\xff" * 200) == []
    for end in range(0, len(whole) - 20, 7):
        assert set(names_in(whole[:end])) <= set(listed(root))
    for _ in range(300):
        at = chance.randrange(len(whole))
        names_in(whole[:at] + chance.randbytes(2) + whole[at + 2 :])


def test_what_git_tracks_is_found_although_it_is_ignored(tmp_path: Path):
    tracked = ["a.py", ".env", "out/b.py", "out/deep/c.py", "out/off/d.py", "x/gen/e.py", "off/f.py"]
    root = repository(tmp_path, *tracked)
    (root / ".gitignore").write_text(".env\nout/\n*gen\n/off/\n/new.py\n")
    git(root, "add", "-A", "-f")
    repository(tmp_path, "new.py", "out/new.py", "x/gen/new/y.py", "other.py", "node_modules/a.py")
    git(root, "add", "-f", "node_modules")
    expected = git(root, "ls-files", "-z", "-c", "-o", "--exclude-standard").decode().split("\0")
    expected = [name for name in expected if possible_language(name) is not None and "node_modules" not in name]
    assert sorted(Path(path).relative_to(root).as_posix() for path in files_under(root)) == sorted(expected)
    # Patterns of the configuration are not git's.
    left_out = {"out/off/d.py", "off/f.py"}
    found = {Path(path).relative_to(root).as_posix() for path in files_under(root, ["off/"])}
    assert found == set(expected) - left_out
    names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    assert {name for name in names if is_found(name, root, ["off/"], root)} == found
    assert [Path(path).name for path in files_under(root / "out/deep")] == ["c.py"]


def test_tracked_secrets_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    root = repository(tmp_path)
    for name in (".env", "conf/prod.env", "conf/local.env"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(SECRET)
    (root / ".gitignore").write_text("*.env\nconf/\n")
    git(root, "add", "-f", ".env", "conf/prod.env")
    monkeypatch.chdir(root)
    assert run(["check", "--output-file", str(tmp_path / "out.txt"), "--format", "concise", "."]) == 1
    paths = [line.split(":")[0] for line in (tmp_path / "out.txt").read_text().splitlines() if "literal-secret" in line]
    assert paths == [".env", "conf/prod.env"]


def test_an_editor_sees_that_a_file_is_added(tmp_path: Path):
    root = repository(tmp_path, "service/playpen.toml")
    (root / "service/.gitignore").write_text(".env\n")
    (root / "service/.env").write_text(SECRET)
    workspace = Workspace(root / "service")
    workspace.open(Source(".env", SECRET), "configuration")
    assert not workspace.check(".env").diagnostics
    git(root, "add", "-f", "service/.env")
    assert [one.rule.name for one in workspace.check(".env").diagnostics] == ["literal-secret"]
    git(root, "rm", "-q", "--cached", "service/.env")
    assert not workspace.check(".env").diagnostics


def test_nothing_outside_the_repository_is_read(tmp_path: Path):
    other = repository(tmp_path / "other", "a.py")
    git(other, "add", "-A")
    linked, file, index, pipe, split = (tmp_path / name for name in ("linked", "file", "index", "pipe", "split"))
    for root in (linked, file, index, pipe):
        root.mkdir()
    (linked / ".git").symlink_to(other / ".git", target_is_directory=True)
    (file / ".git").write_text(f"gitdir: {other}/.git\n")
    (index / ".git").mkdir()
    (index / ".git/index").symlink_to(other / ".git/index")
    (pipe / ".git").mkdir()
    os.mkfifo(pipe / ".git/index")
    repository(split, "a.py")
    git(split, "add", "-A")
    git(split, "update-index", "--split-index")
    for root in (linked, file, index, pipe, split):
        assert not Tracked(root).file(str(root / "a.py"))
    assert Tracked(other).file(str(other / "a.py"))
    assert not Tracked(other).any_in(str(other / "a.py"))
    assert not Tracked(other).file(str(file / "a.py"))
    files = ProjectFiles(other, lambda _: None)
    assert files.is_tracked("a.py")
    assert not files.is_tracked("../other/a.py")
