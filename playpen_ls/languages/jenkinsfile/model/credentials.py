"""The variables that `withCredentials([…])` and `credentials('…')` bind, and their scope."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from playpen_ls.languages.jenkinsfile.model.pipeline import Assignment, EnvironmentEntry
from playpen_ls.languages.jenkinsfile.syntax.tree import Argument, Call
from playpen_ls.vocabulary.names import snake

_PATHS = frozenset(("keyFileVariable", "keystoreVariable"))
_FILES = frozenset(("file", "zip", "dockerCert", "kubeconfigFile", "kubeconfigContent"))
_NAMES = frozenset(("usernameVariable", "aliasVariable"))
# Names of accounts, hosts and the like: often kept in the credentials store, but not secret.
_IDENTIFIER = re.compile(
    r"(?:^|_)(?:(?:id|name|username|user|email|repository|repo|zone|host|hostname|port|domain|org|organi[sz]ation|"
    r"project|registry|namespace|cluster|tenant|channel|server|branch|version)s?$|(?:account|bucket|region|role|arn)s?(?:_|$))"
)
_STORE_ENTRY = re.compile(r"\benvVar(?:iable)?\s*:\s*['\"](\w+)['\"]")
_SECRET_WORD = re.compile(r"pass|pwd|secret|token|key|hook|cred|cert|private|auth")


def is_identifier(name: str) -> bool:
    """Whether the name denotes an account, bucket, host or the like: `AWS_ACCOUNT_ID`, but not `ACCESS_KEY_ID`."""
    spelled = snake(name)
    return bool(_IDENTIFIER.search(spelled)) and not _SECRET_WORD.search(spelled)


@dataclass(frozen=True)
class Binding:
    """One binding of `withCredentials`. `variables` maps arguments to names: `{"passwordVariable": "P"}`."""

    kind: str
    variables: dict[str, str]

    @property
    def secrets(self) -> set[str]:
        if self.kind in _FILES:
            return set()
        return {name for argument, name in self.variables.items() if argument not in _PATHS} - self.users

    @property
    def users(self) -> set[str]:
        """Variables for users, accounts, hosts and the like, which are not secret."""
        return {
            name
            for argument, name in self.variables.items()
            if argument in _NAMES or (argument == "variable" and is_identifier(name))
        }


@dataclass(frozen=True)
class Bound:
    """The credential variables in scope at some place: secrets, names of users and accounts, paths of files."""

    secrets: frozenset[str]
    users: frozenset[str]
    paths: frozenset[str]
    logins: frozenset[tuple[str, str]]
    """(user variable, password variable) pairs of one credential."""

    @property
    def all(self) -> frozenset[str]:
        return self.secrets | self.users | self.paths

    def users_beside(self, secrets: frozenset[str]) -> frozenset[str]:
        """The user variables whose password is one of `secrets`."""
        return frozenset(user for user, secret in self.logins if secret in secrets)


def bindings(call: Call) -> Iterator[Binding]:
    """The bindings of a `withCredentials` call."""
    for argument in call.positional + tuple(one for one in call.arguments if one.name == "bindings"):
        for item in argument.items or (argument,):
            yield from _binding(item)


def _binding(item: Argument) -> Iterator[Binding]:
    call = item.call
    if call is not None:
        yield Binding(call.name, _variables(call.arguments))
    elif item.items:  # [$class: 'UsernamePasswordMultiBinding', …]
        kind = next((one.value for one in item.items if one.name == "$class"), None)
        yield Binding(kind or "", _variables(item.items))


def _variables(arguments: tuple[Argument, ...]) -> dict[str, str]:
    named = ((one.name, one.value) for one in arguments)
    return {name: value for name, value in named if name and value and name.lower().endswith("variable")}


def enclosing_bindings(call: Call) -> Iterator[Binding]:
    """The `withCredentials` bindings in scope at a call, innermost first."""
    for around in call.enclosing:
        if around.name == "withCredentials":
            yield from bindings(around)


def is_credential_entry(one: Assignment) -> bool:
    """Whether it is an entry `NAME = credentials('id')` of `environment {…}`."""
    return isinstance(one, EnvironmentEntry) and one.value.call is not None and one.value.call.name == "credentials"


def variables_of_store(text: str) -> tuple[str, ...]:
    """The variables of entries such as `[envVar: 'DB_PW', vaultKey: 'pw']`, which `withVault` and others take."""
    return tuple(_STORE_ENTRY.findall(text)) if "envVar" in text else ()


def bound_at(
    call: Call,
    entries: Iterable[EnvironmentEntry],
    outer: Iterable[str],
    lists: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> Bound:
    """The credential variables in scope at a call.

    `entries` are the credential entries of the region, `outer` the names of those in the frames around it, `lists` the
    variables of local lists of entries for a store of secrets, by the name of the list.
    """
    secrets, users, everything = set[str](), set[str](), set[str]()
    logins = set[tuple[str, str]]()
    for binding in enclosing_bindings(call):
        secrets |= binding.secrets
        users |= binding.users
        everything |= set(binding.variables.values())
        logins.update((user, secret) for user in binding.users for secret in binding.secrets)
    for around in call.enclosing:
        if around.name.startswith("with") and around.name not in ("withCredentials", "withEnv"):
            text = " ".join(argument.text for argument in around.arguments if argument.block is None)
            for variable in (
                *variables_of_store(text),
                *(one for word in re.findall(r"\w+", text) for one in lists.get(word, ())),
            ):
                (users if is_identifier(variable) else secrets).add(variable)
    start = call.span.start
    names = [entry.name for entry in entries if entry.scope is not None and entry.scope.contains(start)]
    for name in (*names, *outer):
        user, secret = f"{name}_USR", f"{name}_PSW"
        secrets.add(secret)
        users.add(user)
        logins.add((user, secret))
        (users if is_identifier(name) else secrets).add(name)
    return Bound(frozenset(secrets), frozenset(users), frozenset(everything) - secrets - users, frozenset(logins))
