"""What of a project belongs together: the one policy by which rules of several files find each other.

**An image belongs to a Dockerfile**
1. that a pipeline or skaffold builds under that name. The whole repository decides where it is written out on both
   sides (`nexus:5000/shop/web`); else its last part, since pipelines tag for a registry what they built without one;
2. else, whose folder has the image's last part as its name (`web/Dockerfile`, also `Dockerfile.web` and
   `web.Dockerfile`), as nearly all monorepos have it. A name of Docker Hub's own library without registry and account
   (`nginx`, `redis`) is the public image, whatever folder has its name;
3. else, by the name that the project's kustomizations put in its place, where they agree on one.
Where several Dockerfiles fit, the one that shares the deepest folder with the manifest counts (`a/k8s` goes with
`a/web`, not with `b/web`), and where they share it equally, none: a wrong link costs more than ten missing ones.

**Code belongs to a Dockerfile** below its build context, else below its folder, but for what lies below the folder of
another Dockerfile. A manifest in a base folder and its overlays name the same image, so each is linked on its own;
patches are no objects, and rules leave them alone.

**An object's namespace** is the one that the kustomizations which list its file give it, the outermost first, as
`kustomize build` does; else what its manifest says. Where overlays put it into several, or nobody says, it is not
known, and may be any: two objects then may be in one namespace, which makes rules silent, not loud.

**A Service belongs to the pods** that its selector and namespace fit. Of workloads of one kind and name, which are
variants for other places and not applied together, the one in its own file counts, else the one in its own folder,
and then a far one that fits is no excuse; where there is none so near, each may be meant.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from playpen_ls.api.fact_types import (
    ImageBuilt,
    Kustomized,
    Pods,
    Recipe,
)
from playpen_ls.api.facts import Fact, Facts, Table
from playpen_ls.vocabulary.images import ImageReference

PUBLIC = frozenset(
    "postgres redis nginx httpd mysql mariadb mongo rabbitmq memcached busybox alpine ubuntu debian python node golang "
    "openjdk eclipse-temurin php ruby tomcat haproxy traefik caddy elasticsearch kibana logstash influxdb telegraf "
    "zookeeper cassandra nats consul vault registry wordpress ghost nextcloud sonarqube jenkins maven gradle "
    "hello-world adminer neo4j solr couchdb eclipse-mosquitto docker".split()
)
PYTHON = frozenset(("python", "uvicorn", "gunicorn", "hypercorn", "flask", "fastapi"))
F = TypeVar("F", bound=Fact)


@dataclass(frozen=True)
class Built:
    """What an image is made of: a Dockerfile, and the folder of its code ("" for the whole project)."""

    recipe: Recipe
    folder: str
    others: tuple[str, ...]
    """Folders below it that are other services'."""

    @property
    def dockerfile(self) -> str:
        return self.recipe.place.path

    def holds(self, fact: Fact) -> bool:
        path = fact.place.path
        return _below(path, self.folder) and not any(_below(path, other) for other in self.others)

    def of(self, facts: Iterable[F]) -> list[F]:
        """Those of its code."""
        near = facts.below(self.folder) if isinstance(facts, Facts) else facts
        return [fact for fact in near if self.holds(fact)]


def built(image: str, manifest: str, recipes: Iterable[Recipe], builds: Iterable[ImageBuilt]) -> Built | None:
    """What an image is made of; None where that is not known, or not unique. `manifest` is the path of the asker."""
    reference = ImageReference.parse(image)
    if not reference.base or reference.variable:
        return None
    recipes, builds = facts_of(Recipe, recipes), facts_of(ImageBuilt, builds)
    named = builds.having(_bases, reference.base)
    told = [one for one in named if _same_image(ImageReference.parse(one.reference), reference)]
    exact = [one for one in told if ImageReference.parse(one.reference).repository == reference.repository]
    found: dict[str, str] = {}
    for one in exact or told:
        dockerfile = _dockerfile(one, recipes)
        if not dockerfile:
            return None  # it is built from something that we do not see
        found.setdefault(dockerfile, one.context if one.context is not None else posixpath.dirname(dockerfile))
    if not found and not _is_public(reference):
        found = {_path(one): posixpath.dirname(_path(one)) for one in recipes.having(_names, reference.base)}
    path = _nearest(manifest, list(found))
    return Built(recipes.of(path)[0], found[path], _others(found[path], path, recipes)) if path else None


def facts_of(kind: type[F], facts: Iterable[F]) -> Facts[F]:
    """With their tables, if they have none."""
    return facts if isinstance(facts, Facts) else Facts(kind, Table(facts))


