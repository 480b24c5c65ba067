"""The names of a module that others import and whose origin rules have to know.

Loggers, settings, databases, engines, applications, routers, and attributes of base classes that are loggers.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from playpen_ls.api.file_view import Outline
from playpen_ls.languages.python.model.queries import scope
from playpen_ls.languages.python.syntax.known_names import (
    APPLICATIONS,
    ENGINES,
    LOGGERS,
    OTHER_LOGGERS,
    ROUTERS,
    SETTINGS,
)
from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.text.regex import regex
from playpen_ls.text.words import Words

_KNOWN = (
    *(one for one in LOGGERS if not one.startswith("flask.")),
    *OTHER_LOGGERS.values(),
    "loguru",
    "logging.getLogger(root)",
    *(f"{one}.<class>" for one in SETTINGS),
    "flask_sqlalchemy.SQLAlchemy()",
    "flask_sqlalchemy.extension.SQLAlchemy()",
    "sqlalchemy.MetaData()",
    *(f"{one}()" for one in (*APPLICATIONS, *ROUTERS)),
)
_KNOWN_WORDS = frozenset((
    "getLogger", "get_logger", "get_task_logger", "Logger", "LoggerAdapter", "loguru", "structlog", "BaseSettings",
    "SQLAlchemy", "MetaData", *(one.rpartition(".")[2] for one in (*APPLICATIONS, *ROUTERS)),
))  # fmt: skip
# Names of such objects. Others are not followed, since every module imports some names of the project.
_NAMES = frozenset((
    "log", "logger", "LOG", "LOGGER", "db", "metadata", "Base", "app", "application", "api", "router", "bp",
    "blueprint", *ENGINES,
))  # fmt: skip
_ENDS = ("_log", "_logger", "Logger", "_db", "Settings", "Config", "Base", "Mixin", "_app", "_router", "_bp")
_STARTS = ("Base", "Abstract")
_PARTS = (*_ENDS, *_STARTS)
# What binds one of them to something else than a literal.
_BOUND = regex(
    r"^[ \t]*(?:(?:self\.|\w*_)?(?:log|logger|LOG|LOGGER|db|metadata|app|application|api|router|bp|blueprint)[ \t]*"
    r"(?::[^=\n]*)?=(?!=)[\s\\(]*[^\W\d]"
    r"|class[ \t]+(?:(?:Base|Abstract)\w*|\w*(?:Logger|Settings|Config|Base|Mixin))[ \t]*\("
    r"|class[ \t]+\w*Logger[ \t]*:)",
    re.MULTILINE,
)
# A class of the project that has a logger's methods, but not from `logging`.
_OWN_LOGGER = regex(
    r"^class[ \t]+(\w*Logger)[ \t]*(?:\([ \t]*(?:object|ABC|abc\.ABC|metaclass=\w+)?[ \t]*\))?[ \t]*:", re.MULTILINE
)
_LOGS = regex(r"\bdef (?:info|warn|warning|error|debug)\(")
OWN_LOGGER = "<own logger>"
_ASSIGNED = regex(r"[ \t]*[:=(]")
_IMPORTED = regex(r"[ \t\f]*(?:[:=(),;#\\\r\n]|as\b|\Z)")
_STAR = regex(r"import[\s\\(]*\*")
# Modules from which others import what these have imported.
_COLLECTING = regex(
    r"(?:^|/)(?:__init__|\w*(?:log|settings|config|util|common|core|base|extensions|deps|db|database|session)\w*)\.py$"
)


def possible_in(path: str, words: Words) -> bool:
    """Whether a module with these words can have such names."""
    if words.has_any(_KNOWN_WORDS):
        return True
    collects = _collects(path)
    if collects and "import" in words.all and _STAR.search(words.text):
        return True
    if not any(_is_bound(name, words.text, collects) for name in _followed(words)):
        return False
    return collects or _BOUND.search(words.text) is not None


def _followed(words: Words) -> Iterable[str]:
    """The words that are such names."""
    if any(part in words.text for part in _PARTS):
        return filter(_is_followed, words.all)
    return _NAMES & words.all


def _is_bound(name: str, text: str, collects: bool) -> bool:
    """Whether the name is ever followed by what follows a name that is bound; in prose it is not."""
    follows = _IMPORTED if collects else _ASSIGNED
    at = text.find(name)
    while at >= 0:
        at += len(name)
        if follows.match(text, at):
            return True
        at = text.find(name, at)
    return False


def _collects(path: str) -> bool:
    return _COLLECTING.search("/" + posixpath.basename(path)) is not None


def exports(outline: Outline) -> tuple[tuple[str, str], ...]:
    """A query: (name, origin), see `Exported`."""
    return tuple(dict.fromkeys(_exports(outline)))


def _exports(outline: Outline) -> Iterator[tuple[str, str]]:
    for name in outline.every(_own_loggers):
        yield name, OWN_LOGGER
    collects = _collects(outline.path)
    bound = {*outline.every(_imported), *outline.every(_bound)} if collects else {*outline.every(_bound)}
    for name, origin in outline.ask(scope).names.items():
        followed = "." in origin and name in bound
        if followed or origin.startswith(_KNOWN):
            yield name, origin
    if collects:
        for name in outline.every(_stars):
            yield "*", name


def _own_loggers(statement: Statement) -> tuple[str, ...]:
    found = _OWN_LOGGER.search(statement.text) if "Logger" in statement.text and not statement.header else None
    if found is None or ("def " in statement.text and _LOGS.search(statement.text) is None):
        return ()  # the members of a long class are elsewhere
    return (found[1],)


def _imported(statement: Statement) -> tuple[str, ...]:
    return tuple(one.name for one in statement.bindings if _is_followed(one.name) and (one.value or "").startswith("="))


def _is_followed(name: str) -> bool:
    return name in _NAMES or name.endswith(_ENDS) or name.startswith(_STARTS)


def _bound(statement: Statement) -> tuple[str, ...]:
    names = tuple(one.name for one in statement.bindings if _is_followed(one.name))
    found = names if names and _BOUND.search(statement.text) else ()
    return (*found, *(f"{holder}.{attribute}" for holder, attribute, _ in statement.loggers))


def _stars(statement: Statement) -> tuple[str, ...]:
    return tuple(one.value[1:] for one in statement.bindings if one.name == "*" and one.value)
