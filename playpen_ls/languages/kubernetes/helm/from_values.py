"""What charts make of a values file: rendered documents, with the places of their texts in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from playpen_ls.api.fact_types import ChartInstall, ValuesFile
from playpen_ls.api.facts import Fact, Facts, Files
from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.api.finding import Refused
from playpen_ls.languages.kubernetes.helm.files import chart_at
from playpen_ls.languages.kubernetes.helm.installs import (
    InstalledFiles,
    Ways,
    chart_of_values,
    installed_with,
    is_given_elsewhere,
    usual_ways,
    values_files,
)
from playpen_ls.languages.kubernetes.helm.objects import RenderedDocument
from playpen_ls.languages.kubernetes.helm.text import pieces_of
from playpen_ls.languages.model import Embedded
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.span import Span


def made_of_values(file: FileView, files: Files, facts: Callable[[type[Fact]], Facts[Any]]) -> Iterator[Embedded]:
    """The documents in which texts of a values file stand, for each way to install its chart with them.

    None unless every way to install it is known. Raises NotKnownYet while the file is typed in.
    """
    folder = installed_with(chart_of_values(file.path, files), files)
    if folder is None:
        return
    files.settled(file.path)
    if is_given_elsewhere(folder, files, facts(ValuesFile), facts(ChartInstall)):
        return
    text = file.ask(_text)
    texts = InstalledFiles(files, file.path, text)
    chart = chart_at(folder, texts)
    if chart is None:
        return
    only = (file.path,) if file.path in values_files(folder, texts) else None
    found = list[Embedded]()
    for way, outputs in Ways(chart, texts, usual_ways(folder, texts)).outputs():
        if only is not None and way != only:
            continue
        documents = [one for output in outputs for one in output.documents if _is_from(one, file.path)]
        if not documents:
            return
        found += [
            Embedded("kubernetes", _fragment(one, file.path, text), False, "".join(way) or ".") for one in documents
        ]
    yield from found


def _text(outline: Outline) -> str:
    """A query: the text of a file whose chunks are texts."""
    return "".join(outline.content(number) for number in range(outline.count))


def _is_from(document: RenderedDocument, path: str) -> bool:
    pieces = pieces_of(document.text)
    return document.certain and any(one.place is not None and one.place.path == path for one in pieces)


def _fragment(document: RenderedDocument, path: str, text: str) -> Fragment:
    """A document in the values file: what is not written there is a hole, also where a text is put together."""
    written, size = str(document.text), len(document.text)
    starts, ends, holes = list[int](), list[int](), list[Span]()

    def write(until: int, first: int) -> None:
        """The text up to an offset is written in the file, from its offset `first` on."""
        count = until - len(starts)
        starts.extend(range(first, first + count))
        ends.extend(range(first + 1, first + count + 1))

    reached = 0
    for piece in pieces_of(document.text):
        behind, place = reached + piece.length, piece.place
        if place and place.path == path and text[place.start : place.end] == written[reached:behind]:
            before = ends[-1] if ends else 0
            between = written[len(starts) : reached]  # `: ` between a key and its value
            if ends and place.start == before + len(between) and text.startswith(between, before):
                write(reached, before)
            else:
                holes.append(Span(len(starts), reached))
                starts += [before] * (reached - len(starts))
                ends += [before] * (reached - len(ends))
            write(behind, place.start)
        reached = behind
    holes.append(Span(len(starts), size))
    last = ends[-1] if ends else 0
    return Fragment(written, [*starts, *[last] * (size - len(starts))], [*ends, *[last] * (size - len(ends))],
                    tuple(holes), _encoded)  # fmt: skip


def _encoded(new: str) -> str:
    """Raises Refused for what would be a number where it is written."""
    try:
        float(new)
    except ValueError:
        return new
    raise Refused("whether the value is in quotes is not known")
