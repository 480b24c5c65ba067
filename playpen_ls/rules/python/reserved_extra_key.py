from __future__ import annotations

import ast
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.parts import LogCall
from playpen_ls.rules.python._structured_logs import RESERVED
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span

LOGGER = "import logging\n\nlogger = logging.getLogger(__name__)\n"


@rule(
    severity=Severity.WARNING,
    practice="Structured logging",
    like={"ruff": ["LOG003", "G101"]},
    bad=[
        example(
            LOGGER + 'logger.info("User login", extra={«"name"»: name, "user_id": 1})\n',
            fixed=LOGGER + 'logger.info("User login", extra={"name_": name, "user_id": 1})\n',
        ),
        example(
            LOGGER + "logger.info('x', extra={«'module'»: m})\n",
            fixed=LOGGER + "logger.info('x', extra={'module_': m})\n",
        ),
    ],
    good=[
        LOGGER + 'logger.info("User login", extra={"user_id": user_id, "timestamp": now})\n',
        LOGGER + 'logger.info("User login", extra=context)\n',
        'import structlog\n\nlog = structlog.get_logger()\nlog.info("x", extra={"name": 1})\n',
    ],
)
def reserved_extra_key(call: LogCall) -> Iterator[Finding]:
    """Key of `extra` is a reserved `LogRecord` attribute.

    `logging` raises `KeyError` when it creates the log record, so the message is not logged and the exception
    reaches the code that called the logger.
    """
    extra = call.keyword("extra")
    if not call.standard or not isinstance(extra, ast.Dict):
        return
    for key in extra.keys:
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value in RESERVED:
            span = call.span_of(key)
            name = key.value
            fixes = (_renamed(span, name),) if call.text_of(key)[1:-1] == name else ()
            yield Finding(span, f"`extra` key `{name}` is a `LogRecord` attribute; the call raises `KeyError`", fixes)


def _renamed(span: Span, name: str) -> Fix:
    return Fix(f"Rename key `{name}` to `{name}_`", lambda: [Edit(span.end - 1, span.end - 1, "_")])
