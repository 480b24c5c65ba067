from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._links import Images, linked
from playpen_ls.rules.kubernetes._security_context import PARTS, missing, write

HEAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: shop}\nspec:\n"
CONTAINER = "  containers:\n    - name: «shop»\n      image: nexus:5000/shop:1.0.0\n"
BARE = CONTAINER.replace("«", "").replace("»", "")
CONTEXT = """\
      securityContext:
        allowPrivilegeEscalation: false
        capabilities:
          drop:
          - ALL
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
"""
ADDED = CONTEXT.replace("          - ALL", "            - ALL")
SHARED = """\
  securityContext:
    allowPrivilegeEscalation: false
    runAsNonRoot: true
    seccompProfile: {type: Localhost, localhostProfile: shop.json}
"""
OWN = """\
      securityContext:
        allowPrivilegeEscalation: false
        capabilities:
          drop:
            - ALL
"""
PARTLY = (
    "      securityContext:\n        allowPrivilegeEscalation: false\n        capabilities: {add: [NET_BIND_SERVICE]}\n"
)


@rule(
    severity=Severity.INFORMATION,
    practice="Least privilege",
    preset="restricted",
    like={
        "kube-linter": ["drop-net-raw-capability"],
        "polaris": ["insecureCapabilities"],
        "checkov": ["CKV_K8S_28", "CKV_K8S_31", "CKV_K8S_37"],
    },
    reports_absence=True,
    bad=[
        example(HEAD + CONTAINER, fixed=HEAD + BARE + ADDED),
        example(
            HEAD + CONTAINER + PARTLY,
            fixed=HEAD
            + BARE
            + PARTLY.replace("SERVICE]", "SERVICE], drop: [ALL]")
            + "        runAsNonRoot: true\n        seccompProfile:\n          type: RuntimeDefault\n",
        ),
        example(
            HEAD + CONTAINER + CONTEXT.replace("runAsNonRoot: true", "runAsNonRoot: false"),
            fixed=HEAD + BARE + CONTEXT,
        ),
        # What the pod says counts for two of them only.
        example(HEAD + SHARED + CONTAINER, fixed=HEAD + SHARED + BARE + OWN),
        HEAD + CONTAINER + "      securityContext: {privileged: true}\n",
        HEAD + CONTAINER + CONTEXT.replace("drop:", "add: [NET_ADMIN]\n          drop:"),
        HEAD
        + CONTAINER
        + CONTEXT
        + "      volumeMounts: [{name: logs, mountPath: /logs}]\n"
        + "  volumes: [{name: logs, hostPath: {path: /var/log/shop}}]\n",
        example(HEAD + CONTAINER + CONTEXT.replace("RuntimeDefault", "Unconfined"), fixed=HEAD + BARE + CONTEXT),
    ],
    good=[
        HEAD + BARE + CONTEXT,
        HEAD + SHARED + BARE + OWN,
        HEAD + "  os: {name: windows}\n" + BARE + "      securityContext: {runAsNonRoot: true}\n",
        HEAD + BARE + "      securityContext:\n        {{- toYaml .Values.securityContext | nindent 8 }}\n",
        example(HEAD + BARE + CONTEXT.replace("        runAsNonRoot: true\n", ""), root=False),
    ],
)  # fmt: skip
def unrestricted_container(
    container: Container,
    absence: Absence,
    images: Images,
    *,
    escalation: bool = True,
    capabilities: bool = True,
    root: bool = True,
    seccomp: bool = True,
    volumes: bool = True,
) -> Iterator[Finding]:
    """Container does not meet the Pod Security Standard "restricted".

    A namespace with the label `pod-security.kubernetes.io/enforce: restricted` rejects such a pod. The
    [standard](https://kubernetes.io/docs/concepts/security/pod-security-standards) asks each container for
    `allowPrivilegeEscalation: false`, to drop all capabilities (only `NET_BIND_SERVICE` may be added),
    `runAsNonRoot: true` and no `runAsUser: 0`, the seccomp profile `RuntimeDefault` or `Localhost`, and allows volumes
    that are no part of the node. The pod can set `runAsNonRoot` and the profile for its containers. The fix writes all
    that is missing; with `runAsNonRoot`, a container starts only if its image has a numeric `USER` other than 0. The
    options turn the parts of the standard off one by one.
    """
    wanted = (escalation, capabilities, root, seccomp, volumes)
    parts = [name for name, on in zip(PARTS, wanted, strict=True) if on]
    lack = absence.lack(container, lambda one: missing(one, parts) or None, "securityContext")
    if lack is None:
        return
    image = linked(container, images)
    known = image is not None and bool(image.recipe.user)
    asks = any(part == "root" for part, _ in lack.found)
    title = "Write the `securityContext` of the standard"
    if asks and not known:
        title += " (the image needs a numeric `USER`)"
    fixes = []
    if all(part != "volumes" and not text.startswith(("no ", "another ")) for part, text in lack.found):
        fixes.append(Fix(title, lambda: write(lack.part, parts)))
    needs = ", ".join(text for _, text in lack.found)
    message = (
        f'{container.display_name} does not meet the Pod Security Standard "restricted"{lack.where}: it needs {needs}'
    )
    yield Finding(container.span, message, lack.fixes(fixes), lack.severity(None))
