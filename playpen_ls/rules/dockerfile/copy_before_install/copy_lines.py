"""The COPY lines for dependency manifests, in the style of the broad COPY that they replace."""

from __future__ import annotations

import json
import posixpath
import re

from playpen_ls.api.finding import Refused
from playpen_ls.rules.dockerfile.copy_before_install.broad_copies import BroadCopy
from playpen_ls.rules.dockerfile.copy_before_install.inputs import Supply


def copy_lines(broad: BroadCopy, supplies: list[Supply]) -> list[str]:
    """One COPY for each destination folder, parent folders first, with the flags of the broad COPY."""
    for supply in supplies:
        if re.search(r"[\s\"'$\\*?\[]", supply.path):
            raise Refused(f"the file name `{supply.path}` must be quoted")
    files: dict[str, list[Supply]] = {}
    folders = []
    for supply in supplies:
        if supply.path.endswith("/"):
            folders.append(supply)
        else:
            files.setdefault(posixpath.dirname(supply.below), []).append(supply)
    lines = []
    for folder, group in sorted(files.items()):
        lines.append(_line(broad, [one.path for one in group], _destination(broad, folder, alone=len(supplies) == 1)))
    for one in folders:
        lines.append(_line(broad, [one.path.rstrip("/")], _below(broad, one.below.rstrip("/"))))
    return lines


def _line(broad: BroadCopy, sources: list[str], destination: str) -> str:
    copy = broad.copy
    keyword = "copy" if copy.keyword.islower() else copy.keyword if copy.name == "COPY" else "COPY"
    if any(re.match(r"\./.", source.text) for source in copy.sources):
        sources = [f"./{source}" for source in sources]
    flags = "".join(f" {copy.source.of(flag.span)}" for flag in copy.flags)
    if copy.json is not None:
        return f"{keyword}{flags} {json.dumps([*sources, destination], ensure_ascii=False)}"
    return f"{keyword}{flags} {' '.join(sources)} {destination}"


def _destination(broad: BroadCopy, folder: str, alone: bool) -> str:
    assert broad.copy.destination is not None
    text = broad.copy.destination.text
    if folder:
        return _below(broad, folder) + "/"
    if text == ".":
        return "." if alone else "./"
    return text if text.endswith("/") else text + "/"


def _below(broad: BroadCopy, path: str) -> str:
    assert broad.copy.destination is not None
    text = broad.copy.destination.text
    return path if text in (".", "./") else f"{text.rstrip('/')}/{path}"
