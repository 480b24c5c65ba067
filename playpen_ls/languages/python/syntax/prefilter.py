"""Over-approximating text filter: a chunk that it calls idle cannot have findings or facts, so it is not parsed.

Splitting a text into words costs a thirtieth of parsing it, and most chunks of most programs are idle. The filter can
err in one direction only: an idle chunk must never have a finding. What a name means depends on the rest of the file,
so a chunk that mentions one of the `telling` names of its module scope is never idle.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from playpen_ls.languages.python.syntax.known_names import (
    ADDING,
    ADDRESS_FIRST,
    APPLICATIONS,
    CONFIGURING,
    DECORATORS,
    DJANGO_DATABASES,
    ENGINES,
    FLASK_OPTIONS,
    GETTING,
    INCLUDING,
    LOADERS,
    LOGGER_NAME,
    LOGGERS,
    METHODS,
    NOT_NAMES,
    OTHER_LOGGERS,
    OWN_PORTS,
    PORT_FIRST,
    PRETTY,
    PRINT,
    READERS,
    READING_OBJECTS,
    ROOT_LOGGERS,
    ROUTERS,
    ROUTES,
    RUNNING,
    SCHEMA,
    SETTINGS,
    TELLING,
    URLS,
)
from playpen_ls.vocabulary.hosts import BACKING_SERVICES
from playpen_ls.vocabulary.secrets import SHAPE_BEGINS, WEAK, is_random, may_be_secret

# Blanking other bytes and splitting at blanks is more than twice as fast as a search for words.
_BLANKED = bytes(byte if byte > 127 or chr(byte).isalnum() or byte == 95 else 32 for byte in range(256))  # 95: `_`
_CALL = r"(?:[\s\\]|#[^\n]*\n)*\("
_CALLS = {name: re.compile(rf"{name}{_CALL}") for name in (*METHODS, PRINT, PRETTY, *TELLING, *RUNNING, *PORT_FIRST)}
_CALLS |= {name: re.compile(rf"{name}{_CALL}") for name in (*ADDRESS_FIRST, *ADDING, *INCLUDING)}
_LOGGER = re.compile(r"(?:\b|_)(?:log|logger|logging)[\s\\]*\.[\s\\]*$", re.IGNORECASE)
_RECEIVER = 60  # characters before a method name that are searched for its receiver
_OF_LOGGING = frozenset(("logging", *OTHER_LOGGERS))
# Members of `os` are recognized by their own names.
_ORIGINS = tuple(
    origin.replace("()", "")
    for origin in (*READERS, *READING_OBJECTS, *APPLICATIONS, *ROUTERS, *ROUTES, *OWN_PORTS)
    if not origin.startswith("os.")
)
_MODULES = tuple(frozenset(origin.split(".")) for origin in _ORIGINS)
_ROOTS = frozenset(origin.partition(".")[0] for origin in _ORIGINS)
_ENVIRONMENT = frozenset(("environ", "getenv", "environs", URLS, *LOADERS, *(SETTINGS & {"BaseSettings"})))
_ADDED = frozenset((*ADDING, *INCLUDING, *PORT_FIRST, *ADDRESS_FIRST))
_DECORATED = re.compile(rf"@[^\n]*\.[ \t]*(?:{'|'.join(sorted(DECORATORS))}){_CALL}")
# A port argument after the host: a number, or a call that returns one.
_RUN = re.compile(rf"\.[\s\\]*run{_CALL}[^\0]{{,200}}?,\s*(?:[\"']?\d|[\w.]+{_CALL})")
_CERTAIN = ENGINES | SCHEMA | {CONFIGURING, FLASK_OPTIONS, DJANGO_DATABASES}

# Parts of lower-case names; a blank marks the start or end of a name.
_SECRETS = (
    *("passw", "pasw", "passphrase", "pwd", "token", "secret", "credential"),
    *("_pass ", "_pass_", " pass_", "_pat ", "_pat_", " pat ", " pat_"),
)
_KEYS = ("apikey", "api_key", "accesskey", "access_key", "privatekey", "private_key")
_HYPHENATED = (" api ", " access ", " private ")
_HUMP = re.compile(r"Pa(?:ss|t)(?![a-z])")
_QUOTED_PASS = re.compile(r"pass[\"'-]")  # otherwise it is the `pass` statement
_SHAPES = tuple((begin, re.match(r"\w+", begin)[0]) for begin in SHAPE_BEGINS)  # type: ignore[index]
# A quoted text without blanks; or a form that can hide one: nested quotes, implicit concatenation, a backslash
# continuation.
_VALUE = re.compile(
    r"[\"']([^\s\"']{6,})(?=[\"'])"
    r"|\"[^\s\"]*'[^\s\"]*\"|'[^\s']*\"[^\s']*'"
    r"|[^\s\"'][\"'][\s\\]+[rbuf]{0,2}[\"'][^\s\"']|\\\r?\n",
    re.IGNORECASE,
)
_SET = re.compile(r"(?:[=:]|\bor|\belse)[\s\\(]*[rbufRBUF]{0,2}$")
_LONG = re.compile(r"[\"']([A-Za-z0-9+/_=-]{20,})[\"']")
# Up to the `@`: placeholders, implicit concatenation, and no character that ends the user information of a URL.
_LOGIN = re.compile(r"://(?:\{[^}@\n]*\}|[\"'][\s\\]+[rbufRBUF]{0,2}[\"']|[^\s/@])*+@")
_AFTER_HOST = re.compile(r"(?:-[\w.-]*)?(?::\d+)?[\"']")
_INTERNAL = re.compile(r"\.(?:internal|local)(?::\d+)?[\"']")
_INTERNAL_WORDS = frozenset(("internal", "local"))


@dataclass(frozen=True, slots=True)
class Look:
    """`idle`: the text cannot have findings or facts; `silent`: it cannot have facts."""

    idle: bool
    silent: bool


IDLE, SILENT, TELLS = Look(True, True), Look(False, True), Look(False, False)


def look(text: str) -> Look:
    words = _words(text)
    if _says(text, words):
        return TELLS
    found = (
        not words.isdisjoint(_CERTAIN)
        or (GETTING in words and not words.isdisjoint(NOT_NAMES))
        or (PRINT in words and _is_called(text, PRINT, never="."))
        or (PRETTY in words and _is_called(text, PRETTY))
        or _logs(text, words)
        or _names_host(text, words)
        or _holds_secret(text, words)
    )
    return SILENT if found else IDLE


def _words(text: str) -> set[str]:
    raw = text.encode("utf-8", "surrogatepass").translate(_BLANKED)
    return set(raw.decode("utf-8", "surrogatepass").split())


def is_telling(name: str, origin: str | None) -> bool:
    """Whether a chunk that mentions a name of this origin is never idle, since the words of its text are not enough."""
    if not origin:
        return False
    package, _, last = origin.rpartition(".")
    if last in ENGINES or last in (CONFIGURING, PRETTY) or (package == "logging" and last in (*METHODS, GETTING)):
        return name != last or last in METHODS
    if origin in ROOT_LOGGERS or origin.startswith((*LOGGERS, *OTHER_LOGGERS.values())):
        return not LOGGER_NAME.search(name)
    if origin in SETTINGS:
        return True
    if origin.partition(".")[0].partition("(")[0] not in _ROOTS:
        return False
    return origin in _ORIGINS or any(one.startswith(f"{origin}.") or origin.startswith(f"{one}()") for one in _ORIGINS)


def _says(text: str, words: set[str]) -> bool:
    """Whether the text can have a fact."""
    if not words.isdisjoint(_ENVIRONMENT):
        return True
    if any(_is_called(text, name) for name in words & _ADDED):
        return True
    if "port" in words and any(_is_called(text, name) for name in words & RUNNING):
        return True
    if "run" in words and _RUN.search(text):
        return True
    if not words.isdisjoint(_ROOTS) and any(one <= words for one in _MODULES):
        return True
    return "@" in text and not words.isdisjoint(DECORATORS) and _DECORATED.search(text) is not None


def _is_called(text: str, name: str, never: str = "") -> bool:
    """Whether `name` is called somewhere without one of the characters `never` before it."""
    for match in _CALLS[name].finditer(text):
        before = text[match.start() - 1 : match.start()]
        if not (before.isalnum() or before == "_") and (not before or before not in never):
            return True
    return False


def _logs(text: str, words: set[str]) -> bool:
    methods = words & METHODS
    if not methods:
        return False
    if not words.isdisjoint(_OF_LOGGING):
        return True  # an alias of a logging function, or a call of one
    if "ogger" in text:
        return any(_is_called(text, name) for name in methods)
    for name in methods:
        for match in _CALLS[name].finditer(text):
            if _LOGGER.search(text, max(0, match.start() - _RECEIVER), match.start()):
                return True
    return False


def _names_host(text: str, words: set[str]) -> bool:
    if "svc" in words and ".svc" in text:
        return True
    for word in words & BACKING_SERVICES:
        for quote in "\"'":
            at = text.find(quote + word)
            while at >= 0:
                if _AFTER_HOST.match(text, at + 1 + len(word)):
                    return True
                at = text.find(quote + word, at + 1)
    return not words.isdisjoint(_INTERNAL_WORDS) and _INTERNAL.search(text) is not None


def _holds_secret(text: str, words: set[str]) -> bool:
    names = f" {' '.join(words)} "
    for begin, word in _SHAPES:
        if word in names and begin in text:
            return True
    if "://" in text and "@" in text and _LOGIN.search(text):
        return True
    lower = names.lower()
    if _names_secret(text, names, lower):
        if _is_given_weak(text, words):
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


def _is_given_weak(text: str, words: set[str]) -> bool:
    """Whether something is set to a weak password."""
    for word in words:
        if word.lower() in WEAK and not word[0].isupper():
            for quote in "\"'":
                at = text.find(quote + word + quote)
                while at >= 0:
                    if _SET.search(text, max(0, at - _RECEIVER), at):
                        return True
                    at = text.find(quote + word + quote, at + 1)
    return False
