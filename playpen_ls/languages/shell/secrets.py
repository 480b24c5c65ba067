"""Hard-coded secrets in commands: one table of the programs that take one, for all languages.

A program can be given a secret as the value of an option, at a position, in an environment variable, or on standard
input. In other programs an option or setting counts whose name is that of a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise

from playpen_ls.languages.shell import parser
from playpen_ls.languages.shell.commands import Command, Word
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.pause import pause
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.secret_shapes import shapes
from playpen_ls.vocabulary.secrets import (
    connection_passwords,
    is_configured_secret,
    is_named_secret,
    is_own_host,
    is_password_name,
    is_secret_name,
    is_stand_in,
    is_template,
    is_throwaway,
    is_weak,
    url_logins,
)

KNOW_STDIN = frozenset("docker podman nerdctl buildah skopeo helm".split())
"""Programs whose `login` supports `--password-stdin`."""

# programs | an operand that must be among the first | options: `-p` with the next word, `-p~` with the value attached,
# `--password` with either, `--password=` with the value attached. A plain word such as `admin` counts, too.
_OPTIONS = """
docker podman nerdctl buildah skopeo helm oras crane regctl | login | -p -p~ --password
helm | repo | --password
oc | login | -p -p~ --password --token
az | login | -p --password
cf | login auth | -p
mysql mysqldump mysqladmin mysqlimport mysqlcheck mariadb mariadb-dump mariadb-admin mariadb-import | | -p~ --password=
mongo mongosh mongodump mongorestore mongoimport mongoexport | | -p --password
redis-cli valkey-cli | | -a --pass
redis-server valkey-server args | | --requirepass --masterauth
sshpass | | -p -p~
curl | | --oauth2-bearer --pass --proxy-pass
wget | | --password --http-password --ftp-password --proxy-password
twine | upload | -p -p~ --password
poetry | publish | -p --password
ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami | | -w
keytool jarsigner | | -storepass -keypass -srcstorepass -deststorepass -srckeypass -destkeypass
gpg gpg2 | | --passphrase
useradd usermod | | -p -p~ --password
sqlcmd bcp | | -P -P~
cqlsh rabbitmqadmin | | -p --password
kubectl | create | --docker-password
nuget | | -Password -ApiKey
dotnet | nuget | -p --password -k --api-key
doctl | auth | -t --access-token
"""
# programs | first operands | number of the operand that is the secret, from 0 after the first operands
_OPERANDS = """
htpasswd | | -1
vault | login | 0
rabbitmqctl | add_user | 1
rabbitmqctl | change_password | 1
cargo | login | 0
snyk | auth | 0
mc | alias set | 3
mc | config host add | 3
net | user | 1
"""
# `npm config set //r/:_authToken …`: programs | first operands; then a name and its value, or `name=value`
_SETTINGS = """
npm pnpm yarn | config set
npm pnpm | set
yarn | config set
aws | configure set
git | config
dotnet | user-secrets set
cf | set-env
"""
# The names of such settings that are not those of a secret: a prefix, and the number of its values.
_SETTING_NAMES = {"http-basic.": 2, "pypi-token.": 1, "github-oauth.": 1, "gitlab-token.": 1, "gitlab-oauth.": 1}
_VARIABLES = frozenset("PGPASSWORD MYSQL_PWD REDISCLI_AUTH SSHPASS MYSQL_ROOT_PASSWORD POSTGRES_PASSWORD".split())
"""Environment variables that a program takes as a password: also a plain word is one."""
_ASK_FOR_PASSWORDS = frozenset("psql createdb dropdb createuser dropuser vacuumdb reindexdb clusterdb sudo".split())
_USER_OPTIONS = ("-u", "--username", "--user")
_OWN_URL = regex(r"(?:https?://)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?![\w.-])")
_SONAR = regex(r"[0-9a-f]{40}|sq[aup]_[0-9a-f]{40}")
# After `-e`, `--set`, `-var` and the like, and alone: `name=value`, several separated by commas or blanks.
_PAIR = regex(r"(?:^|[,&?\s])[\"']?(?:-[DPe])?(?P<name>[A-Za-z_][\w.-]*)=(?P<value>[^\s,&\"']+)")
# What a program is given so becomes a variable, a property or a key of a Secret: also a plain word is a password.
_GIVES = frozenset("-e --env -D --set --set-string --from-literal --build-arg".split())
_JSON = regex(r"\"(?P<name>[\w.-]{3,40})\"\s*:\s*\"(?P<value>[^\"\s]+)\"")
_BODIES = frozenset(
    "-d --data --data-raw --data-binary --data-urlencode --data-ascii --json -F --form --post-data --body".split()
)
# Programs that run a command elsewhere: the words before it, and the options with a value that stand among them.
_ELSEWHERE = {
    "exec": frozenset(
        "-e --env -u --user -w --workdir --env-file -n --namespace -c --container --index --context".split()
    ),
    "ssh": frozenset("-i -p -o -l -F -J -L -R -D -b -c -E -e -I -m -O -Q -S -W -w".split()),
}
_HEADER = regex(
    r"(?:(?:proxy-)?authorization\s*:\s*(?:(?:bearer|basic|token)\s+)?|(?:[\w-]*-token|x-api-key|api-key|apikey)\s*:\s*)[\"']?"
    r"(?P<secret>[^\s'\"$%\\<{`]{8,})(?![$%\\{<`\w])",
    re.IGNORECASE,
)
_NPM_TOKEN = regex(r"_(?:authToken|auth|password)\s*=\s*(?P<secret>[^\s\"'$]{6,})")
_NETRC = regex(r"\bmachine\s+\S+\s+login\s+\S+\s+password\s+(?P<secret>[^\s\"'\\$]+)")
_DOCUMENTED = frozenset(("pass", "password", "passwd", "pw"))  # as in `curl -u user:password`, in documentation
HINTS = (
    *"login pass pwd= _pwd token secret _key apikey api-key cred @ authorization auth= curl mysql maria mongo".split(),
    *"redis valkey twine useradd usermod sqlcmd bcp cqlsh ldap rabbitmq snyk doctl lftp".split(),
    *("mc alias", "mc config", "net user"),
)
"""A script that contains none of these, in lower case, and no key of a provider has no secret: a cheap filter."""


@dataclass(frozen=True)
class ShellSecret:
    """A hard-coded secret; `start:end` are offsets in the fragment.

    `kind` is "login" (a password with a user option), "pair" (`user:secret` in one word), "url" or "single".
    `name` is the variable to keep a "single" secret in, "" if none can be derived. `user` is (word, start, end) of the
    literal user name, if there is one; `flag` the option before `word`. `plain`: a common word that only its name makes
    a secret. `exact` is False where quotes hide the offsets: then it is the whole word.
    """

    kind: str
    start: int
    end: int
    command: Command
    word: Word
    name: str = ""
    user: tuple[Word, int, int] | None = None
    flag: Word | None = None
    plain: bool = False
    exact: bool = True

    @property
    def label(self) -> str:
        """What uses the secret, for a message: "`docker login`", "a URL of `git`", "`NPM_TOKEN`"."""
        command = self.command
        if not command.name:
            return f"`{self.name}`" if self.name else "a variable"
        if self.kind == "url":
            return f"a URL of `{command.name}`"
        if self.word in command.assignments or command.name == "export":
            return f"`{self.name}`"
        if self.name == "NPM_TOKEN" and self.flag is None:
            return "`npm`"
        words = [word.text for word in command.operands[:3]]
        login = [word for word in words if word in ("registry", "login")] if "login" in words else []
        option = [self.flag.text] if self.flag is not None and is_secret_name(self.flag.text) and not login else []
        if self.flag is None and self.word.text.startswith("--"):
            option = [self.word.text.partition("=")[0]]
        return f"`{' '.join([command.name, *login, *option])}`"


def secrets_in(commands: Iterable[Command], *, percent: bool = False) -> Iterator[ShellSecret]:
    """The secrets of commands. `percent`: `%NAME%` is a variable, as in batch files."""
    known = tuple(inner for command in commands for inner in _with_remote(command))
    for number, command in enumerate(known):
        pause()  # a script can be the whole file
        following = known[number + 1] if number + 1 < len(known) else None
        for found in _of_command(command, following):
            if found.start < found.end and _is_literal(found, percent):
                yield found


def _of_command(command: Command, following: Command | None) -> Iterator[ShellSecret]:
    yield from _options(command)
    yield from _pair(command)
    yield from _operands(command)
    yield from _settings(command)
    yield from _named(command)
    yield from _assignments(command)
    yield from _piped(command, following)
    for word in (*command.words, *command.assignments):
        for kind, start, end, name in in_text(word.text):
            yield _at(command, kind, word, start, end, name=name, anywhere=True)


def _with_remote(command: Command) -> Iterator[Command]:
    """A command, and those that it has run in a container or on another machine: `docker exec db mysql -p…`."""
    yield command
    name, words = command.name, list(command.arguments)
    if name in ("docker", "podman", "nerdctl", "docker-compose", "kubectl", "oc"):
        at = next((number for number, word in enumerate(words[:6]) if word.text == "exec"), -1)
        words = words[at + 1 :] if at >= 0 else []
    elif name != "ssh":
        return
    valued = _ELSEWHERE["ssh" if name == "ssh" else "exec"]
    while words and words[0].text.startswith("-") and words[0].text != "--":
        option = words.pop(0).text
        if option in valued and words:
            words.pop(0)
    words = words[1:]  # the container or host
    end = next((number for number, word in enumerate(words) if word.text == "--"), -1)
    words = words[end + 1 :]
    if name == "ssh" and len(words) == 1 and words[0].quote:
        first = words[0]
        shell = (Word(first.fragment, first.start, first.start, text, True, "") for text in ("sh", "-c"))
        words = [*shell, first]
    yield from parser.exec_form(tuple(words))


def in_text(text: str) -> Iterator[tuple[str, int, int, str]]:
    """(kind, start, end, variable) of URLs with a password, headers, lines of `.netrc`, and keys of providers."""
    for login in url_logins(text):
        if not is_throwaway(login, text):
            yield "url", login.password.start, login.password.end, ""
    for pattern, name in ((_HEADER, "API_TOKEN"), (_NPM_TOKEN, "NPM_TOKEN"), (_NETRC, "NETRC_PASSWORD")):
        for match in pattern.finditer(text):
            if not is_template(match["secret"]) and not is_secret_name(match["secret"].strip("[]()")):
                yield "single", match.start("secret"), match.end("secret"), name
    for span in connection_passwords(text):
        yield "single", span.start, span.end, "PGPASSWORD"
    for span in shapes(text):
        yield "single", span.start, span.end, shape_name(text[span.start : span.end])


def shape_name(secret: str) -> str:
    """The usual environment variable for a provider's key; "" if none is known."""
    prefixes = {"AKIA": "AWS_ACCESS_KEY_ID", "gh": "GITHUB_TOKEN", "glpat": "GITLAB_TOKEN", "xox": "SLACK_TOKEN"}
    prefixes |= {"npm_": "NPM_TOKEN", "eyJ": "API_TOKEN", "pypi-": "PYPI_TOKEN", "hf_": "HF_TOKEN"}
    return next((name for prefix, name in prefixes.items() if secret.startswith(prefix)), "")


