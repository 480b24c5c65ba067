"""Rename what has a definition, in all files, if every use of it is known; else it is refused with the reason.

A use is known if a reference leads to the definition. What else has the name as a word, and could be a use, is a reason
to refuse: a script that reads the variable, a template, a patch, a manifest that takes all keys of an object.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from playpen_ls.api.fact_types import ConfigMapKeys, ImageBuilt, Kustomized, Pods, SecretKeys, ServiceAccount
from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Change, Refused
from playpen_ls.languages.detection import possible_language
from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel
from playpen_ls.languages.dockerfile.model.references import PLATFORM
from playpen_ls.languages.kubernetes.model.manifests import Manifests
from playpen_ls.session.references.reference import Access, Kind, Reference, Target
from playpen_ls.session.references.search import Found, at, references, related
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span, Spans

_LABEL = regex(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SUBDOMAIN = regex(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_PORT = regex(r"(?=.{1,15}$)(?=.*[a-z])(?!.*--)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_VARIABLE = regex(r"[A-Za-z_][A-Za-z0-9_]*")
_NAMES: Mapping[Kind, tuple[re.Pattern[str], str]] = {
    Kind.STAGE: (regex(r"[a-z][a-z0-9_.-]*"), "a stage: a letter first, then a-z, 0-9, `_`, `.` and `-`"),
    Kind.ARGUMENT: (_VARIABLE, "a variable: letters, digits and `_`"),
    Kind.PORT: (_PORT, "a port: at most 15 of a-z, 0-9 and `-`, with a letter"),
    Kind.KEY: (regex(r"(?=.{1,253}$)(?!\.\.?$)[-._a-zA-Z0-9]+"), "a key: letters, digits, `-`, `_` and `.`"),
    Kind.VOLUME: (_LABEL, "a volume: at most 63 of a-z, 0-9 and `-`"),
    Kind.CONFIG_MAP: (_SUBDOMAIN, "an object: a-z, 0-9, `-` and `.`"),
    Kind.SECRET: (_SUBDOMAIN, "an object: a-z, 0-9, `-` and `.`"),
    Kind.SERVICE_ACCOUNT: (_SUBDOMAIN, "an object: a-z, 0-9, `-` and `.`"),
    Kind.VARIABLE: (_VARIABLE, "a variable: letters, digits and `_`"),
    Kind.BINDING: (_VARIABLE, "a variable: letters, digits and `_`"),
    Kind.CREDENTIAL: (regex(r"[\w.-]+"), "a credential: letters, digits, `-`, `_` and `.`"),
}
"""The kinds that can be renamed, and how their names are written."""
_OBJECTS: Mapping[Kind, type[ConfigMapKeys] | type[SecretKeys] | type[ServiceAccount]] = {
    Kind.CONFIG_MAP: ConfigMapKeys,
    Kind.SECRET: SecretKeys,
    Kind.SERVICE_ACCOUNT: ServiceAccount,
}
_IN_YAML = frozenset((*_OBJECTS, Kind.KEY, Kind.VOLUME, Kind.PORT, Kind.VARIABLE))
_NEED_USES = frozenset((*_OBJECTS, Kind.KEY, Kind.PORT))
# Plain scalars that YAML does not read as text.
_NO_TEXT = regex(r"(?i:true|false|yes|no|on|off|null|y|n|~|[-+]?[\d_.]+(?:e[-+]?\d+)?|0[xob][\da-f_]+|\.inf|\.nan)")
_ROUNDS = 6
# Objects whose ports are those of Services.
_OF_SERVICES = regex(r"\bkind[\"']?:[ \t]*[\"']?(?:ServiceMonitor|Ingress|HTTPRoute|VirtualService|Service)\b")
_BUILD_ARGUMENTS = regex(r"build[-_]?arg|\bargs\s*[:=]", re.IGNORECASE)
_READ_UNASKED = regex(
    r"(?:PIP|UV|POETRY|NPM|YARN|NODE|GO|CARGO|RUST|MAVEN|GRADLE|JAVA|APT|DEBIAN|DEBCONF|BUILDKIT|DOCKER|SOURCE_DATE|CI|LC"
    r"|PYTHON|CONDA|HF|AWS|GIT|SSH)(?:_\w*)?|\w*_PROXY|\w*_proxy|PATH|HOME|USER|SHELL|LANG|TZ|TERM|HOSTNAME|PWD"
)
"""Variables that programs read although nobody writes `$NAME`."""


@dataclass(frozen=True)
class Renaming:
    """What is renamed: the name is at `span` of its file; `uses` are all places, its definitions among them."""

    kind: Kind
    span: Span
    name: str
    uses: tuple[Target, ...]


def prepared(workspace: Workspace, path: str, offset: int, *, only_across: bool = False) -> Renaming | None:
    """What stands at an offset of an open file, if that can be renamed; None if it is nothing of that sort.

    Raises Refused if not all of its uses are known. With `only_across`, another server renames what only its own file
    knows.
    """
    for one in at(workspace, path, offset):
        if one.kind not in _NAMES or not one.name or (only_across and one.kind in (Kind.STAGE, Kind.ARGUMENT)):
            continue
        if one.kind is Kind.PORT and one.name.isdigit():
            continue
        found = _all_uses(workspace, path, one) if one.meant() else []
        if found or one.kind in (Kind.KEY, Kind.VARIABLE, *_OBJECTS):
            return _Uses(workspace, path, one, found).renaming()
    return None


def _all_uses(workspace: Workspace, path: str, one: Reference) -> list[Found]:
    """The references that mean the same, and those that mean what these do: variants of an object in several files."""
    meant, found = one.meant(), related(workspace, path, one)
    if one.kind is Kind.BINDING:  # all of a name lead to the same places
        return found
    for _ in range(_ROUNDS):
        grown = meant.union(*(each.reference.meant() for each in found))
        if grown == meant:
            return found
        meant, found = grown, related(workspace, path, one, grown)
    raise Refused(f"`{one.name}` means too many things")


def renamed(workspace: Workspace, path: str, offset: int, name: str, *, only_across: bool = False) -> Change | None:
    """The edits that rename what stands at an offset of an open file; None as for `prepared`. Raises Refused."""
    found = prepared(workspace, path, offset, only_across=only_across)
    if found is None:
        return None
    _check_name(workspace, found, name)
    edits: dict[str, list[Edit]] = {}
    for use in found.uses if name != found.name else ():
        edits.setdefault(use.path, []).append(Edit(use.span.start, use.span.end, name))
    return Change({path: tuple(sorted(some, key=lambda edit: edit.start)) for path, some in edits.items()})


class _Uses:
    """The uses of a name, `one` in the file at `path`; `found` are the references that mean the same."""

    def __init__(self, workspace: Workspace, path: str, one: Reference, found: list[Found]) -> None:
        self._workspace = workspace
        self._path = path
        self._one = one
        self._found = found
        self._known: dict[str, Spans] = {}
        self._uses = dict.fromkeys(each.target for each in self._found if each.reference.name)

    def renaming(self) -> Renaming:
        if not self._workspace.index.complete:
            raise Refused("the files of the project have not been read yet")
        one, kind = self._one, self._one.kind
        if kind is Kind.VARIABLE and not self._found:
            raise Refused(f"no code in the project is known to read `{one.name}`")
        if kind is not Kind.CREDENTIAL and not any(each.reference.place is not None for each in self._found):
            raise Refused(f"nothing in the project defines `{one.name}`")
        if kind in _NEED_USES and len(self._uses) < 2:
            raise Refused(f"nothing in the project uses `{one.name}`, so what does is not known")
        checks: Mapping[Kind, Callable[[], None]] = {
            Kind.STAGE: self._check_stage, Kind.ARGUMENT: self._check_argument, Kind.VOLUME: self._check_pod,
            Kind.PORT: self._check_port, Kind.KEY: self._check_key, Kind.VARIABLE: self._check_variable,
            Kind.BINDING: self._check_binding, Kind.CREDENTIAL: self._check_everywhere,
        }  # fmt: skip
        checks.get(kind, self._check_everywhere)()
        for use in self._uses:
            self._check_place(use)
        written = self._text(self._path)[one.span.start : one.span.end]
        return Renaming(kind, one.span, written, tuple(self._uses))

    def _text(self, path: str) -> str:
        return self._workspace.text(path) or ""

    def _check_place(self, use: Target) -> None:
        written = self._text(use.path)[use.span.start : use.span.end]
        same = written.lower() == self._one.name.lower() if self._one.kind is Kind.STAGE else written == self._one.name
        if not same:
            raise Refused(f"{self._at(use.path, use.span.start)} writes `{self._one.name}` in another way")
        place = self._workspace.root / use.path
        if not self._workspace.ask(("writable", place), lambda: not place.exists() or os.access(place, os.W_OK)):
            raise Refused(f"`{use.path}` is read-only")

    def _at(self, path: str, offset: int) -> str:
        return f"{path}:{Source(path, self._text(path)).line_of(offset) + 1}"

    def _refuse_mentions(self, paths: Iterable[str], word: str = r"\w", why: str = "is also named in") -> None:
        """Refuse if one of the files has the name elsewhere; `word` are the characters of names."""
        name = self._one.name
        pattern = re.compile(rf"(?<![{word}]){re.escape(name)}(?![{word}])")
        for path in paths:
            text = self._text(path)
            for match in pattern.finditer(text) if name in text else ():
                if not self._is_known(path, match.start(), match.end()):
                    raise Refused(f"`{name}` {why} {self._at(path, match.start())}")

    def _is_known(self, path: str, start: int, end: int) -> bool:
        """Whether the text is a use, a comment, or a reference to something else."""
        if path not in self._known:
            spans = [use.span for use in self._uses if use.path == path]
            model = self._workspace.model_at(path)
            if model is not None:
                spans += [comment.span for comment in model.comments()]
                spans += [one.span for one in references(model, self._workspace) if self._is_another(one)]
            self._known[path] = Spans(spans)
        return self._known[path].touch(start, end)

    def _is_another(self, one: Reference) -> bool:
        """Whether a reference certainly means something else of the name. Keys can be names of variables."""
        if self._one.kind is Kind.VARIABLE and one.kind is Kind.KEY and one.place is not None and self._takes_keys:
            return False
        if one.kind is self._one.kind and one.kind in _OBJECTS and one.place is not None:
            return self._is_used_near(one.place.path)
        return one.is_resolved

    def _is_used_near(self, path: str) -> bool:
        """Whether an object of that name is another application's, which its own folder uses; else it is a variant."""
        folder = posixpath.dirname(path)
        own = {posixpath.dirname(each.path) for each in self._definitions}
        if own & self._built_on(folder) or any(folder in self._built_on(one) for one in own):
            return False
        for other in self._manifests():
            model = self._workspace.model_at(other) if posixpath.dirname(other) == folder else None
            for one in references(model, self._workspace) if model is not None else ():
                if (one.kind, one.name, one.place) == (self._one.kind, self._one.name, None):
                    return True
        return False

    def _built_on(self, folder: str) -> set[str]:
        """The folders that the kustomization of a folder is built on, also through others."""
        listed: dict[str, set[str]] = {}
        for one in self._workspace.context("").facts(Kustomized):
            listed.setdefault(posixpath.dirname(one.place.path), set()).update((one.path, posixpath.dirname(one.path)))
        found, waiting = set[str](), [folder]
        for one in waiting:
            waiting += listed.get(one, set()) - found
            found |= listed.get(one, set())
        return found

    @cached_property
    def _takes_keys(self) -> bool:
        return any(self._workspace.paths_of("kubernetes", "envFrom"))

    @property
    def _definitions(self) -> list[Found]:
        return [each for each in self._found if each.reference.access is Access.WRITE]

    # Dockerfiles

    def _check_stage(self) -> None:
        name, model = self._one.name, self._workspace.model_at(self._path)
        assert isinstance(model, DockerfileModel)
        for number, chunk in enumerate(model.chunks):
            image = model.stage(number).image if number else None
            if image is not None and not image.literal and _can_be(image.word.text, name):
                raise Refused(f"{self._at(self._path, chunk.begins)} computes the name of its image")
        for build in self._workspace.context("").facts(ImageBuilt):
            if build.target.lower() == name:
                raise Refused(f"{self._at(build.place.path, build.place.span.start)} builds the target `{name}`")
        named = re.compile(rf"\btarget[\"']?[ \t]*[=: ][ \t]*[\"']?{re.escape(name)}(?![\w.-])", re.IGNORECASE)
        for path in self._others():
            found = named.search(self._text(path))
            if found is not None:
                raise Refused(f"{self._at(path, found.start())} builds the target `{name}`")

    def _check_argument(self) -> None:
        name = self._one.name
        if name in PLATFORM or _READ_UNASKED.fullmatch(name):
            raise Refused(f"programs read `{name}` without naming it in the Dockerfile")
        model = self._workspace.model_at(self._path)
        assert isinstance(model, DockerfileModel)
        text = self._text(self._path)
        for each in self._definitions:
            line = text[text.rfind("\n", 0, each.reference.span.start) + 1 : each.reference.span.start]
            if not re.match(r"\s*(?:ONBUILD\s+)?ARG\b", line, re.IGNORECASE):
                raise Refused(f"`{name}` is in the environment of the container, where programs can read it")
        if all(each.reference.access is Access.WRITE for each in self._found):
            raise Refused(f"no instruction uses `{name}`, but programs that `RUN` starts can read it")
        self._refuse_mentions([self._path])
        self._refuse_mentions(path for path in self._others() if _BUILD_ARGUMENTS.search(self._text(path)))

    def _others(self) -> Iterator[str]:
        """The files that can build the Dockerfile."""
        for path in self._workspace.index.read_paths():
            if possible_language(path) not in ("python", "dockerfile"):
                yield path

    # Manifests

    def _manifests(self) -> list[str]:
        return list(self._workspace.paths_of("kubernetes", self._one.name))

    def _check_templates(self, paths: Iterable[str]) -> None:
        for path in paths:
            model = self._workspace.model_at(path)
            for chunk in model.chunks if isinstance(model, Manifests) else ():
                if chunk.content.result.template and self._one.name in chunk.content.text:
                    raise Refused(f"`{self._one.name}` is in the template {path}")

    def _check_pod(self) -> None:
        """Names inside a pod, which patches of the same object can use."""
        paths = self._manifests()
        self._check_templates({use.path for use in self._uses})
        facts = self._workspace.context("").facts(Pods)
        own = {(one.kind, one.name) for one in facts if one.place.path in {each.path for each in self._definitions}}
        for one in facts:
            elsewhere = one.place.path not in {each.path for each in self._definitions}
            if elsewhere and (one.kind, one.name) in own and one.place.path in paths:
                raise Refused(f"{one.kind} `{one.name}` is also in {one.place.path}, with `{self._one.name}`")
        for path in paths:
            model = self._workspace.model_at(path)
            for other in references(model, self._workspace) if model is not None else ():
                if other.kind is self._one.kind and other.name == self._one.name and not other.meant():
                    raise Refused(f"{self._at(path, other.span.start)} names a `{other.name}` that is not defined")

    def _check_port(self) -> None:
        self._check_pod()
        name = re.escape(self._one.name)
        port = re.compile(rf"\b\w*[pP]ort(?:Name)?[\"']?[ \t]*:[ \t]*[\"']?({name})(?![\w-])")
        for path in self._manifests():
            model = self._workspace.model_at(path)
            for chunk in model.chunks if isinstance(model, Manifests) else ():
                for match in port.finditer(chunk.content.text) if not _OF_SERVICES.search(chunk.content.text) else ():
                    at = chunk.begins + match.start(1)
                    if not self._is_known(path, at, at + len(match[1])):
                        raise Refused(f"`{self._one.name}` is also named in {self._at(path, at)}")

    def _check_key(self) -> None:
        name, taking = self._one.name, list[Found]()
        if not self._definitions:
            raise Refused(f"a generator or another program writes the key `{name}`")
        objects = {obj.place: Found(each.path, obj) for each in self._definitions for obj in self._object_of(each)}
        for found in objects.values():
            taking += [one for one in related(self._workspace, found.path, found.reference) if one.reference.whole]
            named = found.reference.name
            known = {each.path for each in self._found}
            for path in (one for one in self._workspace.index.read_paths() if one not in known):
                text = self._text(path)
                if named in text and re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", text):
                    raise Refused(f"{path} names `{named}` and `{name}`")
        for one in taking:
            where = self._at(one.path, one.reference.span.start)
            raise Refused(f"{where} takes all keys of `{one.reference.name}`: programs know `{name}` by its name")
        paths = {each.path for each in self._found}
        self._check_templates(paths)
        for path in paths:
            model = self._workspace.model_at(path)
            for other in references(model, self._workspace) if model is not None else ():
                if other.kind is Kind.KEY and other.name == name and not other.meant():
                    raise Refused(f"{self._at(path, other.span.start)} names a key `{name}` of an unknown object")

    def _object_of(self, key: Found) -> Iterator[Reference]:
        """The object that defines a key: that of its document."""
        model, at = self._workspace.model_at(key.path), key.reference.span.start
        for chunk in model.chunks if model is not None else ():
            if model is not None and chunk.span.contains(at):
                for one in references(model, self._workspace):
                    if one.kind in _OBJECTS and one.place is not None and chunk.span.contains(one.span.start):
                        yield one

    # Variables, credentials

    def _check_everywhere(self) -> None:
        self._refuse_mentions(self._workspace.index.read_paths(), r"\w.-")

    def _check_variable(self) -> None:
        if not any(possible_language(each.path) == "python" for each in self._found):
            raise Refused(f"what reads `{self._one.name}` does not name it in a string")
        if _READ_UNASKED.fullmatch(self._one.name):
            raise Refused(f"programs read `{self._one.name}` without naming it")
        self._refuse_mentions(self._workspace.index.read_paths())

    def _check_binding(self) -> None:
        name = self._one.name
        if all(each.reference.access is Access.WRITE for each in self._found) or _READ_UNASKED.fullmatch(name):
            raise Refused(f"programs that steps start can read `{name}` without naming it")
        if re.search(rf"\b{name}_(?:USR|PSW)\b", self._text(self._path)):
            raise Refused(f"`{name}_USR` and `{name}_PSW` follow the name")
        self._refuse_mentions(self._workspace.index.read_paths())


