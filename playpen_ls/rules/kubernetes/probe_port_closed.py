from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.finding import Finding, Fix, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.rules.kubernetes._links import Images, Openings, endpoints, is_name, linked, listening
from playpen_ls.vocabulary.names import nearest

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
          ports:
            - name: http
              containerPort: 8000
          readinessProbe:
            httpGet: {path: /ready, port: «8080»}
"""
PLAIN = unmarked(DEPLOYMENT)
DOCKERFILE = 'FROM playpen/python-base:latest\nEXPOSE 8000\nCMD ["uvicorn", "main:app", "--port", "8000"]\n'


@rule(
    severity=Severity.WARNING,
    practice="Health probes",
    like={"kube-linter": ["liveness-port", "readiness-port", "startup-port"]},
    reports_absence=True,
    bad=[
        example(
            {"k8s/app.yaml": DEPLOYMENT, "shop/Dockerfile": DOCKERFILE},
            fixed=PLAIN.replace("port: 8080", "port: http"),
        ),
        # Once the command gives the port, EXPOSE is only documentation.
        example(
            {"k8s/app.yaml": DEPLOYMENT, "shop/Dockerfile": DOCKERFILE + "EXPOSE 8080\n"},
            fixed=PLAIN.replace("port: 8080", "port: http"),
        ),
        example(
            DEPLOYMENT.replace("8080", "htp"),
            fixed=PLAIN.replace("port: 8080", "port: http"),
        ),
        DEPLOYMENT.replace("8080", "metrics").replace("- name: http\n              ", "- "),
    ],
    good=[
        PLAIN,
        PLAIN.replace("port: 8080", "port: http"),
        PLAIN.replace("port: 8080", "port: '${PORT:-8080}'"),
        {"k8s/app.yaml": PLAIN, "shop/Dockerfile": DOCKERFILE, "shop/main.py": "start_http_server(8080)\n"},
        {
            "k8s/app.yaml": PLAIN.replace("          ports:", "          command: [sleep]\n          ports:"),
            "shop/Dockerfile": DOCKERFILE,
        },
    ],
)
def probe_port_closed(container: Container, images: Images, openings: Openings) -> Iterator[Finding]:
    """Probe uses a port on which nothing listens.

    A readiness or startup probe never succeeds on such a port, so the pod does not become ready. A liveness probe
    restarts the container again and again, or has no effect if the port name is undefined. A named port must be one
    of the container's `ports`. A number is compared with the ports that the program of the image listens on, if the
    Dockerfile is in the project and shows them; otherwise it is not reported, since `containerPort` is optional.
    """
    document = container.document
    if container.role == "init" or not images.absence.is_certain(container):
        return
    names = [port.name for port in container.ports if port.name]
    numbers = {port.number for port in container.ports}
    for one in endpoints(container):
        port = one.port
        if port is None or not port.literal or not (port.value.isdigit() or is_name(port.value)):
            continue
        if not port.value.isdigit():
            if port.value not in names and container.node.get("ports") is not None and all(numbers):
                likely = nearest(port.value, names) or (names[0] if len(names) == 1 else None)
                change = partial(replace_scalar, document, port, likely or "")
                fixes = [Fix(f"Change probe port to `{likely}`", change)] if likely else []
                written = container.node.entry("ports")
                beside = (Place(document.path, document.span(written.key), "the container's ports"),) if written else ()
                message = f"`{one.key}` of {container.display_name} uses undefined port `{port.value}`"
                yield Finding(document.content(port), message, tuple(fixes), None, beside)
            continue
        image = linked(container, images) if port.value not in numbers else None
        ports = listening(container, image, openings) if image else None
        if ports is None or not ports.served or ports.place is None or int(port.value) in ports.open:
            continue
        fixes = []
        if len(ports.served) == 1:
            (served,) = ports.served
            target = next((one.name for one in container.ports if one.number == str(served) and one.name), str(served))
            fixes = [Fix(f"Change probe port to `{target}`", partial(replace_scalar, document, port, target))]
        served_on = ", ".join(map(str, sorted(ports.served)))
        related = Place(ports.place.path, ports.place.span, f"the program listens on {served_on}")
        yield Finding(
            document.content(port),
            f"`{one.key}` of {container.display_name} uses port {port.value}, but its program listens on {served_on}",
            tuple(fixes),
            None,
            (related, *(image.related if image is not None else ())),
        )
