from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import (
    Autoscaler,
    ConnectionLimit,
    DotenvVariable,
    ImageBuilt,
    Overlay,
    Pods,
    Recipe,
)
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Fix, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.python.model.file_kind import is_script
from playpen_ls.languages.python.model.queries import is_left_alone
from playpen_ls.languages.python.parts import EngineCall
from playpen_ls.project.image_evidence import Link, Use
from playpen_ls.project.image_links import linker
from playpen_ls.rules.python._origins import Origins
from playpen_ls.rules.python._requirements import is_required
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.text.words import Words

_SIZE, _OVERFLOW = 5, 10  # https://docs.sqlalchemy.org/en/20/core/pooling.html#sqlalchemy.pool.QueuePool
_LIMIT = 100  # PostgreSQL's default of max_connections
_RESERVED = 3  # superuser_reserved_connections
_POOLERS = regex(r"pgbouncer|pgpool|pgcat|odyssey|supavisor|pgdog|pooler|6432", re.IGNORECASE)
_DRIVERS = ("psycopg2", "psycopg2-binary", "psycopg", "asyncpg", "pg8000")
_OTHERS = regex(r"^(?:sqlite|mysql|mariadb|oracle|mssql|snowflake|duckdb|bigquery)")
_POOLED = frozenset(("QueuePool", "AsyncAdaptedQueuePool"))


@dataclass(frozen=True)
class Pools:
    """What the project says of the processes that its images start, and of its databases; a parameter of the rule."""

    recipes: Facts[Recipe]
    builds: Facts[ImageBuilt]
    values: Facts[DotenvVariable]
    pods: Facts[Pods]
    scalers: Facts[Autoscaler]
    overlays: Facts[Overlay]
    limits: Facts[ConnectionLimit]

    def processes(self, path: str) -> tuple[tuple[int, Place], ...]:
        """(number, workload) of the processes that run the code of a file; empty if one of them is not known.

        So it is where a pooler runs, or a kustomization changes the workload.
        """
        if any(_POOLERS.search(image) for one in self.pods for image in one.images):
            return ()
        links = linker(self.recipes, self.builds, self.pods.derived(_images), self.values)
        found = []
        for one in self.pods:
            for image, workers in zip(one.images, one.workers, strict=False):
                link = links.link(Use(image, one.place.path, (one.name,))) if image else None
                if link is None or not link.supports_findings or not _is_of(link, path):
                    continue
                each, replicas = workers or (link.recipe.workers if workers == 0 else None), self._replicas(one)
                if each is None or replicas is None or self._is_changed(one.place.path):
                    return ()
                text = f"{_counted(each, 'worker')} of {_counted(replicas, 'replica')} of {one.kind} `{one.name}`"
                found.append((each * replicas, one.related(text)))
        return tuple(found)

    def _replicas(self, pods: Pods) -> int | None:
        for one in self.scalers:
            alike = (one.kind, one.name) == (pods.kind, pods.name)
            if alike and (one.namespace == pods.namespace or "" in (one.namespace, pods.namespace)):
                return one.most
        return pods.replicas

    def _is_changed(self, path: str) -> bool:
        """Whether overlays add to the file, which can change the number of replicas."""
        partial = {one for overlay in self.overlays for one in overlay.partial}
        return path in partial or any(one.endswith("/") and path.startswith(one) for one in partial)


def _images(pods: Facts[Pods]) -> frozenset[tuple[str, str]]:
    return frozenset((one.place.path, image) for one in pods for image in one.images)


def _is_of(link: Link, path: str) -> bool:
    """Whether the file is code of the linked Dockerfile."""
    return link.holds(Recipe(Place(path, Span(0, 0)), "", (), ()))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _mentioned(words: Words) -> bool:
    return words.has("pool_size") or words.has("max_overflow")


