"""The input of the server: messages in a stream of bytes, and the queue in which they wait for their handlers."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import traceback
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from playpen_ls.server import inbox as inboxes
from playpen_ls.server.app import App
from playpen_ls.server.client_documents import ClientDocuments
from playpen_ls.server.inbox import Framing, Inbox
from playpen_ls.server.protocol import EditsArrived, Server
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.pause import pausing
from playpen_ls.text.source import Source


@pytest.mark.parametrize(
    "stream",
    [
        b"Content-Length: 2\r\n\r\n{}Content-Length: 2\r\n\r\n[]",
        b"content-length: 2\r\n\r\n{}CONTENT-LENGTH:2\r\n\r\n[]",
        b"Content-Length: 2\n\n{}Content-Length: 2\n\n[]",
        b"Content-Type: x; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}Content-Length: 2\r\nX: y\r\n\r\n[]",
    ],
    ids=["plain", "any-case", "line-feeds", "other-headers"],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_messages_are_found_however_they_arrive(stream: bytes, size: int):
    framing = Framing()
    found = [body for at in range(0, len(stream), size) for body in framing.feed(stream[at : at + size])]
    assert found == [b"{}", b"[]"]
    assert not framing.is_inside


@pytest.mark.parametrize(
    "garbage", [b"x" * 100_000 + b"\n", b"\r\n", b"Content-Length: many\r\n\r\n", b"Content-Length: -1\r\n\r\n"]
)
def test_what_is_no_header_is_ignored(garbage: bytes, caplog: pytest.LogCaptureFixture):
    framing = Framing()
    stream = garbage + b"Content-Length: 2\r\n\r\n{}"
    chunks = [stream[at : at + 1000] for at in range(0, len(stream), 1000)]
    assert [body for chunk in chunks for body in framing.feed(chunk)] == [b"{}"]
    assert "ignored" in caplog.text


def test_a_stream_that_ends_inside_of_a_message_is_noticed():
    for part in (b"Cont", b"Content-Length: 2\r\n", b"Content-Length: 2\r\n\r\n", b"Content-Length: 2\r\n\r\n{"):
        framing = Framing()
        assert framing.feed(part) == []
        assert framing.is_inside


def test_no_more_than_a_limit_is_read_ahead(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(inboxes, "AHEAD", 100)
    monkeypatch.setattr(inboxes, "CHUNK", 64)
    output, input = os.pipe()
    body = json.dumps("x" * 30).encode()
    message = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    reading, writing = os.fdopen(output, "rb"), os.fdopen(input, "wb")
    writing.write(message * 100)
    writing.close()

    async def most() -> tuple[int, int]:
        inbox, most, taken = Inbox(), 0, 0
        inbox.read(reading.fileno())
        while await inbox.arrived():
            most = max(most, len(inbox.waiting()))
            taken += inbox.take() is not None
        return most, taken

    # A chunk that is read below the limit completes up to two messages.
    most_waiting, taken = asyncio.run(most())
    reading.close()
    assert taken == 100
    assert most_waiting <= 100 // len(body) + 3


class Writer:
    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def write(self, data: bytes) -> None:
        self.messages.append(json.loads(data))

    def close(self) -> None:
        pass


class Served:
    """A server that was initialized, in this process. `during` is called by its handler of code actions."""

    def __init__(self) -> None:
        self.server = Server("x", "1")
        self.protocol = self.server.protocol
        self.sent = Writer()
        self.hovered: list[str] = []
        self.during: Any = None
        self.protocol.set_writer(self.sent, include_headers=False)
        self.server.feature(lsp.TEXT_DOCUMENT_HOVER)(partial(self.hover))
        self.server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION)(lambda _: self.during())
        self.server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)(lambda _: None)
        self.protocol.receive(message(lsp.INITIALIZE, {"capabilities": {}, "rootUri": None, "processId": None}, 0))
        self.sent.messages.clear()

    def hover(self, params: lsp.HoverParams) -> None:
        self.hovered.append(params.text_document.uri)

    def arrives(self, *messages: dict[str, Any]) -> None:
        self.protocol.inbox.put(json.dumps(one).encode() for one in messages)

    def run(self) -> None:
        """Handle what has arrived, and end."""
        self.protocol.inbox.end()
        asyncio.run(self.protocol.serve())

    def answers(self) -> list[tuple[int, Any]]:
        """(id, error code or None) in the order in which they were sent."""
        return [(one["id"], one.get("error", {}).get("code")) for one in self.sent.messages if "id" in one]


def message(method: str, params: Any, id: int | None = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params, **({} if id is None else {"id": id})}


def logged(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What is shown to the user: nothing of pygls' own."""
    return [record for record in caplog.records if record.name == "playpen_ls"]


DOCUMENT = {"uri": "file:///a"}
PLACE = {"line": 0, "character": 0}


