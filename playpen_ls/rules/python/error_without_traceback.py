from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.call_arguments import appended
from playpen_ls.languages.python.parts import LogCall
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.rules.python._layout import line_length
from playpen_ls.rules.python._origins import Origins
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

LOGGER = "import logging\n\nlogger = logging.getLogger(__name__)\n"
TRY = LOGGER + "try:\n    charge(order)\nexcept Exception as error:\n"
# Exceptions that are used for control flow, or that say all there is to know: what somebody has given is invalid,
# missing or there already, or the other side does not answer in time.
_STEERING = regex(
    r"(?:^|\.)(?:KeyboardInterrupt|SystemExit|CancelledError|StopIteration|StopAsyncIteration|Empty|QueueEmpty|Full"
    r"|HTTPException|Http404|(?!File|Module)\w*NotFound(?:Error|Exception)?|NoResultFound|\w*DoesNotExist"
    r"|\w*Already(?:Exists|Exist|Registered)(?:Error|Exception)?|GeneratorExit|\w*Timeout(?:Error|Expired|Exception)?"
    r"|UserWarning|NotImplementedError|ProcessLookupError"
    r"|ValidationError|ExpiredSignatureError|InvalidTokenError|InvalidSignatureError|BadSignature|SignatureExpired"
    r"|DecimalException|InvalidOperation|Invalid(?:Token|Key|Value|Input|Credentials|Password|Url|URL)"
    r"|(?:Bad|Wrong|Expired)Token\w*|\w*(?:Token|Secret)(?:Invalid|Expired)|\w*(?:Password|Username|Login|Credential)\w*"
    r"|NoSuch\w+|INVALID_CREDENTIALS|NO_SUCH_OBJECT|FILTER_ERROR|AuthenticationFailed|UserLockedOut"
    r"|(?:re|regex)\.error|PatternError|TemplateSyntaxError|Jinja\w*Template(?:Error|Warning))$"
)
# What an answer of the class `HTTPBadRequest`, or of werkzeug's and Django's exceptions, has as its status.
_REFUSED = regex(
    r"(?:^|\.)(?:(?:HTTP)?(?:BadRequest|Unauthorized|Forbidden|NotFound|Conflict|UnprocessableEntity)"
    r"|PermissionDenied|NotAuthenticated|AuthenticationFailed|ParseError|ValidationError)$"
)
# Exceptions of a lookup, and messages that say what was not found or what a person has to do.
_LOOKUPS = frozenset((
    "KeyError", "IndexError", "AttributeError", "TypeError", "LookupError", "FileNotFoundError", "OSError",
))  # fmt: skip
_KNOWN = regex(
    r"\b(?:missing|must|not found|no (?:such|active)|does(?: not|n't) exist|please|(?:could not|cannot|unable to) find"
    r"|until)\b",
    re.IGNORECASE,
)
_AGAIN = regex(r"\b(?:retry(?:ing)?|reconnect(?:ing)?|(?:try|trying|connecting) again)\b", re.IGNORECASE)
_STATUS_NAME = regex(r"^(?:ret_?(?:val|code)?|rc|exit_?(?:code|status)|return_?code)$")
# What reads a text that another has written.
_READING = regex(
    r"(?:^|\.)(?:loads?|json|parse\w*|strptime|fromisoformat|split|decode|int|float|Decimal|UUID|ip_(?:address|network|interface))$"
)
_UNREADABLE = frozenset(("ValueError", "JSONDecodeError", "UnicodeDecodeError", "DecodeError"))
_CLIENT_ERROR = regex(
    r"HTTP_4\d\d|(?:BAD_REQUEST|UNAUTHORIZED|FORBIDDEN|NOT_FOUND|CONFLICT|GONE|LOCKED|TOO_MANY_REQUESTS"
    r"|UNPROCESSABLE_ENTITY|UNPROCESSABLE_CONTENT|METHOD_NOT_ALLOWED|PAYMENT_REQUIRED)$"
)
# Calls that answer a request: `abort(404)`, `request.setResponseCode(404)`, `self.send_error(404)`.
_ANSWERING = regex(r"(?i:^(?:abort|send_(?:error|response)|set_?(?:status|response)_?(?:code)?)$)")
_ANSWERED = regex(r"(?:^|\.)(?:\w*HTTPException|HTTP[A-Z]\w+|Exit|Abort|SystemExit|ClickException|UsageError)$")
_EXITS = regex(r"(?:^|\.)(?:Exit|Abort|SystemExit|ClickException|UsageError)$")


