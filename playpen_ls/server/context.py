"""What a feature can see of the server."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from playpen_ls.server.protocol import Server
from playpen_ls.text.pause import pausing

if TYPE_CHECKING:
    from playpen_ls.server.client_capabilities import ClientCapabilities
    from playpen_ls.server.client_documents import ClientDocuments


class Context(Protocol):
    """The state that requests are answered from; see `App`."""

    server: Server
    abilities: ClientCapabilities
    fix_on_save: bool
    peers: frozenset[str]
    """The languages for which the client has another server, too."""
    features: Mapping[str, frozenset[str]]
    """The languages about which features answer, where the settings say that."""

    @property
    def documents(self) -> ClientDocuments:
        """The open documents. Available after `initialize`."""


def pausing_about(context: Context, uri: str | None) -> AbstractContextManager[None]:
    """While a request about a document is handled, other messages are looked at in pauses."""
    protocol = context.server.protocol
    return pausing(protocol.answer_hovers, lambda: protocol.pause(uri))
