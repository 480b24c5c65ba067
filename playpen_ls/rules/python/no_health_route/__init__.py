from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ComputedRoute, MountedApplication, Probed, Route, RouterIncluded, WebApplication
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Change, Finding, Fix, Place, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.imports import model_of
from playpen_ls.languages.python.model.file_kind import is_script
from playpen_ls.languages.python.model.local_facts import web_facts
from playpen_ls.languages.python.model.queries import origins, texts
from playpen_ls.languages.python.model.web import Web
from playpen_ls.languages.python.model.web import possible_in as web_possible_in
from playpen_ls.languages.python.parts import PythonModule
from playpen_ls.rules.python._services import service_of
from playpen_ls.rules.python.no_health_route.endpoint import endpoint, is_health
from playpen_ls.text.regex import regex

# App Engine's `app.yaml`; its services have no Kubernetes probes.
_RUNTIME = regex(r"^runtime:", re.MULTILINE)
FAST = "from fastapi import FastAPI\n\napp = FastAPI()\n"
ROUTER = "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n"
ENDPOINT = '@app.get("/health")\nasync def health() -> dict[str, str]:\n    return {"status": "healthy"}\n'
ITEMS = '\n\n@app.get("/items")\nasync def items():\n    return []\n'


@rule(
    severity=Severity.WARNING,
    practice="Health checks",
    reports_absence=True,
    mentions=web_possible_in,
    bad=[
        example(FAST.replace("FastAPI()", "«FastAPI()»"), fixed=FAST + "\n\n" + ENDPOINT),
        example(FAST.replace("FastAPI()", "«FastAPI()»") + ITEMS, fixed=FAST + ITEMS + "\n\n" + ENDPOINT),
        example(
            FAST.replace("FastAPI()", "«FastAPI()»") + '\nhealth = 1\n# @app.get("/health")\n',
            fixed=FAST
            + "\n\n"
            + ENDPOINT.replace("def health", "def health_check")
            + '\n\nhealth = 1\n# @app.get("/health")\n',
        ),
        example(
            "from flask import Flask\n\n\ndef create_app():\n    app = «Flask(__name__)»\n\n    "
            '@app.route("/")\n    def index():\n'
            "        return 'hi'\n\n    return app\n",
            fixed="from flask import Flask\n\n\ndef create_app():\n    app = Flask(__name__)\n\n    "
            '@app.route("/")\n    def index():\n'
            "        return 'hi'\n\n    @app.route(\"/health\")\n    def health() -> dict[str, str]:\n"
            '        return {"status": "healthy"}\n\n    return app\n',
        ),
        example(
            "from starlette.applications import Starlette\n\napp = «Starlette()»\n",
            fixed="from starlette.applications import Starlette\nfrom starlette.responses import "
            "JSONResponse\n\napp = Starlette()\n\n\n"
            'async def health(request):\n    return JSONResponse({"status": "healthy"})\n\n\n'
            'app.add_route("/health", health)\n',
        ),
        example(
            "from starlette.applications import Starlette\nfrom starlette.routing import Route\n\napp = «Starlette(\n"
            "    debug=True,\n    routes=[\n        Route('/', home),  # first\n    ],\n)»\n",
            fixed="from starlette.applications import Starlette\nfrom starlette.responses import JSONResponse\n"
            "from starlette.routing import Route\n\n\n"
            'async def health(request):\n    return JSONResponse({"status": "healthy"})\n\n\napp = Starlette(\n'
            "    debug=True,\n    routes=[\n        Route('/', home),  # first\n"
            '        Route("/health", health),\n    ],\n)\n',
        ),
        example(
            "from aiohttp import web\n\napp = «web.Application()»\n",
            fixed="from aiohttp import web\n\napp = web.Application()\n\n\n"
            'async def health(request):\n    return web.json_response({"status": "healthy"})\n\n\n'
            'app.router.add_get("/health", health)\n',
        ),
        example(
            {
                "shop/urls.py": 'from django.urls import path\n\n«urlpatterns» = [\n    path("a/", a),\n]\n',
                "shop/settings.py": "",
            },
            fixed="from django.http import JsonResponse\nfrom django.urls import path\n\nurlpatterns = [\n"
            '    path("a/", a),\n    path("health/", lambda request: JsonResponse({"status": "healthy"})),\n]\n',
        ),
        FAST.replace("FastAPI()", "«FastAPI()»") + "\nhealth = health_check = 1\n",
        example(
            "from flask import Flask\n\n\ndef create_app():\n    health = 1\n    app = «Flask(__name__)»\n"
            "    return app\n",
            fixed="from flask import Flask\n\n\ndef create_app():\n    health = 1\n    app = Flask(__name__)\n\n"
            '    @app.get("/health")\n    def health_check() -> dict[str, str]:\n'
            '        return {"status": "healthy"}\n\n    return app\n',
        ),
        "from sanic import Sanic\n\napp = «Sanic('x')»\n",
        {
            "api/app.py": "from sanic import Sanic\n\napp = «Sanic('x')»\n",
            "api/Dockerfile": "FROM x\n",
            "other/app.py": FAST + "\n\n" + ENDPOINT,
        },
        {
            "app.py": "from sanic import Sanic\n\napp = «Sanic('x')»\n",
            "Dockerfile": "FROM x\n",
            "reports/app.py": FAST + "\n\n" + ENDPOINT,
            "reports/Dockerfile": "FROM x\n",
        },
    ],
    good=[
        FAST + "\n\n" + ENDPOINT,
        {"shop/models.py": FAST, "shop/main.py": FAST + ITEMS},
        FAST + '\n\n@app.get("/health/live")\ndef live():\n    pass\n',
        FAST + '\n\nPATH = "/healthz"\n\n\n@app.get(PATH)\ndef live():\n    pass\n',
        FAST + "\n\n@app.get(settings.path)\ndef live():\n    pass\n",
        FAST + 'app.add_api_route("/health", h)\n',
        FAST + '\n\n@app.get("/api/system/heartbeat/")\ndef heartbeat():\n    pass\n',
        FAST + '\n\n@app.get("/status")\ndef status():\n    return {}\n',
        "from ray import serve\n" + FAST + "\n\n@serve.deployment\n@serve.ingress(app)\nclass Model:\n    pass\n",
        "from aiohttp import web\n\nroutes = web.RouteTableDef()\n\n\n@routes.get('/health')\nasync def h(r):\n"
        "    pass\n\n\n"
        "app = web.Application()\napp.add_routes(routes)\n",
        "from flask import Flask, Blueprint\n\nbp = Blueprint('ops', __name__, url_prefix='/ops')\n\n\n"
        "@bp.get('/healthz')\n"
        "def h():\n    pass\n\n\napp = Flask(__name__)\napp.register_blueprint(bp)\n",
        {
            "app/main.py": "from app import utils\n" + FAST + 'app.include_router(utils.router, prefix="/v1")\n',
            "app/utils.py": ROUTER + "@router.get('/health-check/')\ndef h():\n    pass\n",
        },
        {
            "app.py": "import status\n" + FAST + 'app.include_router(status.router, prefix="/status")\n',
            "status.py": ROUTER + '@router.get("")\ndef up():\n    pass\n',
        },
        FAST + 'router = APIRouter()\n\n\n@router.get("")\ndef up():\n    pass\n\n\n'
        'app.include_router(router, prefix="/healthz")\n',
        FAST + "from healthlib import router\n\napp.include_router(router)\n",
        "from routing import register_routes\n" + FAST + "register_routes(app)\n",
        FAST + "from other import sub\n\nmain.mount('/sub', app)\n",
        'from fastapi import FastAPI\n\nif __name__ == "__main__":\n    app = FastAPI()\n',
        {"tests/app.py": FAST},
        {
            "app.py": FAST + '\n\n@app.get("/")\ndef index():\n    return {}\n',
            "Dockerfile": "FROM x\nHEALTHCHECK CMD curl --fail http://localhost:8000/ || exit 1\n",
        },
        {
            "app.py": "from api import router\n" + FAST + "app.include_router(router)\n",
            "api.py": ROUTER + "@router.get('/up')\ndef up():\n    pass\n",
            "k8s.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n"
            "    - {name: x, image: x, livenessProbe: {httpGet: {path: /up, port: 80}}}\n",
        },
        {"docs_src/app.py": FAST},
        {"app.py": FAST, "app.yaml": "runtime: python312\n"},
        {"shop/urls.py": 'from django.urls import path\n\nurlpatterns = [\n    path("a/", a),\n]\n'},
        {
            "lib/urls.py": 'from django.urls import path\n\napp_name = "lib"\nurlpatterns = [\n    path("a/", a),\n]\n',
            "lib/settings.py": "",
        },
        {
            "shop/urls.py": 'from django.urls import path\n\nurlpatterns = [\n    path("a/", a),\n]\n',
            "shop/settings.py": 'MIDDLEWARE = ["shop.middleware.HealthCheck"]\n',
        },
        {
            "shop/urls.py": 'from django.urls import re_path\n\nurlpatterns = [re_path(r"^healthz$", a)]\n',
            "shop/settings.py": "",
        },
    ],
)
def no_health_route(
    module: PythonModule,
    routes: Facts[Route],
    computed: Facts[ComputedRoute],
    included: Facts[RouterIncluded],
    mounted: Facts[MountedApplication],
    applications: Facts[WebApplication],
    probed: Facts[Probed],
    files: Files,
    platform: Platform,
) -> Iterator[Finding]:
    """Application has no health endpoint.

    An `httpGet` probe needs an endpoint that answers as long as the application works. All routes of the service
    are searched: those below the nearest parent folder with a `Dockerfile`, `requirements.txt`, `pyproject.toml` or
    the like. A route that a probe or `HEALTHCHECK` requests counts whatever its path. Not reported where routes are
    computed or come from other packages, for applications that another one mounts, for one without a route beside
    another of the service, and on App Engine.
    """
    if is_script(module.path):
        return
    found = module.file.ask(web_facts)
    web = [fact for _, fact in found]
    apps = [(chunk, fact) for chunk, fact in found if _is_application(fact, module, files)]
    # The prefix of an inclusion is a part of the path of each route in the router.
    served = (fact.path for fact in web if fact.kind in ("route", "include"))
    if not apps or _knows_health(module) or any(_serves(path, platform) for path in served):
        return
    if any(fact.kind == "route" and fact.path is None for fact in web) or not _all_known(module, web, files):
        return
    service = service_of(module.path, files)
    if _RUNTIME.search(files.text(posixpath.join(service, "app.yaml")) or ""):
        return

    others = (one for one in applications.below(service) if not _is_anothers(one.place.path, service, files))
    if all(fact.kind == "app" for fact in web) and any(others):
        return

    # A path that a probe requests is a health check, whatever its name.
    own = {fact.path for fact in web if fact.kind == "route" and fact.path is not None}
    if any(probed.having(_asked, path.rstrip("/")) for path in own) or computed.below(service):
        return
    for route in routes.below(service):
        known = _serves(route.path, platform) or probed.having(_asked, route.path.rstrip("/"))
        if known and not _is_anothers(route.place.path, service, files):
            return
    if any(_serves(one.prefix, platform) for one in included.below(service)):
        return
    taken = {mount.name for mount in mounted.below(service)}
    taken |= {fact.framework.rpartition(".")[2] for fact in web if fact.kind == "mount"}
    for chunk, app in apps:
        if app.owner.rpartition(".")[2] not in taken or not app.owner:
            fix = _fix(module, chunk, app, platform)
            yield Finding(app.place.span, f"{_named(app)} has no health endpoint", (fix,), chunk=chunk)


