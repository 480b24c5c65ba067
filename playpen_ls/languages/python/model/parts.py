"""The parts of a Python file that rules check. Spans are in file offsets; do not use the positions of `ast` nodes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from playpen_ls.languages.python.model.literal_roles import Role, role_of
from playpen_ls.languages.python.model.scope import Link, Names
from playpen_ls.languages.python.syntax.nodes import is_main_guard
from playpen_ls.languages.python.syntax.statement import Parsed
from playpen_ls.text.span import Span

if TYPE_CHECKING:
    from playpen_ls.languages.python.model.module import PythonModel

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A chunk: its parsed text, its start in the file, and its names."""

    model: PythonModel
    parsed: Parsed
    start: int
    names: Names
    flags: frozenset[str]

    def span(self, node: ast.AST) -> Span:
        return self.parsed.span(node).shifted(self.start)


class Part:
    """A node with its ancestors. `flags` of the file: "web", "cli", "main" (a `__main__` guard), "json" (logs)."""

    __slots__ = ("__dict__", "link", "node", "site")

    node: ast.AST

    def __init__(self, site: Site, node: ast.AST, link: Link | None) -> None:
        self.site = site
        self.node = node
        self.link = link

    @property
    def model(self) -> PythonModel:
        return self.site.model

    @property
    def path(self) -> str:
        return self.site.model.source.path

    @property
    def flags(self) -> frozenset[str]:
        return self.site.flags

    @property
    def span(self) -> Span:
        return self.site.span(self.node)

    def span_of(self, node: ast.AST) -> Span:
        return self.site.span(node)

    def text_of(self, node: ast.AST) -> str:
        return self.model.source.of(self.site.span(node))

    def origin(self, node: ast.AST | None) -> str | None:
        """The origin of an expression in the scope of this part, such as `os.getenv`. See `scope`."""
        return None if node is None else self.site.names.origin(node, self.link)

    def above(self) -> Iterator[tuple[ast.AST, ast.AST]]:
        """(ancestor, its child on the path to this node), innermost first."""
        child, link = self.node, self.link
        while link is not None:
            yield link[0], child
            child, link = link

    @cached_property
    def statement(self) -> ast.stmt | None:
        return next((node for node, _ in self.above() if isinstance(node, ast.stmt)), None)

    @property
    def is_statement(self) -> bool:
        """Whether it is an expression statement, whose value is not used."""
        return self.link is not None and isinstance(self.link[0], ast.Expr)

    @cached_property
    def function(self) -> Function | None:
        """The innermost function whose body contains it."""
        for node, child in self.above():
            if isinstance(node, _DEFINITIONS) and isinstance(child, ast.stmt):
                return node
        return None

    @cached_property
    def handler(self) -> ast.ExceptHandler | None:
        """The innermost enclosing `except` of the same function."""
        for node, child in self.above():
            if isinstance(node, ast.ExceptHandler):
                return node
            if isinstance(node, (*_DEFINITIONS, ast.ClassDef, ast.Lambda)) and (
                isinstance(child, ast.stmt) or isinstance(node, ast.Lambda)
            ):
                return None
        return None

    @property
    def in_main_guard(self) -> bool:
        return any(is_main_guard(node) for node, _ in self.above())


class Called(Part):
    """A call of a known function; `name` is the origin of the function."""

    node: ast.Call

    def __init__(self, site: Site, node: ast.Call, link: Link | None, name: str) -> None:
        super().__init__(site, node, link)
        self.name = name

    @property
    def callee_span(self) -> Span:
        """`logger.info` of `logger.info("…")`."""
        return self.span_of(self.node.func)

    @property
    def method_span(self) -> Span:
        """`info` of `logger.info("…")`."""
        span = self.span_of(self.node.func)
        name = self.node.func.attr if isinstance(self.node.func, ast.Attribute) else None
        return Span(span.end - len(name), span.end) if name else span

    def keyword(self, *names: str) -> ast.expr | None:
        return next((keyword.value for keyword in self.node.keywords if keyword.arg in names), None)

    @property
    def spreads(self) -> bool:
        """Whether it has `*args` or `**kwargs`, so that not all of its arguments are known."""
        starred = any(isinstance(argument, ast.Starred) for argument in self.node.args)
        return starred or any(keyword.arg is None for keyword in self.node.keywords)


