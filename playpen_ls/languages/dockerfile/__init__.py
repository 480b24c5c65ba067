"""Dockerfiles, parsed as BuildKit parses them. Rules import what they look at from `parts`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from playpen_ls.api.facts import Fact
from playpen_ls.languages.language import Language
from playpen_ls.languages.model import Model, Problem
from playpen_ls.text.source import Source

if TYPE_CHECKING:
    from playpen_ls.languages.dockerfile.model.dockerfile import Dockerfile


def _parse(source: Source, previous: Model | None) -> Dockerfile:
    from playpen_ls.languages.dockerfile.model.dockerfile import parse

    return parse(source, previous)


def _facts(model: Dockerfile) -> Iterable[Fact]:
    from playpen_ls.languages.dockerfile.facts import facts

    return facts(model)


def _problems(model: Dockerfile) -> Sequence[Problem]:
    return model.problems


LANGUAGE = Language(
    name="dockerfile",
    label="Dockerfile",
    file_names=("Dockerfile", "Dockerfile.*", "*.Dockerfile", "*.dockerfile", "Containerfile", "Containerfile.*"),
    other_names=("*.dockerignore",),
    editor_ids=("dockerfile", "dockerfile-ts"),
    read_names=(".dockerignore", "*.dockerignore", "requirements*.txt"),
    default_path="Dockerfile",
    fence="dockerfile",
    line_ends=("\r\n",),  # BuildKit does not end a line at a lone carriage return
    parse=_parse,
    facts=_facts,
    problems=_problems,
)
