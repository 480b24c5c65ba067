"""Every example of every rule is a promise: exact spans, a fix that mends, and silence where it is due."""

from __future__ import annotations

import pytest

from examples import EMOJI, Project, emoji_before, unmarked
from playpen_ls.api.example import Example
from playpen_ls.api.rule import Rule
from playpen_ls.engine.registry import all_rules
from playpen_ls.engine.suppression import suppress
from playpen_ls.languages.registry import LANGUAGES
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

RULES = all_rules()
BAD = [pytest.param(rule, example, id=f"{rule.id}-bad-{n}") for rule in RULES for n, example in enumerate(rule.bad, 1)]
GOOD = [
    pytest.param(rule, example, id=f"{rule.id}-good-{n}") for rule in RULES for n, example in enumerate(rule.good, 1)
]
FIXED = [case for case in BAD if case.values[1].fixed is not None or case.values[1].creates]

each_bad = pytest.mark.parametrize(("rule", "example"), BAD)
each_good = pytest.mark.parametrize(("rule", "example"), GOOD)
each_fixed = pytest.mark.parametrize(("rule", "example"), FIXED)


@pytest.fixture(autouse=True)
def _no_rule_fails(caplog: pytest.LogCaptureFixture):
    yield
    assert not [record.getMessage() for record in caplog.records if record.name == "playpen_ls"]


def spans(project: Project, source: Source | None = None) -> list[Span]:
    return sorted(diagnostic.span for diagnostic in project.look(source).diagnostics if diagnostic.finding.message)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_examples_and_a_page(rule: Rule):
    assert rule.bad
    assert rule.good
    assert rule.title
    assert rule.reason


@each_bad
def test_the_marked_words_are_found(rule: Rule, example: Example):
    project = Project(rule, example)
    assert [project.source.of(span) for span in spans(project)] == [project.source.of(s) for s in project.expected]
    assert spans(project) == project.expected


@each_good
def test_good_is_silent(rule: Rule, example: Example):
    project = Project(rule, example)
    assert project.expected == []
    assert [
        (diagnostic.finding.message, project.source.of(diagnostic.span)) for diagnostic in project.look().diagnostics
    ] == []


@each_fixed
def test_the_fix_mends(rule: Rule, example: Example):
    project = Project(rule, example)
    fixed = project.fixed()
    if example.fixed is not None:
        text, left = unmarked(example.fixed)
        assert fixed.source.text == text
        after = project.look(fixed.source, fixed.others)
        assert sorted(diagnostic.span for diagnostic in after.diagnostics) == left
        assert after.damage <= project.look().damage
    assert dict(fixed.others) == dict(example.creates)


@each_fixed
def test_fixing_twice_changes_nothing(rule: Rule, example: Example):
    project = Project(rule, example)
    once = project.fixed()
    if not once.others:
        assert project.fixed(once.source).source.text == once.source.text


@each_bad
def test_a_fix_is_offered_only_where_the_example_shows_one(rule: Rule, example: Example):
    project = Project(rule, example)
    offered = [fix.title for _, fix in project.possible_fixes()]
    assert bool(offered) == (example.fixed is not None or bool(example.creates)), offered


@each_bad
def test_a_comment_silences(rule: Rule, example: Example):
    project = Project(rule, example)
    source = project.source
    for _ in range(50):
        look = project.look(source)
        diagnostics = [
            diagnostic
            for diagnostic in suppress(look.model, look.diagnostics, [rule.id]).kept
            if diagnostic.finding.message
        ]
        if not diagnostics:
            break
        mark = LANGUAGES[rule.language].comment_mark
        edit = look.model.comment_above(diagnostics[0].span.start, f"{mark} playpen: ignore[{rule.name}]")
        if edit is None:
            assert source.text.lstrip().startswith(("{", "["))  # JSON has no comments
            return
        source = source.edited([edit])
    look = project.look(source)
    left = suppress(look.model, look.diagnostics, [rule.id])
    assert [diagnostic.finding.message for diagnostic in left.kept if diagnostic.finding.message] == []
    assert left.unused == []


@pytest.mark.parametrize(
    ("rule", "example", "line_end"),
    [
        pytest.param(*case.values, line_end, id=f"{case.id}-{'crlf' if line_end == chr(13) + chr(10) else 'cr'}")
        for case in BAD
        for line_end in LANGUAGES[case.values[0].language].line_ends
    ],
)
def test_other_line_ends_change_nothing(rule: Rule, example: Example, line_end: str):
    def changed(text: str) -> str:
        return text.replace("\n", line_end)

    project = Project(rule, example, changed)
    assert spans(project) == project.expected
    if example.fixed is not None:
        assert project.fixed().source.text == unmarked(changed(example.fixed))[0]


@each_bad
def test_a_byte_order_mark_changes_nothing(rule: Rule, example: Example):
    project = Project(rule, example)
    marked = Source.decoded(project.path, b"\xef\xbb\xbf" + project.source.text.encode())
    assert spans(project, marked) == project.expected
    if example.fixed is not None:
        assert project.fixed(marked).source.encoded() == b"\xef\xbb\xbf" + unmarked(example.fixed)[0].encode()


@each_bad
def test_a_missing_final_newline_changes_nothing(rule: Rule, example: Example):
    def changed(text: str) -> str:
        return text[:-1] if text.endswith("\n") else text

    project = Project(rule, example, changed)
    assert spans(project) == project.expected
    if example.fixed is not None:
        assert project.fixed().source.text == unmarked(changed(example.fixed))[0]


@each_bad
def test_an_emoji_before_it_moves_it_by_one_code_point_each(rule: Rule, example: Example):
    project = Project(rule, example)
    text = project.source.text
    assert project.expected
    first = project.expected[0]
    for changed in emoji_before(rule.language, text, first.start):
        look = project.look(Source(project.path, changed))
        by = len(changed) - len(text)
        if look.damage <= project.look().damage and spans(project, look.model.source)[:1] == [first.shifted(by)]:
            assert EMOJI in changed[: first.start + by]
            return
    if not text.lstrip().startswith("{"):
        pytest.fail("no emoji can stand before it without changing what is found")
