from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import Pods
from playpen_ls.api.finding import Finding, Fix, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.parts import Container, Resource
from playpen_ls.project.image_evidence import Use
from playpen_ls.rules.kubernetes._links import Images, Openings, Selectable, is_name, linked, listening, selected
from playpen_ls.rules.kubernetes._programs import KNOWN_PORTS
from playpen_ls.vocabulary.images import ImageReference
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
              containerPort: «8080»
"""
PLAIN = unmarked(DEPLOYMENT)
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports:
    - port: 80
      targetPort: «8000»
"""
PLAIN_SERVICE = unmarked(SERVICE)
DOCKERFILE = 'FROM playpen/python-base:latest\nEXPOSE 8000\nCMD ["uvicorn", "main:app", "--port", "8000"]\n'
# The port comes from a variable, or from the `args` of a manifest.
LISTENING = "FROM x\nCMD uvicorn main:app --port ${PORT:-8000}\n"
SET = "          env: [{name: PORT, value: '8080'}]\n"
ENTERED = 'FROM x\nENTRYPOINT ["uvicorn", "main:app"]\nCMD ["--port", "8080"]\n'
TOLD = "          args: [--port, '8000']\n"
PORTS = "          ports:\n"


@rule(
    severity=Severity.WARNING,
    practice="Health probes",
    reports_absence=True,
    bad=[
        example({"k8s/app.yaml": DEPLOYMENT, "shop/Dockerfile": DOCKERFILE}, fixed=PLAIN.replace("8080", "8000")),
        example(
            {"k8s/app.yaml": DEPLOYMENT.replace(PORTS, TOLD + PORTS), "shop/Dockerfile": ENTERED},
            fixed=PLAIN.replace(PORTS, TOLD + PORTS).replace("8080", "8000"),
        ),
        example(
            {
                "k8s/app.yaml": DEPLOYMENT.replace(PORTS, SET.replace("8080", "9000") + PORTS),
                "shop/Dockerfile": LISTENING,
            },
            fixed=PLAIN.replace(PORTS, SET.replace("8080", "9000") + PORTS).replace(
                "containerPort: 8080", "containerPort: 9000"
            ),
        ),
        example(
            {"k8s/app.yaml": DEPLOYMENT, "shop/Dockerfile": DOCKERFILE.replace("EXPOSE 8000", "EXPOSE 8080")},
            fixed=PLAIN.replace("8080", "8000"),
        ),
        example(
            {"k8s/service.yaml": SERVICE, "k8s/app.yaml": PLAIN},
            fixed=PLAIN_SERVICE.replace("8000", "8080"),
        ),
        # The pods declare no ports, but the program is known.
        example(
            {
                "k8s/service.yaml": SERVICE.replace("8000", "9000"),
                "k8s/app.yaml": PLAIN.partition("          ports:")[0],
                "shop/Dockerfile": DOCKERFILE,
            },
            fixed=PLAIN_SERVICE,
        ),
        example(
            {"k8s/service.yaml": SERVICE.replace("8000", "htttp"), "k8s/app.yaml": PLAIN},
            fixed=PLAIN_SERVICE.replace("8000", "http"),
        ),
        example(
            {"k8s/app.yaml": PLAIN + "---\n" + SERVICE}, fixed=PLAIN + "---\n" + PLAIN_SERVICE.replace("8000", "8080")
        ),
    ],
    good=[
        PLAIN,
        {"k8s/app.yaml": PLAIN, "shop/Dockerfile": DOCKERFILE.replace("8000", "8080")},
        # Without a port in the command, what the Dockerfile exposes counts.
        {"k8s/app.yaml": PLAIN, "shop/Dockerfile": 'FROM x\nEXPOSE 8080\nCMD ["uvicorn", "main:app"]\n'},
        # A port that is computed can be any.
        {
            "k8s/app.yaml": PLAIN,
            "shop/Dockerfile": DOCKERFILE,
            "shop/metrics.py": "start_http_server(port=settings.port)\n",
        },
        {
            "k8s/app.yaml": PLAIN,
            "shop/Dockerfile": 'FROM x\nCMD ["python", "main.py"]\n',
            "shop/main.py": "from flask import Flask\n\napp = Flask(__name__)\napp.run(port=8000)\n"
            "server.add_insecure_port(address)\n",
        },
        # The image is not built here, so the ports that it listens on are not known, unless the numbers are alike.
        {"k8s/service.yaml": PLAIN_SERVICE.replace("8000", "9411"), "k8s/app.yaml": PLAIN},
        {
            "k8s/service.yaml": PLAIN_SERVICE + "    - port: 81\n",
            "k8s/app.yaml": PLAIN,
        },
        {"k8s/app.yaml": PLAIN, "shop/Dockerfile": 'FROM x\nCMD ["./start.sh"]\n'},
        # The manifest sets the port: by a variable of the command, by `args`, or by another program.
        {"k8s/app.yaml": PLAIN.replace(PORTS, SET + PORTS), "shop/Dockerfile": LISTENING},
        {"k8s/app.yaml": PLAIN.replace(PORTS, SET.replace("'8080'", "'$(X)'") + PORTS), "shop/Dockerfile": LISTENING},
        {"k8s/app.yaml": PLAIN.replace(PORTS, TOLD.replace("8000", "8080") + PORTS), "shop/Dockerfile": ENTERED},
        {"k8s/app.yaml": PLAIN.replace(PORTS, "          command: [./serve]\n" + PORTS), "shop/Dockerfile": DOCKERFILE},
        {"k8s/service.yaml": PLAIN_SERVICE.replace("8000", "http"), "k8s/app.yaml": PLAIN},
        {"k8s/service.yaml": PLAIN_SERVICE, "k8s/app.yaml": PLAIN.replace("app: shop", "app: web")},
        {
            "k8s/service.yaml": PLAIN_SERVICE,
            "k8s/app.yaml": PLAIN + "            - containerPort: 9090\n",
        },
        # An argument makes it listen there; a placeholder that a tool replaces is not a port yet.
        {
            "k8s/service.yaml": PLAIN_SERVICE,
            "k8s/app.yaml": PLAIN.replace("          ports:", "          args: ['--metrics=:8000']\n          ports:"),
        },
        {"k8s/service.yaml": PLAIN_SERVICE.replace("8000", "${PORT:-8000}"), "k8s/app.yaml": PLAIN},
        # The default port of the image's program.
        {
            "k8s/service.yaml": PLAIN_SERVICE.replace("8000", "27017"),
            "k8s/app.yaml": PLAIN.replace("nexus:5000/shop:1", "mongo:7.0"),
        },
        # The program listens there; another container declares no port; another variant has the port.
        {"k8s/service.yaml": PLAIN_SERVICE, "k8s/app.yaml": PLAIN, "shop/Dockerfile": DOCKERFILE},
        {
            "k8s/service.yaml": PLAIN_SERVICE,
            "k8s/app.yaml": PLAIN + "        - name: proxy\n          image: envoy:1\n",
        },
        {"k8s/service.yaml": PLAIN_SERVICE, "k8s/app.yaml": PLAIN, "k8s/two.yaml": PLAIN.replace("8080", "8000")},
    ],
)
def port_mismatch(
    part: Container | Resource, images: Images, openings: Openings, pods: Selectable
) -> Iterator[Finding]:
    """`targetPort`, `containerPort` and the port the application listens on do not match.

    Requests to a port on which nothing listens are refused. The `targetPort` of a Service is compared with the ports
    of the pods that it selects. Since `containerPort` is optional, a number is not reported if the pods declare several
    ports, nor if their image is not built in the project, unless the Service has one port and the numbers differ by a
    digit. If the pods declare none, it is compared with the ports that their programs listen on. A `containerPort` is
    compared with the ports that the program of the image listens on, if the Dockerfile is in the project and shows
    them; it is not reported if an unknown variable or another command can change the port.
    """
    if isinstance(part, Container):
        yield from _of_container(part, images, openings)
    elif (part.group, part.kind) == ("", "Service") and not part.document.template:
        found = selected(part, pods)
        if found and all(one.plain for one in found):
            yield from _of_programs(part, found, images, openings)
            return
        linker = images.linker(part.document)
        uses = [Use(image, one.place.path or part.document.path) for one in found for image in one.images]
        links = [linker.link(use) for use in uses]
        opened = {port for link in links if link for port in openings.of(link).open}
        opened |= {KNOWN_PORTS.get(ImageReference.parse(image).base, 0) for one in found for image in one.images}
        yield from _of_service(
            part, found, opened, is_built=all(one is not None and one.supports_findings for one in links)
        )


