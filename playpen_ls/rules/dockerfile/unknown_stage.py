from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile import Copy, Run, Stage
from playpen_ls.languages.dockerfile.build_context.locate import may_be_named
from playpen_ls.languages.dockerfile.model.user import is_known_image
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import nearest


@rule(
    severity=Severity.ERROR,
    practice="Multi-stage builds",
    like={"hadolint": ["DL3022", "DL3023"]},
    bad=[
        example(
            "FROM a AS builder\nFROM a\nCOPY --from=«bulder» /x /x\n",
            fixed="FROM a AS builder\nFROM a\nCOPY --from=builder /x /x\n",
        ),
        "FROM a AS builder\nFROM a\nCOPY --from=«5» /x /x\n",
        "FROM a AS builder\nFROM a\nCOPY --from=«1» /x /x\n",
        "FROM a\nCOPY --from=«later» /x /x\nFROM a AS later\n",
        "FROM a AS me\nCOPY --from=«me» /x /x\n",
        "FROM «last»\nFROM a AS last\n",
        {"Dockerfile": "FROM a AS builder\nFROM a\nCOPY --from=«compile» /x /x\n", "x": ""},
        example(
            "FROM a AS builder\nFROM a\nRUN --mount=type=bind,from=«bilder»,target=/b make\n",
            fixed="FROM a AS builder\nFROM a\nRUN --mount=type=bind,from=builder,target=/b make\n",
        ),
    ],
    good=[
        "FROM a AS builder\nFROM builder\nCOPY --from=builder /x /x\nCOPY --from=BUILDER /y /y\nCOPY --from=0 /z /z\n",
        "FROM a\nCOPY --from=nginx /x /x\nCOPY --from=alpine:3 /x /x\nCOPY --from=nexus:5000/x/y /x /x\n",
        "FROM a\nARG B\nCOPY --from=$B /x /x\n",
        {
            "Dockerfile": "FROM a AS b\nFROM a\nCOPY --from=tool /x /x\nCOPY --from=bb /y /y\n",
            "compose.yaml": "services: {w: {build: {context: ., additional_contexts: {tool: ./tool, bb: ./b}}}}\n",
        },
        {"a/Dockerfile": "FROM a\nCOPY --from=tool /x /x\n", "build.sh": "docker build --build-context tool=t a\n"},
        {"Dockerfile.in": "{{ if b }}\nFROM a AS tool\n{{ end }}\nFROM a\nCOPY --from=tool /x /x\n", "a": ""},
        {"Dockerfile": "FROM a\n{{ if b }}\nCOPY --from=tool /x /x\n{{ end }}\n", "a": ""},
        "FROM python\n",
        "FROM a AS python\nFROM python\n",
    ],
)
def unknown_stage(stage: Stage, files: Files) -> Iterator[Finding]:
    """No earlier stage has this name.

    `--from=` takes the name or the number of a stage above; anything else is pulled as an image of
    that name, which mostly does not exist. A `FROM` that names a later stage pulls an image too.
    A warning where no stage is spelled alike: an image of that name may be on the machine that builds.
    Silent for images, for variables, and for a name that a build may give to a context of its own.
    """
    image = stage.image
    if image is not None and image.literal and image.stage is None:
        name = image.word.text
        named = stage.document.stage_named(name)
        if named is not None and named.name and not is_known_image(name):
            yield Finding(image.span, f"the stage `{name}` begins only below")
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
            yield Finding(span, f"there is no stage {name} above this one")
        return
    earlier = [one.name for one in stages[: stage.index] if one.name]
    if not re.fullmatch(r"[A-Za-z][\w-]*", name) or name.lower() in earlier or is_known_image(name):
        return
    if any(one.name == name.lower() for one in stages[stage.index :]):
        yield Finding(span, f"the stage `{name}` ends only below")
        return
    meant = nearest(name.lower(), earlier)
    if may_be_named(name, stage.document.source.path, files) and (meant is None or files.known):
        return
    if meant is None:
        if not _is_template(stage):
            yield Finding(
                span, f"no earlier stage is called `{name}`, and no official image is", severity=Severity.WARNING
            )
    else:
        fix = Fix(f"Copy from `{meant}`", lambda: [Edit(span.start, span.end, meant)])
        yield Finding(span, f"no earlier stage is called `{name}`", (fix,))


def _is_template(stage: Stage) -> bool:
    """Lines of a template language may make other stages."""
    above = (one for one in stage.document.instructions if one.stage is None)
    return any(one.keyword.startswith(("{{", "{%", "<%")) for one in (*above, *stage.instructions))
