"""Compares the findings of two installed versions: rule, range, severity, related ranges, and the edits of every fix.

    python tests/benchmarks/same_findings.py OLD_PYTHON NEW_PYTHON [FOLDER…]

Each Python is that of an environment with playpen-ls. The texts are all examples of the new version's rules, each in a
folder of its own with every rule selected that both versions have, and the sample projects; FOLDERs are compared
besides. Messages and titles are left out, since their words may change. Exits with 1 and prints what differs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

PROJECTS = Path(__file__).parent.parent / "projects"
WRITE_EXAMPLES = """
import json, sys
from playpen_ls.engine.registry import all_rules
from playpen_ls.api.example import unmarked
print(json.dumps([
    {path: unmarked(text) for path, text in example.files.items()}
    for rule in all_rules() for example in (*rule.bad, *rule.good)
]))
"""


def main(old: str, new: str, *folders: str) -> int:
    old, new = os.path.abspath(old), os.path.abspath(new)
    differences = 0
    with tempfile.TemporaryDirectory() as top:
        select = f"select = {json.dumps(sorted(rules(old) & rules(new)))}\n"
        examples = json.loads(subprocess.run([new, "-c", WRITE_EXAMPLES], capture_output=True, check=True).stdout)
        for number, files in enumerate(examples):
            root = Path(top) / f"{number:04}"
            for path, text in {**files, "playpen.toml": select}.items():
                place = root / path
                place.parent.mkdir(parents=True, exist_ok=True)
                if not path.endswith("/"):
                    place.write_bytes(text.encode("utf-8", "surrogateescape"))
        for folder in (top, *map(str, sorted(PROJECTS.iterdir())), *folders):
            before, after = findings(old, folder), findings(new, folder)
            print(f"{folder}: {sum(before.values())} findings before, {sum(after.values())} after")
            for mark, changed in (("-", before - after), ("+", after - before)):
                for finding in sorted(changed):
                    differences += 1
                    print(mark, finding)
    return 1 if differences else 0


def rules(python: str) -> set[str]:
    """The ids of the rules that a language has."""
    listed = subprocess.run(
        [python, "-I", "-m", "playpen_ls", "rules"], capture_output=True, text=True, check=True
    ).stdout
    return {line.split()[0] for line in listed.split("\n") if line and not line.startswith("playpen/")}


def findings(python: str, folder: str) -> Counter[str]:
    """Each finding as JSON without its words."""
    command = [python, "-I", "-m", "playpen_ls", "check", "--format", "json", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} in {folder} ended with {done.returncode}: {done.stderr}")
    found: Counter[str] = Counter()
    for finding in json.loads(done.stdout)["findings"]:
        finding.pop("message")
        for one in (*finding["fixes"], *finding["related"]):
            one.pop("title", None)
            one.pop("message", None)
        found[json.dumps(finding, sort_keys=True, ensure_ascii=True)] += 1
    return found


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    sys.exit(main(*sys.argv[1:]))
