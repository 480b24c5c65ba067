from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.edits.quoting import in_comment, quote_at, words_at
from playpen_ls.languages.jenkinsfile.model.credentials import Bound, bound_at, is_credential_entry
from playpen_ls.languages.jenkinsfile.model.queries import credentials_around, declares
from playpen_ls.languages.jenkinsfile.parts import Call, EnvironmentEntry, Region, ShellStep, StringLiteral
from playpen_ls.languages.shell.parser import Word
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span


def steps(text: str) -> str:
    body = "".join(f"    {line}\n" for line in text.split("\n"))
    return f"withCredentials([string(credentialsId: 'deploy-token', variable: 'TOKEN')]) {{\n{body}}}\n"


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
        steps('bat "login «${TOKEN}»"'),
        steps('httpRequest url: "https://api/?token=«${TOKEN}»"'),
        steps('sh "x \\"\\$(curl -H \'A: «${TOKEN}»\' https://api/)\\""'),
        steps("sh \"ssh host 'login «${TOKEN}»'\""),
        steps('sh """\n    cat > f <<\'EOF\'\n    «${TOKEN}»\n    EOF\n"""'),
    ],
    good=[
        steps("sh 'curl -H \"Authorization: $TOKEN\" https://api/'"),
        steps('sh "curl -H \\"Authorization: \\$TOKEN\\" https://api/"'),
        steps('sh "echo ${BUILD_NUMBER} ${params.TOKEN}"'),
        "withCredentials([file(credentialsId: 'key', variable: 'KEY')]) {\n    sh \"gpg --import ${KEY}\"\n}\n",
        "pipeline {\n environment {\n  A = credentials('a')\n  DSN = \"postgres://a:${A_PSW}@db/a\"\n }\n}\n",
        "pipeline {\n    environment {\n        A = credentials('a')\n    }\n"
        "    stages { stage('X') { steps { sh \"tag ${A_USR}/app\" } } }\n}\n",
        "withCredentials([string(credentialsId: 'aws', variable: 'AWS_ACCOUNT_ID')]) {\n"
        '    sh "aws sts assume-role --role-arn arn:aws:iam::${AWS_ACCOUNT_ID}:role/ci"\n'
        '    withAWS(roleAccount: "${AWS_ACCOUNT_ID}") { }\n}\n',
        'def TOKEN = env.OTHER\nsh "login ${TOKEN}"\n' + steps("echo 'x'"),
    ],
)
def interpolated_secret(region: Region) -> Iterator[Finding]:
    """Secret is interpolated by Groovy instead of the shell.

    Groovy interpolates a double-quoted string before the step runs: the secret itself becomes part of
    the script that Jenkins writes to the agent, and a quote or `$` in it changes the command. In a
    single-quoted string the shell expands the variable from its environment. Findings in arguments
    that are not shell scripts are hints.
    """
    entries = [one for one in region.assignments if isinstance(one, EnvironmentEntry) and is_credential_entry(one)]
    outer = region.file.ask(credentials_around) if region.holes else ()
    if not region.holes or not (entries or outer or region.mentions("withCredentials")):
        return
    seen: set[int] = set()
    for call in reversed(region.calls):  # innermost first: a literal belongs to the nearest call
        literals = [literal for argument in call.arguments for literal in _direct(argument.string, argument.strings)]
        holed = [literal for literal in literals if literal.holes and literal.start not in seen]
        if not holed or call.name == "withCredentials":
            continue
        bound = bound_at(call, entries, outer)
        for literal in holed:
            seen.add(literal.start)
            yield from _in_literal(call, literal, bound)


def _direct(one: StringLiteral | None, several: Iterator[StringLiteral]) -> list[StringLiteral]:
    return [one] if one is not None else list(several)


def _in_literal(call: Call, literal: StringLiteral, bound: Bound) -> Iterator[Finding]:
    script = isinstance(call, ShellStep) and call.script is not None and call.script.start == literal.start
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
        if not script:
            yield Finding(hole, message, severity=Severity.HINT)
        elif call.name != "sh" or not isinstance(call, ShellStep):
            yield Finding(hole, message)
        else:
            names = [literal.hole_name(one) for one in literal.holes]
            whole = all(one in bound.all and not call.file.ask(declares, one) for one in names)
            yield Finding(hole, message, (_fix(call, literal, hole, bound, whole),))


