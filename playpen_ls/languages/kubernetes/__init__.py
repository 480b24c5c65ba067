"""Kubernetes manifests in YAML or JSON. Rules import what they look at from `parts`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from playpen_ls.api.facts import Fact, Facts, Files
from playpen_ls.api.file_view import FileView
from playpen_ls.languages.language import BuildSummary, Language
from playpen_ls.languages.model import Embedded, Model, Problem
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source

if TYPE_CHECKING:
    from playpen_ls.languages.kubernetes.model.manifests import Manifests

_NO_MANIFEST = regex(
    r"Chart\.lock$|package(-lock)?\.json$|tsconfig.*\.json$|\.pre-commit-config\.yaml$|\.gitlab-ci\.yml$|mkdocs\.yml$"
)
# No manifests, but they say what others mean: which are patches or templates, which tags are replaced.
_ABOUT_MANIFESTS = regex(r"kustomization\.ya?ml$|Chart\.yaml$|skaffold\.ya?ml$")
_API_VERSION = regex(r"""(?:^|[{,\r])[ \t]*+['"]?apiVersion['"]?\s*:""", re.MULTILINE)
_KIND = regex(r"""(?:^|[{,\r])[ \t]*+['"]?kind['"]?\s*:""", re.MULTILINE)
# A kustomize patch that has a target does not need an `apiVersion`.
_PATCH = regex(
    r"^kind:[ \t]*(?:Deployment|StatefulSet|DaemonSet|CronJob|Job|Pod|ConfigMap|Secret)[ \t]*$", re.MULTILINE
)
_METADATA = regex(r"^metadata:", re.MULTILINE)


def _recognizes(path: str, text: Callable[[], str]) -> bool:
    """Whether a YAML or JSON file has a manifest, or says what manifests mean."""
    name = path.rpartition("/")[2]
    if _ABOUT_MANIFESTS.match(name):
        return True
    if _NO_MANIFEST.match(name) or "/.github/" in f"/{path}":
        return False
    if _PATCH.search(text()) and _METADATA.search(text()):
        return True
    return bool(_API_VERSION.search(text()) and _KIND.search(text()))


def _parse(source: Source, previous: Model | None) -> Manifests:
    from playpen_ls.languages.kubernetes.model.manifests import parse

    return parse(source, previous)


def _facts(model: Manifests) -> Iterable[Fact]:
    return (fact for chunk in model.chunks for fact in chunk.facts)


def _built(path: str, files: Files, facts: Callable[[type[Fact]], Facts[Any]]) -> BuildSummary:
    if posixpath.basename(path) == "Chart.yaml":
        from playpen_ls.languages.kubernetes.helm.installs import installed_objects

        return installed_objects(path, files)
    if not path.endswith(("kustomization.yaml", "kustomization.yml")):
        return BuildSummary()
    from playpen_ls.languages.kubernetes.kustomize.builds import built_objects

    return built_objects(path, files, facts)


def _makes(path: str) -> bool:
    return "values" in posixpath.basename(path)


def _made_of(file: FileView, files: Files, facts: Callable[[type[Fact]], Facts[Any]]) -> Iterable[Embedded]:
    from playpen_ls.languages.kubernetes.helm.from_values import made_of_values

    return made_of_values(file, files, facts)


def _problems(model: Manifests) -> Sequence[Problem]:
    return model.problems


LANGUAGE = Language(
    name="kubernetes",
    label="Kubernetes manifest",
    candidate_names=("*.yaml", "*.yml", "*.json"),
    candidate_ids=("yaml", "yaml-ts", "kubernetes", "json"),
    recognizes=_recognizes,
    default_path="app.yaml",
    fence="yaml",
    exemption_words=("kube-linter.io/", "kube-score/ignore", "polaris.fairwinds.com/", "checkov.io/skip"),
    parse=_parse,
    facts=_facts,
    problems=_problems,
    built=_built,
    makes=_makes,
    made_of=_made_of,
)
