"""The parts of a file, and whether one leads out of its chunk by another way than the questions of its FileView."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import pytest

from playpen_ls.api.file_view import FileView, Outline
from playpen_ls.languages.model import Chunk, Model
from playpen_ls.text.source import Source

_SHARED = (type, ModuleType, BuiltinFunctionType, FileView)


def parts_in(model: Model, *numbers: int) -> list[Any]:
    """The parts of all chunks, or of those with these numbers; they see the whole file, as when a fix is asked for."""
    outline, found = Outline(model.source.path, model.chunks), list[Any]()
    for number, chunk in enumerate(model.chunks):
        if not numbers or number in numbers:
            file = FileView(outline, number)
            file.open(model, chunk.begins)
            found += chunk.parts(file)
    return found


def _parts_and_texts(model: Model) -> list[tuple[str, object]]:
    """All parts of a file, each with the text of its chunk; "" for those that are the whole file."""
    outline, text, found = Outline(model.source.path, model.chunks), model.source.text, list[tuple[str, object]]()
    for number, chunk in enumerate(model.chunks):
        own = text[chunk.span.start : chunk.span.end]
        found += [(own, part) for part in chunk.parts(FileView(outline, number))]
    return found + [("", part) for part in model.parts(FileView(outline))]


def ways_out(model: Model) -> list[str]:
    """What can be reached from a part but stands outside of its chunk: the model, its chunks, the whole text."""
    found = []
    for own, part in _parts_and_texts(model):
        for one in _reached(part):
            if isinstance(one, (Model, Chunk)) or (isinstance(one, Source) and one.text != own):
                found.append(f"{type(part).__name__} leads to a {type(one).__name__}")
            elif isinstance(one, str) and len(one) > len(own) and one == model.source.text:
                found.append(f"{type(part).__name__} leads to the whole text")
    return list(dict.fromkeys(found))


def _reached(part: object) -> list[Any]:
    seen, waiting, found = set[int](), [part], list[Any]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, _SHARED):
            continue
        seen.add(id(one))
        found.append(one)
        if isinstance(one, weakref.ref):
            waiting.append(one())
        else:  # of a function what it has seen of another one, not the globals of its module
            waiting += one.__closure__ or () if isinstance(one, FunctionType) else gc.get_referents(one)
    return found


def leave_unrecorded(query: Callable[..., object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer this query from now on without recording that it was asked: its dependents become stale."""
    ask = FileView.ask

    def unrecorded(file: FileView, asked: Callable[..., Any], *key: Any) -> Any:
        answer = ask(file, asked, *key)
        if asked is query:
            del file.reads[asked, key]
        return answer

    monkeypatch.setattr(FileView, "ask", unrecorded)
