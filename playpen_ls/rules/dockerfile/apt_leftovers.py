from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial

from playpen_ls.api.example import example
from playpen_ls.api.fact_types import ImageBuilt
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.build_context.locate import layers_ship
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.stage import stage_of
from playpen_ls.languages.dockerfile.parts import Onbuild, Run, Stage
from playpen_ls.languages.shell.parser import VALUED, Command
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_GET = ("apt-get", "apt")
_YES = ("-y", "--yes", "--assume-yes", "-qq", "--force-yes")
_PRETENDING = ("-s", "--simulate", "--just-print", "--dry-run", "--recon", "--no-act", "--print-uris")
_LISTS = "/var/lib/apt/lists"
_KEYS = regex(r"\b(?:apt-key|gpg)\b(?!-)")
_COMPOUND = regex(r"(?:^|[\s;])(?:esac|fi|done|\})(?=[\s;&|]|$)")  # the last command can be in another branch


@rule(
    severity=Severity.INFORMATION,
    practice="+",
    needs_index=False,
    like={"hadolint": ["DL3009", "DL3014", "DL3015"]},
    bad=[
        example(
            "FROM debian:12\nRUN apt-get update && «apt-get install» --no-install-recommends curl"
            " && rm -rf /var/lib/apt/lists/*\n",
            fixed="FROM debian:12\nRUN apt-get update && apt-get install --no-install-recommends -y curl"
            " && rm -rf /var/lib/apt/lists/*\n",
        ),
        example(
            "FROM debian:12\n"
            "RUN apt-get update \\\n && «apt-get install» -y curl \\\n && rm -rf /var/lib/apt/lists/*\n",
            fixed="FROM debian:12\nRUN apt-get update \\\n && apt-get install -y --no-install-recommends curl \\\n"
            " && rm -rf /var/lib/apt/lists/*\n",
        ),
        example(
            "FROM debian:12\nRUN apt-get update && «apt-get install» -y --no-install-recommends curl\n",
            fixed="FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends curl"
            " && rm -rf /var/lib/apt/lists/*\n",
        ),
        example(
            "FROM debian:12\n"
            "RUN apt-get update \\\n && «apt-get install» -y --no-install-recommends \\\n    a \\\n    b \\\n"
            " && make\n",
            fixed="FROM debian:12\nRUN apt-get update \\\n"
            " && apt-get install -y --no-install-recommends \\\n    a \\\n    b \\\n"
            " && make \\\n && rm -rf /var/lib/apt/lists/*\n",
        ),
        # The later installation needs the package lists.
        example(
            "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends a\n"
            "RUN «apt-get install» -y --no-install-recommends b\n",
            fixed="FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends a\n"
            "RUN apt-get install -y --no-install-recommends b && rm -rf /var/lib/apt/lists/*\n",
        ),
        example(
            "FROM debian:12\nRUN apt-get update && ««apt-get install»» -y curl\n",
            fixed="FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends curl"
            " && rm -rf /var/lib/apt/lists/*\n",
        ),
        example(
            "FROM debian:12\nRUN sudo apt-get update && sudo «apt-get install» -y --no-install-recommends a\n",
            fixed="FROM debian:12\nRUN sudo apt-get update && sudo apt-get install -y --no-install-recommends a"
            " && sudo rm -rf /var/lib/apt/lists/*\n",
        ),
        example(
            "FROM debian:12\nRUN if a; then apt-get update && «apt-get install» -y --no-install-recommends a;"
            " else dnf -y install a; fi\n"
        ),
        # The final stage continues it.
        example(
            "FROM debian:12 AS base\nRUN apt-get update && «apt-get install» -y --no-install-recommends a\nFROM base\n",
            fixed="FROM debian:12 AS base\nRUN apt-get update && apt-get install -y --no-install-recommends a"
            " && rm -rf /var/lib/apt/lists/*\nFROM base\n",
        ),
        example(
            "FROM debian:12\nONBUILD RUN «apt-get install» a\n",
            fixed="FROM debian:12\nONBUILD RUN apt-get install -y a\n",
        ),
        # curl recommends ca-certificates, which it needs for HTTPS.
        example(
            "FROM debian:12\nRUN apt-get update && «apt-get install» -y curl && rm -rf /var/lib/apt/lists/*\n"
            "RUN curl -O https://example.com/a\n",
            fixed="FROM debian:12\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends curl ca-certificates"
            " && rm -rf /var/lib/apt/lists/*\nRUN curl -O https://example.com/a\n",
        ),
        example(
            "FROM debian:12\nRUN apt-get update && «apt-get install» -y \\\n    curl \\\n    gnupg-agent \\\n"
            "    && rm -rf /var/lib/apt/lists/*\nRUN curl -L https://example.com/key | apt-key add -\n",
            fixed="FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends \\\n    curl \\\n"
            "    gnupg-agent \\\n    ca-certificates gnupg \\\n    && rm -rf /var/lib/apt/lists/*\n"
            "RUN curl -L https://example.com/key | apt-key add -\n",
        ),
    ],
    good=[
        "FROM debian:12\n"
        "RUN apt-get update && apt-get install -y --no-install-recommends a && rm -rf /var/lib/apt/lists/*\n",
        "FROM debian:12 AS build\nRUN apt-get update && apt-get install curl\nFROM debian:12\n",
        "FROM debian:12\nRUN apt-get update && apt-get install -y --only-upgrade a && rm -rf /var/lib/apt/lists/*\n",
        "FROM debian:12\nRUN --mount=type=cache,target=/var/lib/apt apt-get -yq install --no-install-recommends a\n",
        "FROM debian:12\n"
        "RUN --mount=type=tmpfs,target=/var/lib/apt/lists apt-get install -qq --no-install-recommends a\n",
        "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends a\n"
        "RUN apt-get install -y --no-install-recommends b && rm -rf /var/lib/apt/lists/*\n",
        "FROM debian:12\nRUN apt-get update; apt-get install -y --no-install-recommends a; apt-get dist-clean\n",
        "FROM debian:12\nRUN yes | apt-get install --no-install-recommends a && rm -rf /var/lib/apt/lists/*\n",
        "FROM debian:12\n"
        'RUN printf \'APT::Get::Assume-Yes "1";\\nAPT::Install-Recommends "0";\' > /etc/apt/apt.conf.d/1\n'
        "RUN apt-get update && apt-get install a && rm -rf /var/lib/apt/lists/*\n",
        "FROM debian:12\nRUN if apt-get install -s a; then make; fi\n",
        "FROM debian:12\nRUN dpkg -i a.deb; apt-get install -fy && rm -rf /var/lib/apt/lists/*\n",
        "FROM debian:12\nRUN apt-get install -q -q --no-install-recommends a && rm -rf /var/lib/apt/lists/*\n",
        "FROM debian:12\nRUN apt-get -q=2 install --no-install-recommends a && rm -rf /var/lib/apt/lists/*\n",
        "FROM debian:12\nRUN apt-get install --quiet --quiet --no-install-recommends a; rm -r /var/lib/apt/lists/*\n",
        "FROM debian:12 AS base\nRUN apt-get update && apt-get install -y --no-install-recommends a\n"
        "FROM base\nRUN apt-get install -y --no-install-recommends b && rm -rf /var/lib/apt/lists/*\n",
        "FROM debian:12\nRUN apk add curl\nRUN echo apt-get install git\nONBUILD RUN apt-get install -y a\n",
        "FROM debian:12\nENV DEBIAN_FRONTEND=noninteractive\nRUN apt-get -o APT::Install-Recommends=false -y install a"
        " && rm -rf /var/lib/apt/lists/*\n",
    ],
)
def apt_leftovers(stage: Stage, files: Files, builds: Facts[ImageBuilt]) -> Iterator[Finding]:
    """`apt-get install` lacks `-y`, or leaves recommended packages or package lists in the image.

    Without `-y`, `apt-get install` asks for confirmation if it also has to install dependencies, and
    without an answer it aborts the build. Without `--no-install-recommends` it also installs recommended
    packages. The package lists in `/var/lib/apt/lists` are not used when the container runs. Only adding
    `-y` is a safe fix: a later step can need a recommended package (git recommends ca-certificates, gcc
    recommends libc6-dev), so a missing `--no-install-recommends` is a hint. Build stages are not checked.
    Package lists are not reported with a cache or tmpfs mount, where the same `RUN` deletes them, and
    where a later `RUN` still installs from them.
    """
    if not layers_ship(stage, builds, files):
        return
    settings = _settings_below(stage)
    last: Callable[[], int] = cache(partial(_last_for_lists, stage))
    if stage.mentions(stage.text, ("apt",)) and stage.file.ask(queries.is_continued_by_install):
        last = _never  # a later stage installs from the lists
    for one in stage.instructions:
        run = one.instruction if isinstance(one, Onbuild) else one
        if isinstance(run, Run) and stage.mentions(run.whole_text, ("apt",)):
            if isinstance(one, Onbuild):  # what it leaves is in the image that is built upon this one
                for command, span in _installs(run):
                    yield from _unanswered(command, span, settings)
                continue
            yield from _left_by(run, settings, last)
            settings += run.whole_text if "APT::" in run.whole_text else ""


