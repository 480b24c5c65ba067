from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.edits.quoting import expandable
from playpen_ls.languages.jenkinsfile.edits.retag import groovy_edit
from playpen_ls.languages.jenkinsfile.edits.sections import with_entry
from playpen_ls.languages.jenkinsfile.parts import EnvironmentEntry, Jenkinsfile, ShellStep, StringLiteral
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
def hard_coded_host(file: Jenkinsfile, platform: Platform) -> Iterator[Finding]:
    """Host of a platform service is hard-coded in several places.

    When the service moves, every place has to be changed. Set the host once in `environment` and use
    the variable in the steps. Hosts that match the platform's `service_hosts` are reported, in shell
    scripts and in `url` arguments.
    """
    if ".svc.cluster.local" not in file.source.text:
        return
    places = [
        (name, variable, literal, span)
        for literal, step in _texts(file)
        for name, variable, span in _hosts(literal, platform)
    ]
    counted = Counter(name for name, *_ in places)
    for name, variable, literal, span in places:
        if counted[name] > 1:
            fixes: tuple[Fix, ...] = ()
            if file.pipeline is not None:
                known = _entry_of(file, name)
                title = f"Set `{variable}` in `environment` and use it"
                if known:
                    title = f"Use `{known}` from `environment`"
                fixes = (Fix(title, _named_once(file, platform, name, known, variable)),)
            message = f"host `{name}` is hard-coded in {counted[name]} places"
            yield Finding(literal.fragment.span(span.start, span.end), message, fixes)


def _texts(file: Jenkinsfile) -> Iterator[tuple[StringLiteral, ShellStep | None]]:
    """The scripts of shell steps, each with its step, and the literal `url` arguments of other calls."""
    for call in (call for one in file.passages if ".svc.cluster.local" in one.text for call in one.calls):
        if isinstance(call, ShellStep):
            if call.script is not None:
                yield call.script, call
        elif (argument := call.argument("url")) is not None and argument.string is not None:
            yield argument.string, None


def _hosts(literal: StringLiteral, platform: Platform) -> Iterator[tuple[str, str, Span]]:
    text = literal.fragment.text
    for host in service_hosts(text):
        name = text[host.span.start : host.span.end]
        if any(fnmatchcase(name, pattern) for pattern in platform.service_hosts):
            yield name, host.variable, host.span


def _entry_of(file: Jenkinsfile, host: str) -> str | None:
    """The variable of the pipeline's `environment` whose value is the host; None without one."""
    entries = file.pipeline.environment if file.pipeline else ()
    return next((one.name for one in entries if one.value.value == host), None)


def _named_once(
    file: Jenkinsfile, platform: Platform, host: str, known: str | None, variable: str
) -> Callable[[], Iterator[Edit]]:
    def change() -> Iterator[Edit]:
        assert file.pipeline is not None
        name = known or variable
        if known is None:
            if any(one.name == variable for one in file.assignments if isinstance(one, EnvironmentEntry)):
                raise Refused(f"an `environment` block already sets `{variable}`")
            yield with_entry(file.pipeline, "environment", f"{variable} = '{host}'")
        for literal, step in _texts(file):
            spans = [span for found, _, span in _hosts(literal, platform) if found == host]
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

    return change
