"""Selects, verifies, merges and applies fixes until none is left. Pure: the checking function is passed in."""

from __future__ import annotations

import logging
import traceback
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import field, replace
from itertools import pairwise
from typing import Protocol

from playpen_ls.api.facts import NotKnownYet
from playpen_ls.api.finding import Change, Fix, Refused
from playpen_ls.api.rule import Rule
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.languages.model import Model
from playpen_ls.languages.registry import left_unused, model_problems
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.pause import pause_or_end
from playpen_ls.text.source import Source

logger = logging.getLogger("playpen_ls")

ROUNDS = 50  # of applying fixes and checking again; real files need two or three

REWRITE = "refactor.rewrite"


@dataclass(frozen=True)
class CheckedText:
    """A checked text: its model and diagnostics."""

    model: Model
    diagnostics: Sequence[Diagnostic]

    @property
    def damage(self) -> int:
        """The number of syntax problems and unparsable chunks."""
        return len(model_problems(self.model)) + sum(chunk.seems_broken for chunk in self.model.chunks)

    def count(self, rule_id: str) -> int:
        return sum(diagnostic.rule.id == rule_id for diagnostic in self.diagnostics)


class Checker(Protocol):
    def __call__(self, source: Source, others: Mapping[str, str]) -> CheckedText:
        """Check a text, assuming that the `others` (by path) have these texts."""


@dataclass(frozen=True)
class Fixed:
    """`source` after the fixes; `others` are the texts of other files that changed or are new.

    `applied` counts the fixes by rule id, `refused` the findings whose fix was accepted, but could not be computed or
    verified; `stopped` is the reason why fixing ended early, "" if it did not.
    """

    source: Source
    others: Mapping[str, str] = field(default_factory=dict)
    applied: Counter[str] = field(default_factory=Counter)
    stopped: str = ""
    refused: int = 0


def change_of(fix: Fix, path: str) -> Change:
    """Compute a fix; edits of its own file are under `path`. Raises Refused, also if the fix raises an exception."""
    try:
        made = fix.change()
        change = made if isinstance(made, Change) else Change({path: tuple(made)})
    except Refused:
        raise
    except NotKnownYet:
        raise Refused("a file that it depends on has not been read yet") from None
    except Exception as error:
        # The error message is not logged: it may contain the checked text.
        last = traceback.extract_tb(error.__traceback__)[-1]
        logger.error("a fix failed: %s at %s:%s", type(error).__name__, last.filename, last.lineno)
        raise Refused("computing the fix failed (see the log)") from None
    if not any(change.edits.values()) and not change.creates:
        raise Refused("it would not change anything")
    return change


def verified(
    look: CheckedText, diagnostic: Diagnostic, fix: Fix, again: Checker, text_of: Callable[[str], str | None]
) -> Change:
    """Compute and verify a fix: the result must not parse worse than before, and the finding must be gone.

    `text_of` returns the text of other files that the change edits. Raises Refused.
    """
    change = _completed(look.model, change_of(fix, look.model.source.path))
    return _tried(look, diagnostic, change, again, text_of)


def _completed(model: Model, change: Change) -> Change:
    """The change without what its edits leave unused."""
    path = model.source.path
    unused = left_unused(model, change.edits.get(path, ()))
    return replace(change, edits={**change.edits, path: (*change.edits[path], *unused)}) if unused else change


def _tried(
    look: CheckedText, diagnostic: Diagnostic, change: Change, again: Checker, text_of: Callable[[str], str | None]
) -> Change:
    source = look.model.source
    try:
        edits = _fitting(change.edits.get(source.path, ()))
        after = again(source.edited(edits), _others(change, source.path, text_of))
    except ValueError as error:
        raise Refused(f"its edits are invalid: {error}") from None
    if after.damage > look.damage:
        raise Refused("the result would not parse")
    if after.count(diagnostic.rule.id) >= look.count(diagnostic.rule.id):
        raise Refused("it would not fix the finding")
    return change


