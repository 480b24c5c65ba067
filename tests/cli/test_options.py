"""Options with which a repository full of findings adopts the checks: baseline, changed lines, ignore comments."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from command_line import PROJECTS
from playpen_ls.cli import changed
from playpen_ls.cli.changed import changed_lines
from playpen_ls.cli.main import run

LOG = 'logging.info(f"{1}")\n'
SELECT = "formatted-log-message"


class Repository:
    """A folder with files; `check` runs in it and returns (status, findings as `path:line`, errors)."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def run(self, *arguments: str) -> tuple[int, str, str]:
        self.capsys.readouterr()
        status = run([*arguments])
        done = self.capsys.readouterr()
        return status, done.out, done.err

    def check(self, *arguments: str) -> tuple[int, list[str], str]:
        status, out, err = self.run("check", "--format", "concise", *arguments)
        return status, [":".join(line.split(":")[:2]) for line in out.splitlines()], err

    def git(self, *arguments: str) -> str:
        environment = {
            **os.environ, "GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x@x", "GIT_COMMITTER_NAME": "x",
            "GIT_COMMITTER_EMAIL": "x@x", "GIT_CONFIG_GLOBAL": os.devnull,
        }  # fmt: skip
        done = subprocess.run(["git", *arguments], cwd=self.folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Repository:
    (tmp_path / "playpen.toml").write_text('select = ["formatted-log-message", "print-as-log", "unset-variable"]\n')
    monkeypatch.chdir(tmp_path)
    return Repository(tmp_path, capsys)


# Baseline


def test_findings_of_the_baseline_do_not_count_and_new_ones_do(repository: Repository):
    repository.write("app.py", "import logging\n" + LOG * 2)
    assert repository.check("--baseline", "b.json")[0] == 2  # it does not exist
    assert repository.run("check", "--baseline", "b.json", "--write-baseline") == (
        0, "", "playpen-ls: b.json: 2 findings (2 added, 0 removed)\n",
    )  # fmt: skip
    assert repository.check("--baseline", "b.json") == (0, [], "")
    repository.write("app.py", "import logging\n\n\n" + LOG * 3)  # moved, and a third of the same text
    assert repository.check("--baseline", "b.json") == (1, ["app.py:6"], "")
    assert "1 finding (1 warning) in 1 of 1 file, 2 in the baseline" in repository.run("check", "--baseline=b.json")[1]


def test_a_baseline_is_sorted_and_has_one_entry_a_line(repository: Repository):
    repository.write("b.py", "import logging\n" + LOG * 2)
    repository.write("a/x.py", "import logging\n" + LOG)
    repository.run("check", "--baseline", "b.json", "--write-baseline")
    lines = repository.read("b.json").splitlines()
    assert lines[0] == '{"version": 1, "entries": ['
    assert lines[-1] == "]}"
    entries = [json.loads(line.rstrip(",")) for line in lines[1:-1]]
    assert [(one["path"], one["count"]) for one in entries] == [("a/x.py", 1), ("b.py", 2)]
    assert entries[0]["rule"] == "python/formatted-log-message"
    assert len(entries[0]["text"]) == 16


def test_a_baseline_only_shrinks_unless_told(repository: Repository):
    repository.write("app.py", "import logging\n" + LOG * 2)
    repository.run("check", "--baseline", "b.json", "--write-baseline")
    repository.write("app.py", 'import logging\nlogging.info(f"{2}")\n' + LOG)
    done = repository.run("check", "--baseline", "b.json", "--write-baseline")
    assert done[2] == "playpen-ls: b.json: 1 finding (0 added, 1 removed); 1 new finding not added: use --accept-new\n"
    assert repository.check("--baseline", "b.json") == (1, ["app.py:2"], "")
    repository.run("check", "--baseline", "b.json", "--write-baseline", "--accept-new")
    assert repository.check("--baseline", "b.json") == (0, [], "")


def test_unused_entries_are_reported_when_everything_was_checked(repository: Repository):
    repository.write("app.py", "import logging\n" + LOG)
    repository.write("src/other.py", "x = 1\n")
    repository.run("check", "--baseline", "b.json", "--write-baseline")
    repository.write("app.py", "import logging\n")
    status, out, _ = repository.run("check", "--baseline", "b.json")
    assert status == 0
    assert "b.json:2:1: hint: unused baseline entry: no finding of `python/formatted-log-message`" in out
    for some in (["app.py"], ["src"], ["--select", SELECT]):
        assert "unused" not in repository.run("check", "--baseline", "b.json", *some)[1]


def test_entries_follow_a_file_that_was_moved(repository: Repository):
    repository.write("old.py", "import logging\n" + LOG)
    repository.run("check", "--baseline", "b.json", "--write-baseline")
    (repository.folder / "old.py").rename(repository.folder / "new.py")
    assert repository.check("--baseline", "b.json") == (0, [], "")
    repository.run("check", "--baseline", "b.json", "--write-baseline")
    assert '"path": "new.py"' in repository.read("b.json")


def test_the_configuration_can_name_a_baseline(repository: Repository):
    repository.write("playpen.toml", f'select = ["{SELECT}"]\nbaseline = "ci/b.json"\n')
    repository.write("app.py", "import logging\n" + LOG)
    assert "baseline b.json does not exist" in repository.check()[2]
    assert repository.run("check", "--write-baseline")[0] == 0
    assert '"path": "../app.py"' in repository.read("ci/b.json")
    assert repository.check() == (0, [], "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--write-baseline"], "--write-baseline needs --baseline FILE"),
        (["--write-baseline", "--baseline=b", "--select", SELECT], "cannot be combined with --select"),
        (["--write-baseline", "--baseline=b", "src"], "--write-baseline needs all files"),
        (["--accept-new"], "--accept-new needs --write-baseline"),
        (["--baseline", "bad.json"], "baseline bad.json: entry 1 is not"),
    ],
)
def test_what_a_baseline_cannot_do_is_said(repository: Repository, arguments: list[str], message: str):
    repository.write("bad.json", '{"version": 1, "entries": [{"rule": 1}]}')
    repository.write("src/app.py", "")
    status, _, err = repository.check(*arguments)
    assert status == 2
    assert message in err


