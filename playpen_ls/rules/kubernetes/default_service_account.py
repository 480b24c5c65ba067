from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.rules.kubernetes._accounts import Accounts, give_account, mount_no_token, uses_default
from playpen_ls.rules.kubernetes._completeness import Absence

HEAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: «web»
spec:
  selector:
    matchLabels: {app: web}
  template:
    spec:
"""
TAIL = "      containers:\n        - name: web\n          image: nexus:5000/web:1.0\n"
ACCOUNT = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web\n"
HOOK = (
    "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: «migrate»\n  annotations: {argocd.argoproj.io/hook: PreSync}\n"
    "spec:\n  template:\n    spec:\n"
)
PLAIN = unmarked(HEAD)


@rule(
    severity=Severity.WARNING,
    practice="Least privilege",
    like={
        "kube-linter": ["default-service-account"],
        "polaris": ["automountServiceAccountToken"],
        "checkov": ["CKV_K8S_41"],
    },
    reports_absence=True,
    bad=[
        example(HEAD + TAIL, fixed=PLAIN + "      serviceAccountName: web\n" + TAIL + ACCOUNT),
        example(
            {"app.yaml": HEAD + "      serviceAccountName: default  # for now\n" + TAIL, "account.yaml": ACCOUNT},
            fixed=PLAIN + "      serviceAccountName: web  # for now\n" + TAIL,
        ),
        example(
            HEAD.replace("spec:\n  selector", "  namespace: apps\nspec:\n  selector") + "      # what runs\n" + TAIL,
            fixed=PLAIN.replace("spec:\n  selector", "  namespace: apps\nspec:\n  selector")
            + "      # what runs\n      serviceAccountName: web\n"
            + TAIL
            + ACCOUNT
            + "  namespace: apps\n",
        ),
        example(
            '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "«web»"},\n'
            ' "spec": {"containers": [{"name": "web", "image": "web:1.0"}]}}\n',
            fixed='{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"},\n "spec": '
            '{"automountServiceAccountToken": false, "containers": [{"name": "web", "image": "web:1.0"}]}}\n',
        ),
        # A hook can run before the ServiceAccount is created; most hooks do not need a token.
        example(
            HOOK + TAIL,
            fixed=unmarked(HOOK) + "      automountServiceAccountToken: false\n" + TAIL,
        ),
    ],
    good=[
        PLAIN + "      serviceAccountName: web\n" + TAIL,
        PLAIN + "      serviceAccount: web\n" + TAIL,
        PLAIN + "      automountServiceAccountToken: false\n" + TAIL,
        PLAIN.replace("  selector:\n    matchLabels: {app: web}\n", "") + TAIL,
        PLAIN.replace("  name: web\n", "  name: web\n  ownerReferences: [{kind: Shop, name: shop}]\n", 1) + TAIL,
        PLAIN + TAIL.replace("nexus:5000/web:1.0", "{{ .Values.image }}"),
        PLAIN
        + TAIL
        + "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default}\nautomountServiceAccountToken: false\n",
    ],
)
def default_service_account(workload: Workload, accounts: Accounts, absence: Absence) -> Iterator[Finding]:
    """Workload uses the `default` service account.

    All workloads of a namespace that use `default` share its permissions, and each of their pods mounts a token for
    the API server. Use a ServiceAccount per workload, or set `automountServiceAccountToken: false` if the workload
    does not call the API server. Not reported if the token is not mounted, and for patches and templates; those of Helm
    charts are judged as they are rendered. A Helm or Argo CD hook can run before its ServiceAccount exists, so only
    the second fix is offered for it.
    """
    lack = uses_default(workload, accounts, absence)
    if lack is None:
        return
    fixes = [Fix("Set `automountServiceAccountToken: false`", lambda: mount_no_token(lack.part))]
    if workload.name and not workload.document.parsed.json and not workload.is_hook:
        exists = any(accounts.named(workload.name, workload))
        title = f"Set `serviceAccountName: {workload.name}`"
        if not exists:
            title = f"Create ServiceAccount `{workload.name}` and set `serviceAccountName`"
        fixes.insert(0, Fix(title, lambda: give_account(workload, accounts)))
    message = f"{workload.display_name} uses the `default` service account{lack.where}; set `serviceAccountName`"
    yield Finding(workload.name_span, message, lack.fixes(fixes), lack.severity(None))
