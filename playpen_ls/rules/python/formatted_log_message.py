from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.call_arguments import replaced
from playpen_ls.languages.python.parts import LogCall
from playpen_ls.rules.python._layout import line_length
from playpen_ls.rules.python._log_messages import Rewritten, laid_out, rewritten, with_braces
from playpen_ls.rules.python._origins import Origins
from playpen_ls.rules.python._structured_logs import RESERVED, structured
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

LOGGER = "import logging\n\nlogger = logging.getLogger(__name__)\n"
STRUCTLOG = "import structlog\n\nlog = structlog.get_logger()\n"
# The caught exception at the end of a message, with its separator: `failed: {e}`, `failed ({e!r})`.
_ERROR = regex(r"[\s:,;=–—-]*\(?\{(?P<name>\w+)(?:!r|!s)?\}\)?[.!]?(?=[\"']+$)")
_EARLY = "log message is formatted before it is passed to"
_EVENT = dict.fromkeys(("self", "event", "exc_info", "stack_info", "stacklevel"), "")
_RESERVED = dict.fromkeys(RESERVED, "")


@rule(
    severity=Severity.WARNING,
    practice="Structured logging",
    needs_index=False,
    like={
        "ruff": ["G001", "G002", "G003", "G004"],
        "pylint": ["logging-fstring-interpolation", "logging-format-interpolation", "logging-not-lazy"],
    },
    bad=[
        example(
            LOGGER + 'logger.info(«f"upload {upload.id} of {name!r}: 100%"»)\n',
            fixed=LOGGER + 'logger.info("upload %s of %r: 100%%", upload.id, name)\n',
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
        # What black makes of it: the quotes of the message, and one line where that is enough.
        example(
            LOGGER + "logger.info(«f\"{x['a']} {y.get('b', 'c')}\"»)\n",
            fixed=LOGGER + 'logger.info("%s %s", x["a"], y.get("b", "c"))\n',
        ),
        example(
            LOGGER + 'x = ["a", "b", "c", "d"]\nlogger.info(«f\'{"row" if n == 1 else "rows"} left\'»)\n',
            fixed=LOGGER + 'x = ["a", "b", "c", "d"]\nlogger.info("%s left", "row" if n == 1 else "rows")\n',
        ),
        example(
            {
                "shop/app.py": LOGGER
                + "logger.info(\n    «f'It is known that {what} is {how_far} '\n    f'of what there {is_}'»,\n)\n",
                "pyproject.toml": "[tool.black]\nline-length = 60\n",
            },
            fixed=LOGGER
            + "logger.info(\n    'It is known that %s is %s of what there %s',\n    what,\n    how_far,\n    is_,\n)\n",
        ),
        # Strings that are joined below the bracket, and too many arguments for their last line.
        example(
            LOGGER + "if x:\n    logger.info(«f'It is known that {what} is {how_far} '\n"
            "                f'of what there {is_} and of what will be'»)\n",
            fixed=LOGGER
            + "if x:\n    logger.info(\n        'It is known that %s is %s of what there %s and of what will be',\n"
            "        what,\n        how_far,\n        is_,\n    )\n",
        ),
        example(
            LOGGER + "if x:\n    logger.info(\n"
            "        «f'It is known that {what} is {how_far} of what there is and willed'», extra=more\n    )\n",
            fixed=LOGGER + "if x:\n    logger.info(\n"
            "        'It is known that %s is %s of what there is and willed',\n        what,\n        how_far,\n"
            "        extra=more,\n    )\n",
        ),
        LOGGER + 'logger.info(«f"{x:>10}"»)\n',
        example(
            LOGGER + 'logger.debug(«f"{len(rows)} rows"»)\n', fixed=LOGGER + 'logger.debug("%s rows", len(rows))\n'
        ),
        LOGGER + 'logger.info(«f"a {b}"», c)\n',
        example(LOGGER + 'logger.info(«"%s" % name»)\n', fixed=LOGGER + 'logger.info("%s", name)\n'),
        LOGGER + 'logger.info(«"%s of %s" % pair»)\n',
        LOGGER + 'logger.info(«"%(a)s" % values»)\n',
        example(
            LOGGER + 'logger.info(«"{} of {}".format(name, n)»)\n', fixed=LOGGER + 'logger.info("%s of %s", name, n)\n'
        ),
        example(
            LOGGER + 'logger.info(«"{1} of {0}: {of}".format(n, name, of=all())»)\n',
            fixed=LOGGER + 'logger.info("%s of %s: %s", name, n, all())\n',
        ),
        LOGGER + 'logger.info(«"{0} of {0}".format(name)»)\n',
        LOGGER + 'logger.info(«"{} of".format(name, n)»)\n',
        LOGGER + 'logger.info(«"{:>5}".format(name)»)\n',
        LOGGER + 'logger.info(«"too many"», user)\n',
        LOGGER + 'logger.log(logging.INFO, msg=«f"user {user}"»)\n',
        example(
            'from app.log import logger\n\nlogger.info(«f"user {name}"»)\n',
            fixed='from app.log import logger\n\nlogger.info("user %s", name)\n',
        ),
        # Loggers whose placeholders are neither `%s` nor `{}`.
        "from twisted.logger import Logger\n\n\nclass A:\n    log = Logger()\n\n    def f(self, x):\n"
        '        self.log.info(«f"user {x}"»)\n',
        'import logbook\n\nlog = logbook.Logger(__name__)\nlog.info(«f"user {x}"»)\n',
        'from robot.api import logger\n\nlogger.info(«f"user {x}"»)\n',
        {
            "shop/a.py": "from shop.base import Base\n\n\nclass A(Base):\n    def f(self, x):\n"
            '        self.log.info(«f"user {x}"»)\n',
            "shop/base.py": "from twisted.logger import Logger\n\n\nclass Base:\n    def __init__(self):\n"
            "        self.log = Logger()\n",
        },
        example(
            LOGGER + 'logger.info(«f"{i+1} of {len(rows)-2}"»)\n',
            fixed=LOGGER + 'logger.info("%s of %s", i + 1, len(rows) - 2)\n',
        ),
        example(
            'from loguru import logger\n\nlogger.info(«f"user {name!r} 100%"»)\n',
            fixed='from loguru import logger\n\nlogger.info("user {!r} 100%", name)\n',
        ),
        # The logger of a module of the project is what that module makes of it.
        example(
            {
                "shop/service.py": 'from shop.core.log import log\n\nlog.info(«f"got {x}"»)\n',
                "shop/core/log.py": "from loguru import logger\n\nlog = logger\n",
            },
            fixed='from shop.core.log import log\n\nlog.info("got {}", x)\n',
        ),
        example(
            {
                "shop/service.py": 'from .core import log\n\nlog.info(«f"got {x}"»)\n',
                "shop/core/__init__.py": "from .log import *\n",
                "shop/core/log.py": "import structlog\n\nlog = structlog.get_logger()\n",
            },
            fixed='from .core import log\n\nlog.info("got", x=x)\n',
        ),
        example(
            {
                "src/mail/server.py": "from logger import getJSONLogger\n\nlogger = getJSONLogger('mail')\n"
                'logger.info(«f"got {x}"»)\n',
                "src/mail/logger.py": "import logging\n\n\ndef getJSONLogger(name):\n"
                "    logger = logging.getLogger(name)\n    logger.propagate = False\n    return logger\n",
            },
            fixed="from logger import getJSONLogger\n\nlogger = getJSONLogger('mail')\nlogger.info(\"got %s\", x)\n",
        ),
        # A base class of another module has the logger.
        example(
            {
                "shop/worker.py": "from shop.base import Base\n\n\nclass Worker(Base):\n    def run(self, x):\n"
                '        self.log.info(«f"got {x}"»)\n',
                "shop/base.py": "import logging\n\n\nclass First:\n    log = logging.getLogger('shop')\n\n\n"
                "class Base(First):\n    pass\n",
                "requirements.txt": "loguru\n",
            },
            fixed="from shop.base import Base\n\n\nclass Worker(Base):\n    def run(self, x):\n"
            '        self.log.info("got %s", x)\n',
        ),
        example(
            {
                "shop/views.py": 'from shop import app\n\napp.logger.info(«f"got {x}"»)\n',
                "shop/__init__.py": "from .make import create_app\n\napp = create_app()\n",
                "shop/make.py": "from flask import Flask\n\n\ndef create_app():\n    app = Flask('shop')\n"
                "    return app\n",
                "requirements.txt": "loguru\n",
            },
            fixed='from shop import app\n\napp.logger.info("got %s", x)\n',
        ),
        "def run(logger: JobLogger, x):\n    logger.info(«f'got {x}'»)\n",
        example(LOGGER + 'logger.info(«f"at {str(now)}"»)\n', fixed=LOGGER + 'logger.info("at %s", now)\n'),
        # What is passed to a class is known to its caller.
        {
            "shop/worker.py": "import logging\n\nlog = logging.getLogger('shop')\n\n\nclass Worker:\n"
            "    def __init__(self, log):\n        self.log = log\n\n    def run(self, x):\n"
            '        self.log.info(«f"got {x}"»)\n',
            "requirements.txt": "loguru\n",
        },
        # The project has a logger of its own, whose methods take one text.
        example(
            {
                "shop/service.py": "from shop import log\n\nlogger = log.get_logger()\nlogger.info(«f'got {x}'»)\n",
                "shop/log.py": "class Logger:\n    def info(self, text):\n        print(text)\n\n\n"
                "def get_logger():\n    return Logger()\n",
            }
        ),
        example(
            {
                "shop/service.py": 'from company.log import logger\n\nlogger.info(«f"got {x}"»)\n',
                "shop/main.py": "from loguru import logger\n",
            }
        ),
        example(
            {
                "shop/service.py": 'from company.log import logger\n\nlogger.info(«f"got {x}"»)\n',
                "pyproject.toml": '[project]\ndependencies = ["loguru>=0.7"]\n',
            }
        ),
        example(
            STRUCTLOG + 'log.info(«f"User {user.name} did {event!r}"», exc_info=True)\n',
            fixed=STRUCTLOG + 'log.info("User did", name=user.name, event_=event, exc_info=True)\n',
        ),
        # What only introduces a value goes with it.
        example(
            STRUCTLOG + 'log.info(«f"[{index}] Sent {n} mails to {user} at {now}, id: {job.id}..."», index=index)\n',
            fixed=STRUCTLOG + 'log.info("Sent mails...", n=n, user=user, now=now, job_id=job.id, index=index)\n',
        ),
        STRUCTLOG + 'log.info(«f"code:\\n{code}"»)\n',
        STRUCTLOG + 'log.info(«f"Task [name:{a}]: op:{b} key: {c} (done)"»)\n',
        STRUCTLOG + 'log.info(«f"{len(users)} users"»)\n',
        # What is left without the values says nothing.
        STRUCTLOG + 'log.info(«f"{text} to {status}"»)\n',
        STRUCTLOG + 'log.info(«f"The root path is: {path}, the other is: {other}. The first is used."»)\n',
    ],
    good=[
        LOGGER + 'logger.info("User %s", user.id)\n',
        LOGGER + 'logger.info("User login", extra={"user_id": user_id})\n',
        LOGGER + "logger.info(message)\n",
        'console.info(f"{x}")\n',
        'import math\n\nprint(math.log(f"{x}"))\n',
    ],
)
def formatted_log_message(call: LogCall, origins: Origins) -> Iterator[Finding]:
    """Log message is formatted before it is passed to the logger.

    The message is then formatted even if its level is disabled, and messages of the same event have different
    texts, so that log tools cannot group them by message. Pass the values as arguments or in `extra`. Also
    reported: f-strings without placeholders, and arguments without a placeholder in the message.
    """
    message = call.message
    if message is None:
        return
    call = origins.logger(call)
    problem = _problem(call, message)
    if problem:
        given = not isinstance(message, ast.Constant) and message in call.node.args
        fixes = tuple(_fixes(call, message, origins.files)) if given else ()
        yield Finding(call.span_of(message), problem, fixes)


def _problem(call: LogCall, message: ast.expr) -> str:
    if isinstance(message, ast.JoinedStr):
        holes = any(isinstance(one, ast.FormattedValue) for one in message.values)
        if not holes:
            return "log message is an f-string without placeholders"
        # With lazy formatting the calls in the arguments still run.
        calls = (
            call.method == "debug"
            and call.kind not in ("loguru", "structlog")
            and any(isinstance(node, ast.Call) for node in ast.walk(message))
        )
        guard = "; guard expensive calls with `isEnabledFor`" if calls else ""
        return f"{_EARLY} `{call.method}`{guard}"
    if isinstance(message, ast.BinOp) and isinstance(message.op, (ast.Add, ast.Mod)):
        word = "concatenated" if isinstance(message.op, ast.Add) else "formatted"
        return f"log message is {word} before it is passed to `{call.method}`" if _holds_text(message) else ""
    if isinstance(message, ast.Call) and isinstance(message.func, ast.Attribute) and message.func.attr == "format":
        return f"{_EARLY} `{call.method}`" if _is_text(message.func.value) else ""
    if call.standard and call.arguments and isinstance(message, ast.Constant) and isinstance(message.value, str):
        starred = any(isinstance(argument, ast.Starred) for argument in call.arguments)
        return "" if starred or "%" in message.value else "log message has no placeholder for its arguments"
    return ""


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _holds_text(message: ast.BinOp) -> bool:
    """Whether an operand is a string literal; `+` and `%` also work on numbers."""
    node: ast.expr = message
    while isinstance(node, ast.BinOp):
        if _is_text(node.right) and isinstance(node.op, ast.Add):
            return True
        node = node.left
    return _is_text(node)


def _fixes(call: LogCall, message: ast.expr, files: Files) -> Iterator[Fix]:
    if call.kind == "loguru" and (call.node.keywords or ".opt(" in call.name):
        return  # these change how Loguru formats the message
    if call.kind not in ("structlog", "unclear"):
        yield _fix(call, message, files)
    if (call.standard or call.kind == "structlog") and isinstance(message, ast.JoinedStr):
        title = "Move the values to `extra`" if call.standard else "Move the values to keyword arguments"
        yield Fix(title, lambda: _structured(call, message, files))
    if call.method == "exception" and call.handler is not None and isinstance(message, ast.JoinedStr):
        shorter = _without_error(call.text_of(message), call.handler.name)
        if shorter:
            span = call.span_of(message)
            yield Fix(
                "Remove the exception from the message; the traceback shows it",
                lambda: [Edit(span.start, span.end, shorter)],
            )


def _without_error(text: str, name: str | None) -> str:
    """The message as a plain literal without the exception at its end; "" if it has other placeholders."""
    found = _ERROR.search(text)
    if found is None or found["name"] != name or not text.startswith(("f'", 'f"')):
        return ""
    shorter = text[1 : found.start()] + text[found.end() :]
    several = shorter.count(shorter[0]) != 2
    return "" if several or re.search(r"[{}%\\\n]", shorter) or not shorter.strip("\"'") else shorter


def _structured(call: LogCall, message: ast.JoinedStr, files: Files) -> list[Edit]:
    if call.arguments or call.spreads:
        raise Refused("the call already has arguments")
    given = {keyword.arg or "": call.text_of(keyword.value) for keyword in call.node.keywords}
    if call.standard and "extra" in given:
        raise Refused("the call already has `extra`")
    text, values = structured(rewritten(call, message, False), _RESERVED if call.standard else {**_EVENT, **given})
    _refuse_brackets(call, message)
    parts = [f"{key}={value}" for key, value in values.items()]
    if call.standard:
        quote = text[0]
        parts = [f"extra={{{', '.join(f'{quote}{key}{quote}: {value}' for key, value in values.items())}}}"]
    return [replaced(call, message, text, *parts, limit=line_length(call.path, files))]


def _refuse_brackets(call: LogCall, message: ast.expr) -> None:
    behind = call.chunk.text[call.span_of(message).end : call.span.end - 1]
    if re.match(r"(?:\s|#[^\n]*)*\)", behind):
        raise Refused("the message is in parentheses")


def _rewritten(call: LogCall, message: ast.expr) -> Rewritten:
    made = rewritten(call, message, bool(call.arguments))
    return with_braces(made) if call.kind == "loguru" else made


def _fix(call: LogCall, message: ast.expr, files: Files) -> Fix:
    sure = call.standard
    if sure:
        try:
            sure = rewritten(call, message, bool(call.arguments)).sure
        except Refused:
            sure = False

    def change() -> list[Edit]:
        made = _rewritten(call, message)
        if made.arguments:
            _refuse_brackets(call, message)
        limit = line_length(call.path, files)
        made = laid_out(call, message, made, limit)
        return [replaced(call, message, made.literal, *made.arguments, limit=limit)]

    holes = not isinstance(message, ast.JoinedStr) or any(isinstance(one, ast.FormattedValue) for one in message.values)
    return Fix("Pass the values as logging arguments" if holes else "Remove the `f` prefix", change, safe=sure)
