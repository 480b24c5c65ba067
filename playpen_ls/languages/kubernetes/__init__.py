"""Kubernetes manifests."""

from playpen_ls.languages.kubernetes.model.manifests import Manifests, parse
from playpen_ls.languages.kubernetes.model.parts import Argument, ContainerImage, EnvironmentEntry
from playpen_ls.languages.kubernetes.model.resources import Container, Resource, Workload, YamlDocument

__all__ = [
    "Argument",
    "Container",
    "ContainerImage",
    "EnvironmentEntry",
    "Manifests",
    "Resource",
    "Workload",
    "YamlDocument",
    "parse",
]
