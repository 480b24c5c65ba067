"""Detection of secrets, shared by all languages.

*Shapes* (formats of provider keys) are always reported. *Templates* (placeholders for a secret) are never
reported. *Weak words* (`admin`, `postgres`) count only as the password of a login or a connection.
No function here returns or prints more of a secret than the caller already has.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import log2

from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import snake

SHAPE = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])"  # Amazon Web Services access key id
    r"|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}"
    r"|glpat-[A-Za-z0-9_-]{20,}"
    r"|xox[abprs]-[0-9][A-Za-z0-9-]{9,}"
    r"|[sr]k_live_[A-Za-z0-9]{16,}"
    r"|sk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}"
    r"|AIza[0-9A-Za-z_-]{35}"
    r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
    r"|pypi-[A-Za-z0-9_-]{50,}|npm_[A-Za-z0-9]{36}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"  # JSON web token
    r")|-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
)
SHAPE_BEGINS = (
    *("AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "k_live_", "sk-"),
    *("AIza", "SG.", "pypi-", "npm_", "eyJ", "PRIVATE KEY"),
)
"""Every text with such a shape contains one of these."""
# Example keys of the AWS documentation.
DOCUMENTATION_KEYS = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

_TEMPLATE = re.compile(
    r"""^(?: $ | <.*> | .*\$\{.*\}.* | \$\(.*\) | \$\w+ | .*\{\{.*\}\}.* | \{\w*\} | .*%\(\w+\)s.* | %\w+% | %s
      | [x*.?_-]+ | (?:changeme|change[-_]?(?:this|it)|replace[-_]?(?:me|this)?)[-_ \w]*
      | (?:your|my|the|some|a)[-_ ].* | .*(?:example|placeholder|redacted|dummy|fake|todo|sample|insert|fixme).*
      | (?:op|(?:secret)?ref\+[a-z]+)://.* | vault:[\w/-]+\#.* | arn:aws:secretsmanager:.*
      | \*\*.*\*\* | .*\*{3}.* | .*replace[-_ ]?me.*
      | none | null | nil | true | false | secret[-_]?here | set[-_ ].*
    )$""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
WEAK = frozenset(
    (
        "secret password passwd pass admin root user postgres mysql test testing guest default token key 1234 "
        "12345 123456 demo dev local playpen"
    ).split()
)

_NAME = re.compile(
    r"(^|_)(pas+wo?r?d|pass(phrase)?|pwd|token|secrete?|api_?key|access_?key|private_?key|secret_?key"
    r"|credentials?|pat)($|_)"
)
_NOT_NAME = re.compile(
    r"_(url|uri|path|file|dir|name|field|type|header|prefix|suffix|regex|pattern|label|help|text|message|template|id"
    r"|ref|env|var|param|scheme|algorithm|hasher|class|format|length|expires?|expires_(?:at|in)|expiry|ttl|endpoint|enabled|policy"
    r"|tag|branch|version|host|port|count|size|limit|timeout|key_name|rotation|store|manager|provider|bytes|alphabet"
    r"|charset|sig|signature)s?(?:_(?:ms|seconds|v?\d+))?$"
)
# Tokens that are not secret: for pagination and tokenizers.
_OTHER_TOKEN = re.compile(r"(?:^|_)(?:page|continuation|pagination|cursor|pad|eos|bos|unk|sep|cls|mask)_token$")
# Two words and more: `_password_reset_token`, `oauth2_jwt_secret`, `pDischarge1`, `bdc1ChargeTotal`.
_WORDS = re.compile(
    r"[A-Za-z]+(?:[-_.: /][A-Za-z]+)*|_*[a-z]+(?:\d?_+[a-z]+)*_*|[a-z]{1,12}(?:\d?[A-Z][a-z]{3,}|\d?[A-Z]{2})+\d?"
)
# A path, a URL or URN, a pattern, a dotted name, an e-mail address, limits such as `20/m/ip,5/m/key`, a row of `X`.
_NO_SECRET = re.compile(
    r"\s|^[./~]|://|^urn:|\(\?|\[\^|\\[wdsb]|\[[^\]]*(?:a-z|A-Z|0-9)|^\w+(?:\.\w+)+$|^[a-z]\w*(?:\.[a-z][a-z0-9_-]*)+$"
    r"|^[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}$|^(?:\d+/[a-z]+(?:/[a-z]+)?,?)+$|[xX]{8}"
)
# Placeholders in documentation, and the fixed password that GitHub expects next to a token.
_NO_PASSWORDS = ("pass", "password", "x-oauth-basic")
_URL = re.compile(
    r"\b(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]{0,20})://(?P<user>[^\s:/@'\"]*):(?P<password>[^\s/@'\"]+)@(?P<host>[^\s/:'\"?#]*)"
)


def is_secret_name(name: str) -> bool:
    """Whether a variable, key or option of this name contains a secret: `dbPassword`, `NEXUS_PASS`, `api-key`."""
    spelled = snake(name)
    return bool(_NAME.search(spelled)) and not _NOT_NAME.search(spelled) and not _OTHER_TOKEN.search(spelled)


def is_template(value: str) -> bool:
    """Whether the value is a placeholder for a secret: `${X}`, `<password>`, `changeme`, empty."""
    return bool(_TEMPLATE.match(value.strip())) or value.strip() in DOCUMENTATION_KEYS


def is_weak(value: str) -> bool:
    return value.lower() in WEAK


def shapes(text: str) -> Iterator[Span]:
    """The spans of provider keys in a text."""
    for match in SHAPE.finditer(text):
        if match[0] not in DOCUMENTATION_KEYS:
            yield Span(match.start(), match.end())


@dataclass(frozen=True, slots=True)
class Login:
    """The credentials of a URL; spans are relative to the searched text."""

    scheme: str
    user: str
    host: str
    password: Span
    url: Span


def url_logins(text: str) -> Iterator[Login]:
    """URLs with a literal password. `user:pass@host` and variables are templates."""
    if "://" not in text or "@" not in text:
        return
    for match in _URL.finditer(text):
        password = match["password"]
        if is_template(password) or re.search(r"[${}%<>]", password) or password.lower() in _NO_PASSWORDS:
            continue
        if password.isupper() and is_secret_name(password):
            continue  # in `https://bot:GITHUB_TOKEN@host` the name is a placeholder
        yield Login(
            match["scheme"],
            match["user"],
            match["host"],
            Span(match.start("password"), match.end("password")),
            Span(match.start(), match.end()),
        )


def is_named_secret(name: str, value: str) -> bool:
    """Whether a literal of this name is a secret, by both its name and its value.

    Excludes common false positives of other tools: words, names, paths, patterns, UUIDs, and values that repeat
    their name (measured on 14,490 third-party files).
    """
    if not is_secret_name(name) or not may_be_secret(value):
        return False
    plain_name, plain_value = (re.sub(r"[^a-z0-9]", "", text.lower()) for text in (name, value))
    return plain_value not in plain_name and plain_name not in plain_value


def may_be_secret(value: str) -> bool:
    """Whether a value can be a secret, independent of its name."""
    if len(value) < 6 or is_template(value) or is_weak(value):
        return False
    if _NO_SECRET.search(value):
        return False
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value):
        return False
    if not re.search(r"[A-Za-z0-9]", value) or value.isdigit():
        return False
    return not _WORDS.fullmatch(value.strip("[](){}<>|:"))


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
