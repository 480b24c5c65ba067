from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.rules.kubernetes._application import Code
from playpen_ls.rules.kubernetes._namespaces import Selections
from playpen_ls.rules.kubernetes._probe_fixes import fixes
from playpen_ls.rules.kubernetes._probes import LIVENESS, READINESS, context_of, missing

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
"""
WEB = (
    DEPLOYMENT + "      - name: web\n        image: nexus:5000/web:1.0\n        ports:\n        - containerPort: 8000\n"
)
MARKED = WEB.replace("- name: web", "- name: «web»")
ALIVE = """\
        livenessProbe:
          httpGet:
            path: /health
            port: 8000
          initialDelaySeconds: 30
          periodSeconds: 10
"""
PROBE = """\
        readinessProbe:
          httpGet:
            path: /ready
            port: 8000
          initialDelaySeconds: 5
          periodSeconds: 5
"""
CONNECT = PROBE.replace("httpGet:\n            path: /ready", "tcpSocket:")
DOCKERFILE = 'FROM playpen/python-base:latest\nCOPY . .\nCMD ["uvicorn", "main:app", "--port", "8000"]\n'
APP = 'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/readyz")\ndef ready():\n    return {}\n'


@rule(
    severity=Severity.WARNING,
    practice="Health probes",
    like={
        "kube-linter": ["no-readiness-probe"],
        "kube-score": ["pod-probes"],
        "polaris": ["readinessProbeMissing"],
        "checkov": ["CKV_K8S_9"],
    },
    reports_absence=True,
    bad=[
        example(MARKED, fixed=WEB + CONNECT),
        # The path of one probe shows nothing about the other.
        example(MARKED + ALIVE, fixed=WEB + ALIVE + CONNECT),
        example(
            MARKED + ALIVE + "        env: []  # none\n", fixed=WEB + ALIVE + CONNECT + "        env: []  # none\n"
        ),
        example(
            WEB + PROBE.replace("/ready", "/live") + "      - name: «proxy»\n        image: proxy:1.0\n",
        ),
        example(
            {"k8s/app.yaml": MARKED, "web/Dockerfile": DOCKERFILE, "web/main.py": APP},
            fixed=WEB + PROBE.replace("/ready", "/readyz"),
        ),
        # A liveness route does not show that the application is ready.
        {"k8s/app.yaml": MARKED, "web/Dockerfile": DOCKERFILE, "web/main.py": APP.replace("/readyz", "/health")},
        example(
            DEPLOYMENT + "      - {name: «grpc», image: 'grpc:1.0', ports: [{containerPort: 50051}]}\n",
            fixed=DEPLOYMENT + "      - {name: grpc, image: 'grpc:1.0', ports: [{containerPort: 50051}], "
            "readinessProbe: {tcpSocket: {port: 50051}, initialDelaySeconds: 5, periodSeconds: 5}}\n",
        ),
    ],
    good=[
        WEB + PROBE,
        WEB + "        readinessProbe:\n          grpc: {port: 8000}\n",
        WEB.replace("      containers", "      initContainers"),
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: once}\nspec:\n  jobTemplate:\n    spec:\n"
        "      template:\n"
        "        spec:\n          containers:\n            - {name: once, image: 'web:1.0'}\n",
    ],
)
def no_readiness_probe(
    container: Container, platform: Platform, selections: Selections, code: Code
) -> Iterator[Finding]:
    """Container has no readiness probe.

    A Service sends requests to a pod as soon as all its containers are ready. Without a readiness probe, a container
    is ready when its process starts, so requests that arrive before it listens fail. Reported as a warning for
    containers with ports, and, if no other container of the pod serves requests, for StatefulSets and pods behind a
    Service; otherwise as a hint. Not reported for init containers, Jobs, Helm and Argo CD hooks, pods that run once or
    only wait, patches and templates; templates of Helm charts are judged as they are rendered.
    """
    lack = missing(container, READINESS, selections, code.images.absence)
    if lack is not None:
        both = missing(container, LIVENESS, selections, code.images.absence) is not None
        context = context_of(container, code, selections)
        changes = fixes(lack.part, READINESS, (platform.liveness, platform.readiness), context, both)
        what = f"{container.display_name} has no `readinessProbe`{lack.where}"
        message = f"{what}; it counts as ready as soon as its process starts"
        yield Finding(container.span, message, lack.fixes(changes), lack.severity(lack.found))