def _of_container(container: Container, images: Images, openings: Openings) -> Iterator[Finding]:
    declared = [port for port in container.ports if port.number.isdigit() and port.protocol == "TCP"]
    image = linked(container, images) if declared else None
    if image is None:
        return
    ports = listening(container, image, openings)
    if not ports.served or ports.place is None or any(int(port.number) in ports.open for port in declared):
        return
    for port in declared:
        scalar = port.node.scalar("containerPort")
        if scalar is None:
            continue
        fixes = []
        if len(declared) == len(ports.served) == 1:
            (served,) = ports.served
            change = partial(replace_scalar, container.document, scalar, str(served))
            fixes = [Fix(f"Change `containerPort` to `{served}`", change)]
        related = Place(ports.place.path, ports.place.span, f"the program listens on port {min(ports.served)}")
        numbers = ", ".join(map(str, sorted(ports.served)))
        message = f"{container.display_name} declares port {port.number}, but its program listens on {numbers}"
        yield Finding(container.document.content(scalar), message, tuple(fixes), None, (related, *image.related))


def _of_programs(service: Resource, found: list[Pods], images: Images, openings: Openings) -> Iterator[Finding]:
    """The target ports on which no program of the pods listens, where the pods declare no ports."""
    linker, document = images.linker(service.document), service.document
    uses = [Use(image, one.place.path or document.path) for one in found for image in one.images]
    links = [linker.link(use) for use in uses]
    if not uses or any(link is None or not link.supports_findings for link in links):
        return
    every = [openings.of(link) for link in links if link is not None]
    if any(not ports.served or ports.variables for ports in every):
        return
    opened = {port for ports in every for port in ports.open}
    spec = service.node.mapping("spec")
    for port in spec.mappings("ports") if spec else ():
        target = port.scalar("targetPort") or port.scalar("port")
        if target is None or not target.literal or not target.value.isdigit() or int(target.value) in opened:
            continue
        if port.text("protocol") not in ("", "TCP"):
            continue
        fixes = []
        if len(opened) == 1 and port.scalar("targetPort") is not None:
            (likely,) = opened
            fixes = [Fix(f"Change `targetPort` to `{likely}`", partial(replace_scalar, document, target, str(likely)))]
        listed = ", ".join(map(str, sorted(opened)))
        related = tuple(Place(ports.place.path, ports.place.span, f"the program listens on {listed}")
                        for ports in every if ports.place)  # fmt: skip
        message = f"{service.display_name} targets port `{target.value}`, but its pods listen on {listed}"
        yield Finding(document.content(target), message, tuple(fixes), None, related)


