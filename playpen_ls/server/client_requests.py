"""Requests to the client: register file watchers, get settings."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence, Set
from typing import Any

from lsprotocol import types as lsp

from playpen_ls.server.client_capabilities import ClientCapabilities
from playpen_ls.server.features import CONFIGURATION, Feature
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
        self._tasks: set[asyncio.Task[Any]] = set()
        self._registered: list[lsp.Registration] | None = None

    def introduce(self, features: Sequence[Feature] = ()) -> None:
        """Send all requests that follow initialization; `features` are registered, each for its languages."""
        self._later(self._ask_for_all(features))

    def register(self, features: Sequence[Feature]) -> None:
        """Register these features instead of those that were introduced."""
        if self._registered is not None:
            self._later(self._register_instead(features))

    def refresh(self, methods: Set[str]) -> None:
        """Have the client ask again for what these methods gave, if it can."""
        sent = {
            lsp.TEXT_DOCUMENT_CODE_LENS: self._server.workspace_code_lens_refresh_async,
            lsp.TEXT_DOCUMENT_INLAY_HINT: self._server.workspace_inlay_hint_refresh_async,
        }
        for method in sorted(methods & self._abilities().refreshed):
            self._later(self._ask(method, sent[method](None)))

    def ask_for_settings(self) -> None:
        self._later(self._ask_for_settings())

    async def _ask_for_all(self, features: Sequence[Feature]) -> None:
        registrations = self._registered = [made for one in features for made in self._registrations(one)]
        if self._abilities().registers_watchers:
            watchers = [lsp.FileSystemWatcher(glob_pattern) for glob_pattern in watched()]
            options = lsp.DidChangeWatchedFilesRegistrationOptions(watchers)
            registrations = [*registrations, lsp.Registration("files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)]
        await self._register(registrations)
        await self._ask_for_settings()

    async def _register_instead(self, features: Sequence[Feature]) -> None:
        before, self._registered = (
            self._registered or [],
            [made for one in features for made in self._registrations(one)],
        )
        gone = [lsp.Unregistration(one.id, one.method) for one in before if one not in self._registered]
        if gone:
            request = self._server.client_unregister_capability_async(lsp.UnregistrationParams(gone))
            await self._ask(lsp.CLIENT_UNREGISTER_CAPABILITY, request)
        await self._register([one for one in self._registered if one not in before])

    async def _register(self, registrations: list[lsp.Registration]) -> None:
        if registrations:
            request = self._server.client_register_capability_async(lsp.RegistrationParams(registrations))
            await self._ask(lsp.CLIENT_REGISTER_CAPABILITY, request)

    def _registrations(self, feature: Feature) -> Iterator[lsp.Registration]:
        """One for all languages; of completion one for each, since they have trigger characters of their own."""
        options = self._server.protocol.converter.unstructure(feature.options) if feature.options else {}
        if not feature.triggers:
            yield _registration(feature, feature.languages, options)
        for language, characters in feature.triggers.items():
            if language not in feature.languages:
                continue
            yield _registration(feature, (language,), {**options, "triggerCharacters": [*characters]})

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

    def _later(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # the loop itself keeps only a weak reference
        task.add_done_callback(self._tasks.discard)


def _registration(feature: Feature, languages: Sequence[str], options: Mapping[str, object]) -> lsp.Registration:
    """The documents are told by the editor's id and by name, as the languages say."""
    from playpen_ls.languages.registry import LANGUAGES

    filters: list[dict[str, str]] = []
    for name in languages:
        if name == CONFIGURATION:
            filters.append({"pattern": "**/{playpen.toml,pyproject.toml}"})
            continue
        language = LANGUAGES[name]
        filters += [{"language": one} for one in (*language.editor_ids, *language.candidate_ids)]
        filters.append({"pattern": f"**/{{{','.join((*language.file_names, *language.candidate_names))}}}"})
    id = f"{feature.method} {' '.join(languages)}"
    return lsp.Registration(id, feature.method, {**options, "documentSelector": filters})


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
