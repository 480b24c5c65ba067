"""The order of the rooms: imports point left, languages do not know each other, the command line knows no protocol."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import playpen_ls

ROOT = Path(playpen_ls.__file__).parent
# Each may import what stands in an earlier row; rooms in one row may import each other.
ORDER = [
    ("source",),
    ("api",),
    ("finding",),
    ("fact", "facts"),
    ("vocabulary",),
    ("linking", "serving"),
    ("languages",),
    ("platform",),
    ("rule",),
    ("rules",),
    ("hit",),
    ("hits", "ruleset"),
    ("check", "config", "config_file", "fix", "page", "remembering", "schema", "suppress"),
    ("closed_files", "configs", "crew", "discover", "index", "index_worker", "project_files", "reading"),
    ("document", "half_typed", "workspace"),
    ("arguments", "cli", "cli_fix", "command", "report", "server", "sweep", "targets", "writing"),
    ("__main__",),
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
# Inside `languages`, every language stands on these.
SHARED = ("base", "servers", "shell", "shell_words")


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def imports(path: Path) -> set[str]:
    """The playpen_ls modules that a module imports, those inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            pytest.fail(f"{path}: a relative import")
    return {name.removeprefix("playpen_ls.") for name in found if name.startswith("playpen_ls.")}


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_left(path: Path):
    here = path.relative_to(ROOT).with_suffix("").parts
    for name in imports(path):
        there = name.split(".")
        if there == ["__version__"]:
            continue
        assert RANK[there[0]] <= RANK[here[0]], f"{name} is to the right"
        if here[0] == "languages" == there[0] and len(there) > 1 and here[1] not in ("__init__", *SHARED):
            assert there[1] in (here[1], *SHARED), f"a language knows another: {name}"
        if here[0] == "rules" == there[0]:
            pytest.fail(f"a rule imports a rule: {name}")


def test_only_the_server_knows_the_protocol():
    for path in modules():
        tree = ast.parse(path.read_text())
        names = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
        names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        if any(name.split(".")[0] in ("lsprotocol", "pygls") for name in names):
            assert path.is_relative_to(ROOT / "server")


def test_splitlines_is_used_nowhere():
    """It ends lines at form feeds and U+2028, where the protocol does not."""
    for path in modules():
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
        assert not [node.lineno for node in calls if node.attr == "splitlines"], path


def test_the_command_line_does_not_import_what_it_does_not_need(tmp_path: Path):
    (tmp_path / "app.py").write_text("x = 1\n")
    script = (
        "import sys; from playpen_ls.cli import run; status = run(['check', '.']); "
        "print([name for name in ('lsprotocol', 'pygls', 'libcst', 'asyncio', 'yaml', 'dockerfile_parse') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]"), done.stdout
