"""Publishes the diagnostics of open documents."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from playpen_ls.api.facts import NotKnownYet
from playpen_ls.server.protocol import EditsArrived, Server
from playpen_ls.text.pause import pause_or_end, pausing

if TYPE_CHECKING:
    from playpen_ls.server.client_documents import ClientDocument, ClientDocuments
    from playpen_ls.server.features.diagnostics.encode import EncodedCache


logger = logging.getLogger("playpen_ls")  # which drops repeated messages


class Publisher:
    """Remembers published diagnostics to skip unchanged ones. `documents` is available after `initialize`."""

    def __init__(self, server: Server, documents: Callable[[], ClientDocuments]) -> None:
        self._server = server
        self._documents = documents
        self._sent: dict[str, str] = {}
        self._written: dict[str, EncodedCache] = {}

    def publish(
        self, opened: ClientDocument, settled: bool, only_changes: bool = False, gives_way: bool = False
    ) -> None:
        """Check a document and publish its diagnostics; with `only_changes`, only if they have changed.

        Raises EditsArrived with `gives_way`: then the caller has it checked later.
        """
        diagnostics = self.written(opened, settled, gives_way)
        if diagnostics is None or (only_changes and self._sent.get(opened.uri) == diagnostics):
            return
        self._sent[opened.uri] = diagnostics
        self.send(opened.uri, diagnostics, opened.version)

    def written(self, opened: ClientDocument, settled: bool, gives_way: bool = False) -> str | None:
        """Check a document: its diagnostics as a JSON array.

        None while it is not known which rules count for it, or if the check failed: then the last diagnostics stay.
        """
        protocol = self._server.protocol
        try:
            with pausing(protocol.answer_hovers, protocol.give_way if gives_way else None):
                pause_or_end()
                return self._diagnostics(opened, settled)
        except NotKnownYet:
            return None
        except EditsArrived:
            raise
        except Exception as error:  # the other documents must be checked anyway
            self._server.report_server_error(error, type(self))
            return None

    def scanned(self) -> None:
        """All closed files have been checked."""

    def send(self, uri: str, diagnostics: str, version: int | None) -> None:
        """Publish a JSON-encoded array of diagnostics."""
        members = {"uri": json.dumps(uri), "diagnostics": diagnostics}
        if version is not None:
            members["version"] = str(version)
        self._server.protocol.notify_encoded(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, members)

    def forget(self, uri: str) -> None:
        self._sent.pop(uri, None)
        self._written.pop(uri, None)

    def _diagnostics(self, opened: ClientDocument, settled: bool) -> str:
        from playpen_ls.server.features.diagnostics.encode import EncodedCache, configuration_problems, encoded

        if not opened.is_placed:
            raise NotKnownYet
        if is_configuration(opened):
            return encoded(self._documents(), opened, configuration_problems(opened))
        if opened.language is None:
            return "[]"
        report = opened.workspace.check(opened.path, settled)
        for rule in sorted(report.failed):
            logger.warning("%s: not checked: rule `%s` failed", opened.path, rule)
        if settled and report.unparsed:
            logger.warning("%s: not checked: some lines cannot be parsed", opened.path)
        written = self._written.setdefault(opened.uri, EncodedCache())
        return encoded(self._documents(), opened, report.diagnostics, written)


def is_configuration(opened: ClientDocument) -> bool:
    """Decided by name, so that a pyproject.toml whose [tool.playpen] was just removed is one too."""
    return is_configuration_name(opened.path)


def is_configuration_name(path: str) -> bool:
    """By the name at the end of a path or URI."""
    return path.rpartition("/")[2] in ("playpen.toml", "pyproject.toml")