def _never() -> int:
    return sys.maxsize


def _left_by(run: Run, settings: str, last: Callable[[], int]) -> Iterator[Finding]:
    """`settings` is the text of earlier RUNs that can configure apt; `last` is a cached `_last_for_lists`."""
    kept = True
    for command, span in _installs(run):
        yield from _unanswered(command, span, settings)
        less = command.has("--no-install-recommends", "--only-upgrade") or "Install-Recommends" in settings
        if not less and len(command.operands) > 1:
            # Of 88 such installs in public Dockerfiles, 40 name git, gcc, pip, curl or similar packages, which need
            # some of their recommended packages.
            add = partial(_without_recommended, run, command)
            fix = Fix(f"Add `--no-install-recommends` to `{command.name} install`", add)
            message = f"`{command.name} install` without `--no-install-recommends` also installs recommended packages"
            yield Finding(span, message, (fix,), Severity.HINT)
        if kept and not _lists_go(run, last):
            kept = False
            title = f"Delete the package lists in `{_LISTS}` at the end of the `RUN`"
            fixes = () if run.heredocs or _COMPOUND.search(run.logical) else (Fix(title, partial(_removal, run)),)
            message = f"package lists in `{_LISTS}` stay in the image after `{command.name} install`"
            yield Finding(span, message, fixes)


