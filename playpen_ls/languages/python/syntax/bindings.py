"""Name bindings: the names that statements bind, and to what."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from playpen_ls.languages.python.syntax.nodes import dotted, imported, statements_in, targets
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

_ALIASES = 5  # of local names


@dataclass(frozen=True, slots=True)
class Binding:
    """A name that a module binds.

    `value` is the origin of an import ("=os.path"), the dotted expression that is assigned
    ("logging.getLogger()"), or None for anything else. `fallback` marks bindings in an `except` block.
    """

    name: str
    value: str | None
    fallback: bool = False


def bindings_of(body: list[ast.stmt]) -> Iterator[Binding]:
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


def member_bindings(tree: ast.Module) -> Iterator[Binding]:
    first = tree.body[0] if tree.body else None
    if isinstance(first, ast.ClassDef):
        yield from self_bindings(first.body)


def self_bindings(body: list[ast.stmt]) -> Iterator[Binding]:
    """Assignments to attributes of `self` and to class attributes, both with names such as `self.logger`.

    Values are in terms of the module's names.
    """
    stack: list[tuple[ast.stmt, ast.stmt | None]] = [(statement, None) for statement in body]
    tables: dict[ast.stmt, dict[str, str | None]] = {}
    while stack:
        statement, function = stack.pop()
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
            value = statement.value
            for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
                if function is None and isinstance(target, ast.Name):
                    yield Binding(f"self.{target.id}", dotted(value))
                elif _is_of_self(target):
                    if function is not None and function not in tables:
                        tables[function] = local_bindings(function)
                        tables[function].pop("self", None)
                    yield Binding(f"self.{target.attr}", _resolved(value, tables[function] if function else {}))  # type: ignore[attr-defined]
        if not isinstance(statement, ast.ClassDef):
            inner = statement if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) else function
            stack += [(one, inner) for one in statements_in(statement)]


def _is_of_self(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"


def bound(statement: ast.stmt) -> Iterator[tuple[str, str | None]]:
    """(name, value) of what a statement binds itself, without nested statements. See `Binding`."""
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


def texts_of(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement in body:
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or not isinstance(statement.value, ast.Constant):
            continue
        text = statement.value.value
        if isinstance(text, str):
            yield from ((name, text) for name, _ in bound(statement))


def local_bindings(node: ast.AST) -> dict[str, str | None]:
    """The names that a function or class binds in its own scope, with values as in `Binding`; None if unknown."""
    table: dict[str, str | None] = {}

    def bind(name: str, value: str | None) -> None:
        table[name] = value if table.get(name, value) == value else None

    arguments = getattr(node, "args", None)
    if isinstance(arguments, ast.arguments):
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for one in (*every, arguments.vararg, arguments.kwarg):
            if one is not None:
                annotation = dotted(one.annotation) if one.annotation is not None else None
                # A parameter annotated as `logging.Logger` is a standard logger.
                bind(one.arg, "=logging.getLogger()" if annotation in ("logging.Logger", "Logger") else None)
    stack: list[ast.AST] = list(getattr(node, "body", ())) if not isinstance(node, ast.Lambda) else []
    outer: set[str] = set()
    while stack:
        statement = stack.pop()
        if isinstance(statement, ast.stmt):
            for name, value in bound(statement):
                bind(name, value)
        if isinstance(statement, (ast.Global, ast.Nonlocal)):
            outer.update(statement.names)
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if isinstance(statement, ast.ExceptHandler) and statement.name:
            bind(statement.name, None)
        if isinstance(statement, ast.stmt | ast.ExceptHandler | ast.match_case):
            for name in ("body", "orelse", "finalbody", "handlers", "cases"):
                stack += getattr(statement, name, ())
        value = getattr(statement, "value", None) or getattr(statement, "test", None)
        if isinstance(value, ast.NamedExpr):
            for target in targets(value.target):
                if isinstance(target, ast.Name):
                    bind(target.id, None)
    return {name: value for name, value in table.items() if name not in outer}


_TRANSPARENT = frozenset(("cache", "lru_cache", "staticmethod"))  # decorators that keep what a function returns
_LOGGER_TYPE = regex(r"(?:\w+\.)*(?:Logger|LoggerAdapter|BoundLogger)")


def returned(function: ast.stmt) -> str | None:
    """The dotted expression that every `return` of a function has, in terms of the module's names.

    Its value is as in `Binding`. An annotation as a logger counts as a call of that class. None if unknown.
    """
    if not isinstance(function, ast.FunctionDef):
        return None
    decorators = (dotted(one.func if isinstance(one, ast.Call) else one) or "" for one in function.decorator_list)
    if any(name.rpartition(".")[2] not in _TRANSPARENT for name in decorators):
        return None
    table = local_bindings(function)
    found = {_resolved(value, table) for value in _return_values(function)}
    if len(found) == 1 and (value := found.pop()) is not None:
        return value
    annotation = function.returns
    text = annotation.value if isinstance(annotation, ast.Constant) else dotted(annotation) if annotation else None
    return f"{text}()" if isinstance(text, str) and _LOGGER_TYPE.fullmatch(text) else None


def _return_values(function: ast.FunctionDef) -> Iterator[ast.expr | None]:
    stack: list[ast.stmt] = [*function.body]
    while stack:
        statement = stack.pop()
        if isinstance(statement, ast.Return):
            yield statement.value
        elif not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            stack += statements_in(statement)


def _resolved(node: ast.expr | None, table: dict[str, str | None]) -> str | None:
    """A dotted expression of a function in terms of the module's names."""
    text = dotted(node) if node is not None else None
    for _ in range(_ALIASES):
        root = (text or "").partition(".")[0].partition("(")[0]
        if text is None or root not in table:
            return text
        value, rest = table[root], text[len(root) :]
        if value is None or value.startswith("="):
            return value and value + rest
        if value.partition(".")[0].partition("(")[0] == root:
            return None  # `logger = logger.bind()`, in which the name is a local one
        text = value + rest
    return None