def place(word: Word, start: int, end: int | None = None) -> tuple[int, int] | None:
    """The range of `text[start:end]` of a word in the fragment; None if its quoting is too complex to tell."""
    end = len(word.text) if end is None else end
    raw, text = word.raw, word.text
    if raw == text:
        return word.start + start, word.start + end
    if word.quote in ("'", '"') and raw[1:-1] == text:
        return word.start + 1 + start, word.start + 1 + end
    if word.quote == '"' and "\\" in raw:
        offsets = [at for at in range(1, len(raw) - 1) if not _is_escape(raw, at)]
        if "".join(raw[at] for at in offsets) == text and start < end:
            return word.start + offsets[start], word.start + offsets[end - 1] + 1
    behind = raw[start:]
    if raw[:start] == text[:start] and behind[:1] in ("'", '"') and behind == behind[0] + text[start:] + behind[0]:
        return word.start + start + 1, word.start + end + 1  # NAME='value'
    quote = min((at for mark in "'\"" if (at := raw.find(mark)) >= 0), default=-1)
    if 0 <= quote <= start and raw[-1] == raw[quote] and raw[:quote] + raw[quote + 1 : -1] == text:
        return word.start + start + 1, word.start + end + 1  # a part of it
    return None


def _is_escape(raw: str, at: int) -> bool:
    """Whether a character between double quotes is a backslash that the shell drops."""
    before = len(raw[:at]) - len(raw[:at].rstrip("\\"))
    return raw[at] == "\\" and before % 2 == 0 and raw[at + 1] in '"\\$`'


