"""Edits that keep an install cached when only source files change.

*Sink* replaces the broad COPY with a copy of the dependency manifests, and moves it below the last
install. *Split* inserts a command that installs only the dependencies above the broad COPY. Both keep
the content of the image unchanged.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from itertools import chain

from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Change, Refused
from playpen_ls.languages.dockerfile.build_context.dockerignore import Ignore, ignore_of
from playpen_ls.languages.dockerfile.edits.lines import block, is_blank_above, is_blank_below
from playpen_ls.languages.dockerfile.model.container_paths import joined, rest_below, working_directory
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import Assigning, Run
from playpen_ls.languages.shell.parser import Command
from playpen_ls.rules.dockerfile._installs import Install
from playpen_ls.rules.dockerfile._steps import Step
from playpen_ls.rules.dockerfile.copy_before_install.broad_copies import BroadCopy
from playpen_ls.rules.dockerfile.copy_before_install.copy_lines import copy_lines
from playpen_ls.rules.dockerfile.copy_before_install.inputs import Supply, is_proven, supplies_of
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

# Variables that name files which an install reads besides its manifests.
_CONFIGURED = regex(
    r"PIP_(?:CONFIG_FILE|CONSTRAINT|REQUIREMENT|FIND_LINKS|BUILD_CONSTRAINT)|(?:NPM|npm)_(?:CONFIG|config)_\w+|YARN_RC_FILENAME"
    r"|UV_(?:CONFIG_FILE|CONSTRAINT|OVERRIDE|FIND_LINKS|PROJECT)|BUNDLE_(?:GEMFILE|APP_CONFIG)|PIPENV_PIPFILE|COMPOSER|GOFLAGS"
)
_CONFIGURING = {
    **dict.fromkeys(("npm", "pnpm"), ("--userconfig", "--globalconfig")),
    "yarn": ("--use-yarnrc",),
    "bun": ("-c", "--config"),
    "uv": ("--config-file", "--overrides", "--build-constraints", "-b"),
    "pip": ("--build-constraint",),
    "bundle": ("--gemfile",),
    "mvn": ("-f", "--file", "-s", "--settings", "-gs", "--global-settings", "-t", "--toolchains"),
    "go": ("-modfile", "-overlay"),
}
_OFTEN_THERE = frozenset(("node_modules", ".venv", "vendor"))  # folders that often exist in working copies
_MAY_STAND_ABOVE_SPLIT = frozenset("LABEL EXPOSE STOPSIGNAL CMD ENTRYPOINT HEALTHCHECK MAINTAINER".split())


@dataclass(frozen=True)
class Plan:
    """`edits` change the Dockerfile, `moved` are the manifests that they copy first, `ignored` are paths to
    add to the ignore file. `safe` is False if the files of the project are unknown, or what an install reads."""

    edits: tuple[Edit, ...]
    moved: tuple[str, ...]
    ignored: tuple[str, ...]
    ignore: Ignore | None
    context: str
    safe: bool

    def change(self, broad: BroadCopy, files: Files) -> Change:
        file = broad.stage.file
        edits = {file.path: tuple(edit.shifted(file.start) for edit in self.edits)}
        if not self.ignored:
            return Change(edits)
        added = "".join(f"{line}\n" for line in self.ignored)
        if self.ignore is None:
            return Change(edits, {posixpath.join(self.context, ".dockerignore"): added})
        text = files.text(self.ignore.path) or ""
        newline = "" if not text or text.endswith("\n") else "\n"
        return Change({**edits, self.ignore.path: (Edit(len(text), len(text), newline + added),)})


def sink(broad: BroadCopy, files: Files, contexts: list[str]) -> Plan:
    """Raises Refused with the reason for the most likely build context.

    A remaining install below the copy that can install only the dependencies is split.
    """
    steps = [step for step in broad.steps if step.installs]
    if steps and broad.left is not None and broad.left.alone and broad.left_run is not None:
        rest = _split_step(broad, broad.left, broad.left_run, steps[-1].run)
        _refuse_settings(broad, [*steps, rest])
        return _in_likeliest(broad, [*steps, rest], files, contexts, _sinking_and_splitting_edits)
    if not steps or broad.left is not None:
        raise Refused(broad.stop)
    _refuse_settings(broad, steps)
    return _in_likeliest(broad, steps, files, contexts, _sinking_edits)


def split(broad: BroadCopy, files: Files, contexts: list[str]) -> Plan:
    """The plan for an install that has a command for installing only the dependencies. Raises Refused."""
    step = _split_step(broad, broad.install, broad.run, broad.copy)
    _refuse_settings(broad, [step])
    return _in_likeliest(broad, [step], files, contexts, _splitting_edits)


def _split_step(broad: BroadCopy, install: Install, run: Run, above: Instruction) -> Step:
    """The RUN of an install to split; its new copy goes next to `above`. Raises Refused."""
    between = [one.name for one in broad.stage.instructions if above.index < one.index < run.index]
    between = [name for name in between if name not in _MAY_STAND_ABOVE_SPLIT]
    if install.tool == "go":
        between = [name for name in between if name not in ("ENV", "ARG")]
    if between:
        raise Refused(f"the install can depend on `{between[0]}` before it")
    if len(run.commands) != 1 or run.heredocs or run.vector is not None:
        raise Refused("the install shares its `RUN` with other commands")
    if any(mount.type not in ("cache", "tmpfs") for mount in run.mounts):
        raise Refused("the install has a mount other than a cache or tmpfs")
    return Step(run, working_directory(run), (install,), "")


def _refuse_settings(broad: BroadCopy, steps: list[Step]) -> None:
    destination = broad.destination
    if broad.unpacks:
        raise Refused("`*` copies the contents of folders, not the folders, so the origin of a file is unknown")
    if destination in ("/", "/root", "/etc", "/home") or re.fullmatch(r"/home/[^/]+|\?\$\{?HOME.*", destination):
        raise Refused(f"`{destination.lstrip('?')}` can contain settings that the install reads")
    seen = [one for one in _stage_assignments(broad) if _CONFIGURED.fullmatch(one)]
    if seen:
        raise Refused(f"`{seen[0]}` can name another file that the install reads")
    for step in steps:
        for command in step.run.commands:
            _refuse_settings_of(command)
        for mount in step.run.mounts:
            if mount.type == "bind" and not mount.origin and posixpath.normpath("/" + mount.source) == "/":
                raise Refused("the install mounts the whole build context")


def _refuse_settings_of(command: Command) -> None:
    """Refuses if a variable or an option names a file that the command reads besides the manifests."""
    words = (*command.assignments, *(command.arguments if command.name == "export" else ()))
    for name in (word.text.partition("=")[0] for word in words):
        if _CONFIGURED.fullmatch(name):
            raise Refused(f"`{name}` can name another file that the install reads")
    option = command.option(*_CONFIGURING.get(command.name, ()))
    if option is not None:
        raise Refused(f"`{option.name}` names another file that the install reads")


def _stage_assignments(broad: BroadCopy) -> list[str]:
    return [
        pair.name
        for one in broad.stage.all_instructions
        if isinstance(one, Assigning)
        for pair in one.pairs
        if "://" not in (pair.value or "")
    ]


Edits = Callable[[BroadCopy, list[Step], list[list[Supply]]], list[Edit]]


def _in_likeliest(broad: BroadCopy, steps: list[Step], files: Files, contexts: list[str], edits: Edits) -> Plan:
    """The plan for the first context that contains the needed files; else raises the first context's reason."""
    refused: Refused | None = None
    for context in contexts:
        try:
            supplies = [supplies_of(step, broad, context, files) for step in steps]
        except Refused as reason:
            refused = refused or reason
            continue
        ignore = ignore_of(broad.stage.file.path, context, files)
        for supply in chain.from_iterable(supplies):
            if ignore is not None and ignore.excludes(supply.path.rstrip("/")):
                raise Refused(f"`{ignore.path}` excludes `{supply.path}`")
        ignored = _to_ignore(broad, steps, context, ignore, files)
        moved = tuple(dict.fromkeys(supply.path for supply in chain.from_iterable(supplies)))
        safe = all(is_proven(step, broad, context, files) for step in steps)
        return Plan(tuple(edits(broad, steps, supplies)), moved, ignored, ignore, context, safe)
    raise refused or Refused("the build context is unknown")


