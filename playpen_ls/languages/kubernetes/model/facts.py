"""The facts that a document states for other files and for the other documents of its file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from playpen_ls.api.fact_types import (
    Autoscaler,
    Backup,
    ChartInstall,
    ConfigMapKeys,
    DatabaseVolume,
    ImageBuilt,
    ImageUse,
    KanikoBuild,
    KustomizeBuild,
    Kustomized,
    LimitRange,
    Named,
    Overlay,
    Pods,
    Probed,
    Relabelled,
    RoleBound,
    SecretKeys,
    ServiceAccount,
    ServiceSelector,
)
from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Place
from playpen_ls.languages.kubernetes.model.kustomizations import is_kustomization, is_of_flux
from playpen_ls.languages.kubernetes.model.resources import (
    Container,
    Resource,
    Workload,
    YamlDocument,
    pairs,
    resources,
)
from playpen_ls.languages.kubernetes.syntax.documents import ParsedDocument
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping, Node, Scalar, Sequence, is_true
from playpen_ls.languages.shell.deployments import folders_meant, last_part
from playpen_ls.languages.shell.servers import SERVERS, number_of, workers_of
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary import kaniko
from playpen_ls.vocabulary.databases import database_of, dumped
from playpen_ls.vocabulary.images import ImageReference

_DEEP = 12  # levels of custom resources; a Rollout's template is at 1, a JobSet's at 5
_NUMBER = regex(r"(?<![\d.])\d{2,5}(?![\d.])")
_CHANGING = ("ports", "command", "args")  # keys of a container after which its ports are not those of its image
_COPYING = regex(r"reflect|replicat|clone|sync|kubed|copy", re.IGNORECASE)
_NOWHERE = Place("", Span(0, 0))
_NAMED = frozenset(
    (
        ("", "Service"),
        ("", "PersistentVolumeClaim"),
        ("rbac.authorization.k8s.io", "Role"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("networking.k8s.io", "NetworkPolicy"),
        ("cilium.io", "CiliumNetworkPolicy"),
        ("cilium.io", "CiliumClusterwideNetworkPolicy"),
        ("projectcalico.org", "NetworkPolicy"),
        ("projectcalico.org", "GlobalNetworkPolicy"),
        ("crd.projectcalico.org", "NetworkPolicy"),
        ("crd.projectcalico.org", "GlobalNetworkPolicy"),
    )
)
_SECRET_KINDS = frozenset(("Secret", "SealedSecret", "ExternalSecret"))
# Kinds by which operators (CloudNativePG, Velero, Crunchy, Stash …) back up a database.
_BACKUP_KIND = regex(r"(?:Scheduled)?Backup(?:Schedule|Configuration|Plan)?|BackupStorageLocation|VolumeSnapshot")


@dataclass(frozen=True, slots=True)
class UnplacedFact:
    """A fact without its path and offset; `span` is relative to the document's text."""

    kind: type[Fact]
    span: Span
    values: tuple[Any, ...]

    @property
    def without_place(self) -> Fact:
        return self.kind(_NOWHERE, *self.values)

    def placed(self, path: str, start: int) -> Fact:
        values = self.values
        if self.kind is ImageBuilt:
            reference, context, dockerfile, *rest = values
            if not rest[-1]:  # its paths are relative to its own folder
                folder = posixpath.dirname(path)
                context = _within(folder, context) if context is not None else None
                dockerfile = _within(folder, dockerfile) if dockerfile else ""
            values = (reference, "" if context == "." else context, dockerfile, *rest)
        elif self.kind is Overlay:  # its paths are relative to its own folder
            folder = posixpath.dirname(path)
            partial, *images = values
            values = (tuple(_within(folder, one) for one in partial), *images)
        elif self.kind is Kustomized:
            listed, namespace = values
            values = (_within(posixpath.dirname(path), listed).rstrip("/"), namespace)
        elif self.kind is KustomizeBuild:  # written by hand, from its own folder or the root
            values = (folders_meant(path, *values),)
        return self.kind(Place(path, self.span.shifted(start)), *values)


SHARED = (
    Autoscaler,
    Backup,
    ConfigMapKeys,
    DatabaseVolume,
    LimitRange,
    Named,
    Pods,
    Probed,
    RoleBound,
    SecretKeys,
    ServiceAccount,
    ServiceSelector,
)
"""The types of facts that the other documents of a file ask for."""


