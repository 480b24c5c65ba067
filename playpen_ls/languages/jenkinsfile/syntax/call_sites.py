"""Finding calls in the tokens: which names are called, and with which arguments and closure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cached_property
from typing import Any

from playpen_ls.languages.jenkinsfile.syntax.calls import DOTS, Call, Site
from playpen_ls.languages.jenkinsfile.syntax.lexer import Token
from playpen_ls.languages.jenkinsfile.syntax.regions import Stretch
from playpen_ls.languages.jenkinsfile.syntax.tree import Tree

KEYWORDS = frozenset(
    """if else for while do try catch finally switch case default return throw new def import package class interface
    enum extends implements instanceof in as assert break continue true false null this super void boolean int long
    double float byte short char static final private public protected abstract synchronized throws""".split()
)
# A call without parentheses (`sh 'x'`) can follow these.
_COMMAND_AFTER = frozenset(("", "{", "}", "->", "=", ":", ";", "else", "return", "+="))
_UNCLOSED = 200  # tokens read as arguments of a call whose parenthesis is not closed
_ARGUMENT = frozenset(("string", "number", "name"))


class Record:
    """The calls of a stretch of a file. All numbers are relative to its first token, statement and block.

    `sites` are ordered by statement, then by position. `at` maps the token of a call's name to its index
    in `sites`, `of_block` the block that is a call's closure. `before[n]` is the number of calls in the
    statements before statement n, with one more entry for the total. `known` caches other values that
    are computed from the stretch's text only.
    """

    __slots__ = ("__dict__", "at", "before", "known", "of_block", "sites")

    def __init__(self) -> None:
        self.sites: list[Site] = []
        self.at: dict[int, int] = {}
        self.before: list[int] = []
        self.of_block: dict[int, int] = {}
        self.known: dict[Hashable, Any] = {}

    @cached_property
    def by_name(self) -> dict[str, list[int]]:
        """Indices in `sites` by the name of the call."""
        found: dict[str, list[int]] = {}
        for place, site in enumerate(self.sites):
            found.setdefault(site[0], []).append(place)
        return found


def find_calls(tree: Tree, stretch: Stretch, steps: Mapping[str, type[Call]]) -> Record:
    """The calls of a stretch; `steps` maps names of calls to subclasses of Call."""
    finder = _Finder(tree, stretch, steps)
    for number in range(*stretch.statements):
        finder.record.before.append(len(finder.record.sites))
        finder.look_at(number)
    finder.record.before.append(len(finder.record.sites))
    return finder.record


class _Finder:
    """Collects the calls statement by statement; `last` is the token after the current `statement`."""

    def __init__(self, tree: Tree, stretch: Stretch, steps: Mapping[str, type[Call]]) -> None:
        self.tree = tree
        self.tokens = tree.tokens
        self.stretch = stretch
        self.steps = steps
        self.record = Record()
        self.statement = 0
        self.last = 0

    def look_at(self, statement: int) -> None:
        tokens, outline = self.tokens, self.tree.outline
        at, last = outline.first[statement], outline.last[statement]
        self.statement, self.last = statement, last
        before = ""  # the kind of the previous token, or its text if it is a name
        command = True  # whether a call without parentheses can start here
        while at < last:
            kind, _, _, text = tokens[at]
            if kind == "name":
                if at + 1 < len(tokens):
                    command = self._name(at, text, before, command)
                before = text
            else:
                if kind == "{":
                    block = outline.block_at.get(at)
                    at = max(at, outline.close[block] if block else at)
                    command = False
                elif kind not in DOTS:
                    command = kind in _COMMAND_AFTER or (kind == ")" and self._condition(at))
                before = kind
            at += 1

    def _name(self, at: int, name: str, before: str, command: bool) -> bool:
        """Add the call of a name, if it is one. Returns whether a call without parentheses can follow."""
        behind = self._behind(at + 1)
        following = self.tokens[behind][0]
        if name in KEYWORDS:
            return name in ("else", "return")
        if following == "(":
            if not self._declares(at, before):
                self._parenthesised(at, before)
        elif following == "{" and before != "new":
            self._closured(at, before, at + 1, at + 1, behind)
        elif command and at + 1 < self.last and _begins_argument(self.tokens, at, following):
            self._add(at, before, self.last, 0, at + 1, self.last)  # the arguments are the rest of the statement
        elif following in DOTS:
            return command
        return False

    def _behind(self, at: int) -> int:
        """The index of `{` if only line ends separate it from `at`, else `at`: a closure can start on a later line."""
        index = at
        while index < self.last and self.tokens[index][0] == "\n":
            index += 1
        return index if index < self.last and self.tokens[index][0] == "{" else at

    def _condition(self, close: int) -> bool:
        """Whether the parenthesis at `close` ends `if (…)` or a loop header, which a call can follow."""
        opened = self.tree.partner[close]
        return opened > 0 and self.tokens[opened - 1][3] in ("if", "for", "while")

    def _declares(self, at: int, before: str) -> bool:
        """Whether the name is not called: `def f(x) {`, `String f(x) {`, `new F(x)`, `@F(x)`."""
        tokens = self.tokens
        if before in ("new", "@"):
            return True
        if at == 0 or tokens[at - 1][0] not in ("name", ">", "]") or before in ("return", "else", "in"):
            return False
        if before in KEYWORDS:
            return before not in ("assert", "throw", "case", "instanceof", "as")
        close = self.tree.partner[at + 1]
        following = tokens[self._behind(close + 1)][0] if 0 <= close < len(tokens) - 1 else ""
        return following == "{" and (before[:1].isupper() or before in (">", "]"))

    def _parenthesised(self, at: int, before: str) -> None:
        close = self.tree.partner[at + 1]
        if close < 0:
            self._add(at, before, self.last, 0, at + 2, max(at + 2, min(self.last, at + _UNCLOSED)))
        else:
            self._closured(at, before, at + 2, close, self._behind(close + 1))

    def _closured(self, at: int, before: str, first: int, end: int, after: int) -> None:
        """Add a call that ends at `after`, or after the closure that starts there."""
        block = self.tree.outline.block_at.get(after, 0)
        self._add(at, before, min(after, len(self.tokens)), block, first, end)

    def _add(self, at: int, before: str, last: int, block: int, first: int, end: int) -> None:
        record, begin, place = self.record, self.stretch.tokens[0], len(self.record.sites)
        name = self.tokens[at][3]
        kind = self.steps.get(name, Call)
        if before in DOTS and self.tokens[at - 2][3] not in ("steps", "this"):
            kind = Call
        inner = block - self.stretch.blocks[0] if block else -1
        if block:
            record.of_block[inner] = place
        record.at[at - begin] = place
        statement = self.statement - self.stretch.statements[0]
        record.sites.append((name, kind, statement, at - begin, last - begin, inner, first - begin, end - begin))


def _begins_argument(tokens: list[Token], at: int, following: str) -> bool:
    if following == "[":
        return tokens[at + 1][1] > tokens[at][2]  # `echo [1]`, but not `list[1]`
    if following not in _ARGUMENT:
        return False
    name = tokens[at + 1][3]
    if following == "name":
        after = tokens[at + 2][0] if at + 2 < len(tokens) else ""
        if name in ("in", "instanceof", "as") or after == "=" or name == "_":
            return False
        if tokens[at][3][:1].isupper():
            return False  # `String name`
    return True
