"""The command line as a shell runs it, and texts for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The folder of the repository."""
PROJECTS = ROOT / "tests/projects"
SHOP = PROJECTS / "shop"
HOST = 'import os\n\ndb_host = "postgres.playpen-platform.svc.cluster.local"  # Hard-coded\n'
HOST_FIXED = (
    'import os\n\ndb_host = os.getenv("POSTGRES_HOST", "postgres.playpen-platform.svc.cluster.local")  # Hard-coded\n'
)


def playpen(*arguments: str, folder: Path, stdin: bytes | str = b"", **env: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "playpen_ls", *arguments],
        cwd=folder,
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT), **env},
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def written(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder
