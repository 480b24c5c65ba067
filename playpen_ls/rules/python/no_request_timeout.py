from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import WebApplication
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.call_arguments import appended
from playpen_ls.languages.python.model.file_kind import is_script
from playpen_ls.languages.python.model.library_calls import REQUESTS
from playpen_ls.languages.python.model.queries import anywhere, is_left_alone
from playpen_ls.languages.python.parts import LibraryCall
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.text.words import Words

_FAST = "import requests\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
_HANDLER = '@app.get("/rates")\ndef rates():\n'


def _mentioned(words: Words) -> bool:
    return "requests" in words.all


@rule(
    severity=Severity.INFORMATION,
    practice="Health checks",
    preset="hardened",
    has_safe_fixes=False,
    mentions=_mentioned,
    like={"ruff": ["S113"], "bandit": ["B113"], "pylint": ["missing-timeout"]},
    bad=[
        example(
            _FAST + _HANDLER + "    return «requests.get»(url).json()\n",
            fixed=_FAST + _HANDLER + "    return requests.get(url, timeout=10).json()\n",
        ),
        example(
            _FAST + "session = requests.Session()\n\n\n" + _HANDLER + "    return «session.post»(\n"
            "        url,\n        json=body,\n    )\n",
            fixed=_FAST + "session = requests.Session()\n\n\n" + _HANDLER + "    return session.post(\n"
            "        url,\n        json=body,\n        timeout=10,\n    )\n",
        ),
        _FAST + _HANDLER + "    return «requests.get»(url, timeout=None).json()\n",
        example(
            {
                "shop/rates.py": "import requests\n\n\ndef load(url):\n    return «requests.get»(url)\n",
                "shop/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
            },
            fixed="import requests\n\n\ndef load(url):\n    return requests.get(url, timeout=10)\n",
        ),
    ],
    good=[
        _FAST + _HANDLER + "    return requests.get(url, timeout=5).json()\n",
        _FAST + _HANDLER + "    return requests.get(url, **options).json()\n",
        _FAST + "session = requests.Session()\nsession.mount('https://', adapter)\n\n\n" + _HANDLER
        + "    return session.get(url)\n",
        # httpx and aiohttp have a timeout by default.
        _FAST + _HANDLER.replace("def", "async def") + "    return requests.get(url).json()\n",
        _FAST.replace("requests", "httpx") + _HANDLER + "    return httpx.get(url).json()\n",
        {"rates.py": "import requests\n\n\ndef load(url):\n    return requests.get(url)\n"},
        {
            "tools/load.py": "import requests\n\nrequests.get(url)\n",
            "tools/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
        },
    ],
)  # fmt: skip
def no_request_timeout(call: LibraryCall, applications: Facts[WebApplication]) -> Iterator[Finding]:
    """Request of a service has no timeout.

    `requests` waits without end for a server that accepts the connection and does not answer. Each such request keeps a
    worker of the service, until none is left and its own health checks fail. Half of all calls in public code have no
    timeout, so the rule is part of the preset `hardened`. Not reported for sessions with an adapter,
    in scripts, and outside of services.
    """
    if call.name not in REQUESTS or call.spreads or is_script(call.path) or call.file.ask(is_left_alone):
        return
    timeout = call.keyword("timeout")
    unlimited = isinstance(timeout, ast.Constant) and timeout.value is None
    if (timeout is not None and not unlimited) or isinstance(call.function, ast.AsyncFunctionDef):
        return
    if "()" in call.name and call.file.ask(anywhere, _mounts):
        return
    if "web" in call.flags or any(_is_near(call.path, one.place.path) for one in applications):
        shown = dotted(call.node.func) or call.name
        fixes = () if unlimited else (Fix("Set a timeout of 10 seconds", lambda: [appended(call, "timeout=10")]),)
        yield Finding(call.callee_span, f"`{shown}` has no timeout and can wait without end", fixes)


def _mounts(statement: Statement) -> bool:
    return ".mount(" in statement.text


def _is_near(path: str, application: str) -> bool:
    """Whether the application is in the folder of the file or in one around it, or beside it in its package."""
    folder = posixpath.dirname(application)
    return path.startswith(f"{folder}/" if folder else "")
