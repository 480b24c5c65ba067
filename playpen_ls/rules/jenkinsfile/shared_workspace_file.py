from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from playpen_ls.api.finding import Finding, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.parts import Block, Call, Region
from playpen_ls.languages.jenkinsfile.syntax.tree import ShellStep
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_PATH = regex(r"[\w.\-]+(?:/[\w.\-]+)*")
_MOVES = frozenset(("dir", "ws", "node", "lock"))
"""Steps in which another folder or agent is used, or one branch waits for the others."""


def scripted(branches: str) -> str:
    return f"node {{\n    parallel({branches})\n}}\n"


def parallel(first: str, second: str, more: str = "") -> str:
    def stage(name: str, steps: str) -> str:
        return (
            f"                stage('{name}') {{\n{more}                    steps {{ {steps} }}\n                }}\n"
        )

    return (
        "pipeline {\n    agent any\n    stages {\n        stage('All') {\n            parallel {\n"
        f"{stage('A', first)}{stage('B', second)}            }}\n        }}\n    }}\n}}\n"
    )


@rule(
    severity=Severity.WARNING,
    practice="Parallel execution",
    bad=[
        parallel("sh './a > out.log'", "sh './b > «out.log»'"),
        parallel("writeFile file: 'env.json', text: 'a'", "writeFile file: '«env.json»', text: 'b'"),
        parallel("sh 'a > report.txt 2>&1'", "sh 'make; b > «report.txt»'"),
        parallel("container('a') { sh './a > out.log' }", "container('b') { sh './b > «out.log»' }"),
        scripted("a: { sh './a > out.log' }, b: { sh './b > «out.log»' }, failFast: true"),
        scripted("['a': { sh './a > out.log' }, 'b': { if (x) { sh './b > «out.log»' } }]"),
        "pipeline {\n    agent any\n    stages {\n        stage('All') {\n            steps {\n"
        "                parallel a: { sh './a > out.log' },\n                    b: { sh './b > «out.log»' }\n"
        "            }\n        }\n    }\n}\n",
        parallel("sh './a > out.log'", "sh './b'").replace(
            "steps { sh './b' }", "stages { stage('C') { steps { sh './c > «out.log»' } } }"
        ),
    ],
    good=[
        parallel("sh './a > a.log'", "sh './b > b.log'"),
        parallel("sh './a > out.log'", "sh './b > out.log'", "                    agent any\n"),
        parallel("dir('a') { sh './a > out.log' }", "dir('b') { sh './b > out.log' }"),
        parallel("sh './a > /dev/null'", "sh './b > /dev/null'"),
        parallel("sh './a >> out.log'", "sh 'cat out.log'"),
        parallel("sh 'cd a && ./a > out.log'", "sh 'cd b && ./b > out.log'"),
        parallel("lock('log') { sh './a > out.log' }", "lock('log') { sh './b > out.log' }"),
        # Only one of the two runs.
        parallel("sh './a > out.log'", "sh './b > out.log'", "                    when { branch 'x' }\n"),
        scripted("a: { if (x) { sh './a > out.log' } }, b: { if (!x) { sh './b > out.log' } }"),
        scripted("a: { node('a') { sh './a > out.log' } }, b: { node('b') { sh './b > out.log' } }"),
        scripted("a: { sh './a > out.log' }, b: { dir('b') { sh './b > out.log' } }"),
        "node {\n    sh './a > out.log'\n    parallel(branches)\n}\n",
    ],
)
def shared_workspace_file(region: Region) -> Iterator[Finding]:
    """Parallel branches write the same file of one workspace.

    Parallel stages, and branches of the step `parallel`, that have no agent of their own run in the same folder at the
    same time: what the file contains then is a matter of chance. Give each branch its own file or its own agent.
    """
    if "parallel" not in region.text:
        return
    for stage in region.stages:
        if stage.section("parallel") is not None:
            yield from _shared(region, [("stages", one.name or "", one.call, one.block) for one in stage.children])
    for call in region.named("parallel"):
        found = list(_branches(call))
        if found and not call.receiver:
            yield from _shared(region, [("branches", name, call, block) for name, block in found])


Branch = tuple[str, str, Call, Block]
"""What it is, its name, the call that it belongs to, and its code."""


def _branches(call: Call) -> Iterator[tuple[str, Block]]:
    """The branches of `parallel(a: {…}, b: {…})`, also in brackets."""
    for argument in call.arguments:
        for one in (argument,) if argument.name is not None else argument.items or ():
            if one.name is not None and one.block is not None:
                yield one.name, one.block


class Write(NamedTuple):
    """A file that a step overwrites, and whether the step may not run."""

    path: str
    span: Span
    conditional: bool


def _shared(region: Region, branches: Iterable[Branch]) -> Iterator[Finding]:
    seen: dict[str, tuple[str, Write]] = {}
    for kind, name, call, block in branches:
        own: set[str] = set()
        for write in _written(call, block):
            before = seen.get(write.path)
            if before is not None and write.path not in own and not (before[1].conditional and write.conditional):
                message = f"{kind} `{before[0]}` and `{name}` run at the same time and both write `{write.path}`"
                related = (Place(region.file.path, before[1].span, f"`{before[0]}` writes `{write.path}` here"),)
                yield Finding(write.span, message, related=related)
            own.add(write.path)
            seen.setdefault(write.path, (name, write))


def _written(branch: Call, block: Block) -> Iterator[Write]:
    """The files in the workspace that the steps of a branch overwrite, with the ranges of their names."""
    for call in block.calls:
        if not (call.name == "writeFile" and not call.receiver) and not (
            isinstance(call, ShellStep) and call.name == "sh"
        ):
            continue
        around = list(_around(call, branch))
        if any(one.name in _MOVES or "agent" in _sections(one) for one in around):
            continue
        conditional = any(one.name == "post" or "when" in _sections(one) for one in around) or _is_conditional(
            call, block
        )
        for path, span in _redirected(call) if isinstance(call, ShellStep) else _named(call):
            yield Write(path, span, conditional)


def _around(call: Call, branch: Call) -> Iterator[Call]:
    """The calls whose closures contain the call, up to that of the branch."""
    for outer in call.enclosing:
        yield outer
        if outer.index == branch.index:
            return


def _sections(call: Call) -> set[str]:
    """The sections of a stage."""
    return {one.call.name for one in call.statements if one.call is not None} if call.name == "stage" else set()


def _is_conditional(call: Call, branch: Block) -> bool:
    """Whether a compound statement, such as `if`, is between the call and its branch."""
    block = call.statement.block
    while block != branch and block.statement is not None:
        if block.call is None:
            return True
        block = block.statement.block
    return False


def _named(call: Call) -> Iterator[tuple[str, Span]]:
    file = call.argument("file")
    literal = file.string if file is not None else None
    if literal is not None and literal.value and _PATH.fullmatch(literal.value):
        yield literal.value, literal.inside


def _redirected(step: ShellStep) -> Iterator[tuple[str, Span]]:
    if step.script is None or any(
        command.name in ("cd", "pushd", "docker", "ssh", "podman") for command in step.commands
    ):
        return
    for command in step.commands:
        for word in command.redirects:
            if _PATH.fullmatch(word.text) and not word.quote and _follows_sign(step, word.start):
                yield word.text, word.span


def _follows_sign(step: ShellStep, offset: int) -> bool:
    """Whether `>`, but not `>>`, is before a word."""
    assert step.script is not None
    before = step.script.fragment.text[:offset].rstrip(" \t")
    return before.endswith(">") and not before.endswith(">>")
