"""Our dataclasses behave as the standard ones, but that nothing stops an assignment."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import field, replace

import pytest

from playpen_ls.text.dataclass import dataclass


@dataclass(frozen=True)
class Plain:
    name: str
    size: int = 1
    note: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Slim:
    """With a docstring."""

    name: str


@dataclass(frozen=True, slots=True)
class Slimmer(Slim):
    more: tuple[int, ...] = ()


@dataclass
class Mutable:
    items: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Empty:
    pass


@dataclass(frozen=True, eq=False)
class Node:
    name: str


@dataclass(frozen=True)
class Own:
    name: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own)

    def __hash__(self) -> int:
        return 7

    def __repr__(self) -> str:
        return "own"


@dataclass(frozen=True, order=True)
class Ordered:
    rank: int


def test_values_are_compared_and_hashed_by_their_fields():
    assert Plain("a", note="x") == Plain("a", note="y")
    assert hash(Plain("a", note="x")) == hash(Plain("a", note="y"))
    assert Plain("a") != Plain("b")
    assert Plain("a") != Plain("a", 2)
    assert Empty() == Empty()
    assert len({Slimmer("a"), Slimmer("a"), Slimmer("a", (1,))}) == 2
    assert Ordered(1) < Ordered(2)


def test_an_object_of_another_class_is_another_value():
    assert Slim("a") != Slimmer("a")
    assert Plain("a") != Slim("a")
    assert Plain("a") != "a"


def test_without_eq_each_object_is_its_own_value():
    assert Node("a") != Node("a")
    assert len({Node("a"), Node("a")}) == 2


def test_a_class_keeps_its_own_methods():
    assert Own("a") == Own("b")
    assert (hash(Own("a")), repr(Own("a"))) == (7, "own")


def test_what_can_change_has_no_hash():
    assert Mutable([1]) == Mutable([1])
    with pytest.raises(TypeError, match="unhashable"):
        hash(Mutable())


def test_texts_are_those_of_the_standard_decorator():
    assert repr(Plain("a", 2, "x")) == "Plain(name='a', size=2)"
    assert repr(Empty()) == "Empty()"
    itself = Mutable()
    itself.items.append(itself)  # type: ignore[arg-type]
    assert repr(itself) == "Mutable(items=[...])"
    assert (Slim.__doc__, Plain.__doc__) == ("With a docstring.", None)


def test_the_functions_of_dataclasses_take_them():
    assert replace(Slimmer("a", (1,)), name="b") == Slimmer("b", (1,))
    assert dataclasses.asdict(Plain("a")) == {"name": "a", "size": 1, "note": ""}
    match Plain("a", 3):
        case Plain(name, size):
            assert (name, size) == ("a", 3)
    assert copy.copy(Slimmer("a")) == pickle.loads(pickle.dumps(Slimmer("a"))) == Slimmer("a")
    assert not hasattr(Slim("a"), "__dict__")
