from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.edits.image import registry_of, replacement
from playpen_ls.languages.dockerfile.model.dockerfile import model_of
from playpen_ls.languages.dockerfile.parts import BaseImage, Stage
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.images import ImageReference

# Python images of organizations on Docker Hub.
_PYTHON = regex(
    r"(?:bitnami|circleci|cimg|nikolaik|amancevice)/python[\w-]*|tiangolo/(?:uvicorn|uwsgi|meinheld|python)[\w-]*"
    r"|(?:continuumio|conda|condaforge)/(?:mini|ana|mamba)[\w-]*"
)
_APK = regex(r"\bapk\b.*\badd\b")
NEXUS = Platform(base_images={"python": "playpen/python-base:latest", "node": "nexus:5000/playpen/node-base:20"})


@rule(
    severity=Severity.WARNING,
    practice="Use base images",
    like={"hadolint": ["DL3026"]},
    bad=[
        # The platform's image has another language.
        "FROM «python:2.7»\n",
        example("FROM «python:3.11»\n", fixed="FROM playpen/python-base:latest\n"),
        example(
            "FROM --platform=linux/amd64 «docker.io/library/python:3.11-slim» AS build\n",
            fixed="FROM --platform=linux/amd64 playpen/python-base:latest AS build\n",
        ),
        example("FROM «python@sha256:0b5e»\n", fixed="FROM playpen/python-base:latest\n"),
        example("ARG BASE=python:3.11\nFROM «${BASE}»\n", fixed="ARG BASE=playpen/python-base:latest\nFROM ${BASE}\n"),
        example(
            "ARG VERSION=3.11\nFROM «python:${VERSION}-slim»\n",
        ),
        example(
            "ARG IMAGE=python\nARG VERSION=3.11\nFROM «${IMAGE}:$VERSION» AS b\n",
            fixed="ARG IMAGE=playpen/python-base\nARG VERSION=latest\nFROM ${IMAGE}:$VERSION AS b\n",
        ),
        # The default would also change what another stage uses.
        example("ARG IMAGE=python\nARG VERSION=3.11\nFROM «$IMAGE:$VERSION»\nFROM a/b:$VERSION\n"),
        example("ARG VERSION=3.11\nARG OS=slim\nFROM «python:$VERSION-$OS»\n"),
        example("FROM «python:3.12-alpine»\nRUN apk add --no-cache gcc\n"),
        example("FROM «python:3.12» AS b\nRUN make\nFROM «python:3.12-alpine»\nRUN apk add --no-cache gcc\n"),
        example(
            "FROM «gcr.io/distroless/static»\nRUN make\nFROM «node»\n",
            fixed=None,
            platform=Platform(base_images={"node": ""}),
        ),
        example(
            "FROM «python» as api\nFROM «node:20» as web\n",
            fixed="FROM playpen/python-base:latest as api\nFROM nexus:5000/playpen/node-base:20 as web\n",
            platform=NEXUS,
        ),
        "FROM «bitnami/python:3.11»\nFROM «tiangolo/uvicorn-gunicorn:python3.11»\nFROM «continuumio/miniconda3»\n",
    ],
    good=[
        "FROM playpen/python-base:latest\n",
        "FROM nexus:5000/playpen/python-base:1.2\n",
        "FROM playpen/python-base@sha256:0b5e\n",
        "FROM scratch\n",
        "ARG BASE\nFROM $BASE\n",
        "FROM playpen/python-base:latest AS python\nFROM python\nCOPY --from=alpine /etc/os-release /tmp/\n",
        "FROM node:20\n",
        "FROM nexus:5000/team/app:1.0\n",
        "FROM bitnami/redis:7\n",
        example("FROM bitnami/python:3.11\n", platform=Platform(base_images={"node": "a/node:20"})),
        "FROM \n",
        # Equivalent to `COPY --from=ghcr.io/team/tool:1`.
        "FROM ghcr.io/team/tool:1 AS tool\nFROM playpen/python-base:latest\nCOPY --from=tool /tool /tool\n",
    ],
)
def foreign_base_image(image: BaseImage, platform: Platform) -> Iterator[Finding]:
    """Base image is not a platform image.

    The platform's base images contain its certificates, package sources and security updates, and are
    scanned together; other images have none of these. Reported for images that have a platform
    equivalent (`base_images` of the profile), for Python images of organizations on Docker Hub, and for
    images from a registry other than the platform's and Docker Hub, except in a stage that only names an
    image to copy from. Earlier stages, `scratch` and build arguments without a default are not reported.
    """
    if not image.external or platform.owns(image.reference):
        return
    own = platform.base_images.get(image.reference.name)
    if own is not None:
        is_other_language = image.reference.name == "python" and image.reference.tag.startswith("2")
        fixes = (Fix(_title(image, own), partial(_replaced, image, own)),) if own and not is_other_language else ()
        yield Finding(image.span, f"base image `{image.reference.name}` is not a platform image", fixes)
    elif "python" in platform.base_images and _is_python(image.reference):
        yield Finding(image.span, f"base image `{image.reference.path}` is a Python image, but not a platform image")
    elif registry_of(image.reference) not in ("", platform.registry) and not _is_only_copied_from(image.owner):
        yield Finding(image.span, f"base image `{image.reference.text}` is not from the platform's registry")


def _replaced(image: BaseImage, own: str) -> list[Edit]:
    """Refuses where a stage from the same image needs the packages of Alpine: all stages have one version of Python."""
    model = model_of(image.owner.file)
    same = (stage.external_base for stage in model.stages)
    tags = [one.reference.tag for one in same if one is not None and one.reference.name == image.reference.name]
    if any("alpine" in tag for tag in tags) and "alpine" not in own and _APK.search(model.source.text):
        raise Refused("`apk` installs packages, which only an image of Alpine has")
    return replacement(image, own)


def _is_python(reference: ImageReference) -> bool:
    return not registry_of(reference) and _PYTHON.fullmatch(reference.path) is not None


def _title(image: BaseImage, own: str) -> str:
    """Names the version that the platform's image may not have."""
    reference, tag = image.reference, ImageReference.parse(own).tag
    version = reference.digest or reference.tag
    lost = version and version not in (tag, "latest") and re.search(r"\d", version)
    return f"Change base image to `{own}`" + (f", without version `{version}`" if lost else "")


def _is_only_copied_from(stage: Stage) -> bool:
    """A stage without instructions that no other stage is based on: it only gives an image a name."""
    return not stage.instructions and not stage.final and not stage.is_continued
