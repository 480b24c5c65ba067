from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from playpen_ls.api.example import example
from playpen_ls.api.file_view import FileView, each, every
from playpen_ls.api.finding import Finding, Fix, Place, Refused, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.edits.change import whole_file_change
from playpen_ls.languages.jenkinsfile.edits.retag import groovy_edit, release_tag, retagged, without_statement
from playpen_ls.languages.jenkinsfile.model.images import ImageUse, floats, pushes, uses, variables
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.queries import frames, image_pushes, image_uses
from playpen_ls.languages.jenkinsfile.parts import Region, StringLiteral, WholeFile
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.shell.parser import Command, Word
from playpen_ls.rules.jenkinsfile.moving_tag.unpush import has_fixed_sibling, without_pushes
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.images import ImageReference


def steps(text: str) -> str:
    body = "".join(f"                {line}\n" for line in text.split("\n"))
    head = "pipeline {\n    agent any\n    stages {\n        stage('Publish') {\n            steps {\n"
    return f"{head}{body}            }}\n        }}\n    }}\n}}\n"


@rule(
    severity=Severity.WARNING,
    practice="Image tagging",
    bad=[
        example(
            steps("sh 'docker tag my-app:latest nexus:5000/my-app:«latest»'"),
            fixed=steps("sh 'docker tag my-app:latest nexus:5000/my-app:v1.0.0-${BUILD_NUMBER}'"),
        ),
        example(
            steps("sh 'docker build -t nexus:5000/app:latest . && docker push nexus:5000/app:«latest»' // send it"),
            fixed=steps(
                "sh 'docker build -t nexus:5000/app:v1.0.0-${BUILD_NUMBER} . "
                "&& docker push nexus:5000/app:v1.0.0-${BUILD_NUMBER}' // send it"
            ),
        ),
        example(
            steps(
                'bat "docker build -t nexus:5000/app:latest ."\nbat "docker push nexus:5000/app:«latest»"',
            ),
            fixed=steps(
                'bat "docker build -t nexus:5000/app:v1.0.0-%BUILD_NUMBER% ."\n'
                'bat "docker push nexus:5000/app:v1.0.0-%BUILD_NUMBER%"'
            ),
        ),
        # Something else builds it.
        steps("sh 'mvn package docker:build'\nsh 'docker push nexus:5000/app:«latest»'"),
        example(
            steps(
                "container('kaniko') {\n"
                "    sh '/kaniko/executor --destination=nexus:5000/a:1.0 --destination=nexus:5000/a:«latest»'\n}"
            ),
            fixed=steps("container('kaniko') {\n    sh '/kaniko/executor --destination=nexus:5000/a:1.0'\n}"),
        ),
        example(
            steps("script {\n    def img = docker.build('nexus:5000/app:«latest»')\n    img.push()\n}"),
            fixed=steps(
                'script {\n    def img = docker.build("nexus:5000/app:v1.0.0-${BUILD_NUMBER}")\n    img.push()\n}'
            ),
        ),
        example(
            steps("script {\n    docker.image('«nexus:5000/app»').push()\n}"),
            fixed=steps('script {\n    docker.image("nexus:5000/app:v1.0.0-${BUILD_NUMBER}").push()\n}'),
        ),
        example(
            steps("script {\n    img.push(\"v${BUILD_NUMBER}\")\n    img.push('«latest»')\n}"),
            fixed=steps('script {\n    img.push("v${BUILD_NUMBER}")\n}'),
        ),
        example(
            steps(
                "script {\n    def web = docker.build('nexus:5000/web:1.4.0')\n"
                "    web.push()\n    web.push('«latest»')\n}"
            ),
            fixed=steps("script {\n    def web = docker.build('nexus:5000/web:1.4.0')\n    web.push()\n}"),
        ),
        # The version is pushed elsewhere.
        steps(
            'script {\n    def web = docker.build("web:$TAG")\n    web.push()\n'
            "    if (isMain) {\n        web.push('«latest»')\n    }\n}"
        ),
        steps(
            "script {\n    def web = docker.build('web')\n"
            "    retry(3) { web.push(\"${TAG}\") }\n    retry(3) { web.push('«latest»') }\n}"
        ),
        example(
            steps("script {\n    def web = docker.build('web')\n    web.push('«latest»')\n}"),
            fixed=steps("script {\n    def web = docker.build('web')\n    web.push(\"v1.0.0-${BUILD_NUMBER}\")\n}"),
        ),
        example(
            steps(
                "sh 'docker tag app:1.0 nexus:5000/app:1.0 && docker tag app:1.0 nexus:5000/app:latest'\n"
                "sh 'docker push nexus:5000/app:1.0'\nsh 'docker push nexus:5000/app:«latest»'"
            ),
            fixed=steps("sh 'docker tag app:1.0 nexus:5000/app:1.0'\nsh 'docker push nexus:5000/app:1.0'"),
        ),
        example(
            steps(
                "sh '''\n  docker build -t app:latest .\n  docker tag app:latest app:1.0\n"
                "  docker push app:1.0\n  docker push app:«latest»\n'''"
            ),
            fixed=steps(
                "sh '''\n  docker build -t app:latest .\n  docker tag app:latest app:1.0\n  docker push app:1.0\n'''"
            ),
        ),
        steps("sh 'docker push nexus:5000/app:1.0'\ndef x = sh(script: 'docker push nexus:5000/app:«latest»')"),
        steps("sh 'docker push «nexus:5000/my-app»'"),
        steps("sh 'kubectl -n apps set image deployment/web web=nexus:5000/web:«latest» side=nexus:5000/s:1.0'"),
        steps(
            "sh 'helm upgrade --install web chart/ --set replicas=2,image.tag=«latest» --set=sidecar.imageTag=«latest»'"
        ),
        steps("sh 'crane copy nexus:5000/web:1.0 nexus:5000/web:«latest» && crane tag nexus:5000/web:1.0 «latest»'"),
        steps("sh 'buildctl build --output type=image,name=nexus:5000/web:«latest»,push=true'"),
        steps(
            "sh 'kubectl set image deployment web web=nexus:5000/web:«latest»'\n"
            "sh 'helm upgrade web c --set image=web:«latest»'"
        ),
        steps("sh 'docker buildx imagetools create -t nexus:5000/web:1.0 -t nexus:5000/web:«latest» nexus:5000/web:a'"),
        # One image, named twice.
        example(
            steps("sh 'docker buildx build --push -t nexus:5000/web:1.0 -t nexus:5000/web:«latest» .'"),
            fixed=steps("sh 'docker buildx build --push -t nexus:5000/web:1.0 .'"),
        ),
        steps("sh 'docker build -t team/web:1.0 -t team/web:«latest» . && docker push --all-tags team/web'"),
        steps("sh \"ssh build 'docker push nexus:5000/my-app'; docker push «nexus:5000/my-app»\""),
        "pipeline {\n    agent {\n        docker {\n            image 'maven:«latest»'\n        }\n    }\n}\n",
        "podTemplate(containers: [containerTemplate(name: 'm', image: 'maven:«latest»')]) { node(POD_LABEL) { } }\n",
    ],
    good=[
        steps("sh 'docker tag my-app:latest nexus:5000/my-app:1.0.0'"),
        steps("sh 'docker tag my-app:latest nexus:5000/my-app:v1.0.0-${BUILD_NUMBER}'"),
        steps("sh 'docker run --rm my-app:latest pytest'\nsh 'docker build -t my-app:latest .'"),
        steps('sh "docker push ${IMAGE}"\nsh "docker push nexus:5000/app:${TAG}"'),
        steps("script {\n    docker.build('app:latest').push('1.0')\n}"),
        steps("echo 'docker push nexus:5000/app:latest'"),
        steps("container('kaniko') {\n    sh '/kaniko/executor --no-push --destination app:latest'\n}"),
        steps("sh 'kubectl set image deploy/web web=nexus:5000/web:$TAG && helm upgrade web c --set image.tag=1.0'"),
        steps("sh 'crane digest nexus:5000/web:latest && buildctl build --output type=docker,name=web:latest'"),
        steps("sh 'kubectl set image deployment web web=nexus:5000/web:1.0 && helm upgrade web c --set image=web:1.0'"),
        steps("sh 'docker build -t team/web:latest . && docker push --all-tags team/other'"),
        "pipeline {\n    agent { docker { image 'playpen/python-base:latest' } }\n"
        "    environment {\n        CHANNEL = 'latest'\n    }\n}\n",
    ],
)
def moving_tag(whole: WholeFile, platform: Platform) -> Iterator[Finding]:
    """Pushed image or agent image uses a mutable tag.

    `latest`, explicit or implied, is whatever was pushed last: it tells neither which build is running
    nor which one to roll back to. A tag with the version and the build number identifies one build.
    A `latest` that is only used on the build machine is not reported; that of an agent's image is,
    unless it is one of the platform's own images.
    """
    found = whole.file.ask(image_uses)
    yield from _pushed(whole.file, found, platform)
    yield from _pushed_calls(whole.file, platform)
    yield from _variables(whole.file, found, platform)
    yield from _agents(whole.file, platform)
    yield from _deployed(whole.file, platform)


