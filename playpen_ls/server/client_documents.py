"""The open documents of the client, and their projects."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from lsprotocol import types as lsp
from pygls.uris import from_fs_path, to_fs_path

from playpen_ls.api.facts import NotKnownYet
from playpen_ls.config.model import Settings
from playpen_ls.languages.detection import language_of
from playpen_ls.project.discovery import project_root
from playpen_ls.project.patience import Ask, at_once
from playpen_ls.server.positions import Positions, changed, joined
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source, Unreadable, check_readable

logger = logging.getLogger("playpen_ls")


@dataclass
class ClientDocument:
    """An open document of the client; `language` is None if it is not supported."""

    uri: str
    version: int
    language_id: str
    workspace: Workspace
    source: Source
    on_disk: bool
    language: str | None = None
    is_placed: bool = True
    """Whether it is known to which project the file belongs."""

    @property
    def path(self) -> str:
        return self.source.path


class ClientDocuments:
    """Mirrors the client's documents, and opens those in supported languages in their workspaces.

    `ask` answers questions about files.
    """

    def __init__(self, encoding: str, folders: list[Path], ask: Ask = at_once) -> None:
        self.encoding = encoding
        self.folders = folders
        self.ask = ask
        self.settings = Settings()
        self.workspaces: dict[Path, Workspace] = {}
        self._open: dict[str, ClientDocument] = {}

    def __iter__(self) -> Iterator[ClientDocument]:
        yield from list(self._open.values())

    def get(self, uri: str) -> ClientDocument | None:
        return self._open.get(uri)

    def of(self, workspace: Workspace, path: str) -> ClientDocument | None:
        return next((one for one in self if one.workspace is workspace and one.path == path), None)

    def positions(self, source: Source) -> Positions:
        return Positions(source, self.encoding)

    def open(self, item: lsp.TextDocumentItem) -> ClientDocument:
        place = to_fs_path(item.uri) if item.uri.startswith("file:") else None
        nowhere = Workspace(Path(), self.settings, indexed=False)
        source = Source(place or item.uri, joined(item.text))
        opened = ClientDocument(item.uri, item.version, item.language_id, nowhere, source, place is not None)
        self._open[item.uri] = opened
        self._find_project(opened)
        return opened

    def _find_project(self, opened: ClientDocument) -> bool:
        place = Path(opened.path) if opened.on_disk else None
        try:
            opened.workspace = self._workspace(place)
        except NotKnownYet:
            opened.is_placed = False
            return False
        opened.is_placed = True
        path = _relative(place, opened.workspace.root) if place else opened.path
        opened.source = Source(path, opened.source.text, byte_order_mark=opened.source.byte_order_mark)
        self._place(opened, ())
        return True

    def placed(self) -> Iterator[ClientDocument]:
        """Find the projects of documents for which that took long; yields those whose project is known now."""
        for opened in self:
            if not opened.is_placed and self._find_project(opened):
                yield opened

    def change(
        self, uri: str, version: int, changes: Iterable[lsp.TextDocumentContentChangeEvent]
    ) -> ClientDocument | None:
        opened = self._open.get(uri)
        if opened is None:
            logger.warning("received a change of a document that is not open")
            return None
        source, edits = changed(opened.source, changes, self.encoding)
        opened.source, opened.version = source, version
        if opened.is_placed:
            self._place(opened, edits)
        return opened

    def close(self, uri: str) -> ClientDocument | None:
        opened = self._open.pop(uri, None)
        if opened is not None and opened.is_placed:
            twin = self.of(opened.workspace, opened.path)
            if twin is not None:
                self._place(twin, ())  # the same file is open under another URI
            else:
                opened.workspace.close(opened.path)
        return opened

    def uri(self, workspace: Workspace, path: str) -> str:
        """The URI of a file, as the client has it if the file is open."""
        opened = self.of(workspace, path)
        return opened.uri if opened else from_fs_path(str(workspace.root / path)) or path

    def positions_in(self, opened: ClientDocument, path: str) -> Positions:
        """The positions in an open file, or in another one of its project. Raises NotKnownYet."""
        same = path == opened.path
        return self.positions(opened.source if same else Source(path, opened.workspace.text(path) or ""))

    def _place(self, opened: ClientDocument, edits: Iterable[Edit]) -> None:
        """Pass a new text to the workspace. The text can change the language."""
        workspace, source = opened.workspace, opened.source
        language = language_of(opened.path, lambda: source.text, opened.language_id)
        try:
            check_readable(source.text)
        except Unreadable as error:
            logger.warning("%s: not checked: %s", opened.path, error)
            language = None
        if language is None:
            if opened.language is not None:
                workspace.close(opened.path)
        elif language != opened.language:
            workspace.open(source, language, opened.on_disk)
        else:
            workspace.edit(opened.path, source, edits)
        opened.language = language

    def at(self, uri: str) -> ClientDocument | None:
        """The open document of a file, also if it is open under another URI."""
        place = to_fs_path(uri)
        workspace = self.project(Path(place)) if place else None
        return self.of(workspace, _relative(Path(place), workspace.root)) if place and workspace else None

    def project(self, path: Path) -> Workspace:
        """The project that a file belongs to."""
        return self._workspace(path)

    def _workspace(self, path: Path | None) -> Workspace:
        folder = next((one for one in self.folders if path and path.is_relative_to(one)), None)
        folders = tuple(self.folders)

        def read() -> tuple[Path, bool]:
            if path is None:
                root = folders[0] if folders else Path.cwd()
            else:
                root = project_root(path, folder or path.parent)
            return root, root in self.workspaces or _is_project(root, folders)

        root, indexed = self.ask(("project", path.parent if path else None, folders), read)
        if root not in self.workspaces:
            self.workspaces[root] = Workspace(root, self.settings, indexed=indexed, ask=self.ask)
        return self.workspaces[root]


def _is_project(root: Path, folders: Collection[Path]) -> bool:
    """Whether a root is a project whose files are indexed; `folders` are those of the workspace.

    The folder of a single file is not. Nor is the home folder or the root of the file system, even if it is a
    workspace folder or has a `.git` for dotfiles, unless it has a playpen.toml.
    """
    if (root / "playpen.toml").exists():
        return True
    if root in (Path(os.path.expanduser("~")), Path(root.anchor)):
        logger.info("%s: not a project, so cross-file rules are disabled; open a folder in it", root)
        return False
    return root in folders or (root / ".git").exists()


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
