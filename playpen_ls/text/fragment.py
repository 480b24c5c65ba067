"""A text inside a text, such as shell text in a Dockerfile, with the offsets of its host."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.span import Span


def verbatim(text: str) -> str:
    return text


@dataclass(frozen=True)
class Fragment:
    """A text embedded in another one (the host), such as the shell text of `RUN` or `sh '…'`.

    `starts[i]` and `ends[i]` are the host's offsets around `text[i]`: they differ by more than one
    at escape sequences, and have gaps at line continuations. `holes` are ranges of `text` whose
    value is unknown (`${…}` in a GString). `encode` escapes shell text for the host.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    holes: tuple[Span, ...] = ()
    encode: Callable[[str], str] = verbatim

    @classmethod
    def verbatim(cls, host: str, span: Span) -> Fragment:
        return cls(host[span.start : span.end], range(span.start, span.end), range(span.start + 1, span.end + 1))

    def span(self, start: int, end: int) -> Span:
        """The range of `text[start:end]` in the host."""
        if start < end:
            return Span(self.starts[start], self.ends[end - 1])
        at = self.starts[start] if start < len(self.starts) else (self.ends[-1] if self.ends else 0)
        return Span(at, at)

    def holds_hole(self, start: int, end: int) -> bool:
        return any(hole.start < end and start < hole.end for hole in self.holes)
