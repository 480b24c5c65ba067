"""Random edits by simulated clients: is the server's text always the client's?

    python tests/benchmarks/edits.py --edits 1000000

A client keeps its text as editors do, in UTF-16 code units, so that an edit can split a surrogate pair or bring two
halves together. It counts positions in each of the three encodings, and sends positions and texts as JSON. Alphabet:
surrogates, combining characters, byte-order marks, LSP's three line ends, and characters that are line ends only
elsewhere. After each message, text, line starts, edits and positions are compared. The first difference ends it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from array import array
from typing import Any

from lsprotocol import types as lsp

from playpen_ls.server.positions import Positions, changed, joined
from playpen_ls.text.source import BYTE_ORDER_MARK, LINE_END, Source

ENCODINGS = ("utf-8", "utf-16", "utf-32")
ALPHABET = [
    *("a", "b", " ", "\t", "é", "中", "😀", "𝕏", "\ud83d", "\ude00", "\udbff", "\udc00", "e\u0301", "\u0308"),
    *("\u200d", BYTE_ORDER_MARK, "\n", "\r\n", "\r", "\f", "\v", "\x1c", "\u0085", "\u2028", "\u2029"),
]
LONGEST = 240  # code units; a client whose text is longer deletes more than it inserts
MESSAGES = 100  # of a client, before another one with a new text


def units_of(text: str) -> str:
    """The text with one character a UTF-16 code unit, as an editor keeps it."""
    return "".join(map(chr, array("H", text.encode("utf-16-le", "surrogatepass"))))


class Client:
    """An editor with one text. `units` has one character a UTF-16 code unit."""

    def __init__(self, rng: random.Random, encoding: str) -> None:
        self._rng = rng
        self._encoding = encoding
        self.units = self._random(rng.randrange(LONGEST // 2))

    @property
    def text(self) -> str:
        return joined(self.units)

    def _random(self, length: int) -> str:
        return units_of("".join(self._rng.choices(ALPHABET, k=length)))

    def message(self) -> list[dict[str, Any]]:
        """Make one to four changes of the own text, and return them as content changes."""
        return [self._change() for _ in range(self._rng.choice((1, 1, 1, 2, 4)))]

    def _change(self) -> dict[str, Any]:
        rng = self._rng
        if rng.random() < 0.003:
            self.units = self._random(rng.randrange(LONGEST // 2))
            return {"text": self.units}
        start, first = self._place()
        if rng.random() < 0.4:
            end, last = start, first
        else:
            end, last = self._place(start if len(self.units) < LONGEST and rng.random() < 0.8 else None)
        new = "" if rng.random() < 0.25 else self._random(rng.randrange(1, 5))
        low, high = min(start, end), max(start, end)
        self.units = self.units[:low] + new + self.units[high:]
        if start > end and rng.random() < 0.5:
            first, last = last, first  # else reversed, as it is
        return {"range": {"start": first, "end": last}, "text": new}

    def _place(self, near: int | None = None) -> tuple[int, dict[str, int]]:
        """(index, position) of a random place, at times beyond the end of a line or of the text."""
        rng, units = self._rng, self.units
        at = rng.randint(0, len(units)) if near is None else min(near + rng.randrange(6), len(units))
        if rng.random() < 0.1:
            at = rng.choice((0, min(1, len(units))))
        if units[at - 1 : at + 1] == "\r\n" and at:
            at -= 1  # no editor has a position between them
        if self._encoding != "utf-16" and at and len(joined(units[at - 1 : at + 1])) == 1 < len(units[at - 1 : at + 1]):
            at -= 1  # only UTF-16 has a position inside of a pair
        ends = [match.end() for match in LINE_END.finditer(units, 0, at)]
        line_start = ends[-1] if ends else 0
        text = joined(units[line_start:at])
        count = {"utf-8": len(text.encode("utf-8", "surrogatepass")), "utf-16": at - line_start, "utf-32": len(text)}
        where = {"line": len(ends), "character": count[self._encoding]}
        if at == len(units) and rng.random() < 0.2:
            where = {"line": len(ends) + rng.choice((0, 1, 10**9)), "character": where["character"]}
            if where["line"] == len(ends):
                where["character"] = 2**31 - 1
        elif LINE_END.match(units, at) and rng.random() < 0.2:
            where["character"] += rng.choice((1, 10**9))
        return at, where

    def position(self, index: int) -> tuple[int, int]:
        """(line, character) of an index that is at a character."""
        ends = [match.end() for match in LINE_END.finditer(self.units, 0, index)]
        line = self.units[ends[-1] if ends else 0 : index]
        if self._encoding == "utf-16":
            return len(ends), len(line)
        text = joined(line)
        return len(ends), len(text if self._encoding == "utf-32" else text.encode("utf-8", "surrogatepass"))


def events(message: list[dict[str, Any]]) -> list[lsp.TextDocumentContentChangeEvent]:
    """The changes of a message after they were sent as JSON."""
    found: list[lsp.TextDocumentContentChangeEvent] = []
    for change in json.loads(json.dumps(message)):
        if "range" not in change:
            found.append(lsp.TextDocumentContentChangeWholeDocument(change["text"]))
            continue
        start, end = (lsp.Position(**change["range"][side]) for side in ("start", "end"))
        found.append(lsp.TextDocumentContentChangePartial(lsp.Range(start, end), change["text"]))
    return found


class Difference(Exception):
    """The server's text is not the client's."""


def followed(client: Client, source: Source, encoding: str, rng: random.Random) -> tuple[Source, int]:
    """(the server's text after one message of the client, number of changes). Raises Difference."""
    message = client.message()
    after, edits = changed(source, events(message), encoding)
    mark = BYTE_ORDER_MARK * after.byte_order_mark

    def expect(what: str, found: object, expected: object) -> None:
        if found != expected:
            old = BYTE_ORDER_MARK * source.byte_order_mark + source.text
            raise Difference(f"{what} in {encoding}: {found!a}, not {expected!a}, after {message!a} in {old!a}")

    expect("text", mark + after.text, client.text)
    expect("line starts", after.line_starts, Source("", mark + after.text).line_starts)
    text = source.text
    for edit in edits:
        text = text[: edit.start] + edit.text + text[edit.end :]
    if edits:
        expect("edits", text, after.text)
    offset = rng.randint(0, len(after.text))
    if after.text[offset - 1 : offset + 1] != "\r\n":
        index = len(units_of(mark + after.text[:offset]))
        positions = Positions(after, encoding)
        expect("position", positions.place(offset), client.position(index))
        expect("offset", positions.offset(positions.position(offset)), offset)
    return after, len(message)


def run(seed: int, number: int) -> int:
    """At least this many edits in all encodings; returns how many it were. Raises Difference."""
    rng = random.Random(seed)
    made = 0
    while made < number:
        for encoding in ENCODINGS:
            client = Client(rng, encoding)
            source = Source("x", client.text)
            for _ in range(MESSAGES):
                source, changes = followed(client, source, encoding, rng)
                made += changes
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--edits", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start = time.process_time()
    try:
        made = run(options.seed, options.edits)
    except Difference as difference:
        print(difference)
        return 1
    print(f"{made:,} edits in {time.process_time() - start:.0f} s of CPU: every text was the client's")
    return 0


if __name__ == "__main__":
    sys.exit(main())
