"""Commands of a RUN that install dependencies, by tool."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from playpen_ls.languages.shell.parser import Command, Word
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex

SYSTEM = frozenset("apt-get apt aptitude apk yum dnf microdnf zypper".split())
# Installing the installer itself does not install a dependency of the project.
_INSTALLERS = frozenset("pip setuptools wheel uv poetry pipenv pdm hatch build virtualenv pip-tools".split())
_LOCAL_ARCHIVE = regex(r".*\.(?:whl|tar\.gz|zip|deb|rpm|tgz)")


@dataclass(frozen=True)
class Install:
    """`tool` determines the manifests it reads: "pip", "npm"… `title` is the command as shown in messages.

    `files` are the paths that the command names (requirements), as written; `folder` is where it looks for
    its manifests, relative to the working directory. `outputs` are what it writes there, `chosen_outputs`
    what an option names as target. `needs` is the reason why it needs the source files, "" if it does not.
    `alone` is the command, or the option to add, that installs only the dependencies, "" if that is the
    command itself.
    """

    tool: str
    title: str
    command: Command
    files: tuple[Word, ...] = ()
    folder: str = ""
    outputs: tuple[str, ...] = ()
    chosen_outputs: tuple[str, ...] = ()
    needs: str = ""
    alone: str = ""

    @property
    def reads_manifests(self) -> bool:
        return bool(self.files) or self.tool not in ("system", "pip")


def install_of(command: Command) -> Install | None:
    """The install that the command runs; None for other commands, also for other subcommands of these tools."""
    reader = _READERS.get(command.name)
    return reader(command) if reader else None


def _words(command: Command) -> list[str]:
    return [word.text for word in command.operands]


def is_local(text: str) -> bool:
    """A package given as a path: `.`, `./x`, `dist/a.whl`, `file:…`."""
    if "://" in text and not text.startswith("file:"):
        return False
    return text.startswith((".", "/", "file:", "~")) or bool(_LOCAL_ARCHIVE.fullmatch(text)) or text.endswith("/")


def _system(command: Command) -> Install | None:
    words = _words(command)
    if words[:1] not in (["install"], ["add"], ["in"]):
        return None
    needs = ""
    for word in command.operands[1:]:
        if is_local(word.text) or "`" in word.text or "$(" in word.text:
            needs = f"`{word.text}` can come from the source files"
    return Install("system", f"{command.name} {words[0]}", command, needs=needs)


def _pip(command: Command) -> Install | None:
    return _pip_like(command, _words(command), command.operands[1:], "pip")


def _uv(command: Command) -> Install | None:
    words = _words(command)
    if words[:1] == ["pip"]:
        return _pip_like(command, words[1:], command.operands[2:], "uv pip")
    if words[:1] != ["sync"]:
        return None
    alone = "" if command.has("--no-install-project", "--no-install-workspace") else "--no-install-project"
    return Install(
        "uv", "uv sync", command, outputs=(".venv",), alone=alone, folder=_folder(command, "--directory", "--project")
    )


def _pip_like(command: Command, words: list[str], packages: tuple[Word, ...], title: str) -> Install | None:
    if words[:1] not in (["install"], ["wheel"], ["download"], ["sync"]):
        return None
    files = [
        one.value for one in command.options if one.name in ("-r", "--requirement", "-c", "--constraint") and one.value
    ]
    if words[0] == "sync":
        files += packages
        packages = ()
    needs = ""
    for option in command.options:
        if option.name in ("-e", "--editable"):
            needs = "an editable install needs the source files"
        elif option.name in ("-f", "--find-links") and "://" not in option.text:
            needs = f"`{option.name}` reads `{option.text}` from the source files"
        elif option.name in ("--config-settings", "--src", "--python"):
            continue
    for word in packages:
        if is_local(word.text) and not needs:
            needs = (
                "pip cannot install only the dependencies of a project; export them to a requirements file,"
                " or use `uv sync --no-install-project`"
            )
    if not files and not needs and packages and all(_package(word.text) in _INSTALLERS for word in packages):
        return None
    if not files and not needs and not packages:
        return None
    target = [
        one.text
        for one in command.options
        if one.name in ("-t", "--target", "--prefix", "--root", "-w", "--wheel-dir", "-d", "--dest")
    ]
    if needs and command.has("--no-deps"):
        return None
    return Install("pip", f"{title} {words[0]}", command, tuple(files), chosen_outputs=tuple(target), needs=needs)


def _package(requirement: str) -> str:
    return re.split(r"[=<>~!\[;@ ]", requirement)[0].lower()


def _folder(command: Command, *names: str) -> str:
    option = command.option(*names)
    return option.text if option else ""


def _npm(command: Command) -> Install | None:
    words = _words(command)
    if words[:1] not in (["ci"], ["install"], ["i"], ["clean-install"]) or len(words) > 1:
        return None
    if command.has("-g", "--global"):
        return None
    return Install(
        "npm", f"npm {words[0]}", command, outputs=("node_modules",), folder=_folder(command, "--prefix", "-C")
    )


def _yarn(command: Command) -> Install | None:
    words = _words(command)
    if words not in ([], ["install"]) or command.has("--version", "-v", "--help"):
        return None
    outputs = ("node_modules", ".pnp.cjs", ".yarn/cache", ".yarn/unplugged", ".yarn/install-state.gz")
    return Install("yarn", "yarn install", command, outputs=outputs, folder=_folder(command, "--cwd"))


def _pnpm(command: Command) -> Install | None:
    words = _words(command)
    if words not in (["install"], ["i"], ["fetch"]) or command.has("-g", "--global"):
        return None
    return Install(
        "pnpm", f"pnpm {words[0]}", command, outputs=("node_modules",), folder=_folder(command, "-C", "--dir")
    )


def _bun(command: Command) -> Install | None:
    words = _words(command)
    if words not in (["install"], ["i"]) or command.has("-g", "--global"):
        return None
    return Install("bun", "bun install", command, outputs=("node_modules",), folder=_folder(command, "--cwd"))


def _poetry(command: Command) -> Install | None:
    if _words(command) != ["install"]:
        return None
    alone = "" if command.has("--no-root", "--only-root") else "--no-root"
    needs = "`--only-root` installs the project itself" if command.has("--only-root") else ""
    folder = _folder(command, "-C", "--directory", "-P", "--project")
    return Install("poetry", "poetry install", command, outputs=(".venv",), alone=alone, needs=needs, folder=folder)


def _pdm(command: Command) -> Install | None:
    words = _words(command)
    if words not in (["install"], ["sync"]) or command.has("-g", "--global"):
        return None
    alone = "" if command.has("--no-self") else "--no-self"
    folder = _folder(command, "-p", "--project")
    return Install("pdm", f"pdm {words[0]}", command, outputs=(".venv", "__pypackages__"), alone=alone, folder=folder)


def _pipenv(command: Command) -> Install | None:
    words = _words(command)
    if words not in (["install"], ["sync"]):
        return None
    return Install("pipenv", f"pipenv {words[0]}", command, outputs=(".venv",))


def _go(command: Command) -> Install | None:
    words = _words(command)
    if words[:2] == ["mod", "download"]:
        return Install("go", "go mod download", command, folder=_folder(command, "-C"))
    if words[:1] in (["build"], ["install"]) and not any("@" in word for word in words):
        return Install("go", f"go {words[0]}", command, alone="go mod download", folder=_folder(command, "-C"))
    return None


def _bundle(command: Command) -> Install | None:
    if _words(command) not in (["install"], []) or command.has("--version", "-v"):
        return None
    path = tuple(option.text for option in command.options if option.name == "--path")
    if command.has("--deployment"):
        path = path or ("vendor/bundle",)
    needs = "`--local` installs gems from the source files" if command.has("--local") else ""
    return Install("bundle", "bundle install", command, outputs=path, needs=needs)


def _composer(command: Command) -> Install | None:
    if _words(command) != ["install"]:
        return None
    needs = (
        ""
        if command.has("--no-scripts") and command.has("--no-autoloader")
        else "Composer runs scripts and scans classes in the source files unless `--no-scripts --no-autoloader` is set"
    )
    return Install(
        "composer",
        "composer install",
        command,
        outputs=("vendor",),
        needs=needs,
        folder=_folder(command, "-d", "--working-dir"),
    )


def _maven(command: Command) -> Install | None:
    words = _words(command)
    if any(word.startswith("dependency:") for word in words):
        return Install("maven", f"mvn {words[0]}", command)
    if not any(word in ("package", "install", "verify", "compile") for word in words):
        return None
    return Install("maven", f"mvn {words[-1]}", command, alone="mvn -B dependency:go-offline")


_READERS: Mapping[str, Callable[[Command], Install | None]] = {
    **dict.fromkeys(SYSTEM, _system),
    "pip": _pip,
    "uv": _uv,
    "npm": _npm,
    "yarn": _yarn,
    "pnpm": _pnpm,
    "bun": _bun,
    "poetry": _poetry,
    "pipenv": _pipenv,
    "pdm": _pdm,
    "go": _go,
    "bundle": _bundle,
    "composer": _composer,
    "mvn": _maven,
}
