from __future__ import annotations

import ast
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.edits.imports import module_member
from playpen_ls.languages.python.model.queries import is_left_alone
from playpen_ls.languages.python.parts import StringLiteral
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.rules.python._origins import Origins
from playpen_ls.rules.python.literal_secret.detect import Secret, generic_variable, secret_in, settings_field
from playpen_ls.rules.python.literal_secret.mentions import may_hold_secret
from playpen_ls.text.edit import Edit
from playpen_ls.vocabulary.purposes import is_for_trial
from playpen_ls.vocabulary.secret_shapes import is_doubtful, is_minor, shapes
from playpen_ls.vocabulary.secrets import is_weak_login, url_logins

KEY = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
RANDOM = "Zk9" + "vQ2xT7bLm4YpW8sRd3NcJ6hGfA1u"
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIBOgIBAAJBAKj34Gkx\n-----END RSA PRIVATE KEY-----\n"
SETTINGS = "from pydantic_settings import BaseSettings\n\n\nclass S(BaseSettings):\n"


@rule(
    severity=Severity.WARNING,
    practice="Secrets management",
    masks_text=True,
    needs_index=False,
    has_safe_fixes=False,
    mentions=may_hold_secret,
    like={
        "ruff": ["S105", "S106", "S107"],
        "bandit": ["B105", "B106", "B107"],
        "detect-secrets": ["secret"],
        "semgrep": ["hardcoded-password-default-argument", "detected-generic-secret", "hardcoded-token"],
    },
    bad=[
        example('password = «"hunter2"»\n', fixed='import os\n\npassword = os.environ["PASSWORD"]\n'),
        example(f"import os\n\napi_key = «'{KEY}'»\n", fixed="import os\n\napi_key = os.environ['API_KEY']\n"),
        example(
            'import os\n\nDB = {"user": "app", "dbPassword": «"s3cr3tpw"»}\n',
            fixed='import os\n\nDB = {"user": "app", "dbPassword": os.environ["DB_PASSWORD"]}\n',
        ),
        example(
            'import os\n\nimport psycopg2\n\ndb = psycopg2.connect("u", password=«"postgres"»)\n',
            fixed='import os\n\nimport psycopg2\n\ndb = psycopg2.connect("u", '
            'password=os.environ["POSTGRES_PASSWORD"])\n',
        ),
        example(
            'import os\n\nengine = connect(«"postgresql://app:s3cr3tpw@db:5432/app"»)\n',
            fixed='import os\n\nengine = connect(os.environ["DATABASE_URL"])\n',
        ),
        example(
            'import os\n\nkey = os.getenv("SECRET_KEY", «"h8+mu_v!w2#k"»)\n',
            fixed='import os\n\nkey = os.environ["SECRET_KEY"]\n',
        ),
        example(
            'import os\n\nurl = os.getenv("SHOP_DB", «"postgres://app:postgres@db/shop"»)\n',
            fixed='import os\n\nurl = os.environ["SHOP_DB"]\n',
        ),
        example(SETTINGS + '    password: str = «"s3cr3tpw"»\n', fixed=SETTINGS + "    password: str\n"),
        example(
            'import os\n\npw = os.getenv("DB_PASSWORD", «"postgres"»)\n',
            fixed='import os\n\npw = os.environ["DB_PASSWORD"]\n',
        ),
        example(
            'import os\n\nkey = os.getenv("NEO4J_PASSWORD", «"password"»)\n',
            fixed='import os\n\nkey = os.environ["NEO4J_PASSWORD"]\n',
        ),
        example(
            'import os\n\nkey = os.getenv("SECRET_KEY", «"changeme"»)\n',
            fixed='import os\n\nkey = os.environ["SECRET_KEY"]\n',
        ),
        # Through a base class of the file.
        example(
            SETTINGS.replace("S(", "Base(") + '    pass\n\n\nclass S(Base):\n    password: str = «"s3cr3tpw"»\n',
            fixed=SETTINGS.replace("S(", "Base(") + "    pass\n\n\nclass S(Base):\n    password: str\n",
        ),
        # Through a base class of another file.
        example(
            {
                "shop/config.py": "from shop.base import Base\n\n\nclass S(Base):\n    password: str = «'s3cr3tpw'»\n",
                "shop/base.py": "import pydantic_settings as ps\n\n\nclass Base(ps.BaseSettings):\n    pass\n",
            },
            fixed="from shop.base import Base\n\n\nclass S(Base):\n    password: str\n",
        ),
        # The settings give it.
        example(
            "db = connect(password=config.password or «'s3cr3tpw'»)\n",
            fixed="db = connect(password=config.password)\n",
        ),
        example(SETTINGS + '    jwt_secret: str = «"dev"»\n', fixed=SETTINGS + "    jwt_secret: str\n"),
        "import argparse\n\nparser = argparse.ArgumentParser()\n"
        'parser.add_argument("-p", "--db-password", default=«"postgres"», help="of the database")\n',
        'import click\n\n\n@click.option("--password", default=«"admin"»)\ndef f(password):\n    pass\n',
        example(
            "import environ\n\nenv = environ.Env()\nkey = env.str(\n    'SECRET_KEY',\n    default=«'change_me'»,\n)\n",
            fixed="import environ\n\nenv = environ.Env()\nkey = env.str(\n    'SECRET_KEY',\n)\n",
        ),
        'requests.get(url, auth=("me", «"Tr0ub4dor9x"»))\n',
        'requests.get(url, headers={"Authorization": «"Bearer a81jf9sk2mzn"»})\n',
        'db = connect(«"host=db user=app password=Tr0ub4dor9x"»)\n',
        'import jwt\n\ntoken = jwt.encode({}, «"Tr0ub4dor9x"»)\n',
        'if data["password"] == «"tr0ub4dor9x"»:\n    pass\n',
        'import os\n\nos.environ["DB_PASSWORD"] = «"s3cr3tpw"»\n',
        'import os\n\nx = os.environ.get("PASSWORD") or «"s3cr3tpw"»\n',
        example(SETTINGS + '    token: str = Field(default=«"a1b2c3d4"»)\n', fixed=SETTINGS + "    token: str\n"),
        example(f'import os\n\nSALT = «"{RANDOM}"»\n', fixed='import os\n\nSALT = os.environ["SALT"]\n'),
        example(f'import os\n\nhmac.new(key=«"{RANDOM}"»)\n', fixed='import os\n\nhmac.new(key=os.environ["KEY"])\n'),
        f'pem = «"""{PEM}"""»\n',
        'if password == «"s3cr3tpw"»:\n    pass\n',
        example(
            'safe = password = «"s3cr3tpw"»\n',
            fixed='import os\n\nsafe = password = os.environ["PASSWORD"]\n',
        ),
        example(
            "import os\n\nDATABASES = {\n    'default': {\n        'ENGINE': 'django.db.backends.postgresql',\n"
            "        'PASSWORD': «'s3cr3tpw'»,\n    },\n}\n",
            fixed="import os\n\nDATABASES = {\n    'default': {\n        'ENGINE': 'django.db.backends.postgresql',\n"
            "        'PASSWORD': os.environ['POSTGRES_PASSWORD'],\n    },\n}\n",
        ),
        'def f(password=«"s3cr3tpw"»):\n    pass\n',
        example({"tests/test_a.py": f'key = «"{KEY}"»\n'}, fixed='import os\n\nkey = os.environ["KEY"]\n'),
    ],
    good=[
        'PASSWORD = ""\n',
        'import os\n\npw = os.getenv("SMTP_PASSWORD") or "unknown"\nkey = os.getenv("TLS_SECRET_KEY", "cert.pem")\n',
        'def find(pat):\n    pat_str = str(pat, "ISO-8859-1")\n',
        'import os\n\npassword = os.environ["PASSWORD"]\n',
        'import os\n\ntoken = os.getenv("GITHUB_TOKEN", "<token>")\npw = os.getenv("DB_PASSWORD", "")\n',
        'import os\n\nhashing = os.getenv("PASSWORD_HASHING", "bcrypt2")\n',
        'login(auth=("me", get()))\nheaders = {"Authorization": f"Bearer {token}"}\n',
        'usage = "password=<password> user=me"\n',
        'parser.add_argument("--password", default="")\nparser.add_argument("--token-file", default="t0ken.txt")\n'
        'parser.add_argument("--hf-token", default="your-token", help="password=x1y2z3")\n',
        'password_field = "password"\nPASSWORD_RESET_URL = "/accounts/reset"\ntoken_type = "bearer"\n'
        'TOKEN_URL = "https://a.io/token"\nsecret_name = "db-credentials"\ncsrf_token_header = "X-CSRF-Token"\n',
        'engine = create_engine("postgresql://user:pass@host/db")\n',
        'url = "postgresql://postgres:postgres@localhost/db"\n',
        'url = f"postgresql://app:{pw}@db/app"\n',
        'password = "<your password>"\n',
        'from enum import Enum\n\n\nclass Token(Enum):\n    token = "s3cr3t-t0ken"\n',
        'schema = {"password": "s3cr3tpw", "type": "string"}\n',
        'begins = "-----BEGIN PRIVATE KEY-----"\n',
        'begins = "-----BEGIN PRIVATE KEY-----\\n...\\n"\n',
        'Tokens(start_token="KEYWORDS:", image_token="[IMG_END]")\n',
        'sensor(api_key="pDischarge1")\nSESSION_TOKEN = "_password_reset_token"\nJWT_SECRET = "oauth2_jwt_secret"\n',
        'GCS_TOKEN_EXPIRES_AT_MS = "gcs.oauth2.token-expires-at"\nTOKEN_TYPE_V1 = "urn:oasis:names:tc:SAML:1.0"\n',
        'limits = {"reset_password": "20/m/ip,5/m/key"}\nftp(username="anonymous", password="someone@example.org")\n',
        'TOKEN = rb"[!#$%&\'*+^_`|~0-9A-Za-z]+"\nACCESS_KEY_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"\n',
        'hook = {"host": "chime", "password": "T00000000?token=XXXXXXXXXXXXXXXXXXXXXXXX"}\n',
        'connect(host=h, user="root", password="password" if windows else None)\n',
        'page = {"next_page_token": "eyJpbmRleCI6IDExfQ=="}\napi_key = "sk-****************"\n',
        'model_config = {"json_schema_extra": {"example": {"password": "s3cr3tpw"}}}\n',
        'class A:\n    class Config:\n        schema_extra = {"example": {"password": "s3cr3tpw"}}\n',
        'secret = "abcdefghijkmnpqrstuvwxyz23456789"\n',
        'field(examples=[{"password": "s3cr3tpw"}])\nform = {"user": "User", "host": "Host", "password": "Password"}\n',
        f'cache_key = "{RANDOM}"\ndigests = {{"key": "{RANDOM}"}}\nsalt = "salted-with-plain-words-only"\n',
        'usage = """To use a remote database, say something that is like this on the command line:\n'
        'mysql://user:s3cr3tpw@dbhost/db\n"""\n',
        SETTINGS + '    fake_wallet_secret: str = "ToTheMoon1"\n',
        'dummy_password = "s3cr3tpw"\n',
        'POSTHOG_API_KEY = "phc_UG6EcfDbuXz92neb3rMlQFDY0csx"\n',
        example({"tests/test_a.py": 'login(password="s3cr3tpw")\n'}),
        example({"tests_e2e/a.py": 'login(password="s3cr3tpw")\n'}),
    ],
)
def literal_secret(literal: StringLiteral, origins: Origins) -> Iterator[Finding]:
    """Secret is hard-coded.

    Everybody with access to the repository, its history or the image can read the secret. Read it from an
    environment variable without a default, so that a missing variable raises `KeyError`, and rotate the secret.
    An error for keys of known providers and passwords in URLs that are no plain words. Not reported for placeholders
    and for known false positives of other scanners. In tests, migrations and generated files only provider keys are
    reported.
    """
    secret = secret_in(literal)
    if secret is None:
        return
    if literal.file.ask(is_left_alone):
        if secret.tier == "key":
            message, severity = _message(secret), Severity.INFORMATION
            yield Finding(literal.span, message, tuple(_fixes(literal, secret, origins)), severity)
        return
    severity = Severity.ERROR if secret.tier in ("key", "url") and not _is_weak_url(literal) else Severity.WARNING
    if secret.tier == "key":
        keys = [literal.value[span.start : span.end] for span in shapes(literal.value)]
        severity = Severity.HINT if all(map(is_doubtful, keys)) else severity
        severity = Severity.WARNING if all(map(is_minor, keys)) else severity
    yield Finding(literal.span, _message(secret), tuple(_fixes(literal, secret, origins)), severity)