Use = tuple[int, ImageUse]
"""An image reference with its region."""


def _pushed(file: FileView, found: Sequence[Use], platform: Platform) -> Iterator[Finding]:
    uses = [one for _, one in found]
    for places in _moving(found):
        (number, first), *others = places
        text = first.reference.text
        how = "tagged for a registry" if first.role == "target" else "pushed"
        message = f"image `{text}` is {how} with the mutable tag `latest`"
        also = f"`{text}` is also used here"
        related = tuple(Place(file.path, one.tag, also, chunk=there) for there, one in others)
        if not _is_sent(first):  # `push --all-tags` sends every tag that the machine has
            yield Finding(first.tag, message, related=related, chunk=number)
            continue
        if has_fixed_sibling(first, uses):
            title = f"Remove the push of `{text}`"
        else:
            tag = release_tag([one.reference for one in uses], first.reference, platform.release)
            title = f"Change the tag of `{first.reference.repository}` to `{tag}`"
        fix = Fix(title, whole_file_change(file, _change(text, platform.release)))
        yield Finding(first.tag, message, (fix,), related=related, chunk=number)


def _moving(found: Sequence[Use]) -> Iterator[list[Use]]:
    """The uses of each image that goes to a registry as `latest`, the one that pushes it first."""
    by_text: dict[str, list[Use]] = {}
    whole = {one.reference.repository for _, one in found if one.role == "push all"}
    for number, one in found:
        if floats(one.reference) and one.role != "push all":
            by_text.setdefault(one.reference.text, []).append((number, one))
    for places in by_text.values():
        sends = [one for one in places if _is_sent(one[1]) or one[1].reference.repository in whole]
        if sends:
            first = min(sends, key=lambda one: (one[1].role != "push", one[0], one[1].span))
            yield [first, *(one for one in places if one is not first)]


