"""What names say that a file or a stage is for: the same for all languages."""

from __future__ import annotations

import pytest

from playpen_ls.vocabulary.purposes import is_for_development, is_for_trial


@pytest.mark.parametrize("name", ["dev", "api-dev", "Dockerfile.test", "localBuild", "e2e", "Dockerfile.ci"])
def test_names_of_what_serves_development(name: str):
    assert is_for_development(name)


@pytest.mark.parametrize("name", ["", "release", "device", "latest", "Dockerfile", "examples", "contest"])
def test_names_of_what_is_shipped(name: str):
    assert not is_for_development(name)


@pytest.mark.parametrize(
    "path", ["examples/web/pod.yaml", "conf/application-dev2.properties", "k8s/Demo/x.yaml", "run_local.py"]
)
def test_paths_of_what_is_only_tried(path: str):
    assert is_for_trial(path)


@pytest.mark.parametrize("path", ["", "k8s/prod/x.yaml", "docker/x.yaml", "locale.properties", "device/x.py"])
def test_paths_of_what_runs(path: str):
    assert not is_for_trial(path)
