"""Masks secrets in all output."""

from __future__ import annotations

import re
from collections.abc import Iterable

from playpen_ls.text.source import LINE_END, Source
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.secrets import is_weak

MASK = "•••"
SHORTEST = 6  # characters; shorter lines of a multi-line secret are not masked on their own


class Mask:
    """Masks the secrets of a text, in the text itself and in texts derived from it."""

    def __init__(self, source: Source, secrets: Iterable[Span]) -> None:
        self.source = source
        spans = set(secrets)
        words = {source.of(span).strip("\"'") for span in spans}
        # A diff shows the lines of a multi-line secret one by one.
        words |= {line.strip() for word in words for line in LINE_END.split(word)[1:] if len(line.strip()) >= SHORTEST}
        words |= {first for word in words if len(first := LINE_END.split(word)[0].strip()) >= SHORTEST}
        words = {word for word in words if word.strip()}
        self._any = _pattern(words)
        # The value of `password: password` must not mask the key, or every message about passwords.
        self._telling = _pattern({word for word in words if not is_weak(word)})
        if self._telling:
            spans |= {Span(match.start(), match.end()) for match in self._telling.finditer(source.text)}
        self.secrets = sorted(spans)

    def line(self, line: int) -> tuple[str, list[tuple[int, int]]]:
        """A line of the source with masked secrets, and [(column, change of length from there on)]."""
        span = self.source.line_span(line)
        text, shifts, reached = "", [], span.start
        for secret in self.secrets:
            start, end = max(secret.start, reached), min(secret.end, span.end)
            if start >= end:
                continue
            text += self.source.text[reached:start] + MASK
            shifts.append((end - span.start, len(MASK) - (end - start)))
            reached = end
        return text + self.source.text[reached : span.end], shifts

    def text(self, text: str) -> str:
        """Mask the secrets in a text derived from the source, such as an edit or a diff."""
        return self._any.sub(MASK, text) if self._any else text

    def said(self, text: str) -> str:
        """Mask the secrets in a message or title, except secrets that are common words."""
        return self._telling.sub(MASK, text) if self._telling else text


def _pattern(words: set[str]) -> re.Pattern[str] | None:
    """Matches these words as a whole, so that a password such as `secret` does not mask part of `secretKeyRef`."""
    longest = sorted((re.escape(word) for word in words), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest)})(?!\w)") if longest else None
