"""Verifies a change of a chart's file: the chart is rendered before and after it, in each way to install it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Refused
from playpen_ls.languages.kubernetes.edits.verify import data
from playpen_ls.languages.kubernetes.helm.files import chart_at
from playpen_ls.languages.kubernetes.helm.installs import InstalledFiles, Way, Ways
from playpen_ls.languages.kubernetes.helm.objects import RenderedDocument

Added = tuple[tuple[str, Any], ...]
"""The keys that a mapping has more, with their values."""


def refuse_other_changes(folder: str, files: Files, path: str, before: str, after: str, ways: Iterable[Way]) -> None:
    """Raises Refused unless a new text of a file only adds keys to objects, the same ones wherever it adds some."""
    ways = tuple(ways)
    old, new = (_documents(folder, InstalledFiles(files, path, text), ways) for text in (before, after))
    if old.keys() != new.keys():
        raise Refused("the chart could not be installed any more")
    added = set[str]()
    for way, documents in old.items():
        if len(documents) != len(new[way]):
            raise Refused("it would change other objects of the chart")
        for one, two in zip(documents, new[way], strict=True):
            if one.template == two.template and str(one.text) == str(two.text):
                continue
            if one.root is None or two.root is None or not (one.certain and two.certain):
                raise Refused("what the chart makes of it is not certain")
            added.update(repr(found) for found in _additions(data([one.root])[0], data([two.root])[0]))
    if len(added) != 1:
        raise Refused("it would change other parts of the chart, too" if added else "the chart does not use it")


def _documents(folder: str, texts: InstalledFiles, ways: Iterable[Way]) -> dict[Way, list[RenderedDocument]]:
    chart = chart_at(folder, texts)
    made = Ways(chart, texts, ways).outputs() if chart is not None else ()
    return {way: [one for output in outputs for one in output.documents] for way, outputs in made}


def _additions(before: Any, after: Any) -> Iterator[Added]:
    """What each mapping has more. Raises Refused for other changes."""
    if before == after:
        return
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, two in zip(before, after, strict=True):
            yield from _additions(one, two)
        return
    if not isinstance(after, dict) or not (isinstance(before, dict) or before in ("", "null", "~")):
        raise Refused("it would change other parts of the chart, too")
    known = before if isinstance(before, dict) else {}
    if known.keys() - after.keys():
        raise Refused("it would remove other parts of the chart")
    more = tuple(sorted((key, value) for key, value in after.items() if key not in known))
    if more:
        yield more
    for key, value in known.items():
        yield from _additions(value, after[key])