def _can_be(text: str, name: str) -> bool:
    """Whether a text with variables can be the name of a stage."""
    pieces = re.split(r"\$(?:\{[^}]*\}|\w+)", text.lower())
    return re.fullmatch(".*".join(map(re.escape, pieces)), name) is not None


def _check_name(workspace: Workspace, renaming: Renaming, name: str) -> None:
    """Raises Refused for a name that is not one of its kind, or that is taken."""
    kind, (pattern, what) = renaming.kind, _NAMES[renaming.kind]
    if name == renaming.name:
        return
    if not pattern.fullmatch(name):
        raise Refused(f"`{name}` is not a name for {what}")
    if kind in _IN_YAML and _NO_TEXT.fullmatch(name):
        raise Refused(f"YAML does not read `{name}` as text")
    if kind in _OBJECTS:
        facts: Iterable[Fact] = workspace.context("").facts(_OBJECTS[kind])
        if any(getattr(one, "name", "") == name for one in facts):
            raise Refused(f"there is a {kind.value} `{name}` already")
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", re.IGNORECASE if kind is Kind.STAGE else 0)
    for path in dict.fromkeys(use.path for use in renaming.uses):
        found = word.search(workspace.text(path) or "")
        if found is not None:
            line = Source(path, workspace.text(path) or "").line_of(found.start()) + 1
            raise Refused(f"`{name}` is already in {path}:{line}")
