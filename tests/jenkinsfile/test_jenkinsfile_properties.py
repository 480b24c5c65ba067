"""What holds of every text: nothing is lost, nothing raises, and work grows no faster than the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import parts_in

from examples import unmarked
from playpen_ls.engine.registry import rules_of
from playpen_ls.languages.jenkinsfile.model.constructs import construct_after, construct_at
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import parse
from playpen_ls.languages.jenkinsfile.parts import Jenkinsfile, Region
from playpen_ls.languages.jenkinsfile.syntax.lexer import Lexer, lex
from playpen_ls.languages.jenkinsfile.validator import faults_of
from playpen_ls.languages.registry import model_facts
from playpen_ls.rules.jenkinsfile.literal_credential.detect import leaks
from playpen_ls.text.source import Source

TEXTS = [
    unmarked(next(iter(one.files.values())))[0] for rule in rules_of("jenkinsfile") for one in (*rule.bad, *rule.good)
]
LONGEST = max(TEXTS, key=len)
WHOLE = """\
@Library('a@1') _
import groovy.json.JsonOutput
def x = [a: 1, 'b': /c\\/d/, e: $/f/$]
pipeline {
    agent { kubernetes { yaml '''
kind: Pod
''' } }
    environment { A = "b ${c ? "d" : 'e'}"; F = credentials('g') }
    stages {
        stage('One') { // first
            when { expression { env.B =~ /x y/ } }
            steps {
                sh(script: \"\"\"
                    echo "${x.collect { it -> "<${it}>" }.join(',')}" \\\\
                      $HOME
                \"\"\", returnStatus: true)
                script {
                    switch (x) { case 'a': sh 'b'; break; default: echo "c" }
                    int n = 4 / 2 / 1
                    loop: for (i in 0..<n) { continue }
                }
            }
        }
    }
    post { always { junit testResults: '**/*.xml', allowEmptyResults: true } }
}
"""
SCRIPTED = """\
timestamps { node('linux') {
    checkout scm
    def img
    withCredentials([string(credentialsId: 'a', variable: 'B')]) {
        sh "x ${B}"
        docker.withRegistry('https://nexus:5000', 'n') { stage('A') { sh 'a' } }
        sh 'y'; sh 'z'
    }
    try {
        stage('B') { parallel(a: { sh 'x' }, b: { node { sh 'y' } }) }
        echo 'z'
    } catch (FooException | Bar e) {
        echo "failed"
        retry(3) { }
    } finally { junit '*.xml' }
    if (x) { sh 'a' } else { sh 'b' }
}
node { stage('C') { sh 'c' } } }
def f(x) { node { sh x } }
"""


def model(text: str, previous: Jenkinsfile | None = None) -> Jenkinsfile:
    return parse(Source("Jenkinsfile", text), previous)


def look_at_everything(file: Jenkinsfile) -> None:
    assert parts_in(file)
    list(model_facts(file))
    assert faults_of(file) is not None
    assert file.mentions is not None
    for step in file.shell_steps:
        assert all(leak.start < leak.end for leak in leaks(step))
    for call in file.calls:
        assert call.arguments is not None


def assert_lossless(text: str) -> None:
    lexed = lex(text)
    spans = sorted(
        [(start, end) for _, start, end, _ in lexed.tokens] + [(one.start, one.end) for one in lexed.comments]
    )
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    gaps = zip([0, *(end for _, end in spans)], [*(start for start, _ in spans), len(text)], strict=True)
    for start, end in gaps:
        assert re.fullmatch(r"(?:[ \t\f]|\\(?:\r\n|\n|\r))*", text[start:end])


def test_between_tokens_lie_only_blanks():
    for text in (WHOLE, *TEXTS):
        assert_lossless(text)


def test_a_whole_file_parses():
    assert list(model(WHOLE).problems) == []


@pytest.mark.parametrize("text", [WHOLE, LONGEST])
def test_any_beginning_of_a_file_can_be_read(text: str):
    for end in range(len(text)):
        assert_lossless(text[:end])
        look_at_everything(model(text[:end]))


@pytest.mark.parametrize("text", [WHOLE])
def test_any_character_may_be_missing(text: str):
    for at in range(len(text)):
        without = text[:at] + text[at + 1 :]
        assert_lossless(without)
        look_at_everything(model(without))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_edits_lead_to_what_a_fresh_look_sees(data: st.DataObject):
    text = data.draw(st.sampled_from([WHOLE, *TEXTS]))
    file = model(text)
    look_at_everything(file)
    for _ in range(4):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 20)))
        pieces = [
            "",
            "x",
            "\n",
            "{",
            "}",
            "(",
            "'",
            '"',
            "'" * 3,
            "${",
            "/",
            "$/",
            "//",
            "/*",
            "stage('x') {",
            "\\",
            ":",
        ]
        text = text[:start] + data.draw(st.sampled_from(pieces)) + text[end:]
        file = model(text, file)
        fresh = model(text)
        assert [chunk.span for chunk in file.chunks] == [chunk.span for chunk in fresh.chunks]
        assert [chunk.broken for chunk in file.chunks] == [chunk.broken for chunk in fresh.chunks]
        for chunk, other in zip(file.chunks, fresh.chunks, strict=True):
            assert chunk.key == other.key
            assert chunk.content.tokens == other.content.tokens
            assert chunk.content.holes == other.content.holes
            assert vars(chunk.content.structure) == vars(other.content.structure)
        assert file.comments() == fresh.comments()
        assert file.problems == fresh.problems
        assert faults_of(file) == faults_of(fresh)
        assert list(model_facts(file)) == list(model_facts(fresh))
        look_at_everything(file)


def placed_calls(region: Region, start: int) -> Iterator[tuple[object, ...]]:
    for call in region.calls:
        arguments = [one.text for one in call.arguments]
        around = [one.name for one in call.enclosing]
        yield call.name, type(call), call.name_span.shifted(start), call.receiver, arguments, around


def assert_regions_are_the_file(file: Jenkinsfile) -> None:
    """What is read region by region is what is read at once."""
    assert "".join(chunk.content.text for chunk in file.chunks) == file.source.text
    tokens = [
        (kind, start + chunk.begins, end + chunk.begins, text)
        for chunk in file.chunks
        for kind, start, end, text in chunk.content.tokens
    ]
    assert tokens == file.tree.tokens
    by_region = [call for start, region in file.regions for call in placed_calls(region, start)]
    assert by_region == list(placed_calls(file.tree, 0))
    starts = [one.start + start for start, region in file.regions for one in region.statements]
    # Each block of `try` begins a region, and so a statement.
    assert set(starts) >= {one.start for one in file.statements}


def test_regions_are_read_as_the_file_is():
    whole = [file for file in map(model, (WHOLE, SCRIPTED, *TEXTS)) if not file.problems]
    assert len(whole) > len(TEXTS) / 2
    for file in whole:
        assert_regions_are_the_file(file)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_regions_are_read_as_the_file_is_after_edits(data: st.DataObject):
    text = data.draw(st.sampled_from([WHOLE, SCRIPTED, *TEXTS]))
    lines = text.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        at, other = (data.draw(st.integers(0, len(lines))) for _ in range(2))
        moved = lines[at : at + data.draw(st.integers(0, 2))]
        lines[other:other] = moved
    file = model("".join(lines))
    if not file.problems:
        assert_regions_are_the_file(file)


@pytest.mark.parametrize("text", [WHOLE, SCRIPTED, LONGEST])
def test_a_construct_is_found_in_its_region_as_in_the_file(text: str):
    file = model(text)
    for offset in range(len(text) + 1):
        assert file.construct_after(offset) == construct_after(file.tree, offset)
        assert file.construct_at(offset) == construct_at(file.tree, offset)


def test_an_edit_reads_only_the_region_that_it_touches(monkeypatch: pytest.MonkeyPatch):
    text = WHOLE * 50
    before = model(text)
    at = text.index("// first", len(text) // 2)
    read: list[str] = []
    read_line = Lexer.read_line

    def recording(self: Lexer, at: int) -> int:
        end = read_line(self, at)
        read.append(self.text[at:end])
        return end

    monkeypatch.setattr(Lexer, "read_line", recording)
    after = model(text[:at] + "// the " + text[at + 3 :], before)
    stage = next(chunk.content.text for chunk in after.chunks if "// the first" in chunk.content.text)
    assert len("".join(read)) < 2 * len(stage) < len(text) / 20


def test_the_regions_of_a_long_line_are_read_once(monkeypatch: pytest.MonkeyPatch):
    read: list[int] = []
    read_line = Lexer.read_line

    def recording(self: Lexer, at: int) -> int:
        end = read_line(self, at)
        read.append(end - at)
        return end

    monkeypatch.setattr(Lexer, "read_line", recording)
    text = "a; b { }; " * 1_000
    file = model(text)
    assert len(file.chunks) == 2_000
    assert sum(read) < 100 * len(text)
    assert_regions_are_the_file(file)


HOSTILE = {
    "nested holes": '"${' ,
    "nested holes in triple quotes": '"""${',
    "slashes far apart": "= / \\ ",
    "slashes with holes": "= /${a} ",
    "dollar slashes": "= $/ a ",
    "open quotes": "'a\n",
    "open triple quotes": "'''a\n",
    "open comments": "/* a\n",
    "braces": "{ ",
    "closing braces": "} ",
    "stages": "stage('x') {\n",
    "brackets": "f([",
    "dots": "a.b().",
    "labels": "a: ",
    "continued lines": "a \\\n",
}  # fmt: skip


def characters_scanned(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many characters the scans look at that can fail and be made again."""
    scanned = 0
    end_of = Lexer._end

    def counting(self, at, delimiter, limit, holes, depth):
        nonlocal scanned
        end = end_of(self, at, delimiter, limit, holes, depth)
        scanned += (limit if end is None else end) - at if depth == 0 else 0
        return end

    with monkeypatch.context() as patch:
        patch.setattr(Lexer, "_end", counting)
        lex(text)
    return scanned


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_scanned_a_bounded_number_of_times(piece: str, monkeypatch: pytest.MonkeyPatch):
    text = piece * (200_000 // len(piece))
    # Each failed scan is paid from a budget of a million and four times the text, then cut to 200 characters.
    allowed = 1_000_000 + 4 * len(text) + len(text) + 200 * text.count(piece[-1])
    assert characters_scanned(text, monkeypatch) <= allowed
    look_at_everything(model(text[:20_000]))


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_lossless(piece: str):
    assert_lossless(piece * 2_000)
