"""No code of a workspace runs, whatever modules it has and however we are started in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from raw import Raw
from real_editors import ROOT

from playpen_ls.project.isolation import PACKAGE, module_path

APP = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/items')\ndef items():\n    return []\n"
# Prints each module that a process asks for, those too that are nowhere.
ASKED = """
import os, sys
asked = set()
sys.addaudithook(lambda event, args: event == "import" and asked.add(args[0].partition(".")[0]))
from {module} import main
try:
    main()
finally:
    open({result!r}, "w").write("\\n".join(asked))
"""


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every module that one of our processes imports or would like to, and all others that Python and we have."""
    top = tmp_path_factory.mktemp("names")
    project = top / "project"
    project.mkdir()
    for number in range(120):
        (project / f"app{number}.py").write_text(APP)
    order = json.dumps({"root": str(project), "exclude": [], "base": str(project), "known": {}})

    def asked(module: str, *arguments: str, stdin: str = "") -> set[str]:
        result = top / f"asked-{len(list(top.iterdir()))}"
        command = [sys.executable, "-I", "-c", ASKED.format(module=module, result=str(result)), *arguments]
        if not arguments and not stdin:
            with Raw(project, command, project) as server:
                session(server, "app1.py")
        else:
            env = {**os.environ, "PLAYPEN_CORES": "2"}
            with subprocess.Popen(
                command, cwd=project, env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
            ) as process:
                assert process.stdin
                process.stdin.write(stdin)
                process.stdin.flush()  # a worker whose input is closed ends at once
                process.wait(60)
        return set(result.read_text().split())

    server = asked("playpen_ls.__main__")
    worker = asked("playpen_ls.project.worker", stdin=f"{order}\n")
    check = asked("playpen_ls.__main__", "check")
    assert ("pygls" in server, "ast" in worker, "ast" in check) == (True, True, True)
    special = {"sitecustomize", "usercustomize", "playpen_ls"}
    return {
        name
        for name in {*server, *worker, *check, *sys.stdlib_module_names, *packages_distributions(), *special}
        if name.isidentifier()
    }


@pytest.fixture
def hostile(tmp_path: Path, names: set[str]) -> Path:
    """A workspace of modules that leave a mark where they are imported."""
    folder = tmp_path / "workspace"
    for name in names:
        write_mark(folder / f"{name}.py", tmp_path)
        write_mark(folder / f"src/{name}.py", tmp_path)
    for name in ("__init__", "__main__", "project/__init__", "project/isolation", "project/worker"):
        write_mark(folder / f"playpen_ls/{name}.py", tmp_path)
    for place in ("", "lib/python{}.{}/site-packages/".format(*sys.version_info)):
        write_mark(folder / f"{place}hostile.pth", tmp_path)
    (folder / ".git").mkdir()
    (folder / "app.py").write_text(APP)
    return folder


def session(server: Raw, name: str) -> None:
    """Open a file, wait until the project was read, and end; the log says nothing of a worker that failed."""
    server.start()
    server.open(name, APP)
    counted = server.ask("workspace/executeCommand", {"command": "playpen-ls.checkWorkspace"})
    assert "1 finding" in counted["result"] or "findings (" in counted["result"]
    server.ask("shutdown")
    server.send("exit")
    assert server.end() == (0, "")


def write_mark(place: Path, top: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"import builtins; builtins.open({str(top / 'ran')!r}, 'a').write({str(place)!r} + '\\n')\n")


def ran(hostile: Path) -> list[str]:
    marks = hostile.parent / "ran"
    return sorted(set(marks.read_text().splitlines())) if marks.exists() else []


def test_the_marks_are_left(hostile: Path):
    subprocess.run([sys.executable, "-c", "import struct, playpen_ls"], cwd=hostile, check=True)
    assert {str(hostile / "struct.py"), str(hostile / "playpen_ls/__init__.py")} <= set(ran(hostile))


def words(path: str, pattern: str) -> list[str]:
    """Those in quotes that a file of an editor's integration has where the pattern's group is."""
    found = re.search(pattern, (ROOT / path).read_text())
    assert found, path
    return re.findall(r"""["']([^"']+)["']""", found[1])


VSCODE = [words("editors/vscode/src/server.ts", rf"const {name} = \[(.*)\];") for name in ("ISOLATED", "WITH_USER")]
# As an entry of the module path may come from PYTHONPATH; Python itself makes it absolute where `site` runs.
ENTRIES = """
import os, sys
from playpen_ls.__main__ import main
sys.path[:0] = ["", ".", "src", os.getcwd(), os.path.abspath("src")]
sys.exit(main())
"""
STARTS = {
    "script": ["playpen-ls"],
    "entries": [sys.executable, "-I", "-c", ENTRIES],
    "vscode": [sys.executable, *VSCODE[0], "-m", "playpen_ls"],
    "vscode-user": [sys.executable, *VSCODE[1], "-m", "playpen_ls"],
}


