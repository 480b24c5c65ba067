from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import parts_in

from playpen_ls.api.fact_types import Backup
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import parse
from playpen_ls.languages.jenkinsfile.parts import Jenkinsfile, ShellStep
from playpen_ls.languages.jenkinsfile.syntax.lexer import lex
from playpen_ls.languages.registry import model_facts
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span


def model(text: str) -> Jenkinsfile:
    return parse(Source("Jenkinsfile", text))


def tokens(text: str) -> list[str]:
    return [text[start:end] for kind, start, end, _ in lex(text).tokens if kind != "\n"]


def script(text: str) -> ShellStep:
    return model(text).shell_steps[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = b / c / d", ["a", "=", "b", "/", "c", "/", "d"]),
        ("a =~ /b c/", ["a", "=~", "/b c/"]),
        ("a = /b \\/ ${c} d/", ["a", "=", "/b \\/ ${c} d/"]),
        ("a = $/b $/ $$ c/$", ["a", "=", "$/b $/ $$ c/$"]),
        ("f(x) / 2 // 3", ["f", "(", "x", ")", "/", "2"]),
        ("'it\\'s' + \"a ${b('}')} c\"", ["'it\\'s'", "+", "\"a ${b('}')} c\""]),
        ('"${a.collect { "x${it}" }}" b', ['"${a.collect { "x${it}" }}"', "b"]),
        ("'''a 'b' \\''' c'''", ["'''a 'b' \\''' c'''"]),
        ('"""a "b" ${"""c"""}"""', ['"""a "b" ${"""c"""}"""']),
        ("a?.b ?: c /* d */ e", ["a", "?.", "b", "?:", "c", "e"]),
        ("'' ''''''", ["''", "''''''"]),
    ],
)
def test_tokens(text: str, expected: list[str]):
    assert tokens(text) == expected
    assert lex(text).problems == []


@pytest.mark.parametrize("text", ["'a\nb", '"a ${b\nc', "'''a\nb", '"""a ${"b\nc', "/* a\nb"])
def test_what_is_not_closed_ends_with_its_line(text: str):
    assert len(lex(text).problems) == 1
    assert tokens(text)[-1] in ("b", "c")


def test_a_shebang_is_a_comment():
    assert [comment.text for comment in model("#!groovy\nnode { }\n").comments()] == ["#!groovy"]


def test_comments_are_not_in_strings():
    text = "// a\nsh 'curl http://x' // b\nx = /* c */ 1\nsh '''\n// no\n'''\n"
    assert [(comment.text, comment.alone) for comment in model(text).comments()] == [
        ("// a", True),
        ("// b", False),
        ("/* c */", False),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a 1\nb 2; c 3", ["a 1", "b 2", "c 3"]),
        ("a = b +\n  c\nd 1", ["a = b +\n  c", "d 1"]),
        ("a\n  .b()\n  .c()\nd 1", ["a\n  .b()\n  .c()", "d 1"]),
        ("if (a) { b 1 }\nelse { c 1 }\nd 1", ["if (a) { b 1 }\nelse { c 1 }", "b 1", "c 1", "d 1"]),
        ("f(a,\n  b)\nc 1", ["f(a,\n  b)", "c 1"]),
        ("{ a, b ->\n c 1 }", ["{ a, b ->\n c 1 }", "c 1"]),
        (
            "switch (a) { case 'b': c 1; default: d 1 }",
            ["switch (a) { case 'b': c 1; default: d 1 }", "case 'b':", "c 1", "default:", "d 1"],
        ),
        ("import a.*\nb 1", ["import a.*", "b 1"]),
        ("a('b')\n\n// c\n{ d 1 }\ne\n{ f 1 }", ["a('b')\n\n// c\n{ d 1 }", "d 1", "e\n{ f 1 }", "f 1"]),
        ("a = b ? c\n  : d\ne 1", ["a = b ? c\n  : d", "e 1"]),
    ],
)
def test_statements(text: str, expected: list[str]):
    assert [statement.text for statement in model(text).statements] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sh 'x'", ["sh"]),
        ("def x = sh script: 'y', returnStdout: true", ["sh"]),
        ("docker.image('a').inside { sh 'b' }", ["image", "inside", "sh"]),
        ("withCredentials([string(credentialsId: 'a', variable: 'B')]) { }", ["withCredentials", "string"]),
        ("def f(x) { g(x) }", ["g"]),
        ("String f(String x) { return g(x) }", ["g"]),
        ("new F(1)\n@G(2)\ndef x", []),
        ("if (a) sh 'x'\nelse bat 'y'", ["sh", "bat"]),
        ("stage('a')\n{ sh 'x' }\nnode\n{ sh 'y' }", ["stage", "sh", "node", "sh"]),
        ("def f(x)\n{ g(x) }\nString h(x)\n{ g(x) }", ["g", "g"]),
        ("checkout scm\nString name\nlist[1]", ["checkout"]),
        ("parallel a: { sh 'x' }, b: { sh 'y' }", ["parallel", "sh", "sh"]),
    ],
)
def test_calls(text: str, expected: list[str]):
    assert [call.name for call in model(text).calls] == expected


