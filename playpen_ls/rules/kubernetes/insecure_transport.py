from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.api.example import unmarked
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Resource
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.text.regex import regex

# Annotations by which a controller ends TLS without `spec.tls`.
_ELSEWHERE = regex(r"cert|tls|ssl|https", re.IGNORECASE)
_GROUPS = ("networking.k8s.io", "extensions")

INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: «shop»
spec:
  ingressClassName: nginx
  rules:
    - host: shop.example.com
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: {service: {name: shop, port: {number: 80}}}
"""
PLAIN = unmarked(INGRESS)


@rule(
    severity=Severity.INFORMATION,
    practice="+",
    preset="hardened",
    reports_absence=True,
    like={"trivy": ["KSV119"]},
    bad=[INGRESS, INGRESS.replace("spec:", "spec:\n  tls: []")],
    good=[
        PLAIN.replace("spec:", "spec:\n  tls: [{hosts: [shop.example.com], secretName: shop-tls}]"),
        PLAIN.replace(
            "  name: shop\nspec",
            "  name: shop\n  annotations: {alb.ingress.kubernetes.io/certificate-arn: 'arn:aws:acm:x'}\nspec",
        ),
        PLAIN.replace(
            "  name: shop\nspec", "  name: shop\n  annotations: {networking.gke.io/managed-certificates: x}\nspec"
        ),
        "{{- if .Values.ingress }}\n"
        + PLAIN.replace("spec:", 'spec:\n  {{- include "tls" . | nindent 2 }}')
        + "{{- end }}\n",
    ],
)
def insecure_transport(resource: Resource, absence: Absence) -> Iterator[Finding]:
    """Ingress serves without TLS.

    Passwords and sessions of the users can be read on the way. Set `tls` with the hosts and the Secret of a
    certificate, which cert-manager can issue. Not reported where an annotation can end TLS elsewhere, as those for load
    balancers of clouds.
    """
    spec = resource.node.mapping("spec")
    if resource.kind != "Ingress" or resource.group not in _GROUPS or spec is None or list(spec.mappings("tls")):
        return
    annotations = resource.node.mapping("metadata", "annotations")
    text = resource.document.text
    if annotations is not None and _ELSEWHERE.search(text[annotations.start : annotations.end]):
        return
    if resource.name and absence.is_certain(resource) and resource.name_span is not None:
        yield Finding(resource.name_span, f"{resource.display_name} serves without TLS")
