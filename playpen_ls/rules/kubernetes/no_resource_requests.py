from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._limits import described, fixes_of, lacking, place, set_all, set_leaves
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

LEAVES = (("requests", "cpu"), ("requests", "memory"))


@rule(
    severity=Severity.WARNING,
    practice="Resource limits",
    like={
        "kube-linter": ["unset-cpu-requirements", "unset-memory-requirements"],
        "kube-score": ["container-resources"],
        "polaris": ["cpuRequestsMissing", "memoryRequestsMissing"],
        "checkov": ["CKV_K8S_10", "CKV_K8S_12"],
    },
    reports_absence=True,
    bad=[
        example(TRAIN, fixed=unmarked(TRAIN) + ALL),
        example(
            SET + "            requests:\n              cpu: 1\n",
            fixed=unmarked(SET) + "            requests:\n              cpu: 1\n              memory: 128Mi\n",
        ),
        example(
            SET + "            limits:\n              memory: 1Gi\n",
            fixed=unmarked(SET)
            + "            requests:\n              cpu: 100m\n            limits:\n              memory: 1Gi\n",
        ),
        example(
            SET + "            limits:\n              nvidia.com/gpu: 1\n",
            fixed=unmarked(SET)
            + "            requests:\n              cpu: 100m\n              memory: 128Mi\n"
            + "            limits:\n              nvidia.com/gpu: 1\n",
        ),
        example(
            SET + "            requests:\n              ephemeral-storage: 1Gi  # scratch\n",
            fixed=unmarked(SET)
            + "            requests:\n              ephemeral-storage: 1Gi  # scratch\n"
            + "              cpu: 100m\n              memory: 128Mi\n",
        ),
    ],
    good=[
        unmarked(TRAIN) + ALL,
        # Kubernetes uses the limit as the request if there is no request.
        unmarked(SET) + "            limits: {cpu: 1, memory: 1Gi}\n",
        unmarked(SET) + "            requests: {cpu: 1, memory: 1Gi}\n",
    ],
)
def no_resource_requests(
    container: Container, platform: Platform, absence: Absence, ranges: LimitRanges
) -> Iterator[Finding]:
    """Container has no CPU or memory requests.

    Kubernetes schedules pods by their requests; if a container has only a limit, the limit is used as the request.
    A container without requests counts as zero, so nodes can be overcommitted. Not reported if a LimitRange of the
    namespace sets the request, or if the pod spec has `resources` of its own. Reported as a hint for init containers.
    """
    lack = lacking(container, LEAVES, absence, ranges)
    if lack is None:
        return
    leaves = lack.found.leaves
    defaults = platform.resources.get("requests", {})
    fixes: list[Fix] = []
    if all(name in defaults for _, name in leaves):
        if lack.found.all:
            fixes.append(
                Fix(
                    f"Add the platform's default `resources` ({described(platform.resources)})",
                    lambda: set_all(lack.part, platform.resources),
                )
            )
        else:
            wanted = {name: defaults[name] for _, name in leaves}
            words = " and ".join(f"{value} {name}" for name, value in wanted.items()).replace("cpu", "CPU")
            fixes.append(
                Fix(
                    f"Request {words} (the platform's default" + ("s)" if len(wanted) > 1 else ")"),
                    lambda: set_leaves(lack.part, "requests", wanted),
                )
            )
    names = " or ".join(name for _, name in leaves).replace("cpu", "CPU")
    requests, what = ("requests", "capacity") if len(leaves) > 1 else ("request", names)
    lacks = f"{container.display_name} has no {names} {requests}{lack.where}"
    message = f"{lacks}, so the scheduler cannot reserve {what} for it"
    severity = Severity.HINT if container.role == "init" else None
    yield Finding(
        place(container), message, fixes_of(lack, fixes, platform.resources, absence), lack.severity(severity)
    )
