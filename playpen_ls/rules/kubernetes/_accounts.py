"""The ServiceAccount that a pod runs as."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.fact_types import ServiceAccount
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Refused
from playpen_ls.languages.kubernetes.edits.insert import add_item, put, put_before, replace_scalar
from playpen_ls.languages.kubernetes.edits.verify import data
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.model.resources import Workload
from playpen_ls.languages.kubernetes.syntax.documents import DocumentPart
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar
from playpen_ls.languages.kubernetes.syntax.recovery import parse_yaml
from playpen_ls.rules.kubernetes._completeness import Absence, Lack
from playpen_ls.rules.kubernetes._namespaces import Namespaces, name_of
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit

_NAME = "serviceAccountName"
_TOKEN = "automountServiceAccountToken"
_BEFORE = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True)
class Accounts:
    """The project's ServiceAccounts; a rule takes it as one parameter."""

    accounts: Facts[ServiceAccount]
    namespaces: Namespaces

    def named(self, name: str, workload: Workload) -> Iterator[ServiceAccount]:
        """Those of a name that its pods could have."""
        for account in facts_everywhere(self.accounts, workload.document, name_of, name):
            if self.namespaces.share(account, workload):
                yield account


def uses_default(workload: Workload, accounts: Accounts, absence: Absence) -> Lack[Workload, bool] | None:
    """Whether the pods certainly run as `default` and mount its token."""
    return absence.lack(workload, lambda one: _uses_default(one, accounts) or None, _NAME, "serviceAccount", _TOKEN)


def _uses_default(workload: Workload, accounts: Accounts) -> bool:
    pod = workload.pod
    if workload.managed:
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
    """Set the account named like the workload; append a ServiceAccount if the project has none. Raises Refused."""
    document = workload.document
    edits = _set_name(workload)
    if any(accounts.named(workload.name, workload)):
        return edits
    lines = ["apiVersion: v1", "kind: ServiceAccount", "metadata:", f"  name: {workload.name}"]
    if workload.namespace:
        lines.append(f"  namespace: {workload.namespace}")
    if document.parsed.part is DocumentPart.ITEM:
        return [*edits, add_item(document, lines)]
    text, end = document.newline.join(["---", *lines]), len(document.text)
    ended = document.text.endswith(("\n", "\r"))
    text = text + document.newline if ended else document.newline + text
    roots = document.parsed.roots
    if data(parse_yaml(document.text + text).roots[: len(roots)]) != data(roots):  # a block scalar swallows it
        raise Refused("the file ends in a block scalar without a final newline")
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
    """Set `automountServiceAccountToken: false`. Raises Refused."""
    value = workload.pod.scalar(_TOKEN)
    if value is not None:
        return replace_scalar(workload.document, value, "false")
    return put_before(workload.document, workload.pod, _TOKEN, False, _BEFORE)