def _at(
    command: Command,
    kind: str,
    word: Word,
    start: int,
    end: int | None = None,
    *,
    name: str = "",
    user: tuple[Word, int, int] | None = None,
    flag: Word | None = None,
    plain: bool = False,
    anywhere: bool = False,
) -> ShellSecret:
    """The secret `text[start:end]` of a word; empty, and so ignored, where the word is not known literally."""
    where = place(word, start, end)
    exact = where is not None
    if not exact:
        where = word.start, word.end
    if not (word.plain or anywhere):
        where = word.start, word.start
    assert where is not None
    return ShellSecret(kind, *where, command, word, name, user, flag, plain, exact)


def _is_literal(found: ShellSecret, percent: bool) -> bool:
    text = found.word.fragment.text[found.start : found.end]
    if found.word.fragment.holds_hole(found.start, found.end) or (percent and "%" in text):
        return False
    return not re.search(r"[$`<>{}]|%[\w{(]", text if found.exact else found.word.text)


def _is_password(value: str) -> bool:
    return bool(value) and not is_template(value)


@cache
def _option_table() -> dict[str, list[tuple[frozenset[str], tuple[str, ...]]]]:
    table: dict[str, list[tuple[frozenset[str], tuple[str, ...]]]] = {}
    for line in _OPTIONS.strip().split("\n"):
        programs, operands, options = (part.split() for part in line.split("|"))
        for program in programs:
            table.setdefault(program, []).append((frozenset(operands), tuple(options)))
    return table


