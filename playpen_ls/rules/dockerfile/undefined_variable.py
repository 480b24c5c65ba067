from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Change, Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.build_context.locate import is_substituted
from playpen_ls.languages.dockerfile.edits.lines import line_above
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.base_environment import can_set, sets_only_path
from playpen_ls.languages.dockerfile.model.dockerfile import model_of
from playpen_ls.languages.dockerfile.model.references import PLATFORM, Reference, references
from playpen_ls.languages.dockerfile.model.stage import Stage, stage_of
from playpen_ls.languages.dockerfile.parts import Argument, Assigning, Environment, From, Instruction
from playpen_ls.text.edit import Edit
from playpen_ls.vocabulary.names import near_miss


@rule(
    severity=Severity.WARNING,
    practice="+",
    like={"docker": ["UndefinedVar", "UndefinedArgInFrom"]},
    bad=[
        example(
            'ARG uid=1000\nARG gid=1000\nFROM debian:12\nUSER ${«uid»}:${«gid»}\nCMD ["/x"]\n',
            fixed='ARG uid=1000\nARG gid=1000\nFROM debian:12\nARG uid\nARG gid\nUSER ${uid}:${gid}\nCMD ["/x"]\n',
        ),
        example(
            "ARG PY_VERSION=3.12\nFROM playpen/python:${«PYVERSION»}\n",
            fixed="ARG PY_VERSION=3.12\nFROM playpen/python:${PY_VERSION}\n",
        ),
        example(
            "FROM a:1 AS b\narg VERSION=1\nFROM a:$«VERSION»\n",
            fixed="arg VERSION=1\nFROM a:1 AS b\narg VERSION=1\nFROM a:$VERSION\n",
        ),
        example("ARG TAG_BASE=1\nFROM a:${«TAG_BSAE»}\n", fixed="ARG TAG_BASE=1\nFROM a:${TAG_BASE}\n"),
        example("ARG BASE_TAG=1\nFROM a:${«BASE_TGA»}\n", fixed="ARG BASE_TAG=1\nFROM a:${BASE_TAG}\n"),
        example(
            "FROM debian:12\nARG version=1\nLABEL v=$«VERSION»\n",
            fixed="FROM debian:12\nARG version=1\nLABEL v=$version\n",
        ),
        example(
            "FROM team/base:1\nENV APP_HOME=/app\nWORKDIR $«APP_HOEM»\nCOPY . ${APP_HOME}/a\n",
            fixed="FROM team/base:1\nENV APP_HOME=/app\nWORKDIR $APP_HOME\nCOPY . ${APP_HOME}/a\n",
        ),
        example(
            "FROM team/base:1\n# the program\nCOPY bin/$«TARGETARCH»/app /app\n",
            fixed="FROM team/base:1\nARG TARGETARCH\n# the program\nCOPY bin/$TARGETARCH/app /app\n",
        ),
        "FROM debian:12\nWORKDIR $«HOME»/app\n",
        "FROM python:3.12\nEXPOSE ${«PORT»}\n",
        "FROM debian:12\nCOPY . $«APP»\nENV APP=/app\n",
        "ARG A=1\nARG B=${«AA»}\nFROM debian:12\n",
    ],
    good=[
        "ARG TAG=1\nFROM --platform=$BUILDPLATFORM a:$TAG\nARG TAG\nENV V=$TAG PATH=$PATH:/app\nLABEL v=$V\n",
        "FROM debian:12\nUSER ${UID:-1000}:${GID-1000}\nENV A=${B:+b} C=${D:?required}\n",
        "FROM debian:12\nRUN echo $X\nCMD serve $PORT\nENTRYPOINT exec $APP\nHEALTHCHECK CMD curl $URL\n",
        "FROM debian:12\nENV LD_LIBRARY_PATH=/lib:$LD_LIBRARY_PATH A='$B' C=\\$D\n",
        # The base image can set it.
        "FROM team/base:1\nWORKDIR $APP_HOME\nUSER $APP_USER\n",
        "FROM python:3.12\nENV V=$PYTHON_VERSION\n",
        "ARG PYTHON_VERSION=3\nFROM team/python:$PYTHON_VERSION\nLABEL python=$PYTHON_VERSION\n",
        # Stages inherit the variables of their base stage.
        "FROM debian:12 AS base\nARG A=1\nENV B=1\nFROM base\nENV C=$A$B\n",
        "FROM debian:12\nONBUILD USER $X\n",
        # Something else than BuildKit substitutes the variables.
        {"Dockerfile.in": "FROM debian:$VERSION\n"},
        "FROM debian:$VERSION\n${LABELS}\n",
        {"Dockerfile": "FROM debian:$VERSION\n", "build.sh": "envsubst < Dockerfile > .Dockerfile\n"},
        "# syntax=example/frontend\nFROM debian:$VERSION\n",
        "# escape=`\nFROM debian:12\nWORKDIR $X\n",
    ],
)
def undefined_variable(part: Stage | Argument, files: Files) -> Iterator[Finding]:
    """Variable is not defined where it is used, and expands to an empty string.

    An `ARG` before the first `FROM` is in scope in `FROM` lines only; a stage must declare it again, also
    the arguments of the platform, such as `TARGETARCH`. `ENV` and `ARG` are in scope from their line on. An
    error in a `FROM` that is then not a valid image reference. Variables in `RUN`, `CMD`, `ENTRYPOINT` and
    `HEALTHCHECK` are not checked, since the shell expands them, nor are `${NAME:-default}`, `:+` and `:?`, and a
    variable that its own `ENV` extends, as in `ENV PATH=$PATH:/app`. What the base image can define is not
    reported: for an unknown image, that is every name that is not similar to one in the Dockerfile.
    """
    if "$" not in part.syntax.text or part.syntax.escape != "\\":
        return
    if isinstance(part, Argument):
        found = list(_of_global(part)) if stage_of(part) is None else []
    else:
        found = [*_of_start(part), *_of_stage(part)]
    file = part.file
    if not found or file.ask(queries.is_template) or file.ask(queries.has_other_frontend):
        return
    if not is_substituted(file.path, files):
        yield from found


