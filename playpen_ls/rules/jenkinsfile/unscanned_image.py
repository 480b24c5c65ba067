from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from playpen_ls.api.file_view import each
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.model.images import image_pushes, image_variables
from playpen_ls.languages.jenkinsfile.model.region import Region
from playpen_ls.languages.jenkinsfile.parts import WholeFile
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_ENGINES = frozenset(("docker", "podman", "buildah", "nerdctl", "skopeo"))
_SCANNERS = regex(r"trivy|grype|snyk|clair|anchore|aqua|prisma|twistlock|xray|scout|(?<!un)scan", re.IGNORECASE)


def pipeline(*steps: str) -> str:
    written = "".join(f"                {step}\n" for step in steps)
    stage = f"        stage('Build') {{\n            steps {{\n{written}            }}\n        }}\n"
    return f"pipeline {{\n    agent any\n    stages {{\n{stage}    }}\n}}\n"


@rule(
    severity=Severity.INFORMATION,
    practice="+",
    preset="hardened",
    bad=[
        pipeline("sh 'docker build -t nexus:5000/shop:1.0.0 .'", "sh '«docker» push nexus:5000/shop:1.0.0'"),
        pipeline("sh '«/kaniko/executor» --context . --destination nexus:5000/shop:1.0.0'"),
        "node {\n    def image = docker.build('nexus:5000/shop:1.0.0')\n    image.«push»()\n}\n",
    ],
    good=[
        pipeline("sh 'trivy image nexus:5000/shop:1.0.0'", "sh 'docker push nexus:5000/shop:1.0.0'"),
        pipeline("scanImage 'nexus:5000/shop:1.0.0'", "sh 'docker push nexus:5000/shop:1.0.0'"),
        pipeline("sh 'docker build -t shop .'"),
        pipeline("sh 'git push'"),
    ],
)
def unscanned_image(whole: WholeFile) -> Iterator[Finding]:
    """Pipeline pushes an image without a scan for known vulnerabilities.

    The platform's security guide scans with `trivy image nexus:5000/my-app:1.0.0`. Reported once for a pipeline that
    names no scanner, at its first push.
    """
    found = whole.file.ask(each, pushes)
    if any(one.scans for one in found):
        return
    for number, one in enumerate(found):
        for span in one.pushes[:1]:
            yield Finding(span, "pipeline pushes an image that nothing has scanned for vulnerabilities", chunk=number)
            return


class Pushes(NamedTuple):
    """Where a region pushes images, and whether it names a scanner."""

    pushes: tuple[Span, ...] = ()
    scans: bool = False


def pushes(parsed: Parsed) -> Pushes:
    region = Region(parsed)
    if _SCANNERS.search(region.text):
        return Pushes(scans=True)
    commands = [
        command.words[0].span
        for step in region.steps_with(("push", "executor", "skopeo"))
        for command in step.commands
        if (command.name in _ENGINES and any(word.text in ("push", "--push") for word in command.words))
        or (command.name == "executor" and any(word.text.startswith("--destination") for word in command.words))
    ]
    calls = [call.name_span for call in image_pushes(region, set(image_variables(region)))]
    return Pushes(tuple(sorted([*commands, *calls], key=lambda span: span.start)))
