"""Edits of calls, dictionaries and imports, each by itself: the layout of what is there, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from parts import parts_in

from playpen_ls.api.finding import Refused
from playpen_ls.languages.python.edits.call_arguments import appended, line_length, replaced
from playpen_ls.languages.python.edits.dictionaries import entries_added
from playpen_ls.languages.python.edits.imports import (
    Brought,
    imported_instead,
    imported_name,
    module_logger,
    module_member,
)
from playpen_ls.languages.python.model.module import parse
from playpen_ls.languages.python.model.parts import DatabaseSettings, EngineCall, PrintCall
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source

HEAD = "from sqlalchemy import create_engine\n"
SHORT = "#\n" * 100
"""Below a call of any length: lines have at most 88 characters in nearly all of the file."""


def edited(text: str, kind: type, edits: Callable[..., Iterable[Edit]]) -> str:
    """The text after the edits of its last part of a kind; or why they are refused."""
    source = Source("app.py", text)
    part = [one for one in parts_in(parse(source)) if isinstance(one, kind)][-1]
    try:
        return source.edited([edit.shifted(part.file.start) for edit in edits(part)]).text
    except Refused as refused:
        return f"refused: {refused}"


def with_arguments(call: str, *arguments: str) -> str:
    result = edited(f"{HEAD}e = {call}\n{SHORT}", EngineCall, lambda part: [appended(part, *arguments)])
    return result.removeprefix(f"{HEAD}e = ").removesuffix(f"\n{SHORT}")


def letters(count: int) -> str:
    return "u" * count


# Calls


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [([0], 88), ([60] * 98 + [110] * 2, 110), ([60] * 99 + [110], 88), ([300] * 100, 120), ([89] * 100, 89)],
)
def test_lines_are_as_long_as_nearly_all_of_a_file(lengths: list[int], expected: int):
    text = "\r\n".join("x" * length for length in lengths)
    assert line_length(parse(Source("app.py", text))) == expected


@pytest.mark.parametrize("line", ['"%s"', "x = f('%s')  # y", "# %s", '"""\n%s\n"""'])
def test_long_strings_and_comments_allow_no_long_lines(line: str):
    text = "\n".join([line % ("x" * 110)] * 50)
    assert line_length(parse(Source("app.py", text))) == 88


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("create_engine()", "create_engine(a=1, b=2)"),
        ("create_engine(u)", "create_engine(u, a=1, b=2)"),
        ("create_engine(u,)", "create_engine(u, a=1, b=2,)"),
        ("create_engine(\n    u, echo=True\n)", "create_engine(\n    u, echo=True, a=1, b=2\n)"),
        ("create_engine(\n    u, echo=True,\n)", "create_engine(\n    u, echo=True,\n    a=1,\n    b=2,\n)"),
        ("create_engine(\n    u, echo=True  # c\n)", "create_engine(\n    u, echo=True,  # c\n    a=1,\n    b=2,\n)"),
        ("create_engine(\n    u, echo=True)", "create_engine(\n    u, echo=True, a=1, b=2)"),
        ("create_engine(u\n)", "create_engine(u, a=1, b=2\n)"),
        ("create_engine(u, [\n    1,\n])", "create_engine(u, [\n    1,\n], a=1, b=2)"),
        ("create_engine(u,\n              echo=True)", "create_engine(u,\n              echo=True, a=1, b=2)"),
        (
            "create_engine(u,\n              echo=True,\n              )",
            "create_engine(u,\n              echo=True,\n              a=1,\n              b=2,\n              )",
        ),
        ("create_engine(u  # c\n)", "create_engine(u,  # c\na=1,\nb=2,\n)"),
    ],
)
def test_arguments_are_appended_in_the_layout_of_a_call(before: str, after: str):
    assert with_arguments(before, "a=1", "b=2") == after


def test_a_line_that_would_be_too_long_is_spread():
    # `e = create_engine(` and `)` have 19 characters, `, a=1` has 5.
    fits, long = letters(88 - 19 - 5), letters(88 - 19 - 5 + 1)
    assert with_arguments(f"create_engine({fits})", "a=1") == f"create_engine({fits}, a=1)"
    assert with_arguments(f"create_engine({long})", "a=1") == f"create_engine(\n    {long}, a=1\n)"
    # Its author wants no other lines.
    assert with_arguments(f"create_engine({long},)", "a=1") == f"create_engine({long}, a=1,)"


def test_arguments_that_do_not_fit_on_one_line_get_one_each():
    fits, long = letters(88 - 4 - 5), letters(88 - 4 - 5 + 1)
    assert with_arguments(f"create_engine({fits})", "a=1") == f"create_engine(\n    {fits}, a=1\n)"
    assert with_arguments(f"create_engine({long})", "a=1") == f"create_engine(\n    {long},\n    a=1,\n)"
    three = f"create_engine({letters(74)}, b=1)"
    assert with_arguments(three, "a=1") == f"create_engine(\n    {letters(74)}, b=1, a=1\n)"
    assert with_arguments(three.replace("b=1", "b=10"), "a=1") == (
        f"create_engine(\n    {letters(74)},\n    b=10,\n    a=1,\n)"
    )


def test_a_spread_call_is_indented_as_its_line():
    long = letters(90)
    for unit in ("    ", "\t"):
        text = f"{HEAD}def f():\n{unit}e = create_engine({long})\n{SHORT}"
        after = f"{HEAD}def f():\n{unit}e = create_engine(\n{unit * 2}{long},\n{unit * 2}a=1,\n{unit})\n{SHORT}"
        assert edited(text, EngineCall, lambda part: [appended(part, "a=1")]) == after


def test_arguments_that_share_a_line_of_their_own_get_one_each_when_it_would_be_too_long():
    fits, long = letters(88 - 4 - 5 - 5), letters(88 - 4 - 5 - 5 + 1)
    assert with_arguments(f"create_engine(\n    {fits}, b=1\n)", "a=1") == f"create_engine(\n    {fits}, b=1, a=1\n)"
    assert with_arguments(f"create_engine(\n    {long}, b=1\n)", "a=1") == (
        f"create_engine(\n    {long},\n    b=1,\n    a=1,\n)"
    )


def with_replaced(call: str, *arguments: str) -> str:
    """The call after its first argument is replaced."""
    edits = lambda part: [replaced(part, part.node.args[0], *arguments)]  # noqa: E731
    result = edited(f"{HEAD}e = {call}\n{SHORT}", EngineCall, edits)
    return result.removeprefix(f"{HEAD}e = ").removesuffix(f"\n{SHORT}")


@pytest.mark.parametrize(
    ("before", "arguments", "after"),
    [
        ("create_engine(u)", ("a",), "create_engine(a)"),
        ("create_engine((u))", ("a",), "create_engine((a))"),
        ("create_engine(u, echo=True)", ("a", "b"), "create_engine(a, b, echo=True)"),
        ("create_engine(u,)", ("a", "b"), "create_engine(a, b,)"),
        # on a line of its own
        ("create_engine(\n    u\n)", ("a", "b"), "create_engine(\n    a, b\n)"),
        ("create_engine(\n    u,\n)", ("a", "b"), "create_engine(\n    a,\n    b,\n)"),
        ("create_engine(\n    u,  # c\n)", ("a", "b"), "create_engine(\n    a,\n    b,  # c\n)"),
        ("create_engine(\n    u, echo=True\n)", ("a", "b"), "create_engine(\n    a, b, echo=True\n)"),
        ("create_engine(\n    u\n)", ('"a"\n    "c"', "b"), 'create_engine(\n    "a"\n    "c",\n    b,\n)'),
        ("create_engine(\n    u,\n)", ("a",), "create_engine(\n    a,\n)"),
        # in lines that have no room
        (f"create_engine(\n    {letters(80)}\n)", (letters(81), "b"), f"create_engine(\n    {letters(81)}, b\n)"),
        (f"create_engine(\n    {letters(80)}\n)", (letters(82), "b"), f"create_engine(\n    {letters(82)},\n    b,\n)"),
        ("create_engine(u)", (letters(66), "b"), f"create_engine({letters(66)}, b)"),
        ("create_engine(u)", (letters(67), "b"), f"create_engine(\n    {letters(67)}, b\n)"),
        ("create_engine(u)  # c", (letters(67), "b"), f"create_engine({letters(67)}, b)  # c"),
        (f"create_engine({letters(69)})", (letters(70),), f"create_engine(\n    {letters(70)}\n)"),
        (f"create_engine({letters(90)})", (letters(90),), f"create_engine({letters(90)})"),
        (f"create_engine({letters(90)})", (letters(87), "b"), f"create_engine({letters(87)}, b)"),
        (f"create_engine({letters(90)})", (letters(80), "b"), f"create_engine({letters(80)}, b)"),
    ],
)
def test_an_argument_is_replaced_in_the_layout_of_its_call(before: str, arguments: tuple[str, ...], after: str):
    assert with_replaced(before, *arguments) == after


def test_a_call_that_cannot_be_read_alone_is_refused():
    assert with_arguments("(create_engine)(u)", "a=1") == "(create_engine)(u, a=1)"


def test_the_edit_of_an_argument_is_that_of_its_whole_text():
    source = Source("app.py", f"{HEAD}e = create_engine(url, echo=True)\n")
    (part,) = [one for one in parts_in(parse(source)) if isinstance(one, EngineCall)]
    at = source.text.index("url") - part.file.start
    assert replaced(part, part.node.args[0], "uri", "more") == Edit(at, at + 3, "uri, more")


# Dictionaries


def with_entries(dictionary: str) -> str:
    head = "from flask import Flask\n\napp = Flask(__name__)\n"
    text = f"{head}app.config['SQLALCHEMY_ENGINE_OPTIONS'] = {dictionary}\n"
    result = edited(text, DatabaseSettings, lambda part: entries_added(part, ("'x': 1", "'y': 2")))
    return result.removeprefix(text.partition("{")[0]).removesuffix("\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{}", "{'x': 1, 'y': 2}"),
        ("{ }", "{'x': 1, 'y': 2}"),
        ("{  # c\n}", "refused: there is a comment inside the dictionary"),
        ("{'a': 1}", "{'a': 1, 'x': 1, 'y': 2}"),
        ("{'a': 1, }", "{'a': 1, 'x': 1, 'y': 2, }"),
        ("{'a': 1,  # c\n}", "refused: there is a comment inside the dictionary"),
        ("{'a': (1)}", "refused: the form of the last entry is not supported"),
        ("{**more}", "{**more, 'x': 1, 'y': 2}"),
        ("{\n    'a': 1,\n}", "{\n    'a': 1,\n    'x': 1,\n    'y': 2,\n}"),
        ("{\n    'a': 1\n}", "{\n    'a': 1,\n    'x': 1,\n    'y': 2\n}"),
        ("{\n    'a': 1,  # c\n}", "{\n    'a': 1,  # c\n    'x': 1,\n    'y': 2,\n}"),
        ("{\n    'a': 1  # c\n}", "{\n    'a': 1,  # c\n    'x': 1,\n    'y': 2\n}"),
        ("{\n    'a': 1 , # c\n}", "{\n    'a': 1 , # c\n    'x': 1,\n    'y': 2,\n}"),
        ("{\n    'a': 1}", "{\n    'a': 1,\n    'x': 1,\n    'y': 2}"),
        ("{\n    'a': 1,}", "{\n    'a': 1,\n    'x': 1,\n    'y': 2,}"),
        ("{\n    'a': [\n        1,\n    ],\n}", "{\n    'a': [\n        1,\n    ],\n    'x': 1,\n    'y': 2,\n}"),
        ("{'a': 1,\n 'b': 2}", "{'a': 1,\n 'b': 2,\n 'x': 1,\n 'y': 2}"),
        ("{\n    **more,\n}", "{\n    **more,\n    'x': 1,\n    'y': 2,\n}"),
    ],
)
def test_entries_are_added_in_the_layout_of_a_dictionary(before: str, after: str):
    assert with_entries(before) == after


# Imports


def imported(text: str, bring: Callable[[PrintCall], Brought]) -> tuple[str, str]:
    """How the name is written at the last `print`, and the text with its import; or why it is refused."""
    names = [""]

    def edits(part: PrintCall) -> Iterable[Edit]:
        brought = bring(part)
        names.append(brought.name)
        return brought.edits

    after = edited(text, PrintCall, edits)
    return names[-1], after


USE = "print(1)\n"
TAKEN = "refused: `os` has another meaning here"


@pytest.mark.parametrize(
    ("text", "name", "after"),
    [
        (f"import os\n{USE}", "os.getenv", f"import os\n{USE}"),
        (f"import os as o\n{USE}", "o.getenv", f"import os as o\n{USE}"),
        (f"from os import getenv as g\n{USE}", "g", f"from os import getenv as g\n{USE}"),
        (f"{USE}", "os.getenv", f"import os\n\n{USE}"),
        # an import that is not executed yet, or is shadowed where it is wanted
        (f"{USE}import os\n", "os.getenv", f"import os\n\n{USE}import os\n"),
        (f"import os\ndef f(os):\n    {USE}", "", TAKEN),
        (f"from os import getenv\nimport os\ndef f(getenv):\n    {USE}", "os.getenv",
         f"from os import getenv\nimport os\ndef f(getenv):\n    {USE}"),
        (f"def f():\n    {USE}\nimport os\n", "os.getenv", f"def f():\n    {USE}\nimport os\n"),
        # an import inside the function, before the use or after it
        (f"def f():\n    import os\n    {USE}", "os.getenv", f"def f():\n    import os\n    {USE}"),
        (f"def f():\n    {USE}    import os\n", "", TAKEN),
        (f"import os\ndef f():\n    {USE}    import os\n", "", TAKEN),
        (f"def f():\n    if x:\n        import os\n    {USE}", "", TAKEN),
        (f"import os\ndef f():\n    import os\n    {USE}", "os.getenv", f"import os\ndef f():\n    import os\n    {USE}"),
        (f"def f():\n    import sys\n    {USE}", "os.getenv", f"import os\n\n\ndef f():\n    import sys\n    {USE}"),
        # what else has the name
        (f"os = 1\n{USE}", "", TAKEN),
        (f"from a import os\n{USE}", "", TAKEN),
        (f"import a as os\n{USE}", "", TAKEN),
        (f"if x:\n    os = 1\n{USE}", "", TAKEN),
        (f"with x as os:\n    pass\n{USE}", "", TAKEN),
        (f"for os in x:\n    pass\n{USE}", "", TAKEN),
        (f"def f():\n    os = 1\n{USE}", "os.getenv", f"import os\n\n\ndef f():\n    os = 1\n{USE}"),
        (f"try:\n    import os\nexcept ImportError:\n    pass\n{USE}", "os.getenv",
         f"import os\n\ntry:\n    import os\nexcept ImportError:\n    pass\n{USE}"),
    ],
)  # fmt: skip
def test_a_member_of_a_module_is_written_as_the_module_is_imported(text: str, name: str, after: str):
    assert imported(text, lambda part: module_member(part, "os", "getenv")) == (name, after)


@pytest.mark.parametrize(
    ("text", "name", "after"),
    [
        (f"from pool import Q\n{USE}", "Q", f"from pool import Q\n{USE}"),
        (f"from pool import Q as P\n{USE}", "P", f"from pool import Q as P\n{USE}"),
        (f"import pool\n{USE}", "pool.Q", f"import pool\n{USE}"),
        (f"from pool import A, Z\n{USE}", "Q", f"from pool import A, Q, Z\n{USE}"),
        (f"from pool import A\n{USE}", "Q", f"from pool import A, Q\n{USE}"),
        (f"from pool import Z\n{USE}", "Q", f"from pool import Q, Z\n{USE}"),
        (f"from pool import *\n{USE}", "Q", f"from pool import *\nfrom pool import Q\n{USE}"),
        (f"from .pool import A\n{USE}", "Q", f"from pool import Q\n\nfrom .pool import A\n{USE}"),
        (f"from other import A\n{USE}", "Q", f"from other import A\nfrom pool import Q\n{USE}"),
        (f"from pool import (\n    A\n)\n{USE}", "Q", f"from pool import (\n    A,\n    Q\n)\n{USE}"),
        (f"from pool import (A,\n    Z,)\n{USE}", "Q", f"from pool import (A,\n    Q,\n    Z,)\n{USE}"),
        (f"from pool import (A, B,)\n{USE}", "Q", f"from pool import (A, B, Q,)\n{USE}"),
        (f"from pool import A; x = 1\n{USE}", "Q", f"from pool import A, Q; x = 1\n{USE}"),
        (f"from pool import A\nfrom pool import Q\ndef f(Q):\n    {USE}", "", "refused: `Q` has another meaning here"),
        (f"Q = 1\n{USE}", "", "refused: `Q` has another meaning here"),
        (USE, "Q", f"from pool import Q\n\n{USE}"),
    ],
)
def test_a_name_is_imported_beside_its_kind(text: str, name: str, after: str):
    assert imported(text, lambda part: imported_name(part, "pool", "Q")) == (name, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from pool import N", "from pool import Q"),
        ("from pool import A, N, Z", "from pool import A, Q, Z"),
        ("from pool import N, A", "from pool import A, Q"),
        # what else is written there stays
        ("from pool import N as M", "from pool import N as M, Q"),
        ("from pool import (N)", "from pool import (N, Q)"),
        ("from pool import N, \\\n    A", "from pool import N, \\\n    A, \\\n    Q"),
        ("from pool import N, A as B", "from pool import N, A as B, Q"),
        ("from other import N", "from other import N\nfrom pool import Q"),
        ("from .pool import N", "from pool import Q\n\nfrom .pool import N"),
        ("from pool import N\nn = N", "from pool import N, Q\nn = N"),
    ],
)
def test_a_name_that_only_the_part_uses_is_replaced_in_its_import(before: str, after: str):
    text = f"{before}\nprint(N)\n"
    expected = ("Q", f"{after}\nprint(N)\n")
    assert imported(text, lambda part: imported_instead(part, "pool", "N", "Q")) == expected


LOGGER = "logger = logging.getLogger(__name__)\n"


@pytest.mark.parametrize(
    ("text", "name", "after"),
    [
        (USE, "logger", f"import logging\n\n{LOGGER}\n{USE}"),
        (f"import logging\n{LOGGER}{USE}", "logger", f"import logging\n{LOGGER}{USE}"),
        (f"import logging\n\nx = 1\n{USE}", "logger", f"import logging\n\n{LOGGER}\nx = 1\n{USE}"),
        (f"import logging\n{USE}", "logger", f"import logging\n\n{LOGGER}\n{USE}"),
        # the usual name of several, and one that exists at the use
        (f"import logging\na = logging.getLogger('a')\nlog = logging.getLogger('a')\n{USE}", "log",
         f"import logging\na = logging.getLogger('a')\nlog = logging.getLogger('a')\n{USE}"),
        (f"import logging\nlog = logging.getLogger('a')\n{LOGGER}{USE}", "logger",
         f"import logging\nlog = logging.getLogger('a')\n{LOGGER}{USE}"),
        (f"import logging\nb = logging.getLogger('a')\na = logging.getLogger('a')\n{USE}", "a",
         f"import logging\nb = logging.getLogger('a')\na = logging.getLogger('a')\n{USE}"),
        (f"import logging\ndef f():\n    {USE}\nlog = logging.getLogger('a')\n", "log",
         f"import logging\ndef f():\n    {USE}\nlog = logging.getLogger('a')\n"),
        (f"import logging\n{USE}log = logging.getLogger('a')\n", "logger",
         f"import logging\n\n{LOGGER}\n{USE}log = logging.getLogger('a')\n"),
        (f"import logging\nlog = logging.getLogger('a')\ndef f(log):\n    {USE}", "logger",
         f"import logging\n\n{LOGGER}\nlog = logging.getLogger('a')\ndef f(log):\n    {USE}"),
        (f"logger = 1\n{USE}", "", "refused: `logger` has another meaning here"),
        (f"{USE}logger = 1\n", "", "refused: `logger` has another meaning here"),
        (f"def f(logger):\n    {USE}", "", "refused: `logger` has another meaning here"),
        (f"import sys; {USE}", "", "refused: the imports are below this line"),
    ],
)  # fmt: skip
def test_the_logger_of_a_module(text: str, name: str, after: str):
    assert imported(text, module_logger) == (name, after)
