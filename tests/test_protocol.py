"""The server and messages that no editor should send: each gets an answer, and the next one too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from raw import Raw

from playpen_ls.server.protocol import Server


@pytest.fixture
def raw(tmp_path: Path):
    with Raw(tmp_path) as server:
        yield server


ACTION = {"textDocument": {"uri": "file:///x"}, "range": "everywhere", "context": {"diagnostics": []}}


def test_shutdown_and_exit_end_with_0(raw: Raw):
    raw.start()
    assert raw.ask("shutdown")["result"] is None
    raw.send("exit")
    assert raw.process.wait(timeout=20) == 0


def test_exit_without_shutdown_ends_with_1(raw: Raw):
    raw.start()
    raw.send("exit")
    assert raw.process.wait(timeout=20) == 1


def test_the_end_of_input_ends_the_server(raw: Raw):
    raw.start()
    status, log = raw.end()
    assert (status, log) == (1, "")


def test_before_initialize_nothing_is_executed(raw: Raw):
    assert raw.ask("textDocument/codeAction", ACTION)["error"]["code"] in (-32002, -32602)
    raw.send("textDocument/didChange", {"textDocument": {"uri": "file:///x", "version": 1}, "contentChanges": []})
    raw.start()
    assert raw.ask("shutdown")["result"] is None


def test_malformed_parameters_get_an_answer(raw: Raw):
    raw.start()
    answer = raw.ask("textDocument/codeAction", ACTION)
    assert answer["error"]["code"] == -32602
    assert "malformed" in answer["error"]["message"]
    raw.send("textDocument/didChange", {"nothing": 1})
    assert raw.ask("shutdown")["result"] is None


def test_broken_messages_and_unknown_methods_do_no_harm(raw: Raw):
    raw.start()
    raw.write(b"{ not json")
    raw.write(b"[]")
    raw.send("$/unknown", {"a": 1})
    assert raw.ask("made/up", {})["error"]["code"] == -32601
    raw.send("textDocument/didChange", {
        "textDocument": {"uri": "file:///never-opened.py", "version": 3},
        "contentChanges": [{"range": {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 9}}, "text": ""}],
    })  # fmt: skip
    raw.send("textDocument/didClose", {"textDocument": {"uri": "file:///never-opened.py"}})
    assert raw.ask("shutdown")["result"] is None
    raw.send("exit")
    status, log = raw.end()
    assert status == 0
    assert "Traceback" not in log


def test_nonsense_in_edits_is_clamped(raw: Raw):
    raw.start()
    raw.open("app.py", "x = 1\n")
    edit = {"range": {"start": {"line": 70, "character": 9}, "end": {"line": 0, "character": 2}}, "text": "#"}
    document = {"uri": (raw.folder / "app.py").as_uri(), "version": 2}
    raw.send("textDocument/didChange", {"textDocument": document, "contentChanges": [edit]})
    assert raw.receive()["params"]["version"] == 2
    assert raw.ask("shutdown")["result"] is None


def test_a_file_that_vanishes_does_no_harm(raw: Raw):
    (raw.folder / "gone.py").write_text("x = 1\n")
    raw.start()
    raw.open("gone.py", "x = 1\n")
    (raw.folder / "gone.py").unlink()
    uri = (raw.folder / "gone.py").as_uri()
    raw.send("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 3}]})
    raw.send("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert raw.ask("shutdown")["result"] is None
    raw.send("exit")
    assert raw.end() == (0, "")


def test_odd_settings_are_said_once_and_ignored(raw: Raw):
    options = {"playpen": {"ignore": ["nonsense"], "severity": {"python/hard-coded-host": "loud"}, "colour": 1}}
    raw.ask("initialize", {"capabilities": {}, "rootUri": None, "processId": None, "initializationOptions": options})
    raw.send("initialized", {})
    for _ in range(3):
        raw.send("workspace/didChangeConfiguration", {"settings": options})
    raw.ask("shutdown")
    raw.send("exit")
    _, log = raw.end()
    assert log.split("\n") == [
        "WARNING playpen-ls: unknown setting playpen.colour; known settings: ignore, severity, fixOnSave",
        "WARNING playpen-ls: setting playpen.ignore: unknown rule `nonsense`",
        "WARNING playpen-ls: setting playpen.severity: python/hard-coded-host is 'loud'; it must be one of hint, "
        "information, warning, error, off",
        "",
    ]


def test_a_large_text_and_a_binary_one_are_one_line_in_the_log(raw: Raw):
    raw.start()
    raw.open("large.py", "x = 1\n" * 400_000)
    raw.open("binary.py", "x = '\0'\n")
    document = {"uri": (raw.folder / "binary.py").as_uri(), "version": 2}
    edit = {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}, "text": "#"}
    raw.send("textDocument/didChange", {"textDocument": document, "contentChanges": [edit]})
    raw.ask("shutdown")
    raw.send("exit")
    _, log = raw.end()
    assert log.split("\n") == [
        "WARNING playpen-ls: large.py: not checked: larger than 2,000,000 characters (2,400,000)",
        "WARNING playpen-ls: binary.py: not checked: binary file: NUL byte in line 1",
        "",
    ]


def test_resolve_takes_odd_data_of_an_open_document(raw: Raw):
    raw.start()
    raw.open("app.py", "x = 1\n")
    ours = {"uri": (raw.folder / "app.py").as_uri(), "version": 1}
    for data in (
        {},
        {"start": "a", "end": 1, "key": []},
        {"start": 0, "end": 10**9, "key": []},
        {"start": 0, "end": 1},
    ):
        action = {"title": "x", "data": {**ours, **data}}
        assert raw.ask("codeAction/resolve", action)["result"] == action


def test_an_error_tells_the_client_nothing_and_the_log_its_place(caplog: pytest.LogCaptureFixture):
    server, written = Server("x", "1"), []

    class Writer:
        def write(self, data: bytes) -> None:
            written.append(data)

        def close(self) -> None:
            pass

    @server.feature("made/up")
    def failing(*_: object) -> None:
        raise KeyError("hunter2-the-secret")

    server.protocol.set_writer(Writer(), include_headers=False)
    options = {"capabilities": {}, "rootUri": None, "processId": None}
    for message in ({"method": "initialize", "params": options, "id": 1}, {"method": "made/up", "params": {}, "id": 2},
                    {"method": "made/up", "params": {}}):  # fmt: skip
        server.protocol.handle_message(server.protocol.structure_message({"jsonrpc": "2.0", **message}))
    (answer,) = [one for data in written if (one := json.loads(data)).get("id") == 2]
    assert answer["error"] == {"code": -32603, "message": "internal error; see the server log"}
    lines = [record.getMessage() for record in caplog.records if record.name == "playpen_ls"]
    assert [line.startswith(f"KeyError at {__file__}:") for line in lines] == [True, True]
