from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Place, Refused, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.edits.retag import groovy_edit, release_tag, retagged, without_statement
from playpen_ls.languages.jenkinsfile.model.images import Mention, image_pushes, variables
from playpen_ls.languages.jenkinsfile.parts import Assignment, Call, Jenkinsfile, StringLiteral
from playpen_ls.rules.jenkinsfile.moving_tag.unpush import has_fixed_sibling, without_pushes
from playpen_ls.text.edit import Edit
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
            steps('bat "docker push nexus:5000/app:«latest»"'),
            fixed=steps('bat "docker push nexus:5000/app:v1.0.0-%BUILD_NUMBER%"'),
        ),
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
        steps("sh \"ssh build 'docker push nexus:5000/my-app'; docker push «nexus:5000/my-app»\""),
        "pipeline {\n    agent {\n        docker {\n            image 'maven:«latest»'\n        }\n    }\n}\n",
    ],
    good=[
        steps("sh 'docker tag my-app:latest nexus:5000/my-app:1.0.0'"),
        steps("sh 'docker tag my-app:latest nexus:5000/my-app:v1.0.0-${BUILD_NUMBER}'"),
        steps("sh 'docker run --rm my-app:latest pytest'\nsh 'docker build -t my-app:latest .'"),
        steps('sh "docker push ${IMAGE}"\nsh "docker push nexus:5000/app:${TAG}"'),
        steps("script {\n    docker.build('app:latest').push('1.0')\n}"),
        steps("echo 'docker push nexus:5000/app:latest'"),
        "pipeline {\n    agent { docker { image 'playpen/python-base:latest' } }\n"
        "    environment {\n        CHANNEL = 'latest'\n    }\n}\n",
    ],
)
def moving_tag(file: Jenkinsfile, platform: Platform) -> Iterator[Finding]:
    """Pushed image or agent image uses a mutable tag.

    `latest`, explicit or implied, is whatever was pushed last: it tells neither which build is running
    nor which one to roll back to. A tag with the version and the build number identifies one build.
    A `latest` that is only used on the build machine is not reported; that of an agent's image is,
    unless it is one of the platform's own images.
    """
    if "docker" not in file.source.text and not any(word in file.source.text for word in ("latest", "push", "kaniko")):
        return
    found = file.mentions
    for places in _moving(found):
        first, *others = places
        how = "pushed" if first.role == "push" else "tagged for a registry"
        message = f"image `{first.reference.text}` is {how} with the mutable tag `latest`"
        also = f"`{first.reference.text}` is also used here"
        related = tuple(Place(file.source.path, one.tag, also) for one in others)
        fix = Fix(_title(file, first, found, platform), _change(file, first, found, platform))
        yield Finding(first.tag, message, (fix,), related=related)
    yield from _pushed_calls(file, platform)
    yield from _variables(file, found, platform)
    yield from _agents(file, platform)


def _moving(found: Sequence[Mention]) -> Iterator[list[Mention]]:
    """The mentions of each image that goes to a registry as `latest`, the one that pushes it first."""
    by_text: dict[str, list[Mention]] = {}
    for one in found:
        if one.floats:
            by_text.setdefault(one.reference.text, []).append(one)
    for places in by_text.values():
        sends = [one for one in places if one.role == "push" or _to_registry(one)]
        if sends:
            first = min(sends, key=lambda one: (one.role != "push", one.span))
            yield [first, *(one for one in places if one is not first)]


def _to_registry(one: Mention) -> bool:
    return one.role == "target" and bool(one.reference.registry)


def _title(file: Jenkinsfile, one: Mention, found: Sequence[Mention], platform: Platform) -> str:
    if has_fixed_sibling(one, found):
        return f"Remove the push of `{one.reference.text}`"
    tag = release_tag(file, found, one.reference, platform.release)
    return f"Change the tag of `{one.reference.repository}` to `{tag}`"


def _change(
    file: Jenkinsfile, one: Mention, found: Sequence[Mention], platform: Platform
) -> Callable[[], Iterator[Edit]]:
    def change() -> Iterator[Edit]:
        if has_fixed_sibling(one, found):
            yield from without_pushes(file, one.reference, found)
            return
        made = any(other.role in ("target", "build") for other in found if other.reference.text == one.reference.text)
        if not one.reference.tag and not made and one.command is not None:
            raise Refused("no command in this file builds or tags the image, so the new tag would not exist")
        yield from retagged(file, one.reference, release_tag(file, found, one.reference, platform.release))

    return change


