"""Revisions of Alembic: what a file says as one, which commands run them, and what the newest of them does."""

from __future__ import annotations

from pathlib import Path

import pytest
from opened import opened

from playpen_ls.api.fact_types import MigrationsRun, Revision
from playpen_ls.languages import builds
from playpen_ls.languages.detection import language_of
from playpen_ls.languages.registry import facts_in, model_facts, parse
from playpen_ls.text.source import Source

HEAD = 'revision = "b1"\ndown_revision = "a1"\n'


def stated(kind: type, path: str, text: str) -> list[tuple]:
    language = language_of(path, lambda: text)
    facts = facts_in(language, Source(path, text)) if language else builds.facts_in(path, text)
    return [fact for fact in facts if isinstance(fact, kind)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD, [("b1", ("a1",), False)]),
        ("revision: str = 'b1'\ndown_revision: str | None = None\n", [("b1", (), False)]),
        ('revision = "b1"\ndown_revision = ("a1", "a2")\nbranch_labels = ("x",)\n', [("b1", ("a1", "a2"), True)]),
        ('revision = "b1"\ndown_revision = ["a1"]\nbranch_labels = None\n', [("b1", ("a1",), False)]),
        ('revision = make()\ndown_revision = "a1"\n', [("", ("a1",), False)]),
        ('revision = "b1"\ndown_revision = f"{x}"\n', [("b1", None, False)]),
        ('"""x\n\nRevision ID: b1\n"""\n\nfrom alembic import op\n\n' + HEAD, [("b1", ("a1",), False)]),
        ("revision = 1\n", []),
        ('def f():\n    revision = "b1"\n    down_revision = "a1"\n', []),
        ("# down_revision = 'a'\nrevision = 'b'\n", []),
    ],
)
def test_a_revision_says_its_place(text: str, expected: list[tuple]):
    found = stated(Revision, "alembic/versions/b1.py", text)
    assert [(one.id, one.parents, one.labeled) for one in found] == expected
    whole = [fact for fact in model_facts(parse("python", Source("m.py", text))) if isinstance(fact, Revision)]
    assert [(one.id, one.parents, one.labeled) for one in whole] == expected
    for one in found:
        assert text[one.place.span.start : one.place.span.end].strip("\"'") in (one.id, "make()")


def test_a_revision_of_tests_is_none():
    assert stated(Revision, "tests/versions/b1.py", HEAD) == []


@pytest.mark.parametrize(
    ("path", "text", "every_head"),
    [
        ("start.sh", "#!/bin/sh\nalembic upgrade head\nexec uvicorn app:app\n", False),
        ("start.sh", "poetry run alembic -c x/alembic.ini upgrade heads\n", True),
        ("start.sh", "flask db upgrade\n", False),
        ("Makefile", "migrate:\n\tpython manage.py db upgrade\n", False),
        ("docker-compose.yml", 'services:\n  m:\n    command: ["alembic", "upgrade", "head"]\n', False),
        (".github/workflows/x.yml", "jobs:\n  a:\n    steps:\n      - run: alembic upgrade head\n", False),
        ("Dockerfile", "FROM x\nCMD alembic upgrade head && uvicorn app:app\n", False),
        ("Dockerfile", 'FROM x\nENTRYPOINT ["flask", "--app", "shop", "db", "upgrade"]\n', False),
        (
            "Jenkinsfile",
            "pipeline { agent any\nstages { stage('a') { steps { sh 'alembic upgrade heads' } } } }\n",
            True,
        ),
        ("job.yaml", "apiVersion: batch/v1\nkind: Job\nspec:\n  x: [alembic, upgrade, head]\n", False),
        ("app.py", 'from alembic import command\n\ncommand.upgrade(config, "head")\n', False),
        ("app.py", 'from alembic.command import upgrade\n\nupgrade(config, "heads")\n', True),
        ("app.py", "from flask_migrate import Migrate, upgrade\n\nupgrade()\n", False),
        ("app.py", "import alembic.config\n\nalembic.config.main(argv=['upgrade', 'head'])\n", False),
        (
            "app.py",
            "from alembic.runtime.migration import MigrationContext\n\nMigrationContext.configure(c).run_migrations()\n",
            False,
        ),
    ],
)
def test_a_command_runs_the_migrations(path: str, text: str, every_head: bool):
    assert [one.every_head for one in stated(MigrationsRun, path, text)] == [every_head]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("start.sh", "alembic revision --autogenerate\npip install --upgrade pip\n"),
        (
            "alembic/env.py",
            "from alembic import context\n\nwith context.begin_transaction():\n    context.run_migrations()\n",
        ),
        ("alembic/versions/b1.py", HEAD + "\n\ndef upgrade():\n    pass\n"),
        ("tests/conftest.py", 'from alembic import command\n\ncommand.upgrade(config, "head")\n'),
        ("app.py", "upgrade(x)\n"),
    ],
)
def test_nothing_else_runs_the_migrations(path: str, text: str):
    assert stated(MigrationsRun, path, text) == []


def test_a_second_head_is_reported_while_it_is_written(tmp_path: Path):
    path, second = "alembic/versions/b2.py", 'revision = "b2"\ndown_revision = "b1"\n'
    first = 'revision = "a1"\ndown_revision = None\n'
    files = {"alembic/env.py": "", "alembic/versions/a1.py": first, "alembic/versions/b1.py": HEAD, path: second}
    workspace = opened(tmp_path, files, path, "python")
    assert not workspace.check(path).diagnostics
    source = Source(path, second.replace("b1", "a1"))
    workspace.edit(path, source)
    found = workspace.check(path).diagnostics
    assert [(one.rule.name, source.of(one.span)) for one in found] == [("branched-migrations", '"b2"')]
