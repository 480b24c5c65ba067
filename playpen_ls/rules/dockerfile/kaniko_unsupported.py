from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.api.fact_types import KanikoBuild
from playpen_ls.api.facts import Facts, Files
from playpen_ls.api.finding import Finding, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.build_context.kaniko import Verdict, kaniko_builds, verdict
from playpen_ls.languages.dockerfile.parts import Add, Copy, Flag, Run
from playpen_ls.text.span import Span


def _pipeline(image: str = "gcr.io/kaniko-project/executor:v1.24.0-debug", command: str = "/kaniko/executor") -> str:
    return (
        "pipeline {\n  agent {\n    kubernetes {\n      yaml '''\nspec:\n  containers:\n  - name: kaniko\n"
        f"    image: {image}\n'''\n    }}\n  }}\n  stages {{\n    stage('Build') {{\n      steps {{\n"
        f"        container('kaniko') {{\n          sh '{command} --context `pwd` --destination nexus:5000/a:1'\n"
        "        }\n      }\n    }\n  }\n}\n"
    )


_JOB = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: build}\nspec:\n  containers:\n  - name: kaniko\n"
    "    image: martizih/kaniko:v1.25.4\n    args: [--dockerfile=web/Dockerfile, --context=dir:///workspace]\n"
)
_NEWEST = "ghcr.io/osscontainertools/kaniko:v1.28.3"
_SECRET = "FROM node:20\nRUN --mount=type=secret,id=npm npm ci\n"


@rule(
    severity=Severity.WARNING,
    practice="+",
    bad=[
        {"Dockerfile": "FROM node:20\nRUN «--mount=type=secret,id=npm» npm ci\n", "Jenkinsfile": _pipeline()},
        {"Dockerfile": "FROM debian:12\nRUN «<<EOF»\nmake\nEOF\nCOPY «<<EOF» /a\nx\nEOF\n", "Jenkinsfile": _pipeline()},
        {
            "Dockerfile": "FROM node:20\nRUN «--mount=type=cache,target=/root/.npm» «--network=none» npm ci\n",
            "Jenkinsfile": _pipeline("gcr.io/kaniko-project/executor:debug"),
        },
        {
            "web/Dockerfile": "FROM node:20\nRUN «--mount=type=secret,id=npm» «--mount=from=a,target=/a» npm ci\n",
            "job.yaml": _JOB,
        },
        {
            "web/Dockerfile": "FROM node:20\nRUN «--mount=type=secret,id=npm» npm ci\n",
            ".gitlab-ci.yml": "build:\n  image:\n    name: gcr.io/kaniko-project/executor:v1.9.0-debug\n  script:\n"
            "    - /kaniko/executor --context $CI_PROJECT_DIR/web --dockerfile $CI_PROJECT_DIR/web/Dockerfile -d a:1\n",
        },
        # Whatever the executor is, it does not support these.
        {
            "Dockerfile": "FROM node:20\nRUN «--mount=type=ssh» --mount=type=secret,id=a git clone git@h:a\n"
            "ADD «--checksum=sha256:0» https://example.com/a /a\nCOPY «--exclude=*.md» . /\n",
            "Jenkinsfile": _pipeline("nexus:5000/kaniko/executor:v1.9.0"),
        },
        {
            "Dockerfile": "FROM node:20\nCOPY «--chmod=u+x» a /a\nCOPY --chmod=755 a /b\n",
            "Jenkinsfile": _pipeline(),
        },
        {
            "Dockerfile": "FROM node:20\nRUN «--mount=type=bind,target=.» npm ci\n",
            "Jenkinsfile": _pipeline("martizih/kaniko:v1.27.3", "FF_KANIKO_RUN_MOUNT_BIND=0 /kaniko/executor"),
        },
    ],
    good=[
        _SECRET,
        {"Dockerfile": _SECRET, "Jenkinsfile": "node { docker.build('nexus:5000/a:1') }\n"},
        {"Dockerfile": _SECRET, "Jenkinsfile": _pipeline(_NEWEST)},
        {"Dockerfile": _SECRET, "Jenkinsfile": _pipeline("nexus:5000/kaniko/executor:v1.9.0")},
        {
            "Dockerfile": "FROM node:20\nRUN --mount=type=bind,target=. npm ci\n",
            "Jenkinsfile": _pipeline("martizih/kaniko:v1.27.3", "FF_KANIKO_RUN_MOUNT_BIND=1 /kaniko/executor"),
        },
        {"Dockerfile": "FROM debian:12\nCOPY --link --chown=1 a /a\nRUN cat <<EOF > /a\nx\nEOF\n", "Jenkinsfile": ""},
        # Another Dockerfile is built.
        {"docker/Dockerfile": _SECRET, "Jenkinsfile": _pipeline()},
    ],
)
def kaniko_unsupported(part: Run | Copy | Add, files: Files, builds: Facts[KanikoBuild]) -> Iterator[Finding]:
    """Kaniko ignores or rejects syntax that BuildKit supports.

    Reported where a Jenkinsfile or a manifest of the project builds the Dockerfile with the Kaniko executor. Most
    versions ignore `RUN --mount` without an error, so that secrets, caches and mounted files are missing during the
    build, and accept a heredoc without executing its body: the build succeeds, and the image lacks what the body does,
    so that is an error. The version is that of the executor's image; for
    an unknown image or tag, such as a mirror, only what no version supports is reported.
    """
    syntaxes = list(_syntaxes(part)) if part.flags or part.heredocs else []
    for build, executor in kaniko_builds(part.file.path, builds, files) if syntaxes else ():
        judged = [(verdict(syntax, executor), span, what) for syntax, span, what in syntaxes]
        found = [(one, span, what) for one, span, what in judged if one is not None]
        for one, span, what in found:
            message = _message(part, one, what, str(executor))
            yield Finding(span, message, severity=one.severity, related=(build.related("Kaniko builds it here"),))
        if found:
            return


