from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import EnvironmentRead
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.imports import module_member
from playpen_ls.languages.python.model.file_kind import is_script
from playpen_ls.languages.python.model.queries import is_left_alone
from playpen_ls.languages.python.parts import LogConfiguration
from playpen_ls.languages.python.syntax.nodes import is_main_guard
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

_NAMES = {"DEBUG": "DEBUG", "INFO": "INFO", 10: "DEBUG", 20: "INFO"}
_BRANCHES = (ast.If, ast.Try, ast.Match, ast.While, ast.For)
_CHOSEN = regex(r"debug|verbose|quiet", re.IGNORECASE)  # functions that are called if that is wanted
_WEB = "import logging\nimport os\n\nfrom fastapi import FastAPI\n\n"


@rule(
    severity=Severity.HINT,
    practice="Environment variables",
    has_safe_fixes=False,
    bad=[
        example(
            _WEB + "logging.basicConfig(level=«logging.INFO»)\napp = FastAPI()\n",
            fixed=_WEB + 'logging.basicConfig(level=os.getenv("LOG_LEVEL", "INFO").upper())\napp = FastAPI()\n',
        ),
        example(
            _WEB + "logging.basicConfig(format=form, level=«'DEBUG'»)\n",
            fixed=_WEB + 'logging.basicConfig(format=form, level=os.getenv("LOG_LEVEL", "DEBUG").upper())\n',
        ),
        example(
            _WEB + "logging.getLogger().setLevel(«logging.DEBUG»)\n",
            fixed=_WEB + 'logging.getLogger().setLevel(os.getenv("LOG_LEVEL", "DEBUG").upper())\n',
        ),
        example(
            _WEB + 'if __name__ == "__main__":\n    logging.basicConfig(level=«20»)\n',
            fixed=_WEB + 'if __name__ == "__main__":\n'
            '    logging.basicConfig(level=os.getenv("LOG_LEVEL", "INFO").upper())\n',
        ),
    ],
    good=[
        _WEB + 'logging.basicConfig(level=os.getenv("LOG_LEVEL", "INFO").upper())\n',
        _WEB + "logging.basicConfig(level=settings.log_level)\nlogging.getLogger('urllib3').setLevel(logging.INFO)\n",
        _WEB + "logging.basicConfig(level=logging.WARNING)\nlogging.basicConfig()\n",
        _WEB + "if settings.debug:\n    logging.basicConfig(level=logging.DEBUG)\n",
        _WEB + "def setup_debug_logging():\n    logging.getLogger().setLevel(logging.DEBUG)\n",
        "import logging\n\nlogging.basicConfig(level=logging.INFO)\n",
        _WEB + "import click\n\nlogging.basicConfig(level=logging.INFO)\n",
        {
            "app.py": _WEB + "logging.basicConfig(level=logging.INFO)\n",
            "settings.py": 'import os\n\nLEVEL = os.getenv("LOG_LEVEL")\n',
        },
        {"scripts/run.py": _WEB + "logging.basicConfig(level=logging.INFO)\n"},
    ],
)
def fixed_log_level(call: LogConfiguration, reads: Facts[EnvironmentRead]) -> Iterator[Finding]:
    """Log level of a service is fixed in the code.

    To see more of a service that misbehaves, or less of one that is too loud, the image has to be built again. Read
    the level from an environment variable, and keep the present one as its default; in upper case, since `logging`
    knows no `info`. Only the root logger of web applications is looked at, not levels from WARNING on, levels that
    depend on a condition, and projects that read a variable for a log level.
    """
    if "web" not in call.flags or "cli" in call.flags or is_script(call.path) or call.file.ask(is_left_alone):
        return
    level = call.keyword("level")
    if level is None and call.name.endswith(".setLevel"):
        level = next(iter(call.node.args), None)
    name = _name(call, level) if level is not None else ""
    if level is None or not name or call.spreads or _is_conditional(call) or any(map(_is_level, reads)):
        return
    span = call.span_of(level)
    fix = Fix("Read `LOG_LEVEL` from the environment", lambda: _read(call, level, name))
    yield Finding(span, f"log level `{name}` is fixed in the code", (fix,))


def _name(call: LogConfiguration, level: ast.expr) -> str:
    if isinstance(level, ast.Constant):
        return _NAMES.get(level.value, "") if isinstance(level.value, str | int) else ""
    origin = call.origin(level) or ""
    return _NAMES.get(origin.removeprefix("logging."), "") if origin.startswith("logging.") else ""


def _is_conditional(call: LogConfiguration) -> bool:
    if call.function is not None and _CHOSEN.search(call.function.name):
        return True
    return any(isinstance(node, _BRANCHES) and not is_main_guard(node) for node, _ in call.above())


def _is_level(read: EnvironmentRead) -> bool:
    return "LOG" in read.name.upper() and "LEVEL" in read.name.upper()


def _read(call: LogConfiguration, level: ast.expr, name: str) -> list[Edit]:
    """Raises Refused."""
    brought, span = module_member(call, "os", "getenv"), call.span_of(level)
    return [*brought.edits, Edit(span.start, span.end, f'{brought.name}("LOG_LEVEL", "{name}").upper()')]