@rule(
    severity=Severity.WARNING,
    practice="Log levels",
    needs_index=False,
    like={"ruff": ["TRY400"]},
    bad=[
        example(
            TRY + '    «logger.error»("payment failed")\n',
            fixed=TRY + '    logger.error("payment failed", exc_info=True)\n',
        ),
        example(
            TRY + '    «logger.error»(\n        "unpaid: %s",\n        name,  # customer\n    )\n',
            fixed=TRY
            + '    logger.error(\n        "unpaid: %s",\n        name,  # customer\n        exc_info=True,\n    )\n',
        ),
        example(TRY + "    «logger.critical»(error)\n", fixed=TRY + "    logger.critical(error, exc_info=True)\n"),
        TRY + "    «logger.error»(error)\n    raise error\n",
        TRY + "    if x:\n        «logger.error»(error)\n        raise\n    stop()\n",
        # The traceback of the new exception has that of the caught one.
        TRY + "    «logger.error»(error)\n    raise Failed('a')\n",
        example(
            TRY + "    «logger.error»('x')\n    raise Failed('a') from None\n",
            fixed=TRY + "    logger.error('x', exc_info=True)\n    raise Failed('a') from None\n",
        ),
        # The framework answers it and logs nothing.
        example(
            TRY + "    «logger.error»('x')\n    raise HTTPException(500) from error\n",
            fixed=TRY + "    logger.error('x', exc_info=True)\n    raise HTTPException(500) from error\n",
        ),
        TRY + "    «logger.error»('no such file, give --file')\n    sys.exit(1)\n",
        TRY + "    «logger.error»('no such file, give --file')\n    raise typer.Exit(1)\n",
        example(
            TRY + "    «logger.error»(\n        'unpaid'\n    )\n",
            fixed=TRY + "    logger.error(\n        'unpaid',\n        exc_info=True,\n    )\n",
        ),
        TRY.replace("Exception", "OSError")
        + "    «logger.error»('a')\nexcept Exception:\n    logger.error('b', exc_info=True)\n",
        "import argparse\n" + LOGGER + "def run():\n    try:\n        f()\n    except OSError as error:\n"
        "        «logger.critical»(error)\n        return EXIT.NO_FILE\n",
        LOGGER + 'try:\n    f()\nexcept KeyboardInterrupt:\n    «logger.error»("stopped")\n',
        TRY + "    «logger.error»('x')\n    raise HTTPException(status_code=status.HTTP_423_LOCKED) from error\n",
        TRY.replace("Exception as", "(ValueError, DecimalException) as") + "    «logger.error»(error)\n",
        # Client errors, answered with a 4xx status.
        LOGGER + "def f():\n    try:\n        g()\n    except LookupError as error:\n"
        "        «logger.error»('login: %s', error)\n        return str(error), 404\n",
        TRY + '    «logger.error»("bad")\n    raise HTTPException(status_code=400)\n',
        LOGGER + "def f():\n    try:\n        g()\n    except LookupError as error:\n        if error.args:\n"
        "            «logger.error»('gone')\n            return HttpResponse('gone', status=404)\n        raise\n",
        LOGGER + "def f():\n    try:\n        g()\n    except MailError:\n        «logger.error»('no')\n"
        "        return HttpResponseBadRequest('no')\n",
        LOGGER
        + "def f(request):\n    try:\n        g()\n    except LookupError:\n        «logger.error»('bad format')\n"
        "        request.setResponseCode(BAD_REQUEST)\n        return dumps({})\n",
        LOGGER
        + "def f(response):\n    try:\n        g()\n    except LookupError:\n        «logger.error»('bad format')\n"
        "        response.status_code = 404\n",
        example(
            TRY + "    «logger.error»('unpaid: {}'.format(error))\n",
            fixed=TRY + "    logger.error('unpaid: {}'.format(error), exc_info=True)\n",
        ),
        # What somebody has given is invalid, missing or there already, and the message says all.
        TRY.replace("Exception as error", "ScopeAlreadyExistsException") + "    «logger.error»('there is one')\n",
        TRY.replace("Exception as error", "re.error") + "    «logger.error»('no regex: %s', pattern)\n",
        TRY.replace("Exception as error", "requests.exceptions.ReadTimeout") + "    «logger.error»('no answer')\n",
        TRY + "    «logger.error»('bad')\n    raise HTTPBadRequest(reason='bad')\n",
        TRY + "    «logger.error»('bad')\n    return make_response('bad', 400)\n",
        LOGGER + "try:\n    import xformers\nexcept ImportError:\n    «logger.error»('xformers is not installed')\n",
        LOGGER + "try:\n    key = config['key']\nexcept KeyError:\n    «logger.error»('the key is missing')\n",
        LOGGER + "try:\n    token, domain = address.split('@')\nexcept ValueError:\n    «logger.error»('no address')\n",
        "import argparse\n" + LOGGER + "def run():\n    try:\n        f()\n    except Exception as error:\n"
        "        «logger.error»(error)\n        return 1, 'error'\n",
        "import argparse\n" + LOGGER + "def run():\n    try:\n        f()\n    except Exception as error:\n"
        "        «logger.error»(error)\n        retval = 1\n",
        LOGGER + "try:\n    ip = ip_address(text)\n    if ip.version == 6:\n        ip = ip.ipv4_mapped\n"
        "except ValueError as error:\n    «logger.error»('no address: %s', error)\n",
        TRY.replace("Exception", "ConnectionError") + "    «logger.error»('no Redis, retrying in %d seconds', n)\n",
        example(
            TRY.replace("Exception", "KeyError") + "    «logger.error»('no payload: %s', error)\n",
            fixed=TRY.replace("Exception", "KeyError") + "    logger.error('no payload: %s', error, exc_info=True)\n",
        ),
        # Only the first one.
        example(
            TRY + "    if x:\n        «logger.error»(error)\n        logger.error('unpaid: %s', order)\n",
            fixed=TRY + "    if x:\n        logger.error(error, exc_info=True)\n"
            "        logger.error('unpaid: %s', order)\n",
        ),
        # Its form has no arguments for the message.
        "from twisted.logger import Logger\n\nlog = Logger()\ntry:\n    f()\nexcept ValueError:\n"
        "    «log.error»('x')\n",
        TRY + "    found = search(order)\n    if not found:\n        «logger.error»('no order')\n",
        example(
            "from app.log import logger\n\ntry:\n    charge(order)\nexcept ValueError:\n    «logger.error»('unpaid')\n",
            fixed="from app.log import logger\n\ntry:\n    charge(order)\nexcept ValueError:\n"
            "    logger.error('unpaid', exc_info=True)\n",
        ),
        # Loguru takes `exc_info=True` for a field.
        example(
            'from loguru import logger\n\ntry:\n    f()\nexcept ValueError:\n    «logger.error»("x")\n',
            fixed='from loguru import logger\n\ntry:\n    f()\nexcept ValueError:\n    logger.exception("x")\n',
        ),
        example(
            {
                "shop/service.py": "from shop.log import log\n\ntry:\n    f()\nexcept ValueError:\n"
                "    «log.critical»('x')\n",
                "shop/log.py": "import loguru\n\nlog = loguru.logger.bind(app='shop')\n",
            },
            fixed="from shop.log import log\n\ntry:\n    f()\nexcept ValueError:\n"
            "    log.opt(exception=True).critical('x')\n",
        ),
        example(
            {
                "shop/service.py": "from company import log\n\ntry:\n    f()\nexcept ValueError:\n"
                "    «log.error»('x')\n",
                "shop/log.py": "import loguru\n",
            }
        ),
    ],
    good=[
        TRY + "    logger.error('failed: %s', error.__class__.__name__)\n",
        TRY + "    frame = error.__traceback__.tb_next\n    logger.error('x: %s', frame.tb_lineno)\n",
        LOGGER + 'logger.error("Error occurred", exc_info=True)\n',
        LOGGER + 'logger.error("Error occurred")\n',
        TRY + '    logger.error("payment failed", exc_info=True)\n',
        TRY + '    logger.error("payment failed", exc_info=error)\n',
        TRY + '    logger.exception("payment failed")\n',
        TRY + '    logger.warning("retrying")\n',
        TRY + '    def later():\n        logger.error("payment failed")\n',
        TRY + '    logger.error("unpaid: %s", traceback.format_exc())\n',
        TRY + "    text = ''.join(format_exception(error))\n    logger.error(text)\n",
        TRY + "    logger.error(full_message(error))\n",
        TRY + '    traceback.print_exc()\n    logger.error("payment failed")\n',
        'from loguru import logger\n\ntry:\n    f()\nexcept ValueError:\n    logger.opt(exception=True).error("x")\n',
    ],
)
def error_without_traceback(call: LogCall, origins: Origins) -> Iterator[Finding]:
    """Error is logged without its traceback.

    Without the traceback the log does not show where the exception was raised. Not reported where the handler
    logs the traceback in another way, has a function make the message of the exception, or logs its class only. A hint
    where the exception is raised again, is answered with a 4xx status, is used for control flow, such as
    `KeyboardInterrupt`, or says all there is to know, such as a timeout, where a command-line tool ends, and beside a
    handler for any other exception that logs the traceback.
    """
    handler = call.handler
    if handler is None or call.method not in ("error", "critical", "fatal") or call.spreads:
        return
    if call.keyword("exc_info", "stack_info") is not None or _logs_traceback(handler):
        return
    if ".opt(" in call.name:
        return
    if any(_is_error(statement) for statement in _before(call, handler)):
        return  # only the first one is reported
    if _is_made_by_function(call, handler) or _names_class_only(call, handler):
        return
    message = f"`{call.method}` logs the exception without its traceback"
    if _raises_again(call, handler):
        again = ", and the handler raises it, or another exception with its traceback"
        yield Finding(call.callee_span, message + again, severity=Severity.HINT)
    elif _steers(call, handler) or _exits(call, handler) or _is_left_out(call, handler):
        yield Finding(call.callee_span, message, severity=Severity.HINT)
    else:
        yield Finding(call.callee_span, message, tuple(_fixes(origins.logger(call), origins.files)))


