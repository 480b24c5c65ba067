"""The variables that BuildKit expands in the words of an instruction."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

EXPANDED = frozenset("ADD ARG COPY ENV EXPOSE FROM LABEL STOPSIGNAL USER VOLUME WORKDIR".split())
"""The instructions in which BuildKit expands variables; in RUN, CMD and ENTRYPOINT the shell does."""
PLATFORM = frozenset(
    f"{of}{what}" for of in ("BUILD", "TARGET") for what in ("PLATFORM", "OS", "ARCH", "VARIANT", "OSVERSION", "STAGE")
)
"""Global arguments that BuildKit sets; a stage must declare those that it uses."""
_REFERENCE = regex(r"\$(?:(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?P<rest>\}|:?[-+?]|[#%/])?)")


@dataclass(frozen=True, slots=True)
class Reference:
    """`span` covers the name alone. `needed` is False for `${NAME:-…}`, `:+` and `:?`: the variable can be unset."""

    name: str
    span: Span
    needed: bool


def references(instruction: Instruction) -> Iterator[Reference]:
    """The variables in the flags and arguments of an instruction, without those in the word of a `${NAME:-word}`.

    `--from` is not expanded.
    """
    if instruction.name in EXPANDED:
        yield from _references(instruction)


def references_in_shell(instruction: Instruction) -> Iterator[Reference]:
    """The same in the script of a shell form, without heredocs."""
    if instruction.name not in EXPANDED:
        yield from _references(instruction)


def _references(instruction: Instruction) -> Iterator[Reference]:
    text, escape = instruction.logical, instruction.syntax.escape
    at, end, doubled = text.find("$"), len(text), False
    if at < 0:
        return
    at = len(instruction.keyword)
    origin = instruction.flag("from")
    while at < end:
        char = text[at]
        if char == escape:
            at += 2
        elif char == "'" and not doubled:
            close = text.find("'", at + 1)
            at = close + 1 if close >= 0 else end
        elif char == "$" and (match := _REFERENCE.match(text, at)):
            group = "bare" if match["bare"] else "name"
            span = instruction.place(match.start(group), match.end(group))
            at = match.end()
            if group == "name" and match["rest"] != "}":
                at = _after_brace(text, at)
            needed = group == "bare" or match["rest"] in ("}", "#", "%", "/")
            if origin is None or not origin.span.contains(span.start):
                yield Reference(match[group], span, needed)
        else:
            doubled ^= char == '"'
            at += 1


def _after_brace(text: str, at: int) -> int:
    """The offset after the `}` that closes the brace before `at`; the end of the text if there is none."""
    depth = 1
    for match in re.compile(r"\$\{|\}").finditer(text, at):
        depth += 1 if match[0] == "${" else -1
        if depth == 0:
            return match.end()
    return len(text)