def _to_ignore(
    broad: BroadCopy, steps: list[Step], context: str, ignore: Ignore | None, files: Files
) -> tuple[str, ...]:
    """Outputs of the installs that the moved broad copy would overwrite. Raises Refused."""
    found: list[str] = []
    for step in steps:
        for install in step.installs:
            base = joined(step.folder, install.folder or ".")
            for name in (*install.outputs, *install.chosen_outputs):
                rest = rest_below(joined(base, name), broad.destination)
                if not rest:
                    continue
                path = posixpath.join(broad.source, rest)
                # `node_modules/*` does not exclude the folder itself, but it is empty then.
                if ignore is not None and (ignore.excludes(path) or ignore.excludes(posixpath.join(path, "file"))):
                    continue
                there = files.known and files.exists(posixpath.join(context, path))
                if there and name in install.chosen_outputs:
                    raise Refused(f"the copy would overwrite `{path}`, which the install writes")
                often = name in _OFTEN_THERE and not (install.tool in ("poetry", "pipenv") and files.known)
                if (there or often) and path not in found:
                    found.append(path)
    return tuple(found)


def _sinking_edits(broad: BroadCopy, steps: list[Step], supplies: list[list[Supply]]) -> list[Edit]:
    source, moving = broad.copy.source, block(broad.copy)
    edits: list[Edit] = []
    in_place: list[str] = []
    brought: set[Supply] = set()
    for number, (step, wanted) in enumerate(zip(steps, supplies, strict=True)):
        lines = copy_lines(broad, [one for one in wanted if one not in brought])
        brought.update(wanted)
        if number == 0 and not any(isinstance(one, Run) and one.index < step.run.index for one in broad.between):
            in_place = lines
        elif lines:
            at = block(step.run).start
            indentation = source.indentation(step.run.raw.start)
            edits.append(Edit(at, at, "".join(f"{indentation}{line}{source.newline}" for line in lines)))
    below = is_blank_below(source, broad.copy.raw.end)
    if in_place:
        indentation = source.indentation(broad.copy.raw.start)
        text = source.newline.join(indentation + line for line in in_place)
        edits.append(Edit(moving.start, moving.end, text))
    else:
        end = source.next_line_start(moving.end)
        if below and is_blank_above(source, moving.start):
            end = source.next_line_start(end)
        edits.append(Edit(moving.start, end, ""))
    at = steps[-1].run.raw.end
    edits.append(Edit(at, at, source.newline * (2 if below else 1) + source.of(moving)))
    return edits


