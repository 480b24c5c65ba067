"""What was not checked is reported, and never called "no findings"."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import HOST, ROOT, playpen, written

BROKEN = 'host = "redis.apps.svc.cluster.local"\n\n\ndef f(:\n    print("x")\n\n\nx = 1\n'
MANIFEST = "apiVersion: v1\nkind: [Service\nmetadata:\n  name: x\n"
FAILING = """
import sys
from playpen_ls.engine import registry
from playpen_ls.cli.main import run
{patch}
sys.exit(run(sys.argv[1:]))
"""
RULE_FAILS = """
from playpen_ls.rules.python import print_as_log
from playpen_ls.engine.registry import rules_of
(rule,) = [rule for rule in rules_of("python") if rule.id == "python/hard-coded-host"]
def fails(*_, **__):
    raise ValueError("x")
object.__setattr__(rule, "function", fails)
"""
FEW_FILES = """
from playpen_ls.project import indexer
indexer.MOST_FILES = 1
"""


NEWER = "a syntax error, or syntax that is newer than Python {}.{}".format(*sys.version_info[:2])


def patched(patch: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", FAILING.format(patch=patch), *arguments], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "message", "named"),
    [
        ("a.py", b"# \xe9\n", "not UTF-8: byte 0xe9 in line 1; save it as UTF-8", {2}),
        ("deploy.yaml", MANIFEST, "cannot parse lines 1 to 4", {2}),
        ("Jenkinsfile", "pipeline {\n  agent any\n", "cannot parse line 1", {2}),
    ],
)
def test_a_file_that_cannot_be_read_or_parsed_is_reported(
    tmp_path: Path, name: str, content: str | bytes, message: str, named: set[int]
):
    written(tmp_path, {name: content, ".git/HEAD": ""})
    for arguments, status in (((name,), named), ((".",), {0, 1}), ((".", "--strict"), {2})):
        done = playpen("check", *arguments, folder=tmp_path)
        assert f"{name}: not checked: {message}\n" in done.stdout
        assert "no findings" not in done.stdout
        assert done.stdout.endswith("1 not checked\n")
        assert done.returncode in status
        found = json.loads(playpen("check", *arguments, "--format", "json", folder=tmp_path).stdout)
        assert found["errors"] == [{"path": name, "message": message}]
        fixed = playpen("fix", "--diff", *arguments, folder=tmp_path)
        assert f"{name}: {message}\n" in fixed.stderr
        assert fixed.returncode == (2 if status == {2} else int("Would fix" in fixed.stderr))


# What Python cannot read can be right: its syntax can be newer than the Python that runs the check.
@pytest.mark.parametrize(
    ("content", "line", "message", "said"),
    [
        (
            BROKEN,
            4,
            f"not read from here to line 5 ({NEWER})",
            f"a.py:4:1: hint: not read from here to line 5 ({NEWER})\n",
        ),
        ("x = (\n\n\ny = 1\n", 1, f"not read from here ({NEWER})", f"a.py:1:1: hint: not read from here ({NEWER})\n"),
        ('host = "redis"\nprint host\n', 2, "not read from here (Python 2)", "\nnot read: 1 Python 2 file\n"),
        ("import {{ cookiecutter.name }}\n", 1, "not read from here (a template)", "not read: 1 template\n"),
    ],
)
def test_python_that_is_not_read_fails_no_run(tmp_path: Path, content: str, line: int, message: str, said: str):
    done = playpen("check", "a.py", folder=written(tmp_path, {"a.py": content}))
    assert said in f"\n{done.stdout}"
    assert ("hint" in done.stdout) == ("hint" in said)
    assert "no findings" not in done.stdout
    assert done.returncode == (1 if content is BROKEN else 0)  # it also has a finding
    found = json.loads(playpen("check", "a.py", "--format", "json", folder=tmp_path).stdout)
    assert found["errors"] == [{"path": "a.py", "line": line, "message": message}]
    concise = playpen("check", "a.py", "--format", "concise", folder=tmp_path).stdout
    assert f"a.py:{line}:1: hint[playpen/not-checked] {message}\n" in concise
    assert playpen("check", "a.py", "--strict", folder=tmp_path).returncode == 2
    if content is BROKEN:  # a rule looks at it
        assert f"a.py:{line}: {message}\n" in playpen("fix", "--diff", "a.py", folder=tmp_path).stderr


@pytest.mark.parametrize("content", ["def f(:\n    pass\n", BROKEN])
def test_what_is_not_read_in_a_folder_is_said(tmp_path: Path, content: str):
    """Also of files and statements at which no rule looks."""
    written(tmp_path, {"a.py": content, "b.py": "x = 1\n", ".git/HEAD": ""})
    for _ in range(2):  # also from the cache
        for strict, status in (((), 1 if content is BROKEN else 0), (("--strict",), 2)):
            done = playpen("check", *strict, ".", folder=tmp_path)
            assert "hint: not read from here" in done.stdout
            assert done.stdout.endswith("1 not checked\n")
            assert done.returncode == status


def test_findings_beside_it_are_reported(tmp_path: Path):
    done = playpen("check", "a.py", folder=written(tmp_path, {"a.py": BROKEN}))
    assert "a.py:1:8: warning: host" in done.stdout
    assert "1 finding (1 warning) in 1 of 1 file: 1 fixable with `playpen-ls fix`; 1 not checked\n" in done.stdout
    assert done.returncode == 1


def test_the_text_on_standard_input_counts_as_named(tmp_path: Path):
    done = playpen("check", "--stdin-filename", "a.py", "-", folder=tmp_path, stdin=BROKEN)
    assert f"a.py:4:1: hint: not read from here to line 5 ({NEWER})\n" in done.stdout
    assert done.returncode == 1


def test_a_rule_that_failed_is_reported(tmp_path: Path):
    written(tmp_path, {"a.py": HOST})
    for arguments, status in (((".",), 0), (("a.py",), 2), ((".", "--strict"), 2)):
        for command in ("check", "fix"):
            done = patched(RULE_FAILS, command, *arguments, folder=tmp_path)
            label = "not checked: " if command == "check" else ""
            assert f"a.py: {label}rule `python/hard-coded-host` failed\n" in done.stdout + done.stderr
            assert "no findings" not in done.stdout
            assert done.returncode == status, (command, arguments)


def test_a_project_with_too_many_files_is_reported(tmp_path: Path):
    written(tmp_path, {".git/HEAD": "", "a.py": "from fastapi import FastAPI\n\napp = FastAPI()\n", "b.py": HOST})
    message = "more than 20,000 files, so cross-file rules are disabled; exclude folders in playpen.toml"
    done = patched(FEW_FILES, "check", ".", "--format", "json", folder=tmp_path)
    assert {"path": ".", "message": message} in json.loads(done.stdout)["errors"]
    assert done.returncode == 1
    assert patched(FEW_FILES, "check", ".", "--strict", folder=tmp_path).returncode == 2


def test_what_is_checked_completely_has_no_findings(tmp_path: Path):
    written(tmp_path, {"a.py": "x = 1\n", "notes.md": "x\n"})
    done = playpen("check", "--strict", ".", folder=tmp_path)
    assert (done.stdout, done.returncode) == ("no findings in 1 file\n", 0)
    done = playpen("check", "notes.md", folder=tmp_path)
    assert done.stdout.endswith("no file was checked; 1 not checked\n")
    assert done.returncode == 0  # a hook that is given all changed files must not fail
    assert playpen("check", "--strict", "notes.md", folder=tmp_path).returncode == 2
