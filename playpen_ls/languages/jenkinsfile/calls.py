"""Calls: `sh 'x'`, `git(url: 'u', branch: 'b')`, `withEnv([…]) {…}`, `docker.build('x').push()`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from playpen_ls.languages.jenkinsfile.lexer import Token
from playpen_ls.languages.jenkinsfile.strings import StringLiteral
from playpen_ls.languages.jenkinsfile.tree import Block, Statement, Tree
from playpen_ls.source import Span

KEYWORDS = frozenset(
    """if else for while do try catch finally switch case default return throw new def import package class interface
    enum extends implements instanceof in as assert break continue true false null this super void boolean int long
    double float byte short char static final private public protected abstract synchronized throws""".split()
)
_DOTS = frozenset((".", "?.", "*."))
# A command call (`sh 'x'`) can stand behind these.
_COMMAND_AFTER = frozenset(("", "{", "}", "->", "=", ":", ";", "else", "return", "+="))
_CHAIN = 200  # tokens of a chain of calls that are looked back on
_ARGUMENT = frozenset(("string", "number", "name"))


class Expression:
    """The tokens `first` to `last` (not included); at least one."""

    __slots__ = ("__dict__", "first", "last", "tree")

    def __init__(self, tree: Tree, first: int, last: int) -> None:
        self.tree = tree
        self.first = first
        self.last = last

    @property
    def start(self) -> int:
        return self.tree.tokens[self.first][1]

    @property
    def end(self) -> int:
        return self.tree.tokens[self.last - 1][2]

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    @property
    def text(self) -> str:
        return self.tree.source.text[self.start : self.end]

    @cached_property
    def string(self) -> StringLiteral | None:
        """The literal, if the expression is nothing else."""
        return string_at(self.tree, self.first) if self.last == self.first + 1 else None

    @property
    def value(self) -> str | None:
        """The literal's value; None for other code and for literals with holes."""
        return self.string.value if self.string else None

    @property
    def strings(self) -> Iterator[StringLiteral]:
        """Every literal in it, but those in blocks."""
        at = self.first
        while at < self.last:
            if at in self.tree.blocks:
                at = self.tree.blocks[at].close
            elif (found := string_at(self.tree, at)) is not None:
                yield found
            at += 1

    @property
    def block(self) -> Block | None:
        """The closure, if the expression is nothing else."""
        block = self.tree.blocks.get(self.first)
        return block if block and block.close + 1 == self.last else None

    @cached_property
    def items(self) -> tuple[Argument, ...] | None:
        """The elements of a list or map literal; None for other code."""
        tree = self.tree
        if tree.tokens[self.first][0] == "[" and tree.partner[self.first] == self.last - 1:
            return tuple(arguments(tree, self.first + 1, self.last - 1))
        return None

    @property
    def call(self) -> Call | None:
        """The bare-name call that is the whole expression."""
        found = self.tree.calls.get(self.first)
        return found if found and found.last == self.last else None


class Argument(Expression):
    """`name` is None for a positional one; of `name: value` the expression is the value."""

    __slots__ = ("name",)

    def __init__(self, tree: Tree, first: int, last: int, name: str | None) -> None:
        super().__init__(tree, first, last)
        self.name = name


class Call:
    """`index` is the token of its name, `last` the one behind it all, its closure included.

    `arguments` are those in parentheses or behind the name, without a closure that follows them.
    """

    __slots__ = ("__dict__", "_first", "_last", "block", "index", "last", "name", "statement", "tree")

    def __init__(self, statement: Statement, index: int, last: int, block: Block | None, first: int, end: int) -> None:
        self.tree = statement.tree
        self.statement = statement
        self.index = index
        self.name = self.tree.tokens[index][3]
        self.last = last
        self.block = block
        self._first = first
        self._last = end

    @property
    def name_span(self) -> Span:
        _, start, end, _ = self.tree.tokens[self.index]
        return Span(start, end)

    @property
    def span(self) -> Span:
        """From its name to its end; a receiver (`docker.`) is not part of it."""
        return Span(self.tree.tokens[self.index][1], self.tree.tokens[self.last - 1][2])

    @cached_property
    def receiver(self) -> str:
        """What stands before its dot: `docker` of `docker.build('x')`; "" if there is none."""
        tokens, at = self.tree.tokens, self.index
        if at == 0 or tokens[at - 1][0] not in _DOTS:
            return ""
        longest = at - _CHAIN
        while at > max(self.statement.first, longest) and tokens[at - 1][0] in _DOTS:
            at -= 2
            while at > self.statement.first and self.tree.partner[at] >= 0:
                opened = self.tree.partner[at]
                at = opened - 1 if opened < at and tokens[opened - 1][0] in ("name", ")") else opened
        return self.tree.source.text[tokens[max(at, 0)][1] : tokens[self.index - 2][2]]

    @property
    def has_parentheses(self) -> bool:
        return self.tree.tokens[self.index + 1][0] == "(" if self.index + 1 < len(self.tree.tokens) else False

    @cached_property
    def arguments(self) -> tuple[Argument, ...]:
        return tuple(arguments(self.tree, self._first, self._last))

    def argument(self, name: str) -> Argument | None:
        return next((one for one in self.arguments if one.name == name), None)

    @property
    def positional(self) -> tuple[Argument, ...]:
        return tuple(one for one in self.arguments if one.name is None)

    def value(self, name: str) -> str | None:
        """The literal value of a named argument, None if it is absent or no literal."""
        found = self.argument(name)
        return found.value if found else None

    @property
    def statements(self) -> list[Statement]:
        """What its closure holds."""
        return self.block.statements if self.block else []

    @property
    def enclosing(self) -> Iterator[Call]:
        """The calls whose closures it stands in, the nearest first."""
        yield from enclosing(self.statement)


