"""Patterns are compiled on first use and then behave as `re.compile` returns them."""

from __future__ import annotations

import re

import pytest

from playpen_ls.text.regex import regex


def test_a_pattern_has_the_methods_of_a_compiled_one():
    word = regex(r"(?P<first>[a-z])\w*", re.I)
    found = word.match("Abc d")
    assert found is not None
    assert found["first"] == "A"
    assert word.search("--") is None
    assert word.fullmatch("abc d") is None
    assert [one[0] for one in word.finditer("ab cd")] == ["ab", "cd"]
    assert word.findall("ab cd") == ["a", "c"]
    assert word.sub("x", "ab cd") == "x x"
    assert word.split("1ab2") == ["1", "a", ""]
    assert word.groupindex == {"first": 1}
    assert (word.pattern, word.groups) == (r"(?P<first>[a-z])\w*", 1)


def test_nothing_is_compiled_before_it_is_used():
    broken = regex("(")
    assert repr(broken) == "regex('(')"
    with pytest.raises(re.error):
        broken.search("x")
