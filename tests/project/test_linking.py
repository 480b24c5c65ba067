"""What belongs together, case by case, and which ports and paths are served in the end."""

from __future__ import annotations

import pytest

from playpen_ls.api.fact_types import (
    DotenvVariable,
    Exported,
    Exposed,
    ImageBuilt,
    Kustomized,
    Listens,
    Recipe,
    Route,
    Router,
    RouterIncluded,
    WebApplication,
)
from playpen_ls.api.facts import Fact, Facts, Table
from playpen_ls.api.finding import Place
from playpen_ls.languages.registry import model_facts, parse
from playpen_ls.project.image_evidence import Certainty, Link, Use, exposes
from playpen_ls.project.image_links import Linker
from playpen_ls.project.links import is_nearest, namespace_of
from playpen_ls.project.services import Web, answers, ports_of, probe_paths
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

HERE = Span(0, 0)


def recipe(path: str, program: str = "uvicorn", base: str = "") -> Recipe:
    return Recipe(Place(path, HERE), program, (), (), base=base)


def build(reference: str, context: str | None = "", dockerfile: str = "", path: str = "Jenkinsfile") -> ImageBuilt:
    return ImageBuilt(Place(path, HERE), reference, context, dockerfile, in_workspace=path.endswith("Jenkinsfile"))


def link_of(
    image: str, manifest: str, dockerfiles: list[Recipe], builds: list[ImageBuilt], *others: str
) -> Link | None:
    """`others` are more images in the manifest."""
    images = [(manifest, one) for one in (image, *others)]
    return Linker(dockerfiles, builds, images).link(Use(image, manifest))


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (Use("\ue000:\ue000", "helm/x/templates/app.yaml", ("order-service", "x")), "apps/order-service/Dockerfile"),
        (
            Use("\ue000", "helm/x/templates/job.yaml", ("migrate",), chart="order-service"),
            "apps/order-service/Dockerfile",
        ),
        (Use("\ue000", "helm/x/templates/app.yaml", ("app", "order-service")), None),
        (Use("\ue000", "helm/x/templates/app.yaml", ("app-service",)), "apps/app-service/Dockerfile"),
        (Use("\ue000", "helm/x/templates/app.yaml", ("redis",)), None),
        (Use("\ue000", "helm/x/templates/app.yaml", ("proxy",)), None),
        (Use("<ECR-URL>", "apps/k8s/app.yaml", ("flask", "backend"), alone=True), "apps/backend/Dockerfile"),
        (Use("<ECR-URL>", "k8s/app.yaml", ("flask", "backend"), alone=True), None),
        (Use("<ECR-URL>", "apps/k8s/app.yaml", ("flask", "backend")), None),
    ],
)
def test_a_placeholder_is_possibly_the_image_of_its_container_s_name(use: Use, expected: str | None):
    names = ("order-service", "app", "app-service", "redis", "proxy", "backend")
    found = Linker([recipe(f"apps/{name}/Dockerfile") for name in names], []).link(use)
    assert (found and found.dockerfile) == expected
    assert found is None or found.certainty is Certainty.POSSIBLE


def test_the_environment_beside_a_compose_file_fills_in_its_image():
    stated = build("${HUB}/${NAME:-shop}", "src", path="x/compose.yaml")
    dockerfiles = [recipe("src/Dockerfile"), recipe("x/Dockerfile")]

    def dockerfile(image: str, *values: DotenvVariable) -> str:
        found = Linker(dockerfiles, [stated], [("x/app.yaml", image)], values).link(Use(image, "x/app.yaml"))
        return found.dockerfile if found is not None else ""

    hub = DotenvVariable(Place("x/.env", HERE), "HUB", "me")
    name = DotenvVariable(Place("x/.env", HERE), "NAME", "cart")
    elsewhere = DotenvVariable(Place("y/.env", HERE), "NAME", "cart")
    assert dockerfile("me/shop", hub, elsewhere) == "src/Dockerfile"
    assert dockerfile("me/cart", hub, name) == "src/Dockerfile"
    assert dockerfile("me/shop", hub, name) != "src/Dockerfile"


