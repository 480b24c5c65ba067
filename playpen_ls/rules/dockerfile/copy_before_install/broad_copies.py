"""Broad copies: a COPY of a whole folder before an install, whose cached layer every source change invalidates."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from itertools import chain

from playpen_ls.api.facts import Files
from playpen_ls.languages.dockerfile.model.container_paths import (
    destination_of,
    is_apart,
    joined,
    known,
    working_directory,
)
from playpen_ls.languages.dockerfile.model.expansion import names_in
from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import Assigning, Run, Transfer, Volume, Workdir
from playpen_ls.rules.dockerfile._installs import Install, install_of
from playpen_ls.rules.dockerfile._steps import Step, read_step
from playpen_ls.text.dataclass import dataclass

# Substrings of the names of all install tools, for a fast pre-check.
_TOOLS = (
    "pip",
    "npm",
    "apt",
    "apk",
    "yarn",
    "uv",
    "poetry",
    "pdm",
    "go ",
    "bun",
    "compos",
    "mvn",
    "yum",
    "dnf",
    "zypper",
)
FETCHED = "pnpm fetch"  # its packages are in the store, from which a later `pnpm install` takes them
_HARMLESS = frozenset(
    "ENV ARG LABEL EXPOSE STOPSIGNAL CMD ENTRYPOINT HEALTHCHECK SHELL ONBUILD USER MAINTAINER".split()
)


@dataclass(frozen=True)
class BroadCopy:
    """A COPY of the whole build context, or of a folder of it, before an install.

    `source` is the folder of the context, "" for all of it; `destination` is a container path. `install`
    is the first install whose cached layer it invalidates, in `run`. The copy can move below the `steps`,
    which do not need the source files; `stop` is the reason why it cannot move further down, "" if there
    is none, and `left` is the first install that would remain below it, in `left_run`.
    """

    stage: Stage
    copy: Transfer
    source: str
    destination: str
    install: Install
    run: Run
    steps: tuple[Step, ...]
    stop: str
    left: Install | None
    left_run: Run | None = None

    @property
    def unpacks(self) -> bool:
        """Its source is `*`, which copies the contents of folders, not the folders."""
        return self.copy.words[0].text.endswith("*")

    @property
    def named(self) -> Install:
        """The install that messages name: the first with manifests among those that can stay cached."""
        installs = [install for step in self.steps for install in step.installs]
        return next((install for install in installs if install.reads_manifests), self.install)

    @property
    def last(self) -> Install:
        """The last install that the copy can move below."""
        return self.steps[-1].installs[-1] if self.steps else self.install

    @property
    def between(self) -> list[Instruction]:
        """The instructions between the copy and the first install."""
        return [one for one in self.stage.instructions if self.copy.index < one.index < self.run.index]


def broad_copies(stage: Stage, files: Files, contexts: list[str]) -> Iterator[BroadCopy]:
    """`contexts` are the candidates for the build context, most likely first."""
    mentions = stage.mentions
    runs = (one for one in reversed(stage.instructions) if isinstance(one, Run) and mentions(one.whole_text, _TOOLS))
    last = next((run.index for run in runs), 0)
    tools, read = set[str](), 0
    for number, copy in enumerate(stage.instructions):
        if copy.index > last:
            return
        if not isinstance(copy, Transfer) or (copy.name == "COPY" and "--from" in copy.logical):
            continue
        source = _broad_source(copy, files, contexts)
        destination = destination_of(copy) if source is not None else None
        if source is not None and destination is not None:
            tools |= _tools(stage.instructions[read:number])
            read = number
            found = _with_installs(stage, copy, stage.instructions[number + 1 :], source, destination, tools)
            if found is not None:
                yield found


def _broad_source(copy: Transfer, files: Files, contexts: list[str]) -> str | None:
    """The folder of the context that the instruction copies; None for a file, several sources or another stage."""
    if len(copy.words) != 2 or copy.heredocs or any(flag.name not in ("chown", "chmod", "link") for flag in copy.flags):
        return None
    source = copy.words[0].text
    if source in ("*", "./*", "/*"):
        return ""
    if not copy.words[0].plain or any(char in source for char in "*?[ ") or "://" in source:
        return None
    path = posixpath.normpath("/" + source).lstrip("/")
    if not path or source.endswith("/"):
        return path
    return path if any(files.names(posixpath.join(context, path)) for context in contexts) else None


def _with_installs(
    stage: Stage, copy: Transfer, below: Iterable[Instruction], source: str, destination: str, above: AbstractSet[str]
) -> BroadCopy | None:
    """`above` are the tools that have installed dependencies before the copy."""
    cached = set(above)  # the tools whose dependencies are installed independently of the copy
    steps: list[Step] = []
    stop, first, left, left_run = "", None, None, None
    for instruction in below:
        if not isinstance(instruction, Run):
            stop = stop or _obstacle(instruction, copy, destination)
            continue
        step = read_step(instruction, destination)
        wanted = next((one for one in step.installs if _is_wanted(one, step, cached)), None)
        if wanted is not None and first is None:
            first = (wanted, instruction)
        if step.opaque:
            stop = stop or f"`{step.opaque}` can read or write the copied files"
        elif step.needs_sources:
            stop = stop or step.needs_sources.needs or f"`{step.needs_sources.title}` needs the source files"
        if not stop:
            steps.append(step)
            cached |= {one.tool for one in step.installs}
        elif wanted is not None:
            left, left_run = wanted, instruction
            break
    if first is None:
        return None
    while steps and not steps[-1].installs:
        steps.pop()
    return BroadCopy(stage, copy, source, destination, *first, tuple(steps), stop, left, left_run)


def _is_wanted(install: Install, step: Step, cached: set[str]) -> bool:
    """The install should stay cached on source changes. Packages in a RUN that also builds are part of that build."""
    if step.opaque and not install.reads_manifests:
        return False
    if FETCHED in cached and install.tool == "pnpm":
        return False
    if install.command.has("--offline") and install.tool in cached:
        return False
    return not ((install.needs or install.alone) and install.tool in cached)


def _tools(instructions: Iterable[Instruction]) -> set[str]:
    """The tools that install dependencies in them."""
    commands = chain.from_iterable(one.commands for one in instructions if isinstance(one, Run))
    installs = [install for command in commands if (install := install_of(command))]
    return {install.tool for install in installs} | {FETCHED for install in installs if install.title == FETCHED}


def _obstacle(instruction: Instruction, copy: Transfer, destination: str) -> str:
    """The reason why the copy cannot move below the instruction, or ""."""
    if isinstance(instruction, Workdir):
        absolute = copy.destination is not None and copy.destination.text.startswith("/")
        return "" if absolute else "`WORKDIR` after the copy changes its relative destination"
    if isinstance(instruction, Assigning) and instruction.name != "LABEL":
        used = names_in(copy.logical)
        changed = [pair.name for pair in instruction.pairs if pair.name in used]
        return f"`{changed[0]}`, which the copy uses, is reassigned before the install" if changed else ""
    if isinstance(instruction, Transfer):
        written = destination_of(instruction)
        if written is not None and is_apart(written, destination):
            return ""
        # An absolute path cannot be compared with one below an unknown working directory.
        return f"`{instruction.keyword}` between the copy and the install can write to the same path"
    if isinstance(instruction, Volume):
        for word in instruction.words:
            volume = joined(working_directory(instruction), known(word.text, instruction))
            if not is_apart(volume, destination):
                return "files that are written below a `VOLUME` can be discarded"
        return ""
    return "" if instruction.name in _HARMLESS else f"`{instruction.keyword}` is between the copy and the install"
