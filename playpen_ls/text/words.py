"""The words of a text: a cheap look at what it can contain, before it is parsed."""

from __future__ import annotations

from collections.abc import Callable

# Blanking other bytes and splitting at blanks is more than twice as fast as a search for words.
_BLANKED = bytes(byte if byte > 127 or chr(byte).isalnum() or byte == 95 else 32 for byte in range(256))  # 95: `_`


class Words:
    """A text and its words: the longest runs of letters, digits and underscores.

    Rules and parts say by these what a text must contain to concern them. They can err in one direction only:
    what they rule out must not be there.
    """

    __slots__ = ("_all", "_answers", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._all: frozenset[str] | None = None
        self._answers: dict[Callable[[Words], bool], bool] = {}

    @property
    def all(self) -> frozenset[str]:
        if self._all is None:
            raw = self.text.encode("utf-8", "surrogatepass").translate(_BLANKED)
            self._all = frozenset(raw.decode("utf-8", "surrogatepass").split())
        return self._all

    def allow(self, possible: Callable[[Words], bool]) -> bool:
        """What a condition says of the words; it is asked once, however many rules have it."""
        answer = self._answers.get(possible)
        if answer is None:
            answer = self._answers[possible] = possible(self)
        return answer

    def has(self, text: str) -> bool:
        """Whether the text contains this text, anywhere."""
        return text in self.text

    def has_any(self, words: frozenset[str]) -> bool:
        return not (self._all or self.all).isdisjoint(words)


def mentions(text: str, name: str) -> bool:
    """Whether a text contains a name as a word: `host` contains `os`, but does not mention it."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if not (_in_word(text[at - 1 : at]) or _in_word(text[end : end + 1])):
            return True
        at = text.find(name, at + 1)
    return False


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_"
