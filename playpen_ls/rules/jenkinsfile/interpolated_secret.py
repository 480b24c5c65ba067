from __future__ import annotations

from collections.abc import Callable, Iterator

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.model.credentials import Bound, bound_at, may_bind
from playpen_ls.languages.jenkinsfile.model.queries import credentials_around, declares, store_lists
from playpen_ls.languages.jenkinsfile.parts import Call, Region, ShellStep, StringLiteral
from playpen_ls.rules.jenkinsfile._library import own_steps, scripts_of
from playpen_ls.rules.jenkinsfile._shell_variables import by_shell, escaped, variable
from playpen_ls.text.span import Span


def steps(text: str) -> str:
    body = "".join(f"    {line}\n" for line in text.split("\n"))
    return f"withCredentials([string(credentialsId: 'deploy-token', variable: 'TOKEN')]) {{\n{body}}}\n"


_STEP_OBJECTS = frozenset(("docker", "steps", "script", "this"))
"""The receivers of calls that are steps, or run some."""


@rule(
    severity=Severity.WARNING,
    practice="Credential management",
    bad=[
        example(
            steps('sh "curl -H X-Token:«${TOKEN}» https://deploy.example.com/api/"'),
            fixed=steps("sh 'curl -H X-Token:${TOKEN} https://deploy.example.com/api/'"),
        ),
        example(
            steps("sh \"curl -H 'Authorization: «${env.TOKEN}»' https://it\\'s/\""),
            fixed=steps("sh 'curl -H \"Authorization: ${TOKEN}\" https://it\\'s/'"),
        ),
        example(
            steps('def url = \'https://api/\'\nsh "curl -H \\"Authorization: «$TOKEN»\\" ${url}"'),
            fixed=steps('def url = \'https://api/\'\nsh "curl -H \\"Authorization: \\$TOKEN\\" ${url}"'),
        ),
        example(
            steps('sh """\n    echo "\\$HOME"\n    login «${TOKEN}»\n"""'),
            fixed=steps("sh '''\n    echo \"$HOME\"\n    login ${TOKEN}\n'''"),
        ),
        example(
            steps('bat "login 100% «${TOKEN}» %HOST%"'),
            fixed=steps("bat 'login 100%% %TOKEN% %HOST%'"),
        ),
        example(
            steps('pwsh "Login-It -Token \\"«$TOKEN»\\""'),
            fixed=steps("pwsh 'Login-It -Token \"$env:TOKEN\"'"),
        ),
        steps("powershell \"Login-It -Token '«${TOKEN}»'\""),
        steps('httpRequest url: "https://api/?token=«${TOKEN}»"'),
        {
            "Jenkinsfile": steps('retrying "curl -u ci:«${TOKEN}» https://api/"'),
            "vars/retrying.groovy": 'def call(String command) {\n    retry(3) { sh "${command}" }\n}\n',
        },
        steps('def cmd = "login «${TOKEN}»"\nsh cmd'),
        "withVault(vaultSecrets: [[path: 'kv/web', secretValues: [[envVar: 'DB_PW', vaultKey: 'pw']]]]) {\n"
        "    pwsh 'x'\n    echo \"migrate «${DB_PW}»\"\n}\n",
        "def stored = [[envVar: 'DB_PW', secretRef: 'op://web/pw']]\nwithSecrets(secrets: stored) {\n"
        '    echo "migrate «${DB_PW}»"\n}\n',
        steps('sh "x \\"\\$(curl -H \'A: «${TOKEN}»\' https://api/)\\""'),
        steps("sh \"ssh host 'login «${TOKEN}»'\""),
        steps('sh """\n    cat > f <<\'EOF\'\n    «${TOKEN}»\n    EOF\n"""'),
    ],
    good=[
        steps("sh 'curl -H \"Authorization: $TOKEN\" https://api/'"),
        steps('sh "curl -H \\"Authorization: \\$TOKEN\\" https://api/"'),
        steps('sh "echo ${BUILD_NUMBER} ${params.TOKEN}"'),
        steps('def cmd = "login ${NAME}"\nsh cmd'),
        "withCredentials([file(credentialsId: 'key', variable: 'KEY')]) {\n    sh \"gpg --import ${KEY}\"\n}\n",
        "pipeline {\n environment {\n  A = credentials('a')\n  DSN = \"postgres://a:${A_PSW}@db/a\"\n }\n}\n",
        "pipeline {\n    environment {\n        A = credentials('a')\n    }\n"
        "    stages { stage('X') { steps { sh \"tag ${A_USR}/app\" } } }\n}\n",
        "withCredentials([string(credentialsId: 'aws', variable: 'AWS_ACCOUNT_ID')]) {\n"
        '    sh "aws sts assume-role --role-arn arn:aws:iam::${AWS_ACCOUNT_ID}:role/ci"\n'
        '    withAWS(roleAccount: "${AWS_ACCOUNT_ID}") { }\n}\n',
        steps('def lib = load "lib.groovy"\nlib.register("${TOKEN}", "ci")'),
        'def TOKEN = env.OTHER\nsh "login ${TOKEN}"\n' + steps("echo 'x'"),
    ],
)
def interpolated_secret(region: Region, files: Files) -> Iterator[Finding]:
    """Secret is interpolated by Groovy instead of the shell.

    Groovy interpolates a double-quoted string before the step runs: the secret itself becomes part of
    the script that Jenkins writes to the agent, and a quote or `$` in it changes the command. In a
    single-quoted string the shell expands the variable from its environment. Findings in arguments
    that are not shell scripts are hints.
    """
    if not region.holes:
        return
    outer, lists = region.file.ask(credentials_around), dict(region.file.ask(store_lists))
    if not (outer or lists or may_bind(region)):
        return
    seen: set[int] = set()
    for call in reversed(region.interpolating_calls):  # innermost first: a literal belongs to the nearest call
        literals = [literal for argument in call.arguments for literal in _direct(argument.string, argument.strings)]
        holed = [literal for literal in literals if literal.holes and literal.start not in seen]
        if not holed or call.name == "withCredentials":
            continue
        around = bound_at(call, outer, lists)
        scripts = _scripts(call, files)
        for literal in holed:
            seen.add(literal.start)
            yield from _in_literal(call, literal, around, literal.start in scripts)
    yield from _through_variables(region, lambda step: bound_at(step, outer, lists))


