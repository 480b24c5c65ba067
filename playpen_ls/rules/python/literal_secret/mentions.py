"""What a text must contain for a hard-coded secret: the name of one beside a value, a login in a URL, a known key.

It is right to let a text through in which nothing is found, and wrong to keep one back in which something would be.
"""

from __future__ import annotations

import re

from playpen_ls.text.regex import regex
from playpen_ls.text.words import Words
from playpen_ls.vocabulary.secret_shapes import may_hold_key
from playpen_ls.vocabulary.secrets import WEAK, is_random, may_be_secret

# Parts of lower-case names; a blank marks the start or end of a name.
_SECRETS = (
    *("passw", "pasw", "passphrase", "pwd", "token", "secret", "credential"),
    *(
        "_pass ",
        "_pass_",
        " pass_",
        "_pat ",
        "_pat_",
        " pat ",
        " pat_",
        "dbpass ",
        "pgpass ",
        "sshpass ",
        "requirepass ",
    ),
    *("redis_auth", "rediscli_auth", "key_content", "redisauth"),
)
_KEYS = (
    *("encryption_key", "encryptionkey", "signing_key", "signingkey", "auth_key", "authkey", "master_key", "masterkey"),
    *("jwt_key", "hmac_key", "fernet_key", "account_key", "accountkey", "azure"),
    *("apikey", "api_key", "accesskey", "access_key", "privatekey", "private_key"),
)
_HYPHENATED = (" api ", " access ", " private ")
_HUMP = regex(r"Pa(?:ss|t)(?![a-z])")
_QUOTED_PASS = regex(r"pass[\"'-]")  # otherwise it is the `pass` statement
# A quoted text without blanks; or a form that can hide one: nested quotes, implicit concatenation, a backslash
# continuation.
_VALUE = regex(
    r"[\"']([^\s\"']{6,})(?=[\"'])"
    r"|\"[^\s\"]*'[^\s\"]*\"|'[^\s']*\"[^\s']*'"
    r"|[^\s\"'][\"'][\s\\]+[rbuf]{0,2}[\"'][^\s\"']|\\\r?\n",
    re.IGNORECASE,
)
_SET = regex(r"(?:[=:]|\bor|\belse)[\s\\(]*[rbufRBUF]{0,2}$")
_LONG = regex(r"[\"']([A-Za-z0-9+/_=-]{20,})[\"']")
# Up to the `@`: placeholders, implicit concatenation, and no character that ends the user information of a URL.
_LOGIN = regex(r"://(?:\{[^}@\n]*\}|[\"'][\s\\]+[rbufRBUF]{0,2}[\"']|[^\s/@])*+@")
_BEFORE = 60  # characters before a value that are searched for what it is set to


# What reads a variable with a default, or declares one.
_DEFAULT = ("getenv", "environ", "get_env", "Settings", "config(", "env(")


def may_hold_secret(words: Words) -> bool:
    """Whether a text with these words can contain a literal that is reported."""
    text, names = words.text, f" {' '.join(words.all)} "
    if may_hold_key(text, names):
        return True
    if "://" in text and "@" in text and _LOGIN.search(text):
        return True
    lower = names.lower()
    if "authorization" in lower or ("jwt" in lower and "code(" in text) or (" auth " in names and "auth=" in text):
        return True
    if "password=" in text or "pwd=" in lower:
        return True
    if _names_secret(text, names, lower):
        if any(map(words.has, _DEFAULT)):
            return True
        if _is_given_weak(words, lower):
            return True
        for match in _VALUE.finditer(text):
            if match[1] is None or "\\" in match[1] or "{{" in match[1] or may_be_secret(match[1]):
                return True
    if "key" in lower or "auth" in lower or "salt" in lower:
        return any(is_random(match[1]) for match in _LONG.finditer(text))
    return False


def _names_secret(text: str, names: str, lower: str) -> bool:
    """Whether the text contains a name of a secret. `names` are its words, `lower` the same in lower case."""
    for part in _SECRETS:
        if part in lower:
            return True
    if " PASS " in names or (("Pass" in names or "Pat" in names) and _HUMP.search(names)):
        return True
    if " pass " in names and _QUOTED_PASS.search(text):
        return True
    if "key" not in lower:
        return False
    return any(part in lower for part in _KEYS) or (" key " in lower and any(one in lower for one in _HYPHENATED))


def _is_given_weak(words: Words, lower: str) -> bool:
    """Whether something is set to a weak password. `lower` are the words in lower case."""
    if WEAK.isdisjoint(lower.split()):
        return False
    text = words.text
    for word in words.all:
        if word.lower() in WEAK and not word[0].isupper():
            for quote in "\"'":
                at = text.find(quote + word + quote)
                while at >= 0:
                    if _SET.search(text, max(0, at - _BEFORE), at):
                        return True
                    at = text.find(quote + word + quote, at + 1)
    return False
