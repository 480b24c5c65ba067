"""Puts keys into a document as a person would, and proves that nothing else changed.

All positions inside are relative to the document's text; the edits that come out are the file's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Sequence as Texts

from playpen_ls.finding import Refused
from playpen_ls.languages.kubernetes.half_typed import read
from playpen_ls.languages.kubernetes.rendering import Style, Value, block, block_entry, flow, flow_entry, pretty
from playpen_ls.languages.kubernetes.resources import Document
from playpen_ls.languages.kubernetes.tree import Alias, Entry, Mapping, Node, Scalar, Sequence, content, walk
from playpen_ls.languages.kubernetes.verification import Path, changed, data, path_to, without, write
from playpen_ls.source import LINE_END, Edit


def put(
    document: Document, target: Mapping, path: tuple[str, ...], value: Value, after: Iterable[str] = ()
) -> list[Edit]:
    """Write `value` at `path` below `target`, making the mappings between; a null or `{}` is replaced.

    `after` are keys of the innermost mapping that is there already: the first that is present is what
    the new key goes behind; if none is, it goes to the end. Raises Refused where it is not certain.
    """
    way = editable(document, target)
    here, rest = target, path
    while len(rest) > 1 and (entry := here.entry(rest[0])) is not None and _filled(entry.value):
        here, rest = _entered(entry), rest[1:]
    _refuse_odd(here)
    for key in reversed(rest[1:]):
        value = {key: value}
    entry = here.entry(rest[0])
    if entry is None:
        edits = _insert(document, target, here, rest[0], value, tuple(after))
    elif _filled(entry.value):
        raise Refused(f"`{rest[0]}` is set already")
    else:
        edits = _fill(document, target, here, entry, value)
    return changed(document, edits, (*way, *path[: len(path) - len(rest) + 1]), value)


def put_all(
    document: Document, target: Mapping, values: Iterable[tuple[str, Value]], after: Iterable[str]
) -> list[Edit]:
    """Several new keys, one behind the other. Raises Refused where they do not go to one place."""
    after, values = tuple(after), tuple(values)
    way = editable(document, target)
    made = [put(document, target, (key,), value, after) for key, value in values]
    first = made[0][0]
    if any(len(edits) != 1 or edits[0].span != first.span or first.start != first.end for edits in made):
        raise Refused("their places are apart: add them one by one")
    before = data(document.piece.reading.roots)
    for key, value in values[:-1]:
        write(before, (*way, key), value)
    edit = Edit(first.start, first.end, "".join(edits[0].text for edits in made))
    return changed(document, [edit], (*way, values[-1][0]), values[-1][1], before)


def put_before(document: Document, target: Mapping, key: str, value: Value, before: tuple[str, ...]) -> list[Edit]:
    """Write a key above the first of the keys `before` that is present."""
    way = editable(document, target)
    _refuse_odd(target)
    if target.entry(key) is not None:
        raise Refused(f"`{key}` is set already")
    index = min((i for i, one in enumerate(target.entries) if _named(one) in before), default=0)
    style = style_of(document, target)
    start = target.entries[index].key.start
    if target.flow:
        text = flow_entry(key, value, style) + (_separator(document, target, index, style) if target.entries else "")
    else:
        column = _column(document.text, target.entries[0].key.start)
        text = block_entry(key, value, column, style) + style.newline + " " * column
    return changed(document, [_edit(document, start, start, text)], (*way, key), value)


def add_item(document: Document, lines: Texts[str]) -> Edit:
    """Another item behind the one that the document is of a List; `lines` are its own. Raises Refused."""
    (items,) = document.piece.reading.roots
    indentation = " " * _column(document.text, items.start)
    first, *rest = lines
    item = document.newline.join([f"{indentation}- {first}", *(f"{indentation}  {line}" for line in rest)])
    start, end, text = _lines_after(document.text, items.end, item, document.newline)
    before = data(document.piece.reading.roots)
    after = data(read(document.text[:start] + text + document.text[end:]).roots)
    if len(after) != 1 or after[0][:-1] != before[0]:
        raise Refused("the edit would change more than it should")
    return _edit(document, start, end, text)


def replace_scalar(document: Document, scalar: Scalar, text: str) -> list[Edit]:
    """Another text in place of the scalar's, inside its quotes."""
    start, end = content(document.text, scalar)
    if document.text[start:end] != scalar.value or not re.fullmatch(r"[\w.:/@+-]+", text):
        raise Refused("it is written with escapes or over several lines")
    way = editable(document, scalar)
    return changed(document, [_edit(document, start, end, text)], way, text)


