from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import put
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar
from playpen_ls.rules.kubernetes._completeness import Absence, is_empty

HEAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: shop}\nspec:\n"
CONTAINER = "  containers:\n    - name: «shop»\n      image: nexus:5000/shop:1.0.0\n"
BARE = CONTAINER.replace("«", "").replace("»", "")
KEY = "readOnlyRootFilesystem"


@rule(
    severity=Severity.INFORMATION,
    practice="Least privilege",
    preset="hardened",
    like={
        "kube-linter": ["no-read-only-root-fs"],
        "kube-score": ["container-security-context-readonlyrootfilesystem"],
        "polaris": ["notReadOnlyRootFilesystem"],
        "checkov": ["CKV_K8S_22"],
    },
    reports_absence=True,
    bad=[
        example(HEAD + CONTAINER, fixed=HEAD + BARE + f"      securityContext:\n        {KEY}: true\n"),
        example(
            HEAD + BARE + "      «securityContext»:\n        runAsNonRoot: true\n",
            fixed=HEAD + BARE + f"      securityContext:\n        runAsNonRoot: true\n        {KEY}: true\n",
        ),
        HEAD + BARE + f"      «securityContext»: {{{KEY}: false}}\n",
    ],
    good=[
        HEAD + BARE + f"      securityContext:\n        {KEY}: true\n",
        HEAD + "  os: {name: windows}\n" + BARE,
        HEAD + BARE + "      securityContext:\n        {{- toYaml .Values.securityContext | nindent 8 }}\n",
    ],
)
def writable_root(container: Container, absence: Absence) -> Iterator[Finding]:
    """Container can write to its root file system.

    With `readOnlyRootFilesystem: true`, who breaks into a container cannot change its programs. What the program must
    write needs a volume: an `emptyDir` at `/tmp` and at its other places.
    """
    lack = absence.lack(container, lambda one: None if _is_read_only(one) else True, "securityContext")
    if lack is None:
        return
    context = container.node.entry("securityContext")
    span = container.document.span(context.key) if context is not None else container.span
    fix = Fix(
        f"Set `{KEY}: true` (what it writes needs volumes)",
        lambda: put(lack.part.document, lack.part.node, ("securityContext", KEY), True, container.head),
    )
    message = f"{container.display_name} can write to its root file system (no `{KEY}: true`){lack.where}"
    yield Finding(span, message, lack.fixes([fix] if _value(container) is None else []), lack.severity(None))


def _is_read_only(container: Container) -> bool:
    """Whether it is, or cannot be on Windows, or a template decides."""
    if container.workload.runs_on_windows:
        return True
    context = container.node.get("securityContext")
    if context is None or is_empty(context):
        return False
    value = _value(container)
    return not isinstance(context, Mapping) or (value is not None and (not value.literal or value.value == "true"))


def _value(container: Container) -> Scalar | None:
    context = container.node.mapping("securityContext")
    return context.scalar(KEY) if context is not None else None