# (the image, the manifest that names it, the Dockerfiles, what pipelines build, the Dockerfile that it is made of)
CASES = {
    "by folder": ("nexus:5000/shop:1.0", "k8s/app.yaml", ["shop/Dockerfile", "cart/Dockerfile"], [], "shop/Dockerfile"),
    "by folder, deep": ("r.io/x/cart", "k8s/app.yaml", ["src/cart/Dockerfile"], [], "src/cart/Dockerfile"),
    "by the file's name": ("me/web:1", "app.yaml", ["docker/web.Dockerfile", "docker/Dockerfile.api"], [],
                           "docker/web.Dockerfile"),
    "by the file's name before its folder's": ("student-frontend:1", "k8s/app.yaml",
        ["frontend/Dockerfile", "frontend/Dockerfile-student"], [], "frontend/Dockerfile-student"),
    "no such folder": ("nexus:5000/shop:1.0", "k8s/app.yaml", ["cart/Dockerfile"], [], None),
    "only a variant is in the folder": ("me/shop:1", "app.yaml", ["shop/Dockerfile.dev"], [], None),
    "a public image is not ours": ("redis:7", "k8s/app.yaml", ["redis/Dockerfile"], [], None),
    "a public image by its full name": ("docker.io/library/redis:7", "app.yaml", ["redis/Dockerfile"], [], None),
    "a public name in a registry of ours": ("nexus:5000/redis:7", "app.yaml", ["redis/Dockerfile"], [],
                                            "redis/Dockerfile"),
    "by the pipeline, at the root": ("nexus:5000/shop:1.0", "k8s/app.yaml", ["Dockerfile"],
                                     [build("nexus:5000/shop:1.0")], "Dockerfile"),
    "by the pipeline, tagged for a registry later": ("nexus:5000/shop:1.0", "app.yaml", ["app/Dockerfile"],
                                                     [build("shop:latest", "app")], "app/Dockerfile"),
    "the pipeline says another folder than the name": ("me/shop:1", "app.yaml", ["shop/Dockerfile", "src/Dockerfile"],
                                                       [build("me/shop:2", "src")], "src/Dockerfile"),
    "by the pipeline's -f": ("me/shop:1", "app.yaml", ["docker/Dockerfile", "Dockerfile"],
                             [build("me/shop", "", "docker/Dockerfile")], "docker/Dockerfile"),
    "a context that is computed rules nothing out": ("me/shop:1", "app.yaml", ["shop/Dockerfile"],
                                                     [build("me/shop", None)], "shop/Dockerfile"),
    "nor does one without a Dockerfile": ("me/shop:1", "app.yaml", ["shop/Dockerfile"], [build("me/shop", "x")],
                                          "shop/Dockerfile"),
    "a build without a Dockerfile does": (
        "me/shop:1", "app.yaml", ["shop/Dockerfile"],
        [ImageBuilt(Place("skaffold.yaml", HERE), "shop", None, "", "", "jib")], None),
    "a computed context with a -f": ("me/shop:1", "app.yaml", ["x/Dockerfile"], [build("me/shop", None, "x/Dockerfile")],
                                     "x/Dockerfile"),
    "two builds of one image": ("me/shop:1", "app.yaml", ["a/Dockerfile", "b/Dockerfile"],
                                [build("me/shop", "a"), build("me/shop", "b")], None),
    "two builds of one image, a folder has a part of its name": (
        "shop-helm", "t/x/app.yaml", ["t/helm/Dockerfile", "t/a/Dockerfile"],
        [build("shop-helm", "t/a", path="t/a/build.sh"), build("shop-helm", "t/helm", path="t/helm/build.sh"),
         build("shop-web", "t/a", path="t/a/build.sh")], None),
    "the whole repository decides": ("two/shop:1", "app.yaml", ["a/Dockerfile", "b/Dockerfile"],
                                     [build("one/shop", "a"), build("two/shop", "b")], "b/Dockerfile"),
    "another account's image": ("other/shop:1", "app.yaml", ["a/Dockerfile"], [build("one/shop", "a")], None),
    "a pipeline's variable": ("me/shop:1", "app.yaml", ["a/Dockerfile"], [build("$REGISTRY/shop:1", "a")],
                              "a/Dockerfile"),
    "a variable in the manifest": ("$REGISTRY/shop:1", "app.yaml", ["shop/Dockerfile"], [], "shop/Dockerfile"),
    "a variable in its tag": ("me/shop:{{TAG}}", "app.yaml", ["shop/Dockerfile"], [], "shop/Dockerfile"),
    "a pipeline of a folder, relative to the root": ("me/a", "k/app.yaml", ["Dockerfile", "x/Dockerfile"],
                                                     [build("me/a", "x", path="ci/Jenkinsfile")], "x/Dockerfile"),
    "a pipeline of a folder, relative to that folder": ("me/a", "app.yaml", ["orders/Dockerfile", "x/Dockerfile"],
                                                        [build("me/a", path="orders/Jenkinsfile")], "orders/Dockerfile"),
    "a pipeline of a folder, relative to either": ("me/a", "app.yaml", ["Dockerfile", "orders/Dockerfile"],
                                                   [build("me/a", path="orders/Jenkinsfile")], None),
    "the account of an official image": ("tensorflow/tensorflow", "x/app.yaml", ["y/Dockerfile"],
                                         [build("tensorflow", "y", path="ci.sh")], None),
    "two services of one name": ("me/web:1", "k8s/app.yaml", ["a/web/Dockerfile", "b/web/Dockerfile"], [], None),
    "two services of one name, one is nearer": ("me/web:1", "a/k8s/app.yaml", ["a/web/Dockerfile", "b/web/Dockerfile"],
                                                [], "a/web/Dockerfile"),
    "an overlay names what the base names": ("me/shop:1", "k8s/overlays/prod/app.yaml", ["shop/Dockerfile"], [],
                                             "shop/Dockerfile"),
    "two builds of one image elsewhere, of a public name": (
        "me/nginx", "deploy/app.yaml", ["x/Dockerfile", "y/nginx/Dockerfile"],
        [build("me/nginx", "x", path="x/build.sh"), build("me/nginx", "y/nginx", path="y/build.sh")], None),
    "another operator's controller": ("k8s.gcr.io/ingress-nginx/controller", "argocd/app.yaml", ["op/Dockerfile"],
                                      [build("controller", "op", path="op/Makefile")], None),
    "the project's own controller": ("quay.io/me/controller", "app.yaml", ["op/Dockerfile"],
                                     [build("quay.io/me/controller", "op", path="op/Makefile")], "op/Dockerfile"),
    "a part of the name, of an image whose Dockerfile is gone": (
        "me/x-cart", "app.yaml", ["new/cart/Dockerfile"],
        [build("me/x-cart", "", "old/cart/Dockerfile"), build("me/x-user"), build("me/x-shop")], None),
    "a sample of another folder that has the same name": (
        "x.example.com/myapp", "argo/app.yaml", ["docker/lab/Dockerfile", "docker/other/Dockerfile"],
        [build("myapp", "docker/lab", path="docker/lab/deploy.sh")], None),
    "no name": ("", "app.yaml", ["Dockerfile"], [], None),
}  # fmt: skip


