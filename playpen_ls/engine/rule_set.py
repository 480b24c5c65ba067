"""The rules that run on a file, indexed by the type of part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set

from playpen_ls.api.rule import Configured, Rule, possible_in
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.words import Words


class RuleSet:
    """`hidden` are the ids of rules that run only to mask secrets: their findings are not reported.

    `embedded` gives the rules for texts of other languages inside a file, when a file has one: their modules need not
    be imported for other files.
    """

    def __init__(
        self,
        rules: Iterable[Configured],
        hidden: Iterable[Configured] = (),
        embedded: Callable[[], RuleSet] | None = None,
    ) -> None:
        silent = tuple(hidden)
        self.rules = (*rules, *silent)
        self.unreported = frozenset(one.rule.id for one in silent)
        self._embedded = embedded

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, RuleSet) or (self.rules, self.unreported) != (other.rules, other.unreported):
            return False
        # Rules for embedded texts that were never needed have found nothing.
        return not (self._has_embedded or other._has_embedded) or self.embedded == other.embedded

    __hash__ = None  # type: ignore[assignment]

    def only(self, rules: Set[Rule]) -> RuleSet:
        """A set of these rules only."""
        every = (*(self.embedded.rules if self._has_embedded else ()), *self.rules)
        own = {one.rule.id: one for one in every if one.rule in rules}.values()
        unreported = self.unreported | (self.embedded.unreported if self._has_embedded else frozenset())
        silent = [one for one in own if one.rule.id in unreported]
        return RuleSet([one for one in own if one.rule.id not in unreported], silent)

    def may_concern(self, words: Words) -> bool:
        """Whether a rule can find something in a text with these words."""
        return any(one.rule.may_concern(words) for one in self.rules)

    @property
    def needs_project(self) -> bool:
        """Whether a reported rule queries facts of other files."""
        return any(one.rule.reads for one in self.rules if one.rule.id not in self.unreported)

    @property
    def reported(self) -> frozenset[str]:
        """The ids of the rules whose findings are reported."""
        own = self._own_reported
        return own | self.embedded.reported if self._has_embedded else own

    @cached_property
    def _own_reported(self) -> frozenset[str]:
        return frozenset(one.rule.id for one in self.rules) - self.unreported

    @cached_property
    def embedded(self) -> RuleSet:
        """The rules for texts of other languages inside a file."""
        return self._embedded() if self._embedded is not None else RuleSet(())

    @property
    def _has_embedded(self) -> bool:
        """Whether a file has needed the rules for embedded texts."""
        return "embedded" in vars(self)

    @cached_property
    def by_scope_with_embedded(self) -> tuple[ByType, ByType]:
        """(local rules, cross-file rules), those for embedded texts included."""
        (local, cross_file), inner = self.by_scope, self.embedded.by_scope
        return ByType((*local.rules, *inner[0].rules)), ByType((*cross_file.rules, *inner[1].rules))

    @cached_property
    def by_scope(self) -> tuple[ByType, ByType]:
        """(local rules, cross-file rules)."""
        local, cross_file = (
            [one for one in self.rules if one.rule.is_cross_file is crosses] for crosses in (False, True)
        )
        return ByType(local), ByType(cross_file)


MOST_SELECTIONS = 1000  # of rules that a set remembers; texts differ in few ways


class ByType:
    """Rules by the type of part that they check."""

    def __init__(self, rules: Iterable[Configured]) -> None:
        self.rules = tuple(rules)
        self._by_type: dict[type, tuple[Configured, ...]] = {}
        self._named: dict[frozenset[str], ByType] = {}

    def named(self, ids: Iterable[str]) -> ByType:
        """The rules with these ids."""
        key = frozenset(ids)
        found = self._named.get(key)
        if found is None:
            if len(self._named) > MOST_SELECTIONS:
                self._named.clear()
            found = self._named[key] = ByType(one for one in self.rules if one.rule.id in key)
        return found

    def concerning(self, words: Words) -> ByType:
        """The rules that can find something in a text with these words."""
        found = [
            rule.id
            for possible, rules in self._by_condition
            if possible(words)
            for rule in rules
            if rule.mentions is None or rule.is_mentioned(words)
        ]
        return self.named(found) if found else NO_RULES

    @cached_property
    def _by_condition(self) -> tuple[tuple[Callable[[Words], bool], tuple[Rule, ...]], ...]:
        """What types of parts say of texts that have such parts, with the rules for these types."""
        found: dict[Callable[[Words], bool], list[Rule]] = {}
        for one in self.rules:
            for subject in one.rule.subjects:
                found.setdefault(possible_in(subject), []).append(one.rule)
        return tuple((possible, tuple(rules)) for possible, rules in found.items())

    def of(self, kind: type) -> tuple[Configured, ...]:
        found = self._by_type.get(kind)
        if found is None:
            found = tuple(one for one in self.rules if issubclass(kind, one.rule.subjects))
            self._by_type[kind] = found
        return found


NO_RULES = ByType(())