def unplaced_facts(parsed: ParsedDocument) -> tuple[UnplacedFact, ...]:
    """What a document states, in the order of its objects."""
    return tuple(_of_document(parsed))


def shared_facts(parsed: ParsedDocument) -> tuple[tuple[Fact, Span], ...]:
    """The facts that other documents of the file can ask for, without a place, each with its span."""
    every = parsed.derived(unplaced_facts)
    return tuple((one.without_place, one.span) for one in every if one.kind in SHARED)


def _of_document(parsed: ParsedDocument) -> Iterator[UnplacedFact]:
    for root in parsed.roots:
        if isinstance(root, Mapping):
            yield from _overlay(root)
    for resource in resources(YamlDocument(parsed)):
        yield from _of_resource(resource)
        yield from _linked(resource)


def _of_resource(resource: Resource) -> Iterator[UnplacedFact]:
    span, spec = resource.name_span, resource.node.mapping("spec")
    match resource.group, resource.kind:
        case "", "Service":
            selector = pairs(spec.mapping("selector")) if spec else {}
            if selector:
                labels = tuple(sorted(selector.items()))
                yield UnplacedFact(ServiceSelector, span, (resource.namespace, labels, _targets(spec)))
        case "", "ServiceAccount":
            mounts = resource.node.scalar("automountServiceAccountToken")
            mounted = mounts is None or is_true(mounts)
            annotated = resource.metadata.get("annotations") is not None
            yield UnplacedFact(ServiceAccount, span, (resource.namespace, resource.name, mounted, annotated))
        case "rbac.authorization.k8s.io", ("RoleBinding" | "ClusterRoleBinding"):
            role = resource.node.mapping("roleRef")
            if role is not None and role.text("name"):
                subjects = tuple(one.text("name") for one in resource.node.mappings("subjects"))
                yield UnplacedFact(
                    RoleBound, span, (resource.namespace, role.text("kind"), role.text("name"), subjects)
                )
        case "autoscaling", "HorizontalPodAutoscaler" if spec is not None:
            scaled = spec.mapping("scaleTargetRef")
            if scaled is not None and scaled.text("name"):
                numbers = (_count(spec, "minReplicas", 1), _count(spec, "maxReplicas", None))
                target = (resource.namespace, scaled.text("kind"), scaled.text("name"))
                yield UnplacedFact(Autoscaler, span, (*target, *numbers))
        case "", "LimitRange":
            limits, requests = _defaults(spec)
            if limits or requests:
                yield UnplacedFact(LimitRange, span, (resource.namespace, limits, requests))
        case ("helm.toolkit.fluxcd.io", "HelmRelease") | ("argoproj.io", "Application" | "ApplicationSet"):
            yield from _charts_installed(resource, span)
        case "", "ConfigMap":
            for database in sorted(_dumped(resource.node.mapping("data"))):
                yield UnplacedFact(Backup, span, (resource.namespace, database))
        case _, kind if kind in _SECRET_KINDS:
            name = resource.node.mapping("spec", "target") if kind == "ExternalSecret" else None
            named = (name and name.text("name")) or resource.name
            if named:
                copied = any(_COPYING.search(name) for name in (*resource.annotations, *resource.labels))
                yield UnplacedFact(SecretKeys, span, (resource.namespace, named, _secret_keys(resource), copied))
    if (resource.group, resource.kind) in _NAMED and resource.name:
        ports = _port_names(spec) if resource.kind == "Service" else ()
        yield UnplacedFact(Named, span, (resource.kind, resource.name, resource.namespace, ports))
    if isinstance(resource, Workload):
        yield from _of_workload(resource)
    elif _is_backup(resource, spec):
        yield UnplacedFact(Backup, span, (resource.namespace,))


def _port_names(service: Mapping | None) -> tuple[str, ...] | None:
    """The numbers and names of the ports of a Service; None if a template can add some, or it has none."""
    ports = service.mappings("ports") if service is not None else ()
    if service is None or service.text("type") == "ExternalName" or not ports:
        return None
    found = [scalar for one in ports for key in ("port", "name") if (scalar := one.scalar(key)) is not None]
    return tuple(one.value for one in found) if all(one.literal for one in found) else None


