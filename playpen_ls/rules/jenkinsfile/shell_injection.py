from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.file_view import Outline
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.model.queries import declares, sets_literal
from playpen_ls.languages.jenkinsfile.model.region import Region as ParsedRegion
from playpen_ls.languages.jenkinsfile.parts import Call, Region, ShellStep, StringLiteral
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.rules.jenkinsfile._library import own_steps, scripts_of
from playpen_ls.rules.jenkinsfile._shell_variables import by_shell, escaped
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_CHOSEN_BY_OTHERS = frozenset(
    """CHANGE_TITLE CHANGE_BRANCH CHANGE_AUTHOR CHANGE_AUTHOR_DISPLAY_NAME CHANGE_AUTHOR_EMAIL CHANGE_FORK BRANCH_NAME
    TAG_NAME GIT_BRANCH GIT_LOCAL_BRANCH ghprbPullTitle ghprbSourceBranch ghprbPullLongDescription
    gitlabMergeRequestTitle gitlabSourceBranch gitlabMergeRequestDescription""".split()
)
"""Environment variables whose values come from a branch, a tag or a change request, which outsiders can name."""
_FREE = ("string", "text", "stringParam", "textParam", "file", "validatingString", "persistentString")
"""Types of parameters that take any text; Jenkins refuses values of others that are not in their lists."""
_BRANCHES = frozenset(("BRANCH_NAME", "GIT_BRANCH", "GIT_LOCAL_BRANCH"))
_ONE_BRANCH = regex(r"""\bbranch\s*\(?\s*['"][^'"*?]+['"]|\b(?:BRANCH_NAME|GIT_BRANCH)\s*(?:==|in\b)""")
_PARAMETER = regex(r"\$\{\s*params\.([A-Za-z_]\w*)\s*\}|\$params\.([A-Za-z_]\w*)")
_MESSAGE = regex(r"\bgit\b.*(?:%[sbB]|--format=%[sbB])")
_IN_ENVIRONMENT = frozenset(("sh", "powershell", "pwsh"))


def pipeline(steps: str, parameters: str = "string(name: 'REF', defaultValue: 'main')") -> str:
    head = f"pipeline {{\n    agent any\n    parameters {{\n        {parameters}\n    }}\n    stages {{\n"
    stage = f"        stage('A') {{\n            steps {{\n                {steps}\n            }}\n        }}\n"
    return f"{head}{stage}    }}\n}}\n"


