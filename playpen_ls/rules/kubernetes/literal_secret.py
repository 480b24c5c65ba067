from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes import Argument, EnvironmentEntry
from playpen_ls.rules.kubernetes._secrets import (
    Secrets,
    embedded,
    in_argument,
    is_secret_entry,
    place,
    secret_key_ref,
    stub_path,
    to_secret,
)

HEAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    spec:
      containers:
        - name: web
          image: nexus:5000/web:1.0
"""
ENV = HEAD + "          env:\n"
REFERENCE = """\
              valueFrom:
                secretKeyRef:
                  name: web-secrets
                  key: db-password"""
STUB = {
    "web-secret.yaml.example": """\
apiVersion: v1
kind: Secret
metadata:
  name: web-secrets
type: Opaque
stringData:
  db-password: "<set outside git>"
"""
}


@rule(
    severity=Severity.ERROR,
    practice="Secrets management",
    like={
        "kube-linter": ["env-var-secret"],
        "polaris": ["sensitiveContainerEnvVar"],
        "checkov": ["CKV_K8S_35", "CKV_SECRET_6"],
        "detect-secrets": ["secret"],
    },
    secret=True,
    waits=False,
    bad=[
        example(
            ENV + "            - name: DB_PASSWORD\n              value: «hunter2»  # TODO\n",
            fixed=ENV + "            - name: DB_PASSWORD\n" + REFERENCE + "  # TODO\n",
            creates=STUB,
        ),
        example(
            ENV + "            - value: '«hunter2»'\n              name: DB_PASSWORD\n",
            fixed=ENV + "            - " + REFERENCE.lstrip() + "\n              name: DB_PASSWORD\n",
            creates=STUB,
        ),
        example(
            HEAD + '          env: [{name: DB_PASSWORD, value: "«hunter2»"}]   # x\n',
            fixed=HEAD
            + "          env: [{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: web-secrets, key: db-password}}}]"
            + "   # x\n",
            creates=STUB,
        ),
        example(
            {
                "app.yaml": ENV + "            - name: DB_PASSWORD\n              value: «hunter2»\n",
                "secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata: {DB_PASSWORD: }\n",
            },
            fixed=ENV
            + "            - name: DB_PASSWORD\n"
            + REFERENCE.replace("web-secrets", "db").replace("db-password", "DB_PASSWORD")
            + "\n",
        ),
        # A URL is put together by a person: `$(DB_PASSWORD)` stands in it then.
        ENV + "            - name: DATABASE_URL\n              value: postgres://web:«hunter2»@postgres/web\n",
        HEAD + "          args: [--db-password=«s3cr3tvalue»]\n",
        HEAD + "          args:\n            - >\n              curl http://admin:«hunter2»@grafana/api\n              "
        "--data @x;\n              curl http://admin:«hunter2»@grafana/api\n",
        example(
            ENV + "            - name: ADMIN_PASSWORD\n              value: «correcthorse»\n",
            fixed=ENV + "            - name: ADMIN_PASSWORD\n" + REFERENCE.replace("db-", "admin-") + "\n",
            creates={path: text.replace("db-", "admin-") for path, text in STUB.items()},
        ),
    ],
    good=[
        ENV + "            - name: DB_PASSWORD\n" + REFERENCE + "\n",
        ENV + "            - name: DB_PASSWORD\n              value: $(OTHER)\n",
        ENV + "            - name: DB_PASSWORD\n              value: ''\n",
        ENV + "            - name: DB_PASSWORD\n              value: changeme\n",
        ENV + "            - name: DB_PASSWORD_FILE\n              value: /run/secrets/db-password1\n",
        ENV + "            - name: SECRETS_DIR\n              value: /run/secrets1\n",
        ENV + "            - name: TOKEN_TTL\n              value: '36000000'\n",
        ENV + "            - name: DB_PASSWORD\n              value: '{{ .Values.password }}'\n",
        ENV + "            - name: DATABASE_URL\n              value: postgres://web:$(DB_PASSWORD)@postgres/web\n",
        HEAD + "          args: [--password-file=/run/pw1234, --token=$(TOKEN)]\n",
        HEAD + "          args:\n            - |\n              DB_PASSWORD=`cat /run/pw1234`; run\n",
    ],
)
def literal_secret(word: EnvironmentEntry | Argument, files: Files, secrets: Secrets) -> Iterator[Finding]:
    """A password stands in the manifest, and so in git.

    Everybody who can read the repository has it, and history keeps it. Put it into a Secret that is
    made outside git, and refer to it. A value is a secret if its variable is named like one, if it
    has the shape of a provider's key, or if it is a URL with a password; the file that the fix makes
    is a stub without the value, under a name that `kubectl apply` skips.
    """
    if isinstance(word, Argument):
        for span in in_argument(word.scalar.value):
            yield Finding(place(word.document, word.scalar, span), "a literal secret in the command")
        return
    if not is_secret_entry(word):
        for span in embedded(word.value.value):
            yield Finding(place(word.document, word.value, span), f"a literal secret in `{word.name}`")
        return
    workload = word.container.workload
    try:
        name, key, exists = secret_key_ref(word, secrets)
        title = f"Read it from key `{key}` of the Secret `{name}`"
        if not exists:
            title += f", and write the stub `{stub_path(workload)}`"
    except Refused:
        title = "Read it from a Secret"
    fix = Fix(title, lambda: to_secret(word, secrets, files.text(stub_path(workload))))
    yield Finding(word.document.content(word.value), f"a literal secret in `{word.name}`", (fix,))
