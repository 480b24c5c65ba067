"""In a real editor: Neovim opens a file, shows the finding, applies the fix, and fixes on save."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NEOVIM = shutil.which("nvim")
needs_neovim = pytest.mark.skipif(
    NEOVIM is None and not os.environ.get("PLAYPEN_LS_NEED_EDITORS"), reason="no nvim on this machine"
)

JENKINSFILE = (
    "pipeline {\n    agent any\n    stages {\n        stage('Push 😀') {\n            steps {\n"
    "                sh 'echo 😀; docker push nexus:5000/app:latest'\n            }\n        }\n    }\n}\n"
)
APP = 'import os\r\n\r\nmood = "😀"; db_host = "postgres.playpen-platform.svc.cluster.local"  # Hard-coded\r\n'
APP_FIXED = (
    'import os\r\n\r\nmood = "😀"; db_host = '
    'os.getenv("POSTGRES_HOST", "postgres.playpen-platform.svc.cluster.local")  # Hard-coded\r\n'
)


@needs_neovim
def test_neovim_sees_fixes_and_fixes_on_save(tmp_path: Path):
    assert NEOVIM, "nvim is needed here and is not installed"
    project = tmp_path / "project"
    project.mkdir()
    (project / "playpen.toml").write_text("")
    (project / "Jenkinsfile").write_text(JENKINSFILE)
    (project / "app.py").write_bytes(APP.encode())
    report = tmp_path / "report.json"
    runtime = f"set runtimepath^={ROOT / 'editors/neovim'}"
    command = [NEOVIM, "--clean", "--headless", "-n", "-i", "NONE", "--cmd", runtime]
    done = subprocess.run(
        [*command, "-S", str(ROOT / "tests/neovim/session.lua")],
        env={
            **os.environ,
            "PLAYPEN_FOLDER": str(project),
            "PLAYPEN_REPORT": str(report),
            "PLAYPEN_PYTHON": sys.executable,
            "PYTHONPATH": str(ROOT),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    steps = {step["step"]: step for step in json.loads(report.read_text())}
    assert "done" in steps, (steps.get("failed"), done.stderr)
    print(steps["version"]["version"])

    (seen,) = [one for one in steps["see"]["diagnostics"] if one["code"] == "jenkinsfile/moving-tag"]
    assert (seen["source"], seen["words"]) == ("playpen", "latest")
    assert steps["fix"]["clean"]
    assert steps["fix"]["buffer"] == JENKINSFILE.replace("app:latest", "app:v1.0.0-${BUILD_NUMBER}").rstrip("\n")

    assert steps["open"]["format"] == "dos"
    (seen,) = [one for one in steps["open"]["diagnostics"] if one["code"] == "python/hard-coded-host"]
    assert seen["words"] == '"postgres.playpen-platform.svc.cluster.local"'
    assert steps["save"]["clean"]
    assert (project / "app.py").read_bytes() == APP_FIXED.encode()
