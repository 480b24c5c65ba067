from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import LogsConfigured
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.call_arguments import width
from playpen_ls.languages.python.edits.imports import module_logger
from playpen_ls.languages.python.model.file_kind import is_script
from playpen_ls.languages.python.model.log_setup import configures_logging
from playpen_ls.languages.python.model.queries import anywhere, is_main
from playpen_ls.languages.python.parts import PrintCall
from playpen_ls.languages.python.syntax.known_names import METHODS
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.rules.python._layout import line_length
from playpen_ls.rules.python._log_messages import laid_out, rewritten
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.source import LINE_END

API = "from fastapi import FastAPI\n\napp = FastAPI()\n"
_LEVEL = regex(
    r"[\s\[(<*]*(?:(?P<loud>(?-i:ERROR|CRITICAL|FATAL|WARN(?:ING)?|DEBUG|INFO))\b"
    r"|(?P<word>error|critical|fatal|warn(?:ing)?|debug)[\])>]*:)",
    re.IGNORECASE,
)
_WARNING = regex(
    r"\bdeprecat(?:ed|ion)\b|\bwill be removed\b|\bno longer supported\b|\bin a future\b|\bretry(?:ing)?\b",
    re.IGNORECASE,
)
_REFUSED = regex(
    r"\W*(?:invalid|fail(?:ed|ure)|unable to|could(?: not|n't)|can(?:not|'t| not)|missing|unknown|no such|not found"
    r"|(?:file|folder|directory|path) not found)\b",
    re.IGNORECASE,
)
_FAILED = regex(
    r"\b(?:error|fail(?:ed|ure|s)?|fatal|cannot|can't|could not|unable|invalid|missing|not found|bad|exception)\b",
    re.IGNORECASE,
)
_LEVELS = {
    "error": "error", "critical": "critical", "fatal": "critical", "warn": "warning", "warning": "warning",
    "debug": "debug", "info": "info",
}  # fmt: skip
LOGGED = "import logging\n\nfrom fastapi import FastAPI\n\nlogger = logging.getLogger(__name__)\n\napp = FastAPI()\n"


@dataclass(frozen=True)
class LogSetup:
    """Where the project configures logging."""

    configured: Facts[LogsConfigured]
    files: Files

    def reaches(self, path: str) -> bool:
        """Whether a file of the same service configures logging; True while that is unknown."""
        folder = posixpath.dirname(path)
        while folder not in ("", "/") and not any(self.files.exists(posixpath.join(folder, mark)) for mark in _SERVICE):
            folder = posixpath.dirname(folder)
        return not self.configured.complete or bool(self.configured.below(folder.strip("/")))


_SERVICE = ("Dockerfile", "requirements.txt", "pyproject.toml", "setup.py", "Pipfile", "manage.py")