def _path(fact: Fact) -> str:
    return fact.place.path


def _bases(fact: ImageBuilt) -> tuple[str]:
    return (ImageReference.parse(fact.reference).base,)


def _same_image(one: ImageReference, other: ImageReference) -> bool:
    if one.variable and "$" in one.base:
        return False
    if one.base != other.base:
        return False
    # `api` and `nexus:5000/api` may be one image, `one/api` and `two/api` are two.
    return one.path == other.path or "/" not in one.path or "/" not in other.path or "$" in one.path


def _dockerfile(one: ImageBuilt, recipes: Facts[Recipe]) -> str:
    candidates = [one.dockerfile] if one.dockerfile else []
    if one.context is not None:
        candidates.append(posixpath.normpath(posixpath.join(one.context, one.dockerfile or "Dockerfile")))
    return next((path for path in candidates if recipes.of(path)), "")


def _is_public(reference: ImageReference) -> bool:
    hub = reference.registry in ("", "docker.io", "registry-1.docker.io")
    return hub and "/" not in reference.name and reference.base in PUBLIC


def _names(recipe: Recipe) -> tuple[str]:
    """The image that its folder or its file is named after, or ""."""
    folder, file = posixpath.split(_path(recipe))
    if file in ("Dockerfile", "Containerfile"):
        return (posixpath.basename(folder),)
    name = file.lower()
    if name.startswith("dockerfile."):
        return (name.removeprefix("dockerfile."),)
    return (name.removesuffix(".dockerfile") if name.endswith(".dockerfile") else "",)


def _nearest(manifest: str, paths: list[str]) -> str:
    """The only one, or the only one that shares the deepest folder with the manifest; else ""."""
    if len(paths) == 1:
        return paths[0]
    ranked = sorted(((_shared(manifest, path), path) for path in paths), reverse=True)
    return ranked[0][1] if len(ranked) > 1 and ranked[0][0] > ranked[1][0] else ""


def _shared(one: str, other: str) -> int:
    """How many folders two paths have in common."""
    count = 0
    for left, right in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if left != right:
            break
        count += 1
    return count


def _others(folder: str, dockerfile: str, recipes: Facts[Recipe]) -> tuple[str, ...]:
    own = posixpath.dirname(dockerfile)
    paths = (_path(one) for one in recipes.below(folder))
    places = {posixpath.dirname(path) for path in paths if path != dockerfile}
    return tuple(sorted(
        place for place in places if place != folder and _below(place + "/", folder) and not _below(own + "/", place)
    ))  # fmt: skip


def _below(path: str, folder: str) -> bool:
    return not folder or path.startswith(folder + "/")


def namespace_of(path: str, written: str, kustomized: Facts[Kustomized]) -> str:
    """The namespace of an object whose file says `written`; "" where it is not known."""
    given = _given(path, kustomized, 0)
    if not given:
        return written
    if len(given) > 1:
        return ""
    (namespace,) = given
    return written if namespace is None else namespace


def _given(path: str, kustomized: Facts[Kustomized], depth: int) -> set[str | None]:
    """What those that list a file or a folder make of its namespace."""
    found: set[str | None] = set()
    for one in kustomized.having(_listed, path) if depth < _OVERLAYS else ():
        outer = _given(posixpath.dirname(one.place.path) or ".", kustomized, depth + 1)
        found |= {one.namespace if namespace is None else namespace for namespace in outer or {None}}
    return found


_OVERLAYS = 6  # of overlays


def _listed(one: Kustomized) -> tuple[str]:
    return (one.path,)


def is_nearest(service: str, pods: str, namesakes: Iterable[str]) -> bool:
    """A Service in the file `service` may mean pods in the file `pods`, of whose kind and name there are `namesakes`.

    Paths; "" is the Service's own file.
    """
    own = _nearness(service, pods)
    return all(_nearness(service, other) <= own for other in namesakes)


def _nearness(service: str, pods: str) -> int:
    if pods in ("", service):
        return 2
    return int(posixpath.dirname(pods) == posixpath.dirname(service))


def meant(service: str, found: Iterable[Pods], near: Callable[[Pods], Iterable[Pods]]) -> list[Pods]:
    """Those pods that a Service in the file `service` may mean; `near` gives all of a name in its namespace."""
    return [
        one
        for one in found
        if is_nearest(
            service,
            one.place.path,
            (other.place.path for other in near(one) if other.kind == one.kind and other.labels),
        )
    ]
