"""The API versions that Kubernetes no longer serves, and what has taken their place.

Source: the deprecated API migration guide, https://kubernetes.io/docs/reference/using-api/deprecation-guide.
"""

from __future__ import annotations

from typing import NamedTuple


class Removed(NamedTuple):
    """`release` is the first without it; `now` is what replaces it, "" if nothing does.

    `same`: the schema and the meaning of the new version are equal.
    """

    release: str
    now: str
    same: bool = False


_RBAC = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
_STORAGE = ("CSIDriver", "CSINode", "StorageClass", "VolumeAttachment")
_REVIEWS = ("LocalSubjectAccessReview", "SelfSubjectAccessReview", "SubjectAccessReview", "SelfSubjectRulesReview")
_HOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_FLOWS = ("FlowSchema", "PriorityLevelConfiguration")
_TABLE: tuple[tuple[str, tuple[str, ...], Removed], ...] = (
    ("extensions/v1beta1", ("Deployment", "DaemonSet", "ReplicaSet"), Removed("1.16", "apps/v1")),
    ("extensions/v1beta1", ("NetworkPolicy",), Removed("1.16", "networking.k8s.io/v1", same=True)),
    ("extensions/v1beta1", ("PodSecurityPolicy",), Removed("1.16", "")),
    ("extensions/v1beta1", ("Ingress",), Removed("1.22", "networking.k8s.io/v1")),
    ("apps/v1beta1", ("Deployment", "StatefulSet"), Removed("1.16", "apps/v1")),
    ("apps/v1beta1", ("ControllerRevision",), Removed("1.16", "apps/v1")),
    (
        "apps/v1beta2",
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ControllerRevision"),
        Removed("1.16", "apps/v1", same=True),
    ),
    ("batch/v2alpha1", ("CronJob",), Removed("1.21", "batch/v1")),
    ("admissionregistration.k8s.io/v1beta1", _HOOKS, Removed("1.22", "admissionregistration.k8s.io/v1")),
    ("apiextensions.k8s.io/v1beta1", ("CustomResourceDefinition",), Removed("1.22", "apiextensions.k8s.io/v1")),
    ("apiregistration.k8s.io/v1beta1", ("APIService",), Removed("1.22", "apiregistration.k8s.io/v1", same=True)),
    ("authentication.k8s.io/v1beta1", ("TokenReview",), Removed("1.22", "authentication.k8s.io/v1")),
    ("authorization.k8s.io/v1beta1", _REVIEWS, Removed("1.22", "authorization.k8s.io/v1")),
    ("certificates.k8s.io/v1beta1", ("CertificateSigningRequest",), Removed("1.22", "certificates.k8s.io/v1")),
    ("coordination.k8s.io/v1beta1", ("Lease",), Removed("1.22", "coordination.k8s.io/v1", same=True)),
    ("networking.k8s.io/v1beta1", ("Ingress",), Removed("1.22", "networking.k8s.io/v1")),
    ("networking.k8s.io/v1beta1", ("IngressClass",), Removed("1.22", "networking.k8s.io/v1", same=True)),
    ("rbac.authorization.k8s.io/v1beta1", _RBAC, Removed("1.22", "rbac.authorization.k8s.io/v1", same=True)),
    ("scheduling.k8s.io/v1beta1", ("PriorityClass",), Removed("1.22", "scheduling.k8s.io/v1", same=True)),
    ("storage.k8s.io/v1beta1", ("StorageClass",), Removed("1.22", "storage.k8s.io/v1", same=True)),
    ("storage.k8s.io/v1beta1", _STORAGE, Removed("1.22", "storage.k8s.io/v1")),
    ("batch/v1beta1", ("CronJob",), Removed("1.25", "batch/v1", same=True)),
    ("discovery.k8s.io/v1beta1", ("EndpointSlice",), Removed("1.25", "discovery.k8s.io/v1")),
    ("events.k8s.io/v1beta1", ("Event",), Removed("1.25", "events.k8s.io/v1")),
    ("autoscaling/v2beta1", ("HorizontalPodAutoscaler",), Removed("1.25", "autoscaling/v2")),
    ("policy/v1beta1", ("PodDisruptionBudget",), Removed("1.25", "policy/v1")),
    ("policy/v1beta1", ("PodSecurityPolicy",), Removed("1.25", "")),
    ("node.k8s.io/v1beta1", ("RuntimeClass",), Removed("1.25", "node.k8s.io/v1", same=True)),
    ("autoscaling/v2beta2", ("HorizontalPodAutoscaler",), Removed("1.26", "autoscaling/v2", same=True)),
    ("flowcontrol.apiserver.k8s.io/v1beta1", _FLOWS, Removed("1.26", "flowcontrol.apiserver.k8s.io/v1")),
    ("storage.k8s.io/v1beta1", ("CSIStorageCapacity",), Removed("1.27", "storage.k8s.io/v1")),
    ("flowcontrol.apiserver.k8s.io/v1beta2", _FLOWS, Removed("1.29", "flowcontrol.apiserver.k8s.io/v1")),
    ("flowcontrol.apiserver.k8s.io/v1beta3", _FLOWS, Removed("1.32", "flowcontrol.apiserver.k8s.io/v1")),
)
REMOVED: dict[tuple[str, str], Removed] = {}
"""By (apiVersion, kind)."""
for _version, _kinds, _removed in _TABLE:
    for _kind in _kinds:
        REMOVED.setdefault((_version, _kind), _removed)
