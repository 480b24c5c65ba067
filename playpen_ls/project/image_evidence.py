"""The link from the image of a container to the Dockerfile that builds it: a value with evidence and certainty."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import replace
from enum import IntEnum
from typing import TypeVar

from playpen_ls.api.fact_types import Exposed, Recipe
from playpen_ls.api.facts import Fact, Facts
from playpen_ls.api.finding import Place
from playpen_ls.text.dataclass import dataclass

F = TypeVar("F", bound=Fact)


class Certainty(IntEnum):
    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Evidence:
    """A reason for a link. `kind` is that of the reason: two places of one kind are one kind of evidence."""

    kind: str
    place: Place
    """Where it is, with what it says."""


@dataclass(frozen=True)
class Link:
    """The Dockerfile that builds an image, and the folder of its code ("" for the whole project)."""

    recipe: Recipe
    folder: str
    others: tuple[str, ...]
    """Folders below `folder` that belong to other Dockerfiles."""
    certainty: Certainty = Certainty.CERTAIN
    evidence: tuple[Evidence, ...] = ()

    @property
    def dockerfile(self) -> str:
        return self.recipe.place.path

    @property
    def supports_findings(self) -> bool:
        """Whether a diagnostic can rely on it."""
        if self.certainty is Certainty.CERTAIN:
            return True
        return self.certainty is Certainty.LIKELY and len({one.kind for one in self.evidence}) > 1

    @property
    def related(self) -> tuple[Place, ...]:
        """Why the image is this Dockerfile's, as related information; empty if a folder has the image's name."""
        told = self.evidence if self.certainty is not Certainty.CERTAIN else self.evidence[:1]
        return tuple(one.place for one in told if self.certainty is not Certainty.CERTAIN or one.kind == "statement")

    def holds(self, fact: Fact) -> bool:
        path = fact.place.path
        return is_below(path, self.folder) and not any(is_below(path, other) for other in self.others)

    def of(self, facts: Iterable[F]) -> list[F]:
        """The facts of its code."""
        near = facts.below(self.folder) if isinstance(facts, Facts) else facts
        return [fact for fact in near if self.holds(fact)]


@dataclass(frozen=True)
class Use:
    """A container that runs an image: what its manifest at `path` says. `names` are its own and its workload's.

    `alone` if it is the only container of its pod, and then `chart` is the name of the Helm chart.
    """

    image: str
    path: str
    names: tuple[str, ...] = ()
    ports: frozenset[int] = frozenset()
    chart: str = ""
    alone: bool = False


def code_of(recipe: Recipe, folder: str, recipes: Facts[Recipe]) -> Link:
    """The code of a Dockerfile with this build context; `recipes` are the Dockerfiles of other folders."""
    return Link(recipe, folder, others_in(folder, recipe.place.path, recipes))


def exposes(link: Link, exposed: Facts[Exposed], ports: frozenset[int]) -> Link:
    """The link with another kind of evidence, if the Dockerfile exposes one of the container's ports.

    An image that is alone near the only Dockerfile is then likely to be built from it.
    """
    for one in exposed.of(link.dockerfile):
        if one.port in ports:
            evidence = Evidence(
                "port", Place(one.place.path, one.place.span, f"port {one.port} is also the container's")
            )
            alone = any(each.kind == "image" for each in link.evidence)
            certainty = max(link.certainty, Certainty.LIKELY) if alone else link.certainty
            return replace(link, evidence=(*link.evidence, evidence), certainty=certainty)
    return link


def others_in(folder: str, dockerfile: str, recipes: Facts[Recipe]) -> tuple[str, ...]:
    """The folders below a build context that belong to other Dockerfiles."""
    own = posixpath.dirname(dockerfile)
    paths = (one.place.path for one in recipes.below(folder))
    places = {posixpath.dirname(path) for path in paths if path != dockerfile}
    inside = (place for place in places if place != folder and is_below(place + "/", folder))
    return tuple(sorted(place for place in inside if not is_below(own + "/", place)))


def is_below(path: str, folder: str) -> bool:
    """Whether the path is in the folder; everything is in ""."""
    return not folder or path.startswith(folder + "/")
