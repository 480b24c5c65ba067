"""The order of the layers: imports go up the list only, there are no cycles, and the command line knows no protocol."""

from __future__ import annotations

import ast
import gc
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import playpen_ls
from playpen_ls.engine.registry import rules_of
from playpen_ls.languages.registry import LANGUAGES
from playpen_ls.text.regex import _Regex

ROOT = Path(playpen_ls.__file__).parent
# Each may import what is in an earlier one; `languages/` and `rules/` have an order of their own below.
ORDER = (
    "text",
    "vocabulary",
    "api",
    "languages",
    "project",
    "rules",
    "engine",
    "config",
    "session",
    "cli",
    "server",
    "__main__",
)
# Inside a language. A folder that is not named here stands between `model` and `facts`.
INSIDE = {"syntax": 0, "model": 1, "facts": 3, "edits": 3, "": 4}


@cache
def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


@cache
def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def known() -> frozenset[str]:
    return frozenset(map(name_of, modules()))


@cache
def import_statements(path: Path) -> list[ast.Import | ast.ImportFrom]:
    """Without the rest of the tree, which the garbage collector would go through in all tests after these."""
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]


@cache
def imports(path: Path) -> frozenset[str]:
    """The modules of ours that a module imports, those inside functions and under TYPE_CHECKING too."""
    found = set()
    for node in import_statements(path):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            for name in node.names:
                full = f"{node.module}.{name.name}".removeprefix("playpen_ls.")
                found.add(full if full in known() else (node.module or "").removeprefix("playpen_ls."))
        else:
            found |= {name.name.removeprefix("playpen_ls.") for name in node.names}
    return frozenset((found & known()) - {name_of(path)})


