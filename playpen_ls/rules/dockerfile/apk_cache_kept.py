from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.build_context.locate import layers_ship
from playpen_ls.languages.dockerfile.parts import Run, Stage
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_CACHE = regex(r"/(?:var/cache|etc/apk/cache)\b")


@rule(
    severity=Severity.INFORMATION,
    practice="Layer caching",
    needs_index=False,
    like={"hadolint": ["DL3019"]},
    bad=[
        example(
            "FROM alpine:3.20\nRUN apk «add» curl\n",
            fixed="FROM alpine:3.20\nRUN apk add --no-cache curl\n",
        ),
        example(
            "FROM alpine:3.20\nRUN set -e; apk «update» \\\n && apk add --no-cache curl \\\n && make\n",
            fixed="FROM alpine:3.20\nRUN set -e; apk add --no-cache curl \\\n && make\n",
        ),
        example(
            "FROM alpine:3.20\nRUN apk «update» && apk «add» curl\n",
            fixed="FROM alpine:3.20\nRUN apk add --no-cache curl\n",
        ),
        "FROM alpine:3.20\nRUN apk «update» \\\n # tools\n && apk add --no-cache curl\n",
        "FROM alpine:3.20\nRUN apk «update» || sleep 9; apk add --no-cache curl\n",
        example(
            "FROM alpine:3.20\nRUN apk «add» --virtual build gcc \\\n && make \\\n && apk del build\n",
            fixed="FROM alpine:3.20\nRUN apk add --no-cache --virtual build gcc \\\n && make \\\n && apk del build\n",
        ),
    ],
    good=[
        "FROM alpine:3.20\nRUN apk add --no-cache curl\n",
        "FROM alpine:3.20\nRUN apk --no-cache add curl\n",
        "FROM alpine:3.20\nRUN apk add curl && rm -rf /var/cache/apk/*\n",
        "FROM alpine:3.20\nRUN --mount=type=cache,target=/var/cache/apk apk add curl\n",
        "FROM alpine:3.20 AS build\nRUN apk add gcc\nFROM alpine:3.20\nCOPY --from=build /a /a\n",
        "FROM alpine:3.20\nRUN apk del curl\n",
        "FROM alpine:3.20\nRUN apk update --no-cache && apk add --no-cache curl\nRUN apk update\n",
    ],
)
def apk_cache_kept(stage: Stage, files: Files, builds: Facts[ImageBuilt]) -> Iterator[Finding]:
    """The package index of apk stays in the image.

    `apk update` and `apk add` keep it in `/var/cache/apk`, where no later build uses it. `apk add --no-cache` reads a
    fresh index and keeps none, but does not remove that of an `apk update`. Not reported in build stages, with a cache
    mount, and where the same `RUN` deletes the cache.
    """
    if not stage.mentions(stage.text, ("apk",)) or not layers_ship(stage, builds, files):
        return
    for run in stage.instructions:
        if not isinstance(run, Run) or not stage.mentions(run.whole_text, ("apk",)) or run.vector is not None:
            continue
        if _CACHE.search(run.whole_text):  # it deletes or mounts the cache
            continue
        adds = any(command.runs("apk", "add") for command in run.commands)
        for number, command in enumerate(run.commands):
            if command.has("--no-cache"):
                continue
            if command.runs("apk", "add"):
                word = command.operands[0]
                edit = Edit(word.span.end, word.span.end, " --no-cache")
                fix = Fix("Add `--no-cache` to `apk add`", partial(list, [edit]), safe=True)
                yield Finding(word.span, "`apk add` without `--no-cache` leaves the package index in the image", (fix,))
            elif command.runs("apk", "update") and adds:
                message = "`apk update` leaves the package index in the image; `apk add --no-cache` reads its own"
                yield Finding(command.operands[0].span, message, tuple(_without(run, number)))


def _without(run: Run, number: int) -> Iterator[Fix]:
    """Removes an `apk update` in front of an `apk add`."""
    command, following = run.commands[number], run.commands[number + 1 : number + 2]
    if command.after != "&&" or not following or not following[0].runs("apk", "add"):
        return
    removed = Span(command.span.start, following[0].span.start)
    if not any(removed.contains(comment.span.start) for comment in run.syntax.comments):
        edit = Edit(removed.start, removed.end, "")
        yield Fix("Remove `apk update`", partial(list, [edit]), safe=following[0].has("--no-cache"))
