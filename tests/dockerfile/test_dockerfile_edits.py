"""Edits that several rules make: lines around an instruction, USER, the image of a stage."""

from __future__ import annotations

import pytest
from parts import parts_in

from playpen_ls.api.fact_types import ImageUse
from playpen_ls.api.facts import Facts, Table
from playpen_ls.api.finding import Place, Refused
from playpen_ls.languages.dockerfile.edits.image import fixed_tags, registry_of, replacement
from playpen_ls.languages.dockerfile.edits.lines import block, is_blank_above, is_blank_below, line_above, line_below
from playpen_ls.languages.dockerfile.edits.user import user_edit, user_of
from playpen_ls.languages.dockerfile.model.dockerfile import parse
from playpen_ls.languages.dockerfile.parts import BaseImage, Stage
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.images import ImageReference


def last_of(text: str, kind: type) -> object:
    return [part for part in parts_in(parse(Source("Dockerfile", text))) if isinstance(part, kind)][-1]


def edited(text: str, edits: list[Edit], start: int) -> str:
    return Source("Dockerfile", text).edited([edit.shifted(start) for edit in edits]).text


def test_an_instruction_has_the_comments_above_it():
    text = "FROM a\n# one\n\n  # two\n# three\nRUN b \\\n  c\n"
    stage = last_of(text, Stage)
    assert isinstance(stage, Stage)
    (run,) = stage.instructions
    lines = block(run)
    assert run.source.of(lines) == "  # two\n# three\nRUN b \\\n  c"
    start = stage.file.start
    assert edited(text, [line_above(run, "USER x")], start) == text.replace("  # two", "USER x\n  # two")
    assert edited(text, [line_below(run, "USER x")], start) == text + "USER x\n"


def test_line_ends_are_those_of_the_file():
    text = "FROM a\r\nRUN b"
    stage = last_of(text, Stage)
    assert isinstance(stage, Stage)
    (run,) = stage.instructions
    assert edited(text, [line_below(run, "USER x")], stage.file.start) == "FROM a\r\nRUN b\r\nUSER x"
    assert edited(text, [line_above(run, "USER x")], stage.file.start) == "FROM a\r\nUSER x\r\nRUN b"


def test_blank_lines_are_known():
    source = Source("x", "a\n\nb\n  \n")
    assert [is_blank_above(source, offset) for offset in (0, 2, 3, 6, 8)] == [True, False, True, False, True]
    assert [is_blank_below(source, offset) for offset in (0, 2, 3, 5, 8)] == [True, False, True, True, True]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FROM a\n", "FROM a\nUSER 1000:1000\n"),
        ("from a\n", "from a\nuser 1000:1000\n"),
        ("FROM a\nRUN b\nCMD c\n", "FROM a\nRUN b\nUSER 1000:1000\nCMD c\n"),
        ("FROM a\nRUN b\nentrypoint c\nCMD d\n", "FROM a\nRUN b\nuser 1000:1000\nentrypoint c\nCMD d\n"),
        ("FROM a\nCMD c\nRUN b\nLABEL d=e\n", "FROM a\nCMD c\nRUN b\nLABEL d=e\nUSER 1000:1000\n"),
        ("FROM a\nUSER root\nCMD c\n", "FROM a\nUSER 1000:1000\nCMD c\n"),
        ("FROM a\nUSER root\nRUN b\nCMD c\n", "FROM a\nUSER root\nRUN b\nUSER 1000:1000\nCMD c\n"),
        ("FROM a\nCOPY b c\n\n# start\nCMD c\n", "FROM a\nCOPY b c\n\nUSER 1000:1000\n\n# start\nCMD c\n"),
        ("FROM a\nCOPY b c\n# start\nCMD c\n", "FROM a\nCOPY b c\nUSER 1000:1000\n# start\nCMD c\n"),
        ("FROM a\nWORKDIR /b\n\nCMD c\n", "FROM a\nWORKDIR /b\n\nUSER 1000:1000\nCMD c\n"),
        ("FROM a\nADD b c\nENV d=e\n\nCMD c", "FROM a\nADD b c\nENV d=e\n\nUSER 1000:1000\nCMD c"),
    ],
)
def test_a_user_is_set_behind_what_needs_root(before: str, after: str):
    stage = last_of(before, Stage)
    assert isinstance(stage, Stage)
    assert edited(before, [user_edit(stage)], stage.file.start) == after


