"""Edits that pass a secret to a RUN with `--mount=type=secret` instead of hard-coding it."""

from __future__ import annotations

import re

from playpen_ls.api.finding import Refused
from playpen_ls.languages.dockerfile.model.dockerfile import model_of
from playpen_ls.languages.dockerfile.model.stage import Stage, stage_of
from playpen_ls.languages.dockerfile.model.user import is_root
from playpen_ls.languages.dockerfile.syntax.instruction import Pair
from playpen_ls.languages.dockerfile.syntax.instruction_types import Assigning, Environment, Run, User
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import kebab
from playpen_ls.vocabulary.secrets import is_secret_name

# Secret mounts support `env=` since version 1.10 of the frontend.
_BEFORE_ENV = regex(r"(?:docker\.io/)?docker/dockerfile:1\.\d(?:\.\d+)?(?:-labs)?(?:@.*)?")


def secret_id(user: str) -> str:
    """An id for the secret of `user`, which is given as in messages: "`NPM_TOKEN`", "`docker login`"."""
    words = re.sub(r"^.*?`|`.*$", "", user).split()
    named = next((word for word in reversed(words) if is_secret_name(word)), "")
    return kebab(named) if named else f"{kebab(words[0])}-password" if words else "password"


def reading_edits(run: Run, place: Span, id: str) -> list[Edit]:
    """Mounts the secret, and replaces its text with a command that reads the file. Raises Refused."""
    if run.vector is not None or run.heredocs:
        raise Refused(
            "a `RUN` in JSON form is not supported" if run.vector else "a `RUN` with a heredoc is not supported"
        )
    refuse_other_user(run)
    around = run.words_around(place)
    if len(around) != 1:
        raise Refused("the secret is part of a script inside the command")
    (word,) = around
    before = run.syntax.text[word.span.start : place.start]
    after = run.syntax.text[place.end : word.span.end]
    quoted = before.count('"') % 2 == 1 and after.count('"') % 2 == 1
    if "'" in before or "'" in after or "\\" in before or (not quoted and '"' in before + after):
        raise Refused("the quotes around the secret do not allow command substitution")
    path = f"$(cat /run/secrets/{id})"
    return [*mount_edits(run, f"id={id}"), Edit(place.start, place.end, path if quoted else f'"{path}"')]


def argument_edits(argument: Assigning, pair: Pair) -> list[Edit]:
    """Removes a build argument, and mounts a secret in each RUN that uses it. Raises Refused."""
    stage, name = stage_of(argument), pair.name
    if isinstance(argument, Environment):
        raise Refused(f"programs in the container can read `{name}`; pass it to the container at startup instead")
    if stage is None or len(argument.pairs) != 1:
        raise Refused("the `ARG` is before the first `FROM`" if stage is None else "the `ARG` declares several names")
    syntax = next((one.value for one in model_of(argument.file).directives if one.key == "syntax"), "")
    if _BEFORE_ENV.fullmatch(syntax):
        raise Refused(f"`{syntax}` does not support secrets as environment variables; `docker/dockerfile:1` does")
    runs = _users_of(stage, argument, name)
    id = kebab(name)
    edits = [edit for run in runs for edit in mount_edits(run, f"id={id},env={name}")]
    source = argument.source
    start = source.line_start(argument.raw.start)
    return [Edit(start, source.next_line_start(argument.raw.end), ""), *edits]


def _users_of(stage: Stage, argument: Assigning, name: str) -> list[Run]:
    runs: list[Run] = []
    for one in stage.users_of(name):
        if one.index <= argument.index:
            continue
        if not isinstance(one, Run):
            raise Refused(f"`{one.keyword}` also uses `{name}`")
        runs.append(one)
    if not runs:
        raise Refused(f"no `RUN` mentions `{name}`, so it is unknown which one needs it")
    if stage.is_continued:
        raise Refused("another stage is based on this one")
    return runs


def mount_edits(run: Run, keys: str) -> list[Edit]:
    if any(f"--mount=type=secret,{keys}" in flag.name + flag.value for flag in run.flags):
        return []
    at = run.keyword_span.end
    return [Edit(at, at, f" --mount=type=secret,{keys},required=true")]


def refuse_other_user(run: Run) -> None:
    stage = stage_of(run)
    if stage is None:
        raise Refused(f"the `{run.keyword}` is before the first `FROM`")
    user = next(stage.before(run, User), None)
    if user is not None and not is_root(user):
        raise Refused(f"user `{user.user}` cannot read the mounted secret, which is owned by root")
