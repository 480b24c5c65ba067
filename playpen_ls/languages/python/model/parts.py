"""The parts of a Python file that rules check.

Spans count from the start of the chunk; do not use the positions of `ast` nodes. What stands elsewhere in the file a
part asks, see `queries`. Each type says what a text must contain to have such a part.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import field
from typing import Any, TypeVar

from playpen_ls.api.file_view import FileView
from playpen_ls.languages.python.model.literal_roles import Role, role_of
from playpen_ls.languages.python.model.queries import flags
from playpen_ls.languages.python.model.scope import Link, Names
from playpen_ls.languages.python.syntax.known_names import (
    CONFIGURING,
    DJANGO_DATABASES,
    ENGINES,
    FLASK_DATABASE,
    FLASK_OPTIONS,
    GETTING,
    LEVELING,
    LOGGER_NAME,
    LOGGERS,
    METHODS,
    NOT_NAMES,
    OTHER_LOGGERS,
    PRETTY,
    PRINT,
    ROOT_LOGGERS,
    SCHEMA,
)
from playpen_ls.languages.python.syntax.mentions import call_of, is_called
from playpen_ls.languages.python.syntax.nodes import is_main_guard
from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span
from playpen_ls.text.words import Words

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef
Asked = TypeVar("Asked", bound=ast.AST)
Made = TypeVar("Made")

_OF_LOGGING = frozenset(("logging", *OTHER_LOGGERS))
_RECEIVER = regex(r"(?:\b|_)(?:log|logger|logging)[\s\\]*\.[\s\\]*$", re.IGNORECASE)
_LONGEST_RECEIVER = 60  # characters before the name of a method


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A chunk while it is looked at: its statement, its names, and its way to the rest of the file."""

    statement: Statement
    names: Names
    file: FileView
    _computed: dict[object, Any] = field(default_factory=dict)

    def span(self, node: ast.AST) -> Span:
        return self.statement.span(node)

    def once(self, compute: Callable[[Asked], Made], node: Asked) -> Made:
        """What a function of a node returns, computed on first use: each part of a long function asks the same."""
        key = compute, node
        if key not in self._computed:
            self._computed[key] = compute(node)
        made: Made = self._computed[key]
        return made

    @property
    def chunk(self) -> Source:
        if Source not in self._computed:
            self._computed[Source] = Source(self.file.path, self.statement.text)
        source: Source = self._computed[Source]
        return source


class Part:
    """A node with its ancestors. Ranges count from the start of its chunk."""

    __slots__ = ("__dict__", "link", "node", "site")

    node: ast.AST

    def __init__(self, site: Site, node: ast.AST, link: Link | None) -> None:
        self.site = site
        self.node = node
        self.link = link

    @staticmethod
    def possible_in(words: Words) -> bool:
        """Whether a text with these words can contain such a part; a text of which no part is possible is not parsed.

        The names of the module that `known_as` lists are not considered.
        """
        return True

    @staticmethod
    def known_as(name: str, origin: str) -> bool:
        """Whether a text that mentions this name of the module scope can contain such a part, whatever its words."""
        return False

    @property
    def file(self) -> FileView:
        return self.site.file

    @property
    def path(self) -> str:
        return self.file.path

    @property
    def flags(self) -> frozenset[str]:
        """What kind of program the file is, see `queries.flags`."""
        return self.file.ask(flags)

    @property
    def chunk(self) -> Source:
        """The text of its chunk, which starts at the start of a line: spans count in this."""
        return self.site.chunk

    @property
    def source(self) -> Source:
        """The whole file, as it is when the change of a fix is computed. Raises UnrecordedRead while a rule runs."""
        source: Source = self.file.model.source
        return source

    @property
    def start(self) -> int:
        """Its offset in the whole file. Raises UnrecordedRead while a rule runs."""
        return self.file.start + self.span.start

    @property
    def span(self) -> Span:
        return self.site.span(self.node)

    def span_of(self, node: ast.AST) -> Span:
        return self.site.span(node)

    def text_of(self, node: ast.AST) -> str:
        span = self.site.span(node)
        return self.site.statement.text[span.start : span.end]

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

    @staticmethod
    def possible_in(words: Words) -> bool:
        return is_called(words, PRINT, never=".") or is_called(words, PRETTY)

    @staticmethod
    def known_as(name: str, origin: str) -> bool:
        return _last(origin) == PRETTY != name


