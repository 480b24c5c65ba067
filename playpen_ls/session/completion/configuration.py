"""Completion in playpen.toml and in the table of a pyproject.toml: keys, rules and values, as the schema says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from playpen_ls.config.schema import schema
from playpen_ls.engine.registry import all_rules
from playpen_ls.session.completion.item import Item, Proposals, Sort
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

_TABLE = regex(r"[ \t]*\[(?P<name>[^\[\]#]+)\][ \t]*(?:#.*)?")
_BEGUN_TABLE = regex(r"[ \t]*\[(?P<word>[^\[\]#\"']*)")
_BEGUN_KEY = regex(r"[ \t]*(?P<word>[\w-]*|\"[\w./-]*)")
_ENTRY = regex(r"[ \t]*(?P<key>[\w-]+|\"[^\"]+\"|'[^']+')[ \t]*=[ \t]*(?P<value>.*)")
_WORD = regex(r"[\[, \t]*(?:(?P<quote>[\"'])(?P<inside>[^\"',]*)|(?P<word>\w*))$")
_PART = regex(r"[\w-]+|\"[^\"]+\"|'[^']+'")


def proposals(source: Source, offset: int) -> Proposals | None:
    """What can stand at an offset of a configuration."""
    start = source.line_start(offset)
    line = source.text[start:offset]
    above = [source.of(source.line_span(number)) for number in range(source.line_of(offset))]
    project = source.path.rpartition("/")[2] == "pyproject.toml"
    if begun := _BEGUN_TABLE.fullmatch(line):
        return Proposals.of(Span(start + begun.start("word"), offset), _tables(project))
    table = _table(above, project)
    if table is None or "#" in line:
        return None
    if list_key := _open_list(above):
        return _values(table.get(list_key), line, start, offset)
    if entry := _ENTRY.fullmatch(line):
        return _values(table.get(_bare(entry["key"])), entry["value"], start + entry.start("value"), offset)
    if begun := _BEGUN_KEY.fullmatch(line):
        return Proposals.of(Span(start + begun.start("word"), offset), _keys(table))
    return None


def _table(above: list[str], project: bool) -> Mapping[str, Any] | None:
    """The properties of the table that the cursor is in; None if it is not ours."""
    named = next((found["name"] for line in reversed(above) if (found := _TABLE.fullmatch(line))), "")
    path = [_bare(part) for part in _PART.findall(named)]
    if project:
        if path[:2] != ["tool", "playpen"]:
            return None
        path = path[2:]
    here: Mapping[str, Any] = _schema()
    for part in path:
        inner = here.get("properties", {}).get(part, here.get("additionalProperties"))
        if not isinstance(inner, Mapping):
            return None
        here = inner
    properties: Mapping[str, Any] | None = here.get("properties")
    return properties


def _open_list(above: list[str]) -> str:
    """The key of the list that is not closed above; "" if there is none."""
    for line in reversed(above):
        entry = _ENTRY.fullmatch(line)
        if "]" in line.partition("#")[0] or (entry is not None and not entry["value"].startswith("[")):
            return ""
        if entry is not None:
            return _bare(entry["key"])
    return ""


def _bare(text: str) -> str:
    return text[1:-1] if text[:1] in "\"'" else text


@cache
def _schema() -> Mapping[str, Any]:
    return schema(all_rules())


def _tables(project: bool) -> Iterator[Item]:
    before = "tool.playpen." if project else ""
    if project:
        yield Item("tool.playpen", Sort.KEY)
    for name, one in _schema()["properties"].items():
        if one.get("type") == "object":
            yield Item(before + name, Sort.KEY, one.get("description", ""))
            for inner, below in one.get("properties", {}).items():
                if name == "rules" and below.get("properties"):
                    yield Item(f'{before}{name}."{inner}"', Sort.KEY, "options", 1)


def _keys(table: Mapping[str, Any]) -> Iterator[Item]:
    for name, one in table.items():
        yield Item(name if re.fullmatch(r"[\w-]+", name) else f'"{name}"', Sort.KEY, one.get("description", ""))


def _values(one: Mapping[str, Any] | None, text: str, start: int, offset: int) -> Proposals | None:
    begun = _WORD.search(text)
    if one is None or begun is None:
        return None
    words = [str(word) for word in _words(one)]
    if begun["quote"]:
        return Proposals.of(Span(start + begun.start("inside"), offset), (Item(word, Sort.VALUE) for word in words))
    if one.get("type") == "boolean":
        items = [Item(word, Sort.VALUE) for word in ("true", "false")]
    else:
        items = [Item(f'"{word}"', Sort.VALUE) for word in words]
    return Proposals.of(Span(start + begun.start("word"), offset), items)


def _words(one: Mapping[str, Any]) -> Iterator[object]:
    """The values that the schema lists, also those of the items of a list."""
    yield from one.get("enum", ())
    for inner in (one.get("items"), *one.get("anyOf", ())):
        if isinstance(inner, Mapping):
            yield from _words(inner)