@pytest.mark.parametrize(
    ("command", "user"),
    [
        ("useradd app", "app"),
        ("adduser --system app_1", "app_1"),
        ("useradd -u 1001 app", "1001"),
        ("useradd --uid 1 app", "1"),
        # root by its number, or a number or name that is not known
        ("useradd -o -u 0 app", "1000:1000"),
        ("useradd -u $ID app", "1000:1000"),
        ("useradd $NAME", "1000:1000"),
        ("useradd App", "1000:1000"),
        # not the one user that the stage creates
        ("groupadd app", "1000:1000"),
        ("useradd a && useradd b", "1000:1000"),
        ("adduser app", "app"),
        ("adduser app group", "1000:1000"),
    ],
)
def test_the_user_is_the_one_that_the_stage_creates(command: str, user: str):
    stage = last_of(f"FROM a\nRUN {command}\n", Stage)
    assert isinstance(stage, Stage)
    assert user_of(stage) == user


def replaced(text: str, reference: str) -> str:
    image = last_of(text, BaseImage)
    assert isinstance(image, BaseImage)
    try:
        return edited(text, replacement(image, reference), image.owner.file.start)
    except Refused as refused:
        return f"refused: {refused}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("FROM a:1 AS b\n", "FROM n/a:2 AS b\n"),
        ("FROM --platform=$P a:1\n", "FROM --platform=$P n/a:2\n"),
        ("ARG I=a:1\nFROM $I\n", "ARG I=n/a:2\nFROM $I\n"),
        ('ARG I="a:1"\nFROM ${I}\n', 'ARG I="n/a:2"\nFROM ${I}\n'),
        ("ARG I=a T=1\nFROM $I:$T\n", "ARG I=n/a T=2\nFROM $I:$T\n"),
        ("ARG I=a\nARG T=1\nFROM ${I}:${T}\n", "ARG I=n/a\nARG T=2\nFROM ${I}:${T}\n"),
        ("ARG I\nFROM $I\n", "refused: `ARG I` has no default before the first `FROM`"),
        ("FROM $I\n", "refused: `ARG I` has no default before the first `FROM`"),
        ("ARG T=1\nFROM a:$T\n",
         "refused: `a:$T` depends on build arguments whose values cannot be changed one by one"),
        ("ARG T=1\nFROM $T:$T\n",
         "refused: `$T:$T` depends on build arguments whose values cannot be changed one by one"),
        ("ARG I=a\nARG T=1\nFROM c:$T\nFROM $I:$T\n", "refused: `FROM` in another place also uses build argument `T`"),
        ("ARG I=a\nARG T=1\nFROM $I:$T\nARG T\n", "refused: `ARG` in another place also uses build argument `T`"),
    ],
)  # fmt: skip
def test_an_image_is_replaced_where_it_is_written(before: str, after: str):
    assert replaced(before, "n/a:2") == after


def test_pinned_tags_of_an_image_are_those_of_this_file_and_of_other_dockerfiles():
    image = last_of("FROM a:1.2\nFROM a:latest\nFROM c:7\nFROM a\n", BaseImage)
    assert isinstance(image, BaseImage)
    others = ("a:1.10", "a:latest", "b:3", "a:1.2", "a@sha256:0")
    uses = [ImageUse(Place("b/Dockerfile", Span(0, 1)), one) for one in others]
    uses.append(ImageUse(Place("k.yaml", Span(0, 1)), "a:1.3"))
    assert fixed_tags(image, Facts(ImageUse, Table(uses))) == ["1.10", "1.2"]


def test_docker_hub_is_the_registry_without_a_name():
    for name in ("a", "docker.io/a", "index.docker.io/a", "registry-1.docker.io/b/a", "registry.hub.docker.com/a"):
        assert registry_of(ImageReference.parse(name)) == ""
    assert registry_of(ImageReference.parse("nexus:5000/a")) == "nexus:5000"


def test_a_range_of_a_block_counts_from_its_stage():
    stage = last_of("FROM a\n\nFROM b\nRUN c\n", Stage)
    assert isinstance(stage, Stage)
    assert block(stage.instructions[0]) == Span(7, 12)
