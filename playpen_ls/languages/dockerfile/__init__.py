"""Dockerfiles, parsed as BuildKit parses them. Rules import what they look at from `parts`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from playpen_ls.api.facts import Fact
from playpen_ls.languages.language import Language
from playpen_ls.languages.model import Model, Problem
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source

if TYPE_CHECKING:
    from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel


def _parse(source: Source, previous: Model | None) -> DockerfileModel:
    from playpen_ls.languages.dockerfile.model.dockerfile import parse

    return parse(source, previous)


def _facts(model: DockerfileModel) -> Iterable[Fact]:
    from playpen_ls.languages.dockerfile.facts import facts

    return facts(model)


def _problems(model: DockerfileModel) -> Sequence[Problem]:
    return model.problems


_VARIANT = regex(r"(?:.*/)?Dockerfile\.[^/]*", re.DOTALL)
_CODE = regex(
    r".*\.(?:\w*py|go|groovy|js|ts|rb|java|kt|cs|sh|ps1|json|ya?ml|md|txt|html?|rs|c|h|cpp|php|pl|toml|xml|rst|snap)",
    re.IGNORECASE | re.DOTALL,
)
_STARTS = regex(r"(?:[ \t]*(?:#.*)?\r?\n|[ \t]*ARG[ \t].*\r?\n)*+[ \t]*FROM[ \t]+\S", re.IGNORECASE)


def _recognizes(path: str, text: Callable[[], str]) -> bool:
    """`Dockerfile.dev`, but not `Dockerfile.groovy`; a name in another spelling if its first instruction is FROM."""
    is_code = _CODE.fullmatch(path) is not None
    if _VARIANT.fullmatch(path):
        return not is_code or _STARTS.match(text()) is not None
    return not is_code and _STARTS.match(text()) is not None


LANGUAGE = Language(
    name="dockerfile",
    label="Dockerfile",
    file_names=("Dockerfile", "*.Dockerfile", "*.dockerfile", "Containerfile", "Containerfile.*"),
    candidate_names=(
        "Dockerfile.*",
        "Dockerfile[-_]*",
        "*[-_]Dockerfile",
        "dockerfile",
        "dockerfile[-._]*",
        "*[-_]dockerfile",
        "DOCKERFILE",
        "containerfile",
        "Containerfile[-_]*",
    ),
    recognizes=_recognizes,
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
