from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import put
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar
from playpen_ls.rules.kubernetes._completeness import Absence, is_empty

HEAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n"
CONTAINER = "  containers:\n    - name: «web»\n      image: nexus:5000/web:1.0\n"
CONTEXT = unmarked(CONTAINER) + "      «securityContext»:\n"
KEY = "allowPrivilegeEscalation"
FIXED = f"        {KEY}: false\n"


@rule(
    severity=Severity.WARNING,
    practice="Least privilege",
    # `true` belongs to privileged-container, and so do the checks of other tools that report both.
    like={"semgrep": ["allow-privilege-escalation", "allow-privilege-escalation-no-securitycontext"]},
    reports_absence=True,
    enabled=False,
    bad=[
        example(HEAD + CONTAINER, fixed=HEAD + unmarked(CONTAINER) + "      securityContext:\n" + FIXED),
        example(
            HEAD + CONTEXT + "        runAsNonRoot: true  # the image's user\n",
            fixed=HEAD + unmarked(CONTEXT) + "        runAsNonRoot: true  # the image's user\n" + FIXED,
        ),
        example(
            HEAD + CONTAINER.replace("containers", "initContainers") + unmarked(CONTEXT) + FIXED,
            fixed=HEAD
            + unmarked(CONTAINER).replace("containers", "initContainers")
            + "      securityContext:\n"
            + FIXED
            + unmarked(CONTEXT)
            + FIXED,
        ),
        # The API has no such key for the pod.
        example(
            HEAD + f"  securityContext: {{{KEY}: false}}\n" + CONTAINER,
            fixed=HEAD
            + f"  securityContext: {{{KEY}: false}}\n"
            + unmarked(CONTAINER)
            + "      securityContext:\n"
            + FIXED,
        ),
        example(
            HEAD + CONTEXT + f"        {KEY}:\n",
            fixed=HEAD + unmarked(CONTEXT) + f"        {KEY}: false\n",
        ),
    ],
    good=[
        HEAD + unmarked(CONTEXT) + FIXED,
        # Reported by privileged-container.
        HEAD + unmarked(CONTEXT) + f"        {KEY}: true\n",
        # The API server rejects `false` beside these.
        HEAD + unmarked(CONTEXT) + "        privileged: true\n",
        HEAD + unmarked(CONTEXT) + "        capabilities: {add: [SYS_ADMIN]}\n",
        HEAD + "  os: {name: windows}\n" + unmarked(CONTAINER),
        HEAD + unmarked(CONTEXT) + "        {{- toYaml .Values.securityContext | nindent 8 }}\n",
    ],
)
def no_privilege_escalation(container: Container, absence: Absence) -> Iterator[Finding]:
    """Container does not set `allowPrivilegeEscalation: false`.

    Without it, a process can gain more privileges than its parent, for example through a set-user-ID program such as
    `sudo`. The Pod Security Standard "restricted" requires `securityContext.allowPrivilegeEscalation: false` in every
    container. Not reported for privileged containers and those that add `SYS_ADMIN`, where the API server rejects the
    setting, and for Windows pods, which do not have it.
    """
    lack = absence.lack(container, lambda one: None if _is_decided(one) else True, "securityContext")
    if lack is None:
        return
    fix = Fix(
        f"Set `{KEY}: false`",
        lambda: put(lack.part.document, lack.part.node, ("securityContext", KEY), False, container.head),
    )
    entry = container.node.entry("securityContext")
    span = container.document.span(entry.key) if entry is not None else container.span
    yield Finding(span, f"{container.display_name} does not set `{KEY}: false`{lack.where}", lack.fixes([fix]),
                  lack.severity(None))  # fmt: skip


def _is_decided(container: Container) -> bool:
    """Whether the setting is present or impossible."""
    if container.workload.runs_on_windows:
        return True
    context = container.node.get("securityContext")
    if context is None or is_empty(context):
        return False
    if not isinstance(context, Mapping):
        return True
    value = context.get(KEY)
    capabilities = context.mapping("capabilities")
    added = [word.value for word in capabilities.scalars("add")] if capabilities else []
    present = value is not None and not (isinstance(value, Scalar) and value.null)
    return present or context.true("privileged") or "SYS_ADMIN" in added or "CAP_SYS_ADMIN" in added