def _charts_installed(resource: Resource, span: Span) -> Iterator[UnplacedFact]:
    """The charts that an object of Flux or Argo CD installs."""
    spec = resource.node.mapping("spec")
    if spec is None:
        return
    if resource.kind == "HelmRelease":
        chart = spec.mapping("chart", "spec")
        files = _last_parts(chart, "valuesFiles") if chart is not None else ()
        sets = any(spec.get(key) is not None for key in ("values", "valuesFrom", "postRenderers"))
        yield UnplacedFact(ChartInstall, span, (last_part(chart.text("chart")) if chart else "", files, sets))
        return
    if resource.kind == "ApplicationSet":
        spec = spec.mapping("template", "spec") or spec
    for source in filter(None, (spec.mapping("source"), *spec.mappings("sources"))):
        helm = source.mapping("helm")
        files = _last_parts(helm, "valueFiles") if helm is not None else ()
        sets = helm is not None and any(helm.get(key) is not None for key in _ARGO_VALUES)
        chart_path = source.text("path") or source.text("chart")
        yield from _kustomize_builds(source.text("path"), span)
        yield UnplacedFact(ChartInstall, span, (last_part(chart_path), files, sets))


def _kustomize_builds(path: str, span: Span) -> Iterator[UnplacedFact]:
    if path:
        yield UnplacedFact(KustomizeBuild, span, (path,))


_ARGO_VALUES = ("values", "valuesObject", "parameters", "fileParameters")


def _last_parts(mapping: Mapping, key: str) -> tuple[str, ...]:
    return tuple(last_part(one.value) for one in mapping.scalars(key))