@rule(
    severity=Severity.WARNING,
    practice="Structured logging",
    needs_index=False,
    has_safe_fixes=False,
    like={"ruff": ["T201"]},
    bad=[
        example(LOGGED + '«print»("service started")\n', fixed=LOGGED + 'logger.info("service started")\n'),
        example(
            API + '\n\ndef f():\n    «print»("service started")\n',
            fixed=LOGGED + '\n\ndef f():\n    logger.info("service started")\n',
        ),
        example(LOGGED + '«print»(f"user {name} 100%")\n', fixed=LOGGED + 'logger.info("user %s 100%%", name)\n'),
        example(LOGGED + '«print»("port: " + port)\n', fixed=LOGGED + 'logger.info("port: %s", port)\n'),
        example(LOGGED + '«print»("100% of", name)\n', fixed=LOGGED + 'logger.info("100%% of %s", name)\n'),
        example(LOGGED + "«print»(a, b)\n", fixed=LOGGED + 'logger.info("%s %s", a, b)\n'),
        example(
            LOGGED + "try:\n    f()\nexcept KeyboardInterrupt:\n    «print»('stopped')\n",
            fixed=LOGGED + "try:\n    f()\nexcept KeyboardInterrupt:\n    logger.info('stopped')\n",
        ),
        example(
            LOGGED + "try:\n    f()\nexcept ValueError as e:\n    «print»(e)\n",
            fixed=LOGGED + "try:\n    f()\nexcept ValueError as e:\n    logger.error(e, exc_info=True)\n",
        ),
        example(
            "import sys\n" + LOGGED + 'def g():\n    «print»("bad", file=sys.stderr)\n',
            fixed=LOGGED + 'def g():\n    logger.error("bad")\n',
        ),
        example(LOGGED + '«print»("ERROR: no db")\n', fixed=LOGGED + 'logger.error("ERROR: no db")\n'),
        example(LOGGED + '«print»(f"[critical]: {x}")\n', fixed=LOGGED + 'logger.critical("[critical]: %s", x)\n'),
        example(LOGGED + '«print»("error handling is on")\n', fixed=LOGGED + 'logger.info("error handling is on")\n'),
        example(
            LOGGED + '«print»(\n    f"one {a} "\n    f"two {b}"\n)\n',
            fixed=LOGGED + 'logger.info(\n    "one %s "\n    "two %s",\n    a,\n    b,\n)\n',
        ),
        example(LOGGED + '«print»("Invalid date")\n', fixed=LOGGED + 'logger.warning("Invalid date")\n'),
        API + "\n\ndef f(e):\n    «print»(f'no key: {e}')\n    app.logger.error('no key: %s', e)\n",
        # Only one of its lines could be logged.
        API + "\n\ndef show(orders):\n    «print»('Orders:')\n    «print»()\n",
        API + "\n\ndef show(orders):\n    «print»('-' * 80)\n    «print»('Orders')\n",
        example(
            LOGGED + "\n\ndef f(verbose):\n    if verbose:\n        «print»('x')\n",
            fixed=LOGGED + "\n\ndef f(verbose):\n    if verbose:\n        logger.info('x')\n",
        ),
        example(LOGGED + '«print»("a() is deprecated")\n', fixed=LOGGED + 'logger.warning("a() is deprecated")\n'),
        example(
            {
                "app.py": LOGGED + 'if x:\n    «print»(f"{user} has not paid {order} until {day}")\n',
                "pyproject.toml": "[tool.ruff]\nline-length = 60\n",
            },
            fixed=LOGGED + 'if x:\n    logger.info(\n        "%s has not paid %s until %s", user, order, day\n    )\n',
        ),
        LOGGED + '«print»("x", end="")\n',
        LOGGED + "«print»()\n",
        example(LOGGED + "«print»(x, file=None)\n", fixed=LOGGED + "logger.info(x)\n"),
        LOGGED + 'x = «print»("x")\n',
        "from pprint import pprint as pp\n\n\ndef f():\n    «pp»(1)\n",
        "import pprint\n\n\ndef f():\n    «pprint.pprint»(x)\n",
        example(
            "import sys\n" + LOGGED + 'def g():\n    «print»("reading", file=sys.stderr)\n',
            fixed=LOGGED + 'def g():\n    logger.info("reading")\n',
        ),
        LOGGED + '«print»("\\n\\n")\n',
        LOGGED + '«print»(name, "\\n *", order)\n',
        LOGGED + '«print»(f"""\nSent to {name}\n""")\n',
        example(
            "def f():\n    «print»(1)\n",
            fixed="import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef f():\n    logger.info(1)\n",
        ),
    ],
    good=[
        API + "\n\ndef run(args):\n    print(args)\n\n\nif __name__ == '__main__':\n    run(1)\n",
        LOGGED + 'logger.info("service started")\n',
        LOGGED + 'if __name__ == "__main__":\n    print("usage")\n',
        LOGGED + 'print("x", file=f)\n',
        "import argparse\n\nprint(1)\n",
        "from rich import print\n\nprint(1)\n",
        API + "\n\ndef f(print):\n    print(1)\n",
        example({"scripts/load.py": "print(1)\n"}),
        example({"shop/cli/users.py": "import click\nfrom flask.cli import AppGroup\n\nprint(1)\n"}),
        LOGGED + "\n\nclass Kept(logging.Handler):\n    def emit(self, record):\n        print(record)\n",
        "def main():\n    print(1)\n",
        "import json\n\nprint(1)\n",
        API + "\n\nclass Log:\n    def info(self, line):\n        print(line)\n",
        API + "\n\ndef migrate():\n    print('Back up first!')\n    return input('Go on?') == 'y'\n",
        {"db/revisions/1_a.py": '"""Prices.\n\nRevision ID: 12ab\n"""\n' + API + "\n\nprint('skipped')\n"},
        '# Version: 0.29\n"""The Versioneer - like a rocketeer."""\n' + API + "\n\nprint(1)\n",
        API + "\n\nif not KEY:\n    print('Set KEY.')\n    raise SystemExit(1)\n",
        API
        + "\n\ndef load():\n    try:\n        g()\n    except OSError as e:\n        print(e)\n        sys.exit(1)\n",
        "# This file is autogenerated\n" + API + "\n\nprint(1)\n",
        API + "\n\ndef chat(io):\n    text = io.prompt_for_input()\n    print('bye')\n",
        API + "\n\ndef show(name):\n    print(f'{Style.BRIGHT + Fore.GREEN}{name}{Style.RESET_ALL}')\n",
        API + "\n\ndef show():\n    print('usage: !!save <file>')\n",
        "def update(verbose):\n    if verbose:\n        print('x')\n",
        "import json\n\n\ndef listed(servers):\n    print(json.dumps(servers))\n",
    ],
)
def print_as_log(call: PrintCall, setup: LogSetup) -> Iterator[Finding]:
    """`print` is used instead of logging.

    Printed output has no timestamp, level or logger name, and no log level can filter it. A warning in modules
    that import a web framework, gRPC or Celery, a hint elsewhere. Not reported in scripts, command-line tools,
    log handlers and `__main__` blocks, for output to a file, with colors or beside `input()` and, outside web modules,
    for JSON and under `if verbose:`.
    """
    target = _target(call)
    web = "web" in call.flags
    if target is None or call.in_main_guard or is_script(call.path) or ("cli" in call.flags and not web):
        return
    if call.function is not None and call.function.name in ("emit", "handleError", *METHODS):
        return  # methods of `logging.Handler`, which must not log, and of loggers
    if not web and call.function is None and not any(isinstance(node, ast.ClassDef) for node, _ in call.above()):
        return  # what a script does
    if _is_main(call) or _is_dialog(call) or _ends(call) or _is_for_terminal(call):
        return
    if not web and (
        "main" in call.flags
        or (call.function is not None and call.function.name in ("main", "cli", "usage"))
        or _is_wanted(call)
        or any(isinstance(one, ast.Call) and (dotted(one.func) or "").endswith("json.dumps") for one in call.node.args)
    ):
        return
    if call.name != "print":
        yield Finding(call.callee_span, "`pprint` bypasses logging", severity=Severity.HINT)
        return
    laid_out = call.function is not None and call.site.once(_is_laid_out, call.function)
    fixes = (_fix(call, target, setup),) if call.is_statement and not laid_out and not _is_logged_too(call) else ()
    yield Finding(call.callee_span, "`print` bypasses logging", fixes, None if web else Severity.HINT)


