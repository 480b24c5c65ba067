"""The parts of manifests that rules look at: objects, workloads, containers, images, variables and arguments."""

from playpen_ls.languages.kubernetes.model.kustomizations import SetImage
from playpen_ls.languages.kubernetes.model.manifests import Manifests
from playpen_ls.languages.kubernetes.model.parts import Argument, ContainerImage, EnvironmentEntry
from playpen_ls.languages.kubernetes.model.resources import Container, Resource, Workload, YamlDocument

__all__ = [
    "Argument",
    "Container",
    "ContainerImage",
    "EnvironmentEntry",
    "Manifests",
    "Resource",
    "SetImage",
    "Workload",
    "YamlDocument",
]
