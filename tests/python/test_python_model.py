"""The Python model: chunks, scope, places, and text that is being typed."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import parts_in
from toy import given as given_to_rules

from playpen_ls.api.fact_types import EnvironmentRead, Route
from playpen_ls.api.file_view import FileView, UnrecordedRead
from playpen_ls.api.rule import Configured
from playpen_ls.engine.cache import FindingsCache
from playpen_ls.engine.check import check
from playpen_ls.engine.registry import rules_of
from playpen_ls.engine.rule_set import RuleSet
from playpen_ls.languages.python.facts import says_nothing
from playpen_ls.languages.python.model.module import PythonModel, parse
from playpen_ls.languages.python.parts import LogCall, PrintCall, StringLiteral
from playpen_ls.languages.python.syntax.outline import outlined
from playpen_ls.languages.python.syntax.statements import statements
from playpen_ls.languages.registry import model_facts
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


def model(text: str, path: str = "app.py", previous: PythonModel | None = None) -> PythonModel:
    return parse(Source(path, text), previous)


def parts(made: PythonModel, kind: type = object) -> list:
    return [part for part in parts_in(made) if isinstance(part, kind)]


def texts(made: PythonModel, kind: type = StringLiteral) -> list[str]:
    return [made.source.of(part.span.shifted(part.file.start)) for part in parts(made, kind)]


GOOD = '''\
import logging
import os

logger = logging.getLogger(__name__)


def one():
    """Docstring one."""
    logger.info("one")
    return "first literal"


{typed}


def two():
    """Docstring two."""
    logger.info("two")
    return {{"key": "second literal"}}


class Three:
    """Docstring three."""

    def method(self):
        logger.info("three")
'''


@pytest.mark.parametrize(
    "typed",
    [
        "engine = create_engine(",
        "engine = create_engine(url, pool_size=10,",
        'db_host = "postgres.playpen',
        "db_host = ",
        "def f(",
        "def f(a, b)",
        "def f(a, b):",
        "if ready\n    x = 1",
        "def f():\n    a = 1\n      b = 2",
        'query = """',
        "query = '''select",
        'def f():\n    """Half a docstring',
        'logger.info(f"user {user',
        "logger.",
        "try:\n    x = 1",
        'CONFIG = {"host": "a", "port"',
        "from os import ",
        "@app.get(",
        "x = [\n    1,\n    2,\n",
    ],
)
def test_a_half_typed_statement_breaks_only_itself(typed: str):
    made = model(GOOD.format(typed=typed))
    assert sum(chunk.broken for chunk in made.chunks) == 1
    assert [texts(made, LogCall)] == [['logger.info("one")', 'logger.info("two")', 'logger.info("three")']]
    assert '"second literal"' in texts(made)


def test_unchanged_statements_are_not_parsed_again():
    before = model(GOOD.format(typed="x = 1"))
    after = model(GOOD.format(typed="x = 12"), previous=before)
    known = {id(chunk.content) for chunk in before.chunks}
    assert [chunk.content.text.strip() for chunk in after.chunks if id(chunk.content) not in known] == ["x = 12"]


def looked_at_again(before: str, after: str) -> list[str]:
    """The chunks of the text `after` that are checked once more when it replaces the text `before`."""
    rules, memory = RuleSet(Configured(rule) for rule in rules_of("python") if not rule.is_cross_file), FindingsCache()
    memory = check(model(before), rules, given_to_rules(), memory).memory
    known = {id(pair) for pair in memory.pairs}
    made = model(after)
    memory = check(made, rules, given_to_rules(), memory).memory
    return [chunk.content.text for chunk, pair in zip(made.chunks, memory.pairs, strict=False) if id(pair) not in known]


def test_a_statement_is_checked_again_when_the_origin_of_a_name_in_it_changes():
    rest = ["def f():\n    db.info('X')\n\n\n", "def g():\n    log.info(1)\n"]
    text = "".join(rest)
    assert looked_at_again("import db\n" + text, "from a import db\n" + text) == ["from a import db\n"]
    named = "import logging as db\n"
    assert looked_at_again("import db\n" + text, named + text) == [named, *rest]
    got = "from db import log\n"
    assert looked_at_again("import db\n" + text, got + text) == [got, rest[1]]


def test_statements_that_come_back_to_column_0_are_joined():
    made = model(
        'engine = create_engine(\n"url",\npoolclass=QueuePool,\npool_size=10\n)\nx = 1 + \\\n2\n@d(a,\nb=1)\ndef f(): pass\n'
    )
    assert not any(chunk.broken for chunk in made.chunks)
    assert len(made.chunks) == 3


def test_else_and_decorators_stay_with_their_statement():
    made = model(
        "if a:\n    b\nelif c:\n    d\nelse:\n    e\ntry:\n    f\nexcept E:\n    g\nfinally:\n    h\n@x\n# why\n@y\ndef i(): pass\n"
    )
    assert len(made.chunks) == 3
    assert not any(chunk.broken for chunk in made.chunks)