def _is_main(call: PrintCall) -> bool:
    """Whether it is in a function of the module that only a `__main__` guard calls."""
    function = call.function
    return function is not None and "main" in call.flags and call.file.ask(is_main, function.name)


def _ends(call: PrintCall) -> bool:
    """Whether the program ends after it: it tells the person who has started it why."""
    for node, child in call.above():
        if isinstance(child, ast.Expr):
            last = call.site.once(_last_exits, node).get(child)
            if last is not None:
                return last > call.node.lineno
    return False


def _last_exits(node: ast.AST) -> dict[ast.stmt, int]:
    """The line of the last statement in the same block that ends the program, 0 if there is none."""
    lines: dict[ast.stmt, int] = {}
    for name in ("body", "orelse", "finalbody"):
        body = getattr(node, name, None)
        if isinstance(body, list):
            lines |= dict.fromkeys(body, max((one.lineno for one in body if _is_exit(one)), default=0))
    return lines


def _is_exit(statement: ast.stmt) -> bool:
    return (isinstance(statement, ast.Raise) and statement.exc is not None and _name(statement.exc) in _EXITS) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and _name(statement.value) in _EXITS
    )


def _name(node: ast.expr) -> str:
    return dotted(node.func if isinstance(node, ast.Call) else node) or ""


_EXITS = frozenset(("sys.exit", "exit", "quit", "os._exit", "SystemExit"))


def _is_dialog(call: PrintCall) -> bool:
    """Whether it is part of a dialog with a person: beside `input()`, or where `isatty()` was asked."""
    return call.function is not None and call.site.once(_has_dialog, call.function)


def _has_dialog(function: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Call) and _DIALOG.search((dotted(node.func) or "").rpartition(".")[2])
        for node in ast.walk(function)
    )


