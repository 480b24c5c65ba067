from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.model.web import is_route
from playpen_ls.languages.python.parts import LogCall
from playpen_ls.rules.python._origins import Origins
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

LOGGER = "import logging\n\nlogger = logging.getLogger(__name__)\n"
_FAILURE = regex(r"(?:error|failed|exception)\b", re.IGNORECASE)


@rule(
    severity=Severity.HINT,
    practice="Log levels",
    needs_index=False,
    like={"ruff": ["G010", "LOG009", "LOG004"], "pylint": ["deprecated-method"]},
    bad=[
        example(LOGGER + 'logger.«warn»("disk is full")\n', fixed=LOGGER + 'logger.warning("disk is full")\n'),
        example('import logging\n\nlogging.«warn»("x")\n', fixed='import logging\n\nlogging.warning("x")\n'),
        'def f(log):\n    log.«warn»("x")\n',
        LOGGER + 'try:\n    f()\nexcept ValueError:\n    logger.«info»("Failed to do it")\n',
        example(LOGGER + 'logger.«exception»("x")\n', fixed=LOGGER + 'logger.error("x")\n'),
        example(
            LOGGER + '@app.get("/")\ndef index():\n    logger.«exception»("no user")\n',
            fixed=LOGGER + '@app.get("/")\ndef index():\n    logger.error("no user")\n',
        ),
    ],
    good=[
        LOGGER + 'logger.warning("x")\n',
        'import warnings\n\nwarnings.warn("x")\n',
        LOGGER + 'try:\n    f()\nexcept ValueError:\n    logger.exception("Failed to do it")\n',
        LOGGER + 'logger.info("Failed jobs: none")\n',
        LOGGER + 'def on_error(exc):\n    logger.exception("x")\n',
    ],
)
def wrong_level(call: LogCall, origins: Origins) -> Iterator[Finding]:
    """Log level does not match the message.

    `warn` is a deprecated alias of `warning`. A search for errors does not find failures that are logged with
    `info` or `debug`. Outside an `except` block `exception` logs `NoneType: None` instead of a traceback.
    """
    if call.method == "warn":
        fixes = (_renamed(call, "warning", safe=True),) if origins.logger(call).standard else ()
        yield Finding(call.method_span, "`warn` is deprecated; use `warning`", fixes)
    elif call.method in ("info", "debug") and call.handler is not None and _is_failure(call):
        yield Finding(call.method_span, f"failure in an `except` block is logged with `{call.method}`")
    elif call.method == "exception" and call.standard and _is_outside(call):
        yield Finding(
            call.method_span, "`exception` is called outside an `except` block", (_renamed(call, "error", safe=False),)
        )


def _renamed(call: LogCall, name: str, *, safe: bool) -> Fix:
    span = call.method_span
    return Fix(f"Replace `{call.method}` with `{name}`", lambda: [Edit(span.start, span.end, name)], safe=safe)


def _is_failure(call: LogCall) -> bool:
    """Whether the message starts with a word for failure. `exc_info` shows that the level is deliberate."""
    return bool(_FAILURE.match(_text(call))) and call.keyword("exc_info", "stack_info") is None


def _text(call: LogCall) -> str:
    message = call.message
    if isinstance(message, ast.JoinedStr) and message.values:
        message = message.values[0]
    return message.value if isinstance(message, ast.Constant) and isinstance(message.value, str) else ""


def _is_outside(call: LogCall) -> bool:
    """Whether it is outside any `except`: at module or class level, or in a route. Functions may be called from one."""
    if call.handler is not None or call.keyword("exc_info") is not None or call.spreads:
        return False
    if not isinstance(call.node.func, ast.Attribute):
        return False
    for node, _ in call.above():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return any(is_route(one) for one in node.decorator_list)
        if isinstance(node, ast.Lambda):
            return False
    return True
