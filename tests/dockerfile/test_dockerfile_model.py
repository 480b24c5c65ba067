"""Dockerfiles are cut where BuildKit cuts them; problems are data, and nothing raises."""

from __future__ import annotations

import re

import pytest
from dockerfiles import instructions, model, placed, written
from hypothesis import given
from hypothesis import strategies as st
from parts import parts_in

from playpen_ls.api.fact_types import Exposed, ImageUse
from playpen_ls.languages.dockerfile.build_context.dockerignore import Ignore
from playpen_ls.languages.dockerfile.model.container_paths import working_directory
from playpen_ls.languages.dockerfile.model.expansion import expanded
from playpen_ls.languages.dockerfile.model.queries import find_stage
from playpen_ls.languages.dockerfile.model.stage import BaseImage, stage_of
from playpen_ls.languages.dockerfile.model.variables import values_before
from playpen_ls.languages.dockerfile.parts import Copy, Environment, From, Instruction, Onbuild, Run
from playpen_ls.languages.registry import model_facts


def logical(text: str) -> list[str]:
    return [instruction.logical for instruction in instructions(model(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\nRUN b \\\n  c\n", ["FROM a", "RUN b   c"]),
        ("FROM a\r\nRUN b \\\r\n  c\r\n", ["FROM a", "RUN b   c"]),
        ("RUN a \\\n# comment\n\n && b\nCMD c", ["RUN a  && b", "CMD c"]),
        ("RUN a \\\\\nCMD b\n", ["RUN a \\\\", "CMD b"]),
        ("RUN a \\ \t\n b\n", ["RUN a  b"]),
        ("FR\\\nOM a\n", ["FROM a"]),
        ("# escape=`\nFROM a `\n b\n", ["FROM a  b"]),
        ("# syntax=x\n# ESCAPE = `\nRUN a `\n b\n", ["RUN a  b"]),
        ("# a comment\n# escape=`\nRUN a `\nCMD b\n", ["RUN a `", "CMD b"]),
        ("\ufeff# escape=`\nRUN a `\n b\n", ["RUN a  b"]),
        ("CMD foo \\", ["CMD foo "]),
        ("RUN a\u2028b\x0cc\x85d\nCMD e", ["RUN a\u2028b\x0cc\x85d", "CMD e"]),
        ("RUN a\rCMD b\n", ["RUN a\rCMD b"]),
        ("", []),
        ("# only\n\n", []),
    ],
)
def test_instructions_are_cut_where_buildkit_cuts_them(text: str, expected: list[str]):
    assert logical(text) == expected


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("RUN <<EOF", ["EOF"]),
        ("RUN << EOF", ["EOF"]),
        ("RUN cat <<-'E F' > x", []),
        ('RUN <<-"EOF"', ["EOF"]),
        ("RUN 3<<EOF", ["EOF"]),
        ("COPY <<a <<b /x/", ["a", "b"]),
        ("ONBUILD RUN <<EOF", ["EOF"]),
        ("RUN cat<<EOF", []),
        ("RUN cat <<<EOF", []),
        ("RUN echo 'don <<EOF", []),
        ("RUN echo '<<EOF'", []),
        ('RUN ["a", "<<EOF"]', []),
        ("ENV A=<<EOF", []),
    ],
)
def test_heredocs(line: str, names: list[str]):
    body = "".join(f"FROM evil\n{name}\n" for name in names)
    read = model(f"FROM a\n{line}\n{body}CMD x\n")
    assert [heredoc.name for heredoc in instructions(read)[1].heredocs] == names
    assert [instruction.name for instruction in instructions(read)] == ["FROM", line.split()[0], "CMD"]


def test_a_heredoc_being_typed_leaves_the_rest_alone():
    read = model("FROM a\nRUN <<EOF\nset -e\nCOPY . .\nCMD x\n")
    assert [one.name for one in instructions(read)] == ["FROM", "RUN", "COPY", "CMD"]
    assert [problem.message for problem in read.problems] == ["heredoc has no terminator line `EOF`"]


