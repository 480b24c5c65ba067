"""The command line as a shell sees it: what it prints, what it writes, how it exits."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import HOST, HOST_FIXED, ROOT, SHOP, playpen, written
from playpen_ls.cli import process_pool
from playpen_ls.cli.write_file import write
from playpen_ls.engine.masking import Mask
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

SECRET = "tr0ub4dor-and-3"


def test_the_sample_project_has_findings_in_all_four_languages():
    done = playpen("check", ".", folder=SHOP)
    assert done.returncode == 1
    for language in ("dockerfile", "jenkinsfile", "kubernetes", "python"):
        assert f"[{language}/" in done.stdout
    assert done.stderr == ""


def test_a_finding_shows_its_line_and_underlines_the_words(tmp_path: Path):
    done = playpen("check", "app.py", folder=written(tmp_path, {"app.py": HOST}))
    assert done.stdout.split("\n")[:4] == [
        "app.py:3:11: warning: host `postgres.playpen-platform.svc.cluster.local` is hard-coded [python/hard-coded-host]",
        '    3 │ db_host = "postgres.playpen-platform.svc.cluster.local"  # Hard-coded',
        "      │           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        "      fix Read `POSTGRES_HOST` from the environment (safe)",
    ]
    assert "1 finding (1 warning) in 1 of 1 file: 1 fixable with `playpen-ls fix`" in done.stdout


@pytest.mark.parametrize(("fail_on", "status"), [("hint", 1), ("warning", 1), ("error", 0)])
def test_the_exit_status_follows_fail_on(tmp_path: Path, fail_on: str, status: int):
    written(tmp_path, {"app.py": HOST})
    assert playpen("check", "--fail-on", fail_on, folder=tmp_path).returncode == status


def test_a_clean_tree_exits_with_0(tmp_path: Path):
    done = playpen("check", folder=written(tmp_path, {"app.py": "x = 1\n"}))
    assert (done.returncode, done.stdout) == (0, "no findings in 1 file\n")


def test_json_is_a_contract(tmp_path: Path):
    written(tmp_path, {"src/app.py": "\ufeff" + HOST, "bad.py": b"\xff"})
    done = playpen("check", "--format", "json", folder=tmp_path)
    assert json.loads(done.stdout) == {
        "version": 1,
        "findings": [
            {
                "path": "src/app.py",
                "rule": "python/hard-coded-host",
                "severity": "warning",
                "message": "host `postgres.playpen-platform.svc.cluster.local` is hard-coded",
                "start": {"line": 3, "column": 11},
                "end": {"line": 3, "column": 56},
                "url": "https://hiranofficial.github.io/playpen/operations/best-practices#environment-variables",
                "fixes": [
                    {
                        "title": "Read `POSTGRES_HOST` from the environment",
                        "safe": True,
                        "kind": "quickfix",
                        "edits": [
                            {
                                "path": "src/app.py",
                                "start": {"line": 3, "column": 11},
                                "end": {"line": 3, "column": 56},
                                "text": 'os.getenv("POSTGRES_HOST", "postgres.playpen-platform.svc.cluster.local")',
                            }
                        ],
                        "creates": {},
                    }
                ],
                "related": [],
            }
        ],
        "checked": {"files": 1, "practices": ["Environment variables"]},
        "errors": [{"path": "bad.py", "message": "not UTF-8: byte 0xff in line 1; save it as UTF-8"}],
    }
    without = json.loads(playpen("check", "--format", "json", "--no-fixes", folder=tmp_path).stdout)
    assert without["findings"][0]["fixes"] == []


def test_paths_outside_the_current_folder_are_absolute(tmp_path: Path):
    written(tmp_path, {"here/x.py": "", "there/app.py": HOST})
    found = json.loads(playpen("check", "--format", "json", "../there", folder=tmp_path / "here").stdout)["findings"]
    assert [one["path"] for one in found] == [(tmp_path / "there/app.py").as_posix()]


def test_findings_come_in_path_and_text_order():
    found = json.loads(playpen("check", "--format", "json", folder=SHOP).stdout)["findings"]
    order = [(one["path"], one["start"]["line"], one["start"]["column"]) for one in found]
    assert order == sorted(order)


def test_select_and_ignore(tmp_path: Path):
    written(tmp_path, {"app.py": HOST, "Dockerfile": 'FROM node:latest\nUSER app\nCMD ["x"]\n'})

    def rules(*arguments: str) -> set[str]:
        found = json.loads(playpen("check", "--format", "json", *arguments, folder=tmp_path).stdout)["findings"]
        return {one["rule"] for one in found}

    assert rules() == {"python/hard-coded-host", "dockerfile/moving-tag"}
    assert rules("--select", "python") == {"python/hard-coded-host"}
    assert rules("--select", "python,dockerfile", "--ignore", "hard-coded-host") == {"dockerfile/moving-tag"}
    done = playpen("check", "--select", "python/hard-coded-hots", folder=tmp_path)
    assert done.returncode == 2
    assert "unknown rule `python/hard-coded-hots`; did you mean `python/hard-coded-host`?" in done.stderr


def test_gitignore_and_exclude_count_but_named_files_are_always_checked(tmp_path: Path):
    written(
        tmp_path, {"a/app.py": HOST, "b/app.py": HOST, "playpen.toml": 'exclude = ["/a/"]\n', ".gitignore": "/b/\n"}
    )
    written(tmp_path, {".git/HEAD": ""})
    assert playpen("check", folder=tmp_path).stdout == "no file was checked\n"
    assert "a/app.py:3:11" in playpen("check", "a/app.py", folder=tmp_path).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "nowhere"], "nowhere: no such file or folder"),
        (["check", "--fail-on", "fatal"], "invalid choice: 'fatal'"),
        (["check", "-"], "standard input needs --stdin-filename NAME or --language NAME"),
        (["explain", "moving-tg"], "did you mean `dockerfile/moving-tag` or `jenkinsfile/moving-tag` or "),
        (["explain", "pyton/create-al"], "unknown rule `pyton/create-al`; did you mean `python/create-all`"),
        (["explain", "liveness"], "did you mean `kubernetes/no-liveness-probe`? `playpen-ls rules` lists all rules"),
        (["explain", "python/nope"], "unknown rule `python/nope`; `playpen-ls rules` lists all rules"),
        (["explain", "python"], "`python` is a language and no rule; `playpen-ls rules` lists"),
        (["fix", "-", "x.py"], "cannot be combined with other paths"),
        (["nonsense"], "unknown command `nonsense`; commands: check, "),
    ],
)
def test_what_cannot_run_exits_with_2_and_says_why(tmp_path: Path, arguments: list[str], message: str):
    done = playpen(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bad_configuration_is_said_and_the_defaults_go_on(tmp_path: Path):
    done = playpen("check", folder=written(tmp_path, {"app.py": HOST, "playpen.toml": "selekt = []\n"}))
    assert done.returncode == 2
    assert "playpen.toml:1: unknown key `selekt`; did you mean `select`?" in done.stderr
    assert "[python/hard-coded-host]" in done.stdout
    errors = json.loads(playpen("check", "--format", "json", folder=tmp_path).stdout)["errors"]
    assert errors == [{"path": "playpen.toml", "message": "line 1: unknown key `selekt`; did you mean `select`?"}]


@pytest.mark.parametrize("command", ["check", "fix"])
def test_a_configuration_is_looked_at_though_nothing_can_be_found(tmp_path: Path, command: str):
    done = playpen(command, ".", folder=written(tmp_path, {"app.py": "x = 1\n", "playpen.toml": "selekt = []\n"}))
    assert done.returncode == 2
    assert "unknown key `selekt`" in done.stderr
    assert (tmp_path / "app.py").read_text() == "x = 1\n"


def test_an_ignore_comment_is_unused_though_nothing_else_can_be_found(tmp_path: Path):
    done = playpen("check", ".", folder=written(tmp_path, {"app.py": "x = 1  # playpen: ignore[print-as-log]\n"}))
    assert "playpen/unused-ignore" in done.stdout


def test_odd_files_are_said_and_the_rest_goes_on(tmp_path: Path):
    written(tmp_path, {"app.py": HOST, "binary.py": b"a\0b", "latin.py": b"# \xe9\n", "large.py": b"x" * 20_000_000})
    done = playpen("check", folder=tmp_path)
    assert "[python/hard-coded-host]" in done.stdout
    assert "binary.py: not checked: binary file: NUL byte in line 1" in done.stdout
    assert "latin.py: not checked: not UTF-8: byte 0xe9 in line 1; save it as UTF-8" in done.stdout
    assert "large.py: not checked: larger than 2,000,000 bytes" in done.stdout


HOSTILE = {
    "cyclic.yaml": "apiVersion: v1\nkind: Pod\nmetadata: &a {name: x, self: *a}\nspec: *a\n",
    "laughs.yaml": "apiVersion: v1\nkind: Pod\na: &a [x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)),
    "deep.yaml": "apiVersion: v1\nkind: Pod\nspec: " + "[" * 100_000 + "\n",
    "deep.py": "x = " + "(" * 50_000 + "\n",
    "deep/Jenkinsfile": 'pipeline { sh "' + "${" * 50_000 + "\n",
    "braces/Jenkinsfile": "pipeline " + "{ a " * 3_000,
    "deep/Dockerfile": "FROM a\nRUN " + "$(" * 50_000 + "\n",
    "long/Dockerfile": "FROM a\nRUN x \\\n" * 5_000,
    "tabs.yaml": "apiVersion: v1\nkind: Pod\n\tspec: {\n",
    "half.py": "def f(\n",
    "empty/Dockerfile": "",
    "crs.py": "x = 1\r" * 1000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_do_no_harm(tmp_path: Path, name: str):
    done = playpen("check", "--format", "json", folder=written(tmp_path, {name: HOSTILE[name], "app.py": HOST}))
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr
    assert "failed" not in done.stderr
    assert any(one["rule"] == "python/hard-coded-host" for one in json.loads(done.stdout)["findings"])


def test_fix_writes_what_is_safe_and_nothing_else(tmp_path: Path):
    written(tmp_path, {"app.py": HOST.replace("\n", "\r\n").encode(), "same.py": b"x = 1\r\n"})
    os.utime(tmp_path / "same.py", (1, 1))
    done = playpen("fix", folder=tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "app.py").read_bytes() == HOST_FIXED.replace("\n", "\r\n").encode()
    assert (tmp_path / "same.py").stat().st_mtime == 1
    assert "Fixed 1 finding in 1 file: 1 × python/hard-coded-host\n" in done.stderr
    assert playpen("fix", folder=tmp_path).stderr == "Nothing to fix.\n"


def test_fix_shows_a_diff_without_writing(tmp_path: Path):
    written(tmp_path, {"app.py": HOST})
    done = playpen("fix", "--diff", folder=tmp_path)
    assert "--- a/app.py\n+++ b/app.py\n" in done.stdout
    assert '+db_host = os.getenv("POSTGRES_HOST", ' in done.stdout
    assert (tmp_path / "app.py").read_text() == HOST


def test_its_diff_is_a_patch_that_git_applies(tmp_path: Path):
    files = {
        "end.py": HOST.rstrip("\n"),
        "crlf.py": HOST.replace("\n", "\r\n"),
        "api/main.py": HOST,
        "db.yaml": (
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: postgres, namespace: a}\nspec:\n  selector: {}\n"
            "  template:\n    spec:\n      containers:\n      - name: postgres\n        image: postgres:16\n        env:\n        - name: POSTGRES_PASSWORD\n"
            "          valueFrom: {secretKeyRef: {name: db, key: password}}\n"
        ),
    }
    written(tmp_path, files)
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    patch = subprocess.run(
        [sys.executable, "-m", "playpen_ls", "fix", "--diff", "--unsafe", "--select", "hard-coded-host,no-backup"],
        cwd=tmp_path, capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ).stdout  # fmt: skip
    assert b"--- /dev/null" in patch
    subprocess.run(["git", "apply"], cwd=tmp_path, input=patch, check=True)
    assert (tmp_path / "end.py").read_text() == HOST_FIXED.rstrip("\n")
    assert (tmp_path / "crlf.py").read_bytes() == HOST_FIXED.replace("\n", "\r\n").encode()


def test_fix_takes_what_is_unsafe_only_when_told(tmp_path: Path):
    text = 'api_key = "k3y-with-0ther-w0rds"\n'
    written(tmp_path, {"app.py": text})
    playpen("fix", folder=tmp_path)
    assert (tmp_path / "app.py").read_text() == text
    playpen("fix", "--unsafe", folder=tmp_path)
    assert (tmp_path / "app.py").read_text() == 'import os\n\napi_key = os.environ["API_KEY"]\n'


def test_fix_as_a_formatter(tmp_path: Path):
    done = playpen("fix", "--stdin-filename", "src/app.py", "-", folder=tmp_path, stdin=HOST)
    assert (done.returncode, done.stdout, done.stderr) == (0, HOST_FIXED, "")
    crlf = playpen("fix", "--language", "python", "-", folder=tmp_path, stdin="\ufeff" + HOST.replace("\n", "\r\n"))
    assert crlf.stdout == "\ufeff" + HOST_FIXED.replace("\n", "\r\n")


@pytest.mark.parametrize("text", ["def f(:\n    x = (\n", "", 'x = """\n', "\r\r\n"])
def test_fix_echoes_what_it_cannot_parse(tmp_path: Path, text: str):
    done = playpen("fix", "--stdin-filename", "app.py", "-", folder=tmp_path, stdin=text)
    assert (done.returncode, done.stdout) == (0, text)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("compose.yaml", b"services: {}\n"),
        ("values.yaml", b"a: 1\r\n"),
        ("app.py", b"x = '\0'\n"),
        ("app.py", b"# \xe9\n"),
        ("notes.txt", b"host\n"),
    ],
)
def test_a_formatter_gives_back_what_is_not_ours_or_no_text(tmp_path: Path, name: str, content: bytes):
    done = subprocess.run(
        [sys.executable, "-m", "playpen_ls", "fix", "--stdin-filename", name, "-"],
        cwd=tmp_path, input=content, capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, content)


