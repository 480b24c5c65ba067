"""Name resolution: the origin of a name in the module scope and the enclosing functions.

An origin is a dotted text: `os.getenv`, `logging.getLogger().info`, `fastapi.FastAPI().get`. A call
adds `()`, and `getLogger()` of the root logger `(root)`. The origin of an unbound name is the name itself
(a builtin, or the result of a star import); None means that the origin is unknown.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field

from playpen_ls.languages.python.syntax.bindings import Binding, local_bindings, self_bindings
from playpen_ls.languages.python.syntax.known_names import LOGGER_NAME
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

WEB = frozenset(
    "fastapi flask starlette django aiohttp quart sanic litestar tornado bottle falcon pyramid grpc uvicorn gunicorn "
    "connexion robyn blacksheep flask_restful flask_restx rest_framework ninja hypercorn celery".split()
)
CLI = frozenset(
    "argparse click typer rich cmd optparse fire docopt cleo cyclopts questionary prompt_toolkit tqdm".split()
)
JSON_LOGS = frozenset(
    "pythonjsonlogger structlog loguru json_log_formatter ecs_logging json_logging logstash_formatter".split()
)

# What a client, a test or a script uses of these: it makes no service. aiohttp, gRPC and Tornado are clients unless
# their servers are used.
_CLIENT = regex(
    r"(?:aiohttp(?!\.web)|grpc(?!\.(?:aio\.)?server)|tornado(?!\.(?:web|httpserver|websocket)\b)"
    r"|(?:starlette|fastapi)\.testclient|fastapi\.encoders|flask\.(?:json|testing|cli)|django(?:\.utils|$))"
)
SERVING = regex(
    r"\baiohttp\.web\b|\bgrpc\.(?:aio\.)?server\(|\badd_\w+Servicer_to_server\(|\w+Servicer\)\s*:"
    r"|\btornado\.web\b"
)
"""A server of a package that also has a client."""

Link = tuple[ast.AST, "Link | None"]
"""A node and the link of its parent: the path to the root of the tree."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_DEPTH = 10  # of aliases of aliases


@dataclass(frozen=True, slots=True)
class Scope:
    """The module scope, folded over the bindings of all chunks. `names` maps names to their origin, "" if unknown."""

    names: Mapping[str, str] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()


def fold(
    bindings: Iterable[Binding],
    guards_main: bool,
    returns: Iterable[tuple[str, str]] = (),
    serves: bool = False,
    loggers: Iterable[tuple[str, str, str | None]] = (),
) -> Scope:
    """`serves`: a statement starts a server, see `SERVING`.

    `returns` are functions with the dotted expressions that they return; their calls are names such as `get()`.
    `loggers` are attributes of classes, (class, attribute, value); their names are such as `Base.logger`.
    """
    raw: dict[str, str | None] = {}
    for binding in bindings:
        if binding.name not in raw:
            raw[binding.name] = binding.value
        elif raw[binding.name] != binding.value and not binding.fallback:
            raw[binding.name] = None
    for function, result in returns:
        raw[f"{function}()"] = result if raw.get(function, "") is None else None
    names: dict[str, str] = {}
    for name, value in raw.items():
        origin = _followed(value, raw)
        if origin is not None or name in _SHADOWED or (value or "").startswith("="):
            names[name] = origin or ""
    for name, value in _attributes(loggers, raw).items():
        origin = _followed(value, raw)
        if origin is not None:
            names[name] = origin
    return Scope(names, _flags(names, guards_main, serves))


def _attributes(
    loggers: Iterable[tuple[str, str, str | None]], raw: Mapping[str, str | None]
) -> Mapping[str, str | None]:
    """The values of attributes, those of derived classes of the module too; None if they have several."""
    found: dict[str, str | None] = {}
    attributes: set[str] = set()
    for holder, attribute, value in loggers:
        attributes.add(attribute)
        name = f"{holder}.{attribute}"
        found[name] = value if found.get(name, value) == value else None
    if found:
        for name, value in raw.items():
            for attribute in attributes:
                base = value
                for _ in range(_DEPTH):
                    if f"{name}.{attribute}" in found or base is None or not base.endswith(_DERIVED):
                        break
                    base = base.removesuffix(_DERIVED)
                    if f"{base}.{attribute}" in found:
                        found[f"{name}.{attribute}"] = found[f"{base}.{attribute}"]
                    base = raw.get(base)
    return found


_DERIVED = ".<class>"


_SHADOWED = frozenset(("print", "os", "logging", "open", "dict", "logger", "getenv", "environ"))


def _followed(value: str | None, raw: Mapping[str, str | None]) -> str | None:
    """The origin of an assigned expression whose chain of names ends at an import, else None."""
    tail = ""
    for _ in range(_DEPTH):
        if value is None:
            return None
        if value.startswith("="):
            return value[1:] + tail
        root = value.partition(".")[0].partition("(")[0]
        tail = value[len(root) :] + tail
        if tail.startswith("()") and raw.get(f"{root}()"):
            root, tail = f"{root}()", tail[2:]
        if root not in raw:
            return None
        value = raw[root]
    return None


