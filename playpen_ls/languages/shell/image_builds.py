"""Commands that build images: `docker build`, `buildah bud`, Kaniko's `executor`, `gcloud builds submit`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

from playpen_ls.api.fact_types import KanikoBuild
from playpen_ls.api.finding import Place
from playpen_ls.languages.shell.commands import Command
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.span import Span
from playpen_ls.vocabulary import kaniko

ENGINES = frozenset(("docker", "podman", "nerdctl", "buildah"))
_TAGS = ("-t", "--tag", "--image")


@dataclass(frozen=True)
class Build:
    """`span` is that of the reference. Paths are as in `ImageBuilt`, but can have variables (`$NAME`, `${NAME}`)."""

    span: Span
    reference: str
    context: str | None
    dockerfile: str
    target: str = ""
    builder: str = "docker"


def builds_of(command: Command, folder: str | None) -> Iterator[Build]:
    """The images that a command builds in `folder`, which is None if it is unknown."""
    words = [word.text for word in command.operands]
    match command.name:
        case name if name in ENGINES:
            while words and words[0] in ("image", "buildx", "builder"):
                words = words[1:]
            if words and words[0] in ("build", "bud"):
                yield from _built(command, words, folder)
        case "executor":
            yield from _by_kaniko(command, folder)
        case "gcloud" if words[:2] == ["builds", "submit"]:
            yield from _built(command, words[1:], folder, "-t", "--tag")
        case "az" if words[:2] == ["acr", "build"]:
            yield from _built(command, words[1:], folder)
        case "minikube" if words[:2] == ["image", "build"]:
            yield from _built(command, words[1:], folder)
        case "pack" if words[:1] == ["build"] and len(words) > 1:
            yield Build(command.operands[1].span, words[1], None, "", builder="buildpacks")


def _built(command: Command, words: list[str], folder: str | None, *tags: str) -> Iterator[Build]:
    context = joined(folder, plain(words[-1])) if len(words) > 1 else joined(folder, ".")
    options = {one.name: one for one in command.options}
    file = next((options[name].text for name in ("-f", "--file") if name in options), "")
    if file and folder is None:
        return
    dockerfile = _normal(posixpath.join(folder or "", file)) if file else ""
    target = options["--target"].text if "--target" in options else ""
    for option in command.options:
        if option.name in (tags or _TAGS) and option.text:
            yield Build(option.value_span, option.text, context, dockerfile, target)


def _by_kaniko(command: Command, folder: str | None) -> Iterator[Build]:
    def value(*names: str) -> str:
        option = command.option(*names)
        return option.text if option is not None else ""

    context = joined(folder, plain(_from_here(value("-c", "--context").removeprefix("dir://")) or "."))
    if value("--context-sub-path"):
        context = joined(context, plain(value("--context-sub-path")))
    file = _from_here(value("-f", "--dockerfile"))
    dockerfile = _normal(posixpath.join(folder or "", file)) if file else ""
    for option in command.options:
        if option.name in ("-d", "--destination") and option.text:
            yield Build(option.value_span, option.text, context, dockerfile, value("--target"))


def _from_here(path: str) -> str:
    """The path without a command or variable at its beginning that says the current folder."""
    return re.sub(r"^(?:`pwd`|\$\(pwd\)|\$\{?PWD\}?)(?:/|$)", "", path)


def kaniko_build(command: Command, folder: str | None, path: str, fill_in: Callable[[str], str] = str) -> KanikoBuild:
    """The build of Kaniko's `executor`; `fill_in` fills in the variables of the pipeline or script."""

    def value(*names: str) -> str:
        option = command.option(*names)
        return fill_in(option.text) if option is not None else ""

    paths = kaniko.dockerfiles_of(
        folder, value("-c", "--context"), value("--context-sub-path"), value("-f", "--dockerfile")
    )
    given = (word.text.partition("=") for word in command.assignments)
    features = tuple(name for name, _, text in given if name.startswith("FF_KANIKO_") and kaniko.is_on(text))
    return KanikoBuild(Place(path, command.span), paths, "", features)


def plain(text: str) -> str | None:
    """The text, possibly with variables; None if a command computes it."""
    return text if not re.search(r"[`(]", text) else None


def joined(folder: str | None, path: str | None) -> str | None:
    """The path from where `folder` is; None if it is unknown, outside or no local folder. "" is the folder itself."""
    if folder is None or path is None or path.startswith(("/", "http", "git@", "-")):
        return None
    made = _normal(posixpath.join(folder, path))
    return None if made.startswith("..") else "" if made == "." else made


def _normal(path: str) -> str:
    """The path without `.` and `..`; unchanged if a variable can stand for several folders (`$X/../y`)."""
    return path if "$" in path and ".." in path.split("/") else posixpath.normpath(path)
