"""Secrets in string literals: how certain they are, and their names."""

from __future__ import annotations

import ast
import re

from playpen_ls.languages.python.model.literal_roles import Role
from playpen_ls.languages.python.model.parts import StringLiteral
from playpen_ls.languages.python.syntax.known_names import SETTINGS
from playpen_ls.languages.python.syntax.nodes import dotted
from playpen_ls.rules.python._hosts import is_client, url_variable
from playpen_ls.rules.python._origins import Origins
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import snake
from playpen_ls.vocabulary.secret_shapes import is_shape, shapes
from playpen_ls.vocabulary.secrets import (
    connection_passwords,
    is_default_secret,
    is_named_secret,
    is_random,
    is_secret_name,
    is_template,
    is_weak,
    may_be_secret,
    url_logins,
)

_WRAPPERS = frozenset(("SecretStr", "SecretBytes", "Secret", "Field", "StrictStr", "str", "Config"))
_OPTIONS = frozenset(("add_argument", "option"))
_LOGIN = regex(r"(?:^|_)(?:password|passwd|pwd|pass)$")
_NAME = regex(r"[A-Za-z_][\w-]*")
_PATTERN = regex(r"^(?!.*(?:gh|git|hub|lab|azure|devops|jira)).*_pat$")
_PROSE = frozenset(
    ("help", "description", "doc", "docs", "example", "examples", "message", "msg", "detail", "title", "summary")
)
# What has examples, in FastAPI, pydantic and OpenAPI.
_SHOWING = _PROSE | {"json_schema_extra", "schema_extra", "openapi_examples", "openapi_extra"}
_KEY_BODY = regex(r"PRIVATE KEY-----\s*(?:[\w-]+: [^\n]*\s+)*[A-Za-z0-9+/=]{16}")
_LOCAL = regex(r"(?:localhost|127\.[\d.]+|0\.0\.0\.0|.*\.example(?:\.\w+)?|example\.\w+|.*\.test)$", re.IGNORECASE)
_SERVICES = (
    ("psycopg|asyncpg|postg(?:res|is)", "POSTGRES"),
    ("mysql", "MYSQL"),
    ("redis", "REDIS"),
    ("mongo", "MONGODB"),
    ("pika|amqp", "RABBITMQ"),
    ("smtp", "SMTP"),
)
_STAND_IN = regex(r"(?:my|your|the|db|user)?[_-]?(?:pass(?:word|wd)?|pwd|pw|secret|token)", re.IGNORECASE)
_WEAK_NAME = regex(
    r"^(?:key|auth)$|(?:^|_)salt$|(?:^|_)(?:encryption|signing|signature|hmac|cipher|aes|fernet|session|cookie|jwt)_key$"
)
_FEW_WORDS = 8  # words around a URL; command lines have fewer than prose
_SPOKEN = frozenset("debug info warning warn error exception critical fatal log print add_argument echo".split())


@dataclass(frozen=True)
class Secret:
    """A secret. `tier`: "key" (of a known provider), "url" (contains a password), "default" (of a variable), "named",
    "weak" or "compared".

    `name` is the name of the value ("" if it has none), `variable` the environment variable to read it from
    ("" if none is possible). `reader` is the call that has it as its default.
    """

    tier: str
    name: str
    variable: str = ""
    reader: ast.Call | None = None


def secret_in(literal: StringLiteral) -> Secret | None:
    value = literal.value
    if value.startswith("phc_"):
        return None  # a key of PostHog that is made for browsers
    if _has_key(value):
        whole = is_shape(value)
        name = named(literal)[0]
        return Secret("key", name, _variable(name) if whole else "")
    role = literal.role
    if role.kind == "element" and _is_of_login_pair(literal) and may_be_secret(value):
        return Secret("named", "password")
    if role.kind in ("key", "text", "subscript", "element", "operand") or role.name in _PROSE:
        return _from_url(literal) if role.kind in ("element", "operand") else None
    return _from_url(literal) or _from_name(literal)