def test_a_formatter_makes_no_fix_that_needs_another_file(tmp_path: Path):
    text = (SHOP / "k8s/deployment.yaml").read_text()
    done = playpen("fix", "--unsafe", "--stdin-filename", "k8s/deployment.yaml", "-", folder=tmp_path, stdin=text)
    assert "livenessProbe" in done.stdout
    assert SECRET in done.stdout  # its Secret's stub would have to be written
    assert list(tmp_path.iterdir()) == []


def test_a_named_file_that_cannot_be_read_is_a_failure(tmp_path: Path):
    written(tmp_path, {"bad.py": b"\xff", "app.py": "x = 1\n"})
    assert playpen("check", "bad.py", folder=tmp_path).returncode == 2
    assert playpen("check", ".", folder=tmp_path).returncode == 0


def test_check_reads_standard_input(tmp_path: Path):
    done = playpen("check", "--stdin-filename", "x/Dockerfile", "-", folder=tmp_path, stdin="FROM node:latest\n")
    assert "x/Dockerfile:1:6" in done.stdout


@pytest.mark.parametrize("arguments", [["check"], ["check", "--format", "json"], ["fix", "--diff", "--unsafe"]])
def test_no_secret_is_ever_printed(arguments: list[str]):
    done = playpen(*arguments, folder=SHOP)
    assert done.stdout
    assert SECRET not in done.stdout + done.stderr
    assert ("•••" in done.stdout) == ("json" not in arguments)  # no message, title or edit repeats one


