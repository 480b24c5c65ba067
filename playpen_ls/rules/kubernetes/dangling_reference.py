from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import Created, Named, Pods, ServiceAccount
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere, facts_of
from playpen_ls.languages.kubernetes.parts import Resource, Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar
from playpen_ls.project.links import are_near
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._links import is_name
from playpen_ls.rules.kubernetes._namespaces import Namespaces, name_of
from playpen_ls.rules.kubernetes._volumes import is_trial
from playpen_ls.vocabulary.names import near_miss

SCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: «shpo»}
  maxReplicas: 3
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: 'nexus:5000/shop:1.0.0'}]}
"""
INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec:
  rules:
    - http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: «8080»}}}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{name: http, port: 80, targetPort: 8000}]}
"""
BINDING = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deploy}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: «ClusterRole», name: app-deployer}
subjects: [{kind: ServiceAccount, name: jenkins-agent}]
"""
ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: app-deployer}
rules: [{apiGroups: [apps], resources: [deployments], verbs: [get, list]}]
"""
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: shop-storage}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
MOUNTED = DEPLOYMENT.replace(
    "{containers", "{volumes: [{name: data, persistentVolumeClaim: {claimName: «shop-storag»}}], containers"
)
BOUND = BINDING.replace("«ClusterRole»", "Role").replace("jenkins-agent", "«deployr»") + "---\n" + ROLE
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: deployer}\n"
ON_PORT = unmarked(INGRESS).replace("8080", "80")
_GIVEN = frozenset(("view", "edit", "admin", "cluster-admin", "extension-apiserver-authentication-reader"))
"""Roles that every cluster has."""
_OPERATED = "-operated"
"""The end of the names of Services that the operator of Prometheus creates."""
_ACCOUNTS = frozenset(("default", "jenkins-agent", "platform-services"))
"""Service accounts of every namespace and of the platform."""
_OTHER = {"Role": "ClusterRole", "ClusterRole": "Role", "Deployment": "StatefulSet", "StatefulSet": "Deployment"}


class _Target(NamedTuple):
    """What an object names; `loose` if such an object is often made elsewhere."""

    kind: str
    name: Scalar
    kind_at: Scalar | None = None
    port: Scalar | None = None
    loose: bool = False


