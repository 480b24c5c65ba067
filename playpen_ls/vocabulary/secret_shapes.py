"""The formats of keys and tokens whose shape alone tells what they are.

Each has a fixed prefix and a fixed length or alphabet; none is told by its entropy. The kinds are those of the rules of
gitleaks (config/gitleaks.toml) that need no keyword beside the value, and some of the providers' own documentation.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from functools import cache

from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.text.text_cache import cached_by_text

_ALNUM, _HEX, _WORD = "[A-Za-z0-9]", "[a-f0-9]", "[A-Za-z0-9_-]"
_UUID = f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
# Prefixes, and a pattern of what follows each of them.
_AFTER_PREFIX: tuple[tuple[str, str], ...] = (
    ("AKIA ASIA ABIA ACCA", "[A-Z0-9]{16}"),
    ("A3T", "[A-Z0-9][A-Z2-7]{16}"),
    ("ABSK", "[A-Za-z0-9+/]{109,269}={0,2}"),
    ("bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t", ""),
    ("A3-", "[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}"),  # 1Password
    ("ops_eyJ", "[A-Za-z0-9+/]{250,}={0,3}"),
    ("p8e-", "[A-Za-z0-9]{32}"),  # Adobe
    ("AGE-SECRET-KEY-1", "[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
    ("LTAI", "[A-Za-z0-9]{20}"),  # Alibaba
    ("sk-ant-admin01- sk-ant-api03-", f"{_WORD}{{93}}AA"),
    ("AKCp", f"{_ALNUM}{{69}}"),  # Artifactory
    ("cmVmd", f"{_ALNUM}{{59}}"),
    ("ATATT3", "[A-Za-z0-9_=-]{180,200}"),  # Atlassian
    ("4b1d", f"{_ALNUM}{{38}}"),  # ClickHouse
    ("CLOJARS_", "[a-z0-9]{60}"),
    ("v1.0-", f"{_HEX}{{24}}-{_HEX}{{146}}"),  # Cloudflare
    ("dapi", f"{_HEX}{{32}}(?:-\\d)?"),  # Databricks
    ("doo_v1_ dop_v1_ dor_v1_", f"{_HEX}{{64}}"),  # DigitalOcean
    ("dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.", f"(?:[a-z0-9_-]{{2,35}}\\.)?{_ALNUM}{{40,44}}"),  # Doppler
    ("duffel_test_ duffel_live_", "[A-Za-z0-9_=-]{43}"),
    ("dt0c01.", f"{_ALNUM}{{24}}\\.{_ALNUM}{{64}}"),  # Dynatrace
    ("EZAK EZTK", f"{_ALNUM}{{54}}"),  # EasyPost
    ("EAAM EAAC", f"{_ALNUM}{{100,}}"),  # Facebook
    ("EAAA sq0atp- sq0csp-", f"{_WORD}{{22,60}}"),  # Square
    ("FLWSECK_TEST-", "(?:[a-hA-H0-9]{32}-X|[a-hA-H0-9]{12})"),
    ("FLWSECK-", "[a-hA-H0-9]{32}-X"),
    ("fo1_", f"{_WORD}{{43}}"),  # Fly.io
    ("fm1a_ fm1r_ fm2_", "[A-Za-z0-9+/]{100,}={0,3}"),
    ("fio-u-", "[A-Za-z0-9_=-]{64}"),
    ("AIza", f"{_WORD}{{35}}"),  # Google
    ("GOCSPX-", f"{_WORD}{{28}}"),
    ("ya29.", f"{_WORD}{{60,}}"),
    ("ghp_ gho_ ghu_ ghs_ ghr_", f"{_ALNUM}{{36,}}"),
    ("github_pat_", "[A-Za-z0-9_]{22,}"),
    ("glcbt-", f"{_ALNUM}{{1,5}}_{_WORD}{{20}}"),  # GitLab
    ("glpat- gldt- glffct- glft- glrt- glsoat- glrtr- glptt-", f"{_WORD}{{20,300}}(?:\\.[0-9a-z]{{9}})?"),
    ("glimt-", f"{_WORD}{{25}}"),
    ("glagent-", f"{_WORD}{{50}}"),
    ("gloas-", f"{_WORD}{{64}}"),
    ("GR1348941", f"{_WORD}{{20}}"),
    ("_gitlab_session=", "[0-9a-z]{32}"),
    ("eyJrIjoi", "[A-Za-z0-9]{70,400}={0,3}"),  # Grafana
    ("glc_", "[A-Za-z0-9+/]{32,400}={0,3}"),
    ("glsa_", f"{_ALNUM}{{32}}_[A-Fa-f0-9]{{8}}"),
    ("pat. sat.", f"{_WORD}{{22}}\\.{_ALNUM}{{24}}\\.{_ALNUM}{{20}}"),  # Harness
    ("pat", f"{_ALNUM}{{14}}\\.{_HEX}{{64}}"),  # Airtable
    ("HRKU-AA", f"{_WORD}{{58}}"),
    ("hf_ api_org_", "[A-Za-z]{34}"),  # Hugging Face
    ("ico-", f"{_ALNUM}{{32}}"),
    ("s-s4t2ud- s-s4t2af-", f"{_HEX}{{64}}"),
    ("lin_api_", f"{_ALNUM}{{40}}"),
    ("ntn_", f"[0-9]{{11}}{_ALNUM}{{35}}"),
    ("npm_", f"{_ALNUM}{{36}}"),
    ("API-", "[A-Z0-9]{26}"),  # Octopus Deploy
    ("nfp_", f"{_ALNUM}{{36}}"),  # Netlify
    ("sha256~", f"{_WORD}{{43}}"),  # OpenShift
    ("pplx-", f"{_ALNUM}{{48}}"),
    ("pscale_tkn_ pscale_oauth_ pscale_pw_", r"[\w=.-]{32,64}"),
    ("PMAK-", f"{_HEX}{{24}}-{_HEX}{{34}}"),
    ("pnu_", f"{_ALNUM}{{36}}"),
    ("pul-", f"{_HEX}{{40}}"),
    ("pypi-AgE", f"{_WORD}{{50,1000}}"),
    ("rdme_", "[a-z0-9]{70}"),
    ("rubygems_", f"{_HEX}{{48}}"),
    ("tk-us-", f"{_WORD}{{48}}"),
    ("SG.", f"(?:{_WORD}{{16,32}}\\.{_WORD}{{16,64}}|[A-Za-z0-9=_.-]{{66}})"),
    ("xkeysib-", f"{_HEX}{{64}}-{_ALNUM}{{16}}"),
    ("sntrys_eyJ", "[A-Za-z0-9+/]{20,400}={0,2}_[A-Za-z0-9+/]{43}"),
    ("sntryu_", f"{_HEX}{{64}}"),
    ("sm_aat_ sm_pat_ sm_sat_", f"{_ALNUM}{{16}}"),
    ("shippo_live_ shippo_test_", "[a-fA-F0-9]{40}"),
    ("shpat_ shpca_ shppa_ shpss_", "[a-fA-F0-9]{32}"),
    ("xapp-", r"\d-[A-Za-z0-9]+-\d+-[A-Za-z0-9]{16,}"),  # Slack
    ("xoxb- xoxa- xoxr- xoxo- xoxs- xoxp-", r"[0-9][A-Za-z0-9-]{9,}"),
    ("xoxa- xoxr-", f"{_ALNUM}{{8,48}}"),
    ("xoxe-", r"(?:\d-[A-Za-z0-9]{146}|[0-9]{10,13}(?:-[0-9]{10,13}){2}-[A-Za-z0-9-]{28,34})"),
    ("xoxe.xoxb- xoxe.xoxp-", r"\d-[A-Za-z0-9]{163,166}"),
    ("sqp_ squ_ sqa_", f"{_HEX}{{40}}"),  # SonarQube
    ("sgp_", "(?:(?:[a-fA-F0-9]{16}|local)_)?[a-fA-F0-9]{40}"),  # Sourcegraph
    ("sk_live_ rk_live_ sk_prod_ rk_prod_ sk_test_ rk_test_", f"{_ALNUM}{{10,99}}"),  # Stripe
    ("whsec_", f"{_ALNUM}{{32}}"),
    ("SK", "[0-9a-fA-F]{32}"),  # Twilio
    ("hvb.", f"{_WORD}{{138,300}}"),  # Vault
    ("hvs.", f"{_WORD}{{24,120}}"),
    ("hvr.", f"{_WORD}{{90,120}}"),
    ("sk-", f"(?:proj-|svcacct-|admin-|ant-)?{_WORD}{{32,}}"),  # OpenAI, and others in its manner
    ("eyJ", f"{_WORD}{{10,}}\\.eyJ{_WORD}{{10,}}\\.{_WORD}{{10,}}"),  # JSON web token
    ("ey", f"{_WORD}{{17,}}\\.ey{_WORD}{{17,}}\\.{_WORD}{{10,}}"),
    ("tfp_", r"[A-Za-z0-9_.=-]{40,59}"),  # Typeform
    ("NRAK-", f"{_ALNUM}{{27}}"),  # New Relic
    ("NRII-", f"{_WORD}{{32}}"),
    ("AQVN", f"{_WORD}{{35,38}}"),  # Yandex
    ("dnkey-", "[A-Za-z0-9=_-]{26}-[A-Za-z0-9=_-]{52}"),
    ("access-sandbox- access-development- access-production-", _UUID),  # Plaid
    ("gsk_ xai-", f"{_ALNUM}{{52,84}}"),  # Groq, xAI
)
# What has its mark in the middle or is a URL: the mark, and the whole pattern.
_AROUND_MARK: tuple[tuple[str, str], ...] = (
    ("PRIVATE KEY", r"-----BEGIN[ A-Z0-9_-]{0,40}PRIVATE KEY(?: BLOCK)?-----"),
    ("hooks.slack.com/", r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{40,56}"),
    ("discord", rf"discord(?:app)?\.com/api/webhooks/\d{{17,20}}/{_WORD}{{60,80}}"),
    (
        ".webhook.office.com/",
        r"[a-z0-9]+\.webhook\.office\.com/webhookb2/[a-z0-9@-]{73}/IncomingWebhook/[a-z0-9]{32}/[a-z0-9-]{36}",
    ),
    (":A", rf"[0-9]{{8,10}}:A{_WORD}{{34}}(?!{_WORD})"),  # Telegram
    ("FFFFNRAL", r"(?:eu01xx[0-9a-f]{26}|[0-9a-f]{32})FFFFNRAL"),  # New Relic
    (".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}"),  # Terraform
    ("Q~", r"[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}"),  # Microsoft Entra
    ("_mmk", r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk"),  # MaxMind
    (
        ".acc",
        r"(?:sc|ext|scauth|authress)_[a-zA-Z0-9]{5,30}\.[a-zA-Z0-9]{4,6}\.acc[_-][a-zA-Z0-9-]{10,32}\.[A-Za-z0-9+/_=-]{30,120}",
    ),
    ("ZXlK", r"ZXlK[A-Za-z0-9+/_-]{60,}={0,2}"),  # a JSON web token in base64
    ("AAAAAAAAAAAAAAAAAAAAAA", r"A{22}[A-Za-z0-9%]{80,100}"),  # Twitter
    ("AccountKey", r"AccountKey=[A-Za-z0-9+/]{86}=="),  # Azure Storage
)
DOCUMENTATION_KEYS = (
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc",
    *(f"gh{kind}_" + "16C7e42F292c6912E7710c838347Ae178B4a" for kind in "ousp"),
    "xoxb-17653672481-19874698323-" + "pdFZKVeTuE8sk7oOcBrzbqgy",
    "xoxp-23984754863-2348975623103",
    # YouTube's page has it for all browsers.
    "AIzaSyAO_FJ2SlqU8Q4STEH" + "LGCilw_Y9_11qcW8",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
)
"""Example keys of the documentation of AWS, Stripe, GitHub, Slack and Azure."""
# Names of keys, which open nothing without the key, and keys of test modes.
_MINOR = (
    "AKIA",
    "ASIA",
    "ABIA",
    "ACCA",
    "A3T",
    "sk_test_",
    "rk_test_",
    "EZTK",
    "FLWSECK_TEST-",
    "shippo_test_",
    "duffel_test_",
)
_MADE_UP = regex(r"EXAMPLE|(.)\1{5}|(?i:xxxx|12345|abcdef|test_?token|placeholder|your[-_]|dummy|fake)")
_SHORTEST_MARK, _FEW = 2, 12
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _table() -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for prefixes, after in _AFTER_PREFIX:
        for prefix in prefixes.split():
            table.setdefault(prefix, []).append(after)
    return table


_BY_PREFIX = _table()
# (beginning or mark, longest word of it)
_MARKS = tuple((mark, max(re.findall(r"\w+", mark), key=len)) for mark in (*_BY_PREFIX, *dict(_AROUND_MARK)))
_SHORT = frozenset(prefix for prefix in _BY_PREFIX if len(prefix) < 5)  # many words begin so


def _trie(words: list[str]) -> str:
    """A pattern that matches the longest of these words, and looks at each character once."""
    groups: dict[str, list[str]] = {}
    for word in words:
        if word:
            groups.setdefault(word[0], []).append(word[1:])
    branches = [re.escape(first) + _trie(rest) for first, rest in sorted(groups.items())]
    if not branches:
        return ""
    return f"(?:{'|'.join(branches)}){'?' if '' in words else ''}"


@cache
def _any_word() -> re.Pattern[str]:
    return re.compile(_trie(sorted({word for _, word in _MARKS})))


@cache
def _marks_of(word: str) -> tuple[str, ...]:
    """The marks whose word is the beginning of this one."""
    return tuple(mark for mark, one in _MARKS if word.startswith(one))


_TAIL = regex(r"[\w.~=+/-]{8}")  # what follows a short prefix


def may_hold_key(text: str, words: str | None = None) -> bool:
    """Whether a text can contain a key. `words` are its words, each once: what they lack need not be searched for."""
    marks = _marks_in(text) if words is None else _marks(text, words)
    return any(_goes_on(text, mark) for mark in marks)


@cached_by_text(200_000)
def _marks_in(text: str) -> tuple[str, ...]:
    return _marks(text, text)


def _marks(text: str, words: str) -> tuple[str, ...]:
    """The marks in a text, whose words are among `words`."""
    found, pattern = set[str](), _any_word()
    match = pattern.search(words)
    while match is not None:
        found.add(match[0])
        match = pattern.search(words, match.start() + 1)
    marks = dict.fromkeys(mark for word in sorted(found) for mark in _marks_of(word))
    return tuple(mark for mark in marks if mark in text)


def _goes_on(text: str, mark: str) -> bool:
    """Whether the text has the mark; after a short prefix as many more characters as a key has at least."""
    at = text.find(mark) if mark in _SHORT else -1
    while at >= 0 and _TAIL.match(text, at + len(mark)) is None:
        at = text.find(mark, at + 1)
    return at >= 0 or mark not in _SHORT


@cache
def _after(prefix: str) -> re.Pattern[str]:
    """What can follow a prefix, also one that is the beginning of another one: `pat` and `pat.`."""
    shorter = [one for one in _BY_PREFIX if prefix.startswith(one)]
    patterns = [
        re.escape(one) + f"(?:{after})" for one in sorted(shorter, key=len, reverse=True) for after in _BY_PREFIX[one]
    ]
    return re.compile(rf"(?:{'|'.join(patterns)})(?![A-Za-z0-9])")


# `https://api.telegram.org/bot123456:AA…/sendMessage` names a token within a word.
_BORDER = r"(?:(?<![A-Za-z0-9])|(?<=/bot))"


@cache
def _around(mark: str) -> re.Pattern[str]:
    end = "" if mark == "PRIVATE KEY" else "(?![A-Za-z0-9])"
    return re.compile(rf"{_BORDER}(?:{dict(_AROUND_MARK)[mark]}){end}")


def _begins(text: str, marks: tuple[str, ...]) -> dict[int, str]:
    """Where a prefix begins that is not inside a word; the longest one at each place."""
    found: dict[int, str] = {}
    for mark in sorted(marks, key=len):
        at = text.find(mark) if mark in _BY_PREFIX else -1
        while at >= 0:
            if at == 0 or text[at - 1] not in _BASE62:
                found[at] = mark
            at = text.find(mark, at + 1)
    return found


def shapes(text: str) -> Iterator[Span]:
    """The spans of keys in a text, in order and without overlaps. Made-up and documented keys are none."""
    found, marks = [], _marks_in(text)
    for at, prefix in _begins(text, marks).items():
        match = _after(prefix).match(text, at)
        if match and not _is_made_up(match[0], prefix):
            found.append(Span(match.start(), match.end()))
    for mark, _ in _AROUND_MARK:
        if mark in marks:
            for match in _around(mark).finditer(text):
                if not _is_made_up(match[0], "" if mark == "PRIVATE KEY" else mark):
                    found.append(Span(match.start(), match.end()))
    reached = 0
    for span in sorted(found):
        if span.start >= reached:
            yield span
            reached = span.end


def is_shape(value: str) -> bool:
    """Whether the whole value is a key."""
    return any(span == Span(0, len(value)) for span in shapes(value))


def is_short_of_key(value: str) -> bool:
    """Whether it begins as a provider's keys do, and is much too short for one: `xoxp-1234`, `sk_test_123`."""
    begins = (one for one in _BY_PREFIX if len(one) > _SHORTEST_MARK and one[-1] in "-_" and value.startswith(one))
    return any(len(value) <= len(one) + _FEW for one in begins) and not is_shape(value)


