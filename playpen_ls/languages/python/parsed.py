"""One statement of a file as `ast` sees it, with places relative to its own text.

It knows nothing of the rest of the file, so it is found again by its text alone.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from playpen_ls.languages.python.idle import definition, look
from playpen_ls.languages.python.split import CLASS_LINE
from playpen_ls.source import Span

_COMMENT_OR_STRING = re.compile(
    r"#[^\n]*"
    r"|\"\"\"(?:[^\\]|\\.)*?(?:\"\"\"|\Z)|'''(?:[^\\]|\\.)*?(?:'''|\Z)"
    r"|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?",
    re.DOTALL,
)
_BLANK_BODY = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z))*")


@dataclass(frozen=True, slots=True)
class Binding:
    """A name that a module binds.

    `value` is the origin of an import ("=os.path"), the dotted expression that is assigned
    ("logging.getLogger()"), or None for anything else. `fallback` marks what stands in an `except`.
    """

    name: str
    value: str | None
    fallback: bool = False


@contextmanager
def quiet() -> Iterator[None]:
    """`ast` warns of invalid escapes in what it parses; that is another tool's business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Parsed:
    """`header` is put before the text to parse it (the class line of a member), and is in no place.

    `look` is what its text shows without being parsed. A `lazy` one is parsed when somebody asks for more than its
    name.
    """

    def __init__(self, text: str, header: str = "") -> None:
        self.text = text
        self.header = header
        self._lines: list[int] | None = None
        self._ascii = text.isascii()
        self._comments: tuple[tuple[Span, bool], ...] | None = None
        self._statements: tuple[Span, ...] | None = None
        self._mentions: tuple[Sequence[str], bool] = ((), False)
        self._tree: ast.Module | None = None
        self._broken: bool | None = None
        self._outline: tuple[ast.stmt, ...] | None = None
        self.bindings: tuple[Binding, ...] = ()
        self.guards_main = False
        self.texts: tuple[tuple[str, str], ...] = ()  # that constants of the module hold
        self.look = look(text)
        head = None if header else definition(text)
        self.lazy = head is not None or (bool(header) and self.look.idle)
        if head is not None:
            self.bindings = (Binding(head[0], f"{head[1]}.<class>" if head[1] else None),)
        elif not self.lazy:
            self._read()

    def _read(self) -> None:
        tree = self._tree = _parse(self.text, self.header)
        self._broken = tree is None
        if tree is not None:
            if not self.header:
                self.texts = tuple(_texts(tree.body))
                self._outline = tuple(map(_outlined, tree.body))
            self.bindings = tuple(_bindings(tree.body)) if not self.header else tuple(_own_bindings(tree))
            self.guards_main = any(is_main_guard(statement) for statement in tree.body)

    @property
    def broken(self) -> bool:
        if self._broken is None:
            self.tree()
        return bool(self._broken)

    @property
    def known_broken(self) -> bool:
        """It is broken, and that was found out: what is idle may be so unnoticed."""
        return self._broken is True

    @property
    def outline(self) -> tuple[ast.stmt, ...]:
        """The statements without what they hold."""
        if self._outline is None:
            self._outline = () if self.header else tuple(map(_outlined, self.tree().body))
        return self._outline

    def tree(self) -> ast.Module:
        """The tree, made again if it was let go. Empty for a broken text."""
        if self._tree is None and not self._broken:
            with quiet():
                self._tree = _parse(self.text, self.header)
            self._broken = self._tree is None
        return self._tree or ast.Module([], [])

    def let_go(self) -> None:
        """Trees are large, and the collector walks them: keep them no longer than needed."""
        self._tree = None

    def body(self) -> list[ast.stmt]:
        """The statements of the text itself, without the class that its header stands for."""
        body = self.tree().body
        return body[0].body if self.header and body and isinstance(body[0], ast.ClassDef) else body

    def offset(self, line: int, column: int) -> int:
        """The place of an `ast` position: lines from 1, columns in UTF-8 bytes."""
        if self._lines is None:
            self._lines = [0, *(match.end() for match in re.finditer("\n", self.text))]
        row = line - 1 - (1 if self.header else 0)
        if row >= len(self._lines):
            return len(self.text)
        start = self._lines[row]
        if self._ascii:
            return start + column
        end = self._lines[row + 1] if row + 1 < len(self._lines) else len(self.text)
        text = self.text[start:end]
        return start + (column if text.isascii() else len(text.encode()[:column].decode(errors="replace")))

    def span(self, node: ast.AST) -> Span:
        """Where an expression or statement stands; a decorated definition starts at its first decorator."""
        line, column = node.lineno, node.col_offset  # type: ignore[attr-defined]
        end = self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        decorators = getattr(node, "decorator_list", None)
        if decorators:
            first = self.offset(decorators[0].lineno, decorators[0].col_offset)
            return Span(self.text.rfind("@", 0, first), end)
        return Span(self.offset(line, column), end)

    def comments(self) -> tuple[tuple[Span, bool], ...]:
        """Where comments stand, and whether each is alone on its line."""
        if self._comments is None:
            found = []
            if "#" in self.text:
                for match in _COMMENT_OR_STRING.finditer(self.text):
                    if match[0][0] == "#":
                        line = self.text.rfind("\n", 0, match.start()) + 1
                        end = match.start() + len(match[0].rstrip("\r"))
                        found.append((Span(match.start(), end), not self.text[line : match.start()].strip()))
            self._comments = tuple(found)
        return self._comments

    def mentions(self, marks: Sequence[str]) -> bool:
        """One of these lower-case words stands in the text, in any case; the same words are asked for every time."""
        known, answer = self._mentions
        if known is not marks:
            text = self.text.lower() if "#" in self.text else ""
            answer = any(mark in text for mark in marks)
            self._mentions = (marks, answer)
        return answer

    def statements(self) -> tuple[Span, ...]:
        """Every statement, also inside others, by start; outer ones first."""
        if self._statements is None:
            found, stack = [], list(self.body())
            while stack:
                statement = stack.pop()
                found.append(self.span(statement))
                stack += _inner(statement)
            self._statements = tuple(sorted(found, key=lambda span: (span.start, -span.end)))
        return self._statements


