"""What the README shows is what happens."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from command_line import SHOP, playpen
from playpen_ls.cli.report import format_names
from playpen_ls.config.loader import load

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_finding_that_it_shows_is_printed_so():
    shown = re.search(r"^```\n(Dockerfile:.*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert shown
    assert shown[1] in playpen("check", folder=SHOP).stdout


def test_its_configuration_is_valid(tmp_path: Path):
    shown = re.search(r"^```toml\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert shown
    assert tomllib.loads(shown[1])
    text = "".join(line + "\n" for line in shown[1].split("\n") if not line.startswith("extend"))
    (tmp_path / "playpen.toml").write_text(text)
    assert load(tmp_path / "playpen.toml").problems == ()


def test_its_two_commands_are_marked_for_ci():
    assert len(re.findall(r"^```sh (try|test)\n.+\n```$", README, re.MULTILINE)) == 2


def test_it_shows_all_that_is_said_of_the_broken_service():
    shown = re.search(r"^```\n(k8s/deployment\.yaml:.*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert shown
    assert shown[1] == playpen("check", folder=SHOP.parent / "orders_broken").stdout


def test_it_names_each_output_format_once():
    table = re.search(r"^\| `--format` \|.*\n\|[-|]+\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert table
    named = [name for line in table[1].splitlines() for name in re.findall(r"`(\w+)`", line.split("|")[1])]
    assert sorted(named) == format_names()