def replace_entry(document: Document, target: Mapping, name: str, key: str, value: Value) -> list[Edit]:
    """Another key and value in place of the entry `name`."""
    way = editable(document, target)
    _refuse_odd(target)
    entry = target.entry(name)
    if entry is None or isinstance(entry.value, Alias):
        raise Refused(f"`{name}` comes from an anchor")
    if target.entry(key) is not None:
        raise Refused(f"`{key}` is set already")
    style = style_of(document, target)
    if target.flow:
        text = flow_entry(key, value, style)
    else:
        text = block_entry(key, value, _column(document.text, entry.key.start), style)
    end = entry.key.start + len(document.text[entry.key.start : entry.value.end].rstrip())
    edits = [_edit(document, entry.key.start, end, text)]
    return changed(document, edits, (*way, key), value, before=without(document, (*way, name)))


def style_of(document: Document, target: Mapping) -> Style:
    """How the document is indented: near the target first, then anywhere."""
    roots = document.piece.reading.roots
    step = next((found for root in (target, *roots) if (found := _step(document.text, root))), 2)
    dash = next((found for root in roots if (found := _dash(document.text, root)) is not None), 0)
    last = target.entries[-1].key if target.entries else None
    quoted = target.flow and isinstance(last, Scalar) and last.style == '"'
    return Style(step, dash, document.newline, json=document.piece.json or quoted)


def editable(document: Document, node: Node) -> Path:
    """The way from the root to the node. Raises Refused where an edit there cannot be trusted."""
    reading = document.piece.reading
    if reading.broken:
        raise Refused("the document does not parse yet")
    if reading.template:
        raise Refused("the document holds template expressions (`{{ … }}`)")
    way = path_to(reading.roots, node)
    if way is None:
        raise Refused("it comes from an anchor; change it there")
    return way


def _refuse_odd(mapping: Mapping) -> None:
    if mapping.merges:
        raise Refused("it merges an anchor (`<<`)")
    if mapping.prefixed:
        raise Refused("it has an anchor or a tag, so others may share it")
    names = [entry.key.value for entry in mapping.entries if isinstance(entry.key, Scalar)]
    if len(set(names)) != len(mapping.entries):
        raise Refused("its keys are doubled or no plain words")


def _named(entry: Entry) -> str:
    return entry.key.value if isinstance(entry.key, Scalar) else ""


def _filled(value: Node) -> bool:
    if isinstance(value, Scalar):
        return not value.null
    return not (isinstance(value, Mapping) and not value.entries)


def _entered(entry: Entry) -> Mapping:
    if isinstance(entry.value, Mapping):
        return entry.value
    raise Refused(f"`{_named(entry)}` comes from an anchor" if isinstance(entry.value, Alias) else "it is no mapping")


def _insert(
    document: Document, target: Mapping, here: Mapping, key: str, value: Value, after: tuple[str, ...]
) -> list[Edit]:
    style = style_of(document, target)
    if here.flow:
        return [_insert_flow(document, here, key, value, style)]
    anchor = next((entry for name in after if (entry := here.entry(name)) is not None), here.entries[-1])
    column = _column(document.text, here.entries[0].key.start)
    end = max(anchor.key.end, anchor.value.end)
    text = " " * column + block_entry(key, value, column, style)
    return [_edit(document, *_lines_after(document.text, end, text, style.newline))]


