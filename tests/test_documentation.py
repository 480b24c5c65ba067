"""The documentation: static pages without broken links. That they are up to date is in `engine/test_rule_docs.py`."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from lxml import html

from playpen_ls.api.platform import Platform
from playpen_ls.engine.registry import all_rules

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = {path: html.parse(str(path)).getroot() for path in sorted(DOCS.rglob("*.html"))}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_links_of_a_page_lead_somewhere(path: Path):
    for link in PAGES[path].xpath("//@href"):
        if link.startswith("https://"):
            continue
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        assert target.is_file(), link
        if anchor:
            assert anchor in PAGES[target].xpath("//@id"), link


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_a_page_has_a_title_one_main_heading_and_nothing_that_runs_or_is_loaded_from_elsewhere(path: Path):
    page = PAGES[path]
    assert page.get("lang") == "en"
    assert page.findtext(".//title")
    assert len(page.xpath("//h1")) == 1
    assert page.xpath("//script | //img | //iframe | //@style") == []
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))


def test_every_page_is_reached_from_the_first():
    reached, left = set(), [DOCS / "index.html"]
    while left:
        path = left.pop()
        if path not in reached:
            reached.add(path)
            links = [link.partition("#")[0] for link in PAGES[path].xpath("//a/@href") if ":" not in link]
            left += [(path.parent / link).resolve() for link in links if link]
    assert reached == set(PAGES)


def test_no_page_is_left_of_a_rule_that_is_gone():
    script = runpy.run_path(str(ROOT / "scripts/generate.py"))
    assert list(script["stale"](dict(script["generated"]()))) == []


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_findings_link_to_a_page_that_is_there(rule):
    link = Platform(documentation_url="https://docs.example/").rule_link(rule.id, rule.practice)
    assert link is not None
    assert (DOCS / link.removeprefix("https://docs.example/")).is_file()


def test_without_documentation_findings_link_to_their_practice():
    assert Platform().rule_link("python/print-as-log", "Structured logging") == Platform().link("Structured logging")
    assert Platform().rule_link("dockerfile/invalid", "+") is None