def _message(part: Run | Copy | Add, found: Verdict, what: str, executor: str) -> str:
    name, _, result = what.partition(": ")
    if found.how == "does not run":
        return f"{executor} accepts the heredoc, but {result}"
    if found.how == "rejects":
        return f"{executor} rejects {name}, so the build fails"
    return f"{executor} {found.how} {name}: {result}" if result else f"{executor} {found.how} {name}"


def _syntaxes(part: Run | Copy | Add) -> Iterator[tuple[str, Span, str]]:
    """The names of the syntaxes in `verdict`, each with its range and `name: what its absence means`."""
    for flag in part.flags:
        found = _of_run(flag) if isinstance(part, Run) else _of_transfer(part, flag)
        if found is not None:
            yield found[0], flag.span, found[1]
    if part.heredocs and (match := re.search(r"\d*<<-?\s*\S+", part.logical)):
        result = "does not execute its body" if isinstance(part, Run) else "does not copy its body"
        syntax = "heredoc" if isinstance(part, Run) else "copied heredoc"
        yield syntax, part.place(match.start(), match.end()), f"the heredoc of `{part.keyword}`: {result}"


def _of_run(flag: Flag) -> tuple[str, str] | None:
    if flag.name in ("network", "security", "device"):
        return "option", f"`--{flag.name}`"
    if flag.name != "mount":
        return None
    keys = dict(one.strip().partition("=")[::2] for one in flag.value.split(","))
    kind = keys.get("type", "bind")
    name = f"`--mount=type={kind}`"
    if kind == "secret":
        target = keys.get("target") or keys.get("dst") or f"/run/secrets/{keys.get('id', '')}"
        missing = f"variable `{keys['env']}` is not set" if keys.get("env") else f"`{target}` does not exist"
        return "secret", f"{name}: {missing} during the build"
    if kind == "bind":
        return ("bind from" if "from" in keys else "bind"), f"{name}: the files are not there during the build"
    if kind == "cache":
        return "cache", f"{name}: nothing is cached, and the files stay in the layer"
    if kind == "ssh":
        return "ssh", f"{name}: no SSH agent is available"
    return ("tmpfs", f"{name}: the files stay in the layer") if kind == "tmpfs" else None


def _of_transfer(part: Copy | Add, flag: Flag) -> tuple[str, str] | None:
    name = f"`{part.keyword} --{flag.name}`"
    if flag.name == "exclude":
        return "flag", f"{name}: the excluded files are copied"
    if flag.name == "parents":
        return "flag", f"{name}: the parent folders are not created"
    if flag.name == "checksum" and isinstance(part, Add):
        return "checksum", f"{name}: the download is not verified"
    if flag.name == "chmod":
        is_octal = re.fullmatch(r"[0-7]+", flag.value) is not None or "$" in flag.value
        return "chmod" if is_octal else "symbolic chmod", f"{name}: the mode is not changed"
    return None
