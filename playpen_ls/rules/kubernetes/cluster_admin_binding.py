from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Resource


def binding(subjects: str, role: str = "«cluster-admin»", kind: str = "ClusterRoleBinding") -> str:
    head = f"apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata:\n  name: web\n"
    reference = f"roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: {role}\n"
    return f"{head}{reference}subjects:\n{subjects}"


@rule(
    severity=Severity.ERROR,
    practice="Least privilege",
    like={
        "kube-linter": ["cluster-admin-role-binding"],
        "polaris": ["clusterrolebindingClusterAdmin", "rolebindingClusterAdminClusterRole"],
    },
    bad=[
        binding("  - {kind: ServiceAccount, name: web, namespace: playpen-apps}\n"),
        binding("  - {kind: Group, name: 'system:masters'}\n  - {kind: User, name: jane}\n", kind="RoleBinding"),
    ],
    good=[
        binding("  - {kind: ServiceAccount, name: web, namespace: playpen-apps}\n", "view"),
        binding("  - {kind: Group, name: 'system:masters'}\n", "cluster-admin"),
    ],
)
def cluster_admin_binding(resource: Resource) -> Iterator[Finding]:
    """Binding grants `cluster-admin`.

    A ClusterRoleBinding to `cluster-admin` allows every action in the whole cluster, a RoleBinding every action in
    its namespace. Bind a role that grants only what the subject needs. Not reported if every subject is
    `system:masters`, which has full access anyway.
    """
    if resource.group != "rbac.authorization.k8s.io" or resource.kind not in ("ClusterRoleBinding", "RoleBinding"):
        return
    reference = resource.node.mapping("roleRef")
    name = reference.scalar("name") if reference else None
    if name is None or name.value != "cluster-admin":
        return
    subjects = resource.node.mappings("subjects")
    if subjects and all(subject.text("name") == "system:masters" for subject in subjects):
        return
    place = "the whole cluster" if resource.kind == "ClusterRoleBinding" else "its namespace"
    yield Finding(resource.document.content(name), f"{resource.display_name} grants `cluster-admin` in {place}")