def verified_together(
    look: CheckedText,
    wanted: Iterable[tuple[Diagnostic, Fix]],
    again: Callable[[Set[Rule]], Checker],
    text_of: Callable[[str], str | None],
) -> list[Change | Refused]:
    """What `verified` gives for each of these fixes, or the reason why it is refused, with fewer checks.

    Fixes that do not conflict are applied together. If all of their findings are gone, they are verified; else parts of
    them are tried, and finally each fix alone. `again` gives a checker that looks for findings of these rules.
    """
    path = look.model.source.path
    made: list[Change | Refused] = []
    waiting: list[_Trial] = []
    for number, (diagnostic, fix) in enumerate(wanted):
        try:
            change = _completed(look.model, change_of(fix, path))
            waiting.append((number, diagnostic, change, _fitting(change.edits.get(path, ()))))
            made.append(change)
        except Refused as refused:
            made.append(refused)
    before = Counter(diagnostic.rule.id for diagnostic in look.diagnostics)
    while waiting:
        group, waiting = _compatible(waiting, path)
        untried = [group]
        while untried:
            part = untried.pop()
            checker = again({diagnostic.rule for _, diagnostic, _, _ in part})
            if len(part) == 1:
                number, diagnostic, change, _ = part[0]
                try:
                    _tried(look, diagnostic, change, checker, text_of)
                except Refused as refused:
                    made[number] = refused
            else:
                untried += _failing(look, before, part, checker, text_of)
    return made


_Trial = tuple[int, Diagnostic, Change, list[Edit]]
"""(its number, finding, change, its sorted edits in the file of the finding)."""


def _compatible(waiting: Iterable[_Trial], path: str) -> tuple[list[_Trial], list[_Trial]]:
    """Fixes of different findings that can be tried together, and the others.

    One that changes other files is alone, except those that do no more than create a file of their own.
    """
    taken: list[Edit] = []  # sorted
    created: set[str] = set()
    findings: set[int] = set()
    group: list[_Trial] = []
    others: list[_Trial] = []
    for one in waiting:
        _, diagnostic, change, edits = one
        alone = bool(change.edits.keys() - {path}) or bool(edits and change.creates)
        if (
            (group and (alone or not findings or bool(created) != bool(change.creates)))
            or not created.isdisjoint(change.creates)
            or id(diagnostic) in findings
            or any(edit != other and _overlap(edit, other) for edit in edits for other in _near(edit, taken))
        ):
            others.append(one)
            continue
        group.append(one)
        if alone:
            continue
        findings.add(id(diagnostic))
        created.update(change.creates)
        for edit in edits:
            if edit not in _near(edit, taken):
                insort(taken, edit)
    return group, others


