"""How the extension starts a program on Windows, where it can be a batch file."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from real_editors import missing
from vscode_editor import EXTENSION, MODULES, NODE, PATH

RUN = """
const { invocation } = require('./spawning.js');
const answers = JSON.parse(process.argv[2]).map(([command, args, platform]) => {
  try {
    return invocation(command, args, platform, 'C:\\\\Windows');
  } catch (error) {
    return error.message;
  }
});
console.log(JSON.stringify(answers));
"""
PLAIN = [
    (r"C:\Python\python.exe", ["-I", "-m", "playpen_ls"], "win32"),
    ("/usr/bin/playpen-ls.bat", ["100%"], "linux"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (MODULES / ".bin/esbuild").exists() or not NODE.exists():
        missing("no node modules of the extension")
    place = tmp_path_factory.mktemp("spawning")
    (place / "run.js").write_text(RUN)
    source = EXTENSION / "src/spawning.ts"
    bundle = ["--bundle", "--platform=node", "--log-level=error", f"--outfile={place / 'spawning.js'}"]
    subprocess.run([MODULES / ".bin/esbuild", source, *bundle], check=True, env={"PATH": PATH})
    return place


def invocations(folder: Path, *programs: tuple[str, list[str], str]) -> list[Any]:
    done = subprocess.run([NODE, folder / "run.js", json.dumps(programs)], check=True, capture_output=True, text=True)
    return list(json.loads(done.stdout))


def test_a_program_is_started_as_it_is(folder: Path):
    assert invocations(folder, *PLAIN) == [{"command": command, "args": args} for command, args, _ in PLAIN]


def test_a_batch_file_is_run_by_the_shell_of_the_system(folder: Path):
    shim = r"C:\Users\Jo Doe\.pyenv\shims\python.BAT"
    (found,) = invocations(folder, (shim, ["-c", "print('a & b', 1 < 2)"], "win32"))
    assert found["command"] == r"C:\Windows\System32\cmd.exe"
    assert found["windowsVerbatimArguments"] is True
    assert found["args"] == ["/d", "/v:off", "/s", "/c", f'""{shim}" "-c" "print(\'a & b\', 1 < 2)""']


@pytest.mark.parametrize("argument", ["%PATH%", 'a" & calc "', "a\nb", "a\\"])
def test_what_the_shell_would_change_is_refused(folder: Path, argument: str):
    (found,) = invocations(folder, (r"C:\x\playpen-ls.cmd", [argument], "win32"))
    assert found == f"a batch file cannot get the argument `{argument}`"
