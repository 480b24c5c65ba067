"""Findings that were found together: how they are moved, taken away and shown as one."""

from __future__ import annotations

from playpen_ls.api.finding import Finding, Place, Severity
from playpen_ls.api.rule import Rule
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.diagnostics import ChunkDiagnostics, FileDiagnostics
from playpen_ls.engine.registry import rule_of
from playpen_ls.text.span import Span, Spans

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
    assert [one.start for one in diagnostics.touching(Spans([Span(13, 15)]))] == [11, 15]


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
