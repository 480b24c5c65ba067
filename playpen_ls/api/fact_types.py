"""The types of facts. For closed files only their facts are kept."""

from __future__ import annotations

import posixpath

from playpen_ls.api.facts import Fact
from playpen_ls.text.dataclass import dataclass
from playpen_ls.vocabulary.images import ImageReference


@dataclass(frozen=True, slots=True)
class Route(Fact):
    """An HTTP route in Python code, such as `/api/health`, with the prefix that its router has in the same file.

    `owner` is the variable of the application or router that it is added to, "" if there is none; `origin` is its
    dotted origin if it is imported. `bare` is the path without the router's prefix. `project/services.py` computes the
    complete paths.
    """

    path: str
    methods: tuple[str, ...] = ("GET",)
    owner: str = ""
    bare: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class WebApplication(Fact):
    """Python code creates an HTTP application; `owner` is its variable.

    `has_root_path`: it also answers its paths behind a prefix (`FastAPI(root_path="/api")`).
    """

    framework: str
    owner: str
    has_root_path: bool = False


@dataclass(frozen=True, slots=True)
class RouterIncluded(Fact):
    """A router is included in an application or another router.

    `target` is its dotted origin, `app.api.items.router`, or its variable in the same file. `prefix` is the prefix
    of the inclusion, None if it is computed; with `replaces` it replaces the router's own prefix. `origin` is the
    dotted origin of the owner if it is imported.
    """

    owner: str
    target: str
    prefix: str | None
    replaces: bool
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Router(Fact):
    """Python code creates a router; `prefix` is None if it is computed."""

    owner: str
    prefix: str | None


@dataclass(frozen=True, slots=True)
class Probed(Fact):
    """A probe in a manifest or a `HEALTHCHECK` in a Dockerfile requests this path.

    `key` is that of the probe, `image` the image of its container without tag, if it runs the image's own command.
    """

    path: str
    key: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class Listens(Fact):
    """Python code listens on a port: `uvicorn.run(app, port=8000)`.

    `variable` is the environment variable that can override it; `port` is 0 if only the variable sets it, or, without a
    variable, if it is computed. `beside` the application: for metrics or gRPC, not by what starts the application.
    """

    port: int
    variable: str = ""
    beside: bool = False


@dataclass(frozen=True, slots=True)
class ComputedRoute(Fact):
    """Python code serves or includes a route whose path is not literal, so the set of served paths is unknown."""


@dataclass(frozen=True, slots=True)
class MountedApplication(Fact):
    """A web application that is mounted in another one; `name` is the last part of its variable's name."""

    name: str


@dataclass(frozen=True, slots=True)
class LogsConfigured(Fact):
    """Python code configures logging: handlers, `basicConfig`, a dictionary, or a library that does."""


@dataclass(frozen=True, slots=True)
class JsonLogs(Fact):
    """Python code configures structured logging: a JSON formatter, structlog or loguru."""


@dataclass(frozen=True, slots=True)
class RecordsFormatted(Fact):
    """Python code gives formats for log records: the attributes that they print, None if it can also print others."""

    keys: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class ExtraLogged(Fact):
    """A call of a standard logger passes `extra` with these keys."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exported(Fact):
    """A Python module binds a name that other modules can import.

    `origin` is the dotted expression that it is bound to, with imported names resolved: `logging.getLogger()`; one
    that starts with a dot is relative to the module. The name `get_logger()` is what that function returns, `*` are
    the names of a star import.
    """

    name: str
    origin: str


@dataclass(frozen=True, slots=True)
class Revision(Fact):
    """A revision of Alembic; its place is the value of `revision`.

    `id` is "" and `parents`, which it revises, are None if they are computed. `labeled`: it names a branch.
    """

    id: str
    parents: tuple[str, ...] | None
    labeled: bool = False


@dataclass(frozen=True, slots=True)
class DjangoMigration(Fact):
    """A migration of Django; its place is the name `dependencies`.

    `dependencies` are (label of the application, name) pairs, None if they are computed. `replaces`: it squashes other
    migrations, or says what it runs before. `date` is that of `makemigrations`, "" if it is unknown: `2025-01-31`.
    """

    name: str
    dependencies: tuple[tuple[str, str], ...] | None
    replaces: bool = False
    date: str = ""


@dataclass(frozen=True, slots=True)
class MigrationsRun(Fact):
    """A file of any kind runs the migrations of Alembic: `alembic upgrade`; `every_head`: with `heads`."""

    every_head: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionLimit(Fact):
    """A file sets how many connections a PostgreSQL server allows, `max_connections`."""

    connections: int


@dataclass(frozen=True, slots=True)
class CalledPerRequest(Fact):
    """A handler of a route calls a function that opens something, or depends on it.

    `origin` is dotted, as in `Exported`.
    """

    origin: str


@dataclass(frozen=True, slots=True)
class EnvironmentRead(Fact):
    """Python code reads an environment variable; `default` is None if there is none.

    `required`: the program fails without the variable, as with `os.environ["X"]` but not with `os.getenv("X")`.
    """

    name: str
    default: str | None
    required: bool = False


@dataclass(frozen=True, slots=True)
class EnvironmentKnown(Fact):
    """Python code sets an environment variable or tests for it; `*` if a `.env` file can set any."""

    name: str


@dataclass(frozen=True, slots=True)
class Backup(Fact):
    """An object that dumps a database; `namespace` is "" if it is unknown.

    `database` is the name of the server (see `vocabulary/databases.py`), "" if it can be any.
    """

    namespace: str
    database: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseVolume(Fact):
    """A claim that the container of a database mounts; ends in `-` for the claims of a StatefulSet's replicas."""

    namespace: str
    claim: str
    workload: str


