"""Conversion of a single-stage build into two stages: the first builds, the second copies the build output.

Only for builds whose runtime files follow from the file: pip installs, npm builds, static Go programs, Maven jars.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence

from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Refused
from playpen_ls.languages.dockerfile.model.container_paths import joined, working_directory
from playpen_ls.languages.dockerfile.model.dockerfile import model_of
from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import (
    Cmd,
    Entrypoint,
    Environment,
    Run,
    Transfer,
    User,
    Workdir,
)
from playpen_ls.languages.shell.parser import Command
from playpen_ls.rules.dockerfile._installs import install_of
from playpen_ls.rules.dockerfile._manifests import TOOLS, Folder, npm_start
from playpen_ls.rules.dockerfile.single_stage_build.build_tools import is_compiler_only, removes_nothing_needed
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

BUILDER = "builder"
_KEPT = frozenset("ENV ARG WORKDIR LABEL EXPOSE STOPSIGNAL".split())
_RUNS_WITHOUT_TOOLS = frozenset(
    "mkdir chown chmod useradd adduser groupadd addgroup usermod python rm touch ln echo set".split()
)
_OUTPUTS = ("dist", "build", "out", "lib", ".output")
# Folders that a program can read at run time, so that the binary alone is not enough.
_READ_LATER = "templates static public assets config configs web ui migrations views data locales".split()
_TEMURIN = regex(r"maven:[\w.]+-eclipse-temurin-(?P<version>\d+)(?P<alpine>-alpine)?")


@dataclass(frozen=True)
class Shape:
    """`last` is the last instruction of the build; `lines` copy the build output into the second stage.

    `image` is the base image of the second stage, "" for the same one; `late` lines go after its last COPY.
    """

    last: Instruction
    lines: tuple[str, ...]
    image: str = ""
    edits: tuple[Edit, ...] = ()
    late: tuple[str, ...] = ()


def two_stages(stage: Stage, files: Files) -> list[Edit]:
    """The edits of the conversion. Raises Refused with the reason if equivalence cannot be proved."""
    runs = [one for one in stage.instructions if isinstance(one, Run)]
    commands = [(run, command) for run in runs for command in run.commands]
    names = {command.name for _, command in commands}
    if "ONBUILD" in {one.name for one in stage.instructions} or not stage.posix_shell_at(stage.start):
        raise Refused("the stage contains `ONBUILD` or is not built with a POSIX shell")
    if any(one.heredocs or one.flag("parents") for one in stage.instructions if isinstance(one, Transfer)):
        raise Refused("a copy with a heredoc or `--parents` is not supported")
    shape = next((made for made in (_go, _maven, _npm, _pip) if _tool(made) in names), None)
    if shape is None:
        raise Refused("the files that are needed at run time are unknown")
    return _edits(stage, shape(stage, commands, files))


def _tool(shape: object) -> str:
    return {_go: "go", _maven: "mvn", _npm: "npm"}.get(shape, "pip")  # type: ignore[call-overload,no-any-return]


Commands = Sequence[tuple[Run, Command]]


def _edits(stage: Stage, shape: Shape) -> list[Edit]:
    start, source, file = stage.start, stage.syntax.source, model_of(stage.file).source
    assert start.image is not None
    lower, newline = start.keyword.islower(), file.newline
    line = file.line_start(stage.file.start)
    above = file.line_text(file.line_of(line) - 1).strip() if line else ""
    edits = [*shape.edits, Edit(start.image.span.end, start.image.span.end, f" {'as' if lower else 'AS'} {BUILDER}")]
    if not above.startswith("#"):
        edits += stage.file.local([Edit(line, line, f"# Build stage{newline}")])
    flags = "".join(f" {source.of(flag.span)}" for flag in start.flags)
    begin = f"{start.keyword}{flags} {shape.image or source.of(start.image.span)}"
    built = [one for one in stage.instructions if one.index <= shape.last.index]
    wrong = next((one for one in built if one.name not in _KEPT and not isinstance(one, (Run, Transfer))), None)
    if wrong is not None:
        raise Refused(f"`{wrong.keyword}` is used before the end of the build")
    kept = [source.of(one.words_span) for one in built if one.name in _KEPT]
    lines = ["# Runtime stage", begin, *kept, *(_cased(one, lower) for one in shape.lines)]
    later = [one for one in stage.instructions if one.index > shape.last.index]
    copies = [one for one in later if isinstance(one, Transfer)]
    if any(isinstance(one, Run) for one in later) or not copies:
        lines += [_cased(one, lower) for one in shape.late]
    elif shape.late:
        at = copies[-1].raw.end
        edits.append(Edit(at, at, "".join(newline + _cased(one, lower) for one in shape.late)))
    at = shape.last.raw.end
    edits.append(Edit(at, at, newline * 2 + newline.join(lines)))
    return edits


def _cased(line: str, lower: bool) -> str:
    keyword, _, rest = line.partition(" ")
    return f"{keyword.lower() if lower else keyword} {rest}"


def _after(stage: Stage, last: Instruction) -> list[Instruction]:
    return [one for one in stage.instructions if one.index > last.index]


def _refuse_tools(later: Iterable[Instruction]) -> None:
    for run in later:
        for command in run.commands if isinstance(run, Run) else ():
            if command.name not in _RUNS_WITHOUT_TOOLS:
                raise Refused(f"`{command.name}` runs after the build and can need its tools")
        if isinstance(run, Run) and not run.commands:
            raise Refused("a `RUN` after the build cannot be analyzed")


def _pip(stage: Stage, commands: Commands, files: Files) -> Shape:
    installs = [(run, one) for run, one in commands if one.runs("pip", "install") and one.has("-r", "--requirement")]
    if len(installs) != 1:
        raise Refused("the stage does not have exactly one `pip install -r`")
    run, install = installs[0]
    virtual = _virtual_environment(stage, commands, run)
    for one, command in commands:
        if one.index <= run.index and command is not install:
            _refuse_unless_for_building(command, virtual)
    _refuse_tools(_after(stage, run))
    manifests = [one for one in stage.instructions if isinstance(one, Transfer) and one.index < run.index]
    options = ("-r", "--requirement", "-c", "--constraint")
    named = {posixpath.basename(one.text) for one in install.options if one.name in options}
    copied = {posixpath.basename(word.text) for one in manifests for word in one.sources}
    if not copied <= named or any(one.origin is not None for one in manifests):
        raise Refused("other files are copied before the install; copy only the requirements files there")
    if not named <= copied:
        raise Refused("no `COPY` before the install provides the requirements files")
    if virtual:
        return Shape(run, (f"COPY --from={BUILDER} {virtual} {virtual}",))
    if any(isinstance(one, User) and one.user not in ("root", "0") for one in stage.instructions):
        raise Refused("a non-root user cannot read `/root/.local`; install into a virtual environment instead")
    if install.has("--user", "-t", "--target", "--prefix", "--root", "-e", "--editable") or install.wrapper:
        raise Refused("the install does not use pip's default location")
    if run.vector is not None or run.heredocs:
        raise Refused("the install is not in shell form")
    at = install.operands[0].span.end
    edits = [Edit(at, at, " --user"), *_in_build_folder(stage, run, manifests, install)]
    late = ("ENV PATH=/root/.local/bin:$PATH",)
    return Shape(run, (f"COPY --from={BUILDER} /root/.local /root/.local",), edits=tuple(edits), late=late)


def _in_build_folder(stage: Stage, run: Run, manifests: list[Transfer], install: Command) -> list[Edit]:
    """Renames the working directory of the build stage to `/build`, if no path depends on it."""
    folders = [one for one in stage.instructions if isinstance(one, Workdir) and one.index < run.index]
    words = [one.destination.text for one in manifests if one.destination] + [one.text for one in install.options]
    if len(folders) != 1 or any(word.startswith(("/", "$")) for word in words) or "$" in folders[0].path:
        return []
    span = folders[0].arguments_span
    return [Edit(span.start, span.end, "/build")]


def _virtual_environment(stage: Stage, commands: Commands, run: Run) -> str:
    """The folder of the virtual environment that the stage creates and puts on its PATH, or ""."""
    for one, command in commands:
        words = [word.text for word in command.operands]
        if one.index <= run.index and command.name in ("venv", "virtualenv") and len(words) == 1:
            folder = joined(working_directory(one), words[0])
            on_path = any(
                pair.name == "PATH" and (pair.value or "").startswith((f"{folder}/bin:", "$VIRTUAL_ENV/bin:"))
                for each in stage.instructions
                if isinstance(each, Environment) and each.index < run.index
                for pair in each.pairs
            )
            if not folder.startswith("/") or not on_path:
                raise Refused("the virtual environment has no known path or is not first on `PATH`")
            return folder
    return ""


def _refuse_unless_for_building(command: Command, virtual: str) -> None:
    if command.runs("pip", "install") or (virtual and command.name in ("venv", "virtualenv")):
        packages = [re.split(r"[=<>~]", word.text)[0] for word in command.operands[1:]]
        if command.name == "pip" and not set(packages) <= {"pip", "setuptools", "wheel"}:
            raise Refused(f"`{packages[0]}` is installed separately and can be needed at run time")
        return
    package = is_compiler_only(command)
    if package is not None and package:
        raise Refused(f"`{package}` can be needed at run time")
    if package is None and not removes_nothing_needed(command):
        raise Refused(f"`{command.name}` before the install can create files that are needed at run time")


def _npm(stage: Stage, commands: Commands, files: Files) -> Shape:
    builds = [run for run, one in commands if one.runs("npm", "run", "build")]
    installs = [(run, one) for run, one in commands if one.name == "npm" and install_of(one)]
    start = _vector(stage)
    if start in (["npm", "start"], ["npm", "run", "start"]):
        start = npm_start(Folder("", posixpath.dirname(stage.file.path), files))
    if not builds or len(installs) != 1 or len({run for run, one in commands if one.name != "npm"}) > 0:
        raise Refused("only a single `npm ci` or `npm install` with `npm run build` is supported")
    run, install = installs[0]
    if start[:1] != ["node"] or len(start) < 2 or not start[1].removeprefix("./").startswith(_OUTPUTS):
        raise Refused("the output folder of `npm run build` is unknown; the start command must be like `node dist/…`")
    output = start[1].removeprefix("./").partition("/")[0]
    if output not in _OUTPUTS or install.has("--omit", "--ignore-scripts") or len(run.commands) != 1:
        raise Refused("the install has unsupported options or shares its `RUN`")
    manifests = [one for one in stage.instructions if isinstance(one, Transfer) and one.index < run.index]
    if not manifests or any(not word.text.startswith("package") for one in manifests for word in one.sources):
        raise Refused("other files are copied before the install; copy only `package.json` and its lock file there")
    _refuse_tools(_after(stage, builds[-1]))
    _refuse_scripts(stage, install, files)
    source, folder = stage.syntax.source, working_directory(builds[-1])
    if not folder.startswith("/") or any(isinstance(one, Transfer) for one in _after(stage, builds[-1])):
        raise Refused("the application folder is unknown, or files are copied after the build")
    at = install.operands[-1].span.end
    production = source.text[run.words_span.start : at] + " --omit=dev" + source.text[at : run.words_span.end]
    lines = [source.of(one.words_span) for one in manifests]
    return Shape(builds[-1], (*lines, production, f"COPY --from={BUILDER} {posixpath.join(folder, output)} ./{output}"))


def _refuse_scripts(stage: Stage, install: Command, files: Files) -> None:
    """Refuses if `package.json` can make an install without development packages fail."""
    beside = Folder("", posixpath.dirname(stage.file.path), files)
    read = install_of(install)
    if read is None or not beside.exists("package.json"):
        raise Refused("`package.json` is not next to the Dockerfile")
    TOOLS["npm"].check(beside, read)


def _go(stage: Stage, commands: Commands, files: Files) -> Shape:
    builds = [(run, one) for run, one in commands if one.runs("go", "build")]
    if len(builds) != 1 or (output := builds[0][1].option("-o")) is None:
        raise Refused("the stage does not have exactly one `go build -o`")
    run, build = builds[0]
    static = any(word.text == "CGO_ENABLED=0" for word in build.assignments) or any(
        pair.name == "CGO_ENABLED" and pair.value == "0"
        for one in stage.instructions
        if isinstance(one, Environment) and one.index < run.index
        for pair in one.pairs
    )
    if not static:
        raise Refused("the program can need the C library; set `CGO_ENABLED=0` to build a static binary")
    program = joined(working_directory(run), output.text)
    later, start = _after(stage, run), _vector(stage)
    if (
        not start
        or not program.startswith("/")
        or joined(working_directory(stage.instructions[-1]), start[0]) != program
    ):
        raise Refused("the container does not start the built program")
    wrong = next((one for one in later if one.name not in (*_KEPT, "CMD", "ENTRYPOINT")), None)
    if wrong is not None:
        raise Refused(f"`{wrong.keyword}` after the build needs more than the program")
    folder = posixpath.dirname(stage.file.path)
    read = next((one for one in _READ_LATER if files.names(posixpath.join(folder, one))), None)
    if read is not None or not files.known:
        raise Refused(f"the program can read `{read}` at run time" if read else "the project's files are unknown")
    certificates = "/etc/ssl/certs/ca-certificates.crt"
    lines = (f"COPY --from={BUILDER} {certificates} {certificates}", f"COPY --from={BUILDER} {program} {program}")
    return Shape(run, lines, image="scratch")


def _maven(stage: Stage, commands: Commands, files: Files) -> Shape:
    runs = [
        run for run, one in commands if one.name == "mvn" and {"package", "verify"} & {w.text for w in one.operands}
    ]
    image = _TEMURIN.fullmatch(stage.start.image.text) if stage.start.image else None
    start = _vector(stage)
    if not runs or any(one.name != "mvn" for _, one in commands):
        raise Refused("only a build with `mvn package` and no other commands is supported")
    if image is None:
        raise Refused("the runtime image is unknown; it is known only for `maven:…-eclipse-temurin-…`")
    if start[:2] != ["java", "-jar"] or len(start) < 3 or re.search(r"[$*?]", start[2]):
        raise Refused('the start command does not have the form `["java", "-jar", "…"]`')
    wrong = next(
        (one for one in _after(stage, runs[-1]) if one.name not in (*_KEPT, "CMD", "ENTRYPOINT", "USER")), None
    )
    if wrong is not None:
        raise Refused(f"`{wrong.keyword}` after the build needs more than the jar")
    jar = joined(working_directory(stage.instructions[-1]), start[2])
    if not jar.startswith("/"):
        raise Refused("the folder of the jar is unknown")
    runtime = f"eclipse-temurin:{image['version']}-jre{image['alpine'] or ''}"
    return Shape(runs[-1], (f"COPY --from={BUILDER} {jar} {jar}",), image=runtime)


def _vector(stage: Stage) -> list[str]:
    """The words of the start command in JSON form; empty for the shell form."""
    found = [one for one in stage.instructions if isinstance(one, (Cmd, Entrypoint))]
    first = next((one for one in found if isinstance(one, Entrypoint)), found[0] if found else None)
    return [word.text for word in first.vector or ()] if first is not None else []
