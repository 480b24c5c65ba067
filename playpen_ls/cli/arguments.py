"""The argument parser of the command line, collected from the commands."""

from __future__ import annotations

import argparse
import pkgutil
from collections.abc import Iterable
from importlib import import_module

from playpen_ls import __version__
from playpen_ls.cli import commands
from playpen_ls.languages.registry import labels


def command_names() -> list[str]:
    return sorted(info.name for info in pkgutil.iter_modules(commands.__path__) if not info.name.startswith("_"))


def parser(names: Iterable[str]) -> argparse.ArgumentParser:
    """The parser of these commands. The parsed options have the function that runs the command as `run`."""
    parser = argparse.ArgumentParser(
        prog="playpen-ls",
        description=f"Check {labels('and', plural='s')} against the best practices of the Playpen platform. "
        "Started by an editor without arguments, it runs the language server.",
    )
    parser.add_argument("--version", action="version", version=f"playpen-ls {__version__}")
    known = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name in names:
        command = import_module(f"{commands.__name__}.{name}")
        what = (command.__doc__ or "").strip().rstrip(".")
        added = known.add_parser(name, help=what[:1].lower() + what[1:])
        command.add_arguments(added)
        added.set_defaults(run=command.run)
    # It is run by `__main__`, since the command line does not import the server.
    known.add_parser("serve", help="run the language server on standard input and output")
    return parser
