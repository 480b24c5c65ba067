"""Inserts keys into a document in its own style, and verifies that nothing else changes.

Offsets are relative to the document's text, those of the returned edits too.
"""

from __future__ import annotations

import re
from collections import abc
from collections.abc import Iterable

from playpen_ls.api.finding import Refused
from playpen_ls.languages.kubernetes.edits.verify import (
    Path,
    changed,
    data,
    data_of,
    path_to,
    removed,
    with_value,
    without,
)
from playpen_ls.languages.kubernetes.model.resources import YamlDocument
from playpen_ls.languages.kubernetes.syntax.documents import ParsedDocument
from playpen_ls.languages.kubernetes.syntax.nodes import Alias, Entry, Mapping, Node, Scalar, Sequence, content, walk
from playpen_ls.languages.kubernetes.syntax.recovery import parse_yaml
from playpen_ls.languages.kubernetes.syntax.writer import Style, Value, block, block_entry, flow, flow_entry, pretty
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.source import LINE_END


def put(
    document: YamlDocument, target: Mapping, path: tuple[str, ...], value: Value, after: Iterable[str] = ()
) -> list[Edit]:
    """Write `value` at `path` below `target`, creating missing mappings; a null or `{}` is replaced.

    The new key is inserted after the first key of `after` that is present in the innermost existing mapping, or at
    its end. Raises Refused if the result is not certain.
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
        raise Refused(f"`{rest[0]}` is already set")
    else:
        _refuse_conditional(document, target, entry)
        edits = _fill(document, target, here, entry, value)
    return changed(document, edits, (*way, *path[: len(path) - len(rest) + 1]), value)


def put_all(
    document: YamlDocument, target: Mapping, values: Iterable[tuple[str, Value]], after: Iterable[str]
) -> list[Edit]:
    """Insert several new keys in a row. Raises Refused if they do not belong to one place."""
    after, values = tuple(after), tuple(values)
    way = editable(document, target)
    made = [put(document, target, (key,), value, after) for key, value in values]
    first = made[0][0]
    if any(len(edits) != 1 or edits[0].span != first.span or first.start != first.end for edits in made):
        raise Refused("the keys belong to different places; add them one by one")
    before = data_of(document)
    for key, value in values[:-1]:
        before = with_value(before, (*way, key), value)
    edit = Edit(first.start, first.end, "".join(edits[0].text for edits in made))
    return changed(document, [edit], (*way, values[-1][0]), values[-1][1], before)


def put_before(document: YamlDocument, target: Mapping, key: str, value: Value, before: tuple[str, ...]) -> list[Edit]:
    """Insert a key before the first key of `before` that is present. Raises Refused."""
    way = editable(document, target)
    _refuse_odd(target)
    if target.entry(key) is not None:
        raise Refused(f"`{key}` is already set")
    if not target.entries:
        return put(document, target, (key,), value)
    index = min((i for i, one in enumerate(target.entries) if _named(one) in before), default=0)
    _refuse_conditional(document, target, target.entries[index])
    style = style_of(document, target)
    start = target.entries[index].key.start
    if target.flow:
        text = flow_entry(key, value, style) + _separator(document, target, index, style)
    else:
        column = _column(document.text, target.entries[0].key.start)
        text = block_entry(key, value, column, style) + style.newline + " " * column
    return changed(document, [Edit(start, start, text)], (*way, key), value)


def add_item(document: YamlDocument, lines: abc.Sequence[str]) -> Edit:
    """Append an item with these `lines` after the List item that the document is. Raises Refused."""
    (items,) = document.parsed.roots
    indentation = " " * _column(document.text, items.start)
    first, *rest = lines
    item = document.newline.join([f"{indentation}- {first}", *(f"{indentation}  {line}" for line in rest)])
    start, end, text = _lines_after(document.text, items.end, item, document.newline)
    before = data_of(document)
    after = data(parse_yaml(document.text[:start] + text + document.text[end:]).roots)
    if len(after) != 1 or after[0][:-1] != before[0]:
        raise Refused("the edit would change other parts of the document")
    return Edit(start, end, text)


def replace_scalar(document: YamlDocument, scalar: Scalar, text: str) -> list[Edit]:
    """Replace the text of a scalar, inside its quotes. Raises Refused."""
    start, end = content(document.text, scalar)
    if document.text[start:end] != scalar.value or not re.fullmatch(r"[\w.:/@+-]+", text):
        raise Refused("the value contains escapes or spans several lines")
    way = editable(document, scalar)
    return changed(document, [Edit(start, end, text)], way, text)


def replace_entry(document: YamlDocument, target: Mapping, name: str, key: str, value: Value) -> list[Edit]:
    """Replace the entry `name` with a value, under the same or another key. Raises Refused."""
    way = editable(document, target)
    _refuse_odd(target)
    entry = target.entry(name)
    if entry is None or isinstance(entry.value, Alias):
        raise Refused(f"`{name}` comes from a YAML anchor")
    if key != name and target.entry(key) is not None:
        raise Refused(f"`{key}` is already set")
    style = style_of(document, target)
    if target.flow:
        text = flow_entry(key, value, style)
    else:
        text = block_entry(key, value, _column(document.text, entry.key.start), style)
    end = entry.key.start + len(document.text[entry.key.start : entry.value.end].rstrip())
    edits = [Edit(entry.key.start, end, text)]
    return changed(document, edits, (*way, key), value, before=without(document, (*way, name)))


def rename_key(document: YamlDocument, target: Mapping, name: str, to: str) -> list[Edit]:
    """Rename the key of a scalar. Raises Refused."""
    way = editable(document, target)
    _refuse_odd(target)
    entry = target.entry(name)
    if entry is None or not isinstance(entry.key, Scalar) or not isinstance(entry.value, Scalar):
        raise Refused(f"`{name}` comes from a YAML anchor")
    if target.entry(to) is not None:
        raise Refused(f"`{to}` is already set")
    before = without(document, (*way, name))
    edits = [Edit(*content(document.text, entry.key), to)]
    return changed(document, edits, (*way, to), entry.value.value, before)


def remove_entry(document: YamlDocument, target: Mapping, name: str) -> list[Edit]:
    """Remove a key with its value and its lines. Raises Refused."""
    way = editable(document, target)
    _refuse_odd(target)
    entry = target.entry(name)
    if entry is None:
        raise Refused(f"`{name}` comes from a YAML anchor")
    spans = [(one.key.start, max(one.key.end, one.value.end)) for one in target.entries]
    edit = _removal(document.text, target.flow, spans, target.entries.index(entry), "")
    return removed(document, [edit], (*way, name))


def insert_items(document: YamlDocument, items: Sequence, before: Node, texts: abc.Sequence[str]) -> list[Edit]:
    """Insert plain strings into a list, in the style of the item that they come before. Raises Refused."""
    way = editable(document, items)
    text, start = document.text, before.start
    quote = before.style if isinstance(before, Scalar) and before.style in ("'", '"') else ""
    written = [f"{quote}{one}{quote}" for one in texts]
    if items.flow:
        edit = Edit(start, start, "".join(f"{one}, " for one in written))
    else:
        lead = text[start - _column(text, start) : start]
        if lead.strip() != "-":
            raise Refused("another value begins on its line")
        edit = Edit(start, start, "".join(f"{one}{document.newline}{lead}" for one in written))
    index = items.items.index(before)
    (found,) = data([items])
    return changed(document, [edit], way, [*found[:index], *texts, *found[index:]])


def remove_item(document: YamlDocument, items: Sequence, item: Node) -> list[Edit]:
    """Remove an item of a list with its lines. Raises Refused."""
    way = editable(document, items)
    index = items.items.index(item)
    spans = [(one.start, one.end) for one in items.items]
    return removed(document, [_removal(document.text, items.flow, spans, index, "-")], (*way, index))


def _removal(text: str, flow: bool, spans: abc.Sequence[tuple[int, int]], index: int, mark: str) -> Edit:
    """Remove one of the `spans`: its lines in a block, itself and a comma in a flow collection."""
    if len(spans) == 1:
        raise Refused("nothing would remain beside it")
    start, end = spans[index]
    if flow:
        return Edit(start, spans[index + 1][0], "") if index + 1 < len(spans) else Edit(spans[index - 1][1], end, "")
    line = start - _column(text, start)
    if text[line:start].strip() != mark:
        raise Refused("another value begins on its line")
    if text[end - 1] in "\r\n":  # a block scalar that keeps its final newline
        return Edit(line, end, "")
    line_end = LINE_END.search(text, end)
    if line_end is not None:
        return Edit(line, line_end.end(), "")
    before = text[:line]
    return Edit(len(before.removesuffix("\n").removesuffix("\r")), len(text), "")


def style_of(document: YamlDocument, target: Mapping) -> Style:
    """The indentation style of the document: that of the target, else of the whole document."""
    roots = document.parsed.roots
    step = next((found for root in (target, *roots) if (found := _step(document.text, root))), 2)
    dash = document.parsed.derived(_dash)
    last = target.entries[-1].key if target.entries else None
    quoted = target.flow and isinstance(last, Scalar) and last.style == '"'
    return Style(step, dash, document.newline, json=document.parsed.json or quoted)


def editable(document: YamlDocument, node: Node) -> Path:
    """The path from the root to the node. Raises Refused if the node cannot be edited safely."""
    result = document.parsed.result
    if result.broken:
        raise Refused("the document has a syntax error")
    if result.template and not document.verified:
        raise Refused("the document contains template expressions (`{{ … }}`)")
    way = path_to(result.roots, node)
    if way is None:
        raise Refused("the value comes from a YAML anchor; change it there")
    return way


def _refuse_conditional(document: YamlDocument, target: Mapping, entry: Entry) -> None:
    if document.depends(entry.key, target):
        raise Refused(f"a template expression (`{{{{ … }}}}`) decides whether there is `{_named(entry)}`")


def _refuse_odd(mapping: Mapping) -> None:
    if mapping.merges:
        raise Refused("the mapping merges an anchor (`<<`)")
    if mapping.prefixed:
        raise Refused("the mapping has an anchor or a tag, so other nodes can share it")
    names = [entry.key.value for entry in mapping.entries if isinstance(entry.key, Scalar)]
    if len(set(names)) != len(mapping.entries):
        raise Refused("the mapping has duplicate or complex keys")


def _named(entry: Entry) -> str:
    return entry.key.value if isinstance(entry.key, Scalar) else ""


def _filled(value: Node) -> bool:
    if isinstance(value, Scalar):
        return not value.null
    return not (isinstance(value, Mapping) and not value.entries)


def _entered(entry: Entry) -> Mapping:
    if isinstance(entry.value, Mapping):
        return entry.value
    problem = "comes from a YAML anchor" if isinstance(entry.value, Alias) else "is not a mapping"
    raise Refused(f"`{_named(entry)}` {problem}")


def _insert(
    document: YamlDocument, target: Mapping, here: Mapping, key: str, value: Value, after: tuple[str, ...]
) -> list[Edit]:
    style = style_of(document, target)
    if here.flow:
        return [_insert_flow(document, here, key, value, style)]
    anchor = next((entry for name in after if (entry := here.entry(name)) is not None), here.entries[-1])
    column = _column(document.text, here.entries[0].key.start)
    text = " " * column + block_entry(key, value, column, style)
    for one in (anchor, *reversed(here.entries)):
        end = max(one.key.end, one.value.end)
        edit = Edit(*_lines_after(document.text, end, text, style.newline))
        if not document.depends_at(edit.start, here) and not (
            document.template and _continues(document.text, edit.start, column)
        ):
            return [edit]
    raise Refused("template expressions (`{{ … }}`) decide what is in the mapping")


_CONTROL_LINE = regex(r"(?:\{\{-?[ \t]*(?:(?:if|with|range|else|end)\b[^{}]*|/\*[^{}]*\*/)[ \t]*-?\}\})*(?:#.*)?")


def _continues(text: str, offset: int, column: int) -> bool:
    """Whether a template can continue behind an offset what is written deeper than the column before it."""
    for line in text[offset:].split("\n"):
        bare = line.strip()
        if not _CONTROL_LINE.fullmatch(bare):
            return bare.startswith("{{") or len(line) - len(line.lstrip(" ")) > column
    return False


def _lines_after(text: str, offset: int, lines: str, newline: str) -> tuple[int, int, str]:
    """(start, end, text) to insert lines after the line of `offset`; a comment on that line stays there."""
    if offset and text[offset - 1] in "\r\n":  # a block scalar that keeps its final newline
        return offset, offset, lines + newline
    line_end = LINE_END.search(text, offset)
    if line_end is None:
        return len(text), len(text), newline + lines
    return line_end.end(), line_end.end(), lines + newline


def _insert_flow(document: YamlDocument, here: Mapping, key: str, value: Value, style: Style) -> Edit:
    text = document.text
    if not here.entries:
        return Edit(here.start + 1, here.start + 1, flow_entry(key, value, style))
    last = here.entries[-1]
    end = max(last.key.end, last.value.end)
    comma = re.compile(r"[ \t\r\n]*,").match(text, end, here.end)
    if comma:
        return Edit(comma.end(), comma.end(), " " + flow_entry(key, value, style))
    separator = _separator(document, here, len(here.entries) - 1, style)
    if style.json and separator != ", ":
        indentation = text[last.key.start - _column(text, last.key.start) : last.key.start]
        return Edit(end, end, f'{separator}"{key}": {pretty(value, indentation, style)}')
    return Edit(end, end, separator + flow_entry(key, value, style))


def _separator(document: YamlDocument, here: Mapping, index: int, style: Style) -> str:
    """The separator of flow entries; with a newline in JSON that has one entry per line."""
    start = here.entries[index].key.start
    indentation = document.text[start - _column(document.text, start) : start]
    return f",{style.newline}{indentation}" if not indentation.strip() and style.json else ", "


def _fill(document: YamlDocument, target: Mapping, here: Mapping, entry: Entry, value: Value) -> list[Edit]:
    """Replace a null or an empty mapping with the value; a comment after it stays in place."""
    style = style_of(document, target)
    start, end, text = entry.value.start, entry.value.end, document.text
    if entry.value.prefixed:
        raise Refused(f"`{_named(entry)}` has an anchor or a tag, so other nodes can share it")
    if here.flow or not isinstance(value, dict):
        blank = "" if text[start - 1 : start] in (" ", "\t") else " "
        return [Edit(start, end, blank + flow(value, style))]
    column = _column(text, entry.key.start)
    lines = block(value, column + style.step, style)
    colon = start - (len(text[entry.key.end : start]) - len(text[entry.key.end : start].rstrip(" \t")))
    at, _, written = _lines_after(text, end, lines, style.newline)
    edits = [Edit(at, at, written)]
    return [Edit(colon, end, ""), *edits] if end > colon else edits


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
    """The indentation step of pretty-printed JSON, in spaces."""
    for entry in root.entries:
        inner = entry.value
        if isinstance(inner, Mapping) and inner.entries:
            step = _column(text, inner.entries[0].key.start) - _column(text, entry.key.start)
            if 0 < step <= 8 and "\n" in text[inner.start : inner.entries[0].key.start]:
                return step
    return None


def _dash(parsed: ParsedDocument) -> int:
    """How far the dashes of a list are behind its key."""
    for node in (node for root in parsed.roots for node in walk(root)):
        if isinstance(node, Mapping) and not node.flow:
            for entry in node.entries:
                if isinstance(entry.value, Sequence) and not entry.value.flow:
                    return _column(parsed.text, entry.value.start) - _column(parsed.text, entry.key.start)
    return 0
