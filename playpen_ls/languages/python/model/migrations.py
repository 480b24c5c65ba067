"""Revisions of Alembic: what a file says of its place among the others, and the operations of its `upgrade`.

https://alembic.sqlalchemy.org/en/latest/ops.html
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from playpen_ls.api.file_view import Outline
from playpen_ls.languages.python.model.file_kind import is_in_tests
from playpen_ls.languages.python.model.parts import Called, Site
from playpen_ls.languages.python.model.scope import Link
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.text.words import Words

MARK = "down_revision"
ENVIRONMENT = "run_migrations"
_ASSIGNED = regex(r"^(?:down_revision|revision|branch_labels)\b[^\n=]*=(?!=)", re.MULTILINE)
_ANY = "*"
_SPACE = regex(r"\s+")

# The position of the table among the arguments of each operation; a batch has the table.
OPERATIONS = {
    "create_index": 1, "create_foreign_key": 1, "create_check_constraint": 1, "add_column": 0, "alter_column": 0,
    "drop_column": 0, "drop_table": 0, "rename_table": 0, "execute": None,
}  # fmt: skip
_TABLES = ("table_name", "source_table", "old_table_name", "source")
_BATCH = "alembic.op.batch_alter_table()"
_CONNECTION = "alembic.op.get_bind()"


@dataclass(frozen=True, slots=True)
class Assigned:
    """`down_revision = ("a", "b")`. `values` are None if they are not literal; `span` is that of the value."""

    name: str
    values: tuple[str, ...] | None
    span: Span


@dataclass(frozen=True, slots=True)
class Revised:
    """A revision: its `id`, "" if unknown, and those that it follows, None if unknown.

    Each range counts from the start of the chunk before it.
    """

    id: str
    parents: tuple[str, ...] | None
    labeled: bool
    chunk: int
    span: Span
    parents_chunk: int
    parents_span: Span


def _assigned(statement: Statement) -> tuple[Assigned, ...]:
    if statement.header or not _ASSIGNED.search(statement.text):
        return ()
    found = []
    for node in statement.body():
        target = (
            node.targets[0]
            if isinstance(node, ast.Assign)
            else node.target
            if isinstance(node, ast.AnnAssign)
            else None
        )
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and target.id in (MARK, "revision", "branch_labels") and value is not None:
            found.append(Assigned(target.id, _texts(value), statement.span(value)))
    return tuple(found)


def _texts(node: ast.expr) -> tuple[str, ...] | None:
    if isinstance(node, ast.Constant) and node.value is None:
        return ()
    values = node.elts if isinstance(node, (ast.Tuple, ast.List, ast.Set)) else [node]
    texts = [one.value for one in values if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return tuple(texts) if len(texts) == len(values) else None


def revision(outline: Outline) -> Revised | None:
    """A query: what the file says as a revision; None if it is none."""
    if is_in_tests(outline.path):  # `1f_test.py` is named after its message
        return None
    known = {one.name: (chunk, one) for chunk, some in enumerate(outline.each(_assigned)) for one in some}
    if MARK not in known or "revision" not in known:
        return None
    (chunk, own), (parents_chunk, parents) = known["revision"], known[MARK]
    identity = own.values[0] if own.values and len(own.values) == 1 else ""
    labels = known["branch_labels"][1].values if "branch_labels" in known else ()
    return Revised(identity, parents.values, labels != (), chunk, own.span, parents_chunk, parents.span)


_CREATED = regex(
    r"create_table\((?P<rest>[ \t\n]*(?:(?P<quote>[\"'])(?P<name>[^\"'\n]*)(?P=quote))?)"
    r"|\bCREATE[ ](?:UNLOGGED[ ])?TABLE[ ](?:IF[ ]NOT[ ]EXISTS[ ])?[\"`]?(?:\w+[\"`]?\.[\"`]?)?(?P<raw>\w+)",
    re.IGNORECASE,
)


def _creates(statement: Statement) -> tuple[str, ...]:
    if statement.text.startswith(("def downgrade", "async def downgrade")):
        return ()
    return tuple(match["name"] or match["raw"] or _ANY for match in _CREATED.finditer(statement.text))


def created_tables(outline: Outline) -> frozenset[str]:
    """A query: the tables that the file creates outside of `downgrade`; `*` if a name is computed."""
    return frozenset(outline.every(_creates))


def _restores(statement: Statement) -> tuple[tuple[str, str], ...]:
    if not statement.text.startswith(("def downgrade", "async def downgrade")):
        return ()
    found = []
    for node in (one for body in statement.body() for one in ast.walk(body)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if name in ("create_table", "add_column", "rename_table", "alter_column"):
                first = next((one for one in node.args if isinstance(one, ast.Constant)), None)
                found.append((name, str(first.value) if first is not None else _ANY))
            elif name == "execute":
                found.append((name, ""))
    return tuple(found)


def restored(outline: Outline) -> frozenset[tuple[str, str]]:
    """A query: what `downgrade` does: (operation, its first literal argument); `*` if it has none."""
    return frozenset(outline.every(_restores))


_CONFIGURED = regex(r"\bcontext\.configure(?=\()")


def _configured(statement: Statement) -> Span | None:
    found = _CONFIGURED.search(statement.text)
    return Span(found.start(), found.end()) if found is not None else None


def configuration(outline: Outline) -> tuple[int, Span] | None:
    """A query: the first `context.configure` of Alembic's `env.py`, and the chunk that has it."""
    return next(((chunk, span) for chunk, span in enumerate(outline.each(_configured)) if span is not None), None)