def cycles(graph: Mapping[str, frozenset[str]]) -> Iterator[list[str]]:
    """The sets of nodes that reach each other (Tarjan's strongly connected components)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(node: str) -> Iterator[list[str]]:
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in number:
                yield from visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], number[other])
        if low[node] == number[node]:
            part = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(part) > 1:
                yield sorted(part)

    for node in sorted(graph):
        if node not in number:
            yield from visit(node)


def against_the_order(here: list[str], there: list[str]) -> str:
    """What is wrong with an import of one module by another; "" if nothing is."""
    if ORDER.index(there[0]) > ORDER.index(here[0]):
        return "is in a later layer"
    if here[0] == there[0] == "languages":
        languages = [parts[1] for parts in (here, there) if len(parts) > 1 and (ROOT / "rules" / parts[1]).is_dir()]
        if len(set(languages)) > 1:
            return "is of another language"
        if len(languages) == 1 and languages[0] != here[1]:
            return "is of a language, the module is not"
        if len(languages) == 2:
            ranks = [INSIDE.get(".".join(parts[2:3]), 2) for parts in (there, here)]
            if ranks != sorted(ranks):
                return "is in a later layer of the language"
    if here[0] == there[0] == "rules":
        if here[1] != there[1]:
            return "is a rule of another language"
        if not there[2].startswith("_") and here[2] != there[2]:
            return "is a rule"
    return ""


def test_imports_go_up_the_layers():
    faults = [
        f"{name_of(path)} imports {name}, which {fault}"
        for path in modules()
        for name in sorted(imports(path))
        if (fault := against_the_order(name_of(path).split("."), name.split(".")))
    ]
    assert faults == []


def test_no_module_imports_itself_through_others():
    assert list(cycles({name_of(path): imports(path) for path in modules()})) == []


def children() -> dict[str, dict[str, frozenset[str]]]:
    """By folder ("" is the whole package): which of its modules and subfolders import which others."""
    graphs: dict[str, dict[str, set[str]]] = {}
    for path in modules():
        here = [*path.relative_to(ROOT).with_suffix("").parts]
        for name in imports(path):
            there = name.split(".") + (["__init__"] if (ROOT / name.replace(".", "/")).is_dir() else [])
            depth = next(n for n, (one, other) in enumerate(zip(here, there, strict=False)) if one != other)
            graphs.setdefault("/".join(here[:depth]), {}).setdefault(here[depth], set()).add(there[depth])
    return {
        folder: {one: frozenset(others) for one, others in sorted(graph.items())}
        for folder, graph in sorted(graphs.items())
    }


def test_no_folder_imports_itself_through_its_neighbors():
    assert {folder: found for folder, graph in children().items() if (found := list(cycles(graph)))} == {}


def test_every_folder_says_what_it_is_for():
    """A rule's package is a rule, whose own docstring is its page."""
    packages = [path for path in ROOT.rglob("__init__.py") if path.parent.parent.parent != ROOT / "rules"]
    assert [path for path in packages if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_only_the_server_knows_the_protocol():
    for path in modules():
        names = {name.name for node in import_statements(path) if isinstance(node, ast.Import) for name in node.names}
        names |= {node.module or "" for node in import_statements(path) if isinstance(node, ast.ImportFrom)}
        if any(name.split(".")[0] in ("lsprotocol", "pygls") for name in names):
            assert path.is_relative_to(ROOT / "server")


def test_the_command_line_and_the_server_do_not_import_each_other():
    for path in modules():
        here = name_of(path).split(".")[0]
        others = {name.split(".")[0] for name in imports(path)}
        assert not (here == "server" and "cli" in others), path
        assert not (here == "cli" and "server" in others), path


def test_splitlines_is_used_nowhere():
    """It ends lines at form feeds and U+2028, where the protocol does not."""
    for path in modules():
        code = re.sub("#.*", "", path.read_text())
        assert ".splitlines" not in code, path


def test_start_compiles_no_pattern_and_no_method_in_vain():
    """`regex` and our `dataclass` do what `re.compile` and the standard one do; all of them would cost 0.2 s."""
    for path in modules():
        if path.parent.name == "text" and path.stem in ("dataclass", "regex"):
            continue
        tree = ast.parse(path.read_text())
        inside = {
            id(node)
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.Lambda)
            for node in ast.walk(function)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "dataclasses":
                assert "dataclass" not in [one.name for one in node.names], f"{path}:{node.lineno}"
            if isinstance(node, ast.Call) and id(node) not in inside and not _of_bytes(node):
                assert ast.unparse(node.func) != "re.compile", f"{path}:{node.lineno}"


def _of_bytes(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, bytes)


def test_cached_properties_leave_dictionaries_unmade():
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "functools" and path.stem != "cached_property":
                assert "cached_property" not in [one.name for one in node.names], f"{path}:{node.lineno}"


def test_all_patterns_are_regular_expressions():
    for path in modules():
        if path.name != "__main__.py":
            import_module(f"playpen_ls.{name_of(path)}")
    patterns = [one for one in gc.get_objects() if isinstance(one, _Regex)]
    assert len(patterns) > 500
    for one in patterns:
        re.compile(one.pattern, one.flags)


def test_the_command_line_does_not_import_what_it_does_not_need(tmp_path: Path):
    (tmp_path / "app.py").write_text("x = 1\n")
    script = (
        "import sys; from playpen_ls.cli.main import run; status = run(['check', '.']); "
        "print([name for name in ('lsprotocol', 'pygls', 'libcst', 'asyncio', 'yaml', 'dockerfile_parse') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]"), done.stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_does_not_import_another(language: str, tmp_path: Path):
    """The values of all are read; parsers and rules are imported only of those whose files are there."""
    example = next(iter(rules_of(language)[0].bad[0].files.items()))
    (tmp_path / example[0]).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / example[0]).write_text(re.sub("[«»]", "", example[1]))
    script = (
        "import sys; from playpen_ls.cli.main import run; run(['check', '.']); "
        "print(*{name.split('.')[2] for name in sys.modules "
        f"if name.startswith('playpen_ls.rules.') or name.count('.') > 2 and name.split('.')[2] in {[*LANGUAGES]}}})"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[-2] == language