# (the image, its container and workload, other images of the manifest, the Dockerfiles, the one that it is made of)
BY_WORKLOAD = {
    "named like the container": ("web.local", ("shop",), [], ["shop/Dockerfile", "x/Dockerfile"], "shop/Dockerfile"),
    "another image has that name": ("x:5000/frr-k8s", ("controller",), ["x:5000/controller"],
                                    ["controller/Dockerfile", "speaker/Dockerfile"], None),
    "the workload is named for its other container": (
        "me/config-dev", ("init", "demo"), ["me/demo"], ["Dockerfile-config", "Dockerfile-demo"], None),
    "a sidecar of a pod": ("other/shop-exporter", ("exporter", "shop"), ["me/shop"],
                           ["shop/Dockerfile", "x/Dockerfile"], None),
    "beside the Dockerfile of a public program": ("nginx/nginx-exporter", ("exporter", "nginx"), ["me/nginx"],
                                                  ["Dockerfile"], None),
}  # fmt: skip


@pytest.mark.parametrize("case", BY_WORKLOAD.values(), ids=BY_WORKLOAD)
def test_a_container_s_name_is_no_evidence_against_its_image_s(
    case: tuple[str, tuple[str, ...], list[str], list[str], str | None],
):
    image, names, others, dockerfiles, expected = case
    images = [("k8s/a.yaml", one) for one in (image, *others)]
    found = Linker([recipe(path) for path in dockerfiles], [], images).link(Use(image, "k8s/a.yaml", names))
    assert (found.dockerfile if found else None) == expected


