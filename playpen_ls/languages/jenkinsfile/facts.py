"""The facts that a pipeline states for other files: images built and pushed, objects created, backups."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import replace
from itertools import chain

from playpen_ls.api.fact_types import Backup, Created, ImageBuilt, ImagePushed, ImageUse, Overlay, TagComputed
from playpen_ls.api.facts import Fact
from playpen_ls.api.finding import Place
from playpen_ls.languages.jenkinsfile.model.constants import Constants
from playpen_ls.languages.jenkinsfile.model.images import image_pushes, image_variables, mentions, receivers
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.pods import agents, pod_images
from playpen_ls.languages.jenkinsfile.model.region import Region
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.tree import Call, ShellStep
from playpen_ls.languages.shell.deployments import deployments
from playpen_ls.languages.shell.image_builds import builds_of, joined, kaniko_build, plain
from playpen_ls.languages.shell.parser import Command
from playpen_ls.text.regex import regex
from playpen_ls.vocabulary import databases
from playpen_ls.vocabulary.images import ImageReference

_WORDS = (
    "docker", "podman", "nerdctl", "buildah", "kaniko", "executor", "kubectl", "kustomize", "sed", "envsubst", "helm",
    "skaffold", "perl", "yq", "git commit", "argocd", *databases.WORDS,
)  # fmt: skip
_DEPLOYS = ("kubernetesDeploy", "kubernetesApply", "openshiftDeploy", "readYaml", "writeYaml")
_KNOWN = frozenset(("docker", "dockerfile", "agent", "containerTemplate", "dir", "checkout", "build", "inside"))
_CHANGING = frozenset(("envsubst", "helm", "skaffold", "yq", "perl", "argocd"))
_KINDS = {"configmap": "ConfigMap", "cm": "ConfigMap", "secret": "Secret", "serviceaccount": "ServiceAccount",
          "sa": "ServiceAccount"}  # fmt: skip


def facts(file: Jenkinsfile) -> Iterator[Fact]:
    known: Constants | None = None
    for fact in _stated(file):
        if isinstance(fact, ImageBuilt | ImagePushed):
            if known is None:
                known = Constants(
                    file.source.text, chain.from_iterable(region.assignments for _, region in file.regions)
                )
            fact = _filled_in(fact, known)
        yield fact


def _filled_in(fact: ImageBuilt | ImagePushed, known: Constants) -> Fact:
    """The fact with constants resolved: `${IMAGE}:${BUILD_NUMBER}` as `nexus:5000/web:${BUILD_NUMBER}`."""
    if isinstance(fact, ImagePushed):
        return ImagePushed(fact.place, known.put_in(fact.reference))
    reference = known.put_in_reference(fact.reference)
    dockerfile = known.put_in(fact.dockerfile)
    context = known.put_in(fact.context) if fact.context is not None else None
    if "$" in dockerfile:  # then the context does not identify the Dockerfile either
        context, dockerfile = None, ""
    elif context is not None and "$" in context:
        context = None
    return replace(fact, reference=reference, context=context, dockerfile=dockerfile, in_workspace=True)


def _stated(file: Jenkinsfile) -> Iterator[Fact]:
    path, regions = file.source.path, file.regions
    dumps = any(word in file.source.text for word in databases.WORDS)
    scheduled = dumps and any(region.named("cron") for _, region in regions)
    images = {name for _, region in regions for name in image_variables(region)}
    pushed = {name for _, region in regions for name in receivers(region, images)}
    looks: tuple[Callable[[Region], Iterable[Fact]], ...] = (
        lambda region: region.parsed.derived(_in_scripts),
        _of_steps,
        lambda region: region.parsed.derived(_of_library),
        _of_agents,
        lambda region: _pushed(region, pushed),
        lambda region: _tagged(region, images),
    )
    for look in looks:
        for start, region in regions:
            for fact in look(region):
                if scheduled or not isinstance(fact, Backup):
                    place = fact.place
                    yield replace(fact, place=Place(path, place.span.shifted(start), place.message))


def _of_agents(region: Region) -> Iterator[Fact]:
    """The manifests of agents' pods, which are incomplete: the Kubernetes plugin merges them with its templates."""
    if "yamlFile" in region.parsed.text:
        for path, span in region.parsed.derived(agents).files:
            yield Overlay(Place("", span), (posixpath.normpath(path),), ())
    for image, span in region.parsed.derived(pod_images):
        reference = ImageReference.parse(image)
        if reference.tag and not reference.floats and not reference.variable and not reference.digest:
            yield ImageUse(Place("", span), image)


def _in_scripts(parsed: Parsed) -> tuple[Fact, ...]:
    """The facts that shell scripts state; every dump is a backup."""
    return tuple(fact for step in Region(parsed).steps_with(_WORDS) for fact in _in_script(step))


def _in_script(step: ShellStep) -> Iterator[Fact]:
    folder = _outer_folder(step)
    for command in step.commands:
        if command.name == "cd":
            folder = _joined(folder, command.operands[0].text if command.operands else None)
        yield from _of_command(command, "", folder)
        for database in _dumped(command):
            yield Backup(Place("", step.name_span, "dumps the database"), "", database)


def _pushed(region: Region, pushed: Set[str]) -> Iterator[Fact]:
    for mention in mentions(region, pushed):
        if mention.role == "push":
            yield ImagePushed(Place("", mention.span), mention.reference.text)


