from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.platform import Platform
from playpen_ls.api.rule import rule
from playpen_ls.languages.jenkinsfile.parts import Jenkinsfile
from playpen_ls.text.span import Span

_URL = re.compile(r"https?://([\w.-]+(?::\d+)?)(?:/.*)?")
_PUSH = re.compile(r"\bpush\s*\(|--push\b|\b(?:docker|podman|nerdctl|buildah|image|manifest)\s+push\b")
_OWN = re.compile(r"(localhost|127\.0\.0\.1|host\.docker\.internal)(:\d+)?")


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
def foreign_registry(file: Jenkinsfile, platform: Platform) -> Iterator[Finding]:
    """Image is pushed to a registry other than the platform's.

    The platform's clusters pull from the platform's registry; an image that is pushed only elsewhere
    is missing there. `localhost` and hosts from the platform's `credentials` and `service_hosts`
    are not reported.
    """
    for one in file.mentions:
        host = one.reference.registry
        span = Span(one.span.start, one.span.start + len(host))
        if one.role == "push" and host and _is_foreign(host, platform) and file.source.of(span) == host:
            message = f"image `{one.reference.text}` is pushed outside the platform's registry `{platform.registry}`"
            yield Finding(span, message)
    for call in file.named("withRegistry"):
        if call.block is not None and not _PUSH.search(file.source.of(call.block.inside)):
            continue  # images can be pulled from any registry
        literal = call.arguments[0].string if call.arguments else None
        match = _URL.fullmatch(literal.value or "") if literal else None
        if literal is not None and match is not None and _is_foreign(match[1], platform):
            message = f"`withRegistry` uses `{match[1]}` instead of the platform's registry `{platform.registry}`"
            yield Finding(literal.fragment.span(match.start(1), match.end(1)), message)


def _is_foreign(host: str, platform: Platform) -> bool:
    if not re.fullmatch(r"[\w.-]+(:\d+)?", host) or _OWN.fullmatch(host):
        return False
    name = host.partition(":")[0]
    known = {platform.registry, *platform.credentials}
    if host in known or name in {one.partition(":")[0] for one in known}:
        return False
    return not any(fnmatchcase(name, pattern) for pattern in platform.service_hosts)
