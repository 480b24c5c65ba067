"""A text that follows its client's edits in any encoding, whatever is in it."""

from __future__ import annotations

import random

import pytest
from lsprotocol import types as lsp

from editor import client_position
from playpen_ls.server.positions import Positions, changed
from playpen_ls.text.source import Source

ENCODINGS = ("utf-8", "utf-16", "utf-32")
ALPHABET = ["a", "é", "😀", "\t", "\f", "\v", "\x1c", "\u0085", "\u2028", "\u2029", "\n", "\r\n", "\r", "̈", "中", " "]


def between_characters(text: str) -> list[int]:
    return [at for at in range(len(text) + 1) if text[at - 1 : at + 1] != "\r\n" or at == 0]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte-order-mark"])
def test_random_edits_never_corrupt_the_text(encoding: str, mark: str):
    rng = random.Random(7)
    for _ in range(60):
        text = mark + "".join(rng.choices(ALPHABET, k=40))
        source = Source("x", text)
        for _ in range(25):
            offsets = [at for at in between_characters(text) if at >= len(mark)]
            start, end = sorted(rng.choices(offsets, k=2))
            new = "".join(rng.choices(ALPHABET, k=rng.randrange(4)))
            span = lsp.Range(client_position(text, start, encoding), client_position(text, end, encoding))
            event = lsp.TextDocumentContentChangePartial(range=span, text=new)
            source, _edits = changed(source, [event], encoding)
            text = text[:start] + new + text[end:]
            assert mark + source.text == text


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_positions_are_the_clients(encoding: str):
    rng = random.Random(11)
    for _ in range(200):
        text = "".join(rng.choices(ALPHABET, k=30))
        positions = Positions(Source("x", text), encoding)
        for at in between_characters(text):
            assert positions.position(at) == client_position(text, at, encoding)
            assert positions.offset(client_position(text, at, encoding)) == at


def test_positions_outside_are_clamped():
    positions = Positions(Source("x", "a😀\nb"), "utf-16")
    assert positions.offset(lsp.Position(0, 2)) == 1  # inside the surrogate pair
    assert positions.offset(lsp.Position(0, 99)) == 2
    assert positions.offset(lsp.Position(99, 0)) == 4
    assert positions.span(lsp.Range(lsp.Position(1, 0), lsp.Position(0, 0))).start == 0


def test_a_whole_text_replaces_the_old_one():
    source, edits = changed(Source("x", "old"), [lsp.TextDocumentContentChangeWholeDocument(text="new\r\n")], "utf-16")
    assert source.text == "new\r\n"
    assert edits == []


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_many_changes_at_once_are_made_one_after_the_other(encoding: str):
    rng = random.Random(13)
    for _ in range(300):
        text = "".join(rng.choices(ALPHABET, k=20))
        source, events = Source("x", text), []
        places = sorted((rng.choice(between_characters(text)) for _ in range(8)), reverse=True)
        for at in places if rng.random() < 0.7 else rng.sample(places, 8):
            start = max(one for one in between_characters(text) if one <= at)
            end = min(one for one in between_characters(text) if one >= min(start + rng.randrange(3), len(text)))
            new = "".join(rng.choices(ALPHABET, k=rng.randrange(3)))
            where = lsp.Range(client_position(text, start, encoding), client_position(text, end, encoding))
            events.append(lsp.TextDocumentContentChangePartial(range=where, text=new))
            text = text[:start] + new + text[end:]
        assert changed(source, events, encoding)[0].text == text
