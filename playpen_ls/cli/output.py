"""Where the reports of a check go: standard output, and files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from io import TextIOWrapper

from playpen_ls.cli.common import Unusable
from playpen_ls.cli.report import Format, Run, format_named, format_names
from playpen_ls.cli.results import FileReport
from playpen_ls.text.dataclass import dataclass


@dataclass(frozen=True)
class Output:
    """A report in one format. `file` is None for standard output."""

    format: Format
    file: str | None


def outputs_of(formats: list[str], output_file: str | None) -> list[Output]:
    """The reports that `--format F`, `--format F=FILE` and `--output-file` ask for. Raises Unusable."""
    known, outputs = format_names(), list[Output]()
    for word in formats or ["text"]:
        name, equals, file = word.partition("=")
        if name not in known:
            raise Unusable(f"--format {name}: unknown format; known formats: {', '.join(known)}")
        if equals and not file:
            raise Unusable(f"--format {word}: a file name is missing behind `=`")
        outputs.append(Output(format_named(name), file or None))
    if output_file is not None:
        if len(outputs) > 1 or outputs[0].file is not None:
            raise Unusable("--output-file needs exactly one --format without a file; use --format FORMAT=FILE")
        outputs = [replace(outputs[0], file=output_file)]
    if sum(output.file is None for output in outputs) > 1:
        raise Unusable("only one format can go to standard output; write the others to files: --format FORMAT=FILE")
    files = [os.path.realpath(output.file) for output in outputs if output.file is not None]
    for file in files:
        if files.count(file) > 1:
            raise Unusable(f"{file}: two formats cannot be written to one file")
    return outputs


def write_all(
    outputs: list[Output], files: Iterable[FileReport], run: Run, before: Callable[[], None] = lambda: None
) -> None:
    """Write the reports of one check. Raises Unusable if a file cannot be written.

    `before` is called before each line on standard output.
    """
    if len(outputs) > 1:
        files = list(files)
    for output in sorted(outputs, key=lambda output: output.file is not None):
        if output.file is None:
            if output.format.FOR_PROGRAMS and isinstance(sys.stdout, TextIOWrapper):
                # The name of a file need not be Unicode; what is not is written as `\udcff`, which JSON can read.
                sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
            for line in output.format.report(files, run):
                before()
                print(line)
        else:
            run.color, run.width = False, None  # standard output comes first
            write_whole(output.file, "".join(f"{line}\n" for line in output.format.report(files, run)))


def write_whole(file: str, text: str) -> None:
    """Write a file by replacing it, so that its readers see the old or the new text. Raises Unusable."""
    content = text.encode("utf-8", "backslashreplace")
    try:
        if os.path.lexists(file) and not os.path.isfile(file):  # a device or a named pipe cannot be replaced
            with open(file, "wb") as device:
                device.write(content)
            return
        place = os.path.realpath(file)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        temporary = f"{place}.{secrets.token_hex(4)}.tmp"
        try:
            with open(temporary, "xb") as opened:
                opened.write(content)
            with contextlib.suppress(OSError):
                shutil.copymode(place, temporary)
            os.replace(temporary, place)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
    except OSError as error:
        raise Unusable(f"{file}: cannot be written: {error.strerror or error}") from None
