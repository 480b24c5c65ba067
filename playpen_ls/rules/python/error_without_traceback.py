from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python import LogCall
from playpen_ls.languages.python.edits.call_arguments import appended
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.text.edit import Edit

LOGGER = "import logging\n\nlogger = logging.getLogger(__name__)\n"
TRY = LOGGER + "try:\n    work()\nexcept Exception as error:\n"
# Raised to steer a program, not because something is broken.
_STEERING = re.compile(
    r"(?:^|\.)(?:KeyboardInterrupt|SystemExit|CancelledError|StopIteration|StopAsyncIteration|Empty|QueueEmpty|Full"
    r"|HTTPException|Http404|NotFound|NoResultFound|DoesNotExist|GeneratorExit|TimeoutExpired)$"
)


@rule(
    severity=Severity.WARNING,
    practice="Log levels",
    like={"ruff": ["TRY400"]},
    bad=[
        example(TRY + '    «logger.error»("boom")\n', fixed=TRY + '    logger.error("boom", exc_info=True)\n'),
        example(
            TRY + '    «logger.error»(\n        "boom %s",\n        name,  # whose\n    )\n',
            fixed=TRY
            + '    logger.error(\n        "boom %s",\n        name,  # whose\n        exc_info=True,\n    )\n',
        ),
        example(TRY + "    «logger.critical»(error)\n", fixed=TRY + "    logger.critical(error, exc_info=True)\n"),
        TRY + "    «logger.error»(error)\n    raise error\n",
        LOGGER + 'try:\n    f()\nexcept KeyboardInterrupt:\n    «logger.error»("stopped")\n',
        # What the caller did wrong, and is told.
        LOGGER + "def f():\n    try:\n        g()\n    except LookupError as error:\n"
        "        «logger.error»('login: %s', error)\n        return str(error), 404\n",
        TRY + '    «logger.error»("bad")\n    raise HTTPException(status_code=400)\n',
        example(
            "from app.log import logger\n\ntry:\n    work()\nexcept ValueError:\n    «logger.error»('boom')\n",
            fixed="from app.log import logger\n\ntry:\n    work()\nexcept ValueError:\n    logger.error('boom', "
            "exc_info=True)\n",
        ),
    ],
    good=[
        LOGGER + 'logger.error("Error occurred", exc_info=True)\n',
        LOGGER + 'logger.error("Error occurred")\n',
        TRY + '    logger.error("boom", exc_info=True)\n',
        TRY + '    logger.error("boom", exc_info=error)\n',
        TRY + '    logger.exception("boom")\n',
        TRY + '    logger.warning("retrying")\n',
        TRY + '    def later():\n        logger.error("boom")\n',
        TRY + '    logger.error("boom %s", traceback.format_exc())\n',
        TRY + '    traceback.print_exc()\n    logger.error("boom")\n',
        'from loguru import logger\n\ntry:\n    f()\nexcept ValueError:\n    logger.error("x")\n',
    ],
)
def error_without_traceback(call: LogCall) -> Iterator[Finding]:
    """An error is logged without its traceback.

    The message says that something went wrong, the traceback says where. Silent where the traceback
    is logged otherwise; a hint where the exception is raised again, or only steers the program.
    """
    handler = call.handler
    if handler is None or call.method not in ("error", "critical", "fatal") or call.kind == "loguru" or call.spreads:
        return
    if call.keyword("exc_info", "stack_info") is not None or _logs_traceback(handler):
        return
    if any(_is_error(statement) and statement.lineno < call.node.lineno for statement in handler.body):
        return  # the first one is reported
    message = "the error is logged without its traceback"
    if _raises_again(call, handler):
        yield Finding(call.callee_span, message + ", and raised again: it will be logged twice", severity=Severity.HINT)
    elif _steers(handler):
        yield Finding(call.callee_span, message, severity=Severity.HINT)
    else:
        yield Finding(call.callee_span, message, tuple(_fixes(call)))


def _fixes(call: LogCall) -> Iterator[Fix]:
    yield Fix(
        "Log the traceback: `exc_info=True`",
        lambda: [appended(call, "exc_info=True")],
        safe=call.standard,
        preferred=True,
    )
    if call.method == "error" and call.standard:
        span = call.method_span
        yield Fix("Log with `exception`", lambda: [Edit(span.start, span.end, "exception")])


def _is_error(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Call) and (dotted(value.func) or "").rpartition(".")[2] in (
        "error",
        "critical",
        "fatal",
    )


def _logs_traceback(handler: ast.ExceptHandler) -> bool:
    for node in ast.walk(handler):
        if isinstance(node, ast.Call):
            name = dotted(node.func) or ""
            if (
                "traceback" in name
                or "exc_info" in name
                or name.endswith((".exception", "capture_exception", "format_exc"))
            ):
                return True
            if any(keyword.arg == "exc_info" for keyword in node.keywords):
                return True
    return False


def _raises_again(call: LogCall, handler: ast.ExceptHandler) -> bool:
    """The same exception, or another that carries it, leaves the handler behind the call."""
    line = call.node.lineno
    for statement in handler.body:
        if isinstance(statement, ast.Raise) and statement.lineno > line:
            same = isinstance(statement.exc, ast.Name) and statement.exc.id == handler.name
            return statement.exc is None or same or isinstance(statement.cause, ast.Name)
    return False


def _is_refusal(statement: ast.stmt) -> bool:
    """`return message, 404` or `raise HTTPException(status_code=404)`."""
    if isinstance(statement, ast.Return):
        values = statement.value.elts if isinstance(statement.value, ast.Tuple) else []
    elif isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Call):
        values = [*statement.exc.args, *(keyword.value for keyword in statement.exc.keywords)]
    else:
        return False
    return any(
        isinstance(one, ast.Constant) and isinstance(one.value, int) and 400 <= one.value < 500 for one in values
    )


def _steers(handler: ast.ExceptHandler) -> bool:
    """It is raised to steer, or answered as the caller's mistake: a status from 400 to 499."""
    if any(_is_refusal(statement) for statement in handler.body):
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
    return bool(kinds) and all(_STEERING.search(dotted(kind) or "") for kind in kinds)
