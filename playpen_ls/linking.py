"""Which files of a project are one service: the one policy by which rules of several files find each other.

**An image belongs to a Dockerfile**
1. that a pipeline or skaffold builds under that name. The whole repository decides where it is written out on both
   sides (`nexus:5000/shop/web`); else its last part, since pipelines tag for a registry what they built without one;
2. else, whose folder has the image's last part as its name (`web/Dockerfile`, also `Dockerfile.web` and
   `web.Dockerfile`), as nearly all monorepos have it. A name of Docker Hub's own library without registry and account
   (`nginx`, `redis`) is the public image, whatever folder has its name.
Where several Dockerfiles fit, the one that shares the deepest folder with the manifest counts (`a/k8s` goes with
`a/web`, not with `b/web`), and where they share it equally, none: a wrong link costs more than ten missing ones.

**Code belongs to a Dockerfile** below its build context, else below its folder, but for what lies below the folder of
another Dockerfile. A manifest in a base folder and its overlays name the same image, so each is linked on its own;
patches are no objects, and rules leave them alone.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from playpen_ls.fact import Table
from playpen_ls.facts import (
    Exposed,
    Fact,
    Facts,
    ImageBuilt,
    ImagePushed,
    ImageUse,
    Listens,
    Overlay,
    Recipe,
    Route,
    Router,
    RouterIncluded,
    WebApplication,
)
from playpen_ls.finding import Place
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
    recipes, builds = _facts(Recipe, recipes), _facts(ImageBuilt, builds)
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


def _facts(kind: type[F], facts: Iterable[F]) -> Facts[F]:
    return facts if isinstance(facts, Facts) else Facts(kind, Table(facts))


def _path(fact: Fact) -> str:
    return fact.place.path


def _bases(fact: ImageBuilt) -> tuple[str]:
    return (ImageReference.parse(fact.reference).base,)


def repository_of(fact: ImageUse | ImagePushed) -> tuple[str]:
    """Keys for tables of images."""
    return (ImageReference.parse(fact.reference).repository,)


def tagged_by(overlay: Overlay) -> tuple[str, ...]:
    """Keys for tables of kustomizations and the like: the images that they give a tag."""
    return overlay.images


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


# Ports


@dataclass(frozen=True)
class Ports:
    """`served` are what its program listens on, `open` also what the Dockerfile exposes; `place` that of the former.

    `variables` are those of the container that can set another port, or the only ones that set any.
    """

    served: frozenset[int]
    open: frozenset[int]
    place: Place | None
    variables: frozenset[str] = frozenset()


def ports_of(one: Built, exposed: Iterable[Exposed], listens: Iterable[Listens]) -> Ports:
    declared = _facts(Exposed, exposed).of(one.dockerfile)
    told = [fact for fact in declared if fact.served]
    in_code = one.of(listens)
    every = _known(declared) | _known(in_code)
    if told:
        variables = frozenset(name for fact in told for name in fact.variables)
        return Ports(_known(told), every, told[0].place, variables)
    if one.recipe.program == "gunicorn":  # its own `gunicorn.conf.py`
        in_code = [fact for fact in in_code if "gunicorn" in posixpath.basename(fact.place.path)]
    if one.recipe.program in ("python", "gunicorn") and in_code:
        variables = frozenset(fact.variable for fact in in_code if fact.variable)
        return Ports(_known(in_code), every, in_code[0].place, variables)
    return Ports(frozenset(), every, None)


def _known(facts: Iterable[Exposed | Listens]) -> frozenset[int]:
    return frozenset(fact.port for fact in facts if fact.port)


# Routes


@dataclass(frozen=True)
class Served:
    """A path that an application serves. Where it is not `whole`, something unknown may stand in front of it."""

    path: str
    whole: bool
    route: Route


@dataclass(frozen=True)
class Web:
    """What a service says of its web applications. Make it of the facts that its `Built` holds."""

    routes: list[Route]
    routers: list[Router]
    inclusions: list[RouterIncluded]
    apps: list[WebApplication]

    def served(self) -> list[Served]:
        """The joined paths of the routes."""
        found = []
        for route in self.routes:
            if route.owner and (route.place.path, route.owner) in self._apps:
                found.append(Served(route.bare or route.path, True, route))
                continue
            own = route.path.removesuffix(route.bare)
            fronts = list(self._fronts(route.place.path, route.owner, 0)) if route.owner else []
            for front, replaces in fronts or [(None, False)]:
                joined = route.path if front is None else front + ("" if replaces else own) + route.bare
                found.append(Served(joined, front is not None, route))
        return found

    def known(self) -> bool:
        """Every router that is included is one of the service's own."""
        told: tuple[Route | Router | RouterIncluded | WebApplication, ...]
        told = (*self.routes, *self.routers, *self.inclusions, *self.apps)
        files = {(one.place.path, one.owner) for one in told}
        return all(any(_means(one, path, owner) for path, owner in files) for one in self.inclusions)

    @property
    def _apps(self) -> set[tuple[str, str]]:
        return {(app.place.path, app.owner) for app in self.apps}

    def _fronts(self, path: str, owner: str, depth: int) -> Iterator[tuple[str | None, bool]]:
        """(what stands in front of a router's own prefix, whether it takes the place of that)."""
        for one in self.inclusions:
            if not _means(one, path, owner):
                continue
            if (one.place.path, one.owner) in self._apps:
                yield one.prefix, one.replaces
                continue
            made = [r for r in self.routers if (r.place.path, r.owner) == (one.place.path, one.owner)]
            outer = list(self._fronts(one.place.path, one.owner, depth + 1)) if depth < _NESTED and made else []
            for front, replaces in outer or [(None, False)]:
                between = "" if replaces else made[0].prefix if made else None
                if front is None or between is None or one.prefix is None:
                    yield None, one.replaces
                else:
                    yield front + between + one.prefix, one.replaces


