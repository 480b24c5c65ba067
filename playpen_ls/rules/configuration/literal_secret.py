from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.configuration.parts import Section
from playpen_ls.languages.git_ignore import is_git_ignored
from playpen_ls.languages.shell.secrets import secrets_in
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.secret_lines import LineSecret
from playpen_ls.vocabulary.secret_shapes import is_doubtful, is_minor, is_shape, may_hold_key

_HINTS = ("pas", "pwd", "secret", "token", "key", "cred", "auth", "pat", "://", "-p")
"""A text that contains none of these, in lower case, and no key of a provider has no secret: a cheap filter."""

KEY = "glpat-" + "x7Yq2LmZ9wKt4RbN8cVd"


def one_file(path: str, text: str, **others: str) -> dict[str, str]:
    return {path: text, **{name.replace("gitignore", ".gitignore"): other for name, other in others.items()}}


@rule(
    severity=Severity.ERROR,
    practice="Secrets management",
    like={"detect-secrets": ["secret"], "checkov": ["CKV_SECRET_6"]},
    masks_text=True,
    needs_index=False,
    has_safe_fixes=False,
    bad=[
        "# the database\nDB_PASSWORD=«hunter2-Horse»\nDB_HOST=postgres\n",
        f"export TOKEN='«{KEY}»'\n\nPOSTGRES_PASSWORD=«postgres» # weak\n",
        "DATABASE_URL=postgresql://app:«s3cr3tpw»@db/app\n",
        one_file(
            "docker-compose.yml",
            "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: «postgres»\n      REDIS_HOST: redis\n"
            "  web:\n    environment:\n      - SECRET_KEY=«h8+mu_v!w2k»\n      - 'DB_PASSWORD=«hunter2»'\n"
            "      - PUSHER_SECRET=«web-app-secret»\n",
        ),
        one_file(
            "deploy/compose.prod.yaml",
            "services:\n  cache: {environment: {DB_PASSWORD: «hunter2-Horse», DEBUG: 1}}\n\n"
            '  redis:\n    command: redis-server --requirepass "«hunter2-Horse»"\n'
            '  db:\n    healthcheck:\n      test: ["CMD", "mysqladmin", "-h", "db", "-p«hunter2-Horse»", "ping"]\n'
            "  kv:\n    command:\n      - --port=6379\n      - --requirepass\n      - «hunter2-Horse»\n"
            "  q:\n    command: --save 900 1 --requirepass «redis»\n    entrypoint: --admin-password=«root»\n",
        ),
        one_file(
            "compose.yml",
            "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: ${DB_PASSWORD:-«postgres»}\n"
            "      URL: postgres://app:${DB_PASSWORD:-«hunter2-Horse»}@db/app\n      BROKER: amqp://app:«password»@queue\n"
            "  cache:\n    command: redis-server --requirepass ${REDIS_PASSWORD:-«devpassword»}\n",
        ),
        one_file("alembic.ini", "[alembic]\nsqlalchemy.url = postgresql://app:«s3cr3tpw»@db/app\n"),
        one_file(
            "src/main/resources/application.properties",
            "spring.datasource.password=«Tiger-4471»\nspring.redis.password=${REDIS_PASSWORD:«redis»}\n"
            "app.jwt.secret=«webSecretKey»\ndb.password=«Zb@#$3468»\nspring.mail.password=«qzvt wjkb xrpm hgfd»\n",
        ),
        one_file(
            "chart/values.yaml", "auth:\n  username: app\n  password: «postgres»\n  apiToken: «tk_9a8b7c6d5e4f»\n"
        ),
        one_file("pip.conf", "[global]\nindex-url = https://me:«hunter2-Horse»@nexus.corp/simple\n"),
        one_file(".npmrc", "registry=https://nexus/\n//nexus/:_authToken=«9f8e7d6c-5b4a»\n"),
        one_file(".netrc", "machine nexus\n  login me\n  password «hunter2-Horse»\n"),
        one_file(
            "settings.xml",
            "<settings>\n  <server>\n    <id>nexus</id>\n    <password>«hunter2-Horse»</password>\n  </server>\n"
            "</settings>\n",
        ),
        one_file("tests/data/.env", f"DB_PASSWORD=hunter2-Horse\nTOKEN=«{KEY}»\n"),
        one_file(".env", "DB_PASSWORD=«hunter2-Horse»\n", gitignore=".env.local\n"),
    ],
    good=[
        "DB_PASSWORD=\nDB_PASSWORD_FILE=/run/secrets/db\nAPI_TOKEN=${TOKEN}\nSECRET_KEY=changeme\nTOKEN_TTL=3600\n",
        "# DB_PASSWORD=hunter2-Horse\nTOKEN=$(vault read token1)\nDB_PASSWORD=<password>\n",
        one_file(".env.example", "DB_PASSWORD=hunter2-Horse\n"),
        one_file("conf/sample.env", "DB_PASSWORD=hunter2-Horse\n"),
        one_file(".env", "DB_PASSWORD=hunter2-Horse\n", gitignore="*.env\n"),
        one_file("alembic.ini", "sqlalchemy.url = driver://user:pass@localhost/dbname\n"),
        one_file(
            "docker-compose.yml",
            "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: ${DB_PASSWORD:?must be set}\n"
            "      ADMIN_PASSWORD: ${ADMIN_PASSWORD:-}\n      URL: postgres://user:password@db/app\n"
            '    healthcheck:\n      test: ["CMD-SHELL", "mysqladmin ping -p$$MYSQL_PASSWORD"]\n'
            "    secrets: [db_password]\nsecrets:\n  db_password:\n    file: ./db.txt\n",
        ),
        one_file("messages.properties", "login.password=Passwort1\n"),
        one_file("web/labels_de.properties", "login.password=Passwort1\n"),
        one_file("src/i18n/app.properties", "password=Passwort1\n"),
        'CLOUDINARY_API_SECRET=apiSecret\nKEYCLOAK_SECRET_DATA=\'{"value": "k3Vb9TqXw1Rz"}\'\n',
        one_file("app.properties", "login.secret=Geheimnis\nlogin.password=Your pass word here\n"),
        one_file("app.properties", "login.password=Passwort\nlogin.password.hint=At least 8 characters\n"),
        one_file("app.properties", "db.password=${DB_PASSWORD}\napi.token=${env.API_TOKEN}\n"),
        one_file(
            "chart/values.yaml",
            "auth:\n  existingSecret: db-credentials\n  secretKeys: {adminPasswordKey: postgres-password}\n"
            "  password: ''\n  passwordSecret: web\nannotations:\n"
            "  vault.hashicorp.com/agent-inject-file-db-password: root-pw1\n",
        ),
        one_file("settings.xml", "<settings>\n<password>{COQLCE6DU6GtcS5P=}</password>\n</settings>\n"),
        one_file("settings.xml", "<settings>\n<!-- <password>hunter2-Horse</password> -->\n</settings>\n"),
        one_file("settings.xml", "<settings>\n<password>${env.NEXUS_PASSWORD}</password>\n</settings>\n"),
        one_file(".npmrc", "//nexus/:_authToken=${NPM_TOKEN}\nalways-auth=true\n"),
    ],
)
def literal_secret(section: Section, files: Files) -> Iterator[Finding]:
    """Secret is hard-coded in a configuration file.

    Everyone who can read the repository or its history can read the secret. Pass it in the environment, or write it to
    a file that git ignores, and rotate it. Read are env files, compose files, `alembic.ini`, `.properties`, a chart's
    `values.yaml`, `pip.conf`, `.pypirc`, `.npmrc`, `.netrc`, and Maven's `settings.xml`, up to one megabyte each. A
    plain word is a warning, also as the default of a variable (`${DB_PASSWORD:-postgres}`). In files that only serve
    development, such as compose files, it is a hint, and other secrets are warnings; in tests only keys of known
    providers are reported. Not reported: files that git ignores, examples (`.env.example`), bundles of translations,
    placeholders, and references to variables.
    """
    lower = section.text.lower()
    if not any(hint in lower for hint in _HINTS) and not may_hold_key(section.text):
        return
    found = [*section.secrets, *_in_commands(section)]
    if not found or is_git_ignored(section.file.path, files):
        return
    reached = 0
    for one in sorted(found):
        value = section.text[one.span.start : one.span.end]
        if one.span.start >= reached and not (section.kind.test and not is_shape(value)):
            reached = one.span.end
            yield Finding(one.span, _message(one, value), severity=_severity(section, one, value))


def _in_commands(section: Section) -> Iterator[LineSecret]:
    for secret in secrets_in(section.commands):
        span = secret.word.fragment.span(secret.start, secret.end)
        yield LineSecret(Span(span.start, span.end), secret.plain)


def _message(secret: LineSecret, value: str) -> str:
    what = "weak password" if secret.plain else "provider key" if is_shape(value) else "hard-coded secret"
    return f"{what} in `{secret.name}`" if secret.name else what


def _severity(section: Section, secret: LineSecret, value: str) -> Severity:
    if section.kind.test:
        return Severity.INFORMATION
    if is_doubtful(value):
        return Severity.HINT
    if is_shape(value):
        return Severity.WARNING if is_minor(value) else Severity.ERROR
    if secret.plain:
        return Severity.HINT if section.kind.development else Severity.WARNING
    return Severity.WARNING if section.kind.development else Severity.ERROR
