"""The rest of a file, asked in questions that are recorded: so that every cache entry is keyed by what was read.

A rule looks at a part, and a part knows the text of its own chunk only. What stands elsewhere in the file it asks:
`stage.file.ask(stage_above, "build")`. The engine keeps each question with its answer beside the findings of the chunk,
and asks again at the next check: while all answers are equal, the findings hold. Nothing is invalidated by hand.

This is incremental computation as in Salsa: *inputs* are what each chunk says by itself, queries are pure functions of
inputs and of other queries, and a query whose inputs are as they were is not asked again (early cutoff).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence, Set
from itertools import chain
from typing import Any, NamedTuple, Protocol, TypeVar

from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit, equal_end, equal_start
from playpen_ls.text.pause import pause

T = TypeVar("T")
Query = Callable[..., Any]
"""`query(outline, *key)`, or `query(outline, chunk, *key)` if it is `located`.

A pure function of a module that never raises. What it gives to a part is a frozen value (hashable) without offsets in
the file: a range is given as the number of a chunk and the offsets in that. What it gives to other queries may be a
table that nobody changes.
"""
Question = tuple[Query, tuple[Hashable, ...]]


_LONG = ("each", "every", "yields")
"""Kinds of inputs that are compared with the version before once, and then by identity."""


class Content(Protocol):
    """A chunk as an outline sees it."""

    @property
    def key(self) -> Hashable:
        """The text, or what says the same."""

    @property
    def content(self) -> Any:
        """What the text of the chunk says by itself, as its language reads it; offsets count from its start."""


class Input(NamedTuple):
    """What a query reads of a file: its `kind` is a method of Outline, `of` that method's argument."""

    kind: str
    of: Any = None


@dataclass(slots=True)
class Answer:
    """What a question was answered in one version of a file, and the inputs that this follows from, as they were."""

    value: Any
    inputs: dict[Input, object]


def located(query: Callable[..., T]) -> Callable[..., T]:
    """The answer depends on where the asker is: the query gets the number of its chunk, and is asked for each."""
    query.located = True  # type: ignore[attr-defined]
    return query


def is_located(query: Query) -> bool:
    return getattr(query, "located", False)


def each(outline: Outline, summarize: Callable[[Any], T]) -> tuple[T, ...]:
    """A query: what `summarize` gives for each chunk's content, in text order."""
    return outline.each(summarize)


def every(outline: Outline, summarize: Callable[[Any], Iterable[T]]) -> tuple[T, ...]:
    """A query: all that `summarize` yields for the chunks, in text order, without where one ends."""
    return outline.every(summarize)


MOST_ANSWERS = 20_000  # that are kept from version to version; then they are asked anew


