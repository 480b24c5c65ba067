"""The bindings of a statement by its first line, so that most statements need not be parsed."""

from __future__ import annotations

import re

from playpen_ls.languages.python.syntax.bindings import Binding
from playpen_ls.text.regex import regex

_HEAD = regex(
    r"^(?:(?:async[ \t]+)?def[ \t]+(?P<function>\w+)[ \t]*\("
    r"|class[ \t]+(?P<type>\w+)[ \t]*(?:\([ \t]*(?:(?P<base>[A-Za-z_][\w.]*)[ \t]*(?:,[^=\n]*)?)?\))?[ \t]*:)",
    re.MULTILINE,
)
_END = r"[ \t]*(?:(?:#[^\n]*)?\r?\n[ \t\f]*)*(?:#[^\n]*)?"
_NAME = r"[^\W\d]\w*"
_IMPORT = regex(rf"import[ \t]+(?P<module>{_NAME}(?:\.{_NAME})*)(?:[ \t]+as[ \t]+(?P<name>{_NAME}))?{_END}")
_FROM = regex(
    rf"from[ \t]+(?P<module>\.*(?:{_NAME}(?:\.{_NAME})*)?)[ \t]+import[ \t]+"
    rf"(?:\((?P<lines>[\w\s,]+)\)|(?P<line>[\w \t,]+)){_END}"
)
_MEMBER = regex(rf"\s*(?P<member>{_NAME})(?:[ \t]+as[ \t]+(?P<name>{_NAME}))?\s*")
# A value that starts with such a literal has no origin, whatever follows.
_LITERAL = regex(rf"(?P<name>{_NAME})[ \t]*=[ \t]*[\[{{\"'\d]")
_SELF = regex(r"\bself[\s\\]*\.[\s\\]*\w+[\s\\]*(?::[^=\n]*)?=(?!=)")
_INDENTATION = regex(r"[ \t]+")
_DEFINED = regex(r"(?:async[ \t]+)?def\b|class\b|[@#)\]}]")
# Functions that can return what other modules of the project use by its origin: loggers and applications.
_MAKING = regex(r"^def[ \t]+\w*(?:log|app)\w*[ \t]*\(", re.MULTILINE | re.IGNORECASE)
_LOGGER_ATTRIBUTE = regex(
    r"^[ \t]+(?:self[ \t]*\.[ \t]*)?\w*log(?:ger)?[ \t]*(?::[^=\n]*)?=(?!=)", re.MULTILINE | re.IGNORECASE
)
_TEXT = regex(rf"{_NAME}[ \t]*(?::[^=\n]*)?=[^=]*[\"']")


def bindings_by_head(text: str) -> tuple[Binding, ...] | None:
    """The bindings of a statement; None if the text must be parsed or contains several statements."""
    if text.startswith(("@", "def ", "async def ", "class ")):
        head = _HEAD.search(text)
        if head is None or (text[0] != "@" and head.start()):
            return None
        base = head["base"]
        return (Binding(head["function"] or head["type"], f"{base}.<class>" if base else None),)
    if text.startswith("import "):
        match = _IMPORT.fullmatch(text)
        return (_imported(match["module"], match["name"]),) if match else None
    if text.startswith("from "):
        match = _FROM.fullmatch(text)
        return _members(match) if match else None
    match = _LITERAL.match(text) if ";" not in text else None
    return (Binding(match["name"], None),) if match else None


def holds_text(text: str) -> bool:
    """Cheap pre-check: whether the statement can assign a string literal to a name."""
    return _TEXT.match(text) is not None


def may_return_object(text: str) -> bool:
    """Cheap pre-check: whether the statement is a function that can return a logger or application, by its name."""
    return text.startswith(("def ", "@")) and "return" in text and _MAKING.search(text) is not None


def may_bind_logger(text: str) -> bool:
    """Cheap pre-check: whether a class, or a member of one, can bind an attribute to a logger."""
    return _LOGGER_ATTRIBUTE.search(text) is not None


def class_name(text: str) -> str:
    """The name of the class that a statement defines; "" if it is none."""
    head = _HEAD.search(text) if text.startswith(("class ", "@")) else None
    return (head["type"] or "") if head is not None else ""


def binds_members(text: str) -> bool:
    """Cheap pre-check: whether a member of a class can bind attributes. `text` starts at its indentation."""
    if _SELF.search(text):
        return True
    indentation = _INDENTATION.match(text)
    # A line of the class itself that is neither a definition nor the end of one.
    return indentation is not None and any(
        not _DEFINED.match(text, match.end()) for match in re.finditer(rf"^{indentation[0]}(?=\S)", text, re.MULTILINE)
    )


def _imported(module: str, name: str | None) -> Binding:
    first = module.partition(".")[0]
    return Binding(name or first, f"={module if name else first}")


def _members(match: re.Match[str]) -> tuple[Binding, ...] | None:
    """The bindings of a `from` import; None if a name other than one after a trailing comma is empty."""
    module = match["module"]
    names = (match["lines"] or match["line"]).split(",")
    if match["lines"] and not names[-1].strip():
        names.pop()
    found = [_MEMBER.fullmatch(name) for name in names]
    dot = "" if module.endswith(".") or not module else "."
    if not all(found) or not module:
        return None
    return tuple(Binding(one["name"] or one["member"], f"={module}{dot}{one['member']}") for one in found if one)
