"""Patterns in the syntax of .gitignore: git itself is the judge."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from playpen_ls.config.model import Config, PathRules
from playpen_ls.project.discovery import files_under
from playpen_ls.text import ignore_patterns
from playpen_ls.text.ignore_patterns import IgnorePatterns

FILES = [
    "a", "bb", "ab", "abc", "a.b", "a-b", "b/a", "b/ab", "b/c/a", "b/c/ab", "b/abc/d", "c/b/a/b/c", "ax/y/b", "ax/b",
    "x y", "x ", "#a", "!a", "[a]", "a]b", "a*b", "a?b", "\u00e4", "\u00e4b/a", "e/ä/b", "~", "A", "Ab/B", "0", "d/1a",
    "d/d/d/d", "a\tb", "a^b", "a\\b",
]  # fmt: skip
_WORDS = (
    "a b c ab d x y A 0 1 . - / / / * * ** ** ? ! # \\ [ ] [a-c] [!a] [^b] [a/] []a] [a-] [[:alpha:]] [[:digit:]x] "
    "[[:nope:]] [\\]a] [a\\-c] [c-a] [[:a] **/ /** /**/ *** .* \\* \\? \\a \u00e4 ~ ^ b/ /c"
).split()
PIECES = [*_WORDS, " ", "\t", "\\ "]
KNOWN = """
    a a/ /a /a/ b/a /b/a b/ab/ **/a a/** b/** **/b/** b/**/a b/**/ab a**/b a**b **a b** /** /**/ ** * *a a* ?* */a */*/a
    */**/a **/*/a b/*/ab [ab] [!ab] []-a] [a-] [[:upper:]]* a\\*b \\#a \\!a !a #a x\\  x\\ y a[ a] a\\ \\ ä ? ?? ??b
    [ä] c/**/c c/**/b/** c/***/c ** **/** /*/ b/*** b/c** ax**/b [[:alpha:]-c] a[a-]b a[+--]b [[:a]
""".split(" ")


def folders(files: Iterable[str]) -> list[str]:
    return sorted({parent.as_posix() for file in files for parent in Path(file).parents} - {"."})


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", folder], check=True)
    for file in FILES:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    return folder


def ignored_by_git(repository: Path, text: str, paths: list[str]) -> dict[str, bool]:
    (repository / ".gitignore").write_bytes(text.encode())
    done = subprocess.run(
        ["git", "-c", "core.ignorecase=false", "-c", "core.excludesFile=", "check-ignore", "--no-index", "--stdin",
         "-z", "-v", "-n"],
        cwd=repository, input="\0".join(paths).encode(), capture_output=True,
    )  # fmt: skip
    assert not done.stderr
    fields = done.stdout.decode().split("\0")[:-1]
    found = {path: pattern for pattern, path in zip(fields[2::4], fields[3::4], strict=True)}
    return {path: found[path] != "" and not found[path].startswith("!") for path in paths}


def ignored_by_us(text: str, paths: list[str]) -> dict[str, bool]:
    patterns = IgnorePatterns(text.split("\n"))
    everything = folders(paths)
    return {path: patterns.ignores(path, path in everything) for path in paths}


@pytest.mark.skipif(sys.platform == "win32", reason="the names of the files are not possible there")
def test_known_patterns_match_as_in_git(repository: Path):
    paths = [*FILES, *folders(FILES)]
    for pattern in KNOWN:
        for text in (pattern, f"*\n!*/\n!{pattern}", f"{pattern}\r\n!b/\r\n"):
            assert ignored_by_us(text, paths) == ignored_by_git(repository, text, paths), text


@pytest.mark.skipif(sys.platform == "win32", reason="the names of the files are not possible there")
@pytest.mark.parametrize("seed", range(8))
def test_random_patterns_match_as_in_git(repository: Path, seed: int):
    dice, paths = random.Random(seed), [*FILES, *folders(FILES)]
    for _ in range(60):
        lines = ["".join(dice.choices(PIECES, k=dice.randint(1, 5))) for _ in range(dice.choice((1, 1, 3)))]
        lines = [dice.choice(("", "", "!")) + line for line in lines]
        text = "\n".join(lines)
        assert ignored_by_us(text, paths) == ignored_by_git(repository, text, paths), text


@pytest.mark.skipif(sys.platform == "win32", reason="the names of the files are not possible there")
@pytest.mark.parametrize(
    "name",
    ["alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit"],
)
def test_classes_have_the_characters_that_they_have_in_git(repository: Path, name: str):
    pattern, paths = f"x[[:{name}:]]", [f"x{chr(code)}" for code in range(1, 128) if chr(code) != "/"]
    ignored = ignored_by_us(pattern, paths)
    assert ignored == ignored_by_git(repository, pattern, paths)
    assert True in ignored.values()


STARS = "*a" * 12 + "*b"


@pytest.mark.parametrize(
    "pattern", [STARS, f"/{STARS}", f"**/{STARS}/**/{STARS}", "**/a*/" * 6 + "b", "?*" * 30 + "b", "[a]*" * 30 + "b"]
)
def test_no_pattern_backtracks(pattern: str, tmp_path: Path):
    """A regular expression would take longer than the universe has existed."""
    name = "a" * 200
    assert not IgnorePatterns([pattern]).ignores("/".join([name] * 15))
    assert IgnorePatterns([pattern.replace("b", "*")]).ignores("/".join([name] * 15))
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text(f"{pattern}\n")
    (tmp_path / f"{name}.py").touch()
    assert len(list(files_under(tmp_path, [pattern]))) == 1
    config = Config(tmp_path, exclude=(pattern,), per_path=(PathRules(pattern, ("all",)),))
    assert not config.excludes(tmp_path / f"{name}.py")
    assert config.rules("python", f"{name}.py") == Config(tmp_path).rules("python", f"{name}.py")


@pytest.mark.parametrize(
    "line",
    [
        "file{}.py",
        "/folder/file{}.py",
        "*.{}",
        "*{}",
        "cache-{}-*",
        "/a/b{}*/c",
        "**/x{}/**",
        "{}*.log",
        "*a{}b*",
        "?{}[0-9]",
        "m*{}?x",
        "m*{}/*",
        "[m]*{}",
        "*.py[c{1}x]",
        "[m{1}]*.p[y{1}]",
        "*o*[c{1}x]*.py",
        "s*r*c*/**/*[e{1}]?.pyc",
    ],
)
def test_many_patterns_are_looked_at_together_and_once_for_equal_names(line: str, monkeypatch: pytest.MonkeyPatch):
    steps = 0
    following = ignore_patterns._Automaton._following

    def counted(self: ignore_patterns._Automaton, *arguments: Any) -> Any:
        nonlocal steps
        steps += 1
        return following(self, *arguments)

    monkeypatch.setattr(ignore_patterns._Automaton, "_following", counted)
    letters = "bdfghjklmnopqrst"
    sets = ("".join(one for at, one in enumerate(letters) if number >> at & 1) for number in range(4_000))
    patterns = IgnorePatterns(line.format(number, chars) for number, chars in enumerate(sets))
    names = [f"src/module{number}.py" for number in range(200)]
    once = [patterns.ignores(name) for name in names]
    assert steps <= 2 * sum(map(len, names))  # of 4,000 times as many
    steps = 0
    assert [patterns.ignores(name) for name in names] == once
    assert steps == 0


def test_the_last_of_equal_patterns_counts():
    patterns = IgnorePatterns(["*.py", "a.py", "!a.py", "!*.py", "a.py/", "*.py"])
    assert patterns.verdict("a.py", False) is True
    assert IgnorePatterns(["a.py", "*.py", "!a.py"]).verdict("a.py", False) is False
    assert IgnorePatterns(["a/", "!a"]).verdict("a", True) is False
    assert IgnorePatterns(["!a", "a/"]).verdict("a", True) is True
    assert IgnorePatterns(["!a", "a/"]).verdict("a", False) is False


def test_a_name_of_any_kind_can_be_asked_about():
    patterns = IgnorePatterns(["*.py", "ä\udcff*"])
    assert patterns.ignores("\ud800\udcff/x.py")
    assert patterns.ignores("ä\udcff!")
    assert not patterns.ignores("ä\ud800!")


def test_a_byte_order_mark_is_not_part_of_the_first_pattern(tmp_path: Path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "a.py").touch()
    (tmp_path / ".gitignore").write_text("\ufeffa.py\n", encoding="utf-8")
    assert list(files_under(tmp_path)) == []
