"""The application that a container runs: its ports and served paths, if its code is in the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playpen_ls.api.fact_types import WebApplication
from playpen_ls.api.finding import Place
from playpen_ls.languages.kubernetes.model.resources import Container
from playpen_ls.project.image_links import Link
from playpen_ls.project.services import Ports, Served, WebFacts
from playpen_ls.rules.kubernetes._links import Images, Openings, linked, listening


@dataclass(frozen=True)
class Code:
    """Facts about images and the code in them, from all files of the project; a rule takes it as one parameter."""

    images: Images
    openings: Openings
    web: WebFacts


@dataclass(frozen=True)
class Application:
    """`apps` is empty if the served paths cannot be determined; `served` is then empty, too.

    `why` are the places that link the image with its Dockerfile.
    """

    dockerfile: str
    ports: Ports
    why: tuple[Place, ...]
    apps: Sequence[WebApplication] = ()
    served: Sequence[Served] = ()


def application_of(container: Container, code: Code) -> Application | None:
    """None if the Dockerfile of the image or the command that runs cannot be determined."""
    image = linked(container, code.images)
    return application_in(container, image, code) if image is not None else None


def application_in(container: Container, image: Link, code: Code) -> Application:
    """The application of a container whose link is known."""
    ports = listening(container, image, code.openings)
    apps, served = code.web.of(image)
    return Application(image.dockerfile, ports, image.related, apps, served)
