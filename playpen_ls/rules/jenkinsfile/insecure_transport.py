from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.file_view import each
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.model.region import Region
from playpen_ls.languages.jenkinsfile.parts import WholeFile
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.shell.insecure import NAMES, insecure_word
from playpen_ls.text.span import Span


def node(*steps: str) -> str:
    return "node {\n" + "".join(f"    {step}\n" for step in steps) + "}\n"


@rule(
    severity=Severity.INFORMATION,
    practice="+",
    preset="hardened",
    bad=[
        node("sh 'curl «-k» -T a.tgz https://nexus/a.tgz'"),
        node("sh '''\n        wget «--no-check-certificate» https://nexus/a.tgz\n    '''"),
        node("sh 'git -c «http.sslVerify=false» fetch'"),
        node("httpRequest url: 'https://nexus/a', ignoreSslErrors: «true»"),
        # Once a file.
        node("sh 'curl «--insecure» https://a/b'", "sh 'curl -k https://a/c'"),
    ],
    good=[
        node("sh 'curl -fsSLO https://nexus/a.tgz'"),
        node("sh 'curl --cacert ca.pem -o k https://nexus/a.tgz'"),
        node("echo 'curl -k https://nexus/a.tgz'"),
        node("httpRequest url: 'https://nexus/a', ignoreSslErrors: false"),
        node("// sh 'curl -k https://nexus'"),
    ],
)
def insecure_transport(whole: WholeFile) -> Iterator[Finding]:
    """Pipeline talks to a server without checking its certificate.

    Who stands between the agent and the server can read the credentials that are sent, and replace what is downloaded.
    Have the agent trust the certificate of the internal authority instead (`--cacert`, `update-ca-certificates`).
    Reported once a file.
    """
    for number, found in enumerate(whole.file.ask(each, insecure)):
        for span, name in found:
            yield Finding(span, f"`{name}` does not check the certificate of the server", chunk=number)
            return


def insecure(parsed: Parsed) -> tuple[tuple[Span, str], ...]:
    """The first place of a region, with the command or step."""
    region = Region(parsed)
    found = []
    for step in region.steps_with(NAMES):
        for command in step.commands:
            word = insecure_word(command)
            if word is not None:
                found.append((word.span, command.name))
    for call in region.named("httpRequest") if "ignoreSslErrors" in region.text else ():
        for argument in call.arguments:
            span = argument.span
            if argument.name == "ignoreSslErrors" and region.text[span.start : span.end] == "true":
                found.append((span, call.name))
    return tuple(sorted(found, key=_start)[:1])


def _start(one: tuple[Span, str]) -> int:
    return one[0].start
