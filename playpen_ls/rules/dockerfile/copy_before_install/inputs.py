"""The files of the build context that an install reads, and whether they are already in the image."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase

from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Refused
from playpen_ls.languages.dockerfile.build_context.dockerignore import ignore_of
from playpen_ls.languages.dockerfile.model.container_paths import (
    destination_of,
    is_apart,
    joined,
    known,
    rest_below,
    working_directory,
)
from playpen_ls.languages.dockerfile.model.expansion import names_in
from playpen_ls.languages.dockerfile.model.variables import comes_from_an_argument
from playpen_ls.languages.dockerfile.syntax.instruction_types import Run, Transfer
from playpen_ls.rules.dockerfile._installs import Install
from playpen_ls.rules.dockerfile._manifests import TOOLS, Folder, manifests_of, requirements_of, unproven
from playpen_ls.rules.dockerfile._steps import Step
from playpen_ls.rules.dockerfile.copy_before_install.broad_copies import BroadCopy
from playpen_ls.text.dataclass import dataclass


@dataclass(frozen=True, order=True)
class Supply:
    """A file that an install reads: its path in the build context, and relative to the copy's destination."""

    path: str
    below: str


def supplies_of(step: Step, broad: BroadCopy, context: str, files: Files) -> list[Supply]:
    """The files from the broad copy that the step's installs read. Raises Refused."""
    found: list[Supply] = []
    for install in step.installs:
        for path in _read_by(install, step, broad, context, files):
            below = _below(path, broad)
            if below is None:
                raise Refused(f"`{path}` is outside the copied folder")
            supply = Supply(path, below)
            if supply not in found and not is_supplied(joined(broad.destination, below), path, broad):
                found.append(supply)
    return found


def _below(path: str, broad: BroadCopy) -> str | None:
    return rest_below(path, broad.source) if broad.source else path


def _read_by(install: Install, step: Step, broad: BroadCopy, context: str, files: Files) -> list[str]:
    """Paths in the build context, without files that are mounted or come from elsewhere."""
    if not install.reads_manifests:
        return []
    if install.files:
        named: list[str] = []
        for word in install.files:
            if "://" in word.text:
                continue
            text = known(word.text, step.run)
            if text.startswith("?") or "`" in text or (not word.plain and "$" not in word.text):
                raise Refused(f"the file name `{word.text}` is known only during the build")
            if names_in(word.text) and comes_from_an_argument(word.text, step.run):
                raise Refused(f"the file name `{text}` is the default of a build argument, which a build can override")
            path = _in_context(joined(step.folder, text), broad, step.run)
            if path is not None:
                named.append(path)
        if not files.known:
            return sorted(named)
        settings = _settings_of_uv(step, broad, context, files) if install.title.startswith("uv") else []
        return [*requirements_of(named, context, files), *settings]
    folder = _in_context(joined(step.folder, install.folder or "."), broad, step.run)
    if folder is None:
        return []
    if files.known:
        paths = manifests_of(install, _folder(install, step, folder, broad, context, files))
    else:
        tool = TOOLS[install.tool]
        paths = [posixpath.join(folder, name) for name in (*tool.needed, *tool.locks[:1])]
    mounted = _mounted(step.run)
    return [path for path in paths if joined(broad.destination, _below(path, broad) or "") not in mounted]


def _folder(install: Install, step: Step, path: str, broad: BroadCopy, context: str, files: Files) -> Folder:
    ignore = ignore_of(broad.stage.file.path, context, files)
    return Folder(context, path, files, ignore, joined(step.folder, install.folder or "."))


def is_proven(step: Step, broad: BroadCopy, context: str, files: Files) -> bool:
    """Whether it is known that the installs of the step read no more than `supplies_of`. Raises Refused."""
    for install in step.installs if files.known else ():
        if install.reads_manifests and not install.files:
            folder = _in_context(joined(step.folder, install.folder or "."), broad, step.run)
            if folder is not None and unproven(install, _folder(install, step, folder, broad, context, files)):
                return False
    return files.known


def _settings_of_uv(step: Step, broad: BroadCopy, context: str, files: Files) -> list[str]:
    """The settings files of uv, which it reads from the working directory."""
    found = []
    for name, sign in (("uv.toml", ""), ("pyproject.toml", "[tool.uv")):
        path = _in_context(joined(step.folder, name), broad, step.run)
        text = files.text(posixpath.join(context, path)) if path is not None else None
        if path is not None and text is not None and sign in text:
            found.append(path)
    return found


def _in_context(path: str, broad: BroadCopy, run: Run) -> str | None:
    """The context path of a container path; None if it is not from the broad copy. Raises Refused if unknown."""
    if path in _mounted(run):
        return None
    rest = rest_below(path, broad.destination)
    if rest is not None:
        return posixpath.join(broad.source, rest) if rest else broad.source
    if is_apart(path, broad.destination) or rest_below(broad.destination, path) is not None:
        return None
    raise Refused(f"it is unknown whether this copy provides `{path.lstrip('?')}`")


def _mounted(run: Run) -> set[str]:
    """The container paths of files that the RUN mounts from the build context."""
    folder = working_directory(run)
    return {joined(folder, mount.target) for mount in run.mounts if mount.type == "bind" and mount.target}


def is_supplied(container: str, path: str, broad: BroadCopy) -> bool:
    """Whether an earlier COPY already copies the file to that container path."""
    for earlier in broad.stage.before(broad.copy, Transfer):
        destination = destination_of(earlier)
        for source in earlier.sources if destination is not None else ():
            pattern = posixpath.normpath("/" + source.text).lstrip("/")
            if not pattern and not earlier.origin:
                continue
            rest = rest_below(path, pattern)
            if rest:
                targets = {joined(destination or "", rest)}
            elif rest == "" or (pattern.count("/") == path.count("/") and fnmatchcase(path, pattern)):
                targets = {destination or "", joined(destination or "", posixpath.basename(path))}
            else:
                continue
            if container in targets:
                return True
    return False
