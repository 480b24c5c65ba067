"""After any edit, an incremental check finds what a check of the same text from scratch finds.

The texts and the edits are made of all rules' examples, so a rule whose findings depend on something that its cache
entry does not record is met by the lines of its own examples.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from parts import leave_unrecorded

from examples import unmarked
from playpen_ls.config.model import Settings
from playpen_ls.engine.registry import rules_of
from playpen_ls.languages.detection import language_of
from playpen_ls.languages.dockerfile.model import queries as stages
from playpen_ls.languages.dockerfile.model.validation import problems
from playpen_ls.languages.jenkinsfile.model.queries import image_uses
from playpen_ls.languages.jenkinsfile.validator import file_faults
from playpen_ls.languages.kubernetes.model import queries as kubernetes_queries
from playpen_ls.languages.python.model import local_facts
from playpen_ls.languages.python.model import queries as python_queries
from playpen_ls.languages.registry import LANGUAGES
from playpen_ls.rules.jenkinsfile.scripted_pipeline.detect import scripted_word
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source

WALKS = 12
"""Texts per language that are put together of several examples and edited step after step."""
STEPS = 20
LINES = 6
"""Lines of an example that are taken out, one at a time."""
LINE = re.compile(r".*?(?:\r\n|\n|\r|\Z)", re.DOTALL)
WORD = re.compile(r"\w+")

Row = tuple[object, ...]

QUERIES: dict[str, dict[Callable[..., object], str]] = {
    "dockerfile": {
        stages.base: "foreign-base-image",
        stages.text_of: "pip-cache-kept",
        stages.is_last: "",
        stages.has_several_stages: "",
        stages.default_of: "foreign-base-image",
        stages.drops_root: "root-user",
        problems: "add-local-file",
    },
    "jenkinsfile": {image_uses: "moving-tag", file_faults: "docker-socket", scripted_word: "scripted-pipeline"},
    "kubernetes": {
        kubernetes_queries.facts_of: "dangling-service",
        kubernetes_queries.facts_having: "",
        kubernetes_queries.names_of: "missing-reference",
    },
    "python": {
        python_queries.origin: "default-pool",
        python_queries.flags: "print-as-log",
        python_queries.anywhere: "default-pool",
        python_queries.text_above: "default-pool",
        local_facts.aliases: "root-logger",
        local_facts.web_facts: "",
    },
}
"""What parts ask their file, by language, whose answers change as lines of examples come and go.

