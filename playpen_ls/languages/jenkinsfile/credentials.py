"""What `withCredentials([…])` and `credentials('…')` bind, and where it is visible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from playpen_ls.languages.jenkinsfile.calls import Call
from playpen_ls.languages.jenkinsfile.declarative import EnvironmentEntry
from playpen_ls.languages.jenkinsfile.expressions import Argument

_PATHS = frozenset(("keyFileVariable", "keystoreVariable"))
_FILES = frozenset(("file", "zip", "dockerCert", "kubeconfigFile", "kubeconfigContent"))
_NAMES = frozenset(("usernameVariable", "aliasVariable"))


@dataclass(frozen=True)
class Binding:
    """One binding of `withCredentials`. `variables` are names by their argument: `{"passwordVariable": "P"}`."""

    kind: str
    variables: dict[str, str]

    @property
    def secrets(self) -> set[str]:
        return (
            set()
            if self.kind in _FILES
            else {name for argument, name in self.variables.items() if argument not in _PATHS | _NAMES}
        )

    @property
    def users(self) -> set[str]:
        return {name for argument, name in self.variables.items() if argument in _NAMES}


@dataclass(frozen=True)
class Bound:
    """The variables that hold credentials at some place: the secrets, user names, and paths of files."""

    secrets: frozenset[str]
    users: frozenset[str]
    paths: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.secrets | self.users | self.paths


def bindings(call: Call) -> Iterator[Binding]:
    """The bindings of a call of `withCredentials`."""
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
    """Those that are visible at a call, the nearest first."""
    for around in call.enclosing:
        if around.name == "withCredentials":
            yield from bindings(around)


def bound_at(call: Call, entries: list[EnvironmentEntry]) -> Bound:
    """What is bound at a call; `entries` are the file's `credential_entries`."""
    secrets: set[str] = set()
    users: set[str] = set()
    everything: set[str] = set()
    for binding in enclosing_bindings(call):
        secrets |= binding.secrets
        users |= binding.users
        everything |= set(binding.variables.values())
    start = call.span.start
    for entry in entries:
        if entry.scope.contains(start):
            secrets |= {entry.name, f"{entry.name}_PSW"}
            users.add(f"{entry.name}_USR")
    return Bound(frozenset(secrets), frozenset(users), frozenset(everything) - secrets - users)