def hover(id: int) -> dict[str, Any]:
    return message(lsp.TEXT_DOCUMENT_HOVER, {"textDocument": DOCUMENT, "position": PLACE}, id)


def action(id: int) -> dict[str, Any]:
    span = {"start": PLACE, "end": PLACE}
    params = {"textDocument": DOCUMENT, "range": span, "context": {"diagnostics": []}}
    return message(lsp.TEXT_DOCUMENT_CODE_ACTION, params, id)


def edit(uri: str = DOCUMENT["uri"]) -> dict[str, Any]:
    params = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": ""}]}
    return message(lsp.TEXT_DOCUMENT_DID_CHANGE, params)


def cancel(id: int) -> dict[str, Any]:
    return message(lsp.CANCEL_REQUEST, {"id": id})


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    monkeypatch.setattr("playpen_ls.server.protocol.STEP", 0)
    return Served()


CANCELED, MODIFIED = -32800, -32801


def test_a_request_that_was_canceled_before_it_began_is_not_handled(served: Served):
    handled = []
    served.during = lambda: handled.append(1)
    served.arrives(action(1), cancel(1), action(2))
    served.run()
    assert served.answers() == [(1, CANCELED), (2, None)]
    assert handled == [1]
    assert served.protocol.inbox.cancelled == set()


def test_a_cancel_that_comes_too_late_is_forgotten(served: Served):
    served.during = lambda: None
    served.arrives(action(1))
    for one in (served.protocol.inbox.take(), cancel(1)):
        served.protocol.receive(one)
    served.arrives(cancel(1))
    served.run()
    assert served.answers() == [(1, None)]
    assert served.protocol.inbox.cancelled == set()


def test_long_work_ends_once_its_request_is_canceled(served: Served, caplog: pytest.LogCaptureFixture):
    steps = []

    def work() -> None:
        for step in range(3):
            steps.append(step)
            served.arrives(cancel(1))
            served.protocol.pause()

    served.during = work
    served.arrives(action(1))
    served.run()
    assert served.answers() == [(1, CANCELED)]
    assert steps == [0]
    assert not logged(caplog)


def test_a_hover_is_answered_during_long_work(served: Served):
    def work() -> None:
        served.arrives(cancel(9), action(2), hover(3))
        served.protocol.pause(DOCUMENT["uri"])
        assert served.answers() == [(3, None)]
        served.during = lambda: None

    served.during = work
    served.arrives(action(1))
    served.run()
    assert served.answers() == [(3, None), (1, None), (2, None)]


def test_work_can_still_be_canceled_after_it_has_answered_a_hover(served: Served):
    def work() -> None:
        served.arrives(hover(2))
        served.protocol.pause()
        served.arrives(cancel(1))
        served.protocol.pause()

    served.during = work
    served.arrives(action(1))
    served.run()
    assert served.answers() == [(2, None), (1, CANCELED)]


def test_a_hover_overtakes_no_edit(served: Served):
    def work() -> None:
        served.arrives(edit("file:///other"), hover(2))
        served.protocol.pause(DOCUMENT["uri"])
        assert served.hovered == []

    served.during = work
    served.arrives(action(1))
    served.run()
    assert served.answers() == [(1, None), (2, None)]


def test_long_work_for_a_text_that_has_changed_since_ends(served: Served):
    def work() -> None:
        served.arrives(edit("file:///other"))
        served.protocol.pause(DOCUMENT["uri"])
        served.arrives(edit())
        with pytest.raises(JsonRpcException):
            served.protocol.pause(DOCUMENT["uri"])
        served.protocol.pause()  # work that is not about one text goes on
        served.protocol.pause(DOCUMENT["uri"])

    served.during = work
    served.arrives(action(1))
    served.run()
    assert served.answers() == [(1, MODIFIED)]


def test_work_that_can_be_repeated_gives_way_to_edits(served: Served):
    def work() -> None:
        served.arrives(action(2), hover(3))
        served.protocol.give_way()
        assert served.hovered == [DOCUMENT["uri"]]
        served.arrives(edit("file:///other"), hover(4))
        with pytest.raises(EditsArrived):
            served.protocol.give_way()
        served.during = lambda: None

    served.during = work
    served.arrives(action(1))
    served.run()
    assert served.answers() == [(3, None), (1, None), (2, None), (4, None)]


