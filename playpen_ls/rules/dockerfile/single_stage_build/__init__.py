from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile import Run, Stage
from playpen_ls.rules.dockerfile.single_stage_build.build_tools import build_left_by
from playpen_ls.rules.dockerfile.single_stage_build.rewrite import two_stages
from playpen_ls.vocabulary.names import words

# An image of this name is made to build in.
_FOR_BUILDING = frozenset(
    "builder build dev development devcontainer ci test tests toolchain sdk agent jenkins".split()
)
_MENTIONS = re.compile(r"build|gcc|g\+\+|\bmake\b|\bgit\b|-dev|clang|gfortran|package|install", re.IGNORECASE)


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
        # Its own virtual environment is taken over; other users can read it.
        example(
            "# app\n«from» a\nrun apk add gcc musl-dev\nrun python -m venv /venv\nenv PATH=/venv/bin:$PATH\n"
            "copy requirements.txt /r/\nrun pip install -r /r/requirements.txt\ncopy . /app\nuser app\n"
            'cmd ["python", "a.py"]',
            fixed="# app\nfrom a as builder\nrun apk add gcc musl-dev\nrun python -m venv /venv\n"
            "env PATH=/venv/bin:$PATH\ncopy requirements.txt /r/\nrun pip install -r /r/requirements.txt\n\n"
            "# Runtime stage\nfrom a\nenv PATH=/venv/bin:$PATH\ncopy --from=builder /venv /venv\n"
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
        # npm says what it starts.
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
            "Dockerfile": "«FROM» a\nWORKDIR /a\nCOPY package.json ./\nRUN npm ci\nCOPY . .\nRUN npm run build\n"
            'CMD ["node", "dist/a.js"]\n',
            "package.json": '{"scripts": {"prepare": "husky"}}',
        },
        # A library that is installed for its headers is needed when the container runs.
        "«FROM» a\nRUN apt-get install -y gcc libpq-dev\nCOPY r.txt .\nRUN pip install -r r.txt\n",
        "«FROM» a\nRUN apt-get install -y gcc\nCOPY . .\nRUN pip install -r r.txt\n",
        "«FROM» a\nRUN apt-get install -y gcc\nCOPY r.txt .\nRUN pip install -r r.txt\nUSER app\n",
        "«FROM» a\nRUN apt-get install -y gcc\nCOPY r.txt .\nRUN pip install -r r.txt\nRUN make\n",
        {"Dockerfile": '«FROM» golang\nRUN go build -o /a .\nCMD ["/a"]\n', "go.mod": ""},
        {
            "Dockerfile": '«FROM» golang\nENV CGO_ENABLED=0\nRUN go build -o /a .\nCMD ["/a"]\n',
            "static/a.css": "",
        },
        "«FROM» node:20\nCOPY . .\nRUN npm ci && npm run build\nCMD node dist/a.js\n",
        "«FROM» a\nRUN apt-get update && apt-get install -y --no-install-recommends build-essential curl\n",
        "# app\n«from» a\nrun apk add --no-cache gcc musl-dev\nrun pip install -r requirements.txt\n",
        "«FROM» golang:1.22\nCOPY . .\nRUN go build -o /app .\n",
        "«FROM» a\nRUN apk add git\nRUN git clone x\nRUN ./configure && make install\n",
        "«FROM» a\nCOPY . .\nRUN ./mvnw -B package\n",
        "«FROM» a\nRUN <<EOF\nset -e\nyarn build\nEOF\n",
    ],
    good=[
        "FROM playpen/python-base:latest\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n",
        "FROM a AS build\nRUN apt-get install -y gcc\nFROM a\nCOPY --from=build /x /x\n",
        "FROM a\nRUN apk add --virtual .build gcc musl-dev && pip install x && apk del .build\n",
        "FROM a\nRUN apt-get install -y gcc && pip install x && apt-get purge -y gcc\n",
        "FROM a\nRUN apk add git\nRUN pip install git+https://x.io/a\n",
        "FROM a AS dev\nRUN apk add gcc\n",
        "FROM team/builder:1\nRUN apt-get install -y gcc\n",
        {"Dockerfile.dev": "FROM a\nRUN npm run build\n"},
        "FROM a\nRUN npm ci\nRUN echo make\nRUN npm run start-dev\n",
        "FROM a\nRUN pip install build-tools python-dev-tools\n",
    ],
)
def single_stage_build(stage: Stage, files: Files) -> Iterator[Finding]:
    """What only the build needs stays in the image.

    Compilers, headers, development packages and the sources make the image larger, slower to pull
    and easier to attack. Build in a first stage, and copy what it made into a second one. A plain
    installation of requirements needs no second stage. Silent where the tools are removed in the RUN
    that installs them, and for images that are made to build in.
    """
    document = stage.document
    if len(document.stages) != 1 or not _MENTIONS.search(stage.text):
        return
    named = [posixpath.basename(document.source.path), posixpath.dirname(document.source.path)]
    if stage.image is not None:
        named += [stage.image.reference.text, stage.name]
    if any(word in _FOR_BUILDING for name in named for word in words(name)):
        return
    for run in stage.instructions:
        if isinstance(run, Run) and _MENTIONS.search(run.whole_text):
            left = build_left_by(run)
            if left is not None:
                what, span = left
                related = (Place(document.source.path, span, "here"),)
                message = f"what `{what}` leaves in the image is needed only for the build"
                fix = Fix("Convert to a multi-stage build", partial(two_stages, stage, files), kind="refactor.rewrite")
                yield Finding(stage.start.keyword_span, message, (fix,), related=related)
                return