@rule(
    severity=Severity.WARNING,
    practice="+",
    like={
        "kube-linter": ["dangling-horizontalpodautoscaler", "dangling-ingress"],
        "kube-score": ["horizontalpodautoscaler-has-target", "ingress-targets-service", "statefulset-has-servicename"],
    },
    reports_absence=True,
    bad=[
        example({"scaler.yaml": SCALER, "app.yaml": DEPLOYMENT}, fixed=unmarked(SCALER).replace("shpo", "shop")),
        SCALER.replace("shpo", "cart") + "---\n" + DEPLOYMENT,
        example(
            {"scaler.yaml": unmarked(SCALER).replace("shpo", "shop").replace("kind: Deployment", "kind: «Deployment»"),
             "app.yaml": DEPLOYMENT.replace("Deployment", "StatefulSet")},
            fixed=unmarked(SCALER).replace("shpo", "shop").replace("Deployment", "StatefulSet"),
        ),
        {"ingress.yaml": INGRESS, "service.yaml": SERVICE},
        ON_PORT.replace("name: shop, port", "name: «cart», port") + "---\n" + SERVICE,
        example({"binding.yaml": BINDING, "role.yaml": ROLE}, fixed=unmarked(BINDING).replace("ClusterRole", "Role")),
        example({"a.yaml": MOUNTED, "claim.yaml": CLAIM}, fixed=unmarked(MOUNTED).replace("storag", "storage")),
        example(
            {"binding.yaml": BOUND, "account.yaml": ACCOUNT}, fixed=unmarked(BOUND).replace("deployr", "deployer")
        ),
    ],
    good=[
        SCALER.replace("«shpo»", "shop") + "---\n" + DEPLOYMENT,
        {"ingress.yaml": ON_PORT, "service.yaml": SERVICE},
        {"ingress.yaml": ON_PORT.replace("number: 80", "name: http"), "service.yaml": SERVICE},
        # They can be deployed from another repository, or come from a chart or an operator.
        unmarked(SCALER),
        {"docs/examples/scaler.yaml": unmarked(SCALER).replace("shpo", "cart") + "---\n" + DEPLOYMENT},
        {"scaler.yaml": unmarked(SCALER).replace("shpo", "cart"), "app.yaml": DEPLOYMENT},
        ON_PORT,
        {"ingress.yaml": ON_PORT.replace("name: shop, port", "name: grafana, port"), "service.yaml": SERVICE},
        unmarked(BINDING),
        unmarked(BINDING).replace("app-deployer", "view"),
        unmarked(BINDING).replace("app-deployer", "proxy") + "---\n" + ROLE.replace("kind: Role", "kind: ClusterRole"),
        ON_PORT.replace("name: shop, port", "name: prometheus-operated, port") + "---\n"
        + SERVICE.replace("{name: shop}", "{name: prometheus-operator}"),
        {"binding.yaml": unmarked(BOUND).replace("deployr", "deployer"), "account.yaml": ACCOUNT},
        {"binding.yaml": unmarked(BOUND).replace("deployr", "jenkins-agent"), "account.yaml": ACCOUNT},
        {"binding.yaml": unmarked(BOUND), "account.yaml": ACCOUNT,
         "Jenkinsfile": "node { sh 'kubectl create serviceaccount deployr' }\n"},
        {"binding.yaml": unmarked(BOUND).replace("deployr}", "deployr, namespace: one}"),
         "account.yaml": ACCOUNT.replace("deployer}", "deployer, namespace: two}")},
        {"app.yaml": unmarked(MOUNTED).replace("shop-storag", "nfs"), "claim.yaml": CLAIM},
        {"a/scaler.yaml": unmarked(SCALER).replace("{name: shop}", "{name: shop, namespace: one}"),
         "a/app.yaml": DEPLOYMENT.replace("metadata: {name: shop}", "metadata: {name: shop, namespace: two}")},
    ],
)  # fmt: skip
def dangling_reference(
    resource: Resource, absence: Absence, pods: Facts[Pods], named: Facts[Named], created: Facts[Created],
    accounts: Facts[ServiceAccount], namespaces: Namespaces,
) -> Iterator[Finding]:  # fmt: skip
    """Autoscaler, Ingress, binding, StatefulSet or pod names an object or a port that does not exist.

    It has no effect, or waits for the object forever. Such objects can also come from another repository, a chart or
    an operator. So a missing one is reported only if its name differs by a typo from one of the same kind in a near
    folder; if its name is that of an object of another kind (a Role where a ClusterRole is named); or if the same file,
    outside of folders for tests and examples, has objects of its kind and none of the project has its name. A port is
    reported if its Service is in the project.
    """
    targets, subjects = list(_targets(resource)), list(_subjects(resource))
    if not (targets or subjects) or not absence.is_certain(resource):
        return
    for subject, name in subjects:
        if not created.having(_made, ("ServiceAccount", name.value)) and not created.having(
            _made, ("ServiceAccount", "")
        ):
            yield from _missing_account(resource, subject, name, accounts, namespaces)
    seen: set[tuple[str, str, str]] = set()
    for one in targets:
        key = (one.kind, one.name.value, one.port.value if one.port is not None else "")
        if key in seen or not is_name(one.name.value) or one.name.value in _GIVEN or one.name.value.endswith(_OPERATED):
            continue
        seen.add(key)
        if created.having(_made, (one.kind, one.name.value)) or created.having(_made, (one.kind, "")):
            continue
        facts: Facts[Any] = pods if one.kind in ("Deployment", "StatefulSet", "ReplicaSet") else named
        yield from _judge(resource, one, facts, namespaces)


def _judge(resource: Resource, target: _Target, facts: Facts[Any], namespaces: Namespaces) -> Iterator[Finding]:
    document, name = resource.document, target.name.value
    every = [one for one in facts_everywhere(facts, document, name_of, name) if namespaces.share(one, resource)]
    found = [one for one in every if one.kind == target.kind]
    if found:
        yield from _missing_port(resource, target, found)
        return
    other = _OTHER.get(target.kind, "")
    if any(one.kind == other for one in every):
        if target.kind_at is not None:
            fix = Fix(f"Use kind `{other}`", partial(replace_scalar, document, target.kind_at, other))
            message = f"{resource.display_name} names {target.kind} `{name}`, which is a {other}"
            yield Finding(document.content(target.kind_at), message, (fix,))
        return
    if every:
        return
    path = document.path
    names = {one.name for one in facts if one.kind == target.kind and namespaces.share(one, resource)
             and are_near(one.place.path, path)}  # fmt: skip
    own = {one.name for one in document.ask(facts_of, facts.kind) if one.kind == target.kind
           and namespaces.include(one.namespace, "", resource)}  # fmt: skip
    if "" in names or "" in own:
        return
    near = near_miss(name, names | own)
    missing = f"{resource.display_name} names {target.kind} `{name}`, which does not exist"
    if near is not None:
        fix = Fix(f"Use {target.kind} `{near}`", partial(replace_scalar, document, target.name, near))
        yield Finding(document.content(target.name), f"{missing}; did you mean `{near}`?", (fix,))
    elif own and not target.loose and not is_trial(path) and not any(name in one or one in name for one in names | own):
        yield Finding(document.content(target.name), missing)


