"""The names of the calls, classes and attributes that rules and facts recognize.

What a text must contain for a part or a fact is made of them. Origins are as in `scope`.
"""

from __future__ import annotations

import re

from playpen_ls.text.regex import regex

PRINT = "print"
PRETTY = "pprint"
METHODS = frozenset(("debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log"))
"""Logging methods of loggers."""
CONFIGURING = "basicConfig"
GETTING = "getLogger"
LEVELING = "setLevel"
NOT_NAMES = frozenset(("__file__", "__cached__"))
"""File paths, which are wrong as logger names."""
ENGINES = frozenset(("create_engine", "create_async_engine"))
FLASK_DATABASE = "flask_sqlalchemy.SQLAlchemy"
FLASK_OPTIONS = "SQLALCHEMY_ENGINE_OPTIONS"
DJANGO_DATABASES = "DATABASES"
SCHEMA = frozenset(("create_all", "drop_all"))

LOGGERS = (
    "logging.getLogger()", "logging.Logger()", "logging.LoggerAdapter()", "celery.utils.log.get_task_logger()",
    "flask.Flask().logger.", "flask.current_app.logger.", "multiprocessing.get_logger()", "logging.Logger.<class>",
)  # fmt: skip
"""Prefixes of the origins of standard library loggers."""
LOGGER_NAME = regex(r"(?:^|_)(?:log|logger|logging)$", re.IGNORECASE)
"""Names that are treated as loggers if their origin is unknown."""
ROOT_LOGGERS = ("logging", "logging.root", "logging.getLogger(root)")
OTHER_LOGGERS = {"structlog": "structlog.", "loguru": "loguru.logger"}
FOREIGN_LOGGERS = (
    "twisted.logger.", "twisted.python.log.", "logbook.", "eliot.", "pulumi.", "robot.api.logger", "robocorp.log.",
    "nonebot.",
)  # fmt: skip
"""Loggers with the methods of logging's whose arguments are no `%s` arguments: no fix knows their form."""

READERS = frozenset(("os.getenv", "os.environ.get", "os.environ.setdefault", "os.environ.pop", "decouple.config"))
"""Functions that read the environment. If the variable is not set they return None or read a `.env` file."""
READING_OBJECTS = ("environs.Env()", "environs.env", "environ.Env()", "environ.FileAwareEnv()")
TYPES = frozenset(
    "str int bool float decimal list tuple dict set json url db cache path date datetime timedelta uuid enum".split()
)
"""Methods of those objects that read a variable."""
LOADERS = frozenset(("load_dotenv", "read_env", "dotenv_values", "read_envfile"))
SETTINGS = frozenset(("BaseSettings", "pydantic_settings.BaseSettings", "pydantic.BaseSettings"))

OWN_PORTS = {
    "uvicorn.run": 8000, "flask.Flask().run": 5000, "aiohttp.web.run_app": 8080, "waitress.serve": 8080,
    "sanic.Sanic().run": 8000, "hypercorn.run": 8000,
}  # fmt: skip
"""Default ports of calls that start a server."""
PORT_FIRST = frozenset(("start_http_server", "start_wsgi_server", "listen"))
ADDRESS_FIRST = frozenset(("add_insecure_port", "add_secure_port"))
RUNNING = frozenset(("run", "run_app", "serve", "make_server", "run_simple", "TCPSite"))
"""Calls with a `port` argument."""

APPLICATIONS = {
    "fastapi.FastAPI": "fastapi", "fastapi.applications.FastAPI": "fastapi",
    "flask.Flask": "flask", "flask.app.Flask": "flask", "quart.Quart": "quart",
    "starlette.applications.Starlette": "starlette", "aiohttp.web.Application": "aiohttp",
    "sanic.Sanic": "sanic", "litestar.Litestar": "litestar",
}  # fmt: skip
ROUTERS = {
    "fastapi.APIRouter": "prefix", "fastapi.routing.APIRouter": "prefix", "flask.Blueprint": "url_prefix",
    "quart.Blueprint": "url_prefix", "sanic.Blueprint": "url_prefix", "aiohttp.web.RouteTableDef": "",
}  # fmt: skip
"""The keyword argument that sets the path prefix of each router."""
ROUTES = frozenset((
    "starlette.routing.Route", "starlette.routing.Mount", "fastapi.routing.APIRoute", "starlette.routing.Router",
    "aiohttp.web.get", "aiohttp.web.post", "aiohttp.web.view", "aiohttp.web.route",
    "django.urls.path", "django.urls.re_path", "django.conf.urls.url", "django.urls.conf.path",
    "litestar.get", "litestar.route",
))  # fmt: skip
VERBS = frozenset(("get", "post", "put", "delete", "patch", "head", "options"))
DECORATORS = VERBS | {"route", "api_route", "websocket", "view"}
ADDING = {
    "add_api_route": 0, "add_url_rule": 0, "add_route": 0, "add_get": 0, "add_post": 0, "add_view": 0,
    "add_resource": 1, "add_api_websocket_route": 0,
}  # fmt: skip
"""Methods that add a route, and the index of the path among their arguments."""
INCLUDING = frozenset(("include_router", "register_blueprint", "mount", "add_routes", "blueprint"))
TELLING = frozenset(("register", "register_routes", "setup_routes", "include_routes", "configure", "setup"))
"""Names of project functions that get an application and add routes to it."""
URLS = "urlpatterns"
