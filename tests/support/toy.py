"""A language for tests of the engine: sections that begin at `[name]` and refer to names of other sections.

```
[web]
use database
note look at it
```
Its parts ask the rest of their file as the parts of a real language do.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

from playpen_ls.api.facts import Fact, Facts, Table
from playpen_ls.api.file_view import FileView, Outline, each, every, located
from playpen_ls.api.finding import Change, Finding, Fix, Offer, Place
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import Configured, Rule, RuleContext, _argument
from playpen_ls.engine.cache import FindingsCache
from playpen_ls.engine.check import Checked, check
from playpen_ls.engine.registry import rules_of
from playpen_ls.engine.rule_set import RuleSet
from playpen_ls.languages.model import Chunk, Comment, Model
from playpen_ls.project.filesystem import ProjectFiles
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

PATH = "x.toy"
HEADING = re.compile(r"^\[(\w+)\]", re.MULTILINE)
WORDS = re.compile(r"^(use|note|count) (\w+)", re.MULTILINE)

asked: Counter[str] = Counter()
"""How often each query had to be answered."""


# Model: what a chunk says by itself


class Content:
    """A section's text and what it says; positions count from its start."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def name(self) -> tuple[str, Span]:
        match = HEADING.match(self.text)
        return (match[1], Span(*match.span(1))) if match else ("", Span(0, 0))

    @cached_property
    def words(self) -> tuple[tuple[str, str, Span], ...]:
        return tuple((match[1], match[2], Span(*match.span(2))) for match in WORDS.finditer(self.text))


def names(content: Content) -> Iterator[str]:
    asked["names of a chunk"] += 1
    if content.name[0]:
        yield content.name[0]


def name(content: Content) -> tuple[str, Span]:
    return content.name


def counted(content: Content) -> tuple[Span, ...]:
    asked["counts of a chunk"] += 1
    return tuple(span for kind, _, span in content.words if kind == "count")


# Queries


def exists(outline: Outline, wanted: str) -> bool:
    asked["exists"] += 1
    return wanted in outline.ask(all_names)


def all_names(outline: Outline) -> frozenset[str]:
    asked["all names"] += 1
    return frozenset(outline.every(names))


@located
def same_above(outline: Outline, chunk: int, wanted: str) -> tuple[int, Span] | None:
    """The nearest section above with this name."""
    asked["same above"] += 1
    above = enumerate(outline.each(name)[:chunk])
    return next(((number, span) for number, (one, span) in reversed([*above]) if one == wanted), None)


def note_of(outline: Outline, wanted: str) -> str:
    """What the first section of a name notes; its text is read for it."""
    asked["note of"] += 1
    number = next((number for number, (one, _) in enumerate(outline.each(name)) if one == wanted), None)
    if number is None:
        return ""
    return next((word for kind, word, _ in outline.content(number).words if kind == "note"), "")


# Parts


@dataclass(frozen=True)
class Section:
    node: Content
    file: FileView

    @property
    def uses(self) -> list[tuple[str, Span]]:
        return [(word, span) for kind, word, span in self.node.words if kind == "use"]


@dataclass(frozen=True)
class Whole:
    file: FileView


class ToyChunk(Chunk):
    def __init__(self, content: Content, start: int) -> None:
        self.key = content.text
        self._content = content
        self.span = Span(start, start + len(content.text))

    @property
    def content(self) -> Content:
        return self._content

    def parts(self, file: FileView) -> Iterable[object]:
        return [Section(self._content, file)]


class ToyModel(Model):
    language: ClassVar[str] = "toy"

    def __init__(self, source: Source) -> None:
        self.source = source
        starts = [0, *(match.start() for match in HEADING.finditer(source.text) if match.start()), len(source.text)]
        self.chunks = [ToyChunk(Content(source.text[start:end]), start) for start, end in pairwise(starts)]

    def parts(self, file: FileView) -> Iterable[object]:
        return [Whole(file)]

    def facts(self) -> Iterable[Fact]:
        return ()

    def comments(self) -> list[Comment]:
        return []

    def construct_after(self, offset: int) -> None:
        return None

    def construct_at(self, offset: int) -> None:
        return None


# Rules