def test_a_continuation_being_typed_leaves_the_rest_alone():
    text = "FROM a\nRUN apt-get update \\\nCOPY . .\n"
    read = model(text)
    assert [one.name for one in instructions(read)] == ["FROM", "RUN", "COPY"]
    (problem,) = read.problems
    assert read.source.of(problem.span) == "\\"


def test_spans_go_through_continuations():
    text = "FROM a\nCOPY --from=b \\\n  # why\n  x \\\n  /y/\n"
    copy = instructions(model(text))[1]
    assert isinstance(copy, Copy)
    assert [written(copy, word.span) for word in copy.words] == ["x", "/y/"]
    assert copy.origin is not None
    assert written(copy, copy.origin.value_span) == "b"
    assert written(copy, copy.words_span) == text[7:].rstrip("\n")


def test_commands_of_every_form():
    text = (
        "FROM a\nRUN --mount=type=cache,target=/c a 1 \\\n && b\n"
        'RUN ["c", "x y"]\nRUN <<EOF\nd\nEOF\nRUN bash -e <<EOF\ne\nEOF\nRUN python3 <<EOF\nf\nEOF\n'
        'RUN ["sh", "-c", "g && h"]\n'
    )
    read = model(text)
    names = [[command.name for command in run.commands] for run in instructions(read) if isinstance(run, Run)]
    assert names == [["a", "b"], ["c"], ["d"], ["bash", "e"], ["python"], ["sh", "g", "h"]]
    for run in instructions(read):
        for command in run.commands if isinstance(run, Run) else ():
            assert written(run, command.words[0].span).strip('"') == command.words[0].text


@pytest.mark.parametrize("head", ["# escape=`\nFROM a\n", 'FROM a\nSHELL ["powershell", "-command"]\n'])
def test_another_shell_is_not_read(head: str):
    run = instructions(model(f"{head}RUN pip install x\n"))[-1]
    assert isinstance(run, Run)
    assert run.commands == ()


def test_pairs():
    read = model("FROM a\nENV A=1 B=\"x y\" C='z' D=a\\ b\nENV E the rest  of it\n")
    pairs = [(one, pair) for one in instructions(read) if isinstance(one, Environment) for pair in one.pairs]
    assert [(pair.name, pair.value) for _, pair in pairs] == [
        ("A", "1"), ("B", "x y"), ("C", "z"), ("D", "a b"), ("E", "the rest  of it"),
    ]  # fmt: skip
    assert [written(one, pair.value_span) for one, pair in pairs] == ["1", "x y", "z", "a\\ b", "the rest  of it"]


def test_stages_and_their_images():
    read = model("ARG V=3\nFROM x:$V AS Base\nFROM base\nFROM $UNKNOWN\nFROM scratch\n")
    first, second, third, last = read.stages
    assert first.image is not None
    assert first.image.reference.text == "x:3"
    assert second.base is not None
    assert second.base.text == first.text
    assert second.external_base is not None
    assert second.external_base.reference == first.image.reference
    assert third.image is not None
    assert not third.image.known
    assert last.final
    assert not first.final
    assert first.is_continued
    assert not second.is_continued
    numbers = [read.outline.ask(find_stage, name) for name in ("BASE", "1", "3", "4", "other")]
    assert numbers == [1, 2, 4, None, None]  # those of the chunks: 0 is what is above the first FROM


def test_onbuild_holds_an_instruction():
    onbuild = instructions(model("FROM a\nONBUILD \\\n  COPY . /x\n"))[1]
    assert isinstance(onbuild, Onbuild)
    inner = onbuild.instruction
    assert isinstance(inner, Copy)
    assert written(inner, inner.words[1].span) == "/x"


