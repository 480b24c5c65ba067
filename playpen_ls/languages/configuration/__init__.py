"""Configuration files of a project, which are read for secrets only, and partials of Helm charts.

Rules import what they look at from `parts`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from playpen_ls.api.facts import Fact
from playpen_ls.languages import builds
from playpen_ls.languages.language import Language
from playpen_ls.languages.model import Model, Problem
from playpen_ls.text.source import Source

if TYPE_CHECKING:
    from playpen_ls.languages.configuration.file import ConfigurationFile

NAMES: dict[str, tuple[str, ...]] = {
    "env": (".env", ".env.*", "*.env", ".envrc"),
    "compose": tuple(
        f"{name}.{end}"
        for name in ("docker-compose*", "compose", "compose[.-]*", "*[.-]compose")
        for end in ("yml", "yaml")
    ),
    "values": tuple(f"{name}.{end}" for name in ("values", "values[._-]*") for end in ("yml", "yaml")),
    "ini": ("alembic.ini", "pip.conf", "pip.ini", ".pypirc"),
    "properties": ("*.properties",),
    "npmrc": (".npmrc",),
    "netrc": (".netrc", "_netrc"),
    "xml": ("settings.xml",),
}
"""Patterns of file names, in the syntax of `fnmatch`, by the form of their lines (`vocabulary.secret_lines.FORMS`)."""


def form_of(path: str) -> str:
    """The form of the lines of a file, by its name; "" if it is not read for secrets."""
    name = posixpath.basename(path)
    if name.endswith(".tpl"):
        return ""
    return next((form for form, names in NAMES.items() if any(fnmatchcase(name, one) for one in names)), "env")


def _recognizes(path: str, text: Callable[[], str]) -> bool:
    """Whether a file has named templates of a Helm chart."""
    return "/templates/" in f"/{path}" and "{{" in text()


def _parse(source: Source, _: Model | None) -> ConfigurationFile:
    from playpen_ls.languages.configuration.file import ConfigurationFile

    return ConfigurationFile(source, form_of(source.path))


def _says_nothing(source: Source) -> bool:
    return form_of(source.path) not in ("compose", "values", "env")


def _facts(model: ConfigurationFile) -> Iterable[Fact]:
    return builds.facts_in(model.source.path, model.source.text)


def _problems(_: ConfigurationFile) -> Sequence[Problem]:
    return ()


LANGUAGE = Language(
    name="configuration",
    label="configuration file",
    file_names=tuple(name for names in NAMES.values() for name in names),
    candidate_names=("*.tpl",),  # read for the references in it only
    recognizes=_recognizes,
    default_path=".env",
    fence="sh",
    embeds=("kubernetes",),
    parse=_parse,
    facts=_facts,
    problems=_problems,
    says_nothing=_says_nothing,
)
