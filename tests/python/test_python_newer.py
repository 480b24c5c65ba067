"""Syntax that is newer than the running Python costs its own expression at most."""

from __future__ import annotations

from pathlib import Path

import pytest

from playpen_ls.api.finding import Severity
from playpen_ls.languages.python.model.module import parse
from playpen_ls.languages.python.syntax.newer import format_string, in_older_syntax
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

LOGGER = "import logging\n\nlogger = logging.getLogger(__name__)\n\n\n"
ONE = 'logger.info(f"one {x}")'

NEWER = {
    "695 function": f"def go[T](x: T) -> T:\n    {ONE}\n",
    "695 bound": f"async def go[T: (int, 'str'), *Ts, **P](\n    x: T,\n) -> T:\n    {ONE}\n",
    "695 over lines": f"def go[\n    T,\n](x: T) -> T:\n    {ONE}\n",
    "695 class": f"class C[T](Base):\n    def go(self, x):\n        {ONE}\n",
    "695 long class": "class C[T]:\n" + "    # x\n" * 130 + f"    def go[U](self, x):\n        {ONE}\n",
    "695 alias": f"def go(x):\n    type X[T] = list[T]\n    type Y = X\n    {ONE}\n",
    "696": f"def go[T = int, *Ts = *tuple[int, ...]](x: T) -> T:\n    {ONE}\n",
    "701 quotes": f'def go(x):\n    y = f"{{d["a"]}} {{f"{{x["b"]}}"}} # no comment"\n    {ONE}\n',
    "701 backslash": f"def go(x):\n    y = f\"{{'\\n'.join(x)}}\"\n    {ONE}\n",
    "701 lines": f'def go(x):\n    y = f"a {{\n        x  # comment\n    }} b"\n    {ONE}\n',
    "701 column 0": f'y = f"a {{\nx\n}} b"\n\n\ndef go(x):\n    {ONE}\n',
    "701 class": f'class C:\n    A = f"{{\n  B["x"]\n}}"\n\n    def go(self, x):\n        {ONE}\n',
    "701 definition": f'y = f"{{\nx["def f():"]\n}}"\n\n\ndef go(x):\n    {ONE}\n',
    "701 empty line": f'y = f"a {{\n\n    x["a"]\n  }} b"\n\n\ndef go(x):\n    {ONE}\n',
    "701 joined": f'y = f("a" f"b {{\n x["a"]}}" "c")\n\n\ndef go(x):\n    {ONE}\n',
    "701 triple": f'def go(x):\n    y = f"""{{"""a\nb"""}}"""\n    {ONE}\n',
    "750": f'def go(x):\n    y = t"a {{x["b"]}}"\n    z = t"""\n    {{x}}\n    """ + t"a" t"b"\n    {ONE}\n',
    "750 joined": f'def go(x):\n    y = (\n        t"a {{x}}"\n        t"b" rt"c {{\n x}}"\n    )\n    {ONE}\n',
    "758 group": f"def go(x):\n    try:\n        pass\n    except* A, B:\n        pass\n    {ONE}\n",
    "758": f"def go(x):\n    try:\n        pass\n    except A, b.C:\n        pass\n    {ONE}\n",
    "798": f"def go(x):\n    a = [*y for y in x], {{**y for y in x}}, {{*y for y in f(x, 1)}}, [*x, 1]\n    {ONE}\n",
    "810": f"lazy import json\nlazy from a import b\n\n\ndef go(x):\n    {ONE}\n",
}


@pytest.mark.parametrize("text", NEWER.values(), ids=NEWER)
def test_newer_syntax_costs_its_own_expression_at_most(text: str):
    workspace = Workspace(Path("/no/such/project"))
    workspace.index.complete = True
    workspace.open(Source("app.py", LOGGER + text), "python")
    published = workspace.check("app.py")
    source = published.source
    messages = [source.of(one.span) for one in published.diagnostics if one.rule.name == "formatted-log-message"]
    assert messages == ['f"one {x}"']
    assert not any(chunk.broken for chunk in parse(source).chunks)


@pytest.mark.parametrize("text", NEWER.values(), ids=NEWER)
def test_older_syntax_has_the_same_lines_and_length(text: str):
    older = in_older_syntax(text)
    if older is not None:
        assert [len(line) for line in older.split("\n")] == [len(line) for line in text.split("\n")]


@pytest.mark.parametrize(
    "text", ['f"a"', 'f"{d["a"]}"', 'f"{{ {x!r:>{w}} }}"', 'f"\\N{DASH} \\{x}"', 'f"""{"""a"""}"""']
)
def test_where_a_format_string_ends(text: str):
    found = format_string(text + "x", 1)
    assert found is not None
    assert found[0] == len(text)


@pytest.mark.parametrize("text", ['f"{x:"', 'f"{x', 'f"{x)}"', 'f"a\n"'])
def test_a_format_string_that_does_not_end(text: str):
    assert format_string(text, 1) is None


def test_exceptions_without_parentheses_are_several():
    workspace = Workspace(Path("/no/such/project"))
    workspace.index.complete = True
    text = "def go(x):\n    try:\n        f()\n    except KeyboardInterrupt, SystemExit, a.Empty:\n        logger.error(x)\n"
    workspace.open(Source("app.py", LOGGER + text), "python")
    (found,) = workspace.check("app.py").diagnostics
    assert found.severity is Severity.HINT  # all of them steer the program


@pytest.mark.parametrize(
    "message", ['f"{x["a"]} b"', 'f"a {\n        x["b"]\n    } c"', 'f"{\nx\n}"', 'rf"{\nx["a"]\n}"', 't"a {x}"']
)
def test_no_placeholder_is_lost(message: str):
    workspace = Workspace(Path("/no/such/project"))
    workspace.index.complete = True
    workspace.open(Source("app.py", f"{LOGGER}def go(x):\n    logger.info({message})\n"), "python")
    messages = [one.finding.message for one in workspace.check("app.py").diagnostics]
    assert not any("without placeholders" in one for one in messages)


def test_half_typed_text_stays_broken():
    model = parse(Source("app.py", 'def f(x):\n    log(f"user {x\n\n\ndef g():\n    pass\n'))
    assert [chunk.broken for chunk in model.chunks] == [True, False]
