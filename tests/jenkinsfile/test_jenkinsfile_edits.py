"""Edits that several rules make: quoting, indentation, sections, tags."""

from __future__ import annotations

import pytest

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.edits.indentation import (
    begins_line,
    ends_line,
    fixed_lines,
    reindented,
    unit,
    whole_lines,
)
from playpen_ls.languages.jenkinsfile.edits.quoting import expandable, in_comment, quote_at, template
from playpen_ls.languages.jenkinsfile.edits.retag import release_tag, retagged, without_option, without_statement
from playpen_ls.languages.jenkinsfile.edits.sections import with_entry
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import parse
from playpen_ls.languages.jenkinsfile.parts import Jenkinsfile, ShellStep
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.images import ImageReference


def model(text: str) -> Jenkinsfile:
    return parse(Source("Jenkinsfile", text))


def step(call: str) -> ShellStep:
    (found,) = model(f"node {{\n    {call}\n}}\n").shell_steps
    return found


# Quoting

BUILD = "v1-${BUILD_NUMBER}"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("sh 'push X'", BUILD),
        ("sh 'push \"X\"'", BUILD),
        ('sh "push X"', BUILD),
        ("sh '''push X'''", BUILD),
        ("bat 'push X'", "v1-%BUILD_NUMBER%"),
        ("bat \"push 'X'\"", "v1-%BUILD_NUMBER%"),
        ("bat 'push \"X\"'", "v1-%BUILD_NUMBER%"),
        ("powershell 'push X'", "v1-$env:BUILD_NUMBER"),
        ("pwsh 'push X'", "v1-$env:BUILD_NUMBER"),
        ('pwsh "push X"', "v1-\\$env:BUILD_NUMBER"),
        ("sh '# push X'", None),
        ("sh 'push  # X'", None),
        ("sh 'push a#X'", BUILD),
        ("sh '''# about\npush X'''", BUILD),
        ("sh \"push 'X'\"", BUILD),  # Groovy expands it
        ("sh '''push 'X' '''", "refused: the shell does not expand variables inside single quotes"),
        ("pwsh '''push 'X' '''", "refused: the shell does not expand variables inside single quotes"),
        ("sh '''cat <<E\nX\nE'''", "refused: the text is in a here-document, which the shell does not always expand"),
        ("sh '''push \"it'X\" '''", BUILD),
    ],
)
def test_a_variable_is_written_as_the_place_expands_it(call: str, expected: str | None):
    found = step(call)
    assert found.script is not None
    at = found.script.fragment.text.index("X")
    try:
        written = expandable(found, at, BUILD)
    except Refused as refused:
        written = f"refused: {refused}"
    assert written == expected
    if expected is not None and not expected.startswith("refused"):
        assert expandable(found, at, "v1.2") == "v1.2"


def test_each_kind_of_step_has_its_syntax_of_variables():
    assert [template(name, "a-${B}-${C}") for name in ("sh", "bat", "powershell", "pwsh")] == [
        "a-${B}-${C}", "a-%B%-%C%", "a-$env:B-$env:C", "a-$env:B-$env:C",
    ]  # fmt: skip


def test_a_quote_is_open_until_it_is_closed_and_a_backslash_hides_one():
    found = step("sh '''a\"b\\\\\"c\"d'e\\\\'f'g'''")
    assert found.script is not None
    text = found.script.fragment.text
    assert text == "a\"b\\\"c\"d'e\\'f'g"
    (word,) = found.commands[0].words
    quotes = {letter: quote_at(word, text.index(letter)) for letter in "abcdefg"}
    assert quotes == {"a": "", "b": '"', "c": '"', "d": "", "e": "'", "f": "", "g": "'"}


@pytest.mark.parametrize(
    ("text", "found"), [("# a", True), ("a # a", True), ("a#a", False), ("# b\na", False), ("#", False)]
)
def test_a_comment_of_the_shell_begins_a_word(text: str, found: bool):
    assert in_comment(text, text.rindex("a") if "a" in text else 0) is found


# Indentation


def test_the_indentation_is_that_of_the_blocks():
    text = "pipeline {\n  agent any\n  stages {\n     stage('a') {\n  }\n  }\n}\n"
    assert unit(model(text)) == "  "
    assert unit(model("pipeline {\n\tagent any\n}\n")) == "\t"
    assert unit(model("pipeline { agent any }\n")) == "    "
    assert unit(model("pipeline {\nagent any\n}\n")) == "    "
    assert unit(model("")) == "    "
    nested = model("a {\n    b {\n      c()\n    }\n}\n")
    inner = list(nested.tree.blocks)[-1].statements[0]
    assert (unit(nested), unit(nested, inner)) == ("    ", "  ")


