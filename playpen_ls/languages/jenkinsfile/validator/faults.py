"""Faults that Jenkins would report in a declarative pipeline, and helpers to find them in statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from playpen_ls.languages.jenkinsfile.syntax.tree import DOTS, Block, Call, Expression, Statement
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.source import LINE_END
from playpen_ls.text.span import Span

_SHOWN = 60  # characters of source text in a message


@dataclass(frozen=True, slots=True)
class Fault:
    """`kind` is the key of Jenkins' message. `sure` means that it is a fault regardless of installed plugins.

    `anchor` is the start of the statement that a fix would change, `text` the source of `span`, `meant` the name of
    which `text` is a misspelling, if it is one.
    """

    kind: str
    span: Span
    message: str
    sure: bool = True
    anchor: int = -1
    text: str = ""
    meant: str = ""

    def shifted(self, by: int) -> Fault:
        return replace(self, span=self.span.shifted(by), anchor=self.anchor + by) if by else self


class Faults:
    """Collects faults."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(
        self, kind: str, span: Span, message: str, *, sure: bool = True, anchor: int | None = None, meant: str = ""
    ) -> None:
        at = span.start if anchor is None else anchor
        self.found.append(Fault(kind, span, message, sure or bool(meant), at, meant=meant))

    def repeated(self, calls: Iterable[Call]) -> None:
        """Report calls whose name occurred before."""
        seen: set[str] = set()
        for call in calls:
            if call.name in seen:
                message = f"Multiple occurrences of the {call.name} section"
                self.add("MultipleOfSection", call.name_span, message, anchor=call.span.start)
            seen.add(call.name)


def words_of(statement: Statement) -> Span:
    """The first line of the statement: a diagnostic does not underline whole blocks."""
    line_end = LINE_END.search(statement.tree.text, statement.start, statement.end)
    return Span(statement.start, line_end.start() if line_end else statement.end)


def shown(statement: Statement) -> str:
    """The source text of the statement for a message, without the text of strings, which can be a secret."""
    tree, pieces, reached = statement.tree, [], statement.start
    for index in range(statement.first, statement.last):
        kind, start, end, _ = tree.tokens[index]
        if kind == "string":
            pieces += [tree.text[reached:start], "'…'"]
            reached = end
        if start - statement.start > _SHOWN:
            break
    text = "".join(pieces) + tree.text[reached : statement.end]
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def block_of(call: Call) -> Block | None:
    """The closure that is the last argument of a call, after the parentheses or inside them."""
    if call.block is not None:
        return call.block
    arguments = call.arguments
    return arguments[-1].block if arguments and arguments[-1].name is None else None


def needs_block(faults: Faults, call: Call) -> Block | None:
    block = block_of(call)
    if block is None:
        faults.add("ExpectedBlockFor", call.name_span, f"Expected a block for {call.name}")
    return block


def in_parentheses(call: Call) -> bool:
    """Whether the call has arguments besides its closure."""
    return len(call.arguments) > (0 if call.block is not None or block_of(call) is None else 1)


def method(statement: Statement) -> Call | None:
    """The method call on an object that is the whole statement: `a.b()`; else None."""
    calls = statement.calls
    last = next((call for call in reversed(calls) if call.last == statement.last), None)
    if last is None or last.index == statement.first:
        return None
    tokens = statement.tree.tokens
    dotted = tokens[last.index - 1][0] in DOTS
    plain = all(kind in DOTS or kind == "name" for kind, *_ in tokens[statement.first : last.index])
    if plain and any(tokens[at][0] == tokens[at + 1][0] == "name" for at in range(statement.first, last.index)):
        return None  # `def x.y()`, `echo x.y()`
    if not plain:
        first = next((call for call in calls if call.index == statement.first), None)
        plain = first is not None and any(
            kind in DOTS and statement.tree.partner[at - 1] >= 0
            for at, (kind, *_) in enumerate(tokens[statement.first : last.index], statement.first)
        )
    return last if dotted and plain else None


def bare_dollar(tree_tokens: list[tuple[str, int, int, str]], first: int, last: int) -> bool:
    """Whether the tokens are `${…}` outside a string."""
    return first + 1 < last and tree_tokens[first][0] == "$" and tree_tokens[first + 1][0] == "{"


def is_bare_dollar(value: Expression) -> bool:
    return bare_dollar(value.tree.tokens, value.first, value.last) and (
        value.tree.partner[value.first + 1] == value.last - 1
    )


def number(value: Expression) -> str | None:
    """The text of the number literal that the whole expression consists of, else None."""
    kind, _, _, text = value.tree.tokens[value.first]
    return text if kind == "number" and value.last == value.first + 1 else None


def boolean(value: Expression) -> bool | None:
    return {"true": True, "false": False}.get(value.text)


def literal_kind(value: Expression) -> str:
    """The Java class of a literal, as in Jenkins' messages; "" for other code and for interpolated strings."""
    if value.string is not None:
        return "" if value.string.holes else "class java.lang.String"
    text = number(value)
    if text is not None:
        return "class java.lang.Integer" if text.isdigit() and len(text) < 10 else ""
    return "class java.lang.Boolean" if boolean(value) is not None else ""


def fewest_edits(word: str, known: Iterable[str]) -> str:
    """The word that Jenkins suggests: the first one with the smallest edit distance; "" if none is known."""
    return min(known, key=lambda one: edits(word, one), default="")


def edits(one: str, other: str) -> int:
    """The Levenshtein distance between two words."""
    costs = list(range(len(one) + 1))
    for there, wanted in enumerate(other, 1):
        before, costs[0] = costs[0], there
        for here, char in enumerate(one, 1):
            before, costs[here] = costs[here], min(before + (char != wanted), costs[here - 1] + 1, costs[here] + 1)
    return costs[-1]


_LONG = 8  # letters; a shorter word is a misspelling of another one if they differ in one place
_SHORTEST = 4  # letters; `git` is no misspelling of `gif`


def misspelled(word: str, known: Iterable[str]) -> str:
    """The only known word of which this is a misspelling: in one place, in a longer word in two, or in its case.

    "" if there is none. Two letters that changed places are one place.
    """
    if not word or len(word) > _SHOWN:
        return ""
    places = {one: _places(word.casefold(), one.casefold()) for one in known if _is_comparable(word, one)}
    best = min(places.values(), default=9)
    most = 2 if len(word) >= _LONG else 1
    close = [one for one, count in places.items() if count == best]
    return close[0] if best <= most and len(close) == 1 and close[0] != word else ""


def _is_comparable(one: str, other: str) -> bool:
    return abs(len(one) - len(other)) < 3 and max(len(one), len(other)) >= _SHORTEST


def _places(one: str, other: str) -> int:
    """The edit distance of two words where two adjacent letters that changed places count once."""
    swapped = [one[:at] + one[at + 1] + one[at] + one[at + 2 :] for at in range(len(one) - 1)]
    return min(edits(one, other), *(1 + edits(each, other) for each in swapped if each != one), 9)


def nearest(word: str, known: Iterable[str]) -> str:
    """The closest known word, "" if none is similar enough."""
    return next(iter(get_close_matches(word, list(known), 1, 0.7)), "")
