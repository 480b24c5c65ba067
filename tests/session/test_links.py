"""Links from the ids of rules to their pages, in comments and in the configuration."""

from __future__ import annotations

import re

import pytest

from playpen_ls.api.platform import Platform
from playpen_ls.languages.registry import parse
from playpen_ls.session.links import in_comments, in_configuration
from playpen_ls.text.source import Source

PLATFORM = Platform(documentation_url="https://docs.example.com/playpen")


@pytest.mark.parametrize(
    ("language", "text", "ids"),
    [
        (
            "dockerfile",
            "# playpen: ignore[moving-tag, dockerfile/root-user] why\nFROM a\n",
            ["moving-tag", "root-user"],
        ),
        ("python", "x = 1  # playpen: ignore[python/print-as-log]\n", ["print-as-log"]),
        ("jenkinsfile", "// playpen: ignore-file[logged-secret]\nnode { }\n", ["logged-secret"]),
        ("kubernetes", "# playpen: ignore[unknown-rule]\nkind: Pod\n", []),
        ("python", "x = '# playpen: ignore[python/print-as-log]'\n", []),
    ],
)
def test_suppression_comments(language: str, text: str, ids: list[str]):
    found = list(in_comments(parse(language, Source("x", text)), PLATFORM))
    written = [text[one.span.start : one.span.end] for one in found]
    assert [one.rpartition("/")[2] for one in written] == ids
    for one, id in zip(found, ids, strict=True):
        assert re.fullmatch(rf"https://docs\.example\.com/playpen/rules/{language}/{id}\.html", one.address)
        assert one.title


def test_the_configuration():
    text = (
        'ignore = ["python/print-as-log", "python", "python/no-rule"]\n[severity]\n"kubernetes/no-cpu-limit" = "off"\n'
    )
    found = list(in_configuration(Source("playpen.toml", text), PLATFORM))
    assert [text[one.span.start : one.span.end] for one in found] == ["python/print-as-log", "kubernetes/no-cpu-limit"]


def test_without_a_page_there_is_no_link():
    text = "# playpen: ignore[moving-tag]\nFROM a\n"
    assert list(in_comments(parse("dockerfile", Source("x", text)), Platform(practices_url=""))) == []