def test_whole_lines_may_have_a_comment_at_their_end_and_nothing_else():
    source = Source("x", "a\n  b() // c\n  d(); e()\nf")
    at = source.text.index
    assert begins_line(source, at("b("))
    assert not begins_line(source, at("e("))
    assert ends_line(source, at("b(") + 3)
    assert not ends_line(source, at("d(") + 3)
    assert whole_lines(source, Span(at("b("), at("b(") + 3)) == Span(2, 13)
    assert whole_lines(source, Span(at("d("), at("d(") + 3)) is None
    assert whole_lines(source, Span(at("e("), at("e(") + 3)) is None
    assert whole_lines(source, Span(at("f"), at("f") + 1)) == Span(at("f"), len(source.text))


TEXT = "node {\n    a {\n      sh '''\n      x\n        y\n'''\n   b()\n\n        c()\n    }\n}\n"


def test_the_lines_of_a_text_are_fixed_and_others_are_indented_anew():
    file = model(TEXT)
    span = Span(TEXT.index("    a {"), TEXT.index("}\n}") + 2)
    assert fixed_lines(file, span) == {3, 4, 5}
    assert reindented(file, span, "    ", "  ") == (
        "  a {\n    sh '''\n      x\n        y\n'''\n  b()\n\n      c()\n  }\n"
    )
    assert fixed_lines(file, Span(TEXT.index("   b()"), len(TEXT))) == frozenset()
    assert fixed_lines(file, Span(0, TEXT.index("sh"))) == frozenset()
    assert fixed_lines(file, Span(TEXT.index("x"), TEXT.index("y"))) == {3, 4, 5}


# Sections


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pipeline {\n    agent any\n    options {\n        a()\n    }\n}\n",
         "pipeline {\n    agent any\n    options {\n        a()\n        new()\n    }\n}\n"),
        ("pipeline {\n    agent any\n    options {\n    }\n}\n", "pipeline {\n    agent any\n    options {\n        new()\n    }\n}\n"),
        ("pipeline {\n    agent any\n    options {\n  a()\n    }\n}\n",
         "pipeline {\n    agent any\n    options {\n  a()\n  new()\n    }\n}\n"),
        ("pipeline {\n    agent any\n    options { a() }\n}\n", "pipeline {\n    agent any\n    options { a(); new() }\n}\n"),
        ("pipeline {\n    agent any\n    options {}\n}\n", "pipeline {\n    agent any\n    options { new() }\n}\n"),
        ("pipeline {\n    agent any\n    options {  }\n}\n", "pipeline {\n    agent any\n    options { new() }\n}\n"),
        ("pipeline {\n  agent any // c\n  stages {}\n}\n",
         "pipeline {\n  agent any // c\n  options {\n    new()\n  }\n  stages {}\n}\n"),
        ("pipeline {\r\n  stages {\r\n  }\r\n}\r\n",
         "pipeline {\r\n  options {\r\n    new()\r\n  }\r\n  stages {\r\n  }\r\n}\r\n"),
        ("pipeline { agent any }\n", "refused: the sections of the pipeline are not on lines of their own"),
        ("pipeline {\n  agent any; stages {}\n}\n", "refused: the sections of the pipeline are not on lines of their own"),
        ("pipeline {\n  options 'a'\n}\n", "refused: `options` is not a block"),
        ("node {}\n", "refused: the file has no declarative pipeline"),
    ],
)  # fmt: skip
def test_an_entry_is_added_to_a_section(before: str, after: str):
    file = model(before)
    try:
        result = file.source.edited([with_entry(file, "options", "new()")]).text
    except Refused as refused:
        result = f"refused: {refused}"
    assert result == after


# Tags


