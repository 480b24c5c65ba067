"""The variables that `withCredentials([…])` and `credentials('…')` bind, and their scope."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from playpen_ls.languages.jenkinsfile.model.pipeline import Assignment, EnvironmentEntry
from playpen_ls.languages.jenkinsfile.model.region import Region
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.tree import Argument, Block, Call
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.names import snake

_PATHS = frozenset(("keyFileVariable", "keystoreVariable"))
_FILES = frozenset(("file", "zip", "dockerCert", "kubeconfigFile", "kubeconfigContent"))
_NAMES = frozenset(("usernameVariable", "aliasVariable"))
# Names of accounts, hosts and the like: often kept in the credentials store, but not secret.
_IDENTIFIER = regex(
    r"(?:^|_)(?:(?:id|name|username|user|email|repository|repo|zone|host|hostname|port|domain|org|organi[sz]ation|"
    r"project|registry|namespace|cluster|tenant|channel|server|branch|version)s?$|(?:account|bucket|region|role|arn)s?(?:_|$))"
)
_STORE_ENTRY = regex(r"\benvVar(?:iable)?\s*:\s*['\"](\w+)['\"]")
_WORD = regex(r"\w+")
_SECRET_WORD = regex(r"pass|pwd|secret|token|key|hook|cred|cert|private|auth")


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

    secrets: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    logins: frozenset[tuple[str, str]] = frozenset()
    """(user variable, password variable) pairs of one credential."""

    def extended(self, other: Bound) -> Bound:
        if other == NOTHING_BOUND:
            return self
        secrets, users = self.secrets | other.secrets, self.users | other.users
        return Bound(secrets, users, (self.paths | other.paths) - secrets - users, self.logins | other.logins)

    @property
    def all(self) -> frozenset[str]:
        return self.secrets | self.users | self.paths

    def users_beside(self, secrets: frozenset[str]) -> frozenset[str]:
        """The user variables whose password is one of `secrets`."""
        return frozenset(user for user, secret in self.logins if secret in secrets)


NOTHING_BOUND = Bound()


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


def may_bind(region: Region) -> bool:
    """Whether a region, or the frames around it, can set credential variables."""
    return any(map(region.mentions, ("redentials", "envVar")))


def bound_at(
    call: Call, outer: Sequence[str] = (), lists: Mapping[str, tuple[str, ...]] = MappingProxyType({})
) -> Bound:
    """The credential variables in scope at a call.

    `outer` are the names of the credential entries in the frames around the region, `lists` the variables of local
    lists of entries for a store of secrets, by the name of the list.
    """
    found, words = call.tree.parsed.derived(_scopes)[call.statement.block.number]
    if outer:
        found = found.extended(_of_entries(outer))
    if lists:
        found = found.extended(_named(one for word in words for one in lists.get(word, ())))
    return found


class _Scope(NamedTuple):
    """What the region itself tells of a block: the credential variables in scope, and the words among the arguments of
    the steps around it that take a list of entries."""

    bound: Bound = NOTHING_BOUND
    words: frozenset[str] = frozenset()

    def inside(self, call: Call) -> _Scope:
        """That of the closure of a call."""
        words = self.words.union(_WORD.findall(_own_text(call))) if _takes_store(call) else self.words
        return _Scope(self.bound.extended(_of_call(call)), words)


def _scopes(parsed: Parsed) -> tuple[_Scope, ...]:
    """By block."""
    region, found, structure = Region(parsed), list[_Scope](), parsed.structure
    binding = {statement for name, _, statement, *_ in region.record.sites if name.startswith("with")}
    entries: dict[int, list[str]] = {}
    for one in region.assignments:
        if is_credential_entry(one) and isinstance(one, EnvironmentEntry) and one.scope is not None:
            entries.setdefault(one.scope.number, []).append(one.name)
    for number, statement in enumerate(structure.owner):
        scope = found[structure.home[statement] if statement >= 0 else 0] if found else _Scope()
        calls = region.around if number == 0 else Block(region, number).callers if statement in binding else ()
        for call in calls:
            scope = scope.inside(call)
        if number in entries:
            scope = scope._replace(bound=scope.bound.extended(_of_entries(entries[number])))
        found.append(scope)
    return tuple(found)


def _of_call(call: Call) -> Bound:
    """The variables that a call sets in its closure."""
    if call.name == "withCredentials":
        found = NOTHING_BOUND
        for one in bindings(call):
            secrets, users = frozenset(one.secrets), frozenset(one.users)
            logins = frozenset((user, secret) for user in users for secret in secrets)
            found = found.extended(Bound(secrets, users, frozenset(one.variables.values()), logins))
        return found
    return _named(variables_of_store(_own_text(call))) if _takes_store(call) else NOTHING_BOUND


def _takes_store(call: Call) -> bool:
    return call.name.startswith("with") and call.name not in ("withCredentials", "withEnv")


def _own_text(call: Call) -> str:
    return " ".join(argument.text for argument in call.arguments if argument.block is None)


def _named(names: Iterable[str]) -> Bound:
    every = frozenset(names)
    users = frozenset(filter(is_identifier, every))
    return Bound(every - users, users)


def _of_entries(names: Sequence[str]) -> Bound:
    """The variables of entries `NAME = credentials('id')`."""
    logins = frozenset((f"{name}_USR", f"{name}_PSW") for name in names)
    users, secrets = zip(*logins, strict=True) if logins else ((), ())
    return Bound(frozenset(secrets), frozenset(users), logins=logins).extended(_named(names))
