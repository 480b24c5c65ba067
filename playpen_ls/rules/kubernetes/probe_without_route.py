from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.project.services import answers, probe_paths
from playpen_ls.rules.kubernetes._application import Code, application_of
from playpen_ls.rules.kubernetes._links import endpoints, number_of

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: shop
          image: nexus:5000/shop:1.0.0
          ports: [{containerPort: 8000}]
          livenessProbe:
            httpGet: {path: «/health», port: 8000}
"""
PLAIN = unmarked(DEPLOYMENT)
DOCKERFILE = 'FROM playpen/python-base:latest\nCOPY . .\nCMD ["uvicorn", "main:app", "--port", "8000"]\n'
APP = 'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/healthz")\ndef health():\n    return {}\n'
SERVING = APP.replace("/healthz", "/health")
OWN_ROUTER = (
    "from fastapi import APIRouter, FastAPI\n\napp = FastAPI()\nrouter = APIRouter()\n\n\n"
    '@router.get("/health")\ndef health():\n    return {}\n\n\napp.include_router(router, prefix="/api/v1")\n'
)
ROUTED = (
    "from fastapi import FastAPI\n\nfrom shop.ops import router\n\napp = FastAPI()\n"
    'app.include_router(router, prefix="/v1")\n'
)
OPS = (
    'from fastapi import APIRouter\n\nrouter = APIRouter(prefix="/ops")\n\n\n'
    '@router.get("/health")\ndef health():\n    return {}\n'
)
FLASK = (
    "from flask import Flask\n\nfrom ops import bp\n\napp = Flask(__name__)\n"
    "app.register_blueprint(bp, url_prefix='/x')\n"
)
BLUEPRINT = (
    "from flask import Blueprint\n\nbp = Blueprint('ops', __name__, url_prefix='/ops')\n\n\n"
    "@bp.get('/health')\ndef health():\n    return ''\n"
)
PORTS = "          ports:"
TOLD = "          args: [uvicorn, 'main:app', --port, '9000']\n"


@rule(
    severity=Severity.WARNING,
    practice="Health checks",
    reports_absence=True,
    bad=[
        example(
            {"k8s/app.yaml": DEPLOYMENT, "shop/Dockerfile": DOCKERFILE, "shop/main.py": APP},
            fixed=PLAIN.replace("/health,", "/healthz,"),
        ),
        {
            "k8s/app.yaml": DEPLOYMENT,
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": APP.replace("/healthz", "/items/{id}"),
        },
        # A router of the application's own file.
        example(
            {"k8s/app.yaml": DEPLOYMENT, "shop/Dockerfile": DOCKERFILE, "shop/main.py": OWN_ROUTER},
            fixed=PLAIN.replace("/health,", "/api/v1/health,"),
        ),
        example(
            {"k8s/app.yaml": DEPLOYMENT, "shop/Dockerfile": DOCKERFILE, "shop/main.py": ROUTED, "shop/ops.py": OPS},
            fixed=PLAIN.replace("/health,", "/v1/ops/health,"),
        ),
        example(
            {
                "k8s/app.yaml": DEPLOYMENT.replace("/health", "/x/ops/health"),
                "shop/Dockerfile": DOCKERFILE,
                "shop/main.py": FLASK,
                "shop/ops.py": BLUEPRINT,
            },
            fixed=PLAIN.replace("/health,", "/x/health,"),
        ),
        example(
            {
                "k8s/app.yaml": DEPLOYMENT,
                "src/Dockerfile": DOCKERFILE,
                "src/main.py": APP,
                "Jenkinsfile": "node { sh 'docker build -t nexus:5000/shop:1.0.0 src' }\n",
            },
            fixed=PLAIN.replace("/health,", "/healthz,"),
        ),
        # The image is found by the name that kustomize gives it.
        example(
            {
                "k8s/app.yaml": DEPLOYMENT.replace("nexus:5000/shop:1.0.0", "placeholder"),
                "k8s/kustomization.yaml": "resources: [app.yaml]\nimages: [{name: placeholder, newName: me/shop}]\n",
                "shop/Dockerfile": DOCKERFILE,
                "shop/main.py": APP,
            },
            fixed=PLAIN.replace("nexus:5000/shop:1.0.0", "placeholder").replace("/health,", "/healthz,"),
        ),
        # The manifest starts the image's program on another port.
        example(
            {
                "k8s/app.yaml": DEPLOYMENT.replace(PORTS, TOLD + PORTS).replace("8000", "9000"),
                "shop/Dockerfile": DOCKERFILE,
                "shop/main.py": APP,
            },
            fixed=PLAIN.replace(PORTS, TOLD + PORTS).replace("8000", "9000").replace("/health,", "/healthz,"),
        ),
    ],
    good=[
        PLAIN,
        {"k8s/app.yaml": PLAIN, "shop/Dockerfile": DOCKERFILE, "shop/main.py": SERVING},
        {"k8s/app.yaml": PLAIN, "shop/Dockerfile": DOCKERFILE, "shop/main.py": SERVING.replace("/health", "/health/")},
        {
            "k8s/app.yaml": PLAIN.replace("/health,", "/docs,"),
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": APP,
        },
        {
            "k8s/app.yaml": PLAIN.replace("/health,", "/x/health,"),
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": FLASK,
            "shop/ops.py": BLUEPRINT,
        },
        # Another program of the image, a port of another process, two services with the same name.
        {
            "k8s/app.yaml": PLAIN.replace("          ports:", "          args: [worker]\n          ports:"),
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": APP,
        },
        {
            "k8s/app.yaml": PLAIN.replace("port: 8000", "port: 9000"),
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": APP,
        },
        {
            "k8s/app.yaml": PLAIN,
            "one/shop/Dockerfile": DOCKERFILE,
            "one/shop/main.py": APP,
            "two/shop/Dockerfile": DOCKERFILE,
        },
        # The served paths cannot be determined.
        {
            "k8s/app.yaml": PLAIN,
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": APP + "\n\nfor path in paths:\n    app.add_api_route(path, health)\n",
        },
        {
            "k8s/app.yaml": PLAIN,
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": "from healthlib import router\n" + APP + "\n\napp.include_router(router)\n",
        },
        {"k8s/app.yaml": PLAIN, "shop/Dockerfile": 'FROM x\nCMD ["node", "a.js"]\n', "shop/tool.py": APP},
    ],
)
def probe_without_route(container: Container, code: Code) -> Iterator[Finding]:
    """Probe path is not served by the application.

    The application answers with an error such as 404, so the pod is not ready, or its container is restarted again and
    again. The application is the one that the Dockerfile of the image starts; the prefixes of included routers and
    registered blueprints are added to the paths of their routes. Not reported if routes are computed or come from
    libraries, if the manifest runs another command, or if the Dockerfile of the image cannot be determined.
    """
    asked = [one for one in endpoints(container) if one.path is not None and one.path.literal]
    found = application_of(container, code) if asked else None
    if found is None or not found.apps:
        return
    ports, own, served = found.ports, found.apps, found.served
    for probe in asked:
        path = probe.path
        if path is None or answers(served, own, path.value):
            continue
        if number_of(container, probe.port) not in ports.served and (ports.served or len(container.ports) != 1):
            continue
        document, likely = container.document, probe_paths(served, path.value)
        fixes = [Fix(f"Change probe path to `{one}`", partial(replace_scalar, document, path, one)) for one in likely]
        routes = [one.route.related(f"route `{likely[0]}`") for one in served if likely and one.path == likely[0]]
        related = (own[0].related("the application is created here"), *routes[:1], *found.why)
        name = f"`{probe.key}` of {container.display_name}"
        message = f"{name} requests `{path.value}`, which the application does not serve"
        yield Finding(document.content(path), message, tuple(fixes), None, related)
