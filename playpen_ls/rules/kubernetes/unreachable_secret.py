from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import Created, Kustomized, Pods, SecretKeys
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.model.references import references
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.project.links import namespace_of
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._namespaces import name_of
from playpen_ls.vocabulary.names import words

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: shop, namespace: playpen-apps}
spec:
  containers:
    - name: shop
      image: nexus:5000/shop:1.0.0
      env:
        - name: PASSWORD
          valueFrom:
            secretKeyRef: {name: «dex-credentials», key: password}
"""
PLAIN = unmarked(POD)
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: dex-credentials, namespace: playpen-platform}
stringData: {password: <set outside git>}
"""


@rule(
    severity=Severity.WARNING,
    practice="Environment variables",
    reports_absence=True,
    bad=[
        {"app.yaml": POD, "secret.yaml": SECRET},
        POD + "---\n" + SECRET,
        example(
            {
                "app.yaml": POD.replace(", namespace: playpen-apps", ""),
                "secret.yaml": SECRET,
                "kustomization.yaml": "namespace: playpen-apps\nresources: [app.yaml]\n",
            }
        ),
    ],
    good=[
        {"app.yaml": PLAIN.replace("playpen-apps", "playpen-platform"), "secret.yaml": SECRET},
        {"app.yaml": PLAIN, "secret.yaml": SECRET.replace(", namespace: playpen-platform", "")},
        {
            "app.yaml": PLAIN.replace("playpen-apps", "shop-prod"),
            "secret.yaml": SECRET.replace("playpen-platform", "shop"),
        },
        {"app.yaml": PLAIN.replace(", namespace: playpen-apps", ""), "secret.yaml": SECRET},
        {"app.yaml": PLAIN, "a.yaml": SECRET, "b.yaml": SECRET.replace("playpen-platform", "playpen-apps")},
        {"app.yaml": PLAIN.replace("key: password}", "key: password, optional: true}"), "secret.yaml": SECRET},
        {
            "app.yaml": PLAIN,
            "secret.yaml": SECRET,
            "Jenkinsfile": "node { sh 'kubectl create secret generic dex-credentials' }\n",
        },
        {
            "app.yaml": PLAIN,
            "secret.yaml": SECRET.replace(
                "metadata: {", "metadata: {annotations: {reflector.v1.k8s.emberstack.com/reflection-allowed: 'true'}, "
            ),
        },
        {"app.yaml": PLAIN, "secret.yaml": SECRET, "test/app.yaml": PLAIN.replace("playpen-apps", "playpen-platform")},
    ],
)
def unreachable_secret(
    workload: Workload,
    absence: Absence,
    secrets: Facts[SecretKeys],
    created: Facts[Created],
    kustomized: Facts[Kustomized],
    pods: Facts[Pods],
) -> Iterator[Finding]:
    """Workload references a Secret that is in another namespace.

    Pods can use only the Secrets of their own namespace, so the container does not start. Reported only if the
    namespaces of the workload and of every Secret with that name in the project are known and different, and nothing
    creates the Secret by a command or copies it. Not reported for environments of one application: a workload of the
    same name in the namespace of the Secret, or namespaces such as `shop-test` and `shop-prod`.
    """
    here = namespace_of(workload.document.path, workload.namespace, kustomized)
    if not here or not absence.is_certain(workload):
        return
    variants = {
        namespace_of(one.place.path or workload.document.path, one.namespace, kustomized)
        for one in facts_everywhere(pods, workload.document, name_of, workload.name)
    } - {here}
    for reference in references(workload):
        name = reference.name.value
        if (
            reference.kind != "Secret"
            or created.having(_named, ("Secret", name))
            or created.having(_named, ("Secret", ""))
        ):
            continue
        found = facts_everywhere(secrets, workload.document, name_of, name)
        places = {namespace_of(one.place.path or workload.document.path, one.namespace, kustomized) for one in found}
        if not places or "" in places or here in places or any(one.copied for one in found):
            continue
        if variants & places or any(set(words(place)) & set(words(here)) - _COMMON for place in places):
            continue  # environments of one application: each has its own Secret
        there = ", ".join(f"`{place}`" for place in sorted(places))
        message = (
            f"{workload.display_name} in namespace `{here}` references Secret `{name}`, which is in namespace {there}"
        )
        related = tuple(one.related(f"Secret `{name}` is defined here") for one in found)
        yield Finding(workload.document.content(reference.name), message, (), None, related)


_COMMON = frozenset(("playpen", "system", "apps", "app", "platform"))


def _named(created: Created) -> tuple[tuple[str, str]]:
    return ((created.kind, created.name),)
