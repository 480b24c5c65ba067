"""A quick look whether words occur at all, before anything is read closely."""

from __future__ import annotations

from functools import cached_property


class Mentions:
    """Asks of pieces of `text`. Words that all of it lacks cost nothing for its pieces."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._present: dict[tuple[str, ...], tuple[str, ...]] = {}

    @cached_property
    def _lower(self) -> str:
        return self._text.lower()

    def __call__(self, piece: str, words: tuple[str, ...]) -> bool:
        """The piece has one of the lower-case words, in any case."""
        present = self._present.get(words)
        if present is None:
            present = self._present[words] = tuple(word for word in words if word in self._lower)
        if not present:
            return False
        lower = piece.lower()
        return any(word in lower for word in present)
