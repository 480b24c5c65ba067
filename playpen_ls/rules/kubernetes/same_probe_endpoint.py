from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.project.services import answers
from playpen_ls.rules.kubernetes._application import Code, application_of
from playpen_ls.rules.kubernetes._probes import LIVENESS, READINESS

HEAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n      image: web:1.0\n"
LIVE = HEAD + "      livenessProbe:\n        httpGet: {path: /health, port: 8000}\n"


DOCKERFILE = 'FROM python:3.12\nCOPY . .\nCMD ["uvicorn", "app:app", "--port", "8000"]\n'


def served(path: str) -> dict[str, str]:
    app = f"from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('{path}')\ndef served():\n    return {{}}\n"
    return {"web/Dockerfile": DOCKERFILE, "web/app.py": app}


@rule(
    severity=Severity.HINT,
    practice="Health probes",
    like={"kube-score": ["pod-probes", "pod-probes-identical"]},
    bad=[
        example(
            {
                "web.yaml": LIVE + "      readinessProbe:\n        httpGet: {path: «/health», port: 8000}\n",
                **served("/ready"),
            },
            fixed=LIVE + "      readinessProbe:\n        httpGet: {path: /ready, port: 8000}\n",
        ),
        example(
            {
                "web.yaml": LIVE.replace("/health", "/ready")
                + "      readinessProbe:\n        httpGet: {path: «/ready», port: 8000}\n",
                **served("/health"),
            },
            fixed=LIVE + "      readinessProbe:\n        httpGet: {path: /ready, port: 8000}\n",
        ),
        # The application in the project is not that of the image, so its other path does not count.
        {
            "web.yaml": LIVE.replace("web:1.0", "other:1.0")
            + "      readinessProbe:\n        httpGet: {path: «/health», port: 8000}\n",
            **served("/ready"),
        },
        LIVE + "      readinessProbe:\n        httpGet: {path: «/health», port: 8000}\n",
    ],
    good=[
        LIVE + "      readinessProbe:\n        httpGet: {path: /ready, port: 8000}\n",
        LIVE + "      readinessProbe:\n        httpGet: {path: /health, port: 9000}\n",
        LIVE + "      readinessProbe:\n        tcpSocket: {port: 8000}\n",
    ],
)
def same_probe_endpoint(container: Container, platform: Platform, code: Code) -> Iterator[Finding]:
    """Liveness and readiness probes use the same endpoint.

    A pod that waits for its database is not ready, but a restart does not help it. If one endpoint that depends on
    the database is used for both probes, an outage of the database also restarts every pod. A fix is offered if the
    application of the image serves the platform's path for the other probe.
    """
    live = container.node.mapping(LIVENESS, "httpGet")
    ready = container.node.mapping(READINESS, "httpGet")
    if live is None or ready is None or live is ready:
        return
    same = all(live.text(key) == ready.text(key) for key in ("path", "port", "host", "scheme"))
    path = ready.scalar("path")
    if not same or path is None or not path.literal or live.text("port") == "":
        return
    which, scalar, other = READINESS, path, platform.readiness.path
    if path.value == other:
        which, scalar, other = LIVENESS, live.scalar("path") or path, platform.liveness.path
    fix = Fix(f"Change `{which}` path to `{other}`", partial(replace_scalar, container.document, scalar, other))
    application = application_of(container, code) if other != path.value else None
    certain = [one for one in application.served if one.whole] if application is not None else []
    fixes = (fix,) if answers(certain, (), other) else ()
    message = f"{container.display_name} uses `{path.value}` for both `{LIVENESS}` and `{READINESS}`"
    yield Finding(container.document.content(path), message, fixes)
