"""Cache entries are keyed by what was read, inside a file too: shown with a toy language, `toy.py`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import toy
from toy import PATH, RULES, Editor, Section, Whole, asked, rows, toy_rule

from playpen_ls.api.fact_types import Route
from playpen_ls.api.facts import Facts, Table
from playpen_ls.api.file_view import FileView, Outline, UnrecordedRead
from playpen_ls.api.finding import Finding, Place
from playpen_ls.text.span import Span

LINES = ["[web]\n", "[db]\n", "[web]\n", "use web\n", "use db\n", "use cache\n", "[cache]\n", "note slow\n", "note big\n",
         "count one\n", "count two\n", "\n", "text\n"]  # fmt: skip
TEXT = "[web]\nuse db\n[db]\ncount one\nnote big\n[cache]\nuse web\n"


def asked_by(editor: Editor, text: str) -> dict[str, int]:
    """What had to be answered for the next version of a text."""
    asked.clear()
    editor.put(text)
    return dict(asked)


def random_edits(seed: int, steps: int) -> Iterator[str]:
    rng = random.Random(seed)
    lines = rng.choices(LINES, k=8)
    for _ in range(steps):
        at = rng.randrange(len(lines) + 1)
        match rng.randrange(4):
            case 0:
                lines[at : at + rng.randrange(3)] = []
            case 1:
                lines[at:at] = rng.choices(LINES, k=rng.randrange(1, 4))
            case 2 if at < len(lines):
                lines[at], lines[0] = lines[0], lines[at]
            case _:
                lines[at : at + 1] = [rng.choice(LINES)]
        yield "".join(lines)


def first_divergence(seed: int) -> str | None:
    """The first text of some edits of which an incremental check finds other things than one from scratch."""
    editor = Editor("")
    for text in random_edits(seed, 60):
        if rows(editor.put(text)) != rows(Editor(text).checked):
            return text
    return None


def test_after_any_edit_the_findings_are_those_of_a_check_from_scratch():
    assert [first_divergence(seed) for seed in range(12)] == [None] * 12


@pytest.mark.parametrize("query", [toy.exists, toy.same_above, toy.note_of, toy.each])
def test_a_query_that_is_answered_without_being_recorded_gives_stale_findings(
    query: object, monkeypatch: pytest.MonkeyPatch
):
    ask = FileView.ask

    def unrecorded(file: FileView, asked: Any, *key: Any) -> Any:
        if asked is query:
            return file._outline.answer((asked, key), file._chunk).value
        return ask(file, asked, *key)

    monkeypatch.setattr(FileView, "ask", unrecorded)
    assert any(first_divergence(seed) for seed in range(12))


def test_an_edit_that_leaves_its_summary_as_it_was_asks_nothing_that_reads_summaries_only():
    editor = Editor(TEXT)
    summaries_of_one = {"names of a chunk": 1, "counts of a chunk": 1}
    # Nobody reads the text of the last section.
    assert asked_by(editor, TEXT + "text\n") == summaries_of_one
    # The first one reads that of `[db]`.
    assert asked_by(editor, TEXT.replace("big", "bigger") + "text\n") == {**summaries_of_one, "note of": 1}


def test_each_question_is_asked_once_a_version_however_many_chunks_ask_it():
    text = "[a]\nuse db\n[b]\nuse db\n[c]\nuse db\n[db]\n"
    asked.clear()
    editor = Editor(text)
    assert (asked["exists"], asked["all names"], asked["note of"]) == (1, 1, 1)
    assert asked["names of a chunk"] == 4
    # A new name is a new summary: asked again, once.
    again = asked_by(editor, text + "[e]\n")
    assert (again["exists"], again["all names"], again["note of"], again["names of a chunk"]) == (1, 1, 1, 1)
    assert again["same above"] == 5  # it depends on where the asker is


def test_a_finding_elsewhere_holds_again_when_the_text_is_as_it_was():
    editor = Editor(TEXT)
    before = rows(editor.checked)
    assert rows(editor.put(TEXT.replace("[db]", "[bd]"))) != before
    assert rows(editor.put(TEXT)) == before


def test_chunks_of_equal_text_have_entries_of_their_own():
    text = "[a]\n[b]\nuse a\n[a]\n"
    editor = Editor(text)
    again = [row for row in rows(editor.checked) if row[0] == "toy/shadowed"]
    assert again == [("toy/shadowed", Span(15, 16), "a again", (Place(PATH, Span(1, 2), "here first"),))]
    moved = [row for row in rows(editor.put("x\n" + text)) if row[0] == "toy/shadowed"]
    assert moved == [("toy/shadowed", Span(17, 18), "a again", (Place(PATH, Span(3, 4), "here first"),))]


def test_a_place_in_another_chunk_moves_when_text_is_typed_before_it():
    text = "[a]\ncount one\n[b]\ncount two\n"
    editor = Editor(text)
    (found,) = (row for row in rows(editor.checked) if row[0] == "toy/too_many")
    assert found == ("toy/too_many", Span(24, 27), "2 counts", (Place(PATH, Span(10, 13), "the first"),))
    (found,) = (row for row in rows(editor.put(text.replace("[a]\n", "[a]\ntext\n"))) if row[0] == "toy/too_many")
    assert found == ("toy/too_many", Span(29, 32), "2 counts", (Place(PATH, Span(15, 18), "the first"),))


def test_a_fix_sees_the_whole_file_when_its_change_is_computed():
    editor = Editor("[a]\ncount one\n[b]\ncount two\nuse c\n[a]\n")
    assert editor.fixed("Add it") == editor.text + "\n[c]\n"
    assert editor.fixed("Take it out") == editor.text.replace("count two", "count ")
    assert editor.fixed("Empty the file") == ""
    offered = Editor("[a]\n[b]\n[a]\n")
    assert offered.fixed("Take it out") == "[a]\n[b]\n[]\n"


def test_a_rule_that_looks_at_the_whole_file_fails(caplog: pytest.LogCaptureFixture):
    def whole(section: Section) -> Iterator[Finding]:
        if "secret" in section.file.model.source.text:
            yield Finding(Span(0, 1), "there is a secret")

    def start(section: Section) -> Iterator[Finding]:
        yield Finding(Span(0, 1), f"at {section.file.start}")

    checked = Editor(TEXT, [toy_rule(whole, Section), toy_rule(start, Section)]).checked
    assert checked.failed == {"toy/whole", "toy/start"}
    assert checked.diagnostics == []
    assert "UnrecordedRead" in caplog.text


def test_the_whole_file_cannot_ask_where_it_stands(caplog: pytest.LogCaptureFixture):
    def above(whole: Whole) -> Iterator[Finding]:
        yield Finding(Span(0, 1), str(whole.file.ask(toy.same_above, "a")))

    assert Editor(TEXT, [toy_rule(above, Whole)]).checked.failed == {"toy/above"}


def test_only_functions_of_a_module_are_asked():
    """What another function has seen besides its arguments would not be recorded."""
    word = "db"
    file = FileView(Outline(PATH, Editor(TEXT).model.chunks), 0)
    with pytest.raises(TypeError, match="must be a function of a module"):
        file.ask(lambda outline: word in outline.ask(toy.all_names))
    with pytest.raises(TypeError, match="must be a function of a module"):
        file.ask(toy.each, lambda content: content.text + word)
    with pytest.raises(UnrecordedRead):
        _ = file.model


def names_as_a_list(outline: Outline) -> list[str]:
    return list(outline.every(toy.names))


def test_an_answer_is_a_frozen_value(caplog: pytest.LogCaptureFixture):
    def listed(section: Section) -> Iterator[Finding]:
        yield Finding(Span(0, 1), str(section.file.ask(names_as_a_list)))

    assert Editor(TEXT, [toy_rule(listed, Section)]).checked.failed == {"toy/listed"}


def routed(section: Section, routes: Facts[Route]) -> Iterator[Finding]:
    for word, span in section.uses:
        if not routes.having(path_of, word):
            yield Finding(span, f"no route {word}")


def path_of(route: Route) -> tuple[str, ...]:
    return (route.path,)


def test_a_rule_that_asks_before_all_files_were_read_is_put_off_and_its_last_findings_stay():
    def facts(kind: type[Route], *, complete: bool) -> Facts[Route]:
        return Facts(kind, Table(), complete)

    known, unknown = ({Route: facts(Route, complete=complete)} for complete in (True, False))
    editor = Editor("", [toy_rule(routed, Section), *RULES])
    later = rows(editor.put("[a]\nuse b\n[b]\nuse c\n", unknown.__getitem__))
    assert later == [("toy/unknown", Span(18, 19), "there is no c", ())]
    now = rows(editor.put(editor.text, known.__getitem__))
    assert [row[:2] for row in now] == [("toy/routed", Span(8, 9)), ("toy/routed", Span(18, 19)), later[0][:2]]
    # Read again, from another place: nothing is known of what is new.
    moved = rows(editor.put("text\n" + editor.text + "[c]\nuse a\n", unknown.__getitem__))
    assert [row[:2] for row in moved] == [("toy/routed", Span(13, 14)), ("toy/routed", Span(23, 24))]
    assert editor.checked.failed == frozenset()
    everything = rows(editor.put(editor.text, known.__getitem__))
    assert [row[1] for row in everything] == [Span(13, 14), Span(23, 24), Span(33, 34)]


def test_chunks_that_read_the_same_share_what_they_read():
    editor = Editor("".join(f"[s{number}]\nuse db\n" for number in range(20)) + "[db]\n", [RULES[0]])
    reads = [pair.local.reads for pair in editor.memory.pairs[:20] if pair.local is not None]
    assert len(reads) == 20
    assert len({id(one) for one in reads}) == 1
