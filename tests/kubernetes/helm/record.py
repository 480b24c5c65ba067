"""Writes the outputs of Helm into the charts beside this file: `python record.py PROGRAM`."""

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
            ran = subprocess.run(
                [program, "template", "relname", f"{folder}/chart"], capture_output=True, text=True, check=False
            )
        if ran.returncode:
            print(path.stem, ran.stderr.strip()[-300:])
        first = written.partition("\n---\n# Source")[0].partition("\n---\nrefused")[0].rstrip("\n")
        output = ran.stdout if not ran.returncode else "---\nrefused: true\n"
        path.write_text(f"{first}\n{output}")


if __name__ == "__main__":
    main(sys.argv[1])