def _lines_after(text: str, offset: int, lines: str, newline: str) -> tuple[int, int, str]:
    """The insertion of whole lines behind the line of `offset`, whose comment stays on it."""
    if offset and text[offset - 1] in "\r\n":  # a block that keeps its last line end
        return offset, offset, lines + newline
    line_end = LINE_END.search(text, offset)
    if line_end is None:
        return len(text), len(text), newline + lines
    return line_end.end(), line_end.end(), lines + newline


def _insert_flow(document: Document, here: Mapping, key: str, value: Value, style: Style) -> Edit:
    text = document.text
    if not here.entries:
        return _edit(document, here.start + 1, here.start + 1, flow_entry(key, value, style))
    last = here.entries[-1]
    end = max(last.key.end, last.value.end)
    comma = re.compile(r"[ \t\r\n]*,").match(text, end, here.end)
    if comma:
        return _edit(document, comma.end(), comma.end(), " " + flow_entry(key, value, style))
    separator = _separator(document, here, len(here.entries) - 1, style)
    if style.json and separator != ", ":
        indentation = text[last.key.start - _column(text, last.key.start) : last.key.start]
        return _edit(document, end, end, f'{separator}"{key}": {pretty(value, indentation, style)}')
    return _edit(document, end, end, separator + flow_entry(key, value, style))


def _separator(document: Document, here: Mapping, index: int, style: Style) -> str:
    """What stands between entries: in JSON, and where each has its own line, a line end too."""
    start = here.entries[index].key.start
    indentation = document.text[start - _column(document.text, start) : start]
    return f",{style.newline}{indentation}" if not indentation.strip() and style.json else ", "


def _fill(document: Document, target: Mapping, here: Mapping, entry: Entry, value: Value) -> list[Edit]:
    """Give a null or an empty mapping its value; a comment behind it stays where it is."""
    style = style_of(document, target)
    start, end, text = entry.value.start, entry.value.end, document.text
    if entry.value.prefixed:
        raise Refused("it has an anchor or a tag, so others may share it")
    if here.flow or not isinstance(value, dict):
        blank = "" if text[start - 1 : start] in (" ", "\t") else " "
        return [_edit(document, start, end, blank + flow(value, style))]
    column = _column(text, entry.key.start)
    lines = block(value, column + style.step, style)
    colon = start - (len(text[entry.key.end : start]) - len(text[entry.key.end : start].rstrip(" \t")))
    at, _, written = _lines_after(text, end, lines, style.newline)
    edits = [_edit(document, at, at, written)]
    return [_edit(document, colon, end, ""), *edits] if end > colon else edits


def _edit(document: Document, start: int, end: int, text: str) -> Edit:
    return Edit(start, end, text)


def _column(text: str, offset: int) -> int:
    return offset - max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) - 1


def _step(text: str, root: Node) -> int | None:
    for node in walk(root):
        if isinstance(node, Mapping) and not node.flow:
            for entry in node.entries:
                inner = entry.value
                if isinstance(inner, Mapping) and not inner.flow and inner.entries:
                    step = _column(text, inner.start) - _column(text, entry.key.start)
                    if 0 < step <= 8:
                        return step
        elif isinstance(node, Mapping) and node.flow and node is root:
            return _flow_step(text, node)
    return None


def _flow_step(text: str, root: Mapping) -> int | None:
    """The step of pretty-printed JSON."""
    for entry in root.entries:
        inner = entry.value
        if isinstance(inner, Mapping) and inner.entries:
            step = _column(text, inner.entries[0].key.start) - _column(text, entry.key.start)
            if 0 < step <= 8 and "\n" in text[inner.start : inner.entries[0].key.start]:
                return step
    return None


def _dash(text: str, root: Node) -> int | None:
    for node in walk(root):
        if isinstance(node, Mapping) and not node.flow:
            for entry in node.entries:
                if isinstance(entry.value, Sequence) and not entry.value.flow:
                    return _column(text, entry.value.start) - _column(text, entry.key.start)
    return None
