"""The environment variables that a container gets, and those that its program reads."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any

from playpen_ls.api.fact_types import EnvironmentKnown, EnvironmentRead
from playpen_ls.api.facts import Facts, Files
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.model.resources import Container
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar
from playpen_ls.project.image_evidence import Link
from playpen_ls.project.links import PYTHON
from playpen_ls.rules.kubernetes._links import Settings
from playpen_ls.rules.kubernetes._namespaces import name_of
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.names import near_miss, words

_OWN = regex(
    r"^(?:HOME|PATH|HOSTNAME|PWD|USER|SHELL|LANG|TZ|TMPDIR|PYTHON\w*|KUBERNETES_\w+|\w+_SERVICE_(?:HOST|PORT))$"
)
_SCRIPT = regex(r"(?:^|/)(?:scripts?|bin|tools?|examples?|docs?|tests?|migrations|alembic|notebooks?)/|(?:^|/)"
                     r"(?:manage|setup|noxfile|fabfile|tasks|conftest|locustfile)\.py$")  # fmt: skip


@dataclass(frozen=True)
class Variables:
    """Facts about environment variables; a rule takes it as one parameter."""

    reads: Facts[EnvironmentRead]
    known: Facts[EnvironmentKnown]
    settings: Settings


def given(container: Container, settings: Settings) -> set[str] | None:
    """The variables that the manifest sets; None if that is not known."""
    document = container.document
    names: set[str] = set()
    for entry in container.node.mappings("env"):
        if not entry.text("name"):
            return None
        names.add(entry.text("name"))
    for source in container.node.mappings("envFrom"):
        config, secret = source.mapping("configMapRef"), source.mapping("secretRef")
        named = (config or secret or source).text("name")
        facts: Facts[Any] | None = settings.configs if config else settings.secrets if secret else None
        every = facts_everywhere(facts, document, name_of, named) if facts is not None else ()
        found = [one for one in every if settings.namespaces.share(one, container.workload)]
        if not found or not all(one.keys for one in found):
            return None
        # Of several, for example of environments, any can be the one: what none of them has is not set.
        names |= {source.text("prefix") + key for one in found for key in one.keys}
    return names


def unset(container: Container, image: Link, variables: Variables) -> Iterator[EnvironmentRead]:
    """The reads without a default, one of each variable that nothing sets; none if that is not known.

    `required` of them says whether the program fails without it. The container must run the program of its image.
    """
    if image.recipe.program not in PYTHON:
        return
    names = given(container, variables.settings)
    sets = {one.name for one in image.of(variables.known)}
    if names is None or "*" in sets:
        return
    names = {name.upper() for name in (*names, *sets, *image.recipe.variables)}  # Pydantic settings ignore case
    reads = image.of(variables.reads)
    optional = {one.name for one in reads if one.default is not None}  # also if only other code has a default for it
    found: dict[str, EnvironmentRead] = {}
    for read in sorted(reads, key=lambda one: not one.required):
        name = read.name
        if name.upper() in names or name in optional or _OWN.search(name) or _SCRIPT.search(read.place.path):
            continue
        found.setdefault(name, read)
    yield from found.values()


# Libraries and runtimes read these by themselves.
_CONVENTION = regex(
    r"(?:PYTHON|UVICORN_|GUNICORN_|HYPERCORN_|FLASK_|DJANGO_|FASTAPI_|SERVER_|FORWARDED_|OTEL_|DD_|SENTRY_|NEW_RELIC_|"
    r"AWS_|AZURE_|GOOGLE_|GCP_|GCLOUD_|CLOUDSDK_|PG|KUBERNETES_|JAVA_|NODE_|NPM_|PIP_|UV_|SSL_|REQUESTS_|CURL_|LC_|"
    r"PROMETHEUS_|GRPC_|OPENAI_|ANTHROPIC_|HF_|CUDA_|NVIDIA_|TF_|OMP_|MKL_|CELERY_|REDIS_OM_|MLFLOW_)\w*|\w*_PROXY"
    r"|WEB_CONCURRENCY|WORKERS|TZ|LANG|PORT|HOST|DEBUG|ENV|ENVIRONMENT|DATABASE_URL|LOG_LEVEL",
    re.IGNORECASE,
)
_MOST_FILES = 400
_READ_WHOLE = regex(
    r"(?:.*/)?(?:[^.]+|[^/]*Dockerfile[^/]*|.+\.(?:py|sh|bash|ini|cfg|toml|conf|env|tmpl|template|j2|in))"
)
_SUBSTITUTED = regex(r".+\.(?:ya?ml|json|js|ts|xml|properties|mako|sql|txt|hcl)")
_BY_COMPUTED_NAME = regex(
    r"(?<!import )\benviron\b(?!\s*\[\s*[\"']|\.(?:get|setdefault|pop)\(\s*[\"']|\.(?:FileAware)?Env\b)"
    r"|\bgetenv\(\s*(?![\"'\s])|env_nested_delimiter|\bdynaconf\b|\bos\.environb\b"
)


def meant(container: Container, reads: list[EnvironmentRead], image: Link, files: Files) -> dict[str, Scalar]:
    """The names in the container's `env` that mean the variables of these reads, which nothing sets, by those.

    They differ by a typo or in the order of their words. Nothing in the image's code reads the variable that is set.
    """
    entries = [name for entry in container.node.mappings("env") if (name := entry.scalar("name")) and name.literal]
    others = {one.value: one for one in entries if not _CONVENTION.fullmatch(one.value)}
    near = {read.name: near_miss(read.name, others) or _in_other_order(read.name, others) for read in reads}
    pairs = [(name, other) for name, other in near.items() if other and list(near.values()).count(other) == 1]
    return {name: others[other] for name, other in pairs if is_unread(other, image, files)}


def _in_other_order(name: str, others: Iterable[str]) -> str | None:
    same = [other for other in others if other != name and sorted(words(other)) == sorted(words(name))]
    return same[0] if len(same) == 1 else None


def is_unread(name: str, image: Link, files: Files) -> bool:
    """Whether no file of the image's code names the variable, and none reads variables by computed names."""
    word = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", re.IGNORECASE)
    substituted = re.compile(rf"[$%][{{(]?{re.escape(name)}(?![A-Za-z0-9_])|\benv\.{re.escape(name)}\b")
    waiting, count = [image.folder], 0
    while waiting:
        folder = waiting.pop()
        for entry in files.names(folder or "."):
            path = posixpath.join(folder, entry)
            if entry.endswith("/"):
                if not entry.startswith((".", "node_modules", "__pycache__")):
                    waiting.append(path.rstrip("/"))
                continue
            count += 1
            whole = _READ_WHOLE.fullmatch(path)
            if count > _MOST_FILES:
                return False
            if whole or _SUBSTITUTED.fullmatch(path):
                text = files.text(path) or ""
                if (word if whole else substituted).search(text):
                    return False
                if path.endswith(".py") and _BY_COMPUTED_NAME.search(text):
                    return False
    return True
