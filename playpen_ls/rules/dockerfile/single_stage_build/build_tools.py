"""Commands that leave build-time dependencies in an image."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.languages.dockerfile.model.stage import stage_of
from playpen_ls.languages.dockerfile.syntax.instruction_types import Run
from playpen_ls.languages.shell.parser import Command
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_INSTALLERS = frozenset("apt-get apt apk yum dnf microdnf zypper".split())
_TOOLS = frozenset(
    "build-essential build-base gcc g++ gcc-c++ clang make cmake gfortran ninja-build rustc cargo golang go"
    " default-jdk-headless default-jdk linux-headers".split()
)
_HEADERS = regex(r"[a-z0-9][a-z0-9+.-]*-(?:dev|devel)")
_REMOVAL = frozenset("purge remove autoremove del erase".split())
_SCRIPTS = {"npm": ("run", "run-script"), "yarn": ("run",), "pnpm": ("run",), "bun": ("run",)}
_GOALS = {
    "go": frozenset(("build", "install")),
    "mvn": frozenset(("package", "install", "verify")),
    "mvnw": frozenset(("package", "install", "verify")),
    "gradle": frozenset(("build", "assemble", "bootJar", "shadowJar", "jar", "installDist")),
    "gradlew": frozenset(("build", "assemble", "bootJar", "shadowJar", "jar", "installDist")),
    "cargo": frozenset(("build", "install")),
}


_COMPILERS = frozenset(("make", "cmake", "ninja", "configure", "meson"))
_COMPILING = (*sorted(_COMPILERS), "build", *_GOALS)  # substrings of what `_compiles` accepts, for a fast pre-check


def build_left_by(run: Run) -> tuple[str, Span] | None:
    """The build tool that a RUN installs (`gcc`) or the build that it runs (`npm run build`), with its span."""
    commands = run.commands
    removes = any(
        command.name in _INSTALLERS and command.operands and command.operands[0].text in _REMOVAL
        for command in commands
    )
    for number, command in enumerate(commands):
        if command.name in _INSTALLERS and not removes:
            for word in command.operands[1:] if _installs(command) else ():
                package = re.split(r"[=<>~]", word.text)[0]
                if package in _TOOLS or _HEADERS.fullmatch(package):
                    return package, word.span
                if package == "git" and any(_compiles(one) for one in (*commands[number:], *_later(run))):
                    return package, word.span
        elif _builds(command):
            return " ".join(word.text for word in command.words[:1] + command.operands[:2]), command.span
    return None


# Packages without a shared library that programs link to. A `-dev` package of a library also installs the library,
# which is needed at run time.
_COMPILE_ONLY = frozenset(
    "build-essential gcc g++ make cmake ninja-build pkg-config python3-dev python-dev libc6-dev libc-dev musl-dev"
    " linux-headers rustc cargo".split()
)


def is_compiler_only(command: Command) -> str | None:
    """ "" if the command installs only packages for compiling, else the first other package.

    None for a command that does not install system packages.
    """
    if command.name not in _INSTALLERS or not _installs(command):
        return None
    allowed = _COMPILE_ONLY - {"g++", "build-base"} if command.name == "apk" else _COMPILE_ONLY
    packages = [re.split(r"[=<>~]", word.text)[0] for word in command.operands[1:]]
    return next((one for one in packages if one not in allowed), "")


def removes_nothing_needed(command: Command) -> bool:
    """A command around an installation: updating package lists, cleaning up, shell settings."""
    if command.name in _INSTALLERS:
        return bool(command.operands) and command.operands[0].text in ("update", "clean", "autoclean")
    if command.name == "rm":
        return all(word.text.startswith(("/var/lib/apt/lists", "/var/cache")) for word in command.operands)
    return command.name == "set"


def _later(run: Run) -> Iterator[Command]:
    stage = stage_of(run)
    if stage is None or not stage.mentions(" ".join(_COMPILING), _COMPILING):
        return
    for one in stage.instructions:
        if isinstance(one, Run) and one.index > run.index:
            yield from one.commands


def _compiles(command: Command) -> bool:
    return command.name in _COMPILERS or _builds(command)


def _installs(command: Command) -> bool:
    return bool(command.operands) and command.operands[0].text in ("install", "add")


def _builds(command: Command) -> bool:
    words = [word.text for word in command.operands]
    if command.name in _SCRIPTS:
        if words[:1] and words[0] in _SCRIPTS[command.name]:
            words = words[1:]
        elif command.name == "npm":
            return False
        return words[:1] == ["build"]
    return any(word in _GOALS[command.name] for word in words) if command.name in _GOALS else False
