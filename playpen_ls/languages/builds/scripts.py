"""Shell scripts, Makefiles and Tiltfiles: the images that their commands build."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from itertools import islice, product

from playpen_ls.api.fact_types import ImageBuilt, KanikoBuild
from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Place
from playpen_ls.languages.builds.paths import within
from playpen_ls.languages.shell.commands import Command
from playpen_ls.languages.shell.deployments import DEPLOYS, deployments
from playpen_ls.languages.shell.image_builds import ENGINES, Build, builds_of, kaniko_build
from playpen_ls.languages.shell.parser import commands
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

Values = dict[str, tuple[str, ...]]
"""The values that a variable can have: several in a loop over literal words."""

_MOST = 60  # builds that one command of a loop stands for
_USE = regex(r"\$\{(\w+)(?::?-([^${}]*))?\}|\$(\w+)")
_BUILDS = regex(rf"\bbuild\b|\bbud\b|executor|\bsubmit\b|{DEPLOYS}")
_HERE = regex(
    r"\$\{?(?:PWD|WORKSPACE|CI_PROJECT_DIR|GITHUB_WORKSPACE|CODEBUILD_SRC_DIR|BITBUCKET_CLONE_DIR|PROJECT_ROOT|REPO_ROOT"
    r"|ROOT_DIR|ROOT|BUILD_SOURCESDIRECTORY)\}?(?![\w])|\$\(pwd\)|`pwd`|\$\(Build\.SourcesDirectory\)"
    r"|\$\(git rev-parse --show-toplevel\)"
)
_OWN_FOLDER = regex(
    r"""\$\(\s*(?:cd\s+(?:--\s+)?)?["']?\$?\(?\s*dirname\s+(?:--\s+)?["']?\$\{?(?:0|BASH_SOURCE(?:\[0\])?)\}?["']?\s*\)?["']?"""
    r"""(?P<up>(?:/\.\.)*)["']?(?:\s*(?:&&|;)\s*pwd(?:\s+-P)?\s*)?\)|\$\{(?:0|BASH_SOURCE(?:\[0\])?)%/\*\}"""
    r"""|\$\(\s*cd\s+(?:--\s+)?["']?(?P<from>\$\{?\w+\}?(?:/[\w.-]+)*/?)["']?\s*(?:&&|;)\s*pwd(?:\s+-P)?\s*\)"""
)
_ROOT = "@root"  # begins paths that are relative to the project, not to where the script runs
_ASSIGNED = regex(r"^[ \t]*(?:export[ \t]+|readonly[ \t]+|local[ \t]+|declare[ \t]+(?:-\w+[ \t]+)?)?"
                       r"(\w+)=(\"[^\"\n]*\"|'[^'\n]*'|[^\s;&|()]*)", re.MULTILINE)  # fmt: skip
_LOOP = regex(r"\bfor[ \t]+(\w+)[ \t]+in[ \t]+((?:[\w./:@-]+[ \t]*(?:\\\n[ \t]*)?)+)")
_ARRAY = regex(r"^[ \t]*(?:declare[ \t]+-a[ \t]+|local[ \t]+-a[ \t]+)?(\w+)=\(([^()$`]*)\)", re.MULTILINE)
_ARRAY_LOOP = regex(
    r"\bfor[ \t]+(\w+)[ \t]+in[ \t]+\"?\$\{(\w+)\[[@*]\]\}\"?"
    r"|\bfor[ \t]+(\w+)[ \t]+in[ \t]+\$\{?(\w+)\}?(?=[ \t]*[;\n])"
)


def of_script(path: str, text: str) -> Iterator[Fact]:
    if not _BUILDS.search(text):
        return
    fragment, values = _with_own_folder(text, posixpath.dirname(path)), values_in(text)
    engines = {name for name, found in values.items() if found[0] in ENGINES}
    if engines:
        span = Span(0, len(text))  # offsets are not those of the text
        yield from facts_of(path, _with_engine(fragment.text, values), values, "", in_workspace=True, span=span)
    else:
        yield from facts_of(path, fragment, values_in(fragment.text), "", in_workspace=True)


def _with_own_folder(text: str, folder: str) -> Fragment:
    """The script with its own folder written where it asks for that: `$(dirname "$0")`.

    And with the folder in place of `$(cd "$X/.." && pwd)`.
    """
    if not _OWN_FOLDER.search(text):
        return Fragment.verbatim(text, Span(0, len(text)))
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    reached = 0
    for match in _OWN_FOLDER.finditer(text):
        made = match["from"] or posixpath.normpath(posixpath.join(_ROOT, folder) + (match["up"] or ""))
        pieces += [text[reached : match.start()], made]
        starts += [*range(reached, match.start()), *([match.start()] * len(made))]
        ends += [*range(reached + 1, match.start() + 1), *([match.end()] * len(made))]
        reached = match.end()
    pieces.append(text[reached:])
    return Fragment("".join(pieces), [*starts, *range(reached, len(text))], [*ends, *range(reached + 1, len(text) + 1)])


