"""The ports that a service listens on and the paths that it serves, derived from the facts of its files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from playpen_ls.api.fact_types import (
    ComputedRoute,
    Exported,
    Exposed,
    Listens,
    Route,
    Router,
    RouterIncluded,
    WebApplication,
)
from playpen_ls.api.facts import Facts, Table
from playpen_ls.api.finding import Place
from playpen_ls.project.image_evidence import Link
from playpen_ls.project.image_links import facts_of
from playpen_ls.project.links import PYTHON
from playpen_ls.project.python_names import defined
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex


@dataclass(frozen=True)
class Ports:
    """`served` are the ports that the program listens on, at `place`; `open` also those that the Dockerfile exposes.

    `variables` are the environment variables that can change the port.
    """

    served: frozenset[int]
    open: frozenset[int]
    place: Place | None
    variables: frozenset[str] = frozenset()


def ports_of(one: Link, exposed: Iterable[Exposed], listens: Iterable[Listens]) -> Ports:
    declared = facts_of(Exposed, exposed).of(one.dockerfile)
    told = [fact for fact in declared if fact.served]
    in_code = one.of(listens)
    # Once the command gives a literal port, EXPOSE is only documentation.
    said = bool(told) and not any(fact.variables for fact in told)
    if said or one.recipe.program in (
        "uvicorn",
        "hypercorn",
        "flask",
        "fastapi",
    ):  # they run the application themselves
        in_code = [fact for fact in in_code if fact.beside]
    every = _known(told if said else declared) | _known(in_code)
    unread = [fact for fact in in_code if not fact.port and not fact.variable]
    if any(fact.beside or (not told and one.recipe.program == "python") for fact in unread):
        return Ports(frozenset(), every, None)
    in_code = [fact for fact in in_code if fact.port or fact.variable]
    if told:
        variables = frozenset(name for fact in told for name in fact.variables)
        return Ports(_known(told), every, told[0].place, variables)
    if one.recipe.program == "gunicorn":  # only `gunicorn.conf.py` counts
        in_code = [fact for fact in in_code if "gunicorn" in posixpath.basename(fact.place.path)]
    if one.recipe.program in ("python", "gunicorn") and in_code:
        variables = frozenset(fact.variable for fact in in_code if fact.variable)
        return Ports(_known(in_code), every, in_code[0].place, variables)
    return Ports(frozenset(), every, None)


def _known(facts: Iterable[Exposed | Listens]) -> frozenset[int]:
    return frozenset(fact.port for fact in facts if fact.port)


@dataclass(frozen=True)
class Served:
    """A path that an application serves. If it is not `whole`, it can have an unknown prefix."""

    path: str
    whole: bool
    route: Route


Home = tuple[str, str]
"""The module that makes an application or router, and its variable there."""


@dataclass(frozen=True)
class Web:
    """The web applications of a service. Create it from the facts of one `Link`.

    Imported applications and routers are followed through `exported`.
    """

    routes: list[Route]
    routers: list[Router]
    inclusions: list[RouterIncluded]
    apps: list[WebApplication]
    exported: Facts[Exported] = Facts(Exported, Table())

    def served(self) -> list[Served]:
        """The routes with their full paths."""
        found = []
        for route in self.routes:
            home = self._home(route)
            if route.owner and self._is_app(home):
                found.append(Served(route.bare or route.path, True, route))
                continue
            own = self._prefix(route, home)
            fronts = list(self._fronts(home, 0)) if route.owner else []
            for front, replaces in fronts or [(None, False)]:
                between = "" if replaces else own
                known = front is not None and between is not None
                joined = f"{front}{between}{route.bare}" if known else f"{own or ''}{route.bare}"
                found.append(Served(joined, known, route))
        return found

    def known(self) -> bool:
        """Whether all included routers are defined in the service's own code."""
        told: tuple[Route | Router | RouterIncluded | WebApplication, ...]
        told = (*self.routes, *self.routers, *self.inclusions, *self.apps)
        homes = {(one.place.path, one.owner) for one in told}
        return all(any(self._includes(one, home) for home in homes) for one in self.inclusions)

    def _home(self, fact: Route | RouterIncluded) -> Home:
        """The application or router that a route or another router is added to."""
        made = self._defined(fact.place.path, fact.origin) if fact.origin else None
        return made or (fact.place.path, fact.owner)

    def _defined(self, path: str, origin: str) -> Home | None:
        key = (path, origin)
        if key not in self._homes:
            module, name = defined(self.exported, path, origin)
            self._homes[key] = (module, name) if module else None
        return self._homes[key]

    @cached_property
    def _homes(self) -> dict[tuple[str, str], Home | None]:
        return {}

    @cached_property
    def _apps(self) -> set[Home]:
        return {(app.place.path, app.owner) for app in self.apps}

    def _is_app(self, home: Home) -> bool:
        """Whether it is an application; that of a function is any of its module."""
        path, name = home
        return home in self._apps or (name.endswith("()") and any(app.place.path == path for app in self.apps))

    def _prefix(self, route: Route, home: Home) -> str | None:
        """The prefix that the router of a route has itself, None if it is computed."""
        made = [router for router in self.routers if (router.place.path, router.owner) == home]
        if made:
            return made[0].prefix
        return route.path.removesuffix(route.bare) if home == (route.place.path, route.owner) else None

    def _includes(self, one: RouterIncluded, home: Home) -> bool:
        """Whether the inclusion is of this router."""
        made = self._defined(one.place.path, one.target.removesuffix("()")) if "." in one.target else None
        return made == home or _means(one, *home)

    def _fronts(self, home: Home, depth: int) -> Iterator[tuple[str | None, bool]]:
        """(prefix of the inclusion or None if unknown, whether it replaces the router's own prefix)."""
        for one in self.inclusions:
            if not self._includes(one, home):
                continue
            outside = self._home(one)
            if self._is_app(outside):
                yield one.prefix, one.replaces
                continue
            made = [router for router in self.routers if (router.place.path, router.owner) == outside]
            outer = list(self._fronts(outside, depth + 1)) if depth < _NESTED and made else []
            for front, replaces in outer or [(None, False)]:
                between = "" if replaces else made[0].prefix if made else None
                if front is None or between is None or one.prefix is None:
                    yield None, one.replaces
                else:
                    yield front + between + one.prefix, one.replaces


