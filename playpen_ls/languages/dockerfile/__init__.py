"""Dockerfiles, parsed as BuildKit parses them. Rules import what they look at from `parts`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from playpen_ls.api.facts import Fact
from playpen_ls.languages.language import Language
from playpen_ls.languages.model import Model, Problem
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


_CODE = re.compile(r".*\.(?:\w*py|go|js|ts|rb|java|sh|json|ya?ml|md|txt|html?|rs|c|h|cpp|php|toml|xml|rst|snap)", re.I)
_STARTS = re.compile(r"(?:[ \t]*(?:#.*)?\r?\n|[ \t]*ARG[ \t].*\r?\n)*+[ \t]*FROM[ \t]+\S", re.IGNORECASE)


def _recognizes(path: str, text: Callable[[], str]) -> bool:
    """A name that begins or ends with Dockerfile in another spelling: its first instruction must be FROM."""
    return _CODE.fullmatch(path) is None and _STARTS.match(text()) is not None


LANGUAGE = Language(
    name="dockerfile",
    label="Dockerfile",
    file_names=("Dockerfile", "Dockerfile.*", "*.Dockerfile", "*.dockerfile", "Containerfile", "Containerfile.*"),
    candidate_names=(
        "dockerfile",
        "DOCKERFILE",
        "Dockerfile[-_]*",
        "dockerfile[-._]*",
        "*[-_]Dockerfile",
        "*[-_]dockerfile",
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