class Edited:
    """A publisher to which edits come in between, the first `times`."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.gave_way: list[bool] = []

    def publish(self, opened: object, settled: bool, only_changes: bool = False, gives_way: bool = False) -> None:
        self.gave_way.append(gives_way)
        if gives_way and self.left:
            self.left -= 1
            raise EditsArrived


def application(publisher: Any, folder: Path) -> App:
    app = App()
    app._publisher = publisher
    documents = app.documents = ClientDocuments("utf-16", [folder])
    documents.open(lsp.TextDocumentItem((folder / "app.py").as_uri(), "python", 1, "x = 1\n"))
    return app


def test_a_check_after_an_edit_gives_way_to_more_edits_but_not_twice_in_a_row(tmp_path: Path):
    async def answered() -> tuple[list[bool], bool]:
        publisher = Edited(9)
        app = application(publisher, tmp_path)
        app._waiting = {one.uri: one for one in app.documents}
        app._answer()
        assert app._waiting
        while app._waiting:
            await asyncio.sleep(0.01)
        return publisher.gave_way, app._quiet is not None

    assert asyncio.run(answered()) == ([True, False], True)


def test_a_look_at_all_files_that_gives_way_is_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("playpen_ls.server.app.QUIET", 0.01)

    async def looked() -> list[bool]:
        publisher = Edited(2)
        app = application(publisher, tmp_path)
        app._look_again()
        while publisher.left or len(publisher.gave_way) < 3:
            await asyncio.sleep(0.01)
        return publisher.gave_way

    assert asyncio.run(looked()) == [True] * 3


def test_what_is_no_message_is_ignored(served: Served, caplog: pytest.LogCaptureFixture):
    for body in (b"{", b"[" * 100_000, b"\xff", b"3", b"null", b"[]", b"{}", b'{"jsonrpc": "2.0"}'):
        served.protocol.inbox.put([body])
    served.arrives({"jsonrpc": "2.0", "id": [], "result": 1}, {"jsonrpc": "2.0", "id": 7, "method": 3}, hover(1))
    served.run()
    assert sorted(served.answers()) == [(1, None), (7, -32600)]
    assert all(record.levelno == logging.ERROR and "\n" not in record.getMessage() for record in logged(caplog))


def test_a_malformed_answer_of_the_client_is_an_error_for_what_waits_for_it(served: Served):
    async def asked() -> Any:
        task = asyncio.ensure_future(served.server.workspace_configuration_async(lsp.ConfigurationParams([])))
        await asyncio.sleep(0)
        served.protocol.receive({"jsonrpc": "2.0", "id": served.sent.messages[-1]["id"], "result": 3})
        return await task

    with pytest.raises(JsonRpcException):
        asyncio.run(asked())


def test_checks_for_fixes_pause_before_each_chunk_and_can_be_ended(tmp_path: Path):
    class Ended(Exception):
        pass

    text = "FROM python:latest AS a\nRUN apt-get install curl\n\nFROM a\nADD x y\n"
    workspace = Workspace(tmp_path, indexed=False)
    workspace.open(Source("Dockerfile", text), "dockerfile")
    before = list(workspace.check("Dockerfile").diagnostics)
    pauses: list[int] = []
    with pausing(lambda: None, lambda: pauses.append(1)):
        fixed = workspace.fixed("Dockerfile", lambda *_: True)
    assert len(pauses) > 2
    for last in range(len(pauses)):
        left = iter(range(last))

        def pause(left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise Ended

        with pytest.raises(Ended), pausing(lambda: None, pause):
            workspace.fixed("Dockerfile", lambda *_: True)
    assert list(workspace.check("Dockerfile").diagnostics) == before
    assert workspace.fixed("Dockerfile", lambda *_: True).source.text == fixed.source.text


def test_a_first_check_answers_hovers_between_the_parts_of_a_chunk(served: Served, tmp_path: Path):
    def pause() -> None:
        served.arrives(hover(len(served.hovered)))
        served.protocol.answer_hovers()

    documents = ClientDocuments("utf-16", [tmp_path])
    text = "def f(x):\n" + "".join(f'    print(f"{number} {{x}}")\n' for number in range(20))
    opened = documents.open(lsp.TextDocumentItem((tmp_path / "app.py").as_uri(), "python", 1, text))
    with pausing(pause):
        assert len(opened.workspace.check(opened.path).diagnostics) >= 20
    model = opened.workspace.documents[opened.path].model
    assert model
    assert len(model.chunks) == 1
    assert len(served.hovered) > 20
    assert len(served.answers()) == len(served.hovered)


@pytest.mark.parametrize(
    ("text", "where", "least"),
    [
        ("FROM python:3.12\n", "_run_rules pause_or_end", 10),
        ("FROM a\n" + "COPY a /b/\n" * 50, "words pause", 50),
        ("FROM a\nRUN <<EOF\n" + "make\n" * 50 + "EOF\n", "finished pause", 50),
        ("FROM a\nRUN <<EOF\n" + "make\n" * 50 + "EOF\n", "commands pause", 50),
    ],
    ids=["the rules of a part", "what one rule looks at", "the commands of a script", "the places of the commands"],
)
def test_a_first_check_pauses_between(text: str, where: str, least: int, tmp_path: Path):
    workspace, paused = Workspace(tmp_path, indexed=False), list[str]()
    workspace.open(Source("Dockerfile", text), "dockerfile")
    with pausing(lambda: paused.append(" ".join(one.name for one in traceback.extract_stack()[-3:-1]))):
        workspace.check("Dockerfile")
    assert paused.count(where) >= least