@rule(
    severity=Severity.WARNING,
    practice="+",
    bad=[
        example(
            pipeline('sh "git checkout «${params.REF}» && make"'),
            fixed=pipeline("sh 'git checkout \"${REF}\" && make'"),
        ),
        example(
            pipeline("sh \"deploy '«${env.BRANCH_NAME}»'\""),
            fixed=pipeline("sh 'deploy \"${BRANCH_NAME}\"'"),
        ),
        example(
            pipeline('def url = f()\n                sh "curl -d \\"title=«$CHANGE_TITLE»\\" ${url}"'),
            fixed=pipeline('def url = f()\n                sh "curl -d \\"title=\\$CHANGE_TITLE\\" ${url}"'),
        ),
        example(
            pipeline('pwsh "./build.ps1 -Ref \\"«${params.REF}»\\""'),
            fixed=pipeline("pwsh './build.ps1 -Ref \"$env:REF\"'"),
        ),
        example(
            pipeline('sh """\n  git fetch origin «${REF}»\n  make\n"""'),
            fixed=pipeline("sh '''\n  git fetch origin \"${REF}\"\n  make\n'''"),
        ),
        pipeline('bat "build.cmd «${params.REF}»"'),
        "properties([pipelineTriggers([GenericTrigger(genericVariables: [[key: 'ref', value: '$.ref']])])])\n"
        'node {\n    bat "git checkout «${ref}»"\n}\n',
        pipeline("sh 'make REF=' + «params.REF»"),
        pipeline("sh \"ssh host 'deploy «${params.REF}»'\""),
        "node {\n    def message = sh(script: 'git log -1 --pretty=%B', returnStdout: true).trim()\n"
        '    sh "notify \\"«${message}»\\""\n}\n',
        {
            "Jenkinsfile": pipeline('quietly(command: "git checkout «${params.REF}»")'),
            "vars/quietly.groovy": "def call(Map config) {\n    sh(script: config.command, returnStatus: true)\n}\n",
        },
    ],
    good=[
        {
            "Jenkinsfile": pipeline('notify("ref ${params.REF}")'),
            "vars/notify.groovy": "def call(String text) {\n    echo text\n}\n",
        },
        pipeline("sh 'git checkout \"$REF\"'"),
        pipeline('sh "git checkout \\"\\$REF\\""'),
        pipeline(
            'sh "make ${params.FAST} ${params.OTHER} ${BUILD_NUMBER} ${env.WORKSPACE}"', "booleanParam(name: 'FAST')"
        ),
        pipeline('sh "deploy ${params.REF}"', "choice(name: 'REF', choices: ['a', 'b'])"),
        pipeline('echo "ref ${params.REF}"'),
        pipeline('sh "push ${BRANCH_NAME}"').replace("steps {", "when { branch 'main' }\n            steps {"),
        pipeline('sh "push ${GIT_BRANCH}"').replace(
            "steps {", "when { expression { env.BRANCH_NAME == 'main' } }\n            steps {"
        ),
        pipeline(
            "build job: 'b', parameters: [string(name: 'TAG', value: '1')]\n                sh \"x ${params.TAG}\""
        ),
        "node {\n    GIT_BRANCH = 'main'\n    sh \"git push origin ${GIT_BRANCH}\"\n}\n",
        "def BRANCH_NAME = 'main'\nnode {\n    sh \"git checkout ${BRANCH_NAME}\"\n}\n",
    ],
)
def shell_injection(region: Region, files: Files) -> Iterator[Finding]:
    """Text that outsiders can choose becomes a part of a script.

    Groovy writes the value into the script before the shell reads it, so a branch called `x;rm -rf .` runs a command.
    In single quotes the shell expands the variable itself, and its value stays one argument. What a step of the
    repository's own library (`vars/`) passes to `sh` is a script too. Reported for string, text and file parameters
    of the pipeline, the names of branches and tags, the title and author of a change request, and commit messages.
    Jenkins refuses values of other kinds of parameters that are not in their lists.
    """
    if not any(name in region.text for name in (*_CHOSEN_BY_OTHERS, *region.file.ask(chosen_in_file))):
        return
    for step in region.shell_steps:
        argument = step.argument_of_script
        if argument is None:
            continue
        if step.script is not None:
            if step.script.holes:
                yield from _in_script(step, step.script)
        else:
            yield from _in_expression(step)
    for call in region.named(*sorted(own_steps(region.file, files))):
        for given in scripts_of(call, files) if not call.receiver else ():
            if given.string is not None and given.string.holes:
                yield from _in_script(call, given.string)


def _in_script(step: Call, literal: StringLiteral) -> Iterator[Finding]:
    names = {hole.start: environment_name(step, literal, hole) for hole in literal.holes}
    for hole in literal.holes:
        name, what = _chosen(step, literal.hole_text(hole), literal.hole_name(hole))
        if not what:
            continue
        message = f"Groovy writes {what} into the `{step.name}` script, where its value can run commands"
        fixes = _fixes(step, literal, hole, names) if name and isinstance(step, ShellStep) else ()
        yield Finding(hole, message, fixes)


def _fixes(step: ShellStep, literal: StringLiteral, hole: Span, names: dict[int, str]) -> tuple[Fix, ...]:
    if step.name not in _IN_ENVIRONMENT or not names[hole.start]:
        return ()
    if all(names.values()):
        title = "Use single quotes and let the shell expand the variables"
        return (Fix(title, by_shell(step, literal, names, quoted=True)),)
    if step.name != "sh":
        return ()
    title = f"Escape the `$` and let the shell expand `{names[hole.start]}`"
    return (Fix(title, escaped(step, literal, hole, names[hole.start], quoted=True)),)


def environment_name(step: Call, literal: StringLiteral, hole: Span) -> str:
    """The environment variable with the value of a `${…}`; "" if there is none."""
    text, name = literal.hole_text(hole), literal.hole_name(hole)
    parameter = _PARAMETER.fullmatch(text)
    if parameter:
        name = parameter[1] or parameter[2]
        return name if step.file.ask(is_free_parameter, name) else ""
    if name is None or step.file.ask(declares, name):
        return ""
    known = text.startswith(("${env.", "$env.")) or name in _CHOSEN_BY_OTHERS or step.file.ask(is_free_parameter, name)
    return name if known or name in _SET_BY_JENKINS else ""


_SET_BY_JENKINS = frozenset(
    "BUILD_NUMBER BUILD_ID BUILD_TAG BUILD_URL JOB_NAME JOB_BASE_NAME WORKSPACE NODE_NAME GIT_COMMIT GIT_URL".split()
)


