"""Editing real files: what is taken over equals a fresh look, and typing disturbs nothing elsewhere."""

from __future__ import annotations

import ast
import re
import sysconfig
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_service import SERVICE

from playpen_ls.languages.python.model.module import PythonModel, parse
from playpen_ls.languages.registry import model_facts
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source

OWN = sorted((Path(__file__).parents[2] / "playpen_ls").rglob("*.py"))
LIBRARY = Path(sysconfig.get_path("stdlib"))


def beginning(path: Path) -> str:
    """The first functions and methods of a file: an edit in a longer text shows nothing else, and takes longer."""
    text = path.read_text()
    return (
        text
        if len(text) < 12_000
        else text[: max(text.rfind(f"\n{word} ", 0, 12_000) for word in ("def", "    def")) + 1]
    )


REAL = [
    SERVICE,
    SERVICE.replace("\n", "\r\n"),
    SERVICE.replace("    ", "\t"),
    *(beginning(path) for path in OWN if path.name in ("workspace.py", "no_health_route.py", "secrets.py")),
    *(beginning(LIBRARY / name) for name in ("dataclasses.py", "sched.py", "logging/config.py", "ftplib.py")),
]
NOWHERE = Path("/no/such/project")

TYPED = st.sampled_from(
    [
        *(
            "x",
            "\n",
            " ",
            "    ",
            "\t",
            '"',
            "'",
            '"""',
            "'''",
            "(",
            ")",
            "[",
            "]}",
            "#",
            "\\\n",
            ":",
            ",\n",
            "= 1\n",
            "\r",
        ),
        *("@d\n", "else:\n", "def f():\n", "class A:\n", "import os\n", "if x:\n"),
        'HOST = "redis.a.svc.cluster.local"\n',
    ]
)
EDITS = st.lists(
    st.tuples(
        st.floats(0, 1), st.integers(-60, 60), st.sampled_from([0, 0, 0, 0, 1, 1, 2, 9, 200]), TYPED | st.just("")
    ),
    min_size=1,
    max_size=12,
)


def placed(text: str, edits: list[tuple[float, int, int, str]]):
    """Edits, most of them near the last one, each as (start, end, new text)."""
    at = 0
    for number, (part, step, size, typed) in enumerate(edits):
        at = at + step if number % 4 else int(part * len(text))
        at = max(0, min(at, len(text)))
        edit = Edit(at, min(len(text), at + size), typed)
        text = text[: edit.start] + typed + text[edit.end :]
        yield edit


def seen(made: PythonModel) -> object:
    chunks = [(chunk.content.text, chunk.content.header, chunk.span, chunk.broken) for chunk in made.chunks]
    if any(chunk.broken for chunk in made.chunks):
        return chunks  # what is half typed still binds what it did
    return chunks, [chunk.key for chunk in made.chunks], made.scope, model_facts(made)


@given(st.sampled_from(REAL), EDITS)
@settings(max_examples=150, deadline=None)
def test_a_model_that_takes_over_equals_a_fresh_one(text: str, edits: list[tuple[float, int, int, str]]):
    source = Source("app.py", text)
    made = parse(source)
    for edit in placed(text, edits):
        source = source.edited([edit])
        made = parse(source, made)
        assert seen(made) == seen(parse(Source("app.py", source.text)))
    made = parse(Source("app.py", text), made)
    assert seen(made) == seen(parse(Source("app.py", text)))


def found(workspace: Workspace, settled: bool = True) -> list[tuple[str, str, str]]:
    """The findings, by the text under them."""
    diagnostics = workspace.check("app.py", settled).diagnostics
    source = workspace.documents["app.py"].source
    return [(diagnostic.rule.id, source.of(diagnostic.span), diagnostic.finding.message) for diagnostic in diagnostics]


def opened(text: str) -> Workspace:
    workspace = Workspace(NOWHERE)
    workspace.index.complete = True
    workspace.open(Source("app.py", text), "python")
    return workspace


def change(workspace: Workspace, edit: Edit) -> None:
    source = workspace.documents["app.py"].source
    workspace.edit("app.py", source.edited([edit]), [edit])


@given(st.sampled_from(REAL), EDITS)
@settings(max_examples=60, deadline=None)
def test_after_any_edits_the_findings_of_a_text_that_parses_are_those_of_a_fresh_look(
    text: str, edits: list[tuple[float, int, int, str]]
):
    workspace = opened(text)
    found(workspace)
    for edit in placed(text, edits):
        change(workspace, edit)
        found(workspace, settled=False)
        now = workspace.documents["app.py"].source.text
        if not any(chunk.broken for chunk in workspace.model("app.py").chunks):
            assert found(workspace) == found(opened(now))
    last = workspace.documents["app.py"].source
    change(workspace, Edit(0, len(last.text), text))
    assert found(workspace) == found(opened(text))


