"""Configuration: what it says is done, and what is wrong in it is said with its line, value and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import written as with_files
from playpen_ls.api.finding import Severity
from playpen_ls.config.loader import find, load
from playpen_ls.config.model import Config, Settings
from playpen_ls.config.rule_names import OWN
from playpen_ls.engine.own_rules import OWN_RULES
from playpen_ls.text.ignore_patterns import IgnorePatterns

SAMPLE = """\
select = ["dockerfile", "jenkinsfile/literal-credential"]
ignore = ["kubernetes/no-cpu-limit"]
exclude = ["vendor/", "**/testdata/**"]

[severity]
"dockerfile/moving-tag" = "error"

[per-path]
"legacy/**" = { ignore = ["dockerfile/moving-tag"] }

[platform]
registry = "registry.example:5000"
base_images = { node = "acme/node:20" }
own_images = ["acme/*"]
pins = { postgres = "16.4" }
liveness = { path = "/healthz", port = 8080 }
"""


def written(folder: Path, text: str, name: str = "playpen.toml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def ids(config: Config, language: str, path: str = "x", settings: Settings | None = None) -> set[str]:
    return {one.rule.id for one in config.rules(language, path, settings or Settings())}


def test_the_sample_is_understood(tmp_path: Path):
    config = load(written(tmp_path, SAMPLE))
    assert config.problems == ()
    assert config.exclude == ("vendor/", "**/testdata/**")
    assert ids(config, "jenkinsfile") == {"jenkinsfile/literal-credential"}
    assert ids(config, "kubernetes") == set()
    moving_tag = next(one for one in config.rules("dockerfile", "Dockerfile") if one.rule.name == "moving-tag")
    assert moving_tag.severity is Severity.ERROR
    assert "dockerfile/moving-tag" not in ids(config, "dockerfile", "legacy/Dockerfile")
    platform = config.platform
    assert (platform.registry, platform.pins["postgres"]) == ("registry.example:5000", "16.4")
    assert platform.own_images == ("acme/*",)
    # What a probe leaves out keeps the platform's value.
    assert (platform.liveness.path, platform.liveness.port, platform.liveness.periodSeconds) == ("/healthz", 8080, 10)


def test_pyproject_counts_where_there_is_no_playpen_toml(tmp_path: Path):
    project = written(tmp_path, '[project]\nname = "x"\n[tool.playpen]\nselect = ["python"]\n', "pyproject.toml")
    assert find(tmp_path) == project
    config = load(project)
    assert ids(config, "dockerfile") == set()
    assert ids(config, "python")
    beside = written(tmp_path, "")
    assert find(tmp_path) == beside


def test_the_nearest_file_counts_and_the_search_stops_at_the_repository(tmp_path: Path):
    outer = written(tmp_path, "")
    inner = written(tmp_path, "", "a/playpen.toml")
    (tmp_path / "a/b").mkdir()
    (tmp_path / "c/.git").mkdir(parents=True)
    (tmp_path / "c/d").mkdir()
    known: dict[str, Path | None] = {}
    for _ in range(2):  # what is known is what was found
        assert find(tmp_path / "a/b", known=known) == inner
        assert find(tmp_path / "e/f", known=known) == outer
        assert find(tmp_path / "c/d", known=known) is None


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("select = 'dockerfile'\n", 1, "`select` is 'dockerfile'; it must be a list of strings"),
        ("\nselct = []\n", 2, "unknown key `selct`; did you mean `select`?"),
        ('ignore = ["dockerfile/moving-tags"]\n', 1, "unknown rule `dockerfile/moving-tags`; did you mean"),
        (
            '[severity]\n"dockerfile/moving-tag" = "fatal"\n',
            2,
            "it must be one of hint, information, warning, error, off",
        ),
        ("[platform]\nregistry = 5\n", 2, "`platform.registry` is 5; it must be a string"),
        ('[platform]\nregistri = "x"\n', 2, "unknown key `platform.registri`; did you mean `registry`?"),
        ('[platform]\nliveness = { path = "/x", prt = 1 }\n', 2, "unknown key `liveness.prt`; did you mean `port`?"),
        ('[rules."dockerfile/moving-tag"]\nnothing = 1\n', 2, "moving-tag.nothing`; no keys can be set here"),
        ("a = [\n", 1, "not TOML"),
        ('extend = "nowhere.toml"\n', 1, "`extend` refers to `nowhere.toml`, which does not exist"),
        ("severity = 3\n", 1, "`severity` is 3; it must be a table"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, line: int, message: str):
    config = load(written(tmp_path, text))
    assert [(problem.line, message in problem.message) for problem in config.problems] == [(line, True)], (
        config.problems
    )
    # The defaults go on working.
    assert ids(config, "dockerfile") == ids(Config(tmp_path), "dockerfile")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("python/print-as-logs", "; did you mean `python/print-as-log`?"),
        ("print-as-logs", "; did you mean `python/print-as-log`?"),
        ("nonsense/rule", ""),
        ("nonsense", ""),
    ],
)
def test_only_a_name_that_is_near_is_proposed(tmp_path: Path, name: str, remedy: str):
    (problem,) = load(written(tmp_path, f'ignore = ["{name}"]\n')).problems
    assert problem.message == f"unknown rule `{name}`{remedy}"


def test_what_is_right_beside_it_still_counts(tmp_path: Path):
    config = load(written(tmp_path, 'unknown = 1\nignore = ["dockerfile/moving-tag", "nonsense"]\n'))
    assert len(config.problems) == 2
    assert "dockerfile/moving-tag" not in ids(config, "dockerfile")


def test_an_empty_selection_selects_nothing(tmp_path: Path):
    assert ids(load(written(tmp_path, "select = []\n")), "dockerfile") == set()


def test_an_organisation_s_profile_is_extended_by_one_level(tmp_path: Path):
    written(
        tmp_path, '[platform]\nregistry = "r:1"\n[severity]\n"dockerfile/moving-tag" = "hint"\n', "org/playpen.toml"
    )
    config = load(written(tmp_path, 'extend = "org/playpen.toml"\n[platform]\npins = { redis = "7.4" }\n'))
    assert config.problems == ()
    assert config.platform.registry == "r:1"
    assert config.platform.pins == {"redis": "7.4"}
    assert config.severity == {"dockerfile/moving-tag": "hint"}


def test_unreadable_bytes_are_a_problem_not_a_crash(tmp_path: Path):
    path = tmp_path / "playpen.toml"
    path.write_bytes(b"\xff\xfe\0")
    assert "not UTF-8" in load(path).problems[0].message


def test_an_editor_can_switch_off_and_change_severities(tmp_path: Path):
    config = Config(tmp_path)
    off = Settings(severity={"dockerfile/moving-tag": "off"}, ignore=("python",))
    assert "dockerfile/moving-tag" not in ids(config, "dockerfile", settings=off)
    assert ids(config, "python", settings=off) == set()


@pytest.mark.parametrize(
    "text", ["tool = 3\n", '[tool]\nplaypen = "x"\n', "[[tool.playpen]]\n", "a = " + "[" * 100_000]
)
def test_a_table_that_is_none_is_a_problem_not_a_crash(tmp_path: Path, text: str):
    config = load(written(tmp_path, text, "pyproject.toml"))
    assert len(config.problems) == 1
    assert ids(config, "dockerfile") == ids(Config(tmp_path), "dockerfile")


def test_the_rules_of_the_engine_can_be_named():
    assert {rule.id for rule in OWN_RULES} == set(OWN)


# `extend`

SECRET = "SECRETVALUE99"
PRIVATE = f"""{SECRET}key = 1
select = ["{SECRET}"]
ignore = "{SECRET}"
exclude = [{SECRET!r}, 1]
[severity]
"{SECRET}" = "error"
"python/hard-coded-host" = "{SECRET}"
[per-path."{SECRET}"]
{SECRET} = 1
[rules."{SECRET}"]
x = 1
[rules]
"python/hard-coded-host" = "{SECRET}"
[platform]
{SECRET} = 1
registry = ["{SECRET}"]
liveness = {{ {SECRET} = 1, path = ["{SECRET}"] }}
"""


@pytest.mark.parametrize("text", [PRIVATE, f"{SECRET}\n", f'x = "{SECRET}\n', f"a = 1\na = '{SECRET}'\n", f"[{SECRET}"])
@pytest.mark.parametrize("git", [True, False])
def test_no_value_of_a_file_outside_the_repository_is_quoted(tmp_path: Path, text: str, git: bool):
    with_files(tmp_path, {"secret/base.toml": text, "work/playpen.toml": 'extend = "../secret/base.toml"\n'})
    with_files(tmp_path, {"work/.git/HEAD": ""} if git else {})
    problems = load(tmp_path / "work/playpen.toml").problems
    assert problems
    assert SECRET not in str([problem.message for problem in problems])
    (tmp_path / "work/link.toml").symlink_to("../secret/base.toml")
    with_files(tmp_path, {"work/playpen.toml": 'extend = "link.toml"\n'})
    assert SECRET not in str([problem.message for problem in load(tmp_path / "work/playpen.toml").problems])


def test_values_of_a_file_in_the_repository_are_quoted(tmp_path: Path):
    with_files(tmp_path, {".git/HEAD": "", "base.toml": PRIVATE, "work/playpen.toml": 'extend = "../base.toml"\n'})
    problems = load(tmp_path / "work/playpen.toml").problems
    assert sum(SECRET in problem.message for problem in problems) >= 8


# A file of any content is read in a time that grows with its length.


@pytest.mark.parametrize(
    "text",
    [
        "a." * 900_000 + "a = 1\n",
        "['a' . " + '"b".c . ' * 100_000 + "a]\n",
        "x = {" + "a." * 900_000 + "a = 1}\n",
    ],
)
def test_a_key_of_many_parts_is_not_read(tmp_path: Path, text: str):
    (problem,) = load(written(tmp_path, text)).problems
    assert problem.message == "cannot be read: a key has more than 64 parts"


def test_dots_elsewhere_are_not_a_key(tmp_path: Path):
    config = load(written(tmp_path, f'# {"many words. " * 100}\nexclude = ["{"a." * 100}"]\n'))
    assert config.problems == ()
    assert config.exclude == ("a." * 100,)


@pytest.mark.parametrize(
    "text",
    [
        "select = [" + ", ".join(f'"x{number}"' for number in range(5_000)) + "]\n",
        "".join(f"x{number} = 1\n" for number in range(5_000)),
        "[severity]\n" + "".join(f'"x{number}" = 1\n' for number in range(5_000)),
        "[per-path]\n" + "".join(f'"x{number}" = 1\n' for number in range(5_000)),
        "[rules]\n" + "".join(f'"x{number}" = 1\n' for number in range(5_000)),
        "[platform]\n" + "".join(f'"x{number}" = 1\n' for number in range(5_000)),
    ],
)
def test_only_so_many_problems_are_reported(tmp_path: Path, text: str):
    problems = load(written(tmp_path, text)).problems
    assert len(problems) == 101
    assert problems[-1].message == "only the first 100 problems are reported; some of the file is not read"


def test_a_name_that_is_repeated_counts_once(tmp_path: Path):
    text = "select = [" + '"python", "all", ' * 1_000 + '"dockerfile"]\n'
    assert load(written(tmp_path, text)).select == ("python", "all", "dockerfile")


def test_patterns_are_read_once_for_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    text = 'exclude = ["x", "y/"]\n[per-path]\n' + "".join(f'"x{n}/**" = {{ ignore = ["all"] }}\n' for n in range(50))
    config, read = load(written(tmp_path, text)), []
    made = IgnorePatterns.__init__
    monkeypatch.setattr(IgnorePatterns, "__init__", lambda self, lines: (read.append(1), made(self, lines))[1])
    for number in range(100):
        config.rules("python", f"a/{number}.py")
        config.excludes(tmp_path / f"a/{number}.py")
    assert len(read) == 51


def _rules_of(folder: Path, text: str, settings: Settings = Settings()) -> set[str]:
    config = load(written(folder, text))
    assert config.problems == ()
    return {one.rule.id for name in ("dockerfile", "kubernetes") for one in config.rules(name, "", settings)}


RESTRICTED, HARDENED = "kubernetes/unrestricted-container", "kubernetes/writable-root"


@pytest.mark.parametrize(
    ("text", "on", "off"),
    [
        ("", {"kubernetes/moving-tag"}, {RESTRICTED, HARDENED}),
        ('preset = "restricted"', {RESTRICTED, "kubernetes/moving-tag"}, {HARDENED}),
        ('preset = "hardened"', {RESTRICTED, HARDENED, "kubernetes/moving-tag"}, set()),
        ('preset = "restricted"\nselect = ["dockerfile"]', {RESTRICTED, "dockerfile/moving-tag"},
         {HARDENED, "kubernetes/moving-tag"}),
        (f'preset = "hardened"\nignore = ["{HARDENED}"]', {RESTRICTED}, {HARDENED}),
        (f'preset = "hardened"\n[severity]\n"{HARDENED}" = "off"', {RESTRICTED}, {HARDENED}),
        (f'select = ["{HARDENED}"]', {HARDENED}, {RESTRICTED}),
    ],
)  # fmt: skip
def test_a_preset_adds_its_rules_to_those_that_are_selected(text: str, on: set[str], off: set[str], tmp_path: Path):
    rules = _rules_of(tmp_path, text)
    assert on <= rules
    assert not off & rules


def test_a_selection_on_the_command_line_is_in_place_of_the_preset(tmp_path: Path):
    rules = _rules_of(tmp_path, 'preset = "hardened"', Settings(select=("kubernetes/moving-tag",)))
    assert rules == {"kubernetes/moving-tag"}


def test_a_preset_is_inherited(tmp_path: Path):
    written(tmp_path, 'preset = "restricted"', "shared.toml")
    assert RESTRICTED in _rules_of(tmp_path, 'extend = "shared.toml"')


@pytest.mark.parametrize("value", ['"strict"', "true", '["restricted"]'])
def test_an_unknown_preset_is_reported_and_adds_nothing(value: str, tmp_path: Path):
    config = load(written(tmp_path, f"ignore = []\npreset = {value}\n"))
    (problem,) = config.problems
    assert problem.line == 2
    assert "it must be one of restricted, hardened" in problem.message
    assert config.preset == ""
