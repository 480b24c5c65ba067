from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import ConfigMapKeys, EnvironmentKnown, EnvironmentRead, SecretKeys
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.env import add_variable
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.project.links import PYTHON
from playpen_ls.rules.kubernetes._links import Images, Settings, linked
from playpen_ls.rules.kubernetes._namespaces import name_of
from playpen_ls.rules.kubernetes._secrets import keys_of
from playpen_ls.vocabulary.names import kebab

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
        - name: «shop»
          image: nexus:5000/shop:1.0.0
          env:
            - name: LEVEL
              value: info
"""
PLAIN = unmarked(DEPLOYMENT)
DOCKERFILE = 'FROM playpen/python-base:latest\nCMD ["python", "main.py"]\n'
APP = 'import os\n\nhost = os.environ["REGION"]\n'
SET = '            - name: REGION\n              value: ""\n'
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop-config}\ndata: {REGION: eu}\n"
REFERRED = """\
            - name: REGION
              valueFrom:
                configMapKeyRef:
                  name: shop-config
                  key: REGION
"""


@rule(
    severity=Severity.WARNING,
    practice="Environment variables",
    reports_absence=True,
    bad=[
        example({"k8s/app.yaml": DEPLOYMENT, "shop/Dockerfile": DOCKERFILE, "shop/main.py": APP}, fixed=PLAIN + SET),
        example(
            {"k8s/app.yaml": DEPLOYMENT, "shop/Dockerfile": DOCKERFILE, "shop/main.py": APP, "k8s/config.yaml": CONFIG},
            fixed=PLAIN + REFERRED,
        ),
        example(
            {
                "k8s/app.yaml": DEPLOYMENT,
                "shop/Dockerfile": DOCKERFILE,
                "shop/main.py": "from pydantic_settings import BaseSettings, SettingsConfigDict\n\n\n"
                "class Settings(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='SHOP_')\n"
                "    region: str\n    level: str = 'info'\n",
            },
            fixed=PLAIN + SET.replace("REGION", "SHOP_REGION"),
        ),
        example(
            {
                "k8s/app.yaml": DEPLOYMENT + "          envFrom: [{configMapRef: {name: shop-config}}]\n",
                "k8s/config.yaml": CONFIG.replace("REGION", "OTHER"),
                "k8s/test/config.yaml": CONFIG.replace("REGION", "MORE"),
                "shop/Dockerfile": DOCKERFILE,
                "shop/main.py": 'import os\n\nport = int(os.environ.get("REGION"))\n',
            },
            fixed=PLAIN + SET + "          envFrom: [{configMapRef: {name: shop-config}}]\n",
        ),
        # The manifest repeats the command of the image.
        example(
            {
                "k8s/app.yaml": DEPLOYMENT + "          command: [python, main.py]\n",
                "shop/Dockerfile": DOCKERFILE,
                "shop/main.py": APP,
            },
            fixed=PLAIN + SET + "          command: [python, main.py]\n",
        ),
    ],
    good=[
        PLAIN,
        {"k8s/app.yaml": PLAIN + SET, "shop/Dockerfile": DOCKERFILE, "shop/main.py": APP},
        {"k8s/app.yaml": PLAIN + SET.replace("REGION", "region"), "shop/Dockerfile": DOCKERFILE, "shop/main.py": APP},
        {
            "k8s/app.yaml": PLAIN,
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": 'import os\n\nhost = os.getenv("REGION")\n',
        },
        {"k8s/app.yaml": PLAIN, "shop/Dockerfile": "FROM x\nENV REGION=eu\nCMD python main.py\n", "shop/main.py": APP},
        {"k8s/app.yaml": PLAIN, "shop/Dockerfile": DOCKERFILE, "shop/main.py": APP + "load_dotenv()\n"},
        {
            "k8s/app.yaml": PLAIN,
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": 'import os\n\nif "REGION" in os.environ:\n    print(os.environ["REGION"])\n',
        },
        {
            "k8s/app.yaml": PLAIN,
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": 'import os\n\ntry:\n    x = os.environ["REGION"]\nexcept KeyError:\n    x = ""\n',
        },
        {
            "k8s/app.yaml": PLAIN + "          envFrom: [{secretRef: {name: outside}}]\n",
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": APP,
        },
        {
            "k8s/app.yaml": PLAIN + "          envFrom: [{configMapRef: {name: shop-config}}]\n",
            "k8s/config.yaml": CONFIG,
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": APP,
        },
        {
            "k8s/app.yaml": PLAIN + "          envFrom: [{configMapRef: {name: shop-config}}]\n",
            "k8s/config.yaml": CONFIG,
            "k8s/test/config.yaml": CONFIG.replace("REGION", "LEVEL"),
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": APP,
        },
        {"k8s/app.yaml": PLAIN, "shop/Dockerfile": DOCKERFILE, "shop/scripts/seed.py": APP},
        {
            "k8s/app.yaml": PLAIN + "          command: [python, worker.py]\n",  # another program
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": APP,
        },
    ],
)
def unset_variable(
    container: Container,
    images: Images,
    reads: Facts[EnvironmentRead],
    known: Facts[EnvironmentKnown],
    settings: Settings,
) -> Iterator[Finding]:
    """Environment variable that the application requires is not set.

    The application fails when it reads the variable: with a `KeyError`, or with a validation error of Pydantic
    settings. Only variables that the code reads unconditionally and without a default are checked. Not reported if
    the manifest runs another command or takes variables from an unknown source, if the application loads a `.env`
    file, for scripts, tests and migrations, and for variables that the image or Kubernetes sets.
    """
    image = linked(container, images)
    if image is None or image.recipe.program not in PYTHON:
        return
    given = _given(container, settings)
    sets = {one.name for one in image.of(known)}
    if given is None or "*" in sets:
        return
    given = {name.upper() for name in (*given, *sets, *image.recipe.variables)}  # Pydantic settings ignore case
    seen: set[str] = set()
    for read in image.of(reads):
        name = read.name
        if (
            not read.required
            or name.upper() in given
            or name in seen
            or _OWN.search(name)
            or _SCRIPT.search(read.place.path)
        ):
            continue
        if any(one.name == name and one.default is not None for one in image.of(reads)):
            continue  # other code has a default for it
        seen.add(name)
        title, value = _value(container, name, settings)
        fix = Fix(title, partial(add_variable, container, name, value))
        related = Place(read.place.path, read.place.span, "read here without a default")
        message = f"{container.display_name} does not set `{name}`, which the application requires"
        yield Finding(container.span, message, (fix,), None, (related, *image.related))


_OWN = re.compile(
    r"^(?:HOME|PATH|HOSTNAME|PWD|USER|SHELL|LANG|TZ|TMPDIR|PYTHON\w*|KUBERNETES_\w+|\w+_SERVICE_(?:HOST|PORT))$"
)
_SCRIPT = re.compile(r"(?:^|/)(?:scripts?|bin|tools?|examples?|docs?|tests?|migrations|alembic|notebooks?)/|(?:^|/)"
                     r"(?:manage|setup|noxfile|fabfile|tasks|conftest|locustfile)\.py$")  # fmt: skip


def _given(container: Container, settings: Settings) -> set[str] | None:
    """The variables that the manifest sets; None where that is not known."""
    document = container.document
    names: set[str] = set()
    for entry in container.node.mappings("env"):
        if not entry.text("name"):
            return None
        names.add(entry.text("name"))
    for source in container.node.mappings("envFrom"):
        config, secret = source.mapping("configMapRef"), source.mapping("secretRef")
        named = (config or secret or source).text("name")
        facts: Facts[Any] | None = settings.configs if config else settings.secrets if secret else None
        every = facts_everywhere(facts, document, name_of, named) if facts is not None else ()
        found = [one for one in every if settings.namespaces.share(one, container.workload)]
        if not found or not all(one.keys for one in found):
            return None
        # Of several, for example of environments, any can be the one: what none of them has is not set.
        names |= {source.text("prefix") + key for one in found for key in one.keys}
    return names


def _value(container: Container, name: str, settings: Settings) -> tuple[str, object]:
    """The title of the fix, and the entry's value: a key of that name if a ConfigMap or Secret has it."""
    document = container.document
    every: tuple[ConfigMapKeys | SecretKeys, ...]
    alike = kebab(name)
    every = (
        *facts_everywhere(settings.configs, document, keys_of, alike),
        *facts_everywhere(settings.secrets, document, keys_of, alike),
    )
    found = [(one, key) for one in every for key in one.keys or ()
             if key in (name, kebab(name)) and settings.namespaces.share(one, container.workload)]  # fmt: skip
    if len(found) == 1:
        one, key = found[0]
        is_config = isinstance(one, ConfigMapKeys)
        kind, source = ("configMapKeyRef", "ConfigMap") if is_config else ("secretKeyRef", "Secret")
        return f"Set `{name}` from key `{key}` of {source} `{one.name}`", {kind: {"name": one.name, "key": key}}
    return f"Add `{name}` with an empty value", ""
