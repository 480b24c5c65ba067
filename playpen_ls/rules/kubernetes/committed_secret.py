from __future__ import annotations

import base64
import binascii
import posixpath
import re
from collections.abc import Iterator

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Resource
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar, resolved
from playpen_ls.rules.kubernetes._secrets import is_open_configuration
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.names import snake
from playpen_ls.vocabulary.secrets import is_secret_name, is_template

# Keys next to a password that are not secret: `username`, `tls.crt`.
_OPEN = regex(
    r"(?:type|project|client_id|\w*(?:user|name|host|address|port|database|db|crt|cert|region|endpoint|email|enabled)(?:_in)?)"
)

# Settings that describe a secret, if the value is a short word: `CRYPTO_KEY_HASH: sha256`.
_SETTING = regex(
    r"\w*(?:provider|cipher|hash|size|algorithm|alg|mode|type|kind|version|timeout|ttl|format|scheme|protocol|method"
    r"|bucket|issuer|audience|realm|pbkdf|driver|engine|backend|level)"
)
_WORD = regex(r"[A-Za-z][A-Za-z0-9.-]{0,19}|\d{1,6}")
# The address of a database or a site; a longer path can be the secret of a webhook.
_PLAIN_URL = regex(r"(?:jdbc:)?[a-z0-9+]+://[\w.-]+(?::\d+)?(?:/[\w.-]{0,20})?/?(?:\?[a-z]\w*=\w{0,9})?")
# A repository or registry; a segment with letters and digits can be the secret of a webhook.
_REPOSITORY = regex(
    r"(?:git@[\w.-]+:|(?:https?|oci|ssh|git)://(?:git@)?|(?=[\w-]+\.[\w.-]+/))[\w.-]+(?::\d+)?"
    r"(?:/(?![\w-]*\d[\w-]*[A-Za-z_-]*\d)[A-Za-z][\w.-]{0,40})*(?:\.git)?/?"
)
_PATH = regex(r"/(?:[\w-]+/)*[\w-]+\.(?:json|pem|crt|key|ya?ml|conf|cfg|ini|txt|p12|jks)")
_TIME = regex(r"\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-][\d:]+)?)?")
_NO_KEY = regex(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*(?!.*[A-Za-z0-9+/=]{16})", re.DOTALL)
# `token: ROOK_TOKEN` is not base64, so a script replaces it before the manifest is applied.
_PUT_LATER = regex(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_SNAPSHOT = regex(r"(?:^|/)(?:__snapshots?__|testdata)/")  # what a test expects a chart to render
# A number, a version, an address, words, a path: no secret unless its name says so.
_PLAIN = regex(
    r"\d{1,10}(?:\.\d{1,6}){0,3}[a-zA-Z]{0,2}|[a-z][\w-]*(?:\.[\w-]+)*:\d{2,5}|/?[A-Za-z_]+(?:[-_./][A-Za-z_]+)*\d?"
)
_PUBLIC = regex(r"-----BEGIN (?:[A-Z0-9]+ )*(?:PUBLIC KEY|CERTIFICATE)(?!.*PRIVATE KEY)", re.DOTALL)


def secret(entries: str, kind: str = "Secret") -> str:
    return f"apiVersion: v1\nkind: {kind}\nmetadata:\n  name: db\n{entries}"


@rule(
    severity=Severity.WARNING,
    practice="Secrets management",
    like={"detect-secrets": ["secret"]},
    masks_text=True,
    bad=[
        secret("data:\n  password: «aHVudGVyMg==»\n"),
        secret("stringData:\n  username: web\n  password: '«hunter2»'  # old\n"),
        secret("stringData:\n  key.pem: |\n    «-----BEGIN KEY-----\n    abc»\n"),
        secret("stringData:\n  app.ini: |\n    «host = db\n    password = hunter2»\n"),
        secret("stringData:\n  app.yaml: |\n    «host: db\n    hook: https://hooks.io/T0/B0/x9f8e7d6»\n"),
        secret("stringData:\n  password_hash: «5baa61e4c9b93f3f0682250b6cf8331b»\n"),
        secret("stringData:\n  words: |\n    «correct horse\n    battery staple»\n"),
        secret("stringData:\n  url: «postgresql://app:hunter2@db/app»\n  hook: «https://hooks.io/T0/B0/x9f8e7d6»\n"),
    ],
    good=[
        secret("data: {}\n"),
        secret("stringData:\n  password: ''\n"),
        secret("stringData:\n  password: <set outside git>\n"),
        secret("stringData:\n  password: ${DB_PASSWORD}\n"),
        secret("stringData:\n  password: '{{ .Values.password }}'\n"),
        secret("data:\n  password: Y2hhbmdlbWU=\n"),
        secret("stringData:\n  enabled: true\n  DB_HOST: postgres\n"),
        secret("data:\n  password: ENC[AES256_GCM,data:abc]\nsops: {version: 3.8.1}\n"),
        secret("spec:\n  encryptedData: {password: AgBy3i4OJSWK}\n", "SealedSecret"),
        secret("type: kubernetes.io/service-account-token\ndata:\n  extra: YmFy\n"),
        {"db.example.yaml": secret("data:\n  password: aHVudGVyMg==\n")},
        {"test/__snapshot__/db.yaml": secret("data:\n  password: aHVudGVyMg==\n")},
        secret("stringData:\n  jdbc: jdbc:postgresql://db:5432/app\n  site: https://shop.io/a?b=c\n"),
        secret("stringData:\n  url: git@github.com:shop/web.git\n  type: helm\n  chart: oci://r.io/shop/web\n"),
        secret(
            "stringData:\n  admin.passwordMtime: '2019-03-20T17:54:53Z'\n  host: https://github.com/shop/private-repo\n"
        ),
        secret("stringData:\n  sign.key: |\n    -----BEGIN PUBLIC KEY-----\n    MIIC\n"),
        secret("data:\n  sign.key.pub: LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0K\n"),
        secret("data:\n  token: VAULT_TOKEN\n"),
        secret("data:\n  SERVICE_ACCOUNT_JSON: L2FwcC9zZXJ2aWNlLWFjY291bnQuanNvbg==\n"),
        secret("stringData:\n  token: op://apps/web/token\n  key: vault:secret/data/web#key\n"),
        secret("data:\n  PRODUCT_CODE: MDE=\nstringData:\n  KAFKA_BROKERS: kafka:9092\n"),
        secret("stringData:\n  KEY_CIPHER: aes-xts\n  KEY_HASH: sha256\n  KEY_SIZE: '256'\n  KEY_PROVIDER: secret\n"),
        secret("stringData:\n  KAFKA_TOPIC: web-events\n  CACHE_DIR: /tmp/cache\n  version: 1.0.0\n  TTL: '3600000'\n"),
        secret("stringData:\n  metrics: ENABLED=true\n  server: 'log: debug'\n"),
        # Configuration without secrets that happens to be stored in a Secret.
        secret("stringData:\n  grafana.ini: |\n    [date_formats]\n    default_timezone = UTC\n"),
        secret('stringData:\n  a.json: |-\n    {\n        "url": "http://db:90",\n        "on": [1]\n    }\n'),
        secret("stringData:\n  a.yaml: |\n    route:\n      # none\n      - \"name\": 'x'\n      - severity = low\n"),
    ],
)
def committed_secret(resource: Resource) -> Iterator[Finding]:
    """Secret manifest with real values is committed to Git; base64 is not encryption.

    Create the Secret outside Git, commit it encrypted (SealedSecret, SOPS), or commit only a reference to it
    (ExternalSecret). Not reported: placeholders and template expressions, values that are not secret (user names,
    certificates, plain settings), and files with `.example`, `.sample`, `.template` or `.dist` in their name.
    """
    if resource.kind != "Secret" or resource.group or resource.node.get("sops") is not None:
        return
    if resource.node.text("type") == "kubernetes.io/service-account-token":
        return
    path = resource.document.path
    if re.search(r"\.(example|sample|template|dist)(\.|$)", posixpath.basename(path)) or _SNAPSHOT.search(path):
        return
    for part in ("data", "stringData"):
        for entry in (resource.node.mapping(part) or Mapping(0, 0, False, (), False)).entries:
            value = resolved(entry.value)
            name = entry.key.value if isinstance(entry.key, Scalar) else ""
            if isinstance(value, Scalar) and value.literal and not _is_harmless(name, value, part == "data"):
                message = f"value of `{name}` in {resource.display_name} is committed to Git"
                yield Finding(resource.document.content(value), message)


def _is_harmless(name: str, scalar: Scalar, encoded: bool) -> bool:
    value = scalar.value.strip()
    if scalar.null or _OPEN.fullmatch(snake(name)) or is_template(value) or (not scalar.style and value.isdigit()):
        return True
    if encoded:
        if _PUT_LATER.fullmatch(value):
            return True
        value = _decoded(value)
    if _SETTING.fullmatch(snake(name)) and _WORD.fullmatch(value):
        return True
    if is_template(value) or _PLAIN_URL.fullmatch(value) or _PUBLIC.match(value) or _NO_KEY.match(value):
        return True
    if not is_secret_name(name) and _PLAIN.fullmatch(value):
        return True
    if _REPOSITORY.fullmatch(value) or _TIME.fullmatch(value) or _PATH.fullmatch(value):
        return True
    return is_open_configuration(value)


def _decoded(value: str) -> str:
    """The base64-decoded text, or the value itself if it is not base64-encoded text."""
    try:
        return base64.b64decode("".join(value.split()), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return value
