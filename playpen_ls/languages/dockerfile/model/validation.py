"""What BuildKit would refuse, at the word at fault. Wrong directives and heredocs are found while reading."""

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
    """Lines of a template language stand in it: what BuildKit will read is made from it."""
    return any(_has_template_lines(cut) for cut in document.cuts)


def _has_template_lines(cut: Cut) -> bool:
    kept: bool | None = cut.made.get("template")
    if kept is None:
        marked = any(mark in cut.text for mark in _TEMPLATE_MARKS)
        kept = cut.made["template"] = marked and any(piece.keyword.startswith(_TEMPLATE_MARKS) for piece in cut.pieces)
    return kept


def problems_of(document: Dockerfile) -> Iterator[Problem]:
    """Those found while reading, and of each instruction at most one."""
    syntax = next((one.value for one in document.directives if one.key == "syntax"), None)
    # Another frontend has instructions and flags of its own.
    theirs = syntax is not None and not _OFFICIAL.match(syntax)
    if not document.stages and not theirs:
        yield Problem(Span(0, 0), "the file has no `FROM`")
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
                    yield Problem(word.span, f"an earlier stage is called `{word.text}` too")
                names.add(stage.name)
        elif document.stages:
            for index, instruction in enumerate(document.above):
                if instruction.name != "ARG" and index not in faults:
                    what = f"`{instruction.keyword}` stands above the first `FROM`"
                    yield Problem(instruction.keyword_span, what)


def _moved(problem: Problem, by: int) -> Problem:
    return Problem(problem.span.shifted(by), problem.message) if by else problem


def _faults(document: Dockerfile, number: int) -> dict[int, Problem]:
    """What is wrong in a cut whatever the rest of the file says, by the instruction's number in it; as it was read."""
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
    """A quick look: nothing can be wrong with it. Most instructions are so."""
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
            yield Problem(instruction.words_span, "a line continuation continues nothing")
            return
        meant = nearest(name, sorted(KEYWORDS))
        hint = f", `{meant}` is" if meant else ""
        yield Problem(instruction.keyword_span, f"`{keyword}` is no instruction{hint}")
        return
    arguments = instruction.logical[len(keyword) :].lstrip()
    if not arguments and name in _NEED_ARGUMENTS:
        yield Problem(instruction.keyword_span, f"`{keyword}` says nothing: its argument is missing")
        return
    if arguments.startswith("--"):
        yield from _flags(instruction)
    if isinstance(instruction, From):
        yield from _from(instruction)
    elif isinstance(instruction, Transfer):
        if len(instruction.words) < 2 and not instruction.heredocs:
            yield Problem(instruction.words_span, f"`{keyword}` needs a source and a destination")
    elif isinstance(instruction, Onbuild):
        yield from _onbuild(instruction)
    elif isinstance(instruction, Assigning):
        yield from _pairs(instruction)
    elif isinstance(instruction, Healthcheck):
        word = instruction.words[0] if instruction.words else None
        if word is None or word.text.upper() not in ("CMD", "NONE"):
            yield Problem(word.span if word else instruction.keyword_span, "`HEALTHCHECK` takes `CMD` or `NONE`")
    elif name == "SHELL" and not instruction.json:
        yield Problem(instruction.arguments_span, '`SHELL` takes the JSON form: `["/bin/sh", "-c"]`')


def _flags(instruction: Instruction) -> Iterator[Problem]:
    known = _FLAGS.get(instruction.name, frozenset())
    for flag in instruction.flags:
        if flag.name not in known:
            yield Problem(flag.span, f"`{instruction.keyword}` has no flag `--{flag.name}`")


def _from(instruction: From) -> Iterator[Problem]:
    words = instruction.words
    if "{{" in instruction.logical:
        return  # in a template, how many words these are comes out later
    if not words:
        yield Problem(instruction.words_span, f"`{instruction.keyword}` names no image")
    elif len(words) not in (1, 3) or (len(words) == 3 and words[1].text.lower() != "as"):
        span = Span(words[1].span.start, words[-1].span.end)
        yield Problem(span, "behind the image only `AS` and a stage's name can stand")
    elif instruction.stage_name and not _STAGE_NAME.fullmatch(instruction.stage_name.text):
        yield Problem(instruction.stage_name.span, f"`{instruction.stage_name.text}` is no stage name")


def _onbuild(instruction: Onbuild) -> Iterator[Problem]:
    inner = instruction.instruction
    if inner is None:
        return
    if inner.name in ("ONBUILD", "MAINTAINER", "FROM"):
        yield Problem(inner.keyword_span, f"`ONBUILD` cannot keep `{inner.keyword}`")
    else:
        yield from _of_instruction(inner)


def _pairs(instruction: Assigning) -> Iterator[Problem]:
    if isinstance(instruction, Argument):
        return
    if not instruction.pairs:
        yield Problem(instruction.words_span, f"`{instruction.keyword}` takes `NAME=value`")
    elif "=" in instruction.words[0].text:
        for word in instruction.unassigned:
            yield Problem(word.span, f"`{word.text}` has no `=`: `{instruction.keyword}` takes `NAME=value`")
