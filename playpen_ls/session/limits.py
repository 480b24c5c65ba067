"""Limits that are reached while it is worked out what is deployed of a file."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from playpen_ls.api.rule import given_as
from playpen_ls.languages.kubernetes.helm.installs import chart_of, chart_of_values, installed_with
from playpen_ls.rules.kubernetes._builds import Builds
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.dataclass import dataclass


class Limit(NamedTuple):
    """The kustomization or `Chart.yaml` at a path is not checked. `endless`: nobody could build it."""

    path: str
    message: str
    endless: bool


@dataclass(frozen=True)
class _Knowledge:
    builds: Builds


def limits_about(workspace: Workspace, path: str) -> Iterator[Limit]:
    """The limits that what builds the file at a path reaches. Can raise NotKnownYet."""
    context = workspace.context(path)
    folder, name = posixpath.split(path)
    chart = folder if name == "Chart.yaml" else chart_of(path) or chart_of_values(path, context.files)
    chart = installed_with(chart, context.files)
    building = [posixpath.join(chart, "Chart.yaml")] if chart is not None else []
    for one in (*given_as(_Knowledge, context).builds.of(path), *building):
        built = workspace.built(one, "kubernetes")
        if built.limit:
            yield Limit(one, f"not checked: what it builds is not known: {built.limit}", built.endless)
