from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.parts import LogCall
from playpen_ls.rules.python._origins import Origins
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

# https://docs.python.org/3/library/stdtypes.html#printf-style-string-formatting
_CONVERSION = regex(
    r"%(?:(?:\((?P<key>[^()]*)\))?[#0 +-]*(?P<width>\*|\d+)?(?:\.(?P<precision>\*|\d+)?)?[hlL]?[diouxXeEfFgGcrsa]"
    r"|(?P<literal>%)|(?P<wrong>.?))",
    re.DOTALL,
)
_LEVELS = frozenset(("DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL"))
_METHODS = {"WARN": "warning", "FATAL": "critical"}

LOGGER = "import logging\n\nlogger = logging.getLogger(__name__)\n"


@rule(
    severity=Severity.WARNING,
    practice="Structured logging",
    needs_index=False,
    like={
        "ruff": ["PLE1205", "PLE1206", "LOG007"],
        "pylint": [
            "logging-too-many-args",
            "logging-too-few-args",
            "logging-format-truncated",
            "logging-unsupported-format",
        ],
    },
    bad=[
        LOGGER + 'logger.info(«"order %s of %s"», order)\n',
        LOGGER + 'logger.info(«"order %s"», order, user)\n',
        LOGGER + 'logger.info(«"100% of %s"», order)\n',
        LOGGER + 'logger.info(«"50%, %s"», order)\n',
        LOGGER + 'logger.info(«"%*d"», 5)\n',
        LOGGER + 'logger.info(«"order %(order)s"», {"id": order})\n',
        LOGGER + 'logger.info(«"order %(order)s"», order, user)\n',
        LOGGER + 'logger.log(logging.INFO, «"order %s of %s"», order)\n',
        example(
            LOGGER + 'logger.log(«"INFO"», "order %s", order)\n',
            fixed=LOGGER + 'logger.info("order %s", order)\n',
        ),
        LOGGER + 'logger.log(«"VERBOSE"», "order")\n',
        example(
            LOGGER + 'try:\n    f()\nexcept OSError:\n    logger.«exception»("failed", exc_info=False)\n',
            fixed=LOGGER + 'try:\n    f()\nexcept OSError:\n    logger.error("failed", exc_info=False)\n',
        ),
    ],
    good=[
        LOGGER + 'logger.info("order %s of %s", order, user)\nlogger.info("100%")\nlogger.info("%s %s")\n',
        LOGGER + 'logger.info("%d%% of %s", part, order)\nlogger.info("%*d %-5.2f", 5, number, ratio)\n',
        LOGGER + 'logger.info("%(order)s", {"order": order})\nlogger.info("%(order)s", values)\n',
        LOGGER + 'logger.info("%s", {"a": 1})\nlogger.info("order %s %s", *parts)\nlogger.info(text, order)\n',
        LOGGER + 'logger.log(level, "order")\nlogger.log(logging.INFO, "order %s", order)\nlogger.log(20, "x")\n',
        LOGGER + 'try:\n    f()\nexcept OSError:\n    logger.exception("failed")\n',
        LOGGER + 'def on_error(error):\n    logger.exception("failed")\n',
        LOGGER + 'logger.error("Error occurred", exc_info=True)\nlogger.exception("failed", exc_info=error)\n',
        'from loguru import logger\n\nlogger.info("order {} of {}", order)\nlogger.log("INFO", "order")\n',
        'import structlog\n\nlog = structlog.get_logger()\nlog.info("order %s of %s", order)\n',
        'from elsewhere import logger\n\nlogger.log("INFO", "order")\nlogger.info("%s of %s", order)\n',
    ],
)
def misused_log_call(call: LogCall, origins: Origins) -> Iterator[Finding]:
    """Arguments of a log call do not fit.

    With more or fewer arguments than placeholders, `logging` prints an error of its own instead of the message. `log`
    needs the level as a number; with a text it raises `TypeError`. `exception` with `exc_info=False` is an `error`.
    Only loggers of the standard library are looked at. A message without any placeholder is reported by
    `formatted-log-message`, and `exception` where no exception is handled by `wrong-level`.
    """
    found = next(_found(call), None)
    if found is not None and origins.logger(call).standard:
        yield found


def _found(call: LogCall) -> Iterator[Finding]:
    message = call.message
    if call.method == "log" and call.node.args:
        level = call.node.args[0]
        if isinstance(level, ast.Constant) and isinstance(level.value, str):
            fixes = (_with_method(call, level.value),) if level.value in _LEVELS and len(call.node.args) > 1 else ()
            text = "`log` is given its level as a text and raises `TypeError`"
            yield Finding(call.span_of(level), text, fixes, Severity.ERROR)
    if call.method == "exception":
        yield from _exception(call)
    if isinstance(message, ast.Constant) and isinstance(message.value, str) and call.arguments and not call.spreads:
        wrong = _mismatch(message.value, call.arguments)
        if wrong:
            yield Finding(call.span_of(message), wrong)


def _with_method(call: LogCall, level: str) -> Fix:
    method = _METHODS.get(level, level.lower())
    span = call.method_span
    start, end = (call.span_of(one).start for one in call.node.args[:2])
    return Fix(f"Call `{method}`", lambda: [Edit(span.start, span.end, method), Edit(start, end, "")])


def _exception(call: LogCall) -> Iterator[Finding]:
    info = call.keyword("exc_info")
    if isinstance(info, ast.Constant) and not info.value:
        span = call.method_span
        fix = Fix("Call `error`", lambda: [Edit(span.start, span.end, "error")], safe=True, preferred=True)
        yield Finding(span, "`exception` without its traceback is an `error`", (fix,))


def _mismatch(message: str, arguments: list[ast.expr]) -> str:
    """What does not fit; "" if all does, or if the message has no placeholder."""
    needed, keys = 0, []
    for match in _CONVERSION.finditer(message):
        if match["wrong"] is not None:
            shown = match[0] if match["wrong"].strip() else "%"
            return f"log message has the invalid placeholder `{shown}`; write `%%` for a percent sign"
        if match["key"] is not None:
            keys.append(match["key"])
        elif match["literal"] is None:
            needed += 1
        needed += (match["width"] == "*") + (match["precision"] == "*")
    if keys:
        return _mismatching_keys(keys, needed, arguments)
    if not needed:
        return ""
    if len(arguments) == 1 and needed == 1:
        return ""
    if len(arguments) != needed:
        return f"log message has {_counted(needed, 'placeholder')}, but {_counted(len(arguments), 'argument')}"
    return ""


def _mismatching_keys(keys: list[str], others: int, arguments: list[ast.expr]) -> str:
    if others:
        return ""
    if len(arguments) > 1:
        return f"log message has named placeholders, which need one mapping, but {len(arguments)} arguments"
    given = arguments[0]
    if not isinstance(given, ast.Dict) or any(not isinstance(key, ast.Constant) for key in given.keys):
        return ""
    known = {key.value for key in given.keys if isinstance(key, ast.Constant)}
    missing = [key for key in keys if key not in known]
    return f"log message has the placeholder `%({missing[0]})s`, but no such argument" if missing else ""


def _counted(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"
