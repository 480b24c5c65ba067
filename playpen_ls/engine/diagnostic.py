"""A finding as it counts: with its rule, its severity, and where it stands now."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter

from playpen_ls.api.finding import Finding, Place, Severity
from playpen_ls.api.rule import Rule
from playpen_ls.text.span import Span


class Hit:
    """A finding with the rule that made it and the severity that the configuration gives it. Immutable.

    Every keystroke moves those that stand behind it, which can be hundreds, so that moving one makes no finding:
    `made` stands where it was first found, and `finding` is worked out for who asks.
    """

    __slots__ = ("_by", "_path", "_related", "end", "made", "rule", "severity", "start")

    def __init__(
        self,
        rule: Rule,
        made: Finding,
        severity: Severity,
        by: int = 0,
        path: str = "",
        related: tuple[Place, ...] | None = None,
    ) -> None:
        self.rule = rule
        self.made = made
        self._related = related
        self.severity = severity
        self.start = made.span.start + by
        self.end = made.span.end + by
        self._by = by
        self._path = path

    def __repr__(self) -> str:
        return f"Hit({self.rule.id}, {self.start}:{self.end}, {self.severity.label})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hit) and self._compared == other._compared

    def __hash__(self) -> int:
        return hash((self.rule.id, self.start, self.end))

    @property
    def _compared(self) -> tuple[str, Finding, Severity]:
        return self.rule.id, self.finding, self.severity

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    @property
    def finding(self) -> Finding:
        """What the rule said, in the text as it is now."""
        if not self._by and self._related is None:
            return self.made
        return replace(self.made, span=self.span, related=self.related)

    @property
    def related(self) -> tuple[Place, ...]:
        """The places elsewhere. Those in its own file that are not stated stand in the same chunk, and have moved."""
        if self._related is not None:
            return self._related
        return tuple([place.moved(self._by, self._path) for place in self.made.related])

    def shifted(self, by: int, path: str) -> Hit:
        """The same hit further on in another version of the text of `path`, without its fixes: they were for this."""
        made = replace(self.made, fixes=()) if self.made.fixes else self.made
        related = None if self._related is None else tuple([place.moved(by, path) for place in self._related])
        return Hit(self.rule, made, self.severity, self._by + by, path, related)

    def at(self, severity: Severity) -> Hit:
        """The same, but as severe as this."""
        return Hit(self.rule, self.made, severity, self._by, self._path, self._related)

    def pointing(self, related: tuple[Place, ...]) -> Hit:
        """The same with these places, which stand where they are now."""
        return Hit(self.rule, self.made, self.severity, self._by, self._path, related)

    @property
    def bare(self) -> Hit:
        """The same without fixes."""
        return self.shifted(0, self._path)


in_order = attrgetter("start", "end", "rule.id")
"""The key by which hits are sorted: as they stand in the text."""
