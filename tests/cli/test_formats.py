"""Each output format is read back: by programs that read such reports, by schemas, or by the grammar of its consumer.

`tests/cli/consumers/install` installs the programs; without them their tests are skipped. The findings have a character
beyond the Basic Multilingual Plane before them on their line, a space and `%` in their path, a control character and
markup in their message, and one is about a secret.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from consumers import CONSUMERS, INSTALLED

from playpen_ls.cli import report
from playpen_ls.cli.main import run
from playpen_ls.cli.report import markdown, sarif

SECRET = "tr0ub4dor-and-3"
PARSERS, REVIEWDOG = INSTALLED / "analysis-model", INSTALLED / "reviewdog"
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - {name: "we\\ab<|&", image: "nginx:1.25"}
"""
FILES: dict[str, str | bytes] = {
    ".git/HEAD": "",
    "50% done/Dockerfile": f"FROM playpen/python-base:1\nENV DB_PASSWORD={SECRET}\n",
    "50% done/app.py": 'import logging\n\nmood = "😀"; logging.warning(f"{mood}")\n',
    "50% done/k8s/pod.yaml": POD,
    "broken.py": b"\xff",
    "clean.py": "x = 1\n",
}
SELECTED = ("secret-in-image", "formatted-log-message", "no-memory-limit")
# (path, line, column, end column in code points, severity, rule)
FOUND = [
    ("50% done/Dockerfile", 2, 17, 32, "error", "dockerfile/secret-in-image"),
    ("50% done/app.py", 3, 29, 38, "warning", "python/formatted-log-message"),
    ("50% done/k8s/pod.yaml", 7, 15, 23, "warning", "kubernetes/no-memory-limit"),
]
MESSAGES = [
    "hard-coded secret in `ENV DB_PASSWORD`; `ENV` values are recorded in the image history",
    "log message is formatted before it is passed to `warning`",
    "container `we\ab<|&` has no memory limit; a leak can exhaust the node's memory",
]
NOT_CHECKED = "not checked: not UTF-8: byte 0xff in line 1; save it as UTF-8"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, and beside it a report of one check in each format."""
    folder = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    formats = [f"--format={name}=reports/{name}" for name in report.format_names()]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("GITHUB_WORKSPACE", raising=False)
        assert run(["check", "--select", ",".join(SELECTED), *formats]) == 1
    return folder


def text_of(project: Path, format: str) -> str:
    return (project / "reports" / format).read_bytes().decode()  # without translating line ends


@pytest.mark.parametrize("format", report.format_names())
def test_no_format_has_a_secret_a_machine_path_or_a_byte_order_mark(project: Path, format: str):
    text = text_of(project, format)
    assert "secret-in-image" in text
    assert SECRET not in text
    assert str(project) not in text
    assert not text.startswith("\ufeff")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("format", report.format_names())
def test_the_same_tree_gives_the_same_report(project: Path, format: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(project)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    run(["check", "--select", ",".join(SELECTED), f"--format={format}", "--output-file", "again"])
    assert (project / "again").read_bytes().decode() == text_of(project, format)


def test_concise_lines_are_read_from_the_left(project: Path):
    lines = text_of(project, "concise").splitlines()
    pattern = r"(.*?):(\d+):(\d+): (\w+)\[([\w/-]+)\] (.*)"  # a regular-expression parser of Warnings NG
    read = [re.fullmatch(pattern, line) for line in lines]
    assert [match and match.group(1, 2, 3, 4, 5) for match in read] == [
        *((path, str(line), str(column), severity, rule) for path, line, column, _, severity, rule in FOUND),
        ("broken.py", "1", "1", "information", "playpen/not-checked"),
    ]


def test_sarif_follows_its_schema(project: Path):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((CONSUMERS / "sarif-schema-2.1.0.json").read_text())
    document = json.loads(text_of(project, "sarif"))
    jsonschema.validate(document, schema, cls=jsonschema.validators.validator_for(schema))
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert {rule["id"].partition("/")[2] for rule in rules} == set(SELECTED)
    for result, (path, line, column, end, _, rule) in zip(run["results"], FOUND, strict=True):
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert physical["artifactLocation"] == {
            "uri": path.replace("%", "%25").replace(" ", "%20"),
            "uriBaseId": "%SRCROOT%",
        }
        assert physical["region"] == {"startLine": line, "startColumn": column, "endLine": line, "endColumn": end}
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == rule
    invocation = run["invocations"][0]
    assert [note["message"]["text"] for note in invocation["toolExecutionNotifications"]] == [NOT_CHECKED]
    fixes = run["results"][2]["fixes"]
    assert all(fix["description"]["text"].endswith("(unsafe)") for fix in fixes)


def test_a_clean_run_declares_its_rules_and_closes_old_alerts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "clean.py").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    assert run(["check", "--format", "sarif", "--output-file", "new/folder/report"]) == 0
    (only,) = json.loads((tmp_path / "new/folder/report").read_text())["runs"]
    assert only["results"] == []
    assert len(only["tool"]["driver"]["rules"]) > 50
    for rule in only["tool"]["driver"]["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["markdown"]
        assert len(rule["properties"]["tags"]) <= 20


def test_too_many_results_are_cut_and_said(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(project)
    monkeypatch.setattr(sarif, "MOST_RESULTS", 1)
    run(["check", "--select", ",".join(SELECTED), "--format=sarif", "--output-file", str(tmp_path / "report")])
    (only,) = json.loads((tmp_path / "report").read_text())["runs"]
    assert [result["level"] for result in only["results"]] == ["error"]  # the most severe one is kept
    notes = only["invocations"][0]["toolExecutionNotifications"]
    assert notes[-1]["message"]["text"].startswith("2 less severe findings are left out")


def test_junit_follows_a_schema_and_counts(project: Path):
    text = text_of(project, "junit")
    etree = pytest.importorskip("lxml.etree")
    schema = etree.XMLSchema(etree.parse(str(CONSUMERS / "junit-10.xsd")))
    schema.assertValid(etree.fromstring(text.encode()))
    root = ElementTree.fromstring(text)
    cases = list(root.iter("testcase"))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("5", "3", "1")
    assert len(cases) == 5
    assert text.count("\n<testcase") == 5  # Jenkins' adapter counts lines
    names = [(case.get("classname"), case.get("name")) for case in cases]
    assert len(set(names)) == len(names)
    assert ("clean.py", "checked") in names
    assert ("50% done/app.py", "python/formatted-log-message:3:29") in names
    (error,) = root.iter("error")
    assert error.get("message") == NOT_CHECKED


def test_findings_below_fail_on_do_not_fail_in_junit(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(project)
    out = str(tmp_path / "report")
    run(["check", "--select", ",".join(SELECTED), "--fail-on", "error", "--format=junit", "--output-file", out])
    root = ElementTree.fromstring((tmp_path / "report").read_text())
    assert root.get("failures") == "1"
    assert "warning: log message" in "".join(one.text or "" for one in root.iter("system-out"))


def test_junit_without_a_file_has_a_test_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    run(["check", "--format", "junit", "--output-file", "report"])
    assert len(list(ElementTree.fromstring((tmp_path / "report").read_text()).iter("testcase"))) == 1


def test_checkstyle_keeps_line_breaks_and_replaces_what_xml_cannot_have(project: Path):
    root = ElementTree.fromstring(text_of(project, "checkstyle"))
    found = [
        (file.get("name"), int(error.get("line") or 0), int(error.get("column") or 0), error.get("source"))
        for file in root.iter("file")
        for error in file.iter("error")
    ]
    assert found[:3] == [
        (path, line, column, f"playpen.{rule.replace('/', '.')}") for path, line, column, _, _, rule in FOUND
    ]
    messages = [error.get("message") for error in root.iter("error")]
    assert messages == [message.replace("\a", "\ufffd") for message in [*MESSAGES, NOT_CHECKED]]


def test_github_commands_are_read_as_the_runner_reads_them(project: Path):
    read = [command_of(line) for line in text_of(project, "github").splitlines() if line.startswith("::")]
    expected = sorted(FOUND, key=lambda one: one[4] != "error")
    assert [
        (told["file"], int(told["line"]), int(told["col"]), int(told["endColumn"]), level, told["title"])
        for level, told, _ in read[:3]
    ] == expected
    assert [message for *_, message in read[:3]] == [message.replace("\a", "\ufffd") for message in MESSAGES]
    assert read[3][0] == "notice"


def command_of(line: str) -> tuple[str, dict[str, str], str]:
    """(level, properties, message) of a workflow command, unescaped in the order of the runner."""
    match = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
    assert match, line
    properties = dict(one.split("=", 1) for one in match[2].split(","))
    unescaped = lambda text: text.replace("%0D", "\r").replace("%0A", "\n")  # noqa: E731
    told = {
        key: unescaped(value).replace("%3A", ":").replace("%2C", ",").replace("%25", "%")
        for key, value in properties.items()
    }
    return match[1], told, unescaped(match[3]).replace("%25", "%")


def test_github_says_how_many_it_does_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "a,b:%.py").write_text("import logging\n" + 'logging.info(f"{1}")\n' * 12)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    run(["check", "--select", "formatted-log-message", "--format", "github", "--output-file", "out"])
    lines = (tmp_path / "out").read_text().splitlines()
    assert len(lines) == 13
    assert command_of(lines[0])[1]["file"] == "a,b:%.py"
    assert lines[-1] == "playpen-ls: 2 of 12 findings are only in this log: GitHub shows 10 of each level"


GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "not": {"pattern": "^\\./"}},
                    "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer"}}},
                },
            },
        },
    },
}
"""The documented fields of a code quality report."""


def test_gitlab_has_the_documented_fields(project: Path):
    issues = json.loads(text_of(project, "gitlab"))
    pytest.importorskip("jsonschema").validate(issues, GITLAB)
    assert [(one["location"]["path"], one["location"]["lines"]["begin"], one["check_name"]) for one in issues[:3]] == [
        (path, line, rule) for path, line, _, _, _, rule in FOUND
    ]


def test_fingerprints_are_unique_and_stay_when_lines_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def fingerprints(text: str) -> list[str]:
        Path("app.py").write_text(text)
        run(["check", "--select", "formatted-log-message", "--format", "gitlab", "--output-file", "out"])
        return [one["fingerprint"] for one in json.loads(Path("out").read_text())]

    before = fingerprints("import logging\n" + 'logging.info(f"{1}")\n' * 2 + 'logging.info(f"{2}")\n')
    assert len(set(before)) == 3
    assert (
        fingerprints("import logging\n\n\n" + 'logging.info(f"{1}")\n' * 2 + '\n\nlogging.info( f"{2}")\n')[:2]
        == before[:2]
    )


def test_rdjson_counts_columns_in_bytes(project: Path):
    diagnostics = json.loads(text_of(project, "rdjson"))["diagnostics"]
    assert [one["code"]["value"] for one in diagnostics[:3]] == [rule for *_, rule in FOUND]
    told = diagnostics[1]["location"]
    assert told["path"] == "50% done/app.py"
    line = str(FILES["50% done/app.py"]).splitlines()[2].encode()
    start, end = (told["range"][name]["column"] - 1 for name in ("start", "end"))
    assert line[start:end] == b'f"{mood}"'
    (suggestion,) = diagnostics[1]["suggestions"]
    start, end = (suggestion["range"][name]["column"] - 1 for name in ("start", "end"))
    assert (
        line[:start] + suggestion["text"].encode() + line[end:] == 'mood = "😀"; logging.warning("%s", mood)'.encode()
    )
    assert "suggestions" not in diagnostics[0] or diagnostics[0]["suggestions"] == []


def test_markdown_is_read_by_a_parser_of_commonmark(project: Path):
    parser = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(text_of(project, "markdown"))
    heads = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert heads == ["playpen-ls", "50% done/Dockerfile", "50% done/app.py", "50% done/k8s/pod.yaml", "broken.py"]
    cells = [tokens[at + 1] for at, token in enumerate(tokens) if token.type == "td_open"]
    texts = ["".join(piece.content for piece in cell.children or ()) for cell in cells]
    assert texts[3] == MESSAGES[0].replace("`", "")
    assert texts[11] == MESSAGES[2].replace("`", "").replace("\a", "\ufffd")  # the pipe did not end the cell
    assert cells[2].children[0].attrs["href"].endswith("#secrets-management")


def test_markdown_that_is_too_long_has_counts_only(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(project)
    monkeypatch.setattr(markdown, "LONGEST", 100)
    run(["check", "--select", ",".join(SELECTED), "--format=markdown", "--output-file", str(tmp_path / "report")])
    text = (tmp_path / "report").read_text()
    assert "| 1 | error | dockerfile/secret-in-image |" in text
    assert "pod.yaml" not in text


def test_only_one_report_goes_to_standard_output(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(project)
    for arguments, message in (
        (["--format=json", "--format=sarif"], "only one format can go to standard output"),
        (["--format=json=x", "--format=sarif=./x"], "two formats cannot be written to one file"),
        (["--format=jsn"], "--format jsn: unknown format; known formats: "),
        (["--format=json="], "a file name is missing"),
        (["--format=json=x", "--output-file", "y"], "--output-file needs exactly one --format"),
        (["--format=json", "--output-file", "clean.py/x"], "cannot be written"),
    ):
        assert run(["check", *arguments]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(not PARSERS.exists() or not shutil.which("java"), reason="tests/cli/consumers/install was not run")
def test_the_parsers_of_jenkins_read_the_same(project: Path):
    named = {"sarif": "sarif", "junit": "junit", "checkstyle": "checkstyle", "code-climate": "gitlab"}
    done = subprocess.run(
        ["java", "-cp", f"{PARSERS}/*", CONSUMERS / "ReadReports.java"]
        + [f"{parser}={project / 'reports' / format}" for parser, format in named.items()],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    read: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    for parser in ("sarif", "checkstyle", "code-climate"):
        assert [(one["path"], one["line"]) for one in read[parser][:3]] == [(path, line) for path, line, *_ in FOUND]
    severities = {parser: [one["severity"] for one in issues] for parser, issues in read.items()}
    assert severities["sarif"] == ["HIGH", "NORMAL", "NORMAL"]
    assert severities["checkstyle"] == ["ERROR", "NORMAL", "NORMAL", "LOW"]
    assert [one["type"] for one in read["sarif"]] == [rule for *_, rule in FOUND]
    types = [(one["category"].lower(), one["type"]) for one in read["checkstyle"][:3]]
    assert types == [tuple(rule.split("/")) for *_, rule in FOUND]
    # What reads JUnit's texts takes a path from letters and slashes, so that of `50% done` is not complete.
    assert sorted(one["line"] for one in read["junit"]) == [1, 2, 3, 7]
    assert all(one["message"].endswith(message) for one, message in zip(read["code-climate"], MESSAGES, strict=False))


@pytest.mark.slow
@pytest.mark.skipif(not REVIEWDOG.exists(), reason="tests/cli/consumers/install was not run")
def test_reviewdog_reads_the_same(project: Path):
    done = subprocess.run(
        [REVIEWDOG, "-f=rdjson", "-reporter=local", "-filter-mode=nofilter"], cwd=project,
        input=text_of(project, "rdjson"), capture_output=True, text=True,
    )  # fmt: skip
    assert done.stderr == ""
    lines = [line for line in done.stdout.splitlines() if line.startswith("message:")]
    for line, (path, number, *_, rule) in zip(lines, FOUND, strict=False):
        assert f'path:"{path}"' in re.sub(r"\s+", " ", line).replace(": ", ":")
        assert f"line:{number}" in line
        assert rule in line
    assert len(lines) == 4
