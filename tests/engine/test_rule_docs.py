"""What is generated is what the code says now."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from playpen_ls.api.finding import Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import Rule
from playpen_ls.engine.own_rules import OWN_RULES
from playpen_ls.engine.registry import all_rules
from playpen_ls.engine.rule_docs import page

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
