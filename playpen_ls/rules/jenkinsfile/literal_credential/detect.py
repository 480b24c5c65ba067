"""Hard-coded secrets in the scripts of shell steps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from playpen_ls.languages.jenkinsfile.syntax.tree import ShellStep
from playpen_ls.languages.shell.parser import Command, Word
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.secrets import Login, is_named_secret, is_template, is_weak, shapes, url_logins

WORDS = tuple(
    """login passw _pass _pwd mysql_pwd token secret _key apikey api-key cred @ -u authorization mysql mariadb akia
    asia ghp_ gho_ ghu_ ghs_ ghr_ github_pat glpat- xox k_live_ private eyj npm_ pypi- aiza sk- sg.""".split()
)
"""A script that contains none of these, compared in lower case, has no leak: a cheap filter before parsing."""
_MOST = 50  # leaks per script; more would be a dump of keys
_LOGINS = frozenset(("docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "oc", "az", "cf"))
KNOW_STDIN = frozenset(("docker", "podman", "nerdctl", "buildah", "skopeo", "helm"))
"""Programs whose `login` supports `--password-stdin`."""
_MYSQL = frozenset(("mysql", "mysqldump", "mysqladmin", "mysqlimport", "mariadb", "mariadb-dump"))
_OWN_HOSTS = frozenset(("localhost", "127.0.0.1", "::1"))
_OWN_URL = re.compile(r"https?://(?:localhost|127\.0\.0\.1)(?![\w.-])")
_CONNECTION = frozenset(("PGPASSWORD", "MYSQL_PWD", "REDISCLI_AUTH", "SSHPASS"))
_PROPERTY = re.compile(r"-[DP](?P<name>[\w.-]+)=(?P<value>.+)")
_HEADER = re.compile(
    r"Authorization:\s*(?:Bearer|Basic|token)\s+(?P<value>[^\s'\"$%\\<{]{8,})(?![$%\\{<])", re.IGNORECASE
)
_SONAR = re.compile(r"[0-9a-f]{40}|sq[aup]_[0-9a-f]{40}")


@dataclass(frozen=True)
class Leak:
    """A hard-coded secret: `start:end` of the script's decoded text.

    `kind` is "login" (a password with a user option), "pair" (`user:secret` in one word), "url", or
    "single". `name` is the variable to bind a "single" secret to, "" if none can be derived. `user` is
    (word, start, end) of the literal user name, if there is one; `flag` the option before `word`.
    """

    kind: str
    step: ShellStep
    start: int
    end: int
    command: Command | None = None
    word: Word | None = None
    name: str = ""
    user: tuple[Word, int, int] | None = None
    flag: Word | None = None

    @property
    def span(self) -> Span:
        assert self.step.script is not None
        return self.step.script.fragment.span(self.start, self.end)


def leaks(step: ShellStep) -> list[Leak]:
    """The hard-coded secrets of a script in text order, without overlaps."""
    literal = step.script
    if literal is None:
        return []
    found: list[Leak] = []
    for leak in chain(_in_commands(step), _in_text(step)):
        if not any(leak.start < other.end and other.start < leak.end for other in found):
            found.append(leak)
            if len(found) == _MOST:
                break
    return sorted(found, key=lambda leak: leak.start)


def place(word: Word, start: int, end: int | None = None) -> tuple[int, int] | None:
    """The range of `text[start:end]` of a word in the fragment; None if its quoting is too complex to tell."""
    end = len(word.text) if end is None else end
    raw, text = word.raw, word.text
    if raw == text:
        return word.start + start, word.start + end
    if word.quote in ("'", '"') and raw[1:-1] == text:
        return word.start + 1 + start, word.start + 1 + end
    behind = raw[start:]
    if raw[:start] == text[:start] and behind[:1] in ("'", '"') and behind == behind[0] + text[start:] + behind[0]:
        return word.start + start + 1, word.start + end + 1  # NAME='value'
    return None


def _literal(value: str, step: ShellStep) -> bool:
    if step.name == "bat" and "%" in value:
        return False
    return not is_template(value) and not re.search(r"[$`<>{}]", value)


def value_of(command: Command, *names: str) -> tuple[Word, int, Word | None] | None:
    """(word of an option's value, offset of the value in it, word of the option if it is a separate one)."""
    words = command.arguments
    for index, word in enumerate(words):
        for name in names:
            if word.text == name and index + 1 < len(words):
                return words[index + 1], 0, word
            if name.startswith("--") and word.text.startswith(name + "="):
                return word, len(name) + 1, None
            joined = name in ("-u", "-p", "-h") and word.text.startswith(name) and len(word.text) > 2
            if joined and (command.name in ("curl", "wget") or command.name in _MYSQL):
                return word, 2, None
    return None


def _in_commands(step: ShellStep) -> Iterator[Leak]:
    for command in step.commands:
        yield from _login(step, command)
        yield from _pair(step, command)
        yield from _options(step, command)
        yield from _assignments(step, command)


def _login(step: ShellStep, command: Command) -> Iterator[Leak]:
    """`docker login -u U -p V`, `mysql -u U -pV`."""
    operands = [word.text for word in command.operands[:3]]
    mysql = command.name in _MYSQL
    if not mysql and not (command.name in _LOGINS and "login" in operands):
        return
    found = value_of(command, "-p", "--password")
    if found is None or (mysql and found[2] is not None):  # a separate `-p` makes mysql prompt for the password
        return
    if mysql and _is_own_database(command, found[0].text[found[1] :]):
        return
    yield from _password(step, command, found, value_of(command, "-u", "--username", "--user"), name="")


def _is_own_database(command: Command, password: str) -> bool:
    """Whether a weak password belongs to a database on the build machine itself, as tests start one."""
    host = value_of(command, "-h", "--host")
    return is_weak(password) and host is not None and host[0].text[host[1] :] in _OWN_HOSTS


def is_throwaway(login: Login, text: str) -> bool:
    """Whether a weak password belongs to the URL of a service on the build machine itself."""
    return is_weak(text[login.password.start : login.password.end]) and login.host.partition(":")[0] in _OWN_HOSTS


def _password(
    step: ShellStep,
    command: Command,
    found: tuple[Word, int, Word | None],
    user: tuple[Word, int, Word | None] | None,
    name: str,
) -> Iterator[Leak]:
    word, start, flag = found
    where = place(word, start)
    if where is None or not word.plain or not _literal(word.text[start:], step):
        return
    known_user = None
    if user is not None and user[0].plain and _literal(user[0].text[user[1] :], step):
        user_place = place(user[0], user[1])
        known_user = (user[0], *user_place) if user_place else None
    yield Leak("login" if known_user else "single", step, *where, command, word, name, known_user, flag)


def _pair(step: ShellStep, command: Command) -> Iterator[Leak]:
    """`curl -u U:V`."""
    if command.name not in ("curl", "wget"):
        return
    found = value_of(command, "-u", "--user", "--proxy-user")
    if found is None:
        return
    word, start, flag = found
    user, colon, password = word.text[start:].partition(":")
    if is_weak(password) and any(_OWN_URL.match(one.text) for one in command.arguments):
        return
    where = place(word, start + len(user) + 1)
    if colon and where and password and _literal(password, step) and _literal(user, step) and word.plain:
        user_place = place(word, start, start + len(user))
        if user_place:
            yield Leak("pair", step, *where, command, word, "", (word, *user_place), flag)


def _options(step: ShellStep, command: Command) -> Iterator[Leak]:
    """`--password V`, `--token=V`, `-Dsonar.token=V`."""
    tool = re.sub(r"\W+", "_", command.name).upper()
    for option, suffix in (("--password", "PASSWORD"), ("--token", "TOKEN")):
        found = value_of(command, option)
        if found is not None and found[0].plain:
            value = found[0].text[found[1] :]
            weak_counts = command.name == "wget" and option == "--password"
            if is_named_secret(suffix, value) or (weak_counts and is_weak(value)):
                user = value_of(command, "--username", "--user") if suffix == "PASSWORD" else None
                yield from _password(step, command, found, user, f"{tool}_{suffix}")
    for word in command.arguments:
        match = _PROPERTY.fullmatch(word.text) if word.text.startswith("-") else None
        if match is None or not word.plain:
            continue
        name, value = match["name"], match["value"]
        if is_named_secret(name.rpartition(".")[2], value) or (name == "sonar.login" and _SONAR.fullmatch(value)):
            where = place(word, match.start("value"))
            if where and _literal(value, step):
                yield Leak("single", step, *where, command, word, re.sub(r"\W+", "_", name).upper())


def _assignments(step: ShellStep, command: Command) -> Iterator[Leak]:
    """`PGPASSWORD=V psql`, `export TOKEN=V`, `docker run -e PASSWORD=V`."""
    words = list(command.assignments)
    if command.name in ("export", "set", "declare", "readonly", "local"):
        words += command.arguments
    elif command.name in ("docker", "podman", "nerdctl"):
        previous = ("", *(word.text for word in command.words))
        words += (
            word
            for word, before in zip(command.words, previous, strict=False)
            if before in ("-e", "--env", "--build-arg")
        )
    for word in words:
        name, equals, value = word.text.partition("=")
        if not equals or not word.plain or not re.fullmatch(r"[A-Za-z_]\w*", name):
            continue
        if is_named_secret(name, value) or (name in _CONNECTION and value):
            if name in _CONNECTION and _is_own_database(command, value):
                continue
            where = place(word, len(name) + 1)
            if where and _literal(value, step):
                yield Leak("single", step, *where, command, word, name)


def _in_text(step: ShellStep) -> Iterator[Leak]:
    """URLs with a password, `Authorization` headers and provider keys, anywhere in the script."""
    assert step.script is not None
    fragment = step.script.fragment
    text = fragment.text
    for login in url_logins(text):
        if not is_throwaway(login, text) and not (
            step.name == "bat" and "%" in text[login.password.start : login.password.end]
        ):
            yield _of_word(step, "url", login.password.start, login.password.end)
    for match in _HEADER.finditer(text):
        if not is_template(match["value"]):
            yield _of_word(step, "single", match.start("value"), match.end("value"), "API_TOKEN")
    for span in shapes(text):
        if not fragment.holds_hole(span.start, span.end):
            yield _of_word(step, "single", span.start, span.end, shape_name(text[span.start : span.end]))


def _of_word(step: ShellStep, kind: str, start: int, end: int, name: str = "") -> Leak:
    for command in step.commands:
        for word in (*command.words, *command.assignments):
            if word.start <= start < word.end:
                return Leak(kind, step, start, end, command, word, name)
    return Leak(kind, step, start, end, name=name)


def shape_name(secret: str) -> str:
    """The usual environment variable for a provider's key; "" if none is known."""
    prefixes = {"AKIA": "AWS_ACCESS_KEY_ID", "gh": "GITHUB_TOKEN", "glpat": "GITLAB_TOKEN", "xox": "SLACK_TOKEN"}
    prefixes |= {"npm_": "NPM_TOKEN", "eyJ": "API_TOKEN", "pypi-": "PYPI_TOKEN"}
    return next((name for prefix, name in prefixes.items() if secret.startswith(prefix)), "")
