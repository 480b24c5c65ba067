"""Imports that fixes leave unused go with them."""

from __future__ import annotations

import pytest

from playpen_ls.languages.python.edits.unused_imports import left_unused
from playpen_ls.languages.python.model.module import parse
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source


@pytest.mark.parametrize(
    ("text", "gone", "expected"),
    [
        ("import os\nimport time\n\n\ntime.sleep(1)\n", ["time.sleep(1)"], "import os\n\n\nf()\n"),
        # Two fixes together.
        ("import time\n\ntime.sleep(1)\ntime.sleep(2)\n", ["time.sleep(1)", "time.sleep(2)"], "f()\nf()\n"),
        ("import time\n\ntime.sleep(1)\ntime.sleep(2)\n", ["time.sleep(1)"], "import time\n\nf()\ntime.sleep(2)\n"),
        # The group of an import.
        ("import a\n\nimport b\n\n\nb.f()\n", ["b.f()"], "import a\n\n\nf()\n"),
        ("import a\n\nimport b\n\nfrom . import c\n\nb.f()\n", ["b.f()"], "import a\n\nfrom . import c\n\nf()\n"),
        # One of several names.
        ("from a import b, c\n\nb()\nc()\n", ["b()"], "from a import c\n\nf()\nc()\n"),
        ("from a import b, c\n\nb()\nc()\n", ["c()"], "from a import b\n\nb()\nf()\n"),
        ("from a import (\n    b,\n    c,\n)\n\nb()\nc()\n", ["c()"], "from a import (\n    b,\n)\n\nb()\nf()\n"),
        # In use, or meant for others.
        ("import b\n\nb()\n__all__ = ['b']\n", ["b()"], "import b\n\nf()\n__all__ = ['b']\n"),
        ("import b  # noqa: F401\n\nb()\n", ["b()"], "import b  # noqa: F401\n\nf()\n"),
        ("import b\n\nx.b()\n", ["x.b()"], "import b\n\nf()\n"),
    ],
)
def test_what_is_unused_now_is_removed(text: str, gone: list[str], expected: str):
    source = Source("app.py", text)
    edits = [Edit(text.index(one), text.index(one) + len(one), "f()") for one in gone]
    assert source.edited([*edits, *left_unused(parse(source), edits)]).text == expected


def test_a_package_imports_for_others():
    source = Source("shop/__init__.py", "import b\n\nb()\n")
    assert left_unused(parse(source), [Edit(10, 13, "")]) == []
