"""The facts of a Python file that rules for other files can query."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from playpen_ls.api.fact_types import (
    ComputedRoute,
    DjangoMigration,
    Exported,
    JsonLogs,
    Listens,
    LogsConfigured,
    MountedApplication,
    RecordsFormatted,
    Revision,
    Route,
    Router,
    RouterIncluded,
    WebApplication,
)
from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Place
from playpen_ls.languages.python.model.django_migrations import MARK as DJANGO_MARK
from playpen_ls.languages.python.model.django_migrations import django_migration
from playpen_ls.languages.python.model.exports import exports
from playpen_ls.languages.python.model.exports import possible_in as may_export
from playpen_ls.languages.python.model.file_kind import is_left_alone, is_script
from playpen_ls.languages.python.model.local_facts import facts as local_facts
from playpen_ls.languages.python.model.local_facts import possible_in, web_facts
from playpen_ls.languages.python.model.log_formats import log_formats, prints_otherwise
from playpen_ls.languages.python.model.log_formats import possible_in as may_print
from playpen_ls.languages.python.model.log_setup import configures_logging
from playpen_ls.languages.python.model.log_setup import possible_in as may_configure_logging
from playpen_ls.languages.python.model.migrations import ENVIRONMENT, MARK, revision
from playpen_ls.languages.python.model.module import PythonModel
from playpen_ls.languages.python.model.queries import anywhere
from playpen_ls.languages.python.model.queries import is_left_alone as is_left_alone_here
from playpen_ls.languages.python.model.scope import JSON_LOGS
from playpen_ls.languages.python.model.web import LocalFact, Web
from playpen_ls.languages.python.syntax.known_names import ROUTERS
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span
from playpen_ls.text.words import Words
from playpen_ls.vocabulary.secret_shapes import may_hold_key

# Frameworks where the prefix of an inclusion replaces the router's own prefix instead of extending it.
_REPLACING = ("flask.", "quart.")
# Programs beside the project, which configure logging for themselves only.
_ASIDE = regex(r"^contrib/|/contrib/[^/]+\.py$")
_BIND = regex(r"""^bind[ \t]*=[ \t]*["'][^"'\n]*:(\d{1,5})["'][ \t]*(?:\#.*)?$""", re.MULTILINE)


def says_nothing(source: Source) -> bool:
    """Whether the text rules out any fact, without parsing it."""
    text = source.text
    if MARK in text or ENVIRONMENT in text or DJANGO_MARK in text:
        return False
    if is_left_alone(source.path, text):
        return True
    if _configures_gunicorn(source.path):
        return False
    words = source.words
    if may_export(source.path, words) or may_configure_logging(words) or may_print(words) or prints_otherwise(words):
        return False
    return not possible_in(words) and not any(module in text for module in JSON_LOGS)


def finds_nothing(source: Source, may_concern: Callable[[Words], bool]) -> bool:
    """Whether the text rules out any finding, fact or suppression comment, without parsing it.

    `may_concern` says whether a rule can find something in a text with these words.
    """
    text = source.text
    if "playpen:" in text or not says_nothing(source):
        return False
    if is_left_alone(source.path, text):
        return not may_hold_key(text, " ".join(source.words.all))
    return not may_concern(source.words)


def facts(model: PythonModel) -> Iterator[Fact]:
    path, ask = model.source.path, model.outline.ask
    revised = ask(revision)
    if revised is not None:
        place = Place(path, revised.span.shifted(model.chunks[revised.chunk].begins))
        yield Revision(place, revised.id, revised.parents, revised.labeled)
    migrated = ask(django_migration)
    if migrated is not None:
        place = Place(path, migrated.span.shifted(model.chunks[migrated.chunk].begins))
        yield DjangoMigration(place, migrated.name, migrated.dependencies, migrated.replaces, migrated.date)
    if ask(is_left_alone_here):
        return
    web = [(fact, _place(model, chunk, fact)) for chunk, fact in ask(web_facts)]
    prefixes = {fact.owner: fact.path or "" for fact, _ in web if fact.kind == "router" and fact.owner}
    for chunk, fact in ask(local_facts):
        if not isinstance(fact, Web):
            yield replace(fact, place=_place(model, chunk, fact))
    for fact, place in web:
        yield from _of_web(fact, place, prefixes, model)
    if _configures_gunicorn(path):
        for bound in _BIND.finditer(model.source.text):
            yield Listens(Place(path, Span(bound.start(1), bound.end(1))), int(bound[1]))
    if "json" in model.scope.flags:
        yield JsonLogs(Place(path, Span(0, 0)))
    if not is_script(path) and not _ASIDE.search(path) and ask(anywhere, configures_logging):
        yield LogsConfigured(Place(path, Span(0, 0)))
    formats = ask(log_formats)
    if formats is None or (formats and not is_script(path)):
        keys = None if formats is None else tuple(sorted({key for one in formats for key in one.keys}))
        yield RecordsFormatted(Place(path, Span(0, 0)), keys)
    for name, origin in ask(exports):
        yield Exported(Place(path, Span(0, 0)), name, origin)


def _place(model: PythonModel, chunk: int, fact: LocalFact) -> Place:
    return Place(model.source.path, fact.place.span.shifted(model.chunks[chunk].begins))


def _configures_gunicorn(path: str) -> bool:
    """`gunicorn.conf.py`, `gunicorn_config.py`; the command of the image determines whether it is used."""
    return "gunicorn" in posixpath.basename(path)


def _of_web(web: Web, place: Place, prefixes: dict[str, str], model: PythonModel) -> Iterator[Fact]:
    if web.kind == "route" and web.path is not None:
        path = prefixes.get(web.owner, "") + web.path
        yield Route(place, path, web.methods, web.owner, web.path, web.origin)
    elif web.kind == "route" or (web.kind == "include" and web.target == "?"):
        yield ComputedRoute(place)
    elif web.kind == "include" and web.target:
        replaces = any(origin.startswith(_REPLACING) for origin in model.scope.names.values())
        # Without `url_prefix` a blueprint keeps its own prefix.
        prefix = web.path if not web.constant else None
        own = web.target.endswith("()") and web.target.removesuffix("()") in ROUTERS
        # A router of this file is known by its variable.
        target = web.framework if own and web.framework else web.target
        yield RouterIncluded(place, web.owner, target, prefix, replaces and bool(web.path), web.origin)
    elif web.kind == "mount":
        if web.framework:
            yield MountedApplication(place, web.framework.rpartition(".")[2])
        if web.target:
            yield RouterIncluded(place, web.owner, web.target, web.path, False)
        else:
            yield ComputedRoute(place)  # static files, whose routes are unknown
    elif web.kind == "app" and web.framework:
        yield WebApplication(place, web.framework, web.owner, web.constant == "root_path")
    elif web.kind == "urlpatterns":
        yield WebApplication(place, "django", "urlpatterns")
    elif web.kind == "router" and web.owner:
        yield Router(place, web.owner, web.path)
