"""The application that a container runs: what it listens on and serves, where the project holds its code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playpen_ls.api.fact_types import ComputedRoute, Route, Router, RouterIncluded, WebApplication
from playpen_ls.api.facts import Facts
from playpen_ls.languages.kubernetes.model.resources import Container
from playpen_ls.project.links import PYTHON
from playpen_ls.project.services import Ports, Served, Web
from playpen_ls.rules.kubernetes._links import Images, Openings, linked, listening


@dataclass(frozen=True)
class Code:
    """What the other files of the project say of images and of the code in them; a rule takes it as one parameter."""

    images: Images
    openings: Openings
    routes: Facts[Route]
    routers: Facts[Router]
    included: Facts[RouterIncluded]
    computed: Facts[ComputedRoute]
    apps: Facts[WebApplication]


@dataclass(frozen=True)
class Application:
    """`apps` is empty where it is not known what the program serves: then `served` says nothing either."""

    dockerfile: str
    ports: Ports
    apps: Sequence[WebApplication] = ()
    served: Sequence[Served] = ()


def application_of(container: Container, code: Code) -> Application | None:
    """None where it is not certain which Dockerfile makes the image, or whether its command is what runs."""
    image = linked(container, code.images)
    if image is None:
        return None
    ports = listening(container, image, code.openings)
    apps = image.of(code.apps) if image.recipe.program in PYTHON else []
    if apps and not image.of(code.computed):
        web = Web(image.of(code.routes), image.of(code.routers), image.of(code.included), apps)
        if web.known():
            return Application(image.dockerfile, ports, apps, web.served())
    return Application(image.dockerfile, ports)