def _fix(step: ShellStep, literal: StringLiteral, hole: Span, bound: Bound, whole: bool) -> Fix:
    if whole:
        return Fix("Use single quotes and let the shell expand the variables", _single_quoted(step, literal), safe=True)
    title = f"Escape the `$` of `{literal.hole_name(hole)}` and let the shell expand it"
    return Fix(title, _escaped(step, literal, hole))


def _single_quoted(step: ShellStep, literal: StringLiteral) -> Callable[[], list[Edit]]:
    def change() -> list[Edit]:
        if literal.quote not in ('"', '"""'):
            raise Refused("the script is a slashy string, which cannot be rewritten")
        text, pieces, at = literal.fragment.text, [], 0
        holes = literal.fragment.holes
        quotes = sorted(place for hole in holes for place in _requoted(step, hole))
        replaced = dict.fromkeys(quotes, '"')
        names = {
            hole.start: (hole.end, literal.hole_name(host)) for hole, host in zip(holes, literal.holes, strict=True)
        }
        while at < len(text):
            if at in names:
                end, name = names[at]
                pieces.append(f"${{{name}}}" if text.startswith("${", at) else f"${name}")
                at = end
                continue
            pieces.append(replaced.get(at, text[at]))
            at += 1
        quote = "'" * len(literal.quote)
        decoded = "".join(pieces).replace("\\", "\\\\")
        decoded = (
            decoded.replace("'", "\\'").replace("\n", "\\n") if len(quote) == 1 else decoded.replace("'''", "\\'''")
        )
        if len(quote) == 3:
            decoded = _same_line_ends(literal, decoded)
        return [Edit(literal.start, literal.end, f"{quote}{decoded}{quote}")]

    return change


def _same_line_ends(literal: StringLiteral, decoded: str) -> str:
    if re.search(r"\\(?!['\"$\\])", literal.raw):
        raise Refused("the string contains escape sequences that single quotes would change")
    return decoded


def _escaped(step: ShellStep, literal: StringLiteral, hole: Span) -> Callable[[], list[Edit]]:
    def change() -> list[Edit]:
        if literal.quote not in ('"', '"""'):
            raise Refused("the script is a slashy string, which cannot be rewritten")
        fragment = literal.fragment
        inner = fragment.holes[literal.holes.index(hole)]
        written = literal.hole_text(hole)
        name = literal.hole_name(hole)
        edits = [Edit(hole.start, hole.end, f"\\${{{name}}}" if written.startswith("${") else f"\\${name}")]
        for place in _requoted(step, inner):
            span = fragment.span(place, place + 1)
            edits.append(Edit(span.start, span.end, '\\"' if literal.quote == '"' else '"'))
        return edits

    return change


def _requoted(step: ShellStep, hole: Span) -> list[int]:
    """The offsets of the shell's single quotes around a `${…}` that must become double quotes. Raises Refused."""
    words = words_at(step, hole.start)
    if not words:
        if step.script is not None and in_comment(step.script.fragment.text, hole.start):
            return []
        raise Refused("the variable is in a here-document, which the shell does not always expand")
    if any(command.name == "ssh" and command.start <= hole.start < command.end for command in step.commands):
        raise Refused("`ssh` runs the command on another host, where the variable is not set")
    if quote_at(words[0], hole.start) != "'":
        text, outer = words[0].fragment.text, words[0].start
        for inner in words[1:]:
            substituted = re.search(r"\$\(|`", text[outer : inner.start])  # `$(…)` starts a new quoting context
            if substituted and quote_at(inner, hole.start) == "'":
                raise Refused("the variable is in single quotes inside `$(…)`, where the shell does not expand it")
        return []
    if len(words) > 1:
        raise Refused("the variable is in a nested script inside single quotes")
    return _single_quotes(words[0])


def _single_quotes(word: Word) -> list[int]:
    holes = [hole for hole in word.fragment.holes if word.start <= hole.start < word.end]
    plain = word.fragment.text[word.start : word.end]
    for hole in reversed(holes):
        plain = plain[: hole.start - word.start] + plain[hole.end - word.start :]
    if word.quote != "'" or re.search(r'[$`"\\!]', plain):
        raise Refused("the shell's single quotes around the variable cannot be replaced with double quotes")
    return [word.start, word.end - 1]