def test_the_variables_that_an_instruction_sees():
    read = model(
        "ARG TAG=9\nFROM a AS base\nARG TAG\nENV A=/a B=${A:-/none}\nENV\nENV C\nFROM base\n"
        "ENV D=$A/d E=$NOWHERE\nWORKDIR $D\nRUN x\n"
    )
    seen = values_before(instructions(read)[-1])
    assert dict(seen) == {"A": "/a", "B": "/none", "D": "/a/d"}
    assert working_directory(instructions(read)[-1]) == "/a/d"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A-${B}", "1-"), ("${X:-y}", "y"), ("${X-${A}}", "1"), ("${B:-e}", "e"), ("${A:+set}", "set"), ("$X", None),
        ("${A", None), ("${P#*/}", "b/c"), ("${P##*/}", "c"), ("${P%/*}", "a/b"), ("${P/b/x}", "a/x/c"),
        ("${P%%/*}", "a"), ("${P#[ab]}", "a/b/c"), ("${P#?}", "/b/c"), ("${P#x}", "a/b/c"), ("${P#\\q}", None),
        ("${P//\\//-}", "a-b-c"), ("${P/\\/*/}", "a"), ("${P//?/x}", "xxxxx"), ("${P/b}", None),
    ],
)  # fmt: skip
def test_expansion(text: str, value: str | None):
    assert expanded(text, {"A": "1", "B": "", "P": "a/b/c"}) == value


@given(st.text("ab", max_size=12), st.text("ab*?", max_size=6), st.sampled_from(["#", "##", "%", "%%"]))
def test_a_trimmed_value_is_what_a_regular_expression_trims(value: str, pattern: str, operator: str):
    star = ".*" if len(operator) > 1 else ".*?"
    back = operator[0] == "%"
    found = re.match(pattern[:: -1 if back else 1].replace("?", ".").replace("*", star), value[:: -1 if back else 1])
    rest = value[:: -1 if back else 1][found.end() if found else 0 :]
    assert expanded(f"${{P{operator}{pattern}}}", {"P": value}) == rest[:: -1 if back else 1]


@given(st.text("ab", max_size=12), st.text("ab*?", min_size=1, max_size=6), st.sampled_from(["/", "//"]))
def test_a_replaced_value_is_what_a_regular_expression_replaces(value: str, pattern: str, operator: str):
    glob = re.compile(pattern.replace("?", ".").replace("*", ".*"))
    wanted = glob.sub("x", value, count=1 if operator == "/" else 0)
    if glob.fullmatch("") is None:  # Go and Python differ about empty matches
        assert expanded(f"${{P{operator}{pattern}/x}}", {"P": value}) == wanted


def test_a_value_that_doubles_in_each_line_is_unknown_beyond_a_length():
    lines = "".join(f"ARG A{number + 1}=$A{number}$A{number}$A{number}$A{number}\n" for number in range(40))
    read = model(f"ARG A0=lol\n{lines}FROM $A2\nFROM $A40\n")
    images = [part for part in parts_in(read) if isinstance(part, BaseImage)]
    assert [(image.known, image.reference.text) for image in images] == [(True, "lol" * 16), (False, "$A40")]


def test_facts():
    facts = list(
        model_facts(model('FROM p:16.4\nEXPOSE 80/tcp $X 8000-8010\nCMD ["uvicorn", "a:b", "--port", "8001"]\n'))
    )
    assert [fact.reference for fact in facts if isinstance(fact, ImageUse)] == ["p:16.4"]
    assert [fact.port for fact in facts if isinstance(fact, Exposed)] == [80, 8001]


def test_comments_and_what_they_stand_above():
    text = "# syntax=x\n# one\nFROM a\nRUN a \\\n  # two\n  && b\nCOPY <<EOF /x\n# none\nEOF\n"
    read = model(text)
    assert [comment.text for comment in read.comments()] == ["# syntax=x", "# one", "# two"]
    assert read.construct_after(text.index("# one")) == placed(instructions(read)[0], instructions(read)[0].span)
    inner = read.construct_after(text.index("# two") + 5)
    assert inner is not None
    assert read.source.of(inner) == "&& b"
    assert read.construct_at(text.index("# none")) == placed(instructions(read)[2], instructions(read)[2].span)
    assert read.construct_at(3) is None


