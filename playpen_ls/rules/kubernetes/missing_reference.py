from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import ConfigMapKeys, Created, SecretKeys, ServiceAccount
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere, names_of
from playpen_ls.languages.kubernetes.model.references import Reference, references
from playpen_ls.languages.kubernetes.parts import Workload
from playpen_ls.project.links import are_near
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._namespaces import Namespaces, name_of
from playpen_ls.vocabulary.names import near_miss

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: shop
          image: nexus:5000/shop:1.0.0
          envFrom:
            - configMapRef:
                name: «shop-confg»
"""
PLAIN = unmarked(DEPLOYMENT)
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop-config}\ndata: {LEVEL: info}\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: shop-secrets}\nstringData: {password: <set outside git>}\n"
KEYED = """\
          env:
            - name: LEVEL
              valueFrom:
                configMapKeyRef:
                  name: shop-config
                  key: LEVL
"""
FROM = "          envFrom:\n            - configMapRef:\n                name: shop-confg\n"
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: shop}\n"
PULL = "      imagePullSecrets: [{name: shop-secret}]\n"
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  serviceAccountName: «shopp»
  containers: [{name: shop, image: nexus:5000/shop:1.0.0}]
"""
Definition = ConfigMapKeys | SecretKeys | ServiceAccount
# Kubernetes creates these in every namespace.
_GIVEN = frozenset((("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")))


@rule(
    severity=Severity.WARNING,
    practice="+",
    like={"kube-linter": ["env-value-from", "non-existent-service-account"]},
    reports_absence=True,
    bad=[
        example({"app.yaml": DEPLOYMENT, "config.yaml": CONFIG}, fixed=PLAIN.replace("confg", "config")),
        example(POD + "---\n" + ACCOUNT, fixed=unmarked(POD).replace("shopp", "shop") + "---\n" + ACCOUNT),
        example(
            PLAIN.replace(FROM, KEYED.replace("LEVL", "«LEVL»")) + "---\n" + CONFIG,
            fixed=PLAIN.replace(FROM, KEYED.replace("LEVL", "LEVEL")) + "---\n" + CONFIG,
        ),
        example(
            {"app.yaml": PLAIN.replace(FROM, PULL.replace("shop-secret", "«shop-secret»")), "secret.yaml": SECRET},
            fixed=PLAIN.replace(FROM, PULL.replace("shop-secret", "shop-secrets")),
        ),
        example(
            {
                "app.yaml": PLAIN.replace(FROM, "      serviceAccountName: «shopp»\n"),
                "account.yaml": ACCOUNT,
            },
            fixed=PLAIN.replace(FROM, "      serviceAccountName: shop\n"),
        ),
    ],
    good=[
        PLAIN,
        {"app.yaml": PLAIN.replace("confg", "config"), "config.yaml": CONFIG},
        {"app.yaml": PLAIN + "                optional: true\n", "config.yaml": CONFIG},
        # Secrets are created outside Git, as they should be; generators and pipelines create objects, too.
        {"app.yaml": PLAIN.replace("configMapRef", "secretRef"), "secret.yaml": SECRET},
        {
            "app.yaml": PLAIN,
            "config.yaml": CONFIG,
            "kustomization.yaml": "resources: [app.yaml]\nconfigMapGenerator: [{name: shop-confg}]\nimages: []\n",
        },
        {
            "app.yaml": PLAIN,
            "config.yaml": CONFIG,
            "Jenkinsfile": "node { sh 'kubectl create configmap shop-confg --from-file=a' }\n",
        },
        {
            "app.yaml": PLAIN.replace("{name: shop}\nspec", "{name: shop, namespace: one}\nspec"),
            "config.yaml": CONFIG.replace("{name: shop-config}", "{name: shop-config, namespace: two}"),
        },
        {"app.yaml": PLAIN.replace(FROM, "      serviceAccountName: default\n"), "account.yaml": ACCOUNT},
        {"app.yaml": PLAIN.replace(FROM, "      serviceAccountName: shop\n"), "account.yaml": ACCOUNT},
        {"app.yaml": PLAIN.replace(FROM, PULL.replace("shop-secret", "nexus")), "secret.yaml": SECRET},
        # Without a similar name, the object can come from an operator, a chart or a manual command.
        {"app.yaml": PLAIN.replace("shop-confg", "other"), "config.yaml": CONFIG},
        {"app.yaml": PLAIN.replace(FROM, "      serviceAccountName: operator\n"), "account.yaml": ACCOUNT},
        # Nor with an ending, nor is an object of another application meant.
        {"app.yaml": PLAIN.replace("shop-confg", "shop"), "config.yaml": CONFIG},
        {"samples/one/app.yaml": PLAIN, "samples/two/k8s/config.yaml": CONFIG},
        # A placeholder that a tool replaces is not a name yet.
        {"app.yaml": PLAIN.replace("shop-confg", "shop-config${SUFFIX}"), "config.yaml": CONFIG},
    ],
)
def missing_reference(
    workload: Workload,
    absence: Absence,
    configs: Facts[ConfigMapKeys],
    secrets: Facts[SecretKeys],
    accounts: Facts[ServiceAccount],
    created: Facts[Created],
    namespaces: Namespaces,
) -> Iterator[Finding]:
    """Workload references an object or a key that does not exist.

    Pods that need a missing ConfigMap, Secret, key or ServiceAccount do not start; with a missing `imagePullSecrets`
    entry, the image is pulled without credentials. Objects can also be created outside the project (Secrets outside
    Git, ConfigMaps and ServiceAccounts by operators, charts or commands), so a missing object is reported only if its
    name differs by a typo from an object of the same kind in a near folder that could be in the same namespace. A
    missing key is reported if the ConfigMap is in the project; a key of a Secret only if it differs by a typo from an
    existing one.
    """
    if not absence.is_certain(workload):
        return
    every: dict[str, Facts[Any]] = {"ConfigMap": configs, "Secret": secrets, "ServiceAccount": accounts}
    seen: set[int] = set()
    for reference in references(workload):
        kind, name = reference.kind, reference.name
        if (kind, name.value) in _GIVEN or id(reference.key or name) in seen:
            continue
        if created.having(_names, (kind, name.value)) or created.having(_names, (kind, "")):
            continue
        seen.add(id(reference.key or name))
        found = _named(every[kind], workload, name.value, namespaces)
        if not found:
            near = near_miss(name.value, _names_near(every[kind], workload, namespaces))
            if near is not None:
                yield _missing(workload, reference, near, _named(every[kind], workload, near, namespaces))
        elif reference.key is not None and len(found) == 1:
            yield from _missing_key(workload, reference, found[0])