def test_secrets_are_masked_for_other_rules_and_behind_ignore_comments(tmp_path: Path):
    text = (
        "from fastapi import FastAPI\n\napp = FastAPI()  # playpen: ignore[no-health-route]\n"
        f'db_host, api_key = "redis.apps.svc.cluster.local", "x"; api_key = "{SECRET}"  # playpen: ignore[literal-secret]\n'
    )
    written(tmp_path, {"app.py": text})
    for arguments in (["check"], ["check", "--select", "hard-coded-host"], ["fix", "--diff"]):
        done = playpen(*arguments, folder=tmp_path)
        assert "redis.apps" in done.stdout
        assert SECRET not in done.stdout + done.stderr


def test_a_terminal_without_unicode_gets_what_it_can_show(tmp_path: Path):
    written(tmp_path, {"app.py": HOST.replace("Hard-coded", "😀")})
    done = playpen("check", folder=tmp_path, PYTHONIOENCODING="ascii")
    assert '    3 ? db_host = "postgres' in done.stdout
    assert done.stderr == ""
    found = json.loads(playpen("check", "--format", "json", folder=tmp_path, PYTHONIOENCODING="ascii").stdout)
    assert found["findings"]


def test_a_password_that_is_a_common_word_hides_only_itself(tmp_path: Path):
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData:\n  password: password\n"
    done = playpen("check", "--fail-on", "hint", folder=written(tmp_path, {"secret.yaml": secret}))
    assert "value of `password` in Secret `db` is committed to Git" in done.stdout
    assert "  password: •••\n" in done.stdout


