"""Secrets given to a RUN by `--mount=type=secret` instead of being written into the Dockerfile."""

from __future__ import annotations

import re

from playpen_ls.api.finding import Refused
from playpen_ls.languages.dockerfile.model.expansion import names_in
from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.model.user import is_root
from playpen_ls.languages.dockerfile.syntax.instruction import Pair
from playpen_ls.languages.dockerfile.syntax.instruction_types import Assigning, Environment, Run, User
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.names import kebab
from playpen_ls.vocabulary.secrets import is_secret_name

# `env=` of a secret mount came with version 1.10 of the frontend.
_BEFORE_ENV = re.compile(r"(?:docker\.io/)?docker/dockerfile:1\.\d(?:\.\d+)?(?:-labs)?(?:@.*)?")


def secret_id(user: str) -> str:
    """A name for the secret of `user`, which is said as in messages: "`NPM_TOKEN`", "`docker login`"."""
    words = re.sub(r"^.*?`|`.*$", "", user).split()
    named = next((word for word in reversed(words) if is_secret_name(word)), "")
    return kebab(named) if named else f"{kebab(words[0])}-password" if words else "password"


def reading_edits(run: Run, place: Span, id: str) -> list[Edit]:
    """Mount the secret, and read its file where its text stands now. Raises Refused."""
    if run.vector is not None or run.heredocs:
        raise Refused(
            "a JSON form or a heredoc reads no secret in place" if run.vector else "a heredoc is left as it is"
        )
    refuse_other_user(run)
    around = [word for command in run.commands for word in (*command.words, *command.assignments)]
    holding = {(word.start, word.end): word for word in around if _holds(word.span, place)}
    if len(holding) != 1:
        raise Refused("the secret stands in a script inside the command")
    (word,) = holding.values()
    before = run.document.source.text[word.span.start : place.start]
    after = run.document.source.text[place.end : word.span.end]
    quoted = before.count('"') % 2 == 1 and after.count('"') % 2 == 1
    if "'" in before or "'" in after or "\\" in before or (not quoted and '"' in before + after):
        raise Refused("in these quotes the shell would not read the secret")
    path = f"$(cat /run/secrets/{id})"
    return [*mount_edits(run, f"id={id}"), Edit(place.start, place.end, path if quoted else f'"{path}"')]


def argument_edits(argument: Assigning, pair: Pair) -> list[Edit]:
    """Take a build argument out, and mount a secret in its place where RUN uses it. Raises Refused."""
    stage, name = argument.stage, pair.name
    if isinstance(argument, Environment):
        raise Refused(f"whatever runs in the container may read `{name}`: give it to the container when it starts")
    if stage is None or len(argument.pairs) != 1:
        raise Refused("the `ARG` stands above the first `FROM`" if stage is None else "the `ARG` has other names too")
    syntax = next((one.value for one in argument.document.directives if one.key == "syntax"), "")
    if _BEFORE_ENV.fullmatch(syntax):
        raise Refused(f"`{syntax}` cannot give a secret as a variable; `docker/dockerfile:1` can")
    runs = _users_of(stage, argument, name)
    id = kebab(name)
    edits = [edit for run in runs for edit in mount_edits(run, f"id={id},env={name}")]
    source = argument.document.source
    start = source.line_start(argument.piece.start)
    return [Edit(start, source.next_line_start(argument.piece.end), ""), *edits]


def _users_of(stage: Stage, argument: Assigning, name: str) -> list[Run]:
    runs: list[Run] = []
    for one in stage.instructions:
        if one.index <= argument.index or name not in names_in(one.piece.logical + _bodies(one)):
            continue
        if not isinstance(one, Run):
            raise Refused(f"`{one.keyword}` uses `{name}` too")
        runs.append(one)
    if not runs:
        raise Refused(f"no `RUN` names `{name}`, so which one needs it is not known")
    if any(other.base is stage for other in stage.document.stages):
        raise Refused("another stage continues this one")
    return runs


def _bodies(one: object) -> str:
    return one.whole_text if isinstance(one, Run) and one.heredocs else ""


def mount_edits(run: Run, keys: str) -> list[Edit]:
    if any(f"--mount=type=secret,{keys}" in flag.name + flag.value for flag in run.flags):
        return []
    at = run.keyword_span.end
    return [Edit(at, at, f" --mount=type=secret,{keys},required=true")]


def refuse_other_user(run: Run) -> None:
    assert run.stage is not None
    user = next((one for one in run.stage.before(run) if isinstance(one, User)), None)
    if user is not None and not is_root(user):
        raise Refused(f"`{user.user}` could not read the secret's file, which is root's")


def _holds(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end