def test_a_receiver_is_the_code_before_the_dot():
    calls = model("docker.withRegistry('a') { docker.build('b').push('c') }").calls
    assert [call.receiver for call in calls] == ["docker", "docker", "docker.build('b')"]


@pytest.mark.parametrize("text", ["x = [a].push('b')", "x = (a).push('b')", "f(.push('b'))", "x = [.push('b')]"])
def test_a_receiver_may_begin_with_a_bracket(text: str):
    assert text[: text.index(".push")].endswith(model(text).calls[-1].receiver)


def test_closures_in_arguments_belong_to_their_call():
    step = script("parallel(a: { node { sh 'x' } })")
    assert [call.name for call in step.enclosing] == ["node", "parallel"]


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        (r"'a\'b\\c\n'", "a'b\\c\n"),
        (r'"a\"b\$c"', 'a"b$c'),
        ("'''a\\\nb'c'''", "ab'c"),
        (r"'\u0041\101'", "AA"),
        ("$/a$$b$/c/$", "a$b/c"),
    ],
)
def test_a_string_is_decoded_with_its_offsets(literal: str, value: str):
    string = script(f"sh({literal})").script
    assert string is not None
    assert string.value == value
    fragment = string.fragment
    assert len(fragment.starts) == len(fragment.ends) == len(value)
    place = value.index("c") if "c" in value else 0
    if "c" in value:
        assert literal[fragment.starts[place] - 3 : fragment.ends[place] - 3] == "c"


@pytest.mark.parametrize("quote", ["'", '"', "'''", '"""'])
@given(text=st.text(alphabet="ab'\"$\\{} \n", max_size=12))
def test_encoded_text_decodes_to_itself(quote: str, text: str):
    literal = script(f"sh({quote}x{quote})").script
    assert literal is not None
    again = script(f"sh({quote}{literal.encode(text)} {quote})").script
    assert again is not None
    assert again.value == text + " "


def test_holes_stand_in_the_fragment():
    literal = script('sh "a ${env.B} $c.d \\$e"').script
    assert literal is not None
    assert literal.fragment.text == "a ${env.B} $c.d $e"
    assert [literal.fragment.text[hole.start : hole.end] for hole in literal.fragment.holes] == ["${env.B}", "$c.d"]
    assert [literal.hole_name(hole) for hole in literal.holes] == ["B", None]


PIPELINE = """\
pipeline {
    agent { kubernetes { yaml '''
kind: Pod
''' } }
    environment {
        A = 'b'
    }
    stages {
        stage('One') { steps { sh 'make' } }
        stage('Two') {
            parallel {
                stage('In') { steps { container('kaniko') { sh(script: "x", label: 'y') } } }
            }
        }
    }
}
"""


def test_a_pipeline_has_stages_and_environment():
    pipeline = model(PIPELINE).pipeline
    assert pipeline is not None
    assert [stage.name for stage in pipeline.all_stages()] == ["One", "Two", "In"]
    assert [entry.name for entry in pipeline.environment] == ["A"]
    assert [one.name for one in pipeline.stages[1].children] == ["In"]


