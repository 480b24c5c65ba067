from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import takewhile

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.imports import module_member
from playpen_ls.languages.python.model.file_kind import is_script
from playpen_ls.languages.python.model.library_calls import BLOCKING
from playpen_ls.languages.python.model.queries import origins
from playpen_ls.languages.python.parts import LibraryCall
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.words import Words

# What runs before or after the requests, or is all that the program does.
_ALONE = regex(r"_?(?:lifespan|startup|shutdown|on_startup|on_shutdown|on_ready|main|amain|async_main)")
_ALONE_BY = frozenset(("on_event", "asynccontextmanager", "before_serving", "after_serving", "fixture", "command"))
_OTHER_LOOPS = ("trio", "gevent", "eventlet", "anyio.to_thread")
_BINDING = (ast.Attribute, ast.Subscript, ast.Await)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)

API = 'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/")\nasync def index():\n'


def _mentioned(words: Words) -> bool:
    return "async" in words.all


@rule(
    severity=Severity.WARNING,
    practice="Health checks",
    has_safe_fixes=False,
    needs_index=False,
    mentions=_mentioned,
    like={"ruff": ["ASYNC210", "ASYNC220", "ASYNC221", "ASYNC222", "ASYNC251"]},
    bad=[
        example(
            "import time\n" + API + "    «time.sleep»(1)\n",
            fixed="import asyncio\n" + API + "    await asyncio.sleep(1)\n",
        ),
        example(
            "import time\n" + API + "    «time.sleep»(1)\n    return time.time()\n",
            fixed="import asyncio\nimport time\n" + API + "    await asyncio.sleep(1)\n    return time.time()\n",
        ),
        example(
            "import requests\n" + API + "    return «requests.get»(url, timeout=5).json()\n",
            fixed="import asyncio\n\nimport requests\n"
            + API
            + "    return (await asyncio.to_thread(requests.get, url, timeout=5)).json()\n",
        ),
        example(
            "import asyncio\nimport subprocess\n\n\nasync def convert(path):\n"
            '    done = «subprocess.run»(["convert", path], check=True)\n    return done\n',
            fixed="import asyncio\nimport subprocess\n\n\nasync def convert(path):\n"
            '    done = await asyncio.to_thread(subprocess.run, ["convert", path], check=True)\n    return done\n',
        ),
        example(
            "from time import sleep\n\n\nasync def poll():\n    while True:\n        «sleep»(5)\n",
            fixed="import asyncio\n\n\nasync def poll():\n    while True:\n        await asyncio.sleep(5)\n",
        ),
        "import requests\n\nsession = requests.Session()\n\n\nasync def load(urls):\n"
        "    return [«session.get»(url, timeout=5) for url in urls]\n",
        example(
            "import asyncio\nimport os\n\n\nasync def run():\n    if «os.system»('x'):\n        pass\n",
            fixed="import asyncio\nimport os\n\n\nasync def run():\n"
            "    if await asyncio.to_thread(os.system, 'x'):\n        pass\n",
        ),
        example(
            "import asyncio\nimport psycopg2\n\n\nasync def f():\n"
            "    with «psycopg2.connect»(url) as c:\n        pass\n",
            fixed="import asyncio\nimport psycopg2\n\n\nasync def f():\n"
            "    with await asyncio.to_thread(psycopg2.connect, url) as c:\n        pass\n",
        ),
        "import asyncio\nimport subprocess\n\n\nasync def load():\n"
        "    x = «subprocess.run»(\n        ['a'],\n        check=True,\n    )\n",
        # A command-line tool that does nothing else meanwhile.
        example(
            "import asyncio\nimport click\nimport time\n\n\nasync def run():\n    «time.sleep»(1)\n",
            fixed="import asyncio\nimport click\n\n\nasync def run():\n    await asyncio.sleep(1)\n",
        ),
    ],
    good=[
        "import time\n" + API.replace("async ", "") + "    time.sleep(1)\n",
        "import asyncio\nimport time\n\n\nasync def f():\n    await asyncio.to_thread(time.sleep, 1)\n"
        "    await asyncio.sleep(1)\n",
        "import time\n\n\nasync def f(loop):\n    def work():\n        time.sleep(1)\n"
        "    await loop.run_in_executor(None, work)\n"
        "    await loop.run_in_executor(None, lambda: time.sleep(1))\n",
        "import subprocess\n\n\n@asynccontextmanager\nasync def lifespan(app):\n"
        "    subprocess.run(['a'], check=True)\n    yield\n",
        "import trio\nimport time\n\n\nasync def f():\n    time.sleep(1)\n",
        "from gateway import requests\n\n\nasync def f():\n    requests.get(url)\n",
    ],
)
def blocking_call(call: LibraryCall) -> Iterator[Finding]:
    """Coroutine calls a function that blocks the event loop.

    While the function waits, the process answers no other request, health checks included: a probe that gets no
    answer in time restarts the container. Use an asynchronous client, `asyncio.sleep`, or `asyncio.to_thread`. Not
    reported for what runs before the first request, such as a `lifespan`, and in functions that another thread runs. A
    hint in command-line tools.
    """
    function = call.function
    if call.name not in BLOCKING or not isinstance(function, ast.AsyncFunctionDef) or _is_elsewhere(call):
        return
    if _ALONE.fullmatch(function.name) or any(_name(one) in _ALONE_BY for one in function.decorator_list):
        return
    if any(origin.startswith(_OTHER_LOOPS) for origin in call.file.ask(origins)):
        return
    tool = "web" not in call.flags and ("cli" in call.flags or is_script(call.path))
    shown = dotted(call.node.func) or call.name
    message = f"`{shown}` blocks the event loop in the coroutine `{function.name}`"
    yield Finding(call.callee_span, message, tuple(_fixes(call)), Severity.HINT if tool else None)


