"""Kubernetes manifests."""

from playpen_ls.languages.kubernetes.model import Manifests, parse
from playpen_ls.languages.kubernetes.parts import Argument, ContainerImage, EnvironmentEntry
from playpen_ls.languages.kubernetes.resources import Container, Document, Resource, Workload

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
