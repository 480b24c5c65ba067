"""The rules that run on a file, indexed by the type of part."""

from __future__ import annotations

from collections.abc import Iterable, Set
from functools import cached_property

from playpen_ls.api.rule import Configured, Rule


class RuleSet:
    """`hidden` are the ids of rules that run only to mask secrets: their findings are not reported."""

    def __init__(self, rules: Iterable[Configured], hidden: Iterable[Configured] = ()) -> None:
        silent = tuple(hidden)
        self.rules = (*rules, *silent)
        self.unreported = frozenset(one.rule.id for one in silent)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, RuleSet) and (self.rules, self.unreported) == (other.rules, other.unreported)

    __hash__ = None  # type: ignore[assignment]

    def only(self, rule: Rule) -> RuleSet:
        """A set of this rule only."""
        own = [one for one in self.rules if one.rule is rule]
        return RuleSet((), own) if rule.id in self.unreported else RuleSet(own)

    @property
    def needs_project(self) -> bool:
        """Whether a reported rule queries facts of other files."""
        return any(one.rule.reads for one in self.rules if one.rule.id not in self.unreported)

    @cached_property
    def reported(self) -> frozenset[str]:
        """The ids of the rules whose findings are reported."""
        return frozenset(one.rule.id for one in self.rules) - self.unreported

    @cached_property
    def by_scope(self) -> tuple[ByType, ByType]:
        """(local rules, cross-file rules)."""
        local, cross_file = (
            [one for one in self.rules if one.rule.is_cross_file is crosses] for crosses in (False, True)
        )
        return ByType(local), ByType(cross_file)


class ByType:
    """Rules by the type of part that they check."""

    def __init__(self, rules: Iterable[Configured]) -> None:
        self.rules = tuple(rules)
        self._by_type: dict[type, tuple[Configured, ...]] = {}

    def named(self, ids: Set[str]) -> ByType:
        """The rules with these ids."""
        return ByType(one for one in self.rules if one.rule.id in ids)

    def of(self, kind: type) -> tuple[Configured, ...]:
        found = self._by_type.get(kind)
        if found is None:
            found = tuple(one for one in self.rules if issubclass(kind, one.rule.subjects))
            self._by_type[kind] = found
        return found
