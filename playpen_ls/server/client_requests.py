"""Requests to the client: register file watchers, get settings."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

from lsprotocol import types as lsp

from playpen_ls.server.client_capabilities import ClientCapabilities
from playpen_ls.server.features import Feature
from playpen_ls.server.protocol import Server, answer_of

logger = logging.getLogger("playpen_ls")


class ClientRequests:
    """Sends requests in the background. `abilities` are those of the client; `take` receives its settings."""

    def __init__(
        self, server: Server, abilities: Callable[[], ClientCapabilities], take: Callable[[object], None]
    ) -> None:
        self._server = server
        self._abilities = abilities
        self._take = take
        self._tasks: set[asyncio.Task[None]] = set()

    def introduce(self, features: Sequence[Feature] = ()) -> None:
        """Send all requests that follow initialization; `features` are registered, each for its languages."""
        self._later(self._ask_for_all(features))

    def ask_for_settings(self) -> None:
        self._later(self._ask_for_settings())

    async def _ask_for_all(self, features: Sequence[Feature]) -> None:
        registrations = [lsp.Registration(one.method, one.method, self._options(one)) for one in features]
        if self._abilities().registers_watchers:
            watchers = [lsp.FileSystemWatcher(glob_pattern) for glob_pattern in watched()]
            options = lsp.DidChangeWatchedFilesRegistrationOptions(watchers)
            registrations.append(lsp.Registration("files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options))
        if registrations:
            request = self._server.client_register_capability_async(lsp.RegistrationParams(registrations))
            await self._ask(lsp.CLIENT_REGISTER_CAPABILITY, request)
        await self._ask_for_settings()

    def _options(self, feature: Feature) -> dict[str, object]:
        """The options of a feature, and its documents: by the editor's id or by name, as the languages say."""
        from playpen_ls.languages.registry import LANGUAGES

        filters: list[dict[str, str]] = []
        for language in map(LANGUAGES.__getitem__, feature.languages):
            filters += [{"language": one} for one in (*language.editor_ids, *language.candidate_ids)]
            filters += [{"pattern": f"**/{{{','.join((*language.file_names, *language.candidate_names))}}}"}]
        options = self._server.protocol.converter.unstructure(feature.options) if feature.options else {}
        return {**options, "documentSelector": filters}

    async def _ask_for_settings(self) -> None:
        if self._abilities().gives_configuration:
            item = lsp.ConfigurationItem(section="playpen")
            request = self._server.workspace_configuration_async(lsp.ConfigurationParams([item]))
            answer = await self._ask(lsp.WORKSPACE_CONFIGURATION, request)
            if answer:
                self._take(answer[0])

    async def _ask(self, method: str, request: Any) -> Any:
        """The response of the client; None for an error, or if there is none."""
        try:
            return await answer_of(method, request)
        except Exception as error:
            logger.info("the client gave no answer to %s: %s", method, type(error).__name__)
            return None

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # the loop itself keeps only a weak reference
        task.add_done_callback(self._tasks.discard)


def watched() -> Iterator[str]:
    """Glob patterns of the files whose changes matter: those of all languages, those that rules read or that state
    facts, and configuration."""
    from playpen_ls.languages import builds
    from playpen_ls.languages.registry import LANGUAGES

    for names in (
        *([*one.file_names, *one.candidate_names, *one.read_names] for one in LANGUAGES.values()),
        list(builds.NAMES),
        ["playpen.toml", "pyproject.toml", ".gitignore"],
    ):
        yield f"**/{{{','.join(names)}}}"