def _defaults(limit_range: Mapping | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(resources with a limit, with a request) of a LimitRange: the API server derives one value from another."""
    limits, requests = set[str](), set[str]()
    for one in limit_range.mappings("limits") if limit_range else ():
        if one.text("type") in ("Container", ""):
            limits |= _named(one, "max") | _named(one, "default")
            requests |= _named(one, "min") | _named(one, "defaultRequest")
    return tuple(sorted(limits)), tuple(sorted(requests | limits))


def _named(item: Mapping, key: str) -> set[str]:
    """The resources with a value under the key; both if it cannot be read."""
    values = item.mapping(key)
    if values is None:
        return {"cpu", "memory"} if item.get(key) is not None else set()
    return {entry.key.value for entry in values.entries if isinstance(entry.key, Scalar)}


def _targets(service: Mapping | None) -> tuple[str, ...]:
    """The TCP target ports of a Service spec, as numbers or names."""
    ports = service.mappings("ports") if service is not None else ()
    tcp = (port for port in ports if port.text("protocol") in ("", "TCP"))
    return tuple(filter(None, (port.text("targetPort") or port.text("port") for port in tcp)))


def _of_workload(workload: Workload) -> Iterator[UnplacedFact]:
    backups = set[str]()
    for container in workload.containers:
        image = container.image
        if image is not None and image.literal:
            reference = ImageReference.parse(image.value)
            if "kaniko" in reference.repository:
                yield from _kaniko_build(workload, container, image)
            if database_of(reference) is not None and workload.kind in ("Deployment", "StatefulSet"):
                yield from _database_volumes(container)
            if "backup" in reference.base:
                backups.add("")
            if reference.tag and not reference.floats and not reference.variable and not reference.digest:
                yield UnplacedFact(ImageUse, workload.document.content(image), (image.value,))
        backups |= dumped(" ".join(word.value for word in container.words))
        if image is not None and "kaniko" in image.value:
            yield from _by_kaniko(container)
    for database in sorted(backups):
        yield UnplacedFact(Backup, workload.name_span, (workload.namespace, database))


def _database_volumes(container: Container) -> Iterator[UnplacedFact]:
    workload = container.workload
    mounted = {one.text("name") for one in container.node.mappings("volumeMounts")} - {""}
    spec = workload.node.mapping("spec")
    claims = [one.text("claimName") for volume in workload.pod.mappings("volumes")
              if volume.text("name") in mounted and (one := volume.mapping("persistentVolumeClaim"))]  # fmt: skip
    for template in spec.mappings("volumeClaimTemplates") if spec is not None else ():
        name = (template.mapping("metadata") or template).text("name")
        if name in mounted and workload.name:
            claims.append(f"{name}-{workload.name}-")
    for claim in filter(None, claims):
        yield UnplacedFact(DatabaseVolume, workload.name_span, (workload.namespace, claim, workload.name))


def _by_kaniko(container: Container) -> Iterator[UnplacedFact]:
    """A Job that builds an image. Its context is a checkout of the repository."""
    options: dict[str, list[Scalar]] = {}
    for word in container.words:
        name, equals, _ = word.value.partition("=")
        if equals and word.literal:
            options.setdefault(name.lstrip("-"), []).append(word)
    given = {name: words[0].value.partition("=")[2] for name, words in options.items()}
    context = re.sub(r"^(?:dir://)?/?(?:workspace/?)?|^git://.*|^\w+://.*", "", given.get("context", ""))
    context = posixpath.normpath(posixpath.join(context, given.get("context-sub-path", "")) or ".")
    for word in options.get("destination", ()):
        reference = word.value.partition("=")[2]
        span = container.document.content(word)
        values = (reference, "" if context == "." else context, given.get("dockerfile", ""), "", "docker", True)
        yield UnplacedFact(ImageBuilt, span, values)


def _kaniko_build(workload: Workload, container: Container, image: Scalar) -> Iterator[UnplacedFact]:
    words = [word.value for word in container.words]
    options: dict[str, str] = {}
    for word, following in zip(words, [*words[1:], ""], strict=True):
        option, equals, given = word.partition("=")
        options[option] = given if equals else following

    def value(*names: str) -> str:
        return next((options[name] for name in names if name in options), "")

    paths = kaniko.dockerfiles_of(
        "", value("-c", "--context"), value("--context-sub-path"), value("-f", "--dockerfile")
    )
    flags = container.environment.items()
    features = tuple(name for name, text in flags if name.startswith("FF_KANIKO_") and kaniko.is_on(text))
    if paths and any(name in options for name in ("-c", "--context", "-f", "--dockerfile")):
        yield UnplacedFact(KanikoBuild, workload.document.content(image), (paths, image.value, features))


def _is_backup(resource: Resource, spec: Mapping | None) -> bool:
    """Whether an operator's object backs up a database, or is a database with a section for backups."""
    if _BACKUP_KIND.fullmatch(resource.kind) or (resource.group == "velero.io" and resource.kind == "Schedule"):
        return True
    return (
        spec is not None and resource.group != "" and any(spec.get(name) is not None for name in ("backup", "backups"))
    )


def _dumped(data: Mapping | None) -> frozenset[str]:
    return dumped("\n".join(pairs(data).values()))


def _secret_keys(resource: Resource) -> tuple[str, ...]:
    """The keys of the resulting Secret; an ExternalSecret lists them as `secretKey`."""
    node = resource.node
    found: list[str] = []
    for mapping in (node.mapping("data"), node.mapping("stringData"), node.mapping("spec", "encryptedData")):
        found += [entry.key.value for entry in (mapping.entries if mapping else ()) if isinstance(entry.key, Scalar)]
    spec = node.mapping("spec")
    found += [one.text("secretKey") for one in (spec.mappings("data") if spec else ())]
    return tuple(dict.fromkeys(key for key in found if key))


def _overlay(root: Mapping) -> Iterator[UnplacedFact]:
    """A kustomization, also of Flux, a skaffold.yaml, or a chart by its `Chart.yaml`.

    Paths are relative to the folder of the file.
    """
    span = Span(root.start, root.start)
    if is_kustomization(root):
        patches = [one.text("path") for key in ("patches", "patchesJson6902") for one in root.mappings(key)]
        patches += [one.value for one in root.scalars("patchesStrategicMerge") if "\n" not in one.value]
        images = [one.text("name") for one in root.mappings("images")]
        renamed = [(one.text("name"), one.text("newName")) for one in root.mappings("images")]
        replaced = tuple(pair for pair in renamed if all(pair))
        yield UnplacedFact(Overlay, span, (tuple(filter(None, patches)), tuple(filter(None, images)), replaced))
        yield from _of_kustomization(root)
    elif (
        not root.text("kind") and root.text("apiVersion") in ("v1", "v2") and root.text("name") and root.text("version")
    ):
        yield UnplacedFact(Overlay, span, (("templates/",), ()))
    elif root.text("apiVersion").startswith("skaffold/"):
        builds = [one.mapping("build") for one in (root, *root.mappings("profiles"))]
        images = [one.text("image") for build in builds for one in (build.mappings("artifacts") if build else ())]
        yield UnplacedFact(Overlay, span, ((), tuple(filter(None, images))))
        yield from _of_skaffold(root)
    elif is_of_flux(root):
        spec = root.mapping("spec")
        yield from _kustomize_builds(spec.text("path") if spec is not None else "", span)


def _within(folder: str, path: str) -> str:
    """The path from the project root of a path relative to `folder`; one outside the project matches nothing."""
    joined = posixpath.normpath(posixpath.join(folder, path))
    return joined + "/" if path.endswith("/") else joined


def _linked(resource: Resource) -> Iterator[UnplacedFact]:
    """Pods with their probes, and the keys of ConfigMaps."""
    span = resource.name_span
    if isinstance(resource, Workload):
        containers = [one for one in resource.containers if one.role != "init"]
        ports = _ports(containers) if not resource.partial else None
        images = tuple(_repository(one) for one in containers)
        labels = tuple(sorted(resource.pod_labels.items()))
        mentioned = _mentioned(containers, ports) if ports else ()
        plain = not resource.partial and not any(one.node.get(key) for one in containers for key in _CHANGING)
        asked_of = pairs(resource.node.mapping("spec", "selector", "matchLabels"))
        mislabeled = any(resource.pod_labels.get(key, value) != value for key, value in asked_of.items())
        named = (resource.kind, resource.name, resource.namespace)
        replicas = _replicas(resource)
        workers = tuple(map(_workers, containers))
        told = (*named, labels, ports, images, mentioned, plain, mislabeled, replicas, workers)
        yield UnplacedFact(Pods, span, told)
        for container in containers:
            for key in ("livenessProbe", "readinessProbe", "startupProbe"):
                asked = container.node.mapping(key, "httpGet")
                if asked is not None and asked.text("path"):
                    own = (
                        "" if any(container.node.get(word) for word in ("command", "args")) else _repository(container)
                    )
                    yield UnplacedFact(Probed, span, (asked.text("path"), key, own))
    elif (resource.group, resource.kind) == ("", "ConfigMap") and resource.name:
        yield UnplacedFact(ConfigMapKeys, span, (resource.namespace, resource.name, _config_map_keys(resource.node)))
    elif (spec := resource.node.mapping("spec")) is not None and "." in resource.group:
        for labels in sorted(set(_templates(spec))):
            yield UnplacedFact(Pods, span, (resource.kind, resource.name, resource.namespace, labels, None, ()))


def _workers(container: Container) -> int | None:
    """The worker processes that the manifest has a container start: 0 if it says nothing, None if they are unknown."""
    words = [word for one in container.words for word in one.value.split()]
    variables = container.environment
    named = {entry.text("name") for entry in container.node.mappings("env")}
    if not words and "WEB_CONCURRENCY" not in named:
        return 0
    if not words:
        return number_of(variables.get("WEB_CONCURRENCY", "")) or None
    program = next((name for word in words if (name := word.rpartition("/")[2]) in SERVERS), "")
    return workers_of(program, words, variables)


def _replicas(workload: Workload) -> int | None:
    spec = workload.node.mapping("spec")
    if spec is None or workload.partial or workload.kind not in ("Deployment", "StatefulSet", "ReplicaSet"):
        return None
    return _count(spec, "replicas", 1)


def _count(spec: Mapping, key: str, default: int | None) -> int | None:
    if spec.get(key) is None:
        return default
    return int(spec.text(key)) if spec.text(key).isdecimal() else None


def _of_kustomization(root: Mapping) -> Iterator[UnplacedFact]:
    span, namespace = Span(root.start, root.start), root.text("namespace")
    for key, kind, keys in (("configMapGenerator", ConfigMapKeys, None), ("secretGenerator", SecretKeys, ())):
        for name in (one.scalar("name") for one in root.mappings(key)):
            if name is not None and name.value:
                quoted = name.style in ("'", '"')
                yield UnplacedFact(kind, Span(name.start + quoted, name.end - quoted), (namespace, name.value, keys))
    labels = list(pairs(root.mapping("commonLabels")))
    for entry in root.mappings("labels"):
        labels += pairs(entry.mapping("pairs"))
    if labels:
        yield UnplacedFact(Relabelled, span, (tuple(sorted(labels)),))
    # A component can set the namespace of the kustomization that includes it.
    told = namespace or ("" if root.items("components") else None)
    for key in ("resources", "bases", "components"):
        for listed in root.scalars(key):
            if listed.literal and "://" not in listed.value and not listed.value.startswith("git@"):
                yield UnplacedFact(Kustomized, span, (listed.value, told))


def _of_skaffold(root: Mapping) -> Iterator[UnplacedFact]:
    for one in (root, *root.mappings("profiles")):
        build = one.mapping("build")
        for artifact in build.mappings("artifacts") if build else ():
            image = artifact.scalar("image") or artifact.scalar("imageName")
            if image is not None and image.literal:
                yield UnplacedFact(ImageBuilt, Span(image.start, image.end), _artifact(image.value, artifact))
        for key in ("deploy", "manifests"):
            kustomize = one.mapping(key, "kustomize")
            for listed in kustomize.scalars("paths") if kustomize else ():
                if listed.literal:
                    yield UnplacedFact(KustomizeBuild, Span(listed.start, listed.end), (listed.value,))
            helm = one.mapping(key, "helm")
            for release in helm.mappings("releases") if helm else ():
                chart = last_part(release.text("chartPath"))
                if chart:
                    files = _last_parts(release, "valuesFiles")
                    sets = any(release.get(word) is not None for word in _GIVES_VALUES)
                    yield UnplacedFact(ChartInstall, Span(release.start, release.start), (chart, files, sets))


_GIVES_VALUES = ("setValues", "setValueTemplates", "setFiles", "overrides", "artifactOverrides")


def _artifact(image: str, artifact: Mapping) -> tuple[Any, ...]:
    """The values of the fact. An artifact that names no builder is built by Docker."""
    builder = next((tool for tool, keys in _WITHOUT_DOCKERFILE.items() if any(artifact.get(key) for key in keys)), "")
    if builder:
        return (image, None, "", "", builder, False)
    docker = artifact.mapping("docker") or artifact.mapping("kaniko")
    context = artifact.text("context") or artifact.text("workspace") or "."
    file = docker.text("dockerfile") or docker.text("dockerfilePath") if docker else ""
    return (
        image,
        context,
        f"{context}/{file}" if file else "",
        docker.text("target") if docker else "",
        "docker",
        False,
    )


_WITHOUT_DOCKERFILE = {
    "jib": ("jib", "jibMaven", "jibGradle"),
    "ko": ("ko",),
    "buildpacks": ("buildpacks", "buildpack"),
    "bazel": ("bazel",),
}


def _ports(containers: list[Container]) -> tuple[tuple[str, str], ...] | None:
    if not containers or not all(one.ports for one in containers):
        return None
    return tuple((port.name, port.number) for one in containers for port in one.ports)


def _mentioned(containers: list[Container], ports: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    texts = [word.value for one in containers for word in one.words]
    texts += [value for one in containers for value in one.environment.values()]
    for one in containers:
        for key in ("livenessProbe", "readinessProbe", "startupProbe"):
            probe = one.node.mapping(key)
            texts += [asked.text("port") for kind in ("httpGet", "tcpSocket", "grpc")
                      if probe is not None and (asked := probe.mapping(kind)) is not None]  # fmt: skip
    found = {number for text in texts for number in _NUMBER.findall(text)}
    return tuple(sorted(found.difference(number for _, number in ports)))


def _templates(node: Node, depth: int = 0) -> Iterator[tuple[tuple[str, str], ...]]:
    """The labels of the pod templates of a custom resource, at any depth: `leaderTemplate.metadata.labels`."""
    if isinstance(node, Mapping) and depth < _DEEP:
        metadata = node.mapping("metadata")
        labels = metadata.mapping("labels") if metadata is not None else None
        if labels is not None:
            yield tuple(sorted(pairs(labels).items()))
        for entry in node.entries:
            yield from _templates(entry.value, depth + 1)
    elif isinstance(node, Sequence) and depth < _DEEP:
        for item in node.items:
            yield from _templates(item, depth + 1)


def _repository(container: Container) -> str:
    """The image without its tag; template expressions in it are unknown characters."""
    image = container.image
    return ImageReference.parse(image.value).repository if image is not None else ""


def _config_map_keys(node: Mapping) -> tuple[str, ...] | None:
    """None if a template or a merge can add keys."""
    found: list[str] = []
    for name in ("data", "binaryData"):
        data = node.mapping(name)
        if data is None:
            if node.get(name) is not None and not getattr(node.get(name), "null", False):
                return None
            continue
        if data.merges:
            return None
        found += [entry.key.value for entry in data.entries if isinstance(entry.key, Scalar)]
    return tuple(found)
