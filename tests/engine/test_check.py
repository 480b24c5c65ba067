"""The engine: a rule that fails does no harm, what is remembered is what a fresh look would find."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
import toy

from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Finding, Fix, Place
from playpen_ls.config.model import Config, Settings
from playpen_ls.engine.check import _without_repeated_secrets, check, with_current_places
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.diagnostics import FileDiagnostics
from playpen_ls.engine.registry import rules_of
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.diff import differences
from playpen_ls.text.edit import Edit
from playpen_ls.text.pause import pausing
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

SHOP = Path(__file__).parent.parent / "projects/shop"
HOST = 'host = "redis.apps.svc.cluster.local"'
FILES = {
    "Dockerfile": "dockerfile",
    "Jenkinsfile": "jenkinsfile",
    "k8s/deployment.yaml": "kubernetes",
    "app/main.py": "python",
}


def summary(workspace: Workspace, name: str) -> list[tuple[str, Span, str]]:
    return [
        (diagnostic.rule.id, diagnostic.span, diagnostic.finding.message)
        for diagnostic in workspace.check(name).diagnostics
    ]


def test_a_rule_that_raises_is_one_line_in_the_log_and_the_rest_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    def broken(part: object, *_: object):
        raise KeyError("hunter2-the-secret")
        yield

    rule = next(rule for rule in rules_of("python") if rule.id == "python/literal-secret")
    failing = replace(rule, function=broken, mentions=None)
    chosen = Config.chosen

    def with_failing(self: Config, *given: object):
        return tuple(replace(one, rule=failing) if one.rule is rule else one for one in chosen(self, *given))

    monkeypatch.setattr(Config, "chosen", with_failing)
    workspace = Workspace(tmp_path)
    workspace.index.complete = True
    workspace.open(Source("app.py", 'host = "redis.apps.svc.cluster.local"\n'), "python")
    assert [diagnostic.rule.id for diagnostic in workspace.check("app.py").diagnostics] == ["python/hard-coded-host"]
    messages = {record.getMessage() for record in caplog.records}
    (message,) = messages
    assert message.startswith("rule python/literal-secret failed: KeyError at ")
    assert {record.name for record in caplog.records} == {"playpen_ls"}
    # Its comments are not called unused: what it would have found is not known.
    ignored = 'api_key = "k3y-with-0ther-w0rds"  # playpen: ignore[literal-secret]\n'
    workspace.edit("app.py", Source("app.py", ignored))
    assert workspace.check("app.py").diagnostics == []
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("name", FILES)
def test_after_any_edits_the_findings_are_those_of_a_fresh_look(name: str, tmp_path: Path):
    rng = random.Random(5)
    text = (SHOP / name).read_text()
    workspace = Workspace(tmp_path)
    workspace.index.complete = True
    workspace.open(Source(name, text), FILES[name])
    workspace.check(name)
    for _ in range(60):
        source = workspace.documents[name].source
        start = rng.randrange(len(source.text))
        end = min(len(source.text), start + rng.choice([0, 0, 0, 1, 1, 20]))
        edit = Edit(start, end, rng.choice(["", "x", "\n", " ", '"', "latest", "#", "    "]))
        workspace.edit(name, source.edited([edit]), [edit])
        workspace.check(name, settled=False)
    # Whole again, by one edit for each difference, so that nothing is known to be new.
    last = workspace.documents[name].source
    workspace.edit(name, Source(name, text), [Edit(0, len(last.text), text)])
    fresh = Workspace(tmp_path)
    fresh.index.complete = True
    fresh.open(Source(name, text), FILES[name])
    assert summary(workspace, name) == summary(fresh, name)


@pytest.mark.parametrize("name", FILES)
def test_what_is_remembered_equals_a_fresh_look_at_every_step(name: str, tmp_path: Path):
    rng = random.Random(9)
    text = (SHOP / name).read_text()
    workspace = Workspace(tmp_path)
    workspace.index.complete = True
    workspace.open(Source(name, text), FILES[name])
    compared = 0
    for _ in range(40):
        source = Source(name, text)
        at = rng.randrange(len(source.text))
        new = source.edited([Edit(at, at, rng.choice(["x", "\n", " ", "1", "# "]))])
        workspace.edit(name, new)
        found = summary(workspace, name)
        model = workspace.model(name)
        if not any(chunk.broken for chunk in model.chunks):
            fresh = Workspace(tmp_path)
            fresh.index.complete = True
            fresh.open(new, FILES[name])
            assert found == summary(fresh, name)
            compared += 1
    assert compared > 10


def test_a_changed_fact_elsewhere_is_noticed(tmp_path: Path):
    database = (
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: postgres, namespace: a}\nspec:\n  selector: {}\n"
        "  template:\n    spec:\n      containers:\n      - {name: postgres, image: 'postgres:16'}\n"
    )
    backup = (
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: backup, namespace: a}\nspec:\n  schedule: 0 2 * * *\n"
        "  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n"
        "          - {name: dump, image: 'postgres:16', command: [pg_dump, app]}\n"
    )
    (tmp_path / "db.yaml").write_text(database)
    workspace = Workspace(tmp_path)
    workspace.open(Source("db.yaml", database), "kubernetes")
    assert "kubernetes/no-backup" not in [
        diagnostic.rule.id for diagnostic in workspace.check("db.yaml").diagnostics
    ]  # not known yet
    workspace.closed.read_all()
    assert "kubernetes/no-backup" in [diagnostic.rule.id for diagnostic in workspace.check("db.yaml").diagnostics]
    (tmp_path / "backup.yaml").write_text(backup)
    assert workspace.closed.read("backup.yaml")
    assert "kubernetes/no-backup" not in [diagnostic.rule.id for diagnostic in workspace.check("db.yaml").diagnostics]
    (tmp_path / "backup.yaml").unlink()
    workspace.closed.read("backup.yaml")
    assert "kubernetes/no-backup" in [diagnostic.rule.id for diagnostic in workspace.check("db.yaml").diagnostics]


def test_a_changed_file_that_a_rule_read_is_noticed(tmp_path: Path):
    dockerfile = (
        "FROM playpen/python-base:latest\nWORKDIR /app\nCOPY . .\nRUN pip install --no-cache-dir -r requirements.txt\n"
    )
    workspace = Workspace(tmp_path)
    workspace.closed.read_all()
    workspace.open(Source("Dockerfile", dockerfile), "dockerfile")

    def safe() -> bool:
        workspace.check("Dockerfile")
        return bool(workspace.fixed("Dockerfile").applied)

    assert not safe()
    (tmp_path / "requirements.txt").write_text("flask==3.0.0\n")
    assert safe()
    (tmp_path / "requirements.txt").write_text("-e .\n")
    assert not safe()


def test_differences_lead_from_one_text_to_the_other_and_never_part_a_line_end():
    rng = random.Random(3)
    for _ in range(3000):
        before = "".join(rng.choices(["a", "b", "\r", "\n", "\r\n"], k=rng.randrange(9)))
        after = list(before)
        for _ in range(rng.randrange(4)):
            at = rng.randrange(len(after) + 1)
            after[at : at + rng.randrange(2)] = rng.choice(["", "a", "\r", "\n"])
        edits = differences(before, "".join(after))
        assert Source("x", before).edited(edits).text == "".join(after)
        assert all(before[at - 1 : at + 1] != "\r\n" or at == 0 for edit in edits for at in (edit.start, edit.end))


def test_a_fix_is_tried_out_with_the_configuration_as_it_is_now(tmp_path: Path):
    workspace = Workspace(tmp_path)
    workspace.open(Source("app.py", f"{HOST}\n"), "python")
    assert workspace.check("app.py").diagnostics != []
    workspace.configs.settings = Settings(ignore=("python",))
    look = workspace.checker("app.py", fixes=False)
    assert look(Source("app.py", f"{HOST}\n"), {}).diagnostics == []


def test_what_a_finding_points_to_in_its_own_file_moves_with_it():
    rule = rules_of("python")[0]
    here, there = Place("app.py", Span(6, 8), "here"), Place("web.yaml", Span(6, 8), "there")
    diagnostic = Diagnostic(rule, Finding(Span(2, 4), "said", related=(here, there)), rule.severity)
    moved = diagnostic.shifted(10, "app.py")
    assert moved.span == Span(12, 14)
    assert moved.finding.related == (Place("app.py", Span(16, 18), "here"), there)


@pytest.mark.parametrize(("name", "language"), FILES.items())
def test_what_is_known_has_the_fixes_that_it_would_have_if_all_were_asked_again(name: str, language: str):
    text = (SHOP / name).read_text(encoding="utf-8")

    def fixable(*, known: bool) -> list[tuple[str, Span, list[str]]]:
        workspace = Workspace(SHOP)
        workspace.closed.read_all()
        workspace.open(Source(name, text), language)
        if known:
            workspace.check(name)
        look = workspace.checker(name, fixes=True)(workspace.documents[name].source, {})
        return [
            (diagnostic.rule.id, diagnostic.span, [fix.title for fix in diagnostic.finding.fixes])
            for diagnostic in look.diagnostics
        ]

    expected = fixable(known=False)
    assert any(titles for *_, titles in expected)
    assert fixable(known=True) == expected


@pytest.mark.parametrize(("name", "language"), [("Dockerfile", "dockerfile"), ("app/main.py", "python")])
def test_of_what_is_known_without_fixes_it_is_known_whether_one_is_safe(name: str, language: str):
    text = (SHOP / name).read_text(encoding="utf-8")
    workspace = Workspace(SHOP)
    workspace.closed.read_all()
    workspace.open(Source(name, text), language)
    workspace.check(name)
    comment = Edit(0, 0, "# a\n")
    workspace.edit(name, workspace.documents[name].source.edited([comment]), [comment])
    workspace.check(name, settled=False)
    known = [(one.rule.id, one.span, one.has_safe_fix) for one in workspace.documents[name].displayed]
    assert known == [
        (one.rule.id, one.span, any(fix.safe for fix in one.finding.fixes)) for one in workspace.look(name).diagnostics
    ]
    assert any(safe for *_, safe in known)


def test_a_check_can_be_limited_to_a_range():
    editor = toy.Editor("[a]\nuse x\n[b]\nuse y\n")
    for within, expected in ((Span(0, 1), "x"), (Span(12, 13), "y"), (Span(10, 10), "xy"), (Span(9, 9), "x")):
        found = check(editor.model, editor.rules, toy.given(), within=within).diagnostics
        messages = {one.finding.message for one in found if one.rule.id == "toy/unknown"}
        assert messages == {f"there is no {word}" for word in expected}


def twice(section: toy.Section) -> Iterator[Finding]:
    above = section.file.ask(toy.same_above, "a")
    if above is not None and section.uses:
        place = Place(toy.PATH, above[1], "here", chunk=above[0])
        yield Finding(section.uses[0][1], "pointed twice", related=(place, place))


def test_equal_related_places_are_one():
    editor = toy.Editor("[a]\n[b]\nuse x\n", [toy.toy_rule(twice, toy.Section)])
    (diagnostic,) = editor.checked.diagnostics
    assert diagnostic.related == (Place(toy.PATH, Span(1, 2), "here"),)
    assert with_current_places(editor.checked.diagnostics, editor.model)[0].related == diagnostic.related


class Stating(toy.ToyModel):
    """A file whose facts are where `spans` says."""

    spans: ClassVar[dict[Fact, Span]] = {}

    def span_of(self, fact: Fact) -> Span | None:
        return self.spans.get(fact)


def test_a_stated_fact_is_pointed_to_where_it_is_now_and_not_at_all_when_it_is_gone():
    (rule,) = [one for one in toy.RULES if one.name == "lonely"]
    fact, gone = Fact(Place("", Span(0, 0), "a")), Fact(Place("", Span(0, 0), "b"))
    related = tuple(Place("", Span(0, 0), "stated", one) for one in (fact, gone))
    findings = [Finding(Span(0, 1), "said", related=related), Finding(Span(1, 2), "points nowhere")]
    found = FileDiagnostics.of([Diagnostic(rule, finding, rule.severity) for finding in findings], toy.PATH)
    model = Stating(Source(toy.PATH, "[a]\n"))
    model.spans[fact] = Span(1, 2)
    current = with_current_places(found, model)
    place = Place(toy.PATH, Span(1, 2), "stated", fact)
    assert current[0].related == (place,)
    assert current.places(0) == [(place,), ()]


def test_without_a_memory_findings_have_fixes_and_with_one_they_have_none_unless_asked():
    editor = toy.Editor("[a]\nuse x\n")
    assert all(not one.finding.fixes for one in editor.checked.diagnostics)
    fresh = check(editor.model, editor.rules, toy.given())
    assert [len(one.finding.fixes) for one in fresh.diagnostics if one.rule.id == "toy/unknown"] == [1]
    assert fresh.memory.keys == ()
    again = check(editor.model, editor.rules, toy.given(), editor.memory, fixes=True)
    assert [one.without_fixes for one in again.diagnostics] == [one.without_fixes for one in fresh.diagnostics]
    assert [[fix.title for fix in one.finding.fixes] for one in again.diagnostics] == [
        [fix.title for fix in one.finding.fixes] for one in fresh.diagnostics
    ]


def test_long_work_can_be_ended_before_each_chunk_that_is_checked():
    class Enough(Exception):
        pass

    calls = []

    def pause() -> None:
        calls.append(1)
        if len(calls) > 2:
            raise Enough

    editor = toy.Editor("[a]\n[b]\n[c]\n[d]\n")
    with pytest.raises(Enough), pausing(pause):
        check(editor.model, editor.rules, toy.given())
    calls.clear()
    with pausing(pause):
        check(editor.model, editor.rules, toy.given(), editor.memory)  # nothing has changed
    assert calls == []


def test_a_secret_that_the_file_reports_itself_is_not_reported_for_what_is_made_of_it():
    own, other = (replace(toy.RULES[0], id=f"{name}/x", language=name, masks_text=True) for name in ("toy", "yaml"))
    plain = replace(other, masks_text=False)
    places = [(own, 4), (other, 4), (plain, 4), (other, 20)]
    found = FileDiagnostics.of(
        [Diagnostic(rule, Finding(Span(at, at + 3), "said"), rule.severity) for rule, at in places], toy.PATH
    )
    left = _without_repeated_secrets(found, "toy")
    assert [(one.rule, one.start) for one in left] == [(own, 4), (plain, 4), (other, 20)]


def test_where_no_fixes_are_wanted_what_they_were_made_of_does_not_stay(tmp_path: Path):
    """Thousands of findings would keep all that their rules have seen until the whole chunk was checked."""
    workspace, alive = Workspace(tmp_path, indexed=False), list[int]()
    workspace.open(Source("Dockerfile", "FROM a\n" + "RUN pip install x\n" * 50), "dockerfile")

    def count() -> None:
        alive.append(sum(isinstance(one, Fix) for one in gc.get_objects()))

    with pausing(count):
        found = workspace.check("Dockerfile").diagnostics
    assert len(found) >= 50
    assert any(one.has_safe_fix for one in found)
    assert max(alive) - alive[0] < 10
