from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.file_view import Outline
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.model.credentials import bound_at, may_bind
from playpen_ls.languages.jenkinsfile.model.queries import credentials_around, declares, store_lists
from playpen_ls.languages.jenkinsfile.model.region import Region as ParsedRegion
from playpen_ls.languages.jenkinsfile.parts import Call, Region, ShellStep, StringLiteral
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.shell.commands import Command, Word
from playpen_ls.text.regex import regex

_VARIABLE = regex(r"\$(?:\{(?:env\.|params\.)?(\w+)\}|(\w+))|%(\w+)%|\$env:(\w+)")
_PARAMETER = regex(r"\$\{\s*params\.(\w+)\s*\}|\$params\.(\w+)")
_PRINTS = frozenset(("echo", "printf", "Write-Host", "Write-Output"))
_CHANGES = frozenset(
    ("base64", "rev", "xxd", "od", "hexdump", "tr", "fold", "cut", "head", "tail", "sed", "awk", "openssl")
)
"""Programs whose output Jenkins does not recognize as the secret that they read."""


_COUNTED = regex(r"\$\([^()]*\|\s*(?:wc|cksum|md5sum|sha\d*sum)\b[^|()]*\)")


def pipeline(steps: str, parameters: str = "password(name: 'DB_PW')") -> str:
    head = f"pipeline {{\n    agent any\n    parameters {{\n        {parameters}\n    }}\n    stages {{\n"
    stage = f"        stage('A') {{\n            steps {{\n                {steps}\n            }}\n        }}\n"
    return f"{head}{stage}    }}\n}}\n"


def bound(steps: str) -> str:
    body = "".join(f"    {line}\n" for line in steps.split("\n"))
    return f"withCredentials([string(credentialsId: 'deploy-token', variable: 'TOKEN')]) {{\n{body}}}\n"


@rule(
    severity=Severity.WARNING,
    practice="Credential management",
    has_safe_fixes=False,
    bad=[
        pipeline('echo "connecting with «${params.DB_PW}»"'),
        pipeline("sh 'echo \"connecting with «$DB_PW»\"'"),
        pipeline("sh 'set -x; mysql -p\"«$DB_PW»\"'"),
        bound("sh 'echo \"«$TOKEN»\" | base64'"),
        bound("sh '''\n    printf \"%s\" «$TOKEN» | rev | cut -c1-4\n'''"),
        bound("sh 'echo «$TOKEN»'"),
        bound("sh 'echo $(echo «$TOKEN» | cut -c1-4)'"),
        bound('echo "the token is «${TOKEN}»"'),
        example(
            "pipeline {\n    environment {\n        NEXUS = credentials('nexus')\n    }\n    stages {\n"
            "        stage('A') { steps { sh 'echo «${NEXUS_PSW}»' } }\n    }\n}\n"
        ),
    ],
    good=[
        bound("sh 'echo \"$TOKEN\" | docker login -u me --password-stdin nexus:5000'"),
        bound("sh 'echo \"$TOKEN\" > token.txt; set -x; make'\nsh 'echo \"${#TOKEN}\" | base64'"),
        bound('sh \'echo "$HOME"\'\necho "build ${BUILD_NUMBER}"'),
        bound('sh \'echo "bytes: $(printf %s "$TOKEN" | wc -c)"\''),
        bound("sh 'echo \"$TOKEN\" | base64 > token.b64'\nsh 'x=$(echo \"$TOKEN\" | base64)'"),
        pipeline('echo "${params.REF}"', "string(name: 'REF')"),
        pipeline(
            "sh 'set +x; mysql -p\"$DB_PW\"'\n                sh 'echo \"$DB_PW\" | docker login --password-stdin'"
        ),
        "withCredentials([file(credentialsId: 'key', variable: 'KEY')]) {\n    sh 'echo $KEY'\n}\n",
        "sh 'echo $TOKEN'\n",
    ],
)
def logged_secret(region: Region) -> Iterator[Finding]:
    """Secret is written to the build log.

    Jenkins masks a credential in the log only where it stands exactly as it is stored: not in base64, reversed or in
    parts, and not in the logs of other systems. Parameters of the type `password` are not masked. Reported are
    `echo` and `printf` without a pipe or redirection, programs behind a pipe that change the text, and commands that
    `set -x` prints. A credential that is only printed is a hint, since Jenkins masks it.
    """
    outer = region.file.ask(credentials_around)
    passwords = region.file.ask(password_parameters)
    if not (outer or passwords or may_bind(region)):
        return
    lists = dict(region.file.ask(store_lists))
    for step in region.shell_steps:
        if step.script is not None:
            yield from _in_script(step, bound_at(step, outer, lists).secrets, passwords)
    for call in region.named("echo", "println"):
        literal = next((one.string for one in call.positional if one.string is not None), None)
        if literal is not None and literal.holes:
            yield from _in_echo(call, literal, bound_at(call, outer, lists).secrets, passwords)


