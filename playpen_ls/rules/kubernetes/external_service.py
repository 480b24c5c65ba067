from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Resource


def service(spec: str) -> str:
    head = "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec:\n"
    return f"{head}{spec}  selector: {{app: shop}}\n  ports: [{{port: 80}}]\n"


@rule(
    severity=Severity.INFORMATION,
    practice="Least privilege",
    preset="hardened",
    like={"kube-linter": ["exposed-services"], "kube-score": ["service-type"]},
    bad=[
        service("  type: «NodePort»\n"),
        service("  type: «LoadBalancer»\n"),
        service("  type: ClusterIP\n  «externalIPs»: [192.0.2.1]\n"),
        service("  type: «NodePort»\n  «externalIPs»: [192.0.2.1]\n"),
    ],
    good=[
        service(""),
        service("  type: ClusterIP\n"),
        service("  externalIPs: []\n"),
        service("  type: {{ .Values.type }}\n"),
    ],
)
def external_service(resource: Resource) -> Iterator[Finding]:
    """Service is reachable from outside of the cluster without an Ingress.

    `NodePort` opens a port on every node, `LoadBalancer` an address of its own, without the TLS and the rules of an
    Ingress. `externalIPs` take over the traffic to these addresses from all pods of the cluster.
    """
    spec = resource.node.mapping("spec")
    if (resource.group, resource.kind) != ("", "Service") or spec is None:
        return
    document, kind = resource.document, spec.scalar("type")
    if kind is not None and kind.value in ("NodePort", "LoadBalancer"):
        where = "on a port of every node" if kind.value == "NodePort" else "at an address outside of the cluster"
        yield Finding(document.content(kind), f"{resource.display_name} is reachable {where} (`{kind.value}`)")
    addresses = spec.entry("externalIPs")
    if addresses is not None and spec.items("externalIPs"):
        message = f"{resource.display_name} takes over the traffic to its `externalIPs`"
        yield Finding(document.span(addresses.key), message)
