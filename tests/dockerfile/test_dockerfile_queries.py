"""What a stage finds follows the rest of its file: each question that it asks is needed, and is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from parts import leave_unrecorded, parts_in
from test_incremental_equals_fresh import Comparison, Divergence
from toy import given, toy_rule

from playpen_ls.api.file_view import Outline
from playpen_ls.api.finding import Finding
from playpen_ls.api.rule import Configured
from playpen_ls.engine.cache import FindingsCache
from playpen_ls.engine.check import Checked, check
from playpen_ls.engine.rule_set import RuleSet
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.dockerfile import parse
from playpen_ls.languages.dockerfile.parts import Run
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source

CASES = {
    queries.base_of: (
        "FROM debian:12 AS a\nUSER root\nFROM node:20 AS y\nUSER node\nFROM a AS b\nFROM b\nCMD serve\n", "AS y", "AS a",
    ),
    queries.is_continued: (
        "FROM ghcr.io/team/tool:1 AS tool\nFROM alpine:3 AS b\nFROM debian:12\nCOPY --from=tool /a /a\n", "alpine:3", "tool",
    ),
    queries.has_stage: ("FROM node:20\nCOPY --from=later /a /b\nFROM node:20 AS late\n", "AS late", "AS later"),
    queries.names_stage: ("FROM last\nFROM node:20 AS lost\n", "lost", "last"),
    queries.is_earlier: ("FROM node:20 AS one\nFROM node:20\nCOPY --from=one /a /b\n", "AS one", "AS two"),
    queries.is_number_of_earlier: ("FROM a:1 AS b\nFROM a:1\nCOPY --from=1 /a /b\nFROM a:1\n", "FROM a:1 AS b", "# none"),
    queries.nearest_earlier: (
        "FROM node:20 AS builder\nFROM node:20\nCOPY --from=bulder /a /b\n", "AS builder", "AS other",
    ),
    queries.is_template: ("ARG A\nFROM node:20\nCOPY --from=tool /a /b\n", "ARG A", "{{ if b }}"),
}  # fmt: skip


def change(text: str, old: str, new: str, folder: Path) -> None:
    """Edits an open file. Raises Divergence if other things are found than in the same text opened anew."""
    (folder / "app.py").write_text("")
    comparison = Comparison("dockerfile", text, folder)
    comparison.workspace.index.complete = True
    before = [row[:3] for row in comparison.rows]
    at = text.index(old)
    assert comparison.make([Edit(at, at + len(old), new)])
    assert [row[:3] for row in comparison.rows] != before


@pytest.mark.parametrize("query", CASES, ids=lambda query: query.__name__)
def test_a_stage_is_looked_at_again_when_an_answer_has_changed(query: Callable[..., object], tmp_path: Path):
    change(*CASES[query], tmp_path)


@pytest.mark.parametrize(
    "query",
    # Numbers change only when stages come or go, which other questions of the same stage show too.
    [query for query in CASES if query is not queries.is_number_of_earlier],
    ids=lambda query: query.__name__,
)
def test_an_answer_that_is_not_recorded_gives_stale_findings(
    query: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    leave_unrecorded(query, monkeypatch)
    with pytest.raises(Divergence):
        change(*CASES[query], tmp_path)


# A rule that looks at the rest of its file: as it cannot be written, and as it is


def alone(run: Run) -> Iterator[Finding]:
    """Another way than a question fails, whatever the rule tries."""
    if len(run.file.model.instructions) == 2:
        yield Finding(run.keyword_span, "the only instruction")


def count_of(outline: Outline) -> int:
    return sum(len(content.raw) for content in map(outline.content, range(outline.count)))


def alone_by_question(run: Run) -> Iterator[Finding]:
    if run.file.ask(count_of) == 2:
        yield Finding(run.keyword_span, "the only instruction")


def found(function: Callable[..., Any], *texts: str) -> list[Checked]:
    """What is found in each of the texts, which are versions of a file."""
    rules = RuleSet([Configured(replace(toy_rule(function, Run), language="dockerfile"))])
    memory, model, looks = FindingsCache(), None, list[Checked]()
    for text in texts:
        model = parse(Source("Dockerfile", text), model)
        looks.append(check(model, rules, given(), memory))
        memory = looks[-1].memory
    return looks


def test_a_rule_that_reads_the_file_without_asking_fails(caplog: pytest.LogCaptureFixture):
    (look,) = found(alone, "FROM a\nRUN b\n")
    assert look.failed == {"toy/alone"}
    assert "UnrecordedRead" in caplog.text
    caplog.clear()


def test_a_rule_that_asks_follows_the_file():
    texts = ("FROM a\nRUN b\n", "FROM a\nRUN b\nFROM c\n", "FROM a\nRUN b\n")
    assert [len(look.diagnostics) for look in found(alone_by_question, *texts)] == [1, 0, 1]


def test_a_part_holds_neither_the_file_nor_its_text():
    (run,) = (one for one in parts_in(parse(Source("Dockerfile", "FROM a\nFROM b\nRUN c\n"))) if isinstance(one, Run))
    assert run.source.text == "FROM b\nRUN c\n"
    assert not {"document", "model", "stages"} & {*vars(run), *dir(run)}