def test_a_long_class_is_cut_at_its_members():
    members = "".join(f"    @d\n    def m{i}(self):\n        return token('a1b2c3{i}')\n\n" for i in range(60))
    text = f'import logging\n\n\nclass Long(Base):\n    """Doc."""\n\n    log = logging.getLogger(__name__)\n\n{members}\nx = 1\n'
    made = model(text)
    assert len(made.chunks) == 63
    assert not any(chunk.broken for chunk in made.chunks)
    assert texts(made) == [f"'a1b2c3{i}'" for i in range(60)]
    assert sum(len(chunk.content.statements()) for chunk in made.chunks) == sum(
        isinstance(node, ast.stmt) for node in ast.walk(ast.parse(text))
    )


def test_places_are_code_points():
    made = model('print("😀"); y = "né"; z = "abc"\n')
    assert texts(made) == ['"né"', '"abc"']


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends(line_end: str):
    text = 'import os\n\n\ndef f():\n    """A\n    doc."""\n    # why\n    x = os.getenv("A", "b c")\n'.replace(
        "\n", line_end
    )
    made = model(text)
    assert len(made.chunks) == 2
    assert texts(made) == ['"b c"']
    assert [made.source.of(comment.span) for comment in made.comments()] == ["# why"]
    assert [fact.default for fact in model_facts(made) if isinstance(fact, EnvironmentRead)] == ["b c"]


def test_comments_are_never_inside_strings():
    made = model('a = "# no"  # yes\nb = """\n# no\n"""\n# alone\n')
    assert [(made.source.of(comment.span), comment.alone) for comment in made.comments()] == [
        ("# yes", False),
        ("# alone", True),
    ]


def test_constructs():
    text = "@d\ndef f():\n    if a:\n        b(1)\n    c(); d()\nx = 1\n"
    made = model(text)

    def at(word: str) -> str:
        span = made.construct_at(text.index(word))
        return made.source.of(span) if span else ""

    assert at("b(1)") == "b(1)"
    assert at("d()") == "c()"
    assert at("def f") == "@d\ndef f():\n    if a:\n        b(1)\n    c(); d()"
    assert made.construct_after(text.index("    c()")) == Span(text.index("c()"), text.index("d()") + 3)
    assert made.construct_after(len(text)) is None


def test_tests_are_left_alone():
    key = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    made = model(f'print("x")\nkey = "{key}"\n', "tests/test_x.py")
    assert texts(made, object) == [f'"{key}"']
    assert list(model_facts(made)) == []


APP = "from fastapi import FastAPI\n\napp = FastAPI()\n"
URLS = "from django.urls import path\n\nurlpatterns = [\n    path('a/', a),\n]\n"


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("app.py", APP, APP + "import healthlib\n"),
        ("shop/urls.py", URLS, URLS + "app_name = 'shop'\n"),
        ("app.py", APP + "print(1)\n", "# @generated\n" + APP + "print(1)\n"),
    ],
    ids=["import", "constant", "mark of a generator"],
)
def test_what_another_statement_says_takes_findings_away(path: str, before: str, after: str, tmp_path: Path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/settings.py").write_text("")
    workspace = Workspace(tmp_path)
    workspace.index.complete = True
    workspace.open(Source(path, before), "python")
    assert workspace.check(path).diagnostics
    workspace.edit(path, Source(path, after))
    assert not workspace.check(path).diagnostics


def test_a_generated_file_is_left_alone_as_soon_as_it_says_so():
    before = model("import logging\nlogging.info(1)\n")
    after = model("# @generated\nimport logging\nlogging.info(1)\n", previous=before)
    assert parts(before)
    assert not parts(after)
    text = "import logging\nlogging.info(1)\n"
    assert looked_at_again(text, "# @generated\n" + text)[-1] == "logging.info(1)\n"


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ('@app.get("/a")\ndef f(): pass\n', ["/a"]),
        ('from fastapi import APIRouter\nr = APIRouter(prefix="/v1")\n@r.get("/a")\ndef f(): pass\n', ["/v1/a"]),
        ('app.add_url_rule("/a", view_func=f)\napp.add_api_route("/b", f)\n', ["/a", "/b"]),
        ('P = "/a"\n@app.get(P)\ndef f(): pass\n', ["/a"]),
        ('from django.urls import path\nurlpatterns = [path("a/", v)]\n', ["/a/"]),
        ('@mock.patch("a.b")\n@cache.get("x")\ndef f(): pass\n', []),
        ('from aiohttp import web\napp.add_routes([web.get("/a", f)])\n', ["/a"]),
        ('from starlette.routing import Route\nr = [Route("/a", f)]\n', ["/a"]),
    ],
)
def test_routes(text: str, paths: list[str]):
    assert [fact.path for fact in model_facts(model(text)) if isinstance(fact, Route)] == paths


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('import os\nos.getenv("A")\n', ("A", None)),
        ('import os\nos.environ["A"]\n', ("A", None)),
        ('import os\nx = os.getenv("A") or "x"\n', ("A", "")),
        ('import os\nos.environ.get("A", "x")\n', ("A", "x")),
        ('from os import environ as e\ne["A"]\n', None),
        ('from decouple import config\nconfig("A", default="x")\n', ("A", "x")),
        ('import os\nos.environ["A"] = "x"\n', None),
        ('d.get("A", "x")\n', None),
    ],
)
def test_environment_reads(text: str, read: tuple[str, str | None] | None):
    facts = [(fact.name, fact.default) for fact in model_facts(model(text)) if isinstance(fact, EnvironmentRead)]
    assert facts == ([read] if read else [])


