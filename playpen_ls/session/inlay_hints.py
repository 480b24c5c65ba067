"""Inlay hints: values that are not written where they count, as short texts in the line.

| where | what |
|---|---|
| Dockerfile, use of an ARG | its default value, if it is known and no secret |
| Service, port without `targetPort` | the port that it defaults to |
| quantity of CPU or memory | its amount, if the unit hides it (`0.5Gi` is 512 MiB) |
"""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel
from playpen_ls.languages.dockerfile.model.references import references
from playpen_ls.languages.dockerfile.model.stage import Stage
from playpen_ls.languages.dockerfile.model.variables import assignments_before, values_before
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import Argument
from playpen_ls.languages.kubernetes.model.manifests import Manifests
from playpen_ls.languages.kubernetes.model.resources import Resource, YamlDocument, resources
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar
from playpen_ls.languages.model import Model
from playpen_ls.session.explanations import quantities
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.pause import pause
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.secret_lines import embedded
from playpen_ls.vocabulary.secrets import is_secret_name

_LONGEST = 40  # characters


@dataclass(frozen=True)
class InlayHint:
    """`label` is shown before the character at `offset`."""

    offset: int
    label: str


def inlay_hints(model: Model, wanted: Span) -> Iterator[InlayHint]:
    """The hints in a range of a file."""
    found = _of_arguments(model, wanted) if isinstance(model, DockerfileModel) else iter(())
    if isinstance(model, Manifests):
        found = _of_manifests(model, wanted)
    yield from (hint for hint in found if wanted.start <= hint.offset <= wanted.end)


def _of_arguments(model: DockerfileModel, wanted: Span) -> Iterator[InlayHint]:
    for number, chunk in enumerate(model.chunks):
        if not number or chunk.span.end < wanted.start or chunk.span.start > wanted.end:
            continue
        pause()
        stage = model.stage(number)
        for instruction in (stage.start, *stage.instructions):
            used = list(references(instruction))
            values = _defaults(stage, instruction) if used else {}
            for one in used:
                value = values.get(one.name)
                if value and len(value) <= _LONGEST and value.isprintable() and not _is_secret(one.name, value):
                    yield InlayHint(chunk.begins + one.span.end, f"={value}")


def _defaults(stage: Stage, instruction: Instruction) -> dict[str, str]:
    """The values of the ARGs at an instruction if no `--build-arg` changes them."""
    if instruction is stage.start:
        found = {name: stage.file.ask(queries.default_of, name) for name in stage.file.ask(queries.global_arguments)}
        return {name: value for name, value in found.items() if value is not None}
    known, of_arguments = values_before(instruction), dict[str, bool]()
    for assigning in assignments_before(instruction):
        for pair in assigning.pairs:
            of_arguments.setdefault(pair.name, isinstance(assigning, Argument))
    return {name: known[name] for name, is_argument in of_arguments.items() if is_argument and name in known}


def _is_secret(name: str, value: str) -> bool:
    return is_secret_name(name) or next(embedded(value), None) is not None


def _of_manifests(model: Manifests, wanted: Span) -> Iterator[InlayHint]:
    outline = Outline(model.source.path, model.chunks)
    for number, chunk in enumerate(model.chunks):
        if chunk.end < wanted.start or chunk.start > wanted.end:
            continue
        pause()
        for resource in resources(YamlDocument(chunk.parsed, FileView(outline, number))):
            for scalar, label in (*_quantities(resource), *_ports(resource)):
                yield InlayHint(scalar.end + chunk.start, label)


def _quantities(resource: Resource) -> Iterator[tuple[Scalar, str]]:
    for scalar, words in quantities(resource):
        short = words.partition(" (")[0]
        if not _says(scalar.value, short):
            yield scalar, f"= {short}"


def _says(text: str, words: str) -> bool:
    """Whether a quantity is written as in words: `512Mi` says "512 MiB", `2` says "2 cores"."""
    number, _, unit = words.partition(" ")
    return text == number + (unit.removesuffix("B") if unit.endswith("iB") else "")


def _ports(service: Resource) -> Iterator[tuple[Scalar, str]]:
    spec = service.node.mapping("spec")
    if (service.group, service.kind) != ("", "Service") or spec is None or spec.text("type") == "ExternalName":
        return
    for port in spec.mappings("ports") if spec.get("selector") is not None else ():
        number = port.scalar("port")
        if number is not None and number.literal and port.get("targetPort") is None:
            yield number, f"→ {number.value}"
