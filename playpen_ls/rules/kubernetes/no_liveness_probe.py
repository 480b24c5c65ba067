from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes import Container
from playpen_ls.rules.kubernetes._application import Code, application_of
from playpen_ls.rules.kubernetes._namespaces import Selections, serving
from playpen_ls.rules.kubernetes._probe_fixes import fixes
from playpen_ls.rules.kubernetes._probes import LIVENESS, READINESS, Told, missing

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
"""
WEB = DEPLOYMENT + "        - name: «web»\n          image: nexus:5000/web:1.0\n"
PROBE = """\
          livenessProbe:
            httpGet:
              path: /health
              port: {port}
            initialDelaySeconds: 30
            periodSeconds: 10
"""


SERVICE = """\
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 9000}]
"""
USER = "          env:\n            - {name: POSTGRES_USER, value: app}\n"
ISREADY = """\
          livenessProbe:
            exec:
              command:
                - pg_isready
                - -U
                - {user}
            initialDelaySeconds: 30
            periodSeconds: 10
"""
DOCKERFILE = 'FROM playpen/python-base:latest\nCOPY . .\nCMD ["uvicorn", "main:app", "--port", "8080"]\n'
APP = 'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/healthz")\ndef health():\n    return {}\n'


@rule(
    severity=Severity.WARNING,
    practice="Health probes",
    like={
        "kube-linter": ["no-liveness-probe"],
        "kube-score": ["pod-probes"],
        "polaris": ["livenessProbeMissing"],
        "checkov": ["CKV_K8S_8"],
    },
    absent=True,
    bad=[
        example(
            WEB + "          ports:\n            - containerPort: 8080  # http\n",
            fixed=unmarked(WEB)
            + "          ports:\n            - containerPort: 8080  # http\n"
            + PROBE.format(port="8080"),
        ),
        example(WEB, fixed=unmarked(WEB) + PROBE.format(port="8000")),
        example(
            WEB + "          readinessProbe:\n            httpGet: {path: /ready, port: 9000}\n",
            fixed=unmarked(WEB)
            + PROBE.format(port="9000")
            + "          readinessProbe:\n            httpGet: {path: /ready, port: 9000}\n",
        ),
        example(WEB + "          livenessProbe: {}\n", fixed=unmarked(WEB) + PROBE.format(port="8000")),
        # Which of so many ports speaks HTTP is not known; of two, each is offered.
        WEB + "          ports:\n" + "".join(f"            - containerPort: {port}\n" for port in range(7001, 7006)),
        example(
            DEPLOYMENT + "        - name: «db»\n          image: postgres:16.4\n",
            fixed=DEPLOYMENT + "        - name: db\n          image: postgres:16.4\n" + ISREADY.format(user="postgres"),
        ),
        example(
            DEPLOYMENT + "        - name: «db»\n          image: postgis/postgis:16-3.4\n" + USER,
            fixed=DEPLOYMENT
            + "        - name: db\n          image: postgis/postgis:16-3.4\n"
            + ISREADY.format(user="app")
            + USER,
        ),
        example(
            DEPLOYMENT + "        - {name: «cache», image: 'redis:7.4', ports: [{containerPort: 6380}]}\n",
            fixed=DEPLOYMENT
            + "        - {name: cache, image: 'redis:7.4', ports: [{containerPort: 6380}], livenessProbe: "
            "{tcpSocket: {port: 6380}, initialDelaySeconds: 30, periodSeconds: 10}}\n",
        ),
        # The application that the image is made of says what it serves, and where.
        example(
            {"k8s/app.yaml": WEB, "web/Dockerfile": DOCKERFILE, "web/main.py": APP},
            fixed=unmarked(WEB) + PROBE.format(port="8080").replace("/health", "/healthz"),
        ),
        {"k8s/app.yaml": WEB, "web/Dockerfile": DOCKERFILE, "web/main.py": APP.replace("/healthz", "/items")},
        example(
            {"k8s/app.yaml": WEB, "a/web/Dockerfile": DOCKERFILE, "a/web/main.py": APP, "b/web/Dockerfile": DOCKERFILE},
            fixed=unmarked(WEB) + PROBE.format(port="8000"),
        ),
        DEPLOYMENT + "        - name: «site»\n          image: nginx:1.27\n",
        # A database, and what its members say to each other.
        WEB + "          ports: [{containerPort: 3306}, {containerPort: 4444}, {containerPort: 4567}]\n",
        # Nothing in the container says where it listens, but what sends requests there.
        example(WEB + SERVICE, fixed=unmarked(WEB) + PROBE.format(port="9000") + SERVICE),
        WEB + SERVICE.replace("9000", "443"),
        WEB + "          args: [gunicorn, '--bind=0.0.0.0:9000', --keyfile=/tls/key.pem, 'app:app']\n",
        WEB + "          args: [gunicorn, '--bind=0.0.0.0:443', 'app:app']\n",
        # The kubelet asks from outside the pod.
        WEB + "          args: [--host=127.0.0.1, --port=8081]\n",
        WEB + "          args: ['--web.listen-address=localhost:9101']\n",
        example(
            WEB + "          args: [--port=8081, '--upstream=http://127.0.0.1:80']\n",
            fixed=unmarked(WEB)
            + PROBE.format(port="8081")
            + "          args: [--port=8081, '--upstream=http://127.0.0.1:80']\n",
        ),
    ],
    good=[
        unmarked(WEB) + PROBE.format(port="8000"),
        unmarked(WEB) + "          livenessProbe:\n            exec: {command: [check]}\n",
        unmarked(WEB).replace("containers", "initContainers"),
        "apiVersion: v1\nkind: Pod\nmetadata: {name: once}\nspec:\n  restartPolicy: Never\n  containers:\n"
        "    - {name: once, image: web:1.0}\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: agent}\nspec:\n  containers:\n"
        "    - {name: jnlp, image: agent:1.0}\n    - {name: maven, image: maven:3.9}\n",
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec:\n  template:\n    spec:\n      containers:\n"
        "        - {name: once, image: web:1.0}\n",
        unmarked(WEB).replace("  selector:\n    matchLabels: {app: web}\n", ""),
        unmarked(WEB).replace("          image: nexus:5000/web:1.0\n", ""),
        unmarked(WEB) + "          args: ['{{ .Values.mode }}']\n",
        unmarked(WEB) + "          {% if debug %}\n          tty: true\n          {% endif %}\n",
        unmarked(WEB).replace("image: nexus:5000/web:1.0", "image: #@ data.values.image"),
        # Nothing in it can hang.
        unmarked(WEB) + "          command: [sleep, infinity]\n",
        "name: web\ncontainers:\n  - name: web\n    image: web\n",
    ],
)
def no_liveness_probe(
    container: Container, platform: Platform, selections: Selections, code: Code
) -> Iterator[Finding]:
    """A container that hangs is never restarted.

    Kubernetes restarts a container when its process ends, and when its liveness probe fails. Without
    the probe a deadlocked server goes on receiving requests. Silent for init containers, Jobs, pods
    that run once or only wait (`sleep infinity`), and objects that may be completed elsewhere: kustomize
    patches and templates. A hint for containers without ports beside one that has them.
    """
    severity = missing(container, LIVENESS, selections, code.images.overlays)
    if severity is not None:
        both = missing(container, READINESS, selections, code.images.overlays) is not None
        told = Told(application_of(container, code), serving(container.workload, selections))
        changes = fixes(container, LIVENESS, (platform.liveness, platform.readiness), told, both)
        yield Finding(container.span, "no liveness probe: it is not restarted when it hangs", changes, severity)
