"""Facts on web applications: their routes, routers, inclusions and mounts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from playpen_ls.api.fact_types import CalledPerRequest, EnvironmentKnown, EnvironmentRead, ExtraLogged, Listens
from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Place
from playpen_ls.languages.python.model.parts import Site
from playpen_ls.languages.python.model.scope import WEB, Link
from playpen_ls.languages.python.syntax.known_names import (
    ADDING,
    APPLICATIONS,
    DECORATORS,
    INCLUDING,
    ROUTERS,
    ROUTES,
    URLS,
    VERBS,
)
from playpen_ls.languages.python.syntax.mentions import CALL, Origins, any_is_called, names_of
from playpen_ls.languages.python.syntax.nodes import dotted, is_main_guard
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.words import Words

_REGISTERING = regex(r"(?:register|setup|configure|include|add|install|mount)(?:_|$)|route")


@dataclass(frozen=True, slots=True)
class Web(Fact):
    """A web fact. `kind`: app, router, route, include, mount, urlpatterns. The path of its place is empty.

    `owner` is the variable of the application or router ("app", "self.app", "" if there is none); `path` the
    literal path or prefix, None if it is computed; `constant` the name of its constant; `target` the origin of
    what is included. `framework` and `function` (the factory) are those of an application, whose `constant` is
    `root_path` if it is given one; `origin` is that of an imported owner.
    """

    kind: str
    owner: str = ""
    path: str | None = None
    constant: str = ""
    target: str = ""
    framework: str = ""
    function: str = ""
    methods: tuple[str, ...] = ("GET",)
    origin: str = ""


LocalFact = EnvironmentRead | EnvironmentKnown | Listens | Web | CalledPerRequest | ExtraLogged
"""A fact of a statement: its path is empty, and its range counts from the start of the chunk."""

_ORIGINS = Origins(*APPLICATIONS, *ROUTERS, *ROUTES)
_ADDED = names_of(ADDING, INCLUDING)
_DECORATED = regex(rf"@[^\n]*\.[ \t]*(?:{'|'.join(sorted(DECORATORS))}){CALL}")


def possible_in(words: Words) -> bool:
    """Whether a text with these words can have such facts."""
    if URLS in words.all or any_is_called(words, _ADDED) or _ORIGINS.possible_in(words):
        return True
    return words.has("@") and words.has_any(DECORATORS) and _DECORATED.search(words.text) is not None


def known_as(name: str, origin: str) -> bool:
    """Whether a text that mentions this name of the module scope can have such facts, whatever its words."""
    return _ORIGINS.known_as(origin)


def urlpatterns(site: Site, node: ast.Assign) -> Iterator[Web]:
    target = node.targets[0]
    if isinstance(target, ast.Name) and target.id == URLS and isinstance(node.value, ast.List):
        yield Web(Place("", site.span(target)), "urlpatterns", framework="django")


def decorated_route(site: Site, call: ast.Call, link: Link | None) -> Iterator[Web]:
    """The route of `@app.get("/path")`. If the path does not start with `/`, `app` must be a known application."""
    function = call.func
    origin = site.names.origin(function, link) or ""
    if isinstance(function, ast.Name):
        if origin in ROUTES:
            yield _route(site, call, "", 0, origin)
        return
    assert isinstance(function, ast.Attribute)
    owner = dotted(function.value) or ""
    path, constant = _path(call, 0)
    known = origin.rpartition(".")[0].removesuffix("()") in {*APPLICATIONS, *ROUTERS}
    if (path is not None and path.startswith("/")) or known or (path is None and _is_router_name(owner)):
        place, methods = Place("", site.span(call)), _methods(call, function.attr)
        yield Web(place, "route", owner, path, constant, methods=methods, origin=_imported(site, function, link))


def is_route(decorator: ast.expr) -> bool:
    """Whether the function under it answers requests: `@app.get("/")`."""
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(function, ast.Attribute) and function.attr in DECORATORS


_OPENING = regex(r"conn|cursor|session|client|redis|mongo|pool|cache|database|(?:^|_)db(?:_|$)", re.IGNORECASE)


def called_per_request(
    site: Site, function: ast.FunctionDef | ast.AsyncFunctionDef, link: Link | None
) -> Iterator[CalledPerRequest]:
    """The functions that the handler of a route calls or depends on, by the names of those that open something."""
    here = (function, link)
    for node in ast.walk(function):
        called = node.func if isinstance(node, ast.Call) else None
        if called is None or not isinstance(called, (ast.Name, ast.Attribute)):
            continue
        name = dotted(called) or ""
        if name.rpartition(".")[2] in ("Depends", "Security") and node.args:  # type: ignore[attr-defined]
            called = node.args[0]  # type: ignore[attr-defined]
            name = dotted(called) or ""
        if _OPENING.search(name.rpartition(".")[2]) and "(" not in name:
            origin = site.names.origin(called, here)
            if origin and not origin.startswith("self."):
                yield CalledPerRequest(Place("", site.span(node)), origin)


def _imported(site: Site, function: ast.expr, link: Link | None) -> str:
    """The origin of an owner that another module of the project makes: `shop.app.app` of `app.get`; else ""."""
    owner = function.value if isinstance(function, ast.Attribute) else None
    if isinstance(owner, ast.Attribute) and owner.attr == "router":  # of an aiohttp application
        owner = owner.value
    origin = site.names.origin(owner, link) or "" if isinstance(owner, (ast.Name, ast.Attribute)) else ""
    root = origin.partition(".")[0]
    return origin if root not in ("self", *WEB) and "." in origin else ""


def _is_router_name(owner: str) -> bool:
    last = owner.rpartition(".")[2].lower()
    return last in ("app", "application", "api", "bp", "router", "routes", "blueprint") or last.endswith(
        ("_router", "_bp", "_app")
    )


def facts_of_call(site: Site, call: ast.Call, link: Link | None) -> Iterator[Web]:
    """The facts of a call that is not a decorator."""
    function = call.func
    last = function.attr if isinstance(function, ast.Attribute) else ""
    if last in ADDING:
        owner = (dotted(function.value) or "").removesuffix(".router") if isinstance(function, ast.Attribute) else ""
        yield replace(_route(site, call, owner, ADDING[last], last), origin=_imported(site, function, link))
        return
    if last in INCLUDING and isinstance(function, ast.Attribute):
        router = _included(site, call, link, dotted(function.value) or "", last)
        yield replace(router, origin=_imported(site, function, link))
        return
    origin = site.names.origin(function, link) or ""
    if _REGISTERING.search(origin.rpartition(".")[2]) and any(_is_application(site, one, link) for one in call.args):
        yield Web(Place("", site.span(call)), "include", "", "", target=origin)
    if origin in APPLICATIONS:
        owner, maker = _target(link)
        if _is_demo(link):
            return
        place = Place("", site.span(call))
        root = "root_path" if any(one.arg == "root_path" for one in call.keywords) else ""
        yield Web(place, "app", owner, "", root, framework=APPLICATIONS[origin], function=maker)
        given = next((one.value for one in call.keywords if one.arg in ("routes", "route_handlers")), None)
        if given is not None and not isinstance(given, (ast.List, ast.Tuple)):
            yield Web(place, "include", owner, "", target=site.names.origin(given, link) or "?")
    elif origin in ROUTERS:
        owner, maker = _target(link)
        prefix, constant = _keyword_text(call, ROUTERS[origin])
        yield Web(Place("", site.span(call)), "router", owner, prefix, constant, function=maker)
    elif origin in ROUTES:
        if origin.startswith("django."):
            included = call.args[1] if len(call.args) > 1 else None
            if isinstance(included, ast.Call) and (dotted(included.func) or "").rpartition(".")[2] == "include":
                path, constant = _path(call, 0)
                yield Web(Place("", site.span(call)), "include", "urlpatterns", path, constant, _module(included))
                return
        if origin.endswith(".Mount"):
            path, constant = _path(call, 0)
            inside = next(
                (one.value for one in call.keywords if one.arg == "app"), call.args[1] if len(call.args) > 1 else None
            )
            target = site.names.origin(inside, link) or "?" if inside is not None else ""
            yield Web(Place("", site.span(call)), "mount", "", path, constant, target, owner_name(inside))
        elif not origin.endswith(".Router"):
            yield _route(site, call, "", 1 if origin.endswith("web.route") else 0, origin)


def owner_name(node: ast.expr | None) -> str:
    """The name of a variable; a mount has it in `framework`."""
    return dotted(node) or "" if node is not None else ""


def _included(site: Site, call: ast.Call, link: Link | None, owner: str, verb: str) -> Web:
    inside = call.args[1] if verb == "mount" and len(call.args) > 1 else call.args[0] if call.args else None
    if verb == "mount" and len(call.args) < 2:
        inside = next((one.value for one in call.keywords if one.arg == "app"), None)
    if verb == "include_router" and inside is None:
        inside = next((one.value for one in call.keywords if one.arg == "router"), None)
    if verb == "add_routes" and isinstance(inside, ast.List):
        return Web(Place("", site.span(call)), "include", owner, "", target="", framework="")
    target = (site.names.origin(inside, link) if inside is not None else None) or "?"
    if inside is not None and isinstance(inside, ast.Call) and target.endswith("StaticFiles()"):
        target = ""
    prefix, constant = _path(call, 0) if verb == "mount" else _keyword_text(call, "prefix", "url_prefix")
    kind = "mount" if verb == "mount" else "include"
    return Web(Place("", site.span(call)), kind, owner, prefix, constant, target, owner_name(inside))


def _route(site: Site, call: ast.Call, owner: str, position: int, origin: str) -> Web:
    path, constant = _path(call, position)
    if path is not None and origin.startswith("django."):
        path = _django(path)
    return Web(Place("", site.span(call)), "route", owner, path, constant)


def _django(pattern: str) -> str:
    """`^healthz/?$` and `health/` as paths."""
    return "/" + pattern.removeprefix("^").rstrip("$?").lstrip("/")


def _path(call: ast.Call, position: int) -> tuple[str | None, str]:
    """(literal path or None, name of the constant with the path or "")."""
    node = call.args[position] if len(call.args) > position else None
    if node is None:
        node = next((one.value for one in call.keywords if one.arg in ("path", "rule", "uri")), None)
    return _text(node)


def _keyword_text(call: ast.Call, *names: str) -> tuple[str | None, str]:
    node = next((one.value for one in call.keywords if one.arg in names), None)
    return ("", "") if node is None else _text(node)


def _text(node: ast.expr | None) -> tuple[str | None, str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value, ""
    return None, node.id if isinstance(node, ast.Name) else ""


def _module(included: ast.Call) -> str:
    node = included.args[0] if included.args else None
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "?"


def _methods(call: ast.Call, verb: str) -> tuple[str, ...]:
    if verb in VERBS:
        return (verb.upper(),)
    value = next((one.value for one in call.keywords if one.arg == "methods"), None)
    if isinstance(value, (ast.List, ast.Tuple)):
        named = [one.value for one in value.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        return tuple(name.upper() for name in named)
    return ("GET",)


def _is_application(site: Site, node: ast.expr, link: Link | None) -> bool:
    return isinstance(node, ast.Name) and (site.names.origin(node, link) or "").removesuffix("()") in APPLICATIONS


def _is_demo(link: Link | None) -> bool:
    while link is not None:
        if is_main_guard(link[0]):
            return True
        link = link[1]
    return False


def _target(link: Link | None) -> tuple[str, str]:
    """(variable that a value is assigned to, name of the enclosing function); "" if there is none."""
    owner, first = "", True
    while link is not None:
        node, above = link
        if first and isinstance(node, (ast.Assign, ast.AnnAssign)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            owner = dotted(target) or ""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return owner, node.name
        first, link = False, above
    return owner, ""