def _of_service(service: Resource, found: list[Pods], opened: set[int], is_built: bool) -> Iterator[Finding]:
    """`is_built`: the images of all pods are built in the project, so that their declared ports are its own."""
    if not found or any(one.ports is None for one in found):
        return
    every = {port for one in found for port in one.ports or ()}
    if any(not number for _, number in every):
        return
    document, spec = service.document, service.node.mapping("spec")
    alone = spec is not None and len(spec.mappings("ports")) == 1
    for port in spec.mappings("ports") if spec else ():
        target = port.scalar("targetPort") or port.scalar("port")
        if target is None or not target.literal or (target.value.isdigit() and int(target.value) in opened):
            continue
        if any(target.value in pair for pair in every) or any(target.value in one.mentioned for one in found):
            continue
        if not target.value.isdigit() and not is_name(target.value):
            continue  # a placeholder that a tool replaces
        if target.value.isdigit() and len(every) > 1:
            continue  # `containerPort` is optional, and these pods listen on several ports
        if target.value.isdigit() and not is_built and not (alone and _is_alike(target.value, every)):
            continue
        names = [name for name, _ in every if name]
        likely = nearest(target.value, names) if not target.value.isdigit() else None
        if likely is None and len(every) == 1:
            ((name, number),) = every
            likely = number if target.value.isdigit() else name or number
        fixes = []
        if likely and port.scalar("targetPort") is not None:
            fixes = [Fix(f"Change `targetPort` to `{likely}`", partial(replace_scalar, document, target, likely))]
        related = tuple(one.related(f"pods that {service.display_name} selects") for one in found)
        message = f"{service.display_name} targets port `{target.value}`, which its pods do not have"
        yield Finding(document.content(target), message, tuple(fixes), None, related)


def _is_alike(port: str, every: set[tuple[str, str]]) -> bool:
    """Whether a port differs from one of the pods' by one digit, or by two that are swapped."""
    return any(_is_slip(port, number) for _, number in every)


def _is_slip(one: str, other: str) -> bool:
    if len(one) == len(other):
        different = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        swapped = len(different) == 2 and sorted(one) == sorted(other)
        return len(different) == 1 or swapped
    short, long = sorted((one, other), key=len)
    return len(long) == len(short) + 1 and any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
