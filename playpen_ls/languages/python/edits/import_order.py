"""The place of a new import, in the order of isort."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Sequence
from itertools import pairwise

from playpen_ls.api.finding import Refused
from playpen_ls.languages.python.model.module import PythonModel, Top
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.source import LINE_END, Source

_DIRECTIVE = regex(
    r"#!|.*(?:coding[:=]|noqa|pylint|mypy|type:|playpen|isort|flake8|ruff|fmt:|yapf|copyright|licen[sc]e|spdx)",
    re.IGNORECASE,
)
_STDLIB = sys.stdlib_module_names


def import_edit(model: PythonModel, line: str, used_at: int) -> Edit:
    """The edit that inserts an import line in isort's order. Raises Refused if that is after `used_at`."""
    source, newline = model.source, model.source.newline
    new = ast.parse(line).body[0]
    key = _key(new)
    run = model.once(_first_run)
    own = _own_from(source, run)
    keys = {id(top): _key(top.node, index >= own) for index, top in enumerate(run)}
    smaller = [top for top in run if keys[id(top)] <= key]
    same = [top for top in smaller if keys[id(top)][0] == key[0]]
    following = next((top for top in run if keys[id(top)] > key), None)
    if run and source.line_start(run[0].span.start) >= used_at:
        run, smaller, same, following = [], [], [], None
    if same or (smaller and following is None):
        after = (
            max((top for top in same if keys[id(top)][1] == key[1]), key=lambda top: top.span.start, default=None)
            or (same or smaller)[-1]
        )
        at = source.next_line_start(max(after.span.end - 1, 0))
        text = line + newline if same else newline + line + newline
        if source.text[at - 1 : at] not in ("\n", "\r"):
            text = newline + text.removesuffix(newline)
    elif following is not None:
        at = source.line_start(following.span.start)
        text = line + newline + (newline if keys[id(following)][0] != key[0] else "")
        if smaller:
            previous = source.next_line_start(max(smaller[-1].span.end - 1, 0))
            at, text = previous, newline + line + newline
    else:
        at, text = _top(model, line)
    if at > used_at:
        raise Refused("the imports are below this line")
    return Edit(at, at, text)


def _top(model: PythonModel, line: str) -> tuple[int, str]:
    """(offset, text) of the first import of a module that has none: after its docstring, before any code."""
    source, newline = model.source, model.source.newline
    head = _head(model)
    if head is not None:
        at = source.next_line_start(max(head.span.end - 1, 0))
        ended = source.text[at - 1 : at] in ("\n", "\r")
        return at, ("" if ended else newline) + newline + line + newline + (gap(model, at, newline) if ended else "")
    first = next((top.span.start for top in model.statements_with("")), len(source.text))
    at = _behind_comments(source.text[:first])
    following = source.text[at:].lstrip()
    blank = 2 if re.match(r"(?:async\s+def|def|class)\b|@", following) else 1 if following else 0
    return at, line + newline + newline * blank


def _behind_comments(text: str) -> int:
    """The offset after the comments at the top of a file, without those directly above the first statement."""
    if "#" not in text:
        return 0
    attached = len(text)
    ends = dict.fromkeys((0, *(match.end() for match in LINE_END.finditer(text)), len(text)))
    for start, end in reversed(list(pairwise(ends))):
        line = text[start:end].strip()
        if not line or _DIRECTIVE.match(line):
            break
        attached = start
    return attached


def gap(model: PythonModel, at: int, newline: str) -> str:
    """The empty lines to insert if code follows directly: one, or two before a definition."""
    following = model.source.text[at : at + 12]
    if not following or following[0] in "\r\n":
        return ""
    return newline * (2 if re.match(r"(?:async\s+def|def|class)\b|@", following) else 1)


def _head(model: PythonModel) -> Top | None:
    """The last statement among the docstring and the imports from `__future__`."""
    found = None
    for index, top in enumerate(model.statements_with("")):
        docstring = index == 0 and isinstance(top.node, ast.Expr) and _is_text(top.node.value)
        if not docstring and not _is_future(top.node):
            break
        found = top
    return found


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _first_run(model: PythonModel) -> Sequence[Top]:
    """The first block of imports, without those of `__future__`."""
    run: list[Top] = []
    for top in model.statements_with(""):
        if isinstance(top.node, (ast.Import, ast.ImportFrom)):
            if not _is_future(top.node):
                run.append(top)
        elif run or isinstance(top.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            break
    return run


def _key(node: ast.stmt, own: bool = False) -> tuple[int, bool, str]:
    """isort's sort key: section, `import` before `from`, name. `own` selects the first-party section."""
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        section = 4 if node.level else 3 if own else _section(module)
        return section, True, module.lower()
    module = node.names[0].name if isinstance(node, ast.Import) else ""
    return 3 if own else _section(module), False, module.lower()


def _own_from(source: Source, run: Sequence[Top]) -> int:
    """The index in `run` where the first-party section starts: the second group that is not the standard library."""
    groups = 0
    for index, top in enumerate(run):
        if _key(top.node)[0] == 2:
            above = source.text[run[index - 1].span.end : top.span.start] if index else ""
            if groups and LINE_END.sub("\n", above).replace(" ", "").find("\n\n") >= 0:
                return index
            groups = 1
    return len(run)


def _section(module: str) -> int:
    return 1 if module.partition(".")[0] in _STDLIB else 2


def after_imports(model: PythonModel) -> int:
    """The offset after the last top-level import, including imports in `if` and `try`."""
    last: Top | None = None
    for top in model.statements_with(""):
        guarded = isinstance(top.node, (ast.If, ast.Try)) and any(
            isinstance(inner, (ast.Import, ast.ImportFrom)) for inner in top.node.body
        )
        if isinstance(top.node, (ast.Import, ast.ImportFrom)) or guarded:
            last = top
        elif isinstance(top.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            break
    last = last or _head(model)
    if last is None:
        return _top(model, "")[0]
    return model.source.next_line_start(max(last.span.end - 1, 0))