def test_each_editor_starts_it_in_a_way_that_is_tested_here():
    helix = tomllib.loads((ROOT / "editors/helix/languages.toml").read_text())
    assert helix["language-server"]["playpen-ls"]["command"] == "playpen-ls"
    assert {one["formatter"]["command"] for one in helix["language"] if "formatter" in one} == {"playpen-ls"}
    for path, pattern in (
        ("editors/neovim/lua/playpen_ls/init.lua", r"cmd = \{(.*)\}"),
        ("editors/emacs/playpen-ls.el", r"defvar playpen-ls-command '\((.*)\)\n"),
        ("editors/others/README.md", r'"enabled": true, "command": \[(.*)\],'),
        ("editors/others/README.md", r'"dockerfile": \{"command": \[(.*?)\],'),
    ):
        assert words(path, pattern) == ["playpen-ls"], path
    assert 'worktree.which("playpen-ls")' in (ROOT / "editors/zed/src/lib.rs").read_text()
    template = json.loads((ROOT / "editors/jetbrains/template.json").read_text())
    assert template["programArgs"] == {"default": "playpen-ls serve"}
    assert "cmd = defaults.cmd," in (ROOT / "editors/neovim/lsp/playpen_ls.lua").read_text()
    texts = [path.read_text() for path in (ROOT / "README.md", *ROOT.glob("editors/*/README.md"))]
    assert not re.findall(r"python3? -m playpen_ls", "".join(texts))


def environment(modules: str | None) -> dict[str, str]:
    """Python's own variables are those of a test only."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "PLAYPEN_CORES": "2"} | ({} if modules is None else {"PYTHONPATH": modules})


# A script of an installation is run by a Python that has read PYTHONPATH before.
@pytest.mark.parametrize(
    ("start", "modules"),
    [
        ("script", None), ("entries", ":"), ("vscode", None), ("vscode", ":"), ("vscode", "."), ("vscode", "src"),
        ("vscode-user", ":"),
    ],
)  # fmt: skip
def test_a_server_and_its_index_worker_run_nothing_of_the_workspace(
    hostile: Path, start: str, modules: str | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with Raw(hostile, STARTS[start], hostile, **environment(modules)) as server:
        session(server, "app.py")
    assert ran(hostile) == []


@pytest.mark.parametrize(("start", "modules"), [("script", None), ("entries", ":"), ("vscode", ".")])
def test_a_command_and_its_processes_run_nothing_of_the_workspace(
    hostile: Path, start: str, modules: str | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    for arguments in (["check"], ["fix", "--diff", "--unsafe"], ["fix", "--stdin-filename", "app.py", "-"]):
        done = subprocess.run(
            [*STARTS[start], *arguments], cwd=hostile, env={**os.environ, **environment(modules)},
            input=APP.encode(), capture_output=True,
        )  # fmt: skip
        assert b"app.py" in done.stdout or b"FastAPI" in done.stdout
        assert b"Traceback" not in done.stderr
    assert ran(hostile) == []


# Makes a check start its processes where it would fork them.
STARTING = """
import sys
sys.addaudithook(lambda event, args: event == "subprocess.Popen" and print("started", file=sys.stderr))
from playpen_ls.__main__ import main
from playpen_ls.cli import process_pool
process_pool.FORKS, process_pool.WORTH = False, 2
sys.argv[1:] = ["check"]
sys.path[:0] = ["", "src", "."]
sys.exit(main())
"""


def test_the_processes_that_a_check_starts_run_nothing_of_the_workspace(hostile: Path):
    done = subprocess.run(
        [sys.executable, "-I", "-c", STARTING], cwd=hostile, env={**os.environ, "PLAYPEN_CORES": "2"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert "app.py" in done.stdout
    assert done.stderr.split().count("started") == 2
    assert "ended unexpectedly" not in done.stderr
    assert ran(hostile) == []


def test_only_the_environment_of_the_package_may_lie_in_a_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    workspace, beside = tmp_path / "work", tmp_path / "work-2"
    packages = workspace / ".venv/lib/site-packages"
    alias = tmp_path / "alias"
    for folder in (packages, workspace / "src", beside):
        folder.mkdir(parents=True)
    alias.symlink_to(workspace)
    monkeypatch.setattr("site.getsitepackages", lambda: [str(packages)])
    kept = [str(packages), str(packages / "win32"), str(beside), *sys.path[-1:]]
    lost = [
        "",
        ".",
        "src",
        str(workspace),
        str(workspace / "src"),
        str(alias),
        f"{workspace}/.",
        str(workspace / "lib"),
    ]
    monkeypatch.setattr(sys, "path", [*lost, *kept])
    assert module_path(workspace) == kept
    monkeypatch.chdir(workspace)
    assert module_path(os.curdir) == kept
    assert module_path(os.sep) == [one for one in (*lost, *kept) if os.path.isabs(one)], "everything lies in the root"


def test_a_user_site_that_is_relative_is_not_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("site.getusersitepackages", lambda: "lib")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "lib")])
    assert module_path(tmp_path) == []


def test_a_folder_that_holds_the_package_stays_unless_it_is_the_workspace(monkeypatch: pytest.MonkeyPatch):
    parent = Path(PACKAGE).parent
    monkeypatch.setattr(sys, "path", [str(parent)])
    monkeypatch.setattr("site.getsitepackages", lambda: [])
    assert module_path(parent.parent) == [str(parent)], "pip install --target"
    assert module_path(parent) == [], "a checkout"


def test_a_current_folder_that_is_gone_is_no_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setattr(sys, "path", ["", ".", "/somewhere"])
    assert module_path(os.curdir) == ["/somewhere"]
