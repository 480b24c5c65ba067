from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.parts import Call, Stage
from playpen_ls.languages.jenkinsfile.syntax.tree import ShellStep
from playpen_ls.text.span import Span

_PATH = re.compile(r"[\w.\-]+(?:/[\w.\-]+)*")
_MOVES = frozenset(("dir", "ws", "container", "node"))


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
    ],
    good=[
        parallel("sh './a > a.log'", "sh './b > b.log'"),
        parallel("sh './a > out.log'", "sh './b > out.log'", "                    agent any\n"),
        parallel("dir('a') { sh './a > out.log' }", "dir('b') { sh './b > out.log' }"),
        parallel("sh './a > /dev/null'", "sh './b > /dev/null'"),
        parallel("sh './a >> out.log'", "sh 'cat out.log'"),
        parallel("sh 'cd a && ./a > out.log'", "sh 'cd b && ./b > out.log'"),
    ],
)
def shared_workspace_file(stage: Stage) -> Iterator[Finding]:
    """Parallel stages write the same file of one workspace.

    Parallel stages without an agent of their own run in the same folder at the same time: what the file contains then
    is a matter of chance. Give each stage its own file or its own agent.
    """
    section = stage.section("parallel")
    if section is None:
        return
    seen: dict[str, tuple[str, Span]] = {}
    for branch in stage.children:
        if branch.section("agent") is not None or branch.children:
            continue
        own: set[str] = set()
        for path, span in _written(branch):
            before = seen.get(path)
            if before is not None and path not in own:
                message = f"stages `{before[0]}` and `{branch.name}` run at the same time and both write `{path}`"
                related = (Place(stage.call.file.path, before[1], f"`{before[0]}` writes `{path}` here"),)
                yield Finding(span, message, related=related)
            own.add(path)
            seen.setdefault(path, (branch.name or "", span))


def _written(stage: Stage) -> Iterator[tuple[str, Span]]:
    """The files in the workspace that the steps of a stage overwrite, with the ranges of their names."""
    for call in stage.steps.block.calls if stage.steps is not None and stage.steps.block is not None else ():
        if any(one.name in _MOVES for one in _inside(call, stage)):
            continue
        if call.name == "writeFile" and not call.receiver:
            file = call.argument("file")
            literal = file.string if file is not None else None
            if literal is not None and literal.value and _PATH.fullmatch(literal.value):
                yield literal.value, literal.inside
        elif isinstance(call, ShellStep) and call.name == "sh" and call.script is not None:
            yield from _redirected(call)


def _inside(call: Call, stage: Stage) -> Iterator[Call]:
    for outer in call.enclosing:
        if outer.index == stage.call.index:
            return
        yield outer


def _redirected(step: ShellStep) -> Iterator[tuple[str, Span]]:
    if any(command.name in ("cd", "pushd", "docker", "ssh", "podman") for command in step.commands):
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
