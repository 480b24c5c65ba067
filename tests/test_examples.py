"""Every example of every rule is a promise: exact spans, a fix that mends, and silence where it is due."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from examples import EMOJI, Project, emoji_before, unmarked
from playpen_ls.api.example import Example
from playpen_ls.api.rule import Rule
from playpen_ls.engine.fixer import CheckedText
from playpen_ls.engine.registry import all_rules
from playpen_ls.engine.suppression import suppress
from playpen_ls.languages.registry import LANGUAGES
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

RULES = all_rules()
each_bad = pytest.mark.parametrize(
    ("rule", "example"),
    [pytest.param(rule, example, id=f"{rule.id}-bad-{n}") for rule in RULES for n, example in enumerate(rule.bad, 1)],
)
each_good = pytest.mark.parametrize(
    ("rule", "example"),
    [pytest.param(rule, example, id=f"{rule.id}-good-{n}") for rule in RULES for n, example in enumerate(rule.good, 1)],
)


@pytest.fixture(autouse=True)
def _no_rule_fails(caplog: pytest.LogCaptureFixture):
    yield
    assert not [record.getMessage() for record in caplog.records if record.name == "playpen_ls"]


def spans(look: CheckedText) -> list[Span]:
    return sorted(diagnostic.span for diagnostic in look.diagnostics if diagnostic.finding.message)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_examples_and_a_page(rule: Rule):
    assert rule.bad
    assert rule.good
    assert rule.title
    assert rule.reason


@each_good
def test_good_is_silent(rule: Rule, example: Example):
    project = Project(rule, example)
    assert project.expected == []
    assert [
        (diagnostic.finding.message, project.source.of(diagnostic.span)) for diagnostic in project.look().diagnostics
    ] == []


@each_bad
def test_bad_is_found_and_fixed(rule: Rule, example: Example):
    project = Project(rule, example)
    look = project.look()
    the_marked_words_are_found(project, look)
    offered = [fix.title for _, fix in project.possible_fixes()]
    shown = example.fixed is not None or bool(example.creates)
    assert bool(offered) == shown, f"fixes: {offered}, and the example shows {'one' if shown else 'none'}"
    if shown:
        the_fix_mends(project, look)
    a_comment_silences(project, look)


@each_bad
def test_what_means_the_same_is_found_as_well(rule: Rule, example: Example):
    project = Project(rule, example)
    look = project.look()
    for line_end in LANGUAGES[rule.language].line_ends:
        a_change_changes_nothing(project, lambda text, line_end=line_end: text.replace("\n", line_end))
    a_change_changes_nothing(project, lambda text: text.removesuffix("\n"))
    a_byte_order_mark_changes_nothing(project)
    an_emoji_before_it_moves_it_by_one_code_point_each(project, look)


def the_marked_words_are_found(project: Project, look: CheckedText) -> None:
    found = spans(look)
    assert [project.source.of(span) for span in found] == [project.source.of(span) for span in project.expected]
    assert found == project.expected


def the_fix_mends(project: Project, look: CheckedText) -> None:
    example, fixed = project.example, project.fixed()
    if example.fixed is not None:
        text, left = unmarked(example.fixed)
        assert fixed.source.text == text
        after = project.look(fixed.source, fixed.others)
        assert sorted(diagnostic.span for diagnostic in after.diagnostics) == left
        assert after.damage <= look.damage
    assert dict(fixed.others) == dict(example.creates)
    if not fixed.others:
        assert project.fixed(fixed.source).source.text == fixed.source.text, "fixing twice is fixing once"


def a_comment_silences(project: Project, look: CheckedText) -> None:
    rule, source = project.rule, project.source
    for _ in range(50):
        silenced = suppress(look.model, look.diagnostics, [rule.id])
        diagnostics = [diagnostic for diagnostic in silenced.kept if diagnostic.finding.message]
        if not diagnostics:
            break
        mark = LANGUAGES[rule.language].comment_mark
        edit = look.model.comment_above(diagnostics[0].span.start, f"{mark} playpen: ignore[{rule.name}]")
        if edit is None:
            assert source.text.lstrip().startswith(("{", "["))  # JSON has no comments
            return
        source = source.edited([edit])
        look = project.look(source)
    assert [diagnostic.finding.message for diagnostic in diagnostics] == []
    assert silenced.unused == []


def a_change_changes_nothing(project: Project, change: Callable[[str], str]) -> None:
    changed, fixed = project.changed(change), project.example.fixed
    assert spans(changed.look()) == changed.expected
    if fixed is not None:
        assert changed.fixed().source.text == unmarked(change(fixed))[0]


def a_byte_order_mark_changes_nothing(project: Project) -> None:
    marked = Source.decoded(project.path, b"\xef\xbb\xbf" + project.source.text.encode())
    fixed = project.example.fixed
    assert spans(project.look(marked)) == project.expected
    if fixed is not None:
        assert project.fixed(marked).source.encoded() == b"\xef\xbb\xbf" + unmarked(fixed)[0].encode()


def an_emoji_before_it_moves_it_by_one_code_point_each(project: Project, look: CheckedText) -> None:
    text = project.source.text
    assert project.expected
    first = project.expected[0]
    for changed in emoji_before(project.rule.language, text, first.start):
        after = project.look(Source(project.path, changed))
        by = len(changed) - len(text)
        if after.damage <= look.damage and spans(after)[:1] == [first.shifted(by)]:
            assert EMOJI in changed[: first.start + by]
            return
    if not text.lstrip().startswith("{"):
        pytest.fail("no emoji can stand before it without changing what is found")