def _fixes(call: LogCall, files: Files) -> Iterator[Fix]:
    handler = call.handler
    if call.kind == "unclear":
        return
    if call.kind == "loguru":
        span = call.method_span
        if call.method == "error":
            yield Fix("Replace `error` with `exception`", lambda: [Edit(span.start, span.end, "exception")])
        else:
            yield Fix("Add `opt(exception=True)`", lambda: [Edit(span.start, span.start, "opt(exception=True).")])
        return
    yield Fix(
        "Add `exc_info=True`",
        lambda: [appended(call, "exc_info=True", limit=line_length(call.path, files))],
        # Who names an exception expects it, and can do without its traceback.
        safe=call.standard and handler is not None and _is_broad(handler),
        preferred=True,
    )
    if call.method == "error" and call.standard:
        span = call.method_span
        yield Fix("Replace `error` with `exception`", lambda: [Edit(span.start, span.end, "exception")])


def _is_made_by_function(call: LogCall, handler: ast.ExceptHandler) -> bool:
    """Whether the whole message is what a function makes of the exception, which can contain the traceback."""
    message = call.message
    return (
        isinstance(message, ast.Call)
        and (message.func.attr if isinstance(message.func, ast.Attribute) else getattr(message.func, "id", ""))
        not in _SHORT
        and handler.name is not None
        and any(isinstance(argument, ast.Name) and argument.id == handler.name for argument in message.args)
    )


