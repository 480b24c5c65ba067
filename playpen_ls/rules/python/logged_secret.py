from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.model.queries import is_left_alone
from playpen_ls.languages.python.parts import LogCall, PrintCall
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.text.regex import regex
from playpen_ls.text.words import Words
from playpen_ls.vocabulary.names import snake
from playpen_ls.vocabulary.secrets import is_secret_name

# Only names that say certainly that a value is secret: a `token` can be that of a parser, `credentials` an object, and
# an `access_key` or a `secret_key` the name of a key.
_SECRET = regex(
    r"(?:^|_)(?:(?:\w*pas+word|passwd|passphrase)|(?:db|user|root|admin|ssh|smtp)_?pwd|(?:api|secret_access)_?key"
    r"|(?:access|auth|api|bearer|refresh|github|gitlab|slack|bot|jwt)_?token|(?:client|app|jwt|oauth|consumer)_?secret)$"
)
# What is done to it, or is asked about it: `masked_password`, `has_password`.
_TREATED = regex(
    r"(?:^|_)(?:mask\w*|hash\w*|encrypt\w*|cipher\w*|redact\w*|obfuscat\w*|censor\w*|hidden|safe|is|has|use[sd]?|no|needs?"
    r"|requires?d?|show|reset|change|update|check|verify|allow|with|without|valid\w*|num|count|max|min|len|missing|invalid"
    r"|public|dummy|fake|forgot|set|get|new_?style)(?:_|$)"
)
_TREATS = regex(r"mask|hash|encrypt|redact|obfuscat|censor|hide|digest|fingerprint", re.IGNORECASE)
# Settings can wrap a secret so that it is not printed.
_SETTINGS = regex(r"(?:^|_)(?:settings?|conf|config|cfg)$|^(?:S|Config)$")
_WRAPPED = regex(r"Secret|bool", re.IGNORECASE)
_PASSING = frozenset(("str", "repr"))
_METHODS = frozenset(("get_secret_value", "decode", "encode", "strip", "rstrip"))
_READERS = frozenset(("getenv", "get", "pop"))
_WORDS = ("passw", "paswo", "passphrase", "_pwd", "api_key", "apikey", "secret", "token")

LOGGER = "import logging\n\nlogger = logging.getLogger(__name__)\n"
API = "from fastapi import FastAPI\n\napp = FastAPI()\n"


def _mentioned(words: Words) -> bool:
    lower = words.text.lower()
    return any(word in lower for word in _WORDS)


@rule(
    severity=Severity.WARNING,
    practice="Secrets management",
    has_safe_fixes=False,
    mentions=_mentioned,
    like={"semgrep": ["python-logger-credential-disclosure"]},
    bad=[
        LOGGER + 'logger.info("login of %s with %s", user, «password»)\n',
        LOGGER + 'logger.debug(«f"password: {password}"»)\n',
        LOGGER + 'logger.info("password: " + «db_password»)\n',
        LOGGER + 'logger.info("%s" % «api_key»)\nlogger.info("%s %s" % (user, «str(client_secret)»))\n',
        LOGGER + 'logger.info("{} {}".format(user, «access_token»))\n',
        LOGGER + 'logger.info("login", extra={"user": user, "password": «password»})\n',
        'import structlog\n\nlog = structlog.get_logger()\nlog.info("login", password=«password»)\n',
        LOGGER + 'import os\n\nlogger.info("%s", «os.environ["DB_PASSWORD"]»)\nlogger.info(«os.getenv("API_TOKEN")»)\n',
        LOGGER + 'logger.info("%s", «config.db_password.get_secret_value()»)\nlogger.info("%s", «data["password"]»)\n',
        LOGGER + 'class A:\n    def f(self):\n        logger.info("%s", «self.password»)\n',
        API + '\n\ndef f(password):\n    print("got", «password»)\n',
    ],
    good=[
        LOGGER + 'logger.info("no password of %s", user)\nlogger.info(len(password))\nlogger.info(mask(password))\n',
        LOGGER + 'logger.info("%s %s", password[:2], bool(password))\nlogger.info(f"{password is None}")\n',
        LOGGER + 'logger.info("%s %s %s", hashed_password, has_password, password_field)\n',
        LOGGER + 'logger.info("%s %s", token, settings.db_password)\nlogger.info("no %s", secret_key)\n',
        LOGGER + "def f(password: bool, api_key: SecretStr):\n    logger.info('%s %s', password, api_key)\n",
        LOGGER + "def f(password):\n    password = mask(password)\n    logger.info('%s', password)\n",
        LOGGER + 'logger.info("set", extra={"password": "***", "has_token": bool(access_token)})\n',
        'print("password", password)\n',
        example({"tests/test_a.py": LOGGER + 'logger.info("%s", password)\n'}),
    ],
)
def logged_secret(call: LogCall | PrintCall) -> Iterator[Finding]:
    """Secret is written to the log.

    Logs are kept, collected and read by more people than the secret is meant for. Log that it is set, or a hash of it.
    Reported are values whose name certainly says that they are secret, as arguments of a logger and, in web services,
    of `print`. Not reported: parts, lengths and masked values, attributes of settings, which can hide what they contain
    (`SecretStr`), and tests.
    """
    if isinstance(call, PrintCall) and ("web" not in call.flags or call.in_main_guard):
        return
    if call.file.ask(is_left_alone):
        return
    for shown, value in _values(call):
        name = _secret_name(value)
        if name and not _is_treated_above(call, value):
            yield Finding(call.span_of(shown), f"`{name}` is written to the log")