class Outline:
    """What the chunks of one version of a file say, each by itself: all that a query reads of a file.

    `before` is the outline of an earlier version: what its chunks said is not worked out again, and answers whose
    inputs are equal are taken over. Each question is answered once, however many chunks ask it.

    `summarize` is always a function of a module, so that it is the same at the next version; it gets the `content` of
    a chunk and gives a frozen value without offsets in the file.
    """

    def __init__(self, path: str, chunks: Sequence[Content], before: Outline | None = None) -> None:
        self.path = path
        self._chunks = chunks
        self._keys: list[Hashable] | None = None
        self._values: dict[Input, Any] = {}
        self._before: dict[Input, tuple[Sequence[Hashable], Any]] = before._kept() if before is not None else {}
        self._answers: dict[tuple[Question, int | None], Answer] = {}
        # Shared by all versions: an answer is taken only where its inputs are as they were.
        self._known: dict[tuple[Question, int | None], Answer] = before._known if before is not None else {}
        if len(self._known) > MOST_ANSWERS:
            self._known = {}
        self._equal: dict[int, tuple[int, int]] = {}
        self._reading: list[dict[Input, object]] = []

    # What queries read

    @property
    def count(self) -> int:
        """How many chunks there are."""
        return self._read(Input("count"))  # type: ignore[no-any-return]

    def each(self, summarize: Callable[[Any], T]) -> tuple[T, ...]:
        """What `summarize` gives for each chunk, in text order."""
        return self._read(Input("each", summarize))  # type: ignore[no-any-return]

    def every(self, summarize: Callable[[Any], Iterable[T]]) -> tuple[T, ...]:
        """All that `summarize` yields for the chunks, in text order; a chunk that yields nothing leaves no trace."""
        return self._read(Input("every", summarize))  # type: ignore[no-any-return]

    def content(self, chunk: int) -> Any:
        """All that a chunk says by itself, None if no chunk has this number.

        Who reads it is asked again when any of its text changes.
        """
        self._read(Input("text", chunk))
        return self._chunks[chunk].content if chunk < len(self._chunks) else None

    def ask(self, query: Callable[..., T], *key: Any) -> T:
        """Another query that is not located, answered once for all that ask it."""
        return self.answer((query, key), None).value  # type: ignore[no-any-return]

    # What the engine reads

    def answer(self, question: Question, chunk: int | None) -> Answer:
        """The answer to a question of a chunk; None asks for the whole file."""
        query, key = question
        at = (question, chunk if is_located(query) else None)
        found = self._answers.get(at)
        if found is None:
            found = self._known.get(at)
            if found is None or not self._holds(found):
                found = self._known[at] = self._ask(query, key, chunk)
            self._answers[at] = found
        if self._reading:
            self._reading[-1].update(found.inputs)
        return found

    def value(self, one: Input) -> Any:
        """An input as it is now; the same object as in the version before where it is equal."""
        if one in self._values:
            return self._values[one]
        before = self._before.get(one)
        value = getattr(self, f"_{one.kind}")(one.of, before)
        if before is not None and before[1] == value:
            value = before[1]
        self._values[one] = value
        return value

    def changed(self, before: Outline) -> Set[Input]:
        """The inputs that were read in an earlier version and are not as they were.

        All of them are worked out now, so that it is known at the next version too how they were.
        """
        return {one for one, then in before._values.items() if not _is_same(self.value(one), then)}

    @property
    def keys(self) -> Sequence[Hashable]:
        if self._keys is None:
            self._keys = [chunk.key for chunk in self._chunks]
        return self._keys

    def _kept(self) -> dict[Input, tuple[Sequence[Hashable], Any]]:
        """The inputs as they were when they were last read, each with the keys of the chunks then."""
        return {**self._before, **{one: (self.keys, value) for one, value in self._values.items() if one.kind in _LONG}}

    def _read(self, one: Input) -> Any:
        value = self.value(one)
        if self._reading:
            self._reading[-1][one] = value
        return value

    def _holds(self, answer: Answer) -> bool:
        for one, value in answer.inputs.items():
            now = self.value(one)
            # Of long inputs equal ones are the same object.
            if now is not value and (one.kind in _LONG or now != value):
                return False
        return True

    def _ask(self, query: Query, key: tuple[Hashable, ...], chunk: int | None) -> Answer:
        _check_is_of_a_module(query)
        inputs: dict[Input, object] = {}
        self._reading.append(inputs)
        try:
            if is_located(query):
                if chunk is None:
                    raise TypeError(f"`{query.__qualname__}` depends on the chunk that asks: no whole file can ask it")
                value = query(self, chunk, *key)
            else:
                value = query(self, *key)
        finally:
            self._reading.pop()
        return Answer(value, inputs)

    # How inputs are worked out; `before` has the keys of the chunks in the version before and what it was then

    def _count(self, _: None, before: object) -> int:
        return len(self._chunks)

    def _text(self, chunk: int, before: object) -> Hashable:
        return self.keys[chunk] if chunk < len(self._chunks) else None

    def _each(self, summarize: Callable[[Any], T], before: _Before[T] | None) -> tuple[T, ...]:
        _check_is_of_a_module(summarize)
        return self._of_each(summarize, before)

    def _of_each(self, summarize: Callable[[Any], T], before: _Before[T] | None) -> tuple[T, ...]:
        """Chunks whose keys stay keep what they gave in the version before."""
        if before is None:
            return tuple([_summarized(summarize, chunk) for chunk in self._chunks])
        then, values = before
        now = self.keys
        head, tail = self._equal_to(then)
        gone = slice(head, len(then) - tail)
        known = dict(zip(then[gone], values[gone], strict=True))
        fresh = [
            known[key] if key in known else _summarized(summarize, chunk)
            for key, chunk in zip(now[head : len(now) - tail], self._chunks[head : len(now) - tail], strict=True)
        ]
        return (*values[:head], *fresh, *values[gone.stop :])

    def _equal_to(self, then: Sequence[Hashable]) -> tuple[int, int]:
        """How many chunks at the start and at the end have the keys that they had in the version before."""
        found = self._equal.get(id(then))
        if found is None:
            head = equal_start(then, self.keys)
            found = self._equal[id(then)] = head, equal_end(then, self.keys, min(len(then), len(self.keys)) - head)
        return found

    def _every(self, summarize: Callable[[Any], Iterable[T]], before: _Before[T] | None) -> tuple[T, ...]:
        one = Input("yields", summarize)
        yields = self.value(one)
        if before is not None and self._before[one][1] is yields:
            return before[1]
        return tuple(chain.from_iterable(yields))

    def _yields(
        self, summarize: Callable[[Any], Iterable[T]], before: _Before[tuple[T, ...]] | None
    ) -> tuple[tuple[T, ...], ...]:
        _check_is_of_a_module(summarize)
        return self._of_each(lambda content: tuple(summarize(content)), before)


