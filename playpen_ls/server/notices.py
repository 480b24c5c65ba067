"""One-time messages to the user: invalid configurations that are not open, and slow YAML parsing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from playpen_ls.config.model import Invalid
from playpen_ls.languages.yaml_loader import SLOW, is_slow
from playpen_ls.session.workspace import Workspace


class Notices:
    """Remembers the messages that were shown for each configuration file."""

    def __init__(self) -> None:
        self._said: dict[Path, tuple[Invalid, ...]] = {}
        self._is_slow = False

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


def _message(problems: tuple[Invalid, ...], root: Path) -> str:
    first = problems[0]
    shown = first.path.relative_to(root) if first.path.is_relative_to(root) else first.path
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{shown.as_posix()}, line {first.line}: {first.message}{more}; defaults are used for invalid values"
