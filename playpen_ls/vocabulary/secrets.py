"""Detection of secrets, shared by all languages.

*Shapes* (formats of provider keys) are always reported. *Templates* (placeholders for a secret) are never
reported. *Weak words* (`admin`, `postgres`) count only as the password of a login or a connection.
No function here returns or prints more of a secret than the caller already has.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from math import log2

from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import snake, words
from playpen_ls.vocabulary.secret_shapes import DOCUMENTATION_KEYS, is_short_of_key

_PUT_LATER = (
    r"(?:change[-_ ]?(?:me|this|it)|replace[-_ ]?(?:me|this|it)?|set[-_ ]?me"
    r"|to[-_ ]?be[-_ ]?(?:set|replaced|changed|defined))"
)
# What nothing is opened with: expressions, references to a store of secrets, and words that ask to be replaced.
_PLACEHOLDER = regex(
    rf"""^(?: $ | <.*> | .*\$\{{.*\}}.* | \$\(.*\) | \$\w+\$? | .*\{{\{{.*\}}\}}.* | \{{\w*\}} | .*%\(\w+\)s.* | %\w+%
      | %s | @@?[\w.-]+@@? | __[A-Z][A-Z0-9_]*
      | \[[\w -]+\] | [x*.?_-]+ | {_PUT_LATER}[-_ \w]* | .*replace[-_ ]?me.* | .*change[-_ ]?me.* | xxx+.*
      | your[-_ ]?(?:[a-z]+[-_ ])*[a-z]*(?:pass|password|passwd|secret|token|key|api|here|value)s?
      | your[-_ ][^0-9]*
      | (?:sua?|tus?|votre|ton|dein|ihr|uw)[-_ ](?=.*(?:chave|senha|clave|contrase|secret|token|key|pass|schl)).*
      | (?!example$).*(?:example|placeholder|redacted|censored|insert|fixme|(?<![a-z])todo(?![a-z])).*
      | .*[-_ ](?:here|aqu[ií]) | missing | value[-_]?\d* | .*\.\.\.
      | (?:op|(?:secret)?ref\+[a-z]+|vault|awssm|gcpsm)://.* | vault:[\w/-]+\#.* | arn:aws:secretsmanager:.*
      | ENC[\[(].* | \{{(?:cipher|AES|rsa)\}}.* | \$ANSIBLE_VAULT;.* | !vault.*
      | \*\*.*\*\* | .*\*{{3}}.*
      | none | null | nil | true | false | undefined | n/a | tbd | secret[-_]?here
    )$""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_TEMPLATE = regex(
    r"^(?:(?:your|my|the|some|a)[-_ ].*|.*(?:dummy|fake|sample).*|set[-_ ].*)$", re.IGNORECASE | re.DOTALL
)
# Among them `example`, with which the documentation of database images starts them.
WEAK = frozenset(
    (
        "secret password passwd pass admin root user postgres mysql test testing guest default token key 1234 "
        "12345 123456 demo dev example local playpen redis mongo mongodb rabbitmq mariadb minioadmin toor"
    ).split()
)

# `PGPASSWORD`, `dbpass` and `accesstoken` are one word; `compass` and `bypass` are words, too.
_NAME = regex(
    r"(^|_)([a-z]{0,12}pas+wo?r?ds?|(?:db|pg|ssh|my|admin|root|user|smtp|mail|ftp|ldap|redis|mongo|mysql|require)?pass(phrase)?|pwd"
    r"|(?:access|auth|api|bot|git|github|gitlab|npm|refresh|bearer)?token|(?:client|api|app|jwt)?secrete?"
    r"|(?:api|access|private|secret|encryption|signing|auth|master|jwt|fernet|hmac)_?key|(?:azure_\w*|account)_key"
    r"|(?:redis|rediscli|master)_?auth|docker_auth_config|key_content"
    r"|credentials?|pat)($|_)"
)
_NOT_NAME = regex(
    r"_(url|uri|path|file|stdin|dir|name|field|type|header|prefix|suffix|regex|pattern|label|help|text|message|template|id"
    r"|ref|env|var|variable|param|scheme|algorithm|hasher|class|format|length|expires?|expires_(?:at|in)|expiry|ttl|endpoint|enabled|policy"
    r"|encryption|hash|hashing|digest|sha\d*|md5|bcrypt|cipher|encoding|algo|strength|storage|location|chars|characters"
    r"|tag|branch|version|host|port|count|size|limit|timeout|key_name|rotation|store|manager|provider|bytes|alphabet"
    r"|charset|sig|signature|selector|image)s?(?:_(?:ms|seconds|v?\d+))?$"
)
# Tokens that are not secret: for pagination and tokenizers. What is said to be made up.
_OTHER_TOKEN = regex(
    r"(?:^|_)(?:page|continuation|pagination|cursor|pad|eos|bos|unk|sep|cls|mask)_token$|(?:^|_)(?:fake|dummy|mock)_"
)
# A hash of a password in the manner of Jupyter, crypt(3) and Argon2.
_HASH = regex(r"(?:sha1|sha256|argon2):|\$(?:2[aby]|5|6|y|argon2\w*|pbkdf2\S*)\$")
# Two words and more: `volume,env`, `_password_reset_token`, `oauth2_jwt_secret`, `pDischarge1`, `bdc1ChargeTotal`.
_WORDS = regex(
    r"[A-Za-z]+(?:[-_.:, /][A-Za-z]+)*|_*[a-z]+(?:\d?_+[a-z]+|_e2e)*_*|[a-z]{1,12}(?:\d?[A-Z][a-z]{3,}|\d?[A-Z]{2})+\d?"
    r"|[A-Za-z]+\d?(?:[-_ ][A-Za-z]+\d?){3,}"
)
# A path, a URL or URN, a pattern, JSON, a dotted name, an e-mail address, limits as `20/m/ip,5/m/key`, a row of `X`.
_NO_SECRET = regex(
    r"\s|^[./~]|://|^urn:|\(\?|\[\^|\\[wdsb]|\[[^\]]*(?:a-z|A-Z|0-9)|^\w+(?:\.\w+)+$|^[a-z]\w*(?:\.[a-z][a-z0-9_-]*)+$"
    r"|^[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}$|^(?:\d+/[a-z]+(?:/[a-z]+)?,?)+$|[xX]{8}|^[{\[]\s*[\"'{\[]|^(?:\w*::)+\w+$"
    r"|^[\w./-]+\.(?:xml|ya?ml|json|properties|conf|pem|jks|p12)(?:$|[/,])"
)
# Placeholders in documentation, and the fixed password that GitHub expects next to a token.
_NO_PASSWORDS = ("pass", "password", "example", "x-oauth-basic")
_URL = regex(
    r"\b(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]{0,20})://(?P<user>[^\s:/@'\"]*):(?P<password>[^\s/@'\"]+)@(?P<host>[^\s/:'\"?#]*)"
)


def _spelled(name: str) -> str:
    """`redisPassWord` is a `redis_password`."""
    return snake(name).replace("pass_word", "password")


def is_secret_name(name: str) -> bool:
    """Whether a variable, key or option of this name contains a secret: `dbPassword`, `NEXUS_PASS`, `api-key`."""
    spelled = _spelled(name)
    return bool(_NAME.search(spelled)) and not _NOT_NAME.search(spelled) and not _OTHER_TOKEN.search(spelled)


def is_password_name(name: str) -> bool:
    """Whether a variable or key of this name contains a password, not another secret or the name of one."""
    return is_secret_name(name) and bool(_PASSWORD_NAME.search(_spelled(name)))


def is_template(value: str) -> bool:
    """Whether the value is a placeholder for a secret: `${X}`, `<password>`, `changeme`, empty."""
    return is_placeholder(value) or bool(_TEMPLATE.match(value.strip()))


def is_placeholder(value: str) -> bool:
    """Whether the value asks to be replaced, and is no word to start a program with, as `my-secret-pw` is."""
    stripped = value.strip()
    if stripped in DOCUMENTATION_KEYS:
        return True
    return bool(_PLACEHOLDER.match(stripped)) and not re.fullmatch(r"your[-_ ]?\w*password\d+", stripped, re.IGNORECASE)


def is_weak(value: str) -> bool:
    return value.lower() in WEAK


@dataclass(frozen=True, slots=True)
class Login:
    """The credentials of a URL; spans are relative to the searched text."""

    scheme: str
    user: str
    host: str
    password: Span
    url: Span


def url_logins(text: str, *, documented: bool = True) -> Iterator[Login]:
    """URLs with a literal password. `user:pass@host` and variables are templates.

    `documented`: the text can be documentation, where `password` is always a template; else it is one only behind a
    user such as `user`.
    """
    if "://" not in text or "@" not in text:
        return
    for match in _URL.finditer(text):
        password = match["password"]
        if is_template(password) or re.search(r"[${}%<>]", password):
            continue
        if password.lower() in _NO_PASSWORDS and (documented or is_stand_in(match["user"], match["host"])):
            continue
        if _is_name_of_secret(password):
            continue
        if password.isdigit() and match["host"].isdigit():
            continue  # ports, as in `reverse:https://example.org:443@8443`
        yield Login(
            match["scheme"],
            match["user"],
            match["host"],
            Span(match.start("password"), match.end("password")),
            Span(match.start(), match.end()),
        )


def _is_name_of_secret(value: str) -> bool:
    """Whether a value is replaced by the variable that it names: `https://bot:GITHUB_TOKEN@host`, `DB_PASS`."""
    return value.isupper() and is_secret_name(value)


def is_stand_in(user: str, host: str = "") -> bool:
    """Whether a user or host belongs to the example of a URL: `user:password@host`."""
    users = ("", "user", "username", "usr", "login", "name", "me", "you", "foo", "oauth2", "x-access-token")
    return user.lower() in users or bool(re.fullmatch(r"(?:your|my)?[-_]?(?:host(?:name)?|server)|.*example.*", host))


_OWN_HOSTS = frozenset(("localhost", "127.0.0.1", "::1", "0.0.0.0"))


def is_own_host(host: str) -> bool:
    """Whether it is the machine itself, where tests start their services."""
    return host in _OWN_HOSTS


def is_throwaway(login: Login, text: str) -> bool:
    """Whether a weak password belongs to the URL of a service on the machine itself."""
    return is_weak(text[login.password.start : login.password.end]) and is_own_host(login.host.partition(":")[0])


def is_weak_login(login: Login, text: str) -> bool:
    """Whether the password of a URL is made of plain words and the user's name: `ci:ci@db`, `ci:ci_password1@db`."""
    password = text[login.password.start : login.password.end].lower()
    known = {
        login.user.lower(),
        *words(login.user),
        *WEAK,
        "db",
        "database",
        "app",
        "api",
        "e2e",
        "pw",
        "super",
        "strong",
    }
    parts = "|".join(re.escape(word) for word in sorted(known, key=len, reverse=True) if word)
    return bool(re.fullmatch(rf"(?:(?:{parts})[-_.!@#]?){{1,6}}(?:123\d*|\d)?", password))


_CONNECTION = regex(r"(?m)(?:^|[\s;?&])(?:password|pwd)=['\"]?(?P<secret>[^\s;&'\"<>{}$%]+)", re.IGNORECASE)
_LINE = regex(r"[^\r\n]+")
_CONNECTION_PART = regex(
    r"(?:^|[\s;?&'\"])(?:host|hostaddr|dbname|user|username|uid|server|data source|user id)=|jdbc:", re.IGNORECASE
)


def connection_passwords(text: str) -> Iterator[Span]:
    """The passwords of connection strings in the manner of libpq, ODBC and JDBC: `host=db user=app password=…`."""
    if "=" not in text or not _CONNECTION_PART.search(text):
        return
    for line in _LINE.finditer(text):
        if not _CONNECTION_PART.search(line[0]):
            continue  # the variables `USERNAME` and `PASSWORD` in two lines are no connection string
        for match in _CONNECTION.finditer(text, line.start(), line.end()):
            secret, after = match["secret"], text[match.end() : match.end() + 1]
            if not is_template(secret) and secret.lower() not in _NO_PASSWORDS and after not in tuple("<{$%"):
                yield Span(match.start("secret"), match.end("secret"))


def is_named_secret(name: str, value: str) -> bool:
    """Whether a literal of this name is a secret, by both its name and its value.

    Excludes common false positives of other tools: words, names, paths, patterns, UUIDs, and values that repeat
    their name (measured on 14,490 third-party files).
    """
    if not is_secret_name(name) or not may_be_secret(value):
        return False
    if names_secret_object(name, value) or _is_name_of_secret(value):
        return False
    plain_name, plain_value = (re.sub(r"[^a-z0-9]", "", text.lower()) for text in (name, value))
    return plain_value not in plain_name and plain_name not in plain_value


# Names of passwords and of keys of one's own, which a program accepts whatever their value is; tokens and keys of other
# services are none: a made-up one opens nothing.
_OWN_SECRET = regex(
    r"(^|_)(?:\w*pas+wo?r?ds?|[a-z]{0,8}pass(?:phrase)?|pwd|(?:\w+_)?secrete?|secrete?_key(?:_base)?|access_key_secret"
    r"|(?:encryption|signing|jwt|hmac|fernet|master|cookie|session)_(?:secret_)?key|(?:redis|rediscli)_auth)$"
)
# Given by another service, as opposed to a secret of one's own, which signs sessions or tokens.
_CLIENT_SECRET = regex(
    r"(?:^|_)(?!(?:jwt|session|cookie|auth|nextauth|signing|encryption|hmac|csrf|shared|flask|django|\w*token)_?secret$)[a-z0-9]+_?secret$"
)
_UNSET = regex(r"(?:not|un)[-_ ]?(?:set|known|defined|configured|specified)", re.IGNORECASE)
_FILE_NAME = regex(r"[\w./-]+\.(?:pem|key|crt|cert|cer|jks|p12|json|ya?ml|toml|ini|txt|env|conf|properties|xml)")
_PASSWORD_NAME = regex(r"(^|_)(?:\w*pas+wo?r?ds?|[a-z]{0,8}pass(?:phrase)?|pwd)$")
# Secret objects and files that are named, not secrets.
_NAMES_OBJECT = regex(r"(?:^|_)(?:pull|tls|ssl|cert|certificate|image|existing|ca|docker|registry|kube|k8s)_secret$")
_SHORTEST_WORD, _SHORTEST_PASSWORD = 3, 2
_SETTING = regex(
    r"(?:yes|no|on|off|ok|enabled?|disabled?|required|optional|string|bearer|basic|auto|manual|default|env|file|vault|md5|sha\d*"
    r"|scram-sha-256|trust|text|hidden|any|always|never|\d{1,2}|true|false|none|null)",
    re.IGNORECASE,
)


def is_configured_secret(name: str, value: str, *, tokens: bool = False, objects: bool = True) -> bool:
    """Whether a value that a program really gets is a secret, also if it is a plain or weak word: `postgres`.

    For manifests, images and pipelines, where a value is no label or default: names of passwords and keys of one's own.
    `tokens`: also of tokens, but not with the weakest words. `objects`: a value can be the name of a Secret object.
    """
    spelled = _spelled(name)
    if not is_secret_name(name) or _NAMES_OBJECT.search(spelled):
        return False
    if not _OWN_SECRET.search(spelled) and not (
        tokens and spelled.endswith("token") and not is_weak(value) and not is_template(value)
    ):
        return False
    if (
        len(value) < (_SHORTEST_PASSWORD if spelled.endswith("_password") else _SHORTEST_WORD)
        or is_placeholder(value)
        or _SETTING.fullmatch(value)
        or re.search(r"\s|^[./~]|//|[`<>{}]|\$[({A-Za-z]|^(?:\w*::)+\w+$|^[a-z][\w-]*(?:/[\w-]+){1,9}$", value)
    ):
        return False
    if (
        re.fullmatch(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+", value)
        or _is_name_of_secret(value)
        or (objects and names_secret_object(name, value))
        or _HASH.match(value)
    ):
        return False
    if re.search(r"(?:^|[-_])fake|dummy", value, re.IGNORECASE):
        return False
    if _CLIENT_SECRET.search(spelled) and "_" in snake(value) and spelled.endswith(f"_{snake(value)}"):
        return False  # `CLOUDINARY_API_SECRET=apiSecret`: another service knows no such secret
    if value == "password" and spelled == value:
        return True  # the usual default; `DB_PASSWORD=db_password` is a template
    plain_name, plain_value = spelled.replace("_", ""), snake(value).replace("_", "")
    return plain_value not in (plain_name, f"{plain_name}s", f"my{plain_name}")


def names_secret_object(name: str, value: str) -> bool:
    """Whether the value is the name of a Secret object: `s3-secret=oidc-s3-creds`, `PAC_SECRET=pac-secret`."""
    if not snake(name).endswith("secret"):
        return False
    return bool(re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*-(?:secrets?|creds?|credentials?|certs?|tls|key|token)", value))


def is_default_secret(name: str, value: str) -> bool:
    """Whether the default of a variable is a secret (CWE-1188): any for passwords and keys of one's own.

    The program runs with it where nobody sets the variable, also with `changeme`. For tokens and keys of other services
    a placeholder opens nothing.
    """
    if not is_secret_name(name) or not value.strip() or re.search(r"\$\{|\$\(|\{\{", value):
        return False
    if value.lower() in ("none", "null", "true", "false") or _UNSET.fullmatch(value) or snake(value) == snake(name):
        return False
    if _OWN_SECRET.search(_spelled(name)) and not (_CLIENT_SECRET.search(_spelled(name)) and is_template(value)):
        return not re.search(r"^[./~]\w*/|://|\\", value) and not _FILE_NAME.fullmatch(value)
    return not is_template(value) and may_be_secret(value)


def may_be_secret(value: str) -> bool:
    """Whether a value can be a secret, independent of its name."""
    if len(value) < 6 or is_template(value) or is_weak(value):
        return False
    if is_short_of_key(value):
        return False
    if _APP_PASSWORD.fullmatch(value):
        return _rare_pairs(value.replace(" ", "")) >= _FEW_RARE_PAIRS
    if _NO_SECRET.search(value):
        return False
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value):
        return False
    if re.fullmatch(r"xox[a-z]-[\dx]{1,8}", value):
        return False  # too short for a token of Slack
    if not re.search(r"[A-Za-z0-9]", value) or value.isdigit() or _HASH.match(value) or _is_alphabet(value):
        return False
    return _is_random_letters(value) or not _WORDS.fullmatch(value.strip("[](){}<>|:.,;!?@"))


def _is_random_letters(value: str) -> bool:
    """Whether letters make no words: `xqwmbvzkpltrnsdf`, as the passwords that Google makes for applications."""
    if len(value) < _SHORTEST_LETTERS or not (value.isascii() and value.isalpha()):
        return False
    return _rare_pairs(value) >= _RARE_PAIRS


def _rare_pairs(letters: str) -> int:
    return sum(1 for _ in _NO_WORD.finditer(letters.lower()))


def _is_alphabet(value: str) -> bool:
    """Whether all characters differ and stand in order, within a few kinds."""
    if len(value) < _SHORTEST_ALPHABET or len(set(value)) < len(value):
        return False
    return sum(one > other for one, other in pairwise(value)) <= _KINDS


_SHORTEST_ALPHABET, _KINDS = 16, 2
_SHORTEST_LETTERS = 16
_RARE_PAIRS, _FEW_RARE_PAIRS = 3, 2
# As Google shows the passwords that it makes for applications.
_APP_PASSWORD = regex(r"[a-z]{4}(?: [a-z]{4}){3}")
# Pairs of letters that are in hardly any word; 66 of 21,000 identifiers of the standard library have three of them.
_NO_WORD = regex(
    r"(?=q[^u]|j[^aeiou]|x[bdfgjkmnqrvwxz]|v[bcdfghjkmnpqtvwxz]|z[bcdfgjkmnpqrsvwx]|[bcdfghjkmnpqstvwxz]q|w[bcgjkqvxz]"
    r"|[bcdfghklmpqrtvwxz]x|[bcfgjkmpqvwxz]v|[bcdfghjkmpqsvwx]z|k[qxzvj]|[bcdfgkmpqtvwxz]j)"
)
_WORD = regex(r"[\w.-]{3,80}")
_SECRET_PART = regex(r"pas|pwd|token|secret|key|cred|pat|auth", re.IGNORECASE)
# What follows a name, up to the end of its value: `="…"`, `: str = "…"`, `", "…"` in a call, `: …`, ` …`.
_QUOTED_VALUE = regex(
    r"""["']?\]?[ \t]*(?P<sign>=>|[!=]=|[:=,])[ \t]*(?:\w{1,20}[ \t]*=[ \t]*)?(?:\w{1,20}\([ \t]*)?[rbfu]{0,2}"""
    r"""(?P<quote>["'])(?P<value>[^"'\r\n]+)(?P=quote)""",
    re.IGNORECASE,
)
_PLAIN_VALUE = regex(r"""["']?(?P<sign>[:=][ \t]*|[ \t]+)(?P<value>[^\s"'$`{<(\[;,|&%)}]{2,})(?=[\s"',;)}|&]|\Z)""")
_ENTRY_VALUE = regex(r"""["']?[ \t]*\r?\n[ \t]*value:[ \t]*(?P<quote>["']?)(?P<value>[^\s"'$`{<#]+)""")
_CODE = regex(r"[A-Za-z_]\w*(?:\.\w+)+")


def bound_values(text: str, *, expressions: bool = False) -> Iterator[tuple[str, Span]]:
    """(name, range of the value) where a value is bound to the name of a secret.

    That is `password="…"`, `DB_PASSWORD=…`, `token: …`, `--password …`: more than what is worth reporting, for masks.
    `expressions`: an unquoted value is code, and not a literal.
    """
    for word in _WORD.finditer(text):
        if not _SECRET_PART.search(word[0]) or not is_secret_name(word[0]):
            continue
        match = _QUOTED_VALUE.match(text, word.end())
        if match and match["sign"] == "," and text[max(0, word.start() - 2) : word.start()] not in ('("', "('"):
            continue  # a list of names
        if match is None and not expressions:
            match = _ENTRY_VALUE.match(text, word.end())
            if match is None and (match := _PLAIN_VALUE.match(text, word.end())) is not None:
                spaced = not match["sign"].strip()
                option = word[0].startswith("-") or text[max(0, word.start() - 4) : word.start()].upper() == "ENV "
                if (spaced and not option) or _CODE.fullmatch(match["value"]) or is_secret_name(match["value"]):
                    continue
        if match and len(match["value"]) > 1 and not is_template(match["value"]):
            yield word[0], Span(match.start("value"), match.end("value"))


def is_told_by_name(name: str, value: str) -> bool:
    """Whether a bound value is to be masked also where nothing says what it is: not if it is a common word."""
    if may_be_secret(value):
        return True
    return not (value.isalpha() and value.islower()) and is_configured_secret(name, value, tokens=True)


# the limits of detect-secrets, in bits per character
_BASE64_ENTROPY, _HEX_ENTROPY, _SHORTEST_RANDOM = 4.5, 3.0, 20


def is_random(value: str) -> bool:
    """Whether a text looks random. Not sufficient alone: hashes and test vectors look random, too."""
    if len(value) < _SHORTEST_RANDOM or is_template(value):
        return False
    if re.fullmatch(r"[0-9a-fA-F]+", value):
        return entropy(value) > _HEX_ENTROPY and value.lower()[:8] not in "0123456789abcdef"
    return (
        bool(re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", value))
        and entropy(value) > _BASE64_ENTROPY
        and not re.search(r"abcdef|ABCDEF|12345", value)
    )


def entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    return -sum(n / len(text) * log2(n / len(text)) for n in Counter(text).values())
