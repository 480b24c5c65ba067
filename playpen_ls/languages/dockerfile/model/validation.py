"""Syntax errors that BuildKit rejects, at the offending word. Directives and heredocs are checked by the reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from playpen_ls.languages.dockerfile.syntax.instruction import Instruction, Onbuild
from playpen_ls.languages.dockerfile.syntax.instruction_types import Argument, Assigning, From, Healthcheck, Transfer
from playpen_ls.languages.dockerfile.syntax.raw import KEYWORDS, Cut
from playpen_ls.languages.model import Problem
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import nearest

if TYPE_CHECKING:
    from playpen_ls.languages.dockerfile.model.dockerfile import Dockerfile

_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*", re.IGNORECASE)
_FLAGS = {
    "ADD": frozenset("chown chmod link keep-git-dir checksum unpack exclude".split()),
    "COPY": frozenset("chown from chmod link exclude parents".split()),
    "FROM": frozenset(("platform",)),
    "HEALTHCHECK": frozenset("interval timeout start-period start-interval retries".split()),
    "RUN": frozenset("mount network security device".split()),
}
_NEED_ARGUMENTS = frozenset(
    "ARG ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD SHELL STOPSIGNAL USER VOLUME WORKDIR".split()
)
_NEED_NOTHING_MORE = frozenset("ARG CMD ENTRYPOINT EXPOSE MAINTAINER STOPSIGNAL USER VOLUME WORKDIR".split())
_TEMPLATE_MARKS = ("{{", "{%", "{#", "<%")  # of Go, jq and Mustache, of Jinja, of ERB
_OFFICIAL = re.compile(r"(docker\.io/)?docker/dockerfile(:|@|$)(?!.*labs)")


def is_template(document: Dockerfile) -> bool:
    """The file contains lines of a template language, so the Dockerfile is generated from it."""
    return any(_has_template_lines(cut) for cut in document.cuts)


def _has_template_lines(cut: Cut) -> bool:
    kept: bool | None = cut.made.get("template")
    if kept is None:
        marked = any(mark in cut.text for mark in _TEMPLATE_MARKS)
        kept = cut.made["template"] = marked and any(piece.keyword.startswith(_TEMPLATE_MARKS) for piece in cut.pieces)
    return kept


def problems_of(document: Dockerfile) -> Iterator[Problem]:
    """The problems found by the reader, and at most one for each instruction."""
    syntax = next((one.value for one in document.directives if one.key == "syntax"), None)
    # A custom frontend can have its own instructions and flags.
    theirs = syntax is not None and not _OFFICIAL.match(syntax)
    if not document.stages and not theirs:
        yield Problem(Span(0, 0), "Dockerfile has no `FROM` instruction")
    names: set[str] = set()
    for number, (cut, start) in enumerate(zip(document.cuts, document.starts, strict=True)):
        for problem in cut.problems:
            yield _moved(problem, start - cut.start)
        if theirs:
            continue
        faults = cut.made.get("faults")
        if faults is None:
            faults = cut.made["faults"] = _faults(document, number)
        for fault in faults.values():
            yield _moved(fault, start - cut.start)
        if number:
            stage = document.stages[number - 1]
            if stage.name and 0 not in faults:
                if stage.name in names and (word := stage.start.stage_name):
                    yield Problem(word.span, f"duplicate stage name `{word.text}`")
                names.add(stage.name)
        elif document.stages:
            for index, instruction in enumerate(document.above):
                if instruction.name != "ARG" and index not in faults:
                    what = f"`{instruction.keyword}` is not allowed before the first `FROM`"
                    yield Problem(instruction.keyword_span, what)


def _moved(problem: Problem, by: int) -> Problem:
    return Problem(problem.span.shifted(by), problem.message) if by else problem


def _faults(document: Dockerfile, number: int) -> dict[int, Problem]:
    """The problems of a cut that do not depend on the rest of the file, by the index of the instruction in it.

    Their offsets are those of the version of the text in which the cut was parsed.
    """
    cut, faults = document.cuts[number], dict[int, Problem]()
    by = document.starts[number] - cut.start
    for index, piece in enumerate(cut.pieces):
        if not _is_plain(piece.keyword.upper(), piece.logical):
            (instruction,) = document.made(number, 0, None, index, index + 1)
            fault = next(_of_instruction(instruction), None)
            if fault is not None:
                faults[index] = _moved(fault, -by)
    return faults


def _is_plain(name: str, logical: str) -> bool:
    """Fast pre-check that accepts most valid instructions; the others are checked in full."""
    words = logical.split()[1:]
    while words and words[0].startswith("--"):
        flag = words.pop(0)
        if flag[2:].partition("=")[0] not in _FLAGS.get(name, ()) or '"' in flag or "'" in flag or "\\" in flag:
            return False
    if name == "RUN":
        return True
    if name in ("COPY", "ADD"):
        return len(words) > 1
    if name == "FROM":
        return len(words) == 1
    if name == "ENV":
        plain = '"' not in logical and "'" not in logical and "\\" not in logical
        return plain and bool(words) and all("=" in word for word in words)
    return name in _NEED_NOTHING_MORE and bool(words)


def _of_instruction(instruction: Instruction) -> Iterator[Problem]:
    name, keyword = instruction.name, instruction.keyword
    if name not in KEYWORDS:
        if not keyword:
            yield Problem(instruction.words_span, "line continuation without an instruction")
            return
        meant = nearest(name, sorted(KEYWORDS))
        hint = f"; did you mean `{meant}`?" if meant else ""
        yield Problem(instruction.keyword_span, f"unknown instruction `{keyword}`{hint}")
        return
    arguments = instruction.logical[len(keyword) :].lstrip()
    if not arguments and name in _NEED_ARGUMENTS:
        yield Problem(instruction.keyword_span, f"`{keyword}` requires an argument")
        return
    if arguments.startswith("--"):
        yield from _flags(instruction)
    if isinstance(instruction, From):
        yield from _from(instruction)
    elif isinstance(instruction, Transfer):
        if len(instruction.words) < 2 and not instruction.heredocs:
            yield Problem(instruction.words_span, f"`{keyword}` requires a source and a destination")
    elif isinstance(instruction, Onbuild):
        yield from _onbuild(instruction)
    elif isinstance(instruction, Assigning):
        yield from _pairs(instruction)
    elif isinstance(instruction, Healthcheck):
        word = instruction.words[0] if instruction.words else None
        if word is None or word.text.upper() not in ("CMD", "NONE"):
            yield Problem(word.span if word else instruction.keyword_span, "`HEALTHCHECK` requires `CMD` or `NONE`")
    elif name == "SHELL" and not instruction.json:
        yield Problem(instruction.arguments_span, '`SHELL` requires the JSON form, such as `["/bin/sh", "-c"]`')


def _flags(instruction: Instruction) -> Iterator[Problem]:
    known = _FLAGS.get(instruction.name, frozenset())
    for flag in instruction.flags:
        if flag.name not in known:
            yield Problem(flag.span, f"unknown flag `--{flag.name}` for `{instruction.keyword}`")


def _from(instruction: From) -> Iterator[Problem]:
    words = instruction.words
    if "{{" in instruction.logical:
        return  # the number of words is known only after the template is rendered
    if not words:
        yield Problem(instruction.words_span, f"`{instruction.keyword}` requires an image")
    elif len(words) not in (1, 3) or (len(words) == 3 and words[1].text.lower() != "as"):
        span = Span(words[1].span.start, words[-1].span.end)
        yield Problem(span, f"only `AS` and a stage name are allowed after the image of `{instruction.keyword}`")
    elif instruction.stage_name and not _STAGE_NAME.fullmatch(instruction.stage_name.text):
        yield Problem(instruction.stage_name.span, f"invalid stage name `{instruction.stage_name.text}`")


def _onbuild(instruction: Onbuild) -> Iterator[Problem]:
    inner = instruction.instruction
    if inner is None:
        return
    if inner.name in ("ONBUILD", "MAINTAINER", "FROM"):
        yield Problem(inner.keyword_span, f"`{inner.keyword}` is not allowed in `ONBUILD`")
    else:
        yield from _of_instruction(inner)


def _pairs(instruction: Assigning) -> Iterator[Problem]:
    if isinstance(instruction, Argument):
        return
    if not instruction.pairs:
        yield Problem(instruction.words_span, f"`{instruction.keyword}` requires `NAME=value`")
    elif "=" in instruction.words[0].text:
        for word in instruction.unassigned:
            yield Problem(word.span, f"missing `=` after `{word.text}`: `{instruction.keyword}` requires `NAME=value`")