def _installs(run: Run) -> Iterator[tuple[Command, Span]]:
    """The commands `apt-get install`, each with the range of these two words."""
    for command in run.commands:
        if command.name not in _GET or [word.text for word in command.operands[:1]] != ["install"]:
            continue
        if run.vector is not None or "APT::" in command.fragment.text:
            return
        if not command.has(*_PRETENDING):
            yield command, command.fragment.span(command.words[0].start, command.operands[0].end)


def _unanswered(command: Command, span: Span, settings: str) -> Iterator[Finding]:
    answered = command.has(*_YES) or _has_short(command, "y") or _quietness(command) > 1
    if not answered and command.before != "|" and "Assume-Yes" not in settings:
        add = partial(_option, command, "-y")
        message = f"`{command.name} install` without `-y` asks for confirmation and aborts the build"
        yield Finding(span, message, (Fix(f"Add `-y` to `{command.name} install`", add, safe=True),))


def _settings_below(stage: Stage) -> str:
    """The text of RUNs in the base stages that can configure apt."""
    runs = (one for owner in stage.ancestors[1:] for one in owner.instructions if isinstance(one, Run))
    return "".join(one.whole_text for one in runs if "APT::" in one.whole_text)


def _has_short(command: Command, letter: str) -> bool:
    """Whether combined short options such as `-yq` contain the letter."""
    return any(
        option.name[:1] == "-" and option.name[1:2] != "-" and letter in option.name for option in command.options
    )


