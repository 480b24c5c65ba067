from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ImageUse
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.edits.image import fixed_tags, registry_of
from playpen_ls.languages.dockerfile.model.user import is_known_image
from playpen_ls.languages.dockerfile.parts import BaseImage
from playpen_ls.text.edit import Edit
from playpen_ls.vocabulary.images import is_variant

PINNED = Platform(pins={"node": "20.14.0"})


@rule(
    severity=Severity.WARNING,
    practice="Image tagging",
    needs_index=False,
    like={"hadolint": ["DL3006", "DL3007"]},
    bad=[
        example("FROM «node:latest» AS web\n", fixed="FROM node:20.14.0 AS web\n", platform=PINNED),
        example("FROM «node»\n", fixed="FROM node:20.14.0\n", platform=PINNED),
        example("FROM «node»\n"),
        example("FROM «nexus:5000/team/tool»\n"),
        example("FROM «our-base»\n"),
        example("FROM «nexus:5000/team/tool:latest»\n"),
        example(
            {"Dockerfile": "FROM «debian»\n", "other/Dockerfile": "FROM debian:12.5\n"}, fixed="FROM debian:12.5\n"
        ),
        example("FROM debian:12.5 AS build\nFROM «debian»\n", fixed="FROM debian:12.5 AS build\nFROM debian:12.5\n"),
        example({"Dockerfile": "FROM «debian»\n", "other/Dockerfile": "FROM debian:12.5\nFROM debian:11\n"}),
        # What a container runs is nothing to build on.
        example(
            {
                "Dockerfile": "FROM «alpine»\n",
                "a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
                "    - {name: a, image: 'alpine:3.6'}\n",
            }
        ),
        example({"Dockerfile": "FROM «debian»\n", "other/Dockerfile": "FROM debian:12.5-slim\nFROM debian:trixie\n"}),
    ],
    good=[
        "FROM node:20\n",
        "FROM node@sha256:0b5e\n",
        "FROM nexus:5000/team/tool:1.2\n",
        "FROM scratch\n",
        "ARG BASE\nFROM $BASE\n",
        "ARG TAG=latest\nFROM node:${TAG}\n",
        "FROM node:20 AS web\nFROM web\n",
        "FROM playpen/python-base:latest\n",
        "FROM playpen/python-base\n",
        "FROM python\n",
        "FROM quay.io/team/tool\n",
        "FROM {{ from }}\nFROM <image>\n",
    ],
)
def moving_tag(image: BaseImage, platform: Platform, uses: Facts[ImageUse]) -> Iterator[Finding]:
    """Base image uses a mutable tag.

    A missing tag means `latest`, and `latest` is the image that was pushed last, so two builds of the
    same Dockerfile can start from different images. Not reported for digests, build arguments, earlier
    stages and the platform's own images, and for images that `foreign-base-image` checks. A hint for a
    name without a registry or `/` that is not an official image of Docker Hub: such an image is usually
    built locally.
    """
    reference = image.reference
    if not image.external or not image.literal or not reference.floats or platform.owns(reference):
        return
    if reference.name in platform.base_images or registry_of(reference) not in ("", platform.registry):
        return
    pin = platform.pins.get(reference.name) or platform.pins.get(reference.repository)
    tags = [pin] if pin else [tag for tag in fixed_tags(image, uses) if not is_variant(tag)]
    fixes: tuple[Fix, ...] = ()
    if len(tags) == 1:
        retagged = reference.retagged(tags[0])
        fixes = (Fix(f"Pin base image to `{retagged}`", lambda: [Edit(image.span.start, image.span.end, retagged)]),)
    built_here = not reference.registry and "/" not in reference.path and not is_known_image(reference.name)
    severity = Severity.HINT if built_here else None
    problem = "uses a mutable tag" if reference.tag else "has no tag, which means `latest`"
    message = f"base image `{reference.text}` {problem}; pin a version or a digest"
    yield Finding(image.span, message, fixes, severity)
