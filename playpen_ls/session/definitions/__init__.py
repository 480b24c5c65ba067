"""Where what stands under the cursor is defined: in its file, in another one, or in another language.

Each module reads the references of one language. What another server resolves inside a file is left to it: Python
names, YAML keys and anchors.
"""

from __future__ import annotations

from playpen_ls.api.rule import RuleContext
from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.kubernetes.model.manifests import Manifests
from playpen_ls.languages.model import Model
from playpen_ls.session.definitions import dockerfile, jenkinsfile, kubernetes
from playpen_ls.session.definitions.reference import Definition, resolved


def definition_at(model: Model, context: RuleContext, offset: int) -> Definition | None:
    """The definition of what stands at an offset; None if nothing there is known to be defined in the project."""
    if isinstance(model, Manifests):
        return resolved(kubernetes.references(model, context, offset), offset)
    if isinstance(model, DockerfileModel):
        return resolved(dockerfile.references(model, context, offset), offset)
    if isinstance(model, Jenkinsfile):
        return resolved(jenkinsfile.references(model, context, offset), offset)
    return None
