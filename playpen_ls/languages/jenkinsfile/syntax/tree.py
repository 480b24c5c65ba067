"""The statements, blocks, calls and expressions of a Jenkinsfile: views of parsed text, created on demand.

They refer to each other in circles, as the grammar does, so they are one module: a statement has calls, a call has
arguments, an argument can be a closure with statements.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import field

from playpen_ls.api.file_view import FileView
from playpen_ls.languages.jenkinsfile.syntax.lexer import Token, lex
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.strings import StringLiteral
from playpen_ls.languages.jenkinsfile.syntax.structure import Frame, State
from playpen_ls.languages.shell import parser as shell
from playpen_ls.languages.shell.secrets import ShellSecret, secrets_in
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.pause import pause
from playpen_ls.text.span import Span
from playpen_ls.text.text_cache import cached_by_text

KEYWORDS = frozenset(
    """if else for while do try catch finally switch case default return throw new def import package class interface
    enum extends implements instanceof in as assert break continue true false null this super void boolean int long
    double float byte short char static final private public protected abstract synchronized throws""".split()
)
DOTS = frozenset((".", "?.", "*."))
SHELLS = frozenset(("sh", "bat", "powershell", "pwsh"))
_CHAIN = 200  # tokens; the longest receiver that is reconstructed
# A call without parentheses (`sh 'x'`) can follow these.
_COMMAND_AFTER = frozenset(("", "{", "}", "->", "=", ":", ";", "else", "return", "+="))
_UNCLOSED = 200  # tokens read as arguments of a call whose parenthesis is not closed
_PAUSE = 20  # statements
_ARGUMENT = frozenset(("string", "number", "name"))

Site = tuple[str, bool, int, int, int, int, int, int]
"""The position of a call: (name, whether it is a shell step, statement, token of the name, token after the call or
brace of its closure, block of the closure or 0, first token of the arguments, token after them)."""


class Tree:
    """The parsed text of a region, or of a whole file, with what rules use to ask about the rest of the file.

    Offsets count from the start of the text. A tree does not refer to its views, so that reference counting frees it;
    it is made anew for each check, while `parsed` is kept from version to version.
    """

    def __init__(self, parsed: Parsed, file: FileView | None = None) -> None:
        self.parsed = parsed
        self._file = file
        self.text = parsed.text
        self.tokens = parsed.tokens
        self.holes = parsed.holes
        self.comments = parsed.comments
        self.structure = parsed.structure
        self.partner = self.structure.partner

    @classmethod
    def of_frame(cls, frame: Frame) -> Tree:
        """The statement that opens a frame, up to its brace."""
        return Tree(_parsed_head(frame.head))

    @property
    def file(self) -> FileView:
        """How rules ask about the rest of the file. Trees that no rule looks at have none."""
        assert self._file is not None
        return self._file

    def of(self, span: Span) -> str:
        return self.text[span.start : span.end]

    def starts_line(self, offset: int) -> bool:
        """Whether only blanks are before an offset on its line."""
        start = max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1
        return not self.text[start:offset].strip(" \t") and (start > 0 or self.parsed.state.column < 0)

    def mentions(self, word: str) -> bool:
        """Whether a word occurs in the text or in the first words of a frame around it."""
        return word in self.text or any(word in frame.head for frame in self.parsed.state.frames)

    @cached_property
    def record(self) -> Record:
        return self.parsed.derived(_record)

    @cached_property
    def ends(self) -> list[int]:
        """By token: the one that closes the bracket or block that it opens; for other tokens that token."""
        return self.parsed.derived(_ends)

    @property
    def root(self) -> Block:
        return Block(self, 0)

    @property
    def around(self) -> Iterator[Call]:
        """The calls whose closures are the frames around a region, innermost first, without their closures' content."""
        for frame in reversed(self.parsed.state.frames):
            call = _head_call(frame)
            if call is not None:
                yield call

    @property
    def frame_names(self) -> list[str | None]:
        """The names of the calls whose closures are the frames, outermost first; None for a block of `try`."""
        return [_head_name(frame) for frame in self.parsed.state.frames]

    @property
    def statements(self) -> Iterator[Statement]:
        """Every statement in text order, each before those in its blocks."""
        return (Statement(self, number) for number in range(len(self.structure.first)))

    @property
    def blocks(self) -> Iterator[Block]:
        """Every block in text order except block 0."""
        return (Block(self, number) for number in range(1, len(self.structure.open)))

    @property
    def calls(self) -> list[Call]:
        """Every call in text order."""
        return [self._call(site) for site in self.record.sites]

    @property
    def shell_steps(self) -> list[ShellStep]:
        return [call for call in self.named(*SHELLS) if isinstance(call, ShellStep)]

    @property
    def interpolating_calls(self) -> list[Call]:
        """The calls with an interpolated string among their arguments, in text order."""
        starts, tokens, found = sorted(self.holes), self.tokens, list[Call]()
        for site in self.record.sites if starts else ():
            *_, first, last = site
            if first < last:
                place = bisect_left(starts, tokens[first][1])
                if place < len(starts) and starts[place] < tokens[last - 1][2]:
                    found.append(self._call(site))
        return found

    def string_around(self, offset: int) -> StringLiteral | None:
        """The string literal that contains this offset."""
        index = bisect_right(self.tokens, offset, key=lambda token: token[1]) - 1
        literal = string_at(self, index) if index >= 0 else None
        return literal if literal is not None and offset < literal.end else None

    def block_at(self, index: int) -> Block | None:
        """The block that the brace at a token opens; None for other tokens."""
        number = self.structure.block_at.get(index)
        return None if number is None else Block(self, number)

    def _call(self, site: Site) -> Call:
        return (ShellStep if site[1] else Call)(self, site)

    def call_at(self, index: int) -> Call | None:
        """The call whose name is the token at `index`, else None."""
        place = self.record.at.get(index)
        return None if place is None else self._call(self.record.sites[place])

    def call_of(self, block: int) -> Call | None:
        """The call whose closure is this block, else None."""
        place = self.record.of_block.get(block)
        return None if place is None else self._call(self.record.sites[place])

    def calls_of(self, first: int, last: int) -> list[Call]:
        """The calls of the statements `first` to `last` (exclusive)."""
        record = self.record
        return [self._call(site) for site in record.sites[record.before[first] : record.before[last]]]

    def named(self, *names: str) -> list[Call]:
        """The calls that have one of these names, in text order."""
        record = self.record
        places = [place for name in names for place in record.by_name.get(name, ())]
        return [self._call(record.sites[place]) for place in sorted(places)]


