"""What code that matters is called: the names by which rules and facts know calls, classes and attributes.

They stand here and nowhere else, since `idle` makes of them the words by which it knows text that nothing comes from.
Origins are as in `scope`.
"""

from __future__ import annotations

import re

PRINT = "print"
PRETTY = "pprint"
METHODS = frozenset(("debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log"))
"""Of loggers."""
CONFIGURING = "basicConfig"
GETTING = "getLogger"
NOT_NAMES = frozenset(("__file__", "__cached__"))
"""Paths, where a logger's name is wanted."""
ENGINES = frozenset(("create_engine", "create_async_engine"))
FLASK_DATABASE = "flask_sqlalchemy.SQLAlchemy"
FLASK_OPTIONS = "SQLALCHEMY_ENGINE_OPTIONS"
DJANGO_DATABASES = "DATABASES"
SCHEMA = frozenset(("create_all", "drop_all"))

LOGGERS = (
    "logging.getLogger()", "logging.Logger()", "logging.LoggerAdapter()", "celery.utils.log.get_task_logger()",
    "flask.Flask().logger.", "flask.current_app.logger.", "multiprocessing.get_logger()", "logging.Logger.<class>",
)  # fmt: skip
"""How the origins of the standard library's loggers begin."""
LOGGER_NAME = re.compile(r"(?:^|_)(?:log|logger|logging)$", re.IGNORECASE)
"""What bears such a name is a logger, though it is not known where it comes from."""
ROOT_LOGGERS = ("logging", "logging.root", "logging.getLogger(root)")
OTHER_LOGGERS = {"structlog": "structlog.", "loguru": "loguru.logger"}

READERS = frozenset(("os.getenv", "os.environ.get", "os.environ.setdefault", "os.environ.pop", "decouple.config"))
"""Of the environment. Without the variable they give None, or look into a `.env` file."""
READING_OBJECTS = ("environs.Env()", "environs.env", "environ.Env()", "environ.FileAwareEnv()")
TYPES = frozenset(
    "str int bool float decimal list tuple dict set json url db cache path date datetime timedelta uuid enum".split()
)
"""Methods of those objects, which read a variable too."""
LOADERS = frozenset(("load_dotenv", "read_env", "dotenv_values", "read_envfile"))
SETTINGS = frozenset(("BaseSettings", "pydantic_settings.BaseSettings", "pydantic.BaseSettings"))

OWN_PORTS = {
    "uvicorn.run": 8000, "flask.Flask().run": 5000, "aiohttp.web.run_app": 8080, "waitress.serve": 8080,
    "sanic.Sanic().run": 8000, "hypercorn.run": 8000,
}  # fmt: skip
"""What they listen on where the call does not say."""
PORT_FIRST = frozenset(("start_http_server", "start_wsgi_server", "listen"))
ADDRESS_FIRST = frozenset(("add_insecure_port", "add_secure_port"))
RUNNING = frozenset(("run", "run_app", "serve", "make_server", "run_simple", "TCPSite"))
"""They take a `port`."""

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
"""The keyword that gives the paths of each a prefix."""
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
"""Methods that add a route, and which argument its path is."""
INCLUDING = frozenset(("include_router", "register_blueprint", "mount", "add_routes", "blueprint"))
TELLING = frozenset(("register", "register_routes", "setup_routes", "include_routes", "configure", "setup"))
"""Functions of the program that are given an application, to add routes to it."""
URLS = "urlpatterns"
