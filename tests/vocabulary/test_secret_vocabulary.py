"""What is a secret: shapes, names and values, the same for all languages."""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Iterator

import pytest
from secret_samples import KEYS, PREFIXED

from playpen_ls.vocabulary.secret_shapes import is_doubtful, is_minor, may_hold_key, shapes
from playpen_ls.vocabulary.secrets import (
    bound_values,
    is_configured_secret,
    is_default_secret,
    is_named_secret,
    is_placeholder,
    is_secret_name,
    is_weak_login,
    url_logins,
)


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_told_by_its_shape(key: str):
    text = f'value = "{key}"\n'
    assert may_hold_key(text)
    found = [text[span.start : span.end] for span in shapes(text)]
    assert len(found) == 1
    assert found[0] in key


def look_alikes() -> Iterator[str]:
    chance = random.Random(18)
    alphabets = (string.hexdigits.lower()[:16], string.ascii_letters + string.digits, string.ascii_lowercase + "-")
    for _ in range(700):
        digest = "".join(chance.choices(alphabets[0], k=chance.choice((32, 40, 56, 64, 96, 128))))
        yield digest
        yield f"sha256:{digest[:64]}"
        yield f"sha512-{base64.b64encode(chance.randbytes(64)).decode()}"  # subresource integrity, lock files
        yield str(uuid.UUID(int=chance.getrandbits(128)))
        yield f"data:image/png;base64,{base64.b64encode(chance.randbytes(chance.randint(90, 400))).decode()}"
        yield f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{base64.b64encode(chance.randbytes(33)).decode()} me@host"
        yield f"ENC({base64.b64encode(chance.randbytes(24)).decode()})"
        yield "-".join("".join(chance.choices(string.ascii_lowercase, k=chance.randint(2, 9))) for _ in range(8))
    for begin, _ in PREFIXED:
        yield f"{begin}" + "x" * 40
        yield f"{begin}{'EXAMPLE' * 6}"
        yield f"a{begin}b"
    yield string.ascii_letters + string.digits
    yield "ENC[AES256_GCM,data:Zm9vYmFy,iv:aGVsbG8=,tag:d29ybGQ=,type:str]"
    yield "{COQLCE6DU6GtcS5P=}"  # Maven
    yield "$ANSIBLE_VAULT;1.1;AES256\n6664316465353938"
    yield "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"


def test_no_look_alike_is_a_key():
    texts = list(look_alikes())
    assert len(texts) >= 5_000
    assert [text for text in texts if any(shapes(f'x = "{text}"'))] == []


@pytest.mark.parametrize(
    "value",
    [
        *(
            "ENC[AES256_GCM,data:Zm9vYmFy]",
            "ENC(c2VjcmV0)",
            "{cipher}AQA3kd",
            "$ANSIBLE_VAULT;1.1;AES256",
            "<password>",
        ),
        *(
            "${DB_PASSWORD}",
            "{{ .Values.password }}",
            "changeme",
            "$encrypted$",
            "__NEXUS_PW",
            "CHANGE_ME",
            "change-me-123",
            "SET_ME",
            "to_be_replaced",
        ),
        *(
            "tu_jwt_secret_aqui",
            "sua-chave-jwt-super-secreta-minimo-32-caracteres",
            "0xCensoredHCaptchaSecretKey",
            "MISSING",
            "VALUE1",
            "vk.1...",
            "your-secret-key",
            "yourpassword",
            "your-token-here",
            "xxxxxxxx",
            "**None**",
            "op://apps/web/token",
            "@TOKEN@",
        ),
    ],
)
def test_a_placeholder_is_no_secret_for_any_name(value: str):
    assert is_placeholder(value)
    assert not is_named_secret("DB_PASSWORD", value)
    assert not is_configured_secret("DB_PASSWORD", value)


