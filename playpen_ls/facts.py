"""What files tell each other, by the types of their facts. A closed file keeps only these."""

from __future__ import annotations

from dataclasses import dataclass

from playpen_ls.fact import Fact as Fact
from playpen_ls.fact import Facts as Facts
from playpen_ls.fact import Files as Files
from playpen_ls.fact import NotKnownYet as NotKnownYet
from playpen_ls.fact import PendingFacts as PendingFacts


@dataclass(frozen=True, slots=True)
class Route(Fact):
    """An HTTP route that Python code states: `/api/health`, with the prefix that its router has in the same file.

    `owner` is the variable of the application or router that it is put on, "" where it stands for itself; `bare` the
    path without the router's prefix. What is served in the end is for `linking` to say.
    """

    path: str
    methods: tuple[str, ...] = ("GET",)
    owner: str = ""
    bare: str = ""


@dataclass(frozen=True, slots=True)
class WebApplication(Fact):
    """Python code makes an HTTP application; `owner` is its variable."""

    framework: str
    owner: str


@dataclass(frozen=True, slots=True)
class RouterIncluded(Fact):
    """A router is put into an application or another router.

    `target` is its dotted origin, `app.api.items.router`, or its variable in the same file. `prefix` is what the
    inclusion adds, None where that is computed; it takes the place of the router's own where `replaces` says so.
    """

    owner: str
    target: str
    prefix: str | None
    replaces: bool


@dataclass(frozen=True, slots=True)
class Router(Fact):
    """Python code makes a router; `prefix` is None where that is computed."""

    owner: str
    prefix: str | None


@dataclass(frozen=True, slots=True)
class Probed(Fact):
    """A manifest's probe or a Dockerfile's HEALTHCHECK asks for this path."""

    path: str


@dataclass(frozen=True, slots=True)
class Listens(Fact):
    """Python code listens on a port: `uvicorn.run(app, port=8000)`.

    `variable` is the one that can set another; `port` is 0 where only it says it.
    """

    port: int
    variable: str = ""


@dataclass(frozen=True, slots=True)
class ComputedRoute(Fact):
    """Python code serves or includes a route whose path is not literal, so nobody knows what else is served."""


@dataclass(frozen=True, slots=True)
class MountedApplication(Fact):
    """A web application that another one mounts; `name` is the last part of its variable's name."""

    name: str


@dataclass(frozen=True, slots=True)
class JsonLogs(Fact):
    """Python code sets up structured logs: a JSON formatter, structlog or loguru."""


@dataclass(frozen=True, slots=True)
class EnvironmentRead(Fact):
    """Python code reads an environment variable; `default` is None where it has none.

    `required`: without the variable the program fails, as with `os.environ["X"]`, not with `os.getenv("X")`.
    """

    name: str
    default: str | None
    required: bool = False


@dataclass(frozen=True, slots=True)
class EnvironmentKnown(Fact):
    """Python code sets a variable itself, or asks whether it is there; `*` where a `.env` file may set any."""

    name: str


@dataclass(frozen=True, slots=True)
class Backup(Fact):
    """Something that dumps a database; `namespace` is "" where it is not known."""

    namespace: str


@dataclass(frozen=True, slots=True)
class Exposed(Fact):
    """A Dockerfile's EXPOSE, or a server's port in its command, which `served` tells from the former.

    `variables` are those of the container that can set another port; `port` is 0 where only they say it.
    """

    port: int
    served: bool = False
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe(Fact):
    """A Dockerfile, by its final image. The place is that of the command, else of the last FROM.

    `program` is what a container runs (`uvicorn`), and `target` what that runs (`main:app`), both "" where it is not
    known; `variables` the names that the image sets; `stages` the names of its stages; `user` the number of the user
    that it runs as, "" where that is root or not known, or where it needs what only root can read. `entrypoint` is
    what stands before arguments that a manifest gives, None where they are passed over.
    """

    program: str
    variables: tuple[str, ...]
    stages: tuple[str, ...]
    user: str = ""
    target: str = ""
    entrypoint: tuple[str, ...] | None = ()


@dataclass(frozen=True, slots=True)
class ImageBuilt(Fact):
    """A pipeline or skaffold builds an image. Paths are the project's; `context` is None where it is computed,
    `dockerfile` "" where it is not said."""

    reference: str
    context: str | None
    dockerfile: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class ImagePushed(Fact):
    """A pipeline pushes an image under this reference, as written: `nexus:5000/web:1.0-${BUILD_NUMBER}`."""

    reference: str


@dataclass(frozen=True, slots=True)
class TagComputed(Fact):
    """Tags are put into manifests as they are deployed: `kubectl set image`, `sed`, `envsubst`, kustomize."""


@dataclass(frozen=True, slots=True)
class Created(Fact):
    """A pipeline makes an object with `kubectl create`; `name` is "" where it is computed."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class ImageUse(Fact):
    """An image reference with a fixed tag, as written: `postgres:16.4`."""

    reference: str


@dataclass(frozen=True, slots=True)
class ServiceSelector(Fact):
    """A Kubernetes Service: the labels of the pods that it sends requests to, and which of their ports."""

    namespace: str
    labels: tuple[tuple[str, str], ...]
    ports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceAccount(Fact):
    namespace: str
    name: str
    mounts_token: bool


@dataclass(frozen=True, slots=True)
class LimitRange(Fact):
    """What a namespace gives to containers that do not say it: the names of resources, such as `memory`."""

    namespace: str
    limits: tuple[str, ...]
    requests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SecretKeys(Fact):
    """A Kubernetes Secret, or a stub or controller object that stands for one."""

    namespace: str
    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfigMapKeys(Fact):
    """A ConfigMap; `keys` is None where a generator makes them."""

    namespace: str
    name: str
    keys: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Pods(Fact):
    """The pods that an object describes: a workload's, or those of a kind that is not Kubernetes' own.

    `ports` are the (name, number) pairs of all containers, None where one of them declares none; `mentioned` the
    other numbers that their arguments, variables and probes have, any of which may be a port. `images` have no tags.
    """

    kind: str
    name: str
    namespace: str
    labels: tuple[tuple[str, str], ...]
    ports: tuple[tuple[str, str], ...] | None
    images: tuple[str, ...]
    mentioned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Relabelled(Fact):
    """A kustomization adds labels to what it lists."""

    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kustomized(Fact):
    """A kustomization lists a file or a folder; `path` is the project's.

    `namespace` is what it puts the objects into: None if it leaves them where they are, "" if that is not known.
    """

    path: str
    namespace: str | None


@dataclass(frozen=True, slots=True)
class Overlay(Fact):
    """A kustomization or a Helm chart: the paths of files that hold parts of objects, and images that get a tag.

    `partial` paths are the project's; a folder ends in `/`. `images` are names without tags, `renamed` those that get
    another name, with it.
    """

    partial: tuple[str, ...]
    images: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...] = ()