def test_explain_and_rules(tmp_path: Path):
    assert "# dockerfile/moving-tag\n" in playpen("explain", "dockerfile/moving-tag", folder=tmp_path).stdout
    both = playpen("explain", "moving-tag", folder=tmp_path).stdout
    assert "# dockerfile/moving-tag\n" in both
    assert "# kubernetes/moving-tag\n" in both
    rules = playpen("rules", folder=tmp_path).stdout
    assert "python/hard-coded-host" in rules
    assert "playpen/unused-ignore" in rules


def test_version_and_help(tmp_path: Path):
    assert playpen("--version", folder=tmp_path).stdout.startswith("playpen-ls 0.")
    assert "language server" in playpen("--help", folder=tmp_path).stdout


def test_at_a_terminal_it_shows_its_help_instead_of_waiting(tmp_path: Path):
    import pty

    leader, follower = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "playpen_ls", "--stdio"], stdin=follower, capture_output=True, text=True, timeout=20
    )
    os.close(leader)
    os.close(follower)
    assert done.returncode == 0
    assert "usage: playpen-ls" in done.stdout


def test_a_closed_pipe_leaves_no_traceback(tmp_path: Path):
    written(tmp_path, {f"app{n}.py": HOST for n in range(200)})
    command = f"{sys.executable} -m playpen_ls check --no-fixes | head -1"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, env=env)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


