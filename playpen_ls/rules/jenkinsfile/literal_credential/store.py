"""The Jenkins credential that replaces a hard-coded secret, and the names of its variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from playpen_ls.languages.shell.secrets import KNOW_STDIN
from playpen_ls.rules.jenkinsfile.literal_credential.detect import Leak
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.names import kebab, variable

_SETTING = regex(r"(?:--?\w+=)?([A-Z][A-Z0-9_]*?)(?:_(?:URL|URI|DSN))?=\S")  # `DATABASE_URL=postgres://…`


@dataclass(frozen=True)
class Store:
    """The platform's registry, and the ids of its credentials by host."""

    registry: str
    ids: Mapping[str, str]


@dataclass(frozen=True)
class Credential:
    """A credential that must exist in Jenkins; `user` is "" for a secret text."""

    id: str
    user: str
    secret: str

    @property
    def binding(self) -> str:
        if not self.user:
            return f"string(credentialsId: '{self.id}', variable: '{self.secret}')"
        return (
            f"usernamePassword(credentialsId: '{self.id}', usernameVariable: '{self.user}', "
            f"passwordVariable: '{self.secret}')"
        )


def credential_for(leak: Leak, store: Store) -> Credential | None:
    """The credential that replaces a hard-coded secret; None if no name can be derived."""
    if leak.kind == "single":
        return Credential(kebab(leak.name), "", leak.name) if leak.name else None
    id = _id(leak, store)
    if id is None:
        return None
    name = variable(id.removesuffix("-credentials"))
    return Credential(id, f"{name}_USER", f"{name}_PASS")


def _id(leak: Leak, store: Store) -> str | None:
    command = leak.command
    if not command.name:
        return None
    if leak.kind == "login" and command.name in KNOW_STDIN:
        operands = [word for word in command.operands if word.text not in ("registry", "login")]
        literal_user = leak.user[0] if leak.user else None
        hosts = [word for word in operands if word not in (literal_user, leak.word)]
        if hosts and not hosts[-1].plain:
            return store.ids.get(store.registry, "registry-credentials")
        return _of_host(hosts[-1].text if hosts else "docker.io", store)
    if command.name == "git":
        return "git-credentials"
    if command.name.startswith(("mysql", "mariadb")):
        return "mysql-credentials"
    if leak.kind == "url" and (setting := setting_of(leak)) is not None:
        return f"{kebab(setting)}-credentials"
    if leak.kind in ("pair", "url"):
        url = next((word.text for word in command.arguments if "://" in word.text), "")
        host = re.sub(r"^[^/]*@", "", urlsplit(url).netloc) if "$" not in url and "[" not in url else ""
        return _of_host(host, store) if host and "%" not in host else f"{kebab(command.name)}-credentials"
    return f"{kebab(command.name)}-credentials"


def setting_of(leak: Leak) -> str | None:
    """What a variable that is set to a URL is named for: `database` for `DATABASE_URL=postgres://…`."""
    match = _SETTING.match(leak.word.text) if leak.word is not None else None
    return match[1] if match is not None else None


def _of_host(host: str, store: Store) -> str:
    host = re.sub(r"^https?://", "", host).partition("/")[0]
    bare = host.partition(":")[0]
    for registry, id in store.ids.items():
        if host == registry or bare == registry.partition(":")[0]:
            return id
    return f"{bare}-credentials"