@pytest.mark.parametrize(
    "name",
    """PGPASSWORD DBPASSWORD DBPASS ADMINPASSWORD ACCESSTOKEN SSHPASS ENCRYPTION_KEY SIGNING_KEY AUTH_KEY REDIS_AUTH
    AZURE_STORAGE_KEY AZURE_BATCH_KEY OCI_CLI_KEY_CONTENT dbPassword api-key client_secret requirepass JWT_SECRET_KEY
    GITHUB_PAT MYSQL_ROOT_PASSWORD spring.datasource.password""".split(),
)
def test_names_of_secrets(name: str):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    """password_encryption password_hash PASSWORD_HASHING secret_cipher token_encoding PASSWORD_ALGO password_strength
    secret_storage TOKEN_LOCATION password_policy PASSWORD_CHARS token_expiry TOKEN_URL DB_PASSWORD_FILE secretName
    max_tokens compass bypass cache_key storage_key author TOKENIZERS_PARALLELISM password_stdin secretFieldSelector
    passwordVariable""".split(),
)
def test_names_of_something_else(name: str):
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("DB_PASSWORD", "dbpassword11"), ("POSTGRES_PASSWORD", "postgres"), ("MYSQL_ROOT_PASSWORD", "root")),
        *(
            ("POSTGRES_PASSWORD", "mysecretpassword"),
            ("SA_PASSWORD", "Your_password123"),
            ("JWT_SECRET", "supersecretkey"),
        ),
        *(("MYSQL_ROOT_PASSWORD", "my-secret-pw"), ("MYSQL_PASSWORD", "mysqlpw"), ("MINIO_SECRET_KEY", "minioadmin")),
        *(("JWT_SECRET", "my-super-secret-jwt-key-2024"), ("POSTGRES_PASSWORD", "c-krit"), ("ROOT_PASSWORD", "toor")),
        *(("MONGO_INITDB_ROOT_PASSWORD", "example"), ("POSTGRES_PASSWORD", "ci")),
    ],
)
def test_a_word_that_a_program_is_started_with_is_a_secret(name: str, value: str):
    assert is_configured_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("HF_TOKEN", "HF_TOKEN"),
            ("GOOGLE_API_KEY", "GOOGLE_API_KEY_VAL"),
            ("USE_PASSWORD", "yes"),
            ("TOKEN", "bearer"),
        ),
        *(("DB_PASSWORD", "DB_PASSWORD"), ("API_KEY", "some-key"), ("PASSWORD", "30"), ("TLS_SECRET", "web-tls")),
        *(("PAC_SECRET", "pipelines-as-code-secret"), ("password", "sha1:98b767162d34:8da1bc3c75a0f291")),
        *(("token", "Paris."), ("token", "Amazon,")),  # of a tokenizer
        *(("token", "xoxp-1234"), ("_PASS", "::ixNet::OK"), ("SECRET_MARKER", "phase3-secret-must-not-appear")),
        *(("elasticSearchPassword", "elasticsearch-password"), ("dbPassword", "web/data/databasePassword")),
        *(("SECRET_INJECTOR_IMAGE", "quay.io/x/secret-injector:2.0"),),
        *(("CLOUDINARY_API_SECRET", "apiSecret"), ("USE_PASSWORD", "ok")),
        ("KeyStore.Password", "conf/carbon.xml//Server/KeyStore/Password,false"),
        *(("IMAGE_PULL_SECRET", "regcred"), ("DB_PASSWORD", "/run/secrets/db"), ("DB_PASSWORD", "$(cat x)")),
    ],
)
def test_a_setting_or_a_name_is_no_secret(name: str, value: str):
    assert not is_configured_secret(name, value)
    assert not is_named_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        *(("DB_PASSWORD", "postgres", True), ("SECRET_KEY", "changeme", True), ("JWT_SECRET", "dev", True)),
        *(("DB_PASSWORD", "", False), ("DB_PASSWORD", "None", False), ("DB_PASSWORD", "${PW}", False)),
        *(("OPENAI_API_KEY", "your-api-key", False), ("API_TOKEN", "changeme", False), ("API_TOKEN", "<token>", False)),
        *(
            ("API_TOKEN", "tk_0f1e2d3c4b5a", True),
            ("PASSWORD_PATTERN", "abc", False),
            ("PASSWORD_ENABLED", "x1y2z3", False),
        ),
        *(("DB_PASSWORD", "db_password", False), ("password_hashing", "bcrypt2", False)),
        *(("DB_PASSWORD", "not_set", False), ("WECHAT_SECRET", "your_wechat_secret", False)),
        *(("JWT_SECRET", "your_jwt_secret", True), ("WECHAT_SECRET", "tk_0f1e2d3c4b5a", True)),
    ],
)
def test_the_default_of_a_password_is_a_secret_whatever_it_is(name: str, value: str, expected: bool):
    assert is_default_secret(name, value) is expected