@pytest.mark.parametrize(
    "paths", [OWN, sorted(LIBRARY.glob("*.py")), sorted(LIBRARY.glob("asyncio/*.py"))], ids=["own", "stdlib", "asyncio"]
)
def test_no_chunk_of_a_valid_file_is_broken(paths: list[Path]):
    for path in paths:
        text = path.read_bytes().decode("utf-8", "replace")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        made = parse(Source("app.py", text))
        assert not any(chunk.broken for chunk in made.chunks), path
        statements = sum(len(chunk.content.statements()) for chunk in made.chunks)
        assert statements == sum(isinstance(node, ast.stmt) for node in ast.walk(tree)), path


STATEMENTS = [
    'engine = create_engine("postgresql://db/app", pool_size=10)\n',
    'db_host = "postgres.playpen-platform.svc.cluster.local"\n',
    'QUERY = """\nSELECT 1\n"""\n',
    "def total(a, b):\n    '''Sum.'''\n    return {\n        'a': [a, b],\n    }\n",
    'class Late(Exception):\n    """Late."""\n\n    def __str__(self):\n        return "late"\n',
    "try:\n    import ujson\nexcept ImportError:\n    ujson = None\n",
    'for name in ["a", "b"]:\n    log.info("name %s", name)\nelse:\n    log.info("none")\n',
    'log.info(f"user {user!r} did {what}")\n',
    'CONFIG = {"host": "a", "port": (1, [2, 3])}\n',
    "@app.put(\n    '/orders',\n)\nasync def put(body: dict) -> None:\n    ...\n",
    "if ready:\n    start(\n        now=True,\n    )\nelif later:\n    wait()\n",
]
PLACES = ["class Broken(", "def connect()", '@app.post("/orders")', "log = logging"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("typed", STATEMENTS, ids=lambda typed: typed.partition("\n")[0])
def test_typing_a_statement_hides_nothing_elsewhere(typed: str, place: str):
    text = SERVICE.replace(place, "\n\n" + place, 1)
    at = text.index(place) - 1
    workspace = opened(text)
    before = found(workspace)
    assert len(before) > 12
    for letter in typed:
        change(workspace, Edit(at, at, letter))
        at += 1
        now = found(workspace, settled=False)
        for one in set(before):
            assert now.count(one) >= before.count(one), (one, typed[: typed.index(letter) + 1])
    assert found(workspace) == found(opened(workspace.documents["app.py"].source.text))


@pytest.mark.parametrize("name", ["bdb.py", "http/client.py", "re/_parser.py", "distutils/filelist.py"])
@pytest.mark.parametrize("typed", STATEMENTS[2:8:2], ids=lambda typed: typed.partition("\n")[0])
def test_typing_a_statement_in_a_real_file_hides_nothing_elsewhere(typed: str, name: str):
    if not (LIBRARY / name).exists():  # distutils left in Python 3.12
        pytest.skip("this Python has no such file")
    text = (LIBRARY / name).read_text()
    middle = len(text) // 2
    at = min(
        (match.start() for match in re.finditer(r"^(?:class|def) ", text, re.MULTILINE)),
        key=lambda one: abs(one - middle),
    )
    workspace = opened(text)
    before = found(workspace)
    assert len(before) > 4
    for number, letter in enumerate(typed, 1):
        change(workspace, Edit(at, at, letter))
        at += 1
        now = found(workspace, settled=False)
        for one in set(before):
            assert now.count(one) >= before.count(one), (one, typed[:number])
    assert found(workspace) == found(opened(workspace.documents["app.py"].source.text))


def test_taking_a_statement_away_letter_by_letter_hides_nothing_elsewhere():
    start = SERVICE.index("@app.get")
    end = SERVICE.index("@app.post")
    workspace = opened(SERVICE)
    found(workspace)
    gone = found(opened(SERVICE[:start] + SERVICE[end:]))
    for at in range(end, start, -1):
        change(workspace, Edit(at - 1, at, ""))
        now = found(workspace, settled=False)
        assert [one for one in set(gone) if now.count(one) < gone.count(one)] == []


def test_a_logger_that_is_typed_again_is_a_logger_all_the_while():
    line = "log = logging.getLogger(__name__)"
    workspace = opened(SERVICE)
    before = found(workspace)
    at = SERVICE.index(line) + len(line)
    for size in range(1, 10):  # to `getLogger(`
        change(workspace, Edit(at - size, at - size + 1, ""))
        assert found(workspace, settled=False) == before


ENDPOINT = '@app.get("/health")\nasync def health() -> dict[str, str]:\n    return {"status": "healthy"}\n\n\n'


def test_a_health_route_that_is_typed_takes_its_finding_away_once_and_it_does_not_flicker():
    at = SERVICE.index("@app.post")
    workspace = opened(SERVICE)
    assert "python/no-health-route" in {rule for rule, _, _ in found(workspace)}
    shown = []
    for letter in ENDPOINT:
        change(workspace, Edit(at, at, letter))
        at += 1
        shown.append("python/no-health-route" in {rule for rule, _, _ in found(workspace, settled=False)})
    assert shown == sorted(shown, reverse=True)
    assert not shown[-1]
    for _ in ENDPOINT:
        change(workspace, Edit(at - 1, at, ""))
        at -= 1
        assert "python/no-health-route" not in {rule for rule, _, _ in found(workspace, settled=False)}
    assert "python/no-health-route" in {rule for rule, _, _ in found(workspace)}
