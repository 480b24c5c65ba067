from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes import Resource
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping

_PLACES = {
    "verbs": "every verb is allowed",
    "resources": "every kind of resource is meant, those to come too",
    "apiGroups": "every API group is meant, those to come too",
    "nonResourceURLs": "every URL of the API server is meant",
}


def role(rules: str, kind: str = "Role") -> str:
    return f"apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata:\n  name: web\n{rules}"


@rule(
    severity=Severity.WARNING,
    practice="Least privilege",
    like={"kube-linter": ["wildcard-in-rules"], "checkov": ["CKV_K8S_49"]},
    bad=[
        role('rules:\n  - apiGroups: [""]\n    resources: [pods]\n    verbs: [«"*"»]\n'),
        role("rules:\n- apiGroups: ['', «'*'»]\n  resources:\n  - «'*'»\n  verbs: [get]\n", "ClusterRole"),
        role('rules:\n- nonResourceURLs: [«"*"»]\n  verbs: [get]\n', "ClusterRole"),
    ],
    good=[
        role('rules:\n  - apiGroups: [""]\n    resources: [pods, pods/log]\n    verbs: [get, list]\n'),
        role("aggregationRule: {clusterRoleSelectors: []}\nrules: []\n", "ClusterRole"),
        "apiVersion: example.org/v1\nkind: Role\nmetadata: {name: x}\nrules:\n- verbs: ['*']\n",
    ],
)
def wildcard_role(resource: Resource) -> Iterator[Finding]:
    """A role allows everything, also what does not exist yet.

    `*` among verbs includes `escalate`, `bind` and `impersonate`; among resources it includes
    Secrets. Name what the program needs. A hint for a namespaced Role that names its resources.
    """
    if resource.group != "rbac.authorization.k8s.io" or resource.kind not in ("Role", "ClusterRole"):
        return
    for one in resource.node.mappings("rules"):
        wild = {key for key in _PLACES if any(word.value == "*" for word in one.scalars(key))}
        for key in sorted(wild, key=lambda key: _start(one, key)):
            word = next(word for word in one.scalars(key) if word.value == "*")
            only_groups = resource.kind == "Role" and wild == {"apiGroups"}
            severity = Severity.HINT if only_groups else None
            yield Finding(resource.document.span(word), f"`*` in {key}: {_PLACES[key]}", (), severity)


def _start(mapping: Mapping, key: str) -> int:
    entry = mapping.entry(key)
    return entry.key.start if entry else 0
