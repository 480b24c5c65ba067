"""Writes the outputs of kustomize into the projects beside this file: `python record.py PROGRAM`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import yaml


def main(program: str) -> None:
    for path in sorted(Path(__file__).parent.glob("*.yaml")):
        written = path.read_text()
        project = next(iter(yaml.safe_load_all(written)))
        with tempfile.TemporaryDirectory() as folder:
            for name, text in project.items():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / name).write_text(text)
            command = [program, "build", "--load-restrictor", "LoadRestrictionsNone", f"{folder}/build"]
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            print(path.stem, ran.stderr.strip()[-300:])
        first = written.partition("\n---\n")[0].rstrip("\n")
        path.write_text(f"{first}\n---\n{ran.stdout if not ran.returncode else 'refused: true' + chr(10)}")


if __name__ == "__main__":
    main(sys.argv[1])
