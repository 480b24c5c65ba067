from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import put
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.rules.kubernetes._links import PROBES


def probed(asked: str, ports: str = "{name: https, containerPort: 8443}, {name: grpc, containerPort: 9000}") -> str:
    return (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: shop}\nspec:\n  containers:\n    - name: shop\n"
        f"      image: nexus:5000/shop:1.0.0\n      ports: [{ports}]\n      readinessProbe:\n        httpGet:\n{asked}"
    )


@rule(
    severity=Severity.WARNING,
    practice="Health probes",
    bad=[
        example(
            probed("          path: /\n          port: «https»\n"),
            fixed=probed("          path: /\n          port: https\n          scheme: HTTPS\n"),
        ),
        example(
            probed("          path: /\n          port: «8443»\n"),
            fixed=probed("          path: /\n          port: 8443\n          scheme: HTTPS\n"),
        ),
        probed("          path: /\n          port: «grpc»\n"),
        probed("          path: /\n          port: «9000»\n"),
    ],
    good=[
        probed("          path: /\n          port: https\n          scheme: HTTPS\n"),
        probed("          path: /\n          port: 8080\n"),
        probed("          path: /\n          port: 8443\n", "{containerPort: 8443}"),
        probed("          path: /\n          port: {{ .Values.port }}\n"),
        probed("          path: /\n          port: https\n          scheme: {{ .Values.scheme }}\n"),
        probed("          path: /\n          port: grpc-web\n", "{name: grpc-web, containerPort: 80}"),
    ],
)
def probe_protocol(container: Container) -> Iterator[Finding]:
    """HTTP probe asks a port of another protocol.

    A TLS server answers a plain HTTP request with an error, so the probe needs `scheme: HTTPS`; a gRPC server needs a
    `grpc` probe. Reported by the name of the container's port: `https`, `tls` or `grpc`.
    """
    document = container.document
    names = {port.number: port.name for port in container.ports if port.number and port.name}
    for key in PROBES:
        asked = container.node.mapping(key, "httpGet")
        port = asked.scalar("port") if asked is not None else None
        if asked is None or port is None or not port.literal or asked.merges:
            continue
        name = names.get(port.value, port.value if port.value in names.values() else "")
        what = f"`{key}` of {container.display_name}"
        if name in ("https", "tls") and asked.get("scheme") is None:
            fix = Fix("Set `scheme: HTTPS`", partial(put, document, asked, ("scheme",), "HTTPS"))
            yield Finding(document.content(port), f"{what} asks the TLS port `{name}` without `scheme: HTTPS`", (fix,))
        elif name == "grpc":
            yield Finding(document.content(port), f"{what} asks the gRPC port `{name}` with HTTP; use a `grpc` probe")