_DIALOG = regex(r"^(?:raw_input|isatty|getpass)$|(?:^|_for_|^read_|^ask_)input$")


def _is_logged_too(call: PrintCall) -> bool:
    """Whether the statement after it logs the same."""
    for node, child in call.above():
        body = getattr(node, "body", None)
        if isinstance(child, ast.Expr) and isinstance(body, list) and child in body:
            following = body[body.index(child) + 1 : body.index(child) + 2]
            value = following[0].value if following and isinstance(following[0], ast.Expr) else None
            begins = _text(call)[:_ENOUGH]
            return (
                isinstance(value, ast.Call)
                and (dotted(value.func) or "").rpartition(".")[2] in METHODS
                and len(begins) == _ENOUGH
                and any(isinstance(one, ast.Constant) and str(one.value)[:_ENOUGH] == begins for one in ast.walk(value))
            )
    return False


_ENOUGH = 8  # characters that begin the same text


def _is_for_terminal(call: PrintCall) -> bool:
    """Whether it has colors, or says how a command is used."""
    if re.match(r"\W*usage: ", _text(call), re.IGNORECASE):
        return True
    names = (dotted(node) or "" for argument in call.node.args for node in ast.walk(argument))
    return any(_COLOR.match(name) for name in names) or "\x1b[" in _text(call)


_COLOR = regex(r"(?:Fore|Back|Style|colorama|termcolor|click\.style|colored|(?:b?colors|Colors?)\.[A-Z]+)\b")


def _is_wanted(call: PrintCall) -> bool:
    """Whether it is under `if verbose:`, so that who calls the function has asked for it."""
    tests = (node.test for node, child in call.above() if isinstance(node, ast.If) and child in node.body)
    return any((dotted(test) or "").rpartition(".")[2] in ("verbose", "_verbose") for test in tests)