def test_an_interrupt_leaves_no_traceback(tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-m", "playpen_ls", "check", "--language", "python", "-"],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        # A shell lets its background jobs ignore it, and what they start inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdin
    process.stdin.write(b"#" * 1_000_000)  # more than a pipe holds: when this returns, it is reading
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert stderr == b""


def test_links_to_files_outside_are_written_through(tmp_path: Path):
    written(tmp_path, {"real/app.py": HOST, "project/.git/HEAD": ""})
    (tmp_path / "project/app.py").symlink_to(tmp_path / "real/app.py")
    playpen("fix", "app.py", folder=tmp_path / "project")
    assert (tmp_path / "real/app.py").read_text() == HOST_FIXED
    assert (tmp_path / "project/app.py").is_symlink()


def test_a_fix_that_cannot_be_written_leaves_the_file_as_it_was(tmp_path: Path):
    written(tmp_path, {"app.py": HOST})
    done = subprocess.run(
        [sys.executable, "-m", "playpen_ls", "fix", "app.py"],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (len(HOST), len(HOST))),
    )  # fmt: skip
    assert done.returncode == 2
    assert "app.py: cannot write the fixes: File too large" in done.stderr
    assert (tmp_path / "app.py").read_text() == HOST


def test_a_text_that_changed_meanwhile_is_not_written_over(tmp_path: Path):
    place = written(tmp_path, {"app.py": "new\n"}) / "app.py"
    with pytest.raises(OSError, match="the file has changed since it was read"):
        write(place, "old\n", "fixed\n")
    with pytest.raises(FileExistsError):
        write(place, None, "created\n")
    assert place.read_text() == "new\n"
    write(place, "new\n", "a\n")
    write(tmp_path / "folder/b.py", None, "b\n")
    assert (place.read_text(), (tmp_path / "folder/b.py").read_text()) == ("a\n", "b\n")


def test_a_rewrite_can_be_selected_by_its_short_name(tmp_path: Path):
    written(tmp_path, {"service/app.py": "from models import Base\n\nBase.metadata.create_all(engine)\n"})
    for name in ("python/create-all", "create-all"):
        assert "alembic.ini" in playpen("fix", "--diff", "--unsafe", "--select", name, folder=tmp_path).stdout


