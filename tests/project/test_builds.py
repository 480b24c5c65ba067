"""Which images the files that are in no language say to be built: compose files, workflows, scripts, Makefiles, bake."""

from __future__ import annotations

import pytest

from playpen_ls.api.fact_types import ChartInstall, DotenvVariable, ImageBuilt, ValuesFile
from playpen_ls.languages import builds

COMPOSE = """\
services:
  web: {image: "me/web:${TAG:-1}", build: ./web}
  api: {image: me/api, build: {context: ., dockerfile: docker/api.Dockerfile, target: run}}
  db: {image: postgres}
  own: {build: own}
"""
WORKFLOW = """\
env: {REGISTRY: ghcr.io/me}
jobs:
  build:
    strategy: {matrix: {service: [cart, user]}}
    steps:
      - uses: docker/build-push-action@v5
        with: {context: "src/${{ matrix.service }}", tags: "${{ env.REGISTRY }}/${{ matrix.service }}:1"}
"""
META = """\
jobs:
  build:
    steps:
      - {id: meta, uses: docker/metadata-action@v5, with: {images: me/web}}
      - uses: docker/build-push-action@v5
        with: {file: docker/Dockerfile.web, tags: "${{ steps.meta.outputs.tags }}"}
  scripts:
    defaults: {run: {working-directory: api}}
    steps:
      - run: |
          docker build -t me/api:${{ github.sha }} .
          cd ..
          docker build -t me/all .
"""
CALL = """\
jobs:
  web: {uses: ./.github/workflows/build.yml, with: {image_name: me/web, context: web}}
  test: {uses: ./.github/workflows/test.yml, with: {image: me/web}}
"""
SCRIPT = """\
#!/bin/bash
NAME=me
for service in cart user; do
  docker build -t $NAME/$service:latest ./src/$service
done
(cd web && docker build -t me/web .)
docker build -t me/all -f docker/all.Dockerfile .
docker build -t me/$1 $1
"""
OWN_FOLDER = """\
cd "$(dirname "$0")/.."
docker build -t me/web web
"""
FOLDER_ABOVE = """\
HERE=$(dirname "$0")
CODE=$(cd $HERE/..; pwd)
docker build -f $CODE/../images/Dockerfile -t me/web $CODE
docker build -f $UNKNOWN/../images/Dockerfile -t me/api .
"""
MAKEFILE = """\
IMAGE ?= me/web
FILE := Dockerfile.prod

build:
\t@docker build -t $(IMAGE):$(TAG) \\
\t  -f $(FILE) .
\tcd api && docker build -t me/api .
\tdocker build -t me/all .
APPS ?= go py
loop:
\t@for app in $(APPS); do \\
\t\tdocker build -t me/app-$$app apps/$$app || exit 1; \\
\tdone
"""
BAKE = """\
variable "HUB" { default = "me" }
target "_base" { context = "src" }
target "web" {
  inherits = ["_base"]
  tags = ["${HUB}/web:latest", "me/other"]
  dockerfile = "web/Dockerfile"
}
"""
CLOUD = """\
steps:
  - name: gcr.io/cloud-builders/docker
    args: [build, -t, "gcr.io/$PROJECT_ID/web:$TAG", -f, docker/Dockerfile, .]
    dir: app
  - name: gcr.io/kaniko-project/executor
    args: ["--destination=gcr.io/p/api", "--context=api"]
  - {name: ubuntu, entrypoint: bash, args: [-c, "docker build -t me/x x"]}
"""
GITLAB = """\
variables: {NAME: me/web}
build:
  script:
    - cd web
    - docker build -t $NAME:$CI_COMMIT_SHA .
kaniko:
  script: ["/kaniko/executor --context $CI_PROJECT_DIR/api --destination $CI_REGISTRY_IMAGE/api:1"]
"""
TILT = "docker_build('me/web', './web', dockerfile='web/Dockerfile.dev')\nk8s_yaml('k8s.yaml')\n"