def _is_of_login_pair(literal: StringLiteral) -> bool:
    """Whether it is the password in `auth=("user", "…")`."""
    for node, child in literal.above():
        if isinstance(node, (ast.Tuple, ast.List)):
            if len(node.elts) != 2 or node.elts[1] is not literal.node:
                return False
        elif isinstance(node, ast.keyword):
            return node.arg in ("auth", "basic_auth", "http_auth") and isinstance(child, ast.Tuple)
        else:
            return False
    return False


def _has_key(value: str) -> bool:
    """Whether it contains a key, not only the first line of a private key."""
    return any(
        _KEY_BODY.search(value, span.start) is not None if value.startswith("-----", span.start) else True
        for span in shapes(value)
    )


def _from_url(literal: StringLiteral) -> Secret | None:
    for login in url_logins(literal.value):
        password = literal.value[login.password.start : login.password.end]
        if "\0" in password or _LOCAL.match(login.host) or len(password) < 3 or not login.host:
            continue
        if _is_spoken(literal) or _is_prose(literal, login.url) or _STAND_IN.fullmatch(password):
            continue
        whole = (login.url.start, "\0" in literal.value) == (0, False)
        name, reader = named(literal)
        variable = name if reader is not None and name else url_variable(login.scheme, "")
        return Secret("url", name, variable if whole else "", reader)
    for span in connection_passwords(literal.value):
        password = literal.value[span.start : span.end]
        if "\0" not in password and not _STAND_IN.fullmatch(password) and not _is_spoken(literal):
            return Secret("url", named(literal)[0]) if not _is_prose(literal, span) else None
    return None


def _is_prose(literal: StringLiteral, url: Span) -> bool:
    """Whether the URL is part of an example or of a text of many words."""
    words = literal.value[: url.start].split() + literal.value[url.end :].split()
    return len(words) > _FEW_WORDS or _is_shown(literal)


def _is_shown(literal: StringLiteral) -> bool:
    """Whether it is part of a help text or of a schema's examples: `examples=[{"password": "…"}]`."""
    if literal.role.name in _PROSE:
        return True
    for node, child in literal.above():
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            return any((dotted(target) or "").rpartition(".")[2] in _SHOWING for target in targets)
        if isinstance(node, ast.stmt):
            return False
        if isinstance(node, ast.keyword) and node.arg in _SHOWING:
            return True
        if isinstance(node, ast.Dict) and child in literal.site.once(_shown_values, node):
            return True
    return False


def _shown_values(node: ast.Dict) -> set[ast.expr]:
    pairs = zip(node.keys, node.values, strict=True)
    return {value for key, value in pairs if isinstance(key, ast.Constant) and key.value in _SHOWING}


def _from_name(literal: StringLiteral) -> Secret | None:
    role, value = literal.role, literal.value
    if "\0" in value:
        return None
    if role.kind == "keyword" and role.name == "default" and (option := _option(role.owner)):
        return Secret("default", option) if is_default_secret(option, value) else None
    if _is_spoken(literal) or _is_shown(literal):
        return None
    if role.kind == "compared":
        name = _compared_with(role, literal)
        # The token of a parser is not a secret.
        return Secret("compared", name) if not name.endswith("token") and is_named_secret(name, value) else None
    if role.kind == "entry" and role.name.lower() == "authorization" and _is_authorization(value):
        return Secret("named", "Authorization")
    if role.kind == "argument" and _is_signing_key(role, literal) and may_be_secret(value):
        return Secret("named", "key")
    name, reader = named(literal)
    if role.fallback and (given := _falls_back_from(literal)):
        return Secret("default", given) if is_default_secret(given, value) else None
    if reader is not None or settings_field(literal) is not None:
        # The program runs with it where nobody sets the variable.
        return Secret("default", name, _variable(name), reader) if is_default_secret(name, value) else None
    if not _NAME.fullmatch(name) or _PATTERN.search(snake(name)) or _is_no_value(literal, role):
        return None
    if (is_named_secret(name, value) or _is_random_key(role, name, value)) and not _is_conditional(literal):
        return Secret("named", name, _variable(name), reader)
    weak = role.kind in ("keyword", "entry") and _LOGIN.search(snake(name)) and _weak_login(role, value)
    if weak and not _is_conditional(literal):
        return Secret("weak", name, _variable(name))
    return None


