from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.facts import Facts, Route
from playpen_ls.finding import Finding, Fix, Severity
from playpen_ls.languages.kubernetes import Container
from playpen_ls.languages.kubernetes.insertion import replace_scalar
from playpen_ls.languages.kubernetes.probes import LIVENESS, READINESS
from playpen_ls.platform import Platform
from playpen_ls.rule import example, rule

HEAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n      image: web:1.0\n"
LIVE = HEAD + "      livenessProbe:\n        httpGet: {path: /health, port: 8000}\n"


def served(path: str) -> str:
    return f"from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('{path}')\ndef served():\n    return {{}}\n"


@rule(
    severity=Severity.HINT,
    practice="Health probes",
    like={"kube-score": ["pod-probes", "pod-probes-identical"]},
    bad=[
        example(
            {
                "web.yaml": LIVE + "      readinessProbe:\n        httpGet: {path: «/health», port: 8000}\n",
                "app.py": served("/ready"),
            },
            fixed=LIVE + "      readinessProbe:\n        httpGet: {path: /ready, port: 8000}\n",
        ),
        example(
            {
                "web.yaml": LIVE.replace("/health", "/ready")
                + "      readinessProbe:\n        httpGet: {path: «/ready», port: 8000}\n",
                "app.py": served("/health"),
            },
            fixed=LIVE + "      readinessProbe:\n        httpGet: {path: /ready, port: 8000}\n",
        ),
        # Nothing shows that the application serves another path.
        LIVE + "      readinessProbe:\n        httpGet: {path: «/health», port: 8000}\n",
    ],
    good=[
        LIVE + "      readinessProbe:\n        httpGet: {path: /ready, port: 8000}\n",
        LIVE + "      readinessProbe:\n        httpGet: {path: /health, port: 9000}\n",
        LIVE + "      readinessProbe:\n        tcpSocket: {port: 8000}\n",
    ],
)
def same_probe_endpoint(container: Container, platform: Platform, routes: Facts[Route]) -> Iterator[Finding]:
    """Liveness and readiness ask the same question.

    A pod that waits for its database is not ready, but it need not be restarted; with one endpoint
    for both, a slow database restarts every pod. The fix is offered where an application of the
    project serves the other path.
    """
    live = container.node.mapping(LIVENESS, "httpGet")
    ready = container.node.mapping(READINESS, "httpGet")
    if live is None or ready is None or live is ready:
        return
    same = all(live.text(key) == ready.text(key) for key in ("path", "port", "host", "scheme"))
    path = ready.scalar("path")
    if not same or path is None or not path.literal or live.text("port") == "":
        return
    which, scalar, other = "readiness", path, platform.readiness.path
    if path.value == other:
        which, scalar, other = "liveness", live.scalar("path") or path, platform.liveness.path
    fix = Fix(f"Probe `{other}` for {which}", partial(replace_scalar, container.document, scalar, other))
    known = other != path.value and any(route.path.rstrip("/") == other for route in routes)
    fixes = (fix,) if known else ()
    yield Finding(container.document.content(path), f"liveness and readiness both probe `{path.value}`", fixes)
