"""The variables in scope of an instruction: ENV and ARG of its stage, ENV of its base stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.expansion import expanded, names_in
from playpen_ls.languages.dockerfile.model.stage import Stage, stage_of
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import Argument, Assigning, Environment


def assignments_before(instruction: Instruction) -> Iterator[Assigning]:
    """The ENV and ARG in scope, last one first; an ARG is in scope in its own stage only."""
    own = stage_of(instruction)
    if own is None:
        return
    yield from (one for one in reversed(own.assigning) if one.index < instruction.index)
    for stage in own.ancestors[1:]:
        yield from (one for one in reversed(stage.assigning) if isinstance(one, Environment))


def is_set_before(instruction: Instruction, name: str) -> bool:
    """Whether the variable has a non-empty value at the instruction."""
    own, word = stage_of(instruction), name.lower()
    if own is None or not any(stage.mentions(word, (word,)) for stage in own.ancestors):
        return False
    for assigning in assignments_before(instruction):
        for pair in reversed(assigning.pairs):
            if pair.name == name:
                return bool(pair.value)
    return False


def is_assigned_before(instruction: Instruction, name: str) -> bool:
    """Whether an ENV or ARG of its stage above it or of a base stage defines the variable."""
    own = stage_of(instruction)
    return own is not None and any(
        pair.name == name
        for stage in own.ancestors
        for one in stage.assigning
        if stage is not own or one.index < instruction.index
        for pair in one.pairs
    )


def comes_from_an_argument(text: str, instruction: Instruction) -> bool:
    """Whether `--build-arg` can change the value of a variable in the text, directly or through an ENV."""
    waiting, seen = [(name, instruction) for name in names_in(text)], set[tuple[str, Instruction]]()
    for name, place in waiting:
        if (name, place) in seen:
            continue
        seen.add((name, place))
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
    own = stage_of(instruction)
    if own is None:
        return values
    for stage in reversed(own.ancestors[1:]):
        _run(stage.assigning, stage, values)
        for argument in (one for one in stage.assigning if isinstance(one, Argument)):
            for pair in argument.pairs:
                values.pop(pair.name, None)
    _run((one for one in own.assigning if one.index < instruction.index), own, values)
    return values


def _run(assignments: Iterable[Assigning], stage: Stage, values: dict[str, str]) -> None:
    for assigning in assignments:
        # All words of one ENV are expanded with the values before it.
        before = dict(values)
        for pair in assigning.pairs:
            name, text = pair.name, pair.value
            value = expanded(text, before) if text is not None else stage.file.ask(queries.default_of, name)
            if isinstance(assigning, Argument) and text is not None and name in before:
                continue  # an ENV of that name overrides the ARG
            if value is None:
                values.pop(name, None)
            else:
                values[name] = value