def _ends(parsed: Parsed) -> list[int]:
    structure = parsed.structure
    found = [partner if partner > at else at for at, partner in enumerate(structure.partner)]
    for opened, close in zip(structure.open[1:], structure.close[1:], strict=True):
        found[opened] = max(opened, close)
    return found


def _head_call(frame: Frame) -> Call | None:
    """The call whose closure is a frame; None for a block of `try`."""
    head = Tree.of_frame(frame)
    return head.call_of(1) if len(head.structure.open) > 1 else None


@cached_by_text(100_000)
def _head_name(frame: Frame) -> str | None:
    call = _head_call(frame)
    return call.name if call is not None else None


@cached_by_text(100_000)
def _parsed_head(text: str) -> Parsed:
    return Parsed(text, State(), lex(text))


class _View:
    """A statement or block of a tree, identified by its number."""

    __slots__ = ("number", "tree")

    def __init__(self, tree: Tree, number: int) -> None:
        self.tree = tree
        self.number = number

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.number == self.number and other.tree is self.tree

    def __hash__(self) -> int:
        return hash(self.number)


class Tokens:
    """The text range of the tokens `first` to `last` (exclusive) of a tree; at least one."""

    __slots__ = ()

    tree: Tree
    first: int
    last: int

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
        return self.tree.text[self.start : self.end]


