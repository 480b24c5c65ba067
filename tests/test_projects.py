"""A small service that is clean, and its broken twin, in which every rule that looks at several files fires once."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from command_line import playpen
from playpen_ls.cli.main import run
from playpen_ls.engine.registry import all_rules

PROJECTS = Path(__file__).parent / "projects"
CROSSING = {
    "kubernetes/no-backup", "kubernetes/probe-without-route", "kubernetes/probe-port-closed",
    "kubernetes/port-mismatch", "kubernetes/dangling-service", "kubernetes/missing-reference",
    "kubernetes/unbuilt-image", "kubernetes/unset-variable", "python/no-health-route",
}  # fmt: skip


def test_the_clean_one_is_clean():
    done = playpen("check", "--fail-on", "hint", folder=PROJECTS / "orders")
    assert (done.stdout, done.stderr, done.returncode) == ("no findings in 13 files\n", "", 0)


def test_in_its_twin_every_rule_that_looks_at_several_files_fires_once():
    found = json.loads(playpen("check", "--format", "json", folder=PROJECTS / "orders_broken").stdout)["findings"]
    assert Counter(one["rule"] for one in found) == dict.fromkeys(CROSSING, 1)
    assert {rule.id for rule in all_rules()} >= CROSSING
    assert all(one["fixes"] for one in found)


BUILT = ("Jenkinsfile", "nexus:5000/orders:1.4.0")
"""Why the container is known to be this program's."""


@pytest.mark.parametrize(
    ("rule", "word", "others"),
    [
        ("kubernetes/no-backup", "postgres", []),
        ("kubernetes/probe-without-route", "/readyz",
         [("app/main.py", 'FastAPI(title=f"orders in {REGION}, paid in {CURRENCY}")'), ("app/probes.py", 'router.get("/ready")'),
          BUILT]),
        ("kubernetes/probe-port-closed", "htttp", [("k8s/deployment.yaml", "ports")]),
        ("kubernetes/port-mismatch", "8080", [("k8s/deployment.yaml", "orders")]),
        ("kubernetes/dangling-service", "postgress", [("k8s/postgres.yaml", "postgres")]),
        ("kubernetes/missing-reference", "regoin", [("k8s/config.yaml", "orders-config")]),
        ("kubernetes/unbuilt-image", "1.3.9", [("Jenkinsfile", "nexus:5000/orders:1.4.0")]),
        ("kubernetes/unset-variable", "orders", [("app/main.py", 'os.environ["CURRENCY"]'), BUILT]),
        ("python/no-health-route", "FastAPI()", []),
    ],
)  # fmt: skip
def test_a_finding_stands_at_the_word_and_points_to_the_others(rule: str, word: str, others: list[tuple[str, str]]):
    found = json.loads(playpen("check", "--format", "json", folder=PROJECTS / "orders_broken").stdout)["findings"]
    (one,) = (one for one in found if one["rule"] == rule)
    assert text_at(one) == word
    assert [(place["path"], text_at(place)) for place in one["related"]] == others


def text_at(place: dict[str, Any]) -> str:
    """What stands in a range of one line."""
    lines = (PROJECTS / "orders_broken" / place["path"]).read_text().split("\n")
    start, end = place["start"], place["end"]
    assert start["line"] == end["line"]
    return lines[start["line"] - 1][start["column"] - 1 : end["column"] - 1]


def test_the_command_line_says_so_with_its_status(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(PROJECTS / "orders_broken")
    assert run(["check", "--select", "kubernetes/unset-variable"]) == 1