def _quietness(command: Command) -> int:
    """How often `-q` is given, also as `--quiet` and `-q=2`; from 2 on, it implies `-y` (apt-get(8))."""
    total = 0
    for option in command.options:
        if option.name in ("-q", "--quiet") and option.text.isdigit():
            total = int(option.text[:3])
        elif option.name == "--quiet":
            total += 1
        elif option.name[1:2] != "-":
            total += option.name.count("q")
    return total


def _without_recommended(run: Run, command: Command) -> list[Edit]:
    """Adds the option, and the recommended packages that later commands of the stage need.

    These are `ca-certificates` where curl, wget or git use HTTPS, and `gnupg` for keys of package sources.
    """
    edits = _option(command, "--no-install-recommends")
    names = [word.text for word in command.operands[1:]]
    stage = stage_of(run)
    runs = [one for one in stage.instructions if isinstance(one, Run)] if stage is not None else []
    later = "\n".join(one.whole_text for one in runs if one.index >= run.index)
    fetching = "|".join(name for name in ("curl", "wget", "git") if name in names)
    added = ""
    if fetching and "ca-certificates" not in names and re.search(rf"\b(?:{fetching})\b[^\n;&|]*https://", later):
        added = "ca-certificates"
    agent = not {"gnupg-agent", "gpg-agent"}.isdisjoint(names)  # which recommend gnupg
    if agent and "gnupg" not in names and _KEYS.search(later):
        added = f"{added} gnupg".lstrip()
    if added:
        last = command.operands[-1].span
        start = run.source.line_start(last.start)
        before = run.source.text[start : last.start]
        # Packages that are listed one on a line stay so.
        gap = " " if before.strip() else f" \\{run.source.newline}{before}"
        edits.append(Edit(last.end, last.end, f"{gap}{added}"))
    return edits


def _option(command: Command, name: str) -> list[Edit]:
    last = command.operands[0]
    for word in command.words:
        if word.start > last.start:
            if not word.text.startswith("-") or word.text in VALUED["apt-get"]:
                break
            last = word
    return [Edit(last.span.end, last.span.end, f" {name}")]


def _removal(run: Run) -> list[Edit]:
    """Appends the `rm` command, on its own line if the last command is on its own line."""
    last = [command for command in run.commands if command.depth == 0][-1]
    sudo = "sudo " if any(command.wrapper == "sudo" and command.name in _GET for command in run.commands) else ""
    source, removal = run.source, f"{sudo}rm -rf {_LISTS}/*"
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
    """The package lists are on a mount, are deleted in this RUN, or are still used by a later RUN."""
    if any(mount.type in ("cache", "tmpfs") and _LISTS.startswith(mount.target.rstrip("/")) for mount in run.mounts):
        return True
    if _LISTS in run.whole_text or any(command.runs(name, "dist-clean") for command in run.commands for name in _GET):
        return True
    return run.index < last()


def _last_for_lists(stage: Stage) -> int:
    """The index of the last RUN that needs the package lists, or installs and deletes them; -1 if there is none."""
    for run in reversed(stage.instructions):
        if isinstance(run, Run):
            text = run.whole_text
            if (_LISTS in text and "install" in text) or _needs_lists(run.commands):
                return run.index
    return -1


def _needs_lists(commands: Iterable[Command]) -> bool:
    """apt installs before any `apt-get update`, so it uses existing package lists."""
    for command in commands:
        if command.name in _GET and command.operands:
            if command.operands[0].text == "update":
                return False
            if command.operands[0].text == "install":
                return True
    return False
