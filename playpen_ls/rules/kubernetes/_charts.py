"""The Helm charts of a project as they are installed, and what their templates leave to values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from playpen_ls.api.fact_types import ChartInstall, ValuesFile
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Refused
from playpen_ls.languages.kubernetes.edits.verify_chart import refuse_other_changes
from playpen_ls.languages.kubernetes.helm.files import chart_at, is_packed
from playpen_ls.languages.kubernetes.helm.installs import (
    InstalledFiles,
    StatedInstall,
    Way,
    Ways,
    chart_of,
    installed_with,
    is_given_elsewhere,
    stated_installs,
    usual_ways,
)
from playpen_ls.languages.kubernetes.helm.objects import Output, RenderedDocument
from playpen_ls.languages.kubernetes.helm.text import Place
from playpen_ls.languages.kubernetes.model.queries import text_around
from playpen_ls.languages.kubernetes.model.resources import (
    Container,
    Resource,
    Workload,
    YamlDocument,
    as_resource,
)
from playpen_ls.languages.kubernetes.syntax.documents import ParsedDocument
from playpen_ls.languages.kubernetes.syntax.nodes import UNKNOWN, Entry, Mapping, Node, Scalar
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

P = TypeVar("P", Container, Workload, Resource)
_NOTHING = ParsedDocument("")


@dataclass(frozen=True)
class Charts:
    """The charts of the project; a rule takes it as one parameter.

    **A chart is installed** with its `values.yaml` alone, or with one of the other values files in its folder too. A
    subchart is installed with the chart that it is in.
    """

    files: Files
    values: Facts[ValuesFile]
    installs: Facts[ChartInstall]

    def folder(self, path: str) -> str | None:
        """The folder of the chart that the template at a path is installed with; None if it is not a template."""
        if path not in self._folders:
            self._folders[path] = installed_with(chart_of(path), self.files)
        return self._folders[path]

    def forms(self, part: P, stated: StatedInstall | None = None) -> Iterator[P | None]:
        """The part as each way to install the chart makes it, several times in a loop; None where it is not known.

        Ways in which the chart cannot be installed, or the part is not there, are left out. With `stated`, only as
        that statement installs it.
        """
        document = part.document
        folder = self.folder(document.path)
        if folder is None or document.masks(part.node):
            return
        _, start = document.ask(text_around)
        keys = {start + entry.key.start for entry in part.node.entries}
        for _, made in self._installs(folder, document, stated):
            for output in made:
                if output.template != document.path:
                    continue
                for one in output.documents:
                    if not one.certain or one.root is None:
                        yield None
                    for form, places in _forms_in(one, part):
                        if not keys.isdisjoint(places):
                            yield form

    def installed(self, container: Container) -> Container | None:
        """The container of a template with the chart's values, else as all ways to install it give it.

        None if there are several with different images, or it is not known.
        """
        document = container.document
        folder, image = self.folder(document.path), container.node.entry("image")
        if folder is None or image is None:
            return None
        _, start = document.ask(text_around)
        at = start + image.key.start
        every: dict[str, Container] = {}
        for way, made in self._installs(folder, document):
            found = {
                form.image.value: form
                for output in made
                if output.template == document.path
                for one in output.documents
                for form, places in _forms_in(one, container, certain=False)
                if at in places and form.image is not None
            }
            every |= found
            if found and not way:
                break
        return next(iter(every.values())) if len(every) == 1 else None

    def is_first(self, part: P, lacks: Callable[[P], object], stated: StatedInstall | None = None) -> bool:
        """Whether no part of its chart that is before it, by path and place, lacks something in every way.

        With `stated`, as that statement installs it.
        """
        document = part.document
        folder = self.folder(document.path)
        _, start = document.ask(text_around)
        here = (document.path, start + min(entry.key.start for entry in part.node.entries))
        lacking: dict[tuple[str, int], bool] = {}
        for _, made in self._installs(folder, document, stated) if folder is not None else ():
            for output in made:
                if output.template > document.path or not _is_checked(output.template):
                    continue
                for one in output.documents:
                    for form, places in _forms_in(one, part):
                        at = (output.template, min(places, default=0))
                        if places and at < here and lacking.get(at, True):
                            lacking[at] = lacks(form) is not None
        return not any(lacking.values())

    def leaves_open(self, document: YamlDocument, node: Mapping, keys: tuple[str, ...]) -> bool:
        """Whether values, or a named template, can give one of the `keys` of a mapping in a template."""
        found = self._open.get(node)
        if found is None:
            found = self._open[node] = _openings(document, node)
        return found.itself or not found.keys.isdisjoint(keys)

    def place(self, node: Node | None) -> Place | None:
        """Where a node of a form is written."""
        documents = (one for ways in self._made.values() if ways is not None for one in ways.documents())
        return next((one.place(node) for one in documents if node is not None and one.has(node)), None)

    def is_given(self, folder: str) -> bool:
        """Whether a chart can be installed with values that are not looked at."""
        return is_given_elsewhere(folder, self.files, self.values, self.installs)

    def editable(self, part: P) -> P:
        """The part in a document that can be edited; `refuse_other_changes` has to be called with the result."""
        return _in_document(part, replace(part.document, verified=True))  # type: ignore[no-any-return]

    def refuse_other_changes(self, part: P, folder: str, edits: Iterable[Edit]) -> None:
        """Raises Refused unless edits of the document of a part add the same to all objects that they change."""
        document = part.document
        text, start = document.ask(text_around)
        after = text
        for edit in sorted(edits, reverse=True):
            if UNKNOWN in edit.text:
                raise Refused("it would write a value that a template expression computes")
            after = after[: start + edit.start] + edit.text + after[start + edit.end :]
        self.refuse_other_text(folder, document.path, text, after)

    def refuse_other_text(self, folder: str, path: str, before: str, after: str) -> None:
        """Raises Refused unless a new text of a file of the chart adds the same to all objects that it changes."""
        usual = usual_ways(folder, InstalledFiles(self.files, path, before))
        ways = dict.fromkeys((*usual, *(one.values for one in self.stated(folder))))
        refuse_other_changes(folder, self.files, path, before, after, ways)

    def stated(self, folder: str) -> tuple[StatedInstall, ...]:
        """The statements that install a chart with its own values files."""
        return stated_installs(folder, self.files, self.installs)

    def _installs(
        self, folder: str, document: YamlDocument, stated: StatedInstall | None = None
    ) -> Iterator[tuple[Way, tuple[Output, ...]]]:
        """What the templates of the chart give for each way to install it, worked out as it is asked for.

        Raises NotKnownYet while the template is typed in.
        """
        self.files.settled(document.path)
        text, _ = document.ask(text_around)
        key = (folder, document.path, text, stated)
        if key not in self._made:
            texts = InstalledFiles(self.files, document.path, text)
            chart = chart_at(folder, texts)
            ways = (stated.values,) if stated is not None else usual_ways(folder, texts)
            self._made[key] = Ways(chart, texts, ways) if chart is not None else None
        made = self._made[key]
        return made.outputs() if made is not None else iter(())

    @cached_property
    def _open(self) -> dict[Mapping, _Openings]:
        return {}

    @cached_property
    def _folders(self) -> dict[str, str | None]:
        return {}

    @cached_property
    def _made(self) -> dict[object, Ways | None]:
        return {}


def _forms_in(document: RenderedDocument, part: P, certain: bool = True) -> Iterator[tuple[P, frozenset[int]]]:
    """The parts of a rendered document that are of the same type, each with the places of its keys in the template.

    None of a document that is not certain, unless that does not matter.
    """
    root = document.root
    if not isinstance(root, Mapping) or (certain and not document.certain):
        return
    resource = as_resource(YamlDocument(_NOTHING, part.document.file), root)
    if resource is None or (isinstance(resource, Workload) and resource.partial) or _is_test(resource):
        return
    if not isinstance(part, Container):
        candidates: Sequence[object] = (resource,)
    else:
        candidates = resource.containers if isinstance(resource, Workload) else ()
    for one in candidates:
        if type(one) is type(part):
            yield one, document.starts(one.node)


def _in_document(part: Any, document: YamlDocument) -> Any:
    if isinstance(part, Container):
        return replace(part, workload=replace(part.workload, document=document))
    return replace(part, document=document)


def _is_checked(template: str) -> bool:
    """Whether a template is a file that is checked."""
    return template.endswith((".yaml", ".yml")) and not is_packed(template)


def _is_test(resource: Resource) -> bool:
    """Whether `helm test` alone runs it."""
    hooks = resource.annotations.get("helm.sh/hook", "").replace(" ", "").split(",")
    return set(hooks) <= {"test", "test-success", "test-failure"}


_KEY = regex(r"""["']?([\w./-]+)["']?:""")
_EXPRESSION = regex(r"\{\{-?[ \t\r\n]*(?P<body>.*?)[ \t\r\n]*-?\}\}", re.DOTALL)
_CONTROL = regex(r"(?:if|else|end|with|range|break|continue)\b|/\*|\$\w*(?:[ \t]*,[ \t]*\$\w+)?[ \t]*:?=")
_INDENTATION = regex(r"\bn?indent[ \t]+(\d+)")


class _Openings(NamedTuple):
    """Where values and named templates can add something: to the mapping itself, to what these keys of it have."""

    itself: bool
    keys: frozenset[str]


def _openings(document: YamlDocument, node: Mapping) -> _Openings:
    """What expressions add to a mapping in a template. Plain text under a condition is part of the mapping."""
    if node.flow:
        return _Openings("{{" in document.text[node.start : node.end], frozenset())
    keys = {entry.key.value for entry in node.entries
            if isinstance(entry.key, Scalar) and not _is_plain(document, node, entry)}  # fmt: skip
    column = node.start - (document.text.rfind("\n", 0, node.start) + 1)
    here = ""
    for line, at in _lines(document.text, node.start, column):
        bare = line.lstrip(" ")
        if at == node.start or len(line) - len(bare) <= column:
            key = _KEY.match(bare)
            here = key[1] if key else here
        for match in _EXPRESSION.finditer(line) if "{{" in line else ():
            if _CONTROL.match(match["body"]):
                continue
            widths = [int(width) for width in _INDENTATION.findall(match["body"])]
            if widths or not line[: match.start()].strip(" -"):
                if not widths or min(widths) <= column:
                    return _Openings(True, frozenset())
                keys.add(here)
    return _Openings(False, frozenset(keys))


def _is_plain(document: YamlDocument, node: Mapping, entry: Entry) -> bool:
    """Whether an entry is the same whatever the values are."""
    written = document.text[entry.key.start : max(entry.value.end, entry.key.end)]
    return "{{" not in written and not document.depends(entry.key, node) and not document.depends(entry.value, node)


def _lines(text: str, start: int, column: int) -> Iterator[tuple[str, int]]:
    """The lines from an offset on that belong to a mapping whose keys are in the column: (line, its offset).

    Expressions over several lines count as one line.
    """
    at = start
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        while text.count("{{", at, end) > text.count("}}", at, end) and end < len(text):
            following = text.find("\n", end + 1)
            end = len(text) if following < 0 else following
        line = text[at:end]
        bare = line.strip()
        indented = len(line) - len(line.lstrip(" "))
        if at != start and bare and indented < column and not bare.startswith(("{{", "#")):
            return
        yield line, at
        at = end + 1
