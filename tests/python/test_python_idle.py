"""What a look at a text calls idle has nothing for any rule and tells no fact, and what its head binds is what it binds."""

from __future__ import annotations

import ast
import re
import sysconfig
import warnings
from pathlib import Path

import hypothesis
import pytest
import yaml

from examples import Project
from playpen_ls.api.example import Example
from playpen_ls.engine.registry import rules_of
from playpen_ls.languages.python.facts import finds_nothing
from playpen_ls.languages.python.model.module import parse
from playpen_ls.languages.python.model.parts import Site
from playpen_ls.languages.python.model.scope import Names
from playpen_ls.languages.python.model.visitor import walk
from playpen_ls.languages.python.parts import PythonModel
from playpen_ls.languages.python.syntax import known_names as known
from playpen_ls.languages.python.syntax.bindings import bindings_of, texts_of
from playpen_ls.languages.python.syntax.heads import bindings_by_head, holds_text
from playpen_ls.languages.python.syntax.prefilter import look
from playpen_ls.languages.python.syntax.statements import pieces
from playpen_ls.languages.registry import model_facts
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source
from playpen_ls.vocabulary.hosts import BACKING_SERVICES
from playpen_ls.vocabulary.secrets import SHAPE, SHAPE_BEGINS, WEAK

LIBRARY = Path(sysconfig.get_path("stdlib"))
REAL = [
    *sorted(LIBRARY.glob("*.py")),
    *sorted(LIBRARY.glob("[ae]*/*.py")),
    *sorted(Path(yaml.__file__).parent.glob("*.py")),
    *sorted(Path(hypothesis.__file__).parent.rglob("*.py")),
]
LOCAL = [one for one in rules_of("python") if not one.crosses]


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def idle_parts(model: PythonModel):
    """What a walk finds in the chunks that are never walked."""
    for chunk in model.chunks:
        if chunk.view.idle and not chunk.broken:
            yield from walk(Site(model, chunk.parsed, chunk.start, Names(model.scope.names), model.scope.flags))[0]


def facts_of_silent(model: PythonModel):
    for chunk in model.chunks:
        if chunk.view.silent and not chunk.broken:
            yield from walk(Site(model, chunk.parsed, chunk.start, Names(model.scope.names), model.scope.flags))[1]


def reported(model: PythonModel, parts) -> list[tuple[str, str]]:
    return [
        (rule.id, model.source.of(finding.span))
        for part in parts
        for rule in LOCAL
        if issubclass(type(part), rule.subjects)
        for finding in rule.function(part)
    ]


@pytest.mark.parametrize("path", REAL, ids=lambda path: "/".join(path.parts[-2:]))
def test_nothing_is_found_in_what_is_idle(path: Path):
    model = parse(Source("app.py", text_of(path)))
    assert reported(model, idle_parts(model)) == []
    assert not list(facts_of_silent(model))
    if finds_nothing(model.source):
        assert reported(model, (part for chunk in model.chunks for part in chunk.parts())) == []
        assert list(model_facts(model)) == []


EXAMPLES = [
    pytest.param(rule, one, id=f"{rule.name}-{number}")
    for rule in rules_of("python")
    for number, one in enumerate(rule.bad)
    if len(one.files) == 1
]


@pytest.mark.parametrize("between", [" ", "\\\n", "\\\n        "], ids=["blank", "line", "indented line"])
@pytest.mark.parametrize(("rule", "one"), EXAMPLES)
def test_a_call_is_seen_however_its_bracket_is_set(rule, one: Example, between: str):
    path, text = next(iter(one.files.items()))
    plain = text.replace("«", "").replace("»", "")
    spaced = re.sub(
        r"(?m)^(?![ \t]*[#@]|[ \t]*(?:class|def|async|import|from)\b)(.*?)(\w)\(", rf"\1\2{between}(", plain
    )
    if "'''" in plain or '"""' in plain:
        return
    before, after = (len(look_at(rule, one, path, each)) for each in (plain, spaced))
    assert before == after


def look_at(rule, one: Example, path: str, text: str):
    return Project(rule, Example({path: text}, platform=one.platform, options=one.options)).look().diagnostics


@pytest.mark.parametrize("method", sorted(known.METHODS))
@pytest.mark.parametrize("receiver", ["log", "self._logger", "app.LOGGER", "logging"])
def test_logging_is_no_idleness(method: str, receiver: str):
    assert not look(f"def f():\n    {receiver}.{method}(x)\n").idle


