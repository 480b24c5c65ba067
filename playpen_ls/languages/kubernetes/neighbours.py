"""What a file's other documents say: it counts as what other files say, but without a place."""

from __future__ import annotations

from typing import TypeVar

from playpen_ls.facts import Fact

F = TypeVar("F", bound=Fact)


class Neighbours:
    """Facts of the own file. Part of the key of every workload, so it hashes once and compares by value."""

    __slots__ = ("_hash", "facts")

    def __init__(self, facts: tuple[Fact, ...] = ()) -> None:
        self.facts = facts
        self._hash = hash(facts)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Neighbours) and self.facts == other.facts)

    def __hash__(self) -> int:
        return self._hash

    def of(self, kind: type[F]) -> tuple[F, ...]:
        return tuple(fact for fact in self.facts if isinstance(fact, kind))


NOBODY = Neighbours()
