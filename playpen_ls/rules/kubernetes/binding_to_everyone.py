from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Resource

_EVERYONE = {
    "system:anonymous": "everyone who reaches the API server",
    "system:unauthenticated": "everyone who reaches the API server",
    "system:authenticated": "every user and every service account of the cluster",
    "system:serviceaccounts": "every service account of the cluster",
}
_PUBLIC = frozenset(
    (
        "system:discovery",
        "system:basic-user",
        "system:public-info-viewer",
        "system:service-account-issuer-discovery",
        "kubeadm:bootstrap-signer-clusterinfo",
    )
)
"""Roles that Kubernetes itself or kubeadm binds to everyone."""


def binding(subject: str, role: str = "view", kind: str = "ClusterRoleBinding") -> str:
    head = f"apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata:\n  name: web\n"
    reference = f"roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: '{role}'}}\n"
    return f"{head}{reference}subjects:\n  - {subject}\n"


@rule(
    severity=Severity.WARNING,
    practice="Least privilege",
    bad=[
        binding("{kind: Group, name: '«system:authenticated»'}"),
        binding("{kind: User, name: '«system:anonymous»'}", kind="RoleBinding"),
        binding("{kind: Group, name: '«system:serviceaccounts»'}"),
        binding("{kind: ServiceAccount, name: «default», namespace: playpen-apps}"),
    ],
    good=[
        binding("{kind: ServiceAccount, name: web, namespace: playpen-apps}"),
        binding("{kind: Group, name: 'system:serviceaccounts:playpen-apps'}"),
        binding("{kind: User, name: default}"),
        binding("{kind: Group, name: 'system:unauthenticated'}", "system:service-account-issuer-discovery"),
    ],
)
def binding_to_everyone(resource: Resource) -> Iterator[Finding]:
    """Binding gives rights to everyone, or to the `default` service account.

    `system:authenticated` includes every pod of the cluster, `system:anonymous` and `system:unauthenticated` everyone
    who reaches the API server. All pods of a namespace that name no service account use `default`, so bind a service
    account of the workload's own. Not reported for the roles that Kubernetes itself binds to everyone.
    """
    if resource.group != "rbac.authorization.k8s.io" or resource.kind not in ("ClusterRoleBinding", "RoleBinding"):
        return
    reference = resource.node.mapping("roleRef")
    if reference is None or reference.text("name") in _PUBLIC:
        return
    role = f"{reference.text('kind')} `{reference.text('name')}`" if reference.text("name") else "its role"
    for subject in resource.node.mappings("subjects"):
        name, kind = subject.scalar("name"), subject.text("kind")
        if name is None or resource.document.depends(subject, resource.node):
            continue
        if kind in ("User", "Group") and name.value in _EVERYONE:
            whom = _EVERYONE[name.value]
        elif kind == "ServiceAccount" and name.value == "default":
            whom = "the `default` service account, which all pods share that name none"
        else:
            continue
        yield Finding(resource.document.content(name), f"{resource.display_name} gives {role} to {whom}")
