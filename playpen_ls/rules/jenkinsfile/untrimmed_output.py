from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from playpen_ls.api.example import example
from playpen_ls.api.file_view import FileView, each
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.edits.change import whole_file_change
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.parts import Call, Region, ShellStep, StringLiteral, WholeFile
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.tree import DOTS, SHELLS, string_at
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

# Scripts whose output has no final line end.
_NO_LINE_END = regex(r"\becho\s+-n\b|\bprintf\b|\btr\s+-d\b|\bjq\s+-\w*j|--null\b|NoNewline")
_TRIM = regex(r"\b(\w+)\??\.(?:trim|strip|readLines|tokenize|split|replaceAll|toInteger)\b")
_COMPARES = ("==", "!=")
_PLACES = frozenset(
    ("build", "image", "push", "dir", "readFile", "writeFile", "fileExists", "load", "unstash", "stash")
)
"""Steps and methods whose argument is a tag, a path or a name."""


def script(text: str) -> str:
    body = "".join(f"    {line}\n" for line in text.split("\n"))
    return f"node {{\n{body}}}\n"


@rule(
    severity=Severity.WARNING,
    practice="+",
    bad=[
        example(
            script("def status = «sh»(script: './state', returnStdout: true)\nif (status == 'ok') { deploy() }"),
            fixed=script(
                "def status = sh(script: './state', returnStdout: true).trim()\nif (status == 'ok') { deploy() }"
            ),
        ),
        example(
            script("def tag = «sh» returnStdout: true, script: 'git describe'\ndocker.build(\"web:${tag}\")"),
            fixed=script(
                "def tag = sh(returnStdout: true, script: 'git describe').trim()\ndocker.build(\"web:${tag}\")"
            ),
        ),
        example(
            script(
                "tag = «sh»(script: 'git describe', returnStdout: true)\nsh \"docker push web:${tag} && docker logout\""
            ),
            fixed=script(
                "tag = sh(script: 'git describe', returnStdout: true).trim()\n"
                'sh "docker push web:${tag} && docker logout"'
            ),
        ),
        example(
            script("switch («sh»(script: 'uname', returnStdout: true)) {\n    case 'Linux': x()\n}"),
            fixed=script("switch (sh(script: 'uname', returnStdout: true).trim()) {\n    case 'Linux': x()\n}"),
        ),
        example(
            script("if («sh»(script: 'uname', returnStdout: true) == 'Linux') { x() }"),
            fixed=script("if (sh(script: 'uname', returnStdout: true).trim() == 'Linux') { x() }"),
        ),
    ],
    good=[
        script("def tag = sh(script: 'git describe', returnStdout: true).trim()\ndocker.build(\"web:${tag}\")"),
        script("def out = sh(script: 'ls', returnStdout: true)\necho out\nout.split('\\n').each { f(it) }"),
        script(
            "def out = sh(script: 'ls', returnStdout: true)\nif (out.contains('x') || out =~ /y/ || out == '') { f() }"
        ),
        script("def out = sh(script: 'ls', returnStdout: true)\nout = out.trim()\nif (out == 'x') { f() }"),
        script("def out = sh(script: 'echo -n x', returnStdout: true)\nif (out == 'x') { f() }"),
        script("def out = sh(script: 'git describe', returnStdout: true)\nsh \"git checkout ${out}\""),
        script("def out = sh(script: 'x', returnStatus: true)\nif (out == 0) { f() }"),
    ],
)
def untrimmed_output(whole: WholeFile) -> Iterator[Finding]:
    """Output of a command is used with its final line end.

    `returnStdout` keeps the line end after the last line, so a comparison with `'ok'` is false, and a tag, a path or a
    command gets a line break in the middle. Call `trim()` on it. Not reported for `echo`, `split`, `readLines`,
    `contains` and patterns, which do not mind it.
    """
    found = whole.file.ask(each, outputs)
    if not any(one.steps or one.compared for one in found):
        return
    every = whole.file.ask(each, variables)
    assigned = [name for one in every for name in one.assigned]
    for number, output in enumerate(found):
        for name, span in output.compared:
            yield _finding(whole.file, number, name, span, "a comparison")
        for variable, name, span in output.steps:
            # Set once in the region, or once in the file.
            regions = every[number:] if assigned.count(variable) == 1 else every[number : number + 1]
            use = next((what for one in regions for used, what in one.uses if used == variable), "")
            once = every[number].assigned.count(variable) == 1
            if use and once and not any(variable in one.trimmed for one in regions):
                yield _finding(whole.file, number, name, span, use)