def _flags(names: Mapping[str, str], guards_main: bool, serves: bool) -> frozenset[str]:
    roots = {origin.partition(".")[0] for origin in names.values() if origin}
    served = {origin.partition(".")[0] for origin in names.values() if origin and not _CLIENT.match(origin)}
    flags = {"main"} if guards_main else set()
    for flag, found, modules in (("web", served, WEB), ("cli", roots, CLI), ("json", roots, JSON_LOGS)):
        if found & modules:
            flags.add(flag)
    if serves and roots & WEB:
        flags.add("web")
    return frozenset(flags)


class Names:
    """Resolves expressions of one chunk.

    `lookup(name)` gives the origin of a name of the module scope, "" if it is unknown, None if the module does not bind
    it. `asked` are its answers: what the origins follow from besides the text of the chunk.
    """

    def __init__(self, lookup: Callable[[str], str | None]) -> None:
        self._lookup = lookup
        self.asked: dict[str, str | None] = {}
        self._locals: dict[ast.AST, dict[str, str | None]] = {}
        self._attributes: dict[ast.AST, dict[str, str | None]] = {}

    def module(self, name: str) -> str | None:
        """As `lookup`, which is called once for a name."""
        if name not in self.asked:
            self.asked[name] = self._lookup(name)
        return self.asked[name]

    def origin(self, node: ast.AST, link: Link | None, depth: int = 0) -> str | None:
        """The origin of an expression; `link` is that of its parent."""
        text = dotted(node)
        return None if text is None else self._origin(text, link, depth)

    def _origin(self, text: str, link: Link | None, depth: int) -> str | None:
        root = text.partition(".")[0].partition("(")[0]
        rest = text[len(root) :]
        if root == "self" and rest.startswith("."):
            attribute = rest[1:].partition(".")[0].partition("(")[0]
            known = self._attribute(attribute, link, depth) or self._inherited(attribute, link, depth)
            return known + rest[1 + len(attribute) :] if known else text
        base = self._name(root, link, depth)
        if base == root and rest.startswith("()"):  # a function of the module, not of an enclosing one
            returned = self.module(f"{root}()")
            if returned:
                return returned + rest[2:]
        return None if base is None else base + rest

    def _name(self, name: str, link: Link | None, depth: int) -> str | None:
        if depth > _DEPTH:
            return None
        inner: ast.AST | None = None
        in_function = False
        while link is not None:
            node, above = link
            # Defaults and decorators are evaluated in the scope outside their definition.
            if inner is None or isinstance(inner, ast.stmt) or (isinstance(node, ast.Lambda) and inner is node.body):
                if isinstance(node, _FUNCTIONS) or (isinstance(node, ast.ClassDef) and not in_function):
                    table = self.bound_in(node)
                    if name in table:
                        value = table[name]
                        if isinstance(value, str):
                            return value[1:] if value.startswith("=") else self._origin(value, link, depth + 1)
                        return None
                in_function = in_function or isinstance(node, _FUNCTIONS)
            inner, link = node, above
        found = self.module(name)
        return name if found is None else found or None

    def bound_in(self, node: ast.AST) -> dict[str, str | None]:
        """The names in the own scope of a function or class."""
        table = self._locals.get(node)
        if table is None:
            table = self._locals[node] = local_bindings(node)
        return table

    def _attribute(self, name: str, link: Link | None, depth: int) -> str | None:
        while link is not None and not isinstance(link[0], ast.ClassDef):
            link = link[1]
        if link is None:
            return None
        known = self._attributes.get(link[0])
        if known is None:
            known = {}
            for binding in self_bindings(link[0].body):  # type: ignore[attr-defined]
                same = known.setdefault(binding.name[5:], binding.value) == binding.value
                if not same:
                    known[binding.name[5:]] = None
            self._attributes[link[0]] = known
        value = known.get(name)
        if value is not None and value != f"self.{name}":
            return self._origin(value, link, depth + 1) if depth < _DEPTH else None
        return self.module(f"self.{name}") or None

    def _inherited(self, name: str, link: Link | None, depth: int) -> str | None:
        """The origin of an attribute that the first base of the class can have; None for what is none of it."""
        while link is not None and not isinstance(link[0], ast.ClassDef):
            link = link[1]
        if link is None or depth >= _DEPTH or not LOGGER_NAME.search(name):
            return None
        bases = link[0].bases  # type: ignore[attr-defined]
        base = dotted(bases[0]) if bases else None
        if base is None:
            return None
        known = self.module(f"{base}.{name}") if "." not in base else None
        if known:
            return known
        origin = self._origin(base, link[1], depth + 1)
        return f"{origin}{_DERIVED}.{name}" if origin is not None and "." in origin else None