@cache
def _operand_table(rows: str) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    table: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for line in rows.strip().split("\n"):
        programs, operands, *rest = (part.strip() for part in line.split("|"))
        for program in programs.split():
            table.setdefault(program, []).append((tuple(operands.split()), rest[0] if rest else ""))
    return table


def value_of(command: Command, *names: str) -> tuple[Word, int, Word | None] | None:
    """(word of an option's value, offset of the value in it, word of the option if it is a separate one).

    A name such as `-p~` has its value attached.
    """
    words = command.arguments
    for index, word in enumerate(words):
        for name in names:
            bare = name.rstrip("~=")
            if word.text == name and index + 1 < len(words):
                return words[index + 1], 0, word
            if bare.startswith("--") and word.text.startswith(bare + "="):
                return word, len(bare) + 1, None
            if name.endswith("~") and word.text.startswith(bare) and len(word.text) > len(bare):
                return word, len(bare), None
    return None


def _options(command: Command) -> Iterator[ShellSecret]:
    for operands, options in _option_table().get(command.name.lower().removesuffix(".exe"), ()):
        if operands and not any(word.text in operands for word in command.arguments[:3]):
            continue
        found = value_of(command, *options)
        if found is None:
            continue
        word, start, flag = found
        value = word.text[start:]
        if not _is_password(value) or _is_own_database(command, value):
            continue
        attached = ("-u~",) if command.name.startswith(("mysql", "maria")) else ()
        user = value_of(command, *_USER_OPTIONS, *attached)
        known = None
        if user is not None and user[0].plain and _is_password(user[0].text[user[1] :]):
            user_place = place(user[0], user[1])
            known = (user[0], *user_place) if user_place else None
        tool = re.sub(r"\W+", "_", command.name).upper()
        name = "SSHPASS" if command.name == "sshpass" else "" if attached else f"{tool}_PASSWORD"
        yield _at(command, "login" if known else "single", word, start, name=name, user=known, flag=flag)


def _is_own_database(command: Command, password: str) -> bool:
    """Whether a weak password belongs to a service on the build machine itself, as tests start one."""
    host = value_of(command, "-h", "-h~", "--host")
    return is_weak(password) and host is not None and is_own_host(host[0].text[host[1] :])


