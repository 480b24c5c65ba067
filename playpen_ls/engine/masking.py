"""Masks secrets in all output."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.diff import differences
from playpen_ls.text.regex import regex
from playpen_ls.text.source import LINE_END, Source
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.secrets import bound_values, is_told_by_name, is_weak

MASK = "•••"
SHORTEST = 6  # characters; shorter lines of a multi-line secret are not masked on their own
SHORTEST_WORD = 4  # characters
_BEFORE = regex(r"\S{1,40}[ \t]*[\"']?$")


class Mask:
    """Masks the secrets of a text, in the text itself and in texts derived from it.

    Where the range of a secret is known, the range is masked, elsewhere its value. A common or very short word such as
    `postgres` or `ci` is masked elsewhere only behind the same text or the name of a secret, so that the others of its
    kind can be read. `secrets` are the ranges that rules have found; values that are bound to the name of a secret are
    masked too, although no rule reports them. The text is searched for them when something is to be masked.
    """

    def __init__(self, source: Source, secrets: Iterable[Span]) -> None:
        self.source = source
        self._found = set(secrets)
        self._lines: dict[int, tuple[str, list[tuple[int, int]]]] = {}

    @cached_property
    def _named(self) -> list[tuple[str, Span]]:
        return [*bound_values(self.source.text, expressions=self.source.path.endswith((".py", ".pyi")))]

    @cached_property
    def _bound(self) -> set[Span]:
        return {span for _, span in self._named}

    @cached_property
    def _words(self) -> set[str]:
        source = self.source
        words = {source.of(span).strip("\"'") for span in self._found}
        words |= {word for name, span in self._named if is_told_by_name(name, word := source.of(span))}
        # A diff shows the lines of a multi-line secret one by one.
        words |= {line.strip() for word in words for line in LINE_END.split(word)[1:] if len(line.strip()) >= SHORTEST}
        words |= {first for word in words if len(first := LINE_END.split(word)[0].strip()) >= SHORTEST}
        return {word for word in words if word.strip()}

    @cached_property
    def _common(self) -> set[str]:
        return {word for word in self._words if len(word) < SHORTEST_WORD or is_weak(word)}

    @cached_property
    def _values(self) -> re.Pattern[str] | None:
        return _values(self._words - self._common)

    @cached_property
    def _places(self) -> re.Pattern[str] | None:
        of = self.source.of
        return _places(self.source, [span for span in self._found if of(span).strip("\"'") in self._common])

    @cached_property
    def secrets(self) -> list[Span]:
        """What is masked in the text itself."""
        return sorted(self._found | self._bound | set(_matches(self._values, self.source.text)))

    @cached_property
    def _disjoint(self) -> list[Span]:
        """`secrets`, each without what an earlier one covers."""
        found, reached = [], 0
        for secret in self.secrets:
            start = max(secret.start, reached)
            if start < secret.end:
                found.append(Span(start, secret.end))
                reached = secret.end
        return found

    def line(self, line: int) -> tuple[str, list[tuple[int, int]]]:
        """A line of the source with masked secrets, and [(column, change of columns from there on)]."""
        known = self._lines.get(line)
        if known is None:
            known = self._lines[line] = self._masked_line(self.source.line_span(line))
        return known

    def _masked_line(self, span: Span) -> tuple[str, list[tuple[int, int]]]:
        pieces, shifts, reached, by = [], list[tuple[int, int]](), span.start, 0
        secrets = self._disjoint
        for number in range(bisect_right(secrets, span.start, key=lambda one: one.end), len(secrets)):
            start, end = max(secrets[number].start, span.start), min(secrets[number].end, span.end)
            if start >= end:
                break
            pieces += [self.source.text[reached:start], MASK]
            by += len(MASK) - (end - start)
            shifts.append((end - span.start, by))
            reached = end
        return "".join([*pieces, self.source.text[reached : span.end]]), shifts

    def edited(self, text: str) -> str:
        """The source with masked secrets, or a `text` that edits have made of it. Line ends stay."""
        kept = self.secrets if text == self.source.text else _after(self.source.text, text, self.secrets)
        return _hidden(text, sorted([*kept, *self._in(text)]))

    def text(self, text: str) -> str:
        """Mask the secrets in a text derived from the source, such as the text of an edit, a message or a title."""
        return _hidden(text, sorted(self._in(text)))

    def _in(self, text: str) -> Iterator[Span]:
        """The secrets in a text derived from the source."""
        yield from _matches(self._values, text)
        if self._common:
            yield from _matches(self._places, text)
            yield from (span for _, span in bound_values(text) if text[span.start : span.end] in self._common)


def _values(words: set[str]) -> re.Pattern[str] | None:
    """Matches these words.

    A short or plain word matches as a whole, so that a password such as `grafana` does not mask part of `grafanaUrl`,
    or directly after a flag of one letter: `-pgrafana`.
    """
    whole = sorted((re.escape(word) for word in words if len(word) < SHORTEST or word.isalpha()), key=len, reverse=True)
    parts = sorted((re.escape(word) for word in words if len(word) >= SHORTEST and not word.isalpha()), key=len)
    patterns = [*reversed(parts), *([rf"(?:(?<!\w)|(?<=\s-\w))(?:{'|'.join(whole)})(?!\w)"] if whole else [])]
    return re.compile("|".join(patterns)) if patterns else None


def _places(source: Source, spans: Iterable[Span]) -> re.Pattern[str] | None:
    """Matches the words of these ranges behind what stands before them in their lines: `ci` in `DB_PASSWORD=ci`."""
    patterns = set()
    for span in spans:
        start = span.start + len(text := source.of(span)) - len(text.lstrip("\"'"))
        before = _BEFORE.search(source.text[source.line_starts[source.line_of(start)] : start])
        if before is not None:
            patterns.add(rf"(?<={re.escape(before[0])}){re.escape(text.strip(chr(34) + chr(39)))}(?!\w)")
    return re.compile("|".join(sorted(patterns))) if patterns else None


def _matches(pattern: re.Pattern[str] | None, text: str) -> list[Span]:
    return [Span(match.start(), match.end()) for match in pattern.finditer(text)] if pattern else []


def _after(before: str, after: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Where the unchanged parts of sorted ranges of one text are in another."""
    edits = differences(before, after)
    for span in spans:
        start, by = span.start, 0
        for edit in edits:
            if edit.start >= span.end:
                break
            if start < edit.start:
                yield Span(start + by, edit.start + by)
            start, by = max(start, edit.end), by + len(edit.text) - (edit.end - edit.start)
        if start < span.end:
            yield Span(start + by, span.end + by)


def _hidden(text: str, spans: Iterable[Span]) -> str:
    """The text with a mask in place of sorted ranges; one for each line of a range."""
    pieces, reached = [], 0
    for span in spans:
        start = max(span.start, reached)
        if start >= span.end:
            continue
        pieces += [text[reached:start], re.sub(r"[^\r\n]+", MASK, text[start : span.end])]
        reached = span.end
    return "".join([*pieces, text[reached:]])
