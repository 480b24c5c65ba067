"""Warms up what the first file and the first code action need, since the user waits for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp

from playpen_ls.api.facts import NotKnownYet
from playpen_ls.project.patience import Ask, at_once

PAUSE = 0.25  # seconds; each step takes up to 0.1 s, so not while the user types


class WarmUp:
    """`converter` is that of pygls, which generates code on first use of a type; `folders` those that are open.

    `busy`: whether the user is typing; `ask` reads what is in a folder.
    """

    def __init__(
        self,
        converter: Callable[[], Any],
        folders: Callable[[], Iterable[Path]],
        busy: Callable[[], bool],
        ask: Callable[[], Ask],
    ) -> None:
        self._converter = converter
        self._folders = folders
        self._busy = busy
        self._ask = ask
        self._steps: Iterator[Callable[[], None]] | None = None

    def start(self) -> None:
        """Schedule the warm-up."""
        if self._steps is None:
            self._steps = self._all()
            self._later()

    def _later(self) -> None:
        asyncio.get_running_loop().call_later(PAUSE, self._run)

    def _run(self) -> None:
        # A step at a time: messages that have arrived are handled between two.
        step = None if self._busy() or self._steps is None else next(self._steps, _end)
        if step is not None:
            step()
        if step is not _end:
            self._later()

    def _all(self) -> Iterator[Callable[[], None]]:
        for folder in self._folders():
            for language in self._languages(folder):
                yield partial(load, language)
                yield partial(check_examples, language, folder, self._ask())
        yield lambda: prepare(self._converter())
        yield prepare_hovers

    def _languages(self, folder: Path) -> list[str]:
        try:
            return self._ask()(("languages", folder), partial(languages_in, folder))
        except NotKnownYet:
            return []  # a slow file system: the rules are loaded with the first file


def _end() -> None:
    """The step after the last one."""


def languages_in(folder: Path) -> list[str]:
    """The languages of the files at the top of a folder, by their names."""
    from playpen_ls.languages.detection import possible_language

    try:
        found = {possible_language(name) for name in os.listdir(folder)}
    except OSError:
        return []
    return sorted(language for language in found if language)


def load(language: str) -> None:
    """Import the rules of a language."""
    from playpen_ls.engine.registry import rules_of

    rules_of(language)


def check_examples(language: str, folder: Path, ask: Ask = at_once) -> None:
    """Check the examples for secrets, whose patterns take long to compile."""
    from playpen_ls.api.example import unmarked
    from playpen_ls.engine.registry import rules_of
    from playpen_ls.languages.detection import possible_language
    from playpen_ls.session.workspace import Workspace
    from playpen_ls.text.source import Source

    workspace = Workspace(folder, indexed=False, ask=ask)
    examples = [example for rule in rules_of(language) if rule.masks_text for example in rule.bad]
    for path, text in (file for example in examples for file in example.files.items()):
        if possible_language(path) == language:
            workspace.open(Source(path, unmarked(text)), language, on_disk=False)
            workspace.check(path)


def prepare_hovers() -> None:
    import playpen_ls.server.features.hover  # noqa: F401


def prepare(converter: Any) -> None:
    import playpen_ls.server.features.code_actions  # noqa: F401

    request = {"id": 0, "jsonrpc": "2.0", "method": lsp.TEXT_DOCUMENT_CODE_ACTION}
    start = {"line": 0, "character": 0}
    converter.structure(
        {
            **request,
            "params": {
                "textDocument": {"uri": ""},
                "range": {"start": start, "end": start},
                "context": {"diagnostics": []},
            },
        },
        lsp.CodeActionRequest,
    )
    action = lsp.CodeAction("")
    converter.unstructure(lsp.CodeActionResponse(0, [action]))
    converter.structure(
        {**request, "method": lsp.CODE_ACTION_RESOLVE, "params": {"title": ""}}, lsp.CodeActionResolveRequest
    )
    converter.unstructure(lsp.CodeActionResolveResponse(0, action))