def test_names_and_messages_cannot_steer_the_terminal(tmp_path: Path):
    written(tmp_path, {"x\x1b[31m.py": HOST, "Dockerfile": "FROM no\x1b[31mde:latest\n"})
    assert "\x1b" not in playpen("check", folder=tmp_path).stdout


def test_a_file_name_need_not_be_unicode(tmp_path: Path):
    written(tmp_path, {"x\udcff.py": HOST})
    (found,) = json.loads(playpen("check", "--format", "json", folder=tmp_path).stdout)["findings"]
    assert found["path"] == "x\udcff.py"
    assert playpen("check", folder=tmp_path).returncode == 1


def test_a_name_that_no_file_can_have_is_said(tmp_path: Path):
    done = playpen("check", "a" * 5000, folder=tmp_path)
    assert done.returncode == 2
    assert "aaa: no such file or folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_secret_is_masked_wherever_its_word_stands(tmp_path: Path):
    written(tmp_path, {"Dockerfile": f"FROM a:1\nUSER 1\nENV PASSWORD={SECRET}\nCMD serve --key={SECRET}\n"})
    done = playpen("check", folder=tmp_path)
    assert "shell-form-command" in done.stdout
    assert SECRET not in done.stdout


def test_a_secret_of_several_lines_is_masked_in_a_diff(tmp_path: Path):
    key = "    -----BEGIN PRIVATE KEY-----\n    MIIEowIBAAKCAQEAsecretbody1\n    MIIEowIBAAKCAQEAsecretbody2\n    -----END PRIVATE KEY-----\n"
    secret = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: x}}\nstringData:\n  tls.key: |\n{key}"
    written(tmp_path, {"s.yaml": f"# playpen: ignore[nothing]\n{secret}"})
    done = playpen("fix", "--diff", folder=tmp_path)
    assert "-# playpen: ignore[nothing]" in done.stdout
    source = Source("s.yaml", secret)
    start = secret.index("-----BEGIN")
    mask = Mask(source, [Span(start, len(secret) - 1)])
    assert "secretbody" not in "\n".join(mask.text(line) for line in secret.split("\n"))


def test_with_and_without_fixes_the_same_is_found(tmp_path: Path):
    written(tmp_path, {"app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n\n\ndef f(:\n"})
    with_fixes, without = (
        json.loads(playpen("check", "--format", "json", *more, folder=tmp_path).stdout)["findings"]
        for more in ((), ("--no-fixes",))
    )
    assert [one["rule"] for one in with_fixes] == [one["rule"] for one in without]


def test_the_nearest_configuration_excludes(tmp_path: Path):
    written(tmp_path, {"svc/gen/app.py": HOST, "svc/playpen.toml": 'exclude = ["/gen/"]\n'})
    for folder in (".", "svc"):
        assert playpen("check", folder, folder=tmp_path).stdout == "no file was checked\n"


def test_many_files_are_checked_by_all_cores_as_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for number in range(process_pool.WORTH + 10):
        folder = tmp_path / f"s{number}"
        folder.mkdir()
        (folder / "Dockerfile").write_text("FROM python:latest\nCOPY . .\n")
    (tmp_path / "s1" / "playpen.toml").write_text('colour = "red"\n')
    (tmp_path / "s2" / "Dockerfile").write_bytes(b"FROM \xff\n")
    (tmp_path / "s3" / "app.py").write_text("import os\n" + 'AWS = "AKIAQ4TZ7XWJ2M9KRB5D"\n')
    every = playpen("check", folder=tmp_path)
    as_json = playpen("check", "--format", "json", folder=tmp_path)
    assert every.returncode == 2
    monkeypatch.setenv("PLAYPEN_CORES", "1")
    alone = playpen("check", folder=tmp_path)
    assert (every.stdout, every.stderr, every.returncode) == (alone.stdout, alone.stderr, alone.returncode)
    assert as_json.stdout == playpen("check", "--format", "json", folder=tmp_path).stdout
    assert "AKIAQ4TZ7XWJ2M9KRB5D" not in every.stdout
