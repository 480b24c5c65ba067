"""What Groovy 2.4 says of short texts, recorded from a run of it, and what the validator says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playpen_ls.api.file_view import Outline
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import parse
from playpen_ls.languages.jenkinsfile.validator.groovy import file_groovy_faults
from playpen_ls.text.source import Source

RECORDED: list[tuple[str, str | None]] = json.loads(
    (Path(__file__).parent / "groovy-syntax.json").read_text(encoding="utf-8")
)
"""(text, the first line of Groovy's message or None)."""


def found(text: str) -> list[str]:
    file = parse(Source("Jenkinsfile", text))
    faults = Outline("Jenkinsfile", file.chunks).ask(file_groovy_faults)
    return [*(problem.message for problem in file.problems), *(fault.message for _, fault in faults)]


def test_what_groovy_accepts_is_not_reported():
    assert {text: found(text) for text, error in RECORDED if error is None and found(text)} == {}


def test_most_of_what_groovy_rejects_is_reported():
    rejected = [text for text, error in RECORDED if error is not None]
    assert len(rejected) > 300
    assert sum(bool(found(text)) for text in rejected) > 0.7 * len(rejected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = [a: 1\nb: 2]", "unexpected `b`: a comma or an operator is missing before it"),
        ("x = ['a' 'b']", "unexpected a string: a comma or an operator is missing before it"),
        ("sh script: 'x' label: 'y'", "unexpected `label`: a comma is missing before it"),
        ("return sh 'x'", "unexpected a string: a call after `return` needs parentheses"),
        ("f(a: , b: 1)", "unexpected `,`: it cannot follow `:`"),
        ("x = [a => 1]", "unexpected `>`: Groovy separates key and value with `:`"),
        ("while x { y() }", "unexpected `x`: `while` needs a condition in parentheses"),
        ("try { x() } catch { y() }", "unexpected `catch`: `catch` needs an exception in parentheses: `catch (e)`"),
        ("x() ; else { y() }", "unexpected `else`: no `if` is before it"),
        ("sh 'C:\\users'", "`\\u` must be followed by four hexadecimal digits; escape the backslash"),
        ("sh\xa0'x'", "no-break space (U+00A0) instead of a space"),
    ],
)
def test_a_message_says_what_is_wrong(text: str, message: str):
    assert found(f"def f() {{\n{text}\n}}\n") == [message]


def test_a_line_has_one_fault():
    assert len(found("x = [a b c d] # e `f`\ny = [1 2]\n")) == 2


def test_the_template_of_a_file_is_not_checked():
    assert found("x = [a b]\n") != []
    assert found("x = [a b]\ny = {{ z }}\n") == []
    assert found("x = [a b]\nsh 'docker inspect --format={{.Id}} x'\n") != []