@pytest.mark.parametrize(
    "text",
    [
        "import os\n\n\ndef f():\n    return os.environ['A']\n",
        "from environs import Env\n\nenv = Env()\n\n\ndef f():\n    return env.str('A')\n",
        "@app.get('/a')\ndef f(): pass\n",
        "from django.urls import path\n\nurlpatterns = [path('a/', v)]\n",
        "from fastapi import APIRouter\n\n\ndef f():\n    r = APIRouter()\n    r.add_api_route('/a', g)\n",
        "import structlog\n",
        "def f():\n    uvicorn.run(app)\n",
        "def f():\n    server.add_insecure_port('[::]:50051')\n",
        "class S(BaseSettings):\n    a: str\n",
    ],
)
def test_a_look_that_finds_nothing_misses_nothing(text: str):
    assert list(model_facts(model(text)))
    assert not says_nothing(Source("app.py", text))
    assert says_nothing(Source("tests/test_app.py", text))


@pytest.mark.parametrize("path", sorted(Path(ast.__file__).parent.glob("*.py")), ids=lambda path: path.name)
def test_a_file_of_which_a_look_says_that_it_tells_nothing_tells_nothing(path: Path):
    source = Source("app.py", path.read_bytes().decode("utf-8", "replace"))
    assert not says_nothing(source) or not list(model_facts(parse(source)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\f",
        '"""',
        "'''\n",
        "(" * 1000,
        "-" * 5000 + "1",
        "x = " + "a+" * 3000 + "a",
        "\0",
        "if:\n",
        "\\",
        "@",
        "class A:",
        "\ud800",
    ],
)
def test_no_text_raises(text: str):
    made = model(text)
    parts(made)
    list(model_facts(made))
    made.comments()
    made.construct_at(0)
    made.construct_after(0)


FRAGMENTS = st.sampled_from(
    [
        '"""',
        "'''",
        '"',
        "'",
        "#",
        "\\",
        "\n",
        "\r\n",
        "\r",
        "    ",
        "def f():",
        "class A:",
        "x = 1",
        "@d",
        "(",
        ")",
        "[",
        "]",
        "else:",
        "é😀",
        "f",
    ]
)


@given(st.lists(FRAGMENTS, max_size=40).map("".join))
@settings(max_examples=300, deadline=None)
def test_chunks_cover_any_text(text: str):
    made = model(text)
    assert "".join(made.source.of(chunk.span) for chunk in made.chunks) == text
    parts(made)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError):
        return
    # Single quotes that go on in column 0 behind a backslash are not told apart.
    if "\\" not in text:
        assert not any(chunk.broken for chunk in made.chunks)


@given(st.lists(FRAGMENTS, max_size=25).map("".join), st.integers(0, 100), FRAGMENTS)
@settings(max_examples=200, deadline=None)
def test_an_edit_gives_what_a_fresh_parse_gives(text: str, at: int, typed: str):
    at = min(at, len(text))
    edited = text[:at] + typed + text[at:]
    again, fresh = model(edited, previous=model(text)), model(edited)
    if any(chunk.broken for chunk in fresh.chunks):
        return  # it remembers what was there
    assert [(chunk.key, chunk.span, chunk.broken) for chunk in again.chunks] == [
        (chunk.key, chunk.span, chunk.broken) for chunk in fresh.chunks
    ]


def test_splitting_is_linear_in_unclosed_text():
    assert len(statements('x = """\n' * 2001)) >= 1


def test_an_outline_is_made_as_newer_pythons_allow():
    """Without a warning: a node without its required fields is an error in Python 3.15."""
    text = (
        "import os\n@app.get('/')\nclass A(B):\n    x = f()\n\nif a:\n    import b\nelse:\n    c: int = d.e\nx = [1]\n"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        imported, made, block, assigned = map(outlined, ast.parse(text).body)
    assert ast.unparse(imported) == "import os"
    assert (made.name, made.body, [ast.unparse(base) for base in made.bases]) == ("A", [], ["B"])
    assert [ast.unparse(inner) for inner in block.body] == ["import b"]
    assert [(inner.target.id, ast.unparse(inner.value)) for inner in block.orelse] == [("c", "d.e")]
    assert (assigned.targets[0].id, assigned.value.value) == ("x", None)


def test_a_rule_cannot_see_the_rest_of_the_file_but_by_asking():
    made = model("secret = 1\n\n\ndef f():\n    print('x')\n")
    (call,) = (part for part in made.chunks[1].parts(FileView(made.outline, 1)) if isinstance(part, PrintCall))
    assert not hasattr(call, "model")
    assert "secret" not in call.chunk.text
    for read in (lambda: call.source, lambda: call.start, lambda: call.file.model):
        with pytest.raises(UnrecordedRead):
            read()