def test_a_short_password_cannot_be_guessed_from_a_baseline(repository: Repository):
    repository.write("playpen.toml", 'select = ["secret-in-image"]\n')
    texts = []
    for password in ("hunter2-a", "hunter2-b"):
        repository.write("Dockerfile", f"FROM x\nENV DB_PASSWORD={password}\n")
        repository.run("check", "--baseline", f"{password}.json", "--write-baseline")
        texts.append(repository.read(f"{password}.json"))
    assert texts[0] == texts[1]  # the text is masked before it is hashed
    assert "secret-in-image" in texts[0]


# Suppressed findings in SARIF


def results_of(repository: Repository, *arguments: str) -> list[dict[str, Any]]:
    repository.run("check", "--format=sarif=out.sarif", *arguments)
    results: list[dict[str, Any]] = json.loads(repository.read("out.sarif"))["runs"][0]["results"]
    return results


def test_suppressed_findings_are_in_sarif_only_if_asked_for(repository: Repository):
    repository.write("a.py", "import logging\n" + LOG)
    repository.run("check", "--baseline", "b.json", "--write-baseline")
    repository.write(
        "b.py", "import logging\n" + LOG.rstrip("\n") + f"  # playpen: ignore[{SELECT}] old   code\n" + LOG
    )
    (new,) = results_of(repository, "--baseline", "b.json")
    assert new["baselineState"] == "new"
    assert "suppressions" not in new
    shown = results_of(repository, "--baseline", "b.json", "--show-suppressed")
    assert [(one["baselineState"], one["suppressions"]) for one in shown] == [
        ("unchanged", [{"kind": "external", "justification": "in the baseline"}]),
        ("unchanged", [{"kind": "inSource", "justification": "old code"}]),
        ("new", []),
    ]


# Changed lines


@pytest.fixture
def committed(repository: Repository) -> Repository:
    repository.git("init", "-q", "-b", "main")
    repository.write("old.py", "import logging\n" + LOG + "x = 1\n" + LOG)
    repository.write("moved.py", "import logging\n" + LOG)
    repository.git("add", ".")
    repository.git("commit", "-qm", "one")
    return repository


