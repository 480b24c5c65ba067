"""What is published has all that it needs."""

from __future__ import annotations

import subprocess
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BY_ITSELF = frozenset(("pyproject.toml", "LICENSE", ".gitignore"))  # hatchling adds these


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone")
def test_the_source_distribution_has_all_files_of_the_repository():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tops = {path.partition("/")[0] for path in listed.split("\n") if path} - BY_ITSELF
    included = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["sdist"]
    patterns = [pattern.removeprefix("/") for pattern in included["include"]]
    assert [name for name in sorted(tops) if not any(fnmatchcase(name, one) for one in patterns)] == []
