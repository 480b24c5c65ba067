"""The language of a file, by its name, its text or the editor's language id."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from fnmatch import fnmatchcase, translate
from pathlib import PurePosixPath

_DOCKERFILE = ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "*.dockerfile", "Containerfile", "Containerfile.*")
_JENKINSFILE = ("Jenkinsfile", "Jenkinsfile.*", "Jenkinsfile-*", "*.jenkinsfile")
_PYTHON = ("*.py", "*.pyw", "wsgi")
_YAML = ("*.yaml", "*.yml", "*.json")
_NO_MANIFEST = re.compile(
    r"^(docker-)?compose([.-].*)?\.ya?ml$|^values([.-].*)?\.ya?ml$|^Chart\.lock$"
    r"|^package(-lock)?\.json$|^tsconfig.*\.json$|^\.pre-commit-config\.yaml$|^\.gitlab-ci\.yml$|^mkdocs\.yml$"
)
# No manifests, but they say what others mean: which are patches or templates, which tags are replaced.
_ABOUT_MANIFESTS = re.compile(r"^kustomization\.ya?ml$|^Chart\.yaml$|^skaffold\.ya?ml$")
_API_VERSION = re.compile(r"""(?:^|[{,\r])[ \t]*+['"]?apiVersion['"]?\s*:""", re.MULTILINE)
_KIND = re.compile(r"""(?:^|[{,\r])[ \t]*+['"]?kind['"]?\s*:""", re.MULTILINE)
# Comments, imports and annotations may come before `pipeline {`. What was read is never read in another way (`*+`):
# the ways to read a long header are exponentially many.
_PIPELINE = re.compile(
    r"(?:\s|//[^\n]*|/\*.*?\*/|\#![^\n]*|import\s[^\n]*|@\w+(?:\([^)\n]*\))?(?:[ \t]+_)?|library\b[^\n]*)*+"
    r"pipeline\s*\{",
    re.DOTALL,
)
_LANGUAGE_IDS = {
    "dockerfile": "dockerfile",
    "dockerfile-ts": "dockerfile",
    "jenkinsfile": "jenkinsfile",
    "groovy": "jenkinsfile",
    "yaml": "kubernetes",
    "yaml-ts": "kubernetes",
    "kubernetes": "kubernetes",
    "json": "kubernetes",
    "python": "python",
    "python-ts": "python",
}
_OURS = re.compile("|".join(map(translate, (*_DOCKERFILE, *_JENKINSFILE, *_PYTHON, *_YAML, "*.groovy"))))


def language_of(path: str, text: Callable[[], str], language_id: str = "") -> str | None:
    """The language of a file by its name or the editor's language id; None if it is not supported.

    `text` is called only if the name is not sufficient.
    """
    name = PurePosixPath(path).name
    if any(fnmatchcase(name, pattern) for pattern in _DOCKERFILE):
        return None if name.endswith(".dockerignore") else "dockerfile"
    if any(fnmatchcase(name, pattern) for pattern in _JENKINSFILE):
        return "jenkinsfile"
    if any(fnmatchcase(name, pattern) for pattern in _PYTHON):
        return "python"
    if any(fnmatchcase(name, pattern) for pattern in _YAML):
        about = _ABOUT_MANIFESTS.match(name)
        return "kubernetes" if about or (_may_be_manifest(path) and _is_manifest(text())) else None
    if name.endswith(".groovy"):
        shared_library = {"vars", "src"} & set(PurePosixPath(path).parts[:-1])
        return "jenkinsfile" if not shared_library and _PIPELINE.match(text()) else None
    editor_id = language_id.lower().removesuffix("-mode")
    by_id = _LANGUAGE_IDS.get(editor_id)
    if by_id == "kubernetes" and not _is_manifest(text()):
        return None
    if editor_id == "groovy" and not _PIPELINE.match(text()):
        return None  # editors say that of Gradle's files too
    if name.endswith((".ipynb", ".pyi", ".dockerignore")):
        return None
    return by_id


def may_matter(path: str) -> bool:
    """Whether the file name alone could be that of a supported file."""
    name = posixpath.basename(path)
    return bool(_OURS.match(name)) and not name.endswith(".dockerignore")


def _may_be_manifest(path: str) -> bool:
    return not _NO_MANIFEST.match(PurePosixPath(path).name) and "/.github/" not in f"/{path}"


def _is_manifest(text: str) -> bool:
    return bool(_API_VERSION.search(text) and _KIND.search(text))