def _of_global(argument: Argument) -> Iterator[Finding]:
    above = argument.file.ask(queries.global_arguments)
    own = {pair.name for pair in argument.pairs}
    for name, group in _needed(argument).items():
        if name not in PLATFORM and name not in above and name not in own:
            yield from _undefined(argument, name, group, _meant(name, above))


def _of_start(stage: Stage) -> Iterator[Finding]:
    """The variables of FROM, which can only be global arguments."""
    ask, start = stage.file.ask, stage.start
    names = ask(queries.global_arguments)
    for name, group in _needed(start).items():
        if name in names or name in PLATFORM:
            continue
        severity = Severity.ERROR if _is_no_image(start, name) else None
        if name in ask(queries.arguments_of_earlier):
            fix = Fix(f"Declare `ARG {name}` before the first `FROM`", partial(_declare_above, stage, name))
            message = f"`FROM` can only use an `ARG` before the first `FROM`; `{name}` is declared in a stage"
            yield from (Finding(one.span, message, (fix,), severity) for one in group)
        else:
            meant = _meant(name, [*names, *PLATFORM])
            yield from _undefined(start, name, group, meant, severity)


def _is_no_image(start: From, name: str) -> bool:
    """Whether the image reference is invalid without the variable."""
    text = start.image.text.strip("\"'") if start.image is not None else "x"
    left = re.sub(rf"\$\{{?{name}\b\}}?", "", text)
    return left != text and (not left or left[-1] in ":/@-._" or left[0] in ":/@-._")


def _of_stage(stage: Stage) -> Iterator[Finding]:
    ask = stage.file.ask
    inherited = {pair.name for below in stage.ancestors[1:] for one in below.assigning for pair in one.pairs}
    defined = {"PATH", *inherited}
    later = {pair.name for one in stage.assigning for pair in one.pairs}
    image = stage.external_base
    for instruction in stage.instructions:
        own = {pair.name for pair in instruction.pairs} if isinstance(instruction, Assigning) else set()
        extended = own if instruction.name in ("ENV", "ARG") else set()
        for name, group in _needed(instruction).items() if "$" in instruction.logical else ():
            if name in defined or name in extended or can_set(image, name):
                continue
            if name in PLATFORM or name in ask(queries.global_arguments):
                fix = Fix(f"Declare `ARG {name}` in this stage", partial(_declare, instruction, name))
                message = f"build argument `{name}` is empty here, since this stage does not declare `ARG {name}`"
                yield from (Finding(one.span, message, (fix,)) for one in group)
                continue
            meant = near_miss(name, sorted(defined))
            if meant is not None or name in later or sets_only_path(image, name):
                yield from _undefined(instruction, name, group, meant or _meant(name, defined), below=name in later)
        if isinstance(instruction, (Environment, Argument)):
            defined |= own


def _meant(name: str, names: Iterable[str]) -> str | None:
    """The only similar name, for one that is known to be undefined: it differs in case, or by one letter or two."""
    close = {other for other in names if other.lower() == name.lower() or _is_close(name, other)}
    return near_miss(name, sorted(set(names))) or (close.pop() if len(close) == 1 else None)


def _is_close(one: str, other: str) -> bool:
    """At most one letter, or in longer names two, are replaced, added or missing, or two neighbors are exchanged."""
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    shortest = min(len(one), len(other))
    return shortest > 3 and (max(len(a), len(b)) <= (2 if shortest > 7 else 1) or (len(a) == 2 and a == b[::-1]))


def _needed(instruction: Instruction) -> dict[str, list[Reference]]:
    """The variables that the instruction needs, by name."""
    found: dict[str, list[Reference]] = {}
    for one in references(instruction):
        if one.needed:
            found.setdefault(one.name, []).append(one)
    return found


def _undefined(
    instruction: Instruction,
    name: str,
    group: list[Reference],
    meant: str | None,
    severity: Severity | None = None,
    below: bool = False,
) -> Iterator[Finding]:
    fixes: tuple[Fix, ...] = ()
    what = f"variable `{name}` is not defined and expands to an empty string"
    if below:
        what = f"variable `{name}` is defined only below and expands to an empty string here"
    elif meant is not None:
        what = f"variable `{name}` is not defined; did you mean `{meant}`?"
    for one in group:
        if meant is not None and not below:
            fixes = (Fix(f"Change variable to `{meant}`", partial(_rename, one, meant)),)
        yield Finding(one.span, what, fixes, severity)


def _rename(reference: Reference, meant: str) -> list[Edit]:
    return [Edit(reference.span.start, reference.span.end, meant)]


def _declare(instruction: Instruction, name: str) -> list[Edit]:
    keyword = "arg" if instruction.keyword.islower() else "ARG"
    return [line_above(instruction, f"{keyword} {name}")]


def _declare_above(stage: Stage, name: str) -> Change:
    """Repeats the ARG of an earlier stage before the first FROM."""
    stages = model_of(stage.file).stages
    found = next(
        one
        for earlier in stages
        for one in earlier.instructions
        if isinstance(one, Argument) and any(pair.name == name for pair in one.pairs)
    )
    start = stages[0].start
    edit = line_above(start, found.source.of(found.words_span))
    return Change({stage.file.path: (edit.shifted(start.file.start),)})
