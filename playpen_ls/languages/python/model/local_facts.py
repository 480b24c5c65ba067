"""The facts of the statements of a file, and what lets a statement be passed over unread.

What a statement means depends on the names of its module. Its facts are found once, and again when one of the names
that were resolved for them has another origin.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from playpen_ls.api.fact_types import CalledPerRequest, EnvironmentRead, ExtraLogged
from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.api.finding import Place
from playpen_ls.languages.python.model import environment, needs, web
from playpen_ls.languages.python.model.library_calls import EnvironmentValue, LibraryCall
from playpen_ls.languages.python.model.parts import PARTS, Site
from playpen_ls.languages.python.model.queries import bindings, is_left_alone, scope, texts
from playpen_ls.languages.python.model.scope import Names, Scope
from playpen_ls.languages.python.model.visitor import walk
from playpen_ls.languages.python.model.web import LocalFact, Web
from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.text.span import Span
from playpen_ls.text.words import Words

_KNOWN_AS = (
    *[part.known_as for part in PARTS],
    LibraryCall.known_as,
    EnvironmentValue.known_as,
    environment.known_as,
    needs.known_as,
    web.known_as,
)

Located = tuple[int, LocalFact]
"""The number of a chunk, and a fact with a range in it."""


def possible_in(words: Words) -> bool:
    """Whether a text with these words can have facts."""
    if "extra" in words.all:
        return True
    return words.allow(web.possible_in) or environment.possible_in(words) or needs.possible_in(words)


def aliases(outline: Outline) -> frozenset[str]:
    """A query: the names of the module whose mention can be a part or a fact where no other word shows it."""
    return frozenset(
        name
        for name, origin in outline.ask(scope).names.items()
        if origin and _is_mentioned(name) and any(known_as(name, origin) for known_as in _KNOWN_AS)
    )


def _is_mentioned(name: str) -> bool:
    """Whether a text can mention the name as it is: not that of a call, or of an attribute of a class."""
    return not name.endswith(")") and ("." not in name or name.startswith("self."))


def facts(outline: Outline) -> tuple[Located, ...]:
    """A query: the facts of all statements, in text order."""
    if outline.ask(is_left_alone):
        return ()
    names, known_as = outline.ask(scope), outline.ask(aliases)
    return tuple(
        (number, fact)
        for number, statement in enumerate(outline.each(itself))
        if tells(statement, known_as)
        for fact in _facts(statement, names, known_as, outline)
    )


def itself(statement: Statement) -> Statement:
    return statement


def tells(statement: Statement, known_as: frozenset[str], words: Words | None = None) -> bool:
    """Whether the statement can have facts; `words` are those of its text, if they are at hand."""
    if statement.tells is None:
        statement.tells = possible_in(words or Words(statement.text))
    return statement.tells or statement.mentions_any(known_as)


def _facts(statement: Statement, scope: Scope, known_as: frozenset[str], outline: Outline) -> tuple[LocalFact, ...]:
    remembered = statement.facts
    if remembered is None or any(scope.names.get(name) != origin for name, origin in remembered[0].items()):
        site = Site(statement, Names(scope.names.get), FileView(outline))
        remembered = statement.facts = (site.names.asked, walk(site, known_as, True)[1])
    return remembered[1]


def web_facts(outline: Outline) -> tuple[tuple[int, Web], ...]:
    """A query: those on web applications, with paths that are constants of the file resolved."""
    found = [(number, fact) for number, fact in outline.ask(facts) if isinstance(fact, Web)]
    if not any(fact.constant for _, fact in found):
        return tuple(found)
    constants = _constants(outline, {fact.constant for _, fact in found if fact.constant})
    return tuple(
        (number, replace(fact, path=constants.get(fact.constant)) if fact.path is None and fact.constant else fact)
        for number, fact in found
    )


def environment_reads(outline: Outline) -> tuple[EnvironmentRead, ...]:
    """A query: the variables that the file reads, without ranges."""
    found = [fact for _, fact in outline.ask(facts) if isinstance(fact, EnvironmentRead)]
    return tuple(replace(fact, place=Place("", Span(0, 0))) for fact in found)


def request_calls(outline: Outline) -> frozenset[str]:
    """A query: the functions, by origin, that the handlers of the file call or depend on, see CalledPerRequest."""
    return frozenset(fact.origin for _, fact in outline.ask(facts) if isinstance(fact, CalledPerRequest))


def extras(outline: Outline) -> tuple[tuple[int, ExtraLogged], ...]:
    """A query: the `extra` that calls of the file pass, with the numbers of their chunks."""
    return tuple((number, fact) for number, fact in outline.ask(facts) if isinstance(fact, ExtraLogged))


def _constants(outline: Outline, names: set[str]) -> dict[str, str]:
    """The values of string constants that are assigned once."""
    count = Counter(one.name for one in outline.every(bindings) if one.name in names)
    return {name: text for name, text in outline.ask(texts) if count[name] == 1}