@dataclass(frozen=True, slots=True)
class Downgraded:
    """`def downgrade()`: the range of its name, which counts from the start of the chunk; `body` is that of its body.

    `is_empty`: it has neither statements nor a comment.
    """

    chunk: int
    span: Span
    body: Span
    is_empty: bool


_DOWNGRADE = regex(r"(?:async[ ]+)?def[ ]+(?P<name>downgrade)\b")


def _downgrades(statement: Statement) -> Downgraded | None:
    found = _DOWNGRADE.match(statement.text)
    body = statement.body() if found is not None else []
    function = body[0] if body else None
    if found is None or not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    first, last = statement.span(function.body[0]), statement.span(function.body[-1])
    named = Span(found.start("name"), found.end("name"))
    idle = all(map(_does_nothing, function.body)) and "#" not in statement.text[: last.end]
    return Downgraded(0, named, Span(first.start, last.end), idle)


def _does_nothing(node: ast.stmt) -> bool:
    """`pass`, `...`, a docstring or `return`."""
    if isinstance(node, ast.Return):
        return node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None)
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def downgraded(outline: Outline) -> Downgraded | None:
    """A query: the `downgrade` of a revision; None if the file has none."""
    found = [replace(one, chunk=chunk) for chunk, one in enumerate(outline.each(_downgrades)) if one is not None]
    return found[0] if len(found) == 1 else None


_Step = tuple[str, tuple[str, ...]]
"""The name of an operation, and its literal arguments."""


def _upgrades(statement: Statement) -> tuple[_Step, ...]:
    if not statement.text.startswith(("def upgrade(", "async def upgrade(")):
        return ()
    function = next(iter(statement.body()), None)
    found: list[_Step] = []
    for node in function.body if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) else ():
        called = node.value if isinstance(node, ast.Expr) else None
        method = called.func if isinstance(called, ast.Call) else None
        if isinstance(called, ast.Call) and isinstance(method, ast.Attribute) and dotted(method.value) == "op":
            found.append((method.attr, tuple(_literals(called))))
        elif not _does_nothing(node):
            found.append(("", _operations_in(node)))
    return tuple(found)


def _literals(call: ast.Call) -> Iterator[str]:
    """The positional arguments: literal texts and names of columns, "" for others; `=` for keywords of names."""
    for one in call.args:
        is_column = isinstance(one, ast.Call) and (dotted(one.func) or "").rpartition(".")[2] == "Column"
        yield _text(one.args[0] if is_column and one.args else one) or ""  # type: ignore[attr-defined]
    if any(keyword.arg in (None, "schema", "source_schema", "table_name") for keyword in call.keywords):
        yield "="