Each with a rule whose examples show that; "" for one that needs those of several rules.
"""


def texts_of(language: str, name: str = "") -> list[str]:
    """The texts of all examples of a language, or of those of the rule with a name; each once."""
    found: dict[str, None] = {}
    for rule in rules_of(language):
        if name not in ("", rule.name):
            continue
        for example in (*rule.bad, *rule.good):
            for path, marked in example.files.items():
                text, _ = unmarked(marked)
                if language_of(path, lambda text=text: text) == language:
                    found[text] = None
    return list(found)


def workspace_of(folder: Path) -> Workspace:
    """All rules run, those too that are off by default."""
    workspace = Workspace(folder, Settings(select=("all",)))
    workspace.index.complete = True
    return workspace


def rows(workspace: Workspace, path: str) -> list[Row]:
    """What is found in a file, and what is left of that after ignore comments."""
    report = workspace.check(path)
    return [
        (diagnostic.rule.id, diagnostic.span, diagnostic.finding.message, diagnostic.severity, diagnostic.related)
        for diagnostics in (report.found, report.diagnostics)
        for diagnostic in diagnostics
    ]


def is_broken(workspace: Workspace, path: str) -> bool:
    """Some of it does not parse: how that is read may depend on where it was edited, and its last findings stay."""
    return any(chunk.broken for chunk in workspace.model(path).chunks)


def line_ends(text: str) -> list[int]:
    """The offsets at which a line begins or the text ends."""
    return sorted({0, len(text), *(match.end() for match in LINE.finditer(text))})


def whole_lines(text: str) -> str:
    return text if not text or text.endswith(("\n", "\r")) else text + "\n"


def inverse(text: str, edit: Edit) -> Edit:
    """The edit that undoes an edit of a text."""
    return Edit(edit.start, edit.start + len(edit.text), text[edit.start : edit.end])


class Typist:
    """Makes edits, each from the text as it is then."""

    def __init__(self, language: str, seed: int) -> None:
        self.random = random.Random(f"{language} {seed}")
        self.texts = texts_of(language)
        self.between = "---\n" if language == "kubernetes" else ""
        self.words = sorted({word for text in self.texts for word in WORD.findall(text)})

    def text(self) -> str:
        return whole_lines(self.random.choice(self.texts)) + self.between

    def lines(self, text: str, most: int = 4) -> tuple[int, int]:
        """The range of some lines of a text."""
        ends = line_ends(text)
        first = self.random.randrange(len(ends))
        return ends[first], ends[min(first + self.random.randint(1, most), len(ends) - 1)]

    def edit(self, text: str) -> list[Edit]:
        """Some lines are inserted, deleted, moved or swapped, or a word of one is replaced."""
        start, end = self.lines(text)
        match self.random.choice(["insert", "insert", "insert part", "delete", "delete", "move", "swap", "word"]):
            case "insert":
                return [Edit(start, start, self.between + self.text())]
            case "insert part":
                other = self.text()
                first, last = self.lines(other)
                return [Edit(start, start, whole_lines(other[first:last]))]
            case "move":
                at = self.random.choice([one for one in line_ends(text) if not start < one < end])
                moved = Edit(at, at, whole_lines(text[start:end]))
                return [Edit(start, end, ""), moved] if at < start else [moved, Edit(start, end, "")]
            case "swap":
                other, last = self.lines(text)
                if end <= other:
                    return [Edit(other, last, text[start:end]), Edit(start, end, text[other:last])]
                return [Edit(start, end, "")]
            case "word":
                found = list(WORD.finditer(text))
                if found:
                    match = self.random.choice(found)
                    return [Edit(match.start(), match.end(), self.random.choice(self.words))]
        return [Edit(start, end, "")]


def without_lines(text: str) -> list[Edit]:
    """Each of the lines is taken out, one at a time."""
    return [Edit(start, stop, "") for start, stop in pairwise(line_ends(text))]


def around(typist: Typist, text: str) -> Iterator[Edit]:
    """Another example is put in front and behind, and some of the lines are taken out, one at a time."""
    put, end = typist.text(), "" if text == whole_lines(text) else "\n"
    yield Edit(0, 0, put)
    yield Edit(len(text), len(text), end + typist.between + put)
    lines = without_lines(text)
    yield from typist.random.sample(lines, min(LINES, len(lines)))


class Divergence(AssertionError):
    """An incremental check found other things than one from scratch."""


class Comparison:
    """An open file that is edited, and the same text opened anew; `compared` counts the texts that were whole."""

    def __init__(self, language: str, text: str, folder: Path) -> None:
        self.language, self.folder, self.path = language, folder, LANGUAGES[language].default_path
        self.workspace = workspace_of(folder)
        self.workspace.open(Source(self.path, text), language)
        self.rows = rows(self.workspace, self.path)
        self.compared = 0

    @property
    def text(self) -> str:
        return self.workspace.documents[self.path].source.text

    def make(self, edits: list[Edit]) -> bool:
        """Says whether all of the result parses."""
        before = source = self.workspace.documents[self.path].source
        for edit in edits:
            source = source.edited([edit])
        self.workspace.edit(self.path, source, edits)
        self.rows = rows(self.workspace, self.path)
        if is_broken(self.workspace, self.path):
            return False
        fresh = workspace_of(self.folder)
        fresh.open(source, self.language)
        expected = rows(fresh, self.path)
        if self.rows != expected:
            raise Divergence(f"{edits} made of {before.text!r}: {self.rows} instead of {expected}")
        self.compared += 1
        return True

    def undo(self, text: str, edits: list[Edit]) -> None:
        """Lead back to a text of which the edits made the present one."""
        undone = list[Edit]()
        source = Source("", text)
        for edit in edits:
            undone.insert(0, inverse(source.text, edit))
            source = source.edited([edit])
        self.workspace.edit(self.path, Source(self.path, text), undone)
        self.rows = rows(self.workspace, self.path)


def compare_each(
    language: str, texts: list[str], edits: Callable[[str], Iterable[Edit]], folder: Path
) -> tuple[int, int]:
    """How many findings the texts have, and how many edited texts were compared. Raises Divergence."""
    found = compared = 0
    for text in texts:
        comparison = Comparison(language, text, folder)
        at_first, broken = comparison.rows, is_broken(comparison.workspace, comparison.path)
        found += len(at_first)
        for edit in edits(text):
            comparison.make([edit])
            comparison.undo(text, [edit])
            if not broken and comparison.rows != at_first:
                raise Divergence(f"{edit} made of {text!r} and undone")
        compared += comparison.compared
    return found, compared


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_example_with_another_one_around_it_and_without_each_line(language: str, tmp_path: Path):
    typist = Typist(language, 1)
    found, compared = compare_each(language, typist.texts, partial(around, typist), tmp_path)
    assert found > len(typist.texts)
    assert compared > 2 * len(typist.texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_edit_after_edit_in_texts_put_together_of_examples(language: str, tmp_path: Path):
    typist, compared = Typist(language, 2), 0
    for _ in range(WALKS):
        comparison = Comparison(language, "".join(typist.text() for _ in range(4)), tmp_path)
        for _ in range(STEPS):
            text = comparison.text
            edits = typist.edit(text)
            if not comparison.make(edits):
                comparison.undo(text, edits)
        compared += comparison.compared
    assert compared > WALKS * STEPS / 2


@pytest.mark.parametrize(
    ("language", "query", "rule"),
    [pytest.param(one, query, rule, id=query.__name__) for one in QUERIES for query, rule in QUERIES[one].items()],
)
def test_a_query_that_is_answered_without_being_recorded_is_noticed(
    language: str, query: Callable[..., object], rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    leave_unrecorded(query, monkeypatch)
    edits = without_lines if rule else partial(around, Typist(language, 1))
    with pytest.raises(Divergence):
        compare_each(language, texts_of(language, rule), edits, tmp_path)
