from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.build_context.locate import may_be_named
from playpen_ls.languages.dockerfile.model.user import is_known_image
from playpen_ls.languages.dockerfile.parts import Copy, Run, Stage
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import nearest


@rule(
    severity=Severity.ERROR,
    practice="Multi-stage builds",
    like={"hadolint": ["DL3022", "DL3023"]},
    bad=[
        example(
            "FROM node:20 AS builder\nFROM node:20\nCOPY --from=«bulder» /app /app\n",
            fixed="FROM node:20 AS builder\nFROM node:20\nCOPY --from=builder /app /app\n",
        ),
        "FROM node:20 AS builder\nFROM node:20\nCOPY --from=«5» /app /app\n",
        "FROM node:20 AS builder\nFROM node:20\nCOPY --from=«1» /app /app\n",
        "FROM node:20\nCOPY --from=«later» /app /app\nFROM node:20 AS later\n",
        "FROM node:20 AS web\nCOPY --from=«web» /app /app\n",
        "FROM «last»\nFROM node:20 AS last\n",
        {"Dockerfile": "FROM node:20 AS builder\nFROM node:20\nCOPY --from=«compile» /app /app\n", "app": ""},
        example(
            "FROM node:20 AS builder\nFROM node:20\nRUN --mount=type=bind,from=«bilder»,target=/b make\n",
            fixed="FROM node:20 AS builder\nFROM node:20\nRUN --mount=type=bind,from=builder,target=/b make\n",
        ),
    ],
    good=[
        "FROM node:20 AS builder\nFROM builder\n"
        "COPY --from=builder /app /app\nCOPY --from=BUILDER /lib /lib\nCOPY --from=0 /etc /etc\n",
        "FROM node:20\nCOPY --from=nginx /app /app\n"
        "COPY --from=alpine:3 /app /app\nCOPY --from=nexus:5000/team/tool /app /app\n",
        "FROM node:20\nARG STAGE\nCOPY --from=$STAGE /app /app\n",
        {
            "Dockerfile": "FROM node:20 AS b\nFROM node:20\nCOPY --from=tool /app /app\nCOPY --from=bb /lib /lib\n",
            "compose.yaml": "services: {w: {build: {context: ., additional_contexts: {tool: ./tool, bb: ./b}}}}\n",
        },
        {
            "a/Dockerfile": "FROM node:20\nCOPY --from=tool /app /app\n",
            "build.sh": "docker build --build-context tool=t a\n",
        },
        {
            "Dockerfile.in": "{{ if b }}\nFROM node:20 AS tool\n{{ end }}\nFROM node:20\nCOPY --from=tool /app /app\n",
            "a": "",
        },
        {"Dockerfile": "FROM node:20\n{{ if b }}\nCOPY --from=tool /app /app\n{{ end }}\n", "a": ""},
        "FROM python\n",
        "FROM node:20 AS python\nFROM python\n",
    ],
)
def unknown_stage(stage: Stage, files: Files) -> Iterator[Finding]:
    """Reference to a stage that is not defined earlier in the Dockerfile.

    `--from=` accepts the name or the number of an earlier stage; any other name is pulled as an image,
    and usually no such image exists. A `FROM` that names a later stage also pulls an image. A warning
    where no earlier stage has a similar name: an image of that name can exist on the build machine. Not
    reported for official images and image references, for variables, and for a name that a build can
    give to an additional build context.
    """
    image = stage.image
    if image is not None and image.literal and image.stage is None:
        name = image.word.text
        named = stage.document.stage_named(name)
        if named is not None and named.name and not is_known_image(name):
            yield Finding(image.span, f"stage `{name}` is defined later; `FROM` can only use earlier stages")
    for part in stage.instructions:
        if isinstance(part, (Copy, Run)) and "from=" in part.logical:
            for name, span in _origins(part):
                yield from _looked_up(stage, name, span, files)


def _origins(part: Copy | Run) -> Iterator[tuple[str, Span]]:
    for flag in part.flags:
        if flag.name == "from":
            yield flag.value, flag.value_span
        elif flag.name == "mount" and (match := re.search(r"(?:^|,)from=([^,]+)", flag.value)):
            start = flag.value_span.start + match.start(1)
            span = Span(start, start + len(match[1]))
            if part.document.source.of(span) == match[1]:
                yield match[1], span


def _looked_up(stage: Stage, name: str, span: Span, files: Files) -> Iterator[Finding]:
    stages = stage.document.stages
    if name.isascii() and name.isdigit():
        if int(name) >= stage.index:
            yield Finding(span, f"no earlier stage has the number {name}")
        return
    earlier = [one.name for one in stages[: stage.index] if one.name]
    if not re.fullmatch(r"[A-Za-z][\w-]*", name) or name.lower() in earlier or is_known_image(name):
        return
    if any(one.name == name.lower() for one in stages[stage.index :]):
        yield Finding(span, f"stage `{name}` is not an earlier stage; files can only be used from earlier stages")
        return
    meant = nearest(name.lower(), earlier)
    if may_be_named(name, stage.document.source.path, files) and (meant is None or files.known):
        return
    if meant is None:
        if not _is_template(stage):
            message = f"`{name}` is neither an earlier stage nor an official image"
            yield Finding(span, message, severity=Severity.WARNING)
    else:
        fix = Fix(f"Change stage name to `{meant}`", lambda: [Edit(span.start, span.end, meant)])
        yield Finding(span, f"unknown stage `{name}`; did you mean `{meant}`?", (fix,))


def _is_template(stage: Stage) -> bool:
    """The file contains lines of a template language, which can generate other stages."""
    above = (one for one in stage.document.instructions if one.stage is None)
    return any(one.keyword.startswith(("{{", "{%", "<%")) for one in (*above, *stage.instructions))