def _pushed_calls(file: Jenkinsfile, platform: Platform) -> Iterator[Finding]:
    """Reports `img.push('latest')`."""
    if ".push" not in file.source.text:
        return
    pushes = [call for call in image_pushes(file) if call.positional]
    for call in pushes:
        literal = call.positional[0].string
        if literal is None or literal.value != "latest":
            continue
        others = [
            one
            for one in pushes
            if one.receiver == call.receiver
            and one.statement.block == call.statement.block
            and one is not call
            and one.positional[0].value != "latest"
        ]
        if others:
            fix = Fix("Remove the push with the tag `latest`", _dropped(file, call))
        else:
            fix = Fix(f"Change the tag to `{platform.release}`", _tagged(literal, 0, platform.release))
        message = f"`{call.receiver}.push` uses the mutable tag `latest`"
        yield Finding(literal.inside, message, (fix,))


def _tagged(literal: StringLiteral, start: int, release: str) -> Callable[[], list[Edit]]:
    """Replace the text from `start` on with the release tag."""
    return lambda: [groovy_edit(literal, [(start, len(literal.fragment.text))], release)]


def _dropped(file: Jenkinsfile, call: Call) -> Callable[[], list[Edit]]:
    return lambda: [without_statement(file, call.statement)]


def _variables(file: Jenkinsfile, found: Sequence[Mention], platform: Platform) -> Iterator[Finding]:
    """Reports `TAG = 'latest'` where `$TAG` is used in an image that is pushed."""
    used = set[str]().union(*(one.variables for one in found if one.role == "push" or _to_registry(one)))
    for call in file.named("push"):
        if call.receiver and call.positional:
            used |= variables(call.positional[0].text) | {call.positional[0].text}
    if not used:
        return
    waiting = list(file.assignments)
    for one in reversed(waiting):  # IMAGE = "nexus:5000/app:${TAG}": TAG is used where IMAGE is
        if one.name in used and one.value.string is not None:
            used |= variables(one.value.string.fragment.text)
    for one in waiting:
        if one.name in used and one.owner in ("", "env"):
            yield from _variable(one, platform)


def _variable(one: Assignment, platform: Platform) -> Iterator[Finding]:
    literal = one.value.string
    if literal is None or literal.value is None:
        return
    reference = ImageReference.parse(literal.value)
    if literal.value != "latest" and reference.tag != "latest":
        return
    end = len(literal.value)
    span: Span = literal.fragment.span(end - len("latest"), end)
    title = f"Change the tag in `{one.name}` to `{platform.release}`"
    fix = Fix(title, _tagged(literal, end - len("latest"), platform.release))
    yield Finding(span, f"`{one.name}` sets the mutable tag `latest` for a pushed image", (fix,))


def _agents(file: Jenkinsfile, platform: Platform) -> Iterator[Finding]:
    """Reports `agent { docker { image 'maven:latest' } }` and `agent { docker 'maven' }`."""
    for call in file.named("image", "docker"):
        if call.receiver or not call.positional:
            continue
        around = [one.name for one in call.enclosing][: 2 if call.name == "image" else 1]
        if around != (["docker", "agent"] if call.name == "image" else ["agent"]):
            continue
        literal = call.positional[0].string
        if literal is None or literal.value is None:
            continue
        reference = ImageReference.parse(literal.value)
        if not reference.path or not reference.floats or reference.variable or platform.owns(reference):
            continue
        tag = reference.tag_span
        span = literal.fragment.span(tag.start, tag.end) if reference.tag else literal.inside
        pin = platform.pins.get(reference.name)
        title = f"Pin the image to `{reference.name}:{pin}`"
        fixes = (Fix(title, _pinned(literal.inside, reference.retagged(pin))),) if pin else ()
        yield Finding(span, f"agent image `{reference.text}` uses the mutable tag `latest`", fixes)


def _pinned(span: Span, text: str) -> Callable[[], list[Edit]]:
    return lambda: [Edit(span.start, span.end, text)]
