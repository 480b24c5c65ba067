"""Jenkinsfiles: Groovy tokens, statements, calls, and the declarative pipeline.

Rules import what they look at from `parts`.
"""

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
    from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile

# At the start of a line: the functions of a library have it in their bodies. `node` is that of a scripted pipeline.
_PIPELINE = regex(r"(?:\A\s*+|^)(?:pipeline|node(?:[ \t]*\([^()\n]*\))?)\s*\{", re.MULTILINE)


def _recognizes(path: str, text: Callable[[], str]) -> bool:
    """Whether a Groovy script is a pipeline; the steps and classes of a shared library are not."""
    return {"vars", "src"}.isdisjoint(path.split("/")[:-1]) and _PIPELINE.search(text()) is not None


def _parse(source: Source, previous: Model | None) -> Jenkinsfile:
    from playpen_ls.languages.jenkinsfile.model.jenkinsfile import parse

    return parse(source, previous)


def _facts(model: Jenkinsfile) -> Iterable[Fact]:
    from playpen_ls.languages.jenkinsfile.facts import facts

    return facts(model)


def _problems(model: Jenkinsfile) -> Sequence[Problem]:
    return model.problems


LANGUAGE = Language(
    name="jenkinsfile",
    label="Jenkinsfile",
    file_names=(
        "Jenkinsfile",
        "Jenkinsfile.*",
        "Jenkinsfile[-_]*",
        "*[-_]Jenkinsfile",
        "*.jenkinsfile",
        "*.Jenkinsfile",
        "*.jenkinsFile",
        "jenkinsfile",
        "JenkinsFile",
    ),
    candidate_names=("*.groovy",),
    editor_ids=("jenkinsfile",),
    candidate_ids=("groovy",),  # editors say that of Gradle's files too
    recognizes=_recognizes,
    default_path="Jenkinsfile",
    fence="groovy",
    comment_mark="//",
    embeds=("kubernetes",),
    line_ends=("\r\n",),  # Groovy does not end a line at a lone carriage return
    parse=_parse,
    facts=_facts,
    problems=_problems,
)
