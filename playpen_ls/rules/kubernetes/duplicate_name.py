from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from playpen_ls.api.finding import Finding, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Resource, Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar
from playpen_ls.rules.kubernetes._completeness import Absence

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  initContainers:
    - {name: migrate, image: 'nexus:5000/shop:1.0.0'}
  containers:
    - name: shop
      image: nexus:5000/shop:1.0.0
      ports:
        - {name: http, containerPort: 8000}
        - {name: metrics, containerPort: 9000}
    - {name: proxy, image: 'nexus:5000/proxy:1.0.0', ports: [{name: http, containerPort: 80}]}
  volumes:
    - {name: data, emptyDir: {}}
    - {name: cache, emptyDir: {}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports:
    - {name: http, port: 80}
    - {name: metrics, port: 9000}
    - {name: metrics-udp, port: 9000, protocol: UDP}
"""


@rule(
    severity=Severity.ERROR,
    practice="+",
    reports_absence=True,
    in_pipelines=True,
    bad=[
        POD.replace("name: proxy", "name: «shop»"),
        POD.replace("name: proxy", "name: «migrate»"),
        POD.replace("name: cache", "name: «data»"),
        POD.replace("name: metrics", "name: «http»"),
        SERVICE.replace("name: metrics,", "name: «http»,"),
        SERVICE.replace("port: 9000}", "port: «80»}"),
    ],
    good=[
        POD,
        SERVICE,
        # Names that a tool or a template replaces.
        POD.replace("name: proxy", "name: ${NAME}").replace("name: shop\n", "name: ${NAME}\n"),
        POD.replace("  volumes", "    {{- if .Values.x }}\n    - {name: shop, image: a}\n    {{- end }}\n  volumes"),
        {"app.yaml": POD.replace("name: proxy", "name: shop"),
         "kustomization.yaml": "resources: [base]\npatches: [{path: app.yaml}]\n"},
    ],
)  # fmt: skip
def duplicate_name(resource: Resource, absence: Absence) -> Iterator[Finding]:
    """Two containers, volumes or ports of an object have one name.

    The API server rejects the object. Compared are the containers of a pod, with its init containers; its volumes; the
    names of the ports of a container; names and numbers (with their protocol) of the ports of a Service.
    """
    spec = resource.node.mapping("spec")
    if isinstance(resource, Workload):
        lists = [
            ("containers", [one.node for one in resource.containers], _name),
            ("volumes", resource.pod.mappings("volumes"), _name),
            *(("ports", one.node.mappings("ports"), _name) for one in resource.containers),
        ]
    elif (resource.group, resource.kind) == ("", "Service") and spec is not None:
        lists = [("ports", spec.mappings("ports"), key) for key in (_name, _number)]
    else:
        return
    for what, nodes, key in lists:
        for again, first in _repeated(nodes, key):
            if absence.is_certain(resource):
                document = resource.document
                shared = "number" if key is _number else "name"
                message = f"two {what} of {resource.display_name} have the {shared} `{again.value}`"
                related = (Place(document.path, document.content(first), f"the first `{first.value}`"),)
                yield Finding(document.content(again), message, (), None, related)


def _repeated(
    nodes: Iterable[Mapping], key: Callable[[Mapping], tuple[Scalar, str] | None]
) -> Iterator[tuple[Scalar, Scalar]]:
    seen: dict[str, Scalar] = {}
    for one in nodes:
        found = key(one)
        if found is None or not found[0].literal or "$" in found[1]:
            continue
        scalar, text = found
        if text in seen and seen[text] is not scalar:
            yield scalar, seen[text]
        seen.setdefault(text, scalar)


def _name(node: Mapping) -> tuple[Scalar, str] | None:
    name = node.scalar("name")
    return (name, name.value) if name is not None else None


def _number(node: Mapping) -> tuple[Scalar, str] | None:
    port = node.scalar("port")
    return (port, f"{port.value}/{node.text('protocol') or 'TCP'}") if port is not None else None
