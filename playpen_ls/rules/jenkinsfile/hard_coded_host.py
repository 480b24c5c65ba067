from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from playpen_ls.api.example import example
from playpen_ls.api.file_view import each
from playpen_ls.api.finding import Change, Finding, Fix, Refused, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.edits.change import whole_file_change
from playpen_ls.languages.jenkinsfile.edits.quoting import expandable
from playpen_ls.languages.jenkinsfile.edits.retag import groovy_edit
from playpen_ls.languages.jenkinsfile.edits.sections import with_entry
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.queries import pipeline_environment, pipeline_region
from playpen_ls.languages.jenkinsfile.parts import EnvironmentEntry, ShellStep, StringLiteral, WholeFile
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.tree import Tree
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.hosts import service_hosts

HOST = "postgres.playpen-platform.svc.cluster.local"


def stages(text: str) -> str:
    body = "".join(f"                {line}\n" for line in text.split("\n"))
    head = "    stages {\n        stage('Migrate') {\n            steps {\n"
    return f"{head}{body}            }}\n        }}\n    }}\n}}\n"


@rule(
    severity=Severity.INFORMATION,
    practice="Environment variables",
    bad=[
        example(
            "pipeline {\n    agent any\n" + stages(f"sh 'pg_isready -h «{HOST}»'\nsh \"psql -h «{HOST}» ${{ARGS}}\""),
            fixed=f"pipeline {{\n    agent any\n    environment {{\n        POSTGRES_HOST = '{HOST}'\n    }}\n"
            + stages("sh 'pg_isready -h ${POSTGRES_HOST}'\nsh \"psql -h ${POSTGRES_HOST} ${ARGS}\""),
        ),
        example(
            f"pipeline {{\n    environment {{\n        PGHOST = '{HOST}'\n    }}\n"
            + stages(f"bat 'ping «{HOST}»'\nhttpRequest url: 'http://«{HOST}»:5432/'"),
            fixed=f"pipeline {{\n    environment {{\n        PGHOST = '{HOST}'\n    }}\n"
            + stages("bat 'ping %PGHOST%'\nhttpRequest url: \"http://${PGHOST}:5432/\""),
        ),
        f"node {{\n    sh 'ping «{HOST}»'\n    sh 'psql -h «{HOST}»'\n}}\n",
    ],
    good=[
        "pipeline {\n    agent any\n" + stages(f"sh 'pg_isready -h {HOST}'"),
        f"pipeline {{\n    environment {{\n        A = '{HOST}'\n        B = 'http://{HOST}'\n    }}\n"
        + stages("sh 'x'"),
        "pipeline {\n    agent any\n" + stages("sh 'docker push nexus:5000/a:1'\nsh 'docker push nexus:5000/b:1'"),
        "pipeline {\n    agent any\n" + stages("sh 'curl http://a.b.svc.cluster.local http://a.b.svc.cluster.local'"),
    ],
)
def hard_coded_host(whole: WholeFile, platform: Platform) -> Iterator[Finding]:
    """Host of a platform service is hard-coded in several places.

    When the service moves, every place has to be changed. Set the host once in `environment` and use
    the variable in the steps. Hosts that match the platform's `service_hosts` are reported, in shell
    scripts and in `url` arguments.
    """
    places = [
        (number, use)
        for number, found in enumerate(whole.file.ask(each, host_uses))
        for use in found
        if _is_of(platform, use.host)
    ]
    counted = Counter(use.host for _, use in places)
    for number, use in places:
        if counted[use.host] > 1:
            fixes: tuple[Fix, ...] = ()
            if whole.file.ask(pipeline_region) is not None:
                known = next((name for name, value in whole.file.ask(pipeline_environment) if value == use.host), None)
                title = f"Set `{use.variable}` in `environment` and use it"
                if known:
                    title = f"Use `{known}` from `environment`"
                fixes = (Fix(title, _named_once(whole, use, known)),)
            message = f"host `{use.host}` is hard-coded in {counted[use.host]} places"
            yield Finding(use.span, message, fixes, chunk=number)


class HostUse(NamedTuple):
    """A host in a shell script or in a `url`, and the variable that is usual for it."""

    host: str
    variable: str
    span: Span


def host_uses(parsed: Parsed) -> tuple[HostUse, ...]:
    return tuple(
        HostUse(host, variable, literal.fragment.span(span.start, span.end))
        for literal, _ in _texts(Tree(parsed))
        for host, variable, span in _hosts(literal)
    )


def _is_of(platform: Platform, host: str) -> bool:
    return any(fnmatchcase(host, pattern) for pattern in platform.service_hosts)


def _texts(tree: Tree) -> Iterator[tuple[StringLiteral, ShellStep | None]]:
    """The scripts of shell steps, each with its step, and the literal `url` arguments of other calls."""
    for call in tree.calls if ".svc.cluster.local" in tree.text else ():
        if isinstance(call, ShellStep):
            if call.script is not None:
                yield call.script, call
        elif (argument := call.argument("url")) is not None and argument.string is not None:
            yield argument.string, None


def _hosts(literal: StringLiteral) -> Iterator[tuple[str, str, Span]]:
    text = literal.fragment.text
    for host in service_hosts(text):
        yield text[host.span.start : host.span.end], host.variable, host.span


def _named_once(whole: WholeFile, use: HostUse, known: str | None) -> Callable[[], Change]:
    def edits(model: Jenkinsfile) -> Iterator[Edit]:
        name = known or use.variable
        if known is None:
            if any(one.name == name for one in model.assignments if isinstance(one, EnvironmentEntry)):
                raise Refused(f"an `environment` block already sets `{name}`")
            yield with_entry(model, "environment", f"{name} = '{use.host}'")
        for literal, step in _texts(model.tree):
            spans = [span for found, _, span in _hosts(literal) if found == use.host]
            if not spans:
                continue
            if step is None:
                yield groovy_edit(literal, [(span.start, span.end) for span in spans], f"${{{name}}}")
                continue
            for span in spans:
                written = expandable(step, span.start, f"${{{name}}}")
                where = literal.fragment.span(span.start, span.end)
                if written is not None:
                    yield Edit(where.start, where.end, written)

    return whole_file_change(whole.file, edits)
