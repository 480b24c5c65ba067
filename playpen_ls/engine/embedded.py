"""Texts of one language inside a chunk of another: their parts for rules, and what these say in the chunk's offsets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.api.finding import Change, Finding, Fix, Place, Refused
from playpen_ls.languages.model import Embedded, Model
from playpen_ls.languages.registry import LANGUAGES, parse
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit, narrowed
from playpen_ls.text.source import Source


@dataclass(frozen=True)
class EmbeddedPart:
    """A part of an embedded text, whose chunk begins at `begins` in that text."""

    part: object
    embedded: Embedded
    path: str
    begins: int

    def in_host(self, finding: Finding) -> Finding | None:
        """A finding with offsets in the chunk of the host; None if it is about text that is not written there."""
        fragment, span = self.embedded.fragment, finding.span.shifted(self.begins)
        if fragment.holds_hole(span.start, span.end):
            return None
        related = tuple(self._place(one) for one in finding.related if one.stated is None and one.chunk is None)
        fixes = tuple(self._fix(fix) for fix in finding.fixes)
        return replace(finding, span=fragment.span(span.start, span.end), related=related, fixes=fixes, chunk=None)

    def _place(self, place: Place) -> Place:
        if place.path != self.path:
            return place
        span = place.span.shifted(self.begins)
        return replace(place, span=self.embedded.fragment.span(span.start, span.end))

    def _fix(self, fix: Fix) -> Fix:
        def change() -> Iterable[Edit]:
            made = fix.change()
            if not isinstance(made, Change):
                return [self._edit(edit.shifted(self.begins)) for edit in made]
            if made.creates or made.edits.keys() - {self.path}:
                raise Refused("it needs changes in other files")
            return [self._edit(edit) for edit in made.edits.get(self.path, ())]

        return replace(fix, change=change)

    def _edit(self, edit: Edit) -> Edit:
        """Raises Refused."""
        fragment = self.embedded.fragment
        if fragment.holds_hole(edit.start, edit.end):
            edit = narrowed(edit.start, fragment.text[edit.start : edit.end], edit.text)
        if fragment.holds_hole(edit.start, edit.end) or any(one.start < edit.start < one.end for one in fragment.holes):
            raise Refused("a value is written into this text")
        span = fragment.span(edit.start, edit.end)
        return Edit(span.start, span.end, fragment.encode(edit.text))


class EmbeddedParts:
    """The parts of all embedded texts of a chunk; fixes see the texts once they are `open`."""

    def __init__(self, texts: Iterable[Embedded], path: str) -> None:
        self._views: list[tuple[FileView, Model, int]] = []
        self.parts = [one for embedded in texts for one in self._of(embedded, path)]

    def _of(self, embedded: Embedded, path: str) -> Iterator[EmbeddedPart]:
        model = parse(embedded.language, Source(path, embedded.fragment.text))
        if LANGUAGES[embedded.language].problems(model):
            return
        outline = Outline(path, model.chunks)  # what it says follows from the text of the unit alone
        for number, chunk in enumerate(model.chunks):
            view = FileView(outline, number)
            self._views.append((view, model, chunk.begins))
            yield from (EmbeddedPart(part, embedded, path, chunk.begins) for part in chunk.parts(view))

    def open(self) -> None:
        for view, model, begins in self._views:
            view.open(model, begins)
