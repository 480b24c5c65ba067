"""Edits that mount a copied secret file as a build secret in each RUN that reads it."""

from __future__ import annotations

import posixpath
import re

from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Refused
from playpen_ls.languages.dockerfile.build_context.dockerignore import ignore_of
from playpen_ls.languages.dockerfile.build_context.sources import local_path
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.container_paths import destination_of, joined, rest_below, working_directory
from playpen_ls.languages.dockerfile.model.dockerfile import model_of
from playpen_ls.languages.dockerfile.model.stage import stage_of
from playpen_ls.languages.dockerfile.syntax.instruction import Word
from playpen_ls.languages.dockerfile.syntax.instruction_types import Run, Transfer
from playpen_ls.languages.shell.parser import Command
from playpen_ls.rules.dockerfile.secret_in_image.mounts import mount_edits, refuse_other_user
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import kebab

_NODE = ("npm", "npx", "yarn", "pnpm", "bun")
_FETCH = ("git", "pip", "uv", "poetry", "go", "bundle", "composer", *_NODE)
# The programs that read a file of this name by default.
_READERS = {
    ".npmrc": _NODE,
    ".netrc": (*_FETCH, "curl", "wget"),
    "_netrc": (*_FETCH, "curl", "wget"),
    ".pypirc": ("twine", "flit"),
    ".git-credentials": _FETCH,
    **dict.fromkeys(("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"), (*_FETCH, "ssh", "scp", "rsync")),
    "config.json": ("docker",),
    ".dockercfg": ("docker",),
    "kubeconfig": ("kubectl", "helm"),
    ".pgpass": ("psql", "pg_dump", "pg_restore"),
}
_CHANGES = frozenset("rm mv chmod chown shred sed truncate unlink".split())


def secret_id(source: Word) -> str:
    return kebab(posixpath.basename(source.text))


def mounted_edits(transfer: Transfer, source: Word, files: Files) -> list[Edit]:
    """Removes the file from the copy, and mounts it as a secret in each RUN that reads it. Raises Refused."""
    if not source.plain or re.search(r"[*?\[]", source.text):
        raise Refused(f"the files that `{source.text}` matches are known only during the build")
    place = _place(transfer, source)
    _refuse_other_copies(transfer, source, place, files)
    edits = [_removal(transfer, source)]
    for run in _readers(transfer, place):
        refuse_other_user(run)
        edits += mount_edits(run, f"id={secret_id(source)},target={place}")
        for command in run.commands:
            if command.name in _CHANGES and any(_names(word.text, place) for word in command.arguments):
                edits.append(_without(run, command))
    return edits


def _place(transfer: Transfer, source: Word) -> str:
    """The container path of the copied file. Raises Refused."""
    destination, name = destination_of(transfer), posixpath.basename(source.text)
    if destination is None or transfer.destination is None or not destination.startswith("/"):
        raise Refused("the destination in the image is unknown, since no `WORKDIR` is set")
    into = transfer.destination.text.endswith(("/", ".")) or len(transfer.sources) > 1
    if into or destination == working_directory(transfer):
        return joined(destination, name)
    if posixpath.basename(destination) == name:
        return destination
    raise Refused(f"it is unknown whether `{transfer.destination.text}` is a folder")


def _refuse_other_copies(transfer: Transfer, source: Word, place: str, files: Files) -> None:
    own = stage_of(transfer)
    if own is None or own.is_continued:
        raise Refused("another stage is based on this one")
    path = local_path(source, transfer) or ""
    dockerfile, number = transfer.file.path, transfer.file.ask(queries.own_number)
    ignores = [ignore_of(dockerfile, folder, files) for folder in {posixpath.dirname(dockerfile), ""}]
    left_out = any(one is not None and one.excludes(path) for one in ignores)
    for stage in model_of(transfer.file).stages:
        is_own = stage.file.ask(queries.own_number) == number
        for one in stage.instructions:
            if not isinstance(one, Transfer) or (is_own and one.index == transfer.index):
                continue
            for word in one.sources:
                if one.origin is not None:
                    origin = transfer.file.ask(queries.find_stage, one.origin.value)
                    if origin == number and rest_below(place, joined("/", word.text)) is not None:
                        raise Refused(f"`{one.keyword} --from={one.origin.value}` copies the secret file")
                    continue
                other = local_path(word, one)
                if is_own and not left_out and other is not None and rest_below(f"/{path}", f"/{other}") is not None:
                    raise Refused(f"`{one.keyword} {word.text}` also copies the secret file; add it to `.dockerignore`")


def _readers(transfer: Transfer, place: str) -> list[Run]:
    """The later RUNs that read the file. Raises Refused if none is known to, or another instruction mentions it."""
    stage = stage_of(transfer)
    programs = _READERS.get(posixpath.basename(place), ())
    runs: list[Run] = []
    for one in stage.instructions if stage is not None else ():
        if one.index <= transfer.index:
            continue
        if isinstance(one, Run):
            reading = [command for command in one.commands if command.name not in _CHANGES]
            is_named = any(
                _names(word.text, place) for command in reading for word in (*command.words, *command.redirects)
            )
            if is_named or any(command.name in programs for command in reading):
                runs.append(one)
            elif posixpath.basename(place) in one.whole_text:
                raise Refused(f"`{one.keyword}` mentions the secret file, but is not known to read it")
        elif posixpath.basename(place) in one.logical:
            raise Refused(f"`{one.keyword}` also mentions the secret file")
    if not runs:
        raise Refused("no `RUN` is known to read the secret file; pass it to the container at startup instead")
    return runs


def _names(text: str, place: str) -> bool:
    return bool(re.search(rf"(?:^|[/=\s@]){re.escape(posixpath.basename(place))}(?=$|[\s;'\"])", text))


def _removal(transfer: Transfer, source: Word) -> Edit:
    text = transfer.source
    if len(transfer.words) == 2:
        return Edit(text.line_start(transfer.raw.start), text.next_line_start(transfer.raw.end), "")
    if transfer.json is not None:
        raise Refused(f"`{transfer.keyword}` of several files in JSON form is not supported")
    number = transfer.words.index(source)
    # Includes the space before the word, or after it for the first word, so that the flags stay unchanged.
    start, end = source.span.start, transfer.words[number + 1].span.start
    if number:
        start, end = transfer.words[number - 1].span.end, source.span.end
    _refuse_comments(transfer, Span(start, end))
    return Edit(start, end, "")


def _without(run: Run, command: Command) -> Edit:
    """Deletes the last command of the RUN, since a mounted secret can be neither deleted nor modified."""
    commands = [one for one in run.commands if one.depth == 0]
    if command.before != "&&" or command is not commands[-1] or len(commands) < 2 or run.vector or run.heredocs:
        raise Refused(f"`{command.name}` modifies the secret file, which is not possible for a mounted secret")
    if command.name != "rm" or len(command.operands) != 1:
        raise Refused(f"`{command.name}` does more than delete the secret file")
    span = Span(commands[-2].span.end, command.span.end)
    _refuse_comments(run, span)
    return Edit(span.start, span.end, "")


def _refuse_comments(instruction: Run | Transfer, span: Span) -> None:
    if any(span.contains(comment.span.start) for comment in instruction.syntax.comments):
        raise Refused("the edit would delete a comment")
