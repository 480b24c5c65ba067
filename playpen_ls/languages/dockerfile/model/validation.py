"""Syntax errors that BuildKit rejects, at the offending word. Directives and heredocs are checked by the reader."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from playpen_ls.api.file_view import Outline
from playpen_ls.languages.dockerfile.model.queries import has_other_frontend, is_template, start_of
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import (
    Argument,
    Assigning,
    From,
    Healthcheck,
    Onbuild,
    Transfer,
    instruction_of,
)
from playpen_ls.languages.dockerfile.syntax.key_values import assigns
from playpen_ls.languages.dockerfile.syntax.raw import KEYWORDS
from playpen_ls.languages.dockerfile.syntax.stage_text import StageText
from playpen_ls.languages.model import Problem
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import nearest

_STAGE_NAME = regex(r"[a-z][a-z0-9_.-]*", re.IGNORECASE)
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
_NEED_NOTHING_MORE = frozenset("ARG CMD ENTRYPOINT MAINTAINER STOPSIGNAL USER VOLUME WORKDIR".split())
_PORT = regex(
    r"(?P<host>(?:[\w.:\[\]]*:)?(?:\d{1,5}(?:-\d{1,5})?)?:)?(?P<first>\d{1,9})(?:-(?P<last>\d{1,9}))?(?:/(?P<protocol>\w*))?",
    re.ASCII,
)
_PLAIN_PORT = regex(r"\d{1,4}(?:/tcp|/udp)?", re.ASCII)
_MOST = 65535


Faults = tuple[tuple[int, Problem], ...]
"""Problems of the instructions of a chunk, at most one for each, by their index."""


# What a chunk says by itself


def _syntax_errors(content: StageText) -> tuple[Problem, ...]:
    return content.problems


def _faults(content: StageText) -> Faults:
    found = []
    for index, raw in enumerate(content.raw):
        if not _is_plain(raw.keyword.upper(), raw.logical):
            fault = next(_of_instruction(instruction_of(content, raw, index)), None)
            if fault is not None:
                found.append((index, fault))
    return tuple(found)


def _stage_name(content: StageText) -> tuple[str, Span] | None:
    """The name of a valid FROM, as written."""
    if content.above:
        return None
    start = start_of(content)
    word = start.stage_name
    return (word.text, word.span) if word is not None and next(_of_instruction(start), None) is None else None


def _of_host(content: StageText) -> tuple[Problem, ...]:
    """What EXPOSE says of the host, as in `8080:80`: BuildKit ignores it, with a warning."""
    exposed = (
        instruction_of(content, raw, index)
        for index, raw in enumerate(content.raw)
        if raw.keyword.upper() == "EXPOSE" and ":" in raw.logical
    )
    return tuple(
        problem
        for instruction in exposed
        if next(_of_instruction(instruction), None) is None
        for problem in _hosts(instruction)
    )


def _hosts(instruction: Instruction) -> Iterator[Problem]:
    """Each where it can be removed: with its port and the space before it, if the instruction names the port twice."""
    for before, word in itertools.pairwise((None, *instruction.words)):
        port = _PORT.fullmatch(word.text) if word is not None else None
        if word is None or port is None or port["host"] is None:
            continue
        span = Span(word.span.start, word.span.start + port.end("host"))
        if before is not None and any(one.text == word.text[port.end("host") :] for one in instruction.words):
            span = Span(before.span.end, word.span.end)
        what = f"`{instruction.keyword}` names ports of the container; `{port['host']}` has no effect"
        yield Problem(span, what)


def _not_allowed_above(content: StageText) -> Iterator[tuple[int, Problem]]:
    """The instructions, other than ARG, that come before the first FROM."""
    for index, raw in enumerate(content.raw):
        if raw.keyword.upper() != "ARG":
            what = f"`{raw.keyword}` is not allowed before the first `FROM`"
            yield index, Problem(instruction_of(content, raw, index).keyword_span, what)


# Queries

NO_FROM = "Dockerfile has no `FROM` instruction"


def problems(outline: Outline) -> tuple[tuple[int, Problem], ...]:
    """The problems of the file, each with the number of the chunk from whose start it counts, in text order.

    Those that the reader found, and at most one for each instruction. None in a template, from which a Dockerfile is
    generated.
    """
    if outline.ask(is_template):
        return ()
    found = list(_problems(outline))
    return tuple(sorted(found, key=lambda one: (one[0], one[1].span)))


def _problems(outline: Outline) -> Iterator[tuple[int, Problem]]:
    above: StageText = outline.content(0)
    theirs = outline.ask(has_other_frontend)
    has_stages = outline.count > 1
    if not has_stages and not theirs:
        yield 0, Problem(Span(0, 0), NO_FROM)
    for number, some in enumerate(outline.each(_syntax_errors)):
        yield from ((number, problem) for problem in some)
    if theirs:
        return
    faults = outline.each(_faults)
    for number, those in enumerate(faults):
        yield from ((number, problem) for _, problem in those)
    if has_stages:
        wrong = {index for index, _ in faults[0]}
        yield from ((0, problem) for index, problem in _not_allowed_above(above) if index not in wrong)


def duplicate_names(outline: Outline) -> tuple[tuple[int, Problem], ...]:
    """The names that an earlier stage has, without regard to case, each with the number of its chunk.

    BuildKit only warns: the name then means the last stage above.
    """
    names: set[str] = set()
    found = []
    for number, named in enumerate(outline.each(_stage_name)):
        if named is not None:
            name, span = named
            if name.lower() in names:
                found.append((number, Problem(span, f"duplicate stage name `{name}`")))
            names.add(name.lower())
    return () if outline.ask(is_template) or outline.ask(has_other_frontend) else tuple(found)


def ports_of_host(outline: Outline) -> tuple[tuple[int, Problem], ...]:
    """What EXPOSE says of the host, each with the number of its chunk."""
    found = [(number, problem) for number, some in enumerate(outline.each(_of_host)) for problem in some]
    return () if not found or outline.ask(is_template) or outline.ask(has_other_frontend) else tuple(found)


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
    if name == "EXPOSE":
        return bool(words) and all(map(_PLAIN_PORT.fullmatch, words))
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
    elif name == "EXPOSE":
        yield from _ports(instruction)
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


def _ports(instruction: Instruction) -> Iterator[Problem]:
    """Ports are 0 to 65535, ranges rise, and protocols are `tcp`, `udp` and `sctp`: `parsePort` of BuildKit."""
    for word in instruction.words:
        port = _PORT.fullmatch(word.text)
        if not word.plain:
            continue
        if word.text.startswith("#"):
            yield Problem(word.span, "a comment must be on its own line; `EXPOSE` takes `#` for a port")
        elif port is None:
            yield Problem(word.span, f"`{word.text}` is not a port")
        elif (port["protocol"] or "tcp").lower() not in ("tcp", "udp", "sctp"):
            yield Problem(word.span, f"`{port['protocol']}` is not a protocol: `tcp`, `udp` and `sctp` are")
        elif max(int(port["first"]), int(port["last"] or 0)) > _MOST:
            yield Problem(word.span, f"port `{word.text}` is out of range: the highest one is {_MOST}")
        elif port["last"] is not None and int(port["last"]) < int(port["first"]):
            yield Problem(word.span, f"the range `{word.text}` ends before it begins")


def _pairs(instruction: Assigning) -> Iterator[Problem]:
    if isinstance(instruction, Argument):
        return
    if not assigns(instruction):
        yield Problem(instruction.words_span, f"`{instruction.keyword}` requires `NAME=value`")
    elif "=" in instruction.words[0].text:
        for word in instruction.unassigned:
            yield Problem(word.span, f"missing `=` after `{word.text}`: `{instruction.keyword}` requires `NAME=value`")