def test_a_dockerfile_does_not_build_the_image_that_it_starts_from():
    dockerfiles = [
        recipe("hack/agnhost/Dockerfile", base="registry.k8s.io/e2e/agnhost:2.66@sha256:0"),
        recipe("x/Dockerfile"),
    ]
    linker = Linker(dockerfiles, [], [("a.yaml", "registry.k8s.io/e2e/agnhost:2.5"), ("a.yaml", "me/agnhost")])
    assert linker.link(Use("registry.k8s.io/e2e/agnhost:2.5", "a.yaml")) is None
    assert linker.link(Use("me/agnhost", "a.yaml")) is not None
    facts = model_facts(
        parse("dockerfile", Source("Dockerfile", "ARG V=3\nFROM python:$V AS a\nRUN x\nFROM a\nCMD y\n"))
    )
    assert [one.base for one in facts if isinstance(one, Recipe)] == ["python:3"]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_image_belongs_to_a_dockerfile_or_to_none(case: tuple[str, str, list[str], list[ImageBuilt], str | None]):
    image, manifest, dockerfiles, builds, expected = case
    found = link_of(image, manifest, [recipe(path) for path in dockerfiles], builds)
    assert (found.dockerfile if found else None) == expected


# (the image, other images, the manifest, the Dockerfiles, the one that it is made of, how certain that is)
BY_NAME = {
    "the folder, in camel case": ("x:5000/media-shop", [], "k8s/a.yaml", ["mediaShop/Dockerfile"], "mediaShop/Dockerfile",
                                  Certainty.CERTAIN),
    "the folder above a dull one": ("x:5000/shop", [], "k8s/a.yaml", ["shop/docker/Dockerfile"], "shop/docker/Dockerfile",
                                    Certainty.CERTAIN),
    "a word that says nothing": ("x:5000/shop-service:1", [], "k8s/a.yaml", ["shop/Dockerfile", "x/Dockerfile"],
                                 "shop/Dockerfile", Certainty.LIKELY),
    "a word that the folder has more": ("x:5000/auth", [], "k8s/a.yaml", ["auth-service/Dockerfile", "x/Dockerfile"],
                                        "auth-service/Dockerfile", Certainty.LIKELY),
    "a prefix that images share": ("x:5000/rs-cart", ["x:5000/rs-user"], "k8s/a.yaml", ["cart/Dockerfile", "x/Dockerfile"],
                                   "cart/Dockerfile", Certainty.LIKELY),
    "a prefix that no other image has": ("x:5000/rs-cart", ["x:5000/user"], "k8s/a.yaml",
                                         ["cart/Dockerfile", "x/Dockerfile"], None, None),
    "a word that makes another program of it": ("x:5000/cart-db", ["x:5000/user-db"], "k8s/a.yaml",
                                                ["cart/Dockerfile", "user/Dockerfile"], None, None),
    "the only Dockerfile, for the only image": ("me/anything", ["postgres"], "k8s/a.yaml", ["Dockerfile"], "Dockerfile",
                                                Certainty.POSSIBLE),
    "a plain Dockerfile beside a variant": ("me/anything", [], "k8s/a.yaml", ["Dockerfile", "Dockerfile.multistage"],
                                            "Dockerfile", Certainty.POSSIBLE),
    "the only Dockerfile, for one of two images": ("me/anything", ["me/other"], "k8s/a.yaml", ["Dockerfile"], None, None),
    "the only Dockerfile, for a placeholder": ("<IMAGE>", [], "k8s/a.yaml", ["Dockerfile"], "Dockerfile",
                                               Certainty.POSSIBLE),
    "the only Dockerfile near, by a word": ("me/hello-image", ["me/other"], "one/k8s/a.yaml",
                                            ["one/hello/Dockerfile", "two/Dockerfile"], "one/hello/Dockerfile",
                                            Certainty.LIKELY),
    "a public image beside a Dockerfile": ("grafana/grafana:9", [], "k8s/a.yaml", ["Dockerfile"], None, None),
    "a Dockerfile for developing": ("x:5000/shop", [], "k8s/a.yaml", ["shop/Dockerfile.dev", "x/Dockerfile"], None, None),
}  # fmt: skip


