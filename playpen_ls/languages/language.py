"""What the rest of the program knows about a language: one `Language` value in the `__init__` of its package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from playpen_ls.api.facts import Fact, Facts, Files
from playpen_ls.api.file_view import FileView
from playpen_ls.languages.model import Embedded, Model, Problem
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.words import Words

M = TypeVar("M", bound=Model)


def _never(_: Source, __: object = None) -> bool:
    return False


def _unknown(_: str) -> bool:
    return False


class BuildSummary(NamedTuple):
    """How many objects a file builds out of other files; `limit` says why they are not known, if a limit is reached.

    `endless`: it would reach any limit, since something is built out of itself.
    """

    objects: int = 0
    limit: str = ""
    endless: bool = False


def _nothing(_path: str, _files: Files, _facts: object) -> BuildSummary:
    return BuildSummary()


def _makes_nothing(_file: FileView, _files: Files, _facts: object) -> Iterable[Embedded]:
    return ()


def _makes_none(_path: str) -> bool:
    return False


def _leaves_nothing(_model: Model, _edits: Sequence[Edit]) -> Sequence[Edit]:
    return ()


def _always(_path: str, _text: Callable[[], str]) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Language(Generic[M]):
    """A language. Its functions import its parser on first use, so that importing the package costs nothing.

    File names are patterns of `fnmatch`, compared with the last segment of a path, case-sensitively. An editor's
    language id is compared in lower case, without the `-mode` that Emacs appends; it decides only for names that no
    pattern matches.
    """

    name: str
    """The name of the package, of the folder of rules, and the prefix of rule ids."""
    label: str
    """In messages, after "a"; the plural ends in "s"."""
    file_names: Sequence[str] = ()
    """Names whose files are of this language, whatever they contain."""
    candidate_names: Sequence[str] = ()
    """Names about whose files `recognizes` decides."""
    other_names: Sequence[str] = ()
    """Names of files that are in no language, although a pattern or the editor says so."""
    editor_ids: Sequence[str] = ()
    candidate_ids: Sequence[str] = ()
    """Editor ids about whose files `recognizes` decides."""
    recognizes: Callable[[str, Callable[[], str]], bool] = _always
    """Whether a candidate (path, function that returns its text) is of this language; linear in the text."""
    read_names: Sequence[str] = ()
    """Names of files that are in no language but that rules of this one read, so that changes to them matter."""
    default_path: str
    """The path of a rule's example that names none."""
    fence: str
    """The info string of a Markdown code block."""
    comment_mark: str = "#"
    exemption_words: tuple[str, ...] = ()
    """A text without any of these (in lower case) has no `Model.exemptions`."""
    embeds: Sequence[str] = ()
    """Languages of the texts that its chunks have `embedded`."""
    line_ends: Sequence[str] = ("\r\n", "\r")
    """Line ends besides a line feed that its own tools accept."""
    left_unused: Callable[[M, Sequence[Edit]], Sequence[Edit]] = _leaves_nothing
    """The edits that remove what other edits leave unused, such as an import."""
    parse: Callable[[Source, Model | None], M]
    """The model of a text, given the model of an earlier version of the same file. Never raises."""
    facts: Callable[[M], Iterable[Fact]]
    """The facts of a file that rules for other files can query. `Place.path` is that of the model's source."""
    problems: Callable[[M], Sequence[Problem]]
    """What the language's own tools reject, in text order."""
    parses: Callable[[str], bool] = _unknown
    """Whether it is known that the whole text parses. Else its parts are parsed, to say which of them do not."""
    unread: Callable[[str], tuple[str, str]] | None = None
    """(what the file is, why) of a part that does not parse: `Python 2 file`, or "" if it should parse.

    Set for languages whose syntax can be newer than what reads it: then such a part is a hint that fails no run.
    """
    built: Callable[[str, Files, Callable[[type[Fact]], Facts[Any]]], BuildSummary] = _nothing
    """What the file at a path builds out of other files for deployment, as a kustomization does."""
    makes: Callable[[str], bool] = _makes_none
    """Whether texts of this language can be made of the file at a path, by its name."""
    made_of: Callable[[FileView, Files, Callable[[type[Fact]], Facts[Any]]], Iterable[Embedded]] = _makes_nothing
    """The texts of this language that are made of a file of a language that `embeds` it, with the help of other files.

    It is given the view of the whole file. Can raise NotKnownYet.
    """
    says_nothing: Callable[[Source], bool] = _never
    """Whether the text, without parsing it, rules out any fact."""
    finds_nothing: Callable[[Source, Callable[[Words], bool]], bool] = _never
    """Whether the text, without parsing it, rules out any finding, fact or ignore comment.

    The second argument says whether a rule can find something in a text with these words.
    """
