"""Whatever is typed, a Dockerfile is read: every character has its place, and the work grows with the text."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from counting import calls
from dockerfiles import instructions, model, placed
from hypothesis import given, settings
from hypothesis import strategies as st

from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel, parse
from playpen_ls.languages.dockerfile.parts import Instruction, Run
from playpen_ls.languages.dockerfile.syntax.raw import SPACE
from playpen_ls.languages.registry import model_facts
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

WHOLE = """\
# syntax=docker/dockerfile:1
# escape=\\
ARG VERSION=3.12
FROM --platform=linux/amd64 python:${VERSION}-slim AS build
# a comment
ENV A=1 \\
    B="two words" \\

    # inside
    C='x'
LABEL old the rest of it
RUN --mount=type=cache,target=/root/.cache \\
    pip install -r requirements.txt \\
    && echo "a \\
b"
COPY --from=build --chown=1:1 ["a b", "/x/"]
COPY <<one <<-"two" /y/
first $A
one
\tsecond
\ttwo
RUN <<EOF
set -e
FROM nothing
EOF
ONBUILD RUN make
HEALTHCHECK --interval=3s CMD curl localhost
CMD ["a", "b"]"""
TEXTS = [WHOLE, WHOLE.replace("\n", "\r\n"), "\ufeff" + WHOLE, WHOLE + "\n", WHOLE.replace("\\", "`"), WHOLE.lower()]
NAMES = ["unix", "windows", "mark", "final newline", "backquotes", "lower case"]


def tokens(read: DockerfileModel) -> list[Span]:
    found = [comment.span for comment in read.comments()]
    for one in instructions(read):
        spans = [one.keyword_span, *(flag.span for flag in one.flags), *(word.span for word in one.words)]
        if one.heredocs:
            spans.append(Span(one.heredocs[0].body.start, one.raw.end))
        found += [placed(one, span) for span in spans]
    return sorted(found)


def gaps(read: DockerfileModel) -> list[str]:
    """What stands between the tokens. Comments may stand inside a token that goes over several lines."""
    reached, found, text = 0, [], read.source.text
    for token in tokens(read):
        if token.start > reached:
            found.append(text[reached : token.start])
        reached = max(reached, token.end)
    return [*found, text[reached:]]


def is_trivia(gap: str, escape: str) -> bool:
    lines = gap.split("\n")
    for number, line in enumerate(lines):
        line = line.rstrip("\r \t")
        if line.endswith(escape) and number + 1 < len(lines):
            line = line[:-1]
        if line.strip(SPACE + "[,]"):
            return False
    return True


@pytest.mark.parametrize("text", TEXTS, ids=NAMES)
def test_only_trivia_stand_between_tokens(text: str):
    read = model(text)
    assert [gap for gap in gaps(read) if not is_trivia(gap, read.escape)] == []


LINES = st.sampled_from(
    ["FROM a AS b\n", "RUN a \\\n  b && c\n", "# c\n", "ENV A=1 B='x y'\n", 'COPY --from=b ["x", "y"]\n', "\n", "CMD x\r\n",
     "RUN <<E\na\nE\n", "RUN a \\\n# c\n\n  b\n", "LABEL a b c\n", "EXPOSE 80\n", "ONBUILD COPY . .\n", "  WORKDIR /é😀 \n",
     "RUN a\u2028b\n", "ARG A\n", "run --network=host a\n"]
)  # fmt: skip


@given(st.lists(LINES, max_size=12).map("".join), st.booleans())
def test_only_trivia_stand_between_tokens_of_any_whole_file(text: str, cut: bool):
    read = model(text.rstrip("\r\n") if cut else text)
    assert [gap for gap in gaps(read) if not is_trivia(gap, read.escape)] == []


def look_at_all(read: DockerfileModel) -> None:
    assert read.problems is not None
    for one in instructions(read):
        for span in (one.span, one.keyword_span, one.words_span, *(word.span for word in one.words)):
            assert 0 <= span.start <= span.end <= len(one.syntax.text)
        _look_at(one)
    assert list(model_facts(read)) is not None


def _look_at(one: Instruction) -> None:
    if isinstance(one, Run):
        assert all(command.span.end <= len(one.syntax.text) for command in one.commands)
    for name in ("pairs", "instruction", "sources", "mounts", "json"):
        getattr(one, name, None)


@pytest.mark.parametrize("text", TEXTS[:2], ids=NAMES[:2])
def test_any_prefix_is_read(text: str):
    for end in range(len(text)):
        look_at_all(model(text[:end]))


@pytest.mark.parametrize("text", TEXTS[:2], ids=NAMES[:2])
def test_any_text_that_lacks_one_character_is_read(text: str):
    for at in range(len(text)):
        look_at_all(model(text[:at] + text[at + 1 :]))


PIECES = ["", "\n", "\\\n", "<<EOF", "EOF\n", "'", '"', "FROM x\n", "#", "# escape=`\n", "[", "$", "\r", "é", " "]


def drawn_edit(data: st.DataObject, text: str) -> str:
    start = data.draw(st.integers(0, len(text)))
    end = min(len(text), start + data.draw(st.integers(0, 30)))
    return text[:start] + data.draw(st.sampled_from(PIECES)) + text[end:]


STAGES = """\
# escape=\\
ARG BASE=python:3.12
FROM ${BASE} AS base
# check=skip=all
RUN <<EOF
FROM inside
EOF
FROM base as build
ENV A=1 \\
    # hadolint ignore=DL3007
    B
