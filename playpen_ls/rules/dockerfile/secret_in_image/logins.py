"""Hard-coded secrets in shell commands: passwords of logins, tokens in options, keys with a known format."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.languages.shell.parser import Command, Option, Word
from playpen_ls.text.span import Span
from playpen_ls.vocabulary import secrets

_PASSWORD_OPTIONS = frozenset(("-p", "--password"))
_BEARER = re.compile(
    r"(?:authorization|private-token|x-api-key)\s*:\s*(?:(?:bearer|token|basic)\s+)?(?P<secret>\S+)", re.IGNORECASE
)
_NPM_TOKEN = re.compile(r"_(?:authToken|auth|password)\s*=\s*(?P<secret>[^\s\"']+)")
_ASSIGNED = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>.+)", re.DOTALL)
HINTS = tuple(
    "login passw token secret apikey api_key api-key credential sshpass pwd authorization @ curl private akia asia ghp_"
    " gho_ ghu_ ghs_ ghr_ github_pat_ glpat- xox k_live_ sk- aiza sg. pypi- npm_ eyj".split()
)
"""Lower-case substrings for a fast pre-check: a text without any of them does not contain a hard-coded secret."""


def literal_secrets(commands: tuple[Command, ...]) -> Iterator[tuple[Span, str]]:
    """The span of each secret, and what uses it, as text for a message. Each span once."""
    seen: set[Span] = set()
    for number, command in enumerate(commands):
        following = commands[number + 1] if number + 1 < len(commands) else None
        for span, user in _of_command(command, following):
            if span not in seen and span.start < span.end:
                seen.add(span)
                yield span, user


def _of_command(command: Command, following: Command | None) -> Iterator[tuple[Span, str]]:
    name = command.name
    is_login = bool(command.operands) and command.operands[0].text == "login"
    for option in command.options:
        if is_login and option.name in _PASSWORD_OPTIONS:
            if _is_literal(option.text):
                yield option.value_span, f"`{name} login`"
        elif name == "sshpass" and option.name.startswith("-p"):
            yield from _sshpass(option, command)
        elif name == "curl" and option.name in ("-u", "--user"):
            yield from _user_and_password(option)
        elif (
            option.name.startswith("--")
            and secrets.is_named_secret(option.name, option.text)
            and _is_literal(option.text)
        ):
            yield option.value_span, f"`{name} {option.name}`"
    if (
        following is not None
        and command.after == "|"
        and name in ("echo", "printf")
        and following.has("--password-stdin")
    ):
        for word in command.operands[-1:]:
            if _is_literal(word.text):
                yield _inside(word), f"`{following.name} login`"
    for word in (*command.assignments, *(command.arguments if name == "export" else ())):
        match = _ASSIGNED.fullmatch(word.text)
        if match and secrets.is_named_secret(match["name"], match["value"]) and _is_literal(match["value"]):
            yield word.part(match.start("value"), match.end("value")), f"`{match['name']}`"
    for word in (*command.words, *command.assignments):
        yield from _in_word(word, f"`{name}`" if name else "a variable")


def _in_word(word: Word, user: str) -> Iterator[tuple[Span, str]]:
    text = word.text
    for login in secrets.url_logins(text):
        if "$" not in text[login.password.start : login.password.end]:
            yield word.part(login.password.start, login.password.end), f"a URL of {user}"
    for span in secrets.shapes(text):
        yield word.part(span.start, span.end), user
    for pattern, whose in ((_BEARER, user), (_NPM_TOKEN, "`npm`")):
        match = pattern.search(text)
        if match and _is_literal(match["secret"]) and len(match["secret"]) > 7:
            yield word.part(match.start("secret"), match.end("secret")), whose


def _sshpass(option: Option, command: Command) -> Iterator[tuple[Span, str]]:
    attached = option.word.text[2:]
    if attached and _is_literal(attached):
        yield option.word.part(2, len(option.word.text)), "`sshpass`"
    elif not attached and command.operands and _is_literal(command.operands[0].text):
        yield _inside(command.operands[0]), "`sshpass`"


def _user_and_password(option: Option) -> Iterator[tuple[Span, str]]:
    word = option.value
    _, colon, password = option.text.partition(":")
    if word is not None and colon and _is_literal(password) and password.lower() not in ("pass", "password"):
        yield word.part(len(word.text) - len(password), len(word.text)), "`curl`"


def _inside(word: Word) -> Span:
    return word.part(0, len(word.text))


def _is_literal(value: str) -> bool:
    return bool(value) and not secrets.is_template(value) and not re.search(r"[$`]|%[\w{(]", value)
