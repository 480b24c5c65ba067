from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from playpen_ls.finding import Finding, Place, Severity
from playpen_ls.languages.dockerfile import Run, Stage
from playpen_ls.languages.dockerfile.build_tools import build_left_by
from playpen_ls.rule import rule
from playpen_ls.vocabulary.names import words

# An image of this name is made to build in.
_FOR_BUILDING = frozenset(
    "builder build dev development devcontainer ci test tests toolchain sdk agent jenkins".split()
)
_MENTIONS = re.compile(r"build|gcc|g\+\+|\bmake\b|-dev|clang|gfortran|package|install", re.IGNORECASE)


@rule(
    severity=Severity.INFORMATION,
    practice="Multi-stage builds",
    bad=[
        "«FROM» node:20\nCOPY . .\nRUN npm ci && npm run build\nCMD node dist/a.js\n",
        "«FROM» a\nRUN apt-get update && apt-get install -y --no-install-recommends build-essential curl\n",
        "# app\n«from» a\nrun apk add --no-cache gcc musl-dev\nrun pip install -r requirements.txt\n",
        "«FROM» golang:1.22\nCOPY . .\nRUN go build -o /app .\n",
        "«FROM» a\nCOPY . .\nRUN ./mvnw -B package\n",
        "«FROM» a\nRUN <<EOF\nset -e\nyarn build\nEOF\n",
    ],
    good=[
        "FROM playpen/python-base:latest\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n",
        "FROM a AS build\nRUN apt-get install -y gcc\nFROM a\nCOPY --from=build /x /x\n",
        "FROM a\nRUN apk add --virtual .build gcc musl-dev && pip install x && apk del .build\n",
        "FROM a\nRUN apt-get install -y gcc && pip install x && apt-get purge -y gcc\n",
        "FROM team/builder:1\nRUN apt-get install -y gcc\n",
        {"Dockerfile.dev": "FROM a\nRUN npm run build\n"},
        "FROM a\nRUN npm ci\nRUN echo make\nRUN npm run start-dev\n",
        "FROM a\nRUN pip install build-tools python-dev-tools\n",
    ],
)
def single_stage_build(stage: Stage) -> Iterator[Finding]:
    """What only the build needs stays in the image.

    Compilers, headers, development packages and the sources make the image larger, slower to pull
    and easier to attack. Build in a first stage, and copy what it made into a second one. A plain
    installation of requirements needs no second stage. Silent where the tools are removed in the RUN
    that installs them, and for images that are made to build in.
    """
    document = stage.document
    if len(document.stages) != 1 or not _MENTIONS.search(document.source.text):
        return
    named = [posixpath.basename(document.source.path), posixpath.dirname(document.source.path)]
    if stage.image is not None:
        named.append(stage.image.reference.text)
    if any(word in _FOR_BUILDING for name in named for word in words(name)):
        return
    for run in stage.instructions:
        if isinstance(run, Run) and _MENTIONS.search(run.whole_text):
            left = build_left_by(run)
            if left is not None:
                what, span = left
                related = (Place(document.source.path, span, "here"),)
                message = f"what `{what}` leaves in the image is needed only for the build"
                yield Finding(stage.start.keyword_span, message, related=related)
                return