COPY <<one /x
one
  FROM alpine:3 \\
    AS tools
RUN a \\
FROM tools
HEALTHCHECK CMD curl localhost/health
FROM scratch
COPY --from=build /x /x
EXPOSE 80
FROM base AS Base
SHELL ["cmd"]
RUN <<two
CMD python app.py
"""
SEEN = {
    "instructions": lambda one: [(each.name, each.index, each.span, each.logical, each.heredocs) for each in instructions(one)],
    "words": lambda one: [(each.keyword_span, each.flags, each.words) for each in instructions(one)],
    "stages": lambda one: [(stage.name, stage.span, stage.base and stage.base.number) for stage in one.stages],
    "images": lambda one: [stage.image and (stage.image.span, stage.image.reference) for stage in one.stages],
    "sections": lambda one: [(chunk.span, chunk.key) for chunk in one.chunks],
    "comments": lambda one: list(one.comments()),
    "marked": lambda one: list(one.comments_with(MARKS)),
    "rest": lambda one: (one.escape, one.directives, list(one.problems), list(model_facts(one))),
    "constructs": lambda one: [(one.construct_at(at), one.construct_after(at)) for at in range(0, len(one.source.text), 7)],
}  # fmt: skip
MARKS = ("hadolint", "check=")


@pytest.mark.parametrize("whole", [WHOLE, STAGES], ids=["one stage", "several stages"])
@settings(deadline=None)
@given(data=st.data())
def test_a_new_version_is_what_a_fresh_look_gives(data: st.DataObject, whole: str):
    read = model(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        source = Source("Dockerfile", drawn_edit(data, read.source.text))
        read = parse(source, read)
        fresh = parse(source)
        look_at_all(read)
        for name, seen in SEEN.items():
            assert seen(read) == seen(fresh), name


def test_a_keystroke_reads_the_text_of_its_stage_alone():
    text = "ARG A\n" + "".join(f"FROM a:1 AS s{number}\nRUN a\nCOPY . .\n" for number in range(50))
    before = model(text)
    at = text.index("COPY", text.index("AS s30\n"))
    after = parse(Source("Dockerfile", text[:at] + "RUN b\n" + text[at:]), before)
    pairs = zip(after.chunks, before.chunks, strict=True)
    assert [number for number, (one, other) in enumerate(pairs) if one.content is not other.content] == [31]
    assert not after.problems
    assert len(list(model_facts(after))) == 51
    assert [one.logical for one in after.stage(31).instructions] == ["RUN a", "RUN b", "COPY . ."]


SEES = """\
ARG VERSION=3.12
ARG TOOL=a
FROM golang:1.22 AS tools
RUN a
FROM python:$VERSION AS base
RUN b
FROM base AS build
ARG TOOL
RUN c
FROM alpine
COPY --from=build /x /x
"""
NAMES_OF_SEES = ["", "tools", "base", "build", "final"]


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("RUN a", "RUN aa", ["tools"]),
        ("RUN b", "RUN bb", ["base", "build"]),
        ("1.22", "1.23", ["tools"]),
        ("3.12", "3.13", ["", "base", "build"]),
        ("TOOL=a", "TOOL=b", [""]),  # no rule needs the value
        ("alpine", "build", ["base", "build", "final"]),  # their layers are in the final image now
        ("AS tools", "AS tool", ["tools"]),
        ("AS build", "AS built", ["build", "final"]),
        ("RUN a\n", "RUN a\nRUN gosu a\n", ["tools", "final"]),
    ],
)
def test_a_stage_is_looked_at_again_where_something_has_changed_that_it_sees(
    old: str, new: str, changed: list[str], tmp_path: Path
):
    workspace = Workspace(tmp_path)
    workspace.index.complete = True
    workspace.open(Source("Dockerfile", SEES), "dockerfile")
    workspace.check("Dockerfile")
    before = workspace.documents["Dockerfile"].memory.pairs
    at = SEES.index(old)
    edit = Edit(at, at + len(old), new)
    workspace.edit("Dockerfile", Source("Dockerfile", SEES).edited([edit]), [edit])
    workspace.check("Dockerfile")
    pairs = zip([*NAMES_OF_SEES, "whole file"], before, workspace.documents["Dockerfile"].memory.pairs, strict=True)
    assert {name for name, one, other in pairs if one is not other} - {"whole file"} == set(changed)


def look(text: str) -> None:
    """A text is read and all of it is looked at."""
    read = model(text)
    for one in instructions(read):
        assert one.words is not None
        _look_at(one)
    assert read.problems is not None


HOSTILE = [WHOLE + "\n", "RUN a \\\n", "a \\\n", "RUN <<EOF\n", "COPY <<a <<b /x\n", "# c\n", "\\\n", "ENV A=", '["a",', "'",
           "${", "--x=", "ONBUILD ", "ARG A=1\nFROM a\n", "\r", "\r\n", "FROM a AS b\nCOPY --from=b . .\n"]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_the_work_grows_with_the_text(piece: str):
    few, many = calls(partial(look, piece * 100)), calls(partial(look, piece * 400))
    assert many < 5 * few + 500  # four times the text