def _is_sent(one: ImageUse) -> bool:
    return one.role == "push" or (one.role == "target" and bool(one.reference.registry))


# Other tools than the commands of `docker` that build images.
_BUILDS = regex(
    r"\b(?:docker|dockerfile|spring-boot|jib|compose)[:\w-]*build|\bcompose\b[^\n]*\bbuild\b|\bjib\b|\bbake\b|\bbuild-?image",
    re.IGNORECASE,
)


def _change(text: str, release: str) -> Callable[[Jenkinsfile], Iterator[Edit]]:
    """Give an image that is sent with the tag `latest` another tag, or do not send it."""

    def change(file: Jenkinsfile) -> Iterator[Edit]:
        found = file.mentions
        mine = [one for one in found if one.reference.text == text]
        sends = [one for one in mine if one.role == "push" or (one.role == "target" and one.reference.registry)]
        if not sends:
            raise Refused("the push is in text that does not parse")
        one = min(sends, key=lambda one: (one.role != "push", one.span))
        if has_fixed_sibling(one, found):
            yield from without_pushes(file, one.reference, found)
            return
        made = any(other.role in ("target", "build") for other in mine)
        pushes = one.command is not None and any(word.text == "push" for word in one.command.operands)
        if not made and pushes and (not one.reference.tag or _BUILDS.search(file.source.text)):
            raise Refused("no command in this file builds or tags the image, so the new tag would not exist")
        tag = release_tag([other.reference for other in found], one.reference, release)
        yield from retagged(file, one.reference, tag)

    return change


def _pushed_calls(file: FileView, platform: Platform) -> Iterator[Finding]:
    """Reports `img.push('latest')`."""
    pushes = [(number, one) for number, one in file.ask(image_pushes) if one.argument or not one.has_arguments]
    if not any(one.tag == "latest" for _, one in pushes):
        return
    built = [one for some in file.ask(each, uses) for one in some]
    around = file.ask(frames).around
    blocks = [(number, one.block) if one.block else (*around[number][-1:], -1) for number, one in pushes]
    for (number, one), block in zip(pushes, blocks, strict=True):
        if one.tag != "latest":
            continue
        own = _own_tags(built, one.receiver)
        versioned = [
            (other, there)
            for (_, other), there in zip(pushes, blocks, strict=True)
            if other.receiver == one.receiver and (other.tag if other.argument else own) not in ("latest", {"latest"})
        ]
        fixes: tuple[Fix, ...] = ()
        if any(there == block and (other.argument or len(own) == 1) for other, there in versioned):
            title = "Remove the push with the tag `latest`"
            fixes = (Fix(title, whole_file_change(file, _dropped(number, one.span))),)
        elif not versioned:  # else a version is pushed already, in another block or under a tag that is not known
            change = whole_file_change(file, _tagged(number, one.span, platform.release))
            fixes = (Fix(f"Change the tag to `{platform.release}`", change),)
        yield Finding(one.span, f"`{one.receiver}.push` uses the mutable tag `latest`", fixes, chunk=number)


