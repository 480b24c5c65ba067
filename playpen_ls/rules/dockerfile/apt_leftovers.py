from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile import Run, Stage
from playpen_ls.languages.dockerfile.build_context.locate import ships
from playpen_ls.languages.shell.parser import VALUED, Command
from playpen_ls.text.edit import Edit

_GET = ("apt-get", "apt")
_YES = ("-y", "--yes", "--assume-yes", "-qq", "--force-yes")
_PRETENDING = ("-s", "--simulate", "--just-print", "--dry-run", "--recon", "--no-act", "--print-uris")
_LISTS = "/var/lib/apt/lists"


@rule(
    severity=Severity.INFORMATION,
    practice="+",
    waits=False,
    like={"hadolint": ["DL3009", "DL3014", "DL3015"]},
    bad=[
        example(
            "FROM a\nRUN apt-get update && «apt-get install» --no-install-recommends curl"
            " && rm -rf /var/lib/apt/lists/*\n",
            fixed="FROM a\nRUN apt-get update && apt-get install --no-install-recommends -y curl"
            " && rm -rf /var/lib/apt/lists/*\n",
        ),
        example(
            "FROM a\nRUN apt-get update \\\n && «apt-get install» -y curl \\\n && rm -rf /var/lib/apt/lists/*\n",
            fixed="FROM a\nRUN apt-get update \\\n && apt-get install -y --no-install-recommends curl \\\n"
            " && rm -rf /var/lib/apt/lists/*\n",
        ),
        example(
            "FROM a\nRUN apt-get update && «apt-get install» -y --no-install-recommends curl\n",
            fixed="FROM a\nRUN apt-get update && apt-get install -y --no-install-recommends curl"
            " && rm -rf /var/lib/apt/lists/*\n",
        ),
        example(
            "FROM a\nRUN apt-get update \\\n && «apt-get install» -y --no-install-recommends \\\n    a \\\n    b \\\n"
            " && make\n",
            fixed="FROM a\nRUN apt-get update \\\n"
            " && apt-get install -y --no-install-recommends \\\n    a \\\n    b \\\n"
            " && make \\\n && rm -rf /var/lib/apt/lists/*\n",
        ),
        # What is installed later needs the lists.
        example(
            "FROM a\nRUN apt-get update && apt-get install -y --no-install-recommends a\n"
            "RUN «apt-get install» -y --no-install-recommends b\n",
            fixed="FROM a\nRUN apt-get update && apt-get install -y --no-install-recommends a\n"
            "RUN apt-get install -y --no-install-recommends b && rm -rf /var/lib/apt/lists/*\n",
        ),
        example(
            "FROM a\nRUN apt-get update && ««apt-get install»» -y curl\n",
            fixed="FROM a\nRUN apt-get update && apt-get install -y --no-install-recommends curl"
            " && rm -rf /var/lib/apt/lists/*\n",
        ),
    ],
    good=[
        "FROM a\nRUN apt-get update && apt-get install -y --no-install-recommends a && rm -rf /var/lib/apt/lists/*\n",
        "FROM a AS build\nRUN apt-get update && apt-get install curl\nFROM a\n",
        "FROM a\nRUN --mount=type=cache,target=/var/lib/apt apt-get -yq install --no-install-recommends a\n",
        "FROM a\nRUN --mount=type=tmpfs,target=/var/lib/apt/lists apt-get install -qq --no-install-recommends a\n",
        "FROM a\nRUN apt-get update && apt-get install -y --no-install-recommends a\n"
        "RUN apt-get install -y --no-install-recommends b && rm -rf /var/lib/apt/lists/*\n",
        "FROM a\nRUN apt-get update; apt-get install -y --no-install-recommends a; apt-get dist-clean\n",
        "FROM a\nRUN yes | apt-get install --no-install-recommends a && rm -rf /var/lib/apt/lists/*\n",
        'FROM a\nRUN printf \'APT::Get::Assume-Yes "1";\\nAPT::Install-Recommends "0";\' > /etc/apt/apt.conf.d/1\n'
        "RUN apt-get update && apt-get install a && rm -rf /var/lib/apt/lists/*\n",
        "FROM a\nRUN if apt-get install -s a; then x; fi\n",
        "FROM a\nRUN dpkg -i a.deb; apt-get install -fy && rm -rf /var/lib/apt/lists/*\n",
        "FROM a\nRUN apk add curl\nRUN echo apt-get install x\n",
        "FROM a\nENV DEBIAN_FRONTEND=x\nRUN apt-get -o APT::Install-Recommends=false -y install a"
        " && rm -rf /var/lib/apt/lists/*\n",
    ],
)
def apt_leftovers(stage: Stage, files: Files, builds: Facts[ImageBuilt]) -> Iterator[Finding]:
    """apt leaves more in the image than what is asked for, or waits for an answer.

    Without `-y` a build stops at apt's question. Without `--no-install-recommends` come packages
    that nobody asked for, and the package lists in `/var/lib/apt/lists` are of no use in the image.
    Only `-y` changes nothing else: what a later step needs may be among the recommended packages (git
    recommends the certificates, gcc the C library's headers), so those are a hint.
    Silent in build stages, with a cache mount, and where a later RUN removes the lists.
    """
    if not ships(stage, builds, files):
        return
    settings, last = _settings_below(stage), cache(partial(_last_for_lists, stage))
    for run in stage.instructions:
        if isinstance(run, Run) and stage.mentions(run.whole_text, ("apt",)):
            yield from _left_by(run, settings, last)
            settings += run.whole_text if "APT::" in run.whole_text else ""