def _is_random_key(role: Role, name: str, value: str) -> bool:
    """Whether a weak name such as `salt` has a random value."""
    return role.kind in ("assigned", "field", "keyword") and bool(_WEAK_NAME.search(snake(name))) and is_random(value)


def named(literal: StringLiteral) -> tuple[str, ast.Call | None]:
    """The name of a literal, also in wrappers such as `SecretStr(…)`, and the reader that has it as default."""
    reader = _reader(literal)
    if reader is not None:
        first = reader.args[0]
        return (first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""), reader
    role = literal.role
    wrapped = role.kind == "keyword" and role.name in ("default", "value", "secret_value")
    if role.kind == "argument" and isinstance(role.owner, ast.Call):  # the second argument of `str` is the encoding
        wrapped = bool(role.owner.args) and role.owner.args[0] is literal.node
    if wrapped and isinstance(role.owner, ast.Call) and (dotted(role.owner.func) or "").rpartition(".")[2] in _WRAPPERS:
        statement = literal.statement
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            return statement.target.id, None
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            return statement.targets[0].id, None
    if role.kind == "assigned" and isinstance(role.owner, ast.Assign) and len(role.owner.targets) > 1:
        names = [(dotted(target) or "").rpartition(".")[2] for target in role.owner.targets]
        return next(filter(is_secret_name, names), role.name), None
    return ("" if role.kind == "argument" else role.name), None


def _reader(literal: StringLiteral) -> ast.Call | None:
    """The call that has the literal as its default: `os.getenv("X", "…")`."""
    role = literal.role
    call = role.owner
    if not isinstance(call, ast.Call) or not call.args or call.args[0] is literal.node:
        return None
    if role.kind == "argument" and not (len(call.args) > 1 and call.args[1] is literal.node):
        return None
    if role.kind not in ("argument", "keyword") or (role.kind == "keyword" and role.name != "default"):
        return None
    origin = literal.origin(call.func) or ""
    name = (dotted(call.func) or "").rpartition(".")[2]
    reads = origin in ("os.getenv", "os.environ.get", "os.environ.setdefault", "decouple.config") or origin.startswith(
        ("environs.", "environ.")
    )
    return call if reads or name in ("getenv", "env", "get_env", "config") else None


def _option(call: ast.AST | None) -> str:
    """The name of the option that a call of argparse or Click declares: `add_argument("-p", "--password")`."""
    if not isinstance(call, ast.Call) or (dotted(call.func) or "").rpartition(".")[2] not in _OPTIONS:
        return ""
    names = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return next((name.lstrip("-") for name in names if name.startswith("--")), "")


def _is_authorization(value: str) -> bool:
    match = re.fullmatch(r"(?:Bearer|Basic|Token|token)\s+(?P<secret>[A-Za-z0-9+/=._~-]{8,})", value)
    return match is not None and may_be_secret(match["secret"]) and not is_template(match["secret"])


def _is_signing_key(role: Role, literal: StringLiteral) -> bool:
    """Whether it is the key in `jwt.encode(claims, "…")`."""
    call = role.owner
    if not isinstance(call, ast.Call) or len(call.args) < 2 or call.args[1] is not literal.node:
        return False
    return (dotted(call.func) or "") in ("jwt.encode", "jwt.decode", "jose.jwt.encode", "jose.jwt.decode")


def settings_field(literal: StringLiteral, origins: Origins | None = None) -> ast.AnnAssign | None:
    """The field of a settings class that has the literal as its default. Without a default it is required.

    With `origins` its base classes are followed through other files.
    """
    statement = literal.statement
    if not isinstance(statement, ast.AnnAssign):
        return None
    for node, child in literal.above():
        if isinstance(node, ast.ClassDef) and child is statement:
            return statement if any(_is_settings(literal, base, origins) for base in node.bases) else None
    return None


def _is_settings(literal: StringLiteral, base: ast.expr, origins: Origins | None) -> bool:
    if (dotted(base) or "").rpartition(".")[2].endswith("Settings"):
        return True
    origin = literal.origin(base) or ""
    origin = origins.of(literal.path, origin) if origins is not None and origin else origin
    return origin.partition(".<class>")[0] in SETTINGS


