from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example, unmarked
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
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
"""
CHART = "apiVersion: v2\nname: web\nversion: 1.0.0\n"
WEB = DEPLOYMENT + "        - name: «web»\n          image: nexus:5000/web:1.0\n"
HTTP_PROBE = """\
          livenessProbe:
            httpGet:
              path: /health
              port: {port}
            initialDelaySeconds: 30
            periodSeconds: 10
"""
PROBE = HTTP_PROBE.replace("httpGet:\n              path: /health", "tcpSocket:")
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
    reports_absence=True,
    bad=[
        example(
            WEB + "          ports:\n            - containerPort: 8080  # http\n",
            fixed=unmarked(WEB)
            + "          ports:\n            - containerPort: 8080  # http\n"
            + PROBE.format(port="8080"),
        ),
        # Nothing shows a port.
        WEB,
        example(
            WEB + "          readinessProbe:\n            httpGet: {path: /ready, port: 9000}\n",
            fixed=unmarked(WEB)
            + PROBE.format(port="9000")
            + "          readinessProbe:\n            httpGet: {path: /ready, port: 9000}\n",
        ),
        example(
            WEB + "          args: [--port=8000]\n          livenessProbe: {}\n",
            fixed=unmarked(WEB) + "          args: [--port=8000]\n" + PROBE.format(port="8000"),
        ),
        # With so many ports, the HTTP port cannot be determined; with two, each is offered.
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
        # The application's code shows the path and the port.
        example(
            {"k8s/app.yaml": WEB, "web/Dockerfile": DOCKERFILE, "web/main.py": APP},
            fixed=unmarked(WEB) + HTTP_PROBE.format(port="8080").replace("/health", "/healthz"),
        ),
        {"k8s/app.yaml": WEB, "web/Dockerfile": DOCKERFILE, "web/main.py": APP.replace("/healthz", "/items")},
        {"k8s/app.yaml": WEB, "a/web/Dockerfile": DOCKERFILE, "a/web/main.py": APP, "b/web/Dockerfile": DOCKERFILE},
        # A web application whose paths cannot be determined has the platform's.
        example(
            {"k8s/app.yaml": WEB, "web/Dockerfile": DOCKERFILE, "web/main.py": APP.replace('"/healthz"', "path()")},
            fixed=unmarked(WEB) + HTTP_PROBE.format(port="8080"),
        ),
        # Another image of the project, which is not a web application.
        example(
            {
                "k8s/app.yaml": WEB + "          ports: [{containerPort: 8080}]\n",
                "web/Dockerfile": 'FROM x\nCMD ["./server"]\n',
            },
            fixed=unmarked(WEB) + "          ports: [{containerPort: 8080}]\n" + PROBE.format(port="8080"),
        ),
        # `HEALTHCHECK` and other probes of the image show its path.
        example(
            {
                "k8s/app.yaml": WEB + "          ports: [{containerPort: 8080}]\n",
                "web/Dockerfile": 'FROM x\nHEALTHCHECK CMD curl -f http://localhost:8080/up\nCMD ["./server"]\n',
            },
            fixed=unmarked(WEB)
            + "          ports: [{containerPort: 8080}]\n"
            + HTTP_PROBE.format(port="8080").replace("/health", "/up"),
        ),
        example(
            {
                "k8s/app.yaml": WEB + "          ports: [{containerPort: 8080}]\n",
                "stage/app.yaml": unmarked(WEB) + HTTP_PROBE.format(port="8080").replace("/health", "/up"),
            },
            fixed=unmarked(WEB)
            + "          ports: [{containerPort: 8080}]\n"
            + HTTP_PROBE.format(port="8080").replace("/health", "/up"),
        ),
        DEPLOYMENT + "        - name: «site»\n          image: nginx:1.27\n",
        # A database port and the cluster ports of the database.
        WEB + "          ports: [{containerPort: 3306}, {containerPort: 4444}, {containerPort: 4567}]\n",
        # The container declares no port, but the Service has a `targetPort`.
        example(WEB + SERVICE, fixed=unmarked(WEB) + PROBE.format(port="9000") + SERVICE),
        WEB + SERVICE.replace("9000", "443"),
        WEB + "          args: [gunicorn, '--bind=0.0.0.0:9000', --keyfile=/tls/key.pem, 'app:app']\n",
        WEB + "          args: [gunicorn, '--bind=0.0.0.0:443', 'app:app']\n",
        # The kubelet sends its requests from outside the pod.
        WEB + "          args: [--host=127.0.0.1, --port=8081]\n",
        WEB + "          args: ['--web.listen-address=localhost:9101']\n",
        # No value of the chart can give it.
        {
            "chart/templates/app.yaml": WEB + "          args: ['{{ .Values.mode }}']\n",
            "chart/Chart.yaml": CHART,
        },
        # Other values of the chart could.
        {
            "chart/templates/app.yaml": WEB + "          {{- toYaml .Values.probes | nindent 10 }}\n",
            "chart/values.yaml": "probes: {readinessProbe: {tcpSocket: {port: 80}}}\n",
            "chart/Chart.yaml": CHART,
        },
        # An expression in a scalar cannot add keys.
        example(
            WEB + "          args: ['--project={{PROJECT_ID}}', --port=8000]\n",
            fixed=unmarked(WEB)
            + PROBE.format(port="8000")
            + "          args: ['--project={{PROJECT_ID}}', --port=8000]\n",
        ),
        # Without a port and a known path none is invented.
        WEB + "          command: [celery, -A, shop, worker]\n",
        example(
            WEB + "          ports: [{containerPort: 9115, name: metrics}]\n",
            fixed=unmarked(WEB)
            + "          ports: [{containerPort: 9115, name: metrics}]\n"
            + PROBE.format(port="metrics"),
        ),
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
        unmarked(WEB) + "          args: [{{ .Values.mode }}]\n",
        {
            "chart/templates/app.yaml": unmarked(WEB) + "          {{- toYaml .Values.probes | nindent 10 }}\n",
            "chart/values.yaml": "probes: {livenessProbe: {tcpSocket: {port: 80}}}\n",
            "chart/Chart.yaml": CHART,
        },
        unmarked(WEB) + "          {% if debug %}\n          tty: true\n          {% endif %}\n",
        unmarked(WEB).replace("image: nexus:5000/web:1.0", "image: #@ data.values.image"),
        # A container that only sleeps cannot hang.
        unmarked(WEB) + "          command: [sleep, infinity]\n",
        "name: web\ncontainers:\n  - name: web\n    image: web\n",
    ],
)
def no_liveness_probe(
    container: Container, platform: Platform, selections: Selections, code: Code
) -> Iterator[Finding]:
    """Container has no liveness probe.

    Kubernetes restarts a container when its process exits or its liveness probe fails. Without the probe, a process
    that deadlocks keeps running and is not restarted. Not reported for init containers, Jobs, Helm and Argo CD hooks,
    pods that run once or only wait (`sleep infinity`), and objects that can be completed elsewhere: kustomize patches
    and templates. A template of a Helm chart is judged as it is rendered; what the chart leaves to its values is
    information, once a chart. Reported as a hint for sidecars of Jobs, and for containers without ports next to a
    container that serves requests.
    """
    lack = missing(container, LIVENESS, selections, code.images.absence)
    if lack is not None:
        both = missing(container, READINESS, selections, code.images.absence) is not None
        context = context_of(container, code, selections)
        changes = fixes(lack.part, LIVENESS, (platform.liveness, platform.readiness), context, both)
        what = f"{container.display_name} has no `livenessProbe`{lack.where}"
        message = f"{what}; Kubernetes will not restart it if it hangs"
        yield Finding(container.span, message, lack.fixes(changes), lack.severity(lack.found))
