"""Links between files: the one policy by which rules relate images, Dockerfiles, code, Services and pods.

**An image belongs to a Dockerfile** as `image_links` says.

**Code belongs to a Dockerfile** if it is below its build context, else below its folder, but not below the folder of
another Dockerfile. A manifest in a base folder and its overlays name the same image, so each is linked on its own.

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

from playpen_ls.api.fact_types import Kustomized, Pods
from playpen_ls.api.facts import Facts

PYTHON = frozenset(("python", "uvicorn", "gunicorn", "hypercorn", "flask", "fastapi"))


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
    folder = posixpath.dirname(service)

    def nearness(path: str) -> int:
        return 2 if path in ("", service) else int(posixpath.dirname(path) == folder)

    own = nearness(pods)
    return own == 2 or all(nearness(other) <= own for other in namesakes)


def are_near(one: str, other: str) -> bool:
    """Whether two files can be of one application: in a folder and one above or beside it, at most one level away."""
    left, right = ([*posixpath.dirname(path).split("/")] if "/" in path else [] for path in (one, other))
    common = 0
    while common < min(len(left), len(right)) and left[common] == right[common]:
        common += 1
    return common == len(left) or common == len(right) or (common + 1 >= max(len(left), len(right)))


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
