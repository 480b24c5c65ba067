"""No output shows a secret: every output of the program is given every sample of every rule about secrets."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from raw import Raw

from command_line import written
from examples import Project
from playpen_ls.api.rule import Configured, Rule, RuleContext
from playpen_ls.cli.arguments import command_names, parser
from playpen_ls.cli.main import run
from playpen_ls.cli.report import format_names
from playpen_ls.engine.check import check
from playpen_ls.engine.registry import all_rules
from playpen_ls.engine.rule_set import RuleSet
from playpen_ls.vocabulary.secret_lines import embedded
from playpen_ls.vocabulary.secrets import bound_values, is_weak

VALUE = "Zebra-9912.Xq"
QUOTED = ("VALUE", "'VALUE'", '"VALUE"')
COMMANDS = (
    "mysql -u root -p{v} -e x", "mysql --password={v} x", "echo {v} | docker login -u me --password-stdin h",
    "echo root:{v} | chpasswd", "npm config set //r/:_authToken {v}", "helm upgrade x y --set db.password={v}",
    "kubectl create secret generic x --from-literal=password={v}", "htpasswd -bc f me {v}", "redis-cli -a {v}",
    "curl -H 'X-Api-Key: {v}' h", "psql 'host=db user=me password={v}'", "docker login -u me -p {v} h", "docker login -u me -p{v} h",
    "docker login -u me --password={v} h", "curl -u me:{v} https://h/", "curl -ume:{v} https://h/", "sshpass -p{v} ssh h",
    "sshpass -p {v} ssh h", "export API_TOKEN={v}", "PGPASSWORD={v} psql", "tool --api-token={v}", "tool --api-token {v}",
    "curl https://me:{v}@h/",
)  # fmt: skip
DEPLOYMENT = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n      image: nexus:5000/web\n"
UNREPORTED = {  # bound to the name of a secret, but not worth a finding; beside something that is reported
    "app.py": 'import os\n\nos.system(f"login {password}", password="V1")\nlogin(os.getenv("DB_TOKEN", "V1"))\nprint(password == "V1")\n',
    "Dockerfile": "FROM debian\nENV DB_PASSWORD=V1\nRUN app --password V1\n",
    "pod.yaml": DEPLOYMENT + "      env:\n        - name: DB_PASSWORD\n          value: V1\n",
    "Jenkinsfile": "node {\n    withEnv(['DB_PASSWORD=V1']) {\n        sh 'app --token=V1'\n    }\n}\n",
}

# Passwords that look like words, ids and names: only what they are bound to says what they are.
PLAIN = (
    "correct-horse-battery",
    "6f1c2a3e-88b1-4c0d-9a77-1f2e3d4c5b6a",
    "hvs.CAESIJxQxWaZ",
    "hf_AbCdEfGhIjKlMnOp",
    "q9Z!x",
)
PRINTED = (
    'import os\n\nDB_PASSWORD = "V1"\ncfg = {"password": "V1", "host": "redis.apps.svc.cluster.local"}\nprint(f"loaded V1")\n'
    'connect(host="postgres.apps.svc.cluster.local", password="V1")\nprint("key V1")\n'
)
BUILT = {  # an argument where a program is expected
    "Dockerfile": "FROM nexus:5000/python:3.12\nCOPY . .\n",
    "pod.yaml": DEPLOYMENT.replace("nexus:5000/web", "web:latest") + '      args: ["--password=V1"]\n',
}


@dataclass(frozen=True)
class Sample:
    files: dict[str, str]
    secrets: frozenset[str]
    lines: frozenset[str]
    """The lines that contain them: those of common words show only so that they are not masked."""

    def shown_in(self, output: str) -> list[str]:
        words = [word for word in self.secrets if not is_weak(word) and len(word) > 3 and word in output]
        return words + [line for line in self.lines if re.search(rf"{re.escape(line)}(?![\w:/@.-])", output)]


def sample(files: dict[str, str], secrets: set[str], text: str) -> Sample:
    pieces = {line.strip() for secret in secrets for line in secret.splitlines() if len(line.strip()) > 5}
    lines = {line.strip() for line in text.splitlines() if any(secret in line for secret in secrets)}
    return Sample(files, frozenset(pieces | {one for one in secrets if "\n" not in one}), frozenset(lines))


@cache
def samples() -> list[Sample]:
    return [*_of_rules(), *_of_commands(), *_unreported()]


def _of_rules() -> Iterator[Sample]:
    for rule in all_rules():
        for example in rule.bad if rule.masks_text else ():
            project = Project(rule, example)
            found = [one for one in project.look().diagnostics if not one.finding.printable]
            secrets = {project.source.of(one.span).strip("\"'") for one in found}
            if secrets:
                yield sample({project.path: project.source.text, **project.others}, secrets, project.source.text)


def _of_commands() -> Iterator[Sample]:
    """Every command in every quoting and in every place, each with a secret of its own."""
    numbers, secrets = count(1000), list[str]()

    def lines(form: Callable[[str], str], turn: int, *, quoted: bool = True) -> str:
        written = []
        for number, command in enumerate(COMMANDS):
            line = command.format(v=QUOTED[(number + turn) % 3 if quoted else 0]).replace(
                "VALUE", f"Zebra-{next(numbers)}.Xq"
            )
            if "|" not in line or form in (run, step, block):
                secrets.extend(re.findall(r"Zebra-\d+\.Xq", line))
                written.append(form(line))
        return "".join(written)

    def run(line: str) -> str:
        return f"RUN {line}\n"

    def vector(line: str) -> str:
        return f"CMD {json.dumps(shlex.split(line))}\n"

    def step(line: str) -> str:
        return "    sh '{}'\n".format(line.replace("'", "\\'"))

    def batch(line: str) -> str:
        return '    bat "{}"\n'.format(line.replace('"', '\\"'))

    def block(line: str) -> str:
        return f"    sh '''\n        {line}\n    '''\n"

    def document(line: str) -> str:
        return f"---\n{DEPLOYMENT}      command: {json.dumps(shlex.split(line))}\n"

    script = lines(lambda line: f"          {line}\n", 0)
    files = {
        "Dockerfile": "FROM debian\n" + lines(run, 0) + lines(vector, 0, quoted=False),
        "heredoc/Dockerfile": "FROM debian\nRUN <<EOF\n" + lines(lambda line: f"{line}\n", 1) + "EOF\n",
        "Jenkinsfile": f"node {{\n{lines(step, 0)}}}\n",
        "block/Jenkinsfile": f"node {{\n{lines(block, 1)}}}\n",
        "batch/Jenkinsfile": f"node {{\n{lines(batch, 2)}}}\n",
        "pod.yaml": f"{DEPLOYMENT}      args:\n        - |\n{script}",
        "pods.yaml": lines(document, 0, quoted=False),
    }
    yield Sample(files, frozenset(secrets), frozenset())


def _unreported() -> Iterator[Sample]:
    for name, text in UNREPORTED.items():
        yield sample({name: text.replace("V1", VALUE)}, {VALUE}, "")
    for value in PLAIN:
        yield sample({"app.py": PRINTED.replace("V1", value), ".git/HEAD": ""}, {value}, "")
    yield sample({".git/HEAD": "", **{name: text.replace("V1", VALUE) for name, text in BUILT.items()}}, {VALUE}, "")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for number, one in enumerate(samples()):
        written(tmp_path / f"s{number}", {path: text for path, text in one.files.items() if not path.endswith("/")})
    return tmp_path


def assert_hidden(output: str) -> None:
    shown = [word for one in samples() for word in one.shown_in(output)]
    where = [next(line for line in output.splitlines() if word in line) for word in shown if "\n" not in word]
    assert shown == [], where[:5]


def without_examples(text: str) -> str:
    """The text without the examples of the pages of rules."""
    return re.sub(r"```\w+(?:\\n|\n).*?```", "", text, flags=re.DOTALL)


def command_lines() -> Iterator[list[str]]:
    """`check` with all formats at once, and the other commands with each of theirs."""
    yield ["check", "--show-fixes", *(f"--format={name}=report.{name}" for name in format_names())]
    yield ["check", "--ignore", ",".join(rule.id for rule in all_rules() if rule.masks_text)]
    yield ["fix", "--unsafe", "--diff"]
    for name in sorted({*command_names()} - {"check"}):
        (known,) = (one for one in parser([name])._actions if isinstance(one, argparse._SubParsersAction))
        formats = next((one for one in known.choices[name]._actions if one.dest == "format"), None)
        yield from [[name, "--format", str(choice)] for choice in formats.choices or ()] if formats else [[name]]


@pytest.mark.parametrize("arguments", [*command_lines()], ids=lambda words: " ".join(words)[:40])
def test_no_command_shows_a_secret(
    tree: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tree)
    monkeypatch.setenv("NO_COLOR", "1")
    with suppress(SystemExit):  # of wrong usage
        run(arguments)
    output = capfd.readouterr()
    reports = [without_examples(path.read_text()) for path in tree.glob("report.*")]
    assert len(reports) == sum(word.startswith("--format=") for word in arguments)
    assert_hidden("\n".join([output.out, output.err, *reports]))


# How to ask for what a server announces: a provider that is not here has not been looked at.
ASKED = {
    "hoverProvider": "textDocument/hover",
    "codeActionProvider": "textDocument/codeAction",
    "definitionProvider": "",  # its answers are places, without text
    "referencesProvider": "",  # so are those
    "documentHighlightProvider": "",
    "documentLinkProvider": "",  # addresses and titles of rules
    "selectionRangeProvider": "",
    "workspaceSymbolProvider": "",  # names of objects, images, stages and variables, and paths of routes
    "completionProvider": "",  # names of images, objects, keys, variables, files and rules, and no values
    "renameProvider": "",  # its answers have the name under the cursor and the new one
    "documentSymbolProvider": "",  # names of stages, kinds of instructions
    "codeLensProvider": "",  # paths and numbers
    "inlayHintProvider": "textDocument/inlayHint",
    "foldingRangeProvider": "",  # line numbers
    "executeCommandProvider": "",  # its answers are those of the commands and of code actions
    "textDocumentSync": "",  # its answers are diagnostics and the edits before a save
    "positionEncoding": "",
    "workspace": "",
    "notebookDocumentSync": "",
}


def test_no_message_of_the_server_shows_a_secret(tree: Path):
    said, hovered = list[Any](), set[str]()
    with Raw(tree) as server:
        abilities = {
            "textDocument": {
                "codeAction": {
                    "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}},
                    "resolveSupport": {"properties": ["edit"]}, "dataSupport": True,
                },
                "hover": {"contentFormat": ["markdown"]},
            },
        }  # fmt: skip
        started = server.ask("initialize", {"capabilities": abilities, "rootUri": tree.as_uri(), "processId": None})
        server.send("initialized", {})
        hints = {"features": {"inlayHint": ["dockerfile", "kubernetes"]}}
        server.send("workspace/didChangeConfiguration", {"settings": {"playpen": hints}})
        assert {name for name, given in started["result"]["capabilities"].items() if given} <= set(ASKED)
        for number, one in enumerate(samples()):
            for path, text in one.files.items():
                name = f"s{number}/{path}"
                item = {"uri": server.uri(name), "languageId": "x", "version": 1, "text": text}
                server.send("textDocument/didOpen", {"textDocument": item})
                lines = text.count("\n")
                whole = {"start": {"line": 0, "character": 0}, "end": {"line": lines, "character": 0}}
                document = {"textDocument": {"uri": server.uri(name)}}
                asked = {**document, "range": whole, "context": {"diagnostics": [], "triggerKind": 2}}
                list(_all(server, "textDocument/codeAction", asked, said))
                list(_all(server, "textDocument/inlayHint", {**document, "range": whole}, said))
                found = next(one for one in reversed(said) if one.get("method") == "textDocument/publishDiagnostics")
                for diagnostic in found["params"]["diagnostics"]:
                    if diagnostic["code"] not in hovered:
                        hovered.add(diagnostic["code"])
                        list(
                            _all(
                                server,
                                "textDocument/hover",
                                {**document, "position": diagnostic["range"]["start"]},
                                said,
                            )
                        )
        _, log = server.end()
    assert sum(message.get("method") == "textDocument/publishDiagnostics" for message in said) > len(samples())
    assert_hidden(json.dumps(said, ensure_ascii=False) + log)


def _all(server: Raw, method: str, params: Any, said: list[Any]) -> Iterator[dict[str, Any]]:
    """The answer to a request; also keeps all messages that come before it."""
    server.send(method, params, request=True)
    while True:
        message = server.receive()
        said.append(_without_texts(message))
        if message.get("id") == server.ids and "method" not in message:
            yield message
            return


def _without_texts(value: Any) -> Any:
    """A message without the texts that the editor puts into the document, and without the examples of the rules' pages."""
    if isinstance(value, str):
        return without_examples(value)
    if isinstance(value, dict):
        return {key: _without_texts(one) for key, one in value.items() if key != "newText"}
    return [_without_texts(one) for one in value] if isinstance(value, list) else value


