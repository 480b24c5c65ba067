from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Resource
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar, content, resolved
from playpen_ls.languages.shell import parser as shell
from playpen_ls.languages.shell.secrets import secrets_in
from playpen_ls.rules.kubernetes._secrets import is_secret, severity_of
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.secret_lines import LineSecret, secrets_in_lines

_SHELL = regex(r"\s*#!\s*/\S*(?:/|\benv\s+)(?:ba|da|a|k|z)?sh\b")


def config(data: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: web}}\ndata:\n{data}"


@rule(
    severity=Severity.ERROR,
    practice="Secrets management",
    like={"polaris": ["sensitiveConfigmapContent"], "detect-secrets": ["secret"], "checkov": ["CKV_SECRET_6"]},
    masks_text=True,
    bad=[
        config("  api_token: «tk_9a8b7c6d5e4f3021»  # old\n"),
        config("  DATABASE_URL: 'postgres://web:«hunter2»@postgres/web'\n"),
        config("  app.env: |\n    # the database\n    DB_PASSWORD=«hunter2»\n    DB_HOST=postgres\n"),
        config("  redis.conf: |\n    port 6379\n    requirepass «s3cr3tpw9»\n"),
        config("  POSTGRES_PASSWORD: «postgres»\n  app.env: |\n    DB_PASSWORD=«dbpassword11»\n"),
        config('  app.json: |-\n    {\n      "dbPassword": "«hunter2»",\n      "debug": true\n    }\n'),
        config("  app.yaml: |\n    db:\n      password: «hunter2»\n"),
        config("  init.sh: |\n    mysql -u root -p«Tiger-4471» -e x\n    curl -u me:«hunter2-Horse» https://h/\n"),
        config("  setup: |\n    #!/bin/bash\n    redis-cli -a «Tiger-4471» ping\n"),
    ],
    good=[
        config("  postgresql.conf: |\n    password_encryption = scram-sha-256\n"),
        config("  DB_PASSWORD: CHANGE_ME\n  PULL_SECRET: regcred\n"),
        config("  plugin.py: |\n    token = f.read().strip()\n"),
        config("  log_level: info\n  api_token_ttl: '36000000'\n"),
        config("  app.env: |\n    DB_PASSWORD=${DB_PASSWORD}\n    TOKEN_FILE=/run/token1\n    password=\n"),
        config('  setup: |\n    mysql -u root -pTiger-4471\n  a.sh: |\n    mysql -p"$PW"\n    docker login -p $P h\n'),
        config("  app.env: |\n    DB_PASSWORD={{ .Values.password1 }}\n"),
        config("  run.sh: |\n    password=$(cat /run/pw1)\n    # password=hunter2\n    token=`/run/token1`\n"),
        "data:\n  api_token: tk_9a8b7c6d5e4f3021\n",
    ],
)
def secret_in_configmap(resource: Resource) -> Iterator[Finding]:
    """ConfigMap contains a secret in plain text.

    Everyone who can read ConfigMaps or the repository can read the secret. Move it to a Secret that is created outside
    Git. The values of all keys are checked, the lines of embedded env, properties, INI, YAML and JSON files, and the
    commands of shell scripts.
    """
    data = resource.node.mapping("data") if (resource.group, resource.kind) == ("", "ConfigMap") else None
    for entry in data.entries if data else ():
        value = resolved(entry.value)
        name = entry.key.value if isinstance(entry.key, Scalar) else ""
        if not isinstance(value, Scalar) or value.null:
            continue
        message = f"hard-coded secret in `{name}` of {resource.display_name}"
        if value.literal and "\n" not in value.value.strip() and is_secret(name, value.value):
            yield Finding(resource.document.content(value), message, severity=severity_of(name, value.value))
            continue
        start, end = content(resource.document.text, value)
        written = resource.document.text[start:end]
        if value.style in ("'", '"') and written != value.value:
            continue  # with escapes, the position of a secret is unknown
        reached = 0
        for span, plain, _ in sorted([*secrets_in_lines(written), *_in_script(name, written)]):
            if span.start >= reached:
                reached = span.end
                severity = Severity.WARNING if plain else severity_of("", written[span.start : span.end])
                yield Finding(span.shifted(start), message, severity=severity)


def _in_script(name: str, text: str) -> Iterator[LineSecret]:
    """The secrets in the commands of a shell script."""
    text = text.replace("\r", "\n")  # YAML ends lines there
    if name.endswith((".sh", ".bash")) or _SHELL.match(text):
        for secret in secrets_in(shell.commands(Fragment.verbatim(text, Span(0, len(text))))):
            yield LineSecret(Span(secret.start, secret.end), secret.plain)