def _name(decorator: ast.expr) -> str:
    return (dotted(decorator.func if isinstance(decorator, ast.Call) else decorator) or "").rpartition(".")[2]


def _is_elsewhere(call: LibraryCall) -> bool:
    """Whether it is in a lambda, which runs later."""
    for node, _ in call.above():
        if isinstance(node, ast.Lambda):
            return True
        if isinstance(node, ast.stmt):
            return False
    return False


def _fixes(call: LibraryCall) -> Iterator[Fix]:
    if call.name == "time.sleep":
        yield Fix("Await `asyncio.sleep`", lambda: _awaited(call, "sleep"))
    else:
        yield Fix("Run the call in a thread with `asyncio.to_thread`", lambda: _awaited(call, "to_thread"))


def _awaited(call: LibraryCall, function: str) -> list[Edit]:
    """Raises Refused."""
    above = [node for node, _ in call.above()]
    inside = takewhile(lambda node: node is not call.function, above)
    if any(isinstance(node, _COMPREHENSIONS) for node in inside):
        raise Refused("the call is inside a comprehension")
    made = module_member(call, "asyncio", function)
    span, callee = call.span, call.callee_span
    first = f"await {made.name}"
    if function == "to_thread":
        rest = call.chunk.text[callee.end : span.end]
        arguments = re.match(r"\s*\((?P<space>\s*)", rest)
        if arguments is None or "\n" in arguments["space"]:
            raise Refused("the form of the call is not supported")
        empty = not call.node.args and not call.node.keywords
        given = call.text_of(call.node.func)
        first = f"{first}({given}" + ("" if empty else ", ")
        edits = [Edit(span.start, callee.end + arguments.end(), first)]
    else:
        edits = [Edit(span.start, callee.end, first)]
    if isinstance(above[0], _BINDING):
        edits = [Edit(edits[0].start, edits[0].end, "(" + edits[0].text), Edit(span.end, span.end, ")")]
    return [*made.edits, *edits]