def _is_weak_url(literal: StringLiteral) -> bool:
    """Whether it is a URL whose password is made of plain words: `postgres://postgres:postgres@db/app`."""
    logins = [*url_logins(literal.value)]
    return bool(logins) and all(is_weak_login(one, literal.value) for one in logins)


def _message(secret: Secret) -> str:
    where = f" in `{secret.name}`" if secret.name.isidentifier() else ""
    if secret.tier == "key":
        return f"hard-coded provider key{where}; rotate the key"
    if secret.tier == "url":
        return "connection string contains a hard-coded password; rotate the password"
    if secret.tier == "compared":
        return f"`{secret.name}` is compared with a hard-coded secret"
    if secret.tier == "default":
        return f"default of `{secret.name}` is a hard-coded secret"
    return f"`{secret.name}` is a hard-coded secret; rotate it"


def _fixes(literal: StringLiteral, secret: Secret, origins: Origins) -> Iterator[Fix]:
    role = literal.role
    if (
        role.kind in ("default", "key", "compared", "operand")
        or not secret.variable
        or _is_written_to_environment(literal)
    ):
        return
    name = generic_variable(literal, secret.name) if secret.tier in ("named", "default", "weak") else secret.variable
    # Where it is the default for a first try, only who asks for the fix wants to be without it.
    kind = "refactor.rewrite" if secret.tier == "default" and _is_for_trials(literal) else "quickfix"
    field = settings_field(literal, origins)
    if field is not None:
        title = f"Remove the default of `{secret.name}` (must be set in the environment)"
        yield Fix(title, lambda: _required(literal, field), kind=kind)
        return
    holder = literal.link[0] if literal.link is not None else None
    if role.fallback and isinstance(holder, ast.BoolOp) and isinstance(holder.values[0], ast.Attribute | ast.Subscript):
        if holder.values[1:] == [literal.node]:
            end = literal.span_of(holder.values[0]).end
            change_to = [Edit(end, literal.span.end, "")]
            yield Fix(f"Remove the default of `{secret.name}` (must be set)", lambda: change_to, kind=kind)
        return

    if secret.reader is not None and not (literal.origin(secret.reader.func) or "os.").startswith("os."):
        # It can read files such as `.env`, too.
        reader = secret.reader
        title = f"Remove the default of `{name}` (must be set)"
        yield Fix(title, lambda: [_without_default(literal, reader)], kind=kind)
        return

    def change() -> list[Edit]:
        brought = module_member(literal, "os", "environ")
        span = literal.span_of(secret.reader) if secret.reader is not None else literal.span
        if "#" in literal.chunk.of(span).replace(literal.text, ""):
            raise Refused("there is a comment inside the call")
        quote = "'" if literal.text.rstrip()[-1] == "'" else '"'
        encoded = ".encode()" if literal.is_bytes else ""
        return [*brought.edits, Edit(span.start, span.end, f"{brought.name}[{quote}{name}{quote}]{encoded}")]

    yield Fix(f"Read `{name}` from the environment (must be set there)", change, kind=kind)