def _operations_in(node: ast.AST) -> tuple[str, ...]:
    """The names of the operations in a statement of another form, such as a batch."""
    calls = (one.func for one in ast.walk(node) if isinstance(one, ast.Call))
    return tuple(one.attr for one in calls if isinstance(one, ast.Attribute) and one.attr in SCHEMA_OPERATIONS)


SCHEMA_OPERATIONS = frozenset((
    "create_table", "drop_table", "add_column", "drop_column", "alter_column", "rename_table", "create_index",
    "drop_index", "create_foreign_key", "create_unique_constraint", "create_check_constraint", "drop_constraint",
))  # fmt: skip
"""Operations that change the schema."""


def upgraded(outline: Outline) -> tuple[_Step, ...]:
    """A query: the operations of `upgrade`; statements of other forms have no name."""
    return outline.every(_upgrades)


class MigrationCall(Called):
    """A call of an operation in the `upgrade` of a revision: `op.create_index(…)`, or of a batch or a connection.

    `name` is the name of the operation, `batch` the call of `op.batch_alter_table` that it belongs to.
    """

    @staticmethod
    def possible_in(words: Words) -> bool:
        return words.has("def upgrade") and words.has_any(_NAMES)

    def __init__(self, site: Site, node: ast.Call, link: Link | None, name: str, batch: ast.Call | None) -> None:
        super().__init__(site, node, link, name)
        self.batch = batch

    @property
    def table(self) -> str | None:
        """The name of the table; None if it is not literal."""
        call, position = (self.node, OPERATIONS[self.name]) if self.batch is None else (self.batch, 0)
        return _text(_argument(call, position, *_TABLES)) if position is not None else None

    def argument(self, position: int, *names: str) -> ast.expr | None:
        """An argument by its name, or by its position in `op`; the arguments of a batch lack the table."""
        table = OPERATIONS[self.name]
        if self.batch is not None and table is not None and position > table:
            position -= 1
        return _argument(self.node, position, *names)

    def text(self, position: int, *names: str) -> str | None:
        """A literal text among the arguments."""
        return _text(self.argument(position, *names))

    @property
    def before(self) -> str:
        """The text of the function above the call."""
        return self.chunk.text[: self.span.start]

    @property
    def sql(self) -> str:
        """The literal statement of `execute`, also inside of `text(…)`, with single spaces.

        "" if it is computed, or if there are several.
        """
        value = self.node.args[0] if self.node.args else self.keyword("sqltext", "statement")
        if isinstance(value, ast.Call) and (dotted(value.func) or "").rpartition(".")[2] == "text" and value.args:
            value = value.args[0]
        statement = _SPACE.sub(" ", _text(value) or "").strip(" ;")
        return statement if ";" not in statement else ""


_NAMES = frozenset(OPERATIONS)


def _argument(call: ast.Call, position: int | None, *names: str) -> ast.expr | None:
    if position is not None and position < len(call.args):
        return call.args[position]
    return next((one.value for one in call.keywords if one.arg in names), None)


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def migration_call(site: Site, node: ast.Call, link: Link | None) -> MigrationCall | None:
    """The part for a call of a method with the name of an operation; None if it is none of a revision's `upgrade`."""
    function = node.func
    if not isinstance(function, ast.Attribute) or not _is_in_upgrade(link):
        return None
    origin = site.names.origin(function.value, link)
    batch = None
    if origin is None and isinstance(function.value, ast.Name):
        batch = next(_batches(site, function.value.id, link), None)
    if origin == "alembic.op" or batch is not None or (function.attr == "execute" and origin == _CONNECTION):
        return MigrationCall(site, node, link, function.attr, batch)
    return None


def _is_in_upgrade(link: Link | None) -> bool:
    if link is None:
        return False
    while link[1] is not None:
        link = link[1]
    top = link[0]
    return isinstance(top, ast.FunctionDef) and (top.name == "upgrade" or top.name.startswith("upgrade_"))


def _batches(site: Site, name: str, link: Link | None) -> Iterator[ast.Call]:
    """The innermost `with op.batch_alter_table(…) as name` around a node."""
    while link is not None:
        node, link = link
        for item in node.items if isinstance(node, ast.With) else ():
            call = item.context_expr
            bound = isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == name
            if bound and isinstance(call, ast.Call) and site.names.origin(call, link) == _BATCH:
                yield call
