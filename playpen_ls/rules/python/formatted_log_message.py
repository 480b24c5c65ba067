from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python import LogCall
from playpen_ls.languages.python.edits.call_arguments import laid_out, width
from playpen_ls.rules.python._log_messages import rewritten
from playpen_ls.rules.python._structured_logs import RESERVED, structured
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import LINE_END
from playpen_ls.text.span import Span

LOGGER = "import logging\n\nlogger = logging.getLogger(__name__)\n"
STRUCTLOG = "import structlog\n\nlog = structlog.get_logger()\n"
# The error in hand at the end of a message, with what leads to it: `failed: {e}`, `failed ({e!r})`.
_ERROR = re.compile(r"[\s:,;=–—-]*\(?\{(?P<name>\w+)(?:!r|!s)?\}\)?[.!]?(?=[\"']+$)")
_EVENT = frozenset(("self", "event", "exc_info", "stack_info", "stacklevel"))


@rule(
    severity=Severity.WARNING,
    practice="Structured logging",
    like={
        "ruff": ["G001", "G002", "G003", "G004"],
        "pylint": ["logging-fstring-interpolation", "logging-format-interpolation", "logging-not-lazy"],
    },
    bad=[
        example(
            LOGGER + 'logger.info(«f"User {user.id} did {action!r} 100%"»)\n',
            fixed=LOGGER + 'logger.info("User %s did %r 100%%", user.id, action)\n',
        ),
        example(LOGGER + 'logger.info(«f"no {{holes}}"»)\n', fixed=LOGGER + 'logger.info("no {holes}")\n'),
        example(LOGGER + "logger.info(«f'{x=}'», extra=more)\n", fixed=LOGGER + "logger.info('x=%r', x, extra=more)\n"),
        example(LOGGER + 'logger.info(«f"{x:.2f} s"»)\n', fixed=LOGGER + 'logger.info("%.2f s", x)\n'),
        example(
            LOGGER + 'logger.info(«"listening on port: " + port»)\n',
            fixed=LOGGER + 'logger.info("listening on port: %s", port)\n',
        ),
        example(LOGGER + 'logger.info(«"%s of %s" % (a, b)»)\n', fixed=LOGGER + 'logger.info("%s of %s", a, b)\n'),
        example(
            LOGGER + 'logger.info(\n    «f"one {a} "\n    "100% "\n    f"two {b}"»\n)\n',
            fixed=LOGGER + 'logger.info(\n    "one %s "\n    "100%% "\n    "two %s",\n    a,\n    b,\n)\n',
        ),
        example(
            LOGGER + 'logger.info(\n    «f"{a} and {b}"»,  # both\n)\n',
            fixed=LOGGER + 'logger.info(\n    "%s and %s",\n    a,\n    b,  # both\n)\n',
        ),
        example(
            LOGGER + 'logger.info(\n    «f"{a} and {b}"»\n)\n',
            fixed=LOGGER + 'logger.info(\n    "%s and %s", a, b\n)\n',
        ),
        example(
            LOGGER
            + "if x:\n    logger.info(«f'It is known that {what!r} is {how_far} of what there {is_}'», extra=more)\n",
            fixed=LOGGER
            + "if x:\n    logger.info(\n        'It is known that %r is %s of what there %s', what, how_far, is_"
            ", extra=more\n    )\n",
        ),
        LOGGER + 'logger.info(«f"{x:>10}"»)\n',
        example(
            LOGGER + 'logger.debug(«f"{len(rows)} rows"»)\n', fixed=LOGGER + 'logger.debug("%s rows", len(rows))\n'
        ),
        LOGGER + 'logger.info(«f"a {b}"», c)\n',
        LOGGER + 'logger.info(«"%s" % name»)\n',
        example(
            LOGGER + 'logger.info(«"{} of {}".format(name, n)»)\n', fixed=LOGGER + 'logger.info("%s of %s", name, n)\n'
        ),
        LOGGER + 'logger.info(«"{:>5}".format(name)»)\n',
        LOGGER + 'logger.info(«"too many"», user)\n',
        example(
            'from app.log import logger\n\nlogger.info(«f"user {name}"»)\n',
            fixed='from app.log import logger\n\nlogger.info("user %s", name)\n',
        ),
        'from loguru import logger\n\nlogger.info(«f"user {name}"»)\n',
        example(
            STRUCTLOG + 'log.info(«f"User {user.name} did {event!r}"», exc_info=True)\n',
            fixed=STRUCTLOG + 'log.info("User did", name=user.name, event_=event, exc_info=True)\n',
        ),
        STRUCTLOG + 'log.info(«f"{len(users)} users"»)\n',
    ],
    good=[
        LOGGER + 'logger.info("User %s", user.id)\n',
        LOGGER + 'logger.info("User login", extra={"user_id": user_id})\n',
        LOGGER + "logger.info(message)\n",
        'console.info(f"{x}")\n',
        'import math\n\nprint(math.log(f"{x}"))\n',
    ],
)
def formatted_log_message(call: LogCall) -> Iterator[Finding]:
    """The message is put together before the logger sees it.

    The logger then pays for messages that nobody reads, and what collects the logs cannot tell that
    two of them are the same event. Give the values as arguments, or as `extra`.
    """
    message = call.message
    if message is None:
        return
    problem = _problem(call, message)
    if problem:
        fixes = () if isinstance(message, ast.Constant) else tuple(_fixes(call, message))
        yield Finding(call.span_of(message), problem, fixes)