@pytest.mark.parametrize("case", BY_NAME.values(), ids=BY_NAME)
@pytest.mark.parametrize("above", ["", "project/"])
def test_names_and_places_make_a_link_wherever_the_project_is_opened(
    case: tuple[str, list[str], str, list[str], str | None, Certainty | None], above: str
):
    image, others, manifest, dockerfiles, expected, certainty = case
    found = link_of(image, above + manifest, [recipe(above + path) for path in dockerfiles], [], *others)
    assert (found.dockerfile if found else None) == (above + expected if expected else None)
    assert (found.certainty if found else None) == certainty


def test_an_image_that_is_alone_is_likely_if_a_port_agrees():
    """`bitnami/openldap` beside the Dockerfile of a chart is not built from it."""
    found = link_of("me/anything", "k8s/a.yaml", [recipe("Dockerfile")], [])
    assert found is not None
    assert found.certainty == Certainty.POSSIBLE
    exposed = Facts(Exposed, Table([Exposed(Place("Dockerfile", Span(0, 0)), 8000)]))
    assert exposes(found, exposed, frozenset({9000})).certainty == Certainty.POSSIBLE
    assert exposes(found, exposed, frozenset({8000})).certainty == Certainty.LIKELY


def test_a_likely_link_needs_two_kinds_of_evidence_to_support_findings():
    linker = Linker([recipe("cart/Dockerfile"), recipe("x/Dockerfile")], [], [("a.yaml", "x:5000/cart-service")])
    alone = linker.link(Use("x:5000/cart-service", "a.yaml"))
    named = linker.link(Use("x:5000/cart-service", "a.yaml", ("cart",)))
    assert [link and link.supports_findings for link in (alone, named)] == [False, True]


# (the Dockerfiles, the one asked for, what is built, a file, whether it is its code)
CODE = {
    "below its folder": (["shop/Dockerfile"], "shop", [], "shop/app/main.py", True),
    "beside it": (["shop/Dockerfile"], "shop", [], "cart/main.py", False),
    "a folder that begins alike": (["shop/Dockerfile"], "shop", [], "shop2/main.py", False),
    "below another's folder": (["shop/Dockerfile", "shop/cart/Dockerfile"], "shop", [], "shop/cart/main.py", False),
    "below its context": (["docker/Dockerfile"], "shop", [build("shop", "", "docker/Dockerfile")], "app/main.py", True),
    "its own folder is no other's": (
        ["a/docker/Dockerfile", "a/docker/Dockerfile.dev"],
        "shop",
        [build("shop", "a", "a/docker/Dockerfile")],
        "a/docker/entry.py",
        True,
    ),
}


@pytest.mark.parametrize("case", CODE.values(), ids=CODE)
def test_code_belongs_to_a_dockerfile(case: tuple[list[str], str, list[ImageBuilt], str, bool]):
    dockerfiles, image, builds, path, expected = case
    found = link_of(image, "k8s/app.yaml", [recipe(one) for one in dockerfiles], builds)
    assert found is not None
    assert found.holds(Listens(Place(path, HERE), 1)) is expected


def listing(kustomization: str, path: str, namespace: str | None = None) -> Kustomized:
    return Kustomized(Place(kustomization, HERE), path, namespace)


# (the object's file, the namespace that it says, what kustomizations list, its namespace)
NAMESPACES = {
    "as it says": ("k8s/app.yaml", "shop", [], "shop"),
    "nobody says": ("k8s/app.yaml", "", [], ""),
    "listed, and left where it is": ("k8s/app.yaml", "shop", [listing("k8s/kustomization.yaml", "k8s/app.yaml")], "shop"),
    "listed with a namespace": ("k8s/app.yaml", "", [listing("k8s/kustomization.yaml", "k8s/app.yaml", "prod")], "prod"),
    "which outweighs its own": (
        "k8s/app.yaml", "shop", [listing("k8s/kustomization.yaml", "k8s/app.yaml", "prod")], "prod"),
    "another file of the folder": (
        "k8s/other.yaml", "shop", [listing("k8s/kustomization.yaml", "k8s/app.yaml", "prod")], "shop"),
    "by an overlay of its base": (
        "base/app.yaml", "", [listing("base/kustomization.yaml", "base/app.yaml"),
                              listing("prod/kustomization.yaml", "base", "prod")], "prod"),
    "the outermost counts": (
        "base/app.yaml", "", [listing("base/kustomization.yaml", "base/app.yaml", "base"),
                              listing("prod/kustomization.yaml", "base", "prod")], "prod"),
    "an overlay that says nothing leaves the base's": (
        "base/app.yaml", "", [listing("base/kustomization.yaml", "base/app.yaml", "base"),
                              listing("prod/kustomization.yaml", "base")], "base"),
    "two overlays": (
        "base/app.yaml", "shop", [listing("base/kustomization.yaml", "base/app.yaml"),
                                  listing("prod/kustomization.yaml", "base", "prod"),
                                  listing("test/kustomization.yaml", "base", "test")], ""),
    "a component may set it": (
        "base/app.yaml", "shop", [listing("base/kustomization.yaml", "base/app.yaml", "")], ""),
    "a base of itself": ("base/app.yaml", "shop", [listing("base/kustomization.yaml", "base/app.yaml"),
                                                   listing("base/kustomization.yaml", "base")], "shop"),
    "the root of the project": ("app.yaml", "", [listing("kustomization.yaml", "app.yaml"),
                                                 listing("prod/kustomization.yaml", ".", "prod")], "prod"),
}  # fmt: skip


