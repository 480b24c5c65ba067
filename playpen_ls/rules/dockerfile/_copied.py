"""Where in the build context the files of the image come from."""

from __future__ import annotations

import posixpath

from playpen_ls.languages.dockerfile.build_context.sources import local_path
from playpen_ls.languages.dockerfile.model.container_paths import destination_of, is_apart, rest_below
from playpen_ls.languages.dockerfile.model.stage import stage_of
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import Transfer

_CHOOSING = frozenset(("exclude", "parents"))  # flags that change which files are copied, and where to


def copied_from(place: str, instruction: Instruction) -> list[str] | None:
    """The paths in the build context that earlier instructions would copy to a container path; None if unknown."""
    stage, found = stage_of(instruction), list[str]()
    for earlier in stage.before(instruction, Transfer) if stage is not None else ():
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
