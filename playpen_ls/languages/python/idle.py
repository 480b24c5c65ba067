"""A look at a text that tells whether any finding or fact can come from it: what is idle need not be parsed.

Reading the words of a text costs a thirtieth of parsing it, and most of most programs is idle. The look may err in one
direction only: of what it calls idle, no rule may have anything to say. What names mean in the text depends on the
rest of its file, so a chunk that mentions one of the names that are `telling` there is not idle, whatever it holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from playpen_ls.languages.python.known import (
    ADDING,
    ADDRESS_FIRST,
    APPLICATIONS,
    CONFIGURING,
    DECORATORS,
    ENGINES,
    INCLUDING,
    LOADERS,
    LOGGER_NAME,
    LOGGERS,
    METHODS,
    OTHER_LOGGERS,
    OWN_PORTS,
    PORT_FIRST,
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

_WORD = re.compile(r"\w+")
_CALL = r"(?:[\s\\]|#[^\n]*\n)*\("
_CALLS = {name: re.compile(rf"{name}{_CALL}") for name in (*METHODS, PRINT, *TELLING, *RUNNING, *PORT_FIRST)}
_CALLS |= {name: re.compile(rf"{name}{_CALL}") for name in (*ADDRESS_FIRST, *ADDING, *INCLUDING)}
_LOGGER = re.compile(r"(?:\b|_)(?:log|logger|logging)[\s\\]*\.[\s\\]*$", re.IGNORECASE)
_RECEIVER = 60  # characters before a method's name in which the name of what it belongs to is looked for
_OF_LOGGING = frozenset(("logging", *OTHER_LOGGERS))
# What `os` has is known by its own words.
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
# The port behind the host: a number, or what is made one.
_RUN = re.compile(rf"\.[\s\\]*run{_CALL}[^\0]{{,200}}?,\s*(?:[\"']?\d|[\w.]+{_CALL})")
_CERTAIN = ENGINES | SCHEMA | {CONFIGURING}

_SECRET = re.compile(r"pas+w|passphrase|pwd|token|secret|credential|(?:api|access|private)_?key", re.IGNORECASE)
_PASS = re.compile(
    r"_pass(?![a-z])|\bpass_|PASS|[a-z0-9]Pass(?![a-z])|\bPass[A-Z_]|(?:_|\b)(?:pat|PAT)(?![A-Za-z])|Pat(?![a-z])"
)
_QUOTED_PASS = re.compile(r"[\"'](?:pass|pat)[\"']|[\"'-]\w*(?:api|access|private)-key|-pass\b|-pat\b", re.IGNORECASE)
# A text without blanks between quotes; or what could hide one: quotes in quotes, texts side by side, a line that goes
# on behind a backslash.
_VALUE = re.compile(
    r"[\"']([^\s\"']{6,})(?=[\"'])"
    r"|\"[^\s\"]*'[^\s\"]*\"|'[^\s']*\"[^\s']*'"
    r"|[^\s\"'][\"'][\s\\]+[rbuf]{0,2}[\"'][^\s\"']|\\\r?\n",
    re.IGNORECASE,
)
_WEAK = re.compile(
    rf"(?:[=:]|\bor\b|\belse\b)[\s\\(]*[rbuf]{{0,2}}[\"'](?:{'|'.join(sorted(WEAK))})[\"']", re.IGNORECASE
)
_LONG = re.compile(r"[\"']([A-Za-z0-9+/_=-]{20,})[\"']")
_RANDOM = re.compile(r"key|auth|salt", re.IGNORECASE)
_LOGIN = re.compile(r"\S@")
_HOST = re.compile(rf"[\"'](?:{'|'.join(sorted(BACKING_SERVICES))})(?:-[\w.-]*)?(?::\d+)?[\"']")
_INTERNAL = re.compile(r"\.(?:internal|local)(?::\d+)?[\"']")
_INTERNAL_WORDS = frozenset(("internal", "local"))


@dataclass(frozen=True, slots=True)
class Look:
    """`idle`: no rule has anything to say, and no fact comes from the text; `silent`: no fact does."""

    idle: bool
    silent: bool


IDLE, SILENT, TELLS = Look(True, True), Look(False, True), Look(False, False)


def look(text: str) -> Look:
    words = set(_WORD.findall(text))
    if _says(text, words):
        return TELLS
    found = (
        not words.isdisjoint(_CERTAIN)
        or (PRINT in words and _is_called(text, PRINT, never="."))
        or _logs(text, words)
        or _names_host(text, words)
        or _holds_secret(text, words)
    )
    return SILENT if found else IDLE


def is_telling(name: str, origin: str | None) -> bool:
    """A chunk that mentions a name of this origin is not idle, though it need not look so."""
    if not origin:
        return False
    package, _, last = origin.rpartition(".")
    if last in ENGINES or last == CONFIGURING or (package == "logging" and last in METHODS):
        return name != last or last in METHODS
    if origin in ROOT_LOGGERS or origin.startswith((*LOGGERS, *OTHER_LOGGERS.values())):
        return not LOGGER_NAME.search(name)
    if origin in SETTINGS:
        return True
    if origin.partition(".")[0].partition("(")[0] not in _ROOTS:
        return False
    return origin in _ORIGINS or any(one.startswith(f"{origin}.") or origin.startswith(f"{one}()") for one in _ORIGINS)


def _says(text: str, words: set[str]) -> bool:
    """A fact may come from it."""
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
    """It is called somewhere, with none of the characters `never` before it."""
    for match in _CALLS[name].finditer(text):
        before = text[match.start() - 1 : match.start()]
        if not (before.isalnum() or before == "_") and (not before or before not in never):
            return True
    return False


def _logs(text: str, words: set[str]) -> bool:
    methods = words & METHODS
    if not methods:
        return False
    known = not words.isdisjoint(_OF_LOGGING)
    if known:
        return True  # an alias of one of them is made, or one is called
    if any("ogger" in word for word in words):
        return any(_is_called(text, name) for name in methods)
    for name in methods:
        for match in _CALLS[name].finditer(text):
            if _LOGGER.search(text, max(0, match.start() - _RECEIVER), match.start()):
                return True
    return False


def _names_host(text: str, words: set[str]) -> bool:
    if "svc" in words and ".svc" in text:
        return True
    if not words.isdisjoint(BACKING_SERVICES) and _HOST.search(text):
        return True
    return not words.isdisjoint(_INTERNAL_WORDS) and _INTERNAL.search(text) is not None


def _holds_secret(text: str, words: set[str]) -> bool:
    if any(begin in text for begin in SHAPE_BEGINS):
        return True
    if "://" in text and "@" in text and _LOGIN.search(text):
        return True
    names = " ".join(words)
    if _SECRET.search(names) or _PASS.search(names) or _QUOTED_PASS.search(text):
        if _WEAK.search(text):
            return True
        for match in _VALUE.finditer(text):
            if match[1] is None or "\\" in match[1] or "{{" in match[1] or may_be_secret(match[1]):
                return True
    return bool(_RANDOM.search(names)) and any(is_random(match[1]) for match in _LONG.finditer(text))