class Statement(_View, Tokens):
    """A statement: tokens `first` to `last` (exclusive), including its blocks."""

    __slots__ = ("first", "last")

    def __init__(self, tree: Tree, number: int) -> None:
        self.tree = tree
        self.number = number
        self.first = tree.structure.first[number]
        self.last = tree.structure.last[number]

    @property
    def word(self) -> str:
        """The name that the statement starts with, or ""."""
        kind, _, _, text = self.tree.tokens[self.first]
        return text if kind == "name" else ""

    @property
    def block(self) -> Block:
        """The block that contains the statement."""
        return Block(self.tree, self.tree.structure.home[self.number])

    @property
    def calls(self) -> list[Call]:
        """The calls of the statement in text order, except those in its blocks."""
        return self.tree.calls_of(self.number, self.number + 1)

    @property
    def call(self) -> Call | None:
        """The call without receiver that is the whole statement: `sh 'x'`, `stage('x') {…}`; not `a.b()`."""
        found = self.tree.call_at(self.first)
        return found if found is not None and found.last == self.last else None

    def blocks(self) -> Iterator[Block]:
        """The blocks directly in the statement, in text order."""
        at = self.first
        while at < self.last:
            block = self.tree.block_at(at)
            if block is not None:
                yield block
                at = block.close
            at += 1


class Block(_View):
    """`{…}`: a closure or the body of a compound statement. What is around the whole text has `open` -1.

    `close` is the token of the closing brace; if that is missing, the token after the block.
    """

    __slots__ = ("close", "open")

    def __init__(self, tree: Tree, number: int) -> None:
        self.tree = tree
        self.number = number
        self.open = tree.structure.open[number]
        self.close = tree.structure.close[number]

    @property
    def statement(self) -> Statement | None:
        """The statement that the block is part of; None for what is around the whole text."""
        number = self.tree.structure.owner[self.number]
        return Statement(self.tree, number) if number >= 0 else None

    @property
    def statements(self) -> list[Statement]:
        tree = self.tree
        return [Statement(tree, number) for number in tree.structure.children[self.number]]

    @property
    def call(self) -> Call | None:
        """The call whose closure is this block, else None."""
        return self.tree.call_of(self.number) if self.open >= 0 else None

    @property
    def callers(self) -> list[Call]:
        """The call whose closure is this block, or those that have it among their arguments: `parallel(a: {…})`."""
        call, statement = self.call, self.statement
        if call is not None:
            return [call]
        calls = statement.calls if statement is not None else []
        return [one for one in reversed(calls) if one.index < self.open < one.last]

    @property
    def calls(self) -> list[Call]:
        """Every call in the block, including nested blocks."""
        tree, span, first = self.tree, self.inside, self.tree.structure.first
        begin, end = (
            bisect_left(first, offset, key=lambda token: tree.tokens[token][1]) for offset in (span.start, span.end)
        )
        return tree.calls_of(begin, end)

    @property
    def parameters(self) -> bool:
        """Whether the closure declares parameters: `{ name -> …}`."""
        return self.number in self.tree.structure.parameters

    @property
    def start(self) -> int:
        """The offset of the opening brace."""
        return self.tree.tokens[self.open][1] if self.open >= 0 else 0

    @property
    def end(self) -> int:
        """The offset after the closing brace."""
        tokens = self.tree.tokens
        return tokens[self.close][2] if self.close < len(tokens) else len(self.tree.text)

    @property
    def closed(self) -> bool:
        return self.open >= 0 and self.close < len(self.tree.tokens)

    @property
    def inside(self) -> Span:
        """The range between the braces."""
        if self.open < 0:
            return Span(0, len(self.tree.text))
        return Span(self.start + 1, self.end - 1 if self.closed else self.end)


