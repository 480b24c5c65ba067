"""The languages: each package of this folder with a `LANGUAGE` value is one. Importing them loads no parser."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from playpen_ls import languages
from playpen_ls.api.facts import Fact
from playpen_ls.languages.builds.anywhere import stated_anywhere
from playpen_ls.languages.language import Language
from playpen_ls.languages.model import Model, Problem
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import Source
from playpen_ls.text.words import Words


def _collected() -> Mapping[str, Language[Any]]:
    packages = sorted(info.name for info in pkgutil.iter_modules(languages.__path__) if info.ispkg)
    values = (getattr(import_module(f"{languages.__name__}.{name}"), "LANGUAGE", None) for name in packages)
    return {value.name: value for value in values if isinstance(value, Language)}


LANGUAGES = _collected()
"""By name, sorted."""


def labels(joined_by: str, plural: str = "") -> str:
    """The labels of all languages, for messages: `Dockerfile, Jenkinsfile, Kubernetes manifest or Python file`."""
    *others, last = (one.label + plural for one in LANGUAGES.values())
    return f"{', '.join(others)} {joined_by} {last}"


def parse(language: str, source: Source, previous: Model | None = None) -> Model:
    """The model of a text. `previous` is the model of an earlier version of the same file, or that of this one."""
    if previous is not None and previous.language != language:
        previous = None
    if previous is not None and previous.source is source:
        return previous
    model: Model = LANGUAGES[language].parse(source, previous)
    return model


def model_facts(model: Model) -> tuple[Fact, ...]:
    """The facts of a file that rules for other files can query."""
    source = model.source
    return tuple(dict.fromkeys((*LANGUAGES[model.language].facts(model), *stated_anywhere(source.path, source.text))))


def model_problems(model: Model) -> Sequence[Problem]:
    """What the language's own tools reject, in text order."""
    return LANGUAGES[model.language].problems(model)


def left_unused(model: Model, edits: Sequence[Edit]) -> Sequence[Edit]:
    """The edits that remove what these edits leave unused; none if one of them is invalid."""
    try:
        return LANGUAGES[model.language].left_unused(model, edits)
    except ValueError:
        return ()


def makers(language: str, path: str) -> list[Language[Any]]:
    """The languages of which texts can be made of a file, by its name. The host need not be registered."""
    host = LANGUAGES.get(language)
    return [LANGUAGES[name] for name in host.embeds if LANGUAGES[name].makes(path)] if host is not None else []


def finds_nothing(language: str, source: Source, may_concern: Callable[[Words], bool]) -> bool:
    """Whether the text, without parsing it, rules out any finding, fact or ignore comment.

    `may_concern` says whether a rule can find something in a text with these words.
    """
    if any(stated_anywhere(source.path, source.text)):
        return False
    return LANGUAGES[language].finds_nothing(source, may_concern)


def facts_in(language: str, source: Source) -> tuple[Fact, ...]:
    """The facts in a text, which is parsed only if its language cannot rule them out without."""
    if LANGUAGES[language].says_nothing(source):
        return tuple(stated_anywhere(source.path, source.text))
    return model_facts(parse(language, source))