@dataclass(frozen=True, slots=True)
class Exposed(Fact):
    """A port in a Dockerfile: of `EXPOSE`, or, with `served`, of the server in its command.

    `variables` are the environment variables that can override it; `port` is 0 if only they set it.
    """

    port: int
    served: bool = False
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe(Fact):
    """A Dockerfile and its final image. The place is that of the command, else of the last `FROM`.

    `program` is the program of the container (`uvicorn`), and `target` the application that it runs (`main:app`), both
    "" if unknown; `variables` are the names that the image sets; `stages` the names of its stages; `user` is the user
    ID that it runs as, "" if that is root or unknown, or if it needs files that only root can read. `entrypoint`
    precedes the `args` of a manifest, None if they are ignored. `workers` is the number of processes that the command
    starts, None if it is unknown. `words` are those of all commands of ENTRYPOINT and CMD. `base` is the image that it
    starts from, "" if unknown.
    """

    program: str
    variables: tuple[str, ...]
    stages: tuple[str, ...]
    user: str = ""
    target: str = ""
    entrypoint: tuple[str, ...] | None = ()
    workers: int | None = None
    words: tuple[str, ...] = ()
    base: str = ""


@dataclass(frozen=True, slots=True)
class ImageBuilt(Fact):
    """A file states that an image is built: a pipeline, a compose file, a script, skaffold.yaml.

    `reference` has the file's own constants filled in. Paths are relative to the project; `context` is None if it is
    computed, `dockerfile` "" if it is not given. `builder` is `docker`, or the name of a tool that builds without a
    Dockerfile (`jib`, `ko`, `buildpacks`). `in_workspace`: the paths are as written, relative to the folder in which a
    pipeline or script runs, usually the root of the repository.
    """

    reference: str
    context: str | None
    dockerfile: str
    target: str = ""
    builder: str = "docker"
    in_workspace: bool = False

    @property
    def dockerfiles(self) -> tuple[str, ...]:
        """The paths that the Dockerfile can have, as the other paths."""
        if self.dockerfile:
            inside = () if self.context is None else (posixpath.join(self.context, self.dockerfile),)
            return tuple(dict.fromkeys(map(posixpath.normpath, (self.dockerfile, *inside))))
        if self.context is None:
            return ()
        return tuple(posixpath.normpath(posixpath.join(self.context, name)) for name in ("Dockerfile", "Containerfile"))


@dataclass(frozen=True, slots=True)
class DotenvVariable(Fact):
    """A variable of the `.env` beside a compose file that can be an image or a part of one."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class ValuesFile(Fact):
    """The file has values for a Helm chart."""


@dataclass(frozen=True, slots=True)
class ChartInstall(Fact):
    """A script, a pipeline, skaffold, helmfile, Flux or Argo CD installs a Helm chart.

    `chart` is the last part of its path, "" if that is not known; `values` are those of its values files, in order.
    `sets` means that it gives values in another way too, as with `--set`.
    """

    chart: str
    values: tuple[str, ...]
    sets: bool


@dataclass(frozen=True, slots=True)
class KustomizeBuild(Fact):
    """A script, a pipeline, skaffold, Flux or Argo CD builds the kustomization of a folder.

    `folders` are those that it can mean, relative to the project; "." is the project itself.
    """

    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KanikoBuild(Fact):
    """A pipeline or a manifest builds a Dockerfile with the Kaniko executor.

    `dockerfiles` are the paths at which it looks for the Dockerfile, in this order; `image` is the image of the
    executor, "" if the file says it elsewhere; `features` are the feature flags that are on.
    """

    dockerfiles: tuple[str, ...]
    image: str = ""
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImagePushed(Fact):
    """A pipeline pushes an image under this reference, as written: `nexus:5000/web:1.0-${BUILD_NUMBER}`."""

    reference: str


@dataclass(frozen=True, slots=True)
class TagComputed(Fact):
    """Tags are set in manifests at deployment: `kubectl set image`, `sed`, `envsubst`, kustomize."""


@dataclass(frozen=True, slots=True)
class Created(Fact):
    """A pipeline creates an object with `kubectl create`; `name` is "" if it is computed."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class ImageUse(Fact):
    """An image reference with a fixed tag, as written: `postgres:16.4`."""

    reference: str