def enclosing(statement: Statement) -> Iterator[Call]:
    """The calls in whose closures the statement stands, the nearest first."""
    while True:
        block = statement.block
        if block.statement is None:
            return
        statement = block.statement
        if block.call is not None:
            yield block.call
        else:  # a closure among the arguments: `parallel(a: {…})`
            yield from (one for one in reversed(statement.calls) if one.index < block.open < one.last)


def string_at(tree: Tree, index: int) -> StringLiteral | None:
    kind, start, end, _ = tree.tokens[index]
    return StringLiteral(tree.source, start, end, tree.holes.get(start, ())) if kind == "string" else None


def arguments(tree: Tree, first: int, last: int) -> Iterator[Argument]:
    """The arguments between two token indices, cut at commas."""
    tokens, partner = tree.tokens, tree.partner
    begin = at = first
    while at <= last:
        kind = tokens[at][0] if at < last else ","
        if kind == ",":
            while begin < at and tokens[begin][0] == "\n":
                begin += 1
            end = at
            while end > begin and tokens[end - 1][0] == "\n":
                end -= 1
            if begin < end:
                yield _argument(tree, begin, end)
            begin = at + 1
        elif at in tree.blocks:
            at = max(at, tree.blocks[at].close)
        elif kind in "([" and partner[at] > at:
            at = partner[at]
        at += 1


def _argument(tree: Tree, first: int, last: int) -> Argument:
    tokens = tree.tokens
    kind, start, end, name = tokens[first]
    if last - first > 2 and tokens[first + 1][0] == ":" and kind in ("name", "string"):
        at = first + 2
        while at < last - 1 and tokens[at][0] == "\n":
            at += 1
        if kind == "string":
            literal = string_at(tree, first)
            name = (literal.value if literal else None) or tree.source.text[start:end]
        return Argument(tree, at, last, name)
    return Argument(tree, first, last, None)


def find_calls(tree: Tree, kinds: Mapping[str, type[Call]]) -> None:
    """Give every statement its calls, and every closure its call; `kinds` are the types of steps by name."""
    for statement in tree.statements:
        _calls_of(tree, statement, kinds)


def _calls_of(tree: Tree, statement: Statement, kinds: Mapping[str, type[Call]]) -> None:
    tokens, blocks = tree.tokens, tree.blocks
    at, last = statement.first, statement.last
    before = ""  # the token before, but those of a path `a.b.`
    command = True  # a call without parentheses can stand here
    while at < last:
        kind, _, _, text = tokens[at]
        if kind == "name" and at + 1 < len(tokens):
            following = tokens[at + 1][0]
            kind_of_call = Call
            if text in kinds and (before not in _DOTS or tokens[at - 2][3] in ("steps", "this")):
                kind_of_call = kinds[text]
            if text in KEYWORDS:
                command = text in ("else", "return")
            elif following == "(":
                if not _declares(tree, at, before):
                    _parenthesised(statement, at, kind_of_call)
                command = False
            elif following == "{" and before != "new":
                _closured(statement, at, at + 1, at + 1, at + 1, kind_of_call)
                command = False
            elif command and at + 1 < last and _begins_argument(tokens, at, following):
                _add(kind_of_call(statement, at, last, None, at + 1, last))  # it takes the rest of the statement
                command = False
            elif following not in _DOTS:
                command = False
        elif kind in _DOTS:
            pass
        elif kind == "{":
            block = blocks.get(at)
            at = max(at, block.close if block else at)
            command = False
        else:
            command = kind in _COMMAND_AFTER or (kind == ")" and _condition(tree, at))
        before = text if kind == "name" else kind
        at += 1


def _condition(tree: Tree, close: int) -> bool:
    """The parenthesis at `close` ends `if (…)`, behind which a command can stand."""
    opened = tree.partner[close]
    return opened > 0 and tree.tokens[opened - 1][3] in ("if", "for", "while")


def _declares(tree: Tree, at: int, before: str) -> bool:
    """`def f(x) {`, `String f(x) {`, `new F(x)`, `@F(x)`: no call."""
    if before in ("new", "@"):
        return True
    if at == 0 or tree.tokens[at - 1][0] not in ("name", ">", "]") or before in ("return", "else", "in"):
        return False
    if before in KEYWORDS:
        return before not in ("assert", "throw", "case", "instanceof", "as")
    close = tree.partner[at + 1]
    following = tree.tokens[close + 1][0] if 0 <= close < len(tree.tokens) - 1 else ""
    return following == "{" and (before[:1].isupper() or before in (">", "]"))


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


def _parenthesised(statement: Statement, at: int, kind: type[Call]) -> None:
    close = statement.tree.partner[at + 1]
    if close < 0:
        _add(kind(statement, at, statement.last, None, at + 2, max(at + 2, statement.last)))
    else:
        _closured(statement, at, at + 2, close, close + 1, kind)


def _closured(statement: Statement, at: int, first: int, end: int, after: int, kind: type[Call]) -> None:
    tree = statement.tree
    block = tree.blocks.get(after)
    last = block.close + 1 if block else after
    call = kind(statement, at, min(last, len(tree.tokens)), block, first, end)
    if block:
        block.call = call
    _add(call)


def _add(call: Call) -> None:
    call.statement.calls.append(call)
    call.tree.calls[call.index] = call
