from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import Recipe
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.imports import module_member
from playpen_ls.languages.python.model.file_kind import is_script
from playpen_ls.languages.python.model.library_calls import FLASK_RUN
from playpen_ls.languages.python.model.queries import is_left_alone
from playpen_ls.languages.python.parts import LibraryCall
from playpen_ls.languages.python.syntax.nodes import is_main_guard
from playpen_ls.rules.python._origins import Origins
from playpen_ls.text.edit import Edit
from playpen_ls.text.words import Words
from playpen_ls.vocabulary.purposes import is_for_trial

_SWITCHES = {"uvicorn.run": ("reload",), "flask.Flask().run": ("debug", "use_debugger", "use_reloader")}
_MAIN = '\n\nif __name__ == "__main__":\n'
_FLASK = "import os\n\nfrom flask import Flask\n\napp = Flask(__name__)\n"
_DOCKERFILE = 'FROM python:3.12\nCOPY . /app\nWORKDIR /app\nCMD ["python", "main.py"]\n'


def _mentioned(words: Words) -> bool:
    return words.has_any(_WORDS)


_WORDS = frozenset(one for some in _SWITCHES.values() for one in some)


@rule(
    severity=Severity.WARNING,
    practice="Environment variables",
    has_safe_fixes=False,
    mentions=_mentioned,
    like={"ruff": ["S201"], "bandit": ["B201"]},
    bad=[
        example(
            {"main.py": _FLASK + _MAIN + "    app.run(host=host, «debug=True»)\n", "Dockerfile": _DOCKERFILE},
            fixed=_FLASK + _MAIN + '    app.run(host=host, debug=os.getenv("DEBUG", "false").lower() == "true")\n',
        ),
        example(
            "import os\n\nimport uvicorn" + _MAIN + '    uvicorn.run("main:app", «reload=True»)\n',
            fixed="import os\n\nimport uvicorn" + _MAIN
            + '    uvicorn.run("main:app", reload=os.getenv("RELOAD", "false").lower() == "true")\n',
        ),
        example(
            {
                "run.py": "from shop.web import app\n" + _MAIN + "    app.run(«debug=True»)\n",
                "shop/web.py": "from flask import Flask\n\napp = Flask(__name__)\n",
            },
            fixed="import os\n\nfrom shop.web import app\n" + _MAIN
            + '    app.run(debug=os.getenv("DEBUG", "false").lower() == "true")\n',
        ),
        example(
            {
                "run.py": "from shop import create_app\n\napp = create_app()\n" + _MAIN + "    app.run(«debug=True»)\n",
                "shop/__init__.py": "from flask import Flask\n\n\ndef create_app():\n    app = Flask(__name__)\n"
                "    return app\n",
            },
            fixed="import os\n\nfrom shop import create_app\n\napp = create_app()\n" + _MAIN
            + '    app.run(debug=os.getenv("DEBUG", "false").lower() == "true")\n',
        ),
    ],
    good=[
        {
            "run.py": "from shop.web import app\n" + _MAIN + "    app.run(debug=True)\n",
            "shop/web.py": "from robot import Robot\n\napp = Robot()\n",
        },
        {"run.py": "from shop.web import app\n" + _MAIN + "    app.run(debug=True)\n"},
        _FLASK + _MAIN + "    app.run(debug=False)\n    app.run(debug=settings.debug)\n",
        {"dev/main.py": _FLASK + _MAIN + "    app.run(debug=True)\n"},
        {"run_local.py": _FLASK + _MAIN + "    app.run(debug=True)\n"},
        {"tests/test_app.py": _FLASK + _MAIN + "    app.run(debug=True)\n"},
        "import asyncio\n\nasyncio.run(main(), debug=True)\n",
        _FLASK + "if settings.debug:\n    app.run(debug=True)\n",
    ],
)  # fmt: skip
def debug_server(call: LibraryCall, recipes: Facts[Recipe], origins: Origins) -> Iterator[Finding]:
    """Server is started with its debugger or reloader.

    With `debug=True` Flask shows tracebacks with an interactive console to everyone who can cause an error, and the
    reloader of Flask and Uvicorn runs a second process that watches all files. A warning where the command of an image
    runs this file; else a hint, since a server such as `gunicorn` may import the application instead. Not reported in
    files for development, and where the call depends on a condition.
    """
    switches = _SWITCHES.get(call.name)
    if switches is None and call.method_span != call.callee_span and origins.of(call.path, call.name) == FLASK_RUN:
        switches = _SWITCHES[FLASK_RUN]
    if switches is None or call.file.ask(is_left_alone) or is_script(call.path) or is_for_trial(call.path):
        return
    name = next((one for one in switches if _is_true(call.keyword(one))), "")
    value = call.keyword(name)
    if not name or value is None or _is_conditional(call):
        return
    keyword = next(one for one in call.node.keywords if one.arg == name)
    starts = any(_runs(one, call.path) for one in recipes)
    message = f"server is started with `{name}=True`" + (", and an image runs this file" if starts else "")
    fix = Fix(f"Read `{_variable(name)}` from the environment", lambda: _read(call, value, name))
    yield Finding(call.span_of(keyword), message, (fix,), None if starts else Severity.HINT)


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _is_conditional(call: LibraryCall) -> bool:
    return any(isinstance(node, ast.If | ast.IfExp | ast.Match) for node, _ in call.above() if not is_main_guard(node))


def _runs(recipe: Recipe, path: str) -> bool:
    """Whether the image's command is `python` with this file, below the folder of the Dockerfile."""
    script = next((one for one in recipe.target.split() if one.endswith(".py")), "")
    if recipe.program != "python" or not script:
        return False
    folder = posixpath.dirname(recipe.place.path)
    inside = path.startswith(f"{folder}/") if folder else True
    return inside and f"/{path}".endswith(f"/{posixpath.normpath(script).lstrip('/')}")


def _variable(name: str) -> str:
    return "RELOAD" if "reload" in name else "DEBUG"


def _read(call: LibraryCall, value: ast.expr, name: str) -> list[Edit]:
    """Raises Refused."""
    brought, span = module_member(call, "os", "getenv"), call.span_of(value)
    return [
        *brought.edits,
        Edit(span.start, span.end, f'{brought.name}("{_variable(name)}", "false").lower() == "true"'),
    ]
