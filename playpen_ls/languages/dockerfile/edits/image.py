"""The registry of a base image, its known tags, and edits that replace it."""

from __future__ import annotations

from playpen_ls.api.fact_types import ImageUse, repository_of
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Refused
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.dockerfile import model_of
from playpen_ls.languages.dockerfile.model.expansion import names_in
from playpen_ls.languages.dockerfile.model.stage import BaseImage
from playpen_ls.languages.dockerfile.syntax.instruction_types import Argument
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.images import ImageReference

_DOCKER_HUB = frozenset(("docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"))

_VARIABLES = regex(r"\$(?=\w+|\{\w+\})\{?(\w+)\}?")


def registry_of(reference: ImageReference) -> str:
    """The registry of the image; "" for Docker Hub, whether named or implied."""
    return "" if reference.registry in _DOCKER_HUB else reference.registry


def replacement(image: BaseImage, reference: str) -> list[Edit]:
    """Replaces the image reference. Where it consists of build arguments, edits their defaults. Raises Refused.

    Counts from the start of the stage. Only a fix can call it, since it looks at the file.
    """
    text = image.word.text.strip("\"'")
    names = _VARIABLES.findall(text)
    if not names:
        return [Edit(image.span.start, image.span.end, reference)]
    whole = ":".join(_VARIABLES.sub("$", part) for part in text.split(":"))
    parts = [reference] if whole == "$" else reference.rsplit(":", 1) if whole == "$:$" else []
    if len(parts) != len(names) or len(set(names)) != len(names):
        raise Refused(f"`{text}` depends on build arguments whose values cannot be changed one by one")
    file = image.owner.file
    if len(names) > 1:
        _refuse_other_uses(names, image)
    edits = []
    for name, value in zip(names, parts, strict=True):
        pairs = (pair for one in model_of(file).above if isinstance(one, Argument) for pair in one.pairs)
        pair = next((pair for pair in pairs if pair.name == name and pair.value), None)
        if pair is None:
            raise Refused(f"`ARG {name}` has no default before the first `FROM`")
        edits.append(Edit(pair.value_span.start, pair.value_span.end, value).shifted(-file.start))
    return edits


def _refuse_other_uses(names: list[str], image: BaseImage) -> None:
    for stage in model_of(image.owner.file).stages:
        for one in (stage.start, *stage.instructions):
            declared = [pair.name for pair in one.pairs] if isinstance(one, Argument) else []
            used = names_in(one.logical) if one.name == "FROM" else declared
            is_own = one.name == "FROM" and one.logical == image.owner.start.logical
            for name in names:
                if name in used and not is_own:
                    raise Refused(f"`{one.keyword}` in another place also uses build argument `{name}`")


def fixed_tags(image: BaseImage, uses: Facts[ImageUse]) -> list[str]:
    """The pinned tags of the same repository in this file and in others but manifests, sorted.

    The image of a container, such as an old `alpine` that only sets a kernel parameter, is nothing to build on.
    """
    repository = image.reference.repository
    tags = {
        reference.tag
        for use in uses.having(repository_of, repository)
        if not use.place.path.endswith((".yaml", ".yml"))
        and not (reference := ImageReference.parse(use.reference)).floats
    }
    return sorted((tags | image.owner.file.ask(queries.tags_of, repository)) - {""})