_ENGINE = "from sqlalchemy import create_engine\n\nengine = create_engine(url, pool_size=10, max_overflow=20)\n"
_MARKED = _ENGINE.replace("pool_size=10, max_overflow=20", "«pool_size=10, max_overflow=20»")
_DOCKERFILE = 'FROM python:3.12\nCOPY . .\nCMD ["gunicorn", "-w", "4", "main:app"]\n'
_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: shop
          image: nexus:5000/shop:1.0
"""
_SCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  minReplicas: 1
  maxReplicas: 8
"""
_DATABASE = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: postgres}
spec:
  serviceName: postgres
  selector: {matchLabels: {app: postgres}}
  template:
    metadata: {labels: {app: postgres}}
    spec:
      containers:
        - name: postgres
          image: postgres:16.4
          args: [-c, max_connections=200]
"""
_NEED = {"shop/requirements.txt": "psycopg2-binary==2.9.9\nsqlalchemy==2.0.30\n"}


def _project(database: str, engine: str = _MARKED, **changed: str) -> dict[str, str]:
    files = {"shop/main.py": engine, "shop/Dockerfile": _DOCKERFILE, "k8s/app.yaml": _DEPLOYMENT, **_NEED}
    if database:
        files["k8s/database.yaml"] = database
    return files | {name.replace("__", "/").replace("_yaml", ".yaml"): text for name, text in changed.items()}


@rule(
    severity=Severity.WARNING,
    practice="Connection pooling",
    has_safe_fixes=False,
    mentions=_mentioned,
    bad=[
        # 30 connections, 4 workers, 3 replicas.
        example(
            _project(_DATABASE),
            fixed=_ENGINE.replace("pool_size=10, max_overflow=20", "pool_size=10, max_overflow=6"),
        ),
        example(
            _project(""),
            fixed=_ENGINE.replace("pool_size=10, max_overflow=20", "pool_size=8, max_overflow=0"),
        ),
        example(
            _project(
                _DATABASE, _MARKED.replace("=10", "=4").replace("=20", "=3"), k8s__scaler_yaml=_SCALER
            ),
            fixed=_ENGINE.replace("pool_size=10, max_overflow=20", "pool_size=4, max_overflow=2"),
        ),
        # The default of `max_overflow` is 10.
        _project(
            _DATABASE,
            "from sqlalchemy import create_engine\n\nengine = create_engine(url, «pool_size=20»)\n",
        ),
        example(
            {
                **_project(_DATABASE),
                "shop/Dockerfile": _DOCKERFILE.replace('"-w", "4", ', ""),
                "k8s/app.yaml": _DEPLOYMENT + "          env: [{name: WEB_CONCURRENCY, value: '4'}]\n",
            },
            fixed=_ENGINE.replace("pool_size=10, max_overflow=20", "pool_size=10, max_overflow=6"),
        ),
    ],
    good=[
        _project(_DATABASE.replace("200", "400"), _ENGINE),
        # The page's 10 + 20 in one replica.
        {**_project("", _ENGINE), "k8s/app.yaml": _DEPLOYMENT.replace("replicas: 3", "replicas: 1").replace("4", "1"),
         "shop/Dockerfile": _DOCKERFILE.replace('"-w", "4", ', "")},
        {**_project("", _ENGINE), "shop/requirements.txt": "sqlalchemy==2.0.30\nPyMySQL==1.1.0\n"},
        _project(_DATABASE, _ENGINE, k8s__pool_yaml=_DATABASE.replace("postgres", "pgbouncer")),
        _project(_DATABASE, _ENGINE.replace("url,", '"postgresql://db:6432/shop",')),
        _project(_DATABASE, _ENGINE.replace("url,", '"sqlite:///a.db",')),
        _project(_DATABASE, _ENGINE.replace("=20", "=-1")),
        _project(_DATABASE, _ENGINE.replace("=10", "=settings.size")),
        _project(_DATABASE, _ENGINE.replace("pool_size", "poolclass=NullPool, pool_size")),
        {**_project(_DATABASE, _ENGINE), "k8s/app.yaml": _DEPLOYMENT + "          command: [./start]\n"},
        {**_project(_DATABASE, _ENGINE), "shop/Dockerfile": _DOCKERFILE.replace('"4"', '"$N"')},
        {**_project(_DATABASE, _ENGINE), "k8s/app.yaml": _DEPLOYMENT.replace("shop:1.0", "other:1.0")},
        {**_project(_DATABASE, _ENGINE), "k8s/app.yaml": _DEPLOYMENT.replace("replicas: 3", "replicas: ${N}")},
        {"shop/main.py": _ENGINE, **_NEED},
    ],
)  # fmt: skip
def pool_over_database(call: EngineCall, pools: Pools, origins: Origins, files: Files) -> Iterator[Finding]:
    """Connection pools together exceed what the database allows.

    Each worker process of each replica has a pool of its own: `pool_size + max_overflow` connections, times workers,
    times replicas (of an autoscaler: `maxReplicas`). Under load PostgreSQL then answers "sorry, too many clients
    already". Workers are those of `--workers` or `WEB_CONCURRENCY`, else one. The limit is `max_connections` as a file
    of the project sets it; without one PostgreSQL's default of 100 counts, and the finding is information. Three
    connections are kept for superusers. Not reported where a factor is unknown or a pooler such as PgBouncer runs.
    """
    size, overflow = call.keyword("pool_size"), call.keyword("max_overflow")
    if (size is None and overflow is None) or call.spreads or is_script(call.path) or call.file.ask(is_left_alone):
        return
    own = _number(size, _SIZE), _number(overflow, _OVERFLOW)
    if own[0] is None or own[1] is None or own[0] < 1 or own[1] < 0 or not _is_plain(call):
        return
    if not origins.makes_engine(call) or not any(is_required(one, call.path, files) for one in _DRIVERS):
        return
    limits = {one.connections for one in pools.limits}
    allowed = (max(limits) if limits else _LIMIT) - _RESERVED
    processes = pools.processes(call.path)
    total = (own[0] + own[1]) * sum(count for count, _ in processes)
    if total <= allowed:
        return
    given = [one for one in call.node.keywords if one.arg in ("pool_size", "max_overflow")]
    spans = [call.span_of(one) for one in given]
    span = Span(spans[0].start, spans[-1].end)
    related = (*(place for _, place in processes), *(one.related("sets the limit") for one in [*pools.limits][:1]))
    each = " and ".join(place.message for _, place in processes)
    known = "of the database" if limits else "of PostgreSQL by default"
    message = (
        f"pools can open {total} connections ({own[0]} + {own[1]} in each of {each}), more than the {allowed} {known}"
    )
    share = allowed // sum(count for count, _ in processes)
    fixes: tuple[Fix, ...] = ()
    if share and size is not None and overflow is not None:
        new = min(own[0], share), share - min(own[0], share)
        title = f"Set `pool_size={new[0]}, max_overflow={new[1]}`, which together fit"
        fixes = (Fix(title, partial(_resized, call, (size, overflow), new)),)
    yield Finding(span, message, fixes, None if limits else Severity.INFORMATION, related)


def _number(node: ast.expr | None, default: int) -> int | None:
    if node is None:
        return default
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def _is_plain(call: EngineCall) -> bool:
    """Whether the engine has a pool that is limited, and no pooler or other database behind it."""
    pool = call.keyword("poolclass")
    if call.keyword("pool", "creator", "async_creator") is not None:
        return False
    if pool is not None and (call.origin(pool) or "").rpartition(".")[2] not in _POOLED:
        return False
    text = call.text_of(call.url).strip("fF\"'") if call.url is not None else ""
    return not _OTHERS.match(text) and not _POOLERS.search(text)


def _resized(call: EngineCall, nodes: tuple[ast.expr, ast.expr], values: tuple[int, int]) -> list[Edit]:
    found = [(call.span_of(node), value) for node, value in zip(nodes, values, strict=True)]
    return [Edit(span.start, span.end, str(value)) for span, value in sorted(found, key=lambda one: one[0].start)]