def _problem(call: LogCall, message: ast.expr) -> str:
    if isinstance(message, ast.JoinedStr):
        holes = any(isinstance(one, ast.FormattedValue) for one in message.values)
        if not holes:
            return "the format string has no placeholders"
        # Letting the logger format it spares no call.
        calls = call.method == "debug" and any(isinstance(node, ast.Call) for node in ast.walk(message))
        guard = "; guard calls that are expensive with `isEnabledFor`" if calls else ""
        return f"the message is formatted before it is logged{guard}"
    if isinstance(message, ast.BinOp) and isinstance(message.op, (ast.Add, ast.Mod)):
        return "the message is put together before it is logged" if _holds_text(message) else ""
    if isinstance(message, ast.Call) and isinstance(message.func, ast.Attribute) and message.func.attr == "format":
        return "the message is formatted before it is logged" if _is_text(message.func.value) else ""
    if call.standard and call.arguments and isinstance(message, ast.Constant) and isinstance(message.value, str):
        starred = any(isinstance(argument, ast.Starred) for argument in call.arguments)
        return "" if starred or "%" in message.value else "the message has no place for its arguments"
    return ""


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _holds_text(message: ast.BinOp) -> bool:
    """One of the terms is a literal; numbers are added too."""
    node: ast.expr = message
    while isinstance(node, ast.BinOp):
        if _is_text(node.right) and isinstance(node.op, ast.Add):
            return True
        node = node.left
    return _is_text(node)


def _put(call: LogCall, span: Span, parts: list[str]) -> Edit:
    """The message and its arguments in the place of the message, laid out as the call is."""
    source = call.model.source
    text, inline = source.text, ", ".join(parts)
    last, long = source.line_span(source.line_of(span.end)), LINE_END.search(parts[0]) is not None
    if not text[source.line_start(span.start) : span.start].strip() and len(parts) > 1:
        behind = text[span.end : last.end].split("#")[0].strip()
        long = long or last.end - source.line_start(span.start) - (span.end - span.start) + len(inline) > width(source)
        if behind == "," or (not behind and long):
            indentation = source.newline + source.indentation(span.start)
            inline = f",{indentation}".join(parts) + ("" if behind else ",")
    elif not long and source.line_of(call.callee_span.end) == source.line_of(call.span.end):
        added = len(inline) - (span.end - span.start)
        if added > 0 and last.end - last.start + added > width(source) and "#" not in text[span.end : last.end]:
            rest = [*call.arguments, *call.node.keywords]
            before = call.node.args[: call.node.args.index(call.message)] if call.message else []
            return laid_out(call, [*map(call.text_of, before), *parts, *map(call.text_of, rest)])
    return Edit(span.start, span.end, inline)


def _fixes(call: LogCall, message: ast.expr) -> Iterator[Fix]:
    if call.kind not in ("loguru", "structlog"):
        yield _fix(call, message)
    if (call.standard or call.kind == "structlog") and isinstance(message, ast.JoinedStr):
        title = "Give the values as `extra`" if call.standard else "Give the values as keyword arguments"
        yield Fix(title, lambda: _structured(call, message))
    if call.method == "exception" and call.handler is not None and isinstance(message, ast.JoinedStr):
        shorter = _without_error(call.text_of(message), call.handler.name)
        if shorter:
            span = call.span_of(message)
            yield Fix("Leave the error to the traceback", lambda: [Edit(span.start, span.end, shorter)])


def _without_error(text: str, name: str | None) -> str:
    """The message as a plain literal, without the error that it ends with; "" where it says more than that."""
    found = _ERROR.search(text)
    if found is None or found["name"] != name or not text.startswith(("f'", 'f"')):
        return ""
    shorter = text[1 : found.start()] + text[found.end() :]
    several = shorter.count(shorter[0]) != 2
    return "" if several or re.search(r"[{}%\\\n]", shorter) or not shorter.strip("\"'") else shorter


def _structured(call: LogCall, message: ast.JoinedStr) -> list[Edit]:
    if call.arguments or call.spreads:
        raise Refused("the message has arguments already")
    given = frozenset(keyword.arg or "" for keyword in call.node.keywords)
    if call.standard and "extra" in given:
        raise Refused("it has an `extra` already")
    text, values = structured(rewritten(call, message, False), RESERVED if call.standard else given | _EVENT)
    _refuse_brackets(call, message)
    parts = [f"{key}={value}" for key, value in values.items()]
    if call.standard:
        quote = text[0]
        parts = [f"extra={{{', '.join(f'{quote}{key}{quote}: {value}' for key, value in values.items())}}}"]
    return [_put(call, call.span_of(message), [text, *parts])]


def _refuse_brackets(call: LogCall, message: ast.expr) -> None:
    behind = call.model.source.text[call.span_of(message).end : call.span.end - 1]
    if re.match(r"(?:\s|#[^\n]*)*\)", behind):
        raise Refused("the message stands in brackets of its own")


def _fix(call: LogCall, message: ast.expr) -> Fix:
    sure = call.standard
    if sure:
        try:
            sure = rewritten(call, message, bool(call.arguments)).sure
        except Refused:
            sure = False

    def change() -> list[Edit]:
        made = rewritten(call, message, bool(call.arguments))
        if made.arguments:
            _refuse_brackets(call, message)
        return [_put(call, call.span_of(message), [made.literal, *made.arguments])]

    return Fix("Let the logger format the message", change, safe=sure)
