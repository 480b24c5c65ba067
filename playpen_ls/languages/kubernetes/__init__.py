"""Kubernetes manifests."""

from playpen_ls.languages.kubernetes.model.manifests import Manifests, parse
from playpen_ls.languages.kubernetes.model.parts import Argument, ContainerImage, EnvironmentEntry
from playpen_ls.languages.kubernetes.model.resources import Container, Document, Resource, Workload

__all__ = [
    "Argument",
    "Container",
    "ContainerImage",
    "Document",
    "EnvironmentEntry",
    "Manifests",
    "Resource",
    "Workload",
    "parse",
]