def test_a_token_that_is_a_word_counts_where_it_is_asked_for():
    assert is_configured_secret("HTTP_API_TOKEN", "testToken", tokens=True)
    assert not is_configured_secret("HTTP_API_TOKEN", "testToken")
    assert not any(
        is_configured_secret("GITHUB_TOKEN", value, tokens=True) for value in ("dummy", "test", "your-token", "$TOKEN")
    )


def test_check_digits_names_of_keys_and_test_modes_count_less():
    fits = "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"  # published with the format
    assert not is_doubtful(fits)
    assert is_doubtful(fits[:-1] + "8")
    assert is_minor("AKIAQYLPMN5HFIQR7XYA")
    assert is_minor("sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc")
    assert not is_minor("sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc")


def test_the_key_of_a_storage_emulator_opens_nothing():
    key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    assert list(shapes(f"AccountName=devstoreaccount1;AccountKey={key};")) == []


def test_a_token_for_browsers_is_public():
    def token(role: str) -> str:
        payload = base64.urlsafe_b64encode(f'{{"iss":"supabase","role":"{role}"}}'.encode()).decode().rstrip("=")
        return f"eyJhbGciOiJIUzI1NiJ9.{payload}.dBjftJeZ4CVPmB92K27uhbUJU1p1rQ7x"

    assert not list(shapes(token("anon")))
    assert list(shapes(token("service_role")))


@pytest.mark.parametrize(
    ("url", "weak"),
    [
        ("postgres://app:appsecret@db/x", True),
        ("postgres://x:db_password@db/x", True),
        ("postgres://weaver:weaver_e2e_password1@db/x", True),
        ("postgres://postgres:postgres123@db/x", True),
        ("postgres://app:s3cr3tpw@db/x", False),
        ("postgres://app:horse@db/x", False),
        ("postgres://app:app9f8e7d@db/x", False),
    ],
)
def test_a_password_of_plain_words_is_weak(url: str, weak: bool):
    (login,) = url_logins(url)
    assert is_weak_login(login, url) == weak


def test_a_documented_password_counts_in_a_file_of_settings():
    def found(text: str) -> list[str]:
        return [text[one.password.start : one.password.end] for one in url_logins(text, documented=False)]

    assert found("amqp://app:password@mq") == ["password"]
    assert found("amqp://user:password@mq amqp://app:password@host https://oauth2:password@git.io") == []
    assert not list(url_logins("amqp://app:password@mq"))


@pytest.mark.parametrize(
    ("value", "random"),
    [
        ("xqwmbvzkpltrnsdf", True),
        ("QVJZXWKPTRNBMLDF", True),
        ("correcthorsebatterystaple", False),
        ("jwtsecretkeyvaluestring", False),
        ("abcdefghijklmnopqrstuvwxyz", False),
        ("xqwmbvzk", False),
        ("volume,env", False),
        ("qzvt wjkb xrpm hgfd", True),  # of an application, as Google shows it
        ("this must have been", False),
    ],
)
def test_letters_that_make_no_words_are_a_secret(value: str, random: bool):
    assert is_named_secret("api_token", value) == random


def test_the_url_of_alembic_init_is_none():
    assert not list(url_logins("sqlalchemy.url = driver://user:pass@localhost/dbname"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('password="pw1x"', ["pw1x"]),
        ('os.getenv("DB_PASSWORD", "apppw")', ["apppw"]),
        ('names = ["password", "username"]', []),
        ("ENV DB_PASSWORD hunter", ["hunter"]),
        ("- name: DB_PASSWORD\n  value: root # x", ["root"]),
        ("app --password foo bar", ["foo"]),
        ("token: env.TOKEN", []),
        ('password: str = "abc"', ["abc"]),
        ("the password is x", []),
        ("helm --set db.password=abc1", ["abc1"]),
        ("password: changeme", []),
    ],
)
def test_values_that_are_bound_to_the_name_of_a_secret(text: str, expected: list[str]):
    assert [text[span.start : span.end] for _, span in bound_values(text)] == expected


def test_unquoted_values_of_python_are_code():
    assert not list(bound_values("password=other", expressions=True))