def test_a_rule_that_fails_does_not_log_the_text(caplog: pytest.LogCaptureFixture):
    rule = next(rule for rule in all_rules() if rule.masks_text)
    project = Project(rule, rule.bad[0])

    def failing(*_: object, **__: object) -> None:
        raise ValueError(project.source.text)

    context = RuleContext(project.example.platform, project.files, lambda kind: project.index.facts(kind, project.path))
    failed = check(project.look().model, RuleSet([Configured(replace(rule, function=failing))]), context)
    assert rule.id in caplog.text
    assert failed.failed == {rule.id}
    assert not re.search("|".join(re.escape(project.source.of(span)) for span in project.expected), caplog.text)


def test_rules_that_report_secrets_are_those_that_mask_them():
    """A rule that forgets `masks_text` is caught by its examples: what it reports there is a secret to the vocabulary."""
    assert {rule.id for rule in all_rules() if _reports_secrets(rule)} == {r.id for r in all_rules() if r.masks_text}


def _reports_secrets(rule: Rule) -> bool:
    for example in rule.bad:
        project = Project(rule, example)
        text = project.source.text
        found = [*embedded(text), *(span for _, span in bound_values(text, expressions=project.path.endswith(".py")))]
        for one in project.look().diagnostics:
            assert not any(embedded(" ".join((one.finding.message, *(fix.title for fix in one.finding.fixes)))))
            if any(secret.start < one.end and one.start < secret.end for secret in found):
                return True
    return False


def test_the_samples_are_told_from_what_is_masked():
    one = sample({}, {"hunter2", "root"}, "a: hunter2\nb: root\n")
    assert one.shown_in("x hunter2 y") == ["hunter2"]
    assert one.shown_in("b: root") == ["b: root"]
    assert one.shown_in("a: •••\nb: •••\nroot") == []