def _names_class_only(call: LogCall, handler: ast.ExceptHandler) -> bool:
    """Whether the message has the class of the exception, but not its text, which can be confidential."""
    if handler.name is None:
        return False
    classes = {
        id(node.value if isinstance(node, ast.Attribute) else node.args[0])
        for node in ast.walk(call.node)
        if (isinstance(node, ast.Attribute) and node.attr == "__class__")
        or (isinstance(node, ast.Call) and dotted(node.func) == "type" and len(node.args) == 1)
    }
    mentions = [node for node in ast.walk(call.node) if isinstance(node, ast.Name) and node.id == handler.name]
    return bool(mentions) and all(id(node) in classes for node in mentions)


_SHORT = frozenset(("str", "repr", "type", "format", "getattr"))  # what has no traceback


def _is_error(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Call) and (dotted(value.func) or "").rpartition(".")[2] in (
        "error",
        "critical",
        "fatal",
    )


def _logs_traceback(handler: ast.ExceptHandler) -> bool:
    for node in ast.walk(handler):
        if isinstance(node, ast.Attribute) and node.attr in ("__traceback__", "tb_frame"):
            return True
        if isinstance(node, ast.Call):
            name = dotted(node.func) or ""
            if (
                "traceback" in name
                or "exc_info" in name
                or name.endswith((".exception", "capture_exception", "format_exc", "format_exception"))
            ):
                return True
            if any(keyword.arg == "exc_info" for keyword in node.keywords):
                return True
    return False