def _left_by(run: Run, settings: str, last: Callable[[], int]) -> Iterator[Finding]:
    """`settings` is what earlier RUNs may have written into apt's configuration; `last` as `_last_for_lists`."""
    kept = True
    for command in run.commands:
        if command.name not in _GET or [word.text for word in command.operands[:1]] != ["install"]:
            continue
        if run.vector is not None or "APT::" in command.fragment.text:
            return
        if command.has(*_PRETENDING):
            continue
        span = command.fragment.span(command.words[0].start, command.operands[0].end)
        answered = command.has(*_YES) or _has_short(command, "y") or _has_short(command, "q", 2)
        if not answered and command.before != "|" and "Assume-Yes" not in settings:
            add = partial(_option, command, "-y")
            yield Finding(span, "apt asks whether to go on, and nobody answers", (Fix("Add `-y`", add, safe=True),))
        recommends = not command.has("--no-install-recommends") and "Install-Recommends" not in settings
        if recommends and len(command.operands) > 1:
            # Of 88 such installs in public files 40 name git, gcc, pip, curl or the like: those lack something then.
            add = partial(_option, command, "--no-install-recommends")
            fix = Fix("Add `--no-install-recommends`", add)
            yield Finding(span, "apt also installs recommended packages", (fix,), Severity.HINT)
        if kept and not _lists_go(run, last):
            kept = False
            fixes = () if run.heredocs else (Fix("Remove apt's lists at the end of the RUN", partial(_removal, run)),)
            yield Finding(span, "apt's package lists stay in the image", fixes)


def _settings_below(stage: Stage) -> str:
    """What the stages that it continues may have written into apt's configuration."""
    runs = (one for owner in stage.lineage[1:] for one in owner.instructions if isinstance(one, Run))
    return "".join(one.whole_text for one in runs if "APT::" in one.whole_text)


def _has_short(command: Command, letter: str, times: int = 1) -> bool:
    """Among short options written as one: `-yq`."""
    return any(
        option.name[:1] == "-" and option.name[1:2] != "-" and option.name.count(letter) >= times
        for option in command.options
    )


def _option(command: Command, name: str) -> list[Edit]:
    last = command.operands[0]
    for word in command.words:
        if word.start > last.start:
            if not word.text.startswith("-") or word.text in VALUED["apt-get"]:
                break
            last = word
    return [Edit(last.span.end, last.span.end, f" {name}")]


def _removal(run: Run) -> list[Edit]:
    """One more command at the end, on a line of its own where the last one has one."""
    last = [command for command in run.commands if command.depth == 0][-1]
    source, removal = run.document.source, f"rm -rf {_LISTS}/*"
    start = source.line_start(last.span.start)
    before, above = source.text[start : last.span.start], source.text[:start].rstrip()
    if re.fullmatch(r"[ \t]*&&[ \t]+", before):
        added = f" \\{source.newline}{before}{removal}"
    elif not before.strip() and re.search(r"&&[ \t]*\\$", above):
        added = f" && \\{source.newline}{before}{removal}"
    else:
        added = f" && {removal}"
    return [Edit(last.span.end, last.span.end, added)]


def _lists_go(run: Run, last: Callable[[], int]) -> bool:
    """They are mounted, or removed here or by a later RUN that installs again, or that RUN needs them."""
    if any(mount.type in ("cache", "tmpfs") and _LISTS.startswith(mount.target.rstrip("/")) for mount in run.mounts):
        return True
    if _LISTS in run.whole_text or any(command.runs(name, "dist-clean") for command in run.commands for name in _GET):
        return True
    return run.index < last()


def _last_for_lists(stage: Stage) -> int:
    """The number of the last RUN that removes them when it has installed, or needs them; -1 without one."""
    for run in reversed(stage.instructions):
        if isinstance(run, Run):
            text = run.whole_text
            if (_LISTS in text and "install" in text) or _needs_lists(run.commands):
                return run.index
    return -1


def _needs_lists(commands: Iterable[Command]) -> bool:
    """apt installs without fetching the lists before."""
    for command in commands:
        if command.name in _GET and command.operands:
            if command.operands[0].text == "update":
                return False
            if command.operands[0].text == "install":
                return True
    return False