def test_only_changed_lines_and_new_files_count(committed: Repository):
    assert committed.check("--changed") == (0, [], "")
    committed.write("old.py", "import logging\n" + LOG + "x = 2\n" + 'logging.info(f"{2}")\n')
    committed.write("new.py", "import logging\n" + LOG)
    assert committed.check("--changed") == (1, ["new.py:2", "old.py:4"], "")
    assert "in 2 of 3 files, 2 not on changed lines" in committed.run("check", "--changed")[1]
    committed.git("add", ".")  # the index counts like the working tree
    assert committed.check("--changed")[1] == ["new.py:2", "old.py:4"]


def test_a_branch_is_compared_with_where_it_left(committed: Repository):
    committed.git("checkout", "-qb", "feature")
    committed.write("new.py", "import logging\n" + LOG)
    committed.git("add", ".")
    committed.git("commit", "-qm", "two")
    committed.git("checkout", "-q", "main")
    committed.write("old.py", "import logging\n")
    committed.git("commit", "-qam", "three")
    committed.git("checkout", "-q", "feature")
    assert committed.check("--changed=main") == (1, ["new.py:2"], "")
    assert committed.check("--changed") == (0, [], "")
    status, _, err = committed.check("--changed=nowhere")
    assert (status, "no such commit here" in err) == (2, True)


def test_line_ends_alone_are_no_change(committed: Repository):
    (committed.folder / "old.py").write_bytes(committed.read("old.py").replace("\n", "\r\n").encode())
    assert committed.check("--changed") == (0, [], "")