def _is_application(web: Web, module: PythonModule, files: Files) -> bool:
    return web.kind == "app" or (web.kind == "urlpatterns" and _is_root(module, files))


def _named(app: Web) -> str:
    if app.kind == "urlpatterns":
        return "`urlpatterns`"
    return f"application `{app.owner}`" if app.owner else "application"


def _asked(probed: Probed) -> tuple[str]:
    return (probed.path.rstrip("/"),)


def _serves(path: str | None, platform: Platform) -> bool:
    return path is not None and (is_health(path) or path.rstrip("/").endswith(platform.liveness.path))


def _fix(module: PythonModule, chunk: int, app: Web, platform: Platform) -> Fix:
    path = platform.liveness.path

    def change() -> Change:
        model = model_of(module)
        span = app.place.span.shifted(model.chunks[chunk].begins)
        return Change({module.path: tuple(endpoint(model, replace(app, place=Place("", span)), path))})

    return Fix(f"Add health endpoint `{path}`", change)


def _is_root(module: PythonModule, files: Files) -> bool:
    """The `urls.py` of a Django project, not of one of its applications."""
    folder = posixpath.dirname(module.path)
    beside = ("settings.py", "wsgi.py", "asgi.py", "settings")
    if not module.path.endswith("urls.py") or any(name == "app_name" for name, _ in module.file.ask(texts)):
        return False  # a namespaced URLconf is included by another one
    return any(files.exists(posixpath.join(folder, name)) for name in beside) and not _answers_before(folder, files)


