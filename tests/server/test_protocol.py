"""The server and messages that no editor should send: each gets an answer, and the next one too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from raw import WAIT, Raw

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
    assert raw.ask("textDocument/codeAction", ACTION)["error"]["code"] == -32002, "although it is malformed"
    assert raw.ask("made/up")["error"]["code"] == -32002
    assert raw.ask("shutdown")["error"]["code"] == -32002
    raw.send("textDocument/didChange", {"textDocument": {"uri": "file:///x", "version": 1}, "contentChanges": []})
    raw.start()
    assert raw.ask("shutdown")["result"] is None


def test_a_second_initialize_is_refused(raw: Raw):
    raw.start()
    again = raw.ask("initialize", {"capabilities": {}, "rootUri": None, "processId": None})
    assert again["error"]["code"] == -32600
    assert raw.ask("shutdown")["result"] is None


def test_an_initialize_that_was_malformed_can_be_repeated(raw: Raw):
    assert raw.ask("initialize", {"capabilities": 3})["error"]["code"] == -32602
    raw.start()
    assert raw.ask("shutdown")["result"] is None


def test_after_shutdown_requests_are_refused(raw: Raw):
    raw.start()
    raw.ask("shutdown")
    for method in ("textDocument/hover", "made/up", "shutdown", "initialize"):
        assert raw.ask(method)["error"]["code"] == -32600
    raw.send("textDocument/didOpen", {"nothing": 1})
    raw.send("exit")
    assert raw.end() == (0, "")


def test_an_unknown_method_needs_no_parameters(raw: Raw):
    raw.start()
    raw.write(b'{"jsonrpc": "2.0", "id": "x", "method": "made/up"}')
    answer = raw.receive()
    assert (answer["id"], answer["error"]["code"]) == ("x", -32601)


@pytest.mark.parametrize("head", [b"content-length: %d\r\n\r\n", b"Content-Length: %d\n\n"])
def test_headers_are_taken_in_any_case_and_with_line_feeds(raw: Raw, head: bytes):
    raw.start()
    body = b'{"jsonrpc": "2.0", "id": 8, "method": "shutdown"}'
    assert raw.process.stdin
    raw.process.stdin.write(head % len(body) + body)
    raw.process.stdin.flush()
    assert raw.receive()["id"] == 8


def test_input_without_a_header_is_one_line_in_the_log(raw: Raw):
    raw.start()
    assert raw.process.stdin
    raw.process.stdin.write(b"x" * 3_000_000 + b"\n")
    assert raw.ask("shutdown")["result"] is None
    raw.send("exit")
    assert raw.end() == (0, "ERROR playpen-ls: input without a header is ignored\n")


def test_input_that_ends_inside_of_a_message_is_one_line_in_the_log(raw: Raw):
    raw.start()
    assert raw.process.stdin
    raw.process.stdin.write(b'Content-Length: 99999999999\r\n\r\n{"jsonrpc"')
    assert raw.end() == (1, "ERROR playpen-ls: the input ended in the middle of a message\n")


def test_a_canceled_request_is_answered_so(raw: Raw):
    raw.start()
    bodies = [
        b'{"jsonrpc": "2.0", "id": 70, "method": "textDocument/codeAction", "params": {}}',
        b'{"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 70}}',
    ]
    assert raw.process.stdin
    # In one piece, so that the server has read the cancel when it comes to the request.
    raw.process.stdin.write(b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in bodies))
    raw.process.stdin.flush()
    answer = raw.receive()
    assert (answer["id"], answer["error"]["code"]) == (70, -32800)
    assert raw.ask("shutdown")["result"] is None


HOSTILE = {
    "app.py": "import logging\n\nlog = logging.getLogger(__name__)\n\n\ndef f(x):\n" + '    log.info(f"{x}")\n' * 300,
    "Dockerfile": "FROM python:3.12\nRUN <<EOF\n" + "apt-get install x\n" * 300 + "EOF\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hover_is_answered_before_the_fixes_of_a_long_file(raw: Raw, name: str):
    raw.start()
    raw.open("other.py", "x = 1\n")
    text = HOSTILE[name]
    raw.open(name, text)
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": text.count("\n"), "character": 0}}
    context = {"diagnostics": [], "only": ["source.fixAll"]}
    params = {"textDocument": {"uri": raw.uri(name)}, "range": everything, "context": context}
    raw.send("textDocument/codeAction", params, request=True)
    fixes = raw.ids
    hover = {"textDocument": {"uri": raw.uri("other.py")}, "position": {"line": 0, "character": 0}}
    raw.send("textDocument/hover", hover, request=True)
    order: list[int] = []
    while len(order) < 2:
        message = raw.receive()
        if "method" not in message:
            order.append(message["id"])
    assert order == [raw.ids, fixes]


START, END = {"line": 0, "character": 0}, {"line": 0, "character": 4}


@pytest.mark.parametrize(
    "changes",
    [
        [{"text": None}],
        [{"text": "", "range": {"start": START, "end": {"line": 0.5, "character": 0}}}],
        [{"text": "", "range": {"start": START, "end": {"line": 0, "character": "4"}}}],
        [{"text": "", "range": {"start": {"line": -1, "character": 0}, "end": END}}],
        [{"text": "", "range": {"start": True, "end": END}}],
        [{"text": "FROM a:1\n"}, {"range": {"start": START, "end": END}}],
        [3],
        3,
    ],
)
def test_a_malformed_change_loses_nothing_of_the_text(raw: Raw, changes: object):
    raw.start()
    raw.open("Dockerfile", "FROM python:latest\n")
    document = {"uri": raw.uri("Dockerfile"), "version": 2}
    raw.send("textDocument/didChange", {"textDocument": document, "contentChanges": changes})
    edit = {"range": {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 0}}, "text": "USER a\n"}
    raw.send("textDocument/didChange", {"textDocument": {**document, "version": 3}, "contentChanges": [edit]})
    published = raw.receive()["params"]
    assert published["version"] == 3
    (image,) = [one for one in published["diagnostics"] if one["code"] == "dockerfile/foreign-base-image"]
    assert image["range"]["start"] == {"line": 0, "character": 5}
    raw.ask("shutdown")
    raw.send("exit")
    message = "malformed parameters of textDocument/didChange; it is ignored"
    assert raw.end() == (0, f"ERROR playpen-ls: {message}\n")


def test_a_client_that_answers_nothing_is_shut_down_in_peace(raw: Raw):
    (raw.folder / "app.py").write_text("x = 1\n")
    capabilities = {"window": {"workDoneProgress": True}, "workspace": {"configuration": True}}
    raw.ask("initialize", {"capabilities": capabilities, "rootUri": raw.folder.as_uri(), "processId": None})
    raw.send("initialized", {})
    raw.send("textDocument/didOpen", {
        "textDocument": {"uri": raw.uri("app.py"), "languageId": "python", "version": 1, "text": "x = 1\n"}
    })  # fmt: skip
    command = {"command": "playpen-ls.checkWorkspace", "arguments": []}
    raw.send("workspace/executeCommand", command, request=True)
    asked: set[str] = set()
    while "window/workDoneProgress/create" not in asked:
        asked.add(raw.receive().get("method", ""))
    assert raw.ask("shutdown")["result"] is None
    raw.send("exit")
    assert raw.end() == (0, "")


@pytest.mark.skipif(os.name == "nt", reason="its input ends with the client there")
def test_the_server_ends_with_the_process_of_its_client(raw: Raw):
    client = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    raw.ask("initialize", {"capabilities": {}, "rootUri": None, "processId": client.pid})
    raw.send("initialized", {})
    client.communicate()
    assert raw.process.wait(timeout=WAIT) == 1, "although its input is open"


def test_a_process_that_is_not_seen_is_not_watched(raw: Raw, caplog: pytest.LogCaptureFixture):
    client = subprocess.Popen([sys.executable, "-c", ""])
    client.wait()
    server = Server("x", "1")
    for number in (client.pid, 0, -1, 2**70, None):
        server.end_with(number)  # outside of an event loop, in which it would be watched


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
        "WARNING playpen-ls: unknown setting playpen.colour; known settings: select, ignore, severity, configuration, "
        "baseline, fixOnSave, diagnostics, features, logLevel, dockerfile, languages",
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


def children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found in /proc")
@pytest.mark.parametrize("end", ["exit", "shutdown", "input", "killed"])
def test_the_index_worker_ends_with_the_server(raw: Raw, end: str):
    for number in range(1500):
        (raw.folder / f"{number}.py").write_text("import os\n\n\ndef f():\n    return os.environ\n" * 20)
    (raw.folder / ".git").mkdir()
    raw.start()
    raw.open("0.py", "import os\n")
    while not (workers := children(raw.process.pid)):
        pass
    if end == "shutdown":
        raw.ask("shutdown")
    if end == "killed":
        raw.process.kill()
    elif end != "input":
        raw.send("exit")
    status, log = raw.end()
    assert (status, log) == ({"shutdown": 0, "killed": -signal.SIGKILL}.get(end, 1), "")
    (worker,) = workers
    if end == "killed":  # whoever adopts it may need a moment
        deadline = time.monotonic() + WAIT
        while is_running(worker) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert not is_running(worker)


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False
