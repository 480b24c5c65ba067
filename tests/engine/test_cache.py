"""The cache of findings: which entry belongs to a chunk, and when it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import toy
from toy import PATH, RULES, Editor, Section, ToyChunk, ToyModel, given, rows, toy_rule

from playpen_ls.api.fact_types import Route
from playpen_ls.api.facts import Facts, Files, Table
from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.api.finding import Finding
from playpen_ls.api.rule import RuleContext
from playpen_ls.engine.cache import (
    MISS,
    NO_DEPENDENCIES,
    CachedFindings,
    ChunkEntry,
    Dependencies,
    DependencyChecker,
    FileQuery,
    FindingsCache,
    RecordedFiles,
)
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span
from playpen_ls.text.words import Words

TEXT = "[web]\nuse db\n[db]\ncount one\nnote big\n[cache]\nuse web\n"


def test_what_was_looked_at_is_found_where_it_stands_now():
    a, b, c, d = (ChunkEntry(None, None) for _ in range(4))
    memory = FindingsCache(["a", "b", "c", "d"], [a, b, c, d])
    assert memory.of(["a", "b", "c", "d"]) == [a, b, c, d]
    assert memory.of(["a", "x", "c", "d"]) == [a, MISS, c, d]
    assert memory.of(["a", "c", "b", "d", "d"]) == [a, c, b, MISS, d]
    assert memory.of(["d"]) == [d]
    assert memory.of([]) == []


def test_of_chunks_with_one_key_the_first_entry_that_holds_is_taken():
    one, other = ChunkEntry(None, None), ChunkEntry(None, None)
    memory = FindingsCache(["x", "a", "a", "y"], [MISS, one, other, MISS])
    asked = []

    def holds(entry: ChunkEntry, number: int) -> bool:
        asked.append((entry, number))
        return entry is other

    assert memory.of(["z", "q", "a", "r"], holds) == [MISS, MISS, other, MISS]
    assert asked == [(one, 2), (other, 2)]
    assert memory.of(["z", "q", "a", "r"], lambda entry, number: False)[2] is other


def test_of_three_chunks_with_one_key_of_which_none_holds_the_last_is_taken():
    entries = [ChunkEntry(None, None) for _ in range(3)]
    memory = FindingsCache(["a", "a", "a"], entries)
    assert memory.of(["z", "a", "r"], lambda entry, number: False)[1] is entries[2]


def checker(editor: Editor, text: str | None = None) -> DependencyChecker:
    """Of the next version of the editor's text."""
    model = ToyModel(Source(PATH, editor.text if text is None else text))
    return DependencyChecker(given(), Outline(PATH, model.chunks, editor.memory.outline), editor.memory)


def test_where_nothing_changed_no_chunk_is_looked_at():
    editor = Editor(TEXT)
    assert checker(editor).stale(editor.memory.pairs) == set()


def test_what_depends_on_what_changed_is_looked_at_and_nothing_else():
    editor = Editor(TEXT)
    # The names are as they were. `[web]` asks for the note of `[db]`, and the rules for the whole file count.
    stale = checker(editor, TEXT.replace("count one", "count")).stale(editor.memory.pairs)
    assert stale == {0, 3}


def test_an_entry_that_depends_on_where_its_chunk_stands_holds_only_there():
    editor = Editor("[a]\n[b]\n", [RULES[1]])  # which asks what stands above
    pairs = list(editor.memory.pairs)
    again = checker(editor)
    assert again.stale(pairs) == set()
    assert 1 in again.stale([pairs[1], pairs[0], pairs[2]])
    assert editor.memory.was_at(0, pairs[0])
    assert not editor.memory.was_at(1, pairs[0])
    assert not editor.memory.was_at(9, pairs[0])


def test_an_entry_holds_elsewhere_if_what_it_asked_is_answered_alike_there():
    editor = Editor("[a]\n[b]\n[c]\n", [RULES[1]])
    _, b, c, _ = editor.memory.pairs
    later = checker(editor, "[b]\n[c]\n")
    assert not editor.memory.was_at(1, c)
    assert later.holds(c, 1)  # `[b]` is still above it
    assert not later.holds(b, 1)  # `[a]` is not


def test_an_entry_of_a_rule_that_raised_is_always_looked_at():
    def failing(section: Section) -> Iterator[Finding]:
        raise KeyError("x")
        yield

    editor = Editor("[a]\n", [toy_rule(failing, Section)])
    assert 0 in checker(editor).stale(editor.memory.pairs)


