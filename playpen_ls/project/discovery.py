"""Which files a folder has that could be ours, and which project a file belongs to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from playpen_ls.languages import builds
from playpen_ls.languages.detection import possible_language
from playpen_ls.project.git_index import Tracked
from playpen_ls.project.read_file import read_text
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.ignore_patterns import IgnorePatterns
from playpen_ls.text.source import Unreadable

# Folders of other people's code and of tools, which nobody wants findings in.
_SKIPPED = frozenset(
    (
        ".git .hg .svn .venv venv node_modules __pycache__ .tox .nox .mypy_cache .ruff_cache .pytest_cache "
        "site-packages .terraform .eggs"
    ).split()
)


def project_root(path: Path, fallback: Path, known: dict[str, str] | None = None) -> Path:
    """The nearest parent folder of a file with a playpen.toml or .git, else the fallback.

    Like the search for configurations it never leaves the repository. `known` caches the result for each folder.
    """
    known = {} if known is None else known
    name, passed, found = str(path.parent), list[str](), ""
    while name not in known:
        passed.append(name)
        above = os.path.dirname(name)
        if any(os.path.exists(os.path.join(name, marker)) for marker in ("playpen.toml", ".git")):
            found = name
            break
        if above == name:
            break
        name = above
    else:
        found = known[name]
    known.update(dict.fromkeys(passed, found))
    return Path(found) if found else fallback


def repository_root(folder: Path) -> Path:
    """`folder` or its nearest parent with .git, else the root of the file system."""
    return next((place for place in (folder, *folder.parents) if os.path.exists(place / ".git")), Path(folder.anchor))


def repository_folder(folder: Path) -> Path:
    """The root of the repository of `folder`, else `folder` itself."""
    root = repository_root(folder)
    return root if os.path.exists(root / ".git") else folder


def is_supported(name: str) -> bool:
    """Whether a file can be in a language, by its name alone."""
    return possible_language(name) is not None


def states_facts(name: str) -> bool:
    """Whether a file can state facts, by its name alone: it can be in a language, or say how an image is built."""
    return possible_language(name) is not None or builds.is_read(name)


def files_under(
    folder: Path,
    exclude: Iterable[str] = (),
    unreadable: Unreadables | None = None,
    *,
    base: Path | None = None,
    wanted: Callable[[str], bool] = is_supported,
) -> Iterator[str]:
    """The sorted paths of files with `wanted` names below a folder, without those that .gitignore or `exclude` match.

    As git does, .gitignore is not applied to files that git tracks. `exclude` has .gitignore patterns relative to
    `base`, by default `folder`; they are not applied if they exclude `folder` itself. A symbolic link to a file is
    followed if the file is in `folder`.

    `unreadable` is called with the path and the reason for folders that cannot be listed, .gitignore files that cannot
    be read, and links that are not followed.
    """
    unreadable = unreadable or _ignore_unreadable
    # A stack instead of recursion: folders can be nested more deeply than Python's calls.
    real = _inside(os.path.realpath(folder))
    search = _Search(real, wanted, unreadable, Tracked(repository_root(folder)))
    waiting = [search.entries(str(folder), _above(folder, exclude, base, unreadable), ignored=False, top=True)]
    while waiting:
        entry = next(waiting[-1], None)
        if entry is None:
            waiting.pop()
        elif isinstance(entry, str):
            yield entry
        else:
            waiting.append(search.entries(*entry))


def is_found(path: str, folder: Path, exclude: Iterable[str], base: Path) -> bool:
    """Whether `files_under` would yield the file with `states_facts` if it existed.

    `path` is relative to the folder, with `/`.
    """
    specs, place = _above(folder, exclude, base, _ignore_unreadable), str(folder)
    tracked, ignored = Tracked(repository_root(folder)), False
    *folders, name = path.split("/")
    for each in ("", *folders):
        place = os.path.join(place, each) if each else place
        if each and (each in _SKIPPED or os.path.islink(place) or os.path.exists(os.path.join(place, "pyvenv.cfg"))):
            return False
        ignored = ignored or (bool(each) and _verdict(place, specs, True))
        if ignored and not _is_tracked(place, specs, True, tracked):
            return False
        own = _ignore_file(place, _ignore_unreadable)
        specs = [*specs, own] if own else specs
    file = os.path.join(place, name)
    if os.path.islink(file) and not os.path.realpath(file).startswith(_inside(os.path.realpath(folder))):
        return False
    if not states_facts(name):
        return False
    ignored = ignored or _verdict(file, specs, False)
    return not ignored or _is_tracked(file, specs, False, tracked)


def _above(folder: Path, exclude: Iterable[str], base: Path | None, unreadable: Unreadables) -> list[Ignoring]:
    """The ignore patterns of `exclude` and of the .gitignore files in parent folders."""
    specs: list[Ignoring] = []
    top = repository_root(folder)
    if top != Path(folder.anchor):
        above = folder.parents[: len(folder.parts) - len(top.parts)]
        specs += [found for place in reversed(above) if (found := _ignore_file(str(place), unreadable))]
    base, patterns = base or folder, list(exclude)
    if patterns:
        excluded = Ignoring(_inside(str(base)), IgnorePatterns(patterns), of_git=False)
        if base == folder or not excluded.patterns.ignores(_relative(str(folder), excluded.folder), True):
            specs.append(excluded)
    return specs


class Ignoring(NamedTuple):
    """Patterns with the folder that they are relative to, which ends in a separator."""

    folder: str
    patterns: IgnorePatterns
    of_git: bool = True


Unreadables = Callable[[str, str], None]
"""Called with the path and the reason for a file or folder that cannot be read."""


def _ignore_unreadable(path: str, reason: str) -> None:
    pass


@dataclass(frozen=True)
class _Search:
    """A search for files. Links to files outside of the folder `real`, which ends in a separator, are not followed."""

    real: str
    wanted: Callable[[str], bool]
    unreadable: Unreadables
    tracked: Tracked

    def entries(
        self, folder: str, specs: list[Ignoring], ignored: bool, top: bool = False
    ) -> Iterator[str | tuple[str, list[Ignoring], bool]]:
        """What a folder contains, sorted: paths of files, and what this takes for folders.

        `ignored`: git ignores the folder, so that only what it tracks counts.
        """
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self.unreadable(folder, f"cannot list the folder: {error.strerror}")
            return
        names = {entry.name for entry in entries}
        if "pyvenv.cfg" in names and not top:
            return
        own = _ignore_file(folder, self.unreadable) if ".gitignore" in names else None
        specs = [*specs, own] if own else specs
        for entry in entries:
            try:
                is_folder = entry.is_dir(follow_symlinks=False)
                is_file = not is_folder and self.wanted(entry.name) and entry.is_file()
            except OSError:
                continue
            if not is_file and (not is_folder or entry.name in _SKIPPED):
                continue
            ignores = ignored or _verdict(entry.path, specs, is_folder)
            if ignores and not _is_tracked(entry.path, specs, is_folder, self.tracked):
                continue
            if is_folder:
                yield entry.path, specs, ignores
            elif entry.is_symlink() and not os.path.realpath(entry.path).startswith(self.real):
                self.unreadable(entry.path, "a symbolic link out of the folder; name it to check it")
            else:
                yield entry.path


def _ignore_file(folder: str, unreadable: Unreadables) -> Ignoring | None:
    path = os.path.join(folder, ".gitignore")
    try:
        text = read_text(path)
    except FileNotFoundError:
        return None
    except (OSError, Unreadable) as error:
        unreadable(path, f"its patterns are not applied: {getattr(error, 'strerror', None) or error}")
        return None
    return Ignoring(_inside(folder), IgnorePatterns(text.removeprefix("\ufeff").split("\n")))


def _inside(folder: str) -> str:
    return os.path.join(folder, "")


def _relative(path: str, folder: str) -> str:
    """`folder` ends in a separator."""
    return path[len(folder) :].replace(os.sep, "/")


def _verdict(path: str, specs: Sequence[Ignoring], is_folder: bool) -> bool:
    """As in git, the innermost .gitignore with a matching pattern decides. No folder that `path` is in is ignored."""
    for folder, patterns, _ in reversed(specs):
        verdict = patterns.verdict(_relative(path, folder), is_folder)
        if verdict is not None:
            return verdict
    return False


def _is_tracked(path: str, specs: Iterable[Ignoring], is_folder: bool, tracked: Tracked) -> bool:
    """Whether git tracks an ignored file, or files in an ignored folder, that `exclude` does not match."""
    excluded = _verdict(path, [one for one in specs if not one.of_git], is_folder)
    return not excluded and (tracked.any_in(path) if is_folder else tracked.file(path))