@pytest.mark.parametrize("case", NAMESPACES.values(), ids=NAMESPACES)
def test_an_object_is_in_a_namespace_or_in_any(case: tuple[str, str, list[Kustomized], str]):
    path, written, kustomized, expected = case
    assert namespace_of(path, written, Facts(Kustomized, Table(kustomized))) == expected


# (the Service's file, that of the pods, those of workloads of their kind and name, whether it means them)
SERVICES = {
    "the only ones": ("k8s/service.yaml", "k8s/app.yaml", ["k8s/app.yaml"], True),
    "the only ones, elsewhere": ("services/web.yaml", "apps/web.yaml", ["apps/web.yaml"], True),
    "a base, from an overlay": ("k8s/prod/service.yaml", "k8s/base/app.yaml", ["k8s/base/app.yaml"], True),
    "beside it": ("dev/service.yaml", "dev/app.yaml", ["dev/app.yaml", "prod/app.yaml"], True),
    "beside another": ("dev/service.yaml", "prod/app.yaml", ["dev/app.yaml", "prod/app.yaml"], False),
    "in its own file": ("all.yaml", "", ["", "quickstart.yaml"], True),
    "in a file beside its own": ("all.yaml", "quickstart.yaml", ["", "quickstart.yaml"], False),
    "two as near": ("common/service.yaml", "dev/app.yaml", ["dev/app.yaml", "prod/app.yaml"], True),
    # A folder of Services for several clusters has none of its own.
    "none beside it": ("extras/services.yaml", "k8s/app.yaml", ["extras/backup/app.yaml", "k8s/app.yaml"], True),
}  # fmt: skip


@pytest.mark.parametrize("case", SERVICES.values(), ids=SERVICES)
def test_a_service_means_the_nearest_of_variants(case: tuple[str, str, list[str], bool]):
    service, pods, namesakes, expected = case
    assert is_nearest(service, pods, namesakes) is expected


def facts(files: dict[str, str]) -> list[Fact]:
    return [fact for path, text in files.items() for fact in model_facts(parse("python", Source(path, text)))]


def web(files: dict[str, str]) -> Web:
    every = facts(files)
    told = [[one for one in every if type(one) is kind] for kind in (Route, Router, RouterIncluded, WebApplication)]
    exported = Facts(Exported, Table([one for one in every if isinstance(one, Exported)]))
    return Web(*told, exported)  # type: ignore[arg-type]


def served(files: dict[str, str]) -> list[tuple[str, bool]]:
    return sorted((one.path, one.whole) for one in web(files).served())


FASTAPI = "from fastapi import APIRouter, FastAPI\n"
ROUTE = "@{0}.get('{1}')\ndef f(): pass\n"


def test_fastapi_adds_the_prefixes_of_routers_in_routers():
    files = {
        "app/main.py": FASTAPI + "from app.api import api_router\napp = FastAPI()\n"
        "app.include_router(api_router, prefix='/api/v1')\n",
        "app/api/__init__.py": FASTAPI + "from app.api.routes import items\napi_router = APIRouter(prefix='/x')\n"
        "api_router.include_router(items.router, prefix='/items')\n",
        "app/api/routes/items.py": FASTAPI + "router = APIRouter(prefix='/own')\n" + ROUTE.format("router", "/health"),
    }
    assert served(files) == [("/api/v1/x/items/own/health", True)]
    assert web(files).known()


