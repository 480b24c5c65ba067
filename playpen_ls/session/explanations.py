"""What stands under the cursor, in words: a name with its definition and its uses, a quantity, a directive.

Only places and names are told, never a text or a value of the file, which could be a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.languages.jenkinsfile.model.directives import DIRECTIVES
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.syntax.tree import Tree
from playpen_ls.languages.kubernetes.model.manifests import Manifests
from playpen_ls.languages.kubernetes.model.resources import Resource, Workload, YamlDocument
from playpen_ls.languages.kubernetes.model.resources import resources as resources_of
from playpen_ls.languages.kubernetes.syntax.nodes import Scalar
from playpen_ls.rules.kubernetes._quantity import amount
from playpen_ls.session.references.reference import START, Kind, Reference, Target
from playpen_ls.session.references.search import at, related
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

MOST_PLACES = 5
_DEFINED = {
    Kind.IMAGE: "built from",
    Kind.ROUTE: "served at",
    Kind.VARIABLE: "read at",
    Kind.PODS: "pods at",
    Kind.FILE: "file",
}
_UNITS = tuple((Decimal(1024) ** power, f"{letter}iB") for power, letter in ((4, "T"), (3, "G"), (2, "M"), (1, "K")))

Explained = tuple[list[str], Span]
"""(lines with names in backticks, the range that they are about)."""


def explained_at(workspace: Workspace, path: str, offset: int, left: Iterable[Kind] = ()) -> Explained | None:
    """What stands at an offset of an open file; None if nothing is known of it.

    `left` are kinds of names for which another server answers.
    """
    model = workspace.model(path)
    if isinstance(model, Manifests):
        quantity = _quantity(model, offset)
        if quantity is not None:
            return quantity
    for one in at(workspace, path, offset):
        if one.kind not in left:
            lines = _name(workspace, path, one)
            if lines:
                return lines, one.span
    return _directive(model, offset) if isinstance(model, Jenkinsfile) else None


def _name(workspace: Workspace, path: str, one: Reference) -> list[str]:
    """The name with where it is defined and used; nothing if it leads nowhere."""
    own = _place(workspace.text, Target(path, one.span))
    defined = [place for target in dict.fromkeys(one.targets()) if (place := _place(workspace.text, target)) != own]
    found = sorted(other.target for other in related(workspace, path, one))
    uses = dict.fromkeys(_place(workspace.text, other) for other in found)
    other_uses = [place for place in uses if place != own and place not in defined]
    if not defined and not other_uses:
        return []
    written = workspace.documents[path].source.text[one.span.start : one.span.end]
    name = one.name if "{{" in written else written  # as the chart gives it
    lines = [f"{one.kind.value} `{name}`", *_places(_DEFINED.get(one.kind, "defined at"), defined)]
    return lines + _places("also named at" if defined else "used at", other_uses)


def _places(words: str, places: Sequence[str]) -> list[str]:
    if not places:
        return []
    told = ", ".join(f"`{one}`" for one in places[:MOST_PLACES])
    more = f" and {len(places) - MOST_PLACES} more" if len(places) > MOST_PLACES else ""
    return [f"{words} {told}{more}"]


def _place(text: Callable[[str], str | None], target: Target) -> str:
    if target.span == START:
        return target.path
    known = text(target.path) or ""
    return f"{target.path}:{Source(target.path, known).line_of(min(target.span.start, len(known))) + 1}"


def _quantity(model: Manifests, offset: int) -> Explained | None:
    """A quantity of CPU or memory, as a number of cores or bytes."""
    outline = Outline(model.source.path, model.chunks)
    for number, chunk in enumerate(model.chunks):
        if not chunk.start <= offset <= chunk.end:
            continue
        document = YamlDocument(chunk.parsed, FileView(outline, number))
        for resource in resources_of(document):
            for scalar, words in quantities(resource):
                span = document.content(scalar).shifted(chunk.start)
                if span.start <= offset <= span.end:
                    return [f"`{scalar.value}` = {words}"], span
    return None


def quantities(resource: Resource) -> Iterator[tuple[Scalar, str]]:
    """The quantities of CPU, memory and storage of the containers of an object, each in words."""
    for container in resource.containers if isinstance(resource, Workload) else ():
        for part in ("requests", "limits"):
            values = container.node.mapping("resources", part)
            for name in ("cpu", "memory", "ephemeral-storage") if values is not None else ():
                scalar = values.scalar(name) if values is not None else None
                words = decoded(name, scalar.value) if scalar is not None and scalar.literal else ""
                if scalar is not None and words:
                    yield scalar, words


def decoded(resource: str, text: str) -> str:
    """A quantity in words: "0.5 cores (500 millicores)", "512 MiB (536,870,912 bytes)"; "" if it is not one."""
    number = amount(text)
    if number is None or number < 0:
        return ""
    if resource == "cpu":
        cores = f"{_plain(number)} core{'' if number == 1 else 's'}"
        return f"{cores} ({_plain(number * 1000)} millicores)" if number % 1 else cores
    exact = f"{_plain(number)} byte{'' if number == 1 else 's'}"
    for factor, unit in _UNITS:
        if number >= factor:
            return f"{_plain(round(number / factor, 2))} {unit} ({exact})"
    return exact


def _plain(number: Decimal) -> str:
    written = f"{number:,f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _directive(model: Jenkinsfile, offset: int) -> Explained | None:
    """A section, directive or condition of a declarative pipeline."""
    outline = Outline(model.source.path, model.chunks)
    for number, chunk in enumerate(model.chunks):
        if chunk.span.start <= offset <= chunk.span.end:
            for call in Tree(chunk.content, FileView(outline, number)).calls:
                span = call.name_span.shifted(chunk.begins)
                if span.start <= offset <= span.end and not call.receiver and call.name in DIRECTIVES:
                    return [f"`{call.name}`: {DIRECTIVES[call.name]}"], span
    return None
