from __future__ import annotations

import posixpath
from collections.abc import Iterator

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import Named, Pods
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Change, Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere, facts_of
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._namespaces import Namespaces

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: «shop», namespace: playpen-apps}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers: [{name: shop, image: 'nexus:5000/shop:1.0.0'}]
"""
PLAIN = unmarked(DEPLOYMENT)
_POLICY = """\
# The pods of the namespace accept and open no connections but those that other policies allow, and may ask for names.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: deny-all
{namespace}spec:
  podSelector: {{}}
  policyTypes:
    - Ingress
    - Egress
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: allow-dns
{namespace}spec:
  podSelector: {{}}
  policyTypes:
    - Egress
  egress:
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: kube-system
      ports:
        - protocol: UDP
          port: 53
        - protocol: TCP
          port: 53
"""
CREATED = _POLICY.format(namespace="  namespace: playpen-apps\n")


@rule(
    severity=Severity.INFORMATION,
    practice="Least privilege",
    preset="hardened",
    like={"checkov": ["CKV2_K8S_6"], "kube-score": ["pod-networkpolicy"], "polaris": ["missingNetworkPolicy"]},
    reports_absence=True,
    bad=[
        example(DEPLOYMENT, fixed=PLAIN, creates={"network-policy.yaml": CREATED}),
        example(
            {"k8s/app.yaml": DEPLOYMENT, "k8s/more.yaml": PLAIN.replace("name: shop", "name: cart")},
            fixed=PLAIN,
            creates={"k8s/network-policy.yaml": CREATED},
        ),
        example(
            {"app.yaml": DEPLOYMENT, "policy.yaml": CREATED.replace("playpen-apps", "other")},
            fixed=PLAIN,
            creates={"network-policy.yaml": CREATED},
        ),
    ],
    good=[
        PLAIN + "---\n" + CREATED,
        {"app.yaml": PLAIN, "policy.yaml": CREATED},
        # Reported at the first workload of the namespace.
        {"b.yaml": PLAIN, "a.yaml": PLAIN.replace("name: shop", "name: cart")},
        PLAIN.replace("Deployment", "Job").replace("apps/v1", "batch/v1").replace("  selector: {matchLabels: "
                      "{app: shop}}\n", ""),
    ],
)  # fmt: skip
def no_network_policy(
    workload: Workload, absence: Absence, named: Facts[Named], pods: Facts[Pods], namespaces: Namespaces, files: Files
) -> Iterator[Finding]:
    """Nothing limits the connections of the pods of a namespace.

    Without a NetworkPolicy each pod can reach each other one of the cluster. The fix creates the policy `deny-all` of
    the platform's security guide, and one that lets pods ask the DNS of the cluster, without which no name resolves.
    All other connections are cut off until policies allow them. Reported once a namespace.
    """
    if workload.kind not in _SERVING or not workload.name or not absence.is_certain(workload):
        return
    every = facts_everywhere(named, workload.document)
    if any(one.kind in _POLICIES and namespaces.share(one, workload) for one in every):
        return
    path = workload.document.path
    if any(one.place.path < path and one.kind in _SERVING and namespaces.share(one, workload) for one in pods):
        return
    own = [one for one in workload.document.ask(facts_of, Pods)
           if one.kind in _SERVING and namespaces.include(one.namespace, "", workload)]  # fmt: skip
    if not own or (own[0].kind, own[0].name) != (workload.kind, workload.name):
        return
    created = posixpath.join(posixpath.dirname(path), "network-policy.yaml")

    def create() -> Change:
        if files.exists(created):
            raise Refused(f"`{created}` already exists")
        namespace = f"  namespace: {workload.namespace}\n" if workload.namespace else ""
        return Change({}, {created: _POLICY.format(namespace=namespace)})

    where = f"namespace `{workload.namespace}`" if workload.namespace else f"the namespace of {workload.display_name}"
    title = f"Create `{created}`, which denies all connections but DNS (allow what the pods need in other policies)"
    message = f"no NetworkPolicy limits the connections of {where}"
    yield Finding(workload.name_span, message, (Fix(title, create, kind="refactor.rewrite"),))


_SERVING = frozenset(("Deployment", "StatefulSet", "DaemonSet"))
_POLICIES = frozenset(("NetworkPolicy", "CiliumNetworkPolicy", "GlobalNetworkPolicy", "CiliumClusterwideNetworkPolicy"))
