from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator, Sequence

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import MigrationsRun
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Change, Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.model.django_migrations import MARK as DJANGO_MARK
from playpen_ls.languages.python.model.django_migrations import django_migration
from playpen_ls.languages.python.model.migrations import MARK, revision
from playpen_ls.languages.python.parts import PythonModule
from playpen_ls.rules.python._django_migrations import DjangoMigrations, DjangoTree
from playpen_ls.rules.python._migrations import Migrations, Tree
from playpen_ls.text.words import Words


def _mentioned(words: Words) -> bool:
    return MARK in words.all or (words.has(DJANGO_MARK) and "dependencies" in words.all)


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


_DJANGO = """from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
{lines}    ]

    operations = []
"""


def _django(*parents: str, more: str = "") -> str:
    return _DJANGO.format(lines="".join(f'        ("shop", "{parent}"),\n' for parent in parents) + more)


_USER = "        migrations.swappable_dependency(settings.AUTH_USER_MODEL),\n"
_FIRST = {"shop/migrations/0001_initial.py": _django(more=_USER)}


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
        example(
            {
                "shop/migrations/0002_name.py": _django("0001_initial").replace("dependencies", "«dependencies»"),
                "shop/migrations/0002_price.py": _django("0001_initial"),
                **_FIRST,
            },
            creates={"shop/migrations/0003_merge_0002_name_0002_price.py": _django("0002_name", "0002_price")},
        ),
        {
            "shop/migrations/0002_name.py": _django("0001_first").replace("dependencies", "«dependencies»"),
            "shop/migrations/0003_price.py": _django("0002_name"),
            **_FIRST,
        },
    ],
    good=[
        {
            "shop/migrations/0002_name.py": _django("0001_initial"),
            "shop/migrations/0003_price.py": _django("0002_name", more='        ("auth", "0012_alter_user"),\n'),
            **_FIRST,
        },
        {
            "shop/migrations/0002_name.py": _django("0001_initial"),
            "shop/migrations/0002_price.py": _django("0001_initial"),
            "shop/migrations/0003_merge.py": _django("0002_name", "0002_price"),
            **_FIRST,
        },
        # Squashed migrations, an application with another label, and tests.
        {
            "shop/migrations/0002_name.py": _django("0001_initial"),
            "shop/migrations/0001_squashed_0002.py": _django().replace(
                "    operations", '    replaces = [("shop", "0001_initial"), ("shop", "0002_name")]\n\n    operations'
            ),
            **_FIRST,
        },
        {
            "store/migrations/0002_name.py": _django("0001_initial"),
            "store/migrations/0002_price.py": _django("0001_initial"),
            "store/migrations/0001_initial.py": _django(),
        },
        {
            "tests/shop/migrations/0002_name.py": _django("0001_initial"),
            "tests/shop/migrations/0002_price.py": _django("0001_initial"),
        },
        {"shop/migrations/0002_name.py": _django("__first__")},
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
def branched_migrations(
    module: PythonModule, migrations: Migrations, run: Facts[MigrationsRun], django: DjangoMigrations, files: Files
) -> Iterator[Finding]:
    """Chain of migrations has two heads, lacks a revision or has one twice.

    With two heads `alembic upgrade head` stops with "Multiple head revisions are present". Two branches that each
    added a revision cause it when both are merged; a revision that joins the heads repairs it. A `down_revision` that
    does not exist stops every command of Alembic, and of two files with one identity only one is run. Not
    reported for branches with labels, for revisions in several places or with computed identities, and where the
    project runs `alembic upgrade heads`. Of Django, applications whose migrations have two leaves or lack one, with
    which `manage.py migrate` stops too, but not those with squashed migrations.
    """
    if module.file.ask(django_migration) is not None:
        yield from _of_django(module, django, files)
        return
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


def _of_django(module: PythonModule, django: DjangoMigrations, files: Files) -> Iterator[Finding]:
    own = module.file.ask(django_migration)
    tree = django.tree(module.path, own) if own is not None else None
    if own is None or tree is None:
        return
    folder = posixpath.dirname(module.path)
    lost = [parent for parent in tree.parents[own.name] if parent not in tree.parents]
    if lost:
        if not any(name.startswith(f"{one}.") for one in lost for name in files.names(folder)):
            yield Finding(own.span, f"migration `{lost[0]}` does not exist in `{folder}`", chunk=own.chunk)
        return
    if own.name not in tree.leaves or any(one not in tree.parents for some in tree.parents.values() for one in some):
        return
    rivals = [one for one in tree.leaves if one != own.name]
    if rivals:
        related = tuple(one.related("is another leaf") for one in tree.others if one.name in rivals)
        title = "Create a migration that joins the leaves"
        fix = Fix(title, lambda: _merged(folder, tree), kind="refactor.rewrite")
        others = " and ".join(f"`{one}`" for one in rivals)
        message = f"migration `{own.name}` is a leaf, and so is {others}; `manage.py migrate` fails"
        yield Finding(own.span, message, (fix,), related=related, chunk=own.chunk)


_LONGEST = 52  # characters of a name that Django makes of the leaves


def _merged(folder: str, tree: DjangoTree) -> Change:
    """The migration that `manage.py makemigrations --merge` writes."""
    numbers = [int(one.partition("_")[0]) for one in tree.leaves if one.partition("_")[0].isdecimal()]
    name = f"merge_{'_'.join(tree.leaves)}"
    name = f"{max(numbers, default=0) + 1:04}_{name if len(name) <= _LONGEST else 'merge'}"
    lines = "".join(f'        ("{tree.label}", "{one}"),\n' for one in tree.leaves)
    return Change({}, {f"{folder}/{name}.py": _DJANGO.format(lines=lines)})