class Call:
    """A call. `index` is the token of its name, `last` the token after the call and its closure.

    `arguments` are those in parentheses or after the name; a closure that follows them is `block`.
    """

    __slots__ = ("__dict__", "_arguments", "_block", "_statement", "index", "last", "name", "tree")

    def __init__(self, tree: Tree, site: Site) -> None:
        self.tree = tree
        self.name, _, self._statement, self.index, self.last, self._block, first, end = site
        self._arguments = (first, end)
        if self._block:  # a closure without its closing brace ends with the statement
            structure = tree.structure
            self.last = min(structure.close[self._block] + 1, structure.last[self._statement], len(tree.tokens))

    @property
    def file(self) -> FileView:
        return self.tree.file

    @property
    def statement(self) -> Statement:
        return Statement(self.tree, self._statement)

    @property
    def block(self) -> Block | None:
        """The closure that follows the arguments."""
        return Block(self.tree, self._block) if self._block else None

    @property
    def opens_frame(self) -> bool:
        """Whether the content of its closure is in the regions that follow."""
        return self._block > 0 and self.tree.structure.open[self._block] == self.tree.structure.frame_at

    @property
    def name_span(self) -> Span:
        _, start, end, _ = self.tree.tokens[self.index]
        return Span(start, end)

    @property
    def span(self) -> Span:
        """From the name to the end of the call; a receiver (`docker.`) is not included."""
        return Span(self.tree.tokens[self.index][1], self.tree.tokens[self.last - 1][2])

    @property
    def text(self) -> str:
        return self.tree.of(self.span)

    @cached_property
    def receiver(self) -> str:
        """The text before the dot: `docker` of `docker.build('x')`; "" if there is none."""
        tokens, at = self.tree.tokens, self.index
        if at == 0 or tokens[at - 1][0] not in DOTS:
            return ""
        first, longest = self.tree.structure.first[self._statement], at - _CHAIN
        while at > max(first, longest) and tokens[at - 1][0] in DOTS:
            at -= 2
            while at > first and 0 <= self.tree.partner[at] < at:
                opened = self.tree.partner[at]
                if tokens[opened - 1][0] not in ("name", ")"):
                    at = opened
                    break
                at = opened - 1
        return self.tree.text[tokens[max(at, 0)][1] : tokens[self.index - 2][2]]

    @cached_property
    def arguments(self) -> tuple[Argument, ...]:
        return tuple(arguments(self.tree, *self._arguments))

    def argument(self, name: str) -> Argument | None:
        return next((one for one in self.arguments if one.name == name), None)

    @property
    def positional(self) -> tuple[Argument, ...]:
        return tuple(one for one in self.arguments if one.name is None)

    def value(self, name: str) -> str | None:
        """The literal value of a named argument; None if it is absent or not a literal string."""
        found = self.argument(name)
        return found.value if found else None

    @property
    def statements(self) -> list[Statement]:
        """The statements of the closure."""
        return self.block.statements if self.block else []

    @property
    def enclosing(self) -> Iterator[Call]:
        """The calls whose closures contain this call, innermost first."""
        statement: Statement | None = self.statement
        while statement is not None:
            block = statement.block
            yield from block.callers
            statement = block.statement
        yield from self.tree.around


class ShellStep(Call):
    """A call of `sh`, `bat`, `powershell` or `pwsh`; see `name`."""

    __slots__ = ()

    @cached_property
    def argument_of_script(self) -> Argument | None:
        """The script argument of `sh 'x'`, `sh('x')` or `sh(script: 'x', …)`."""
        return self.argument("script") or next(iter(self.positional), None)

    @cached_property
    def script(self) -> StringLiteral | None:
        """The script as a string literal; None if it is computed."""
        argument = self.argument_of_script
        return argument.string if argument else None

    @cached_property
    def commands(self) -> tuple[shell.Command, ...]:
        """The commands of the script; batch and PowerShell scripts are parsed like shell scripts."""
        return shell.commands(self.script.fragment) if self.script else ()

    @cached_property
    def secrets(self) -> tuple[ShellSecret, ...]:
        """The hard-coded secrets in the commands of the script."""
        return tuple(secrets_in(self.commands, percent=self.name == "bat"))