def _parse(text: str, header: str) -> ast.Module | None:
    try:
        return ast.parse(header + text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    line = CLASS_LINE.match(text)
    if line and _BLANK_BODY.fullmatch(text, line.end()):
        tree = _parse(text[: line.end()] + "    pass\n", header)  # a class whose members stand in other chunks
        if tree is not None:
            tree.body[0].body.clear()  # type: ignore[attr-defined]
        return tree
    return None


def _inner(statement: ast.stmt) -> Iterator[ast.stmt]:
    for name in ("body", "orelse", "finalbody"):
        yield from getattr(statement, name, ())
    for handler in getattr(statement, "handlers", ()):
        yield from handler.body
    for case in getattr(statement, "cases", ()):
        yield from case.body


def dotted(node: ast.AST) -> str | None:
    """`logging.getLogger(__name__).info` as "logging.getLogger().info"; None for what is no such chain."""
    tail: list[str] = []
    while True:
        if isinstance(node, ast.Name):
            return "".join([node.id, *reversed(tail)])
        if isinstance(node, ast.Attribute):
            tail.append("." + node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            tail.append(_called(node))
            node = node.func
        elif isinstance(node, ast.Await):
            node = node.value
        else:
            return None


def _called(call: ast.Call) -> str:
    """`()`, or `(root)` for `getLogger()` and `getLogger("root")`."""
    function = call.func
    if (function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")) != "getLogger":
        return "()"
    names = [*call.args, *(keyword.value for keyword in call.keywords)]
    root = not names or (isinstance(names[0], ast.Constant) and names[0].value in (None, "", "root"))
    return "(root)" if root else "()"


def is_main_guard(statement: ast.AST) -> bool:
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.Compare)
        and any(
            isinstance(side, ast.Name) and side.id == "__name__"
            for side in (statement.test.left, *statement.test.comparators)
        )
    )


def imported(statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """(name, "=origin") of everything that an import binds."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            name = alias.asname or alias.name.partition(".")[0]
            yield name, "=" + (alias.name if alias.asname else name)
    else:
        origin = "." * statement.level + (statement.module or "")
        for alias in statement.names:
            dot = "" if origin.endswith(".") or not origin else "."
            yield alias.asname or alias.name, f"={origin}{dot}{alias.name}"


def targets(node: ast.AST) -> Iterator[ast.expr]:
    """The single targets of an assignment, out of tuples and lists."""
    stack: list[ast.AST] = [node]
    while stack:
        target = stack.pop()
        if isinstance(target, (ast.Tuple, ast.List)):
            stack += target.elts
        elif isinstance(target, ast.Starred):
            stack.append(target.value)
        elif isinstance(target, ast.expr):
            yield target


def bound(statement: ast.stmt) -> Iterator[tuple[str, str | None]]:
    """The names that one statement binds, without those of the statements in it."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        yield from imported(statement)
    elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield statement.name, None
    elif isinstance(statement, ast.ClassDef):
        base = dotted(statement.bases[0]) if statement.bases else None
        yield statement.name, f"{base}.<class>" if base else None
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            value = dotted(statement.value) if isinstance(target, ast.Name) else None
            for one in targets(target):
                if isinstance(one, ast.Name):
                    yield one.id, value
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        if isinstance(statement.target, ast.Name):
            value = dotted(statement.value) if isinstance(statement, ast.AnnAssign) and statement.value else None
            yield statement.target.id, value
    elif isinstance(statement, (ast.For, ast.AsyncFor)):
        yield from ((one.id, None) for one in targets(statement.target) if isinstance(one, ast.Name))
    elif isinstance(statement, (ast.With, ast.AsyncWith)):
        for item in statement.items:
            if item.optional_vars is not None:
                yield from ((one.id, None) for one in targets(item.optional_vars) if isinstance(one, ast.Name))


def _bindings(body: list[ast.stmt]) -> Iterator[Binding]:
    stack: list[tuple[ast.stmt, bool]] = [(statement, False) for statement in reversed(body)]
    while stack:
        statement, fallback = stack.pop()
        for name, value in bound(statement):
            yield Binding(name, value, fallback)
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        handlers = [inner for handler in getattr(statement, "handlers", ()) for inner in handler.body]
        stack += [(inner, True) for inner in handlers]
        stack += [
            (inner, fallback) for name in ("body", "orelse", "finalbody") for inner in getattr(statement, name, ())
        ]


_BLOCKS = (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.AsyncWith, ast.AsyncFor)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NONE = ast.Constant(None)


def _outlined(statement: ast.stmt) -> ast.stmt:
    """The statement without what it holds: imports are whole, and so are the names that it binds, in blocks too."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return statement
    made = type(statement)()
    made.lineno, made.col_offset = statement.lineno, statement.col_offset
    made.end_lineno, made.end_col_offset = statement.end_lineno, statement.end_col_offset
    if isinstance(statement, _DEFINITIONS):
        made.name, made.decorator_list = statement.name, statement.decorator_list[:1]  # type: ignore[attr-defined]
        made.body, made.bases = [], getattr(statement, "bases", [])  # type: ignore[attr-defined]
    elif isinstance(statement, _BLOCKS):
        for name in ("body", "orelse", "finalbody"):
            setattr(made, name, [_outlined(inner) for inner in getattr(statement, name, ())])
        caught = [inner for handler in getattr(statement, "handlers", ()) for inner in handler.body]
        made.handlers = [ast.ExceptHandler(None, None, [_outlined(inner) for inner in caught])]  # type: ignore[attr-defined]
        for name in ("target", "items"):
            if hasattr(statement, name):
                setattr(made, name, getattr(statement, name))
    else:
        for name in ("targets", "target"):
            if hasattr(statement, name):
                setattr(made, name, getattr(statement, name))
        value = getattr(statement, "value", None)
        made.value = value if isinstance(value, ast.Constant) or (value and dotted(value)) else _NONE  # type: ignore[attr-defined]
    return made


def _texts(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement in body:
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or not isinstance(statement.value, ast.Constant):
            continue
        text = statement.value.value
        if isinstance(text, str):
            yield from ((name, text) for name, _ in bound(statement))


def self_bindings(body: list[ast.stmt]) -> Iterator[Binding]:
    """What methods assign to attributes of `self`, under names such as `self.logger`, and class attributes."""
    stack: list[tuple[ast.stmt, bool]] = [(statement, True) for statement in body]
    while stack:
        statement, in_class = stack.pop()
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            value = statement.value
            for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
                if in_class and isinstance(target, ast.Name):
                    yield Binding(f"self.{target.id}", dotted(value))
                elif (
                    isinstance(target, ast.Attribute)
                    and isinstance(target.value, ast.Name)
                    and target.value.id == "self"
                ):
                    yield Binding(f"self.{target.attr}", dotted(value))
        inside = in_class and not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef))
        if not isinstance(statement, ast.ClassDef):
            stack += [(inner, inside) for inner in _inner(statement)]


def _own_bindings(tree: ast.Module) -> Iterator[Binding]:
    first = tree.body[0] if tree.body else None
    if isinstance(first, ast.ClassDef):
        yield from self_bindings(first.body)


Parser = Callable[[str, str], Parsed]
