"""Checks the files that are not open, and remembers which of them have published diagnostics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pygls.uris import from_fs_path, to_fs_path

from playpen_ls.api.facts import NotKnownYet
from playpen_ls.server.protocol import known
from playpen_ls.text.pause import pause_or_end

if TYPE_CHECKING:
    from playpen_ls.engine.diagnostics import FileDiagnostics
    from playpen_ls.server.client_documents import ClientDocument, ClientDocuments
    from playpen_ls.session.workspace import Workspace

Everywhere = Callable[["Workspace"], bool]


class ClosedFiles:
    """`documents` and `send` are available after `initialize`.

    `read` waits until the index of a project is complete, or indexing was canceled.
    """

    def __init__(
        self,
        documents: Callable[[], ClientDocuments],
        send: Callable[[str, str, int | None], None],
        read: Callable[[Workspace], Awaitable[None]],
    ) -> None:
        self._documents = documents
        self._send = send
        self._read = read
        self._late: set[str] = set()
        self.published: dict[str, int] = {}
        """The closed files that have diagnostics, by their URIs: the hash of what was sent, 0 after they were open."""
        self.all = False
        """Whether the diagnostics of all files are to be published, not only of those that had some."""

    async def every(self, wanted: Everywhere = lambda _: True) -> AsyncIterator[tuple[ClientDocument, int, int]]:
        """Every file of the wanted projects, open or closed, after opening it in its project: (file, number, total)."""
        documents = self._documents()
        done = total = 0
        for folder in documents.folders:
            workspace = await known(partial(documents.project, folder / "playpen.toml"))
            if not workspace.index.complete:
                await self._read(workspace)
            paths = await known(workspace.closed.paths)
            total += len(paths)
            for path in paths:
                done += 1
                uri = from_fs_path(str(workspace.root / path)) or ""
                place = workspace.root / path
                if not wanted(await known(partial(documents.project, place))):
                    continue
                one = await known(partial(documents.at, uri)) or await known(partial(self._closed, uri))
                if one is None or one.language is None:
                    continue
                if not one.workspace.index.complete:
                    await self._read(one.workspace)  # of a nested project
                await known(partial(self._open, one))
                try:
                    yield one, done, total
                finally:
                    if self.is_closed(one):
                        one.workspace.documents.pop(one.path, None)
                await asyncio.sleep(0)  # let the event loop handle messages
                pause_or_end()

    def is_closed(self, one: ClientDocument) -> bool:
        return self._documents().get(one.uri) is not one

    def look_again(self, uri: str) -> bool:
        """Update the diagnostics of a file that was closed or changed on disk; returns whether it has or had any."""
        one, wanted = None, self.all or uri in self.published
        try:
            one = self._closed(uri) if wanted else None
            if one is not None:
                self._open(one)
        except NotKnownYet:
            self._late.add(uri)
            return True
        self._late.discard(uri)
        if one is None:
            return False
        had = uri in self.published
        return bool(self.publish(one)) or had

    def catch_up(self) -> None:
        """Look again at the files that took long to read."""
        for uri in list(self._late):
            if self._documents().get(uri) is None and (self.all or uri in self.published):
                self.look_again(uri)

    def publish(self, one: ClientDocument) -> FileDiagnostics:
        """Publish the diagnostics of a closed file if they have changed, and return them."""
        from playpen_ls.engine.diagnostics import FileDiagnostics
        from playpen_ls.server.features.diagnostics.encode import encoded

        document = one.workspace.documents.pop(one.path, None)
        diagnostics = document.displayed if document else FileDiagnostics()
        if diagnostics or one.uri in self.published:
            written = encoded(self._documents(), one, diagnostics)
            if self.published.get(one.uri) != hash(written):
                self._send(one.uri, written, None)
            self.published[one.uri] = hash(written)
        if not diagnostics:
            self.published.pop(one.uri, None)
        return diagnostics

    def was_open(self, uri: str) -> None:
        """The client has what was published of an open file, and has to be sent that of the closed one."""
        if uri in self.published:
            self.published[uri] = 0

    def clear(self, kept: frozenset[str] = frozenset()) -> None:
        """Take back what was published for closed files, but for those that are kept."""
        for uri in sorted(self.published.keys() - kept):
            del self.published[uri]
            if self._documents().get(uri) is None:
                self._send(uri, "[]", None)

    def _closed(self, uri: str) -> ClientDocument | None:
        """A closed file, as if it were open."""
        from playpen_ls.languages.detection import language_of
        from playpen_ls.project.read_file import read_file
        from playpen_ls.server.client_documents import ClientDocument
        from playpen_ls.text.source import Source, Unreadable

        place = Path(to_fs_path(uri) or "")
        workspace = self._documents().project(place)
        path = place.relative_to(workspace.root).as_posix()
        try:
            source = Source.decoded(path, self._documents().ask(("content", place), partial(read_file, place)))
        except (OSError, Unreadable):
            return ClientDocument(uri, 0, "", workspace, Source(path, ""), True) if uri in self.published else None
        return ClientDocument(uri, 0, "", workspace, source, True, language_of(path, lambda: source.text))

    def _open(self, one: ClientDocument) -> None:
        """Raises NotKnownYet while findings can be missing."""
        if one.language is not None and self.is_closed(one):
            one.workspace.open(one.source, one.language)
        if one.language is not None:
            one.workspace.check(one.path)
            if one.workspace.awaits_files:
                raise NotKnownYet