class Expression(Tokens):
    """The tokens `first` to `last` (exclusive); at least one."""

    __slots__ = ("__dict__", "first", "last", "tree")

    def __init__(self, tree: Tree, first: int, last: int) -> None:
        self.tree = tree
        self.first = first
        self.last = last

    @cached_property
    def string(self) -> StringLiteral | None:
        """The string literal that the whole expression consists of, else None."""
        return string_at(self.tree, self.first) if self.last == self.first + 1 else None

    @property
    def value(self) -> str | None:
        """The value of the string literal; None for other code and for interpolated strings."""
        return self.string.value if self.string else None

    @property
    def strings(self) -> Iterator[StringLiteral]:
        """Every string literal in the expression except those in blocks."""
        at, ends, blocks = self.first, self.tree.ends, self.tree.structure.block_at
        while at < self.last:
            if at in blocks:
                at = ends[at]
            elif (found := string_at(self.tree, at)) is not None:
                yield found
            at += 1

    @property
    def block(self) -> Block | None:
        """The closure that the whole expression consists of, else None."""
        number = self.tree.structure.block_at.get(self.first)
        block = Block(self.tree, number) if number is not None else None
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
        """The call without receiver that the whole expression consists of, else None."""
        found = self.tree.call_at(self.first)
        return found if found and found.last == self.last else None


class Argument(Expression):
    """An argument: `name` is None for a positional one; for `name: value` the expression is the value."""

    __slots__ = ("name",)

    def __init__(self, tree: Tree, first: int, last: int, name: str | None) -> None:
        super().__init__(tree, first, last)
        self.name = name


def string_at(tree: Tree, index: int) -> StringLiteral | None:
    kind, start, end, _ = tree.tokens[index]
    return StringLiteral(tree.text, start, end, tree.holes.get(start, ())) if kind == "string" else None


def arguments(tree: Tree, first: int, last: int) -> Iterator[Argument]:
    """The arguments between two token indices, split at commas."""
    tokens, ends = tree.tokens, tree.ends
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
        at = ends[at] + 1 if at < last else at + 1


def _argument(tree: Tree, first: int, last: int) -> Argument:
    tokens = tree.tokens
    kind, start, end, name = tokens[first]
    if last - first > 2 and tokens[first + 1][0] == ":" and kind in ("name", "string"):
        at = first + 2
        while at < last - 1 and tokens[at][0] == "\n":
            at += 1
        if kind == "string":
            literal = string_at(tree, first)
            name = (literal.value if literal else None) or tree.text[start:end]
        return Argument(tree, at, last, name)
    return Argument(tree, first, last, None)


@dataclass(slots=True)
class Record:
    """The calls of a text. `sites` are ordered by statement, then by position.

    `at` maps the token of a call's name to its index in `sites`, `of_block` the block that is a call's closure,
    `by_name` its name. `before[n]` is the number of calls in the statements before statement n, with one more entry for
    the total.
    """

    sites: list[Site] = field(default_factory=list)
    at: dict[int, int] = field(default_factory=dict)
    before: list[int] = field(default_factory=list)
    of_block: dict[int, int] = field(default_factory=dict)
    by_name: dict[str, list[int]] = field(default_factory=dict)


def _record(parsed: Parsed) -> Record:
    finder = _Finder(Tree(parsed))
    for number in range(len(parsed.structure.first)):
        if number % _PAUSE == 0:
            pause()
        finder.record.before.append(len(finder.record.sites))
        finder.look_at(number)
    finder.record.before.append(len(finder.record.sites))
    for place, site in enumerate(finder.record.sites):
        finder.record.by_name.setdefault(site[0], []).append(place)
    return finder.record


class _Finder:
    """Collects the calls statement by statement; `last` is the token after the current `statement`."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.tokens = tree.tokens
        self.record = Record()
        self.statement = 0
        self.last = 0

    def look_at(self, statement: int) -> None:
        tokens, structure = self.tokens, self.tree.structure
        at, last = structure.first[statement], structure.last[statement]
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
                    block = structure.block_at.get(at)
                    at = max(at, structure.close[block] if block else at)
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
        block = self.tree.structure.block_at.get(after, 0)
        self._add(at, before, min(after, len(self.tokens)), block, first, end)

    def _add(self, at: int, before: str, last: int, block: int, first: int, end: int) -> None:
        record, place = self.record, len(self.record.sites)
        name = self.tokens[at][3]
        step = name in SHELLS and (before not in DOTS or self.tokens[at - 2][3] in ("steps", "this"))
        if block:
            record.of_block[block] = place
        record.at[at] = place
        record.sites.append((name, step, self.statement, at, last, block, first, end))


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