def _own_tags(built: Sequence[ImageUse], receiver: str) -> set[str]:
    """The tags that `push()` without arguments can push, as they are written; empty if they are not known."""
    return {one.reference.tag or "latest" for one in built if receiver in one.handles}


def _tagged(number: int, span: Span, release: str) -> Callable[[Jenkinsfile], list[Edit]]:
    """Replace the end of a string, from `span` in a region on, with the release tag."""

    def change(file: Jenkinsfile) -> list[Edit]:
        at = span.shifted(file.chunks[number].begins)
        literal = file.tree.string_around(at.start)
        if literal is None:
            raise Refused("the tag is in text that does not parse")
        end = len(literal.fragment.text)
        start = next((start for start in range(end) if literal.fragment.span(start, end) == at), end)
        return [groovy_edit(literal, [(start, end)], release)]

    return change


def _dropped(number: int, span: Span) -> Callable[[Jenkinsfile], list[Edit]]:
    """Remove the statement with a tag in a region."""

    def change(file: Jenkinsfile) -> list[Edit]:
        at = file.chunks[number].begins + span.start
        call = next((one for one in reversed(file.tree.named("push")) if one.span.contains(at)), None)
        if call is None:
            raise Refused("the push is in text that does not parse")
        return [without_statement(file, call.statement)]

    return change


class Setting(NamedTuple):
    """A variable that is set to a string: the names in that, and the range of `latest` as its tag."""

    name: str
    owner: str
    uses: frozenset[str]
    latest: Span | None


def settings(parsed: Parsed) -> tuple[Setting, ...]:
    return tuple(_settings(Region(parsed)))


def _settings(region: Region) -> Iterator[Setting]:
    for one in region.assignments:
        literal = one.value.string
        if literal is not None:
            yield Setting(one.name, one.owner, frozenset(variables(literal.fragment.text)), _latest(literal))


def _latest(literal: StringLiteral) -> Span | None:
    value = literal.value
    if value is None or (value != "latest" and ImageReference.parse(value).tag != "latest"):
        return None
    return literal.fragment.span(len(value) - len("latest"), len(value))


def _variables(file: FileView, found: Sequence[Use], platform: Platform) -> Iterator[Finding]:
    """Reports `TAG = 'latest'` where `$TAG` is used in an image that is pushed."""
    used = set[str]().union(*(variables(one.reference.text) for _, one in found if _is_sent(one)))
    for one in file.ask(every, pushes):
        if one.argument:
            used |= variables(one.argument) | {one.argument}
    if not used:
        return
    known = [(number, one) for number, some in enumerate(file.ask(each, settings)) for one in some]
    for _, setting in reversed(known):  # IMAGE = "nexus:5000/app:${TAG}": TAG is used where IMAGE is
        if setting.name in used:
            used |= setting.uses
    for number, setting in known:
        if setting.name in used and setting.owner in ("", "env") and setting.latest is not None:
            title = f"Change the tag in `{setting.name}` to `{platform.release}`"
            fix = Fix(title, whole_file_change(file, _tagged(number, setting.latest, platform.release)))
            message = f"`{setting.name}` sets the mutable tag `latest` for a pushed image"
            yield Finding(setting.latest, message, (fix,), chunk=number)


class AgentImage(NamedTuple):
    """The image of an agent; `span` is that of its tag, or `whole` without one."""

    reference: ImageReference
    span: Span
    whole: Span


def agent_images(parsed: Parsed) -> tuple[AgentImage, ...]:
    return tuple(_agent_images(Region(parsed)))


def _agent_images(region: Region) -> Iterator[AgentImage]:
    """`agent { docker { image 'maven:latest' } }`, `agent { docker 'maven' }`, `containerTemplate(image: 'maven')`."""
    for call in region.named("containerTemplate"):
        argument = call.argument("image")
        if argument is not None and not call.receiver:
            yield from _agent_image(argument.string)
    for call in region.named("image", "docker"):
        if call.receiver or not call.positional:
            continue
        around = [one.name for one in call.enclosing][: 2 if call.name == "image" else 1]
        if around != (["docker", "agent"] if call.name == "image" else ["agent"]):
            continue
        yield from _agent_image(call.positional[0].string)


