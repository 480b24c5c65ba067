from __future__ import annotations

from collections.abc import Iterator, Sequence

from playpen_ls.api.finding import Finding, Place, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.parts import Run, Stage
from playpen_ls.languages.shell.parser import Command

_MANAGERS = {"apt-get": "install", "apt": "install", "apk": "add"}


@rule(
    severity=Severity.INFORMATION,
    practice="Layer caching",
    like={"trivy": ["DS017", "AVD-DS-0017"], "checkov": ["CKV_DOCKER_5"]},
    bad=[
        "FROM debian:12\nRUN «apt-get update»\nRUN apt-get install -y --no-install-recommends curl\n",
        "FROM debian:12\nRUN «apt update» && apt upgrade -y\nENV A=b\nRUN make && apt-get install -y curl\n",
        "FROM alpine:3.20\nRUN «apk update»\nRUN apk add curl\n",
        "FROM debian:12\nRUN «apt-get update» -qq\nRUN apt-get install -y a\nRUN apt-get install -y b\n",
    ],
    good=[
        "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n",
        "FROM debian:12\nRUN apt-get update\nRUN apt-get update && apt-get install -y curl\n",
        "FROM debian:12\nRUN apt-get update\nRUN make\n",
        "FROM debian:12\nRUN apt-get update && apt-get install -y curl\nRUN apt-get install -y git\n",
        "FROM alpine:3.20\nRUN apk update\nRUN apk add --no-cache curl\n",
        "FROM debian:12\nRUN --mount=type=cache,target=/var/lib/apt apt-get update\nRUN apt-get install -y curl\n",
        "FROM debian:12\nRUN apt-get update; ./install.sh\nRUN apt-get install -y curl\n",
    ],
)
def update_without_install(stage: Stage) -> Iterator[Finding]:
    """The package lists are updated in a layer of their own.

    The layer is cached: when the packages of a later `RUN` change, it installs them with old lists, which can name
    versions that the server no longer has. Update the lists and install in one `RUN`. Reported if a later `RUN` of the
    stage installs from these lists.
    """
    if not stage.mentions(stage.text, ("update",)):
        return
    runs = [one for one in stage.instructions if isinstance(one, Run)]
    for index, run in enumerate(runs):
        text = run.whole_text
        if "update" not in text or "install" in text or " add " in text:
            continue
        updates = [one for one in run.commands if _is(one, "update")]
        if not updates or run.mounts or len(updates) != len(run.commands) - sum(map(_upgrades, run.commands)):
            continue
        later = _installing(runs[index + 1 :], _family(updates[0]))
        if later is not None:
            command, related = updates[0], Place(stage.file.path, later.keyword_span, "this installs with the lists")
            span = command.fragment.span(command.words[0].start, command.operands[0].end)
            message = (
                f"`{command.name} update` is cached in a layer of its own, and a later `RUN` installs with its lists"
            )
            yield Finding(span, message, (), None, (related,))


def _installing(runs: Sequence[Run], family: str) -> Run | None:
    """The first that installs, if it does not update the lists before."""
    for run in runs:
        for command in run.commands:
            if command.name in _MANAGERS and _family(command) == family and command.operands:
                if _is(command, "update") or command.has("--no-cache", "--update-cache", "-U", "--update"):
                    return None
                if _is(command, _MANAGERS[command.name]):
                    return run
    return None


def _is(command: Command, word: str) -> bool:
    return command.name in _MANAGERS and [one.text for one in command.operands[:1]] == [word]


def _upgrades(command: Command) -> bool:
    return any(_is(command, word) for word in ("upgrade", "dist-upgrade", "full-upgrade"))


def _family(command: Command) -> str:
    return "apk" if command.name == "apk" else "apt"
