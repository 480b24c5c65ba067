from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from playpen_ls.facts import ConfigMapKeys, Created, Facts, Overlay, SecretKeys, ServiceAccount
from playpen_ls.finding import Finding, Fix, Severity
from playpen_ls.languages.kubernetes import Workload
from playpen_ls.languages.kubernetes.insertion import replace_scalar
from playpen_ls.languages.kubernetes.judgement import Namespaces, is_whole, name_of
from playpen_ls.languages.kubernetes.links import Reference, references
from playpen_ls.rule import example, rule, unmarked
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
Definition = ConfigMapKeys | SecretKeys | ServiceAccount
# Every namespace has them.
_GIVEN = frozenset((("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")))


@rule(
    severity=Severity.WARNING,
    practice="+",
    like={"kube-linter": ["env-value-from", "non-existent-service-account"]},
    absent=True,
    bad=[
        example({"app.yaml": DEPLOYMENT, "config.yaml": CONFIG}, fixed=PLAIN.replace("confg", "config")),
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
        # Secrets are made outside of git, as they should; a generator and a pipeline make what they name.
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
        # An operator, a chart or a line of a README may make what nothing is spelled like.
        {"app.yaml": PLAIN.replace("shop-confg", "other"), "config.yaml": CONFIG},
        {"app.yaml": PLAIN.replace(FROM, "      serviceAccountName: operator\n"), "account.yaml": ACCOUNT},
        # What a tool fills in is no name yet.
        {"app.yaml": PLAIN.replace("shop-confg", "shop-config${SUFFIX}"), "config.yaml": CONFIG},
    ],
)
def missing_reference(
    workload: Workload,
    overlays: Facts[Overlay],
    configs: Facts[ConfigMapKeys],
    secrets: Facts[SecretKeys],
    accounts: Facts[ServiceAccount],
    created: Facts[Created],
    namespaces: Namespaces,
) -> Iterator[Finding]:
    """The pods need an object, or a key of one, that is not there.

    They do not start. Secrets are made outside of git, and operators, charts and people make ConfigMaps and
    ServiceAccounts that no manifest shows, so an object is reported only where another of its kind, in a namespace
    that may be the same, is spelled almost alike; a key, where the ConfigMap is in the project and does not have it.
    """
    document = workload.document
    if document.template or not is_whole(workload, overlays):
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
        others, stated = every[kind], every[kind].kind
        near = [*others.having(name_of, name.value), *document.beside(stated, name_of, name.value)]
        found = [one for one in near if namespaces.share(one, workload)]
        if not found:
            known = [one for one in (*others, *document.beside(stated)) if namespaces.share(one, workload)]
            yield from _missing(workload, reference, known)
        elif reference.key is not None and len(found) == 1:
            yield from _missing_key(workload, reference, found[0])


def _names(created: Created) -> tuple[tuple[str, str]]:
    return ((created.kind, created.name),)


def _missing(workload: Workload, reference: Reference, known: list[Definition]) -> Iterator[Finding]:
    document, name = workload.document, reference.name
    near = near_miss(name.value, {one.name for one in known})
    if near is None:
        return
    fix = Fix(f"Name `{near}`", partial(replace_scalar, document, name, near))
    related = tuple(one.related(f"the {reference.kind} `{near}`") for one in known if one.name == near)
    yield Finding(document.content(name), f"no {reference.kind} is named `{name.value}`", (fix,), None, related)


def _missing_key(workload: Workload, reference: Reference, found: Definition) -> Iterator[Finding]:
    keys = getattr(found, "keys", None)
    key, document = reference.key, workload.document
    if key is None or not keys or key.value in keys:
        return
    near = near_miss(key.value, set(keys))
    if reference.kind == "Secret" and near is None:
        return
    fixes = [Fix(f"Take key `{near}`", partial(replace_scalar, document, key, near))] if near else []
    message = f"{reference.kind} `{reference.name.value}` has no key `{key.value}`"
    yield Finding(document.content(key), message, tuple(fixes), None, (found.related("its keys"),))
