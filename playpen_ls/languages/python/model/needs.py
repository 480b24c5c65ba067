"""Facts on the runtime environment of code: variables that must be set, ports that it listens on."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from playpen_ls.api.fact_types import EnvironmentKnown, EnvironmentRead, Listens
from playpen_ls.api.finding import Place
from playpen_ls.languages.python.model.parts import Site
from playpen_ls.languages.python.model.scope import Link
from playpen_ls.languages.python.syntax.known_names import (
    ADDRESS_FIRST,
    LOADERS,
    OWN_PORTS,
    PORT_FIRST,
    RUNNING,
    SETTINGS,
)
from playpen_ls.languages.python.syntax.mentions import CALL, Origins, any_is_called
from playpen_ls.languages.python.syntax.nodes import dotted, is_main_guard
from playpen_ls.text.regex import regex
from playpen_ls.text.words import Words

Need = EnvironmentRead | EnvironmentKnown | Listens

ASKING = (ast.Call, ast.Subscript, ast.Compare, ast.ClassDef)
# pydantic can read a field of another type from several variables with other names.
_SIMPLE = frozenset("str int float bool SecretStr Path EmailStr".split())
_SIMPLE_ENDS = ("Dsn", "Url")


_ORIGINS = Origins(*OWN_PORTS)
_WORDS = frozenset(("environ", "BaseSettings", *LOADERS))
_CALLS = PORT_FIRST | ADDRESS_FIRST
_PORT_NAMES = frozenset(("port", "PORT"))
# A port argument after the host: a number, or a call that returns one.
_RUN = regex(rf"\.[\s\\]*run{CALL}[^\0]{{,200}}?,\s*(?:[\"']?\d|[\w.]+{CALL})")


def possible_in(words: Words) -> bool:
    """Whether a text with these words can have such facts."""
    if words.has_any(_WORDS) or any_is_called(words, _CALLS):
        return True
    if words.has_any(_PORT_NAMES) and any_is_called(words, RUNNING):
        return True
    return ("run" in words.all and _RUN.search(words.text) is not None) or _ORIGINS.possible_in(words)


def known_as(name: str, origin: str) -> bool:
    """Whether a text that mentions this name of the module scope can have such facts, whatever its words."""
    return origin in SETTINGS or _ORIGINS.known_as(origin)


def needs(site: Site, node: ast.AST, link: Link | None) -> Iterator[Need]:
    """The facts of a node, with ranges relative to the chunk."""
    if isinstance(node, ast.Call):
        yield from _call(site, node, link)
    elif isinstance(node, ast.Subscript):
        if not isinstance(node.ctx, ast.Load) and _is_environ(node.value):
            name = _text(node.slice)
            yield EnvironmentKnown(Place("", site.span(node)), name or "*")
    elif isinstance(node, ast.Compare):
        if isinstance(node.ops[0], (ast.In, ast.NotIn)) and _is_environ(node.comparators[0]):
            name = _text(node.left)
            yield EnvironmentKnown(Place("", site.span(node)), name or "*")
    elif isinstance(node, ast.ClassDef):
        yield from _settings(site, node, link)


def is_certain(link: Link | None) -> bool:
    """Whether the node runs unconditionally and outside a `try` or `suppress` that would catch a missing variable."""
    inner: ast.AST | None = None
    while link is not None:
        node, link = link
        if isinstance(node, (ast.If, ast.IfExp, ast.While, ast.BoolOp)) and not is_main_guard(node):
            return False
        if isinstance(node, ast.Try) and inner in node.body and node.handlers:
            return False
        if isinstance(node, ast.With) and any("suppress" in (dotted(one.context_expr) or "") for one in node.items):
            return False
        inner = node
    return True


def _call(site: Site, call: ast.Call, link: Link | None) -> Iterator[Need]:
    last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    place = Place("", site.span(call))
    if last in LOADERS or (last == "update" and isinstance(call.func, ast.Attribute) and _is_environ(call.func.value)):
        yield EnvironmentKnown(place, "*")
    elif last == "setdefault" and isinstance(call.func, ast.Attribute) and _is_environ(call.func.value) and call.args:
        yield EnvironmentKnown(place, _text(call.args[0]) or "*")
    elif last in RUNNING:
        origin = site.names.origin(call.func, link) or ""
        given = next((one.value for one in call.keywords if one.arg == "port"), None)
        if given is None and origin.endswith("().run") and len(call.args) > 1:
            after_host = call.args[1]
            given = after_host if origin in OWN_PORTS or _tells_port(after_host) else None
        unknown = any(one.arg is None for one in call.keywords)
        port = _number(given) if given is not None else 0 if unknown else OWN_PORTS.get(origin, 0)
        if port or given is not None:
            yield Listens(place, port, _variable(given))
    elif last in PORT_FIRST and (call.args or call.keywords):
        given = next((one.value for one in call.keywords if one.arg == "port"), call.args[0] if call.args else None)
        yield Listens(place, _number(given) if given is not None else 0, beside=True)
    elif last in ADDRESS_FIRST and call.args:
        port_text = _text(call.args[0]).rpartition(":")[2]
        yield Listens(place, int(port_text) if port_text.isdigit() else 0, beside=True)


def _number(node: ast.expr) -> int:
    """A literal port, or the default of a variable: `int(os.getenv("PORT", "8000"))`; 0 if unknown."""
    if isinstance(node, ast.Constant):
        value = node.value
        return value if type(value) is int else int(value) if isinstance(value, str) and value.isdecimal() else 0
    if isinstance(node, ast.Call) and node.args:
        return _number(node.args[-1])
    return 0


def _tells_port(node: ast.expr) -> bool:
    """Whether an argument is a port whatever is called: many other objects have a method `run`."""
    name = (dotted(node) or "").rpartition(".")[2]
    return bool(_number(node) or _variable(node)) or name in _PORT_NAMES


def _variable(node: ast.expr | None) -> str:
    """The variable of a port: `int(os.getenv("PORT", "8000"))`, `int(os.environ["PORT"])`; "" if there is none."""
    while isinstance(node, ast.Call) and node.args:
        name = _text(node.args[0])
        if name:
            return name
        node = node.args[-1]
    if isinstance(node, ast.Subscript) and _is_environ(node.value):
        return _text(node.slice)
    return ""


def _settings(site: Site, node: ast.ClassDef, link: Link | None) -> Iterator[Need]:
    """The variables that the fields of a pydantic settings class read."""
    if not any((site.names.origin(base, link) or "").rpartition("()")[2] in SETTINGS for base in node.bases):
        return
    prefix, from_file = _configuration(node)
    for statement in node.body:
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        name, required = prefix + statement.target.id, statement.value is None
        if isinstance(statement.value, ast.Call) and (dotted(statement.value.func) or "").endswith("Field"):
            alias, required = _field(statement.value)
            if alias is None:
                continue
            name = alias or name
        simple = _is_simple(statement.annotation)
        if statement.target.id != "model_config" and (simple or not required):
            place = Place("", site.span(statement.target))
            yield EnvironmentRead(place, name.upper(), None if required else "", required and not from_file)


def _configuration(node: ast.ClassDef) -> tuple[str, bool]:
    """(prefix of its variables, whether another source than the environment can set them)."""
    found: dict[str, ast.expr] = {}
    for statement in node.body:
        if isinstance(statement, ast.ClassDef) and statement.name == "Config":
            for one in statement.body:
                if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
                    found[one.targets[0].id] = one.value
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and isinstance(statement.value, (ast.Call, ast.Dict)):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            if isinstance(target, ast.Name) and target.id == "model_config":
                found |= _entries(statement.value)
    prefix = found.get("env_prefix")
    known = prefix is None or isinstance(prefix, ast.Constant)
    from_file = any(name in found for name in ("env_file", "secrets_dir", "toml_file", "yaml_file", "json_file"))
    customised = any(getattr(one, "name", "").endswith("customise_sources") for one in node.body)
    return (_text(prefix) if prefix is not None else ""), from_file or customised or not known


def _entries(value: ast.Call | ast.Dict) -> dict[str, ast.expr]:
    if isinstance(value, ast.Call):
        return {one.arg: one.value for one in value.keywords if one.arg}
    return {_text(key): one for key, one in zip(value.keys, value.values, strict=True) if key is not None}


def _field(call: ast.Call) -> tuple[str | None, bool]:
    """(explicit variable or "", whether it is required); the variable is None if it is computed."""
    keywords = {one.arg: one.value for one in call.keywords}
    default = call.args[0] if call.args else keywords.get("default")
    required = default is None or (isinstance(default, ast.Constant) and default.value is ...)
    required = required and "default_factory" not in keywords
    for name in ("validation_alias", "alias", "env"):
        if name in keywords:
            return _text(keywords[name]) or None, required
    return "", required


def _is_simple(annotation: ast.expr) -> bool:
    last = (dotted(annotation) or "").rpartition(".")[2]
    return last in _SIMPLE or last.endswith(_SIMPLE_ENDS)


def _is_environ(node: ast.AST) -> bool:
    return dotted(node) in ("os.environ", "environ")


def _text(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
