from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.facts import Facts, JsonLogs
from playpen_ls.finding import Finding, Severity
from playpen_ls.languages.python import LogConfiguration
from playpen_ls.languages.python.kinds import is_script
from playpen_ls.rule import example, rule

_KEY = re.compile(r"%\((\w*)\)|\{(\w+)[^}]*\}|\$\{?(\w+)")
# The attributes of logging.LogRecord, its formatter's two, and those that programs commonly add are unknown to nobody.
_RECORD = frozenset(
    "name msg args levelname levelno pathname filename module exc_info exc_text stack_info lineno funcName "
    "created msecs "
    "relativeCreated thread threadName processName process taskName message asctime".split()
)
_WANTED = (("asctime", "time"), ("levelname", "level"), ("name", "logger's name"))
_SAME = {"created": "asctime", "levelno": "levelname", "module": "name", "pathname": "name", "filename": "name"}


@rule(
    severity=Severity.HINT,
    practice="Structured logging",
    bad=[
        'import logging\nfrom fastapi import FastAPI\n\n«logging.basicConfig»(format="%(message)s")\n',
        'import logging\nfrom flask import Flask\n\n«logging.basicConfig»(format="%(asctime)s %(levelname)s '
        '%(name)s %(mesage)s")\n',
    ],
    good=[
        'import logging\nfrom fastapi import FastAPI\n\nlogging.basicConfig(format="%(asctime)s %(levelname)s '
        '%(name)s %(message)s")\n',
        "import logging\nfrom fastapi import FastAPI\n\nlogging.basicConfig(level=logging.INFO)\n",
        'import logging\n\nlogging.basicConfig(format="%(message)s")\n',
        example(
            {
                "app.py": 'import logging\nfrom fastapi import FastAPI\n\nlogging.basicConfig(format="%(message)s")\n',
                "log.py": "import structlog\n",
            }
        ),
    ],
)
def unstructured_logging(call: LogConfiguration, structured: Facts[JsonLogs]) -> Iterator[Finding]:
    """The format of the log leaves out what a log is searched by.

    Time, level and the logger's name belong to every line. Silent where the project sets up JSON
    logs, structlog or loguru, and in modules that are no service.
    """
    format = call.keyword("format")
    if (
        not isinstance(format, ast.Constant)
        or not isinstance(format.value, str)
        or call.spreads
        or is_script(call.path)
    ):
        return
    if not call.flags & {"web", "main"} or "json" in call.flags or len(structured):
        return
    keys = {next(filter(None, match.groups()), "") for match in _KEY.finditer(format.value)}
    misspelt = sorted(key for key in keys - _RECORD if _almost(key))
    known = keys | {_SAME[key] for key in keys if key in _SAME}
    missing = [word for key, word in _WANTED if key not in known]
    if misspelt:
        yield Finding(call.callee_span, f"no log record has `{misspelt[0]}`", severity=Severity.WARNING)
    elif missing and "web" in call.flags:
        yield Finding(call.callee_span, f"the format has no {' and no '.join(missing)}")


def _almost(key: str) -> bool:
    from difflib import get_close_matches

    return bool(get_close_matches(key, _RECORD, n=1, cutoff=0.8))
