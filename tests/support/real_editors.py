"""Where the real editors are, and what their tests share. `tests/editors/install` installs them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CACHE = Path(
    os.environ.get("PLAYPEN_LS_EDITORS")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "playpen-ls-editors"
)
NEEDED = bool(os.environ.get("PLAYPEN_LS_NEED_EDITORS"))
SCREENSHOTS = Path(os.environ.get("PLAYPEN_LS_SCREENSHOTS") or CACHE / "screenshots")
SERVER = [sys.executable, "-m", "playpen_ls"]

HOST = '"postgres.playpen-platform.svc.cluster.local"'
APP = f'import os\r\n\r\nmood = "😀"; db_host = {HOST}  # Hard-coded 😀\r\n'
APP_FIXED = f'import os\r\n\r\nmood = "😀"; db_host = os.getenv("POSTGRES_HOST", {HOST})  # Hard-coded 😀\r\n'
JENKINSFILE = (
    "pipeline {\n    agent any\n    stages {\n        stage('Push 😀') {\n            steps {\n"
    "                sh 'echo 😀; docker push nexus:5000/app:latest'\n            }\n        }\n    }\n}\n"
).replace("\n", "\r\n")
DOCKERFILE = (
    "FROM playpen/python-base:latest\r\nLABEL mood=😀\r\nWORKDIR /app\r\nCOPY . .\r\n"
    "RUN pip install --no-cache-dir -r requirements.txt\r\n"
)
DOCKERFILE_FIXED = (
    "FROM playpen/python-base:latest\r\nLABEL mood=😀\r\nWORKDIR /app\r\nCOPY requirements.txt .\r\n"
    "RUN pip install --no-cache-dir -r requirements.txt\r\nCOPY . .\r\n"
)
JENKINSFILE_FIXED = JENKINSFILE.replace("app:latest", "app:v1.0.0-${BUILD_NUMBER}")


def missing(reason: str) -> None:
    """Skip with the reason; in CI that is a failure."""
    if NEEDED:
        pytest.fail(f"{reason}; tests/editors/install installs it")
    pytest.skip(reason)


def of_release(release: str, program: str) -> list[str]:
    """The command that runs a program of a newer Debian release from the cache, or skips."""
    root = CACHE / release / "root"
    if not (root / "usr/bin" / program).exists():
        missing(f"no {program} of {release} in {CACHE}")
    libraries = f"{root}/usr/lib/x86_64-linux-gnu"
    return [f"{root}/usr/lib64/ld-linux-x86-64.so.2", "--library-path", libraries, f"{root}/usr/bin/{program}"]


def installed(program: str) -> list[str]:
    """The command that runs the system's program, or skips."""
    place = shutil.which(program)
    if place is None:
        missing(f"no {program} on this machine")
    return [str(place)]


def environment(home: Path, **more: str) -> dict[str, str]:
    """That of an editor whose home is a folder of the test's own."""
    home.mkdir(parents=True, exist_ok=True)
    names = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("STATE", "CACHE", "CONFIG", "DATA")}
    # PYTHONPATH is the server's: it runs from the source tree.
    return {**os.environ, **names, "HOME": str(home), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **more}


def run(
    command: Sequence[str], env: dict[str, str], cwd: Path, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run it in a session of its own, so that nothing it started outlives it."""
    process = subprocess.Popen(
        command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        pytest.fail(f"{command[0]} took more than {timeout} s\n{out[-2000:]}\n{err[-4000:]}")
    return subprocess.CompletedProcess(command, process.returncode, out, err)
