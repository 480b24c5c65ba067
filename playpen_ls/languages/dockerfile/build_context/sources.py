"""The sources of COPY and ADD in the build context, and whether they exist."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from playpen_ls.api.facts import Files
from playpen_ls.languages.dockerfile.build_context.dockerignore import Ignore, ignore_of
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.container_paths import known
from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.syntax.instruction import Word
from playpen_ls.languages.dockerfile.syntax.instruction_types import Cmd, Entrypoint, Transfer
from playpen_ls.languages.git_ignore import is_git_ignored
from playpen_ls.text.regex import regex

# Paths that a build creates before the image is built, and what is kept out of Git.
_MADE = regex(
    r"(?:.*/)?(?:target|build|dist|out|output|bin|publish|release|artifacts?|_build|generated|vendor|node_modules"
    r"|coverage|wheels?|wheelhouse|pkg|obj|result)(?:/.*)?|.*\.(?:jar|war|ear|whl|so|exe|deb|rpm|apk|zip|tgz|gz|tar|js|css)"
    r"|(?:.*/)?(?:version|VERSION|git_?hash|commit)[\w.]*"
    r"|(?:.*/)?(?:secrets?|certs?|credentials?|\.env[\w.]*)(?:/.*)?|.*\.(?:pem|key|crt|p12|jks|keystore)",
    re.DOTALL,
)
_STEPS = ("Jenkinsfile", "Makefile")  # files that define steps before the image build
_COMPILED = frozenset(
    ("go.mod", "main.go", "Cargo.toml", "CMakeLists.txt")
)  # next to a compiled program without a file extension
# A pattern, what a shell would expand, and a placeholder of a template (`apps/{app}`).
_OPEN = regex(r"[*?\[\\\"'$]|\{\w+\}")
_REMOTE = regex(r"\w+://|git@|<<")


def local_sources(stage: Stage) -> Iterator[tuple[Word, str]]:
    """The source words of a stage's COPY and ADD with their paths in the build context, "" for all of it.

    Without other stages and images, remote sources, heredocs, patterns, and variables without a known value.
    """
    for transfer in stage.instructions:
        if isinstance(transfer, Transfer):
            for word in transfer.sources:
                path = local_path(word, transfer)
                if path is not None:
                    yield word, path


def context_with_sources(stage: Stage, contexts: Iterable[str], files: Files) -> str | None:
    """The first of several possible build contexts that has all that the stage copies; None if it copies nothing."""
    named = [path for _, path in local_sources(stage)]
    return next((one for one in contexts if named and all(is_there(path, one, files) for path in named)), None)


def local_path(source: Word, transfer: Transfer) -> str | None:
    """The path of a source word in the build context; None if it is from elsewhere or unknown."""
    text = known(source.text, transfer) if transfer.json is None else source.text
    if transfer.origin is not None or text.startswith("?") or _REMOTE.match(text) or _OPEN.search(text):
        return None
    return posixpath.normpath("/" + text).lstrip("/")


_ROOT_AT_START = regex(
    r"""^[ \t]*(?:exec[ \t]+)?(?:
        (?:apt-get|apt|dnf|yum|microdnf|apk|rpm|dpkg|zypper)[ \t]+(?:-\S+[ \t]+)*(?:install|add|update|-[iU])
        |service[ \t]+\S+[ \t]+start|sysctl[ \t]+-w
        |(?:crond?|crontab|chown|useradd|adduser|usermod|mount|iptables)\b
        |(?:npm|npx|yarn|pnpm|bun|pip3?|composer|bundle)[ \t]+(?:\S+[ \t]+)?(?:install|ci|build|dev)\b)""",
    re.MULTILINE | re.VERBOSE,
)
"""Commands at the beginning of a line that only root can run, or that write to the folder of the program."""


def script_drops_root(stage: Stage, files: Files) -> bool:
    """Whether a script of the project that the container starts with calls a program that switches to another user."""
    return any(queries.DROPS_ROOT.search(text) for text in _start_scripts(stage, files))


def script_needs_root(stage: Stage, files: Files) -> bool:
    """Whether a script of the project that the container starts with runs what only root can, or builds the program."""
    return any(_ROOT_AT_START.search(text) for text in _start_scripts(stage, files))


def _start_scripts(stage: Stage, files: Files) -> Iterator[str]:
    starting = [one for one in stage.all_instructions if isinstance(one, (Cmd, Entrypoint))]
    words = {word.text for one in starting for word in one.vector or one.words}
    names = {posixpath.basename(word) for word in words}
    folders = dict.fromkeys((posixpath.dirname(stage.file.path), ""))
    for word, path in (found for each in stage.ancestors for found in local_sources(each)):
        if posixpath.basename(word.text) in names:
            yield from (files.text(posixpath.join(folder, path)) or "" for folder in folders)
        elif not path:  # the script is somewhere in the context
            places = [posixpath.normpath(one.lstrip("/")) for one in words if one.endswith(".sh")]
            yield from (files.text(posixpath.join(folder, one)) or "" for one in places for folder in folders)


def is_there(path: str, context: str, files: Files) -> bool:
    """Whether the path exists in the folder `context`. Looks up folder listings, since paths share folders."""
    if not path:
        return True
    folder, name = posixpath.split(posixpath.normpath(posixpath.join(context, path)))
    names = files.names(folder or ".")
    return name in names or f"{name}/" in names


def is_made_by_a_build(path: str, context: str, files: Files) -> bool:
    """Whether a step before the image build can create the missing file.

    A known build output, keys and certificates, a file that git ignores, a program next to its source files, or a name
    that a build script mentions.
    """
    if _MADE.fullmatch(path):
        return True
    if is_git_ignored(posixpath.normpath(posixpath.join(context, path)), files):
        return True
    name = posixpath.basename(path)
    if "." not in name and any(one in _COMPILED or one == f"{name}.go" for one in files.names(context or ".")):
        return True
    steps = [posixpath.join(folder, one) for folder in dict.fromkeys((context, "")) for one in _STEPS]
    steps += [posixpath.join(context, one) for one in files.names(context or ".") if one.endswith(".sh")]
    return any(name in (files.text(one) or "") for one in steps)


def excluded_by(dockerfile: str, path: str, context: str, files: Files) -> Ignore | None:
    """The ignore file that excludes all of `path` from the build context, or None; "" is all of the context."""
    ignore = ignore_of(dockerfile, context, files)
    if ignore is None or not ignore.excludes(path):
        return None
    # An excluded folder can contain files that a `!` pattern includes again.
    return None if ignore.reincludes and (not path or files.names(posixpath.join(context, path))) else ignore