class CountingFiles(Files):
    """Answers by the name of what was asked, and counts."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def _answer(self, what: str, path: str) -> Any:
        self.asked.append((what, path))
        return {"known": True, "exists": True, "text": "t", "names": ("n",), "archive": None, "is_large": False}[what]

    @property
    def known(self) -> bool:
        return self._answer("known", "")

    def exists(self, path: str) -> bool:
        return self._answer("exists", path)

    def text(self, path: str) -> str | None:
        return self._answer("text", path)

    def names(self, folder: str) -> tuple[str, ...]:
        return self._answer("names", folder)

    def archive(self, path: str) -> tuple[tuple[str, str | None], ...] | None:
        return self._answer("archive", path)

    def settled(self, path: str) -> bool:
        return True

    def is_large(self, folder: str) -> bool:
        return self._answer("is_large", folder)


def test_what_is_asked_of_files_is_recorded_with_its_answer_and_asked_once():
    files = CountingFiles()
    recorded = RecordedFiles(files)
    for _ in range(2):
        assert recorded.known is True
        assert recorded.exists("a") is True
        assert recorded.text("a") == "t"
        assert recorded.names("b") == ("n",)
        assert recorded.is_large("b") is False
        assert recorded.archive("c") is None
    asked = [("known", ""), ("exists", "a"), ("text", "a"), ("names", "b"), ("is_large", "b"), ("archive", "c")]
    assert files.asked == asked
    assert [(one.what, one.path) for one in recorded.answers] == asked
    assert list(recorded.answers.values()) == [True, True, "t", ("n",), False, None]
    assert [question.asked_of(files) for question in recorded.answers] == list(recorded.answers.values())


def test_an_answer_about_files_that_changed_is_noticed():
    class Some(CountingFiles):
        text_now = "t"

        def _answer(self, what: str, path: str) -> Any:
            return self.text_now

    files = Some()
    reads = Dependencies(answers=((FileQuery("text", "a"), "t"),))
    found = CachedFindings((), reads)
    entry = ChunkEntry(found, found)

    def holds() -> bool:
        context = RuleContext(given().platform, files, given().facts)
        return DependencyChecker(context, Outline(PATH, ()), FindingsCache()).holds(entry, 0)

    assert holds()
    files.text_now = "u"
    assert not holds()


def test_what_was_read_just_now_is_not_asked_again():
    checker = DependencyChecker(given(), Outline(PATH, ()), FindingsCache())
    found = checker.remembered([], Dependencies(answers=((FileQuery("text", "a"), "not the answer"),)))
    assert checker.still(found, ChunkEntry(found, found), 0)


def test_facts_that_are_others_now_are_noticed():
    facts = Facts(Route, Table())
    reads = Dependencies(facts=(facts,))
    found = CachedFindings((), reads)
    entry = ChunkEntry(found, found)

    def holds(now: Facts[Route]) -> bool:
        context = RuleContext(given().platform, given().files, lambda kind: now)
        return DependencyChecker(context, Outline(PATH, ()), FindingsCache()).holds(entry, 0)

    assert holds(facts)
    assert not holds(Facts(Route, Table()))


def test_dependencies_are_equal_by_what_was_read():
    editor = Editor(TEXT)
    file = FileView(Outline(PATH, editor.model.chunks), 0)
    read = Dependencies.of((), RecordedFiles(given().files), file)
    assert read == NO_DEPENDENCIES
    assert read.hashed == NO_DEPENDENCIES.hashed
    assert not read.located


class WordsChunk(ToyChunk):
    """A chunk that knows its words without being parsed."""

    parsed = 0

    def words(self, file: FileView) -> Words:
        return Words(self._content.text)

    def parts(self, file: FileView) -> list[object]:
        WordsChunk.parsed += 1
        return list(super().parts(file))


def test_a_chunk_that_no_rule_concerns_is_not_parsed_and_shares_its_entry(monkeypatch: pytest.MonkeyPatch):
    def shouting(section: Section) -> Iterator[Finding]:
        if "loud" in section.node.text:
            yield Finding(Span(0, 1), "loud")

    monkeypatch.setattr(toy, "ToyChunk", WordsChunk)
    WordsChunk.parsed = 0
    editor = Editor("[a]\n[b]\nloud\n[c]\n", [replace(toy_rule(shouting, Section), mentions=("loud",))])
    assert [row[:2] for row in rows(editor.checked)] == [("toy/shouting", Span(4, 5))]
    assert WordsChunk.parsed == 1
    first, _, last, _ = editor.memory.pairs
    assert first.local is last.local
    editor.put(editor.text + "more\n")
    assert WordsChunk.parsed == 1


def test_dependencies_with_one_hash_are_not_taken_for_another():
    checker_ = checker(Editor("[a]\n"))
    one = Dependencies(answers=((FileQuery("text", "a"), "t"),), hashed=7)
    other = Dependencies(answers=((FileQuery("text", "b"), "t"),), hashed=7)
    assert checker_.remembered((), one).reads == one
    assert checker_.remembered((), other).reads == other
    assert checker_.remembered((), Dependencies(answers=other.answers, hashed=7)).reads is other