def test_flask_s_registration_takes_the_place_of_the_blueprint_s_own_prefix():
    blueprint = "from flask import Blueprint\nbp = Blueprint('o', __name__, url_prefix='/own')\n" + ROUTE.format(
        "bp", "/h"
    )
    main = "from flask import Flask\nfrom ops import bp\napp = Flask(__name__)\napp.register_blueprint(bp{})\n"
    assert served({"main.py": main.format(", url_prefix='/x'"), "ops.py": blueprint}) == [("/x/h", True)]
    assert served({"main.py": main.format(""), "ops.py": blueprint}) == [("/own/h", True)]


def test_routes_of_an_application_of_another_module():
    files = {
        "shop/__init__.py": "from flask import Flask\napp = Flask(__name__)\nfrom shop import views\n",
        "shop/views.py": "from shop import app\n" + ROUTE.format("app", "/health"),
    }
    assert served(files) == [("/health", True)]
    made = "from fastapi import FastAPI\ndef create_app():\n    app = FastAPI()\n    return app\n"
    files = {
        "shop/make.py": made,
        "shop/main.py": "from shop.make import create_app\napp = create_app()\n",
        "shop/views.py": "from .main import app\n" + ROUTE.format("app", "/health"),
    }
    assert served(files) == [("/health", True)]


def test_a_blueprint_that_a_package_makes_and_another_name_includes():
    files = {
        "main.py": "from flask import Flask\nfrom shop.auth import bp as auth_bp\napp = Flask(__name__)\n"
        "app.register_blueprint(auth_bp, url_prefix='/auth')\n",
        "shop/auth/__init__.py": "from flask import Blueprint\nbp = Blueprint('auth', __name__)\n",
        "shop/auth/routes.py": "from shop.auth import bp\n" + ROUTE.format("bp", "/login"),
    }
    assert served(files) == [("/auth/login", True)]
    assert web(files).known()


def test_a_router_that_a_package_passes_on():
    files = {
        "app/main.py": FASTAPI + "from app.api import items_router\napp = FastAPI()\n"
        "app.include_router(items_router, prefix='/v1')\n",
        "app/api/__init__.py": "from .items import router as items_router\n",
        "app/api/items.py": FASTAPI + "router = APIRouter(prefix='/items')\n" + ROUTE.format("router", "/health"),
    }
    assert served(files) == [("/v1/items/health", True)]
    assert web(files).known()


def test_a_router_of_a_library_leaves_open_what_is_served():
    main = FASTAPI + "from healthlib import router\napp = FastAPI()\napp.include_router(router)\n"
    assert not web({"main.py": main}).known()


def test_a_computed_prefix_may_be_anything():
    files = {
        "main.py": FASTAPI
        + "from api import router\napp = FastAPI()\napp.include_router(router, prefix=settings.API)\n",
        "api.py": FASTAPI + "router = APIRouter()\n" + ROUTE.format("router", "/health"),
    }
    assert served(files) == [("/health", False)]
    paths = web(files).served()
    assert answers(paths, [], "/anything/health")
    assert not answers(paths, [], "/anything/ready")


@pytest.mark.parametrize(
    ("route", "asked", "expected"),
    [
        ("/health", "/health", True),
        ("/health", "/health/", True),
        ("/health", "/health?full=1", True),
        ("/health", "/healthz", False),
        ("/items/{id}", "/items/3", True),
        ("/items/{id}", "/items/3/x", False),
        ("/files/{name:path}", "/files/a/b", True),
        ("/<path:rest>", "/a/b", True),
        ("/", "/", True),
        ("/", "/health", False),
    ],
)
def test_a_route_answers_what_its_pattern_says(route: str, asked: str, expected: bool):
    files = {"main.py": FASTAPI + "app = FastAPI()\n" + ROUTE.format("app", route)}
    assert answers(web(files).served(), [], asked) is expected


def test_a_route_for_post_answers_no_probe():
    files = {"main.py": FASTAPI + "app = FastAPI()\n@app.post('/health')\ndef f(): pass\n"}
    assert not answers(web(files).served(), [], "/health")


