"""What can stand at an offset of an open file."""

from __future__ import annotations

from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.kubernetes.model.manifests import Manifests
from playpen_ls.languages.python.model.module import PythonModel
from playpen_ls.session.completion import comments, dockerfile, jenkinsfile, kubernetes, python
from playpen_ls.session.completion.item import Proposals
from playpen_ls.session.workspace import Workspace

_LONGEST = 1_000  # characters of a line before the cursor


def proposals_at(workspace: Workspace, path: str, offset: int, *, only_across: bool = False) -> Proposals | None:
    """What can stand there; None if that is not known.

    With `only_across`, another server proposes the names of the file.
    """
    model = workspace.model(path)
    if offset - model.source.line_start(offset) > _LONGEST:
        return None
    found = comments.proposals(model, workspace, offset)
    if found is not None:
        return found
    if isinstance(model, Manifests):
        return kubernetes.proposals(model, workspace, offset)
    if isinstance(model, DockerfileModel):
        return dockerfile.proposals(model, workspace, offset, only_across)
    if isinstance(model, Jenkinsfile):
        return jenkinsfile.proposals(model, workspace, offset)
    if isinstance(model, PythonModel):
        return python.proposals(model, workspace, offset)
    return None