def _missing_account(
    binding: Resource, subject: Mapping, name: Scalar, accounts: Facts[ServiceAccount], namespaces: Namespaces
) -> Iterator[Finding]:
    """Only if there is a similar name: the account can be that of another team."""
    document, namespace = binding.document, subject.text("namespace")
    if facts_everywhere(accounts, document, name_of, name.value):
        return
    near = near_miss(name.value, {
        one.name for one in facts_everywhere(accounts, document)
        if are_near(one.place.path or document.path, document.path) and namespaces.share(one, binding)
        and (not namespace or not one.namespace or namespace == one.namespace)
    })  # fmt: skip
    if near is not None:
        fix = Fix(f"Use ServiceAccount `{near}`", partial(replace_scalar, document, name, near))
        message = f"{binding.display_name} names ServiceAccount `{name.value}`, which does not exist"
        yield Finding(document.content(name), f"{message}; did you mean `{near}`?", (fix,))


def _missing_port(resource: Resource, target: _Target, found: list[Named] | list[Pods]) -> Iterator[Finding]:
    port, service = target.port, found[0]
    if port is None or len(found) > 1 or not isinstance(service, Named) or service.ports is None:
        return
    if port.literal and port.value not in service.ports and port.value != "use-annotation":
        its = ", ".join(f"`{one}`" for one in service.ports)
        message = f"Service `{service.name}` has no port `{port.value}`; it has {its}"
        related = (service.related(f"Service `{service.name}` is defined here"),)
        yield Finding(resource.document.content(port), message, (), None, related)


def _made(created: Created) -> tuple[tuple[str, str]]:
    return ((created.kind, created.name),)


def _targets(resource: Resource) -> Iterator[_Target]:
    spec = resource.node.mapping("spec")
    if resource.group == "autoscaling" and resource.kind == "HorizontalPodAutoscaler" and spec is not None:
        yield from _one(spec.mapping("scaleTargetRef"), ("Deployment", "StatefulSet", "ReplicaSet"))
    elif resource.group == "rbac.authorization.k8s.io" and resource.kind in ("RoleBinding", "ClusterRoleBinding"):
        for target in _one(resource.node.mapping("roleRef"), ("Role", "ClusterRole")):
            yield target._replace(loose=target.kind == "ClusterRole")
    elif resource.kind == "Ingress" and spec is not None:
        yield from _backends(spec)
    elif isinstance(resource, Workload):
        service = spec.scalar("serviceName") if spec is not None and resource.kind == "StatefulSet" else None
        if service is not None and service.literal:
            yield _Target("Service", service, loose=True)
        for volume in resource.pod.mappings("volumes"):
            claim = volume.mapping("persistentVolumeClaim")
            name = claim.scalar("claimName") if claim is not None else None
            if name is not None and name.literal:
                yield _Target("PersistentVolumeClaim", name, loose=True)


def _subjects(resource: Resource) -> Iterator[tuple[Mapping, Scalar]]:
    """The service accounts that a binding names."""
    if resource.group != "rbac.authorization.k8s.io" or resource.kind not in ("RoleBinding", "ClusterRoleBinding"):
        return
    for one in resource.node.mappings("subjects"):
        name = one.scalar("name")
        if one.text("kind") != "ServiceAccount" or name is None or not name.literal:
            continue
        if is_name(name.value) and name.value not in _ACCOUNTS:
            yield one, name


def _one(reference: Mapping | None, kinds: tuple[str, ...]) -> Iterator[_Target]:
    name = reference.scalar("name") if reference is not None else None
    if reference is not None and name is not None and name.literal and reference.text("kind") in kinds:
        yield _Target(reference.text("kind"), name, reference.scalar("kind"))


def _backends(spec: Mapping) -> Iterator[_Target]:
    backends = [spec.mapping("defaultBackend"), spec.mapping("backend")]
    for one in spec.mappings("rules"):
        http = one.mapping("http")
        backends += [path.mapping("backend") for path in http.mappings("paths")] if http is not None else []
    for backend in backends:
        if backend is None:
            continue
        service, port = backend.mapping("service"), backend.mapping("service", "port")
        name = service.scalar("name") if service is not None else backend.scalar("serviceName")
        number = (port.scalar("number") or port.scalar("name")) if port is not None else backend.scalar("servicePort")
        if name is not None and name.literal:
            yield _Target("Service", name, port=number)