_NESTED = 5  # routers in routers


def _means(one: RouterIncluded, path: str, owner: str) -> bool:
    """The inclusion is of the router `owner` of the file `path`."""
    module, _, name = one.target.removesuffix("()").rpartition(".")
    if not module:
        return one.place.path == path and name == owner
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    wanted = [part for part in module.split(".") if part]
    return name == owner and (parts[-len(wanted) :] == wanted if wanted else True)


_HOLE = re.compile(r"\{[^{}]*\}|<[^<>]*>")
_OWN_PATHS = {"fastapi": r"/docs|/redoc|/openapi\.json", "flask": r"/static/.*"}


def answers(paths: Iterable[Served], apps: Iterable[WebApplication], asked: str) -> bool:
    """Some route, or the framework itself, answers GET of this path."""
    asked = asked.partition("?")[0].rstrip("/") or "/"
    if any(re.fullmatch(_OWN_PATHS.get(app.framework, "(?!)"), asked) for app in apps):
        return True
    return any("GET" in one.route.methods and _fits(one, asked) for one in paths)


def _fits(one: Served, asked: str) -> bool:
    pieces = _HOLE.split(one.path.rstrip("/") or "/")
    deep = "path" in "".join(_HOLE.findall(one.path))
    pattern = (".*" if deep else "[^/]+").join(re.escape(piece) for piece in pieces)
    return re.fullmatch(pattern if one.whole else f".*{pattern}", asked) is not None


_HEALTH = re.compile(r"/(?:[\w.-]*health[\w.-]*|livez?|liveness|alive|readyz?|readiness|ping|status)/?$")


def probe_paths(paths: Iterable[Served], asked: str) -> list[str]:
    """The served paths that a probe may ask for, the likeliest first."""
    from difflib import SequenceMatcher

    good = {one.path for one in paths if one.whole and "GET" in one.route.methods and _HEALTH.search(one.path)}
    good = {path for path in good if not _HOLE.search(path)}
    return sorted(good, key=lambda path: (-SequenceMatcher(None, path, asked).ratio(), path))
