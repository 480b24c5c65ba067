"""A part has no way to the rest of its file but recorded questions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest
from parts import ways_out
from toy import PATH, ToyModel

from playpen_ls.api.example import unmarked
from playpen_ls.api.file_view import FileView
from playpen_ls.engine.registry import rules_of
from playpen_ls.languages.detection import language_of
from playpen_ls.languages.registry import LANGUAGES, parse
from playpen_ls.text.source import Source

TEXT = "[web]\nuse db\n[db]\nnote big\n"


@dataclass(frozen=True)
class Leading:
    """A part that holds something besides its node."""

    more: object
    file: FileView


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_part_of_an_example_leads_out_of_its_chunk(language: str):
    for rule in rules_of(language):
        for example in (*rule.bad, *rule.good):
            for path, marked in example.files.items():
                text = unmarked(marked)
                if language_of(path, lambda text=text: text) == language:
                    assert ways_out(parse(language, Source(path, text))) == [], text


def test_the_parts_of_the_toy_lead_nowhere():
    assert ways_out(ToyModel(Source(PATH, TEXT))) == []


def test_a_way_out_is_found():
    class Open(ToyModel):
        def parts(self, file: FileView) -> Iterable[object]:
            return [Leading(self, file), Leading([{"x": lambda: file, "y": self.source.text}], file)]

    assert {one.partition(" leads ")[2] for one in ways_out(Open(Source(PATH, TEXT)))} == {
        "to a Open", "to a Source", "to a ToyChunk", "to the whole text",
    }  # fmt: skip
