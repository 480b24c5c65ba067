"""The requirements files that a RUN installs, and where in the build context they would come from."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from playpen_ls.languages.dockerfile.broad_copies import read_step
from playpen_ls.languages.dockerfile.container_paths import (
    destination_of,
    is_apart,
    joined,
    known,
    rest_below,
    working_directory,
)
from playpen_ls.languages.dockerfile.context_free import is_context_free
from playpen_ls.languages.dockerfile.installs import install_of
from playpen_ls.languages.dockerfile.kinds import Run, Transfer
from playpen_ls.languages.dockerfile.sources import local_path
from playpen_ls.languages.dockerfile.stages import Stage
from playpen_ls.languages.shell import Word

_CHOOSING = frozenset(("exclude", "parents"))  # flags that change what is copied, and to where


@dataclass(frozen=True)
class Required:
    """`place` is the container path of a file that `run` reads, `word` what names it."""

    run: Run
    word: Word
    place: str

    def beside(self, path: str) -> Required:
        """Another file, named from there."""
        return Required(self.run, self.word, joined(posixpath.dirname(self.place), path))


def required_files(stage: Stage) -> Iterator[Required]:
    """What `-r` and `-c` of pip and uv name, up to a command that may make files itself."""
    for run in stage.instructions:
        if isinstance(run, Run) and stage.mentions(run.whole_text, ("pip",)):
            yield from _read_by(run)


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


def origins(required: Required) -> list[str] | None:
    """The paths in the build context that copies would bring there; None where something else may write it.

    An empty list means that nothing brings it, if the base image does not have it.
    """
    place, found = required.place, list[str]()
    assert required.run.stage is not None
    mounts = [mount for mount in required.run.mounts if mount.type not in ("secret", "ssh")]
    if any(not is_apart(place, joined(working_directory(required.run), mount.target)) for mount in mounts):
        return None
    for earlier in required.run.stage.before(required.run):
        if isinstance(earlier, Run):
            if read_step(earlier, posixpath.dirname(place)).opaque:
                return None
        elif isinstance(earlier, Transfer):
            destination = destination_of(earlier)
            if destination is not None and is_apart(place, destination):
                continue
            if destination is None or earlier.heredocs or any(flag.name in _CHOOSING for flag in earlier.flags):
                return None
            for source in earlier.sources:
                path = local_path(source, earlier)
                rest = rest_below(place, destination)
                if path is None or rest is None:
                    return None
                found += [path] if rest in ("", posixpath.basename(path)) else []
                found.append(posixpath.join(path, rest))
    return found