def values_in(text: str, outer: Mapping[str, Sequence[str]] | None = None) -> Values:
    """The literal values of the variables that a script assigns once, and of the variables of its loops.

    `outer` are the values of the variables of the Makefile that it is in.
    """
    found: Values = {}
    for name, written in _ASSIGNED.findall(text):
        value = written.strip("\"'")
        if name in found and found[name] != (value,):
            found[name] = ()
        else:
            found[name] = (value,)
    arrays = {name: tuple(words.replace('"', "").replace("'", "").split()) for name, words in _ARRAY.findall(text)}
    for name, words in _LOOP.findall(text):
        found[name] = (*found.get(name, ()), *words.replace("\\\n", " ").split())
    for name, array, other, words in _ARRAY_LOOP.findall(text):
        listed = arrays.get(array) or (found.get(words) or (outer or {}).get(words) or ("",))[0].split()
        found[name or other] = tuple(dict.fromkeys((*found.get(name or other, ()), *listed)))
    return {name: values for name, values in found.items() if values}


def facts_of(
    path: str,
    text: str | Fragment,
    values: Mapping[str, Sequence[str]],
    folder: str | None,
    *,
    in_workspace: bool,
    span: Span | None = None,
) -> Iterator[Fact]:
    """The builds of a script; `folder` is where it runs, from the root or the workspace.

    `span` is the range that stands for each of them, where the text is not that of the file.
    """
    walk = _Walk(folder)
    fragment = text if isinstance(text, Fragment) else Fragment.verbatim(text, Span(0, len(text)))
    for command in commands(fragment):
        if command.name == "executor":
            yield _by_kaniko(command, walk.folder, path, values, span)
        yield from deployments(command, path, span or command.span)
        for one in walk.builds(command):
            for filled in _filled_in(one, values):
                made = _stated(path, span or one.span, filled, in_workspace)
                if made is not None:
                    yield made


def _by_kaniko(
    command: Command, folder: str | None, path: str, values: Mapping[str, Sequence[str]], span: Span | None
) -> KanikoBuild:
    known = {name: found[0] for name, found in values.items() if len(found) == 1}
    made = kaniko_build(command, folder, path, lambda text: _put_in(_HERE.sub(".", text), known))
    return replace(made, place=Place(path, span)) if span is not None else made


@dataclass
class _Walk:
    """Follows `cd` through a script, also out of a subshell."""

    folder: str | None
    _outer: list[str | None] = field(default_factory=list)

    def builds(self, command: Command) -> Iterator[Build]:
        if command.before == "(":
            self._outer.append(self.folder)
        if command.name in ("cd", "pushd", "popd"):
            to = command.operands[0].text if command.operands and command.name != "popd" else None
            self._enter(to, command.name == "popd")
        else:
            yield from builds_of(command, self.folder)
        if command.after == ")" and self._outer:
            self.folder = self._outer.pop()

    def _enter(self, to: str | None, back: bool) -> None:
        if back or to in (None, "-"):
            self.folder = "" if back else None
            return
        to = _HERE.sub(".", to)
        if to.startswith(("/", "~", "`")) or "(" in to:
            self.folder = None
        elif to.startswith(_ROOT):
            self.folder = posixpath.normpath(to)
        elif self.folder is not None:
            self.folder = posixpath.join(self.folder, to)


def _filled_in(one: Build, values: Mapping[str, Sequence[str]]) -> Iterator[Build]:
    """The build with its variables filled in, once for each combination of their values."""
    texts = [
        _HERE.sub(".", text) if number else text
        for number, text in enumerate((one.reference, one.context or "", one.dockerfile))
    ]
    known = {name: list(found) for name, found in values.items()}
    names = _names_in(texts, known)
    for chosen in islice(product(*(known[name] for name in names)), _MOST):
        table = dict(zip(names, chosen, strict=True))
        reference, context, dockerfile = (_put_in(text, table) for text in texts)
        yield Build(one.span, reference, None if one.context is None else context, dockerfile, one.target, one.builder)


def _names_in(texts: Iterable[str], known: Mapping[str, Sequence[str]]) -> list[str]:
    names: dict[str, None] = {}
    waiting = list(texts)
    while waiting:
        for braced, _, bare in _USE.findall(waiting.pop()):
            name = braced or bare
            if name in known and name not in names and len(names) < 12:
                names[name] = None
                waiting += known[name]
    return list(names)