class PrintCall(Called):
    """`print(…)`, the builtin, or `pprint.pprint(…)`."""


class LogCall(Called):
    """A call of a logger's method, `logger.info(…)`.

    `kind` is "standard" or "root" for loggers that are certainly the standard library's, "structlog", "loguru",
    or "named" if only the name suggests a logger. `method` is the method name as written.
    """

    def __init__(self, site: Site, node: ast.Call, link: Link | None, name: str, kind: str, method: str) -> None:
        super().__init__(site, node, link, name)
        self.kind = kind
        self.method = method

    @property
    def standard(self) -> bool:
        return self.kind in ("standard", "root")

    @property
    def message(self) -> ast.expr | None:
        arguments = self.node.args[1:] if self.method == "log" else self.node.args
        return arguments[0] if arguments else None

    @property
    def arguments(self) -> list[ast.expr]:
        """The positional arguments after the message."""
        return self.node.args[2:] if self.method == "log" else self.node.args[1:]


class LogConfiguration(Called):
    """`logging.basicConfig(…)`."""


class MisnamedLogger(Called):
    """`logging.getLogger(__file__)`."""


class EngineCall(Called):
    """`create_engine(…)` or `create_async_engine(…)` of SQLAlchemy or SQLModel."""

    @property
    def is_async(self) -> bool:
        return "async" in self.name.rpartition(".")[2]

    @property
    def url(self) -> ast.expr | None:
        return self.node.args[0] if self.node.args else self.keyword("url")


class PoolSettings(Part):
    """A dictionary of connection settings; `name_span` is the range of its name.

    Only Flask-SQLAlchemy's `SQLALCHEMY_ENGINE_OPTIONS` is yielded as a part; for Django databases see `settings`.
    """

    node: ast.Dict

    def __init__(self, site: Site, node: ast.Dict, link: Link | None, name: ast.expr) -> None:
        super().__init__(site, node, link)
        self.name_span = self.span_of(name)

    def value(self, key: str) -> ast.expr | None:
        pairs = zip(self.node.keys, self.node.values, strict=True)
        return next((value for one, value in pairs if isinstance(one, ast.Constant) and one.value == key), None)

    @property
    def spreads(self) -> bool:
        """Whether it has `**more` or a computed key."""
        return any(not isinstance(key, ast.Constant) for key in self.node.keys)


class SchemaCreation(Part):
    """An attribute `create_all` or `drop_all`, called or not."""

    node: ast.Attribute

    @property
    def word_span(self) -> Span:
        span = self.span
        return Span(span.end - len(self.node.attr), span.end)

    @property
    def call(self) -> ast.Call | None:
        """The call of it, or the call that has it as an argument (`run_sync(Base.metadata.create_all)`)."""
        return self.link[0] if self.link is not None and isinstance(self.link[0], ast.Call) else None


class StringLiteral(Part):
    """A string, bytes or f-string, including implicit concatenation. Never a docstring or a bare string.

    `value` has `\\0` for each placeholder of an f-string.
    """

    node: ast.Constant | ast.JoinedStr

    def __init__(self, site: Site, node: ast.Constant | ast.JoinedStr, link: Link | None, value: str) -> None:
        super().__init__(site, node, link)
        self.value = value

    @property
    def text(self) -> str:
        """The source text, with quotes."""
        return self.model.source.of(self.span)

    @property
    def is_bytes(self) -> bool:
        return isinstance(self.node, ast.Constant) and isinstance(self.node.value, bytes)

    @property
    def is_format(self) -> bool:
        return isinstance(self.node, ast.JoinedStr)

    @cached_property
    def role(self) -> Role:
        return role_of(self.node, self.link)

    def calls(self) -> Iterator[ast.Call]:
        """The calls of its statement that have it in an argument, innermost first."""
        for node, child in self.above():
            if isinstance(node, ast.stmt):
                return
            if isinstance(node, ast.Call) and child is not node.func:
                yield node
