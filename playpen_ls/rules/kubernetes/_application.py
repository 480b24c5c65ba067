"""The application that a container runs: its ports and served paths, if its code is in the project."""

from __future__ import annotations

import re
from collections.abc import Sequence

from playpen_ls.api.fact_types import Probed, WebApplication, probed_image
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Place
from playpen_ls.languages.kubernetes.model.queries import facts_everywhere
from playpen_ls.languages.kubernetes.model.resources import Container
from playpen_ls.project.image_evidence import Link
from playpen_ls.project.services import Ports, Served, WebFacts
from playpen_ls.rules.kubernetes._links import Images, Openings, linked, listening
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.images import ImageReference


@dataclass(frozen=True)
class Code:
    """Facts about images and the code in them, from all files of the project; a rule takes it as one parameter."""

    images: Images
    openings: Openings
    web: WebFacts
    probed: Facts[Probed]


@dataclass(frozen=True)
class Application:
    """`apps` is empty if the served paths cannot be determined; `served` is then empty, too.

    `why` are the places that link the image with its Dockerfile. `is_web`: its program serves HTTP.
    """

    dockerfile: str
    ports: Ports
    why: tuple[Place, ...]
    apps: Sequence[WebApplication] = ()
    served: Sequence[Served] = ()
    is_web: bool = False


def application_of(container: Container, code: Code) -> Application | None:
    """None if the Dockerfile of the image or the command that runs cannot be determined."""
    image = linked(container, code.images)
    return application_in(container, image, code) if image is not None else None


_READY = regex(r"/[^/]*read(?:y|iness)[^/]*/?$", re.IGNORECASE)


def is_readiness(path: str) -> bool:
    """Whether a path is for readiness probes, by its name."""
    return _READY.search(path) is not None


def shown_paths(container: Container, code: Code, application: Application | None) -> tuple[tuple[str, str, str], ...]:
    """(key of the probe, path, source) of what the `HEALTHCHECK` and other probes of the container's image request."""
    found: dict[tuple[str, str], str] = {}
    for fact in code.probed.of(application.dockerfile) if application is not None else ():
        key = "readinessProbe" if is_readiness(fact.path) else "livenessProbe"
        found.setdefault((key, fact.path), f"as in `{fact.place.path}`")
    image = ImageReference.parse(code.images.image_of(container)).repository
    if image and not container.words:
        for fact in facts_everywhere(code.probed, container.document, probed_image, image):
            where = f"`{fact.place.path}`" if fact.place.path else "this file"
            found.setdefault((fact.key, fact.path), f"as in another probe of the image in {where}")
    return tuple((key, path, why) for (key, path), why in found.items())


def application_in(container: Container, image: Link, code: Code) -> Application:
    """The application of a container whose link is known."""
    ports = listening(container, image, code.openings)
    apps, served = code.web.of(image)
    return Application(image.dockerfile, ports, image.related, apps, served, code.web.serves(image))