@dataclass(frozen=True, slots=True)
class ServiceSelector(Fact):
    """A Kubernetes Service: the labels that it selects, and its target ports."""

    namespace: str
    labels: tuple[tuple[str, str], ...]
    ports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceAccount(Fact):
    """`annotated`: annotations can give it rights outside of the cluster."""

    namespace: str
    name: str
    mounts_token: bool
    annotated: bool = False


@dataclass(frozen=True, slots=True)
class RoleBound(Fact):
    """A RoleBinding or a ClusterRoleBinding, whose `namespace` is "": the kind and name of its role.

    `subjects` are the names of those that get it, "" for one that is computed.
    """

    namespace: str
    kind: str
    name: str
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named(Fact):
    """An object that others name: a Service, a Role, a ClusterRole, a PersistentVolumeClaim; or a network policy.

    `ports` are the numbers and names of the ports of a Service, None if they are not known.
    """

    kind: str
    name: str
    namespace: str
    ports: tuple[str, ...] | None = ()


@dataclass(frozen=True, slots=True)
class LimitRange(Fact):
    """The defaults of a `LimitRange` for containers in its namespace: names of resources, such as `memory`."""

    namespace: str
    limits: tuple[str, ...]
    requests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SecretKeys(Fact):
    """A Kubernetes Secret, or a stub or controller object that creates one.

    `copied`: annotations can make a controller copy it to other namespaces.
    """

    namespace: str
    name: str
    keys: tuple[str, ...]
    copied: bool = False


@dataclass(frozen=True, slots=True)
class ConfigMapKeys(Fact):
    """A ConfigMap; `keys` is None if a generator creates them."""

    namespace: str
    name: str
    keys: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Pods(Fact):
    """The pods of a workload or of a custom resource.

    `ports` are the (name, number) pairs of all containers, None if one of them declares none; `mentioned` are the
    other numbers in their arguments, variables and probes, any of which could be a port. `images` have no tags; they
    have HOLE for what a template computes. `plain`: no ports, `command` or `args` are set. `mislabeled`: the workload's
    own selector asks for another value of a label. `replicas` is None if it is not known, or one per node. `workers`
    are the processes that the container of each image starts: 0 as the image says, None if they are unknown.
    """

    kind: str
    name: str
    namespace: str
    labels: tuple[tuple[str, str], ...]
    ports: tuple[tuple[str, str], ...] | None
    images: tuple[str, ...]
    mentioned: tuple[str, ...] = ()
    plain: bool = False
    mislabeled: bool = False
    replicas: int | None = None
    workers: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Autoscaler(Fact):
    """A HorizontalPodAutoscaler: the kind and name of its target, and the numbers of pods; None if not known."""

    namespace: str
    kind: str
    name: str
    least: int | None
    most: int | None


@dataclass(frozen=True, slots=True)
class Relabelled(Fact):
    """A kustomization adds labels to the objects that it lists."""

    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kustomized(Fact):
    """A kustomization lists a file or a folder; `path` is relative to the project.

    `namespace` is the namespace that it sets: None if it sets none, "" if that is unknown.
    """

    path: str
    namespace: str | None


@dataclass(frozen=True, slots=True)
class Overlay(Fact):
    """A kustomization, a chart or a pipeline: the paths of files with incomplete objects, and images that it tags.

    `partial` paths are relative to the project; those of folders end in `/`. `images` are names without tags,
    `renamed` are (name, new name) pairs.
    """

    partial: tuple[str, ...]
    images: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...] = ()


def probed_image(fact: Probed) -> tuple[str]:
    """Lookup key: the image of the container."""
    return (fact.image,)


def repository_of(fact: ImageUse | ImagePushed) -> tuple[str]:
    """Lookup key: the repository of the image."""
    return (ImageReference.parse(fact.reference).repository,)


def listed_path(fact: Kustomized) -> tuple[str]:
    """Lookup key: the path of the file or folder that the kustomization lists."""
    return (fact.path,)


def built_folders(build: KustomizeBuild) -> tuple[str, ...]:
    """Lookup keys: the folders of kustomizations that are built."""
    return build.folders


def tagged_by(overlay: Overlay) -> tuple[str, ...]:
    """Lookup keys: the images whose tag the kustomization or Skaffold file sets."""
    return overlay.images
