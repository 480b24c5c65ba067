from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example, unmarked
from playpen_ls.api.fact_types import ConfigMapKeys, SecretKeys
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.edits.env import add_variable
from playpen_ls.languages.kubernetes.edits.insert import replace_scalar
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.parts import Container
from playpen_ls.rules.kubernetes._environment import Variables, meant, unset
from playpen_ls.rules.kubernetes._links import Images, Settings, linked
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
        # The manifest sets it under another name.
        example(
            {
                "k8s/app.yaml": PLAIN + SET.replace("REGION", "«REGOIN»"),
                "shop/Dockerfile": DOCKERFILE,
                "shop/main.py": APP,
            },
            fixed=PLAIN + SET,
        ),
        example(
            {
                "k8s/app.yaml": PLAIN + SET.replace("REGION", "«DB_PASWORD»"),
                "shop/Dockerfile": DOCKERFILE,
                "shop/main.py": 'import os\n\npassword = os.getenv("DB_PASSWORD")\n',
            },
            fixed=PLAIN + SET.replace("REGION", "DB_PASSWORD"),
        ),
        example(
            {
                "k8s/app.yaml": PLAIN + SET.replace("REGION", "«HOST_DB»"),
                "shop/Dockerfile": DOCKERFILE,
                "shop/main.py": 'import os\n\nhost = os.getenv("DB_HOST")\n',
            },
            fixed=PLAIN + SET.replace("REGION", "DB_HOST"),
        ),
    ],
    good=[
        PLAIN,
        {"k8s/app.yaml": PLAIN + SET, "shop/Dockerfile": DOCKERFILE, "shop/main.py": APP},
        # A script reads what is set, or variables are read by computed names; another name is not a typo.
        {
            "k8s/app.yaml": PLAIN + SET.replace("REGION", "DB_PASWORD"),
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": 'import os\n\npassword = os.getenv("DB_PASSWORD")\n',
            "shop/migrate.sh": 'psql "postgres://shop:${DB_PASWORD}@db"\n',
        },
        {
            "k8s/app.yaml": PLAIN + SET.replace("REGION", "DB_PASWORD"),
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": 'import os\n\npassword = os.getenv("DB_PASSWORD")\nothers = dict(os.environ)\n',
        },
        {
            "k8s/app.yaml": PLAIN + SET.replace("REGION", "DB_PORT"),
            "shop/Dockerfile": DOCKERFILE,
            "shop/main.py": 'import os\n\nhost = os.getenv("DB_HOST")\n',
        },
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
def unset_variable(container: Container, images: Images, variables: Variables, files: Files) -> Iterator[Finding]:
    """Environment variable that the application requires is not set.

    The application fails when it reads the variable: with a `KeyError`, or with a validation error of Pydantic
    settings. Only variables that the code reads unconditionally and without a default are checked. Not reported if
    the manifest runs another command or takes variables from an unknown source, if the application loads a `.env`
    file, for scripts, tests and migrations, and for variables that the image or Kubernetes sets.

    If the manifest sets a variable whose name differs by a typo, or in the order of its words, and nothing in the code
    of the image reads that, the finding is at its name, also for a variable that the application can do without.
    """
    image = linked(container, images)
    if image is None:
        return
    reads = list(unset(container, image, variables))
    others = meant(container, reads, image, files) if reads else {}
    for read in reads:
        name = read.name
        related = (Place(read.place.path, read.place.span, "read here without a default"), *image.related)
        other = others.get(name)
        if other is not None:
            fix = Fix(f"Rename `{other.value}` to `{name}`", partial(replace_scalar, container.document, other, name))
            message = (
                f"{container.display_name} sets `{other.value}`, which nothing reads; "
                f"the application reads `{name}`, which nothing sets"
            )
            yield Finding(container.document.content(other), message, (fix,), None, related)
        elif read.required:
            title, value = _value(container, name, variables.settings)
            fix = Fix(title, partial(add_variable, container, name, value))
            message = f"{container.display_name} does not set `{name}`, which the application requires"
            yield Finding(container.span, message, (fix,), None, related)


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
