"""Results of earlier runs: they change nothing but the time that a run takes."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import playpen_ls
from command_line import PROJECTS
from playpen_ls.cli import process_pool, result_cache, result_store
from playpen_ls.cli.main import run
from playpen_ls.session.workspace import Workspace


class Checkout:
    """A project, and the paths of the files that the last run checked."""

    def __init__(self, folder: Path, checked: list[str]) -> None:
        self.folder = folder
        self.checked = checked

    def as_one(self) -> Checkout:
        """The same as one project, without configurations."""
        for path in self.folder.rglob("playpen.toml"):
            path.unlink()
        return self

    def check(self, *options: str, cached: bool = True) -> str:
        self.checked.clear()
        report = self.folder.parent / "report"
        run(["check", ".", f"--output-file={report}", *options, *([] if cached else ["--no-cache"])])
        return report.read_text()

    def is_right(self, *options: str) -> bool:
        """Whether the cache leaves the report as it is, when it is read and when it is written."""
        reports = [self.check(*options), self.check(*options, cached=False), self.check(*options)]
        return reports[0] == reports[1] == reports[2] != ""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Checkout]:
    """Gives a copy of a sample project as the current folder."""
    checked: list[str] = []
    check_once = Workspace.check_once

    def counted(self: Workspace, path: str, *arguments: Any, **named: Any) -> Any:
        checked.append(path)
        return check_once(self, path, *arguments, **named)

    monkeypatch.setattr(Workspace, "check_once", counted)
    monkeypatch.setattr(process_pool, "WORTH", 1)
    monkeypatch.setenv("PLAYPEN_CORES", "1")
    monkeypatch.setenv("PLAYPEN_CACHE_DIR", str(tmp_path / "cache"))

    def made(*names: str, at: str = "project") -> Checkout:
        for name in names:
            shutil.copytree(PROJECTS / name, tmp_path / at / name)
        (tmp_path / at / ".git").mkdir()
        monkeypatch.chdir(tmp_path / at)
        return Checkout(tmp_path / at, checked)

    return made


def database(tmp_path: Path) -> Path:
    return tmp_path / "cache" / result_store.NAME


@pytest.mark.parametrize("options", [["--format", "json"], ["--format", "concise"], ["--show-fixes"]])
def test_a_second_run_checks_nothing_and_reports_the_same(checkout: Callable[..., Checkout], options: list[str]):
    project = checkout("shop", "orders_broken")
    first = project.check(*options)
    assert len(project.checked) > 5
    assert project.check(*options) == first
    assert project.checked == []
    assert project.check(*options, cached=False) == first


def test_a_fresh_checkout_elsewhere_checks_nothing(checkout: Callable[..., Checkout]):
    first = checkout("shop", "orders_broken").check("--format", "json")
    other = checkout("shop", "orders_broken", at="other")
    assert other.check("--format", "json") == first
    assert other.checked == []


def test_only_files_that_a_change_can_concern_are_checked_again(checkout: Callable[..., Checkout]):
    project = checkout("shop", "orders_broken", "orders").as_one()
    project.check()
    main = project.folder / "orders" / "app" / "main.py"
    main.write_text(main.read_text() + "\nprint('new')\n")
    after = project.check("--format", "concise", "--no-fixes")
    project.check("--format", "concise", "--no-fixes")
    assert project.checked == []
    main.write_text(main.read_text() + "\nprint('newer')\n")
    assert project.check("--format", "concise", "--no-fixes").count("\n") == after.count("\n") + 1
    assert project.checked == ["orders/app/main.py"]
    probes = project.folder / "orders" / "app" / "probes.py"
    probes.write_text(probes.read_text().replace("/ready", "/readyz"))
    assert "which the application does not serve" in project.check("--format", "concise", "--no-fixes")
    assert "orders/k8s/deployment.yaml" in project.checked
    assert project.is_right()


def test_what_another_file_states_is_a_part_of_a_result(checkout: Callable[..., Checkout]):
    project = checkout("orders_broken")
    before = project.check("--format", "concise")
    assert "which the application does not serve" in before
    routes = project.folder / "orders_broken" / "app" / "probes.py"
    routes.write_text(routes.read_text().replace("/ready", "/readyz"))
    after = project.check("--format", "concise")
    assert "which the application does not serve" not in after
    assert project.is_right("--format", "concise")


def test_whether_a_file_exists_is_a_part_of_a_result(checkout: Callable[..., Checkout]):
    project = checkout("shop")
    (project.folder / "shop" / "requirements.txt").rename(project.folder / "shop" / "other.txt")
    assert "requirements.txt" in project.check("--format", "concise")
    (project.folder / "shop" / "other.txt").rename(project.folder / "shop" / "requirements.txt")
    assert project.is_right("--format", "concise")


def test_results_of_random_changes_are_those_of_a_run_without_cache(checkout: Callable[..., Checkout]):
    project = checkout("shop", "orders_broken").as_one()
    chance = random.Random(7)
    for number in range(25):
        files = sorted(path for path in project.folder.rglob("*") if path.is_file())
        one = chance.choice(files)
        change = chance.choice(("line", "swap", "delete", "move", "configure", "comment"))
        if change == "line":
            lines = one.read_text().splitlines(keepends=True)
            at = chance.randrange(len(lines) + 1)
            one.write_text("".join(lines[:at] + lines[at + 1 :]))
        elif change == "swap":
            one.write_text(one.read_text().replace("8000", "8001").replace("orders", "order"))
        elif change == "delete":
            if number % 5 == 0:
                one.unlink()
        elif change == "move":
            one.rename(one.with_name(f"moved{number}{one.suffix or '.' + one.name}"))
        elif change == "comment":
            one.write_text(f"# playpen: ignore-file\n{one.read_text()}")
        else:
            rule = chance.choice(("kubernetes/no-cpu-limit", "python/print-as-log"))
            (project.folder / "playpen.toml").write_text(
                f'ignore = ["{rule}"]\n[platform]\nregistry = "r{number}:5000"\n'
            )
        assert project.check("--format", "json") == project.check("--format", "json", cached=False), (number, change)


def test_options_and_configuration_have_results_of_their_own(checkout: Callable[..., Checkout]):
    project = checkout("shop")
    for options in ([], ["--ignore", "no-cpu-limit"], ["--select", "kubernetes"], ["--no-fixes"], ["--isolated"]):
        assert project.is_right("--format", "json", *options)
    (project.folder / "shop" / "playpen.toml").write_text('[severity]\n"kubernetes/no-cpu-limit" = "error"\n')
    assert "error[kubernetes/no-cpu-limit]" in project.check("--format", "concise")
    assert project.is_right("--format", "json")


def test_another_program_finds_nothing_in_the_cache(checkout: Callable[..., Checkout], monkeypatch: pytest.MonkeyPatch):
    project = checkout("shop")
    project.check()
    number = len(project.checked)
    monkeypatch.setattr(playpen_ls, "__version__", "0.0.0")
    result_cache._program.cache_clear()
    project.check()
    result_cache._program.cache_clear()
    assert len(project.checked) == number > 0


def test_what_was_not_checked_is_said_each_time(checkout: Callable[..., Checkout]):
    project = checkout("shop")
    (project.folder / "bad.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: [\n")
    (project.folder / "Dockerfile").write_bytes(b"FROM \xff\n")
    first = project.check()
    assert "not UTF-8" in first
    assert "bad.yaml" in first
    assert project.check() == first == project.check(cached=False)


@pytest.mark.parametrize("damage", ["text", "cut", "flip", "folder", "values"])
def test_a_damaged_cache_is_no_cache(checkout: Callable[..., Checkout], tmp_path: Path, damage: str):
    project = checkout("shop")
    first = project.check("--format", "json")
    file = database(tmp_path)
    content = file.read_bytes()
    if damage == "text":
        file.write_text("not a database" * 100)
    elif damage == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif damage == "flip":
        file.write_bytes(content.replace(b"no-cpu-limit", b"no-gpu-limit"))
    elif damage == "folder":
        file.unlink()
        file.mkdir()
    else:
        with sqlite3.connect(file) as connection:
            connection.execute("UPDATE results SET value = 'text'")
    for _ in range(3):
        assert project.check("--format", "json") == first


def test_no_secret_is_in_the_cache(checkout: Callable[..., Checkout], tmp_path: Path):
    project = checkout("shop")
    secret = "s3cr3t-Zq8xw2Lk9"
    (project.folder / "a.py").write_text(f'import os\n\nTOKEN = os.getenv("TOKEN", "{secret}")\n')
    (project.folder / "b.py").write_text(f'password = "{secret}"\n')
    (project.folder / "Dockerfile").write_text(f'FROM x:1\nENTRYPOINT ["psql", "--password={secret}"]\n')
    (project.folder / "compose.yaml").write_text("services: {a: {image: '$IMAGE'}}\n")
    (project.folder / ".env").write_text(f"IMAGE={secret}\nPASSWORD={secret}\n")
    assert secret not in project.check("--format", "json", "--show-fixes")
    assert project.is_right("--format", "json")
    assert secret.encode() not in database(tmp_path).read_bytes()


def test_it_is_off_when_asked_and_for_few_files(
    checkout: Callable[..., Checkout], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    project = checkout("shop")
    project.check(cached=False)
    assert not database(tmp_path).exists()
    monkeypatch.setattr(process_pool, "WORTH", 100)
    project.check()
    assert not database(tmp_path).exists()


def test_old_results_are_removed(checkout: Callable[..., Checkout], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    project = checkout("shop", "orders_broken")

    def keys() -> int:
        with sqlite3.connect(database(tmp_path)) as connection:
            return int(connection.execute("SELECT count(*) FROM results").fetchone()[0])

    project.check()
    before = keys()
    monkeypatch.setattr(result_store, "MOST_BYTES", 1)
    project.check("--ignore", "no-cpu-limit")
    assert keys() < 2 * before


@pytest.mark.parametrize("forks", [process_pool.FORKS, False])
def test_several_processes_keep_their_results(
    checkout: Callable[..., Checkout], monkeypatch: pytest.MonkeyPatch, forks: bool
):
    monkeypatch.setattr(process_pool, "FORKS", forks)
    project = checkout("shop", "orders_broken")
    monkeypatch.setenv("PLAYPEN_CORES", "2")
    first = project.check("--format", "json")
    assert project.check("--format", "json") == first
    assert project.checked == []
    assert json.loads(first)["findings"]
