"""An editor honors the baseline that the configuration names."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from playpen_ls.api.finding import Severity
from playpen_ls.cli.main import run
from playpen_ls.config.model import Settings
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

TEXT = 'import logging\n\nlogging.info(f"{1}")\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "playpen.toml").write_text('select = ["formatted-log-message"]\nbaseline = "b.json"\n')
    (tmp_path / "app.py").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    assert run(["check", "--write-baseline"]) == 0
    return tmp_path


def lines(folder: Path, text: str, baseline: str = "hide", name: str = "app.py") -> list[tuple[int, Severity]]:
    workspace = Workspace(folder, Settings(baseline=baseline))
    workspace.index.complete = True
    source = Source(name, text)
    workspace.open(source, "python")
    return [(source.line_of(one.start), one.severity) for one in workspace.check(name).diagnostics]


def test_accepted_findings_are_hidden_or_hints_as_the_setting_says(project: Path):
    assert lines(project, TEXT) == []
    assert lines(project, TEXT, "hint") == [(2, Severity.HINT)]
    assert lines(project, TEXT, "off") == [(2, Severity.WARNING)]


def test_new_findings_and_further_ones_of_the_same_text_are_shown(project: Path):
    assert lines(project, TEXT + 'logging.info(f"{2}")\n') == [(3, Severity.WARNING)]
    assert lines(project, TEXT.replace("\n\n", "\n\n\n") + 'logging.info(f"{1}")\n') == [(4, Severity.WARNING)]


def test_a_file_that_was_moved_keeps_its_entries(project: Path):
    assert lines(project, TEXT, name="new.py") == [(2, Severity.WARNING)]
    (project / "app.py").rename(project / "new.py")
    assert lines(project, TEXT, name="new.py") == []


def test_what_an_open_file_shows_follows_the_baseline(project: Path):
    workspace = Workspace(project)
    workspace.index.complete = True
    workspace.open(Source("app.py", TEXT), "python")
    assert list(workspace.check("app.py").diagnostics) == []
    (project / "b.json").write_text(json.dumps({"version": 1, "entries": []}))
    os.utime(project / "b.json", (1, 1))
    assert len(list(workspace.check("app.py").diagnostics)) == 1
    (project / "b.json").unlink()
    assert len(list(workspace.check("app.py").diagnostics)) == 1
