"""Finding calls among the tokens: which names are called, what belongs to each, and what only looks like a call."""

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
# A command call (`sh 'x'`) can stand behind these.
_COMMAND_AFTER = frozenset(("", "{", "}", "->", "=", ":", ";", "else", "return", "+="))
_UNCLOSED = 200  # tokens that are taken for the arguments of a call without its parenthesis
_ARGUMENT = frozenset(("string", "number", "name"))


class Record:
    """The calls of a stretch of a file. All numbers count from its first token, statement and block.

    `sites` are by statement, then in text order; `at` are the places in it by the token of the call's
    name, `of_block` by the block that is the call's closure; `before` says how many stand in the statements
    before each, and after the last. `known` is for what else the text of the stretch tells.
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
        """The places of the calls by their names."""
        found: dict[str, list[int]] = {}
        for place, site in enumerate(self.sites):
            found.setdefault(site[0], []).append(place)
        return found


def find_calls(tree: Tree, stretch: Stretch, steps: Mapping[str, type[Call]]) -> Record:
    """`steps` are the types of calls by name."""
    finder = _Finder(tree, stretch, steps)
    for number in range(*stretch.statements):
        finder.record.before.append(len(finder.record.sites))
        finder.look_at(number)
    finder.record.before.append(len(finder.record.sites))
    return finder.record


class _Finder:
    """`statement` is the number of the one that is looked at, `last` the token behind it."""

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
        before = ""  # the token before, but those of a path `a.b.`
        command = True  # a call without parentheses can stand here
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
        """Add the call of a name, if it is one; whether a call without parentheses can stand behind it."""
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
            self._add(at, before, self.last, 0, at + 1, self.last)  # it takes the rest of the statement
        elif following in DOTS:
            return command
        return False

    def _behind(self, at: int) -> int:
        """The token that belongs to what stands before `at`: a closure can begin on a later line of the statement."""
        index = at
        while index < self.last and self.tokens[index][0] == "\n":
            index += 1
        return index if index < self.last and self.tokens[index][0] == "{" else at

    def _condition(self, close: int) -> bool:
        """The parenthesis at `close` ends `if (…)`, behind which a command can stand."""
        opened = self.tree.partner[close]
        return opened > 0 and self.tokens[opened - 1][3] in ("if", "for", "while")

    def _declares(self, at: int, before: str) -> bool:
        """`def f(x) {`, `String f(x) {`, `new F(x)`, `@F(x)`: no call."""
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
        """A call that ends at `after`, or behind the closure that begins there."""
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
