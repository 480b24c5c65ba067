"""The changes of fixes that see the whole file, as it is when the user asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from playpen_ls.api.file_view import FileView
from playpen_ls.api.finding import Change
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile, model_of
from playpen_ls.text.edit import Edit


def whole_file_change(file: FileView, edits: Callable[[Jenkinsfile], Iterable[Edit]]) -> Callable[[], Change]:
    """The `change` of a fix; `edits` is given the model, and offsets are those of the file."""
    return lambda: Change({file.path: tuple(edits(model_of(file)))})
