"""The server when things go wrong around it: a kill, a broken configuration, files that move, many documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from raw import Raw

HOST = 'host = "redis.apps.svc.cluster.local"\n'
HOST_RULE = "python/hard-coded-host"


@pytest.fixture
def raw(tmp_path: Path):
    with Raw(tmp_path) as server:
        yield server


def codes(message: dict[str, Any]) -> list[str]:
    assert message["method"] == "textDocument/publishDiagnostics", message
    return [one["code"] for one in message["params"]["diagnostics"]]


def published(raw: Raw, name: str, version: int | None = None) -> list[str]:
    """The codes of the next publish for a file (of that version); other messages are left out."""
    while True:
        message = raw.receive()
        params = message.get("params", {})
        ours = message.get("method") == "textDocument/publishDiagnostics" and params["uri"] == raw.uri(name)
        if ours and version in (None, params.get("version")):
            return codes(message)


def test_a_server_that_is_killed_while_typing_is_no_loss(tmp_path: Path):
    text, version = "", 1
    with Raw(tmp_path) as first:
        first.start()
        first.open("app.py", text)
        for char in HOST[:20]:
            version, text = version + 1, text + char
            first.replace("app.py", version, text)
        first.process.kill()
        assert first.process.wait(timeout=20) != 0
    with Raw(tmp_path) as second:  # what a client does: a new server gets the text as it is now, half a string
        second.start()
        assert codes(second.open("app.py", text, version)) == []
        second.replace("app.py", version + 1, HOST)
        assert published(second, "app.py", version + 1) == [HOST_RULE]


def test_a_broken_configuration_is_one_message_and_the_defaults_go_on(raw: Raw):
    config = raw.folder / "playpen.toml"
    config.write_text('colour = 1\nignore = ["nonsense"]\n')
    raw.start()
    assert codes(raw.open("app.py", HOST)) == [HOST_RULE]
    message = raw.receive()
    assert message["method"] == "window/showMessage"
    assert message["params"]["type"] == 2  # a warning
    said = message["params"]["message"]
    assert said.startswith("playpen: playpen.toml, line 1: ")
    assert "colour" in said
    assert "(and 1 more)" in said

    # Nothing more is said while it is wrong in the same way, whatever is typed or opened.
    raw.replace("app.py", 2, HOST * 2)
    assert codes(raw.receive()) == [HOST_RULE] * 2
    assert codes(raw.open("more.py", HOST)) == [HOST_RULE]

    # Mended: it counts, and is silent. Broken again: one message again.
    config.write_text(f'ignore = ["{HOST_RULE}"]\n')
    raw.changed("playpen.toml")
    assert published(raw, "app.py") == []
    assert published(raw, "more.py") == []
    config.write_text("ignore = [\n")
    raw.changed("playpen.toml")
    assert published(raw, "app.py") == [HOST_RULE] * 2
    assert published(raw, "more.py") == [HOST_RULE]
    message = raw.receive()
    assert message["method"] == "window/showMessage"
    assert message["params"]["message"].startswith("playpen: playpen.toml, line ")


def test_a_renamed_document_is_its_new_name(raw: Raw):
    raw.start()
    assert codes(raw.open("a.py", HOST)) == [HOST_RULE]
    # Editors close the old name and open the new one; a file of another kind is judged as that.
    raw.close("a.py")
    assert published(raw, "a.py") == []
    assert codes(raw.open("notes.txt", HOST)) == []
    raw.close("notes.txt")
    assert published(raw, "notes.txt") == []
    assert codes(raw.open("b.py", HOST)) == [HOST_RULE]


def test_a_deleted_document_goes_on_in_the_editor(raw: Raw):
    path = raw.folder / "a.py"
    path.write_text(HOST)
    raw.start()
    assert codes(raw.open("a.py", HOST)) == [HOST_RULE]
    path.unlink()
    raw.changed("a.py", kind=3)
    raw.replace("a.py", 2, HOST + "x = 1\n")
    assert published(raw, "a.py", 2) == [HOST_RULE]
    raw.close("a.py")
    assert published(raw, "a.py") == []


@pytest.mark.parametrize("ends", [("\n", "\r\n"), ("\r\n", "\n"), ("\n", "\r")])
def test_line_ends_are_converted_while_it_is_open(raw: Raw, ends: tuple[str, str]):
    before, after = ends
    text = f"# 😀{before}{HOST.strip()}{before}x = 1{before}"
    raw.start()
    first = raw.open("a.py", text)
    assert codes(first) == [HOST_RULE]
    raw.replace("a.py", 2, text.replace(before, after))
    second = raw.receive()
    assert second["params"]["version"] == 2
    assert second["params"]["diagnostics"] == first["params"]["diagnostics"]


def test_the_language_id_of_an_unnamed_text_counts_when_it_is_opened_again(raw: Raw):
    raw.start()
    item = {"uri": "untitled:Untitled-1", "languageId": "plaintext", "version": 1, "text": HOST}
    raw.send("textDocument/didOpen", {"textDocument": item})
    assert codes(raw.receive()) == []
    raw.send("textDocument/didClose", {"textDocument": {"uri": item["uri"]}})
    assert codes(raw.receive()) == []
    raw.send("textDocument/didOpen", {"textDocument": {**item, "languageId": "python"}})
    assert codes(raw.receive()) == [HOST_RULE]


def test_two_hundred_documents_are_each_answered(raw: Raw):
    raw.start()
    names = [f"folder{number % 7}/module{number}.py" for number in range(200)]
    for name in names:
        assert codes(raw.open(name, HOST)) == [HOST_RULE]
    for name in names:
        raw.replace(name, 2, HOST + HOST.replace("host", "other"))
    answered = {}
    while len(answered) < len(names):
        params = raw.receive()["params"]
        if params.get("version") == 2:
            answered[params["uri"]] = len(params["diagnostics"])
    assert answered == {raw.uri(name): 2 for name in names}
    for name in names:
        raw.close(name)
    assert raw.ask("shutdown")["result"] is None
    raw.send("exit")
    assert raw.end() == (0, "")
