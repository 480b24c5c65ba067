"""Create a commented playpen.toml for a project."""

from __future__ import annotations

import argparse
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from playpen_ls.api.fact_types import ImagePushed, ImageUse, Pods
from playpen_ls.api.platform import Platform
from playpen_ls.cli.common import DONE, Unusable, say
from playpen_ls.cli.output import write_whole
from playpen_ls.cli.printable import printable
from playpen_ls.config.model import Settings
from playpen_ls.project.read_file import read_text
from playpen_ls.session.workspace import Workspace
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Unreadable
from playpen_ls.vocabulary.images import ImageReference

_FROM = regex(r"^[ \t]*FROM[ \t]+(?:--platform=\S+[ \t]+)?(\S+)(?:[ \t]+AS[ \t]+(\S+))?", re.I | re.M)
MOST_NAMED = 8  # found values in one comment


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", default=".", metavar="FOLDER", help="default: the current folder")
    parser.add_argument("--print", action="store_true", help="print the configuration instead of writing it")


def run(options: argparse.Namespace) -> int:
    folder = Path(os.path.abspath(options.folder))
    if not folder.is_dir():
        raise Unusable(f"{options.folder}: no such folder")
    text = "\n".join(_configuration(folder)) + "\n"
    if options.print:
        print(text, end="")
        return DONE
    file = folder / "playpen.toml"
    if os.path.lexists(file):
        raise Unusable("playpen.toml already exists; `playpen-ls init --print` prints what would be written")
    write_whole(str(file), text)
    say("wrote playpen.toml; next steps:")
    for line in _next_steps(folder):
        print(line)
    return DONE


def _configuration(folder: Path) -> Iterator[str]:
    workspace = Workspace(folder, Settings(baseline="off"))
    workspace.closed.read_all()
    facts = workspace.index.facts
    default = Platform()
    yield "# Configuration of playpen-ls. Every setting is optional; those in comments show the default or an example."
    yield ""
    yield '# exclude = ["vendor/", "**/testdata/**"]   # in addition to .gitignore'
    yield '# baseline = "playpen-baseline.json"        # written by `playpen-ls check --write-baseline`'
    yield ""
    yield "# [severity]"
    yield '# "python/print-as-log" = "warning"          # error, warning, information, hint, off'
    yield ""
    yield "# [per-path]"
    yield '# "legacy/**" = { ignore = ["jenkinsfile/scripted-pipeline"] }'
    yield ""
    yield "[platform]"
    pushed = Counter(filter(None, (_registry(fact.reference) for fact in facts(ImagePushed, ""))))
    used = Counter(filter(None, (_registry(fact.reference) for fact in facts(ImageUse, ""))))
    own = [name for name, _ in pushed.most_common()] or [name for name, _ in used.most_common(1)]
    if own and own[0] != default.registry:
        yield from _found("images are pushed to" if pushed else "images come from", (pushed or used).most_common())
        yield f"registry = {_quoted(own[0])}"
        yield f"own_images = [{_quoted(own[0] + '/*')}]"
    else:
        yield f"# registry = {_quoted(default.registry)}"
        yield f"# own_images = [{', '.join(map(_quoted, default.own_images))}]"
    bases = Counter(_bases(folder, workspace.closed.paths()))
    yield from _found("base images", bases.most_common())
    example = ", ".join(f"{_key(name)} = {_quoted(image)}" for name, image in default.base_images.items())
    yield f"# base_images = {{ {example} }}   # public name -> platform image"
    namespaces = Counter(name for name in (pods.namespace for pods in facts(Pods, "")) if name)
    yield from _found("namespaces", namespaces.most_common())
    known = dict(default.namespaces)
    apps = [name for name, _ in namespaces.most_common() if name not in known.values() and not _of_cluster(name)]
    if len(apps) == 1 and not set(namespaces) & set(known.values()):
        yield f"namespaces = {{ platform = {_quoted(known['platform'])}, apps = {_quoted(apps[0])} }}"
    else:
        yield f"# namespaces = {{ {', '.join(f'{key} = {_quoted(name)}' for key, name in known.items())} }}"
    probe = default.liveness
    yield (
        f"# liveness = {{ path = {_quoted(probe.path)}, port = {probe.port}, "
        f"initialDelaySeconds = {probe.initialDelaySeconds}, periodSeconds = {probe.periodSeconds} }}"
    )


