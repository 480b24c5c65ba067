from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.file_view import each
from playpen_ls.api.finding import Finding, Fix, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.model.region import Region
from playpen_ls.languages.jenkinsfile.parts import WholeFile
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.validator.known_steps import (
    BLOCKED,
    JOB_OPTIONS,
    NO_OPTIONS,
    PARAMETERS,
    STAGE_OPTIONS,
    STEPS,
    TOOLS,
    TRIGGERS,
)
from playpen_ls.rules.jenkinsfile._library import library_of, own_methods, own_step, own_steps
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import near_miss

_STEPS = frozenset(("steps", "script", "node", "container", "dir", "always", "success", "failure", "cleanup"))
_KNOWN = STEPS.keys() | BLOCKED.keys() | JOB_OPTIONS | NO_OPTIONS | PARAMETERS | STAGE_OPTIONS | TOOLS | TRIGGERS
_DEFINES = regex(r"\b(?:def|void|String|boolean|int|Map|List|Object)\s+(\w+)\s*\(")


def pipeline(step: str, head: str = "") -> str:
    stage = f"        stage('A') {{\n            steps {{\n                {step}\n            }}\n        }}\n"
    return f"{head}pipeline {{\n    agent any\n    stages {{\n{stage}    }}\n}}\n"


LIBRARY = {"vars/shopDeploy.groovy": 'def call(Map config) {\n    sh "deploy ${config.target}"\n}\n'}


@rule(
    severity=Severity.WARNING,
    practice="+",
    bad=[
        example(
            {"Jenkinsfile": pipeline("«shopDeplyo» target: 'test'"), **LIBRARY},
            fixed=pipeline("shopDeploy target: 'test'"),
        ),
        example(
            {"Jenkinsfile": "node {\n    «shopdeploy»(target: 'test')\n}\n", **LIBRARY},
            fixed="node {\n    shopDeploy(target: 'test')\n}\n",
        ),
        example(
            {
                "Jenkinsfile": "library identifier: 's@1', retriever: legacySCM(scm)\nnode { «shopDeplyo» a: 1 }\n",
                **LIBRARY,
            },
            fixed="library identifier: 's@1', retriever: legacySCM(scm)\nnode { shopDeploy a: 1 }\n",
        ),
        # At the top of the file, and a method of a library's file.
        example({"Jenkinsfile": "«shopDeplyo»(target: 'test')\n", **LIBRARY}, fixed="shopDeploy(target: 'test')\n"),
        example(
            {
                "Jenkinsfile": pipeline("script { shop.«statsu»('a') }"),
                "vars/shop.groovy": "def status(a) { echo a }\n",
            },
            fixed=pipeline("script { shop.status('a') }"),
        ),
    ],
    good=[
        {
            "Jenkinsfile": pipeline("script { shop.status('a'); shop.report(); other.statsu() }"),
            "vars/shop.groovy": "String status(a) { echo a }\n",
        },
        {
            "Jenkinsfile": pipeline("script { def shop = load 'a.groovy'; shop.statsu() }"),
            "vars/shop.groovy": "def status(a) { echo a }\n",
        },
        {
            "Jenkinsfile": pipeline("script { shop.statsu() }"),
            "vars/shop.groovy": "def status(a) { }\ndef methodMissing(String name, args) { }\n",
        },
        {"Jenkinsfile": pipeline("shopDeploy target: 'test'"), **LIBRARY},
        {"Jenkinsfile": pipeline("shopDeplyo target: 'test'", "@Library('shop') _\n"), **LIBRARY},
        {"Jenkinsfile": pipeline("shopDeplyo target: 'test'", "def shopDeplyo(Map c) { }\n"), **LIBRARY},
        {"Jenkinsfile": pipeline("otherStep target: 'test'"), **LIBRARY},
        {"Jenkinsfile": pipeline("build 'x'"), "vars/builds.groovy": "def call() { }\n"},
        {"Jenkinsfile": pipeline("shopDeplyo target: 'test'"), "vars/shopDeploy.groovy": "def other() { }\n"},
        pipeline("shopDeplyo target: 'test'"),
    ],
)
def misspelled_step(whole: WholeFile, files: Files) -> Iterator[Finding]:
    """Step is a misspelling of a step of the repository's own shared library.

    A file `vars/x.groovy` that defines `call` is the step `x`; its other methods are called as `x.method()`. Reported
    only in pipelines that load no other library, since that can define any step.
    """
    known = own_steps(whole.file, files)
    found = whole.file.ask(each, steps) if known else ()
    named = [(number, one) for number, some in enumerate(found) for one in some.calls]
    defined = {name for one in found for name in one.defines}
    for number, (name, span) in named:
        if name in known or name in defined or name in _KNOWN:
            continue
        meant = next((one for one in known if one.casefold() == name.casefold()), None) or near_miss(name, known)
        step = own_step(meant, files) if meant is not None else None
        if meant is None or step is None:
            continue
        message = f"unknown step `{name}`; did you mean `{meant}` of this repository's library?"
        fix = Fix(f"Rename `{name}` to `{meant}`", partial(list, (Edit(span.start, span.end, meant),)))
        related = (Place(library_of(meant), step.span, f"the step `{meant}`"),)
        yield Finding(span, message, (fix,), related=related, chunk=number)
    for number, some in enumerate(found):
        for owner, name, span in some.methods:
            methods = own_methods(owner, files) if owner in known and owner not in defined else frozenset[str]()
            meant = near_miss(name, methods) if name not in methods else None
            if meant is not None:
                message = f"`{library_of(owner)}` has no method `{name}`; did you mean `{meant}`?"
                fix = Fix(f"Rename `{name}` to `{meant}`", partial(list, (Edit(span.start, span.end, meant),)))
                yield Finding(span, message, (fix,), chunk=number)


class Steps(NamedTuple):
    """The steps of a region that stand by themselves, calls of methods, and the names that it defines."""

    calls: tuple[tuple[str, Span], ...] = ()
    methods: tuple[tuple[str, str, Span], ...] = ()
    defines: tuple[str, ...] = ()


def steps(parsed: Parsed) -> Steps:
    region = Region(parsed)
    calls = tuple(
        (call.name, call.name_span)
        for call in region.calls
        if not call.receiver
        and call.name not in _KNOWN
        and call.statement.first == call.index
        and (any(one.name in _STEPS for one in call.enclosing) or not any(True for _ in call.enclosing))
    )
    methods = tuple((call.receiver, call.name, call.name_span) for call in region.calls if call.receiver.isidentifier())
    defines = (*_DEFINES.findall(parsed.text), *(one.name for one in region.assignments))
    return Steps(calls, methods, defines)