def unknown(section: Section) -> Iterator[Finding]:
    for word, span in section.uses:
        if not section.file.ask(exists, word):
            yield Finding(span, f"there is no {word}", (Fix("Add it", lambda word=word: added(section, word)),))


def added(section: Section, word: str) -> list[Edit]:
    """A fix sees the whole file: a section is added at its end."""
    end = len(section.file.model.source.text)
    return section.file.local([Edit(end, end, f"\n[{word}]\n")])


def shadowed(section: Section) -> Iterator[Finding | Offer]:
    own, span = section.node.name
    above = section.file.ask(same_above, own) if own else None
    if above is not None:
        number, there = above
        yield Finding(span, f"{own} again", related=(Place(PATH, there, "here first", chunk=number),))
        yield Offer(span, Fix("Take it out", lambda: [Edit(span.start, span.end, "")]))


def noted(section: Section) -> Iterator[Finding]:
    for word, span in section.uses:
        note = section.file.ask(note_of, word)
        if note:
            yield Finding(span, f"{word} has a note: {note}")


def too_many(whole: Whole) -> Iterator[Finding]:
    found = [(number, span) for number, spans in enumerate(whole.file.ask(each, counted)) for span in spans]
    if len(found) > 1:
        first = Place(PATH, found[0][1], "the first", chunk=found[0][0])
        for number, span in found[1:]:
            fix = Fix("Take it out", lambda span=span: [Edit(span.start, span.end, "")])
            empty = Fix("Empty the file", lambda: Change({PATH: (Edit(0, len(whole.file.model.source.text), ""),)}))
            yield Finding(span, f"{len(found)} counts", (fix, empty), related=(first,), chunk=number)


def lonely(whole: Whole) -> Iterator[Finding]:
    if len(whole.file.ask(every, names)) == 1:
        yield Finding(Span(0, 0), "one section only", chunk=0)


def toy_rule(function: Callable[..., Any], subject: type) -> Rule:
    """A rule whose signature says what it reads, as that of a real one does."""
    model = rules_of("python")[0]
    _, *others = inspect.signature(function, eval_str=True).parameters.values()
    arguments = tuple(_argument(one.annotation) for one in others)
    reads = tuple(kind for argument in arguments for kind in argument.reads)
    return replace(model, id=f"toy/{function.__name__}", language="toy", function=function, subjects=(subject,),
                   reads=reads, looks_at_files=False, needs_index=True, options=(),
                   mentions=None, _arguments=arguments)  # fmt: skip


RULES = (
    *(toy_rule(function, Section) for function in (unknown, shadowed, noted)),
    *(toy_rule(function, Whole) for function in (too_many, lonely)),
)


class Editor:
    """A text that is checked again and again; what was found before is remembered."""

    def __init__(self, text: str, rules: Iterable[Rule] = RULES) -> None:
        self.rules = RuleSet(Configured(rule) for rule in rules)
        self.memory = FindingsCache()
        self.checked = self.put(text)

    def put(self, text: str, facts: Callable[[type[Fact]], Facts[Any]] | None = None) -> Checked:
        """The findings of a text; `facts` are what other files say."""
        self.model = ToyModel(Source(PATH, text))
        self.checked = check(self.model, self.rules, given(facts), self.memory)
        self.memory = self.checked.memory
        return self.checked

    @property
    def text(self) -> str:
        return self.model.source.text

    def fixed(self, title: str) -> str:
        """The text after the first fix of this title."""
        looked = check(self.model, self.rules, given())
        every = [fix for diagnostic in looked.diagnostics for fix in diagnostic.finding.fixes] + [
            one.offer.fix for one in looked.offers
        ]
        change = next(fix for fix in every if fix.title == title).change()
        edits = change if isinstance(change, list) else change.edits[PATH]
        return self.model.source.edited(edits).text


def given(facts: Callable[[type[Fact]], Facts[Any]] | None = None) -> RuleContext:
    files = ProjectFiles(Path("/nonexistent"), lambda _: None, known=False)
    return RuleContext(Platform(), files, facts or (lambda kind: Facts(kind, Table())))


def rows(checked: Checked) -> list[tuple[object, ...]]:
    return [
        (diagnostic.rule.id, diagnostic.span, diagnostic.finding.message, diagnostic.related)
        for diagnostic in checked.diagnostics
    ]