def _of_cluster(namespace: str) -> bool:
    """Whether a namespace is for parts of the cluster (`kube-system`, `istio-system`), by its name, or the default."""
    return namespace in ("default", "system") or namespace.startswith("kube-") or namespace.endswith("-system")


def _found(what: str, values: list[tuple[str, int]]) -> Iterator[str]:
    """A comment with found values, the most frequent first."""
    if values:
        names = ", ".join(f"{printable(name)} ({count})" for name, count in values[:MOST_NAMED])
        more = f", and {len(values) - MOST_NAMED} more" if len(values) > MOST_NAMED else ""
        yield f"# found {what}: {names}{more}"


def _registry(reference: str) -> str | None:
    """The host of an image reference; None if it has none or it is not known."""
    host, slash, _ = reference.partition("/")
    is_host = slash and ("." in host or ":" in host) and "$" not in reference
    return host if is_host else None


def _bases(folder: Path, paths: Iterable[str]) -> Iterator[str]:
    """The base images of the Dockerfiles, without earlier stages and build arguments."""
    for path in paths:
        if "dockerfile" not in path.lower() and "containerfile" not in path.lower():
            continue
        try:
            text = read_text(str(folder / path))
        except (OSError, Unreadable):
            continue
        stages = set()
        for match in _FROM.finditer(text):
            image, stage = match[1], match[2]
            if image.lower() not in stages and "$" not in image and image != "scratch":
                yield ImageReference.parse(image).repository
            stages.add((stage or "").lower())


def _quoted(text: str) -> str:
    escaped = printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else _quoted(name)


def _next_steps(folder: Path) -> Iterator[str]:
    yield """
  playpen-ls check                                                          # see all findings
  playpen-ls check --baseline playpen-baseline.json --write-baseline        # accept those that exist
"""
    yield _PRE_COMMIT
    if (folder / ".gitlab-ci.yml").exists():
        yield _GITLAB
    if (folder / ".github").is_dir():
        yield _GITHUB
    if any(re.match(r"(?i)jenkinsfile", name) for name in os.listdir(folder)) or not (
        (folder / ".gitlab-ci.yml").exists() or (folder / ".github").is_dir()
    ):
        yield _JENKINS


_PRE_COMMIT = """\
.pre-commit-config.yaml, in an environment that has playpen-ls:

  repos:
    - repo: local
      hooks:
        - id: playpen-check
          name: playpen-ls check
          entry: playpen-ls check --force-exclude
          language: system
          types: [text]
          require_serial: true
"""
_JENKINS = """\
Jenkinsfile, with the plug-in warnings-ng:

  stage('Check') {
      steps {
          script {
              int status = sh(returnStatus: true,
                              script: 'playpen-ls check --format concise --format sarif=playpen-ls.sarif')
              recordIssues(enabledForFailure: true, tool: sarif(pattern: 'playpen-ls.sarif'),
                           qualityGates: [[threshold: 1, type: 'NEW', criticality: 'FAILURE']])
              if (status > 1) { error('playpen-ls did not check everything') }
          }
      }
  }
"""
_GITLAB = """\
.gitlab-ci.yml, in an image that has playpen-ls:

  playpen:
    script:
      - playpen-ls check --format concise --format gitlab=gl-code-quality-report.json
    artifacts:
      when: always
      reports: {codequality: gl-code-quality-report.json}
"""
_GITHUB = """\
.github/workflows, in a job that has playpen-ls:

  - run: playpen-ls check --format github --format markdown="$GITHUB_STEP_SUMMARY"
"""
