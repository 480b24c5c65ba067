from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Resource
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping

_PLACES = {
    "verbs": "allows every verb",
    "resources": "includes every resource, also those added later",
    "apiGroups": "includes every API group, also those added later",
    "nonResourceURLs": "includes every non-resource URL of the API server",
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
    """Role uses wildcards, which also grant access to resources added later.

    `*` in `verbs` includes `escalate`, `bind` and `impersonate`; `*` in `resources` includes Secrets. List only what
    the subjects need. Reported as a hint if `apiGroups` is the only wildcard in a rule of a namespaced Role.
    """
    if resource.group != "rbac.authorization.k8s.io" or resource.kind not in ("Role", "ClusterRole"):
        return
    role = resource.display_name
    for one in resource.node.mappings("rules"):
        wild = {key for key in _PLACES if any(word.value == "*" for word in one.scalars(key))}
        for key in sorted(wild, key=lambda key: _start(one, key)):
            word = next(word for word in one.scalars(key) if word.value == "*")
            only_groups = resource.kind == "Role" and wild == {"apiGroups"}
            severity = Severity.HINT if only_groups else None
            yield Finding(resource.document.span(word), f"`*` in `{key}` of {role} {_PLACES[key]}", (), severity)


def _start(mapping: Mapping, key: str) -> int:
    entry = mapping.entry(key)
    return entry.key.start if entry else 0
