"""What each kind of file tells the others, fact by fact."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from playpen_ls.api.fact_types import (
    Autoscaler,
    Backup,
    ComputedRoute,
    ConfigMapKeys,
    Created,
    DatabaseVolume,
    EnvironmentKnown,
    EnvironmentRead,
    Exposed,
    ImageBuilt,
    ImagePushed,
    ImageUse,
    Kustomized,
    LimitRange,
    Listens,
    Overlay,
    Pods,
    Probed,
    Recipe,
    Relabelled,
    Route,
    Router,
    RouterIncluded,
    SecretKeys,
    ServiceAccount,
    ServiceSelector,
    TagComputed,
    WebApplication,
)
from playpen_ls.api.facts import Fact
from playpen_ls.languages.detection import language_of
from playpen_ls.languages.registry import model_facts, parse
from playpen_ls.text.source import Source


def said(path: str, text: str, kind: type[Fact]) -> list[tuple[Any, ...]]:
    """The values of the facts of a kind, without their places."""
    language = language_of(path, lambda: text)
    assert language is not None, path
    found = [fact for fact in model_facts(parse(language, Source(path, text))) if type(fact) is kind]
    return [tuple(getattr(fact, one.name) for one in fields(fact) if one.name != "place") for fact in found]


FAST = "from fastapi import APIRouter, FastAPI\n"
FLASK = "from flask import Blueprint, Flask\n"
GET = "@{}.get('/health')\ndef f(): pass\n"

# (the file, the kind of fact, the values that are told)
WEB = {
    "an application": (FAST + "app = FastAPI()\n", WebApplication, [("fastapi", "app", False)]),
    "an application in a function": (
        FLASK + "def create_app():\n    app = Flask(__name__)\n    return app\n", WebApplication, [("flask", "app", False)]),
    "a route": (FAST + "app = FastAPI()\n" + GET.format("app"), Route, [("/health", ("GET",), "app", "/health")]),
    "a route with methods": (
        FLASK + "app = Flask(__name__)\n@app.route('/x', methods=['POST', 'GET'])\ndef f(): pass\n",
        Route, [("/x", ("POST", "GET"), "app", "/x")]),
    "a router's own prefix": (
        FAST + "router = APIRouter(prefix='/api')\n" + GET.format("router"),
        Route, [("/api/health", ("GET",), "router", "/health")]),
    "a router": (FAST + "router = APIRouter(prefix='/api')\n", Router, [("router", "/api")]),
    "a router whose prefix is computed": (FAST + "router = APIRouter(prefix=settings.x)\n", Router, [("router", None)]),
    "FastAPI's inclusion adds a prefix": (
        FAST + "from api import router\napp = FastAPI()\napp.include_router(router, prefix='/v1')\n",
        RouterIncluded, [("app", "api.router", "/v1", False)]),
    "Flask's registration replaces it": (
        FLASK + "from ops import bp\napp = Flask(__name__)\napp.register_blueprint(bp, url_prefix='/v1')\n",
        RouterIncluded, [("app", "ops.bp", "/v1", True)]),
    "Flask's registration without a prefix keeps the blueprint's": (
        FLASK + "from ops import bp\napp = Flask(__name__)\napp.register_blueprint(bp)\n",
        RouterIncluded, [("app", "ops.bp", "", False)]),
    "a route that a loop adds": (
        FAST + "app = FastAPI()\nfor path in paths:\n    app.add_api_route(path, f)\n", ComputedRoute, [()]),
    "a path that a constant holds": (
        FAST + "PATH = '/up'\napp = FastAPI()\n@app.get(PATH)\ndef f(): pass\n", Route, [("/up", ("GET",), "app", "/up")]),
}  # fmt: skip

PORTS = {
    "uvicorn.run": ("import uvicorn\nuvicorn.run('a:b', port=8001)\n", [(8001, "")]),
    "uvicorn.run, its own": ("import uvicorn\nuvicorn.run('a:b')\n", [(8000, "")]),
    "from a variable": (
        "import os, uvicorn\nuvicorn.run('a:b', port=int(os.getenv('PORT', '8002')))\n", [(8002, "PORT")]),
    "from a variable alone": (
        "import os, uvicorn\nuvicorn.run('a:b', port=int(os.environ['PORT']))\n", [(0, "PORT")]),
    "computed": ("import uvicorn\nuvicorn.run('a:b', port=settings.port)\n", [(0, "")]),
    "of unknown arguments": ("import uvicorn\nuvicorn.run('a:b', **options)\n", []),
    "Flask": (FLASK + "app = Flask(__name__)\napp.run(host='0.0.0.0', port=8003)\n", [(8003, "")]),
    "Flask, by place": (FLASK + "app = Flask(__name__)\napp.run('0.0.0.0', 8003)\n", [(8003, "")]),
    "Flask, its own": (FLASK + "app = Flask(__name__)\napp.run(host='0.0.0.0')\n", [(5000, "")]),
    "Flask, by place and computed": (FLASK + "app = Flask(__name__)\napp.run(host, settings.web)\n", [(0, "")]),
    "made elsewhere, by place": ("from a import make\nmake().run('0.0.0.0', 8004)\n", [(8004, "")]),
    "made elsewhere, by a name": ("from a import make\nmake().run(HOST, settings.PORT)\n", [(0, "")]),
    "something else that runs": ("runner.run()\n", []),
    "something else that runs with arguments": ("from pdb import Pdb\nPdb().run(statement, names)\n", []),
    "aiohttp, its own": ("from aiohttp import web\napp = web.Application()\nweb.run_app(app)\n", [(8080, "")]),
    "gRPC": ("server.add_insecure_port('[::]:50051')\n", [(50051, "")]),
    "metrics": ("from prometheus_client import start_http_server\nstart_http_server(9100)\n", [(9100, "")]),
}  # fmt: skip

ENVIRONMENT = {
    "os.environ[]": ("import os\nos.environ['A']\n", [("A", None, True)]),
    "os.environ.get": ("import os\nos.environ.get('A', 'x')\n", [("A", "x", False)]),
    "os.getenv without a default": ("import os\nos.getenv('A')\n", [("A", None, False)]),
    "os.getenv with one": ("import os\nos.getenv('A', 'x')\n", [("A", "x", False)]),
    "environ": ("from os import environ\nenviron['A']\n", [("A", None, True)]),
    "under a condition": ("import os\nif x:\n    os.environ['A']\n", [("A", None, False)]),
    "caught": ("import os\ntry:\n    os.environ['A']\nexcept KeyError:\n    pass\n", [("A", None, False)]),
    "environs": ("from environs import Env\nenv = Env()\nenv('A')\n", [("A", None, True)]),
    "environs, typed": ("from environs import Env\nenv = Env()\nenv.int('A')\nenv.bool('B', False)\n",
                        [("A", None, True), ("B", "", False)]),
    "environs, prefixed": ("from environs import Env\nenv = Env()\nwith env.prefixed('X_'):\n    env.str('A')\n",
                           [("X_A", None, True)]),
    "django-environ's defaults": ("import environ\nenv = environ.Env(DEBUG=(bool, False))\nenv('DEBUG')\n",
                                  [("DEBUG", "", False), ("DEBUG", None, True)]),
    # decouple looks into a `.env` file too.
    "decouple": ("from decouple import config\nconfig('A')\nconfig('B', default='x')\n",
                 [("A", None, False), ("B", "x", False)]),
    "pydantic's settings": (
        "from pydantic_settings import BaseSettings, SettingsConfigDict\n\n\nclass Settings(BaseSettings):\n"
        "    model_config = SettingsConfigDict(env_prefix='SHOP_')\n    region: str\n    level: str = 'info'\n",
        [("SHOP_REGION", None, True), ("SHOP_LEVEL", "", False)]),
    "pydantic's settings, the old way": (
        "from pydantic import BaseSettings\n\n\nclass Settings(BaseSettings):\n    region: str\n\n"
        "    class Config:\n        env_prefix = 'shop_'\n",
        [("SHOP_REGION", None, True)]),
    "pydantic's settings with an alias": (
        "from pydantic import Field\nfrom pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n"
        "    region: str = Field(validation_alias='AREA')\n    size: int = Field(default=3)\n    host: str = Field(...)\n",
        [("AREA", None, True), ("SIZE", "", False), ("HOST", None, True)]),
    "pydantic's settings from a file": (
        "from pydantic_settings import BaseSettings, SettingsConfigDict\n\n\nclass Settings(BaseSettings):\n"
        "    model_config = SettingsConfigDict(env_file='.env')\n    region: str\n",
        [("REGION", None, False)]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "values"), WEB.values(), ids=WEB)
def test_routes_and_applications(text: str, kind: type[Fact], values: list[tuple[Any, ...]]):
    more = ("",) if kind in (Route, RouterIncluded) else ()  # their owners are not imported
    assert said("app.py", text, kind) == [(*one, *more) for one in values]


def test_owners_of_other_modules():
    text = "from shop.app import app\nfrom . import bp\n@app.get('/a')\ndef f(): pass\nbp.include_router(app)\n"
    assert said("app.py", text, Route) == [("/a", ("GET",), "app", "/a", "shop.app.app")]
    assert said("app.py", text, RouterIncluded) == [("bp", "shop.app.app", "", False, ".bp")]


@pytest.mark.parametrize(("text", "values"), PORTS.values(), ids=PORTS)
def test_ports_in_code(text: str, values: list[tuple[Any, ...]]):
    assert [one[:2] for one in said("app.py", text, Listens)] == values


@pytest.mark.parametrize(("text", "values"), ENVIRONMENT.values(), ids=ENVIRONMENT)
def test_variables_that_are_read(text: str, values: list[tuple[Any, ...]]):
    assert said("app.py", text, EnvironmentRead) == values


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import os\nos.environ['A'] = 'x'\n", ["A"]),
        ("import os\nos.environ.setdefault('A', 'x')\n", ["A"]),
        ("import os\nprint('A' in os.environ)\n", ["A"]),
        ("from dotenv import load_dotenv\nload_dotenv()\n", ["*"]),
        ("import environ\nenviron.Env.read_env()\n", ["*"]),
    ],
)
def test_variables_that_the_program_sets_or_asks_for(text: str, names: list[str]):
    assert [name for (name,) in said("app.py", text, EnvironmentKnown)] == names


def test_the_file_that_gunicorn_is_configured_with():
    assert said("gunicorn.conf.py", "workers = 2\nbind = '0.0.0.0:8004'\n", Listens) == [(8004, "", False)]
    assert said("web.py", "bind = '0.0.0.0:8004'\n", Listens) == []


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("FROM x\nEXPOSE 80/tcp 443\n", Exposed, [(80, False, ()), (443, False, ())]),
        ('FROM x\nCMD ["uvicorn", "a:b", "--port", "81"]\n', Exposed, [(81, True, ())]),
        ("FROM x\nCMD uvicorn a:b --port ${PORT:-82}\n", Exposed, [(82, True, ("PORT",))]),
        ("FROM x\nENV PORT=83\nCMD exec gunicorn -b :$PORT a:b\n", Exposed, [(83, True, ("PORT",))]),
        ("FROM x\nCMD gunicorn -b :$PORT a:b\n", Exposed, [(0, True, ("PORT",))]),
        ('FROM x\nCMD ["flask", "run"]\n', Exposed, [(5000, True, ("FLASK_RUN_PORT",))]),
        (
            'FROM a:1 AS build\nFROM b\nENV X=1\nENTRYPOINT ["tini", "--"]\nCMD ["uvicorn", "m:app"]\n',
            Recipe,
            [("uvicorn", ("X",), ("build",), "", "m:app", ("tini", "--"), 1, ("tini", "--", "uvicorn", "m:app"), "b")],
        ),
        (
            "FROM a\nENTRYPOINT exec python main.py\n",
            Recipe,
            [("python", (), (), "", "main.py", None, 1, ("python", "main.py"), "a")],
        ),
        (
            'FROM a\nENTRYPOINT ["sh", "-c", "sleep 1"]\nCMD ["a"]\n',
            Recipe,
            [("", (), (), "", "", ("sh", "-c", "sleep 1"), None, ("sh", "-c", "sleep 1", "sleep", "1", "a"), "a")],
        ),
        ("FROM postgres:16.4\n", ImageUse, [("postgres:16.4",)]),
        ("FROM x\nHEALTHCHECK CMD curl -f http://localhost:8000/up || exit 1\n", Probed, [("/up", "", "")]),
    ],
)
def test_images(text: str, kind: type[Fact], values: list[tuple[Any, ...]]):
    assert said("web/Dockerfile", text, kind) == values


NIGHTLY = (
    "pipeline {\n  agent any\n  triggers { cron('H 2 * * *') }\n  stages {\n    stage('Dump') {\n"
    "      steps { sh 'pg_dump -h db shop > shop.sql' }\n    }\n  }\n}\n"
)


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("node { sh 'docker build -t web:1.0 -f docker/web.Dockerfile --target run src' }", ImageBuilt,
         [("web:1.0", "src", "docker/web.Dockerfile", "run")]),
        ("node { dir('api') { sh 'docker build -t web .' } }", ImageBuilt, [("web", "api", "", "")]),
        ("def s = 'api'\nnode { dir(\"${s}\") { sh 'docker build -t web .' } }", ImageBuilt, [("web", "api", "", "")]),
        ("node { dir(\"${s}\") { sh 'docker build -t web .' } }", ImageBuilt, [("web", None, "", "")]),
        ("pythonPipeline(imageName: 'me/web', serviceDir: 'src/web')", ImageBuilt, [("me/web", "src/web", "", "")]),
        ("node { dir('api') { docker_build('web', \"${params.TAG}\", 'me') } }", ImageBuilt, [("web", "api", "", "")]),
        ("node { docker_build(name, 'x') }", ImageBuilt, []),
        ("env.I = \"me/web:${BUILD_NUMBER}\"\nnode { sh 'docker build -t ${I} .' }", ImageBuilt,
         [("me/web:${BUILD_NUMBER}", "", "", "")]),
        ("node { docker.build('web:1.0', '-f x.Dockerfile src') }", ImageBuilt, [("web:1.0", "src", "x.Dockerfile", "")]),
        ("node { sh '/kaniko/executor --context dir://src --destination=nexus:5000/web:1.0' }", ImageBuilt,
         [("nexus:5000/web:1.0", "src", "", "")]),
        ("node { sh '/kaniko/executor -c `pwd` -f `pwd`/x/Dockerfile --destination=me/web:1.0' }", ImageBuilt,
         [("me/web:1.0", "", "x/Dockerfile", "")]),
        ("env.repo = 'me/web'\nnode { sh 'executor --cache-repo=c/${repo} --destination=${repo}:1' }", ImageBuilt,
         [("me/web:1", "", "", "")]),
        ("def app = 'web'\nnode { sh \"docker build -t me/${app}:${BUILD_NUMBER} -f docker/${app}.Dockerfile .\" }",
         ImageBuilt, [("me/web:${BUILD_NUMBER}", "", "docker/web.Dockerfile", "")]),
        ("node { sh 'docker build -t me/web -f docker/$APP.Dockerfile .' }", ImageBuilt, [("me/web", None, "", "")]),
        ("def repo = 'me'\ndef image = \"${repo}/\" + app\nnode { sh \"docker push ${image}:1.0\" }", ImagePushed,
         [("${image}:1.0",)]),
        ("def app = 'web'\ndef image = 'me/' + app\nnode { sh \"docker push ${image}:1.0\" }", ImagePushed,
         [("me/web:1.0",)]),
        # What is set again, in a shell, by a step or by a parameter, may have any value.
        ("app = 'web'\napp = 'api'\nnode { sh \"docker push me/${app}:1.0\" }", ImagePushed, [("me/${app}:1.0",)]),
        ("env.APP = 'web'\nnode { sh 'APP=x; docker push me/$APP:1.0' }", ImagePushed, [("me/$APP:1.0",)]),
        ("env.APP = 'web'\nnode { withEnv(['APP=x']) { sh 'docker push me/$APP:1.0' } }", ImagePushed,
         [("me/$APP:1.0",)]),
        ("env.APP = 'web'\nproperties([parameters([string(name: 'APP')])])\nnode { sh 'docker push me/$APP:1.0' }",
         ImagePushed, [("me/$APP:1.0",)]),
        ("node { sh 'docker push nexus:5000/web:1.0' }", ImagePushed, [("nexus:5000/web:1.0",)]),
        ("node { sh 'docker buildx build --push -t nexus:5000/web:1.0 .' }", ImagePushed, [("nexus:5000/web:1.0",)]),
        ("node { sh 'kubectl set image deployment/web web=nexus:5000/web:1.1' }", TagComputed, [()]),
        ("node { sh 'kustomize edit set image web=web:1.1' }", TagComputed, [()]),
        ("node { sh 'envsubst < k8s.yaml | kubectl apply -f -' }", TagComputed, [()]),
        ("node { sh 'kubectl create secret generic shop --from-literal=a=b' }", Created, [("Secret", "shop")]),
        ("node { sh 'kubectl create configmap shop --from-file=a' }", Created, [("ConfigMap", "shop")]),
        (NIGHTLY, Backup, [("", "PostgreSQL")]),
        (NIGHTLY.replace("pg_dump", "mysqldump"), Backup, [("", "MySQL")]),
        (NIGHTLY.replace("  triggers { cron('H 2 * * *') }\n", ""), Backup, []),
    ],
)  # fmt: skip
def test_pipelines(text: str, kind: type[Fact], values: list[tuple[Any, ...]]):
    more = ("docker", True) if kind is ImageBuilt else ()
    assert said("Jenkinsfile", text, kind) == [(*one, *more) for one in values]


HEAD = "apiVersion: {}\nkind: {}\nmetadata: {{name: shop, namespace: apps}}\n"
PODS = (
    HEAD.format("apps/v1", "Deployment") + "spec:\n  selector: {matchLabels: {app: shop}}\n  template:\n"
    "    metadata: {labels: {app: shop, tier: web}}\n    spec:\n      containers:\n"
    "        - name: shop\n          image: nexus:5000/shop:1.0\n          args: [--metrics, ':9090']\n"
    "          ports: [{name: http, containerPort: 8000}]\n"
    "          livenessProbe: {httpGet: {path: /up, port: http}}\n"
)
CRON = (
    HEAD.format("batch/v1", "CronJob") + "spec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n"
    "          containers: [{name: dump, image: 'postgres:16', command: [sh, -c, 'pg_dump shop']}]\n"
)


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        (PODS, Pods, [("Deployment", "shop", "apps", (("app", "shop"), ("tier", "web")), (("http", "8000"),),
                       ("nexus:5000/shop",), ("9090",), False, False, 1, (None,))]),
        (PODS.replace("nexus:5000/shop:1.0", "postgres:16.4"), Pods,
         [("Deployment", "shop", "apps", (("app", "shop"), ("tier", "web")), (("http", "8000"),), ("postgres",),
           ("9090",), False, False, 1, (None,))]),
        (PODS.replace("spec:\n", "spec:\n  replicas: 3\n", 1), Pods,
         [("Deployment", "shop", "apps", (("app", "shop"), ("tier", "web")), (("http", "8000"),), ("nexus:5000/shop",),
           ("9090",), False, False, 3, (None,))]),
        (HEAD.format("autoscaling/v2", "HorizontalPodAutoscaler") + "spec: {scaleTargetRef: {apiVersion: apps/v1, "
         "kind: Deployment, name: web}, maxReplicas: 5}\n", Autoscaler, [("apps", "Deployment", "web", 1, 5)]),
        (HEAD.format("autoscaling/v2", "HorizontalPodAutoscaler") + "spec: {scaleTargetRef: {kind: Deployment, name: "
         "web}, minReplicas: '{{ .Values.least }}'}\n", Autoscaler, [("apps", "Deployment", "web", None, None)]),
        (PODS.replace("nexus:5000/shop:1.0", "postgres:16.4").replace("ports:", "volumeMounts: [{name: d}]\n          ports:")
         + "      volumes: [{name: d, persistentVolumeClaim: {claimName: data}}, {name: e}]\n", DatabaseVolume,
         [("apps", "data", "shop")]),
        (PODS.replace("nexus:5000/shop:1.0", "redis:7").replace("Deployment", "StatefulSet")
         .replace("ports:", "volumeMounts: [{name: d}]\n          ports:")
         + "  volumeClaimTemplates: [{metadata: {name: d}}]\n", DatabaseVolume, [("apps", "d-shop-", "shop")]),
        (PODS, DatabaseVolume, []),
        (PODS, ImageUse, [("nexus:5000/shop:1.0",)]),
        (PODS, Probed, [("/up", "livenessProbe", "")]),
        (PODS.replace("args: [--metrics, ':9090']", "tty: true"), Probed,
         [("/up", "livenessProbe", "nexus:5000/shop")]),
        (HEAD.format("argoproj.io/v1alpha1", "Rollout") + "spec: {template: {metadata: {labels: {app: shop}}}}\n", Pods,
         [("Rollout", "shop", "apps", (("app", "shop"),), None, (), (), False, False, None, ())]),
        (HEAD.format("v1", "Service") + "spec: {selector: {app: shop}, ports: [{port: 80, targetPort: http}]}\n",
         ServiceSelector, [("apps", (("app", "shop"),), ("http",))]),
        (HEAD.format("v1", "ServiceAccount") + "automountServiceAccountToken: false\n", ServiceAccount,
         [("apps", "shop", False, False)]),
        (HEAD.format("v1", "ServiceAccount"), ServiceAccount, [("apps", "shop", True, False)]),
        (HEAD.format("v1", "Secret") + "stringData: {password: x}\ndata: {token: eA==}\n", SecretKeys,
         [("apps", "shop", ("token", "password"), False)]),
        (HEAD.format("external-secrets.io/v1", "ExternalSecret")
         + "spec: {target: {name: web}, data: [{secretKey: password}]}\n", SecretKeys, [("apps", "web", ("password",), False)]),
        (HEAD.format("v1", "ConfigMap") + "data: {LEVEL: info}\n", ConfigMapKeys, [("apps", "shop", ("LEVEL",))]),
        (HEAD.format("v1", "LimitRange") + "spec: {limits: [{default: {cpu: 1}}]}\n",
         LimitRange, [("apps", ("cpu",), ("cpu",))]),
        # What there is most of is the default, the default is what is requested, and what there is least of is too.
        (HEAD.format("v1", "LimitRange") + "spec: {limits: [{type: Container, max: {memory: 1Gi}, min: {cpu: 10m}}]}\n",
         LimitRange, [("apps", ("memory",), ("cpu", "memory"))]),
        (HEAD.format("v1", "LimitRange") + "spec: {limits: [{type: Container, defaultRequest: {cpu: 10m}}]}\n",
         LimitRange, [("apps", (), ("cpu",))]),
        (HEAD.format("v1", "LimitRange") + "spec: {limits: [{type: Pod, max: {memory: 1Gi}}]}\n", LimitRange, []),
        (HEAD.format("v1", "LimitRange") + "spec: {limits: [{default: '{{ .Values.all }}'}]}\n",
         LimitRange, [("apps", ("cpu", "memory"), ("cpu", "memory"))]),
        (CRON, Backup, [("apps", "PostgreSQL")]),
        (CRON.replace("pg_dump shop", "redis-cli -h db --rdb /x"), Backup, [("apps", "Redis")]),
        (CRON.replace("pg_dump shop", "redis-cli -h db ping"), Backup, []),
        (CRON.replace("pg_dump", "psql"), Backup, []),
        (HEAD.format("postgresql.cnpg.io/v1", "ScheduledBackup"), Backup, [("apps", "")]),
    ],
)  # fmt: skip
def test_manifests(text: str, kind: type[Fact], values: list[tuple[Any, ...]]):
    assert said("k8s/app.yaml", text, kind) == values


KUSTOMIZATION = """\
kind: Kustomization
namespace: prod
namePrefix: x-
resources: [app.yaml, ../base]
patches: [{path: patch.yaml}]
images: [{name: shop, newName: me/shop, newTag: 1.2.0}]
commonLabels: {team: shop}
configMapGenerator: [{name: settings, literals: [a=b]}]
secretGenerator: [{name: keys}]
"""


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Overlay, [(("k8s/patch.yaml",), ("shop",), (("shop", "me/shop"),))]),
        (Relabelled, [(("team",),)]),
        (Kustomized, [("k8s/app.yaml", "prod"), ("base", "prod")]),
        (ConfigMapKeys, [("prod", "settings", None)]),
        (SecretKeys, [("prod", "keys", (), False)]),
    ],
)
def test_kustomizations(kind: type[Fact], values: list[tuple[Any, ...]]):
    assert said("k8s/kustomization.yaml", KUSTOMIZATION, kind) == values


def test_skaffold_builds_images():
    text = (
        "apiVersion: skaffold/v4beta6\nkind: Config\nbuild:\n  artifacts:\n"
        "    - image: web\n      context: src/web\n      docker: {dockerfile: prod.Dockerfile, target: run}\n"
        "    - image: api\n      jib: {}\n"
    )
    assert said("skaffold.yaml", text, ImageBuilt) == [
        ("web", "src/web", "src/web/prod.Dockerfile", "run", "docker", False),
        ("api", None, "", "", "jib", False),
    ]