@dataclass(frozen=True)
class WebFacts:
    """Facts about the web applications of a project; a rule takes it as one parameter."""

    routes: Facts[Route]
    routers: Facts[Router]
    included: Facts[RouterIncluded]
    computed: Facts[ComputedRoute]
    apps: Facts[WebApplication]
    exported: Facts[Exported]

    def serves(self, code: Link) -> bool:
        """Whether the program of an image is certainly a web application, also if its paths are not known."""
        return code.recipe.program in PYTHON and (code.recipe.program != "python" or bool(code.of(self.apps)))

    def of(self, code: Link) -> tuple[Sequence[WebApplication], Sequence[Served]]:
        """The applications in the code of an image and all paths that they serve; none if these are not known."""
        apps = code.of(self.apps) if code.recipe.program in PYTHON else []
        if apps and not code.of(self.computed):
            web = Web(code.of(self.routes), code.of(self.routers), code.of(self.included), apps, self.exported)
            if web.known():
                return apps, web.served()
        return (), ()


_NESTED = 5  # maximum depth of nested routers


def _means(one: RouterIncluded, path: str, owner: str) -> bool:
    """Whether the inclusion is of the router `owner` in the file `path`."""
    module, _, name = one.target.removesuffix("()").rpartition(".")
    if not module:
        return one.place.path == path and name == owner
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    wanted = [part for part in module.split(".") if part]
    return name == owner and (parts[-len(wanted) :] == wanted if wanted else True)


_HOLE = regex(r"\{[^{}]*\}|<[^<>]*>")
_OWN_PATHS = {"fastapi": r"/docs|/redoc|/openapi\.json", "flask": r"/static/.*"}


def answers(paths: Iterable[Served], apps: Iterable[WebApplication], asked: str) -> bool:
    """Whether a route, or the framework itself, answers a GET of the path `asked`."""
    asked, apps = asked.partition("?")[0].rstrip("/") or "/", list(apps)
    prefixed = any(app.has_root_path for app in apps)
    if any(re.fullmatch(_OWN_PATHS.get(app.framework, "(?!)"), asked) for app in apps):
        return True
    return any("GET" in one.route.methods and _fits(one, asked, one.whole and not prefixed) for one in paths)


def _fits(one: Served, asked: str, whole: bool) -> bool:
    pieces = _HOLE.split(one.path.rstrip("/") or "/")
    deep = "path" in "".join(_HOLE.findall(one.path))
    pattern = (".*" if deep else "[^/]+").join(re.escape(piece) for piece in pieces)
    return re.fullmatch(pattern if whole else f".*{pattern}", asked) is not None


_HEALTH = regex(r"/(?:[\w.-]*health[\w.-]*|livez?|liveness|alive|readyz?|readiness|ping|status)/?$")


def probe_paths(paths: Iterable[Served], asked: str) -> list[str]:
    """The served health paths that a probe can use, the most similar to `asked` first."""
    from difflib import SequenceMatcher

    good = {one.path for one in paths if one.whole and "GET" in one.route.methods and _HEALTH.search(one.path)}
    good = {path for path in good if not _HOLE.search(path)}
    return sorted(good, key=lambda path: (-SequenceMatcher(None, path, asked).ratio(), path))