@pytest.mark.parametrize(
    "cut", ["        stage('One') { steps { sh 'make' }\n", "        stage('One' { steps { sh 'make' } }\n"]
)
def test_a_missing_bracket_does_not_hide_the_rest(cut: str):
    whole = "        stage('One') { steps { sh 'make' } }\n"
    broken = model(PIPELINE.replace(whole, cut))
    assert len(broken.problems) == 1
    (chunk,) = (chunk for chunk in broken.chunks if chunk.broken)
    assert chunk.content.text.startswith("        stage('One'")
    assert broken.pipeline is not None
    assert "Two" in [stage.name for stage in broken.pipeline.all_stages()]
    line = broken.source.line_of(broken.problems[0].span.start)
    assert "One" in broken.source.line_text(line)


def test_a_comment_covers_the_construct_behind_it():
    text = "node {\n    // c\n    stage('A') {\n        sh 'x'\n    }\n    f([\n        // d\n        g(1),\n        h(2)\n    ])\n}\n"
    found = model(text)
    after = found.construct_after(text.index("// c") + 4)
    assert after is not None
    assert found.source.of(after) == "stage('A') {\n        sh 'x'\n    }"
    after = found.construct_after(text.index("// d") + 4)
    assert after is not None
    assert found.source.of(after) == "g(1)"


def test_a_comment_stands_above_the_line_of_a_construct():
    text = "node {\n    stage('A') { sh 'x' }\n    sh '''\na\n'''\n}\n"
    found = model(text)
    edit = found.comment_above(text.index("sh 'x'"), "// c")
    assert edit is not None
    assert (edit.start, edit.text) == (text.index("    stage"), "    // c\n")
    edit = found.comment_above(text.index("a\n'''"), "// c")
    assert edit is not None
    assert edit.start == text.index("    sh '''")


def test_a_scheduled_dump_is_a_backup():
    dump = "pipeline { triggers { cron('H 2 * * *') }\n stages { stage('B') { steps { sh 'pg_dump app | gzip > b.gz' } } } }"
    assert [type(fact) for fact in model_facts(model(dump))] == [Backup]
    in_pod = dump.replace("pg_dump", "kubectl exec -n playpen-platform postgres-0 -- pg_dump")
    assert [type(fact) for fact in model_facts(model(in_pod))] == [Backup]
    assert list(model_facts(model(dump.replace("triggers { cron('H 2 * * *') }", "")))) == []


WORDS = "pipeline { | stage('a') { | steps { | } | { | ( | ) | [ | ] | sh 'x' | ' | ${ | / | $/ | \\ | // | /* | */ | a | = | . | ,"
MARKS = [":", "->", "😀", "def x", "case 'b':", "'" * 3, '"' * 3, '"', "\n", "\r\n", "\r", " ", "\f", "\u2028"]
PIECES = st.sampled_from([*WORDS.split(" | "), *MARKS])


@given(st.lists(PIECES, max_size=40).map("".join))
@settings(max_examples=300)
def test_no_text_raises_and_none_is_lost(text: str):
    found = model(text)
    for part in parts_in(found):
        if isinstance(part, ShellStep):
            assert part.commands is not None
    list(model_facts(found))
    spans = sorted(
        [Span(start, end) for _, start, end, _ in found.tree.tokens] + [comment.span for comment in found.comments()]
    )
    assert all(one.end <= other.start for one, other in pairwise(spans))
    covered = {offset for span in spans for offset in range(span.start, span.end)}
    between = "".join(char for offset, char in enumerate(found.source.text) if offset not in covered)
    assert set(between) <= set(" \t\f\\\r\n")
    for statement in found.statements:
        assert statement.start < statement.end
    for offset in range(0, len(text) + 1, 7):
        found.construct_at(offset)
        found.construct_after(offset)


@pytest.mark.parametrize("text", ["{" * 20_000, "(" * 20_000, '"${' * 20_000, "stage('x') { " * 10_000, "f(" * 10_000])
def test_deep_nesting_is_no_trouble(text: str):
    found = model(text)
    assert found.problems
    parts_in(found)
