"""Chunks of a file: statements, cut from its text and found again by it in later versions."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from playpen_ls.api.file_view import FileView
from playpen_ls.languages.model import Chunk
from playpen_ls.languages.python.model.django_migrations import DjangoOperation
from playpen_ls.languages.python.model.local_facts import aliases, tells
from playpen_ls.languages.python.model.migrations import MigrationCall
from playpen_ls.languages.python.model.parts import Part, Site, StringLiteral
from playpen_ls.languages.python.model.queries import is_left_alone, origin
from playpen_ls.languages.python.model.scope import Names
from playpen_ls.languages.python.model.visitor import walk
from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.text.span import Span
from playpen_ls.text.words import Words
from playpen_ls.vocabulary.secret_shapes import shapes


class PythonChunk(Chunk):
    """A top-level statement, or a member of a long class, with the comments and blank lines after it."""

    __slots__ = ("content", "start")

    def __init__(self, start: int, statement: Statement) -> None:
        self.start = start
        self.content: Statement = statement

    @property
    def key(self) -> Hashable:  # type: ignore[override]
        return self.content.key

    @property
    def broken(self) -> bool:  # type: ignore[override]
        return self.content.broken

    @property
    def seems_broken(self) -> bool:
        return self.content.known_broken

    @property
    def begins(self) -> int:
        return self.start

    @property
    def span(self) -> Span:  # type: ignore[override]
        return Span(self.start, self.start + len(self.content.text))

    def words(self, file: FileView) -> Words | None:
        known_as = file.ask(aliases)
        words = Words(self.content.text)
        tells(self.content, known_as, words)
        return None if self.content.mentions_any(known_as) else words

    def parts(self, file: FileView) -> Iterable[object]:
        statement, known_as = self.content, file.ask(aliases)
        names = Names(lambda name: file.ask(origin, name))
        with_facts = tells(statement, known_as) and statement.facts is None
        parts, facts = walk(Site(statement, names, file), known_as, with_facts)
        if with_facts:
            statement.facts = (names.asked, facts)
        if file.ask(is_left_alone):
            return [part for part in parts if isinstance(part, (MigrationCall, DjangoOperation)) or _is_key(part)]
        return parts


def _is_key(part: Part) -> bool:
    return isinstance(part, StringLiteral) and any(shapes(part.value))
