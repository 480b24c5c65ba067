from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import put, replace_scalar
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.text.edit import Edit

JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: «migrate»
spec:
  template:
    spec:
      containers:
        - name: migrate
          image: nexus:5000/shop:1.0.0
"""
FIXED = unmarked(JOB) + "      restartPolicy: OnFailure\n"
CRON = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: report}
spec:
  schedule: "0 2 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: «Always»  # retry
          containers: [{name: report, image: 'nexus:5000/report:1.0.0'}]
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      restartPolicy: «OnFailure»
      containers: [{name: shop, image: 'nexus:5000/shop:1.0.0'}]
"""
PART = "\n".join(line for line in unmarked(CRON).split("\n") if "schedule" not in line and "restart" not in line)
POLICY = "spec:\n  podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [42]}}]}\n"


@rule(
    severity=Severity.ERROR,
    practice="+",
    like={"kube-score": ["cronjob-restartpolicy"]},
    reports_absence=True,
    bad=[
        example(JOB, fixed=FIXED),
        example(CRON, fixed=unmarked(CRON).replace("Always", "OnFailure")),
        example(DEPLOYMENT, fixed=unmarked(DEPLOYMENT).replace("OnFailure", "Always")),
        # Only `Never` goes with a `podFailurePolicy`.
        example(
            FIXED.replace("OnFailure", "«OnFailure»").replace("spec:\n", POLICY, 1),
            fixed=FIXED.replace("OnFailure", "Never").replace("spec:\n", POLICY, 1),
        ),
    ],
    good=[
        FIXED,
        unmarked(CRON).replace("Always", "Never"),
        unmarked(DEPLOYMENT).replace("OnFailure", "Always"),
        unmarked(DEPLOYMENT).replace("      restartPolicy: OnFailure\n", ""),
        # A sidecar.
        unmarked(CRON).replace("Always", "Never") + "          initContainers: [{name: log, image: 'a:1', "
        "restartPolicy: Always}]\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: once}\nspec:\n  restartPolicy: OnFailure\n"
        "  containers: [{name: a, image: 'nexus:5000/a:1'}]\n",
        unmarked(JOB).replace("    spec:\n", "    spec:\n      {{- include \"pod\" . | nindent 6 }}\n"),
        unmarked(CRON).replace("Always", "'{{ .Values.restartPolicy }}'"),
        PART,
        {"base/job.yaml": unmarked(JOB), "base/kustomization.yaml": "resources: [job.yaml]\n",
         "prod/kustomization.yaml": "resources: [../base]\npatches:\n"
         "  - patch: '[{op: add, path: /spec/template/spec/restartPolicy, value: Never}]'\n    target: {kind: Job}\n"},
    ],
)  # fmt: skip
def invalid_restart_policy(workload: Workload, absence: Absence) -> Iterator[Finding]:
    """`restartPolicy` of the pods is not one that the kind of workload allows.

    The API server rejects the object. The pods of Jobs and CronJobs must have `Never` or `OnFailure`, only `Never` with
    a `podFailurePolicy`, and without `restartPolicy` they have `Always`. All other workloads allow `Always` only.
    """
    written = workload.pod.get("restartPolicy")
    if isinstance(written, Scalar) and not written.literal:
        return
    spec = workload.node.mapping("spec")
    if written is None and workload.kind == "CronJob" and (spec is None or spec.get("schedule") is None):
        return  # a part of an object: a CronJob must have a schedule
    wrong = absence.lack(workload, _problem, "restartPolicy")
    if wrong is None:
        return
    document, allowed = workload.document, _allowed(workload)
    value = workload.pod.scalar("restartPolicy")

    def change() -> list[Edit]:
        if value is not None:
            return replace_scalar(document, value, allowed[0])
        return put(document, workload.pod, ("restartPolicy",), allowed[0], ("containers",))

    fix = Fix(f"Set `restartPolicy: {allowed[0]}`", change)
    span = document.content(value) if value is not None else workload.name_span
    yield Finding(span, f"{workload.display_name} {wrong.found}{wrong.where}", wrong.fixes([fix]))


def _problem(workload: Workload) -> str | None:
    value, allowed = workload.pod.scalar("restartPolicy"), _allowed(workload)
    policy = value.value if value is not None else "Always"
    if not allowed or policy in allowed or (value is not None and not value.literal):
        return None
    must = " or ".join(f"`{one}`" for one in reversed(allowed))
    if value is None:
        return f"has no `restartPolicy`; it must be {must}"
    return f"has `restartPolicy: {policy}`; it must be {must}"


def _allowed(workload: Workload) -> tuple[str, ...]:
    """The values that the API server accepts, the best one first; none for a Pod, which can have all."""
    if workload.kind == "Pod":
        return ()
    if workload.group != "batch":
        return ("Always",)
    job = workload.node.mapping(*workload.pod_path[:-2])
    if job is not None and job.get("podFailurePolicy") is not None:
        return ("Never",)
    return ("OnFailure", "Never")
