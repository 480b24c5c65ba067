"""Shell quoting at an offset of a script, and the syntax of a variable there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.syntax.tree import ShellStep
from playpen_ls.languages.shell.parser import Word
from playpen_ls.text.regex import regex

_NAME = regex(r"\$\{(\w+)\}")


def words_at(step: ShellStep, offset: int) -> list[Word]:
    """The words that contain this offset of the script's decoded text, outermost first."""
    return [word for word in all_words(step) if word.start <= offset < word.end]


def all_words(step: ShellStep) -> Iterator[Word]:
    for command in step.commands:
        yield from command.assignments
        yield from command.words
        yield from command.redirects


def quote_at(word: Word, offset: int) -> str:
    """The shell's quote around this offset of the fragment: `'`, `"` or ""."""
    text, at, quote = word.fragment.text, word.start, ""
    while at < offset:
        char = text[at]
        if char == "\\" and quote != "'":
            at += 1
        elif char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        at += 1
    return quote


def in_comment(text: str, offset: int) -> bool:
    """Whether a `#` that can start a comment precedes the offset on its line."""
    return re.search(r"(?:^|\s)#", text[text.rfind("\n", 0, offset) + 1 : offset]) is not None


def template(step_name: str, text: str) -> str:
    """A template such as `v1.0.0-${BUILD_NUMBER}` in the variable syntax of this kind of step."""
    if step_name == "bat":
        return _NAME.sub(r"%\1%", text)
    if step_name in ("powershell", "pwsh"):
        return _NAME.sub(r"$env:\1", text)
    return text


def expandable(step: ShellStep, offset: int, text: str) -> str | None:
    """`text`, which contains `${…}`, in the syntax that is expanded at an offset of the script.

    None inside a comment. Raises Refused where variables are not expanded.
    """
    literal = step.script
    assert literal is not None
    if in_comment(literal.fragment.text, offset):
        return None
    written = template(step.name, text)
    if "$" not in written and "%" not in written:
        return written
    if literal.interpolates:
        return written.replace("$env:", "\\$env:")  # Groovy expands `${…}` here
    words = words_at(step, offset)
    if not words:
        raise Refused("the text is in a here-document, which the shell does not always expand")
    if step.name != "bat" and any(quote_at(word, offset) == "'" for word in words):
        raise Refused("the shell does not expand variables inside single quotes")
    return written
