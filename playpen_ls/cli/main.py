"""The command line: parses the arguments and runs the command that they name."""

from __future__ import annotations

import logging
import os
import sys
from io import TextIOWrapper

from playpen_ls.cli.arguments import command_names, parsed, parser
from playpen_ls.cli.common import DONE, Unusable, fail, say, say_if_slow

logger = logging.getLogger("playpen_ls")


class _Log(logging.Handler):
    """Warnings and errors on standard error, without control characters."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage())


def run(arguments: list[str]) -> int:
    """Run a command and return the exit status: 0 without findings, 1 with findings, 2 for errors."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without `│` or emoji shows a question mark
    names = command_names()
    if not logger.handlers:
        logger.addHandler(_Log())
    if not arguments:
        parser(names).print_help()
        return DONE
    try:
        options = parsed(arguments, names)
        try:
            status: int = options.run(options)
        except Unusable as error:
            status = fail(str(error))
        say_if_slow()
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader has gone; what the interpreter flushes at exit must not complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
