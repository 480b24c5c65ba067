"""Diagnostics: a finding with its rule, effective severity and current offset."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter

from playpen_ls.api.finding import Finding, Place, Severity
from playpen_ls.api.rule import Rule
from playpen_ls.text.span import Span


class Diagnostic:
    """A finding with its rule, its configured severity and its current offset. Immutable.

    Every edit shifts all diagnostics behind it, possibly hundreds, so shifting one does not copy the finding: `made`
    has its original offsets, and `finding` is computed on demand. `has_safe_fix` is known also where the fixes are not.
    """

    __slots__ = ("_by", "_path", "_related", "end", "has_safe_fix", "made", "rule", "severity", "start")

    def __init__(
        self,
        rule: Rule,
        made: Finding,
        severity: Severity,
        by: int = 0,
        path: str = "",
        related: tuple[Place, ...] | None = None,
        has_safe_fix: bool = False,
    ) -> None:
        self.rule = rule
        self.made = made
        self._related = related
        self.severity = severity
        self.start = made.span.start + by
        self.end = made.span.end + by
        self._by = by
        self._path = path
        self.has_safe_fix = has_safe_fix or (made.fixes != () and any(fix.safe for fix in made.fixes))

    def __repr__(self) -> str:
        return f"Diagnostic({self.rule.id}, {self.start}:{self.end}, {self.severity.label})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Diagnostic) and self._compared == other._compared

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
        """The finding with its current offsets."""
        if not self._by and self._related is None:
            return self.made
        return replace(self.made, span=self.span, related=self.related)

    @property
    def related(self) -> tuple[Place, ...]:
        """The related places. Those in its own file, unless `stated`, are in the same chunk and shift with it."""
        if self._related is not None:
            return self._related
        return tuple([place.moved(self._by, self._path) for place in self.made.related])

    def shifted(self, by: int, path: str) -> Diagnostic:
        """The same shifted by `by` in another version of the text of `path`, without fixes, which fit only this one."""
        made = replace(self.made, fixes=()) if self.made.fixes else self.made
        related = None if self._related is None else tuple([place.moved(by, path) for place in self._related])
        return Diagnostic(self.rule, made, self.severity, self._by + by, path, related, self.has_safe_fix)

    def at(self, severity: Severity) -> Diagnostic:
        """The same with another severity."""
        return Diagnostic(self.rule, self.made, severity, self._by, self._path, self._related, self.has_safe_fix)

    def with_related(self, related: tuple[Place, ...]) -> Diagnostic:
        """The same with these related places, which have current offsets."""
        return Diagnostic(self.rule, self.made, self.severity, self._by, self._path, related, self.has_safe_fix)

    @property
    def without_fixes(self) -> Diagnostic:
        """The same without fixes."""
        return self.shifted(0, self._path)


text_order = attrgetter("start", "end", "rule.id")
"""Sort key for text order."""
