from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.parts import Argument, Region
from playpen_ls.rules.jenkinsfile._library import library_of, own_step, own_steps
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import near_miss

DEPLOY = "def call(Map config = [:]) {\n    sh \"deploy ${config.target} ${config.get('version', '1')}\"\n}\n"


def pipeline(step: str, library: str = DEPLOY, head: str = "") -> dict[str, str]:
    stage = f"        stage('A') {{\n            steps {{\n                {step}\n            }}\n        }}\n"
    written = f"{head}pipeline {{\n    agent any\n    stages {{\n{stage}    }}\n}}\n"
    return {"Jenkinsfile": written, "vars/shopDeploy.groovy": library}


@rule(
    severity=Severity.WARNING,
    practice="+",
    bad=[
        example(
            pipeline("shopDeploy «tagret»: 'test', version: '2'"),
            fixed=pipeline("shopDeploy target: 'test', version: '2'")["Jenkinsfile"],
        ),
        example(
            pipeline("shopDeploy('«targets»': 'test')", "def call(config) { echo config['target'] }\n"),
            fixed=pipeline("shopDeploy('target': 'test')")["Jenkinsfile"],
        ),
        pipeline("shopDeploy «target»: 'test'", "def call(String target, int retries = 1) { echo target }\n"),
        pipeline("shopDeploy(«target»: 'test') { echo 'x' }", "void call(final Closure body) { body() }\n"),
    ],
    good=[
        pipeline("shopDeploy target: 'test', version: '2'"),
        pipeline("shopDeploy 'test'", "def call(String target) { echo target }\n"),
        # The map is used for more than the names in the file.
        pipeline("shopDeploy tagret: 'test'", "def call(Map config) { echo config.target; other(config) }\n"),
        pipeline("shopDeploy tagret: 'test'", "def call(Map c) { echo c.target; c.each { echo it.key } }\n"),
        pipeline("shopDeploy image: 'test'"),
        pipeline("shopDeploy target: 'test'", "def call(String a) { }\ndef call(Map<String, String> b) { }\n"),
        pipeline("shopDeploy target: 'test'", "def call(Target target) { }\n"),
        pipeline("shopDeploy target: 'test'", "class A { def call(String a) { } }\n"),
        pipeline("shopDeploy tagret: 'test'", head="@Library('shop@1.0') _\n"),
        pipeline("shop.shopDeploy tagret: 'test'"),
    ],
)
def unknown_step_parameter(region: Region, files: Files) -> Iterator[Finding]:
    """Step of the repository's own library has no such parameter.

    A step that `vars/x.groovy` defines gets named arguments as a map. A name that differs by a typo from one that the
    step reads has no effect; this is reported only if the step uses the map for nothing else. If no `call` of the
    step takes a map, named arguments fail. Reported only in pipelines that load no other library.
    """
    known = own_steps(region.file, files)
    for call in region.named(*sorted(known)):
        step = own_step(call.name, files) if not call.receiver else None
        named = [one for one in call.arguments if one.name is not None]
        if step is None or not named:
            continue
        related = (Place(library_of(call.name), step.span, f"the step `{call.name}`"),)
        if not step.takes_names:
            message = f"the step `{call.name}` takes no named arguments, so the call fails"
            yield Finding(_name_span(named[0]), message, related=related)
            continue
        given = {one.name for one in named}
        for one in named if step.complete else ():
            meant = near_miss(one.name or "", step.names - given) if one.name not in step.names else None
            if meant is not None:
                span = _name_span(one)
                message = f"the step `{call.name}` does not read `{one.name}`; did you mean `{meant}`?"
                fix = Fix(f"Rename `{one.name}` to `{meant}`", partial(list, (Edit(span.start, span.end, meant),)))
                yield Finding(span, message, (fix,), related=related)


def _name_span(argument: Argument) -> Span:
    """The name of a named argument, without quotes."""
    tokens, at = argument.tree.tokens, argument.first - 1
    while tokens[at][0] != ":":
        at -= 1
    kind, start, end, _ = tokens[at - 1]
    return Span(start + 1, end - 1) if kind == "string" else Span(start, end)
