"""What can stand at an offset of an open file."""

from __future__ import annotations

from importlib import import_module

from playpen_ls.session.completion import comments
from playpen_ls.session.completion.item import Proposals
from playpen_ls.session.workspace import Workspace

_LANGUAGES = ("dockerfile", "jenkinsfile", "kubernetes", "python")
_LONGEST = 1_000  # characters of a line before the cursor


def proposals_at(workspace: Workspace, path: str, offset: int, *, only_across: bool = False) -> Proposals | None:
    """What can stand there; None if that is not known.

    With `only_across`, another server proposes the names of the file.
    """
    model = workspace.model(path)
    if offset - model.source.line_start(offset) > _LONGEST:
        return None
    found = comments.proposals(model, workspace, offset)
    if found is not None or model.language not in _LANGUAGES:
        return found
    # Imported at the first request about the language: the modules of the others import their rules.
    language = import_module(f"{__package__}.{model.language}")
    options = {"only_images": only_across} if model.language == "dockerfile" else {}
    proposed: Proposals | None = language.proposals(model, workspace, offset, **options)
    return proposed
