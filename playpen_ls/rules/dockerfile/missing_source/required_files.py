"""The requirements files that a RUN installs, and the paths in the build context that they are copied from."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from itertools import islice

from playpen_ls.languages.dockerfile.model.container_paths import (
    is_apart,
    joined,
    known,
    working_directory,
)
from playpen_ls.languages.dockerfile.model.stage import Stage, stage_of
from playpen_ls.languages.dockerfile.syntax.instruction_types import Run
from playpen_ls.languages.shell.parser import Word
from playpen_ls.rules.dockerfile._context_free import is_context_free
from playpen_ls.rules.dockerfile._copied import copied_from
from playpen_ls.rules.dockerfile._installs import install_of
from playpen_ls.rules.dockerfile._steps import read_step
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

MOST_REQUIRED = 10  # per stage, since each one is compared with all earlier instructions
_NAMES_A_FILE = regex(r"[\s\"']-\w*[rc]|--req|--cons|\bsync\b")


@dataclass(frozen=True)
class Required:
    """`place` is the container path of a file that `run` reads, `word` is the word that names it."""

    run: Run
    word: Word
    place: str

    def beside(self, path: str) -> Required:
        """Another file, whose path is relative to the folder of this one."""
        return Required(self.run, self.word, joined(posixpath.dirname(self.place), path))


def required_files(stage: Stage) -> Iterator[Required]:
    """The files that `-r` and `-c` of pip and uv name, up to a command that can create files; at most MOST_REQUIRED."""
    runs = (run for run in stage.instructions if isinstance(run, Run) and stage.mentions(run.whole_text, ("pip",)))
    naming = (run for run in runs if _NAMES_A_FILE.search(run.whole_text))
    return islice((one for run in naming for one in _read_by(run)), MOST_REQUIRED)


def _read_by(run: Run) -> Iterator[Required]:
    folder = read_step(run, "/").folder
    for command in run.commands:
        install = install_of(command)
        if install is not None and install.tool == "pip" and command.after != "||":
            for word in install.files:
                text = known(word.text, run)
                if not text.startswith("?") and "://" not in text and (word.plain or "$" in word.text):
                    yield Required(run, word, joined(folder, text))
        elif command.name != "cd" and not is_context_free(command, folder, folder, run, install is not None):
            return


def may_be_made(required: Required) -> bool:
    """An earlier RUN contains a command that cannot be analyzed, so it can have created the file."""
    folder = posixpath.dirname(required.place)
    stage = stage_of(required.run)
    runs = stage.before(required.run, Run) if stage is not None else ()
    return any(read_step(run, folder).opaque for run in runs)


def origins(required: Required) -> list[str] | None:
    """The paths in the build context that earlier copies would copy to that place; None if unknown.

    An empty list means that no copy provides the file; the base image can still contain it.
    """
    place = required.place
    mounts = [mount for mount in required.run.mounts if mount.type not in ("secret", "ssh")]
    if any(not is_apart(place, joined(working_directory(required.run), mount.target)) for mount in mounts):
        return None
    return copied_from(place, required.run)
