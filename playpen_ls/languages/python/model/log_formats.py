"""What the handlers of a project print of a log record: the formats that its files give, and the `extra` of its calls.

A file can also print attributes that no format names: with a formatter of its own, or of a library. What is printed
is then not known.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from playpen_ls.api.fact_types import ExtraLogged
from playpen_ls.api.file_view import Outline
from playpen_ls.api.finding import Place
from playpen_ls.languages.python.model.calls import logger_kind
from playpen_ls.languages.python.model.parts import Site
from playpen_ls.languages.python.model.queries import texts
from playpen_ls.languages.python.model.scope import Link
from playpen_ls.languages.python.syntax.known_names import CONFIGURING, METHODS
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.text.words import Words

_DEFAULT = "%(levelname)s:%(name)s:%(message)s"  # logging.BASIC_FORMAT
_KEY = regex(r"%\((\w*)\)|\{(\w+)[^}]*\}|\$\{?(\w+)")
_WORDS = frozenset(("basicConfig", "dictConfig", "fileConfig", "Formatter", "formatters", "setLoggerClass",
                    "setLogRecordFactory", "LoggerAdapter"))  # fmt: skip
_SETS_UP = regex(
    r"basicConfig|Formatter|dictConfig|fileConfig|\w+Handler\b|\(\s*(?:logging\.)?(?:Handler|Filter|Logger)\s*\)|addFilter"
    r"|LoggerAdapter|setLoggerClass|setLogRecordFactory|[\"\']formatters[\"\']"
)
# Libraries whose handlers or formatters print, or send, other attributes than those that a format names.
_LIBRARY = regex(
    r"^[ \t]*(?:from|import)[ \t]+(?:pythonjsonlogger|structlog|loguru|json_log_formatter|ecs_logging|json_logging"
    r"|logstash\w*|google\.cloud[. ]|opentelemetry|sentry_sdk|watchtower|logging_loki|ddtrace|newrelic|elasticapm"
    r"|logfire|opencensus|azure\.monitor|applicationinsights|graypy|fluent|rich\.logging|colorlog|coloredlogs|daiquiri|eliot"
    r"|celery|asgi_correlation_id|django_structlog|raven|rollbar|bugsnag|datadog|logtail|axiom|picologging|verboselogs)\b",
    re.MULTILINE,
)
_LIBRARY_WORDS = frozenset((
    "pythonjsonlogger", "structlog", "loguru", "json_log_formatter", "ecs_logging", "json_logging", "google",
    "opentelemetry", "sentry_sdk", "watchtower", "logging_loki", "ddtrace", "newrelic", "elasticapm", "logfire",
    "opencensus", "azure", "applicationinsights", "graypy", "fluent", "rich", "colorlog", "coloredlogs", "daiquiri",
    "eliot", "celery", "asgi_correlation_id", "django_structlog", "raven", "rollbar", "bugsnag", "datadog", "logtail",
    "axiom", "picologging", "verboselogs",
))  # fmt: skip
_HANDLERS = frozenset(
    ("StreamHandler", "FileHandler", "NullHandler", "RotatingFileHandler", "TimedRotatingFileHandler",
     "WatchedFileHandler", "QueueHandler", "MemoryHandler")
)  # fmt: skip
_BASES = frozenset(("Handler", "Filter", "LoggerAdapter", "Logger", "LogRecord", *_HANDLERS))
_OTHER = regex(r".*(?:HelpFormatter|RequestHandler|EventHandler|ExceptionHandler|ErrorHandler)")
_SWITCHES = frozenset(("fileConfig", "setLoggerClass", "setLogRecordFactory", "addFilter"))
_PLAIN = frozenset((
    "logging.Formatter", "uvicorn.logging.DefaultFormatter", "uvicorn.logging.AccessFormatter",
    "django.utils.log.ServerFormatter",
))  # fmt: skip
_PLAIN_FILTERS = ("django.utils.log.",)


def possible_in(words: Words) -> bool:
    """Whether a text with these words can have a format, or something that prints without one, or `extra`."""
    return words.has_any(_WORDS) or "extra" in words.all or (words.has("logging") and words.has("andler"))


def prints_otherwise(words: Words) -> bool:
    """Whether a text imports a library that prints attributes which no format names."""
    if not words.has_any(_LIBRARY_WORDS) and not words.has("logstash"):
        return False
    return _LIBRARY.search(words.text) is not None


@dataclass(frozen=True, slots=True)
class LogFormat:
    """A format of log records: the range of its text, and of `whole`, the call or dictionary that it belongs to.

    Both count from the start of the chunk. `keys` are the attributes that it prints; `constant` is the name of the
    constant with the text.
    """

    span: Span
    whole: Span
    keys: tuple[str, ...] = ()
    constant: str = ""
    chunk: int = 0


@dataclass(frozen=True, slots=True)
class _Setup:
    """What a statement does with log records; it is not `readable` if it can print any attribute.

    `dictionaries` are the names of configurations that it binds, `used` those that it applies.
    """

    formats: tuple[LogFormat, ...] = ()
    readable: bool = True
    dictionaries: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()


_NOTHING = _Setup()


def log_formats(outline: Outline) -> tuple[LogFormat, ...] | None:
    """A query: the formats of log records that the file gives; None if it can also print other attributes."""
    found = outline.each(_setup)
    bound = frozenset(name for one in found for name in one.dictionaries)
    if not all(one.readable and one.used <= bound for one in found):
        return None
    formats = []
    constants = None
    for chunk, one in enumerate(found):
        for format in one.formats:
            keys = format.keys
            if format.constant:
                constants = outline.ask(texts) if constants is None else constants
                values = {value for name, value in constants if name == format.constant}
                if len(values) != 1:
                    return None
                keys = _keys(values.pop())
            formats.append(replace(format, keys=keys, chunk=chunk))
    return tuple(formats)


def _setup(statement: Statement) -> _Setup:
    if _LIBRARY.search(statement.text):
        return _Setup(readable=False)
    if not _SETS_UP.search(statement.text):
        return _NOTHING
    formats: list[LogFormat] = []
    bound: set[str] = set()
    used: set[str] = set()
    for body in statement.body():
        for node in ast.walk(body):
            if isinstance(node, ast.ClassDef):
                known = not any(map(_is_special, node.bases))
            elif isinstance(node, ast.Call):
                known = _read_call(statement, node, formats, used)
            elif isinstance(node, ast.Dict):
                known = _read_dictionary(statement, node, formats)
            else:
                if isinstance(node, (ast.Assign, ast.AnnAssign)) and _configuration(node.value) is not None:
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    bound |= {one.id for one in targets if isinstance(one, ast.Name)}
                continue
            if not known:
                return _Setup(readable=False)
    return _Setup(tuple(formats), True, frozenset(bound), frozenset(used))


def _last(node: ast.expr) -> str:
    return (dotted(node) or "").rpartition(".")[2]


def _is_special(base: ast.expr) -> bool:
    name = _last(base)
    return name in _BASES or (name.endswith("Formatter") and not _OTHER.fullmatch(name))


def _read_call(statement: Statement, node: ast.Call, formats: list[LogFormat], used: set[str]) -> bool:
    """Add the format of a call; False if what it prints is not known."""
    name = _last(node.func)
    options = {one.arg: one.value for one in node.keywords}
    if name == CONFIGURING:
        if None in options or node.args:
            return False
        return _add(statement, options.get("format"), node, node.func, formats)
    if name == "Formatter":
        if None in options or any(isinstance(one, ast.Starred) for one in node.args):
            return False
        return _add(statement, node.args[0] if node.args else options.get("fmt"), node, node.func, formats)
    if name == "dictConfig":
        given = node.args[0] if node.args else options.get("config")
        if isinstance(given, ast.Name):
            used.add(given.id)
        return isinstance(given, ast.Name) or _configuration(given) is not None
    if name == "setFormatter":
        given = node.args[0] if node.args else None
        return not isinstance(given, ast.Call) or _last(given.func) == "Formatter"
    if name in _SWITCHES:
        return False
    if name.endswith(("Formatter", "Handler")) and name[:1].isupper():
        return name in _HANDLERS or _OTHER.fullmatch(name) is not None
    return True


def _add(
    statement: Statement, format: ast.expr | None, whole: ast.AST, otherwise: ast.AST, formats: list[LogFormat]
) -> bool:
    span, whole_span = statement.span(format or otherwise), statement.span(whole)
    if isinstance(format, ast.Name):
        formats.append(LogFormat(span, whole_span, constant=format.id))
        return True
    text = _DEFAULT if format is None else format.value if isinstance(format, ast.Constant) else None
    if not isinstance(text, str):
        return False
    formats.append(LogFormat(span, whole_span, _keys(text)))
    return True


def _keys(text: str) -> tuple[str, ...]:
    return tuple(sorted({next(filter(None, match.groups()), "") for match in _KEY.finditer(text)}))


def _entries(node: ast.expr | None) -> dict[object, ast.expr] | None:
    """A dictionary whose keys are all literal; else None."""
    if not isinstance(node, ast.Dict) or not all(isinstance(one, ast.Constant) for one in node.keys):
        return None
    return {one.value: value for one, value in zip(node.keys, node.values, strict=True)}  # type: ignore[union-attr]


def _configuration(node: ast.expr | None) -> dict[object, ast.expr] | None:
    """The entries of a dictionary for `dictConfig`."""
    entries = _entries(node)
    return entries if entries and "version" in entries and {"formatters", "handlers"} & entries.keys() else None


def _read_dictionary(statement: Statement, node: ast.Dict, formats: list[LogFormat]) -> bool:
    entries = _configuration(node)
    if entries is None:
        keys = {one.value for one in node.keys if isinstance(one, ast.Constant)}
        return not {"version", "formatters"} <= keys  # one with computed keys
    for kind, read in (("formatters", _read_formatter), ("handlers", _read_handler), ("filters", _read_filter)):
        group = _entries(entries[kind]) if kind in entries else {}
        if group is None or not all(read(statement, one, formats) for one in group.values()):
            return False
    return True


def _made_by(entries: dict[object, ast.expr]) -> list[str]:
    """What makes an entry of a configuration: texts, "?" for one that is computed."""
    given = [entries[key] for key in ("()", "class") if key in entries]
    return [one.value if isinstance(one, ast.Constant) and isinstance(one.value, str) else "?" for one in given]


def _read_formatter(statement: Statement, node: ast.expr, formats: list[LogFormat]) -> bool:
    entries = _entries(node)
    if entries is None or not set(_made_by(entries)) <= _PLAIN:
        return False
    format = entries.get("format", entries.get("fmt"))
    return format is not None and _add(statement, format, node, node, formats)


def _read_handler(_: Statement, node: ast.expr, formats: list[LogFormat]) -> bool:
    entries = _entries(node)
    return entries is not None and all(one.rpartition(".")[2] in _HANDLERS for one in _made_by(entries))


def _read_filter(_: Statement, node: ast.expr, formats: list[LogFormat]) -> bool:
    entries = _entries(node)
    return entries is not None and all(one.startswith(_PLAIN_FILTERS) for one in _made_by(entries))


def extra_logged(site: Site, node: ast.Call, link: Link | None) -> Iterator[ExtraLogged]:
    """The fact for a call of a standard logger with literal keys in `extra`."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in METHODS:
        return
    extra = next((one.value for one in node.keywords if one.arg == "extra"), None)
    if isinstance(extra, ast.Dict) and logger_kind(site.names.origin(node.func, link) or "") in ("standard", "root"):
        keys = [one.value for one in extra.keys if isinstance(one, ast.Constant)]
        yield ExtraLogged(Place("", site.span(extra)), tuple(one for one in keys if isinstance(one, str)))
