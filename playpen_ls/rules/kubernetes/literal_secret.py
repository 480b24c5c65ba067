from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Container, EnvironmentEntry, Resource
from playpen_ls.rules.kubernetes._secret_fields import in_fields
from playpen_ls.rules.kubernetes._secrets import (
    Secrets,
    in_command,
    is_secret_entry,
    place,
    secret_key_ref,
    severity_of,
    stub_path,
    to_secret,
)
from playpen_ls.vocabulary.secret_lines import embedded
from playpen_ls.vocabulary.secrets import is_named_secret, is_weak_login, url_logins

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
CUSTOM = "apiVersion: example.org/v1\nkind: Realm\nmetadata: {name: web}\nspec:\n"
REFERENCE = """\
              valueFrom:
                secretKeyRef:
                  name: web-secrets
                  key: db-password"""
OTHER = ENV.replace("web", "api") + "            - name: DB_PASSWORD\n              value: $(OTHER)\n"
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
    masks_text=True,
    needs_index=False,
    in_pipelines=True,
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
        example(  # in the second document, although the first one has the same variable
            f"{OTHER}---\n{ENV}            - name: DB_PASSWORD\n              value: «hunter2»\n",
            fixed=f"{OTHER}---\n{ENV}            - name: DB_PASSWORD\n{REFERENCE}\n",
            creates=STUB,
        ),
        # A URL has no fix: it must be rewritten by hand, with `$(DB_PASSWORD)`.
        ENV + "            - name: DATABASE_URL\n              value: postgres://web:«hunter2»@postgres/web\n",
        ENV + "            - name: DATABASE_URL\n              value: postgres://app:«password»@postgres/app\n",
        HEAD + "          args: [--db-password=«s3cr3tvalue»]\n",
        HEAD + "          args: [airflow, users, create, --password, «admin»]\n",
        CUSTOM + "  clients:\n    - name: web\n      secret: «dmQAtKCsXRpJG2Tr8hzUjEcPVJ2tRKJC»\n",
        CUSTOM + "  helm:\n    parameters:\n      - name: auth.password\n        value: «hunter2-Horse»\n",
        CUSTOM + "  values: |\n    auth:\n      password: «hunter2-Horse»\n",
        CUSTOM + "  source: postgres://web:«hunter2»@postgres/web\n  others: ['amqp://web:«hunter2»@mq/']\n",
        HEAD + "          command: [mysql, -uroot, -p«Zebra-9912»]\n",
        HEAD + "          command: [sh, -c, 'redis-cli -a «Zebra-9912» ping']\n",
        example(
            ENV + "            - name: POSTGRES_PASSWORD\n              value: «postgres»\n",
            fixed=ENV + "            - name: POSTGRES_PASSWORD\n" + REFERENCE.replace("db-", "postgres-") + "\n",
            creates={path: text.replace("db-", "postgres-") for path, text in STUB.items()},
        ),
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
        CUSTOM + "  secret: web-secret-1\n  tokenSecret: prod/web/token1\n  token: changeme\n"
        '  secretData: \'{"value": "k3Vb9TqXw1Rz", "salt": "p7Yd2LsQf8Nc"}\'\n',
        CUSTOM + "  template:\n    metadata:\n      annotations: {checksum/secret: 9F86D081884C7D659A2FEAA0}\n",
        HEAD + "          args: [--password-file=/run/pw1234, --token=$(TOKEN)]\n",
        HEAD + "          args:\n            - |\n              DB_PASSWORD=`cat /run/pw1234`; run\n",
    ],
)
def literal_secret(word: EnvironmentEntry | Container | Resource, files: Files, secrets: Secrets) -> Iterator[Finding]:
    """Secret is hard-coded in the manifest.

    Everyone who can read the repository can read it, and it stays in the Git history. Move the value to a Secret that
    is created outside Git, and reference it with `secretKeyRef`. A value is reported if the variable or option is
    named like a secret, if it has the format of a known provider's key, or if it is a URL with a password. The fields
    of custom resources are read too; a value that can be the name of another object is not reported there. If the
    project has no Secret with such a key, the fix also writes a stub without the value. Its name ends in `.example`, so
    that `kubectl apply -f` on the folder skips it.
    """
    if isinstance(word, Resource):
        yield from in_fields(word)
        return
    if isinstance(word, Container):
        for scalar, span, secret in in_command(word):
            message = f"hard-coded secret in the command of {word.display_name}"
            text = scalar.value[span.start : span.end]
            severity = Severity.WARNING if secret.plain else severity_of("", text)
            yield Finding(place(word.document, scalar, span), message, severity=severity)
        return
    container = word.container.display_name
    if not is_secret_entry(word):
        value = word.value.value
        logins = [*url_logins(value, documented=False)]
        for span in embedded(value):
            weak = any(one.password == span and is_weak_login(one, value) for one in logins)
            severity = Severity.WARNING if weak else severity_of("", value[span.start : span.end])
            message = f"hard-coded secret in `{word.name}` of {container}"
            yield Finding(place(word.document, word.value, span), message, severity=severity)
        return
    workload = word.container.workload
    try:
        name, key, exists = secret_key_ref(word, secrets)
        title = f"Read `{word.name}` from key `{key}` of Secret `{name}`"
        if not exists:
            title += f" and add the key to the stub `{stub_path(workload)}`"
    except Refused:
        title = f"Read `{word.name}` from a Secret"
    fix = Fix(title, lambda: to_secret(word, secrets, files.text(stub_path(workload))))
    what = "hard-coded secret" if is_named_secret(word.name, word.value.value) else "weak password"
    severity = severity_of(word.name, word.value.value)
    yield Finding(word.document.content(word.value), f"{what} in `{word.name}` of {container}", (fix,), severity)