def _answers_before(folder: str, files: Files) -> bool:
    """Whether settings or entry points mention health: a middleware or wrapper can answer before any route."""
    entries = ("settings.py", "asgi.py", "wsgi.py", *(f"{name}/__init__.py" for name in ("settings", "asgi", "wsgi")))
    texts = (files.text(posixpath.join(folder, name)) for name in entries)
    return any(text is not None and "health" in text.lower() for text in texts)


def _knows_health(module: PythonModule) -> bool:
    """Whether a health check library is imported, or Ray Serve, whose proxy serves `/-/healthz`."""
    known = module.file.ask(origins)
    return any("health" in origin.lower() or origin.startswith("ray.serve") for origin in known)


def _all_known(module: PythonModule, facts: Sequence[Web], files: Files) -> bool:
    """Whether all included and mounted routers are from this project, so that their routes are known."""
    own = {web.owner for web in facts if web.kind in ("router", "app")}
    for web in facts:
        harmless = not web.target or "StaticFiles" in web.target or "prometheus" in web.target
        if web.kind not in ("include", "mount") or harmless:
            continue
        root = web.target.partition(".")[0].partition("(")[0]
        if web.target == "?" or not (
            web.framework in own or web.target.startswith(".") or _is_module(module.path, files, root)
        ):
            return False
    return True


def _is_module(path: str, files: Files, root: str) -> bool:
    folder = posixpath.dirname(path)
    while True:
        if files.exists(posixpath.join(folder, root)) or files.exists(posixpath.join(folder, root + ".py")):
            return True
        if not folder or folder == "/":
            return False
        folder = posixpath.dirname(folder)


def _is_anothers(path: str, service: str, files: Files) -> bool:
    """Whether a file belongs to another image: a folder between it and the service has its own Dockerfile."""
    folder = posixpath.dirname(path)
    while folder and folder != service:
        if files.exists(posixpath.join(folder, "Dockerfile")):
            return True
        folder = posixpath.dirname(folder)
    return False
