"""The commands in a compose file: `command`, `entrypoint`, and the `test` of a health check."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.languages.shell import parser as shell
from playpen_ls.languages.shell.commands import Command, Word
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_KEY = regex(r"(?m)^(?P<indent>[ \t]*)(?:command|entrypoint|test)[ \t]*:(?=[ \t]|$)(?P<value>.*)$")
_MORE = regex(r"(?:\n(?:(?P<indent>[ \t]+)|(?P<item>[ \t]*)(?=-[ \t]))(?P<text>[^\n]*)|\n[ \t]*(?=\n))")
_ITEM = regex(r"""\s*(?:"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'|(?P<plain>[^\s,"'\[\]][^,\n\[\]]*))\s*[,\]]?""")
_LINE_ITEM = regex(r"""(?m)^[ \t]*-[ \t]+(?:"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'|(?P<plain>[^\n]*))""")


def commands_of(text: str) -> Iterator[Command]:
    """The commands, with offsets in `text`."""
    text = text.replace("\r", "\n")
    for match in _KEY.finditer(text):
        start, end = match.start("value"), match.end("value")
        value = match["value"].strip()
        if value.startswith("["):
            yield from _vector(text, list(_ITEM.finditer(text, text.index("[", start) + 1, end)))
        elif value and value[0] not in "|>&*!#":
            quoted = value[0] in "\"'" and len(value) > 1 and value[-1] == value[0]
            at = text.index(value, start) + quoted
            yield from _script(text, Span(at, at + len(value) - 2 * quoted))
        else:
            below = _below(text, end, len(match["indent"]))
            if value:
                yield from _script(text, below)
            else:
                yield from _vector(text, [*_LINE_ITEM.finditer(text, below.start, below.end)])


def _below(text: str, start: int, indent: int) -> Span:
    """The lines under a key: those that are indented more, and the items of a list that are not."""
    end = start
    while (match := _MORE.match(text, end)) is not None:
        if match["indent"] is not None and len(match["indent"]) <= indent and not match["text"].startswith("- "):
            break
        if match["item"] is not None and len(match["item"]) < indent:
            break
        end = match.end()
    return Span(min(start + 1, end), end)


def _script(text: str, span: Span) -> Iterator[Command]:
    """A text that is split into words as a shell does; a line end separates words in a folded scalar."""
    fragment = Fragment.verbatim(text, span)
    if fragment.text.lstrip()[:1] == "-":  # the program is that of the image
        yield from _of_words(text, [one.span() for one in re.compile(r"\S+").finditer(text, span.start, span.end)])
    else:
        yield from shell.commands(fragment)


def _vector(text: str, items: list[re.Match[str]]) -> Iterator[Command]:
    spans = [_trimmed(text, *one.span(one.lastgroup)) for one in items if one.lastgroup]
    if spans and text[slice(*spans[0])] in ("CMD", "CMD-SHELL"):
        del spans[0]
    yield from _of_words(text, spans)
    for start, end in spans:
        if len(text[start:end].split()) > 1:
            yield from shell.commands(Fragment.verbatim(text, Span(start, end)))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    return start, start + len(text[start:end].rstrip())


def _of_words(text: str, spans: list[tuple[int, int]]) -> Iterator[Command]:
    if not spans:
        return
    begin = spans[0][0]
    fragment = Fragment.verbatim(text, Span(begin, spans[-1][1]))
    words = [Word(fragment, start - begin, end - begin, text[start:end], True, "") for start, end in spans]
    if words[0].text.startswith("-"):  # the program is that of the image
        words.insert(0, Word(fragment, 0, 0, "args", True, ""))
    yield from shell.exec_form(tuple(words))