def _pair(command: Command) -> Iterator[ShellSecret]:
    """`curl -u U:V`."""
    if command.name not in ("curl", "wget", "lftp"):
        return
    options = "-u", "-u~", "--user", "-U", "--proxy-user"
    found = value_of(command, *options)
    if found is None:
        return
    word, start, flag = found
    mark = "," if command.name == "lftp" else ":"
    user, colon, password = word.text[start:].partition(mark)
    if not colon or not _is_password(password) or (password.lower() in _DOCUMENTED and is_stand_in(user)):
        return
    if is_weak(password) and any(_OWN_URL.match(one.text) for one in command.arguments):
        return
    user_place = place(word, start, start + len(user)) if _is_password(user) else None
    if user and user_place is None and word.quote != "mixed":
        return
    known = (word, *user_place) if user_place else None
    yield _at(command, "pair" if known else "single", word, start + len(user) + 1, user=known, flag=flag,
              name=f"{command.name.upper()}_PASSWORD")  # fmt: skip


def _operands(command: Command) -> Iterator[ShellSecret]:
    for first, number in _operand_table(_OPERANDS).get(command.name, ()):
        if not command.runs(command.name, *first):
            continue
        rest = command.operands[len(first) :]
        if command.name == "htpasswd" and not any(re.match(r"-[a-zA-Z]*b", word.text) for word in command.arguments):
            continue
        at = int(number)
        if len(rest) <= at or (at < 0 and len(rest) < 2):
            continue
        word = rest[at]
        # `vault login method=userpass`, `net user name /add`
        if _is_password(word.text) and not ("=" in word.text and at == 0) and not word.text.startswith("/"):
            yield _at(command, "single", word, 0, name=f"{command.name.upper()}_PASSWORD")


def _settings(command: Command) -> Iterator[ShellSecret]:
    operands = command.operands
    if command.name in ("composer", "poetry") and command.runs(command.name, "config"):
        for number, word in enumerate(operands):
            count = next((count for prefix, count in _SETTING_NAMES.items() if word.text.startswith(prefix)), 0)
            if count and len(operands) > number + count and _is_password(operands[number + count].text):
                yield _at(command, "single", operands[number + count], 0, name=f"{command.name.upper()}_TOKEN")
    for first, _ in _operand_table(_SETTINGS).get(command.name, ()):
        rest = operands[len(first) :]
        if not command.runs(command.name, *first) or len(rest) < 2:
            continue
        for name, value in pairwise(rest):
            setting = re.split(r"[:.]", name.text)[-1]
            if is_named_secret(setting, value.text) or setting in ("_authToken", "_auth", "_password"):
                variable = "NPM_TOKEN" if setting.startswith("_auth") else re.sub(r"\W+", "_", setting).upper()
                yield _at(command, "single", value, 0, name=variable)


def _named(command: Command) -> Iterator[ShellSecret]:
    """`--db-password V`, `-Dsonar.token=V`, `--set db.password=V`, `-e POSTGRES_PASSWORD=V`, `password=V`."""
    words = command.arguments
    tool = re.sub(r"\W+", "_", command.name).upper()
    for index, word in enumerate(words):
        text = word.text
        before = words[index - 1].text if index else ""
        if before in _BODIES and command.name in ("curl", "wget", "http"):
            yield from _body(command, word)
            continue
        if text.startswith("--") and "=" not in text and index + 1 < len(words):
            value = words[index + 1]
            if value.text.startswith("-"):
                continue
            if is_named_secret(text, value.text):
                suffix = re.sub(r"\W+", "_", text.strip("-")).upper()
                user = _user_before(command) if suffix == "PASSWORD" else None
                kind = "login" if user else "single"
                yield _at(command, kind, value, 0, name=f"{tool}_{suffix}", user=user, flag=word)
            elif _takes_password(command, text) and is_configured_secret(text, value.text):
                yield _at(command, "single", value, 0, name=f"{tool}_PASSWORD", flag=word, plain=True)
        elif text.startswith("--") and (match := re.match(r"(--[\w.-]+)=", text)):
            value_text = text[match.end() :]
            if is_named_secret(match[1], value_text):
                suffix = re.sub(r"\W+", "_", match[1].strip("-")).upper()
                user = _user_before(command) if suffix == "PASSWORD" else None
                yield _at(command, "login" if user else "single", word, match.end(), name=f"{tool}_{suffix}", user=user)
            elif is_password_name(match[1]) and is_configured_secret(match[1], value_text):
                yield _at(command, "single", word, match.end(), name=f"{tool}_PASSWORD", plain=True)
            else:
                yield from _pairs(command, word, match.end(), match[1])
        elif "=" in text:
            yield from _pairs(command, word, 0, text[:2] if text.startswith(("-D", "-e")) else before)