def _agent_image(literal: StringLiteral | None) -> Iterator[AgentImage]:
    if literal is not None and literal.value is not None:
        reference = ImageReference.parse(literal.value)
        tag = reference.tag_span
        span = literal.fragment.span(tag.start, tag.end) if reference.tag else literal.inside
        yield AgentImage(reference, span, literal.inside)


def _agents(file: FileView, platform: Platform) -> Iterator[Finding]:
    for number, images in enumerate(file.ask(each, agent_images)):
        for one in images:
            reference = one.reference
            if not reference.path or not reference.floats or reference.variable or platform.owns(reference):
                continue
            pin = platform.pins.get(reference.name)
            title = f"Pin the image to `{reference.name}:{pin}`"
            fixes = (Fix(title, _pinned(one.whole, reference.retagged(pin))),) if pin else ()
            message = f"agent image `{reference.text}` uses the mutable tag `latest`"
            yield Finding(one.span, message, fixes, chunk=number)


class Deployed(NamedTuple):
    """An image that a command deploys or pushes with the tag `latest`; `what` says how."""

    text: str
    span: Span
    what: str
    reference: ImageReference | None = None


_DEPLOYING = ("kubectl", "oc", "helm", "crane", "buildctl", "regctl", "imagetools")


def deployed(parsed: Parsed) -> tuple[Deployed, ...]:
    return tuple(
        one
        for step in Region(parsed).steps_with(_DEPLOYING)
        for command in step.commands
        for one in _deployed_by(command)
    )


def _deployed_by(command: Command) -> Iterator[Deployed]:
    operands = [word.text for word in command.operands]
    if command.name in ("kubectl", "oc") and operands[:2] == ["set", "image"]:
        for word in command.operands[3:]:
            if "=" in word.text:
                yield from _reference_in(word, word.text.find("=") + 1, len(word.text), "deployed")
    elif command.name == "helm" and operands[:1] in (["upgrade"], ["install"]):
        for option in command.options:
            if option.name in ("--set", "--set-string") and option.value is not None:
                yield from _values(option.value)
    elif command.name in ("crane", "regctl") and operands and len(operands) > 2:
        last = command.operands[-1]
        if operands[0] in ("copy", "cp", "push") or operands[:2] == ["image", "copy"]:
            yield from _reference_in(last, 0, len(last.text), "pushed")
        elif operands[0] == "tag" and last.text == "latest":
            yield Deployed(operands[1], last.span, "tagged in the registry")
    elif "imagetools" in operands and "create" in operands:
        for option in command.options:
            if option.name in ("-t", "--tag") and option.value is not None:
                start = len(option.value.text) - len(option.text)
                yield from _reference_in(option.value, start, len(option.value.text), "tagged in the registry")
    elif command.name == "buildctl":
        for option in command.options:
            name = _OUTPUT.search(option.text) if option.name in ("-o", "--output") else None
            if name and option.value is not None and "push=true" in option.text:
                at = option.value.text.find(name[1])
                yield from _reference_in(option.value, at, at + len(name[1]), "pushed")


_OUTPUT = regex(r"(?:^|,)name=([^,\"]+)")


def _reference_in(word: Word, start: int, end: int, what: str) -> Iterator[Deployed]:
    reference = ImageReference.parse(word.text[start:end])
    if start >= 0 and reference.path and floats(reference):
        tag = reference.tag_span
        at = (start + tag.start, start + tag.end) if reference.tag else (start, end)
        yield Deployed(reference.text, word.part(*at), what, reference)


def _values(word: Word) -> Iterator[Deployed]:
    """The values of `--set image.tag=latest,replicas=2`."""
    at = word.text.find("=") + 1 if word.text.startswith("--set") else 0
    for pair in word.text[at:].split(","):
        key, _, value = pair.partition("=")
        if value == "latest" and (key == "tag" or key.endswith((".tag", "Tag"))):
            start = at + len(key) + 1
            yield Deployed(f"{key}={value}", word.part(start, start + len(value)), "deployed")
        elif value.endswith(":latest") and (key == "image" or key.endswith(".image")):
            start = at + len(key) + 1
            yield from _reference_in(word, start, start + len(value), "deployed")
        at += len(pair) + 1


def _deployed(file: FileView, platform: Platform) -> Iterator[Finding]:
    for number, some in enumerate(file.ask(each, deployed)):
        for one in some:
            if one.reference is None or not platform.owns(one.reference):
                message = f"image `{one.text}` is {one.what} with the mutable tag `latest`"
                yield Finding(one.span, message, chunk=number)


def _pinned(span: Span, text: str) -> Callable[[], list[Edit]]:
    return lambda: [Edit(span.start, span.end, text)]