def is_minor(key: str) -> bool:
    """Whether a key is only the name of a key, or one of a test mode."""
    return key.startswith(_MINOR)


def is_doubtful(key: str) -> bool:
    """Whether a documented check digit does not fit: that of GitHub's tokens is the CRC-32 of what is before it."""
    if not re.fullmatch(r"gh[pousr]_[A-Za-z0-9]{36}", key):
        return False
    number, digits = zlib.crc32(key[4:-6].encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return digits.rjust(6, "0") != key[-6:]


def _is_made_up(key: str, mark: str) -> bool:
    if key.removeprefix("AccountKey=") in DOCUMENTATION_KEYS:
        return True
    if not mark:
        return False
    if mark == "ZXlK":
        return not _is_encoded_token(key)
    if mark in ("eyJ", "ey") and _is_public_token(key):
        return True
    if mark == "AAAAAAAAAAAAAAAAAAAAAA":
        return False
    body = key.replace(mark, "", 1)
    letters = re.sub(r"[^A-Za-z0-9]", "", body)
    if mark in ("AKIA", "ASIA", "ABIA", "ACCA", "A3T", "API-", "AGE-SECRET-KEY-1"):
        return bool(_MADE_UP.search(body)) or (mark == "API-" and not re.search(r"\d", body))
    if mark in ("hf_", "api_org_"):
        return len(set(letters)) < 10 or bool(_MADE_UP.search(body))
    one_kind = len(letters) >= 10 and (
        letters.isdigit() or (letters.isalpha() and (letters.islower() or letters.isupper()))
    )
    return one_kind or bool(_MADE_UP.search(body))


def _is_public_token(key: str) -> bool:
    """Whether it is a JSON web token that is meant for browsers, as the `anon` key of Supabase is."""
    payload = key.partition(".")[2].partition(".")[0]
    try:
        text = base64.b64decode(payload + "=" * (-len(payload) % 4), altchars=b"-_")
    except (binascii.Error, ValueError):
        return False
    return b'"role":"anon"' in text


def _is_encoded_token(key: str) -> bool:
    try:
        text = base64.b64decode(key + "=" * (-len(key) % 4), altchars=b"-_" if re.search("[-_]", key) else None)
    except (binascii.Error, ValueError):
        return False
    return bool(re.match(rb"eyJ[\w-]{10,}\.eyJ[\w-]{10,}", text))
