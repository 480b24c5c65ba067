"""Secrets of variables that a RUN writes into a file of its layer: `echo "$NPM_TOKEN" > .npmrc`, `npm config set`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from playpen_ls.languages.dockerfile.model.stage import stage_of
from playpen_ls.languages.dockerfile.syntax.instruction_types import Argument, Run
from playpen_ls.languages.shell.commands import Command, Word
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.secrets import is_secret_name

_VARIABLE = regex(r"\$\{?(\w+)")
_MOUNTED = regex(r"\$\(\s*cat\s+/run/secrets/([\w.-]+)\s*\)|`cat\s+/run/secrets/([\w.-]+)`")
_PRINTS = frozenset(("echo", "printf"))
# Not part of the layer.
_ELSEWHERE = regex(r"/(?:dev|proc|sys|run/secrets)/|.*[$*?]", re.DOTALL)
# Commands that keep a setting in a file.
_SETTING = {
    ("npm", "config", "set"): ".npmrc",
    ("npm", "set"): ".npmrc",
    ("pnpm", "config", "set"): ".npmrc",
    ("yarn", "config", "set"): ".yarnrc.yml",
    ("git", "config"): ".gitconfig",
    ("pip", "config", "set"): "pip.conf",
    ("composer", "config"): "auth.json",
    ("poetry", "config"): "auth.toml",
    ("aws", "configure", "set"): "credentials",
}
_TAKEN_BACK = frozenset(("delete", "rm", "unset", "--unset", "--unset-all", "--remove-section"))
_ENV_KEY = regex(r"(?:^|,)env=(\w+)")


def written(run: Run) -> Iterator[tuple[Span, str, str]]:
    """(range of the file's name, name of the secret, name of the file)."""
    if not any(mark in run.whole_text for mark in (">", "tee", "config", "npm set")):
        return
    stage = stage_of(run)
    if stage is None or not stage.final:
        return
    names = {name for flag in run.flags if flag.name == "mount" for name in _ENV_KEY.findall(flag.value)}
    arguments = stage.before(run, Argument)
    names |= {pair.name for one in arguments for pair in one.pairs if is_secret_name(pair.name)}
    for number, command in enumerate(run.commands):
        setting = next((file for words, file in _SETTING.items() if command.runs(*words)), "")
        if setting and _TAKEN_BACK.isdisjoint(word.text for word in command.arguments):
            yield from _set(run, number, names, setting)
        secret = _secret(command, names) if command.name in _PRINTS else ""
        if not secret:
            continue
        for file in _files(run.commands, number):
            if not _ELSEWHERE.match(file.text) and not _is_temporary(run, number, file.text):
                yield file.span, secret, file.text


def _set(run: Run, number: int, names: set[str], file: str) -> Iterator[tuple[Span, str, str]]:
    """The secrets in a command that keeps a setting, unless the same RUN takes it back."""
    command = run.commands[number]
    for later in run.commands[number + 1 :]:
        if later.name == command.name and not _TAKEN_BACK.isdisjoint(word.text for word in later.arguments):
            return
    if not any(posixpath.basename(mount.target) in (file, "root") for mount in run.mounts if mount.target):
        for word in command.arguments:
            secret = _in_word(word, names)
            if secret and not _is_temporary(run, number, file):
                yield word.span, secret, file


def _secret(command: Command, names: set[str]) -> str:
    """The name of a secret variable or mounted secret that a command prints."""
    return next((secret for word in command.arguments if (secret := _in_word(word, names))), "")


def _in_word(word: Word, names: set[str]) -> str:
    if word.quote == "'":
        return ""
    mounted = _MOUNTED.search(word.raw)
    if mounted:
        return mounted[1] or mounted[2]
    return next((name for name in _VARIABLE.findall(word.raw) if name in names), "")


def _files(commands: tuple[Command, ...], number: int) -> Iterator[Word]:
    """The files that the output of a command is written to."""
    command = commands[number]
    for word in command.redirects:
        before = command.fragment.text[: word.start].rstrip()
        if before.endswith((">", ">|")) and not before.endswith(("2>", "2>>")):
            yield word
    # Those of a command substitution in it come first.
    following = next((one for one in commands[number + 1 :] if one.depth <= command.depth), None)
    if command.after == "|" and following is not None and following.name == "tee":
        yield from following.operands


def _is_temporary(run: Run, number: int, path: str) -> bool:
    """Whether the same RUN removes the file, or it is on a mount, which is not part of the layer."""
    if any(
        path == mount.target or path.startswith(f"{mount.target.rstrip('/')}/") for mount in run.mounts if mount.target
    ):
        return True
    name = posixpath.basename(path)
    return any(
        posixpath.basename(word.text.rstrip("/")) == name or path.startswith(f"{word.text.rstrip('/')}/")
        for command in run.commands[number + 1 :]
        if command.name in ("rm", "shred", "unlink")
        for word in command.operands
    )
