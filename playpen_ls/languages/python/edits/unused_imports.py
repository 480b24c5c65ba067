"""Removes the imports that the edits of fixes leave unused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from playpen_ls.languages.python.model.module import PythonModel, Top
from playpen_ls.languages.python.syntax.nodes import imported
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

_NAME = regex(r"(?<![\w.])[^\W\d]\w*")
_EMPTY_LINES = regex(r"(?:[ \t]*(?:\r\n|\n|\r))*")


def left_unused(model: PythonModel, edits: Sequence[Edit]) -> list[Edit]:
    """The edits of the top-level imports whose names are mentioned before these edits, and not after them."""
    source = model.source
    if source.path.endswith("__init__.py"):
        return []  # which imports for others
    gone = {name for edit in edits for name in _NAME.findall(source.text[edit.start : edit.end])}
    gone -= {name for edit in edits for name in _NAME.findall(edit.text)}
    if not gone:
        return []
    found: list[Edit] = []
    after = ""
    for top in model.top_level:
        node = top.node
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        names = [name for name, _ in imported(node)]
        if gone.isdisjoint(names) or any(edit.start < top.span.end and top.span.start < edit.end for edit in edits):
            continue
        after = after or source.edited(edits).text
        statement = source.of(top.span)
        unused = {name for name in gone.intersection(names) if _mentions(name, after) == _mentions(name, statement)}
        if unused and "noqa" not in source.line_text(source.line_of(top.span.start)):
            found += _removed(model, top, names, unused, edits)
    return [one for one in found if not any(one.start < edit.end and edit.start < one.end for edit in edits)]


def _mentions(name: str, text: str) -> int:
    return len(re.findall(rf"(?<![\w.]){name}\b", text))


def _removed(
    model: PythonModel, top: Top, names: Sequence[str], unused: set[str], edits: Sequence[Edit]
) -> Iterator[Edit]:
    source, statement = model.source, model.source.of(top.span)
    if len(unused) == len(names):
        start, end = source.line_start(top.span.start), source.next_line_start(top.span.end)
        if source.text[start : top.span.start].strip() or source.text[top.span.end : end].strip():
            return  # there is other code on the line, or a comment
        gap = _gap_end(source.text, end)
        if start and gap > end and not source.line_text(source.line_of(start - 1)).strip():
            start = source.line_start(start - 1)  # the empty line above a group of imports
        elif not start and not any(edit.text and edit.start <= end for edit in edits):
            end = gap
            behind = next((edit.end for edit in edits if edit.start == gap < edit.end and not edit.text), gap)
            if behind > gap:  # what follows goes, too
                yield Edit(behind, _gap_end(source.text, behind), "")
        yield Edit(start, end, "")
        return
    for name in unused:
        alone = re.search(rf"\n[ \t]*{name},[ \t]*(?=\r?\n)", statement)
        listed = re.search(rf"\b{name},[ \t]+(?=\w)|,[ \t]+{name}\b(?=\)?\Z)", statement)
        match = alone or (listed if "\n" not in statement and " as " not in statement else None)
        if match is not None:
            yield Edit(top.span.start + match.start(), top.span.start + match.end(), "")


def _gap_end(text: str, at: int) -> int:
    match = _EMPTY_LINES.match(text, at)
    return match.end() if match is not None else at