@pytest.mark.parametrize(
    "text",
    [
        "print(x)\n",
        *(f"db.{word}(x)\n" for word in sorted(known.ENGINES | known.SCHEMA)),
        *(f'f(host="{host}")\n' for host in sorted(BACKING_SERVICES)),
        *(f"f(host='{host}-main:80')\n" for host in sorted(BACKING_SERVICES)),
        *(f'connect(password="{word}")\n' for word in sorted(WEAK)),
        *(f'x = "{begin}0123456789"\n' for begin in SHAPE_BEGINS),
        *(f'{name} = "s3cr3t"\n' for name in ("dbPass", "db_pass", "PASS", "GITHUB_PAT", "githubPat", "pat", "apiKey")),
        *(f'f({{"{name}": "s3cr3t"}})\n' for name in ("pass", "db-pass", "X-Api-Key", "access-key", "passwrd")),
        'url = ("postgres://u"\n       ":s3cret@host")\n',
        "url = f'postgres://{user(1)}:s3cret@{host}'\n",
        'h = "a.b.svc:80"\nh = "db.internal"\n',
        'salt = "Zk9vQ2xT7bLm4YpW8sRd3NcJ6hGfA1u"\n',
    ],
)
def test_what_rules_ask_for_is_no_idleness(text: str):
    assert not look(text).idle


def test_every_shape_of_a_key_begins_with_one_of_its_beginnings():
    samples = [
        "AKIA" + "ABCDEFGHIJKLMNOP", "ghs_" + "a1" * 20, "github_pat_" + "a1" * 12, "glpat-" + "a" * 20, "xoxr-1" + "a" * 10,
        "rk_live_" + "a" * 20, "sk-ant-" + "a" * 40, "AIza" + "a" * 35, "SG." + "a" * 20 + "." + "a" * 20, "npm_" + "a" * 36,
        "pypi-" + "a" * 60, ".".join(["eyJ" + "a" * 12, "eyJ" + "a" * 12, "a" * 12]), "-----BEGIN EC PRIVATE KEY-----",
    ]  # fmt: skip
    assert all(SHAPE.fullmatch(sample) for sample in samples)
    assert all(any(begin in sample for begin in SHAPE_BEGINS) for sample in samples)


@pytest.mark.parametrize(
    "text",
    [
        "def f(parser):\n    parser.error('token')\n",
        "def f():\n    pformat(x)\n    math.log(x)\n    console.print(x)\n",
        "token_type = 'bearer'\nfields = {'password': 'the password', 'next_token': 'nextToken'}\n",
        "'''See https://host/path, or write to a@b.org.'''\n",
        "from x import a as b\n",
    ],
)
def test_what_only_sounds_like_it_is_idle(text: str):
    assert look(text).idle


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("from logging import info as say\n\n\ndef f():\n    say('x')\n", "python/root-logger"),
        ("import logging as lg\n\n\ndef f():\n    lg.info('x')\n", "python/root-logger"),
        ("import logging\n\naudit = logging.getLogger(__name__)\n\n\ndef f():\n    audit.info(f'{x}')\n", "python/formatted-log-message"),
        ("from sqlalchemy import create_engine as make\n\n\ndef f(url):\n    return make(url)\n", "python/default-pool"),
        ("import structlog\n\naudit = structlog.get_logger()\n\n\ndef f():\n    audit.info(f'{x}')\n", "python/formatted-log-message"),
    ],
)  # fmt: skip
def test_a_chunk_that_mentions_a_telling_name_is_not_idle(text: str, rule: str):
    workspace = Workspace(Path("/no/such/project"))
    workspace.index.complete = True
    workspace.open(Source("app.py", text), "python")
    assert [diagnostic.rule.id for diagnostic in workspace.check("app.py").diagnostics] == [rule]


@pytest.mark.parametrize("path", REAL, ids=lambda path: "/".join(path.parts[-2:]))
def test_what_a_head_tells_is_what_the_tree_tells(path: Path):
    text = text_of(path)
    for piece in pieces(text):
        statement = text[piece.start : piece.end]
        if piece.header:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                body = ast.parse(statement).body
            except SyntaxError:
                continue
        told = bindings_by_head(statement)
        assert told is None or told == tuple(bindings_of(body))
        assert holds_text(statement) or not list(texts_of(body))


@pytest.mark.parametrize(
    "text",
    [
        "import os; import sys\n",
        "import os, sys\n",
        "from os import (\n    path,  # where\n)\n",
        "from os import *\n",
        "A = B = {}\n",
        'A = "x"; B = 2\n',
        "x += 1\n",
        "log = lg.getLogger()\n",
        "from os import \n",
    ],
)
def test_what_a_head_does_not_tell_is_parsed(text: str):
    assert bindings_by_head(text) is None