def _put_in(text: str, values: Mapping[str, str], depth: int = 5) -> str:
    def value(match: re.Match[str]) -> str:
        known = values.get(match[1] or match[3])
        return known if known is not None else match[2] if match[2] is not None else match[0]

    made = _USE.sub(value, text)
    return _put_in(made, values, depth - 1) if made != text and "$" in made and depth and len(made) < 500 else made


def _stated(path: str, span: Span, one: Build, in_workspace: bool) -> ImageBuilt | None:
    """The fact; None if its paths cannot be known."""
    texts = [one.context, one.dockerfile or None]
    if any(text is not None and _ROOT in text for text in texts):
        in_workspace = False  # `cd "$(dirname "$0")"`
        texts = [text.rpartition(_ROOT)[2].strip("/") if text is not None else None for text in texts]
    context, dockerfile = (None if text is None else within("", text or ".") for text in texts)
    if one.dockerfile and dockerfile is None:
        return None
    if context is None and not dockerfile and one.builder == "docker":
        return ImageBuilt(Place(path, span), one.reference, None, "", one.target, one.builder, in_workspace)
    return ImageBuilt(
        Place(path, span), one.reference, context, dockerfile or "", one.target, one.builder, in_workspace
    )


_VARIABLE = regex(r"^(?:export[ \t]+)?([A-Za-z_][\w-]*)[ \t]*(?::::?=|::?=|\?=|=)[ \t]*([^#\n]*)", re.MULTILINE)
_MAKE_USE = regex(r"\$\(([A-Za-z_][\w-]*)\)|\$\{([A-Za-z_][\w-]*)\}|\{\{\s*([A-Za-z_][\w-]*)\s*\}\}")
_RECIPE = regex(r"^(?:\t| {2,})(?:\\\n|.)*", re.MULTILINE)


def of_makefile(path: str, text: str) -> Iterator[Fact]:
    """A Makefile or justfile: each line of a recipe is a script of its own, run in the file's folder."""
    if not _BUILDS.search(text):
        return
    values: Values = {}
    for name, value in _VARIABLE.findall(text):
        values.setdefault(_variable(name), (_as_shell(value.strip().strip("\"'")),))
    folder = posixpath.dirname(path)
    own = not path.endswith(".mk")  # a `.mk` file runs in the folder of the Makefile that includes it
    for recipe in _RECIPE.finditer(text):
        written = recipe[0]
        if not _BUILDS.search(written):
            continue
        script = _with_engine(_as_shell(re.sub(r"^\s*[@+-]*", "", written).replace("$$", "$")), values)
        span = Span(recipe.start() + len(written) - len(written.lstrip()), recipe.end())
        every = {**values, **values_in(script, values)}
        yield from facts_of(path, script, every, folder if own else "", in_workspace=not own, span=span)


def _with_engine(script: str, values: Values) -> str:
    """The script with the names of engines in place of variables that have them: `$(DOCKER) build`."""
    engines = {name: found[0] for name, found in values.items() if found[0] in ENGINES}
    return _USE.sub(lambda match: engines.get(match[1] or match[3], match[0]), script) if engines else script


def _as_shell(text: str) -> str:
    return _MAKE_USE.sub(lambda match: f"${{{_variable(match[1] or match[2] or match[3])}}}", text)


def _variable(name: str) -> str:
    return name.replace("-", "_")


_TILT = regex(r"\b(?:docker_build|docker_build_with_restart|podman_build)\(\s*(?:ref\s*=\s*)?"
                   r"(['\"])(?P<image>[^'\"\n]+)\1\s*,"
                   r"\s*(?:context\s*=\s*)?(['\"])(?P<context>[^'\"\n]*)\3(?P<more>[^()]*)")  # fmt: skip
_TILT_FILE = regex(r"\bdockerfile\s*=\s*(['\"])([^'\"\n]+)\1")
_TILT_TARGET = regex(r"\btarget\s*=\s*(['\"])([^'\"\n]+)\1")


def of_tiltfile(path: str, text: str) -> Iterator[Fact]:
    folder = posixpath.dirname(path)
    for match in _TILT.finditer(text):
        file, target = _TILT_FILE.search(match["more"]), _TILT_TARGET.search(match["more"])
        context = within(folder, match["context"] or ".")
        dockerfile = within(folder, file[2]) if file else ""
        if dockerfile is not None:
            place = Place(path, Span(match.start("image"), match.end("image")))
            yield ImageBuilt(place, match["image"], context, dockerfile, target[2] if target else "")