def _in_echo(call: Call, literal: StringLiteral, bound: frozenset[str], passwords: frozenset[str]) -> Iterator[Finding]:
    for hole in literal.holes:
        name = literal.hole_name(hole) or ""
        match = _PARAMETER.fullmatch(literal.hole_text(hole))
        parameter = (match[1] or match[2]) if match else ""
        if parameter in passwords:
            yield Finding(hole, f"`{call.name}` writes the password parameter `{parameter}` to the build log")
        elif name in bound and not call.file.ask(declares, name):
            yield Finding(hole, _printed(call.name, name), severity=Severity.HINT)


def _in_script(step: ShellStep, bound: frozenset[str], passwords: frozenset[str]) -> Iterator[Finding]:
    assert step.script is not None
    traced = False
    for number, command in enumerate(step.commands):
        if command.name == "set":
            options = {word.text for word in command.arguments}
            traced = (traced or bool(options & {"-x", "-ex", "-xe", "-eux", "-euxo"})) and "+x" not in options
            continue
        piped = _piped(step.commands, number)
        if not bound and not passwords:
            return
        printed = command.name in _PRINTS and not command.redirects and not command.depth
        for word in command.words[1:]:
            for start, end, name in _variables(word):
                if name in passwords and (traced or (printed and not command.after.startswith("|"))):
                    what = f"`set -x` with `{command.name}`" if traced else f"`{command.name}`"
                    message = f"{what} writes the password parameter `{name}` to the build log"
                    yield Finding(step.script.fragment.span(start, end), message)
                elif name in bound and printed and piped:
                    message = f"`{piped}` writes secret `{name}` to the build log in a form that Jenkins does not mask"
                    yield Finding(step.script.fragment.span(start, end), message)
                elif name in bound and printed and not command.after.startswith("|"):
                    message = _printed(command.name, name)
                    yield Finding(step.script.fragment.span(start, end), message, severity=Severity.HINT)


def _printed(command: str, name: str) -> str:
    return f"`{command}` writes secret `{name}` to the build log; Jenkins masks only its exact value"


def _piped(commands: tuple[Command, ...], number: int) -> str:
    """The last program of a pipe that changes what it is given and writes it to the log, or ""."""
    last = number
    while commands[last].after == "|" and last + 1 < len(commands):
        last += 1
        if commands[last].name not in _CHANGES:
            return ""
    return commands[last].name if last > number and not commands[last].redirects else ""


def _variables(word: Word) -> Iterator[tuple[int, int, str]]:
    """(start, end, name) in the fragment of the variables that a word expands, but not of those that it only counts."""
    raw, at = word.raw, word.start
    if raw.startswith("'"):
        return
    for match in _VARIABLE.finditer(_COUNTED.sub(lambda counted: " " * len(counted[0]), raw)):
        yield at + match.start(), at + match.end(), next(filter(None, match.groups()))


def declared_passwords(parsed: Parsed) -> tuple[str, ...]:
    """The parameters of a region whose type says that they are secret."""
    if "password" not in parsed.text:
        return ()
    calls = ParsedRegion(parsed).named("password")
    return tuple(
        name
        for call in calls
        if (name := call.value("name")) and any(one.name == "parameters" for one in call.enclosing)
    )


def password_parameters(outline: Outline) -> frozenset[str]:
    return frozenset(outline.every(declared_passwords))
