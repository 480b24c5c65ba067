"""What is generated is what the code says now."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import toy

from playpen_ls.api.example import Example
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import Rule
from playpen_ls.engine.own_rules import OWN_RULES
from playpen_ls.engine.registry import all_rules
from playpen_ls.engine.rule_docs import catalogue, page, reason_in_short

ROOT = Path(__file__).parent.parent.parent
RULES = (*all_rules(), *OWN_RULES)


GENERATED = dict(runpy.run_path(str(ROOT / "scripts/generate.py"))["generated"]())


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_a_generated_file_is_up_to_date(path: Path):
    assert path.read_text(encoding="utf-8") == GENERATED[path], "run: python scripts/generate.py"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_page_is_whole(rule: Rule):
    text = page(rule)
    assert text.startswith(f"# {rule.id}\n\n**{rule.title}**\n")
    assert "«" not in text
    assert rule.reason in text
    assert not rule.title.endswith("…")


def test_practices_link_to_their_heading():
    link = Platform().link
    assert link("Layer caching") == "https://hiranofficial.github.io/playpen/operations/best-practices#layer-caching"
    assert link("+") is None
    assert Platform(practices_url="").link("Layer caching") is None


def test_severities_are_named_as_the_configuration_names_them():
    assert [Severity.named(one.label) for one in Severity] == list(Severity)


def described(section: toy.Section) -> Iterator[Finding]:
    """Sections are loud.

    Nobody can sleep.
    """
    yield from ()


OTHER = replace(
    toy.toy_rule(described, toy.Section),
    language="python",
    id="python/loud",
    practice="Layer caching",
    severity=Severity.ERROR,
    like={"ruff": ("E1", "E2"), "pylint": ("x",)},
    bad=(Example({"app.py": "«x» = 1\n\n"}, fixed="y = 1\n"),),
    good=(Example({"app.py": "z = 1\n"}),),
    options=(),
    enabled=False,
)
LINK = "https://hiranofficial.github.io/playpen/operations/best-practices#layer-caching"
PAGE = f"""\
# python/loud

**Sections are loud.**

error, off by default · practice [Layer caching]({LINK}) · similar to ruff E1, ruff E2, pylint x

Nobody can sleep.

## Example

```python
x = 1
```

## Use instead

```python
y = 1
```

Suppress with `# playpen: ignore[loud]`.
"""


def test_a_page_says_what_how_bad_why_and_what_instead():
    assert page(OTHER) == PAGE
    unfixed = replace(OTHER, bad=(Example({"app.py": "«x» = 1\n"}),), enabled=True)
    end = PAGE.replace("## Use instead", "## Not reported").replace("y = 1", "z = 1").replace(", off by default", "")
    assert page(unfixed) == end
    plain = page(replace(OTHER, bad=(), practice="+", like={}, enabled=True))
    assert plain == "# python/loud\n\n**Sections are loud.**\n\nerror\n\nNobody can sleep.\n\n" + PAGE[-41:]


def long(section: toy.Section) -> Iterator[Finding]:
    """Sections are loud.

    One is
    loud. Two is `x.y`. Three.

    More.
    """
    yield from ()


def brief(section: toy.Section) -> Iterator[Finding]:
    """Sections are loud."""
    yield from ()


def test_a_reason_in_short_has_two_sentences_of_its_first_paragraph():
    shown = [reason_in_short(toy.toy_rule(one, toy.Section)) for one in (described, long, brief)]
    assert shown == ["Nobody can sleep.", "One is loud. Two is `x.y`.", "Sections are loud."]


def test_the_catalog_has_a_table_for_each_language():
    lines = catalogue([OTHER, replace(OTHER, id="python/quiet", enabled=True), *OWN_RULES]).split("\n")
    assert lines[:3] == ["# Rules", "", lines[2]]
    assert lines[3:9] == [
        "", "## python/", "", "| rule | severity | practice | summary |", "|---|---|---|---|",
        "| loud | error, off | Layer caching | Sections are loud. |",
    ]  # fmt: skip
    assert lines[9] == "| quiet | error | Layer caching | Sections are loud. |"
    assert lines[11] == "## playpen/"
    assert lines[15].startswith("| unused-ignore | hint | + | ")
    assert lines[-1] == ""
