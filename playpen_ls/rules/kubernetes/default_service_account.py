from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import Overlay
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes import Workload
from playpen_ls.rules.kubernetes._accounts import Accounts, give_account, mount_no_token, uses_default

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
        "checkov": ["CKV_K8S_41", "CKV_K8S_43"],
    },
    absent=True,
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
        # A hook may run before an account is made; it needs no token for most of what it does.
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
def default_service_account(workload: Workload, accounts: Accounts, overlays: Facts[Overlay]) -> Iterator[Finding]:
    """It runs as `default`, whose rights everything in the namespace shares.

    A right that one program gets then all of them have, and every pod carries a token for the API
    server. Give the workload an account of its own, or no token where it does not ask the API
    server. Silent where the token is not mounted, and for patches and templates. A hook of Helm or
    Argo CD can run before an account of its own is there, so it is only offered to have no token.
    """
    if not uses_default(workload, accounts, overlays):
        return
    fixes = [Fix("Mount no token of the service account", lambda: mount_no_token(workload))]
    if workload.name and not workload.document.piece.json and not workload.is_hook:
        title = f"Give it the service account `{workload.name}`"
        fixes.insert(0, Fix(title, lambda: give_account(workload, accounts)))
    message = "it runs as the service account `default`, whose rights it shares"
    yield Finding(workload.name_span, message, tuple(fixes))
