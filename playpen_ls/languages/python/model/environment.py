"""Reads of environment variables."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from playpen_ls.api.fact_types import EnvironmentRead
from playpen_ls.api.finding import Place
from playpen_ls.languages.python.model.needs import is_certain
from playpen_ls.languages.python.model.parts import Site
from playpen_ls.languages.python.model.scope import Link, Names
from playpen_ls.languages.python.syntax.known_names import READERS, READING_OBJECTS
from playpen_ls.languages.python.syntax.mentions import Origins
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.text.regex import regex
from playpen_ls.text.words import Words

_READER_NAME = regex(
    r"(?:^|_)(?:getenv|env|environ|config|setting|settings|envvar|env_var|variable|option|secret|parameter)$"
)
_ASKING = (ast.BoolOp, ast.Compare, ast.If, ast.IfExp, ast.While, ast.UnaryOp, ast.NamedExpr)
_ORIGINS = Origins(*READERS, *READING_OBJECTS)
_WORDS = frozenset(("environ", "getenv", "environs"))
_VARIABLE = regex(r"[A-Z][A-Z0-9_]+")


def possible_in(words: Words) -> bool:
    """Whether a text with these words can read a variable."""
    return words.has_any(_WORDS) or _ORIGINS.possible_in(words)


def known_as(name: str, origin: str) -> bool:
    """Whether a text that mentions this name of the module scope can read a variable, whatever its words."""
    return _ORIGINS.known_as(origin)


def environment_read(site: Site, node: ast.AST, link: Link | None) -> Iterator[EnvironmentRead]:
    """Facts for `os.getenv("X", "default")` and similar calls, with ranges relative to the chunk."""
    if isinstance(node, ast.Subscript):
        if isinstance(node.ctx, ast.Load) and _is_environ(site.names, node.value, link):
            name = _text(node.slice)
            if name:
                yield EnvironmentRead(Place("", site.span(node)), name, None, is_certain(link))
    elif isinstance(node, ast.Call) and not node.args:
        if site.names.origin(node, link) in READING_OBJECTS:
            yield from _defaults(site, node)
    elif isinstance(node, ast.Call) and isinstance(node.args[0], ast.Constant):
        name = _text(node.args[0])
        if not name or not name.isidentifier():
            return
        origin = site.names.origin(node.func, link) or ""
        if origin in READERS or origin.startswith(READING_OBJECTS):
            if origin not in READERS:
                name = _prefix(link) + name
            default = _default(node)
            if default is None and link is not None and isinstance(link[0], _ASKING):
                default = ""  # `os.getenv("X") or "…"`, `if os.getenv("X")`: the variable is optional
            required = default is None and (origin not in READERS or _is_converted(node, link)) and is_certain(link)
            yield EnvironmentRead(Place("", site.span(node)), name, default, required)


def _is_converted(node: ast.Call, link: Link | None) -> bool:
    """Whether None would fail: `int(os.getenv("X"))`."""
    outer = link[0] if link is not None else None
    return (
        isinstance(outer, ast.Call)
        and isinstance(outer.func, ast.Name)
        and outer.func.id in ("int", "float")
        and outer.args == [node]
    )


def _defaults(site: Site, made: ast.Call) -> Iterator[EnvironmentRead]:
    """The defaults of `environ.Env(DEBUG=(bool, False))`, for variables that are read through it."""
    for keyword in made.keywords:
        if keyword.arg and isinstance(keyword.value, ast.Tuple) and len(keyword.value.elts) > 1:
            yield EnvironmentRead(Place("", site.span(keyword)), keyword.arg, "", False)


def _prefix(link: Link | None) -> str:
    """The prefix of the enclosing `with env.prefixed("APP_"):` blocks."""
    prefix = ""
    while link is not None:
        node, link = link
        for one in node.items if isinstance(node, ast.With) else ():
            call = one.context_expr
            if isinstance(call, ast.Call) and call.args and (dotted(call.func) or "").endswith(".prefixed"):
                prefix = (_text(call.args[0]) or "") + prefix
    return prefix


def _default(node: ast.Call) -> str | None:
    """The text of the default; "" if it is not a literal string, None if there is no default."""
    keyword = next((one.value for one in node.keywords if one.arg == "default"), None)
    value = node.args[1] if len(node.args) > 1 else keyword
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return None
    return _text(value) or ""


def _text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _is_environ(names: Names, node: ast.AST, link: Link | None) -> bool:
    last = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return last == "environ" and names.origin(node, link) in ("os.environ", "environ")


OPTIONS = frozenset(("add_argument", "option", "Option", "Argument", "argument"))
"""Functions that declare command-line options."""


def gives_default(call: ast.Call) -> bool:
    """Whether an argument of the call is the default of a setting: `getenv("X", …)`, `settings.get("x", …)`."""
    text = dotted(call.func) or ""
    last = text.rpartition(".")[2]
    if last in OPTIONS:
        return any(keyword.arg == "envvar" for keyword in call.keywords)
    if "environ" in text or _READER_NAME.search(last) or (last in ("get", "pop", "setdefault") and len(call.args) > 1):
        return True
    first = _text(call.args[0]) if call.args else None
    more = len(call.args) > 1 or any(keyword.arg == "default" for keyword in call.keywords)
    return first is not None and more and bool(_VARIABLE.fullmatch(first))
