"""Python: each statement is parsed by itself. Rules import what they look at from `parts`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from playpen_ls.api.facts import Fact
from playpen_ls.languages.language import Language
from playpen_ls.languages.model import Model, Problem
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.words import Words

if TYPE_CHECKING:
    from playpen_ls.languages.python.model.module import PythonModel


def _parse(source: Source, previous: Model | None) -> PythonModel:
    from playpen_ls.languages.python.model.module import parse

    return parse(source, previous)


def _facts(model: PythonModel) -> Iterable[Fact]:
    from playpen_ls.languages.python.facts import facts

    return facts(model)


def _problems(_: PythonModel) -> Sequence[Problem]:
    return ()  # a statement that does not parse is a broken chunk


def _left_unused(model: PythonModel, edits: Sequence[Edit]) -> Sequence[Edit]:
    from playpen_ls.languages.python.edits.unused_imports import left_unused

    return left_unused(model, edits)


def _parses(text: str) -> bool:
    from playpen_ls.languages.python.syntax.parsing import parses

    return parses(text)


def _unread(text: str) -> tuple[str, str]:
    from playpen_ls.languages.python.syntax.parsing import unread_reason

    return unread_reason(text)


def _says_nothing(source: Source) -> bool:
    from playpen_ls.languages.python.facts import says_nothing

    return says_nothing(source)


def _finds_nothing(source: Source, may_concern: Callable[[Words], bool]) -> bool:
    from playpen_ls.languages.python.facts import finds_nothing

    return finds_nothing(source, may_concern)


LANGUAGE = Language(
    name="python",
    label="Python file",
    file_names=("*.py", "*.pyw", "wsgi"),
    other_names=("*.ipynb", "*.pyi"),
    editor_ids=("python", "python-ts"),
    read_names=("alembic.ini",),
    default_path="app.py",
    fence="python",
    parse=_parse,
    facts=_facts,
    problems=_problems,
    left_unused=_left_unused,
    parses=_parses,
    unread=_unread,
    says_nothing=_says_nothing,
    finds_nothing=_finds_nothing,
)