def _summarized(summarize: Callable[[Any], T], chunk: Content) -> T:
    pause()
    return summarize(chunk.content)


_Before = tuple[Sequence[Hashable], tuple[T, ...]]


class FileView:
    """A part's way to the rest of its file. Made anew for each chunk and check: it records what was asked.

    `chunk` is the number of the chunk that asks; None for a part that is the whole file.
    """

    def __init__(self, outline: Outline, chunk: int | None = None) -> None:
        self._outline = outline
        self._chunk = chunk
        self._whole: tuple[Any, int] | None = None
        self.reads: dict[Question, object] = {}
        """The questions that were asked, with their answers."""
        self.inputs: set[Input] = set()
        """What the answers follow from."""

    @property
    def path(self) -> str:
        """Of the file, relative to the project's root. It is the same in all versions."""
        return self._outline.path

    def ask(self, query: Callable[..., T], *key: Any) -> T:
        """The answer of `query(outline, *key)`, or `query(outline, chunk, *key)` if that is `located`; see Query."""
        pause()
        question = (query, key)
        try:
            return self.reads[question]  # type: ignore[return-value]
        except KeyError:
            answer = self._outline.answer(question, self._chunk)
            try:
                hash(answer.value)
            except TypeError as error:
                raise TypeError(f"`{query.__qualname__}` must give a frozen value: {error}") from None
            self.inputs.update(answer.inputs)
            self.reads[question] = answer.value
            return answer.value  # type: ignore[no-any-return]

    # What only a fix may see, when its change is computed

    def open(self, model: object, start: int) -> None:
        """The rules have run: from now on the whole file may be seen. The chunk begins at `start`."""
        self._whole = (model, start)

    @property
    def model(self) -> Any:
        """The whole file, as its language's model, as it is when the user asks for a fix.

        Raises UnrecordedRead while a rule runs.
        """
        return self._seen[0]

    @property
    def start(self) -> int:
        """Where the chunk begins in the file. Raises UnrecordedRead while a rule runs."""
        return self._seen[1]

    def local(self, edits: Iterable[Edit]) -> list[Edit]:
        """Edits of the whole file as they count from the start of the chunk. Raises UnrecordedRead as `start` does."""
        return [edit.shifted(-self.start) for edit in edits]

    @property
    def _seen(self) -> tuple[Any, int]:
        if self._whole is None:
            raise UnrecordedRead("only the change of a fix may see the whole file; a rule asks: `file.ask(query, …)`")
        return self._whole


class UnrecordedRead(Exception):
    """A rule looked at the whole file, which no cache entry records."""


def _is_same(now: object, then: object) -> bool:
    return now is then or bool(now == then)


def _check_is_of_a_module(function: Callable[..., Any]) -> None:
    """What a function inside another, or a method, has seen besides its arguments is not recorded."""
    name = getattr(function, "__qualname__", "")
    if not name or "." in name:
        raise TypeError(f"`{name or function!r}` must be a function of a module: what else it reads is not recorded")
