from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._limits import described, fixes_of, lacking, place, set_all, set_leaf
from playpen_ls.rules.kubernetes._namespaces import LimitRanges

JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: train
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
"""
TRAIN = JOB + "        - name: «train»\n          image: nexus:5000/train:1.0\n"
SET = JOB + "        - name: train\n          image: nexus:5000/train:1.0\n          «resources»:\n"
ALL = """\
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              cpu: 500m
              memory: 512Mi
"""

REQUESTS = "            requests:\n              cpu: 100m\n"


@rule(
    severity=Severity.WARNING,
    practice="Resource limits",
    like={
        "kube-linter": ["unset-cpu-requirements"],
        "kube-score": ["container-resources"],
        "polaris": ["cpuLimitsMissing"],
        "checkov": ["CKV_K8S_11"],
    },
    reports_absence=True,
    bad=[
        example(TRAIN, fixed=unmarked(TRAIN) + ALL),
        example(SET + REQUESTS, fixed=unmarked(SET) + REQUESTS + "            limits:\n              cpu: 500m\n"),
        example(
            SET.replace("»:\n", "»: {}  # none yet\n"),
            fixed=unmarked(SET).replace("resources:\n", "resources:  # none yet\n") + ALL.partition("\n")[2],
        ),
    ],
    good=[
        unmarked(TRAIN) + ALL,
        unmarked(SET) + "            limits: {cpu: 1}\n",
        unmarked(SET) + "            limits: {cpu: 2.5}\n",
    ],
)
def no_cpu_limit(container: Container, platform: Platform, absence: Absence, ranges: LimitRanges) -> Iterator[Finding]:
    """Container has no CPU limit.

    Without a limit, the container can use all spare CPU of the node. Some teams omit CPU limits on purpose, because a
    limit throttles the container even while the node is idle; disable this rule in that case. Not reported if a
    LimitRange of the namespace sets a limit, or if the pod spec has `resources` of its own. Reported as a hint for
    init containers.
    """
    lack = lacking(container, (("limits", "cpu"),), absence, ranges)
    if lack is None:
        return
    value = platform.resources.get("limits", {}).get("cpu")
    fixes = [Fix(f"Set the CPU limit to {value} (the platform's default)",
                 lambda: set_leaf(lack.part, "limits", "cpu", str(value)))] if value else []  # fmt: skip
    if value and lack.found.all:
        everything = Fix(
            f"Add the platform's default `resources` ({described(platform.resources)})",
            lambda: set_all(lack.part, platform.resources),
        )
        fixes.insert(0, everything)
    severity = Severity.HINT if container.role == "init" else None
    message = f"{container.display_name} has no CPU limit{lack.where} and can use all spare CPU of the node"
    yield Finding(
        place(container), message, fixes_of(lack, fixes, platform.resources, absence), lack.severity(severity)
    )
