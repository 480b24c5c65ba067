"""The registry of a base image, its known tags, and edits that replace it."""

from __future__ import annotations

from playpen_ls.api.fact_types import ImageUse, repository_of
from playpen_ls.api.facts import Facts
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.dockerfile import model_of
from playpen_ls.languages.dockerfile.model.expansion import names_in
from playpen_ls.languages.dockerfile.model.stage import BaseImage
from playpen_ls.languages.dockerfile.syntax.instruction_types import Argument
from playpen_ls.text.edit import Edit
from playpen_ls.vocabulary.images import ImageReference

_DOCKER_HUB = frozenset(("docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"))


def registry_of(reference: ImageReference) -> str:
    """The registry of the image; "" for Docker Hub, whether named or implied."""
    return "" if reference.registry in _DOCKER_HUB else reference.registry


def replacement(image: BaseImage, reference: str) -> Edit:
    """Replaces the image reference; edits the ARG default if the FROM consists of just that ARG.

    Counts from the start of the stage. Only a fix can call it, since it looks at the file.
    """
    names = names_in(image.word.text)
    if len(names) == 1:
        (name,) = names
        if image.word.text in (f"${name}", f"${{{name}}}"):
            file = image.owner.file
            for instruction in model_of(file).above:
                for pair in instruction.pairs if isinstance(instruction, Argument) else ():
                    if pair.name == name and pair.value:
                        return Edit(pair.value_span.start, pair.value_span.end, reference).shifted(-file.start)
    return Edit(image.span.start, image.span.end, reference)


def fixed_tags(image: BaseImage, uses: Facts[ImageUse]) -> list[str]:
    """The pinned tags of the same repository in this file and in others, sorted."""
    repository = image.reference.repository
    tags = {
        reference.tag
        for use in uses.having(repository_of, repository)
        if not (reference := ImageReference.parse(use.reference)).floats
    }
    return sorted((tags | image.owner.file.ask(queries.tags_of, repository)) - {""})
