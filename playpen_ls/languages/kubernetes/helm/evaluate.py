"""Evaluates templates.

What a condition that is not known decides is worked out both ways: where both say the same it is known, else the text
has a HOLE or a GAP there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import field
from functools import partial

from playpen_ls.languages.kubernetes.helm import text_functions, value_functions
from playpen_ls.languages.kubernetes.helm.choices import CHOICES, either, is_same
from playpen_ls.languages.kubernetes.helm.merge import merge
from playpen_ls.languages.kubernetes.helm.registry import FUNCTIONS, called, string
from playpen_ls.languages.kubernetes.helm.syntax import (
    Action,
    Branch,
    Call,
    Command,
    Dot,
    Field,
    Function,
    InvalidTemplate,
    Jump,
    Literal,
    Loop,
    Operand,
    Pipeline,
    Plain,
    Statement,
    Variable,
    parsed,
)
from playpen_ls.languages.kubernetes.helm.text import (
    HOLE,
    Place,
    Text,
    common,
    cut,
    joined,
    placed,
    text_at,
    unknown_like,
)
from playpen_ls.languages.kubernetes.helm.values import (
    UNKNOWN,
    CannotRender,
    Map,
    Method,
    Object,
    TooLarge,
    Unknown,
    Value,
    is_vague,
    items_of,
    printed,
    truth,
)
from playpen_ls.text.dataclass import dataclass

_TABLES = (text_functions, value_functions)  # they enter their functions when they are imported
MOST_STEPS = 300_000
MOST_TEXT = 5_000_000
DEEPEST = 60  # templates that include each other; the stack of Python is the limit
INCLUDES_ITSELF = "templates include each other too deeply"

# Of these nothing is known: chance, time, cryptography, the cluster.
_UNKNOWN_TEXTS = frozenset(
    "randAlphaNum randAlpha randAscii randNumeric randBytes uuidv4 derivePassword htpasswd bcrypt encryptAES "
    "decryptAES genPrivateKey date dateInZone htmlDate htmlDateInZone ago duration durationRound toDate unixEpoch "
    "shuffle getHostByName toToml dateModify date_modify mustDateModify mustToDate toYamlPretty swapcase".split()
)
_UNKNOWN_VALUES = frozenset(
    "lookup now genCA genCAWithKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey "
    "buildCustomCert randInt fromToml js".split()
)

# A nil that has no type, as a variable has it, is an empty map for these; a field of a map that is nil is an error.
_METHODS = frozenset("AsMap Encode PathValue Table YAML".split())
_NIL_MAPS = frozenset("hasKey get keys values pick omit".split())


@dataclass(frozen=True)
class Named:
    """A named template: the text that it is written in, and its statements."""

    text: Text
    body: tuple[Statement, ...]
    plain: dict[int, Text] = field(default_factory=dict, compare=False)
    """Its plain texts by their starts, cut out once."""


class _Jumped(Exception):
    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class Mutates(Exception):
    """A template changes values that other templates see."""


class _Unclear(Exception):
    """Whether a loop goes on is not known."""


@dataclass
class _Round:
    """A round of a loop: how many texts were below and in the output, and how many variables there were, before it.

    `left` are the ways that ended it early, if that depends on what is not known: (text, variables, word).
    """

    below: int
    start: int
    variables: int
    left: list[tuple[Text, list[Value], str]] = field(default_factory=list)


@dataclass
class _Frame:
    """`below` are the outputs around the current one, whose text is one of several ways to go on."""

    text: Text
    plain: dict[int, Text]
    variables: list[list[Value]]
    out: list[str] = field(default_factory=list)
    below: list[list[str]] = field(default_factory=list)
    rounds: list[_Round] = field(default_factory=list)


class Evaluator:
    """Renders a template, within a budget of steps.

    `files` are the names of the templates that are files; their texts are not known to each other. With `shared`, a
    change of values that are shared raises Mutates.
    """

    def __init__(self, named: dict[str, Named], files: frozenset[str], shared: bool) -> None:
        self.named = named
        self._files = files
        self._shared = shared
        self._steps = 0
        self._size = 0
        self._depth = 0
        self._maybe = 0
        self._functions: dict[str, Callable[..., Value]] = {
            "include": self._include,
            "tpl": self._tpl,
            "set": self._set,
            "unset": self._unset,
            "merge": self._merger(False),
            "mustMerge": self._merger(False),
            "mergeOverwrite": self._merger(True),
            "mustMergeOverwrite": self._merger(True),
        }

    def render(self, template: Named, dot: Value) -> Text:
        """The text of a template. Raises CannotRender."""
        try:
            return self._rendered(template, dot)
        except RecursionError:
            raise TooLarge("templates are nested too deeply") from None

    def _rendered(self, template: Named, dot: Value) -> Text:
        self._depth += 1
        if self._depth > DEEPEST:
            raise TooLarge(INCLUDES_ITSELF)
        try:
            frame = _Frame(template.text, template.plain, [["$", dot]])
            self._run(template.body, dot, frame)
            return joined(frame.out)
        except _Jumped:
            raise CannotRender("`break` outside of a loop") from None
        finally:
            self._depth -= 1

    # Statements

    def _run(self, body: Sequence[Statement], dot: Value, frame: _Frame) -> None:
        for one in body:
            self._step()
            match one:
                case Plain():
                    plain = frame.plain.get(one.start)
                    if plain is None:
                        plain = frame.plain[one.start] = cut(frame.text, one.start, one.end)
                    self._write(frame, plain)
                case Action():
                    self._act(one, dot, frame)
                case Branch():
                    self._branch(one, dot, frame)
                case Loop():
                    self._loop(one, dot, frame)
                case Call():
                    named = self.named.get(one.name)
                    if named is None:
                        raise CannotRender("a template that is not defined")
                    value = self._pipeline(one.pipeline, dot, frame) if one.pipeline else None
                    self._write(frame, self._rendered(named, value))
                case Jump():
                    raise _Jumped(one.word)

    def _step(self, count: int = 1) -> None:
        self._steps += count
        if self._steps > MOST_STEPS:
            raise TooLarge("the templates take too many steps")

    def _write(self, frame: _Frame, text: str) -> None:
        self._size += len(text)
        if self._size > MOST_TEXT:
            raise TooLarge("the templates give too much text")
        frame.out.append(text)

    def _act(self, action: Action, dot: Value, frame: _Frame) -> None:
        value = self._pipeline(action.pipeline, dot, frame)
        if action.pipeline.variables or value is None:
            return
        if isinstance(value, Method):
            raise CannotRender("a function is printed")
        written = printed(value)
        place = self._place(action.pipeline, dot, frame) if not isinstance(value, (str, Unknown)) else None
        place = place or _place_of(frame.text, action.start, action.end)
        if not isinstance(written, Text):
            self._write(frame, placed(written, place))
        elif all(piece.place is not None for piece in written.pieces):
            self._write(frame, written)
        else:
            pieces = [piece if piece.place is not None else piece._replace(place=place) for piece in written.pieces]
            self._write(frame, text_at(written, pieces))

    def _place(self, pipeline: Pipeline, dot: Value, frame: _Frame) -> Place | None:
        """Where a number or boolean that is printed is written, if it is a value that only passes through."""
        operands = [one for command in pipeline.commands for one in command.operands if isinstance(one, Field)]
        if len(operands) != 1 or isinstance(operands[0].base, (Pipeline, Function, Literal)):
            return None
        (operand,) = operands
        holder = self._operand(Field(operand.base, operand.names[:-1], operand.start), dot, frame)
        return holder.value_place(operand.names[-1]) if isinstance(holder, Map) else None

    def _branch(self, branch: Branch, dot: Value, frame: _Frame) -> None:
        depth = len(frame.variables)
        value = self._pipeline(branch.pipeline, dot, frame)
        inner = value if branch.word == "with" else dot
        holds = truth(value)
        if holds is None:
            self._both(
                frame,
                lambda: self._run(branch.body, inner, frame),
                lambda: self._run(branch.otherwise, dot, frame),
            )
        elif holds:
            self._run(branch.body, inner, frame)
        else:
            self._run(branch.otherwise, dot, frame)
        del frame.variables[depth:]

    def _both(self, frame: _Frame, *ways: Callable[[], None]) -> None:
        """Go on in each way, and write what they have in common. A way that Helm would refuse is none.

        A way that ends the round of a loop is joined with the others at the end of that round.
        """
        before = [value for _, value in frame.variables]
        out = frame.out
        found: list[tuple[Text, list[Value]]] = []
        jumped: list[tuple[Text, list[Value], str]] = []
        refusal: CannotRender | None = None
        self._maybe += 1
        frame.below.append(out)
        try:
            for way in ways:
                frame.out = []
                try:
                    way()
                    found.append((joined(frame.out), [value for _, value in frame.variables[: len(before)]]))
                except TooLarge:
                    raise
                except CannotRender as error:
                    refusal = error
                except _Jumped as jump:
                    jumped.append(
                        (joined(frame.out), [value for _, value in frame.variables[: len(before)]], jump.word)
                    )
                del frame.variables[len(before) :]
                for variable, value in zip(frame.variables, before, strict=True):
                    variable[1] = value
        finally:
            self._maybe -= 1
            frame.below.pop()
            frame.out = out
        if not found and not jumped:
            assert refusal is not None
            raise refusal
        for one in jumped if found else jumped[:-1]:
            self._leave(frame, *one)
        text, values = _in_common(found or [jumped[-1][:2]])
        for variable, value in zip(frame.variables, values, strict=True):
            variable[1] = value
        frame.out.append(text)
        if not found:
            raise _Jumped(jumped[-1][2])

    def _leave(self, frame: _Frame, text: Text, values: list[Value], word: str) -> None:
        """Remember a way that ends the round of a loop here. What follows it happens perhaps."""
        if not frame.rounds:
            raise CannotRender("`break` outside of a loop")
        here = frame.rounds[-1]
        first, *others = [*frame.below, frame.out][here.below :]
        written = [*first[here.start :], *(part for out in others for part in out), text]
        here.left.append((joined(written), values[: here.variables], word))
        self._maybe += 1

    def _round(self, frame: _Frame, run: Callable[[], None]) -> str:
        """Run a round of a loop; gives the word that ended it, "" if it went to its end. Raises _Unclear.

        What it writes, and the variables, are what all its ways have in common.
        """
        here = _Round(len(frame.below), len(frame.out), len(frame.variables))
        frame.rounds.append(here)
        word = ""
        try:
            run()
        except _Jumped as jump:
            word = jump.word
        finally:
            frame.rounds.pop()
            self._maybe -= len(here.left)
        if here.left:
            last = joined(frame.out[here.start :]), [value for _, value in frame.variables[: here.variables]]
            text, values = _in_common([*((text, values) for text, values, _ in here.left), last])
            for variable, value in zip(frame.variables, values, strict=True):
                variable[1] = value
            frame.out[here.start :] = [text]
            if len({word == "break", *(other == "break" for _, _, other in here.left)}) > 1:
                raise _Unclear
        return word

    def _loop(self, loop: Loop, dot: Value, frame: _Frame) -> None:
        depth = len(frame.variables)
        names = loop.pipeline.variables
        plain = Pipeline(loop.pipeline.commands, (), False, loop.pipeline.start)
        value = self._pipeline(plain, dot, frame)
        declared = [[name, None] for name in names] if loop.pipeline.declares else []
        frame.variables += declared

        def once(key: Value, item: Value) -> None:
            inner = len(frame.variables)
            for name, one in zip(names, (key, item) if len(names) == 2 else (item,), strict=False):
                self._assign(frame, name, one)
            self._step()
            try:
                self._run(loop.body, item, frame)
            finally:
                del frame.variables[inner:]

        if isinstance(value, Unknown) or (isinstance(value, Map) and value.unsure):
            self._unknown_loop(loop, dot, frame, once)
        else:
            pairs = list(_each(value))
            start = len(frame.out)
            for number, (key, item) in enumerate(pairs, 1):
                try:
                    if self._round(frame, partial(once, key, item)) == "break":
                        break
                except _Unclear:
                    if number < len(pairs):
                        del frame.out[start:]
                        self._unknown_loop(loop, dot, frame, once)
                        break
            if not pairs:
                self._run(loop.otherwise, dot, frame)
        del frame.variables[depth:]

    def _unknown_loop(self, loop: Loop, dot: Value, frame: _Frame, once: Callable[[Value, Value], None]) -> None:
        """A loop of an unknown number of rounds: what it writes and the variables that it sets are unknown."""
        for name in _assigned(loop.body):
            variable = next((one for one in reversed(frame.variables) if one[0] == name), None)
            if variable is not None:
                variable[1] = UNKNOWN

        def body() -> None:
            start = len(frame.out)
            with suppress(_Unclear):
                self._round(frame, partial(once, UNKNOWN, UNKNOWN))
            written = joined(frame.out[start:])
            del frame.out[start:]
            frame.out.append(unknown_like(written) if written.strip() else written)

        self._both(frame, body, lambda: self._run(loop.otherwise, dot, frame))

    # Expressions

    def _pipeline(self, pipeline: Pipeline, dot: Value, frame: _Frame) -> Value:
        value: Value = None
        for number, command in enumerate(pipeline.commands):
            final = [value] if number else []
            value = self._command(command, final, dot, frame)
        if pipeline.variables:
            name = pipeline.variables[0]
            if pipeline.declares:
                frame.variables.append([name, value])
            else:
                self._assign(frame, name, value)
        return value

    def _assign(self, frame: _Frame, name: str, value: Value) -> None:
        for variable in reversed(frame.variables):
            if variable[0] == name:
                variable[1] = value
                return
        raise CannotRender("a variable that is not declared")

    def _command(self, command: Command, final: list[Value], dot: Value, frame: _Frame) -> Value:
        self._step()
        first, rest = command.operands[0], command.operands[1:]
        if isinstance(first, Function):
            return self._call(first.name, rest, final, dot, frame)
        value = self._operand(first, dot, frame)
        if isinstance(value, Method):
            return value.call(*[self._operand(one, dot, frame) for one in rest], *final)
        if rest or final:
            if isinstance(value, Unknown):
                return UNKNOWN
            raise CannotRender("a value is called like a function")
        if isinstance(first, Literal) and first.value is None:
            raise CannotRender("nil is no command")
        return value

    def _operand(self, operand: Operand, dot: Value, frame: _Frame) -> Value:
        match operand:
            case Literal():
                if isinstance(operand.value, str) and operand.value:
                    same = frame.text[operand.start : operand.end] == operand.value
                    if same:
                        return cut(frame.text, operand.start, operand.end)
                    return placed(operand.value, _place_of(frame.text, operand.start, operand.end))
                return operand.value
            case Dot():
                return dot
            case Variable():
                for name, value in reversed(frame.variables):
                    if name == operand.name:
                        return value
                raise CannotRender("a variable that is not declared")
            case Pipeline():
                depth = len(frame.variables)
                value = self._pipeline(operand, dot, frame)
                del frame.variables[depth:]
                return value
            case Function():
                return self._call(operand.name, (), [], dot, frame)
            case Field():
                value = self._operand(operand.base, dot, frame)
                if value is None:
                    return None  # a nil has no type here, so that Go gives another one for all its fields
                for name in operand.names:
                    value = _member(value, name)
                return value

    def _call(self, name: str, operands: Sequence[Operand], final: list[Value], dot: Value, frame: _Frame) -> Value:
        def arguments() -> Iterator[Value]:
            for one in operands:
                value = self._operand(one, dot, frame)
                value = value.call() if isinstance(value, Method) else value
                yield Map() if value is None and name in _NIL_MAPS and not isinstance(one, Field) else value
            yield from (Map() if one is None and name in _NIL_MAPS else one for one in final)

        if name in ("and", "or"):
            return _joined_conditions(name, arguments())
        values = list(arguments())
        self._step(1 + sum(len(one) // 200 for one in values if isinstance(one, (str, list, dict))))
        if name in _UNKNOWN_TEXTS:
            return HOLE
        if name in _UNKNOWN_VALUES:
            return UNKNOWN
        if name in self._functions:
            try:
                return self._functions[name](*values)
            except (TypeError, ValueError):
                raise CannotRender(f"`{name}` is called with wrong arguments") from None
        if name in CHOICES:
            try:
                return CHOICES[name](*values)
            except (TypeError, ValueError, AttributeError):
                raise CannotRender(f"`{name}` is called with wrong arguments") from None
        if name not in FUNCTIONS:
            raise CannotRender(f"the function `{name}` is not known")
        return called(name, values)

    # Functions that need templates, or change maps

    def _include(self, name: Value, *rest: Value) -> Value:
        if is_vague(name):
            return UNKNOWN
        named = self.named.get(string(name))
        if named is None:
            if name in self._files:
                return UNKNOWN
            raise CannotRender("a template that is not defined")
        return self._rendered(named, rest[0] if rest else None)

    def _changed(self, values: Map) -> None:
        if self._shared and values.shared:
            raise Mutates

    def _tpl(self, text: Value, dot: Value) -> Value:
        if isinstance(text, Unknown):
            return UNKNOWN
        if "{{" not in string(text):
            return text
        try:
            found = parsed(str(text))
        except InvalidTemplate:
            if is_vague(text):
                return UNKNOWN
            raise CannotRender("a text is not a template") from None
        whole = text if isinstance(text, Text) else placed(text, None)
        before = self.named
        try:
            if found.defined:
                self.named = {**before, **{name: Named(whole, body) for name, body in found.defined.items()}}
            return self._rendered(Named(whole, found.body), dot)
        finally:
            self.named = before

    def _set(self, values: Value, key: Value, value: Value) -> Value:
        if isinstance(values, Unknown):
            return UNKNOWN
        if not isinstance(values, Map):
            raise TypeError
        self._changed(values)
        if is_vague(key):
            values.unsure = True
        elif self._maybe and not (key in values and is_same(values[key], value)):
            values.put(string(key), UNKNOWN)
            values.unsure = True
        else:
            values.put(string(key), value)
        return values

    def _unset(self, values: Value, key: Value) -> Value:
        if isinstance(values, Unknown):
            return UNKNOWN
        if not isinstance(values, Map):
            raise TypeError
        self._changed(values)
        if is_vague(key) or (self._maybe and key in values):
            values.unsure = True
            for one in [key] if key in values else list(values):
                values.put(one, UNKNOWN)
        else:
            values.drop(string(key))
        return values

    def _merger(self, overwrites: bool) -> Callable[..., Value]:
        def merged(target: Value, *sources: Value) -> Value:
            if isinstance(target, Unknown) or any(isinstance(one, Unknown) for one in sources):
                if isinstance(target, Map):
                    self._changed(target)
                    _forget(target)
                return UNKNOWN
            if not isinstance(target, Map):
                raise TypeError
            for one in sources:
                if one is not None and not isinstance(one, Map):
                    raise TypeError
                if one is not None:
                    if self._maybe:
                        self._changed(target)
                        _forget(target)
                    else:
                        merge(target, one, overwrites, self._changed)
            return target

        return merged


def _in_common(ways: Sequence[tuple[Text, list[Value]]]) -> tuple[Text, list[Value]]:
    """What the texts and the variables of several ways have in common."""
    text, values = ways[0]
    for other, others in ways[1:]:
        text = common(text, other)
        values = [either(one, two) for one, two in zip(values, others, strict=True)]
    return text, values


def _forget(values: Map) -> None:
    values.unsure = True
    for key in list(values):
        values.put(key, UNKNOWN)


def _place_of(text: Text, start: int, end: int) -> Place | None:
    pieces = cut(text, start, end).pieces
    if not pieces or pieces[0].place is None:
        return None
    first, last = pieces[0].place, pieces[-1].place
    return Place(first.path, first.start, last.end) if last is not None and last.path == first.path else first


def _member(value: Value, name: str) -> Value:
    """A field of a value."""
    if isinstance(value, Method):
        value = value.call()
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, Map):
        if value.methods and name in _METHODS:
            return value if name == "AsMap" else UNKNOWN
        if name not in value and value.unsure:
            return UNKNOWN
        return value.get(name)
    if isinstance(value, Object):
        if name in value.fields:
            return value.fields[name]
        if value.open:
            return UNKNOWN
    elif is_vague(value):
        return UNKNOWN
    raise CannotRender("a field of a value that has none")


def _each(value: Value) -> Iterator[tuple[Value, Value]]:
    if isinstance(value, Object) and value.items is not None:
        value = value.items
    if isinstance(value, Map):
        yield from items_of(value)
    elif isinstance(value, list):
        yield from enumerate(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        if value > 20_000:
            raise TooLarge("a loop has too many rounds")
        yield from ((one, one) for one in range(value))
    elif value is not None:
        raise CannotRender("a loop over a value that has no items")


def _assigned(body: Sequence[Statement]) -> Iterator[str]:
    """The variables that statements assign to."""
    for one in body:
        if isinstance(one, (Action, Branch, Loop)):
            if not one.pipeline.declares:
                yield from one.pipeline.variables
            if isinstance(one, (Branch, Loop)):
                yield from _assigned(one.body)
                yield from _assigned(one.otherwise)


def _joined_conditions(name: str, values: Iterator[Value]) -> Value:
    """`and` and `or`, which stop at the first value that decides."""
    decides = name == "or"
    unknown, last = False, None
    for value in values:
        holds = truth(value)
        last = value
        if unknown:
            if holds is decides and isinstance(value, bool):
                return value
            continue
        if holds is None:
            unknown = True
        elif holds is decides:
            return value
    return UNKNOWN if unknown else last