def _is_for_trials(literal: StringLiteral) -> bool:
    """Whether another value beside the default is the same, such as the user, or the file is one for development."""
    return is_for_trial(literal.path) or literal.chunk.text.count(literal.text.strip()) > 1


def _without_default(literal: StringLiteral, reader: ast.Call) -> Edit:
    """The edit that removes the literal from the arguments of a call, which has it after the first one."""
    before = [*reader.args, *(keyword.value for keyword in reader.keywords)]
    ends = sorted(literal.span_of(one).end for one in before if literal.span_of(one).end < literal.span.start)
    if "#" in literal.chunk.text[ends[-1] : literal.span.end]:
        raise Refused("there is a comment inside the call")
    return Edit(ends[-1], literal.span.end, "")


def _is_written_to_environment(literal: StringLiteral) -> bool:
    statement = literal.statement
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if isinstance(target, ast.Subscript) and (dotted(target.value) or "").endswith("environ"):
        return True
    call = literal.role.owner
    return isinstance(call, ast.Call) and (dotted(call.func) or "").endswith("environ.setdefault")


def _required(literal: StringLiteral, field: ast.AnnAssign) -> list[Edit]:
    """Remove the field's default. Raises Refused if its `Field(…)` has other arguments."""
    value = field.value
    if isinstance(value, ast.Call) and len(value.args) + len(value.keywords) != 1:
        raise Refused("the field has other arguments than its default")
    return [Edit(literal.span_of(field.annotation).end, literal.span_of(field).end, "")]
