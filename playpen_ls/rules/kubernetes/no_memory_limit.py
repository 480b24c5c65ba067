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

REQUESTS = "            requests:\n              memory: 128Mi\n"
CPU_ONLY = """\
---
apiVersion: v1
kind: LimitRange
metadata: {name: all}
spec:
  limits:
    - {type: Container, default: {cpu: 1}}
"""


@rule(
    severity=Severity.WARNING,
    practice="Resource limits",
    like={
        "kube-linter": ["unset-memory-requirements"],
        "kube-score": ["container-resources"],
        "polaris": ["memoryLimitsMissing"],
        "checkov": ["CKV_K8S_13"],
    },
    reports_absence=True,
    in_pipelines=Severity.HINT,
    bad=[
        example(TRAIN, fixed=unmarked(TRAIN) + ALL),
        example(SET + REQUESTS, fixed=unmarked(SET) + REQUESTS + "            limits:\n              memory: 512Mi\n"),
        example(
            SET + "            limits:\n              cpu: 1  # core\n",
            fixed=unmarked(SET) + "            limits:\n              cpu: 1  # core\n              memory: 512Mi\n",
        ),
        example(
            SET.replace("»:\n", "»: {limits: {cpu: 1}}\n"),
            fixed=unmarked(SET).replace("resources:\n", "resources: {limits: {cpu: 1, memory: 512Mi}}\n"),
        ),
        # The platform's default limit is lower than the request.
        SET + "            requests:\n              memory: 4Gi\n",
        SET + "            limits: *shared\n",
        example(TRAIN + CPU_ONLY, fixed=unmarked(TRAIN) + ALL + CPU_ONLY),
    ],
    good=[
        unmarked(TRAIN) + ALL,
        unmarked(SET) + "            limits: {memory: 1Gi}\n",
        unmarked(TRAIN).replace("      containers:", "      resources: {limits: {memory: 1Gi}}\n      containers:"),
        unmarked(TRAIN) + "          command: [{{ .Values.command }}]\n",
        unmarked(TRAIN) + CPU_ONLY.replace("cpu: 1", "memory: 1Gi"),
    ],
)
def no_memory_limit(
    container: Container, platform: Platform, absence: Absence, ranges: LimitRanges
) -> Iterator[Finding]:
    """Container has no memory limit.

    Without a limit, a leak can exhaust the node's memory, and other pods of the node can be evicted or killed. With a
    limit, only the leaking container is killed. Not reported if a LimitRange of the namespace sets a limit, or if the
    pod spec has `resources` of its own. Reported as a hint for init containers.
    """
    lack = lacking(container, (("limits", "memory"),), absence, ranges)
    if lack is None:
        return
    value = platform.resources.get("limits", {}).get("memory")
    fixes = [Fix(f"Set the memory limit to {value} (the platform's default)",
                 lambda: set_leaf(lack.part, "limits", "memory", str(value)))] if value else []  # fmt: skip
    if value and lack.found.all:
        everything = Fix(
            f"Add the platform's default `resources` ({described(platform.resources)})",
            lambda: set_all(lack.part, platform.resources),
        )
        fixes.insert(0, everything)
    severity = Severity.HINT if container.role == "init" else None
    message = f"{container.display_name} has no memory limit{lack.where}; a leak can exhaust the node's memory"
    yield Finding(
        place(container), message, fixes_of(lack, fixes, platform.resources, absence), lack.severity(severity)
    )
