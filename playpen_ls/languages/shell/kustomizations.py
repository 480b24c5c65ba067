"""Commands that build kustomizations: `kubectl apply -k overlays/dev`, `kustomize build overlays/dev`."""

from __future__ import annotations

import posixpath

from playpen_ls.api.fact_types import KustomizeBuild
from playpen_ls.api.finding import Place
from playpen_ls.languages.shell.commands import Command
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_LITERAL = regex(r"[\w./@+-]+")


def kustomize_build(command: Command, path: str, span: Span) -> KustomizeBuild | None:
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
