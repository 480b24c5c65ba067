"""Commands that neither read nor write the files copied from the build context."""

from __future__ import annotations

import re
from itertools import pairwise

from playpen_ls.languages.dockerfile.model.container_paths import beginning, is_apart, joined, known, rest_below
from playpen_ls.languages.dockerfile.syntax.instruction_types import Run
from playpen_ls.languages.shell.parser import Command, Word
from playpen_ls.rules.dockerfile._installs import SYSTEM, is_local

_ANYTHING = frozenset(
    "set export unset : true echo printf umask update-ca-certificates locale-gen ldconfig corepack hash".split()
)
_OUTPUTS = frozenset(("-o", "--output"))
_SYSTEM_WORK = frozenset(
    "update upgrade dist-upgrade full-upgrade clean autoclean autoremove install add del remove purge makecache".split()
)
_ON_PATHS = frozenset(
    "mkdir rm chmod chown ln useradd adduser addgroup groupadd usermod groupmod install touch".split()
)
_CACHES = {
    "npm": "cache",
    "yarn": "cache",
    "pip": "cache",
    "pnpm": "store",
    "uv": "cache",
    "poetry": "cache",
    "go": "clean",
}
_SETTINGS = {
    "npm": "config",
    "yarn": "config",
    "pip": "config",
    "pnpm": "config",
    "poetry": "config",
    "go": "env",
    "git": "config",
}
_GLOBAL = {"npm": ("install", "i", "add"), "pnpm": ("install", "i", "add")}
# Assumed not to contain project files; used only if the project's own folder is unknown.
_SYSTEM_FOLDERS = (
    "/var/lib",
    "/var/cache",
    "/var/tmp",
    "/var/log",
    "/tmp",
    "/usr/share",
    "/root/.cache",
    "/etc/apt",
    "/dev",
)


def is_context_free(command: Command, folder: str, destination: str, run: Run, is_install: bool = False) -> bool:
    """`folder` is the working directory of the `run`, `destination` where the broad COPY writes.

    For an install of dependencies only the redirections are checked.
    """
    name, operands = command.name, [word.text for word in command.operands]
    if any(not _is_apart(word, folder, destination) for word in command.redirects):
        return False
    if is_install:
        return True
    if command.has("--version", "--help") and not operands:
        return True
    if name in _ANYTHING:
        return not any("$(" in word or "`" in word for word in operands) or name in ("export", "echo")
    if name in SYSTEM:
        local = _may_be_local_to_apk if name == "apk" else _may_be_local
        return bool(operands) and operands[0] in _SYSTEM_WORK and not any(local(word) for word in operands[1:])
    if name in ("venv", "virtualenv"):
        place = known(operands[-1], run) if operands else ""
        return bool(place) and is_apart(joined(folder, place), destination)
    if name in _ON_PATHS:
        values = [word for word in command.operands if "/" in word.text or name in ("mkdir", "rm", "ln", "touch")]
        values += [option.value for option in command.options if option.value and "/" in option.text]
        return all(_is_apart(word, folder, destination) for word in values) and not command.has("-R") | _is_wide(values)
    if operands[:1] and (operands[0] == _CACHES.get(name) or operands[0] == _SETTINGS.get(name)):
        return True
    if name in _GLOBAL and operands[:1] and operands[0] in _GLOBAL[name]:
        return command.has("-g", "--global") and not any(is_local(word) for word in operands[1:])
    if name == "yarn" and operands[:2] == ["global", "add"]:
        return not any(is_local(word) for word in operands[2:])
    if name == "pip" and operands[:1] in (["check"], ["list"], ["show"]):
        return True
    if name == "pip":
        return (
            operands[:1] == ["install"] and not command.has("-r", "-c", "-e", "-f") and not any(map(is_local, operands))
        )
    return _fetches(command, folder, destination)


def _is_wide(words: list[Word]) -> bool:
    return any(word.text.rstrip("/") in ("", "/*") for word in words)


def _may_be_local(word: str) -> bool:
    return is_local(word) or "$(" in word or "`" in word


def _may_be_local_to_apk(word: str) -> bool:
    """Unlike for other tools, a leading dot is not a path: `.build-deps` names a virtual package."""
    return "/" in word or word.endswith(".apk") or "$(" in word or "`" in word


def _fetches(command: Command, folder: str, destination: str) -> bool:
    """Downloads to standard output or outside the copied files, and commands that process them in a pipe."""
    words = [word.text for word in command.arguments]
    if command.name in ("curl", "wget"):
        if any(option.name in ("-d", "--data", "-T", "--upload-file", "-K", "-i") for option in command.options):
            return False
        outputs = [option.value for option in command.options if option.name in _OUTPUTS and option.value]
        if command.name == "wget":
            outputs = [word for flag, word in pairwise(command.arguments) if re.fullmatch(r"-\w*O|-P", flag.text)]
            if not outputs:
                return any(re.fullmatch(r"-\w*O-", word) for word in words)
        elif any(re.fullmatch(r"-[a-zA-Z]*[OJ][a-zA-Z]*|--remote-name", word) for word in words):
            return False
        return all(word.text == "-" or _is_apart(word, folder, destination) for word in outputs)
    if command.name in ("sh", "bash", "python", "python3") and command.before == "|":
        return all(word.startswith("-") for word in words)
    if command.name == "tar" and command.before == "|":
        places = [word for word in command.arguments if word.text.startswith("/")]
        return bool(places) and all(_is_apart(word, folder, destination) for word in places)
    if command.name in (".", "source"):
        return len(words) == 1 and words[0].startswith("/") and _is_apart(command.arguments[0], folder, destination)
    return False


def _is_apart(word: Word, folder: str, destination: str) -> bool:
    text = word.text
    if "$" in text or "`" in text:
        return False
    if text.startswith("~"):
        text = "/root" + text[1:]
    path = joined(folder, re.sub(r"/?\*.*$", "", text) or "/")
    if any(rest_below(path, one) is not None for one in _SYSTEM_FOLDERS) and beginning(destination) != "/":
        return True
    return is_apart(path, destination)
