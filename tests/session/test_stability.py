"""A text that does not parse: what was found before is carried over, and nothing is said that may be untrue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from playpen_ls.api.finding import Finding, Place, Severity
from playpen_ls.api.rule import Rule
from playpen_ls.config.model import Settings
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.diagnostics import ChunkDiagnostics, FileDiagnostics
from playpen_ls.engine.registry import rule_of
from playpen_ls.session.stability import (
    hold_back_new_absences,
    is_unseen,
    shift_diagnostics,
    shift_through_edits,
    with_stale_diagnostics,
)
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span, Spans

PROBE, LIMIT, TAG, PRIVILEGED = (
    rule_of(f"kubernetes/{name}")
    for name in ("no-liveness-probe", "no-memory-limit", "moving-tag", "privileged-container")
)
HOST = 'host = "redis.apps.svc.cluster.local"'
DEPLOYMENT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n"
    "  template:\n    spec:\n      containers:\n      - name: web\n        image: nexus:5000/web:1.0\n"
)


def complete(folder: Path, name: str, language: str, text: str) -> Workspace:
    workspace = Workspace(folder)
    workspace.index.complete = True
    workspace.open(Source(name, text), language)
    return workspace


def type_at(workspace: Workspace, path: str, at: int, typed: str) -> str:
    """Type there; gives the text after it."""
    edit = Edit(at, at, typed)
    source = workspace.documents[path].source.edited([edit])
    workspace.edit(path, source, [edit])
    return source.text


def test_a_document_that_never_parses_does_not_hide_what_another_lacks(tmp_path: Path):
    workspace = complete(tmp_path, "web.yaml", "kubernetes", f"{DEPLOYMENT}---\nfoo: [1,\n")
    assert "kubernetes/no-liveness-probe" in [
        diagnostic.rule.id for diagnostic in workspace.check("web.yaml").diagnostics
    ]


def test_what_is_carried_over_goes_when_its_rule_is_switched_off(tmp_path: Path):
    text = f"def f():\n    {HOST}\n    g(1)\n"
    workspace = complete(tmp_path, "app.py", "python", text)
    workspace.check("app.py")
    edit = Edit(text.index("g(") + 2, len(text), "")
    workspace.edit("app.py", Source("app.py", text).edited([edit]), [edit])
    assert [diagnostic.rule.id for diagnostic in workspace.check("app.py").diagnostics] == ["python/hard-coded-host"]
    workspace.configs.settings = Settings(ignore=("python/hard-coded-host",))
    assert workspace.check("app.py").diagnostics == []


def test_many_edits_move_what_is_carried_over_as_one_after_the_other_does(tmp_path: Path):
    text = f"a = 1\nb = 2\ndef f():\n    {HOST}\n    g(1)\n"
    edits = [Edit(len(text) - 2, len(text) - 1, ""), Edit(6, 7, "bbb"), Edit(0, 1, "")]
    workspace = complete(tmp_path, "app.py", "python", text)
    workspace.check("app.py")
    source = Source("app.py", text).edited(edits)
    workspace.edit("app.py", source, edits)
    (diagnostic,) = workspace.check("app.py").diagnostics
    assert source.of(diagnostic.span) == '"redis.apps.svc.cluster.local"'


def test_what_is_carried_over_points_to_where_it_stands_now(tmp_path: Path):
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\nstringData: {password: $(KEY)}\n---\n"
    more = (
        "        env:\n        - name: KEY\n          valueFrom: {secretKeyRef: {name: keys, key: pasword}}\n"
        "        ports: [{name: web, containerPort: 8000}]\n        readinessProbe: {httpGet: {path: /, port: http}}\n"
    )
    workspace = complete(tmp_path, "web.yaml", "kubernetes", secret + DEPLOYMENT + more)
    workspace.check("web.yaml")
    text = type_at(workspace, "web.yaml", 0, "# The web shop.\n")
    workspace.check("web.yaml", settled=False)
    text = type_at(workspace, "web.yaml", text.index("      containers"), 'a: [\n"b: [\n- "\n{\n[\n')
    diagnostics = workspace.check("web.yaml", settled=False).diagnostics
    current_places = {
        diagnostic.rule.name: [text[place.span.start : place.span.end] for place in diagnostic.related]
        for diagnostic in diagnostics
        if diagnostic.related
    }
    assert current_places == {"missing-reference": ["keys"], "probe-port-closed": ["ports"]}


def test_a_comment_that_was_unused_is_called_so_while_text_elsewhere_does_not_parse(tmp_path: Path):
    ignored = "x = 1  # playpen: ignore[print-as-log]\n"
    workspace = complete(tmp_path, "app.py", "python", f"import a\n{ignored}\n{HOST}\n")
    first = [diagnostic.rule.name for diagnostic in workspace.check("app.py").diagnostics]
    assert first == ["unused-ignore", "hard-coded-host"]
    at = len(workspace.documents["app.py"].source.text)
    type_at(workspace, "app.py", at, "y = f(")
    assert [diagnostic.rule.name for diagnostic in workspace.check("app.py", settled=False).diagnostics] == first
    # One that is new may be used when the text parses, and one that has a use now is.
    type_at(workspace, "app.py", at, ignored)
    type_at(workspace, "app.py", 0, "print(1)\n")
    type_at(workspace, "app.py", len("print(1)"), "  # playpen: ignore[print-as-log]")
    assert [diagnostic.rule.name for diagnostic in workspace.check("app.py", settled=False).diagnostics] == first
    assert "playpen/unused-ignore" not in workspace.fixed("app.py").applied


def test_a_new_container_does_not_take_what_another_lacks(tmp_path: Path):
    workspace = complete(tmp_path, "web.yaml", "kubernetes", DEPLOYMENT)

    def lacks(*, settled: bool) -> list[str]:
        diagnostics = workspace.check("web.yaml", settled).diagnostics
        text = workspace.documents["web.yaml"].source.text
        return [
            text[diagnostic.start : diagnostic.end]
            for diagnostic in diagnostics
            if diagnostic.rule.name == "no-memory-limit"
        ]

    assert lacks(settled=True) == ["web"]
    new = "      - name: cache\n        image: nexus:5000/cache:1.0\n"
    type_at(workspace, "web.yaml", DEPLOYMENT.index("      - name: web"), new)
    assert lacks(settled=False) == ["web"]
    assert lacks(settled=True) == ["cache", "web"]


def test_findings_that_name_a_container_stay_while_its_name_is_typed(tmp_path: Path):
    workspace = complete(tmp_path, "web.yaml", "kubernetes", DEPLOYMENT)
    before = [(diagnostic.rule.name, diagnostic.start) for diagnostic in workspace.check("web.yaml").diagnostics]
    assert "no-memory-limit" in [name for name, _ in before]
    type_at(workspace, "web.yaml", DEPLOYMENT.index("      - name: web") + len("      - name: web"), "2")
    diagnostics = workspace.check("web.yaml", settled=False).diagnostics
    assert [(diagnostic.rule.name, diagnostic.start) for diagnostic in diagnostics] == before
    assert [diagnostic.finding.message for diagnostic in diagnostics if diagnostic.rule.name == "no-memory-limit"] == [
        "container `web2` has no memory limit; a leak can exhaust the node's memory"
    ]


def test_only_findings_on_lines_that_were_touched_are_let_go():
    source = Source("app.py", "aa\nbb\ncc\n")
    diagnostics = [
        Diagnostic(rule_of("python/print-as-log"), Finding(Span(at, at + 2), "said"), Severity.HINT) for at in (0, 3, 6)
    ]

    def left(edit: Edit) -> list[int]:
        return [diagnostic.start for diagnostic in shift_diagnostics(diagnostics, source, [edit])]

    assert left(Edit(4, 4, "x")) == [0, 7]
    assert left(Edit(3, 3, "x")) == [0, 7]
    assert left(Edit(3, 3, "x\n")) == [0, 5, 8]  # a line above
    assert left(Edit(0, 0, "x\n")) == [2, 5, 8]
    assert left(Edit(3, 6, "")) == [0, 3]  # a whole line
    assert left(Edit(3, 6, "x\n")) == [0, 5]
    assert left(Edit(4, 6, "")) == [0]  # it is joined with the next
    assert left(Edit(2, 2, "\n")) == [4, 7]
    diagnostics[1] = Diagnostic(diagnostics[1].rule, Finding(Span(5, 5), "said"), Severity.HINT)
    assert left(Edit(3, 6, "")) == [0, 3]  # a finding at the end of the line goes with it


def test_what_is_moved_stays_at_its_text_on_a_line_that_is_edited():
    one = diagnostic(PROBE, 3)  # of offsets 3 to 5

    def where(*edits: Edit) -> list[Span]:
        return [diagnostic.span for diagnostic in shift_through_edits([one], edits, "app.py")]

    assert where(Edit(0, 3, "x")) == [Span(1, 3)]  # up to it
    assert where(Edit(5, 6, "xy")) == [Span(3, 5)]  # from its end on
    assert where(Edit(0, 1, ""), Edit(7, 8, "")) == [Span(2, 4)]
    assert where(Edit(2, 4, "x")) == where(Edit(4, 6, "x")) == []


def test_each_of_the_places_that_a_finding_points_to_moves_by_itself():
    source = Source("Jenkinsfile", "a\nb\nc\nd\n")
    rule = rule_of("jenkinsfile/moving-tag")
    places = [Place(path, Span(at, at + 1)) for path, at in (("Jenkinsfile", 2), ("Jenkinsfile", 6), ("a.py", 6))]
    first, last = (
        Diagnostic(rule, Finding(Span(at, at + 1), "said", related=tuple(places)), rule.severity) for at in (0, 4)
    )
    now = list(shift_diagnostics([first, last], source, [Edit(2, 2, "typed ")]))
    assert [diagnostic.span for diagnostic in now] == [Span(0, 1), Span(10, 11)]
    # The line of the first place was typed in; another file is as it was.
    assert [diagnostic.related for diagnostic in now] == [(Place("Jenkinsfile", Span(12, 13)), places[2])] * 2
    again = list(shift_diagnostics(now, source.edited([Edit(2, 2, "typed ")]), [Edit(0, 0, "\n")]))
    assert [diagnostic.related for diagnostic in again] == [(Place("Jenkinsfile", Span(13, 14)), places[2])] * 2


def diagnostic(rule: Rule, start: int, message: str = "said", *places: Place) -> Diagnostic:
    return Diagnostic(rule, Finding(Span(start, start + 2), message, related=places), rule.severity)


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


def test_of_equal_ones_as_many_are_shown_as_were_displayed():
    before = FileDiagnostics("a", [ChunkDiagnostics([diagnostic(LIMIT, start) for start in (10, 20)])])
    now = FileDiagnostics("a", [ChunkDiagnostics([diagnostic(LIMIT, start) for start in (10, 20, 30)])])
    assert [one.start for one in hold_back_new_absences(now, before, unsure, still)] == [10, 20]


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


def test_what_was_found_in_text_that_does_not_parse_any_more_stays():
    error = Diagnostic(TAG, Finding(Span(22, 24), "cannot be read", unparsed=True), TAG.severity)
    stale = [diagnostic(TAG, 10), diagnostic(TAG, 12), diagnostic(TAG, 12), error]
    now = FileDiagnostics.of([diagnostic(LIMIT, 2), diagnostic(TAG, 10)], "a")
    asked = []

    def last(spans: Sequence[Span]) -> list[Diagnostic]:
        asked.append(spans)
        return stale

    shown = with_stale_diagnostics(now, last, [Span(8, 30)])
    assert [(one.rule.name, one.start) for one in shown] == [
        ("no-memory-limit", 2),
        ("moving-tag", 10),
        ("moving-tag", 12),
    ]
    assert asked == [[Span(8, 30)]]
    # The same of another place is found again where it was.
    elsewhere = with_stale_diagnostics(now, lambda _: [diagnostic(LIMIT, 2)], [Span(8, 30)])
    assert [one.start for one in elsewhere] == [2, 2, 10]


def test_what_is_missing_is_not_known_where_text_does_not_parse():
    broken = Spans([Span(10, 20), Span(40, 50)])
    assert [is_unseen(diagnostic(LIMIT, at), broken) for at in (7, 8, 15, 20, 21, 45)] == [
        False, True, True, True, False, True,
    ]  # fmt: skip
    assert not is_unseen(diagnostic(LIMIT, 15), Spans([]))
    whole = Diagnostic(LIMIT, Finding(Span(0, 1), "said", chunk=0), LIMIT.severity)
    assert is_unseen(whole, broken)
    assert not is_unseen(whole, Spans([]))
    error = Diagnostic(LIMIT, Finding(Span(12, 14), "said", unparsed=True), LIMIT.severity)
    assert not is_unseen(error, broken)


def test_what_reports_no_absence_is_never_held_back():
    found = ChunkDiagnostics([diagnostic(PRIVILEGED, 3), diagnostic(LIMIT, 9)])
    shown = hold_back_new_absences(FileDiagnostics("a", [found]), FileDiagnostics("a"), unsure, still)
    assert [one.start for one in shown] == [3]
