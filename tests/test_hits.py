"""Findings that were found together: how they are moved, taken away and shown as one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

from playpen_ls.api.finding import Finding, Place, Severity
from playpen_ls.api.rule import Rule
from playpen_ls.engine.cache import NEVER, Memory, Pair
from playpen_ls.engine.diagnostic import Hit
from playpen_ls.engine.diagnostics import Found, Hits
from playpen_ls.engine.registry import rule_of
from playpen_ls.session.stability import steady
from playpen_ls.text.span import Span

PROBE, LIMIT, TAG = (rule_of(f"kubernetes/{name}") for name in ("no-liveness-probe", "no-memory-limit", "moving-tag"))


def hit(rule: Rule, start: int, message: str = "said", *places: Place) -> Hit:
    return Hit(rule, Finding(Span(start, start + 2), message, related=places), rule.severity)


def told(hits: Hits) -> list[tuple[str, int]]:
    return [(one.rule.name, one.start) for one in hits]


def test_they_are_moved_each_by_its_own_distance_and_stand_in_text_order():
    first, second = Found([hit(TAG, 5), hit(PROBE, 1)]), Found([hit(LIMIT, 3)])
    hits = Hits("web.yaml", [first, second], [10, 0])
    assert told(hits) == [("no-memory-limit", 3), ("no-liveness-probe", 11), ("moving-tag", 15)]
    assert len(hits) == 3
    assert hits
    assert not Hits()
    assert [one.start for one in hits.touching(Span(13, 15))] == [11, 15]


def test_what_is_left_is_known_by_the_same_object_each_time():
    found = Found([hit(TAG, 5), hit(PROBE, 1)])
    one, other = Hits("web.yaml", [found]), Hits("web.yaml", [found], [7])
    left = [hits.kept([each for each in hits if each.rule is TAG]) for hits in (one, other)]
    assert [told(each) for each in left] == [[("moving-tag", 5)], [("moving-tag", 12)]]
    assert left[0].founds[0] is left[1].founds[0] is not found
    assert one.kept(list(one)).founds[0] is found
    assert not one.kept([])


def test_severities_are_taken_over():
    hits = Hits("web.yaml", [Found([hit(TAG, 5), hit(PROBE, 1)])])
    lowered = hits.kept([each.at(Severity.HINT) if each.rule is TAG else each for each in hits])
    assert [one.severity for one in lowered] == [PROBE.severity, Severity.HINT]
    assert [one.severity for one in hits] == [PROBE.severity, TAG.severity]


def test_they_point_where_they_are_told_else_what_they_point_to_moves_with_them():
    here, there = Place("web.yaml", Span(6, 8), "here"), Place("app.py", Span(6, 8), "there")
    found = Found([hit(TAG, 1, "said", here, there)])
    moved = Hits("web.yaml", [found], [10])
    assert moved.places(0) == [(Place("web.yaml", Span(16, 18), "here"), there)]
    elsewhere = moved.pointing({0: [(here,)]})
    assert elsewhere.places(0) == [(here,)]
    assert elsewhere[0].related == (here,)
    assert elsewhere[0].span == Span(11, 13)


def test_places_follow_their_findings_when_others_go():
    one, other = Place("web.yaml", Span(0, 1), "one"), Place("web.yaml", Span(2, 3), "other")
    founds = [Found([hit(LIMIT, 0)]), Found([hit(TAG, 5, "a", one), hit(PROBE, 8, "b", other)])]
    hits = Hits("web.yaml", founds).pointing({1: [(one,), (other,)]})
    left = hits.kept([each for each in hits if each.rule is PROBE])
    assert told(left) == [("no-liveness-probe", 8)]
    assert left[0].related == (other,)


def sure(_: Hit) -> bool:
    return False


def unsure(_: Hit) -> bool:
    return True


def still(hits: Iterable[Hit]) -> Iterable[Hit]:
    """No text was typed before them."""
    return hits


def test_what_is_missing_does_not_appear_while_one_types_and_what_stays_is_not_doubted():
    before, after = Found([hit(PROBE, 1, "web: none")]), Found([hit(PROBE, 1, "web: none"), hit(PROBE, 9, "app: none")])
    stays = Found([hit(PROBE, 20, "db: none")])
    displayed, now = Hits("a", [before, stays]), Hits("a", [after, stays], [0, 5])
    shown = steady(now, displayed, unsure, still)
    assert [one.start for one in shown] == [1, 25]
    assert shown.founds[1] is stays
    assert [one.start for one in steady(now, shown, unsure, still)] == [1, 25]
    assert [one.start for one in steady(now, displayed, sure, still)] == [1, 9, 25]


def test_a_copy_of_a_document_says_nothing_new_of_what_is_missing_while_one_types():
    found = Found([hit(PROBE, 1, "web: none")])
    copies, displayed = Hits("a", [found, found], [0, 50]), Hits("a", [found])
    assert [one.start for one in steady(copies, displayed, unsure, still)] == [1]
    above = steady(copies, displayed, unsure, lambda hits: [one.shifted(50, "a") for one in hits])
    assert [one.start for one in above] == [51]


def test_what_was_displayed_is_not_displaced_by_what_is_new():
    before, now = Hits("a", [Found([hit(LIMIT, 30)])]), Hits("a", [Found([hit(LIMIT, 10), hit(LIMIT, 40)])])
    assert [one.start for one in steady(now, before, unsure, lambda hits: [one.shifted(10, "a") for one in hits])] == [
        40
    ]
    # Where it stood, nobody knows: then the first.
    assert [one.start for one in steady(now, before, unsure, still)] == [10]


def test_what_is_sure_is_not_taken_for_another():
    first, broken, last = (Found([hit(LIMIT, at)]) for at in (10, 20, 30))
    anew = [Found(list(found.hits)) for found in (first, broken, last)]
    shown = steady(Hits("a", anew), Hits("a", [first, last]), lambda one: one.start == 20, still)
    assert [one.start for one in shown] == [10, 30]
    # Nor the other way round: what is displayed stays, although another is found that is sure.
    shown = steady(Hits("a", anew), Hits("a", [first, broken]), lambda one: one.start == 20, still)
    assert [one.start for one in shown] == [10, 20, 30]


def test_what_was_looked_at_is_found_where_it_stands_now():
    a, b, c, d = (Pair(None, None, number) for number in range(4))
    memory = Memory(["a", "b", "c", "d"], [a, b, c, d])
    assert memory.of(["a", "b", "c", "d"]) == [a, b, c, d]
    assert memory.of(["a", "x", "c", "d"]) == [a, NEVER, c, d]
    assert memory.of(["a", "c", "b", "d", "d"]) == [a, c, b, NEVER, d]
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
