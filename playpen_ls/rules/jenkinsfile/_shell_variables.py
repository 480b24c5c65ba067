"""Fixes that let the shell expand a variable of its environment instead of Groovy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.edits.quoting import in_comment, quote_at, words_at
from playpen_ls.languages.jenkinsfile.parts import ShellStep, StringLiteral
from playpen_ls.languages.shell.parser import Word
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

Names = Mapping[int, str]
"""The environment variable of each `${…}`, by the offset where that starts."""

_PERCENT = regex(r"%[A-Za-z_]\w*(?::[^%\n]*)?%|%%|%~?[a-z]*\d|%\*|(%)")


def variable(step: str, name: str, *, braces: bool = False) -> str:
    """A variable of the environment in the syntax of a kind of step."""
    if step == "bat":
        return f"%{name}%"
    if step in ("powershell", "pwsh"):
        return f"$env:{name}"
    return f"${{{name}}}" if braces else f"${name}"


def by_shell(
    step: ShellStep, literal: StringLiteral, names: Names, *, quoted: bool = False
) -> Callable[[], list[Edit]]:
    """Replace the string with a single-quoted one in which the shell expands all variables.

    With `quoted` a variable that is in no quotes of the shell gets double quotes.
    """

    def change() -> list[Edit]:
        _check_quotes(literal)
        text, pieces, at = literal.fragment.text, list[str](), 0
        holes = literal.fragment.holes
        replaced = dict.fromkeys((place for hole in holes for place in _requoted(step, hole)), '"')
        inside = {hole.start: (hole.end, names[host.start]) for hole, host in zip(holes, literal.holes, strict=True)}
        while at < len(text):
            if at in inside:
                end, name = inside[at]
                written = variable(step.name, name, braces=text.startswith("${", at))
                pieces.append(f'"{written}"' if quoted and at - 1 not in replaced and _is_bare(step, at) else written)
                at = end
                continue
            pieces.append(replaced.get(at, text[at]))
            at += 1
        return [_single_quoted(literal, _percents(step, pieces))]

    return change


def escaped(
    step: ShellStep, literal: StringLiteral, hole: Span, name: str, *, quoted: bool = False
) -> Callable[[], list[Edit]]:
    """Escape the `$` of one variable, so that the shell expands it; the string keeps its double quotes."""

    def change() -> list[Edit]:
        _check_quotes(literal)
        inner = literal.fragment.holes[literal.holes.index(hole)]
        quote = '\\"' if literal.quote == '"' else '"'
        places = _requoted(step, inner)
        written = "\\" + variable(step.name, name, braces=literal.hole_text(hole).startswith("${"))
        if quoted and not places and _is_bare(step, inner.start):
            written = f"{quote}{written}{quote}"
        spans = (literal.fragment.span(place, place + 1) for place in places)
        return [Edit(hole.start, hole.end, written), *(Edit(span.start, span.end, quote) for span in spans)]

    return change


def _check_quotes(literal: StringLiteral) -> None:
    if literal.quote not in ('"', '"""'):
        raise Refused("the script is a slashy string, which cannot be rewritten")


def _single_quoted(literal: StringLiteral, text: str) -> Edit:
    quote = "'" * len(literal.quote)
    text = text.replace("\\", "\\\\")
    if len(quote) == 1:
        text = text.replace("'", "\\'").replace("\n", "\\n")
    elif re.search(r"\\(?!['\"$\\])", literal.raw):
        raise Refused("the string contains escape sequences that single quotes would change")
    else:
        text = text.replace("'''", "\\'''")
    return Edit(literal.start, literal.end, f"{quote}{text}{quote}")


def _percents(step: ShellStep, pieces: list[str]) -> str:
    """The text; in a batch file a single `%` is doubled, which would begin a variable with those that follow."""
    if step.name != "bat":
        return "".join(pieces)
    return _PERCENT.sub(lambda match: "%%" if match[1] else match[0], "".join(pieces))


def _is_bare(step: ShellStep, offset: int) -> bool:
    """Whether no quotes of the shell are around an offset."""
    words = words_at(step, offset)
    return step.name == "sh" and bool(words) and all(quote_at(word, offset) == "" for word in words)


def _requoted(step: ShellStep, hole: Span) -> list[int]:
    """The offsets of the shell's single quotes around a `${…}` that must become double quotes. Raises Refused."""
    words = words_at(step, hole.start)
    if step.name != "sh":
        if step.name != "bat" and any(quote_at(word, hole.start) == "'" for word in words):
            raise Refused("PowerShell does not expand variables inside single quotes")
        return []
    if not words:
        if step.script is not None and in_comment(step.script.fragment.text, hole.start):
            return []
        raise Refused("the variable is in a here-document, which the shell does not always expand")
    if any(command.name == "ssh" and command.start <= hole.start < command.end for command in step.commands):
        raise Refused("`ssh` runs the command on another host, where the variable is not set")
    if quote_at(words[0], hole.start) != "'":
        text, outer = words[0].fragment.text, words[0].start
        for inner in words[1:]:
            substituted = re.search(r"\$\(|`", text[outer : inner.start])  # `$(…)` starts a new quoting context
            if substituted and quote_at(inner, hole.start) == "'":
                raise Refused("the variable is in single quotes inside `$(…)`, where the shell does not expand it")
        return []
    if len(words) > 1:
        raise Refused("the variable is in a nested script inside single quotes")
    return _single_quotes(words[0])


def _single_quotes(word: Word) -> list[int]:
    holes = [hole for hole in word.fragment.holes if word.start <= hole.start < word.end]
    plain = word.fragment.text[word.start : word.end]
    for hole in reversed(holes):
        plain = plain[: hole.start - word.start] + plain[hole.end - word.start :]
    if word.quote != "'" or re.search(r'[$`"\\!]', plain):
        raise Refused("the shell's single quotes around the variable cannot be replaced with double quotes")
    return [word.start, word.end - 1]
