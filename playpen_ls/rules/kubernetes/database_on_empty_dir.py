from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.kubernetes.parts import Container, Workload
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar
from playpen_ls.rules.kubernetes._completeness import Absence
from playpen_ls.rules.kubernetes._volumes import Mounted, is_trial, mounted_at
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.images import ImageReference

_OWN_PLACE = regex(r"--(?:datadir|dbpath|data-directory)\b|^-D$|\bdata_directory\b")
_DIRECTORIES = {
    "postgres": "/var/lib/postgresql/data",
    "postgis/postgis": "/var/lib/postgresql/data",
    "timescale/timescaledb": "/var/lib/postgresql/data",
    "mysql": "/var/lib/mysql",
    "mariadb": "/var/lib/mysql",
    "mongo": "/data/db",
}
"""Official images and where their databases are, as in their documentation."""

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: db}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - name: db
          image: postgres:16.4
          volumeMounts:
            - {name: data, mountPath: /var/lib/postgresql/data}
      volumes:
        - name: data
          «emptyDir»: {}
"""
PLAIN = DEPLOYMENT.replace("«", "").replace("»", "")
CLAIM = PLAIN.replace("emptyDir: {}", "persistentVolumeClaim: {claimName: db}")
MOUNTS = PLAIN[PLAIN.index("          volumeMounts") :]
BARE = PLAIN.replace(MOUNTS, "")


@rule(
    severity=Severity.WARNING,
    practice="Backup strategy",
    reports_absence=True,
    bad=[
        DEPLOYMENT,
        BARE.replace("postgres:16.4", "«mysql:8.4»"),
        CLAIM.replace("/var/lib/postgresql/data", "/initdb.d").replace("postgres:16.4", "«mongo:7.0»"),
        # From 18 on the image keeps its data in a folder of the version.
        CLAIM.replace("16.4", "18.1").replace("/var/lib/postgresql/data", "«/var/lib/postgresql/data»"),
    ],
    good=[
        CLAIM,
        CLAIM.replace("persistentVolumeClaim: {claimName: db}", "hostPath: {path: /srv/db}"),
        CLAIM.replace("/var/lib/postgresql/data", "/var/lib/postgresql").replace("16.4", "18.1"),
        CLAIM.replace("/var/lib/postgresql/data", "/db").replace("16.4\n", "16.4\n          args: [-D, /db]\n"),
        {"k8s/dev/db.yaml": PLAIN},
        BARE.replace("postgres:16.4", "redis:7.2"),
        BARE.replace("postgres:16.4", "bitnami/mariadb:11.4"),
        BARE.replace("postgres:16.4", "prometheuscommunity/postgres-exporter:v0.15.0"),
        BARE.replace("      containers", "      {{- include \"db.volumes\" . | nindent 6 }}\n      containers"),
    ],
)  # fmt: skip
def database_on_empty_dir(workload: Workload, absence: Absence) -> Iterator[Finding]:
    """Data of a database are lost with its pod.

    An `emptyDir` and the file system of a container live as long as the pod: an update, a full node or an eviction ends
    both. Use a PersistentVolumeClaim. The places are those of the official images of PostgreSQL, MySQL, MariaDB and
    MongoDB, or `PGDATA`. PostgreSQL 18 and later refuses to start with a volume at `/var/lib/postgresql/data`: it
    belongs to `/var/lib/postgresql`. Where there is no volume at all it is a hint. Not reported in folders for tests,
    examples, development or previews.
    """
    if workload.kind not in ("Deployment", "StatefulSet") or workload.document.template:
        return
    for container in workload.containers:
        if container.role != "main" or _of(container) is None or is_trial(workload.document.path):
            continue
        lack = absence.lack(workload, partial(_lost, name=container.name), "volumes")
        here = _of(container)
        if lack is None or here is None:
            continue
        document, mount = workload.document, mounted_at(container, here.path)
        if lack.found == _REFUSED:
            mount = mounted_at(container, _OLD)
            span = document.content(mount.path) if mount is not None else container.span
            message = (
                f"{container.display_name} does not start with a volume at `/var/lib/postgresql/data`: " + _REFUSED
            )
            yield Finding(span, message + lack.where)
            continue
        entry = mount.volume.entry("emptyDir") if mount is not None and mount.volume is not None else None
        image = container.image
        span = document.span(entry.key) if entry is not None else document.content(image or container.node)  # type: ignore[arg-type]
        message = f"{container.display_name} keeps its database in `{here.path}`, {lack.found}{lack.where}"
        yield Finding(span, message, (), None if entry is not None else Severity.HINT)


_OLD = "/var/lib/postgresql/data"
_REFUSED = "PostgreSQL 18 and later needs it at `/var/lib/postgresql`"


class _Database(NamedTuple):
    path: str
    strict: bool


def _of(container: Container) -> _Database | None:
    """Where the database of the container is; None if it is none, or that is not known."""
    image = container.image
    if image is None or not image.literal:
        return None
    reference = ImageReference.parse(image.value)
    path = _DIRECTORIES.get(reference.name.removeprefix("library/"))
    if path is None or reference.variable or any(_OWN_PLACE.search(word.value) for word in container.words):
        return None
    if not path.startswith("/var/lib/postgresql"):
        return _Database(path, False)
    given = next((one for one in container.node.mappings("env") if one.text("name") == "PGDATA"), None)
    if given is not None or container.node.items("envFrom"):
        own = given.text("value") if given is not None else ""
        return _Database(posixpath.normpath(own), False) if own.startswith("/") and "$" not in own else None
    major = re.match(r"\d+", reference.tag)
    return _Database(
        "/var/lib/postgresql" if major and int(major[0]) >= 18 else path, bool(major and int(major[0]) >= 18)
    )


def _lost(workload: Workload, name: str) -> str | None:
    """What is wrong with the place of the database of the container with this name; None if nothing is known to be."""
    container = next((one for one in workload.containers if one.name == name), None)
    database = _of(container) if container is not None else None
    if container is None or database is None:
        return None
    if database.strict and any(one.text("mountPath").rstrip("/") == _OLD
                               for one in container.node.mappings("volumeMounts")):  # fmt: skip
        return _REFUSED
    mount: Mounted | None = mounted_at(container, database.path)
    if mount is None:
        below = any(one.text("mountPath").startswith(database.path) for one in container.node.mappings("volumeMounts"))
        computed = any(not isinstance(path := one.get("mountPath"), Scalar) or not path.literal or "$" in path.value
                       for one in container.node.mappings("volumeMounts"))  # fmt: skip
        return None if below or computed else "which no volume holds: it is lost with the pod"
    if mount.volume is not None and mount.volume.entry("emptyDir") is not None:
        return "an `emptyDir` that is lost with the pod"
    return None
