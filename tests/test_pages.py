"""What is generated is what the code says now."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from playpen_ls.api.finding import Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import Rule
from playpen_ls.config.schema import schema
from playpen_ls.engine.own_rules import OWN_RULES
from playpen_ls.engine.registry import all_rules
from playpen_ls.engine.rule_docs import catalogue, page

ROOT = Path(__file__).parent.parent
RULES = (*all_rules(), *OWN_RULES)


def test_the_catalogue_is_up_to_date():
    made = catalogue(RULES)
    stored = (ROOT / "playpen_ls/rules/README.md").read_text(encoding="utf-8")
    assert stored == made, "run: playpen-ls rules --markdown > playpen_ls/rules/README.md"


def test_the_schema_of_the_configuration_is_up_to_date():
    stored = json.loads((ROOT / "editors/playpen.schema.json").read_text(encoding="utf-8"))
    made = json.loads(json.dumps(schema(all_rules())))
    assert stored == made, "run: playpen-ls rules --schema > editors/playpen.schema.json"


def test_the_settings_of_vs_code_are_those_that_the_rules_and_the_server_declare():
    text = (ROOT / "editors/vscode/package.json").read_text(encoding="utf-8")
    made = runpy.run_path(str(ROOT / "editors/vscode/settings.py"))["with_settings"](text)
    assert made == text, "run: python editors/vscode/settings.py"


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