def _falls_back_from(literal: StringLiteral) -> str:
    """The variable in `os.environ.get("X") or "…"`."""
    holder = literal.link[0] if literal.link is not None else None
    first = holder.values[0] if isinstance(holder, ast.BoolOp) else None
    if (
        isinstance(first, ast.Call)
        and first.args
        and (dotted(first.func) or "").rpartition(".")[2] in ("get", "getenv")
    ):
        name = first.args[0]
        return name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else ""
    return ""


def _variable(name: str) -> str:
    """The name in upper snake case, unless it is the name of a variable; "" if that is not an identifier."""
    made = name if name.isupper() else snake(name).upper()
    return made if re.fullmatch(r"[A-Z_][A-Z0-9_]*", made) else ""


def _compared_with(role: Role, literal: StringLiteral) -> str:
    compare = role.owner
    if (
        not isinstance(compare, ast.Compare)
        or len(compare.ops) != 1
        or not isinstance(compare.ops[0], (ast.Eq, ast.NotEq))
    ):
        return ""
    other = compare.left if compare.left is not literal.node else compare.comparators[0]
    if (
        isinstance(other, ast.Call)
        and isinstance(other.func, ast.Attribute)
        and other.func.attr == "get"
        and other.args
    ):
        other = ast.Subscript(other.func.value, other.args[0], ast.Load())
    if isinstance(other, ast.Subscript):
        key = other.slice
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
    return (dotted(other) or "").rpartition(".")[2]


def _is_no_value(literal: StringLiteral, role: Role) -> bool:
    """Whether it is an enum member, a property of a schema, or a reference."""
    if re.match(r"\$[A-Za-z]|#\w+$", literal.value):
        return True  # a reference or a color
    if isinstance(role.owner, ast.Dict) and literal.site.once(_is_schema, role.owner):
        return True
    for node, child in literal.above():
        if isinstance(node, ast.ClassDef) and isinstance(child, ast.stmt):
            return any("Enum" in (dotted(base) or "") or "Choices" in (dotted(base) or "") for base in node.bases)
    return False


def _is_schema(node: ast.Dict) -> bool:
    keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
    return not keys.isdisjoint(("type", "$ref", "title", "description"))


def _is_conditional(literal: StringLiteral) -> bool:
    return any(isinstance(node, ast.IfExp) for node, _ in literal.above())


def _is_spoken(literal: StringLiteral) -> bool:
    for call in literal.calls():
        last = (dotted(call.func) or "").rpartition(".")[2]
        if last in _SPOKEN or last.endswith(("Error", "Exception", "Warning")):
            return True
    return isinstance(literal.statement, (ast.Raise, ast.Assert))


def _weak_login(role: Role, value: str) -> bool:
    """Whether a weak word is certainly the password of a connection."""
    if not is_weak(value) or is_template(value) or value[0].isupper():
        return False  # `{"password": "Password"}` labels a form
    if isinstance(role.owner, ast.Call):
        beside = {(keyword.arg or "").lower() for keyword in role.owner.keywords}
        return is_client(role.owner) or bool(beside & {"user", "username"} and beside & {"host", "hostname", "server"})
    keys = {
        key.value.lower()
        for key in getattr(role.owner, "keys", ())
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }
    return bool(keys & {"user", "username"} and keys & {"host", "hostname", "server"})


def generic_variable(literal: StringLiteral, name: str) -> str:
    """The variable for a name; a generic `PASSWORD` gets the service of its client or Django's engine as a prefix."""
    made = _variable(name)
    owner = literal.role.owner
    if made not in ("PASSWORD", "PASSWD", "PWD", "PASS") or not isinstance(owner, (ast.Call, ast.Dict)):
        return made
    library = (
        (literal.origin(owner.func) or "").lower() if isinstance(owner, ast.Call) else literal.site.once(_engine, owner)
    )
    service = next((service for pattern, service in _SERVICES if re.search(pattern, library)), None)
    return f"{service}_PASSWORD" if service else made


def _engine(database: ast.Dict) -> str:
    """The engine of an entry of Django's `DATABASES`."""
    for key, value in zip(database.keys, database.values, strict=True):
        if isinstance(key, ast.Constant) and key.value == "ENGINE" and isinstance(value, ast.Constant):
            return str(value.value).lower()
    return ""