# (the path, the text, what is built: reference, context, Dockerfile, target)
CASES = {
    "compose": ("x/docker-compose.yml", COMPOSE, [
        ("me/web:${TAG:-1}", "x/web", "", ""), ("me/api", "x", "x/docker/api.Dockerfile", "run"), ("", "x/own", "", "")]),
    "a workflow with a matrix": (".github/workflows/ci.yml", WORKFLOW, [
        ("ghcr.io/me/cart:1", "src/cart", "", ""), ("ghcr.io/me/user:1", "src/user", "", "")]),
    "a workflow with metadata and scripts": ("x/.github/workflows/ci.yaml", META, [
        ("me/web", "x", "x/docker/Dockerfile.web", ""), ("me/api:${github_sha}", "x/api", "", ""),
        ("me/all", "x", "", "")]),
    "a reusable workflow": (".github/workflows/ci.yml", CALL, [("me/web", "web", "", "")]),
    "a script": ("hack/build.sh", SCRIPT, [
        ("me/cart:latest", "src/cart", "", ""), ("me/user:latest", "src/user", "", ""), ("me/web", "web", "", ""),
        ("me/all", "", "docker/all.Dockerfile", ""), ("me/$1", None, "", "")]),
    "a script that goes to its own folder": ("x/hack/build.sh", OWN_FOLDER, [("me/web", "x/web", "", "")]),
    "a script that goes to the folder above its own": ("x/hack/build.sh", FOLDER_ABOVE, [
        ("me/web", "x", "images/Dockerfile", "")]),
    "a Makefile": ("x/Makefile", MAKEFILE, [
        ("me/web:${TAG}", "x", "x/Dockerfile.prod", ""), ("me/api", "x/api", "", ""), ("me/all", "x", "", ""),
        ("me/app-go", "x/apps/go", "", ""), ("me/app-py", "x/apps/py", "", "")]),
    "bake": ("docker-bake.hcl", BAKE, [
        ("me/web:latest", "src", "src/web/Dockerfile", ""), ("me/other", "src", "src/web/Dockerfile", "")]),
    "bake without tags": ("x/docker-bake.hcl", 'target "web" {\n  context = "web"\n  target = "run"\n}\n', [
        ("", "web", "", "run")]),
    "Cloud Build": ("cloudbuild.yaml", CLOUD, [
        ("gcr.io/$PROJECT_ID/web:$TAG", "app", "app/docker/Dockerfile", ""), ("gcr.io/p/api", "api", "", ""),
        ("me/x", "x", "", "")]),
    "GitLab CI": (".gitlab-ci.yml", GITLAB, [
        ("me/web:$CI_COMMIT_SHA", "web", "", ""), ("$CI_REGISTRY_IMAGE/api:1", "api", "", "")]),
    "a Tiltfile": ("x/Tiltfile", TILT, [("me/web", "x/web", "x/web/Dockerfile.dev", "")]),
    "a compose file that is not valid": ("compose.yaml", "services: [build: {", []),
    "other YAML": ("config.yaml", COMPOSE, []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_files_say_what_is_built(case: tuple[str, str, list[tuple[str, str | None, str, str]]]):
    path, text, expected = case
    found = [one for one in builds.facts_in(path, text) if isinstance(one, ImageBuilt)]
    assert [(one.reference, one.context, one.dockerfile, one.target) for one in found] == expected


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fact_is_placed_in_its_file(case: tuple[str, str, object]):
    path, text, _ = case
    assert all(0 <= one.place.span.start <= one.place.span.end <= len(text) for one in builds.facts_in(path, text))


def test_a_values_file_states_that_there_are_values():
    found = builds.facts_in("c/values.yaml", "registryPassword: hunter2\n")
    assert [type(one) for one in found] == [ValuesFile]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("deploy.sh", "helm upgrade --install web ./charts/web -n x -f a/values-prod.yaml,b.yaml --set a=b\n"),
        (
            "Makefile",
            "deploy:\n\thelm install web $(DIR)/web/ --values=values-prod.yaml --values b.yaml --set-json x=1\n",
        ),
        (".gitlab-ci.yml", "a: {script: ['helm template web web -f values-prod.yaml -f b.yaml --reuse-values']}\n"),
    ],
)
def test_a_command_states_that_it_installs_a_chart(path: str, text: str):
    (found,) = [one for one in builds.facts_in(path, text) if isinstance(one, ChartInstall)]
    assert (found.chart, found.values, found.sets) == ("web", ("values-prod.yaml", "b.yaml"), True)


@pytest.mark.parametrize(
    ("command", "chart", "sets"),
    [
        ("helm upgrade web .", "", False),
        ("helm upgrade $FLAGS web ./web", "", True),
        ("helm install --generate-name ./web", "web", False),
        ("helm upgrade web $CHART", "", False),
    ],
)
def test_what_a_command_does_not_say_is_not_known(command: str, chart: str, sets: bool):
    (found,) = [one for one in builds.facts_in("a.sh", command) if isinstance(one, ChartInstall)]
    assert (found.chart, found.sets) == (chart, sets)


def test_the_environment_of_a_compose_file_states_parts_of_images():
    text = "REGISTRY=ghcr.io\nexport REPO='me' # the account\nTAG=1.0\nDB_HOST=db\nREPO_TOKEN=hunter2\nNAME=a b\n"
    found = [(one.key, one.value) for one in builds.facts_in("x/.env", text) if isinstance(one, DotenvVariable)]
    assert found == [("REGISTRY", "ghcr.io"), ("REPO", "me"), ("TAG", "1.0")]
