"""The Kaniko executors that build a Dockerfile, and what they do with the syntax of BuildKit.

From the sources and changelogs of the executor (GoogleContainerTools/kaniko, archived) and of its maintained fork
(osscontainertools/kaniko).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from playpen_ls.api.fact_types import KanikoBuild
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Severity
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.kaniko import FORK, ORIGINAL, Executor, Version, executor_of, is_on

_IMAGE = regex(r"\b(?:image|name)\s*:\s*[\"']?(?P<image>(?=[\w.:@${}-]*/)[\w./:@${}-]*kaniko[\w./:@${}-]*)")
_POD_FILE = regex(r"\byamlFile\b\s*:?\s*\(?[\"'](?P<path>[^\"'$\n]+)")
_FEATURE = regex(r"(?P<name>FF_KANIKO_\w+)[\"']?(?:\s*=|\s*,?\s*value\s*:)?\s*(?P<value>[\"']?\w*)")


class Verdict(NamedTuple):
    """What an executor does with a syntax: `how` is "ignores", "rejects" or the like."""

    severity: Severity
    how: str


def kaniko_builds(path: str, builds: Facts[KanikoBuild], files: Files) -> Iterator[tuple[KanikoBuild, Executor]]:
    """The builds of the Dockerfile with Kaniko, each with its executor."""
    for build in builds.having(_paths, posixpath.normpath(path)):
        earlier = build.dockerfiles[: build.dockerfiles.index(posixpath.normpath(path))]
        if not any(files.exists(one) for one in earlier):
            yield build, _executor(build, files)


def _paths(build: KanikoBuild) -> tuple[str, ...]:
    return build.dockerfiles


def _executor(build: KanikoBuild, files: Files) -> Executor:
    """A pipeline names the image of the executor in its pod, which can be in a file of its own."""
    if build.image:
        return executor_of(build.image, frozenset(build.features))
    text = files.text(build.place.path) or ""
    texts = [text, *(files.text(posixpath.normpath(match["path"])) or "" for match in _POD_FILE.finditer(text))]
    images = {match["image"] for one in texts for match in _IMAGE.finditer(one) if "warmer" not in match["image"]}
    written = (match for one in texts for match in _FEATURE.finditer(one))
    features = {match["name"] for match in written if is_on(match["value"])}
    return executor_of(images.pop() if len(images) == 1 else "", frozenset((*build.features, *features)))


_IGNORED = Verdict(Severity.WARNING, "ignores")
_IGNORED_QUIETLY = Verdict(Severity.HINT, "ignores")
_REJECTED = Verdict(Severity.WARNING, "rejects")


def _mount(since: Version, flag: str, flag_since: Version, ignored: Verdict) -> Callable[[Executor], Verdict | None]:
    """A mount that the fork supports since a version, and before that behind a feature flag."""

    def judge(executor: Executor) -> Verdict | None:
        version = executor.version or since
        if executor.flavor == FORK:
            is_on = version >= since or (flag in executor.features and version >= flag_since)
            return None if is_on else ignored
        return _REJECTED if version < (1, 8, 0) else ignored

    return judge


def _never(ignored: Verdict) -> Callable[[Executor], Verdict | None]:
    return lambda executor: _REJECTED if _is_old(executor) else ignored


def _is_old(executor: Executor) -> bool:
    return executor.flavor == ORIGINAL and (executor.version or (1, 24, 0)) < (1, 8, 0)


def _copied_heredoc(executor: Executor) -> Verdict | None:
    if executor.flavor == FORK:
        return None if (executor.version or (1, 26, 0)) >= (1, 25, 4) else Verdict(Severity.WARNING, "does not run")
    return _REJECTED if _is_old(executor) else Verdict(Severity.WARNING, "does not run")


def _heredoc(executor: Executor) -> Verdict | None:
    """An error where it was tried: the last version of the original runs `/bin/sh -c "<<EOF"`, which succeeds."""
    found = _copied_heredoc(executor)
    is_tried = executor.flavor == ORIGINAL and (executor.version or (1, 24, 0)) >= (1, 11, 0)
    return found._replace(severity=Severity.ERROR) if found is not None and is_tried else found


def _unknown_flag(executor: Executor) -> Verdict | None:
    return _REJECTED if executor.flavor == ORIGINAL else _IGNORED


def _chmod(executor: Executor) -> Verdict | None:
    if executor.flavor == FORK:
        return None
    return _REJECTED if _is_old(executor) else _IGNORED if (executor.version or (1, 24, 0)) < (1, 23, 0) else None


def _symbolic_chmod(executor: Executor) -> Verdict | None:
    if executor.flavor == FORK and (executor.version or (1, 28, 0)) >= (1, 28, 0):
        return None
    return _chmod(executor) or Verdict(Severity.WARNING, "accepts only octal modes for")


_JUDGES: Mapping[str, Callable[[Executor], Verdict | None]] = {
    "cache": _mount(Version(1, 26, 0), "FF_KANIKO_RUN_MOUNT_CACHE", Version(1, 25, 6), _IGNORED_QUIETLY),
    "secret": _mount(Version(1, 27, 0), "FF_KANIKO_RUN_MOUNT_SECRET", Version(1, 26, 3), _IGNORED),
    "bind": _mount(Version(1, 28, 0), "FF_KANIKO_RUN_MOUNT_BIND", Version(1, 27, 3), _IGNORED),
    "bind from": _never(_IGNORED),
    "ssh": _never(_IGNORED),
    "tmpfs": _never(_IGNORED_QUIETLY),
    "option": _never(_IGNORED_QUIETLY),
    "heredoc": _heredoc,
    "copied heredoc": _copied_heredoc,
    "flag": _unknown_flag,
    "checksum": _never(_IGNORED),
    "chmod": _chmod,
    "symbolic chmod": _symbolic_chmod,
}
# One of each column of versions with the same behavior; an unknown executor can be any of them.
_EVERY = (
    Executor(ORIGINAL, Version(1, 7, 0)),
    Executor(ORIGINAL, Version(1, 22, 0)),
    Executor(ORIGINAL, Version(1, 24, 0)),
    Executor(FORK, Version(1, 25, 0)),
    Executor(FORK, Version(1, 28, 3)),
)


def verdict(syntax: str, executor: Executor) -> Verdict | None:
    """What the executor does with a syntax, None if it supports it. For an unknown one, what every executor does."""
    judge = _JUDGES[syntax]
    if executor.known:
        return judge(executor)
    found = [judge(one) for one in _EVERY]
    kinds = [one for one in found if one is not None]
    if len(kinds) < len(found):
        return None
    hows = {one.how for one in kinds}
    return Verdict(min(one.severity for one in kinds), hows.pop() if len(hows) == 1 else "ignores or rejects")


def lacks_secret_mounts(executors: Iterable[Executor]) -> bool:
    """Whether one of the executors is not known to support `RUN --mount=type=secret`."""
    return any(not one.known or verdict("secret", one) is not None for one in executors)
