"""A small service that is clean, and its broken twin, in which every rule that looks at several files fires once."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from playpen_ls.cli import run
from playpen_ls.rule import all_rules
from test_cli import playpen

PROJECTS = Path(__file__).parent / "projects"
CROSSING = {
    "kubernetes/no-backup", "kubernetes/probe-without-route", "kubernetes/probe-port-closed",
    "kubernetes/port-mismatch", "kubernetes/dangling-service", "kubernetes/missing-reference",
    "kubernetes/unbuilt-image", "kubernetes/unset-variable", "python/no-health-route",
}  # fmt: skip


def test_the_clean_one_is_clean():
    done = playpen("check", "--fail-on", "hint", folder=PROJECTS / "orders")
    assert (done.stdout, done.stderr, done.returncode) == ("no findings\n", "", 0)


def test_in_its_twin_every_rule_that_looks_at_several_files_fires_once():
    found = json.loads(playpen("check", "--format", "json", folder=PROJECTS / "orders_broken").stdout)["findings"]
    assert Counter(one["rule"] for one in found) == dict.fromkeys(CROSSING, 1)
    assert {rule.id for rule in all_rules()} >= CROSSING
    assert all(one["fixes"] for one in found)


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("kubernetes/probe-without-route", "app/main.py"),
        ("kubernetes/port-mismatch", "k8s/deployment.yaml"),
        ("kubernetes/dangling-service", "k8s/postgres.yaml"),
        ("kubernetes/missing-reference", "k8s/config.yaml"),
        ("kubernetes/unbuilt-image", "Jenkinsfile"),
        ("kubernetes/unset-variable", "app/main.py"),
    ],
)
def test_a_finding_points_to_the_other_place(rule: str, path: str):
    found = json.loads(playpen("check", "--format", "json", folder=PROJECTS / "orders_broken").stdout)["findings"]
    assert [place["path"] for one in found if one["rule"] == rule for place in one["related"]] == [path]


def test_the_command_line_says_so_with_its_status(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(PROJECTS / "orders_broken")
    assert run(["check", "--select", "kubernetes/unset-variable"]) == 1
