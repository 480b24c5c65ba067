"""Where a new import is put: as isort would."""

from __future__ import annotations

import pytest

from playpen_ls.api.finding import Refused
from playpen_ls.languages.python.edits.import_order import after_imports, gap, import_edit
from playpen_ls.languages.python.model.module import parse
from playpen_ls.text.source import Source


def added(text: str, line: str = "import os", used_at: int | None = None) -> str:
    """The text with the import; or why it is refused."""
    source = Source("app.py", text)
    model = parse(source)
    try:
        edit = import_edit(model, line, len(text) if used_at is None else used_at)
    except Refused as refused:
        return f"refused: {refused}"
    return source.edited([edit]).text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # beside those of its section, by name, `import` before `from`
        ("import abc\nimport sys\n", "import abc\nimport os\nimport sys\n"),
        ("import sys\n", "import os\nimport sys\n"),
        ("import abc\n", "import abc\nimport os\n"),
        ("import abc\nfrom abc import ABC\n", "import abc\nimport os\nfrom abc import ABC\n"),
        ("from abc import ABC\n", "import os\nfrom abc import ABC\n"),
        ("import abc\nimport sys; x = 1\n", "import abc\nimport os\nimport sys; x = 1\n"),
        # as a section of its own
        ("import yaml\n", "import os\n\nimport yaml\n"),
        ("from . import a\n", "import os\n\nfrom . import a\n"),
        ("from yaml import a\n\nfrom .b import c\n", "import os\n\nfrom yaml import a\n\nfrom .b import c\n"),
        # a text that does not end with its line
        ("import abc", "import abc\nimport os"),
        ("import abc\r\n", "import abc\r\nimport os\r\n"),
        # imports over several lines, and a comment behind one
        ("from abc import (\n    ABC,\n)\nimport sys\n", "import os\nfrom abc import (\n    ABC,\n)\nimport sys\n"),
        ("import abc  # a\nimport sys\n", "import abc  # a\nimport os\nimport sys\n"),
        # behind what must be first
        ('"""Doc."""\n', '"""Doc."""\n\nimport os\n'),
        ('"""Doc."""\nx = 1\n', '"""Doc."""\n\nimport os\n\nx = 1\n'),
        ('"""Doc."""\n\nx = 1\n', '"""Doc."""\n\nimport os\n\nx = 1\n'),
        ('"""Doc."""', '"""Doc."""\n\nimport os\n'),
        ("from __future__ import annotations\n\nx = 1\n", "from __future__ import annotations\n\nimport os\n\nx = 1\n"),
        (
            "from __future__ import annotations\nimport abc\n",
            "from __future__ import annotations\nimport abc\nimport os\n",
        ),
        # at the top of what has none
        ("", "import os\n"),
        ("x = 1\n", "import os\n\nx = 1\n"),
        ("def f():\n    pass\n", "import os\n\n\ndef f():\n    pass\n"),
        ("class A:\n    pass\n", "import os\n\n\nclass A:\n    pass\n"),
        ("@a\ndef f():\n    pass\n", "import os\n\n\n@a\ndef f():\n    pass\n"),
        ("async def f():\n    pass\n", "import os\n\n\nasync def f():\n    pass\n"),
        ("#!/usr/bin/env python\nx = 1\n", "#!/usr/bin/env python\nimport os\n\nx = 1\n"),
        ("# Copyright\n\n# about x\nx = 1\n", "# Copyright\n\nimport os\n\n# about x\nx = 1\n"),
        ("# about x\nx = 1\n", "import os\n\n# about x\nx = 1\n"),
        # only the first block of imports counts
        ("import abc\n\nx = 1\nimport sys\n", "import abc\nimport os\n\nx = 1\nimport sys\n"),
        ('__version__ = "1"\nimport sys\n', '__version__ = "1"\nimport os\nimport sys\n'),
    ],
)
def test_a_module_of_the_standard_library(before: str, after: str):
    assert added(before) == after


@pytest.mark.parametrize(
    ("before", "line", "after"),
    [
        ("import os\n", "import yaml", "import os\n\nimport yaml\n"),
        ("import os\n\nimport attr\nimport zmq\n", "import yaml", "import os\n\nimport attr\nimport yaml\nimport zmq\n"),
        ("import os\n\nfrom .a import b\n", "import yaml", "import os\n\nimport yaml\n\nfrom .a import b\n"),
        ("import os\n\nimport attr\n\nimport shop\n", "import yaml", "import os\n\nimport attr\nimport yaml\n\nimport shop\n"),
        ("import os\n\nimport attr\n\nfrom shop import a\n\nfrom .b import c\n", "from zmq import d",
         "import os\n\nimport attr\nfrom zmq import d\n\nfrom shop import a\n\nfrom .b import c\n"),
        ("import os\n\nimport attr\n\nfrom shop import a\n", "from . import b",
         "import os\n\nimport attr\n\nfrom shop import a\n\nfrom . import b\n"),
        ("import os\nimport sys\n", "from os import path", "import os\nimport sys\nfrom os import path\n"),
        ("from os import a\nfrom sys import b\n", "from re import c", "from os import a\nfrom re import c\nfrom sys import b\n"),
        ("import os\nfrom sys import b\n", "from re import c", "import os\nfrom re import c\nfrom sys import b\n"),
    ],
)  # fmt: skip
def test_another_import(before: str, line: str, after: str):
    assert added(before, line) == after


def test_an_import_stands_above_its_use():
    assert added("x = 1\nimport sys\n", used_at=0) == "import os\n\nx = 1\nimport sys\n"
    assert added('"""Doc."""\nx = 1\nimport sys\n', used_at=4) == "refused: the imports are below this line"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("import os\nimport sys\ny = 1\n", "y"),
        ("import os\n\ntry:\n    import a\nexcept ImportError:\n    a = None\ny = 1\n", "y"),
        ("import os\nif os:\n    b = 1\nimport sys\ny = 1\n", "y"),
        ("import os\ny = 1\ndef f():\n    pass\nimport sys\n", "y"),
        ('"""Doc."""\ny = 1\n', "y"),
        ("y = 1\n", "y"),
    ],
)
def test_what_follows_the_imports(text: str, place: str):
    model = parse(Source("app.py", text))
    assert after_imports(model) == text.index(f"{place} = 1")


@pytest.mark.parametrize(
    ("text", "lines"),
    [("def f(): pass\n", 2), ("async  def f(): pass\n", 2), ("class A: pass\n", 2), ("@a\ndef f(): pass\n", 2),
     ("default = 1\n", 1), ("x = 1\n", 1), ("\nx = 1\n", 0), ("\r\nx = 1\n", 0), ("", 0)],
)  # fmt: skip
def test_two_blank_lines_part_a_definition_from_the_imports(text: str, lines: int):
    assert gap(parse(Source("app.py", text)), 0, "\r\n") == "\r\n" * lines