def _sinking_and_splitting_edits(broad: BroadCopy, steps: list[Step], supplies: list[list[Supply]]) -> list[Edit]:
    """The copy moves below all but the last step, whose dependencies are installed above the copy."""
    source, rest = broad.copy.source, steps[-1]
    *edits, sunk = _sinking_edits(broad, steps[:-1], supplies[:-1])
    brought = set(chain.from_iterable(supplies[:-1]))
    wanted = [one for one in supplies[-1] if one not in brought]
    lines = [*copy_lines(broad, wanted), _dependencies_only(rest.run, rest.installs[0])]
    indentation = source.indentation(broad.copy.raw.start)
    added = "".join(f"{source.newline}{indentation}{line}" for line in lines)
    return [*edits, Edit(sunk.start, sunk.end, added + sunk.text)]


def _splitting_edits(broad: BroadCopy, steps: list[Step], supplies: list[list[Supply]]) -> list[Edit]:
    source, at = broad.copy.source, block(broad.copy).start
    lines = [*copy_lines(broad, supplies[0]), _dependencies_only(broad.run, broad.install)]
    indentation = source.indentation(broad.copy.raw.start)
    return [Edit(at, at, "".join(f"{indentation}{line}{source.newline}" for line in lines))]


def _dependencies_only(run: Run, install: Install) -> str:
    """The RUN that installs only the dependencies: with a different command, or with one more option."""
    source, words = run.source, run.words_span
    if not install.alone.startswith("-"):
        start = run.place(run.arguments_at, run.arguments_at + 1).start
        return source.text[words.start : start] + install.alone
    end = install.command.span.end
    return f"{source.text[words.start : end]} {install.alone}{source.text[end : words.end]}"