def _raises_again(call: LogCall, handler: ast.ExceptHandler) -> bool:
    """Whether the handler raises the exception, or another one with its traceback, after the call.

    An exception that a web framework answers is not logged again.
    """
    for statement in _after(call, handler):
        if isinstance(statement, ast.Raise):
            if isinstance(statement.cause, ast.Constant):
                return False  # `from None`
            return statement.exc is None or not _ANSWERED.search(_raised(statement))
    return False


def _after(call: LogCall, handler: ast.ExceptHandler) -> Iterator[ast.stmt]:
    """The statements of the handler that run after the call, in the blocks that contain it."""
    for node, child in call.above():
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and child in block:
                yield from block[block.index(child) + 1 :]
        if node is handler:
            return


def _before(call: LogCall, handler: ast.ExceptHandler) -> Iterator[ast.stmt]:
    """The statements of the handler that run before the call, in the blocks that contain it."""
    for node, child in call.above():
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and child in block:
                yield from block[: block.index(child)]
        if node is handler:
            return


def _raised(statement: ast.Raise) -> str:
    """The name of the exception class."""
    raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    return dotted(raised) or "" if raised is not None else ""


def _exits(call: LogCall, handler: ast.ExceptHandler) -> bool:
    """Whether the program ends after the message, which is then for the person who started it."""
    for statement in _after(call, handler):
        if isinstance(statement, ast.Raise) and _EXITS.search(_raised(statement)):
            return True
        value = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(value, ast.Call) and dotted(value.func) in ("sys.exit", "exit", "quit", "os._exit"):
            return True
        if "cli" in call.flags and _sets_status(statement):
            return True
    return False


def _sets_status(statement: ast.stmt) -> bool:
    """`return 1`, `return 1, "message"` or `retval = 1` in a command-line tool."""
    if isinstance(statement, ast.Return):
        value = statement.value
        return _is_status(value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value)
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return _STATUS_NAME.match(statement.targets[0].id) is not None and _is_status(statement.value)
    return False


def _is_status(value: ast.expr | None) -> bool:
    """Whether a command-line tool returns an exit status: a number or a constant."""
    if isinstance(value, ast.Constant):
        return type(value.value) is int
    return (dotted(value) or "a").rpartition(".")[2].isupper() if value is not None else False


def _is_left_out(call: LogCall, handler: ast.ExceptHandler) -> bool:
    """Whether one for any other exception logs its traceback, so that this one leaves it out on purpose."""
    trying = next((node for node, child in call.above() if child is handler), None)
    others = trying.handlers if isinstance(trying, ast.Try | ast.TryStar) else []
    return not _is_broad(handler) and any(_is_broad(other) and _logs_traceback(other) for other in others)


def _is_broad(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or dotted(kind) in ("Exception", "BaseException") for kind in kinds)


def _is_refusal(statement: ast.stmt) -> bool:
    """`return message, 404`, `return make_response(x, 404)`, `return JsonResponse(x, status=404)`,
    `raise HTTPException(status_code=404)`, `raise HTTPNotFound()`, `abort(404)`, `response.status_code = 404` or
    `self.set_status(404)`.
    """
    if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Call):
        if (dotted(statement.value.func) or "").rpartition(".")[2] in _REFUSALS:
            return True
        values = [one.value for one in statement.value.keywords if one.arg in ("status", "status_code", "code")]
        values += statement.value.args[1:]
    elif isinstance(statement, ast.Return):
        values = statement.value.elts if isinstance(statement.value, ast.Tuple) else []
    elif isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Call):
        if _REFUSED.search(_raised(statement)):
            return True
        values = [*statement.exc.args, *(keyword.value for keyword in statement.exc.keywords)]
    elif isinstance(statement, ast.Assign):
        named = [(dotted(target) or "").rpartition(".")[2] for target in statement.targets]
        values = [statement.value] if named[0] in ("status", "status_code") else []
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        answers = _ANSWERING.search((dotted(statement.value.func) or "").rpartition(".")[2])
        values = [*statement.value.args] if answers else []
    else:
        return False
    return any(_is_client_error(one) for one in values)


