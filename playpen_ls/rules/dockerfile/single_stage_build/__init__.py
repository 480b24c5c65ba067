from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.user import is_built_upon
from playpen_ls.languages.dockerfile.parts import Run, Stage
from playpen_ls.rules.dockerfile.single_stage_build.build_tools import build_left_by
from playpen_ls.rules.dockerfile.single_stage_build.rewrite import two_stages
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary.names import words

# Words in the names of images that are meant for building.
_FOR_BUILDING = frozenset(
    "builder build dev development devcontainer ci test tests toolchain sdk agent jenkins".split()
)
_MENTIONS = regex(r"build|gcc|g\+\+|\bmake\b|\bgit\b|-dev|clang|gfortran|package|install", re.IGNORECASE)


@rule(
    severity=Severity.INFORMATION,
    practice="Multi-stage builds",
    bad=[
        example(
            "«FROM» playpen/python-base:latest\nWORKDIR /app\nRUN apt-get update && apt-get install -y gcc\n"
            'COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\nCMD ["python", "app.py"]\n',
            fixed="# Build stage\nFROM playpen/python-base:latest AS builder\nWORKDIR /build\n"
            "RUN apt-get update && apt-get install -y gcc\nCOPY requirements.txt .\n"
            "RUN pip install --user -r requirements.txt\n\n"
            "# Runtime stage\nFROM playpen/python-base:latest\nWORKDIR /app\n"
            "COPY --from=builder /root/.local /root/.local\nCOPY . .\nENV PATH=/root/.local/bin:$PATH\n"
            'CMD ["python", "app.py"]\n',
        ),
        # The existing virtual environment is copied; other users can read it.
        example(
            "# app\n«from» python:3.12\nrun apk add gcc musl-dev\nrun python -m venv /venv\nenv PATH=/venv/bin:$PATH\n"
            "copy requirements.txt /r/\nrun pip install -r /r/requirements.txt\ncopy . /app\nuser app\n"
            'cmd ["python", "a.py"]',
            fixed="# app\nfrom python:3.12 as builder\nrun apk add gcc musl-dev\nrun python -m venv /venv\n"
            "env PATH=/venv/bin:$PATH\ncopy requirements.txt /r/\nrun pip install -r /r/requirements.txt\n\n"
            "# Runtime stage\nfrom python:3.12\nenv PATH=/venv/bin:$PATH\ncopy --from=builder /venv /venv\n"
            'copy . /app\nuser app\ncmd ["python", "a.py"]',
        ),
        example(
            {
                "Dockerfile": "«FROM» node:20\nWORKDIR /app\nENV A=1\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\n"
                'RUN npm run build\nEXPOSE 80\nCMD ["node", "dist/a.js"]\n',
                "package.json": "{}",
            },
            fixed="# Build stage\nFROM node:20 AS builder\nWORKDIR /app\nENV A=1\nCOPY package*.json ./\nRUN npm ci\n"
            "COPY . .\nRUN npm run build\n\n# Runtime stage\nFROM node:20\nWORKDIR /app\nENV A=1\n"
            "COPY package*.json ./\nRUN npm ci --omit=dev\nCOPY --from=builder /app/dist ./dist\n"
            'EXPOSE 80\nCMD ["node", "dist/a.js"]\n',
        ),
        # `package.json` names the start command.
        example(
            {
                "Dockerfile": "«FROM» node:20\nWORKDIR /app\nCOPY package.json .\nRUN npm install\nCOPY . .\n"
                'RUN npm run build\nCMD ["npm", "start"]\n',
                "package.json": '{"scripts": {"start": "node dist/a.js", "build": "tsc"}}',
            },
            fixed="# Build stage\nFROM node:20 AS builder\nWORKDIR /app\nCOPY package.json .\nRUN npm install\n"
            "COPY . .\nRUN npm run build\n\n# Runtime stage\nFROM node:20\nWORKDIR /app\nCOPY package.json .\n"
            'RUN npm install --omit=dev\nCOPY --from=builder /app/dist ./dist\nCMD ["npm", "start"]\n',
        ),
        {
            "Dockerfile": "«FROM» node:20\nWORKDIR /app\nCOPY package.json .\nRUN npm install\nCOPY . .\n"
            'RUN npm run build\nCMD ["npm", "start"]\n',
            "package.json": '{"scripts": {"start": "next start", "build": "next build"}}',
        },
        example(
            {
                "Dockerfile": "«FROM» golang:1.22\nWORKDIR /src\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /app ./cmd\n"
                'ENTRYPOINT ["/app"]\n',
                "go.mod": "",
            },
            fixed="# Build stage\nFROM golang:1.22 AS builder\nWORKDIR /src\nCOPY . .\n"
            "RUN CGO_ENABLED=0 go build -o /app ./cmd\n\n# Runtime stage\nFROM scratch\nWORKDIR /src\n"
            "COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt\n"
            'COPY --from=builder /app /app\nENTRYPOINT ["/app"]\n',
        ),
        example(
            "«FROM» maven:3.9-eclipse-temurin-21\nWORKDIR /src\nCOPY . .\nRUN mvn -B package\n"
            'CMD ["java", "-jar", "target/a.jar"]\n',
            fixed="# Build stage\nFROM maven:3.9-eclipse-temurin-21 AS builder\nWORKDIR /src\nCOPY . .\n"
            "RUN mvn -B package\n\n# Runtime stage\nFROM eclipse-temurin:21-jre\nWORKDIR /src\n"
            'COPY --from=builder /src/target/a.jar /src/target/a.jar\nCMD ["java", "-jar", "target/a.jar"]\n',
        ),
        {
            "Dockerfile": "«FROM» python:3.12\nWORKDIR /a\nCOPY package.json ./\n"
            "RUN npm ci\nCOPY . .\nRUN npm run build\n"
            'CMD ["node", "dist/a.js"]\n',
            "package.json": '{"scripts": {"prepare": "husky"}}',
        },
        # A development package also installs its library, which is needed at run time.
        "«FROM» python:3.12\nRUN apt-get install -y gcc libpq-dev\nCOPY r.txt .\nRUN pip install -r r.txt\n",
        "«FROM» python:3.12\nRUN apt-get install -y gcc\nCOPY . .\nRUN pip install -r r.txt\n",
        "«FROM» python:3.12\nRUN apt-get install -y gcc\nCOPY r.txt .\nRUN pip install -r r.txt\nUSER app\n",
        "«FROM» python:3.12\nRUN apt-get install -y gcc\nCOPY r.txt .\nRUN pip install -r r.txt\nRUN make\n",
        {"Dockerfile": '«FROM» golang\nRUN go build -o /a .\nCMD ["/a"]\n', "go.mod": ""},
        {
            "Dockerfile": '«FROM» golang\nENV CGO_ENABLED=0\nRUN go build -o /a .\nCMD ["/a"]\n',
            "static/a.css": "",
        },
        "«FROM» node:20\nCOPY . .\nRUN npm ci && npm run build\nCMD node dist/a.js\n",
        "«FROM» python:3.12\nRUN apt-get update && apt-get install -y --no-install-recommends build-essential curl\n",
        "# app\n«from» python:3.12\nrun apk add --no-cache gcc musl-dev\nrun pip install -r requirements.txt\n",
        "«FROM» golang:1.22\nCOPY . .\nRUN go build -o /app .\n",
        "«FROM» python:3.12\nRUN apk add git\nRUN git clone https://example.com/app\nRUN ./configure && make install\n",
        "«FROM» python:3.12\nCOPY . .\nRUN ./mvnw -B package\n",
        "«FROM» python:3.12\nRUN <<EOF\nset -e\nyarn build\nEOF\n",
    ],
    good=[
        "FROM playpen/python-base:latest\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n",
        "FROM python:3.12 AS build\nRUN apt-get install -y gcc\nFROM python:3.12\nCOPY --from=build /app /app\n",
        "FROM python:3.12\nRUN apk add --virtual .build gcc musl-dev && pip install lxml && apk del .build\n",
        "FROM python:3.12\nRUN apt-get install -y gcc && pip install lxml && apt-get purge -y gcc\n",
        "FROM python:3.12\nRUN apk add git\nRUN pip install git+https://example.com/app\n",
        "FROM python:3.12 AS dev\nRUN apk add gcc\n",
        "FROM team/builder:1\nRUN apt-get install -y gcc\n",
        {"Dockerfile.dev": "FROM node:20\nRUN npm run build\n"},
        "FROM node:20\nRUN npm ci\nRUN echo make\nRUN npm run start-dev\n",
        "FROM python:3.12\nRUN pip install build-tools python-dev-tools\n",
    ],
)
def single_stage_build(stage: Stage, files: Files) -> Iterator[Finding]:
    """Build-time dependencies remain in the final image.

    Compilers, headers, development packages and source files make the image larger and slower to pull,
    and increase its attack surface. Build in a first stage, and copy the build output into a second
    stage. An image that only installs requirements needs no second stage. Not reported where the `RUN`
    that installs the tools also removes them, and for images that are meant for building. A hint for images that only
    start a shell or an interpreter, or contain no files of their own: they are meant as base images.
    """
    path = stage.file.path
    if not _MENTIONS.search(stage.text) or stage.file.ask(queries.has_several_stages):
        return
    named = [posixpath.basename(path), posixpath.dirname(path)]
    if stage.image is not None:
        named += [stage.image.reference.text, stage.name]
    if any(word in _FOR_BUILDING for name in named for word in words(name)):
        return
    for run in stage.instructions:
        if isinstance(run, Run) and _MENTIONS.search(run.whole_text):
            left = build_left_by(run)
            if left is not None:
                what, span = left
                related = (Place(path, span, f"`{what}` is used here"),)
                message = f"`RUN` with `{what}` leaves build-time dependencies in the final image"
                fix = Fix("Convert to a multi-stage build", partial(two_stages, stage, files), kind="refactor.rewrite")
                severity = Severity.HINT if is_built_upon(stage) else None
                yield Finding(stage.start.keyword_span, message, (fix,), severity, related)
                return
