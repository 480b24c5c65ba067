"""Texts of one language inside another: which rules look at them, and what they report in the file around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import toy

from playpen_ls.api.fact_types import Route
from playpen_ls.api.facts import Facts, Table
from playpen_ls.api.finding import Change, Finding, Fix, Offer, Place, Refused, Severity
from playpen_ls.api.rule import Configured, Rule
from playpen_ls.engine.check import Checked, check
from playpen_ls.engine.rule_set import RuleSet
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.languages.model import Embedded
from playpen_ls.text.edit import Edit
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

HEAD = "[first]\nnote one\n[pod]\n"
MANIFEST = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - {name: web, image: a}\n"
TWO = f"{MANIFEST}---\n{MANIFEST.replace('web', 'app')}"


class PodChunk(toy.ToyChunk):
    """A section with a manifest below its heading; in `[part]` it is not all of the manifest. `@` is not known."""

    def embedded(self) -> Iterator[Embedded]:
        text = self.content.text
        if text.startswith(("[pod]", "[part]")):
            start = text.index("\n") + 1
            fragment = Fragment.verbatim(text, Span(start, len(text)))
            holes = tuple(Span(at, at + 1) for at, char in enumerate(fragment.text) if char == "@")
            fragment = replace(fragment, holes=holes, encode=lambda new: new.replace("$", "$$"))
            yield Embedded("kubernetes", fragment, complete=text.startswith("[pod]"))


@pytest.fixture(autouse=True)
def _host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy, "ToyChunk", PodChunk)


def rule(
    function: Callable[..., Any], *, in_pipelines: Severity | bool = True, severity: Severity | None = None
) -> Rule:
    made = toy.toy_rule(function, Container)
    return replace(made, in_pipelines=in_pipelines, severity=severity or Severity.WARNING, needs_index=True)


def checked(text: str, *rules: Rule, complete: bool = True) -> Checked:
    embedded = RuleSet([Configured(one) for one in rules])
    context = toy.given(lambda kind: Facts(kind, Table(), complete))
    return check(toy.ToyModel(Source(toy.PATH, text)), RuleSet((), (), lambda: embedded), context)


def found(text: str, *rules: Rule) -> list[tuple[str, Severity]]:
    return [(text[one.start : one.end], one.severity) for one in checked(text, *rules).diagnostics]


def named(container: Container) -> Iterator[Finding]:
    fix = Fix("Rename it", lambda: [Edit(container.span.start, container.span.end, "new$")])
    yield Finding(container.span, f"container `{container.name}`", (fix,))


def test_a_finding_is_where_the_text_is_written():
    assert found(HEAD + TWO, rule(named)) == [("web", Severity.WARNING), ("app", Severity.WARNING)]
    assert found(f"[first]\n{TWO}", rule(named)) == []


def test_a_text_that_its_language_rejects_is_not_looked_at():
    assert found(HEAD + MANIFEST.replace("}", ""), rule(named)) == []


def test_a_rule_about_what_is_missing_reports_with_its_own_severity_where_nothing_is_added():
    wrong, missing = rule(named), rule(named, in_pipelines=Severity.HINT)
    part = HEAD.replace("pod", "part") + MANIFEST
    assert found(HEAD + MANIFEST, missing) == [("web", Severity.HINT)]
    assert found(part, missing) == []
    assert found(part, wrong) == [("web", Severity.WARNING)]
    fixes = [
        [fix.title for fix in one.finding.fixes]
        for rule_ in (wrong, missing)
        for one in checked(HEAD + MANIFEST, rule_).diagnostics
    ]
    assert fixes == [["Rename it"], []]


def test_the_configured_severity_counts_more():
    one = Configured(rule(named, in_pipelines=Severity.HINT), Severity.ERROR)
    model = toy.ToyModel(Source(toy.PATH, HEAD + MANIFEST))
    (diagnostic,) = check(model, RuleSet((), (), lambda: RuleSet([one])), toy.given()).diagnostics
    assert diagnostic.severity is Severity.ERROR


def test_what_is_not_written_there_is_not_reported():
    text = HEAD + TWO.replace("web", "w@b")
    assert found(text, rule(named)) == [("app", Severity.WARNING)]


def offered(container: Container) -> Iterator[Finding | Offer]:
    yield Offer(container.span, Fix("Rename it", list))
    yield from named(container)


def test_a_language_that_makes_nothing_of_a_file_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    text = HEAD + MANIFEST
    expected = found(text, rule(named))
    asked = []

    class Silent:
        def made_of(self, *given: object) -> list[Embedded]:
            asked.append(given)
            return []

    monkeypatch.setattr("playpen_ls.engine.check.makers", lambda *_: [Silent()])
    assert found(text, rule(named)) == expected != []
    assert asked


def test_there_are_no_offers():
    assert checked(HEAD + MANIFEST, rule(offered)).offers == []
    assert len(checked(HEAD + MANIFEST, rule(offered)).diagnostics) == 1


def routed(container: Container, routes: Facts[Route]) -> Iterator[Finding]:
    if not routes.complete:
        yield Finding(container.span, "other files are not asked")
    assert len(routes) == 0


def test_no_rule_waits_for_other_files():
    (diagnostic,) = checked(HEAD + MANIFEST, rule(routed), complete=False).diagnostics
    assert diagnostic.finding.message == "other files are not asked"


def changed(text: str, change: Callable[[Container], object]) -> str:
    """The text after the fix of the last container; or why it is refused."""

    def fixable(container: Container) -> Iterator[Finding]:
        yield Finding(container.span, "x", (Fix("x", lambda: change(container)),))  # type: ignore[return-value,arg-type]

    diagnostic = [*checked(text, rule(fixable)).diagnostics][-1]
    try:
        made = diagnostic.finding.fixes[0].change()
    except Refused as refused:
        return f"refused: {refused}"
    assert isinstance(made, Change)
    assert set(made.edits) == {toy.PATH}
    return Source(toy.PATH, text).edited(made.edits[toy.PATH]).text


def test_a_fix_changes_the_text_where_it_is_written_and_as_it_is_written_there():
    text = HEAD + TWO
    assert changed(text, lambda one: [Edit(one.span.start, one.span.end, "$x")]) == text.replace("app", "$$x")
    at = TWO.index("app")
    whole = Change({toy.PATH: (Edit(at, at + 3, "$x"),)})
    assert changed(text, lambda one: whole) == text.replace("app", "$$x")


def test_a_fix_sees_the_whole_text():
    def renamed(container: Container) -> list[Edit]:
        model = container.document.file.model
        at = model.source.text.index("image: a}\n---")
        return container.document.file.local([Edit(at, at + 8, "image: b")])

    text = HEAD + TWO
    assert changed(text, renamed) == text.replace("image: a", "image: b", 1)


def test_a_fix_does_not_touch_other_files_or_what_is_not_written_there():
    other = "refused: it needs changes in other files"
    assert changed(HEAD + MANIFEST, lambda one: Change({"x.yaml": (Edit(0, 0, "x"),)})) == other
    assert changed(HEAD + MANIFEST, lambda one: Change({}, {"x.yaml": "x"})) == other
    text = HEAD + MANIFEST.replace("image: a", "image: a@b")
    hole = text.index("@") - len(HEAD)
    for start, end in ((hole, hole + 1), (hole - 1, hole + 2)):
        edit = Edit(start, end, "x")
        assert changed(text, lambda one, edit=edit: [edit]) == "refused: a value is written into this text"
    before, behind = (
        changed(text, lambda one: [Edit(hole, hole, "x")]),
        changed(text, lambda one: [Edit(hole + 1, hole + 1, "x")]),
    )
    assert (before, behind) == (text.replace("@", "x@"), text.replace("@", "@x"))


def pointing(container: Container) -> Iterator[Finding]:
    first = container.node.entries[1].key
    here = Place(toy.PATH, container.document.span(first), "here")
    there = Place("app.py", Span(1, 2), "there")
    numbered, stated = Place(toy.PATH, Span(0, 1), "chunk", chunk=0), Place("", Span(0, 0), "stated", stated="a fact")
    yield Finding(container.span, "x", related=(here, there, numbered, stated))


def test_related_places_are_where_they_are_written_or_in_other_files():
    text = HEAD + TWO
    diagnostic = [*checked(text, rule(pointing)).diagnostics][-1]
    at = text.rindex("image")
    assert diagnostic.related == (Place(toy.PATH, Span(at, at + 5), "here"), Place("app.py", Span(1, 2), "there"))
