"""The argument parser of the command line, collected from the commands."""

from __future__ import annotations

import argparse
import os
import pkgutil
from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from typing import NoReturn

from playpen_ls import __version__
from playpen_ls.cli import commands
from playpen_ls.languages.registry import labels


def command_names() -> list[str]:
    return sorted(info.name for info in pkgutil.iter_modules(commands.__path__) if not info.name.startswith("_"))


class Parser(argparse.ArgumentParser):
    """Reports wrong usage with the name of the command and what to do."""

    def options(self) -> list[str]:
        return [option for action in self._actions for option in action.option_strings]

    def actions(self) -> list[argparse.Action]:
        return self._actions

    def commands(self) -> dict[str, Parser]:
        """The parsers of the commands, by name."""
        (known,) = (action for action in self._actions if isinstance(action, argparse._SubParsersAction))
        return dict(known.choices)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def parsed(arguments: list[str], names: list[str]) -> argparse.Namespace:
    """The parsed arguments; `names` are the commands. Exits with an error for wrong usage."""
    first = arguments[0]
    known = parser([first] if first in names else names)
    if not first.startswith("-") and first not in (*names, "serve"):
        close = get_close_matches(first, names, n=1)
        if os.path.exists(first):
            known.error(f"`{first}` is not a command; did you mean `playpen-ls check {first}`?")
        hint = f"; did you mean `{close[0]}`?" if close else f"; commands: {', '.join(names)}"
        known.error(f"unknown command `{first}`{hint}")
    if first.startswith("-") and first not in ("-h", "--help", "--version"):
        known.error(f"unknown option `{first}`; options come after the command, as in `playpen-ls check {first}`")
    options, unknown = known.parse_known_args(arguments)
    if unknown:
        command: Parser = options.parser
        option = unknown[0].partition("=")[0]
        close = get_close_matches(option, command.options(), n=1)
        command.error(f"unknown option `{option}`" + (f"; did you mean `{close[0]}`?" if close else ""))
    return options


def parser_of_all() -> Parser:
    return parser(command_names())


def parser(names: Iterable[str]) -> Parser:
    """The parser of these commands. The parsed options have the function that runs the command as `run`."""
    parser = Parser(
        prog="playpen-ls",
        description=f"Check {labels('and', plural='s')} against the best practices of the Playpen platform. "
        "Started by an editor without arguments, it runs the language server.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"playpen-ls {__version__}")
    known = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name in names:
        command = import_module(f"{commands.__name__}.{name}")
        what = (command.__doc__ or "").strip().rstrip(".")
        added = known.add_parser(name, help=what[:1].lower() + what[1:], allow_abbrev=False)
        command.add_arguments(added)
        added.set_defaults(run=command.run, parser=added, all_commands=lambda: parser_of_all().commands())
    # It is run by `__main__`, since the command line does not import the server.
    known.add_parser("serve", help="run the language server on standard input and output")
    return parser
