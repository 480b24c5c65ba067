"""What is passed over unread would give no finding and no fact, and what the first line binds is what is bound."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import sysconfig
import warnings
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
import yaml
from secret_samples import KEYS
from toy import given

from examples import Project
from playpen_ls.api.example import Example
from playpen_ls.api.rule import Configured, Rule
from playpen_ls.engine.check import check
from playpen_ls.engine.registry import rules_of
from playpen_ls.engine.rule_set import RuleSet
from playpen_ls.languages.python.facts import finds_nothing, says_nothing
from playpen_ls.languages.python.model import chunks, local_facts
from playpen_ls.languages.python.model.chunks import PythonChunk
from playpen_ls.languages.python.model.module import parse
from playpen_ls.languages.python.syntax import known_names as known
from playpen_ls.languages.python.syntax.bindings import bindings_of, texts_of
from playpen_ls.languages.python.syntax.heads import bindings_by_head, holds_text
from playpen_ls.languages.registry import model_facts
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source
from playpen_ls.text.words import Words
from playpen_ls.vocabulary.hosts import BACKING_SERVICES
from playpen_ls.vocabulary.secrets import WEAK

LIBRARY = Path(sysconfig.get_path("stdlib"))
REAL = [
    *sorted(LIBRARY.glob("*.py")),
    *sorted(LIBRARY.glob("[ae]*/*.py")),
    *sorted(Path(yaml.__file__).parent.glob("*.py")),
    *sorted(Path(hypothesis.__file__).parent.rglob("*.py")),
]
RULES = rules_of("python")
LOCAL = RuleSet(Configured(one) for one in RULES if not one.is_cross_file)


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


@pytest.fixture
def unskipped(monkeypatch: pytest.MonkeyPatch):
    """Calling this makes everything be read."""

    def read_all() -> None:
        monkeypatch.setattr(PythonChunk, "words", lambda chunk, file: None)
        for module in (chunks, local_facts):
            monkeypatch.setattr(module, "tells", lambda *_: True)

    return read_all


def all_found(source: Source) -> list[object]:
    made = parse(source)
    hits = check(made, LOCAL, given()).diagnostics
    return [*((hit.rule.id, hit.span, hit.finding.message) for hit in hits), *model_facts(made)]


@pytest.mark.parametrize("path", REAL, ids=lambda path: "/".join(path.parts[-2:]))
def test_a_real_file_has_the_same_findings_and_facts_if_all_of_it_is_read(path: Path, unskipped: Callable[[], None]):
    source = Source("app.py", text_of(path))
    found = all_found(source)
    nothing = finds_nothing(source, RuleSet(Configured(one) for one in RULES).may_concern)
    unskipped()
    assert all_found(source) == found
    assert not nothing or not found


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.name)
def test_an_example_has_the_same_findings_if_all_of_it_is_read(one: Rule, unskipped: Callable[[], None]):
    def rows(project: Project) -> list[object]:
        return [(hit.span, hit.finding.message, hit.severity) for hit in project.look().diagnostics]

    projects = [Project(one, example) for example in (*one.bad, *one.good)]
    found = [rows(project) for project in projects]
    assert any(found)
    unskipped()
    assert [rows(project) for project in projects] == found


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.name)
def test_a_rule_lets_some_texts_be_passed_over(one: Rule):
    """Else each statement of each file is parsed for it: say what it `mentions`."""
    assert not one.may_concern(Words("def f(x):\n    return g(x, 'a')\n"))


EXPERIMENT = '''\
from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.parts import StringLiteral
from playpen_ls.text.edit import Edit


@rule(
    severity=Severity.WARNING,
    practice="+",
    bad=[
        example('url = «"http://example.org/items"»\\n', fixed='url = "https://example.org/items"\\n'),
        example("def f():\\n    return get(«'http://a.b'»)\\n", fixed="def f():\\n    return get('https://a.b')\\n"),
    ],
    good=['url = "https://example.org"\\n', "x = 1\\n"],
)
def plain_http_url(literal: StringLiteral) -> Iterator[Finding]:
    """URL is not encrypted.

    Everybody on the way can read and change what is sent.
    """
    if literal.value.startswith("http://"):
        at = literal.span.start + literal.text.index("http") + 4
        yield Finding(literal.span, "URL uses `http`", (Fix("Use `https`", lambda: [Edit(at, at, "s")]),))
'''


def test_a_rule_that_declares_nothing_is_never_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A new rule is one file: no table elsewhere has to know what it looks for."""
    file, name = tmp_path / "plain_http_url.py", "playpen_ls.rules.python.plain_http_url"
    file.write_text(EXPERIMENT)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    new: Rule = module.plain_http_url
    for one in (*new.bad, *new.good):
        (text,) = one.files.values()
        example = Example({"app.py": text}, fixed=one.fixed)
        project = Project(new, example)
        assert [hit.span for hit in project.look().diagnostics] == project.expected
        if example.fixed is not None:
            assert project.fixed().source.text == example.fixed


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_call_is_seen_however_its_bracket_is_set(rule: Rule):
    for one in rule.bad:
        path, text = next(iter(one.files.items()))
        plain = text.replace("«", "").replace("»", "")
        if len(one.files) > 1 or "'''" in plain or '"""' in plain:
            continue
        before = look_at(rule, one, path, plain)
        for between in (" ", "\\\n", "\\\n        "):
            spaced = CALL.sub(rf"\1\2{between}(", plain)
            assert len(look_at(rule, one, path, spaced)) == len(before), spaced


