"""What a hostile workspace cannot make the program do: connect, start, write or read anything else, or steer a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from raw import Raw

from command_line import HOST, ROOT, playpen, written
from playpen_ls.project.isolation import BOOTSTRAP, PACKAGE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="names of files with control characters")

AUDIT = """
import json, os, sys
LOG = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return os.fsdecode(value) if isinstance(value, bytes) else value if isinstance(value, int) else str(value)
WATCHED = ("socket.", "subprocess.", "os.", "open", "shutil.", "ctypes.", "ftplib", "urllib", "pty.", "winreg.")
def hook(event, arguments):
    if event.startswith(WATCHED):
        os.write(LOG, json.dumps([event, plain(arguments), os.getcwd()]).encode() + b"\\n")
sys.addaudithook(hook)
"""
SECRET = "SECRETVALUE99"
HOSTILE = {
    ".git": "gitdir: ../secret\n",
    "playpen.toml": 'extend = "../named/base.toml"\nexclude = ["../secret/**"]\n',
    "Dockerfile": "FROM python:3.12\nCOPY ../secret/x /x\nADD ../secret/req.txt /y\n"
    "RUN pip install -r ../secret/req.txt -r requirements.txt -r /etc/passwd\nCOPY --from=../secret a b\n",
    "requirements.txt": "-r ../secret/req.txt\n-c ../../etc/passwd\nflask\n",
    ".dockerignore": "!../secret\n",
    ".gitignore": "!../secret/\n",
    "Jenkinsfile": "pipeline {\n  agent any\n  stages {\n    stage('a') {\n      steps {\n"
    "        sh 'docker build -f ../secret/Dockerfile ../secret'\n        load '../secret/x.groovy'\n      }\n    }\n  }\n}\n",
    "kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../secret]\n",
    "deploy.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\nspec:\n  template:\n    spec:\n"
    "      containers:\n        - name: x\n          image: x:latest\n",
    "app.py": HOST + "import secrets_file\nopen('../secret/x').read()\nfrom fastapi import FastAPI\napp = FastAPI()\n",
    "x\x1b[31m\n\x9b\u202e.py": HOST,
    "-x.py": HOST,
}  # fmt: skip


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    folder = written(tmp_path / "work", HOSTILE)
    secret = {"req.txt": f"{SECRET}\n", "x.py": HOST, "x": SECRET, "HEAD": SECRET, "playpen.toml": SECRET}
    written(tmp_path / "secret", {**secret, "Dockerfile": f"FROM {SECRET}:latest\n"})
    written(tmp_path / "named", {"base.toml": "[severity]\n"})
    written(
        tmp_path, {"playpen.toml": SECRET, "pyproject.toml": f"[tool.playpen]\n{SECRET} = 1\n", ".gitignore": "*\n"}
    )
    for name, target in {
        "link.py": "../secret/x.py", "Dockerfile.link": "../secret/Dockerfile", "linked.txt": "../secret/req.txt",
        "folder": "../secret", "loop": ".", "device.py": "/dev/zero", "process.py": "/proc/self/environ",
    }.items():  # fmt: skip
        (folder / name).symlink_to(target)
    return folder


def events(log: Path) -> Iterator[tuple[str, list[Any], str]]:
    with log.open() as lines:
        for line in lines:
            event, arguments, folder = json.loads(line)
            yield event, arguments, folder


def unwanted(log: Path, root: Path, *, may_write: Any = lambda path: False) -> list[str]:
    """The events that a command must not have caused."""
    imported = tuple({str(Path(one).resolve()) for one in [sys.prefix, sys.base_prefix, PACKAGE, *sys.path] if one})
    named = str(root.parent / "named" / "base.toml")
    found = []
    for event, arguments, folder in events(log):
        if event in ("open", "os.truncate") and isinstance(arguments[0], int):
            continue  # a descriptor that is open already
        path = os.path.normpath(os.path.join(folder, str(arguments[0]))) if arguments else ""
        if event == "open":
            writes = int(arguments[2]) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            inside = f"{path}/".startswith(f"{root}/")
            real = os.path.realpath(path)
            if writes and not may_write(path) and path != os.devnull:
                found.append(f"write {path}")
            if not writes and not (inside or path == named or real.startswith(imported)):
                found.append(f"read {path}")
            if inside and os.path.lexists(path) and not f"{real}/".startswith(f"{root}/") and not writes:
                found.append(f"read through a link {path}")
        elif event in ("os.listdir", "os.scandir"):
            real = os.path.realpath(path)
            if not (f"{real}/".startswith(f"{root}/") or real.startswith(imported)):
                found.append(f"list {path}")
        elif event in ("os.rename", "os.remove", "os.chmod", "os.chown", "os.setxattr"):
            if not may_write(path):
                found.append(f"{event} {path}")
        elif event.startswith(("socket.", "subprocess.", "shutil.", "ctypes.", "ftplib", "urllib", "pty.")) or (
            event.startswith("os.") and event not in ("os.fork", "os.putenv", "os.listxattr", "os.getxattr", "os.nice")
        ):
            found.append(f"{event} {arguments}")
    return found


def audited(
    hostile: Path, log: Path, code: str, *arguments: str, stdin: bytes = b""
) -> subprocess.CompletedProcess[str]:
    script = f"{AUDIT.format(log=str(log))}\nsys.path.insert(0, {str(ROOT)!r})\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=hostile, input=stdin, capture_output=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}, timeout=120,
    )  # fmt: skip
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


RUN = "from playpen_ls.cli.main import run\nsys.exit(run(sys.argv[1:]))\n"


@pytest.mark.parametrize("arguments", [("check", "."), ("check", "--format", "json"), ("fix", "--diff", "--unsafe")])
def test_a_command_that_reads_only_reads(hostile: Path, tmp_path: Path, arguments: tuple[str, ...]):
    log = tmp_path / "log"
    done = audited(hostile, log, RUN, *arguments)
    assert "hard-coded-host" in done.stdout + done.stderr or "os.getenv" in done.stdout
    assert unwanted(log, hostile) == []
    output = done.stdout + done.stderr
    assert SECRET not in output
    assert [char for char in output if char in "\x1b\x9b\u202e"] == []


def test_fix_writes_the_files_that_it_fixes_only(hostile: Path, tmp_path: Path):
    log = tmp_path / "log"
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()}
    done = audited(hostile, log, RUN, "fix", ".")
    assert "Fixed" in done.stderr
    changed = {path for path, content in before.items() if path.read_bytes() != content}
    assert changed
    assert all(path.parent == hostile for path in changed)

    def may_write(path: str) -> bool:
        name = os.path.basename(path)
        return Path(path) in changed or (name.startswith(".playpen-ls-") and Path(path).parent == hostile)

    assert unwanted(log, hostile, may_write=may_write) == []
    assert {path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()} == {*before, log}
    assert SECRET not in done.stdout + done.stderr


def test_the_audit_sees_what_it_looks_for(hostile: Path, tmp_path: Path):
    code = (
        "import socket, subprocess\nsocket.socket().close()\nsubprocess.run(['true'])\nopen('../secret/x').close()\n"
        "open('linked.txt').close()\nopen('new', 'w').close()\nos.listdir('..')\nos.remove('new')\n"
    )
    log = tmp_path / "log"
    assert audited(hostile, log, code).returncode == 0
    found = " ".join(unwanted(log, hostile))
    for expected in ("socket.__new__", "subprocess.Popen", "read through a link", "write ", "list ", "os.remove"):
        assert expected in found
    assert f"read {tmp_path}/secret/x" in found


def test_the_index_worker_reads_the_project_only(hostile: Path, tmp_path: Path):
    order = {"root": str(hostile), "exclude": [], "base": str(hostile), "known": {}}
    log = tmp_path / "log"
    code = "from playpen_ls.project.worker import main\nsys.exit(main())\n"
    script = f"{AUDIT.format(log=str(log))}\nsys.path.insert(0, {str(ROOT)!r})\n{code}"
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=PACKAGE, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    ) as worker:  # fmt: skip
        assert worker.stdin
        assert worker.stdout
        worker.stdin.write(json.dumps(order).encode() + b"\n")
        worker.stdin.flush()
        answers = [json.loads(line) for line in worker.stdout]
        worker.stdin.close()
    assert answers[-1] == ["done"]
    assert SECRET not in str(answers)
    assert unwanted(log, hostile) == []


def test_the_server_starts_its_worker_and_writes_nothing(hostile: Path, tmp_path: Path):
    log = tmp_path / "log"
    code = f"{AUDIT.format(log=str(log))}\nsys.path.insert(0, {str(ROOT)!r})\nsys.argv[1:] = ['--stdio']\n"
    code += "from playpen_ls.__main__ import main\nsys.exit(main())\n"
    with Raw(hostile, (sys.executable, "-c", code), cwd=hostile, PYTHONDONTWRITEBYTECODE="1") as server:
        server.start()
        for name in ("app.py", "Dockerfile", "Jenkinsfile", "kustomization.yaml", "link.py"):
            item = {"uri": server.uri(name), "languageId": "x", "version": 1, "text": (hostile / name).read_text()}
            server.send("textDocument/didOpen", {"textDocument": item})
            whole = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
            asked = {"textDocument": {"uri": server.uri(name)}, "range": whole, "context": {"diagnostics": []}}
            assert "error" not in server.ask("textDocument/codeAction", asked)
        assert "result" in server.ask("shutdown")
        server.send("exit")
        server.process.wait(timeout=30)
    started = [arguments for event, arguments, _ in events(log) if event == "subprocess.Popen"]
    assert all(arguments[0] == sys.executable and BOOTSTRAP in arguments[1] for arguments in started)
    # The event loop wakes itself up by a pair of sockets without an address, and the server ends its own worker.
    expected = ("subprocess.Popen", "socket.__new__", "os.kill")
    assert [one for one in unwanted(log, hostile) if not one.startswith(expected)] == []
    assert not [event for event, _, _ in events(log) if event in ("socket.bind", "socket.connect", "socket.sendto")]


# What is printed


def test_a_diff_of_a_file_with_any_name_can_be_applied_and_steers_no_terminal(tmp_path: Path):
    names = ["x\x1b[31m.py", "a\nb.py", 'q"\\.py', "\x9b\u202e.py", "tab\t.py", "\udcff.py", "\u00e4 b.py"]
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    written(tmp_path, dict.fromkeys(names, HOST))
    done = playpen("fix", "--diff", folder=tmp_path)
    assert [char for char in done.stdout if char in "\x1b\x9b\u202e\t"] == []
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=done.stdout.encode(), check=True)
    assert all("getenv" in (tmp_path / name).read_text() for name in names)


def test_a_diff_on_a_terminal_has_no_control_characters_of_the_file(tmp_path: Path):
    written(tmp_path, {"a.py": HOST.replace("Hard", "\x1b[31m\x9bHard")})
    raw = playpen("fix", "--diff", folder=tmp_path).stdout
    assert "\x1b[31m\x9bHard" in raw  # else it could not be applied
    main, terminal = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "playpen_ls", "fix", "--diff"], cwd=tmp_path, stdout=terminal, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}, check=False,
    )  # fmt: skip
    os.close(terminal)
    shown = os.read(main, 10_000).decode()
    os.close(main)
    assert "\ufffd[31m\ufffdHard" in shown
    assert "\x1b" not in shown


def test_messages_on_standard_error_and_json_have_no_control_characters(tmp_path: Path):
    written(
        tmp_path, {"\x1b[31m\x9b\x7f/playpen.toml": 'select = ["\x7f\u202e"]\n', "\x1b[31m\x9b\x7f/\u202ea.py": HOST}
    )
    for arguments in (("check",), ("check", "--format", "json"), ("fix", "--diff"), ("check", "no\x1b[31m")):
        done = playpen(*arguments, folder=tmp_path)
        assert [char for char in done.stdout + done.stderr if char in "\x1b\x9b\x7f\u202e"] == [], arguments
    (found,) = json.loads(playpen("check", "--format", "json", folder=tmp_path).stdout)["findings"]
    assert found["path"] == "\x1b[31m\x9b\x7f/\u202ea.py"
