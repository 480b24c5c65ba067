"""Shell inside `RUN`, `sh` and `args`: simple commands, their words, and their ranges in the enclosing file.

A tolerant reader of the POSIX shell in build files, not a complete parser: it skips what it does not
understand. It never raises and runs in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.languages.shell.commands import VALUED, Command, Option, Word
from playpen_ls.languages.shell.wrappers import FIRST_OPERAND, WRAPPERS, drop_options, module_of, script_of
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.pause import pause
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.text.text_cache import cached_by_text

__all__ = ["VALUED", "Command", "Option", "Word", "commands", "exec_form"]

_TOKEN = regex(
    r"""
      (?P<blank>[ \t]+|\\\r?\n)
    | (?P<newline>\r?\n)
    | (?P<comment>\#[^\n]*)
    | (?P<heredoc>\d*<<-?(?!<)[ \t]*(?P<delimiter>'[^'\n]+'|"[^"\n]+"|\\?[\w.-]+))
    | (?P<redirect>\d*(?:>>|>\||>&|<&|<>|<<<|&>>?|>|<)(?:&?\d+-?(?=[\s;&|)]|$))?)
    | (?P<operator>&&|\|\||;;&?|;&|;|\|&|\||&)
    | (?P<open>\()
    | (?P<close>\))
    """,
    re.VERBOSE,
)
_WORD_END = frozenset(" \t\r\n;&|<>()")
_ORDINARY = regex(r"""[^ \t\r\n;&|<>()\\'"$`*?\[~]+""")  # characters without special meaning
_RESERVED = frozenset("if then elif else fi while until do done ! { } time coproc".split())
_DECLARATION = frozenset(("for", "select", "case", "function", "in", "esac"))
_ASSIGNMENT = regex(r"[A-Za-z_]\w*\+?=")
_DEPTH = 20  # of nested `$(…)`; deeper input is malicious


def commands(fragment: Fragment) -> tuple[Command, ...]:
    """All simple commands of a text in order, including those in subshells, `$(…)` and `sh -c '…'`."""
    found = []
    for command in _read(fragment.text, fragment.holes):
        pause()  # a script can be the whole file
        found.append(command.within(fragment))
    return tuple(found)


@cached_by_text(400_000)
def _read(text: str, holes: tuple[Span, ...]) -> tuple[Command, ...]:
    """The commands with offsets into `text`. Cached by text: an edit leaves most scripts of a file unchanged."""
    return tuple(_Reader(Fragment(text, range(len(text)), range(1, len(text) + 1), holes)).read(0, len(text), 0))


def exec_form(words: tuple[Word, ...]) -> tuple[Command, ...]:
    """The commands of an argument vector, such as the exec form of `RUN`, and of the script of `["sh", "-c", "…"]`."""
    if not words:
        return ()
    return tuple(_finished(words[0].fragment, words[0].start, words[-1].end, list(words), [], "", "", 0))


class _Reader:
    def __init__(self, fragment: Fragment) -> None:
        self.fragment = fragment
        self.text = fragment.text

    def read(self, start: int, end: int, depth: int) -> Iterator[Command]:
        """The commands of `text[start:end]`, with offsets into the fragment."""
        text = self.text
        at, before, opened, redirecting = start, "", 0, False
        words: list[Word] = []
        redirects: list[Word] = []
        heredocs: list[re.Match[str]] = []
        inputs: list[str] = []
        nested: list[tuple[int, int]] = []

        def finished(after: str, up_to: int) -> Iterator[Command]:
            pause()
            if words and not (after == ")" and opened == 0):
                yield from _finished(
                    self.fragment, words[0].start, up_to, words, redirects, before, after, depth, tuple(inputs)
                )
            for inner_start, inner_end in nested:
                if depth < _DEPTH:
                    yield from self.read(inner_start, inner_end, depth + 1)
            words.clear()
            redirects.clear()
            inputs.clear()
            nested.clear()

        while at < end:
            match = _TOKEN.match(text, at, end)
            last = words[-1].end if words else at
            if match is None or (match.lastgroup == "comment" and at > start and text[at - 1] not in " \t\n;&|()"):
                word, inner = self._word(at, end)
                (redirects if redirecting else words).append(word)
                redirecting = False
                nested += inner
                at = word.end
                continue
            kind = match.lastgroup
            at = match.end()
            if kind == "delimiter" or kind == "heredoc":
                heredocs.append(match)
                inputs.append(match["delimiter"].strip("'\"\\"))
            elif kind == "redirect":
                redirecting = not match[0][-1].isdigit() and not match[0].endswith("-")
            elif kind == "newline":
                yield from finished("\n", last)
                before, redirecting = "\n", False
                for heredoc in heredocs:
                    at = self._after_heredoc(heredoc, at, end)
                heredocs.clear()
            elif kind in ("operator", "open", "close"):
                yield from finished(match[0], last)
                opened += (kind == "open") - (kind == "close" and opened > 0)
                before, redirecting = match[0], False
        yield from finished("", words[-1].end if words else end)

    def _after_heredoc(self, heredoc: re.Match[str], at: int, end: int) -> int:
        delimiter = heredoc["delimiter"].strip("'\"\\")
        tabs = r"\t*" if "<<-" in heredoc[0] else ""
        closing = re.compile(rf"^{tabs}{re.escape(delimiter)}\r?$", re.MULTILINE).search(self.text, at, end)
        return min(closing.end() + 1, end) if closing else end

    def _word(self, start: int, end: int) -> tuple[Word, list[tuple[int, int]]]:
        """The word at `start`, and the ranges of the command substitutions in it."""
        text, at = self.text, start
        pieces: list[str] = []
        inner: list[tuple[int, int]] = []
        plain, quotes, bare = True, "", False
        while at < end:
            ordinary = _ORDINARY.match(text, at, end)
            if ordinary is not None:
                pieces.append(ordinary[0])
                bare = True
                at = ordinary.end()
                continue
            char = text[at]
            if char in _WORD_END:
                if char == "\r" and text[at + 1 : at + 2] != "\n":
                    at += 1
                    continue
                break
            if char == "\\":
                if text[at + 1 : at + 2] != "\n":
                    pieces.append(text[at + 1 : min(at + 2, end)])
                bare = True
                at += 2
            elif char == "'":
                close = text.find("'", at + 1, end)
                close = end if close < 0 else close
                pieces.append(text[at + 1 : close])
                quotes += char
                at = close + 1
            elif char == '"':
                close, expands = self._double(at + 1, end, inner)
                pieces.append(re.sub(r'\\([$`"\\])', r"\1", text[at + 1 : close]))
                plain = plain and not expands
                quotes += char
                at = close + 1
            elif char == "$" or char == "`":
                close = self._expansion(at, end, inner)
                pieces.append(text[at:close])
                plain = plain and close == at + 1 and char == "$"
                bare = True
                at = close
            else:
                plain, bare = False, True  # a glob, or `~`
                pieces.append(char)
                at += 1
        at = min(at, end)
        if at == start:  # such as a lone carriage return: always advance
            at, bare = start + 1, True
            pieces.append(text[start:at])
        quote = "mixed" if quotes and (bare or len(quotes) > 1) else quotes
        plain = plain and not self.fragment.holds_hole(start, at)
        return Word(self.fragment, start, at, "".join(pieces), plain, quote), inner

    def _double(self, at: int, end: int, inner: list[tuple[int, int]]) -> tuple[int, bool]:
        """(offset of the closing double quote, whether the string contains an expansion)."""
        text, expands = self.text, False
        while at < end and text[at] != '"':
            if text[at] == "\\":
                at += 2
            elif text[at] in "$`":
                after = self._expansion(at, end, inner)
                expands = expands or after > at + 1 or text[at] == "`"
                at = after
            else:
                at += 1
        return min(at, end), expands

    def _expansion(self, at: int, end: int, inner: list[tuple[int, int]]) -> int:
        """The end of the `$x`, `${…}`, `$(…)` or backquotes at `at`; `at + 1` for a lone `$`."""
        text = self.text
        if text[at] == "`":
            close = text.find("`", at + 1, end)
            close = end if close < 0 else close
            inner.append((at + 1, close))
            return min(close + 1, end)
        following = text[at + 1 : at + 2]
        if following not in ("(", "{"):
            match = re.compile(r"\w+|[@*#?$!-]").match(text, at + 1, end)
            return match.end() if match else at + 1
        closing = {"(": ")", "{": "}"}[following]
        depth, here = 0, at + 1
        while here < end:
            char = text[here]
            if char == "\\":
                here += 1
            elif char == "'" and following == "(":
                close = text.find("'", here + 1, end)
                here = end if close < 0 else close
            elif char == following:
                depth += 1
            elif char == closing:
                depth -= 1
                if depth == 0:
                    break
            here += 1
        here = min(here, end)
        if following == "(" and text[at + 2 : at + 3] != "(":
            inner.append((at + 2, here))
        return min(here + 1, end)


def _finished(
    fragment: Fragment,
    start: int,
    end: int,
    found: list[Word],
    redirects: list[Word],
    before: str,
    after: str,
    depth: int,
    heredocs: tuple[str, ...] = (),
) -> Iterator[Command]:
    words = list(found)
    while words and words[0].text in _RESERVED and not words[0].quote:
        words.pop(0)
    if not words or (words[0].text in _DECLARATION and not words[0].quote):
        return
    start = words[0].start
    assignments: list[Word] = []
    wrapper = ""
    while words:
        text = words[0].text
        if _ASSIGNMENT.match(text):
            assignments.append(words.pop(0))
        elif (name := text.rpartition("/")[2]) in WRAPPERS and len(words) > 1:
            wrapper = wrapper or name
            words.pop(0)
            drop_options(words, WRAPPERS[name])
            if name in FIRST_OPERAND and words:
                words.pop(0)
        else:
            break
    words = module_of(words) or words
    yield Command(
        fragment,
        start,
        end,
        tuple(assignments),
        tuple(words),
        tuple(redirects),
        wrapper,
        before,
        after,
        depth,
        heredocs,
    )
    if depth < _DEPTH and words:
        script = script_of(words)
        if script is not None:
            shift = 1 if script.quote else 0
            yield from _Reader(fragment).read(script.start + shift, script.end - shift, depth + 1)
