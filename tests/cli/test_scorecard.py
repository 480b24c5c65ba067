"""The reports of many services become one scorecard; what was not checked or does not apply is not passed."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from command_line import SHOP
from playpen_ls.cli.main import run
from playpen_ls.cli.scorecard import Service, owners_of, practices


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Reports of three services: one in SARIF, one in JSON, and one that was not checked completely."""
    for name, format in (("shop", "sarif"), ("orders", "json")):
        monkeypatch.chdir(SHOP.parent / name)
        run(["check", "--format", f"{format}={tmp_path}/reports/team/{name}.{format}", "--format", "concise"])
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "Dockerfile").write_text("FROM playpen/python-base:1\nUSER 1000\n")
    (broken / "bad.py").write_bytes(b"\xff")
    monkeypatch.chdir(broken)
    run(["check", "--format", f"sarif={tmp_path}/reports/<b>&.sarif", "--format", "concise"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scorecard(*arguments: str) -> dict[str, Any]:
    assert run(["report", "reports", "--output", "out", *arguments]) == 0
    document: dict[str, Any] = json.loads(Path("out/scorecard.json").read_text())
    return document


def test_there_are_18_practices():
    assert len(practices()) == 18


def test_services_pass_what_applies_to_them_and_has_no_finding(reports: Path):
    document = scorecard()
    services = {one["name"]: one for one in document["services"]}
    assert [*services] == ["<b>&", "team/orders", "team/shop"]
    shop, orders = services["team/shop"]["practices"], services["team/orders"]["practices"]
    assert shop["Image tagging"] == {"state": "failed", "findings": 2}
    assert shop["Declarative pipelines"]["state"] == "passed"
    assert orders["Image tagging"]["state"] == "passed"
    assert orders["Connection pooling"]["state"] == "not applicable"
    states = Counter(one["state"] for one in services["<b>&"]["practices"].values())
    assert states == {"not checked": 18}  # a file that could not be read can violate any of them
    assert document["practices"]["Image tagging"] == {"passed": 1, "applicable": 2, "findings": 2}


@pytest.mark.parametrize(
    ("service", "state"),
    [
        (Service("x", Counter({"Image tagging": 2}), frozenset({"Image tagging"}), 1, True), ("failed", 2)),
        (Service("x", Counter(), frozenset({"Image tagging"}), 1, True), ("passed", 0)),
        (Service("x", Counter(), frozenset({"Image tagging"}), 1, False), ("not checked", 0)),
        (Service("x", Counter(), frozenset(), 1, True), ("not applicable", 0)),
        (Service("x", Counter(), frozenset(), 0, True), ("not checked", 0)),
    ],
)
def test_states(service: Service, state: tuple[str, int]):
    assert service.cell("Image tagging") == state


def test_owners_come_from_codeowners_and_the_last_match_counts(reports: Path):
    owners = owners_of("# all\n* @all\n/team/ @team\n/team/shop @shop x@example.com # theirs\n")
    assert owners("other") == ("@all",)
    assert owners("team/orders") == ("@team",)
    assert owners("team/shop") == ("@shop", "x@example.com")
    (reports / "CODEOWNERS").write_text("/team/ @team\n")
    assert [one["owners"] for one in scorecard("--codeowners", "CODEOWNERS")["services"]] == [[], ["@team"], ["@team"]]


def test_the_table_for_spreadsheets_has_no_formulas(reports: Path):
    shutil.copy(reports / "reports/team/shop.sarif", reports / "reports/=1+1.sarif")
    scorecard()
    rows = list(csv.reader((reports / "out/scorecard.csv").open()))
    assert rows[0][:5] == ["service", "owners", "passed", "applicable", "Backup strategy"]
    assert [row[0] for row in rows[1:]] == ["<b>&", "'=1+1", "team/orders", "team/shop"]
    assert rows[4][4 + practices().index("Image tagging")] == "2"


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.tags: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.loaded += [
            value or "" for name, value in attrs if name in ("src", "data") or (tag, name) == ("link", "href")
        ]


def test_the_page_loads_nothing_and_names_are_texts(reports: Path):
    scorecard()
    text = (reports / "out/index.html").read_text()
    page = Links()
    page.feed(text)
    assert page.loaded == []
    assert page.tags["b"] == 0  # the name of a service
    assert "&lt;b&gt;&amp;" in text
    assert "url(" not in text
    assert page.tags["h1"] == 1


def test_the_change_since_an_earlier_scorecard(reports: Path):
    scorecard()
    shutil.move("out/scorecard.json", "earlier.json")
    (reports / "reports/team/shop.sarif").unlink()
    scorecard("--previous", "earlier.json")
    text = (reports / "out/index.html").read_text()
    assert '<td data-value="50">+50</td>' in text  # Image tagging: one of two, now one of one


def test_what_is_no_report_is_said_and_the_others_count(reports: Path, capsys: pytest.CaptureFixture[str]):
    (reports / "reports/bad.json").write_text("{}")
    assert run(["report", "reports", "shop=reports/team/shop.sarif", "--output", "out"]) == 2
    assert "reports/bad.json: not a JSON or SARIF report" in capsys.readouterr().err
    assert len(json.loads((reports / "out/scorecard.json").read_text())["services"]) == 4


BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
def test_a_browser_sorts_the_services(reports: Path):
    scorecard()
    page = reports / "out/index.html"
    click = "<script>document.querySelectorAll('.services thead button')[1].click();</script></body>"
    (reports / "sorted.html").write_text(page.read_text().replace("</body>", click))
    done = subprocess.run(
        [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", (reports / "sorted.html").as_uri()],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    services = done.stdout[done.stdout.index('class="sortable services"') :]
    rows = [services.index(f">{name}</th>") for name in ("team/orders", "team/shop", "&lt;b&gt;&amp;")]
    assert rows == sorted(rows)  # by share, the best first
    assert 'aria-sort="descending"' in services
