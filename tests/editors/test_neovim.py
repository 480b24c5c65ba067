"""In a real editor: Neovim opens a file, shows the finding, applies the fix, and fixes on save."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from real_editors import (
    APP,
    APP_FIXED,
    CACHE,
    JENKINSFILE,
    JENKINSFILE_FIXED,
    ROOT,
    environment,
    installed,
    of_release,
    run,
)

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - {name: a, image: 'acme/app:1'}\n"
RELEASES = [("bookworm", "setup"), ("trixie", "setup"), ("sid", "setup"), ("sid", "enable")]


@pytest.mark.parametrize(("release", "start"), RELEASES)
def test_neovim_sees_fixes_and_fixes_on_save(tmp_path: Path, release: str, start: str):
    neovim = installed("nvim") if release == "bookworm" else of_release(release, "nvim")
    project = tmp_path / "project"
    project.mkdir()
    (project / "playpen.toml").write_text("")
    (project / "Jenkinsfile").write_bytes(JENKINSFILE.encode())
    (project / "app.py").write_bytes(APP.encode())
    (project / "Dockerfile").write_text("FROM debian:13\n")
    (project / "compose.yaml").write_text("services: {app: {build: ., image: 'acme/app:1'}}\n")
    (project / "pod.yaml").write_text(POD)
    report = tmp_path / "report.json"
    more = {
        "PLAYPEN_FOLDER": str(project), "PLAYPEN_REPORT": str(report), "PLAYPEN_PYTHON": sys.executable,
        "PLAYPEN_START": start,
    }  # fmt: skip
    if release != "bookworm":
        more["VIMRUNTIME"] = str(CACHE / release / "root/usr/share/nvim/runtime")
    plugin = tmp_path / "plugin"
    shutil.copytree(ROOT / "editors/neovim", plugin)  # where the index of its help is written
    more["PLAYPEN_PLUGIN"] = str(plugin)
    # Neovim's own parsers, with which it shows its help, are where Debian has them.
    runtime = f"set runtimepath^={plugin} runtimepath+={CACHE / release / 'root/usr/lib/nvim'}"
    command = [*neovim, "--clean", "--headless", "-n", "-i", "NONE", "--cmd", runtime]
    session = str(ROOT / "tests/editors/neovim/session.lua")
    done = run([*command, "-S", session], environment(tmp_path / "home", **more), tmp_path)
    steps = {step["step"]: step for step in json.loads(report.read_text())}
    assert "done" in steps, f"{steps.get('failed')}\n{done.stderr}"
    print(steps["version"]["version"], steps["encoding"]["encoding"])

    (seen,) = [one for one in steps["see"]["diagnostics"] if one["code"] == "jenkinsfile/moving-tag"]
    assert (seen["source"], seen["words"]) == ("playpen", "latest")
    assert steps["explain"]["page"].startswith("# jenkinsfile/moving-tag")
    assert steps["check"]["listed"]
    assert {"Jenkinsfile", "app.py"} <= set(steps["check"]["files"])
    assert steps["help"]["line"].startswith("INTRODUCTION")
    health = steps["health playpen_ls"]["text"]
    assert "ERROR" not in health.upper().replace("HEALTH#", "")
    assert "playpen-ls 0" in health
    assert "1 running server" in health
    if start == "enable":
        assert "WARNING" not in health
        assert "Unknown filetype" not in steps["health vim.lsp"]["text"]
    assert sum(title.startswith("Ignore") for title in steps["ignore"]["titles"]) == 1
    assert "// playpen: ignore[moving-tag] released by hand\n" in steps["ignore"]["buffer"]
    assert steps["lens"] == {"step": "lens", "title": "built from Dockerfile", "shown": "Dockerfile"}
    assert steps["fix"]["clean"]
    assert steps["fix"]["buffer"] + "\n" == JENKINSFILE_FIXED.replace("\r\n", "\n")
    assert (project / "Jenkinsfile").read_bytes() == JENKINSFILE_FIXED.encode()

    assert steps["open"]["format"] == "dos"
    (seen,) = [one for one in steps["open"]["diagnostics"] if one["code"] == "python/hard-coded-host"]
    assert seen["words"] == '"postgres.playpen-platform.svc.cluster.local"'
    assert steps["save"]["clean"]
    assert steps["killed"]["pid"].isdigit()
    assert steps["hanging"]["state"].startswith("T")
    hanging = "# written beside a server that hangs\r\n" + APP_FIXED
    assert steps["hanging"]["disk"] + "\n" == hanging.replace("\r\n", "\n")
    written = "# written without a server\r\n" + hanging
    assert (project / "app.py").read_bytes() == written.encode()
