from __future__ import annotations

import ast
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import JsonLogs
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.model.file_kind import is_script
from playpen_ls.languages.python.parts import LogConfiguration, MisnamedLogger
from playpen_ls.rules.python._structured_logs import RESERVED
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

_KEY = regex(r"%\((\w*)\)|\{(\w+)[^}]*\}|\$\{?(\w+)")
_WANTED = ("asctime", "levelname", "name")
_SAME = {"created": "asctime", "levelno": "levelname", "module": "name", "pathname": "name", "filename": "name"}


@rule(
    severity=Severity.HINT,
    practice="Structured logging",
    like={"ruff": ["LOG002"]},
    needs_index=False,
    bad=[
        'import logging\nfrom fastapi import FastAPI\n\n«logging.basicConfig»(format="%(message)s")\n',
        'import logging\nfrom flask import Flask\n\n«logging.basicConfig»(format="%(asctime)s %(levelname)s '
        '%(name)s %(mesage)s")\n',
        example(
            "import logging\n\nlogger = logging.getLogger(«__file__»)\n",
            fixed="import logging\n\nlogger = logging.getLogger(__name__)\n",
        ),
        example(
            "from logging import getLogger as get\n\n\ndef f():\n    return get(«__cached__»)\n",
            fixed="from logging import getLogger as get\n\n\ndef f():\n    return get(__name__)\n",
        ),
    ],
    good=[
        'import logging\nfrom fastapi import FastAPI\n\nlogging.basicConfig(format="%(asctime)s %(levelname)s '
        '%(name)s %(message)s")\n',
        "import logging\nfrom fastapi import FastAPI\n\nlogging.basicConfig(level=logging.INFO)\n",
        'import logging\n\nlogging.basicConfig(format="%(message)s")\n',
        'import logging\n\nlogger = logging.getLogger("app")\nroot = logging.getLogger()\n',
        "import logging\n\nlogger = logging.getLogger(os.path.basename(__file__))\n",
        example(
            {
                "app.py": 'import logging\nfrom fastapi import FastAPI\n\nlogging.basicConfig(format="%(message)s")\n',
                "log.py": "import structlog\n",
            }
        ),
    ],
)
def unstructured_logging(call: LogConfiguration | MisnamedLogger, structured: Facts[JsonLogs]) -> Iterator[Finding]:
    """Log format lacks a timestamp, level or logger name.

    Log entries are searched and filtered by these three. Also reported: a format with an unknown attribute, and a
    logger named `__file__`, which is outside the hierarchy of module names and does not inherit the level of its
    package. Formats are checked only in web modules and, for unknown attributes, in modules with a `__main__`
    block, and not where the project uses JSON logs, structlog or loguru.
    """
    if isinstance(call, MisnamedLogger):
        span, path = call.span_of(call.node.args[0]), call.text_of(call.node.args[0])
        fix = Fix(f"Replace `{path}` with `__name__`", lambda: [Edit(span.start, span.end, "__name__")], safe=True)
        yield Finding(span, f"logger is named `{path}`, a file path, instead of `__name__`", (fix,))
    else:
        yield from _format(call, structured)


def _format(call: LogConfiguration, structured: Facts[JsonLogs]) -> Iterator[Finding]:
    format = call.keyword("format")
    if (
        not isinstance(format, ast.Constant)
        or not isinstance(format.value, str)
        or call.spreads
        or is_script(call.path)
    ):
        return
    if not call.flags & {"web", "main"} or "json" in call.flags or not structured.complete or len(structured):
        return
    keys = {next(filter(None, match.groups()), "") for match in _KEY.finditer(format.value)}
    misspelt = sorted(key for key in keys - RESERVED if _almost(key))
    known = keys | {_SAME[key] for key in keys if key in _SAME}
    missing = [f"`{key}`" for key in _WANTED if key not in known]
    if misspelt:
        message = f"log format uses `{misspelt[0]}`, which is not a `LogRecord` attribute"
        yield Finding(call.callee_span, message, severity=Severity.WARNING)
    elif missing and "web" in call.flags:
        yield Finding(call.callee_span, f"log format lacks {' and '.join(missing)}")


def _almost(key: str) -> bool:
    from difflib import get_close_matches

    return bool(get_close_matches(key, RESERVED, n=1, cutoff=0.8))