CALL = re.compile(r"(?m)^(?![ \t]*[#@]|[ \t]*(?:class|def|async|import|from)\b)(.*?)(\w)\(")


def look_at(rule: Rule, one: Example, path: str, text: str):
    return Project(rule, Example({path: text}, platform=one.platform, options=one.options)).look().diagnostics


def may_concern(text: str) -> bool:
    return any(one.may_concern(Words(text)) for one in RULES)


@pytest.mark.parametrize("receiver", ["log", "self._logger", "app.LOGGER", "logging"])
def test_logging_is_not_passed_over(receiver: str):
    texts = [f"def f():\n    {receiver}.{method}(x)\n" for method in known.METHODS]
    assert [text for text in texts if not may_concern(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "print(x)\n",
        *(f"db.{word}(x)\n" for word in sorted(known.ENGINES | known.SCHEMA)),
        *(f'f(host="{host}")\n' for host in sorted(BACKING_SERVICES)),
        *(f"f(host='{host}-main:80')\n" for host in sorted(BACKING_SERVICES)),
        *(f'connect(password="{word}")\n' for word in sorted(WEAK)),
        *(f'x = "{key}"\n' for key in KEYS),
        *(f'{name} = "s3cr3t"\n' for name in ("dbPass", "db_pass", "PASS", "GITHUB_PAT", "githubPat", "pat", "apiKey")),
        *(f'f({{"{name}": "s3cr3t"}})\n' for name in ("pass", "db-pass", "X-Api-Key", "access-key", "passwrd")),
        'url = ("postgres://u"\n       ":s3cret@host")\n',
        "url = f'postgres://{user(1)}:s3cret@{host}'\n",
        'h = "a.b.svc:80"\nh = "db.internal"\n',
        'salt = "Zk9vQ2xT7bLm4YpW8sRd3NcJ6hGfA1u"\n',
    ],
)
def test_what_rules_look_for_is_not_passed_over(text: str):
    assert may_concern(text)


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
def test_what_only_sounds_like_it_is_passed_over(text: str):
    assert not may_concern(text)


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
def test_a_statement_that_mentions_an_alias_is_not_passed_over(text: str, rule: str):
    workspace = Workspace(Path("/no/such/project"))
    workspace.index.complete = True
    workspace.open(Source("app.py", text), "python")
    assert [diagnostic.rule.id for diagnostic in workspace.check("app.py").diagnostics] == [rule]


@pytest.mark.parametrize("path", REAL, ids=lambda path: "/".join(path.parts[-2:]))
def test_what_a_head_tells_is_what_the_tree_tells(path: Path):
    text = text_of(path)
    for chunk in parse(Source("app.py", text)).chunks:
        statement = chunk.content.text
        if chunk.content.header:
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


@pytest.mark.parametrize(
    ("path", "text", "unread"),
    [
        ("util.py", '"""Helpers of the application."""\nimport math\n\nAREA = 2 * math.pi\n', True),
        ("shop.py", '"""A log of the api."""\nTOTAL = 2\n', True),
        ("util.py", "from shop import *\n", False),
        ("util.py", "from shop import (\n    application,\n)\n", False),
        ("util.py", "from shop import app as application", False),
        ("shop.py", "application = make()\n", False),
        ("shop.py", "class UserBase(Model): ...\n", False),
    ],
)
def test_only_a_name_that_is_bound_makes_a_module_one_that_can_export_it(path: str, text: str, unread: bool):
    assert says_nothing(Source(path, text)) is unread
