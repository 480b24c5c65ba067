from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from playpen_ls.api.file_view import Outline
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.model.queries import frames, image_uses
from playpen_ls.languages.jenkinsfile.parts import WholeFile
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.tree import Tree
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_URL = regex(r"https?://([\w.-]+(?::\d+)?)(?:/.*)?")
_PUSH = regex(r"\bpush\s*\(|--push\b|\b(?:docker|podman|nerdctl|buildah|image|manifest)\s+push\b")
_OWN = regex(r"(localhost|127\.0\.0\.1|host\.docker\.internal)(:\d+)?")


@rule(
    severity=Severity.INFORMATION,
    practice="Image tagging",
    bad=[
        "node { sh 'docker push «ghcr.io»/acme/app:1.0' }\n",
        "node { sh '/kaniko/executor --destination=«registry.acme.com:5000»/app:1.0' }\n",
        "docker.withRegistry('https://«index.docker.io»/v1/', 'hub') {\n    docker.build('acme/app').push('1.0')\n}\n",
    ],
    good=[
        "node { sh 'docker push nexus:5000/app:1.0' }\n",
        "node { sh 'docker push localhost:5000/app:1.0' }\n",
        'node { sh "docker push ${REGISTRY}/app:1.0" }\n',
        "node { sh 'docker push nexus.playpen-platform.svc.cluster.local:5000/app:1.0' }\n",
        "node { sh 'docker run --rm ghcr.io/acme/tool:1.0' }\n",
        "docker.withRegistry('https://public.ecr.aws') {\n    docker.image('acme/app').inside { sh 'git push' }\n}\n",
        "docker.withRegistry('https://nexus:5000', 'nexus-credentials') {\n    docker.build('app').push('1.0')\n}\n",
    ],
)
def foreign_registry(whole: WholeFile, platform: Platform) -> Iterator[Finding]:
    """Image is pushed to a registry other than the platform's.

    The platform's clusters pull from the platform's registry; an image that is pushed only elsewhere
    is missing there. `localhost` and hosts from the platform's `credentials` and `service_hosts`
    are not reported.
    """
    for number, use in whole.file.ask(image_uses):
        if use.role == "push" and use.host is not None and _is_foreign(use.reference.registry, platform):
            message = f"image `{use.reference.text}` is pushed outside the platform's registry `{platform.registry}`"
            yield Finding(use.host, message, chunk=number)
    for number, login in whole.file.ask(pushing_logins):
        if _is_foreign(login.host, platform):
            message = f"`withRegistry` uses `{login.host}` instead of the platform's registry `{platform.registry}`"
            yield Finding(login.span, message, chunk=number)


class Login(NamedTuple):
    """A call of `withRegistry`. `pushes` is false if its block, as far as it is in the region, pushes nothing."""

    host: str
    span: Span
    pushes: bool
    opens_frame: bool


def logins(parsed: Parsed) -> tuple[Login, ...]:
    return tuple(_logins(Tree(parsed)))


def _logins(tree: Tree) -> Iterator[Login]:
    for call in tree.named("withRegistry"):
        literal = call.arguments[0].string if call.arguments else None
        match = _URL.fullmatch(literal.value or "") if literal else None
        if literal is not None and match is not None:
            pushes = call.block is None or _PUSH.search(tree.of(call.block.inside)) is not None
            span = literal.fragment.span(match.start(1), match.end(1))
            yield Login(match[1], span, pushes, call.opens_frame)


def has_push(parsed: Parsed) -> bool:
    return _PUSH.search(parsed.text) is not None


def pushing_logins(outline: Outline) -> tuple[tuple[int, Login], ...]:
    """The calls of `withRegistry` whose block pushes an image: images can be pulled from any registry."""
    found = [(number, one) for number, every in enumerate(outline.each(logins)) for one in every]
    if not any(one.opens_frame for _, one in found):
        return tuple((number, one) for number, one in found if one.pushes)
    around, pushes = outline.ask(frames).around, outline.each(has_push)
    inside = {frame for number, frames_around in enumerate(around) if pushes[number] for frame in frames_around}
    return tuple((number, one) for number, one in found if one.pushes or (one.opens_frame and number in inside))


def _is_foreign(host: str, platform: Platform) -> bool:
    if not re.fullmatch(r"[\w.-]+(:\d+)?", host) or _OWN.fullmatch(host):
        return False
    name = host.partition(":")[0]
    known = {platform.registry, *platform.credentials}
    if host in known or name in {one.partition(":")[0] for one in known}:
        return False
    return not any(fnmatchcase(name, pattern) for pattern in platform.service_hosts)
