"""Links between files: the one policy by which rules relate images, Dockerfiles, code, Services and pods.

**An image belongs to a Dockerfile**
1. that a pipeline or Skaffold builds under that name. The whole repository is compared if both sides have it
   (`nexus:5000/shop/web`); else its last segment, since pipelines often add the registry only in a later `docker tag`;
2. else, whose folder is named like the image's last segment (`web/Dockerfile`, also `Dockerfile.web` and
   `web.Dockerfile`), as in most monorepos. A name of Docker Hub's official library without registry and account
   (`nginx`, `redis`) is the public image, even if a folder has its name;
3. else, by the name that the project's kustomizations replace it with, if they agree on one.
If several Dockerfiles match, the one that shares the deepest folder with the manifest counts (`a/k8s` goes with
`a/web`, not with `b/web`); if there is no single one, none counts: a wrong link costs more than ten missing ones.

**Code belongs to a Dockerfile** if it is below its build context, else below its folder, but not below the folder of
another Dockerfile. A manifest in a base folder and its overlays name the same image, so each is linked on its own;
patches are not objects, and rules ignore them.

**An object's namespace** is the one set by the kustomizations that list its file, the outermost first, as in
`kustomize build`; else that of its manifest. If overlays put it into several namespaces, or none is set, it is unknown
and matches any namespace: this makes rules report less, not more.

**A Service belongs to the pods** that match its selector and namespace. Workloads of the same kind and name are
variants for different environments, not applied together: the one in the Service's own file counts, else the one in
its folder, and then matching variants elsewhere are ignored; if there is none so near, each counts.
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
    """The build of an image: a Dockerfile, and the folder of its code ("" for the whole project)."""

    recipe: Recipe
    folder: str
    others: tuple[str, ...]
    """Folders below `folder` that belong to other Dockerfiles."""

    @property
    def dockerfile(self) -> str:
        return self.recipe.place.path

    def holds(self, fact: Fact) -> bool:
        path = fact.place.path
        return _below(path, self.folder) and not any(_below(path, other) for other in self.others)

    def of(self, facts: Iterable[F]) -> list[F]:
        """The facts of its code."""
        near = facts.below(self.folder) if isinstance(facts, Facts) else facts
        return [fact for fact in near if self.holds(fact)]


def built(image: str, manifest: str, recipes: Iterable[Recipe], builds: Iterable[ImageBuilt]) -> Built | None:
    """The build of an image; None if unknown or ambiguous. `manifest` is the path of the manifest that uses it."""
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
            return None  # its Dockerfile is not in the project
        found.setdefault(dockerfile, one.context if one.context is not None else posixpath.dirname(dockerfile))
    if not found and not _is_public(reference):
        found = {_path(one): posixpath.dirname(_path(one)) for one in recipes.having(_names, reference.base)}
    path = _nearest(manifest, list(found))
    return Built(recipes.of(path)[0], found[path], _others(found[path], path, recipes)) if path else None


def facts_of(kind: type[F], facts: Iterable[F]) -> Facts[F]:
    """The facts as `Facts` with lookup tables."""
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
    # `api` and `nexus:5000/api` can be the same image, `one/api` and `two/api` are different images.
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
    """The image name that its folder or file name suggests, or ""."""
    folder, file = posixpath.split(_path(recipe))
    if file in ("Dockerfile", "Containerfile"):
        return (posixpath.basename(folder),)
    name = file.lower()
    if name.startswith("dockerfile."):
        return (name.removeprefix("dockerfile."),)
    return (name.removesuffix(".dockerfile") if name.endswith(".dockerfile") else "",)


def _nearest(manifest: str, paths: list[str]) -> str:
    """The only path, or the only one that shares the deepest folder with the manifest; else ""."""
    if len(paths) == 1:
        return paths[0]
    ranked = sorted(((_shared(manifest, path), path) for path in paths), reverse=True)
    return ranked[0][1] if len(ranked) > 1 and ranked[0][0] > ranked[1][0] else ""


def _shared(one: str, other: str) -> int:
    """The number of leading folders that two paths have in common."""
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
    """The namespace of an object whose manifest has `written`; "" if unknown."""
    given = _given(path, kustomized, 0)
    if not given:
        return written
    if len(given) > 1:
        return ""
    (namespace,) = given
    return written if namespace is None else namespace


def _given(path: str, kustomized: Facts[Kustomized], depth: int) -> set[str | None]:
    """The namespaces set by kustomizations that list the path; None for one that sets none."""
    found: set[str | None] = set()
    for one in kustomized.having(_listed, path) if depth < _OVERLAYS else ():
        outer = _given(posixpath.dirname(one.place.path) or ".", kustomized, depth + 1)
        found |= {one.namespace if namespace is None else namespace for namespace in outer or {None}}
    return found


_OVERLAYS = 6  # maximum depth of nested overlays


def _listed(one: Kustomized) -> tuple[str]:
    return (one.path,)


def is_nearest(service: str, pods: str, namesakes: Iterable[str]) -> bool:
    """Whether pods in the file `pods` are at least as near to a Service in the file `service` as their `namesakes`.

    `namesakes` are the paths of workloads of the same kind and name; "" is the Service's own file.
    """
    own = _nearness(service, pods)
    return all(_nearness(service, other) <= own for other in namesakes)


def _nearness(service: str, pods: str) -> int:
    if pods in ("", service):
        return 2
    return int(posixpath.dirname(pods) == posixpath.dirname(service))


def meant(service: str, found: Iterable[Pods], near: Callable[[Pods], Iterable[Pods]]) -> list[Pods]:
    """The pods that a Service in the file `service` can target; `near` gives the namesakes in its namespace."""
    return [
        one
        for one in found
        if is_nearest(
            service,
            one.place.path,
            (other.place.path for other in near(one) if other.kind == one.kind and other.labels),
        )
    ]