def _finding(file: FileView, number: int, name: str, span: Span, use: str) -> Finding:
    message = f"the output of `{name}` ends with a line end, which {use} does not expect; add `.trim()`"
    fix = Fix("Add `.trim()`", whole_file_change(file, partial(_trimmed, number, span)))
    return Finding(span, message, (fix,), chunk=number)


class Outputs(NamedTuple):
    """The shell steps of a region that return their output.

    `steps` are (variable that it is stored in, name of the step, range of that), `compared` the same of steps that are
    compared with a text themselves.
    """

    steps: tuple[tuple[str, str, Span], ...] = ()
    compared: tuple[tuple[str, Span], ...] = ()


class Variables(NamedTuple):
    """What a region does with its variables: which it sets, each as often, which it uses where, and which it trims."""

    assigned: tuple[str, ...]
    uses: tuple[tuple[str, str], ...]
    trimmed: frozenset[str]


def outputs(parsed: Parsed) -> Outputs:
    if "returnStdout" not in parsed.text:
        return Outputs()
    region = Region(parsed)
    stored = tuple(
        (one.name, one.value.call.name, one.value.call.name_span)
        for one in region.assignments
        if not one.owner and one.value.call is not None and _returns_output(one.value.call)
    )
    compared = tuple(
        (step.name, step.name_span)
        for step in region.shell_steps
        if _returns_output(step) and (_is_compared(step) or _is_switched(step))
    )
    return Outputs(stored, compared)


def variables(parsed: Parsed) -> Variables:
    region = Region(parsed)
    assigned = tuple(one.name for one in region.assignments)
    return Variables(assigned, tuple(_uses(region)), frozenset(_TRIM.findall(parsed.text)))


def _returns_output(step: Call) -> bool:
    wanted = step.argument("returnStdout")
    if wanted is None or wanted.text != "true" or not isinstance(step, ShellStep):
        return False
    return step.script is not None and _NO_LINE_END.search(step.script.fragment.text) is None


def _is_compared(step: ShellStep) -> bool:
    """Whether the call itself is compared with a text that is not empty."""
    tokens, at = step.tree.tokens, step.last
    if at + 1 >= len(tokens) or tokens[at][0] not in _COMPARES:
        return False
    literal = string_at(step.tree, at + 1)
    return literal is not None and literal.value != ""


def _is_switched(step: ShellStep) -> bool:
    tokens = step.tree.tokens
    if step.index < 2 or step.last >= len(tokens):
        return False
    return tokens[step.index - 1][0] == "(" and tokens[step.index - 2][3] == "switch" and tokens[step.last][0] == ")"


def _uses(region: Region) -> Iterator[tuple[str, str]]:
    """(variable, what it is used in) where a text without a line end is needed."""
    tokens = region.tokens if any(one in region.text for one in _COMPARES) else ()
    for at, (kind, *_) in enumerate(tokens):
        if kind in _COMPARES and 0 < at < len(tokens) - 1:
            for name, other in ((at - 1, at + 1), (at + 1, at - 1)):
                literal = string_at(region, other)
                plain = tokens[name][0] == "name" and (name == 0 or tokens[name - 1][0] not in DOTS)
                if plain and literal is not None and literal.value != "":
                    yield tokens[name][3], "a comparison"
    for call in region.named(*_PLACES, *SHELLS) if region.holes else ():
        for argument in call.arguments:
            if argument.string is not None and argument.string.holes:
                yield from _uses_in(call, argument.string)


def _uses_in(call: Call, literal: StringLiteral) -> Iterator[tuple[str, str]]:
    script = isinstance(call, ShellStep) and call.script is not None and call.script.start == literal.start
    for hole in literal.holes:
        name = literal.hole_name(hole)
        if name is None or literal.hole_text(hole).startswith(("${env.", "$env.")):
            continue
        if script:
            rest = literal.text[hole.end : literal.inside.end].split("\n")[0].replace("\\n", " ")
            if rest.strip(" \t\"'"):
                yield name, "the rest of the command"
        elif call.name in _PLACES:
            yield name, f"an argument of `{call.name}`"


def _trimmed(number: int, span: Span, file: Jenkinsfile) -> list[Edit]:
    step = file.call_at(file.chunks[number].begins + span.start)
    if step is None or step.block is not None:
        raise Refused("the step is in text that does not parse, or has a closure")
    tokens, end = step.tree.tokens, step.span.end
    if tokens[step.index + 1][0] == "(":
        return [Edit(end, end, ".trim()")]
    return [Edit(step.name_span.end, tokens[step.index + 1][1], "("), Edit(end, end, ").trim()")]