def _is_of_second_try(call: LogCall, handler: ast.ExceptHandler) -> bool:
    """Whether the message is about another attempt of the handler: `x = find(); if not x: logger.error("none")`."""
    for node, child in call.above():
        if node is handler:
            return False
        if isinstance(node, ast.If) and child in node.body and node in handler.body:
            tested = node.test.operand if isinstance(node.test, ast.UnaryOp) else node.test
            before = handler.body[: handler.body.index(node)]
            return isinstance(tested, ast.Name) and any(
                isinstance(one, ast.Assign)
                and isinstance(one.value, (ast.Call, ast.Await))
                and any(isinstance(target, ast.Name) and target.id == tested.id for target in one.targets)
                for one in before
            )
    return False


def _is_client_error(status: ast.expr) -> bool:
    """A status of 400 to 499: a number, `status.HTTP_404_NOT_FOUND` or `HTTPStatus.NOT_FOUND`."""
    if isinstance(status, ast.Constant):
        return isinstance(status.value, int) and 400 <= status.value < 500
    name = status.attr if isinstance(status, ast.Attribute) else getattr(status, "id", "")
    return _CLIENT_ERROR.match(name) is not None


_REFUSALS = frozenset((
    "HttpResponseBadRequest", "HttpResponseForbidden", "HttpResponseNotFound", "HttpResponseNotAllowed",
    "HttpResponseGone",
))  # fmt: skip


def _steers(call: LogCall, handler: ast.ExceptHandler) -> bool:
    """Whether the exception is control flow, or is answered as a client error (400 to 499)."""
    if any(_is_refusal(statement) for statement in (*handler.body, *_after(call, handler))):
        return True
    if _is_of_second_try(call, handler):
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
    names = [(dotted(kind) or "").rpartition(".")[2] for kind in kinds]
    if "ValueError" in names and any(name in ("DecimalException", "InvalidOperation") for name in names):
        return True  # what a person has typed is no number
    if _is_known(call, handler, names):
        return True
    return bool(kinds) and all(_STEERING.search(dotted(kind) or "") for kind in kinds)


def _is_known(call: LogCall, handler: ast.ExceptHandler, names: list[str]) -> bool:
    """Whether the message says all: an optional import, a lookup that found nothing, a text that cannot be read, or a
    connection that is tried again.
    """
    trying = next((node for node, child in call.above() if child is handler), None)
    body = trying.body if isinstance(trying, ast.Try | ast.TryStar) else []
    if not body or not names:
        return False
    if {*names} <= {"ImportError", "ModuleNotFoundError"}:
        return isinstance(body[0], ast.Import | ast.ImportFrom)
    if {*names} <= _LOOKUPS:
        return bool(_KNOWN.search(_words(call.message))) and not _mentions(call, handler.name)
    if all(name.endswith(("ConnectionError", "AutoReconnect")) for name in names):
        return bool(_AGAIN.search(_words(call.message)))
    if {*names} <= _UNREADABLE:
        calls = [node for one in body for node in ast.walk(one) if isinstance(node, ast.Call)]
        read = [bool(_READING.search(dotted(one.func) or str(getattr(one.func, "attr", "")))) for one in calls]
        one = len(body) == 1 and isinstance(body[0], ast.Assign | ast.Return | ast.Expr)
        return any(read) if one else bool(read) and all(read)
    return False


def _words(message: ast.expr | None) -> str:
    pieces = [node.value for node in ast.walk(message) if isinstance(node, ast.Constant)] if message is not None else []
    return " ".join(piece for piece in pieces if isinstance(piece, str))


def _mentions(call: LogCall, name: str | None) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(call.node))
