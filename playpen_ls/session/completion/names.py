"""Names that several languages propose: images, and credentials."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.fact_types import ImageBuilt, ImagePushed, ImageUse
from playpen_ls.api.rule import RuleContext
from playpen_ls.session.completion.item import Item, Sort
from playpen_ls.vocabulary.image_names import HOLE
from playpen_ls.vocabulary.images import ImageReference


def images(context: RuleContext, *, as_base: bool) -> Iterator[Item]:
    """The images that the project pushes and builds, then those that it uses; `as_base`: those of the platform, too."""
    for own in context.platform.base_images.values() if as_base else ():
        yield Item(own, Sort.VALUE, "base image of the platform", 0)
    for pushed in context.facts(ImagePushed):
        yield from _image(pushed.reference, f"pushed by {pushed.place.path}", 1)
    for built in context.facts(ImageBuilt):
        yield from _image(built.reference, f"built by {built.place.path}", 2)
    for used in context.facts(ImageUse):
        yield Item(used.reference, Sort.VALUE, f"used in {used.place.path}", 3)


def _image(reference: str, detail: str, rank: int) -> Iterator[Item]:
    """The image; without its tag if that is computed."""
    if "$" in reference or HOLE in reference:
        reference = ImageReference.parse(reference).repository
    if "$" not in reference and HOLE not in reference and reference.strip():
        yield Item(reference, Sort.VALUE, detail, rank)
