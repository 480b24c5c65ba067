"""What a rule says: where a practice is broken, and what would mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from playpen_ls.source import Edit, Span


class Severity(IntEnum):
    """Ordered by weight: `Severity.ERROR > Severity.HINT`."""

    HINT = 1
    INFORMATION = 2
    WARNING = 3
    ERROR = 4

    @property
    def label(self) -> str:
        return self.name.lower()

    @classmethod
    def named(cls, label: str) -> Severity:
        """Raises KeyError for an unknown label."""
        return cls[label.upper()]


@dataclass(frozen=True, slots=True)
class Place:
    """A range in a file, and what is there.

    `stated` is a fact that another part of the same file states: where that stands now, only the whole file tells.
    `path` and `span` then say nothing until `check` has looked.
    `chunk`: the span counts from the start of the chunk with that number in the finding's own file; it is resolved
    when the findings are published.
    """

    path: str
    span: Span
    message: str = ""
    stated: object = None
    chunk: int | None = None

    def moved(self, by: int, path: str) -> Place:
        """The same after a piece of the text of `path` moved in which it stands, unless it is elsewhere."""
        if not by or self.path != path or self.stated or self.chunk is not None:
            return self
        return Place(path, self.span.shifted(by), self.message)


@dataclass(frozen=True)
class Change:
    """Edits by path, and files to create; a path is relative to the project's root."""

    edits: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)
    creates: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A fix cannot be made here; the message is a reason for the user: "`requirements.txt` holds `-e .`"."""


@dataclass(frozen=True)
class Fix:
    """A change that is computed when it is asked for.

    `change()` gives a Change, or edits of the rule's own file, or raises Refused with the reason. Mere edits count
    from where the finding's span does, those of a Change from the start of their file.
    `safe` fixes are right without being read. `kind` is "quickfix" or "refactor.rewrite".
    `preferred` marks the one obvious fix; a lone safe fix is preferred anyway.
    """

    title: str
    change: Callable[[], Change | Iterable[Edit]]
    safe: bool = False
    kind: str = "quickfix"
    preferred: bool = False


@dataclass(frozen=True)
class Finding:
    """The first fix is the default; `severity` overrides the rule's; `related` are places elsewhere.

    `unparsed` says that the text does not parse here: that is found anew in every version of it.
    `printable` says, in a rule about secrets, that the span holds the name of one and no secret.
    `chunk`: the span counts from the start of the chunk with that number, not of the one that was looked at; a rule for
    the whole file says so.
    """

    span: Span
    message: str
    fixes: tuple[Fix, ...] = ()
    severity: Severity | None = None
    related: tuple[Place, ...] = ()
    unparsed: bool = False
    printable: bool = False
    chunk: int | None = None


@dataclass(frozen=True)
class Offer:
    """An action without a squiggle, shown when the cursor is in `span`; `chunk` as for a finding."""

    span: Span
    fix: Fix
    chunk: int | None = None