def _takes_password(command: Command, option: str) -> bool:
    """Whether the next word is the password: clients of databases ask for it instead, as `psql --password app` does."""
    asks = command.name.startswith(("mysql", "mariadb", "pg_")) or command.name in _ASK_FOR_PASSWORDS
    return is_password_name(option) and not asks and not option.startswith(("--no-", "--reset-", "--ask-"))


def _user_before(command: Command) -> tuple[Word, int, int] | None:
    user = value_of(command, *_USER_OPTIONS)
    where = place(user[0], user[1]) if user is not None and user[0].plain else None
    return (user[0], *where) if user is not None and where and _is_password(user[0].text[user[1] :]) else None


def _body(command: Command, word: Word) -> Iterator[ShellSecret]:
    """`client_secret=V&…` and `{"password": "V"}`, which are sent."""
    own = any(_OWN_URL.match(one.text) for one in command.arguments)
    for match in (*_JSON.finditer(word.text), *(_PAIR.finditer(word.text) if "=" in word.text else ())):
        name, value = match["name"], match["value"]
        plain = is_password_name(name) and is_configured_secret(name, value) and not (own and is_weak(value))
        if is_named_secret(name, value) or plain:
            variable = re.sub(r"\W+", "_", name).upper()
            plain = not is_named_secret(name, value)
            yield _at(command, "single", word, *match.span("value"), name=variable, plain=plain, anywhere=True)


def _pairs(command: Command, word: Word, start: int, option: str) -> Iterator[ShellSecret]:
    for match in _PAIR.finditer(word.text[start:]):
        name, value = match["name"], match["value"]
        last = re.split(r"[.]", name)[-1]
        strong = is_named_secret(last, value) or (name == "sonar.login" and _SONAR.fullmatch(value))
        given = not strong and option in _GIVES
        plain = given and is_configured_secret(last, value, tokens=option in ("-e", "--env"))
        if strong or plain:
            variable = re.sub(r"\W+", "_", name).upper()
            begin, end = match.span("value")
            yield _at(command, "single", word, start + begin, start + end, name=variable, plain=plain)


def _assignments(command: Command) -> Iterator[ShellSecret]:
    """`PGPASSWORD=V psql`, `export TOKEN=V`, `$env:TOKEN = "V"`."""
    words = list(command.assignments)
    if command.name in ("export", "set", "declare", "readonly", "local", "setx"):
        words += command.arguments
    for word in words:
        name, equals, value = word.text.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name):
            continue
        if is_named_secret(name, value) or (name in _VARIABLES and _is_password(value)):
            if name in _VARIABLES and _is_own_database(command, value):
                continue
            yield _at(command, "single", word, len(name) + 1, name=name)
        # Of other keys, a made-up one is enough for one command: `SECRET_KEY=build manage.py collectstatic`.
        elif is_password_name(name) and is_configured_secret(name, value) and not _is_own_database(command, value):
            yield _at(command, "single", word, len(name) + 1, name=name, plain=True)
    if command.words and (match := re.fullmatch(r"\$env:(\w+)", command.words[0].text)) and len(command.words) == 3:
        value_word = command.words[2]
        if command.words[1].text == "=" and is_named_secret(match[1], value_word.text):
            yield _at(command, "single", value_word, 0, name=match[1])


def _piped(command: Command, following: Command | None) -> Iterator[ShellSecret]:
    """`echo V | docker login --password-stdin`, `echo user:V | chpasswd`."""
    if following is None or command.after != "|" or command.name not in ("echo", "printf") or not command.operands:
        return
    word = command.operands[-1]
    text = word.text
    if following.name == "chpasswd":
        user, colon, password = text.removesuffix("\\n").partition(":")
        if colon and _is_password(password):
            yield _at(command, "single", word, len(user) + 1, len(user) + 1 + len(password), name="USER_PASSWORD")
    elif _is_password(text) and (
        following.has("--password-stdin", "--with-token")
        or (following.name == "passwd" and following.has("--stdin"))
        or (following.wrapper == "sudo" and "sudo -S" in following.fragment.text)
    ):
        name = f"{re.sub(r'[^A-Z0-9]+', '_', following.name.upper())}_PASSWORD"
        yield _at(following, "single", word, 0, name=name)
