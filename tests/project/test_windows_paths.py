"""Paths by the rules of Windows, on any system."""

from __future__ import annotations

import ntpath
from pathlib import Path, PureWindowsPath
from types import SimpleNamespace

import pytest

from playpen_ls.cli import results
from playpen_ls.cli.results import relative
from playpen_ls.project import filesystem
from playpen_ls.project.filesystem import ProjectFiles

WINDOWS = SimpleNamespace(path=ntpath, sep="\\")


@pytest.mark.parametrize(
    ("path", "folder", "shown"),
    [
        (r"C:\Users\me\shop\k8s\x.yaml", r"C:\Users\me\shop", "k8s/x.yaml"),
        (r"C:\Users\me\shop\k8s\x.yaml", r"c:\users\Me\shop", "k8s/x.yaml"),
        (r"c:\x.yaml", "C:\\", "x.yaml"),
        (r"C:\shop2\x.yaml", r"C:\shop", "C:/shop2/x.yaml"),
        (r"D:\shop\x.yaml", r"C:\shop", "D:/shop/x.yaml"),
        (r"\\Server\share\shop\x.yaml", r"\\server\share\shop", "x.yaml"),
        (r"\\server\share\x.yaml", "\\\\server\\share\\", "x.yaml"),
    ],
)
def test_a_path_is_shown_relative_to_the_current_folder(
    path: str, folder: str, shown: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(results, "os", WINDOWS)
    assert relative(path, PureWindowsPath(folder)) == shown  # type: ignore[arg-type]


@pytest.mark.parametrize("root", ["C:\\", r"C:\shop", "\\\\server\\share\\", r"\\server\share\shop"])
def test_files_are_found_in_a_project_at_the_root_of_a_drive(root: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(filesystem, "os", WINDOWS)
    files = ProjectFiles(PureWindowsPath(root), lambda path: None)  # type: ignore[arg-type]
    assert files._place("k8s/x.yaml") == ntpath.join(root, "k8s", "x.yaml")
    assert files._place(".") is not None
    assert files._place("../x.yaml") is None
    assert files._place("k8s\\..\\..\\..\\x.yaml") in (None, ntpath.join(root, "x.yaml"))


@pytest.mark.parametrize("path", [r"..\x", r"k8s\..\..\x", r"C:\secret\x", r"D:x", r"\secret", r"\\server\secret\x"])
def test_no_path_in_the_form_of_windows_leads_out_of_the_project(path: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(filesystem, "os", WINDOWS)
    assert ProjectFiles(PureWindowsPath(r"C:\work\shop"), lambda path: None)._place(path) is None  # type: ignore[arg-type]


def test_files_are_found_in_a_project_at_the_root_of_the_file_system():
    assert ProjectFiles(Path("/"), lambda path: None).exists("tmp")