def _overlap(one: Edit, other: Edit) -> bool:
    """Whether edits cannot be tried together.

    Insertions at one offset can: neither depends on the other's text. Not if their first lines are the same: one key of
    a mapping would be there twice.
    """
    if one.start == one.end and other.start == other.end:
        return one.start == other.start and _first_line(one.text) == _first_line(other.text)
    return _conflict(one, other)


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _failing(
    look: CheckedText,
    before: Counter[str],
    part: list[_Trial],
    checker: Checker,
    text_of: Callable[[str], str | None],
) -> list[list[_Trial]]:
    """Apply fixes together. The parts to try again, unless all findings are gone and the text parses as well."""
    source, created = look.model.source, dict[str, str]()
    try:
        for _, _, change, _ in part:
            created |= _others(change, source.path, text_of)
    except Refused:
        return [[one] for one in part]
    after = checker(source.edited([edit for *_, edits in part for edit in edits]), created)
    found = Counter(diagnostic.rule.id for diagnostic in after.diagnostics)
    wanted = Counter(diagnostic.rule.id for _, diagnostic, _, _ in part)
    failed = {rule for rule, number in wanted.items() if found[rule] > before[rule] - number}
    if after.damage <= look.damage and not failed:
        return []
    halves = [one for one in part if one[1].rule.id not in failed], [one for one in part if one[1].rule.id in failed]
    return [*halves] if all(halves) else [part[: len(part) // 2], part[len(part) // 2 :]]


def _others(change: Change, path: str, text_of: Callable[[str], str | None]) -> dict[str, str]:
    """The texts of other files after a change. Raises Refused for files that exist or cannot be read."""
    others = {}
    for other, edits in change.edits.items():
        if other != path:
            text = text_of(other)
            if text is None:
                raise Refused(f"`{other}` cannot be read")
            others[other] = Source(other, text).edited(edits).text
    for other, text in change.creates.items():
        if text_of(other) is not None:
            raise Refused(f"`{other}` already exists")
        others[other] = text
    return others


Accept = Callable[[Diagnostic, Fix], bool]


def safe_only(diagnostic: Diagnostic, fix: Fix) -> bool:
    """Accept the fixes that fix all and fix on save apply."""
    return fix.safe and fix.kind != REWRITE


def fix_all(source: Source, look: Checker, accept: Accept, text_of: Callable[[str], str | None]) -> Fixed:
    """Apply the first acceptable fix of every finding, check again, and repeat until none is left.

    Fixes that overlap, or insert different texts at one offset, are left for the next round. A fix that
    creates an existing file, or whose result does not parse, is rejected without affecting the others.
    """
    applied: Counter[str] = Counter()
    seen = {source.text}
    others: dict[str, str] = {}
    rejected: set[FindingKey] = set()

    def current_text(path: str) -> str | None:
        return others[path] if path in others else text_of(path)

    now = look(source, others)
    for _ in range(ROUNDS):
        chosen = _choose(now, accept, rejected, current_text)
        if not chosen:
            refused = sum(key in rejected for key in _finding_keys(now).values())
            return Fixed(now.model.source, others, applied, refused=refused)
        after, made = _attempt(now, chosen, look, current_text, others)
        if _is_worse(now, after, chosen):
            chosen = _bisect_failing_fixes(now, chosen, look, current_text, rejected, others)
            if not chosen:
                continue
            after, made = _attempt(now, chosen, look, current_text, others)
        if after.model.source.text in seen and not made:
            rules = ", ".join(sorted({diagnostic.rule.id for diagnostic, _ in chosen}))
            return Fixed(now.model.source, others, applied, f"the fixes of {rules} undo each other")
        seen.add(after.model.source.text)
        applied.update(diagnostic.rule.id for diagnostic, _ in chosen)
        others |= made
        now = after
    return Fixed(now.model.source, others, applied, f"stopped after {ROUNDS} rounds of fixes")


FindingKey = tuple[str, str, int]


def _finding_keys(look: CheckedText) -> dict[int, FindingKey]:
    """A key for each finding (by `id`) that survives edits elsewhere: (rule, text of the line, occurrence)."""
    source, count = look.model.source, Counter[tuple[str, str]]()
    marks = {}
    for diagnostic in look.diagnostics:
        line = source.line_text(source.line_of(diagnostic.span.start)) + "\0" + source.of(diagnostic.span)
        marks[id(diagnostic)] = (diagnostic.rule.id, line, count[diagnostic.rule.id, line])
        count[diagnostic.rule.id, line] += 1
    return marks


Chosen = list[tuple[Diagnostic, Change]]


def _choose(
    look: CheckedText, accept: Accept, rejected: set[FindingKey], text_of: Callable[[str], str | None]
) -> Chosen:
    """Fixes that can be applied together, in text order, then by rule id."""
    path = look.model.source.path
    taken: list[Edit] = []  # sorted
    elsewhere: set[str] = set()
    chosen: Chosen = []
    marks = _finding_keys(look)
    for diagnostic in look.diagnostics:
        pause_or_end()
        fix = next((fix for fix in diagnostic.finding.fixes if accept(diagnostic, fix)), None)
        if fix is None or marks[id(diagnostic)] in rejected:
            continue
        try:
            change = _completed(look.model, change_of(fix, path))
            others = _others(change, path, text_of)
            edits = _fitting(change.edits.get(path, ()))
        except (Refused, ValueError):
            rejected.add(marks[id(diagnostic)])
            continue
        edits = [edit for edit in edits if not any(edit == other for other in _near(edit, taken))]
        if elsewhere & others.keys() or any(_conflict(edit, other) for edit in edits for other in _near(edit, taken)):
            continue
        for edit in edits:
            insort(taken, edit)
        elsewhere |= others.keys()
        chosen.append((diagnostic, change))
    return chosen


def _fitting(edits: Iterable[Edit]) -> list[Edit]:
    """The sorted edits of one change. Raises Refused if they overlap."""
    ordered = sorted(set(edits))
    if any(one.end > other.start for one, other in pairwise(ordered)):
        raise Refused("its edits overlap")
    return ordered


def _near(edit: Edit, taken: Sequence[Edit]) -> Iterator[Edit]:
    """Those of the sorted edits that touch this one. They do not overlap, so that their ends are sorted too."""
    at = bisect_left(taken, edit)
    for number in range(at, len(taken)):
        if taken[number].start > edit.end:
            break
        yield taken[number]
    for number in range(at - 1, -1, -1):
        if taken[number].end < edit.start:
            break
        yield taken[number]


def _conflict(one: Edit, other: Edit) -> bool:
    if one.start == one.end or other.start == other.end:
        return one.start <= other.end and other.start <= one.end
    return one.start < other.end and other.start < one.end


def _merged_others(chosen: Chosen, path: str, text_of: Callable[[str], str | None]) -> dict[str, str]:
    made: dict[str, str] = {}
    for _, change in chosen:
        made |= _others(change, path, text_of)
    return made


def _is_worse(before: CheckedText, after: CheckedText, chosen: Iterable[tuple[Diagnostic, Change]]) -> bool:
    if after.damage > before.damage:
        return True
    return any(after.count(id) >= before.count(id) for id in {diagnostic.rule.id for diagnostic, _ in chosen})


def _attempt(
    now: CheckedText, chosen: Chosen, look: Checker, text_of: Callable[[str], str | None], others: Mapping[str, str]
) -> tuple[CheckedText, dict[str, str]]:
    """The checked text after these fixes, and the texts of other files that they change."""
    path = now.model.source.path
    edits = [edit for _, change in chosen for edit in change.edits.get(path, ())]
    edits += left_unused(now.model, edits)
    made = _merged_others(chosen, path, text_of)
    return look(now.model.source.edited(edits), {**others, **made}), made


def _bisect_failing_fixes(
    now: CheckedText,
    chosen: Chosen,
    look: Checker,
    text_of: Callable[[str], str | None],
    rejected: set[FindingKey],
    others: Mapping[str, str],
) -> Chosen:
    """Bisect fixes that fail together: return a subset that verifies, and record single failures as hopeless.

    Bisection, since each attempt checks the whole file. Fixes that are left over are tried in the next round.
    """
    if len(chosen) == 1:
        rejected.add(_finding_keys(now)[id(chosen[0][0])])
        return []

    def good(part: Chosen) -> Chosen:
        after, _ = _attempt(now, part, look, text_of, others)
        return (
            _bisect_failing_fixes(now, part, look, text_of, rejected, others) if _is_worse(now, after, part) else part
        )

    half = len(chosen) // 2
    first, second = good(chosen[:half]), good(chosen[half:])
    if first and second and len(first) + len(second) < len(chosen):
        after, _ = _attempt(now, first + second, look, text_of, others)
        if not _is_worse(now, after, first + second):
            return first + second
    return first or second