@pytest.mark.parametrize(
    ("patterns", "path", "excluded"),
    [
        ("node_modules", "node_modules", True), ("node_modules", "web/node_modules", False),
        ("**/node_modules", "web/node_modules", True), ("/a", "a/b", True), ("*.txt", "r.txt", True),
        ("*.txt", "a/r.txt", False), ("*\n!r.txt", "r.txt", False), ("!r.txt\n*", "r.txt", True),
        ("# a\na?c", "abc", True), ("a[0-9]", "a5", True), ("a/**/c", "a/c", True), ("a/**", "a/b/c", True),
        ("**", "x/y", True), ("./a/", "a", True), ("", "a", False), ("a\\*", "a*", True), ("[", "[", True),
        ("a**b", "a/x/b", True), ("a*b", "a/b", False), ("**/b*", "a/x/bc", True), ("**/**/b", "b", True),
        ("a**/b", "a/x/b", True), ("[!a]b", "!b", True), ("*/?", "a/bc", False), ("a/**/b/*/c", "a/b/x/b/y/c", True),
        ("**" + "*a" * 30 + "b", "a" * 300, False), ("**/a" * 30 + "b", "/".join("a" * 300), False),
    ],
)  # fmt: skip
def test_what_dockerignore_excludes(patterns: str, path: str, excluded: bool):
    assert Ignore(".dockerignore", patterns).excludes(path) is excluded


PIECES = st.sampled_from(
    ["FROM a", "RUN ", "COPY . .", "ENV A=", "ONBUILD ", "# c", "# escape=`", " ", "\\", "\\\n", "\n", "\r\n", "\r", "`",
     "<<EOF", "EOF", "$X", "${", "'", '"', "[", ']', '["a"]', "--from=", "--", "é", "😀", "\u2028", "\x0c", "&&", "pip install",
     "HEALTHCHECK ", "SHELL ", "ARG", "USER root", "=", "\\\\"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map("".join))
def test_nothing_raises_and_every_place_holds_its_text(text: str):
    read = model(text)
    assert read.problems is not None
    source = read.source
    for instruction in instructions(read):
        for at, char in enumerate(instruction.logical):
            assert source.text[instruction.file.start + instruction.offset(at)] == char
        for word in instruction.words:
            assert 0 <= word.span.start <= word.span.end <= len(instruction.syntax.text)
        if isinstance(instruction, Run):
            assert all(command.span.end <= len(instruction.syntax.text) for command in instruction.commands)
        if isinstance(instruction, From):
            assert stage_of(instruction) is not None
    assert list(model_facts(read)) is not None
    ends = [0, *(chunk.span.end for chunk in read.chunks)]
    assert [chunk.span.start for chunk in read.chunks] == ends[:-1]
    assert ends[-1] == len(source.text)
    assert parts_in(read) is not None


@pytest.mark.parametrize(
    "line",
    ["FROM a", "from\ta  AS\tb ", "FROM a b", "FROM a AS b c", "FROM --platform=x a AS b", 'FROM ["a"]', "FROM -a", "FROM",
     "FROM a\u00a0b", "FROM a AS b\u00a0", "FROM a \\\n AS b", "FROM 'a b' AS c", "FROM [a] AS b"],
)  # fmt: skip
def test_a_plain_from_is_cut_as_any_other_instruction(line: str):
    one = instructions(model(line + "\n"))[0]
    assert one.words == Instruction.words.func(one)


@pytest.mark.parametrize(
    ("run", "runs"),
    [
        ("RUN <<EOF", True),
        ("RUN bash <<EOF", True),
        ("RUN <<EOF sh", True),
        ("RUN <<-EOF bash -eux", True),
        ("RUN bash -euo pipefail <<'EOF'", True),
        ("RUN sh -s -- a <<EOF", True),
        ("RUN apt-get update && <<EOF sh", True),
        ("RUN cat <<EOF | sh -e", True),
        ("RUN <<EOF sudo bash", True),
        ("RUN <<EOF cat > /a", False),
        ("RUN cat <<EOF > /a.sh && sh /a.sh", False),
        ("RUN sh -c true <<EOF", False),
        ("RUN bash a.sh <<EOF", False),
        ("RUN <<EOF python3", False),
        ("RUN cat a <<EOF | sh", False),
        ("RUN tee /a <<EOF | sh", False),
    ],
)
def test_who_reads_the_body_of_a_heredoc(run: str, runs: bool):
    read = model(f"FROM a\n{run}\nmarker x\nEOF\n")
    (instruction,) = read.stages[0].instructions
    assert isinstance(instruction, Run)
    assert ("marker" in [command.name for command in instruction.commands]) == runs