def retag(text: str, reference: str, tag: str = "2.0") -> str:
    file = model(text)
    try:
        return file.source.edited(retagged(file, ImageReference.parse(reference), tag)).text
    except Refused as refused:
        return f"refused: {refused}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sh 'docker push n:5000/a:1.0'", "sh 'docker push n:5000/a:2.0'"),
        ("sh 'docker tag n:5000/a:1.0 b && docker push n:5000/a:1.0'", "sh 'docker tag n:5000/a:2.0 b && docker push n:5000/a:2.0'"),
        ("sh 'docker push n:5000/a:1.0-b'", "sh 'docker push n:5000/a:1.0-b'"),
        ("sh 'docker push n:5000/a:1.0.1'", "sh 'docker push n:5000/a:1.0.1'"),
        ("sh 'docker push x/n:5000/a:1.0'", "sh 'docker push x/n:5000/a:1.0'"),
        ("sh 'docker push \"n:5000/a:1.0\"'", "sh 'docker push \"n:5000/a:2.0\"'"),
        ("sh 'copy docker://n:5000/a:1.0'", "sh 'copy docker://n:5000/a:2.0'"),
        ("image = 'n:5000/a:1.0'", 'image = "n:5000/a:2.0"'),
        ('image = "n:5000/a:1.0 ${B}"', 'image = "n:5000/a:2.0 ${B}"'),
        ("image = 'n:5000/a:1.0 $B \"c\" \\\\'", 'image = "n:5000/a:2.0 \\$B \\"c\\" \\\\"'),
        ("image = 'n:5000/a:1.0 \\n'", 'image = "n:5000/a:2.0 \\n"'),
        ("image = 'n:5000/a:1.0 ${B}'",
         "refused: the single-quoted string contains `${…}`, which Groovy would expand in double quotes"),
        ("image = '''n:5000/a:1.0'''", "refused: the text is in a multi-line or slashy string that is not a shell script"),
        ("image = 'other:1.0'", "image = 'other:1.0'"),
    ],
)  # fmt: skip
def test_a_tag_is_changed_in_every_reference(before: str, after: str):
    head, end = "node {\n    ", "\n}\n"
    result = retag(head + before + end, "n:5000/a:1.0")
    assert result.removeprefix(head).removesuffix(end) == after


def test_a_tag_with_a_variable_is_written_as_the_reference_is_quoted():
    for quote in ("", '"'):
        script = f"node {{ sh 'docker push {quote}n:5000/a:1.0{quote}' }}\n"
        assert retag(script, "n:5000/a:1.0", "1-${B}") == script.replace("1.0", "1-${B}")
    refused = "refused: the shell does not expand variables inside single quotes"
    assert retag("node { sh '''docker push 'n:5000/a:1.0' ''' }\n", "n:5000/a:1.0", "1-${B}") == refused


def test_a_reference_without_a_tag_gets_one():
    assert retag("node { sh 'docker push n:5000/a && docker push n:5000/a:1' }\n", "n:5000/a") == (
        "node { sh 'docker push n:5000/a:2.0 && docker push n:5000/a:1' }\n"
    )
    assert retag("node { image = 'n:5000/a' }\n", "n:5000/a") == 'node { image = "n:5000/a:2.0" }\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("node {\n    a()\n    b()\n}\n", "node {\n    a()\n}\n"),
        ("node {\n    b(\n        1\n    )\n}\n", "node {\n}\n"),
        ("node {\n    a(); b()\n}\n", "refused: other code or a comment is on the same line"),
        ("node {\n    b(); a()\n}\n", "refused: other code or a comment is on the same line"),
        ("node {\n    b() // c\n}\n", "refused: other code or a comment is on the same line"),
    ],
)
def test_a_statement_is_removed_with_its_lines(before: str, after: str):
    file = model(before)
    (statement,) = [one for one in list(file.tree.blocks)[-1].statements if file.source.of(one.span).startswith("b(")]
    try:
        result = file.source.edited([without_statement(file, statement)]).text
    except Refused as refused:
        result = f"refused: {refused}"
    assert result == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sh 'docker build -t n:5000/a:1.0 .'", "sh 'docker build .'"),
        ("sh 'docker build  --pull --tag=n:5000/a:1.0 .'", "sh 'docker build  --pull .'"),
    ],
)
def test_an_option_is_removed_with_its_value(before: str, after: str):
    file = model(f"node {{ {before} }}\n")
    (mention,) = file.mentions
    assert file.source.edited([without_option(mention)]).text == f"node {{ {after} }}\n"


def test_a_release_has_the_version_that_the_image_has_elsewhere():
    wanted = ImageReference.parse("n:5000/a:latest")

    def tag(*found: str) -> str:
        return release_tag(map(ImageReference.parse, found), wanted, "v1.0.0-${BUILD_NUMBER}")

    assert tag() == "v1.0.0-${BUILD_NUMBER}"
    assert tag("n:5000/b:3.1", "n:5000/a:latest") == "v1.0.0-${BUILD_NUMBER}"
    assert tag("n:5000/a:latest", "n:5000/a:2.3-x", "n:5000/a:4.0") == "2.3-${BUILD_NUMBER}"
    assert release_tag([ImageReference.parse("n:5000/a:2.3")], wanted, "${BUILD_NUMBER}") == "${BUILD_NUMBER}"
