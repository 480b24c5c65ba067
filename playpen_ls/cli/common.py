"""Shared by the commands: the files and rules that arguments select, and error messages."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from playpen_ls.cli.inputs import Target, Targets
from playpen_ls.cli.printable import printable
from playpen_ls.cli.results import Problem, relative
from playpen_ls.config.loader import with_one_config
from playpen_ls.config.model import OFF, Settings
from playpen_ls.config.rule_names import is_rule_name, unknown_rule
from playpen_ls.languages.registry import LANGUAGES, labels
from playpen_ls.languages.yaml_loader import SLOW, is_slow
from playpen_ls.text.source import LARGEST, Source, Unreadable

DONE, FOUND, FAILED = 0, 1, 2


class Unusable(Exception):
    """Wrong usage; the message says what is wrong."""


def add_input(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that select files and rules."""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="files and folders (default: current folder); - reads standard input"
    )
    parser.add_argument(
        "--select", action="append", default=[], metavar="RULE", help="run only these rules or languages"
    )
    parser.add_argument("--ignore", action="append", default=[], metavar="RULE", help="skip these rules or languages")
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="PATTERN", help="skip these files too, as in .gitignore"
    )
    parser.add_argument(
        "--force-exclude", action="store_true", help="skip excluded files even if they are named (for pre-commit)"
    )
    parser.add_argument(
        "--config", metavar="FILE", help="use this configuration for all files; patterns are relative to this folder"
    )
    parser.add_argument("--isolated", action="store_true", help="use no configuration file")
    parser.add_argument(
        "--strict", action="store_true", help="exit with 2 if anything was not checked, not only files that are named"
    )
    parser.add_argument("--stdin-filename", metavar="NAME", help="file name of the text on standard input")
    parser.add_argument(
        "--language", choices=LANGUAGES, help="language of the text on standard input if its file name does not tell"
    )


def settings_of(options: argparse.Namespace) -> Settings:
    """The rules that --select and --ignore name. Raises Unusable for unknown ones."""
    names = {key: tuple(_split(getattr(options, key))) for key in ("select", "ignore")}
    for key, given in names.items():
        for name in given:
            if not is_rule_name(name):
                raise Unusable(f"--{key} {name}: {unknown_rule(name)}")
    folder = Path.cwd()
    settings = Settings(
        names["select"] or None, names["ignore"], exclude=tuple(options.exclude), folder=folder, baseline=OFF
    )
    if options.isolated and options.config is not None:
        raise Unusable("--isolated and --config cannot be combined")
    if options.isolated:
        return with_one_config(settings, None)
    if options.config is not None:
        if not os.path.isfile(options.config):
            raise Unusable(f"--config {options.config}: no such file")
        return with_one_config(settings, Path(os.path.abspath(options.config)))
    return settings


def _split(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        yield from (word for word in value.replace(",", " ").split())


def targets_of(options: argparse.Namespace, targets: Targets) -> Iterator[Target]:
    """The files that the arguments name. Raises Unusable."""
    _check_input(options)
    if "-" in options.paths:
        if len(options.paths) > 1:
            raise Unusable("`-` (standard input) cannot be combined with other paths")
        if not (options.stdin_filename or options.language):
            raise Unusable("standard input needs --stdin-filename NAME or --language NAME")
        name = stdin_name(options)
        shown = name or f"stdin.{options.language}"
        target = targets.text(standard_input(shown), name, options.language)
        if target is None:
            raise Unusable(f"{shown}: not a {labels('or')}")
        yield target
        return
    yield from targets.under(_names(options))


def paths_of(options: argparse.Namespace, targets: Targets) -> list[tuple[str, bool]] | None:
    """(path, whether it is named itself) of each file; None for standard input. Raises Unusable."""
    _check_input(options)
    return None if "-" in options.paths else targets.paths(_names(options))


def _check_input(options: argparse.Namespace) -> None:
    """Raises Unusable for options of standard input without it."""
    for option in ("stdin_filename", "language"):
        if getattr(options, option, None) and "-" not in options.paths:
            raise Unusable(f"--{option.replace('_', '-')} is for standard input; add `-` as the path")


def _names(options: argparse.Namespace) -> list[str]:
    names: list[str] = options.paths or ["."]
    for name in names:
        if not os.path.exists(name):
            raise Unusable(f"{name}: no such file or folder")
    return names


# The placeholder in Helix's configuration; before 25.07 Helix does not replace it with the file name.
_NO_NAME = "%{buffer_name}"


def stdin_name(options: argparse.Namespace) -> str | None:
    """The file name for standard input, if any."""
    return None if options.stdin_filename == _NO_NAME else options.stdin_filename


def standard_input(name: str) -> str:
    try:
        source = Source.decoded(name, sys.stdin.buffer.read(LARGEST + 1))
    except Unreadable as error:
        raise Unusable(f"{name}: {error}") from None
    return ("\ufeff" if source.byte_order_mark else "") + source.text


def prepare(target: Target) -> None:
    read_project(target)
    target.workspace.open(target.source, target.language, target.on_disk)


def read_project(target: Target) -> None:
    """Complete the index if rules for this file query it."""
    workspace = target.workspace
    if not workspace.index.complete and workspace.needs_project(target.path, target.language):
        workspace.closed.read_all()


def incomplete(options: argparse.Namespace, targets: Targets, files: int) -> bool:
    """Whether too little was checked for a result: a named file was not, or with --strict any.

    `files` is the number of files that were checked.
    """
    return (options.strict and not files) or any(problem.fatal or options.strict for problem in targets.all_problems())


def invalid_configuration(targets: Targets) -> list[Problem]:
    """The problems in all configuration files that were used; also prints them to standard error."""
    used = (config for workspace in targets.workspaces.values() for config in workspace.configs.used())
    problems = dict.fromkeys(problem for config in used for problem in config.problems)
    for problem in problems:
        say(str(problem))
    return [Problem(relative(str(one.path), targets.folder), f"line {one.line}: {one.message}") for one in problems]


def say_if_slow() -> None:
    """Warn once per run, not per file or process, that PyYAML lacks libyaml."""
    if is_slow():
        say(SLOW)


def fail(message: str) -> int:
    say(message)
    return FAILED


def say(message: str) -> None:
    print(f"playpen-ls: {printable(message)}", file=sys.stderr)
