from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes import Container
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
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
    absent=True,
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
        # By the name that kustomize gives the image.
        example(
            {
                "k8s/app.yaml": DEPLOYMENT.replace("nexus:5000/shop:1.0.0", "placeholder"),
                "k8s/kustomization.yaml": "resources: [app.yaml]\nimages: [{name: placeholder, newName: me/shop}]\n",
                "shop/Dockerfile": DOCKERFILE,
                "shop/main.py": APP,
            },
            fixed=PLAIN.replace("nexus:5000/shop:1.0.0", "placeholder").replace("/health,", "/healthz,"),
        ),
        # The image's own program on another port, by the manifest's arguments.
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
        # Another program of the image, a port of something else, two services of one name.
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
        # What is served is not known.
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
    """A probe asks for a path that the application does not serve.

    It answers 404, so Kubernetes takes the pod for unready, or restarts it for ever. The application is the one
    that the image's Dockerfile starts; the routes are joined with the prefixes under which their routers are
    included. Silent where routes are computed or come from libraries, where the manifest runs another command, and
    where it is not certain which Dockerfile makes the image.
    """
    asked = [one for one in endpoints(container) if one.path is not None and one.path.literal]
    found = application_of(container, code) if asked else None
    if found is None or not found.apps:
        return
    ports, own, served = found.ports, found.apps, found.served
    for one in asked:
        path = one.path
        if path is None or answers(served, own, path.value):
            continue
        if number_of(container, one.port) not in ports.served and (ports.served or len(container.ports) != 1):
            continue
        document, likely = container.document, probe_paths(served, path.value)
        fixes = [Fix(f"Probe `{one}`", partial(replace_scalar, document, path, one)) for one in likely]
        routes = [one.route.related(f"it serves `{likely[0]}`") for one in served if likely and one.path == likely[0]]
        related = (own[0].related("the application"), *routes[:1])
        message = f"no route of the application serves `{path.value}`"
        yield Finding(document.content(path), message, tuple(fixes), None, related)
