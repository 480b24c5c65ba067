"""dockerfile-parse reads plain ENV and ARG lines, and is what the own reader is compared with where it is right.

It is wrong about heredocs, blank lines in a continuation, continuations at the end of the text, `\\\\` at the end of a
line, keywords over two lines, byte-order marks and `# check=` above `# escape=`; it raises for half-typed ENV lines.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import dockerfile_parse
import pytest
from dockerfiles import instructions, model, written
from hypothesis import assume, example, given
from hypothesis import strategies as st
from test_incremental_equals_fresh import texts_of

from playpen_ls.languages.dockerfile.model.container_paths import working_directory
from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel
from playpen_ls.languages.dockerfile.parts import Argument, Assigning, Environment, Instruction
from playpen_ls.languages.dockerfile.syntax import key_values
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source

PARSER = dockerfile_parse.DockerfileParser


@pytest.fixture(autouse=True)
def nothing_read_before():
    key_values._read.cache_clear()
    yield
    key_values._read.cache_clear()


# The reader of plain ENV and ARG lines


def findings(folder: Path, text: str) -> list[str]:
    workspace = Workspace(folder)
    workspace.index.complete = True
    workspace.open(Source("Dockerfile", text), "dockerfile")
    return [hit.rule.id for hit in workspace.check("Dockerfile").diagnostics]


PLAIN = 'FROM team/base:1\nENV API_TOKEN="tk_0f1e2d3c4b5a6978" PORT=80\nARG DB_PASSWORD=hunter2-Horse\n'


def test_a_plain_line_is_what_dockerfile_parse_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert findings(tmp_path, PLAIN) == ["dockerfile/secret-in-image"] * 2
    key_values._read.cache_clear()

    def absent(**_):
        raise ImportError

    monkeypatch.setattr(dockerfile_parse, "DockerfileParser", absent)
    assert findings(tmp_path, PLAIN) == []


def test_values_in_paths_and_images_are_those_that_it_reads(monkeypatch: pytest.MonkeyPatch):
    text = "ARG V=3.12\nFROM python:$V\nENV A=/a\nWORKDIR $A\nRUN b\n"

    class Other(PARSER):
        @property
        def lines(self):
            return [line.replace("/a", "/b").replace("3.12", "3.13") for line in super().lines]

    def seen() -> tuple[str, str]:
        read = model(text)
        (stage,) = read.stages
        assert stage.image is not None
        return stage.image.reference.text, working_directory(stage.instructions[-1])

    assert seen() == ("python:3.12", "/a")
    key_values._read.cache_clear()
    monkeypatch.setattr(dockerfile_parse, "DockerfileParser", Other)
    assert seen() == ("python:3.13", "/b")


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("ENV A=1 B", [("A", "1")]),  # being typed
        ("ENV", []),
        ("ENV A='1", [("A", "1")]),
        ('ENV "A"=1 \'b c\'="2"', [("A", "1"), ("b c", "2")]),
        ('LABEL "org.a.b"="c d" e="f"', [("org.a.b", "c d"), ("e", "f")]),
        ("ENV A one b=two", [("A", "one b=two")]),
        ("ARG A", [("A", None)]),
        ("ARG A=1 B", [("A", "1"), ("B", None)]),
        ("ENV A=1 A=2", [("A", "1"), ("A", "2")]),
        ('ENV A="a\\$b\\"" B=a\\ b', [("A", 'a$b"'), ("B", "a b")]),  # it leaves the backslash before `$`
        ("ENV A=a\x1cb", [("A", "a\x1cb")]),  # no whitespace for BuildKit
        ("ENV A=\ud800", [("A", "\ud800")]),
    ],
)
def test_other_lines_are_read_without_it(
    text: str, pairs: list[tuple[str, str | None]], monkeypatch: pytest.MonkeyPatch
):
    def absent(**_):
        raise AssertionError("asked")

    if text != "ENV A=1 A=2":  # it gives a dictionary, so that it must be asked to know
        monkeypatch.setattr(dockerfile_parse, "DockerfileParser", absent)
    one = instructions(model(f"FROM a\n{text}\n"))[1]
    assert isinstance(one, Assigning)
    assert [(pair.name, pair.value) for pair in one.pairs] == pairs


def test_the_range_of_a_quoted_name_is_inside_its_quotes():
    one = instructions(model("FROM a\nENV \"A\"=1 b'c'=2\n"))[1]
    assert isinstance(one, Environment)
    assert [written(one, pair.name_span) for pair in one.pairs] == ["A", "b'c'"]
    assert [pair.name for pair in one.pairs] == ["A", "bc"]


def test_a_backslash_is_no_escape_character_where_the_directive_sets_another():
    one = instructions(model('# escape=`\nFROM a\nENV A=c:\\x B=`"\n'))[1]
    assert isinstance(one, Environment)
    assert [(pair.name, pair.value) for pair in one.pairs] == [("A", "c:\\x"), ("B", '"')]


# What the own reader is compared with


def normalized(read: DockerfileModel) -> str:
    """One instruction a line, without heredocs: what dockerfile-parse reads as BuildKit does."""
    return "".join(one.logical.strip() + "\n" for one in instructions(read))


def structure(text: str) -> list[dict[str, object]]:
    return PARSER(fileobj=io.BytesIO(text.encode())).structure


def is_right(one: Instruction) -> bool:
    """None of what it is known to read in another way than BuildKit."""
    lines = written(one, one.span).split("\n")
    continues = [line for line in lines[1:] if not line.strip()]
    return not (continues or one.heredocs or one.logical.rstrip().endswith("\\") or "\\" in one.keyword)


def rest(one: Instruction) -> str:
    return one.logical.strip()[len(one.keyword) :].strip()


def compare(text: str) -> int:
    """Compares all that dockerfile-parse is right about; says how many instructions."""
    read = model(text)
    every = instructions(read)
    if read.escape != "\\" or not all(one.keyword.isalpha() and rest(one) for one in every):
        return 0
    if not any(one.logical.rstrip().endswith("\\") for one in every):
        assert [(one["instruction"], one["value"]) for one in structure(normalized(read))] == [
            (one.name, rest(one)) for one in every
        ]
    if not all(map(is_right, every)) or read.source.byte_order_mark or read.problems:
        return 0
    mine = [
        (one.name, line(read, one.raw.start + one.file.start), line(read, one.raw.end + one.file.start))
        for one in every
    ]
    theirs = [one for one in structure(text) if one["instruction"] != "COMMENT"]
    assert [(one["instruction"], one["startline"], one["endline"]) for one in theirs] == mine
    images = [stage.image.word.text for stage in read.stages if stage.image is not None]
    if "$" not in "".join(images) and not any(stage.start.flags for stage in read.stages):
        assert PARSER(fileobj=io.BytesIO(text.encode()), env_replace=False).parent_images == images
    return len(every)


def line(read: DockerfileModel, offset: int) -> int:
    return read.source.text.count("\n", 0, offset)


def test_the_instructions_of_all_examples_are_those_of_dockerfile_parse():
    texts = texts_of("dockerfile")
    assert sum(map(compare, texts)) > 2 * len(texts)


LINES = st.sampled_from(
    ["FROM a:1 AS b\n", "from c\n", "RUN a \\\n  b && c\n", "# c\n", "ENV A=1 B='x y'\n", "\n", "CMD x\r\n", "LABEL a b c\n",
     "RUN a \\\n# c\n  b\n", "EXPOSE 80\n", "ONBUILD COPY . .\n", "  WORKDIR /é😀 \n", "ARG A\n", 'CMD ["a", \\\n "b"]\n',
     "run a\\\\ b\n", "COPY --from=b x \\\n\ty\n"]
)  # fmt: skip


@given(st.lists(LINES, max_size=12).map("".join))
def test_the_instructions_of_any_text_are_those_of_dockerfile_parse(text: str):
    compare(text)


def values(one: Instruction) -> Iterator[tuple[str, str]]:
    """The names and values of an ENV or ARG as dockerfile-parse gives them."""
    (context,) = PARSER(fileobj=io.BytesIO((one.logical + "\n").encode()), env_replace=False).context_structure
    yield from (context.line_envs or context.line_args).items()


# Escape characters too, but inside double quotes, where it knows `\"` only.
CHARACTERS = st.lists(
    st.sampled_from(
        ["a", "1", "$B", "${C:-d}", "=", "\\ ", "\\'", "\\a", "'x y'", "'\\'", '"x  y"', '"\\""', "#", "é"]
    ),
    max_size=6,
).map("".join)
NAMES = st.sampled_from(["A", "B_1", "c"])


@given(st.sampled_from(["ENV", "ARG", "env"]), st.dictionaries(NAMES, CHARACTERS, min_size=1))
@example("ENV", {"A": "\\ \\'", "B_1": "", "c": "'\\'"})
def test_the_own_reader_of_values_gives_those_of_dockerfile_parse(keyword: str, words: dict[str, str]):
    text = f"{keyword} " + " ".join(f"{name}={value}" for name, value in words.items())
    assume(not text.rstrip().endswith("\\"))  # a continuation at the end of the text
    one = instructions(model(f"FROM a\n{text}\n"))[1]
    assert isinstance(one, (Environment, Argument))
    with patch.object(key_values, "_is_plain", return_value=False):
        own = {written(one, pair.name_span): pair.value for pair in key_values.pairs_of(one)}
    assert own == dict(values(one))
