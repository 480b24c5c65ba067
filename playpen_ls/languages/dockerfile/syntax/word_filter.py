"""Fast pre-check whether words occur in a text, before it is parsed."""

from __future__ import annotations

from functools import cached_property


class WordFilter:
    """Word filter for substrings of `text`. Words that do not occur in `text` are ruled out once for all substrings."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._present: dict[tuple[str, ...], tuple[str, ...]] = {}

    @cached_property
    def _lower(self) -> str:
        return self._text.lower()

    def __call__(self, piece: str, words: tuple[str, ...]) -> bool:
        """Whether the substring `piece` contains one of the `words` (lower case), ignoring case."""
        present = self._present.get(words)
        if present is None:
            present = self._present[words] = tuple(word for word in words if word in self._lower)
        if not present:
            return False
        lower = piece.lower()
        return any(word in lower for word in present)