def _names(created: Created) -> tuple[tuple[str, str]]:
    return ((created.kind, created.name),)


def _named(facts: Facts[Any], workload: Workload, name: str, namespaces: Namespaces) -> list[Definition]:
    every = facts_everywhere(facts, workload.document, name_of, name)
    return [one for one in every if namespaces.share(one, workload)]


def _names_near(facts: Facts[Any], workload: Workload, namespaces: Namespaces) -> set[str]:
    """The names of all objects that can be in the workload's namespace and whose files are near its file."""
    own, path = workload.document.ask(names_of, facts.kind), workload.document.path
    return {one.name for one in facts if namespaces.share(one, workload) and are_near(one.place.path, path)} | {
        name for namespace, name in own if namespaces.include(namespace, "", workload)
    }


def _missing(workload: Workload, reference: Reference, near: str, defined: list[Definition]) -> Finding:
    document, name = workload.document, reference.name
    fix = Fix(f"Use {reference.kind} `{near}`", partial(replace_scalar, document, name, near))
    related = tuple(one.related(f"{reference.kind} `{near}` is defined here") for one in defined)
    missing = f"undefined {reference.kind} `{name.value}`"
    message = f"{workload.display_name} references {missing}; did you mean `{near}`?"
    return Finding(document.content(name), message, (fix,), None, related)


def _missing_key(workload: Workload, reference: Reference, found: Definition) -> Iterator[Finding]:
    keys = getattr(found, "keys", None)
    key, document = reference.key, workload.document
    if key is None or not keys or key.value in keys:
        return
    near = near_miss(key.value, set(keys))
    if reference.kind == "Secret" and near is None:
        return
    fixes = [Fix(f"Use key `{near}`", partial(replace_scalar, document, key, near))] if near else []
    target = f"{reference.kind} `{reference.name.value}`"
    message = f"{target} has no key `{key.value}`" + (f"; did you mean `{near}`?" if near else "")
    yield Finding(document.content(key), message, tuple(fixes), None, (found.related(f"{target} is defined here"),))
