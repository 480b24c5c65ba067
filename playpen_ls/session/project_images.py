"""The images of a project: which Dockerfile builds one, and which pods run what it builds."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.fact_types import DotenvVariable, ImageBuilt, Pods, Recipe
from playpen_ls.api.facts import Facts
from playpen_ls.project.image_evidence import Link, Use
from playpen_ls.project.image_links import Linker, linker
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.pause import pause


@dataclass(frozen=True)
class ProjectImages:
    """Facts about the images of a project."""

    recipes: Facts[Recipe]
    builds: Facts[ImageBuilt]
    pods: Facts[Pods]
    values: Facts[DotenvVariable]

    @property
    def linker(self) -> Linker:
        return linker(self.recipes, self.builds, self.pods.derived(_images), self.values)

    def running(self, dockerfile: str) -> Iterator[tuple[Pods, list[Link]]]:
        """The pods that run the image of a Dockerfile, with the link of each of their containers that does."""
        images = self.linker
        for pods in self.pods:
            pause()
            links = (images.link(Use(image, pods.place.path, (pods.name,))) for image in pods.images)
            found = [link for link in links if link is not None and link.dockerfile == dockerfile]
            if found:
                yield pods, found


def _images(pods: Facts[Pods]) -> frozenset[tuple[str, str]]:
    return frozenset((one.place.path, image) for one in pods for image in one.images)
