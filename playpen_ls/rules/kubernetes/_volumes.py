"""The volumes of pods and where containers mount them."""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from playpen_ls.languages.kubernetes.model.resources import Container
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Scalar
from playpen_ls.vocabulary.purposes import is_for_trial


class Mounted(NamedTuple):
    """`path` is the `mountPath`; `volume` is the entry of `volumes`, None for a claim of a StatefulSet."""

    path: Scalar
    volume: Mapping | None


def mounted_at(container: Container, path: str) -> Mounted | None:
    """What is mounted at a path of a container, or at the nearest folder above it."""
    best: Mounted | None = None
    for mount in container.node.mappings("volumeMounts"):
        place = mount.scalar("mountPath")
        if place is None or not place.literal:
            continue
        folder = posixpath.normpath(place.value)
        above = path == folder or path.startswith(folder.rstrip("/") + "/")
        if above and (best is None or len(folder) > len(posixpath.normpath(best.path.value))):
            every = container.workload.pod.mappings("volumes")
            named = (one for one in every if one.text("name") == mount.text("name"))
            best = Mounted(place, next(named, None))
    return best


def is_trial(path: str) -> bool:
    """Whether a file is in a folder for tests, examples, development or previews, where data may be lost."""
    return is_for_trial(posixpath.dirname(path))
