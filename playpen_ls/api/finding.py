"""The output of a rule: findings, and fixes for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from enum import IntEnum

from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span


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
    """A range in a file, with a message for it.

    `stated` is a fact that another part of the same file states: its current range is looked up in the whole file,
    and `path` and `span` are undefined until `check` has done so.
    `chunk`: the span counts from the start of the chunk with that number in the finding's own file; it is resolved
    when the findings are published.
    """

    path: str
    span: Span
    message: str = ""
    stated: object = None
    chunk: int | None = None

    def moved(self, by: int, path: str) -> Place:
        """Shift the place by an offset if it is in the file `path`."""
        if not by or self.path != path or self.stated or self.chunk is not None:
            return self
        return Place(path, self.span.shifted(by), self.message)


@dataclass(frozen=True)
class Change:
    """Edits by path, and files to create; a path is relative to the project's root."""

    edits: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)
    creates: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A fix is not possible here. The message is the reason, for the user: "`requirements.txt` contains `-e .`"."""


@dataclass(frozen=True)
class Fix:
    """A change that is computed lazily.

    `change()` returns a Change, or edits of the rule's own file, or raises Refused with the reason. Mere edits count
    from where the finding's span does, those of a Change from the start of their file.
    `safe` fixes need no review. `kind` is "quickfix" or "refactor.rewrite". `preferred` marks the one
    obvious fix; a single safe fix is always preferred.
    """

    title: str
    change: Callable[[], Change | Iterable[Edit]]
    safe: bool = False
    kind: str = "quickfix"
    preferred: bool = False


@dataclass(frozen=True)
class Finding:
    """The first fix is the default; `severity` overrides the rule's; `related` are places elsewhere.

    `unparsed` marks a syntax error, which is never carried over to a later version of the text.
    `printable` marks, in a rule about secrets, a span that contains only the name of a secret.
    `chunk`: the span counts from the start of the chunk with that number, not of the one that is checked; rules for
    the whole file set it.
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
    """A code action without a finding, offered when the cursor is in `span`; `chunk` as for a finding."""

    span: Span
    fix: Fix
    chunk: int | None = None
