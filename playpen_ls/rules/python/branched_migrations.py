from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator, Sequence

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import MigrationsRun
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Change, Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.model.migrations import MARK, revision
from playpen_ls.languages.python.parts import PythonModule
from playpen_ls.rules.python._migrations import Migrations, Tree
from playpen_ls.text.words import Words


def _mentioned(words: Words) -> bool:
    return MARK in words.all


def _file(name: str, parent: str | None) -> str:
    down = f'"{parent}"' if parent else "None"
    return f'revision = "{name}"\ndown_revision = {down}\n\n\ndef upgrade():\n    pass\n'


_TEMPLATE = '''"""merge {first} and {last}

Revision ID: {id}
Revises: {revises}

"""

revision = "{id}"
down_revision = ({parents})
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
'''
_BASE = {"alembic/env.py": "", "alembic/versions/a1_first.py": _file("a1", None)}


def _merge(*heads: str) -> tuple[str, str]:
    """(identity, text) of a revision that joins the heads."""
    identity = hashlib.sha256(" ".join(heads).encode()).hexdigest()[:12]
    parents = ", ".join(f'"{head}"' for head in heads)
    first, last = ", ".join(heads[:-1]), heads[-1]
    return identity, _TEMPLATE.format(id=identity, first=first, last=last, revises=", ".join(heads), parents=parents)


_MERGED = _merge("b1", "b2")


@rule(
    severity=Severity.ERROR,
    practice="Database migrations",
    mentions=_mentioned,
    bad=[
        example(
            {
                "alembic/versions/b1_name.py": _file("b1", "a1").replace('"b1"', '«"b1"»'),
                "alembic/versions/b2_price.py": _file("b2", "a1"),
                **_BASE,
            },
            creates={f"alembic/versions/{_MERGED[0]}_merge_b1_and_b2.py": _MERGED[1]},
        ),
        {
            "alembic/versions/b1_name.py": "from typing import Union\n\nrevision: str = 'b1'\n"
            "down_revision: Union[str, None] = «'a0'»\n",
            **_BASE,
        },
        {
            "alembic/versions/b1_name.py": _file("b1", "a1").replace('"b1"', '«"b1"»'),
            "alembic/versions/b1_price.py": _file("b1", "a1"),
            **_BASE,
        },
    ],
    good=[
        {"alembic/versions/b1_name.py": _file("b1", "a1"), **_BASE},
        # A revision is named after its message, which can be "test".
        {
            "alembic/versions/c1_name.py": _file("c1", "b1"),
            "alembic/versions/b1_test.py": _file("b1", "a1"),
            **_BASE,
        },
        {
            "alembic/versions/c1_merge.py": 'revision = "c1"\ndown_revision = ("b1", "b2")\n',
            "alembic/versions/b1_name.py": _file("b1", "a1"),
            "alembic/versions/b2_price.py": _file("b2", "a1"),
            **_BASE,
        },
        # Branches with names are upgraded by themselves.
        {
            "alembic/versions/b1_name.py": _file("b1", "a1") + 'branch_labels = ("shop",)\n',
            "alembic/versions/b2_price.py": _file("b2", "a1"),
            **_BASE,
        },
        {
            "alembic/versions/b1_name.py": _file("b1", "a1"),
            "alembic/versions/b2_price.py": _file("b2", "a1"),
            "start.sh": "alembic upgrade heads\n",
            **_BASE,
        },
        # Two environments have two trees, and so do two bases.
        {
            "alembic/versions/b1.py": _file("b1", "a1"),
            "other/env.py": "",
            "other/versions/z.py": _file("z", "y"),
            **_BASE,
        },
        {"alembic/versions/z1.py": _file("z1", None), **_BASE},
        {"alembic/versions/b1.py": "revision = 'b1'\ndown_revision = parent()\n", **_BASE},
        {
            "alembic/versions/b1.py": _file("b1", "z9"),
            "alembic.ini": "[alembic]\nversion_locations = alembic/versions other/versions\n",
            **_BASE,
        },
    ],
)
def branched_migrations(module: PythonModule, migrations: Migrations, run: Facts[MigrationsRun]) -> Iterator[Finding]:
    """Chain of migrations has two heads, lacks a revision or has one twice.

    With two heads `alembic upgrade head` stops with "Multiple head revisions are present". Two branches that each
    added a revision cause it when both are merged; a revision that joins the heads repairs it. A `down_revision` that
    does not exist stops every command of Alembic, and of two files with one identity only one is run. Not
    reported for branches with labels, for revisions in several places or with computed identities, and where the
    project runs `alembic upgrade heads`.
    """
    own = module.file.ask(revision)
    tree = migrations.tree(module.path, own) if own is not None else None
    if own is None or tree is None or not tree.is_known:
        return
    twice = [one for one in tree.others if one.id == own.id]
    if twice:
        related = tuple(one.related("has the same identity") for one in twice)
        yield Finding(own.span, f"revision `{own.id}` exists twice", related=related, chunk=own.chunk)
        return
    lost = [parent for parent in own.parents or () if parent not in tree.parents and "@" not in parent]
    if lost:
        message = f"revision `{lost[0]}` does not exist in `{posixpath.dirname(module.path)}`"
        yield Finding(own.parents_span, message, chunk=own.parents_chunk)
        return
    heads = _rivals(own.id, tree)
    if not heads or any(one.every_head for one in run):
        return
    related = tuple(one.related("is another head") for one in tree.others if one.id in heads)
    fix = Fix("Create a revision that joins the heads", lambda: _joined(module.path, tree), kind="refactor.rewrite")
    others = " and ".join(f"`{one}`" for one in heads)
    message = f"revision `{own.id}` is a head, and so is {others}; `alembic upgrade head` fails"
    yield Finding(own.span, message, (fix,), related=related, chunk=own.chunk)


def _rivals(own: str, tree: Tree) -> Sequence[str]:
    """The other heads, if this revision is one and `upgrade head` cannot choose between them."""
    if own not in tree.heads or len(tree.heads) == 1 or max(tree.count.values()) > 1:
        return ()
    ancestors = {head: tree.ancestors(head) for head in tree.heads}
    if any(ancestors[head] & tree.labeled for head in tree.heads):
        return ()
    if any(parent not in tree.parents for one in ancestors.values() for parent in one):
        return ()  # the lost one may be what joins them
    return [head for head in tree.heads if head != own and ancestors[head] & ancestors[own]]


def _joined(path: str, tree: Tree) -> Change:
    identity, text = _merge(*tree.heads)
    name = f"{identity}_merge_{'_and_'.join(tree.heads)}.py"
    return Change({}, {posixpath.join(posixpath.dirname(path), name): text})
