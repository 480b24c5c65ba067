"""The program that a container runs if its manifest overrides the image: `command`, `args`, variables."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.api.fact_types import Recipe
from playpen_ls.api.finding import Place
from playpen_ls.languages.kubernetes.model.resources import Container
from playpen_ls.languages.shell import parser as shell
from playpen_ls.languages.shell.servers import Program, number_of, ports_told, program_of
from playpen_ls.project.services import Ports
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.regex import regex

_REFERENCE = regex(r"\$\((\w+)\)")


@dataclass(frozen=True)
class Override:
    """The program that the manifest starts instead of the image's."""

    container: Container
    program: Program

    def is_of(self, recipe: Recipe) -> bool:
        """Whether it is the image's own program, possibly with other options."""
        known = bool(self.program.name) and bool(self.program.target)
        return known and (self.program.name, self.program.target) == (recipe.program, recipe.target)

    def ports(self, image: Ports) -> Ports:
        """The ports of the overriding program, as far as its arguments show, instead of those of the `image`."""
        opened = image.open - image.served
        told = list(ports_told(self.program, self.container.environment))
        document = self.container.document
        if (
            not told
            or any(one.word is None for one in told)
            or any(_is_set(self.container, one.variables) for one in told)
        ):
            return Ports(frozenset(), opened, None)
        served = frozenset(one.port for one in told)
        if not served:
            return Ports(frozenset(), opened, None)
        spans = [one.word.span for one in told if one.word is not None]
        return Ports(served, opened | served, Place(document.path, spans[0]))


def override_of(container: Container, recipe: Recipe) -> Override | None:
    """None if the image's own command runs."""
    if container.node.get("command") is None and container.node.get("args") is None:
        return None
    front: tuple[str, ...] = ()
    if container.node.get("command") is None:
        if recipe.entrypoint is None:  # a shell-form command ignores `args`
            return None
        front = recipe.entrypoint
    commands = shell.exec_form(tuple(_words(container, front)))
    return Override(container, program_of(commands[-1].words if commands else ()))


def _words(container: Container, front: tuple[str, ...]) -> Iterator[shell.Word]:
    """The words of the argument vector as one fragment, so that a script in it can be parsed as shell."""
    starts: list[int] = []
    ends: list[int] = []
    texts: list[str] = []
    ranges: list[tuple[int, int]] = []
    given = [(_expanded(container, one.value), container.document.content(one)) for one in container.words]
    for text, span in (*((word, container.span) for word in front), *given):
        exact = span.end - span.start == len(text)
        ranges.append((len(starts), len(starts) + len(text)))
        starts += [*(range(span.start, span.end) if exact else [span.start] * len(text)), span.end]
        ends += [*(range(span.start + 1, span.end + 1) if exact else [span.end] * len(text)), span.end]
        texts.append(text)
    fragment = Fragment("".join(text + " " for text in texts), starts, ends)
    for text, (begin, stop) in zip(texts, ranges, strict=True):
        yield shell.Word(fragment, begin, stop, text, True, "")


def _expanded(container: Container, text: str) -> str:
    """The text with `$(NAME)` expanded as by the kubelet, for variables with a literal value."""
    if "$(" not in text:
        return text
    variables = container.environment
    return _REFERENCE.sub(lambda match: variables.get(match[1], match[0]), text)


def as_set(container: Container, ports: Ports) -> Ports:
    """The image's ports after the variables of the manifest; `served` is empty if they cannot be determined."""
    if not ports.variables:
        return ports
    unknown = Ports(frozenset(), ports.open, None)
    for entry in container.node.mappings("env"):
        name, value = entry.text("name"), entry.scalar("value")
        if name and name not in ports.variables:
            continue
        number = number_of(value.value) if name and value is not None and value.literal else 0
        if not number or len(ports.served) > 1:
            return unknown
        place = Place(container.document.path, container.document.content(value)) if value is not None else None
        return Ports(frozenset((number,)), (ports.open - ports.served) | {number}, place, ports.variables)
    return unknown if container.node.items("envFrom") else ports  # `env` takes precedence over `envFrom`


def _is_set(container: Container, names: tuple[str, ...]) -> bool:
    """Whether one of the variables can be set from elsewhere, so that its literal value does not count."""
    if not names:
        return False
    literal = container.environment
    if all(name in literal for name in names):
        return False
    return bool(container.node.items("envFrom")) or any(
        one.text("name") in names and one.text("name") not in literal for one in container.node.mappings("env")
    )
