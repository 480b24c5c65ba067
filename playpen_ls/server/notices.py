"""What is said to the user once: invalid configurations that are not open, slow YAML parsing, limits of builds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from playpen_ls.config.model import Invalid
from playpen_ls.languages.yaml_loader import SLOW, is_slow
from playpen_ls.session.workspace import Workspace

if TYPE_CHECKING:
    from playpen_ls.session.limits import Limit


class Notices:
    """Remembers the messages that were shown for each configuration file."""

    def __init__(self) -> None:
        self._said: dict[Path, tuple[Invalid, ...]] = {}
        self._is_slow = False
        self._looked: set[tuple[Path, str]] = set()
        self._limits: set[Limit] = set()

    def slowness(self) -> Iterator[str]:
        """A message when PyYAML without libyaml is used for the first time."""
        if not self._is_slow and is_slow():
            self._is_slow = True
            yield SLOW

    def news(self, workspace: Workspace, is_open: Callable[[Path], bool]) -> Iterator[str]:
        """A message for each invalid configuration in use; open ones have diagnostics instead."""
        for config in workspace.configs.used():
            if config.path is None:
                continue
            before, self._said[config.path] = self._said.get(config.path, ()), config.problems
            if config.problems and config.problems != before and not is_open(config.path):
                yield _message(config.problems, workspace.root)

    def limits(self, workspace: Workspace, path: str) -> Iterator[Limit]:
        """The limits that what builds a file reaches, when it is asked for first, and again after `saved`."""
        if not workspace.index.complete or (workspace.root, path) in self._looked:
            return
        from playpen_ls.session.limits import limits_about  # imports rules of manifests

        found = list(limits_about(workspace, path))
        self._looked.add((workspace.root, path))
        yield from (one for one in dict.fromkeys(found) if one not in self._limits)
        self._limits.update(found)

    def saved(self, workspace: Workspace, path: str) -> None:
        """A file has perhaps another text now."""
        self._looked.discard((workspace.root, path))


def _message(problems: tuple[Invalid, ...], root: Path) -> str:
    first = problems[0]
    shown = first.path.relative_to(root) if first.path.is_relative_to(root) else first.path
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{shown.as_posix()}, line {first.line}: {first.message}{more}; defaults are used for invalid values"
