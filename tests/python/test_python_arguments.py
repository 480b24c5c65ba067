"""New arguments of a call, where the comments of the old ones stay beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

HEAD = "from sqlalchemy import create_engine\nfrom sqlalchemy.pool import QueuePool\n\n"
NEW = ("poolclass=QueuePool", "pool_size=10", "max_overflow=20")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("create_engine(URL)", f"create_engine(URL, {', '.join(NEW)})"),
        ("create_engine(URL, )", f"create_engine(URL, {', '.join(NEW)}, )"),
        ("create_engine(\n    URL\n)", "create_engine(\n    URL,\n    " + ",\n    ".join(NEW) + ",\n)"),
        ("create_engine(\n    URL,\n)", "create_engine(\n    URL,\n    " + ",\n    ".join(NEW) + ",\n)"),
        (
            "create_engine(\n    URL,\n    echo=True,  # noisy\n)",
            "create_engine(\n    URL,\n    echo=True,  # noisy\n    " + ",\n    ".join(NEW) + ",\n)",
        ),
        (
            "create_engine(\n    URL,\n    echo=True  # noisy\n)",
            "create_engine(\n    URL,\n    echo=True,  # noisy\n    " + ",\n    ".join(NEW) + ",\n)",
        ),
        (
            "create_engine(URL,  # where\n              echo=True)  # what",
            f"create_engine(URL,  # where\n              echo=True, {', '.join(NEW)})  # what",
        ),
        (
            "create_engine(\n\tURL,\n\t# the end\n)",
            "create_engine(\n\tURL,\n\t# the end\n\t" + ",\n\t".join(NEW) + ",\n)",
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_arguments_are_added_as_by_hand(before: str, after: str, newline: str, tmp_path: Path):
    text, expected = (f"{HEAD}engine = {call}\n".replace("\n", newline) for call in (before, after))
    workspace = Workspace(tmp_path)
    workspace.open(Source("app.py", text), "python")
    fixed = workspace.fixed("app.py", lambda diagnostic, fix: diagnostic.rule.name == "default-pool")
    assert fixed.source.text == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import NullPool", "import NullPool, QueuePool"),
        ("import StaticPool, NullPool as N", "import QueuePool, StaticPool, NullPool as N"),
        ("import (NullPool, StaticPool)", "import (NullPool, QueuePool, StaticPool)"),
        ("import (\n    NullPool,\n)", "import (\n    NullPool,\n    QueuePool,\n)"),
        ("import (\n    NullPool\n)", "import (\n    NullPool,\n    QueuePool\n)"),
        ("import (\n    NullPool,  # none\n)", "import (\n    NullPool,  # none\n    QueuePool,\n)"),
        (
            "import (\n    NullPool,  # none\n    StaticPool,\n)",
            "import (\n    NullPool,  # none\n    QueuePool,\n    StaticPool,\n)",
        ),
        ("import (  # pools\n    StaticPool,\n)", "import (  # pools\n    QueuePool,\n    StaticPool,\n)"),
        ("import NullPool, \\\n    StaticPool", "import NullPool, \\\n    QueuePool, \\\n    StaticPool"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_name_is_added_to_an_import_as_by_hand(before: str, after: str, newline: str, tmp_path: Path):
    head, engine = "from sqlalchemy import create_engine\nfrom sqlalchemy.pool ", "\n\nengine = create_engine(URL{})\n"
    text = f"{head}{before}{engine.format('')}".replace("\n", newline)
    expected = f"{head}{after}{engine.format(', ' + ', '.join(NEW))}".replace("\n", newline)
    workspace = Workspace(tmp_path)
    workspace.open(Source("app.py", text), "python")
    fixed = workspace.fixed("app.py", lambda diagnostic, fix: diagnostic.rule.name == "default-pool")
    assert fixed.source.text == expected
