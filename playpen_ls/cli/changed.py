"""Findings on lines that changed since a commit.

Git is only asked for objects, with everything switched off by which a repository could make it run a program. The lines
of the working tree are compared here, since git would run the filters that the repository configures.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path

from playpen_ls.cli.common import Unusable
from playpen_ls.cli.results import FileReport, FindingReport, Range, relative
from playpen_ls.project.read_file import read_text
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.source import LINE_END, Unreadable

WORKING_TREE = ""
"""The revision that `--changed` without one means: what differs from HEAD, and untracked files."""
MOST_COMPARED = 4_000  # lines; longer changed regions are compared line by line, regardless of their order
_SAFE = "--no-pager --literal-pathspecs --no-replace-objects -c core.fsmonitor= -c core.hooksPath=/dev/null"
_ENVIRONMENT = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_ENVIRONMENT["GIT_ALLOW_PROTOCOL"] = "none"  # an older git does not know GIT_NO_LAZY_FETCH


class Changed:
    """What changed since a revision, or, with WORKING_TREE, since HEAD. Raises Unusable if git cannot tell."""

    def __init__(self, folder: Path, revision: str) -> None:
        self._folder = folder
        self.left_out = 0
        top = self._git("rev-parse", "--show-toplevel")
        if top is None:
            raise Unusable("--changed: the current folder is not in a Git repository")
        self._root = Path(top.rstrip("\n"))
        self._base = self._base_of(revision)
        self._lines: dict[str, frozenset[int] | None] = {}

    def only(self, files: Iterable[FileReport]) -> Iterator[FileReport]:
        """The files with the findings that the change concerns."""
        for file in files:
            kept = tuple(finding for finding in file.findings if self._concerns(file.path, finding))
            self.left_out += len(file.findings) - len(kept)
            yield replace(file, findings=kept)

    def _concerns(self, path: str, finding: FindingReport) -> bool:
        """Whether the finding or one of its related places is on a changed line, or a file that it names is gone."""
        places = [(path, finding.range), *((place.path, place.range) for place in finding.related)]
        return any(self._touches(*place) for place in places) or self._names_gone(finding)

    def _touches(self, path: str, range: Range) -> bool:
        lines = self._changed_lines(path)
        last = range.end.line - (range.end.column == 1 and range.end.line > range.start.line)
        return lines is None or not lines.isdisjoint(_numbers(range.start.line, last))

    def _names_gone(self, finding: FindingReport) -> bool:
        said = f"{finding.message}\n{finding.excerpt.text}"
        return any(name in said for name in self._gone)

    @cached_property
    def _gone(self) -> frozenset[str]:
        """The paths and the names of the files that the base has and the working tree does not."""
        gone = [path for path in self._blobs if not os.path.lexists(self._root / path)]
        return frozenset(name for path in gone for name in (path, os.path.basename(path)))

    def _changed_lines(self, path: str) -> frozenset[int] | None:
        """The 1-based changed lines of a file; None: all of them."""
        if path not in self._lines:
            self._lines[path] = self._compared(path)
        return self._lines[path]

    def _compared(self, path: str) -> frozenset[int] | None:
        blob = self._blobs.get(relative(path, self._root))
        if blob is None:
            return None
        before = self._git("cat-file", "blob", blob)
        try:
            after = read_text(path)
        except (OSError, Unreadable):
            return None
        return None if before is None else changed_lines(before.removeprefix("\ufeff"), after.removeprefix("\ufeff"))

    @cached_property
    def _blobs(self) -> dict[str, str]:
        """The object of each file of the base, by its path in the repository."""
        if not self._base:
            return {}
        listed = self._git("ls-tree", "-r", "-z", "--full-tree", self._base)
        if listed is None:
            raise Unusable(f"--changed: the files of commit {self._base[:12]} cannot be listed; fetch more history")
        blobs = {}
        for line in listed.split("\0"):
            about, _, path = line.partition("\t")
            mode, kind, name = [*about.split(" "), "", "", ""][:3]
            if kind == "blob" and mode != "120000":
                blobs[path] = name
        return blobs

    def _base_of(self, revision: str) -> str:
        head = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}")
        if revision == WORKING_TREE:
            return (head or "").strip()  # without a commit everything is new
        named = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if named is None:
            raise Unusable(f"--changed={revision}: no such commit here; fetch it, or fetch more history")
        base = self._git("merge-base", named.strip(), (head or "").strip()) if head else None
        if base is None:
            raise Unusable(
                f"--changed={revision}: no common commit with HEAD; fetch more history (this clone is shallow?)"
            )
        return base.strip()

    def _git(self, *arguments: str) -> str | None:
        """The output of a git command; None if it failed. Raises Unusable without git."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        program = _git_program()
        if program is None:
            raise Unusable("--changed needs git, which is not installed here")
        done = subprocess.run(
            [program, *_SAFE.split(), *arguments], cwd=self._folder, stdin=subprocess.DEVNULL, capture_output=True,
            env=environment | _ENVIRONMENT, check=False,
        )  # fmt: skip
        if b"dubious ownership" in done.stderr:
            raise Unusable("--changed: git refuses a repository of another user; set safe.directory")
        return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None


def _git_program() -> str | None:
    """Found here: a system would also look in the current folder, Windows always, others if PATH says so."""
    name = "git.exe" if os.name == "nt" else "git"
    places = (os.path.join(folder, name) for folder in os.get_exec_path() if os.path.isabs(folder))
    return next((place for place in places if os.path.isfile(place) and os.access(place, os.X_OK)), None)


def changed_lines(before: str, after: str) -> frozenset[int]:
    """The 1-based lines of `after` that `before` does not have there. Line ends do not matter.

    Where lines were only removed, the line behind them counts as changed.
    """
    old, new = (LINE_END.split(text) for text in (before, after))
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    changed: set[int] = set()
    if max(len(middle_old), len(middle_new)) > MOST_COMPARED:
        known = set(middle_old)
        changed |= {start + number for number, line in enumerate(middle_new, 1) if line not in known}
    else:
        for kind, _, _, first, last in SequenceMatcher(None, middle_old, middle_new, autojunk=False).get_opcodes():
            if kind != "equal":
                changed |= set(range(start + first + 1, start + max(last, first + 1) + 1))
    return frozenset(changed)


def _numbers(first: int, last: int) -> Iterable[int]:
    return range(first, last + 1)