def _through_variables(region: Region, bound_at_step: Callable[[Call], Bound]) -> Iterator[Finding]:
    """Secrets in a string that a local variable carries to a step: `def cmd = "login ${TOKEN}"`, `sh cmd`."""
    strings = {one.name: one for one in region.assignments if one.value.string is not None and one.value.string.holes}
    for step in region.shell_steps if strings else ():
        argument = step.argument_of_script
        carrier = strings.get(argument.text) if argument is not None and step.script is None else None
        literal = carrier.value.string if carrier is not None else None
        if carrier is None or literal is None or carrier.statement.start > step.span.start:
            continue
        secret = bound_at_step(step).secrets
        for hole in literal.holes:
            name = literal.hole_name(hole)
            if name in secret and not region.file.ask(declares, name):
                message = f"Groovy interpolates the secret `{name}` into `{carrier.name}`, a `{step.name}` script"
                yield Finding(hole, message)


def _direct(one: StringLiteral | None, several: Iterator[StringLiteral]) -> list[StringLiteral]:
    return [one] if one is not None else list(several)


def _scripts(call: Call, files: Files) -> set[int]:
    """Where the literals start that the call runs as scripts, itself or as a step of the repository's library."""
    if isinstance(call, ShellStep):
        return {call.script.start} if call.script is not None else set()
    if call.receiver or call.name not in own_steps(call.file, files):
        return set()
    return {one.start for one in scripts_of(call, files)}


def _in_literal(call: Call, literal: StringLiteral, bound: Bound, script: bool) -> Iterator[Finding]:
    secret = bound.secrets
    if script:  # a user name alone is not a secret; beside its password it is reported too
        secret |= bound.users_beside(frozenset(literal.hole_name(hole) or "" for hole in literal.holes))
    for hole in literal.holes:
        name = literal.hole_name(hole)
        if name is None or name not in secret or call.file.ask(declares, name):
            continue
        what = "secret" if name in bound.secrets else "credential"
        where = f"the `{call.name}` script" if script else f"an argument of `{call.name}`"
        message = f"Groovy interpolates the {what} `{name}` into {where}"
        if not script and call.receiver and call.receiver.partition(".")[0] not in _STEP_OBJECTS:
            continue  # a method of another object, which is no step
        if not script:
            yield Finding(hole, message, severity=Severity.HINT)
        elif not isinstance(call, ShellStep):
            yield Finding(hole, message)
        else:
            names = [literal.hole_name(one) for one in literal.holes]
            whole = all(one in bound.all and not call.file.ask(declares, one) for one in names)
            yield Finding(hole, message, _fix(call, literal, hole, bound, whole))


def _fix(step: ShellStep, literal: StringLiteral, hole: Span, bound: Bound, whole: bool) -> tuple[Fix, ...]:
    names = {one.start: literal.hole_name(one) or "" for one in literal.holes}
    if step.name == "sh" and whole:
        title = "Use single quotes and let the shell expand the variables"
        return (Fix(title, by_shell(step, literal, names), safe=True),)
    if whole:
        title = f"Use single quotes and read `{variable(step.name, names[hole.start])}` from the environment"
        return (Fix(title, by_shell(step, literal, names)),)
    title = f"Escape the `$` of `{names[hole.start]}` and let the shell expand it"
    return (Fix(title, escaped(step, literal, hole, names[hole.start])),) if step.name == "sh" else ()
