"""Where kustomize writes labels, annotations and namespaces, and where names of other objects are.

From `api/internal/konfig/builtinpluginconsts`; `configurations:` of a kustomization add to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from functools import lru_cache
from typing import NamedTuple

from playpen_ls.languages.kubernetes.kustomize.objects import Id
from playpen_ls.languages.kubernetes.syntax.nodes import Mapping
from playpen_ls.text.dataclass import dataclass


class FieldSpec(NamedTuple):
    """A path in the objects of a kind; "" for a group, version or kind is any."""

    path: tuple[str, ...]
    kind: str = ""
    group: str = ""
    version: str = ""
    create: bool = False

    def fits(self, one: Id) -> bool:
        return one.is_selected(self.group, self.version, self.kind)


class NameReference(NamedTuple):
    """Fields that name an object of a kind."""

    kind: str
    group: str
    version: str
    fields: tuple[FieldSpec, ...]


def _path(text: str) -> tuple[str, ...]:
    r"""The parts between slashes; `\/` is a slash in a part."""
    return tuple(part.replace("\\/", "/") for part in re.split(r"(?<!\\)/", text))


def _specs(paths: str, *kinds: str, group: str = "", version: str = "", create: bool = False) -> tuple[FieldSpec, ...]:
    return tuple(
        FieldSpec(_path(path), kind, group, version, create) for path in paths.split() for kind in kinds or ("",)
    )


_TEMPLATES = ("Deployment", "ReplicaSet", "DaemonSet")
METADATA_LABELS = _specs("metadata/labels", create=True)
TEMPLATE_LABELS = (
    *METADATA_LABELS,
    *_specs("spec/template/metadata/labels", "ReplicationController", version="v1", create=True),
    *_specs("spec/template/metadata/labels", *_TEMPLATES, create=True),
    *_specs("spec/template/metadata/labels", "StatefulSet", group="apps", create=True),
    *_specs("spec/template/metadata/labels", "Job", group="batch", create=True),
    *_specs(
        "spec/jobTemplate/metadata/labels spec/jobTemplate/spec/template/metadata/labels",
        "CronJob",
        group="batch",
        create=True,
    ),
)
CLAIM_LABELS = _specs("spec/volumeClaimTemplates[]/metadata/labels", "StatefulSet", group="apps", create=True)
_AFFINITY = " ".join(
    f"spec/template/spec/affinity/{kind}/{term}/labelSelector/matchLabels"
    for kind in ("podAffinity", "podAntiAffinity")
    for term in (
        "preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
        "requiredDuringSchedulingIgnoredDuringExecution",
    )
)
_COMMON_LABELS = (
    *_specs("spec/selector", "Service", "ReplicationController", version="v1", create=True),
    *_specs("spec/selector/matchLabels", *_TEMPLATES, create=True),
    *_specs("spec/selector/matchLabels", "StatefulSet", group="apps", create=True),
    *_specs(
        f"{_AFFINITY} spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
        "Deployment",
        "StatefulSet",
        group="apps",
    ),
    *_specs("spec/selector/matchLabels", "Job", group="batch"),
    *_specs("spec/jobTemplate/spec/selector/matchLabels", "CronJob", group="batch"),
    *_specs("spec/selector/matchLabels", "PodDisruptionBudget", group="policy"),
    *_specs(
        "spec/podSelector/matchLabels spec/ingress/from/podSelector/matchLabels spec/egress/to/podSelector/matchLabels",
        "NetworkPolicy",
        group="networking.k8s.io",
    ),
    *TEMPLATE_LABELS,
    *CLAIM_LABELS,
)
_COMMON_ANNOTATIONS = (
    *_specs("metadata/annotations", create=True),
    *_specs("spec/template/metadata/annotations", "ReplicationController", version="v1", create=True),
    *_specs("spec/template/metadata/annotations", *_TEMPLATES, "StatefulSet", create=True),
    *_specs("spec/template/metadata/annotations", "Job", group="batch", create=True),
    *_specs(
        "spec/jobTemplate/metadata/annotations spec/jobTemplate/spec/template/metadata/annotations",
        "CronJob",
        group="batch",
        create=True,
    ),
)
_NAMESPACE = (
    *_specs("spec/service/namespace", "APIService", group="apiregistration.k8s.io", create=True),
    *_specs(
        "spec/conversion/webhook/clientConfig/service/namespace",
        "CustomResourceDefinition",
        group="apiextensions.k8s.io",
    ),
)
_IMAGES = _specs("spec/volumes[]/image/reference spec/template/spec/volumes[]/image/reference")
_REPLICAS = _specs("spec/replicas", "Deployment", "ReplicationController", "ReplicaSet", "StatefulSet", create=True)


def _of_pods(paths: str, kinds: Iterable[str] = ()) -> tuple[FieldSpec, ...]:
    """The paths, which are relative to a pod spec, in the kinds that have one."""
    folders = {"Pod": "spec", "CronJob": "spec/jobTemplate/spec/template/spec", "PodTemplate": "template/spec"}
    return tuple(
        spec
        for kind in kinds or ("Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job", "CronJob")
        for path in paths.split()
        for spec in _specs(
            f"{folders.get(kind, 'spec/template/spec')}/{path}", kind, version="v1" if kind == "Pod" else ""
        )
    )


_SOURCES = (
    "containers/env/valueFrom/{0}KeyRef/name initContainers/env/valueFrom/{0}KeyRef/name "
    "containers/envFrom/{0}Ref/name initContainers/envFrom/{0}Ref/name volumes/projected/sources/{0}/name"
)
_WITH_CONTROLLERS = ("StatefulSet", "Deployment", "ReplicationController", "CronJob", "Job", "DaemonSet")
_ALL_PODS = ("Pod", "PodTemplate", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job", "CronJob")


def _named(path: str) -> tuple[FieldSpec, ...]:
    """A path in a pod spec that is known for any version, also of Pods."""
    pods = tuple(spec._replace(version="") for spec in _of_pods(path, ("Pod",)))
    return (*pods, *_of_pods(path, _WITH_CONTROLLERS))


_RBAC = "rbac.authorization.k8s.io"
_REFERENCES = (
    *(
        NameReference(kind, "", "", _specs("spec/scaleTargetRef/name", "HorizontalPodAutoscaler"))
        for kind in ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")
    ),
    NameReference(
        "ConfigMap",
        "",
        "v1",
        (
            *_of_pods("volumes/configMap/name " + _SOURCES.format("configMap"), _ALL_PODS),
            *_specs("spec/configSource/configMap", "Node"),
            *_specs("rules/resourceNames", "Role", "ClusterRole"),
            *_specs(r"metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap", "Ingress"),
        ),
    ),
    NameReference(
        "Secret",
        "",
        "v1",
        (
            *_of_pods("volumes/secret/secretName imagePullSecrets/name " + _SOURCES.format("secret"), _ALL_PODS),
            *_specs("spec/tls/secretName", "Ingress"),
            *_specs(
                r"metadata/annotations/ingress.kubernetes.io\/auth-secret "
                r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret "
                r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret",
                "Ingress",
            ),
            *_specs("imagePullSecrets/name", "ServiceAccount"),
            *_specs(
                "parameters/secretName parameters/adminSecretName parameters/userSecretName parameters/secretRef",
                "StorageClass",
            ),
            *_specs("rules/resourceNames", "Role", "ClusterRole"),
            *_specs(
                "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
                "Service",
                group="serving.knative.dev",
                version="v1",
            ),
            *_specs("spec/azureFile/secretName", "PersistentVolume"),
        ),
    ),
    NameReference(
        "Service",
        "",
        "v1",
        (
            *_specs("spec/serviceName", "StatefulSet", group="apps"),
            *_specs(
                "spec/rules/http/paths/backend/serviceName spec/backend/serviceName "
                "spec/rules/http/paths/backend/service/name spec/defaultBackend/service/name",
                "Ingress",
            ),
            *_specs("spec/service/name", "APIService", group="apiregistration.k8s.io"),
            *_specs(
                "webhooks/clientConfig/service",
                "ValidatingWebhookConfiguration",
                "MutatingWebhookConfiguration",
                group="admissionregistration.k8s.io",
            ),
        ),
    ),
    NameReference("Role", _RBAC, "", _specs("roleRef/name", "RoleBinding", group=_RBAC)),
    NameReference("ClusterRole", _RBAC, "", _specs("roleRef/name", "RoleBinding", "ClusterRoleBinding", group=_RBAC)),
    NameReference(
        "ServiceAccount",
        "",
        "v1",
        (*_specs("subjects", "RoleBinding", "ClusterRoleBinding", group=_RBAC), *_named("serviceAccountName")),
    ),
    NameReference("PersistentVolumeClaim", "", "v1", _named("volumes/persistentVolumeClaim/claimName")),
    NameReference(
        "PersistentVolume",
        "",
        "v1",
        (*_specs("spec/volumeName", "PersistentVolumeClaim"), *_specs("rules/resourceNames", "ClusterRole")),
    ),
    NameReference(
        "StorageClass",
        "storage.k8s.io",
        "v1",
        (
            *_specs("spec/storageClassName", "PersistentVolume", "PersistentVolumeClaim"),
            *_specs("spec/volumeClaimTemplates/spec/storageClassName", "StatefulSet"),
        ),
    ),
    NameReference("PriorityClass", "scheduling.k8s.io", "v1", _named("priorityClassName")),
    NameReference(
        "ValidatingAdmissionPolicy",
        "admissionregistration.k8s.io",
        "",
        _specs("spec/policyName", "ValidatingAdmissionPolicyBinding", group="admissionregistration.k8s.io"),
    ),
)


@dataclass(frozen=True)
class Configuration:
    """The field specs of a kustomization, with those that its `configurations:` and those of its bases add."""

    labels: tuple[FieldSpec, ...] = ()
    common_labels: tuple[FieldSpec, ...] = _COMMON_LABELS
    template_labels: tuple[FieldSpec, ...] = TEMPLATE_LABELS
    annotations: tuple[FieldSpec, ...] = _COMMON_ANNOTATIONS
    namespace: tuple[FieldSpec, ...] = _NAMESPACE
    images: tuple[FieldSpec, ...] = _IMAGES
    replicas: tuple[FieldSpec, ...] = _REPLICAS
    references: tuple[NameReference, ...] = _REFERENCES
    more: bool = field(default=False)
    """Something was added."""

    def merged(self, other: Configuration) -> Configuration:
        if not other.more or other is self:
            return self
        if not self.more:
            return other

        def both(name: str) -> tuple[FieldSpec, ...]:
            mine: tuple[FieldSpec, ...] = getattr(self, name)
            theirs: tuple[FieldSpec, ...] = getattr(other, name)
            return (*mine, *(one for one in theirs if one not in mine))

        names = ("labels", "common_labels", "template_labels", "annotations", "namespace", "images", "replicas")
        references = (*self.references, *(one for one in other.references if one not in self.references))
        return replace(self, **{name: both(name) for name in names}, references=references, more=True)


DEFAULT = Configuration()
_LISTS = {
    "labels": "labels",
    "commonLabels": "common_labels",
    "templateLabels": "template_labels",
    "commonAnnotations": "annotations",
    "namespace": "namespace",
    "images": "images",
    "replicas": "replicas",
}


def configured(before: Configuration, root: Mapping) -> Configuration:
    """The configuration with what a file of `configurations:` adds. What concerns names and variables is left out."""
    added = {
        name: (*getattr(before, name), *_given(root, key)) for key, name in _LISTS.items() if root.get(key) is not None
    }
    references = tuple(
        NameReference(one.text("kind"), one.text("group"), one.text("version"), tuple(_given(one, "fieldSpecs")))
        for one in root.mappings("nameReference")
    )
    return replace(before, **added, references=(*before.references, *references), more=True)


def _given(root: Mapping, key: str) -> Iterator[FieldSpec]:
    for one in root.mappings(key):
        path = _path(one.text("path"))
        yield FieldSpec(path, one.text("kind"), one.text("group"), one.text("version"), one.true("create"))


@lru_cache(maxsize=512)
def references_in(
    configuration: tuple[NameReference, ...], one: tuple[str, str, str]
) -> tuple[tuple[NameReference, FieldSpec], ...]:
    """The fields of objects of a group, version and kind that name others."""
    which = Id(*one, "", "")
    return tuple((reference, spec) for reference in configuration for spec in reference.fields if spec.fits(which))