def _chosen(step: Call, text: str, name: str | None) -> tuple[str, str]:
    """(the environment variable or "", what the value is) of code in a string; ("", "") if others do not choose it."""
    parameter = _PARAMETER.fullmatch(text)
    if parameter:
        name = parameter[1] or parameter[2]
        return (name, f"the parameter `{name}`") if step.file.ask(is_free_parameter, name) else ("", "")
    if name is None:
        return "", ""
    if step.file.ask(is_message, name):
        return "", f"the commit message `{name}`"
    if step.file.ask(declares, name):
        return "", ""
    if name in _CHOSEN_BY_OTHERS:
        if name in _BRANCHES and _is_for_one_branch(step):
            return "", ""
        return ("", "") if step.file.ask(sets_literal, name) else (name, f"`{name}`")
    is_parameter = not text.startswith(("${env.", "$env.")) and step.file.ask(is_free_parameter, name)
    return (name, f"the parameter `{name}`") if is_parameter else ("", "")


def _is_for_one_branch(step: Call) -> bool:
    """Whether a stage around the step runs only for branches that its `when` names."""
    whens = (
        statement.call
        for outer in step.enclosing
        if outer.name == "stage"
        for statement in outer.statements
        if statement.call is not None and statement.call.name == "when"
    )
    return any(_ONE_BRANCH.search(when.text) for when in whens)


def _in_expression(step: ShellStep) -> Iterator[Finding]:
    """Reports `'make ' + params.REF`."""
    argument = step.argument_of_script
    assert argument is not None
    tokens = argument.tree.tokens[argument.first : argument.last]
    kinds = [kind for kind, *_ in tokens if kind != "\n"]
    if set(kinds) - {"string", "name", ".", "+"} or "+" not in kinds or "string" not in kinds:
        return
    at = 0
    while at < len(tokens):
        kind, start, end, name = tokens[at]
        if kind == "name":
            dotted = at + 2 < len(tokens) and tokens[at + 1][0] == "."
            if dotted:
                end, at = tokens[at + 2][2], at + 2
            text = argument.tree.text[start:end]
            plain = tokens[at][3] if text.startswith("env.") else name if not dotted else None
            _, what = _chosen(step, f"${{{text}}}", plain)
            if what:
                message = f"Groovy writes {what} into the `{step.name}` script, where its value can run commands"
                yield Finding(Span(start, end), message)
        at += 1


def free_parameters(parsed: Parsed) -> tuple[str, ...]:
    """The parameters of a region that take any text, and the variables of web hooks."""
    if "name" not in parsed.text and "GenericTrigger" not in parsed.text:
        return ()
    found = []
    for call in ParsedRegion(parsed).named(*_FREE):
        name = call.value("name")
        around = next((one.name for one in call.enclosing), "")
        # `build job: 'x', parameters: [string(…)]` has those of another job.
        if name and (around == "parameters" or any(one.name == "properties" for one in call.statement.calls)):
            found.append(name)
    for call in ParsedRegion(parsed).named("GenericTrigger"):  # what a web hook sends
        variables = call.argument("genericVariables")
        for item in (variables.items if variables is not None else None) or ():
            found += [entry.value for entry in item.items or () if entry.name == "key" and entry.value]
    return tuple(found)


def messages(parsed: Parsed) -> tuple[str, ...]:
    """The variables of a region that a commit message is read into."""
    if "returnStdout" not in parsed.text:
        return ()
    return tuple(
        one.name
        for one in ParsedRegion(parsed).assignments
        if any(_MESSAGE.search(literal.fragment.text) for literal in one.value.strings)
        and "returnStdout" in one.value.text
    )


def all_free_parameters(outline: Outline) -> frozenset[str]:
    return frozenset(outline.every(free_parameters))


def chosen_in_file(outline: Outline) -> frozenset[str]:
    """The names in the file of values that outsiders can choose."""
    return outline.ask(all_free_parameters) | outline.ask(all_messages)


def is_free_parameter(outline: Outline, name: str) -> bool:
    """Whether the pipeline has a parameter of this name that takes any text."""
    return name in outline.ask(all_free_parameters)


def all_messages(outline: Outline) -> frozenset[str]:
    return frozenset(outline.every(messages))


def is_message(outline: Outline, name: str) -> bool:
    """Whether a commit message is read into the variable."""
    return name in outline.ask(all_messages)