def _tagged(region: Region, images: Set[str]) -> Iterator[Fact]:
    for call in image_pushes(region, images):
        if call.arguments:  # `img.push("1.0")`: the image of `img` is not resolved
            yield TagComputed(Place("", call.name_span))


def _of_steps(region: Region) -> Iterator[Fact]:
    for call in region.named("build", *_DEPLOYS):
        if call.name == "build" and call.receiver == "docker" and call.arguments:
            literal = call.arguments[0].string
            if literal is None:
                yield TagComputed(Place("", call.name_span))
                continue
            options = call.arguments[1].string if len(call.arguments) > 1 else None
            second = "." if len(call.arguments) < 2 else options.fragment.text if options is not None else None
            dockerfile, context = _docker_build(second)
            place = Place("", literal.inside)
            yield ImageBuilt(place, literal.fragment.text, joined(_outer_folder(call), context), dockerfile)
        elif call.name in _DEPLOYS:
            yield TagComputed(Place("", call.name_span))


_IMAGE_KEY = regex(r"(?:docker|container)?(?:image|repo(?:sitory)?|container)(?:name)?", re.IGNORECASE)
_FOLDER_KEY = regex(
    r"(?:docker|build|service|app|source|work(?:ing)?)?(?:dir|directory|context|path|folder)", re.IGNORECASE
)
_FILE_KEY = regex(r"docker_?file(?:path)?", re.IGNORECASE)
_NAMES_IMAGE = regex(
    r"(?:image|repo(?:sitory)?|container)(?:name)?[\"']?\s*:|docker_?build\b"
)  # in lower case: a quick look
_BUILDS_HERE = regex(r"docker_?build|build_?docker(?:_?image)?", re.IGNORECASE)


def _of_library(parsed: Parsed) -> tuple[Fact, ...]:
    """A step of a shared library that gets an image, and the folder or the Dockerfile that it is built from.

    Or `docker_build('name', …)`, in the current folder.
    """
    if not _NAMES_IMAGE.search(parsed.text.lower()):
        return ()
    found = []
    for call in Region(parsed).calls:
        given = {one.name: one.string for one in call.arguments if one.name is not None}
        image, folder, file = (
            next((value for key, value in given.items() if value is not None and wanted.fullmatch(key)), None)
            for wanted in (_IMAGE_KEY, _FOLDER_KEY, _FILE_KEY)
        )
        if image is not None and (folder is not None or file is not None) and call.name not in _KNOWN:
            context = joined(_outer_folder(call), folder.fragment.text if folder is not None else ".")
            dockerfile = file.fragment.text if file is not None else ""
            found.append(ImageBuilt(Place("", image.inside), image.fragment.text, context, dockerfile))
        elif not call.receiver and _BUILDS_HERE.fullmatch(call.name) and call.arguments and not given:
            name = call.arguments[0].string
            if name is not None and name.fragment.text:
                found.append(ImageBuilt(Place("", name.inside), name.fragment.text, _outer_folder(call), ""))
    return tuple(found)


def _docker_build(arguments: str | None) -> tuple[str, str | None]:
    """(Dockerfile or "", context or None) of `docker.build(image, "-f docker/web.Dockerfile web")`."""
    if arguments is None:
        return "", None
    words = arguments.split()
    dockerfile = next((words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-f", "--file")), "")
    return dockerfile, words[-1] if words else None


def _of_command(command: Command, path: str, folder: str | None) -> Iterator[Fact]:
    name = command.name
    place = Place(path, command.span)
    for one in builds_of(command, folder):
        yield ImageBuilt(Place(path, one.span), one.reference, one.context, one.dockerfile, one.target, one.builder)
    if name == "executor":
        yield kaniko_build(command, folder, path)
    yield from deployments(command, path, command.span)
    if name == "kubectl":
        yield from _kubectl(command, place)
    elif (
        name in _CHANGING
        or (name == "sed" and command.has("-i", "--in-place"))
        or name == "sed"
        or (name == "kustomize" and any(word.text == "edit" for word in command.arguments))
    ):
        yield TagComputed(place)


def _kubectl(command: Command, place: Place) -> Iterator[Fact]:
    words = [word.text for word in command.operands]
    if words[:2] == ["set", "image"] or words[:1] in (["patch"], ["edit"], ["replace"]):
        yield TagComputed(place)
    elif words[:1] == ["create"] and len(words) > 1 and words[1] in _KINDS:
        named = words[3] if words[1] == "secret" and len(words) > 3 else words[2] if len(words) > 2 else ""
        yield Created(place, _KINDS[words[1]], named if "$" not in named and plain(named) else "")


def _joined(folder: str | None, into: str | None) -> str | None:
    return joined(folder, plain(into)) if into is not None else None


def _outer_folder(call: Call) -> str | None:
    """The folder of the `dir('x')` steps around a call: "" for the workspace itself, None if it is computed.

    It can have variables, which are filled in later.
    """
    folder: str | None = ""
    for outer in reversed(list(call.enclosing)):
        if outer.name in ("dir", "ws"):
            literal = outer.arguments[0].string if outer.arguments else None
            value = literal.fragment.text if literal is not None else None
            folder = joined(folder, value) if value is not None and outer.name == "dir" else None
    return folder


def _dumped(command: Command) -> list[str]:
    words: Sequence[object] = command.words
    return sorted(databases.dumped(" ".join(getattr(word, "text", "").rpartition("/")[2] for word in words)))
