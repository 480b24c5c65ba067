from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import RoleBound
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.rules.kubernetes._accounts import Accounts, mount_no_token
from playpen_ls.rules.kubernetes._completeness import Absence

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: «shop»}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      serviceAccountName: shop
      containers: [{name: shop, image: 'nexus:5000/shop:1.0.0'}]
"""
PLAIN = unmarked(DEPLOYMENT)
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: shop}\n"
BINDING = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: shop}
subjects: [{kind: ServiceAccount, name: shop}]
"""
RIGHT = PLAIN.replace("      containers", "      automountServiceAccountToken: false\n      containers")


@rule(
    severity=Severity.INFORMATION,
    practice="Least privilege",
    preset="hardened",
    like={"checkov": ["CKV_K8S_38"]},
    reports_absence=True,
    bad=[
        example({"app.yaml": DEPLOYMENT, "account.yaml": ACCOUNT}, fixed=RIGHT),
    ],
    good=[
        {"app.yaml": RIGHT, "account.yaml": ACCOUNT},
        {"app.yaml": PLAIN, "account.yaml": ACCOUNT, "binding.yaml": BINDING},
        {"app.yaml": PLAIN, "account.yaml": ACCOUNT + "automountServiceAccountToken: false\n"},
        # Its rights can be given elsewhere.
        PLAIN,
        {"app.yaml": PLAIN, "account.yaml": ACCOUNT.replace("{name: shop}", "{name: shop, annotations: "
         "{eks.amazonaws.com/role-arn: 'arn:aws:iam::1:role/shop'}}")},
    ],
)  # fmt: skip
def unneeded_token(
    workload: Workload, absence: Absence, accounts: Accounts, bound: Facts[RoleBound]
) -> Iterator[Finding]:
    """Pods mount the token of a service account that has no rights.

    A program that does not ask the API server needs no token; who breaks into the container gets it. Reported if the
    ServiceAccount is in the project, without annotations by which a cloud gives it a role, and no RoleBinding or
    ClusterRoleBinding names it. Pods of the `default` account are reported by `kubernetes/default-service-account`.
    """
    name = workload.pod.text("serviceAccountName")
    if not name or name == "default" or workload.pod.get("automountServiceAccountToken") is not None:
        return
    own = list(accounts.named(name, workload))
    if not own or not all(one.mounts_token and not one.annotated for one in own):
        return
    if any(name in one.subjects or "" in one.subjects for one in facts_everywhere(bound, workload.document)):
        return
    if absence.is_certain(workload):
        fix = Fix("Set `automountServiceAccountToken: false`", partial(mount_no_token, workload))
        message = f"{workload.display_name} mounts the token of ServiceAccount `{name}`, to which nothing gives rights"
        yield Finding(workload.name_span, message, (fix,))
