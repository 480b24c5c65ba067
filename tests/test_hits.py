"""Findings that were found together: how they are moved, taken away and shown as one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

from playpen_ls.api.finding import Finding, Place, Severity
from playpen_ls.api.rule import Rule
from playpen_ls.engine.cache import MISS, ChunkEntry, FindingsCache
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.diagnostics import ChunkDiagnostics, FileDiagnostics
from playpen_ls.engine.registry import rule_of
from playpen_ls.session.stability import hold_back_new_absences
from playpen_ls.text.span import Span

PROBE, LIMIT, TAG = (rule_of(f"kubernetes/{name}") for name in ("no-liveness-probe", "no-memory-limit", "moving-tag"))


def diagnostic(rule: Rule, start: int, message: str = "said", *places: Place) -> Diagnostic:
    return Diagnostic(rule, Finding(Span(start, start + 2), message, related=places), rule.severity)


def told(diagnostics: FileDiagnostics) -> list[tuple[str, int]]:
    return [(one.rule.name, one.start) for one in diagnostics]


def test_they_are_moved_each_by_its_own_distance_and_stand_in_text_order():
    first, second = (
        ChunkDiagnostics([diagnostic(TAG, 5), diagnostic(PROBE, 1)]),
        ChunkDiagnostics([diagnostic(LIMIT, 3)]),
    )
    diagnostics = FileDiagnostics("web.yaml", [first, second], [10, 0])
    assert told(diagnostics) == [("no-memory-limit", 3), ("no-liveness-probe", 11), ("moving-tag", 15)]
    assert len(diagnostics) == 3
    assert diagnostics
    assert not FileDiagnostics()
    assert [one.start for one in diagnostics.touching(Span(13, 15))] == [11, 15]


def test_what_is_left_is_known_by_the_same_object_each_time():
    found = ChunkDiagnostics([diagnostic(TAG, 5), diagnostic(PROBE, 1)])
    one, other = FileDiagnostics("web.yaml", [found]), FileDiagnostics("web.yaml", [found], [7])
    left = [diagnostics.filtered([each for each in diagnostics if each.rule is TAG]) for diagnostics in (one, other)]
    assert [told(each) for each in left] == [[("moving-tag", 5)], [("moving-tag", 12)]]
    assert left[0].groups[0] is left[1].groups[0] is not found
    assert one.filtered(list(one)).groups[0] is found
    assert not one.filtered([])


def test_severities_are_taken_over():
    diagnostics = FileDiagnostics("web.yaml", [ChunkDiagnostics([diagnostic(TAG, 5), diagnostic(PROBE, 1)])])
    lowered = diagnostics.filtered([each.at(Severity.HINT) if each.rule is TAG else each for each in diagnostics])
    assert [one.severity for one in lowered] == [PROBE.severity, Severity.HINT]
    assert [one.severity for one in diagnostics] == [PROBE.severity, TAG.severity]


def test_they_point_where_they_are_told_else_what_they_point_to_moves_with_them():
    here, there = Place("web.yaml", Span(6, 8), "here"), Place("app.py", Span(6, 8), "there")
    found = ChunkDiagnostics([diagnostic(TAG, 1, "said", here, there)])
    moved = FileDiagnostics("web.yaml", [found], [10])
    assert moved.places(0) == [(Place("web.yaml", Span(16, 18), "here"), there)]
    elsewhere = moved.with_related({0: [(here,)]})
    assert elsewhere.places(0) == [(here,)]
    assert elsewhere[0].related == (here,)
    assert elsewhere[0].span == Span(11, 13)


def test_places_follow_their_findings_when_others_go():
    one, other = Place("web.yaml", Span(0, 1), "one"), Place("web.yaml", Span(2, 3), "other")
    groups = [
        ChunkDiagnostics([diagnostic(LIMIT, 0)]),
        ChunkDiagnostics([diagnostic(TAG, 5, "a", one), diagnostic(PROBE, 8, "b", other)]),
    ]
    diagnostics = FileDiagnostics("web.yaml", groups).with_related({1: [(one,), (other,)]})
    left = diagnostics.filtered([each for each in diagnostics if each.rule is PROBE])
    assert told(left) == [("no-liveness-probe", 8)]
    assert left[0].related == (other,)


def sure(_: Diagnostic) -> bool:
    return False


def unsure(_: Diagnostic) -> bool:
    return True


def still(diagnostics: Iterable[Diagnostic]) -> Iterable[Diagnostic]:
    """No text was typed before them."""
    return diagnostics


def test_what_is_missing_does_not_appear_while_one_types_and_what_stays_is_not_doubted():
    before, after = (
        ChunkDiagnostics([diagnostic(PROBE, 1, "web: none")]),
        ChunkDiagnostics([diagnostic(PROBE, 1, "web: none"), diagnostic(PROBE, 9, "app: none")]),
    )
    stays = ChunkDiagnostics([diagnostic(PROBE, 20, "db: none")])
    displayed, now = FileDiagnostics("a", [before, stays]), FileDiagnostics("a", [after, stays], [0, 5])
    shown = hold_back_new_absences(now, displayed, unsure, still)
    assert [one.start for one in shown] == [1, 25]
    assert shown.groups[1] is stays
    assert [one.start for one in hold_back_new_absences(now, shown, unsure, still)] == [1, 25]
    assert [one.start for one in hold_back_new_absences(now, displayed, sure, still)] == [1, 9, 25]


def test_a_copy_of_a_document_says_nothing_new_of_what_is_missing_while_one_types():
    found = ChunkDiagnostics([diagnostic(PROBE, 1, "web: none")])
    copies, displayed = FileDiagnostics("a", [found, found], [0, 50]), FileDiagnostics("a", [found])
    assert [one.start for one in hold_back_new_absences(copies, displayed, unsure, still)] == [1]
    above = hold_back_new_absences(
        copies, displayed, unsure, lambda diagnostics: [one.shifted(50, "a") for one in diagnostics]
    )
    assert [one.start for one in above] == [51]


def test_what_was_displayed_is_not_displaced_by_what_is_new():
    before, now = (
        FileDiagnostics("a", [ChunkDiagnostics([diagnostic(LIMIT, 30)])]),
        FileDiagnostics("a", [ChunkDiagnostics([diagnostic(LIMIT, 10), diagnostic(LIMIT, 40)])]),
    )
    assert [
        one.start
        for one in hold_back_new_absences(
            now, before, unsure, lambda diagnostics: [one.shifted(10, "a") for one in diagnostics]
        )
    ] == [40]
    # Where it stood, nobody knows: then the first.
    assert [one.start for one in hold_back_new_absences(now, before, unsure, still)] == [10]


def test_what_is_sure_is_not_taken_for_another():
    first, broken, last = (ChunkDiagnostics([diagnostic(LIMIT, at)]) for at in (10, 20, 30))
    anew = [ChunkDiagnostics(list(found.diagnostics)) for found in (first, broken, last)]
    shown = hold_back_new_absences(
        FileDiagnostics("a", anew), FileDiagnostics("a", [first, last]), lambda one: one.start == 20, still
    )
    assert [one.start for one in shown] == [10, 30]
    # Nor the other way round: what is displayed stays, although another is found that is sure.
    shown = hold_back_new_absences(
        FileDiagnostics("a", anew), FileDiagnostics("a", [first, broken]), lambda one: one.start == 20, still
    )
    assert [one.start for one in shown] == [10, 20, 30]


def test_what_was_looked_at_is_found_where_it_stands_now():
    a, b, c, d = (ChunkEntry(None, None) for _ in range(4))
    memory = FindingsCache(["a", "b", "c", "d"], [a, b, c, d])
    assert memory.of(["a", "b", "c", "d"]) == [a, b, c, d]
    assert memory.of(["a", "x", "c", "d"]) == [a, MISS, c, d]
    assert memory.of(["a", "c", "b", "d", "d"]) == [a, c, b, MISS, d]
    assert memory.of(["d"]) == [d]
    assert memory.of([]) == []


def test_the_first_code_action_finds_its_code_loaded():
    program = (
        "import sys\n"
        "from playpen_ls.server.app import App\n"
        "from playpen_ls.server.warm_up import prepare\n"
        "app = App()\n"
        "assert 'playpen_ls.server.features.code_actions' not in sys.modules\n"
        "prepare(app.server.protocol.converter)\n"
        "assert 'playpen_ls.server.features.code_actions' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