def _is_laid_out(function: ast.AST) -> bool:
    """Whether a function lays out its output: it prints empty lines, parts of lines, or rules such as `"-" * 80`."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
        and (
            not (node.args or node.keywords)
            or any(keyword.arg in ("end", "sep") for keyword in node.keywords)
            or any(isinstance(one, ast.BinOp) and isinstance(one.op, ast.Mult) for one in ast.walk(node))
        )
        for node in ast.walk(function)
    )


def _target(call: PrintCall) -> str | None:
    """stdout, stderr, or None for any other file."""
    file = call.keyword("file", "stream")
    if file is None:
        return None if any(keyword.arg is None for keyword in call.node.keywords) else "stdout"
    if isinstance(file, ast.Constant) and file.value is None:
        return "stdout"
    origin = call.origin(file)
    return origin.rpartition(".")[2] if origin in ("sys.stdout", "sys.stderr") else None


def _fix(call: PrintCall, target: str, setup: LogSetup) -> Fix:
    failed = call.handler is not None and not _is_stop(call.handler)
    level = _level(call) or ("error" if failed or (target == "stderr" and _FAILED.search(_text(call))) else "info")
    failed = failed and level in ("error", "critical")

    def change() -> list[Edit]:
        node = call.node
        if any(keyword.arg != "file" for keyword in node.keywords):
            raise Refused("`sep`, `end` and `flush` have no equivalent in logging")
        if not node.args or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise Refused("the call has no arguments or unpacks them")
        if all(isinstance(one, ast.Constant) and not str(one.value).strip() for one in node.args):
            raise Refused("the call prints empty lines")
        if len(node.args) > 1 and any(isinstance(one, ast.Constant) and "\n" in str(one.value) for one in node.args):
            raise Refused("the text has several lines")
        comments = call.text_of(call.node)
        if node.keywords and re.search("#", comments) and "\n" in comments:
            raise Refused("there is a comment inside the call")
        logger = module_logger(call)
        limit = line_length(call.path, setup.files)
        arguments = [*_arguments(call, limit), *(["exc_info=True"] if failed else [])]
        if any(LINE_END.search(one) and one.lstrip("rRbBuU").startswith(('"' * 3, "'" * 3)) for one in arguments):
            raise Refused("the text has several lines")
        method = f"{logger.name}.{level}"
        text = f"{method}({_laid_out(call, method, arguments, limit)})"
        return [*logger.edits, Edit(call.span.start, call.span.end, text)]

    # Without configuration the root logger has the level WARNING; uvicorn configures only its own loggers.
    shown = level not in ("info", "debug") or call.file.ask(anywhere, configures_logging) or setup.reaches(call.path)
    hidden = "" if shown else " (not shown until logging is configured)"
    # Where the line would disappear, or can be meant for the person who has started the program, it is not for a fix of
    # many findings at once.
    kind_of_error = call.handler.type if call.handler is not None else None
    broad = call.handler is not None and (
        kind_of_error is None or dotted(kind_of_error) in ("Exception", "BaseException")
    )
    kind = "refactor.rewrite" if hidden or not ("web" in call.flags or broad) else "quickfix"
    return Fix(f"Replace `print` with `logger.{level}`{hidden}", change, kind=kind)


def _level(call: PrintCall) -> str:
    """The level that the text begins with, `ERROR: …`, or that of a deprecation or a refusal; "" if there is none."""
    first = call.node.args[0] if call.node.args else None
    if isinstance(first, ast.JoinedStr) and first.values:
        first = first.values[0]
    if isinstance(first, ast.BinOp):
        first = first.left
    text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    found = _LEVEL.match(text)
    text = _text(call)
    if found is None:
        return "warning" if _WARNING.search(text) or (call.handler is None and _REFUSED.match(text)) else ""
    return _LEVELS[(found["loud"] or found["word"]).lower()]


def _text(call: PrintCall) -> str:
    """The literal text that is printed."""
    pieces = (one.value for argument in call.node.args for one in ast.walk(argument) if isinstance(one, ast.Constant))
    return " ".join(piece for piece in pieces if isinstance(piece, str))


def _laid_out(call: PrintCall, method: str, arguments: list[str], limit: int) -> str:
    """The arguments in the lines that the only argument of the call has, or in as many as black would give them."""
    node, source = call.node, call.chunk
    whole, text = ", ".join(arguments), call.chunk.text
    if len(node.args) == 1 and not node.keywords:
        only = call.span_of(node.args[0])
        before, after = text[call.callee_span.end + 1 : only.start], text[only.end : call.span.end - 1]
        if LINE_END.search(before) and LINE_END.search(after) and "#" not in before + after:
            comma = "" if after.lstrip().startswith(",") or len(arguments) == 1 else ","
            return f"{before}{f',{before}'.join(arguments)}{comma}{after}"
    widest = limit or width(call)
    behind = text[call.span.end : source.line_span(source.line_of(call.span.end)).end]
    start = source.position(call.span.start)[1]
    if LINE_END.search(whole) or "#" in behind or start + len(f"{method}({whole}){behind}") <= widest:
        return whole
    indentation = source.newline + source.indentation(call.span.start)
    inner = indentation + ("\t" if source.indentation(call.span.start).startswith("\t") else "    ")
    if len(inner.lstrip("\r\n")) + len(whole) <= widest:
        return f"{inner}{whole}{indentation}"
    if len(arguments) == 1:
        return whole  # no line is shorter
    return f"{inner}{f',{inner}'.join(arguments)},{indentation}"


def _is_stop(handler: ast.ExceptHandler) -> bool:
    return handler.type is not None and dotted(handler.type) in ("KeyboardInterrupt", "SystemExit")


def _plain(call: PrintCall, argument: ast.expr) -> re.Match[str] | None:
    """A string literal whose text needs no escaping in double quotes."""
    return re.fullmatch(r"""(["'])(?P<body>[^"'\\\r\n]*)\1""", call.text_of(argument))


def _arguments(call: PrintCall, limit: int) -> list[str]:
    arguments = call.node.args
    if len(arguments) > 1:
        texts = {index: match["body"] for index, one in enumerate(arguments) if (match := _plain(call, one))}
        message = " ".join(texts[at].replace("%", "%%") if at in texts else "%s" for at in range(len(arguments)))
        return [f'"{message}"', *(call.text_of(one) for at, one in enumerate(arguments) if at not in texts)]
    only = arguments[0]
    if isinstance(only, ast.JoinedStr) or (isinstance(only, ast.BinOp) and isinstance(only.op, ast.Mod)):
        made = laid_out(call, only, rewritten(call, only, False), limit)
        return [made.literal, *made.arguments]
    try:
        made = rewritten(call, only, False)
    except Refused:
        return [call.text_of(only)]
    return [made.literal, *made.arguments]
