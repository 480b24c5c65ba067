"""Files in no language that state how images are built: compose files, workflows, scripts, Makefiles, bake files.

They are read for their facts only (`ImageBuilt`, `MigrationsRun`, `ConnectionLimit`, `ChartInstall`, `ValuesFile`, and
`DotenvVariable` of the `.env` beside a compose file): nothing is checked in them, and nothing is executed. A statement
whose variables cannot be filled in from the same text says nothing. Like `shell` this package is shared: it imports no
language. Readers never raise; importing the package loads none of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from playpen_ls.api.facts import Fact
from playpen_ls.languages.builds.anywhere import stated_anywhere
from playpen_ls.text.regex import regex

_LARGEST = 1_000_000  # characters; larger files are data
NAMES = (
    "Makefile", "makefile", "GNUmakefile", "*.mk", "justfile", "Justfile", "*.sh", "*.bash", "docker-bake*.hcl",
    "Tiltfile", "Procfile", "*.service", ".env",
)  # fmt: skip
"""Names of files that are read besides YAML and JSON files, as patterns of `fnmatch`."""
_COMPOSE = r"(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml|[\w.-]+[.-]compose\.ya?ml"
_KINDS = {
    "compose": regex(rf"(?:.*/)?(?:{_COMPOSE})"),
    "values": regex(r"(?:.*/)?values(?:[.-][\w.-]+)?\.ya?ml"),
    "helmfile": regex(r"(?:.*/)?helmfile(?:\.d/[^/]+)?\.ya?ml"),
    "workflow": regex(r"(?:.*/)?\.github/(?:workflows/[^/]+|actions/.+/action)\.ya?ml"),
    "bake": regex(r"(?:.*/)?[\w.-]*bake[\w.-]*\.(?:hcl|json)"),
    "cloud_build": regex(r"(?:.*/)?cloudbuild[\w.-]*\.(?:ya?ml|json)"),
    "pipeline": regex(
        r"(?:.*/)?(?:\.gitlab-ci|[\w.-]+\.gitlab-ci|azure-pipelines[\w.-]*|bitbucket-pipelines|\.travis|Taskfile"
        r"|buildspec[\w.-]*|\.drone)\.ya?ml|(?:.*/)?\.circleci/[^/]+\.ya?ml|(?:.*/)?\.gitlab/.+\.ya?ml"
    ),
    "make": regex(r"(?:.*/)?(?:(?:GNUm|M|m)akefile|[jJ]ustfile|[^/]+\.mk)"),
    "script": regex(r"(?:.*/)?(?:[^/]+\.(?:sh|bash)|Procfile)"),
    "tilt": regex(r"(?:.*/)?Tiltfile"),
    "unit": regex(r"(?:.*/)?[^/]+\.service"),
    "environment": regex(r"(?:.*/)?\.env"),
}
_WORDS = regex(r"build|image|kaniko|repository|destination|dockerfile|tags|helm|kustomize|kubectl", re.IGNORECASE)
_SHORT = frozenset(("environment", "bake", "values", "helmfile"))  # read whatever their words are
_NAMES = regex(
    r"(?:(?:GNUm|M|m)akefile|[jJ]ustfile|.+\.mk|.+\.(?:sh|bash)|[\w.-]*bake[\w.-]*\.hcl|Tiltfile|Procfile|.+\.service|\.env)",
    re.DOTALL,
)


def is_read(name: str) -> bool:
    """Whether a file that is in no language can state facts, by its name alone."""
    return _NAMES.fullmatch(name) is not None


def can_state(path: str) -> bool:
    """Whether a file in no language can state facts, by its path in the project."""
    return any(pattern.fullmatch(path) for pattern in _KINDS.values())


def facts_in(path: str, text: str) -> tuple[Fact, ...]:
    """What a file in no language states; `path` is relative to the project."""
    kind = next((kind for kind, pattern in _KINDS.items() if pattern.fullmatch(path)), "")
    if not kind or len(text) > _LARGEST:
        return ()
    run = tuple(stated_anywhere(path, text))
    if kind == "unit" or not (kind in _SHORT or _WORDS.search(text)):
        return run
    from playpen_ls.languages.builds import configurations, scripts

    readers: dict[str, Callable[[str, str], Iterator[Fact]]] = {
        "compose": configurations.of_compose,
        "values": configurations.of_values,
        "helmfile": configurations.of_helmfile,
        "workflow": configurations.of_workflow,
        "bake": configurations.of_bake,
        "cloud_build": configurations.of_cloud_build,
        "pipeline": configurations.of_pipeline,
        "make": scripts.of_makefile,
        "script": scripts.of_script,
        "tilt": scripts.of_tiltfile,
        "environment": configurations.of_environment,
    }
    return (*readers[kind](path, text), *run)
