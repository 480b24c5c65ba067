"""What rules ask about the other documents of a file. Their facts count as those of other files, but have no place."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

from playpen_ls.api.fact_types import (
    Autoscaler,
    Backup,
    ConfigMapKeys,
    DatabaseVolume,
    LimitRange,
    Named,
    Pods,
    Probed,
    RoleBound,
    SecretKeys,
    ServiceAccount,
    ServiceSelector,
)
from playpen_ls.api.facts import Fact, Facts, Keys
from playpen_ls.api.file_view import Outline, located
from playpen_ls.languages.kubernetes.model.facts import shared_facts
from playpen_ls.languages.kubernetes.model.resources import YamlDocument
from playpen_ls.languages.kubernetes.syntax.documents import ParsedDocument

F = TypeVar("F", bound=Fact)
Summary = tuple[Fact, ...]


def facts_everywhere(
    facts: Facts[F], document: YamlDocument, keys: Keys[F] | None = None, key: Hashable = None
) -> tuple[F, ...]:
    """The `facts` of other files and those of the document's own file, or those of both for which `keys` yields `key`.

    `Facts` has only those of other files.
    """
    if keys is None:
        return (*facts, *document.ask(facts_of, facts.kind))
    return (*facts.having(keys, key), *document.ask(facts_having, facts.kind, keys, key))


def facts_of(outline: Outline, kind: type[F]) -> tuple[F, ...]:
    """A query: the facts of a type that the documents of the file state, in text order."""
    return outline.every(_SUMMARIES[kind])  # type: ignore[arg-type]


def facts_having(outline: Outline, kind: type[F], keys: Keys[F], key: Hashable) -> tuple[F, ...]:
    """A query: those for which `keys` yields `key`."""
    return outline.ask(_by_key, kind, keys).get(key, ())


def images_of(outline: Outline) -> tuple[str, ...]:
    """A query: the images of the file's pods without tags, sorted."""
    return tuple(sorted({image for fact in outline.ask(facts_of, Pods) for image in fact.images}))


def names_of(outline: Outline, kind: type[F]) -> tuple[tuple[str, str], ...]:
    """A query: (namespace, name) of the objects of which the documents of the file state such a fact."""
    return tuple((fact.namespace, fact.name) for fact in outline.ask(facts_of, kind))


@located
def text_around(outline: Outline, chunk: int) -> tuple[str, int]:
    """A query: the text of the whole file, and where the asking document begins in it."""
    texts = [outline.content(number).text for number in range(outline.count)]
    return "".join(texts), sum(map(len, texts[:chunk]))


def _by_key(outline: Outline, kind: type[F], keys: Keys[F]) -> Mapping[Hashable, tuple[F, ...]]:
    table: dict[Hashable, list[F]] = {}
    for fact in outline.ask(facts_of, kind):
        for key in dict.fromkeys(keys(fact)):
            table.setdefault(key, []).append(fact)
    return {key: tuple(facts) for key, facts in table.items()}


# One summary for each type: a fact that changes is news only to those who asked for its type.


def _autoscalers(document: ParsedDocument) -> Summary:
    return _summary(document, Autoscaler)


def _backups(document: ParsedDocument) -> Summary:
    return _summary(document, Backup)


def _config_maps(document: ParsedDocument) -> Summary:
    return _summary(document, ConfigMapKeys)


def _database_volumes(document: ParsedDocument) -> Summary:
    return _summary(document, DatabaseVolume)


def _limit_ranges(document: ParsedDocument) -> Summary:
    return _summary(document, LimitRange)


def _named(document: ParsedDocument) -> Summary:
    return _summary(document, Named)


def _pods(document: ParsedDocument) -> Summary:
    return _summary(document, Pods)


def _probed(document: ParsedDocument) -> Summary:
    return _summary(document, Probed)


def _roles_bound(document: ParsedDocument) -> Summary:
    return _summary(document, RoleBound)


def _secrets(document: ParsedDocument) -> Summary:
    return _summary(document, SecretKeys)


def _service_accounts(document: ParsedDocument) -> Summary:
    return _summary(document, ServiceAccount)


def _service_selectors(document: ParsedDocument) -> Summary:
    return _summary(document, ServiceSelector)


def _summary(document: ParsedDocument, kind: type[Fact]) -> Summary:
    return tuple(fact for fact, _ in document.derived(shared_facts) if isinstance(fact, kind))


_SUMMARIES: Mapping[type[Fact], Callable[[ParsedDocument], Summary]] = {
    Autoscaler: _autoscalers,
    Backup: _backups,
    ConfigMapKeys: _config_maps,
    DatabaseVolume: _database_volumes,
    LimitRange: _limit_ranges,
    Named: _named,
    Pods: _pods,
    Probed: _probed,
    RoleBound: _roles_bound,
    SecretKeys: _secrets,
    ServiceAccount: _service_accounts,
    ServiceSelector: _service_selectors,
}
