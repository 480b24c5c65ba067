"""What the commands share: which files and rules they are told, and how they say what is wrong."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator

from playpen_ls.cli.inputs import Target, Targets, relative
from playpen_ls.cli.report.model import Problem
from playpen_ls.config.model import Settings
from playpen_ls.config.rule_names import is_rule_name, unknown_rule
from playpen_ls.languages.yaml_loader import SLOW, is_slow
from playpen_ls.text.source import Source, Unreadable

DONE, FOUND, FAILED = 0, 1, 2


class Unusable(Exception):
    """The command cannot run as it was called."""


def settings_of(options: argparse.Namespace) -> Settings:
    names = {key: tuple(_split(getattr(options, key))) for key in ("select", "ignore")}
    for key, given in names.items():
        for name in given:
            if not is_rule_name(name):
                raise Unusable(f"--{key} {name}: {unknown_rule(name)}")
    return Settings(names["select"] or None, names["ignore"])


def _split(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield from (word for word in value.replace(",", " ").split())


def targets_of(options: argparse.Namespace, targets: Targets) -> Iterator[Target]:
    """The files that the options name. Raises Unusable."""
    if "-" in options.paths:
        if len(options.paths) > 1:
            raise Unusable("`-` (standard input) cannot be combined with other paths")
        if not (options.stdin_filename or options.language):
            raise Unusable("standard input needs --stdin-filename NAME or --language NAME")
        name = stdin_name(options)
        shown = name or f"stdin.{options.language}"
        target = targets.text(standard_input(shown), name, options.language)
        if target is None:
            raise Unusable(f"{shown}: not a Dockerfile, Jenkinsfile, Kubernetes manifest or Python file")
        yield target
        return
    yield from targets.under(_names(options))


def paths_of(options: argparse.Namespace, targets: Targets) -> list[tuple[str, bool]] | None:
    """The files that the options name, and whether they do so themselves; None for standard input. Raises Unusable."""
    return None if "-" in options.paths else targets.paths(_names(options))


def _names(options: argparse.Namespace) -> list[str]:
    names: list[str] = options.paths or ["."]
    for name in names:
        if not os.path.exists(name):
            raise Unusable(f"{name}: no such file or folder")
    return names


# What Helix is told to put the file's name in place of; before 25.07 it does not.
_NO_NAME = "%{buffer_name}"


def stdin_name(options: argparse.Namespace) -> str | None:
    """The name of the file whose text comes from standard input, if it has one."""
    return None if options.stdin_filename == _NO_NAME else options.stdin_filename


def standard_input(name: str) -> str:
    try:
        source = Source.decoded(name, sys.stdin.buffer.read())
    except Unreadable as error:
        raise Unusable(f"{name}: {error}") from None
    return ("\ufeff" if source.byte_order_mark else "") + source.text


def prepare(target: Target) -> None:
    read_project(target)
    target.workspace.open(target.source, target.language, target.on_disk)


def read_project(target: Target) -> None:
    """Read what the other files say, if rules for this one ask."""
    workspace = target.workspace
    if not workspace.index.complete and workspace.configs.rules(target.path, target.language).asks:
        workspace.closed.read_all()


def invalid_configuration(targets: Targets) -> list[Problem]:
    """What is wrong in the configurations that were used; it is said at once, whatever the format."""
    used = (config for workspace in targets.workspaces.values() for config in workspace.configs.used())
    problems = dict.fromkeys(problem for config in used for problem in config.problems)
    for problem in problems:
        say(str(problem))
    return [Problem(relative(str(one.path), targets.folder), f"line {one.line}: {one.message}") for one in problems]


def say_if_slow() -> None:
    """Whatever number of files and processes there was."""
    if is_slow():
        say(SLOW)


def fail(message: str) -> int:
    say(message)
    return FAILED


def say(message: str) -> None:
    print(f"playpen-ls: {message}", file=sys.stderr)
