"""Which calls mean something to rules: printing, logging, SQLAlchemy's engines."""

from __future__ import annotations

import ast
import re

from playpen_ls.languages.python.parts import Called, EngineCall, LogCall, LogConfiguration, PrintCall, Site
from playpen_ls.languages.python.scope import Link

METHODS = frozenset(("debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log"))
_ENGINES = frozenset(("create_engine", "create_async_engine"))
ATTRIBUTES = (
    METHODS
    | _ENGINES
    | frozenset(
        ("basicConfig", "getenv", "get", "setdefault", "FastAPI", "Flask", "Starlette", "Quart", "Application", "Sanic")
    )
    | frozenset(
        ("APIRouter", "Blueprint", "RouteTableDef", "include_router", "register_blueprint", "mount", "add_routes")
    )
    | frozenset(
        ("add_api_route", "add_url_rule", "add_route", "add_resource", "add_get", "add_post", "add_view", "Route")
    )
    | frozenset(("Mount", "Litestar", "str", "path", "re_path", "add_api_websocket_route"))
    | frozenset(("int", "bool", "float", "decimal", "list", "dict", "json", "url", "db", "Env"))  # of environs
    | frozenset(("register", "register_routes", "setup_routes", "include_routes", "configure", "setup"))
)
NAMES = frozenset(("print", "getenv", "env", "config", "basicConfig")) | _ENGINES
_LOGGER_NAME = re.compile(r"(?:^|_)(?:log|logger|logging)$", re.IGNORECASE)
_STANDARD = (
    "logging.getLogger()", "logging.Logger()", "logging.LoggerAdapter()", "celery.utils.log.get_task_logger()",
    "flask.Flask().logger.", "flask.current_app.logger.", "multiprocessing.get_logger()", "logging.Logger.<class>",
)  # fmt: skip
_OF_THE_ROOT = ("logging", "logging.root", "logging.getLogger(root)")


def called(site: Site, node: ast.Call, link: Link | None) -> Called | None:
    """The part that a call is, if it is one."""
    function = node.func
    last = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if isinstance(function, ast.Attribute) and last not in METHODS and last not in _ENGINES and last != "basicConfig":
        return None
    origin = site.names.origin(function, link)
    if isinstance(function, ast.Attribute) and last in METHODS:
        kind = _logger_kind(function, origin)
        return LogCall(site, node, link, origin or "", kind, last) if kind else None
    if origin is None:
        return None
    package, _, name = origin.rpartition(".")
    if origin == "print":
        return PrintCall(site, node, link, origin)
    if package == "logging" and name in METHODS:
        return LogCall(site, node, link, origin, "root", name)
    if origin == "logging.basicConfig":
        return LogConfiguration(site, node, link, origin)
    if name in _ENGINES and origin.startswith(("sqlalchemy.", "sqlmodel.")):
        return EngineCall(site, node, link, origin)
    return None


def _logger_kind(function: ast.Attribute, origin: str | None) -> str:
    if origin is not None:
        if origin.rpartition(".")[0] in _OF_THE_ROOT:
            return "root"
        if origin.startswith(_STANDARD):
            return "standard"
        if origin.startswith("structlog."):
            return "structlog"
        if origin.startswith("loguru.logger"):
            return "loguru"
    receiver = function.value
    name = receiver.attr if isinstance(receiver, ast.Attribute) else getattr(receiver, "id", "")
    return "named" if _LOGGER_NAME.search(name) else ""