def test_a_shallow_clone_says_what_to_do(committed: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    committed.git("checkout", "-q", "--orphan", "other")
    committed.git("commit", "-qm", "unrelated")
    status, _, err = committed.check("--changed=main")
    assert status == 2
    assert "fetch more history" in err


def test_what_a_repository_configures_is_not_run(committed: Repository):
    for name in ("fsmonitor", "filter", "pager", "textconv", "hook"):
        committed.write(f"bin/{name}", f"#!/bin/sh\ntouch '{committed.folder}/ran-{name}'\ncat\n")
        (committed.folder / "bin" / name).chmod(0o755)
    bin = committed.folder / "bin"
    committed.write(".gitattributes", "*.py filter=evil diff=evil\n")
    for key, value in {
        "core.fsmonitor": bin / "fsmonitor", "filter.evil.clean": bin / "filter", "filter.evil.smudge": bin / "filter",
        "filter.evil.process": bin / "filter", "core.pager": bin / "pager", "diff.evil.textconv": bin / "textconv",
        "diff.external": bin / "textconv", "core.hooksPath": bin,
    }.items():  # fmt: skip
        committed.git("config", key, str(value))
    committed.write("old.py", "import logging\n" + LOG)
    committed.check("--changed")
    committed.check("--changed=main")
    assert [path.name for path in committed.folder.glob("ran-*")] == []


def test_what_is_missing_in_a_partial_clone_is_not_fetched(committed: Repository, monkeypatch: pytest.MonkeyPatch):
    """A remote of the repository's own configuration can be any program."""
    blob = committed.git("rev-parse", "HEAD:old.py").strip()
    (committed.folder / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    for key, value in {
        "core.repositoryformatversion": "1", "extensions.partialClone": "origin", "remote.origin.promisor": "true",
        "remote.origin.url": f"{committed.folder}/.git",
        "remote.origin.uploadpack": f"touch '{committed.folder}/ran-fetch'; git-upload-pack",
    }.items():  # fmt: skip
        committed.git("config", key, value)
    (committed.folder / "old.py").write_text("import logging\n" + LOG)
    script = committed.folder / "git-older"  # which does not know this variable
    script.write_text(f'#!/bin/sh\nunset GIT_NO_LAZY_FETCH\nexec {shutil.which("git")} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setattr(changed, "_git_program", lambda: str(script))
    assert committed.check("--changed")[1] == ["old.py:2"]
    assert [path.name for path in committed.folder.glob("ran-*")] == []


@pytest.mark.parametrize("folder", [".", "", "bin"])
def test_a_git_of_the_workspace_is_not_run(committed: Repository, folder: str, monkeypatch: pytest.MonkeyPatch):
    """Though a relative entry of PATH, which Windows has always, leads there."""
    for name in ("git", "bin/git"):
        committed.write(name, f"#!/bin/sh\ntouch '{committed.folder}/ran-git'\n")
        (committed.folder / name).chmod(0o755)
    monkeypatch.chdir(committed.folder)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    committed.write("old.py", "import logging\n" + LOG + "x = 1\n" + 'logging.info(f"{2}")\n')
    assert "old.py:4" in committed.check("--changed")[1]
    assert not (committed.folder / "ran-git").exists()


def test_a_related_place_on_a_changed_line_counts(repository: Repository):
    project = PROJECTS / "orders_broken"
    for path in project.rglob("*"):
        if path.is_file():
            repository.write(path.relative_to(project).as_posix(), path.read_text())
    repository.git("init", "-q")
    repository.git("add", ".")
    repository.git("commit", "-qm", "one")
    main = repository.read("app/main.py")
    assert repository.check("--select", "unset-variable", "--changed")[1] == []
    line = next(line for line in main.splitlines() if "CURRENCY" in line)
    repository.write("app/main.py", main.replace(line, f"{line}  # read here"))
    assert repository.check("--select", "unset-variable", "--changed")[1] == ["k8s/deployment.yaml:18"]


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("a\nb\nc\n", "a\nb\nc\n", set()),
        ("a\nb\nc\n", "a\nB\nc\n", {2}),
        ("a\nc\n", "a\nb\nc\n", {2}),
        ("a\nb\nc\n", "a\nc\n", {2}),  # the line behind what was removed
        ("", "a\n", {1}),
        ("a\r\nb\r\n", "a\nb\n", set()),
    ],
)
def test_changed_lines(before: str, after: str, changed: set[int]):
    assert changed_lines(before, after) == changed


# Ignore comments


def test_ignore_comments_are_added_with_a_reason(repository: Repository):
    repository.write("app.py", "import logging\n\n\ndef f():\n    " + LOG + "    print(f'{1}')\n")
    status, _, err = repository.run("check", "--select", SELECT, "--add-ignore=moves with #12")
    assert (status, err) == (0, "playpen-ls: ignored 1 finding in 1 file\n")
    assert f"    # playpen: ignore[{SELECT}] moves with #12\n    {LOG}" in repository.read("app.py")
    assert repository.check("--select", SELECT) == (0, [], "")


def test_where_no_comment_is_possible_the_configuration_is_offered(repository: Repository):
    repository.write("playpen.toml", 'select = ["no-memory-limit"]\n')
    repository.write(
        "pod.json",
        '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [{"name": "x", "image": "x:1"}]}}\n',
    )
    before = repository.read("pod.json")
    _, _, err = repository.run("check", "--add-ignore")
    assert "a comment is not possible here" in err
    assert '"/pod.json" = { ignore = ["kubernetes/no-memory-limit"] }' in err
    assert repository.read("pod.json") == before


def test_a_secret_is_ignored_only_by_name(repository: Repository):
    repository.write("playpen.toml", "")
    text = "FROM playpen/python-base:1\nENV DB_PASSWORD=hunter2-x\n"
    repository.write("Dockerfile", text)
    _, _, err = repository.run("check", "--select", "dockerfile", "--add-ignore")
    assert "name the rule in --select" in err
    assert "secret-in-image" not in repository.read("Dockerfile")
    repository.run("check", "--select", "secret-in-image", "--add-ignore=test")
    assert "# playpen: ignore[secret-in-image] test\nENV" in repository.read("Dockerfile")


# What is checked, shown and fixed


def test_configuration_from_the_command_line(repository: Repository):
    repository.write("app.py", "import logging\n" + LOG)
    repository.write("sub/gen/app.py", "import logging\n" + LOG)
    repository.write("sub/playpen.toml", f'select = ["{SELECT}"]\nignore = ["{SELECT}"]\n')
    repository.write("none.toml", 'select = ["kubernetes"]\nexclude = ["/sub/"]\n')
    assert repository.check()[1] == ["app.py:2"]
    assert repository.check("--config", "none.toml")[1] == []
    assert repository.check("--isolated", "--select", SELECT)[1] == ["app.py:2", "sub/gen/app.py:2"]
    assert repository.check("--isolated", "--select", SELECT, "--exclude", "gen")[1] == ["app.py:2"]
    assert repository.check("--exclude", "/app.py")[1] == []
    assert repository.check("--exclude", "/app.py", "app.py")[1] == ["app.py:2"]
    assert repository.check("--exclude", "/app.py", "--force-exclude", "app.py")[1] == []
    assert repository.check("--config", "missing.toml")[0] == 2
    assert "playpen-ls: --config missing.toml: no such file" in repository.check("--config", "missing.toml")[2]


def test_the_exit_status_and_what_is_shown_are_two_things(repository: Repository):
    repository.write("app.py", "import logging\n" + LOG)
    assert repository.check("--min-severity", "error") == (1, [], "")
    assert "1 hidden by --min-severity" in repository.run("check", "--min-severity", "error")[1]
    assert repository.check("--exit-zero")[0] == 0
    assert repository.check("--fail-on", "never")[0] == 0
    assert repository.check("--exit-zero", "bad.py")[0] == 2
    assert repository.run("check", "--strict", "--exclude", "*.py")[0] == 2  # no file was checked


def test_settings_and_files_are_shown(repository: Repository):
    repository.write("app.py", "x = 1\n")
    repository.write("notes.md", "")
    assert repository.run("check", "--show-files")[1] == "app.py\n"
    shown = repository.run("check", "--show-settings", "--ignore", "print-as-log")[1]
    assert "# playpen.toml (1 file)" in shown
    assert f'"python/{SELECT}" = "warning"' in shown
    assert '"python/print-as-log" = "off"' in shown
    import tomllib

    assert tomllib.loads(shown)["platform"]["registry"] == "nexus:5000"


def test_safe_fixes_before_a_check(repository: Repository):
    repository.write("app.py", "import logging\n" + LOG)
    assert repository.run("fix", "--check")[0] == 1
    assert repository.run("fix", "--diff")[0] == 1
    assert repository.read("app.py").endswith(LOG)
    status, out, err = repository.run("check", "--fix")
    assert (status, out) == (0, "no findings in 1 file\n")
    assert err == f"Fixed 1 finding in 1 file: 1 × python/{SELECT}\n"
    assert repository.run("fix", "--diff")[0] == 0
    repository.write("Dockerfile", "FROM python:latest\n")
    assert repository.run("fix", "--select", "foreign-base-image")[2] == "Nothing to fix; 1 left (1 with --unsafe)\n"


def test_refused_fixes_are_not_counted_as_fixable(repository: Repository):
    repository.write("app.py", "import flask\n\n\ndef f():\n    print(flask, flush=True)\n")
    assert (
        repository.run("fix", "--unsafe", "--select", "print-as-log")[2] == "Nothing to fix; 1 left (1 without a fix)\n"
    )


def test_the_change_of_a_fix_is_shown(repository: Repository):
    repository.write("app.py", 'import logging\n\nlogging.info(f"{x}")\n')
    out = repository.run("check", "--show-fixes")[1]
    assert '        -logging.info(f"{x}")\n        +logging.info("%s", x)\n' in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["src"], "`src` is not a command; did you mean `playpen-ls check src`?"),
        (["chekc"], "unknown command `chekc`; did you mean `check`?"),
        (["--fix"], "unknown option `--fix`; options come after the command, as in `playpen-ls check --fix`"),
        (["check", "--formt", "json"], "playpen-ls check: unknown option `--formt`; did you mean `--format`?"),
        (["check", "--stdin-filename", "x"], "--stdin-filename is for standard input; add `-` as the path"),
    ],
)
def test_wrong_use_says_what_to_do(
    repository: Repository, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    repository.write("src/app.py", "")
    try:
        status: Any = run(arguments)
    except SystemExit as ended:
        status = ended.code
    assert status == 2
    assert message in capsys.readouterr().err
