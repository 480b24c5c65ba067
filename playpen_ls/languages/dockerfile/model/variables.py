"""The variables in scope of an instruction: ENV and ARG of its stage, ENV of its base stages."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence

from playpen_ls.languages.dockerfile.model.expansion import expanded, names_in
from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import Argument, Assigning, Environment


def assignments_before(instruction: Instruction) -> Iterator[Assigning]:
    """The ENV and ARG in scope, last one first; an ARG is in scope in its own stage only."""
    if instruction.stage is None:
        return
    for stage in instruction.stage.lineage:
        for earlier in reversed(stage.assigning):
            own = stage is instruction.stage or isinstance(earlier, Environment)
            if own and earlier.index < instruction.index:
                yield earlier


def is_set_before(instruction: Instruction, name: str) -> bool:
    """Whether the variable has a non-empty value at the instruction."""
    stage, word = instruction.stage, name.lower()
    if stage is None or not any(owner.mentions(word, (word,)) for owner in stage.lineage):
        return False
    for assigning in assignments_before(instruction):
        for pair in reversed(assigning.pairs):
            if pair.name == name:
                return bool(pair.value)
    return False


def comes_from_an_argument(text: str, instruction: Instruction) -> bool:
    """Whether `--build-arg` can change the value of a variable in the text, directly or through an ENV."""
    waiting, seen = [(name, instruction) for name in names_in(text)], set[tuple[str, int]]()
    for name, place in waiting:
        if (name, place.index) in seen:
            continue
        seen.add((name, place.index))
        for assigning in assignments_before(place):
            pair = next((pair for pair in reversed(assigning.pairs) if pair.name == name), None)
            if pair is not None:
                if isinstance(assigning, Argument):
                    return True
                waiting += [(other, assigning) for other in names_in(pair.value or "")]
                break
    return False


def values_before(instruction: Instruction) -> Mapping[str, str]:
    """The variables with known values at the instruction. An ARG has its default."""
    values: dict[str, str] = {}
    if instruction.stage is None:
        return values
    for stage in reversed(instruction.stage.lineage):
        seen = [
            one
            for one in stage.instructions
            if isinstance(one, Assigning) and one.index < instruction.index and one.name != "LABEL"
        ]
        _run(seen, stage, values)
        if stage is not instruction.stage:
            for argument in (one for one in seen if isinstance(one, Argument)):
                for pair in argument.pairs:
                    values.pop(pair.name, None)
    return values


def _run(seen: list[Assigning], stage: Stage, values: dict[str, str]) -> None:
    defaults = stage.document.global_defaults
    for assigning in seen:
        # All words of one ENV are expanded with the values before it.
        before = dict(values)
        for name, text in stage.assigned[assigning.index]:
            value = expanded(text, before) if text is not None else defaults.get(name)
            if isinstance(assigning, Argument) and text is not None and name in before:
                continue  # an ENV of that name overrides the ARG
            if value is None:
                values.pop(name, None)
            else:
                values[name] = value


def assigned_in(stage: Stage) -> Mapping[int, Sequence[tuple[str, str | None]]]:
    """The assignments of each ENV and ARG of the stage, parsed by dockerfile-parse. Cached by `Stage.assigned`.

    The parser gets each instruction on one line, and only those that BuildKit accepts, so that a half-typed
    one does not hide the others; where it fails, the own parser's pairs are used.
    """
    from dockerfile_parse import DockerfileParser

    seen = [one for one in stage.instructions if isinstance(one, (Environment, Argument))]
    own = {one.index: [(pair.name, pair.value) for pair in one.pairs] for one in seen}
    lines = ["FROM scratch"]
    for one in seen:
        fits = "=" in one.arguments and "\n" not in one.arguments and not one.arguments.endswith("\\")
        lines.append(f"{one.name} {one.arguments}" if fits and not one.unassigned else "LABEL left=out")
    try:
        file = io.BytesIO("".join(line + "\n" for line in lines).encode())
        contexts = DockerfileParser(fileobj=file, env_replace=False).context_structure[1:]
    except Exception:  # it can raise anything; the own parser's pairs are the fallback
        return own
    if len(contexts) != len(own):
        return own
    for one, context in zip(seen, contexts, strict=True):
        theirs = context.line_envs or context.line_args
        if theirs:
            own[one.index] = list(theirs.items())
    return own
