"""The languages. Each is a module or package with `parse(source, previous=None) -> Model`, imported when first met."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from playpen_ls.languages.base import Model
from playpen_ls.source import Source

LANGUAGES = ("dockerfile", "jenkinsfile", "kubernetes", "python")


def parse(language: str, source: Source, previous: Model | None = None) -> Model:
    """The model of a text. `previous` is the model of an earlier version of the same file."""
    module = import_module(f"playpen_ls.languages.{language}")
    if previous is not None and previous.language != language:
        previous = None
    return cast(Model, module.parse(source, previous))
