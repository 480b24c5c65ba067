from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.build_context.locate import may_be_named
from playpen_ls.languages.dockerfile.edits.lines import block
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.user import is_known_image
from playpen_ls.languages.dockerfile.parts import Copy, Run, Stage
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import kebab


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
        # BuildKit expands no variables there.
        "FROM node:20 AS builder\nFROM node:20\nARG STAGE=builder\nCOPY --from=«$STAGE» /app /app\n",
        example(
            "arg TOOL=a/tool:1\nfrom node:20\nrun --mount=from=«${TOOL}»,target=/b make\n",
            fixed="arg TOOL=a/tool:1\nfrom ${TOOL} as tool\n\nfrom node:20\nrun --mount=from=tool,target=/b make\n",
        ),
    ],
    good=[
        "FROM node:20 AS builder\nFROM builder\n"
        "COPY --from=builder /app /app\nCOPY --from=BUILDER /lib /lib\nCOPY --from=0 /etc /etc\n",
        "FROM node:20\nCOPY --from=nginx /app /app\n"
        "COPY --from=alpine:3 /app /app\nCOPY --from=nexus:5000/team/tool /app /app\n",
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
    reported for official images and image references, and for a name that a build can give to an
    additional build context. A variable is an error, since `--from=` and `from=` do not expand it.
    """
    image = stage.image
    if image is not None and image.literal and image.stage is None:
        name = image.word.text
        if not is_known_image(name) and stage.file.ask(queries.names_stage, name):
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
            if part.source.of(span) == match[1]:
                yield match[1], span


def _looked_up(stage: Stage, name: str, span: Span, files: Files) -> Iterator[Finding]:
    ask, lower = stage.file.ask, name.lower()
    if name.isascii() and name.isdigit():
        if not ask(queries.is_number_of_earlier, int(name)):
            yield Finding(span, f"no earlier stage has the number {name}")
        return
    if re.search(r"\$[{\w]", name) and not ask(queries.is_template) and not ask(queries.has_other_frontend):
        yield _variable(stage, name, span)
        return
    if not re.fullmatch(r"[A-Za-z][\w-]*", name) or is_known_image(name) or ask(queries.is_earlier, lower):
        return
    if ask(queries.has_stage, lower):
        yield Finding(span, f"stage `{name}` is not an earlier stage; files can only be used from earlier stages")
        return
    meant = ask(queries.nearest_earlier, lower)
    if may_be_named(name, stage.file.path, files) and (meant is None or files.known):
        return
    if meant is None:
        if not ask(queries.is_template):
            message = f"`{name}` is neither an earlier stage nor an official image"
            yield Finding(span, message, severity=Severity.WARNING)
    else:
        fix = Fix(f"Change stage name to `{meant}`", lambda: [Edit(span.start, span.end, meant)])
        yield Finding(span, f"unknown stage `{name}`; did you mean `{meant}`?", (fix,))


def _variable(stage: Stage, text: str, span: Span) -> Finding:
    fixes: tuple[Fix, ...] = ()
    match = re.fullmatch(r"\$(?:(\w+)|\{(\w+)\})", text)
    name = (match[1] or match[2]) if match else ""
    alias = kebab(name)
    if name in stage.file.ask(queries.global_arguments) and not stage.file.ask(queries.has_stage, alias):
        fixes = (
            Fix(f"Declare stage `{alias}` with `FROM {text} AS {alias}`", partial(_declare, stage, text, alias, span)),
        )
    return Finding(span, f"`{text}` is not expanded here; declare a stage with `FROM … AS` and use its name", fixes)


def _declare(stage: Stage, text: str, alias: str, span: Span) -> list[Edit]:
    above = block(stage.start).start
    newline = stage.file.model.source.newline
    words = f"from {text} as {alias}" if stage.start.keyword.islower() else f"FROM {text} AS {alias}"
    return [Edit(above, above, f"{words}{newline}{newline}"), Edit(span.start, span.end, alias)]
