"""Findings that were found together: how they are moved, taken away and shown as one."""

from __future__ import annotations

from dataclasses import replace

from playpen_ls.api.finding import Finding, Fix, Place, Severity
from playpen_ls.api.rule import Rule
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.diagnostics import ChunkDiagnostics, FileDiagnostics
from playpen_ls.engine.registry import rule_of
from playpen_ls.text.span import Span, Spans

PROBE, LIMIT, TAG, PRIVILEGED = (
    rule_of(f"kubernetes/{name}")
    for name in ("no-liveness-probe", "no-memory-limit", "moving-tag", "privileged-container")
)


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


def test_a_diagnostic_touches_a_range_at_its_borders():
    diagnostics = FileDiagnostics("web.yaml", [ChunkDiagnostics([diagnostic(TAG, 5)])], [10])  # 15 to 17
    touched = [bool([*diagnostics.touching(Spans([Span(start, start + 1)]))]) for start in range(12, 20)]
    assert touched == [False, False, True, True, True, True, False, False]
    two = FileDiagnostics("web.yaml", [ChunkDiagnostics([diagnostic(TAG, 0), diagnostic(PROBE, 8)])])
    assert [one.start for one in two.touching(Spans([Span(2, 2)]))] == [0]
    assert [one.start for one in two.touching(Spans([Span(10, 12)]))] == [8]
    assert [one.start for one in two.touching(Spans([Span(3, 7)]))] == []


def test_a_diagnostic_keeps_what_it_is_while_it_moves():
    fix = Fix("x", list)
    there = Place("app.py", Span(0, 1), "there")
    first = Diagnostic(TAG, Finding(Span(2, 4), "said", (fix,), related=(there,)), Severity.HINT)
    moved = first.shifted(3, "web.yaml")
    assert (moved.span, moved.severity, moved.finding.fixes) == (Span(5, 7), Severity.HINT, ())
    assert moved.shifted(-3, "web.yaml") == first.without_fixes
    assert first.at(Severity.ERROR).finding == first.finding
    assert first.without_fixes.span == first.span
    assert first != first.at(Severity.ERROR)
    assert first != "said"
    assert hash(first) == hash(first.without_fixes)
    assert len({first, Diagnostic(TAG, first.made, Severity.HINT)}) == 1
    pointed = moved.with_related((Place("web.yaml", Span(8, 9), "here"),))
    assert pointed.finding.related == (Place("web.yaml", Span(8, 9), "here"),)
    assert pointed.shifted(1, "web.yaml").related == (Place("web.yaml", Span(9, 10), "here"),)
    assert pointed.at(Severity.ERROR).related == pointed.related
    assert "5:7" in repr(moved)
    assert not pointed.has_safe_fix
    safe = Diagnostic(TAG, Finding(Span(2, 4), "said", (fix, replace(fix, safe=True))), Severity.HINT)
    assert all(one.has_safe_fix for one in (safe, safe.shifted(1, ""), safe.at(Severity.ERROR), safe.with_related(())))
    assert safe.without_fixes.at(Severity.ERROR).with_related(()).has_safe_fix


def test_others_come_in_a_group_of_their_own():
    diagnostics = FileDiagnostics("web.yaml", [ChunkDiagnostics([diagnostic(TAG, 5)])], [10])
    more = diagnostics.extended([diagnostic(PROBE, 3)])
    assert told(more) == [("no-liveness-probe", 3), ("moving-tag", 15)]
    assert diagnostics.extended([]) is diagnostics
    assert more == [*more]
    assert more != [*diagnostics]
    assert more != 2
    assert more[:1] == [more[0]]
    assert FileDiagnostics.of([], "web.yaml") == []
    assert told(FileDiagnostics.of(more, "web.yaml")) == told(more)


def test_groups_know_what_must_be_looked_up():
    here = Place("web.yaml", Span(0, 1), "here")
    plain, pointing = ChunkDiagnostics([diagnostic(TAG, 0)]), ChunkDiagnostics([diagnostic(TAG, 0, "a", here)])
    stated = ChunkDiagnostics([diagnostic(TAG, 0, "a", Place("", Span(0, 0), "there", stated="a fact"))])
    numbered = ChunkDiagnostics([diagnostic(TAG, 0, "a", Place("web.yaml", Span(0, 1), "there", chunk=0))])
    known = [(one.has_related, one.needs_lookup) for one in (plain, pointing, stated, numbered)]
    assert known == [(False, False), (True, False), (True, True), (True, True)]
    assert ChunkDiagnostics([diagnostic(PROBE, 0)]).reports_absence
    assert not ChunkDiagnostics([diagnostic(PRIVILEGED, 0)]).reports_absence
    both = ChunkDiagnostics([diagnostic(TAG, 9), diagnostic(PROBE, 1)])
    assert (both.start, both.end) == (1, 11)


def test_only_some_groups_are_filtered_if_that_is_asked():
    groups = [ChunkDiagnostics([diagnostic(TAG, 0)]), ChunkDiagnostics([diagnostic(TAG, 5)])]
    assert told(FileDiagnostics("web.yaml", groups).filtered([], among=[1])) == [("moving-tag", 0)]
