from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ExtraLogged, JsonLogs, RecordsFormatted, WebApplication
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Change, Finding, Fix, Place, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.import_order import after_imports, import_edit
from playpen_ls.languages.python.edits.imports import model_of
from playpen_ls.languages.python.model.chunks import PythonChunk
from playpen_ls.languages.python.model.file_kind import is_script
from playpen_ls.languages.python.model.local_facts import extras
from playpen_ls.languages.python.model.log_formats import LogFormat, log_formats
from playpen_ls.languages.python.model.module import PythonModel
from playpen_ls.languages.python.model.queries import flags, is_left_alone
from playpen_ls.languages.python.parts import PythonModule
from playpen_ls.languages.python.syntax.known_names import CONFIGURING
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.rules.python._requirements import is_required, requirement
from playpen_ls.rules.python._services import service_of
from playpen_ls.rules.python._structured_logs import RESERVED
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.text.words import Words

_WORDS = frozenset(("basicConfig", "Formatter", "formatters"))
_FOR_HANDLERS = frozenset(("color_message", "markup", "highlighter"))  # of uvicorn and rich
# Programs and packages that take the records over without a line of code.
_AGENTS = ("opentelemetry-distro", "ddtrace", "newrelic", "elastic-apm", "sentry-sdk")
_OLD = regex(r"(?:==|~=|<|<=|\^)[ ]*(?:[0-2]\.|[0-3]\b(?!\.\d))")  # versions of python-json-logger before 3.1

_FORMATTER = '''_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class JsonFormatter(logging.Formatter):
    """Write a log record, with its `extra`, as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "timestamp": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry.update((key, value) for key, value in vars(record).items() if key not in _STANDARD)
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)
'''
_FORMAT = '"%(asctime)s %(levelname)s %(name)s %(message)s"'

_MAIN = "import logging\n\nfrom fastapi import FastAPI\n\n"
_APP = "app = FastAPI()\n"
_CALL = (
    "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef login(user):\n"
    '    logger.info("User login", extra={"user_id": user.id})\n'
)
_WRITTEN = "import json\nimport logging\n\nfrom fastapi import FastAPI\n\n" + _FORMATTER + "\n\n"
_LOOP = "for handler in logging.getLogger().handlers:\n    handler.setFormatter(JsonFormatter())\n"
_DICTIONARY = (
    'LOGGING = {\n    "version": 1,\n    "formatters": {"plain": %s},\n'
    '    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},\n'
    '    "root": {"handlers": ["console"], "level": "INFO"},\n}\nlogging.config.dictConfig(LOGGING)\n'
)


@dataclass(frozen=True)
class Logs:
    """What the project prints and passes to log; the rule takes it as one parameter."""

    formatted: Facts[RecordsFormatted]
    extras: Facts[ExtraLogged]
    json: Facts[JsonLogs]
    apps: Facts[WebApplication]


def _mentioned(words: Words) -> bool:
    return words.has_any(_WORDS)


