"""What fixes make of real-looking files: imports in their place, names that are free, and nothing left to do."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path

import pytest
from python_service import SERVICE

from playpen_ls.api.finding import Fix
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.fixer import REWRITE, safe_only
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

HOST = 'HOST = "redis.a.svc.cluster.local"\n'
READ = 'HOST = {getenv}("REDIS_HOST", "redis.a.svc.cluster.local")\n'


def opened(text: str) -> Workspace:
    workspace = Workspace(Path("/no/such/project"))
    workspace.index.complete = True
    workspace.open(Source("app.py", text), "python")
    return workspace


def every(_: Diagnostic, fix: Fix) -> bool:
    return fix.kind != REWRITE


def fixed(text: str, accept=safe_only) -> str:
    """The text after its fixes. It compiles, nothing that they mend is left, and they change nothing more."""
    made = opened(text).fixed("app.py", accept)
    assert not made.stopped
    after = made.source.text
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compile(after, "app.py", "exec")
    assert opened(after).fixed("app.py", accept).source.text == after
    return after


@pytest.mark.parametrize(
    ("before", "after", "getenv"),
    [
        ("", "import os\n\n", "os.getenv"),
        ("#!/usr/bin/env python\n", "#!/usr/bin/env python\nimport os\n\n", "os.getenv"),
        (
            "#!/usr/bin/python\n# -*- coding: utf-8 -*-\n\n",
            "#!/usr/bin/python\n# -*- coding: utf-8 -*-\n\nimport os\n\n",
            "os.getenv",
        ),
        ("# coding: utf-8\n", "# coding: utf-8\nimport os\n\n", "os.getenv"),
        ('"""Doc."""\n', '"""Doc."""\n\nimport os\n\n', "os.getenv"),
        ('"""Doc.\n\nimport os\n"""\n\n', '"""Doc.\n\nimport os\n"""\n\nimport os\n\n', "os.getenv"),
        (
            '"""Doc."""\n\nfrom __future__ import annotations\n\n',
            '"""Doc."""\n\nfrom __future__ import annotations\n\nimport os\n\n',
            "os.getenv",
        ),
        (
            "from __future__ import annotations\n\nimport requests\n\n",
            "from __future__ import annotations\n\nimport os\n\nimport requests\n\n",
            "os.getenv",
        ),
        ("import json\nimport sys\n\n", "import json\nimport os\nimport sys\n\n", "os.getenv"),
        ("import requests\n\n", "import os\n\nimport requests\n\n", "os.getenv"),
        ("import json\n\nimport requests\n\n", "import json\nimport os\n\nimport requests\n\n", "os.getenv"),
        ("from json import loads\n\n", "import os\nfrom json import loads\n\n", "os.getenv"),
        ("import os\n\n", "import os\n\n", "os.getenv"),
        ("import os as _os\n\n", "import os as _os\n\n", "_os.getenv"),
        ("import os.path\n\n", "import os.path\n\n", "os.getenv"),
        ("import json, os\n\n", "import json, os\n\n", "os.getenv"),
        ("from os import getenv\n\n", "from os import getenv\n\n", "getenv"),
        ("from os import getenv as read\n\n", "from os import getenv as read\n\n", "read"),
        ("from os import environ\n\n", "import os\nfrom os import environ\n\n", "os.getenv"),
        (
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import os\n\n",
            "import os\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import os\n\n",
            "os.getenv",
        ),
        (
            "try:\n    import orjson\nexcept ImportError:\n    orjson = None\n\n",
            "import os\n\ntry:\n    import orjson\nexcept ImportError:\n    orjson = None\n\n",
            "os.getenv",
        ),
        (
            "import sys\n\ntry:\n    import orjson\nexcept ImportError:\n    orjson = None\n\n",
            "import os\nimport sys\n\ntry:\n    import orjson\nexcept ImportError:\n    orjson = None\n\n",
            "os.getenv",
        ),
        (
            "from typing import (\n    Any,\n    TYPE_CHECKING,\n)\n\n",
            "import os\nfrom typing import (\n    Any,\n    TYPE_CHECKING,\n)\n\n",
            "os.getenv",
        ),
        ('__version__ = "1"\n\nimport sys\n\n', '__version__ = "1"\n\nimport os\nimport sys\n\n', "os.getenv"),
        ("os = None\n", None, ""),
        ("def os():\n    pass\n\n\n", None, ""),
        ("from shop import os\n\n", None, ""),
        ("try:\n    os\nexcept NameError:\n    os = 1\n\n", None, ""),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_import_is_put_where_isort_would(before: str, after: str | None, getenv: str, newline: str):
    text = (before + HOST).replace("\n", newline)
    wanted = text if after is None else (after + READ.format(getenv=getenv)).replace("\n", newline)
    assert fixed(text) == wanted


def test_a_text_without_a_last_line_end_keeps_none():
    assert fixed('"""D."""\n' + HOST.rstrip()) == '"""D."""\n\nimport os\n\n' + READ.format(getenv="os.getenv").rstrip()


@pytest.mark.parametrize("unit", ["\t", "  ", "    "])
def test_names_in_functions_and_classes(unit: str):
    text = f"import sys\n\n\ndef host():\n{unit}return 'redis.a.svc.cluster.local'\n"
    assert fixed(text) == (
        f"import os\nimport sys\n\n\ndef host():\n{unit}return os.getenv('REDIS_HOST', 'redis.a.svc.cluster.local')\n"
    )
    hidden = f"def host(os):\n{unit}return 'redis.a.svc.cluster.local'\n"
    assert fixed(hidden) == hidden


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("import flask\n\n", "import logging\n\nimport flask\n\nlogger = logging.getLogger(__name__)\n\n", "logger"),
        (
            "import logging\n\nimport flask\n\nlog = logging.getLogger(__name__)\n",
            "import logging\n\nimport flask\n\nlog = logging.getLogger(__name__)\n",
            "log",
        ),
        (
            '"""D."""\nimport logging as lg\nimport flask\n\nX = 1\n',
            '"""D."""\nimport logging as lg\nimport flask\n\nlogger = lg.getLogger(__name__)\n\nX = 1\n',
            "logger",
        ),
        (
            "import flask\n\ntry:\n    import ujson\nexcept ImportError:\n    ujson = None\n\n",
            "import logging\n\nimport flask\n\ntry:\n    import ujson\nexcept ImportError:\n    ujson = None\n\n"
            "logger = logging.getLogger(__name__)\n\n",
            "logger",
        ),
        ("import flask\n\nlogger = flask.g\n", None, ""),
    ],
)
def test_the_logger_is_made_once(before: str, after: str | None, name: str):
    body = '\n\ndef f():\n\tprint("ERROR: 1")\n\tprint(\'ERROR: 2\')\n\n\ndef g():\n\tprint("ERROR:", f())\n'
    said = (
        f"\n\ndef f():\n\t{name}.error(\"ERROR: 1\")\n\t{name}.error('ERROR: 2')\n\n\n"
        f'def g():\n\t{name}.error("ERROR: %s", f())\n'
    )
    assert fixed(before + body, every) == (before + body if after is None else after + said)


CHANGES = {
    "as it is": lambda text: text,
    "two spaces": lambda text: text.replace("    ", "  "),
    "tabs": lambda text: text.replace("    ", "\t"),
    "single quotes": lambda text: text.replace('"host": "redis', "'host': 'redis").replace('local",\n', "local',\n"),
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
    "no last line end": lambda text: text.rstrip(),
    "imports within": lambda text: text.replace("import json\n", "import json, os\n"),
    "no imports from the future": lambda text: text.replace("from __future__ import annotations\n\n", ""),
}


@pytest.mark.parametrize(("change", "accept"), list(itertools.product(CHANGES, (safe_only, every))))
def test_a_service_compiles_after_its_fixes_and_nothing_is_left_of_them(change: str, accept):
    text = CHANGES[change](SERVICE)
    after = fixed(text, accept)
    assert after != text
    left = [
        diagnostic
        for diagnostic in opened(after).check("app.py").diagnostics
        for fix in diagnostic.finding.fixes
        if accept(diagnostic, fix)
    ]
    assert left == []
    lines = after.replace("\r\n", "\n").splitlines()
    assert lines.count("import os") + lines.count("import json, os") == 1
    assert sum("getLogger(__name__)" in line for line in lines) == 1
    assert ("\r\n" in after) == ("\r\n" in text)
    assert "\n" not in after.replace("\r\n", "") or "\r" not in after
    assert after.endswith("\n") == text.endswith("\n")
    assert ("\t" in after) == ("\t" in text)


LOGGER = "import logging\n\nlogger = logging.getLogger(__name__)\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('f"User {user.id} logged in"', '"User logged in", extra={"user_id": user.id}'),
        (
            "f'User logged in: {user_id!r}', exc_info=True",
            "'User logged in', extra={'user_id': user_id}, exc_info=True",
        ),
        (
            'f"100% imported ({name}) {a.size} {b.size}"',
            '"100% imported", extra={"name_": name, "size": a.size, "size_": b.size}',
        ),
        ('f"{name} is {a.size} of {b.size}, 100%"', None),  # "is, 100%" says nothing
        ('f"took {seconds:.2f} s ({count})"', '"took s", extra={"seconds": seconds, "count": count}'),
        ('f"login user={user} ip={ip}"', '"login", extra={"user": user, "ip": ip}'),
        ('f"one {a} " "and " f"another"', '"one and another", extra={"a": a}'),
        ('f"{len(users)} users"', None),
        ('f"{user}"', None),
        ('f"user {user}", extra=more', None),
        ('f"user {user}", **more', None),
        ('f"""user {user}"""', None),
    ],
)
def test_the_values_of_a_message_as_extra(before: str, after: str | None):
    made = fixed(f"{LOGGER}logger.info({before})\n", lambda _, fix: "`extra`" in fix.title)
    assert made == f"{LOGGER}logger.info({after or before})\n"


CAUGHT = "import logging\n\nlogger = logging.getLogger(__name__)\ntry:\n    run()\nexcept OSError as e:\n    {0}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('logger.exception(f"boom {e}")', 'logger.exception("boom")'),
        ("logger.exception(f'run failed: {e!r}')", "logger.exception('run failed')"),
        ('logger.exception(f"run failed ({e}).", stack_info=True)', 'logger.exception("run failed", stack_info=True)'),
        ('logger.exception(f"boom {other}")', None),
        ('logger.exception(f"{e}")', None),
        ('logger.exception(f"{e} at {place}")', None),
        ('logger.exception(f"{place}: {e}")', None),
        ('logger.exception(f"100% {e}")', None),
        ('logger.exception(f"a " f"b {e}")', None),
        ('logger.error(f"boom {e}", exc_info=True)', None),
    ],
)
def test_an_error_that_the_traceback_shows_is_left_out_of_the_message(before: str, after: str | None):
    workspace = opened(CAUGHT.format(before))
    found = [
        workspace.fix_verifier("app.py")(diagnostic, fix)
        for diagnostic in workspace.look("app.py").diagnostics
        for fix in diagnostic.finding.fixes
        if fix.title == "Remove the exception from the message; the traceback shows it"
    ]
    texts = [Source("app.py", CAUGHT.format(before)).edited(change.edits["app.py"]).text for change in found]
    assert texts == ([CAUGHT.format(after)] if after else [])
