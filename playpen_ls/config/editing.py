"""Changes of configuration files that an editor offers."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from playpen_ls.api.finding import Refused
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source

_TOKEN = regex(r"#[^\n]*|\"\"\"|'''|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|\[|\]")


def ignoring(source: Source, rule: str, section: str = "") -> Edit:
    """The edit that adds a rule to `ignore`, of a section such as `tool.playpen`. Raises Refused.

    The result is read again: it differs from the text in this one entry only.
    """
    wanted = _table(source.text)
    inner = wanted
    for key in section.split(".") if section else ():
        inner = inner[key]
    before = inner.get("ignore", [])
    if not isinstance(before, list):
        raise Refused("`ignore` is not a list")
    inner["ignore"] = [*before, rule]
    edit = _into_list(source.text, rule, section) if "ignore" in inner and before else None
    edit = edit or _new_list(source, rule, section)
    if _table(source.edited([edit]).text) != wanted:
        raise Refused(f"`{source.path}` cannot be changed with certainty; add the rule to `ignore` yourself")
    return edit


def _table(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError):
        raise Refused("the configuration is not valid TOML") from None


def _own_part(text: str, section: str) -> tuple[int, int]:
    """Where the keys of the section are; without one, before the first table."""
    start = 0
    if section:
        header = re.search(rf"^[ \t]*\[[ \t]*{re.escape(section)}[ \t]*\][^\n]*(?:\n|\Z)", text, re.MULTILINE)
        if header is None:
            raise Refused(f"`[{section}]` was not found")
        start = header.end()
    after = re.compile(r"^[ \t]*\[", re.MULTILINE).search(text, start)
    return start, after.start() if after else len(text)


def _into_list(text: str, rule: str, section: str) -> Edit | None:
    """Into the list that is there, behind its last entry, in the form of the list."""
    start, end = _own_part(text, section)
    found = re.compile(r"^[ \t]*ignore[ \t]*=[ \t]*\[", re.MULTILINE).search(text, start, end)
    if found is None:
        return None
    last = 0
    for token in _TOKEN.finditer(text, found.end()):
        if token[0][0] in "\"'":
            last = token.end()
        elif token[0] == "]":
            break
    if not last:
        return None
    line = text[text.rfind("\n", 0, last) + 1 : last]
    indent = re.match(r"[ \t]*(?=[\"'])", line)
    before = "\n" + indent[0] if indent else " "
    return Edit(last, last, f',{before}"{rule}"')


def _new_list(source: Source, rule: str, section: str) -> Edit:
    start, end = _own_part(source.text, section)
    text, newline = source.text, source.newline
    empty = re.compile(r"^[ \t]*ignore[ \t]*=[ \t]*\[[ \t]*\]", re.MULTILINE).search(text, start, end)
    if empty is not None:
        return Edit(empty.start(), empty.end(), f'ignore = ["{rule}"]')
    at = start
    if not section:  # below the comments at the top
        while at < end and (line := re.compile(r"[ \t]*#[^\n]*\n").match(text, at, end)):
            at = line.end()
    gap = newline if at and not section and text[at - 1 : at] == "\n" and text[:at].strip() else ""
    before = newline if at and text[at - 1 : at] != "\n" else ""
    after = newline if text[at:].strip() and not section and not text[at:].startswith(("\n", "\r\n")) else ""
    return Edit(at, at, f'{before or gap}ignore = ["{rule}"]{newline}{after}')
