"""The service account that a pod runs as."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from playpen_ls.facts import Facts, Overlay, ServiceAccount
from playpen_ls.finding import Refused
from playpen_ls.languages.kubernetes.half_typed import read
from playpen_ls.languages.kubernetes.insertion import add_item, put, put_before, replace_scalar
from playpen_ls.languages.kubernetes.judgement import Namespaces, is_whole, name_of
from playpen_ls.languages.kubernetes.lists import Part
from playpen_ls.languages.kubernetes.resources import Workload
from playpen_ls.languages.kubernetes.tree import Scalar
from playpen_ls.languages.kubernetes.verification import data
from playpen_ls.source import Edit

_NAME = "serviceAccountName"
_TOKEN = "automountServiceAccountToken"
_BEFORE = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True)
class Accounts:
    """The project's service accounts; a rule takes it as one parameter."""

    accounts: Facts[ServiceAccount]
    namespaces: Namespaces

    def named(self, name: str, workload: Workload) -> Iterator[ServiceAccount]:
        """Those of a name that its pods could have."""
        for account in (*self.accounts.having(name_of, name), *workload.document.beside(ServiceAccount, name_of, name)):
            if account.name == name and self.namespaces.share(account, workload):
                yield account


def uses_default(workload: Workload, accounts: Accounts, overlays: Facts[Overlay]) -> bool:
    """It certainly runs as `default` and has that account's token."""
    pod = workload.pod
    if not is_whole(workload, overlays) or workload.document.masks(pod) or workload.managed:
        return False
    for key in (_NAME, "serviceAccount"):
        value = pod.get(key)
        named = value.value if isinstance(value, Scalar) and not value.null else ""
        if named not in ("", "default"):
            return False
    mounts = pod.scalar(_TOKEN)
    if mounts is not None:
        return pod.true(_TOKEN)
    return all(account.mounts_token for account in accounts.named("default", workload))


def give_account(workload: Workload, accounts: Accounts) -> list[Edit]:
    """Name an account after the workload; a document for it is added where the project has none. Raises Refused."""
    document = workload.document
    edits = _set_name(workload)
    if any(accounts.named(workload.name, workload)):
        return edits
    lines = ["apiVersion: v1", "kind: ServiceAccount", "metadata:", f"  name: {workload.name}"]
    if workload.namespace:
        lines.append(f"  namespace: {workload.namespace}")
    if document.piece.part is Part.ITEM:
        return [*edits, add_item(document, lines)]
    text, end = document.newline.join(["---", *lines]), len(document.text)
    ended = document.text.endswith(("\n", "\r"))
    text = text + document.newline if ended else document.newline + text
    roots = document.piece.reading.roots
    if data(read(document.text + text).roots[: len(roots)]) != data(roots):  # the text's last word is a block's
        raise Refused("the text ends in a block without a line end")
    return [*edits, Edit(end, end, text)]


def _set_name(workload: Workload) -> list[Edit]:
    document, pod = workload.document, workload.pod
    for key in (_NAME, "serviceAccount"):
        value = pod.scalar(key)
        if value is not None:
            return replace_scalar(document, value, workload.name)
    if pod.entry(_NAME) is not None:  # null
        return put(document, pod, (_NAME,), workload.name)
    return put_before(document, pod, _NAME, workload.name, _BEFORE)


def mount_no_token(workload: Workload) -> list[Edit]:
    """For programs that do not ask the API server. Raises Refused."""
    value = workload.pod.scalar(_TOKEN)
    if value is not None:
        return replace_scalar(workload.document, value, "false")
    return put_before(workload.document, workload.pod, _TOKEN, False, _BEFORE)
