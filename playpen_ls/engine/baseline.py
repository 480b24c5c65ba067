"""Baselines: findings that were accepted when a repository began to be checked, and do not count.

An entry names a rule, a file and the text of the finding's lines (as a hash of the masked text), so it stays valid when
lines move. A file with entries that is gone was moved: its entries apply to the same rule and text in any file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from hashlib import sha256
from typing import NamedTuple

from playpen_ls.engine.masking import Mask
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.span import Span

VERSION = 1


class Entry(NamedTuple):
    """`path` is relative to the folder of the baseline, with forward slashes; `text` is a key as of `key_of`."""

    rule: str
    path: str
    text: str


class InvalidBaseline(Exception):
    """A file is not a baseline. The message is the reason, without the path."""


def key_of(mask: Mask, span: Span) -> str:
    """16 hexadecimal digits for the lines of a finding, without their indentation.

    The lines are masked, since a short password could be guessed from its hash.
    """
    first, last = mask.source.line_of(span.start), mask.source.line_of(span.end)
    text = " ".join(" ".join(mask.line(line)[0] for line in range(first, last + 1)).split())
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def written(entries: Counter[Entry]) -> str:
    """The text of a baseline: sorted, one entry a line, so that changes can be merged."""
    lines = [
        json.dumps({"rule": entry.rule, "path": entry.path, "text": entry.text, "count": count}, ensure_ascii=False)
        for entry, count in sorted(entries.items(), key=lambda item: (item[0].path, item[0].rule, item[0].text))
        if count > 0
    ]
    listed = "".join(f"\n{line}," for line in lines).removesuffix(",")
    return f'{{"version": {VERSION}, "entries": [{listed}\n]}}\n'


@dataclass(frozen=True)
class Baseline:
    """The entries of a baseline with their counts, and the 1-based line of each."""

    entries: Counter[Entry] = field(default_factory=Counter)
    lines: dict[Entry, int] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Baseline:
        """Raises InvalidBaseline."""
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidBaseline(f"not JSON: {error}") from None
        if not isinstance(document, dict) or document.get("version") != VERSION:
            raise InvalidBaseline(f"not a baseline of version {VERSION}")
        listed = document.get("entries")
        if not isinstance(listed, list):
            raise InvalidBaseline("`entries` is not a list")
        starts = [number for number, line in enumerate(text.split("\n"), 1) if line.lstrip().startswith('{"rule"')]
        entries, lines = Counter[Entry](), dict[Entry, int]()
        for number, one in enumerate(listed):
            values = [one.get(key) for key in Entry._fields] if isinstance(one, dict) else []
            count = one.get("count", 1) if values else None
            if not all(isinstance(value, str) for value in values) or not isinstance(count, int) or not values:
                raise InvalidBaseline(f'entry {number + 1} is not {{"rule", "path", "text", "count"}}')
            entry = Entry(*map(str, values))
            entries[entry] += count
            lines[entry] = starts[number] if len(starts) == len(listed) else 1
        return cls(entries, lines)

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(entry.path for entry in self.entries)


class Matching:
    """Uses up the entries of a baseline. `exists` says whether a path of an entry is a file."""

    def __init__(self, baseline: Baseline, exists: Callable[[str], bool]) -> None:
        self._left = Counter(baseline.entries)
        self._moved: dict[tuple[str, str], list[Entry]] = {}
        self._used: Counter[Entry] = Counter()
        is_there: dict[str, bool] = {}
        for entry in sorted(baseline.entries):
            if entry.path not in is_there:
                is_there[entry.path] = exists(entry.path)
            if not is_there[entry.path]:
                self._moved.setdefault((entry.rule, entry.text), []).append(entry)

    def takes(self, entry: Entry) -> bool:
        """Whether the finding is in the baseline. Each call uses an entry up, so call it in text order."""
        for one in (entry, *self._moved.get((entry.rule, entry.text), ())):
            if self._left[one] > 0:
                self._left[one] -= 1
                self._used[entry] += 1  # under its new path
                return True
        return False

    @property
    def used(self) -> Counter[Entry]:
        """The entries that were used, under the current paths."""
        return Counter(self._used)

    def unused(self) -> Iterator[tuple[Entry, int]]:
        """The entries that no finding has used, and how many of each."""
        for entry, count in self._left.items():
            if count > 0:
                yield entry, count


def without_accepted(
    baseline: Baseline, path: str, exists: Callable[[str], bool], findings: Iterable[tuple[str, Span]], mask: Mask
) -> list[bool]:
    """Whether each finding, (rule, range) in text order, of the file `path` is new."""
    matching = Matching(baseline, exists)
    rules = {entry.rule for entry in baseline.entries}
    return [rule not in rules or not matching.takes(Entry(rule, path, key_of(mask, span))) for rule, span in findings]