class LogCall(Called):
    """A call of a logger's method, `logger.info(…)`.

    `kind` is "standard" or "root" for loggers that are certainly the standard library's, "structlog", "loguru",
    "named" if only the name suggests a logger, or "unclear" if it can be one with a format of its own (see
    `rules/python/_origins.py`). `method` is the method name as written.
    """

    @staticmethod
    def possible_in(words: Words) -> bool:
        methods = words.all & METHODS
        if not methods:
            return False
        if words.has_any(_OF_LOGGING):
            return True  # an alias of a logging function, or a call of one
        if words.has("ogger"):
            return any(is_called(words, name) for name in methods)
        for name in methods:
            for match in call_of(name).finditer(words.text):
                if _RECEIVER.search(words.text, max(0, match.start() - _LONGEST_RECEIVER), match.start()):
                    return True
        return False

    @staticmethod
    def known_as(name: str, origin: str) -> bool:
        package, _, last = origin.rpartition(".")
        if package == "logging" and last in METHODS:
            return True
        logger = origin in ROOT_LOGGERS or origin.startswith((*LOGGERS, *OTHER_LOGGERS.values()))
        return logger and not LOGGER_NAME.search(name)

    def __init__(self, site: Site, node: ast.Call, link: Link | None, name: str, kind: str, method: str) -> None:
        super().__init__(site, node, link, name)
        self.kind = kind
        self.method = method

    def of_kind(self, kind: str) -> LogCall:
        """The same call, of a logger of another kind."""
        return LogCall(self.site, self.node, self.link, self.name, kind, self.method) if kind != self.kind else self

    @property
    def standard(self) -> bool:
        return self.kind in ("standard", "root")

    @property
    def message(self) -> ast.expr | None:
        arguments = self.node.args[1:] if self.method == "log" else self.node.args
        return arguments[0] if arguments else self.keyword("msg")

    @property
    def arguments(self) -> list[ast.expr]:
        """The positional arguments after the message."""
        return self.node.args[2:] if self.method == "log" else self.node.args[1:]


class LogConfiguration(Called):
    """`logging.basicConfig(…)`, or `logging.getLogger().setLevel(…)` of the root logger."""

    @staticmethod
    def possible_in(words: Words) -> bool:
        return CONFIGURING in words.all or LEVELING in words.all

    @staticmethod
    def known_as(name: str, origin: str) -> bool:
        return _last(origin) == CONFIGURING != name


class MisnamedLogger(Called):
    """`logging.getLogger(__file__)`."""

    @staticmethod
    def possible_in(words: Words) -> bool:
        return GETTING in words.all and words.has_any(NOT_NAMES)

    @staticmethod
    def known_as(name: str, origin: str) -> bool:
        return origin == f"logging.{GETTING}" and name != GETTING


class EngineCall(Called):
    """`create_engine(…)` or `create_async_engine(…)`, of SQLAlchemy or SQLModel if the name's origin is there."""

    @staticmethod
    def possible_in(words: Words) -> bool:
        return words.has_any(ENGINES)

    @staticmethod
    def known_as(name: str, origin: str) -> bool:
        return _last(origin) in ENGINES and name != _last(origin)

    @property
    def is_async(self) -> bool:
        return "async" in self.name.rpartition(".")[2]

    @property
    def url(self) -> ast.expr | None:
        return self.node.args[0] if self.node.args else self.keyword("url")


class FlaskDatabase(Called):
    """`SQLAlchemy(app)` of Flask-SQLAlchemy, assigned or called at the top level of the module."""

    @staticmethod
    def possible_in(words: Words) -> bool:
        return _last(FLASK_DATABASE) in words.all

    @staticmethod
    def known_as(name: str, origin: str) -> bool:
        return origin == FLASK_DATABASE and name != _last(FLASK_DATABASE)


class DatabaseSettings(Part):
    """A dictionary of connection settings; `name_span` is the range of its name."""

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


class PoolSettings(DatabaseSettings):
    """The engine options of Flask-SQLAlchemy, `SQLALCHEMY_ENGINE_OPTIONS`."""

    @staticmethod
    def possible_in(words: Words) -> bool:
        return FLASK_OPTIONS in words.all


class DjangoDatabase(DatabaseSettings):
    """An entry of a top-level `DATABASES` of Django, also in a block."""

    @staticmethod
    def possible_in(words: Words) -> bool:
        return DJANGO_DATABASES in words.all


class SchemaCreation(Part):
    """An attribute `create_all` or `drop_all`, called or not."""

    node: ast.Attribute

    @staticmethod
    def possible_in(words: Words) -> bool:
        return words.has_any(SCHEMA)

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

    `value` has `\\0` for each placeholder of an f-string. Nearly every text has some: a rule that looks for something
    in them should say what it `mentions`, so that other texts are not parsed.
    """

    node: ast.Constant | ast.JoinedStr

    @staticmethod
    def possible_in(words: Words) -> bool:
        return words.has('"') or words.has("'")

    def __init__(self, site: Site, node: ast.Constant | ast.JoinedStr, link: Link | None, value: str) -> None:
        super().__init__(site, node, link)
        self.value = value

    @property
    def text(self) -> str:
        """The source text, with quotes."""
        return self.text_of(self.node)

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


class PythonModule:
    """The whole file: what it asks is about all of its statements."""

    def __init__(self, file: FileView) -> None:
        self.file = file

    @property
    def path(self) -> str:
        return self.file.path


def _last(origin: str) -> str:
    return origin.rpartition(".")[2]


PARTS: tuple[type[Part], ...] = (
    PrintCall,
    LogCall,
    LogConfiguration,
    MisnamedLogger,
    EngineCall,
    FlaskDatabase,
    PoolSettings,
    DjangoDatabase,
    SchemaCreation,
    StringLiteral,
)
