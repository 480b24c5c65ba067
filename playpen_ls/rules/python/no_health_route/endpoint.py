"""Health endpoints: recognizing their paths, and adding one to an application."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from playpen_ls.api.finding import Refused
from playpen_ls.languages.python.edits.import_order import import_edit
from playpen_ls.languages.python.model.local_facts import web_facts
from playpen_ls.languages.python.model.module import PythonModel, Top
from playpen_ls.languages.python.model.web import Web
from playpen_ls.languages.python.syntax.bindings import bound
from playpen_ls.languages.python.syntax.nodes import dotted, imported
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_HEALTH = regex(
    r"^/status$|"
    r"(?:^|/)(?:[\w.-]*health[\w.-]*|livez?|liveness|alive|readyz?|readiness|ping|heartbeat|_health|-/healthy)(?:/.*)?$"
)
_DECORATED = {
    "fastapi": '@{app}.get("{path}")\nasync def {name}() -> dict[str, str]:\n{unit}return {{"status": "healthy"}}\n',
    "flask": '@{app}.{verb}("{path}")\ndef {name}() -> dict[str, str]:\n{unit}return {{"status": "healthy"}}\n',
    "quart": '@{app}.{verb}("{path}")\nasync def {name}() -> dict[str, str]:\n{unit}return {{"status": "healthy"}}\n',
}
_ADDED = {
    "starlette": (
        'async def {name}(request):\n{unit}return JSONResponse({{"status": "healthy"}})\n'
        '{gap}{app}.add_route("{path}", {name})\n',
        "from starlette.responses import JSONResponse",
    ),
    "aiohttp": (
        "async def {name}(request):\n"
        '{unit}return web.json_response({{"status": "healthy"}})\n{gap}{app}.router.add_get("{path}", {name})\n',
        "from aiohttp import web",
    ),
}


def is_health(path: str) -> bool:
    return bool(_HEALTH.search(path.rstrip("/") if len(path) > 1 else path))


def endpoint(model: PythonModel, app: Web, path: str) -> list[Edit]:
    """The edits that add a health endpoint to an application. Raises Refused."""
    if app.framework == "django":
        return _django(model, app, path)
    if app.framework not in (*_DECORATED, *_ADDED) or not app.owner.isidentifier():
        raise Refused("adding a route to this application is not supported")
    tops = model.top_level
    place = app.place.span.start
    holder = next((top for top in tops if top.span.start <= place < top.span.end), None)
    if holder is None:
        raise Refused("the application is created inside another statement")
    unit = "\t" if re.search(r"[\r\n]\t", model.source.text) else "    "
    if isinstance(holder.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return _in_factory(model, app, path, holder, unit)
    if not isinstance(holder.node, (ast.Assign, ast.AnnAssign)):
        raise Refused("the application is created inside another statement")
    name = _free_name({found for top in tops for found, _ in bound(top.node)})
    listed = _in_routes(model, app, path, holder, name, unit, tops)
    if listed:
        return listed
    text, edits = _written(model, app, path, name, unit, "\n\n", tops, holder.span.start)
    after = _last_route(model, app, tops) or holder
    at = model.source.next_line_start(max(after.span.end - 1, 0))
    return [*edits, _placed(model, at, text, 2)]


def _written(
    model: PythonModel, app: Web, path: str, name: str, unit: str, gap: str, tops: Sequence[Top], used_at: int
) -> tuple[str, list[Edit]]:
    uses_route = re.search(rf"@{re.escape(app.owner)}\.route\(", model.source.text)
    verb = "route" if uses_route else "get"
    values = {"app": app.owner, "path": path, "name": name, "unit": unit, "gap": gap, "verb": verb}
    if app.framework in _DECORATED:
        return _DECORATED[app.framework].format(**values), []
    template, line = _ADDED[app.framework]
    needed = line.rpartition(" ")[2]
    known = any(
        found == needed
        for top in tops
        if isinstance(top.node, (ast.Import, ast.ImportFrom))
        for found, _ in imported(top.node)
    )
    return template.format(**values), [] if known else [import_edit(model, line, used_at)]


def _in_routes(
    model: PythonModel, app: Web, path: str, holder: Top, name: str, unit: str, tops: Sequence[Top]
) -> list[Edit]:
    """Add a `Route` to the `routes` list of a Starlette application, and its function above; [] without such a list."""
    call = getattr(model.whole(holder.span), "value", None)
    routes = next((one.value for one in getattr(call, "keywords", ()) if one.arg == "routes"), None)
    source, start = model.source, model.source.line_start(holder.span.start)
    above = re.sub(r"\r\n?", "\n", source.text[:start])
    known = (found for top in tops if isinstance(top.node, ast.ImportFrom) for found in imported(top.node))
    route = next((found for found, origin in known if origin == "=starlette.routing.Route"), "")
    if app.framework != "starlette" or not isinstance(routes, ast.List) or not routes.elts or not route:
        return []
    if not above.endswith("\n\n"):
        return []  # a comment or code is directly above
    chunk = model.chunk_at(holder.span.start)
    spans = [chunk.content.span(one).shifted(chunk.start) for one in (routes, routes.elts[-1])]
    element = _element(model, spans[0], spans[1], f'{route}("{path}", {name})')
    empty = 2 if above.endswith("\n\n\n") else 1
    newline = source.newline
    written = f'async def {name}(request):\n{unit}return JSONResponse({{"status": "healthy"}})\n\n\n'
    function = Edit(start, start, newline * (2 - empty) + written.replace("\n", newline))
    line = _ADDED["starlette"][1]
    needed = line.rpartition(" ")[2]
    names = {found for top in tops if isinstance(top.node, ast.ImportFrom) for found, _ in imported(top.node)}
    return [*([] if needed in names else [import_edit(model, line, start)]), function, element]


def _element(model: PythonModel, whole: Span, last: Span, text: str) -> Edit:
    """The edit that appends an element to a list. Raises Refused."""
    source = model.source
    behind = source.text[last.end : whole.end - 1]
    if re.sub(r"#[^\r\n]*", "", behind).strip() not in ("", ","):
        raise Refused("the form of the last list element is not supported")
    if source.line_of(last.start) == source.line_of(whole.start):
        if "#" in behind:
            raise Refused("there is a comment inside the list")
        return Edit(last.end, last.end, f", {text}")
    indentation = source.newline + source.indentation(last.start)
    end = min(source.line_span(source.line_of(last.end)).end, whole.end - 1)
    if "," in behind.split("#")[0]:
        return Edit(end, end, f"{indentation}{text},")
    return Edit(last.end, last.end, f",{indentation}{text}")


def _free_name(taken: set[str]) -> str:
    name = next((one for one in ("health", "health_check") if one not in taken), None)
    if name is None:
        raise Refused("`health` and `health_check` are already defined")
    return name


def _last_route(model: PythonModel, app: Web, tops: Sequence[Top]) -> Top | None:
    """The last route function of the application; None if a mount at `/` would hide routes that follow it."""
    found = model.outline.ask(web_facts)
    if any(web.kind == "mount" and web.path in ("", "/") for _, web in found):
        return None
    routes_of_app = [(chunk, web) for chunk, web in found if web.kind == "route" and web.owner == app.owner]
    starts = [model.chunks[chunk].begins + web.place.span.start for chunk, web in routes_of_app]
    routes = [
        top
        for top in tops
        if isinstance(top.node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and any(top.span.start <= start < top.span.end for start in starts)
    ]
    return routes[-1] if routes else None


def _placed(model: PythonModel, at: int, text: str, blank: int) -> Edit:
    """The edit that inserts a definition at the start of a line, with `blank` empty lines around it."""
    source, newline = model.source, model.source.newline
    text = text.replace("\n", newline)
    ended = at == 0 or source.text[at - 1] in "\r\n"
    if not ended:  # keep the last line of the file without a newline
        return Edit(at, at, newline * (blank + 1) + text.removesuffix(newline))
    following = source.text[at:]
    empty = len(re.match(r"(?:[ \t]*(?:\r\n|\n|\r))*", following)[0].replace("\r\n", "\n"))  # type: ignore[index]
    rest = following.strip()
    return Edit(at, at, newline * blank + text + (newline * max(blank - empty, 0) if rest else ""))


def _in_factory(model: PythonModel, app: Web, path: str, holder: Top, unit: str) -> list[Edit]:
    """Add the endpoint in an application factory, before its `return`. Raises Refused."""
    node, chunk = model.whole(holder.span), model.chunk_at(holder.span.start)
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    returns = [statement for statement in node.body if isinstance(statement, ast.Return)]
    if not returns or dotted(returns[-1].value or ast.Constant(None)) != app.owner:
        raise Refused("the last `return` of the function does not return the application")
    name = _free_name({found for statement in node.body for found, _ in bound(statement)})
    tops = model.top_level
    source = model.source
    span = chunk.content.span(returns[-1]).shifted(chunk.span.start)
    text, edits = _written(model, app, path, name, unit, "\n", tops, holder.span.start)
    indentation = source.indentation(span.start)
    at = source.line_start(span.start)
    if source.text[at : span.start].strip():
        raise Refused("there is other code on the line of the `return`")
    indented = "\n".join(indentation + line if line.strip() else line for line in text.split("\n"))
    before = source.text[:at].rstrip(" \t")
    empty = before.endswith(("\n\n", "\r\n\r\n", "\r\r"))
    return [
        *edits,
        Edit(at, at, ("" if empty else source.newline) + indented.replace("\n", source.newline) + source.newline),
    ]


def _django(model: PythonModel, app: Web, path: str) -> list[Edit]:
    """Add an element to `urlpatterns`. Raises Refused."""
    source, tops = model.source, model.top_level
    statement = next((top for top in tops if top.span.start == app.place.span.start), None)
    node = model.whole(statement.span) if statement is not None else None
    value = node.value if isinstance(node, ast.Assign) else None
    if statement is None or not isinstance(value, ast.List) or not value.elts:
        raise Refused("`urlpatterns` is empty or not a list literal")
    chunk = model.chunk_at(statement.span.start)
    last = chunk.content.span(value.elts[-1]).shifted(chunk.span.start)
    line = f'path("{path.strip("/")}/", lambda request: JsonResponse({{"status": "healthy"}}))'
    behind = source.text[last.end : statement.span.end - 1]
    if source.line_of(last.start) == source.line_of(statement.span.start) or "(" in behind or ")" in behind:
        raise Refused("`urlpatterns` is on one line")
    edits = []
    for needed in ("from django.http import JsonResponse", "from django.urls import path"):
        name = needed.rpartition(" ")[2]
        if not any(
            found == name
            for top in tops
            if isinstance(top.node, (ast.Import, ast.ImportFrom))
            for found, _ in imported(top.node)
        ):
            edits.append(import_edit(model, needed, statement.span.start))
    indentation = source.newline + source.indentation(last.start)
    end = source.line_span(source.line_of(last.end)).end
    comma = "," in behind.split("#")[0]
    if comma:
        return [*edits, Edit(end, end, f"{indentation}{line},")]
    return [*edits, Edit(last.end, last.end, f",{indentation}{line}")]
