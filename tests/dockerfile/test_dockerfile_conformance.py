"""What BuildKit's own parser says of small texts: instructions, their lines, logical text, flags and heredocs.

The texts are ours; the expectations are what `frontend/dockerfile/parser` of moby/buildkit gave for them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playpen_ls.languages.dockerfile.model.dockerfile import parse
from playpen_ls.languages.dockerfile.parts import Instruction
from playpen_ls.text.source import Source

CASES = json.loads(Path(__file__).with_name("conformance.json").read_text())


def written(flag) -> str:
    return f"--{flag.name}={flag.value}" if flag.value else f"--{flag.name}"


def line(source: Source, offset: int) -> int:
    """From 1. BuildKit ends lines at line feeds only."""
    return source.text.count("\n", 0, offset) + 1


def last_line(one: Instruction) -> int:
    return line(one.document.source, one.piece.end)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_it_is_what_buildkit_says(case: dict):
    source = Source("Dockerfile", case["text"])
    found = [
        {
            "keyword": one.keyword,
            "lines": [line(source, one.piece.start), last_line(one)],
            "text": one.logical,
            "flags": [written(flag) for flag in one.flags],
            "heredocs": [[heredoc.name, source.of(heredoc.body)] for heredoc in one.heredocs],
        }
        for one in parse(source).instructions
    ]
    assert found == case["instructions"]
