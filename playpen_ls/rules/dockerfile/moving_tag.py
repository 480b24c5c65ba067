from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ImageUse
from playpen_ls.api.facts import Facts
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile import BaseImage
from playpen_ls.languages.dockerfile.edits.image import fixed_tags, stands_in
from playpen_ls.languages.dockerfile.model.user import is_known_image
from playpen_ls.text.edit import Edit
from playpen_ls.vocabulary.images import is_variant

PINNED = Platform(pins={"node": "20.14.0"})


@rule(
    severity=Severity.WARNING,
    practice="Image tagging",
    waits=False,
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
        example("FROM debian:12.5 AS a\nFROM «debian»\n", fixed="FROM debian:12.5 AS a\nFROM debian:12.5\n"),
        example({"Dockerfile": "FROM «debian»\n", "a/Dockerfile": "FROM debian:12.5\nFROM debian:11\n"}),
        example({"Dockerfile": "FROM «debian»\n", "a/Dockerfile": "FROM debian:12.5-slim\nFROM debian:trixie\n"}),
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
    """The base image can change under you.

    A missing tag means `latest`, and `latest` is whatever was pushed last: the build that passed
    yesterday is not the one that ships today. Silent for digests, build arguments, earlier stages
    and the platform's own images, which are meant to move; an image that should be the platform's
    is reported as that. A hint for a bare name that is no official image: it was built on this machine.
    """
    reference = image.reference
    if not image.external or not image.literal or not reference.floats or platform.owns(reference):
        return
    if reference.name in platform.base_images or stands_in(reference) not in ("", platform.registry):
        return
    pin = platform.pins.get(reference.name) or platform.pins.get(reference.repository)
    tags = [pin] if pin else [tag for tag in fixed_tags(image, uses) if not is_variant(tag)]
    fixes: tuple[Fix, ...] = ()
    if len(tags) == 1:
        retagged = reference.retagged(tags[0])
        fixes = (Fix(f"Pin to `{retagged}`", lambda: [Edit(image.span.start, image.span.end, retagged)]),)
    built_here = not reference.registry and "/" not in reference.path and not is_known_image(reference.name)
    severity = Severity.HINT if built_here else None
    says = "the tag `latest`, which moves" if reference.tag else "no tag, which means `latest`"
    yield Finding(image.span, f"`{reference.repository}` has {says}", fixes, severity)
