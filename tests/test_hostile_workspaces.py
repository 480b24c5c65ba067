"""Workspaces that nobody designed for: odd names of files, a home folder, files that are none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from playpen_ls.server.client_documents import ClientDocuments

APP = "from fastapi import FastAPI\n\napp = FastAPI()\n"


def opened(documents: ClientDocuments, uri: str, language: str = "python"):
    return documents.open(lsp.TextDocumentItem(uri, language, 0, APP))


@pytest.mark.parametrize(
    "uri",
    [
        "file:///c%3A/Users/me/shop/app.py",
        "file:///C:/Users/me/shop/app.py",
        "file://server/share/shop/app.py",
        "file:///c%3A/Users/me/a%20b/%C3%A4pp.py",
        "untitled:Untitled-1",
        "vscode-remote://ssh/home/me/app.py",
    ],
)
def test_a_uri_of_another_system_is_a_file_like_any_other(uri: str, tmp_path: Path):
    documents = ClientDocuments("utf-16", [tmp_path])
    one = opened(documents, uri)
    assert one.language == "python"
    report = one.workspace.check(one.path)
    assert report.source.text == APP
    assert documents.uri(one.workspace, one.path) == uri
    assert documents.close(uri) is one


def test_a_lone_file_s_folder_is_not_read(tmp_path: Path):
    """It may be somebody's home."""
    documents = ClientDocuments("utf-16", [])
    one = opened(documents, (tmp_path / "app.py").as_uri())
    assert not one.workspace.indexed


@pytest.mark.parametrize("marker", ["", ".git", "playpen.toml"])
def test_a_home_folder_is_read_only_where_a_playpen_toml_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, marker: str
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    if marker:
        (tmp_path / marker).touch()
    documents = ClientDocuments("utf-16", [tmp_path])
    one = opened(documents, (tmp_path / "notes" / "app.py").as_uri())
    assert one.workspace.root == tmp_path
    assert one.workspace.indexed is (marker == "playpen.toml")
    assert one.workspace.check(one.path).source.text == APP


def test_the_whole_disk_is_no_project():
    root = Path(Path.cwd().anchor)
    documents = ClientDocuments("utf-16", [root])
    one = opened(documents, (root / "nowhere" / "app.py").as_uri())
    assert not one.workspace.indexed
    assert one.workspace.check(one.path).source.text == APP


def test_a_repository_below_the_home_folder_is_its_own_project(tmp_path: Path):
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    documents = ClientDocuments("utf-16", [tmp_path])
    one = opened(documents, (tmp_path / "shop" / "app.py").as_uri())
    assert one.workspace.root == tmp_path / "shop"
    assert one.workspace.indexed


def test_several_folders_are_several_indexes(tmp_path: Path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    documents = ClientDocuments("utf-16", folders)
    first, second = (opened(documents, (folder / "app.py").as_uri()) for folder in folders)
    assert first.workspace is not second.workspace
    assert first.workspace.index is not second.workspace.index


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_no_file(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "app.py").write_text(APP)
    documents = ClientDocuments("utf-16", [tmp_path])
    workspace = opened(documents, (tmp_path / "app.py").as_uri()).workspace
    assert list(workspace.closed.paths()) == ["app.py"]