def _values(call: LogCall | PrintCall) -> Iterator[tuple[ast.expr, ast.expr]]:
    """(what is marked, the value) of all that a call writes."""
    for argument in call.node.args:
        yield from _written(argument)
    for keyword in call.node.keywords:
        if keyword.arg == "extra" and isinstance(keyword.value, ast.Dict):
            for value in keyword.value.values:
                yield value, value
        elif keyword.arg not in (None, "exc_info", "stack_info", "stacklevel", "file", "sep", "end", "flush"):
            yield keyword.value, keyword.value


def _written(argument: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(argument, ast.JoinedStr):
        # Before Python 3.12 the positions of its placeholders are unknown.
        holes = (one for one in argument.values if isinstance(one, ast.FormattedValue) and one.format_spec is None)
        secret = next((one.value for one in holes if _secret_name(one.value)), None)
        if secret is not None:
            yield argument, secret
    elif isinstance(argument, ast.BinOp) and isinstance(argument.op, ast.Add):
        yield from _written(argument.left)
        yield from _written(argument.right)
    elif isinstance(argument, ast.BinOp) and isinstance(argument.op, ast.Mod):
        right = argument.right
        for value in right.elts if isinstance(right, ast.Tuple) else (right,):
            yield value, value
    elif isinstance(argument, ast.Call) and isinstance(argument.func, ast.Attribute) and argument.func.attr == "format":
        for value in (*argument.args, *(keyword.value for keyword in argument.keywords)):
            yield value, value
    else:
        yield argument, argument


def _secret_name(value: ast.expr) -> str:
    """The name by which an expression is certainly a secret in clear text, or ""."""
    if isinstance(value, ast.Name):
        return _certain(value.id)
    if isinstance(value, ast.Attribute):
        holder = (dotted(value.value) or "").rpartition(".")[2]
        named = holder and holder != "secret" and not _SETTINGS.search(snake(holder))  # the key of an object
        return _certain(value.attr) if named else ""
    if isinstance(value, ast.Subscript):
        return _certain(_text(value.slice))
    if isinstance(value, ast.Call):
        function = value.func
        if isinstance(function, ast.Name) and function.id in _PASSING and len(value.args) == 1:
            return _secret_name(value.args[0])
        if isinstance(function, ast.Attribute) and function.attr == "get_secret_value":
            return (dotted(function.value) or "").rpartition(".")[2]
        if isinstance(function, ast.Attribute) and function.attr in _METHODS:
            return _secret_name(function.value)
        if (dotted(function) or "").rpartition(".")[2] in _READERS and value.args:
            return _certain(_text(value.args[0]))
    return ""


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _certain(name: str) -> str:
    spelled = snake(name)
    certain = is_secret_name(name) and _SECRET.search(spelled) and not _TREATED.search(spelled)
    return name if certain else ""


def _is_treated_above(call: LogCall | PrintCall, value: ast.expr) -> bool:
    """Whether the function assigns a masked value to the name, or declares it as one that hides what it contains."""
    name = value.id if isinstance(value, ast.Name) else ""
    function = call.function
    if not name or function is None:
        return False
    arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    for one in arguments:
        if one.arg == name and one.annotation is not None and _WRAPPED.search(ast.unparse(one.annotation)):
            return True
    for node in ast.walk(function):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                written = ast.unparse(node.value)
                if _TREATS.search(written) or "*" in written or isinstance(node.value, (ast.Compare, ast.Constant)):
                    return True
    return False
