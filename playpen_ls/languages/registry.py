"""The languages. Each is a module or package with `parse(source, previous=None) -> Model`, imported when first met."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from playpen_ls.api.facts import Fact
from playpen_ls.languages.model import Model
from playpen_ls.text.source import Source

LANGUAGES = ("dockerfile", "jenkinsfile", "kubernetes", "python")


def parse(language: str, source: Source, previous: Model | None = None) -> Model:
    """The model of a text. `previous` is the model of an earlier version of the same file, or that of this one."""
    if previous is not None and previous.language != language:
        previous = None
    if previous is not None and previous.source is source:
        return previous
    module = import_module(f"playpen_ls.languages.{language}")
    return cast(Model, module.parse(source, previous))


def finds_nothing(language: str, source: Source) -> bool:
    """Neither a finding nor a fact comes from the text; its language can tell by a look."""
    look = getattr(import_module(f"playpen_ls.languages.{language}"), "finds_nothing", None)
    return look is not None and bool(look(source))


def facts_in(language: str, source: Source) -> tuple[Fact, ...]:
    """What a text tells other files; it is parsed only where its language cannot tell by a look that it is nothing."""
    says_nothing = getattr(import_module(f"playpen_ls.languages.{language}"), "says_nothing", None)
    if says_nothing is not None and says_nothing(source):
        return ()
    return tuple(parse(language, source).facts())
