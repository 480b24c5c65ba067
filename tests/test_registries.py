"""A language, a command, an output format and a request are each one module, found where they are put."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

import playpen_ls.rules
from playpen_ls.cli import commands, report
from playpen_ls.cli.main import run
from playpen_ls.languages.registry import LANGUAGES
from playpen_ls.server import features
from playpen_ls.server.features import FEATURES, FORMATTING


def put(package: ModuleType, name: str, code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a module into a package, as if it were a file of its folder."""
    (folder / f"{name}.py").write_text(dedent(code))
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    # Both are undone, so the module is forgotten after the test.
    monkeypatch.setitem(sys.modules, f"{package.__name__}.{name}", package)
    monkeypatch.delitem(sys.modules, f"{package.__name__}.{name}")


def test_a_format_is_one_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    code = """\
        from playpen_ls.cli.results import Fixes

        FOR_PROGRAMS, FIXES = False, Fixes.NONE

        def report(files, run):
            for file in files:
                yield from (f"{run.paths.shown(file.path)} {finding.rule}" for finding in file.findings)
            yield from (f"{problem.path} {problem.message}" for problem in run.problems())
    """
    put(report, "toy", code, tmp_path, monkeypatch)
    (tmp_path / "app.py").write_text('import logging\nlogging.warning(f"{1}")\n')
    monkeypatch.chdir(tmp_path)
    run(["check", "--format", "toy", "--select", "formatted-log-message", "app.py", "toy.py"])
    assert capsys.readouterr().out == "app.py python/formatted-log-message\n"


@pytest.mark.parametrize("format", report.format_names())
def test_each_format_reports_findings_and_problems_of_files(
    format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "app.py").write_text('import logging\nlogging.warning(f"{1}")\n')
    (tmp_path / "bad.py").write_bytes(b"\xff")
    monkeypatch.chdir(tmp_path)
    assert run(["check", "--format", format, "app.py", "bad.py"]) == 2
    out = capsys.readouterr().out
    assert "formatted-log-message" in out
    assert "bad.py" in out


def test_programs_get_the_problems_of_configurations_and_people_see_them_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "app.py").write_text("x = 1\n")
    (tmp_path / "playpen.toml").write_text("nonsense = 1\n")
    monkeypatch.chdir(tmp_path)
    for format in report.format_names():
        assert run(["check", "--format", format, "app.py"]) == 2
        done = capsys.readouterr()
        assert done.err.count("nonsense") == 1
        assert ("nonsense" in done.out) is report.format_named(format).FOR_PROGRAMS


def test_a_command_is_one_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    code = '''\
        """Say a word twice."""

        def add_arguments(parser):
            parser.add_argument("word")

        def run(options):
            print(options.word, options.word)
            return 7
    '''
    put(commands, "toy", code, tmp_path, monkeypatch)
    assert run(["toy", "yes"]) == 7
    assert capsys.readouterr().out == "yes yes\n"
    run([])
    assert re.search(r"\btoy +say a word twice\n", capsys.readouterr().out)


LANGUAGE = """\
    from playpen_ls.languages.language import Language


    def _parse(source, previous):
        from playpen_ls.languages.toy.parts import Toy

        return Toy(source)


    LANGUAGE = Language(
        name="toy", label="toy", file_names=("*.toy",), default_path="a.toy", fence="", parse=_parse,
        facts=lambda model: (), problems=lambda model: (),
    )
"""
PARTS = """\
    from playpen_ls.languages.model import Chunk, Model
    from playpen_ls.text.span import Span


    class Text(Chunk):
        def __init__(self, text):
            self.text = self.key = text
            self.span = Span(0, len(text))

        @property
        def content(self):
            return self.text

        def parts(self, file):
            return [self]


    class Toy(Model):
        language = "toy"

        def __init__(self, source):
            self.source = source
            self.chunks = [Text(source.text)]

        def parts(self, file):
            return ()

        def comments(self):
            return ()

        def construct_after(self, offset):
            return None

        def construct_at(self, offset):
            return None
"""
RULE = '''\
    from playpen_ls.api.finding import Finding, Severity
    from playpen_ls.api.rule import rule
    from playpen_ls.languages.toy.parts import Text
    from playpen_ls.text.span import Span


    @rule(severity=Severity.WARNING, practice="", bad=["«x»\\n"], good=["y\\n"])
    def letter_x(text: Text):
        """The text begins with x.

        It should not.
        """
        if text.text.startswith("x"):
            yield Finding(Span(0, 1), "`x` begins the text")
'''


def test_a_language_is_one_package(tmp_path: Path):
    for name, code in {
        "languages/toy/__init__.py": LANGUAGE,
        "languages/toy/parts.py": PARTS,
        "rules/toy/__init__.py": "",
        "rules/toy/letter_x.py": RULE,
        "project/a.toy": "x\n",
        "project/b.txt": "x\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(dedent(code))
    script = f"""
import sys
from playpen_ls import languages, rules
languages.__path__.append({str(tmp_path / "languages")!r})
rules.__path__.append({str(tmp_path / "rules")!r})
from playpen_ls.cli.main import run
sys.exit(run(sys.argv[1:]))
"""

    def playpen(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", script, *arguments]
        return subprocess.run(command, cwd=tmp_path / "project", capture_output=True, text=True, check=False)

    (finding,) = json.loads(playpen("check", "--format", "json", ".").stdout)["findings"]
    assert (finding["path"], finding["rule"], finding["end"]["column"]) == ("a.toy", "toy/letter-x", 2)
    assert (
        "not a configuration file, Dockerfile, Jenkinsfile, Kubernetes manifest, Python file or toy"
        in playpen("check", "b.txt").stdout
    )
    assert "Suppress with `# playpen: ignore[letter-x]`" in playpen("explain", "letter-x").stdout


def test_every_folder_of_rules_has_its_language():
    folders = {path.parent.name for path in Path(playpen_ls.rules.__path__[0]).glob("*/__init__.py")}
    assert folders == {*LANGUAGES} == {one.name for one in LANGUAGES.values()}


@pytest.mark.parametrize("feature", [*FEATURES, FORMATTING], ids=lambda feature: feature.method)
def test_the_handler_of_each_request_exists(feature: features.Feature):
    assert callable(feature.load())