def test_the_path_that_is_most_alike_is_offered_first():
    files = {
        "main.py": FASTAPI + "app = FastAPI()\n" + ROUTE.format("app", "/health/ready") + ROUTE.format("app", "/livez")
    }
    assert probe_paths(web(files).served(), "/ready") == ["/health/ready", "/livez"]
    assert probe_paths(web(files).served(), "/live") == ["/livez", "/health/ready"]


@pytest.mark.parametrize(
    ("dockerfile", "served_ports", "opened"),
    [
        ('EXPOSE 80\nCMD ["uvicorn", "a:b", "--port", "8000"]', {8000}, {8000}),  # EXPOSE is documentation
        ("EXPOSE 80", set(), {80}),
        ("CMD gunicorn -b 0.0.0.0:8001 a:b", {8001}, {8001}),
        ("CMD gunicorn --bind=:${PORT:-8002} a:b", {8002}, {8002}),
        ("ENV PORT=8003\nCMD exec gunicorn --bind :$PORT a:b", {8003}, {8003}),
        ("CMD gunicorn --bind :$PORT a:b", set(), set()),
        ("CMD gunicorn -c conf.py a:b", set(), set()),
        ('CMD ["fastapi", "run", "main.py"]', {8000}, {8000}),
        ('CMD ["flask", "run", "--host=0.0.0.0"]', {5000}, {5000}),
        ('CMD ["flask", "run", "-p", "80"]', {80}, {80}),
        ('CMD ["python", "-m", "uvicorn", "a:b", "--port=8004"]', {8004}, {8004}),
        ('CMD ["poetry", "run", "hypercorn", "a:b", "-b", "0.0.0.0:8005"]', {8005}, {8005}),
        ('ENTRYPOINT ["uvicorn", "a:b"]\nCMD ["--port", "9"]', {9}, {9}),
        ('ENTRYPOINT ["sh", "-c", "uvicorn a:b"]\nCMD ["--port", "9"]', set(), set()),
        ('ENTRYPOINT ["tini", "--"]\nCMD ["uvicorn", "a:b", "--port", "9"]', {9}, {9}),
        ("CMD gunicorn -b :8001 -b 0.0.0.0:8002 a:b", {8001, 8002}, {8001, 8002}),
        ("CMD gunicorn -b :8001 -b unix:/run/x a:b", set(), set()),
        ("CMD gunicorn -b0.0.0.0:8001 a:b", {8001}, {8001}),
        ('CMD ["gunicorn", "-p", "80", "a:b"]', set(), set()),  # the file for its process id
        ('CMD ["uvicorn", "a:b"]', {8000}, {8000}),
        ('CMD ["uvicorn", "a:b", "--uds", "/run/x"]', set(), set()),
        ('ENV UVICORN_PORT=9\nCMD ["uvicorn", "a:b"]', set(), set()),
        ('CMD ["./start.sh"]', set(), set()),
    ],
)
def test_the_ports_that_an_image_s_program_listens_on(dockerfile: str, served_ports: set[int], opened: set[int]):
    told = list(model_facts(parse("dockerfile", Source("web/Dockerfile", f"FROM x\n{dockerfile}\n"))))
    one = link_of("me/web", "k.yaml", [fact for fact in told if isinstance(fact, Recipe)], [])
    assert one is not None
    ports = ports_of(one, [fact for fact in told if isinstance(fact, Exposed)], [])
    assert (set(ports.served), set(ports.open)) == (served_ports, opened)


def test_the_port_of_a_program_that_is_run_by_python_stands_in_its_code():
    one = link_of("me/web", "k.yaml", [recipe("web/Dockerfile", "python")], [])
    assert one is not None
    code = facts({"web/main.py": "import os, uvicorn\nuvicorn.run('a:b', port=int(os.getenv('PORT', '8080')))\n"})
    assert ports_of(one, [], [fact for fact in code if isinstance(fact, Listens)]).served == {8080}


def test_an_application_with_a_root_path_answers_behind_it_too():
    text = "from fastapi import FastAPI\napp = FastAPI(root_path='/api')\n@app.get('/health')\ndef health(): pass\n"
    facts = list(model_facts(parse("python", Source("main.py", text))))
    apps = [one for one in facts if isinstance(one, WebApplication)]
    served = Web([one for one in facts if isinstance(one, Route)], [], [], apps).served()
    assert answers(served, apps, "/health")
    assert answers(served, apps, "/api/health")
    assert not answers(served, apps, "/healthz")
