"""Classification of calls that rules check: printing, logging, SQLAlchemy engines."""

from __future__ import annotations

import ast

from playpen_ls.languages.python.model.library_calls import LIBRARY, LibraryCall, runs_imported
from playpen_ls.languages.python.model.parts import (
    Called,
    EngineCall,
    FlaskDatabase,
    LogCall,
    LogConfiguration,
    MisnamedLogger,
    PrintCall,
    Site,
)
from playpen_ls.languages.python.model.scope import Link
from playpen_ls.languages.python.syntax.known_names import (
    ADDING,
    APPLICATIONS,
    CONFIGURING,
    ENGINES,
    FLASK_DATABASE,
    FOREIGN_LOGGERS,
    GETTING,
    INCLUDING,
    LEVELING,
    LOGGER_NAME,
    LOGGERS,
    METHODS,
    NOT_NAMES,
    OTHER_LOGGERS,
    PRETTY,
    PRINT,
    READERS,
    READING_OBJECTS,
    ROOT_LOGGERS,
    ROUTERS,
    ROUTES,
    TELLING,
    TYPES,
)
from playpen_ls.languages.python.syntax.nodes import dotted

_LAST = frozenset(
    origin.removesuffix("()").rpartition(".")[2]
    for origin in (*READERS, *READING_OBJECTS, *APPLICATIONS, *ROUTERS, *ROUTES)
)
_DATABASE = FLASK_DATABASE.rpartition(".")[2]
_OF_LIBRARIES = frozenset(origin.rpartition(".")[2] for origin in LIBRARY)
_WANTED = METHODS | ENGINES | {CONFIGURING, GETTING, LEVELING, PRETTY, _DATABASE} | _OF_LIBRARIES
ATTRIBUTES = _WANTED | _LAST | ADDING.keys() | INCLUDING | TELLING | TYPES
"""The method names whose calls can become parts or facts."""
NAMES = frozenset((PRINT, PRETTY, CONFIGURING, GETTING, _DATABASE, "getenv", "env", "config")) | ENGINES
"""The names of functions whose calls can become parts, whatever the module imports."""


def called(site: Site, node: ast.Call, link: Link | None) -> Called | None:
    """The part for a call; None if no rule checks it."""
    function = node.func
    last = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if isinstance(function, ast.Attribute) and last not in _WANTED:
        return None
    origin = site.names.origin(function, link)
    if isinstance(function, ast.Attribute) and last in METHODS:
        kind = _logger_kind(function, origin)
        if kind == "named" and _is_of_own_class(function.value, link):
            kind = "unclear"
        return LogCall(site, node, link, origin or "", kind, last) if kind else None
    if origin is None:
        return None
    package, _, name = origin.rpartition(".")
    if origin in (PRINT, f"{PRETTY}.{PRETTY}"):
        return PrintCall(site, node, link, origin)
    if package == "logging" and name in METHODS:
        return LogCall(site, node, link, origin, "root", name)
    if origin == f"logging.{CONFIGURING}" or (name == LEVELING and package in ROOT_LOGGERS[1:]):
        return LogConfiguration(site, node, link, origin)
    if origin == f"logging.{GETTING}" and node.args and getattr(node.args[0], "id", "") in NOT_NAMES:
        return MisnamedLogger(site, node, link, origin)
    if name in ENGINES and package:
        return EngineCall(site, node, link, origin)
    if origin in LIBRARY or runs_imported(node, origin):
        return LibraryCall(site, node, link, origin)
    if origin == FLASK_DATABASE and _is_top_level(site, node, link):
        return FlaskDatabase(site, node, link, origin)
    return None


def _is_top_level(site: Site, node: ast.Call, link: Link | None) -> bool:
    """Whether it is the value of a top-level statement."""
    return not site.statement.header and link is not None and link[1] is None and _value(link[0]) is node


def _value(statement: ast.AST) -> object:
    return getattr(statement, "value", None)


def logger_kind(origin: str) -> str:
    """The kind of the logger of a method with this origin, see `LogCall`; "" if unknown."""
    if origin.rpartition(".")[0] in ROOT_LOGGERS:
        return "root"
    if origin.startswith(LOGGERS):
        return "standard"
    if origin.startswith(FOREIGN_LOGGERS):
        return "unclear"
    return next((library for library, begins in OTHER_LOGGERS.items() if origin.startswith(begins)), "")


def _is_of_own_class(receiver: ast.expr, link: Link | None) -> bool:
    """Whether it is a parameter with the type of another class than a known logger: its methods can differ."""
    while isinstance(receiver, ast.Name) and link is not None:
        node, link = link
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            given = node.args
            for one in (*given.posonlyargs, *given.args, *given.kwonlyargs):
                if one.arg == receiver.id:
                    kind = (dotted(one.annotation) or "").rpartition(".")[2] if one.annotation is not None else ""
                    return kind.endswith("Logger") and kind not in _LOGGER_TYPES
    return False


_LOGGER_TYPES = frozenset(("Logger", "BoundLogger", "FilteringBoundLogger"))


def _logger_kind(function: ast.Attribute, origin: str | None) -> str:
    known = logger_kind(origin) if origin is not None else ""
    if known:
        return known
    receiver = function.value
    name = receiver.attr if isinstance(receiver, ast.Attribute) else getattr(receiver, "id", "")
    return "named" if LOGGER_NAME.search(name) else ""
