"""What holds of every text: nothing is lost, nothing raises, and work grows no faster than the text."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import unmarked
from playpen_ls.engine.registry import rules_of
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import parse
from playpen_ls.languages.jenkinsfile.parts import Jenkinsfile
from playpen_ls.languages.jenkinsfile.syntax import lexer
from playpen_ls.languages.jenkinsfile.syntax.lexer import lex
from playpen_ls.languages.registry import model_facts
from playpen_ls.rules.jenkinsfile.literal_credential.detect import leaks
from playpen_ls.text.source import Source

TEXTS = [unmarked(one.files["Jenkinsfile"])[0] for rule in rules_of("jenkinsfile") for one in (*rule.bad, *rule.good)]
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


def model(text: str, previous: Jenkinsfile | None = None) -> Jenkinsfile:
    return parse(Source("Jenkinsfile", text), previous)


def look_at_everything(file: Jenkinsfile) -> None:
    for chunk in file.chunks:
        list(chunk.parts())
    list(model_facts(file))
    assert file.faults is not None
    assert file.mentions is not None
    for step in file.shell_steps:
        assert all(leak.start < leak.end for leak in file.of_step(step, leaks))
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


@pytest.mark.parametrize("text", [WHOLE, *TEXTS])
def test_between_tokens_lie_only_blanks(text: str):
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
        assert file.tree.tokens == fresh.tree.tokens
        assert file.tree.holes == fresh.tree.holes
        assert file.comments() == fresh.comments()
        assert file.problems == fresh.problems
        assert vars(file.tree.outline) == vars(fresh.tree.outline)
        assert file.tree.stretches == fresh.tree.stretches
        assert [(one.first, one.last) for one in file.statements] == [(one.first, one.last) for one in fresh.statements]
        assert file.faults == fresh.faults
        for step, other in zip(file.shell_steps, fresh.shell_steps, strict=True):
            assert [leak.span for leak in file.of_step(step, leaks)] == [leak.span for leak in leaks(other)]
        assert [one.span for one in file.mentions] == [one.span for one in fresh.mentions]
        assert [call.span for call in file.calls] == [call.span for call in fresh.calls]
        look_at_everything(file)


def test_an_edit_reads_only_the_lines_that_it_touches(monkeypatch: pytest.MonkeyPatch):
    text = WHOLE * 50
    before = model(text)
    at = text.index("// first", len(text) // 2)
    read: list[int] = []
    run = lexer._Lexer.run

    def counting(self, *given):
        out = run(self, *given)
        read.append(len(out.tokens))
        return out

    monkeypatch.setattr(lexer._Lexer, "run", counting)
    after = model(text[:at] + "// the " + text[at + 3 :], before)
    assert sum(read) < 20 < len(before.tree.tokens)
    assert after.tree.outline is before.tree.outline
    assert after.tree.stretches is before.tree.stretches


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
    end_of = lexer._Lexer._end

    def counting(self, at, delimiter, limit, holes, depth):
        nonlocal scanned
        end = end_of(self, at, delimiter, limit, holes, depth)
        scanned += (limit if end is None else end) - at if depth == 0 else 0
        return end

    with monkeypatch.context() as patch:
        patch.setattr(lexer._Lexer, "_end", counting)
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