@rule(
    severity=Severity.WARNING,
    practice="Structured logging",
    has_safe_fixes=False,
    mentions=_mentioned,
    bad=[
        example(
            {
                "main.py": _MAIN + f"logging.basicConfig(level=logging.INFO, format=«{_FORMAT}»)\n" + _APP,
                "users.py": _CALL,
            },
            fixed=_WRITTEN + "logging.basicConfig(level=logging.INFO)\n" + _LOOP + _APP,
        ),
        example(
            {
                "main.py": _MAIN + "«logging.basicConfig»()\n" + _APP,
                "users.py": _CALL,
            },
            fixed=_WRITTEN + "logging.basicConfig()\n" + _LOOP + _APP,
        ),
        example(
            {
                "main.py": _MAIN + f"handler = logging.StreamHandler()\nform = logging.Formatter(«{_FORMAT}»)\n" + _APP,
                "users.py": _CALL,
            },
            fixed=_WRITTEN + "handler = logging.StreamHandler()\nform = JsonFormatter()\n" + _APP,
        ),
        example(
            {
                "main.py": _MAIN + _DICTIONARY % '{"format": «"%(name)s %(message)s"»}' + _APP,
                "users.py": _CALL,
            },
            fixed=_WRITTEN + _DICTIONARY % '{"()": JsonFormatter}' + _APP,
        ),
        example(
            {
                "main.py": _MAIN + f"FORMAT = {_FORMAT}\nlogging.basicConfig(format=«FORMAT»)\n" + _APP,
                "users.py": _CALL,
                "requirements.txt": "fastapi==0.115.0\npython-json-logger==3.2.1\n",
            },
            fixed=_MAIN.replace("FastAPI\n", "FastAPI\nfrom pythonjsonlogger.json import JsonFormatter\n")
            + f"FORMAT = {_FORMAT}\nlogging.basicConfig()\n"
            + _LOOP.replace("JsonFormatter()", f"JsonFormatter({_FORMAT})")
            + _APP,
        ),
        example(
            {
                "main.py": _MAIN + f"logging.basicConfig(format=«{_FORMAT}», level=logging.INFO)\n" + _APP
                + 'logging.getLogger("shop").info("ready", extra={"port": 8000})\n',
            },
            fixed=_WRITTEN + "logging.basicConfig(level=logging.INFO)\n" + _LOOP + _APP
            + 'logging.getLogger("shop").info("ready", extra={"port": 8000})\n',
        ),
    ],
    good=[
        # Nothing is configured here: the server does it.
        {"main.py": _MAIN + _APP, "users.py": _CALL},
        {"main.py": _MAIN + 'logging.basicConfig(format="%(message)s %(user_id)s")\n' + _APP, "users.py": _CALL},
        {"main.py": _MAIN + 'logging.basicConfig(format="{message} {user_id}", style="{")\n' + _APP, "users.py": _CALL},
        {"main.py": _MAIN + f"logging.basicConfig(format={_FORMAT})\n" + _APP, "users.py": "import logging\n"},
        {
            "main.py": _MAIN + f"logging.basicConfig(format={_FORMAT})\n" + _APP,
            "users.py": _CALL,
            "log.py": "import logging\n\n\nclass Json(logging.Formatter):\n    pass\n",
        },
        {
            "main.py": _MAIN + f"logging.basicConfig(format={_FORMAT})\n" + _APP,
            "users.py": _CALL,
            "log.py": "import sentry_sdk\n\nsentry_sdk.init()\n",
        },
        {
            "main.py": _MAIN + f"logging.basicConfig(format={_FORMAT})\n" + _APP,
            "users.py": _CALL,
            "log.py": "from pythonjsonlogger import jsonlogger\n",
        },
        {
            "main.py": _MAIN + f"logging.basicConfig(format={_FORMAT})\n" + _APP,
            "users.py": _CALL,
            "log.py": "import logging.config\n\nlogging.config.fileConfig('logging.ini')\n",
        },
        {
            "main.py": _MAIN + f"logging.basicConfig(format={_FORMAT})\n" + _APP,
            "users.py": _CALL,
            "log.py": "import logging.config\n\nimport yaml\n\nlogging.config.dictConfig(yaml.safe_load(text))\n",
        },
        {"main.py": _MAIN + "logging.basicConfig(format=settings.format)\n" + _APP, "users.py": _CALL},
        # Two files give formats: which of them decides is not known.
        {
            "main.py": _MAIN + f"logging.basicConfig(format={_FORMAT})\n" + _APP,
            "worker.py": f"import logging\n\nlogging.basicConfig(format={_FORMAT})\n",
            "users.py": _CALL,
        },
        {"log.py": f"import logging\n\nlogging.basicConfig(format={_FORMAT})\n", "users.py": _CALL},
        {"scripts/run.py": _MAIN + f"logging.basicConfig(format={_FORMAT})\n" + _APP, "users.py": _CALL},
        {"main.py": _MAIN + f"logging.basicConfig(format={_FORMAT})\n" + _APP, "tests/test_users.py": _CALL},
        {
            "shop/main.py": _MAIN + f"logging.basicConfig(format={_FORMAT})\n" + _APP,
            "shop/requirements.txt": "fastapi\n",
            "mail/users.py": _CALL,
        },
        {
            "main.py": _MAIN + f"logging.basicConfig(format={_FORMAT})\n" + _APP,
            "users.py": _CALL,
            "requirements.txt": "ddtrace==2.14.0\n",
        },
    ],
)  # fmt: skip
def extra_not_printed(module: PythonModule, logs: Logs, files: Files) -> Iterator[Finding]:
    """No formatter prints the `extra` of log calls.

    `logger.info("User login", extra={"user_id": user_id})` adds attributes to the record, and a format prints only the
    attributes that it names: the values never reach the log. Print records as JSON, with all of their attributes.
    Reported once, where the service configures the format, and only if that is the one place, in code: not where a
    formatter, handler or filter of the project's own, a library, or a file of configuration can print them.
    """
    path = module.path
    if is_script(path) or module.file.ask(is_left_alone):
        return
    formats = module.file.ask(log_formats)
    if not formats or len(logs.json) or any(one.keys is None for one in logs.formatted):
        return
    service = service_of(path, files)
    if any(service_of(one.place.path, files) == service for one in logs.formatted.below(service)):
        return
    if not {"web", "main"} & module.file.ask(flags) and not logs.apps.below(service):
        return
    printed = RESERVED.union(_FOR_HANDLERS, *(one.keys for one in formats))
    passed = next(_unprinted(module, service, logs, printed, files), None)
    if passed is None or any(is_required(one, path, files) for one in _AGENTS):
        return
    key, place = passed
    first = formats[0]
    fix = Fix(
        "Print log records as JSON, with their `extra`",
        lambda: _as_json(module, formats, _library(path, files)),
        kind="refactor.rewrite",
    )
    message = f"log format does not print `{key}`, which a log call passes as `extra`"
    yield Finding(first.span, message, (fix,), related=(place,), chunk=first.chunk)


