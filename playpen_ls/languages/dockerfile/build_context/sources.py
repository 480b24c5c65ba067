"""What COPY and ADD take from the build context, and whether it is there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from playpen_ls.api.facts import Files
from playpen_ls.languages.dockerfile.build_context.dockerignore import Ignore, ignore_of
from playpen_ls.languages.dockerfile.model.container_paths import known
from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.syntax.instruction import Word
from playpen_ls.languages.dockerfile.syntax.instruction_types import Transfer

# What a build makes before the image is built.
_MADE = re.compile(
    r"(?:.*/)?(?:target|build|dist|out|output|bin|publish|release|artifacts?|_build|generated|vendor|node_modules"
    r"|coverage|wheels?|wheelhouse|pkg|obj|result)(?:/.*)?|.*\.(?:jar|war|ear|whl|so|exe|deb|rpm|apk|zip|tgz|gz|tar|js|css)"
    r"|(?:.*/)?(?:version|VERSION|git_?hash|commit)[\w.]*",
    re.DOTALL,
)
_STEPS = ("Jenkinsfile", "Makefile")  # where a step before the image's build is written down
_COMPILED = frozenset(
    ("go.mod", "main.go", "Cargo.toml", "CMakeLists.txt")
)  # a program without an ending stands beside
_REMOTE = re.compile(r"\w+://|git@|<<")


def local_sources(stage: Stage) -> Iterator[tuple[Word, str]]:
    """The source words of a stage's COPY and ADD, and the path in the build context that each is, "" for all of it.

    Left out: other stages and images, remote ones, heredocs, patterns, and variables without a known value.
    """
    for transfer in stage.instructions:
        if isinstance(transfer, Transfer):
            for word in transfer.sources:
                path = local_path(word, transfer)
                if path is not None:
                    yield word, path


def local_path(source: Word, transfer: Transfer) -> str | None:
    """The path in the build context that a source word is; None where it is another place, or not known."""
    text = known(source.text, transfer) if transfer.json is None else source.text
    if transfer.origin is not None or text.startswith("?") or _REMOTE.match(text) or re.search(r"[*?\[\\\"'$]", text):
        return None
    return posixpath.normpath("/" + text).lstrip("/")


def is_there(path: str, context: str, files: Files) -> bool:
    """The folder of the disk holds it. Folders are asked for, since many paths lie in one."""
    if not path:
        return True
    folder, name = posixpath.split(posixpath.normpath(posixpath.join(context, path)))
    names = files.names(folder or ".")
    return name in names or f"{name}/" in names


def is_made_by_a_build(path: str, context: str, files: Files) -> bool:
    """A file that is not there now may come from a step before the build.

    A known output, one that git ignores, a program beside its sources, or a name that such a step mentions.
    """
    if _MADE.fullmatch(path):
        return True
    for folder in dict.fromkeys((context, "")):
        inside = posixpath.relpath(posixpath.join(context, path), folder or ".")
        if (text := files.text(posixpath.join(folder, ".gitignore"))) is not None and _git_ignores(text, inside):
            return True
    name = posixpath.basename(path)
    if "." not in name and any(one in _COMPILED or one == f"{name}.go" for one in files.names(context or ".")):
        return True
    steps = [posixpath.join(folder, one) for folder in dict.fromkeys((context, "")) for one in _STEPS]
    steps += [posixpath.join(context, one) for one in files.names(context or ".") if one.endswith(".sh")]
    return any(name in (files.text(one) or "") for one in steps)


def _git_ignores(text: str, path: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(text.split("\n")).match_file(path)
    except ValueError:
        return False


def dropping(dockerfile: str, path: str, context: str, files: Files) -> Ignore | None:
    """The ignore file that keeps all of `path` out of the build context."""
    ignore = ignore_of(dockerfile, context, files)
    if ignore is None or not ignore.excludes(path):
        return None
    # A folder that is left out may have files that are taken back in.
    return None if ignore.takes_back and files.names(posixpath.join(context, path)) else ignore
