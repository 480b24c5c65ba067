"""The language of a file, by its name, its text or the editor's language id, as the `Language` values say."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from fnmatch import translate
from functools import cache
from typing import Any

from playpen_ls.languages.language import Language
from playpen_ls.languages.registry import LANGUAGES

Kind = tuple[Language[Any] | None, bool]
"""(language, or None for a file that is in none; whether that is certain without looking at the text)."""


def language_of(path: str, text: Callable[[], str], language_id: str = "") -> str | None:
    """The language of a file by its name or the editor's language id; None if it is not supported.

    `text` is called only if the name is not sufficient.
    """
    language, certain = _by_name(posixpath.basename(path)) or _by_id(language_id) or (None, True)
    if language is None or not (certain or language.recognizes(path, text)):
        return None
    return language.name


def possible_language(path: str) -> str | None:
    """The language that a file can only have, by its name alone; None if it is certainly not supported."""
    language, _ = _by_name(posixpath.basename(path)) or (None, True)
    return language.name if language is not None else None


def _by_name(name: str) -> Kind | None:
    kinds, names = _names()
    match = names.match(name)
    return kinds[match.lastindex - 1] if match is not None and match.lastindex else None


@cache
def _names() -> tuple[list[Kind], re.Pattern[str]]:
    """Kinds of files, and a pattern with a group for each; the first one that matches counts."""
    kinds: list[tuple[Kind, list[str]]] = [
        ((None, True), [name for one in LANGUAGES.values() for name in one.other_names])
    ]
    kinds += [((one, True), [*one.file_names]) for one in LANGUAGES.values()]
    kinds += [((one, False), [*one.candidate_names]) for one in LANGUAGES.values()]
    kinds = [(kind, names) for kind, names in kinds if names]
    groups = "|".join(f"({'|'.join(map(translate, names))})" for _, names in kinds)
    return [kind for kind, _ in kinds], re.compile(groups)


def _by_id(language_id: str) -> Kind | None:
    name = language_id.lower().removesuffix("-mode")  # Emacs sends its major mode
    for one in LANGUAGES.values():
        if name in one.editor_ids or name in one.candidate_ids:
            return one, name in one.editor_ids
    return None
