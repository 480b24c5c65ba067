from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.fact_types import RoleBound
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.parts import Resource
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar
from playpen_ls.rules.kubernetes._namespaces import Namespaces

_RBAC = "rbac.authorization.k8s.io"
_AGENT = "jenkins-agent"
"""The platform's account of pipelines, whose work is to start pods and to run commands in them."""
_IMPERSONATED = frozenset(("users", "groups", "serviceaccounts", "uids"))


_USUAL = frozenset(("pods", "secrets"))
"""What the roles of every third operator contain."""


def role(rules: str, kind: str = "ClusterRole") -> str:
    return f"apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata:\n  name: web\n{rules}"


AGENT = role("rules:\n- {apiGroups: [''], resources: [pods, pods/exec, pods/log], verbs: [create, get]}\n", "Role")
BINDING = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: agent}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
subjects: [{kind: ServiceAccount, name: jenkins-agent}]
"""


@rule(
    severity=Severity.WARNING,
    practice="Least privilege",
    like={
        "kube-linter": ["access-to-secrets", "access-to-create-pods"],
        "checkov": ["CKV_K8S_155", "CKV_K8S_157", "CKV_K8S_158"],
        "polaris": [
            "clusterrolePodExecAttach",
            "clusterrolebindingPodExecAttach",
            "rolebindingClusterRolePodExecAttach",
            "rolebindingRolePodExecAttach",
            "rolePodExecAttach",
        ],
    },
    bad=[
        role("rules:\n- apiGroups: ['']\n  resources: [configmaps, «secrets»]\n  verbs: [get, list]\n"),
        role("rules:\n- {apiGroups: [''], resources: [«secrets»], verbs: [watch]}\n", "Role"),
        role("rules:\n- {apiGroups: [''], resources: [«pods», «pods/exec», pods/log], verbs: [create]}\n"),
        role(
            "rules:\n- {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [get, «bind», «escalate»]}\n"
        ),
        role("rules:\n- {apiGroups: [''], resources: [users, groups], verbs: [«impersonate»]}\n"),
        role("rules:\n- {apiGroups: [''], resources: [«serviceaccounts/token»], verbs: [create]}\n"),
        role("rules:\n- {apiGroups: [''], resources: [«secrets», pods], verbs: [get, create]}\n"),
        {"role.yaml": role("rules:\n- {apiGroups: [''], resources: [«pods»], verbs: [create]}\n", "Role"),
         "binding.yaml": BINDING.replace("jenkins-agent", "web")},
    ],
    good=[
        role("rules:\n- {apiGroups: [''], resources: [secrets], verbs: [get, list], resourceNames: [db]}\n"),
        role("rules:\n- {apiGroups: [''], resources: [secrets], verbs: [create, update]}\n"),
        role("rules:\n- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind], "
             "resourceNames: ['system:auth-delegator']}\n"),
        role("rules:\n- {apiGroups: [example.org], resources: [secrets, pods], verbs: [get, create]}\n"),
        role("rules:\n- {apiGroups: [apps], resources: [deployments], verbs: [get, list, create, update, patch]}\n"),
        role("rules:\n- {apiGroups: [''], resources: [pods, pods/log], verbs: [get, list, watch, delete]}\n"),
        # Reported by wildcard-role.
        role("rules:\n- {apiGroups: [''], resources: [secrets], verbs: ['*']}\n"),
        # The platform's agents start pods.
        {"role.yaml": AGENT, "binding.yaml": BINDING},
        AGENT + "---\n" + BINDING,
    ],
)  # fmt: skip
def sensitive_permission(resource: Resource, bound: Facts[RoleBound], namespaces: Namespaces) -> Iterator[Finding]:
    """Role lets its subjects read all Secrets, start programs in pods, or gain the rights of others.

    Reported are: to read Secrets without `resourceNames` (a `list` or `watch` gives their values, too); to create pods,
    which can mount every Secret and use every service account of their namespace; `pods/exec` and `pods/attach`;
    `serviceaccounts/token`; `escalate` and `bind` on roles; `impersonate`. For a Role, which is limited to its
    namespace, this is information; to read Secrets or to create pods is a hint, one for a role, as the roles of many
    operators must. To create Deployments is not reported, as deploying is what most roles are for; nor what a Role lets
    only the platform's `jenkins-agent` do with pods.
    """
    if resource.group != _RBAC or resource.kind not in ("Role", "ClusterRole"):
        return
    local = resource.kind == "Role"
    place = "of its namespace" if local else "wherever it is bound"
    serves_agent = local and _is_only_for_agents(resource, bound, namespaces)
    seen: set[str] = set()
    for one in resource.node.mappings("rules"):
        for word, problem in _dangers(one, serves_agent, place):
            kind = "usual" if word.value in _USUAL else word.value
            if kind not in seen and not resource.document.depends(word, resource.node):
                seen.add(kind)
                severity = Severity.HINT if kind == "usual" else Severity.INFORMATION if local else None
                span = resource.document.content(word)
                yield Finding(span, f"{resource.display_name} {problem}", (), severity)


def _dangers(allowed: Mapping, serves_agent: bool, place: str) -> Iterator[tuple[Scalar, str]]:
    """The word that allows it, and what it allows. Wildcards are reported by another rule."""
    groups, verbs = ({word.value for word in allowed.scalars(key)} for key in ("apiGroups", "verbs"))
    resources = allowed.scalars("resources")
    if "*" in verbs or "*" in groups or any(word.value == "*" for word in resources):
        return
    named = {word.value for word in resources}
    if "" in groups and allowed.get("resourceNames") is None:
        for word in resources:
            if word.value == "secrets" and verbs & {"get", "list", "watch"}:
                yield word, f"reads all Secrets {place}"
            elif "create" not in verbs:
                continue
            elif word.value == "serviceaccounts/token":
                yield word, f"creates tokens of all service accounts {place}"
            elif word.value in ("pods/exec", "pods/attach") and not serves_agent:
                yield word, f"runs commands in all pods {place}"
            elif word.value == "pods" and not serves_agent:
                yield word, f"creates pods, which can use all Secrets and service accounts {place}"
    for word in allowed.scalars("verbs"):
        if allowed.get("resourceNames") is not None:
            continue
        if word.value in ("escalate", "bind") and _RBAC in groups and named & {"roles", "clusterroles"}:
            how = "adds rights to roles" if word.value == "escalate" else "binds roles"
            yield word, f"{how} that its subjects do not have (`{word.value}`)"
        elif word.value == "impersonate" and named & _IMPERSONATED:
            yield word, "acts as other users (`impersonate`)"


def _is_only_for_agents(role: Resource, bound: Facts[RoleBound], namespaces: Namespaces) -> bool:
    every = facts_everywhere(bound, role.document, role_of, (role.kind, role.name))
    subjects = [name for one in every if namespaces.share(one, role) for name in one.subjects]
    return bool(subjects) and set(subjects) == {_AGENT}


def role_of(fact: RoleBound) -> tuple[tuple[str, str]]:
    """Lookup key: the kind and the name of the role."""
    return ((fact.kind, fact.name),)
