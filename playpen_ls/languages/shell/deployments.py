"""Commands that deploy what the project has.

They install Helm charts (`helm upgrade web ./chart -f values-prod.yaml --set image.tag=1.0`) and build kustomizations
(`kubectl apply -k overlays/dev`, `kustomize build overlays/dev`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from playpen_ls.api.fact_types import ChartInstall, KustomizeBuild
from playpen_ls.api.finding import Place
from playpen_ls.languages.shell.commands import Command
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

DEPLOYS = r"\bhelm\b|\bkustomize\b|\bkubectl\b.*\s-k\b"
"""What a text has that holds such a command, as a regular expression."""
_LITERAL = regex(r"[\w./@+-]+")
_GIVES_VALUES = frozenset(
    "--set --set-string --set-file --set-json --set-literal --reuse-values --reset-then-reuse-values "
    "--post-renderer".split()
)


def deployments(command: Command, path: str, span: Span) -> Iterator[ChartInstall | KustomizeBuild]:
    """What a command of the file at `path` deploys."""
    for found in (_chart_install(command, path, span), _kustomize_build(command, path, span)):
        if found is not None:
            yield found


def _chart_install(command: Command, path: str, span: Span) -> ChartInstall | None:
    """What a command installs; None if it installs no chart."""
    words = [word.text for word in command.operands]
    if command.name != "helm" or words[:1] not in (["upgrade"], ["install"], ["template"]):
        return None
    chart = words[-1] if len(words) == 3 or (len(words) == 2 and words[0] != "upgrade") else ""
    files = [one.text for one in command.options if one.name in ("-f", "--values")]
    sets = any(one.name in _GIVES_VALUES for one in command.options) or len(words) > 3
    values = tuple(last_part(name) for listed in files for name in listed.split(","))
    return ChartInstall(Place(path, span), last_part(chart), values, sets)


def _kustomize_build(command: Command, path: str, span: Span) -> KustomizeBuild | None:
    """What a command of the file at `path` builds; None if it builds no kustomization of a literal folder."""
    words = [word.text for word in command.operands]
    folder = None
    if (command.name == "kubectl" and words[:1] == ["kustomize"]) or (
        command.name == "kustomize" and words[:1] == ["build"]
    ):
        folder = words[1] if len(words) > 1 else "."
    elif command.name == "kubectl":
        option = command.option("-k", "--kustomize")
        folder = option.text if option is not None and words[:1] != ["delete"] else None
    folders = folders_meant(path, folder) if folder is not None else ()
    return KustomizeBuild(Place(path, span), folders) if folders else None


def folders_meant(path: str, folder: str) -> tuple[str, ...]:
    """The folders, relative to the project, that a file can mean: seen from its own folder, and from the root."""
    if not _LITERAL.fullmatch(folder):
        return ()
    meant = (posixpath.normpath(posixpath.join(base, folder)) for base in (posixpath.dirname(path), ""))
    return tuple(dict.fromkeys(one for one in meant if not one.startswith(("/", ".."))))


def last_part(path: str) -> str:
    """The last part of a path as it is written, "" if it is not known."""
    name = posixpath.basename(path.rstrip("/"))
    return name if re.fullmatch(r"[\w.-]*[\w-][\w.-]*", name) else ""