def _unprinted(
    module: PythonModule, service: str, logs: Logs, printed: frozenset[str], files: Files
) -> Iterator[tuple[str, Place]]:
    """(key, its place) of what log calls of the service pass, and none of the formats prints."""
    for chunk, own in module.file.ask(extras):
        for key in own.keys:
            if key not in printed:
                yield key, Place(module.path, own.place.span, f"passes `{key}` as `extra`", chunk=chunk)
    for one in logs.extras.below(service):
        if any(key not in printed for key in one.keys) and service_of(one.place.path, files) == service:
            key = next(key for key in one.keys if key not in printed)
            yield key, Place(one.place.path, one.place.span, f"passes `{key}` as `extra`")


def _library(path: str, files: Files) -> str:
    """The module of python-json-logger that the service has; "" if it does not require it."""
    version = requirement("python-json-logger", path, files)
    if version is None:
        return ""
    return "pythonjsonlogger.jsonlogger" if _OLD.search(version) else "pythonjsonlogger.json"


def _as_json(module: PythonModule, formats: Sequence[LogFormat], library: str) -> Change:
    """The change that has all formats of the file written as JSON, by a `library` if it is given. Raises Refused."""
    model = model_of(module)
    source, names = model.source, model.scope.names
    if "JsonFormatter" in source.text or names.get("logging") != "logging":
        raise Refused("`JsonFormatter` or `logging` has another meaning here")
    made = f"JsonFormatter({_FORMAT})" if library else "JsonFormatter()"
    entry = f'{{"()": "{library}.JsonFormatter", "format": {_FORMAT}}}' if library else '{"()": JsonFormatter}'
    edits: list[Edit] = []
    first = len(source.text)
    for one in formats:
        chunk = model.chunks[one.chunk]
        whole = one.whole.shifted(chunk.begins)
        nodes = (node for body in chunk.content.body() for node in ast.walk(body))
        node = next(one for one in nodes if isinstance(one, ast.Call | ast.Dict) and _at(model, chunk, one) == whole)
        if isinstance(node, ast.Call) or not library:
            first = min(first, whole.start)
        if isinstance(node, ast.Dict):
            edits.append(Edit(whole.start, whole.end, entry))
        elif (dotted(node.func) or "").endswith(CONFIGURING):
            edits += _configured(model, chunk, node, made)
        else:
            edits.append(Edit(whole.start, whole.end, made))
    if first < len(source.text):
        edits += _definition(model, library, first)
    return Change({module.path: tuple(sorted(edits, key=_start))})


def _start(edit: Edit) -> int:
    return edit.start


def _at(model: PythonModel, chunk: PythonChunk, node: ast.AST) -> Span:
    return chunk.content.span(node).shifted(chunk.begins)


def _definition(model: PythonModel, library: str, used_at: int) -> list[Edit]:
    """The edits that import or define the formatter above its first use. Raises Refused."""
    if library:
        return [import_edit(model, f"from {library} import JsonFormatter", used_at)]
    source, newline = model.source, model.source.newline
    at = model.once(after_imports)
    if at > used_at or source.text[at - 1 : at] not in ("\n", "\r"):
        raise Refused("the imports are below this line")
    edits = [] if model.scope.names.get("json") == "json" else [import_edit(model, "import json", at)]
    blank = len(re.match(r"[\r\n]*", source.text[at:])[0].replace("\r\n", "\n"))  # type: ignore[index]
    text = f"\n{_FORMATTER}" + "\n" * max(2 - blank, 0)
    if blank > 1:
        text = f"\n{_FORMATTER}"
    return [*edits, Edit(at, at, text.replace("\n", newline))]


def _configured(model: PythonModel, chunk: PythonChunk, node: ast.Call, made: str) -> Iterator[Edit]:
    """The edits that drop the format of `basicConfig`, and set the formatter of its handlers below. Raises Refused."""
    source, span = model.source, _at(model, chunk, node)
    line = source.line_span(source.line_of(span.end))
    indentation = source.text[source.line_start(span.start) : span.start]
    if indentation.strip() or source.text[span.end : line.end].split("#")[0].strip() or line.end == len(source.text):
        raise Refused("there is other code on the same line")
    given = [_at(model, chunk, one) for one in node.keywords]
    dropped = [one.arg in ("format", "datefmt", "style") for one in node.keywords]
    kept = [one for one, gone in zip(given, dropped, strict=True) if not gone]
    if any(dropped):
        if "#" in source.text[given[0].start : given[-1].end]:
            raise Refused("there is a comment inside the call")
        if not kept:
            yield Edit(_at(model, chunk, node.func).end, span.end, "()")
        else:
            for number, gone in enumerate(dropped):
                if gone and given[number].start < kept[0].start:
                    yield Edit(given[number].start, given[number + 1].start, "")
                elif gone:
                    yield Edit(given[number - 1].end, given[number].end, "")
    name = "handler" if not re.search(r"\bhandler\b", source.text) else "log_handler"
    step = "\t" if indentation.endswith("\t") else "    "
    loop = (f"for {name} in logging.getLogger().handlers:", f"{step}{name}.setFormatter({made})")
    yield Edit(line.end, line.end, "".join(source.newline + indentation + one for one in loop))
