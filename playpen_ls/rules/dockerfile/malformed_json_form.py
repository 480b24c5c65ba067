from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from playpen_ls.api.example import example
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.model import queries
from playpen_ls.languages.dockerfile.parts import Instruction, Onbuild, ShellForm, Transfer, Volume
from playpen_ls.rules.dockerfile._json_form import malformed_json
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_ITEM = regex(
    r"\s*(?:\"(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<single>[^']*)'|[“”](?P<curly>[^“”]*)[“”]|‘(?P<curved>[^’]*)’"
    r"|(?P<bare>[^\s,\[\]\"'“”‘’]+))\s*"
)


@rule(
    severity=Severity.WARNING,
    practice="+",
    reports_absence=True,
    bad=[
        example("FROM debian:12\nCMD «['python', 'serve.py']»\n", fixed='FROM debian:12\nCMD ["python", "serve.py"]\n'),
        example(
            'FROM debian:12\nENTRYPOINT «["python", "serve.py"»\n',
            fixed='FROM debian:12\nENTRYPOINT ["python", "serve.py"]\n',
        ),
        example('FROM debian:12\nCMD «[ "a", "b", ]»\n', fixed='FROM debian:12\nCMD ["a", "b"]\n'),
        example(
            'FROM debian:12\ncmd «["python", "serve.py",]»\n', fixed='FROM debian:12\ncmd ["python", "serve.py"]\n'
        ),
        example(
            'FROM debian:12\nRUN «["make" "all"]»\nCMD «[serve, --port, 80]»\n',
            fixed='FROM debian:12\nRUN ["make", "all"]\nCMD ["serve", "--port", "80"]\n',
        ),
        example(
            "FROM debian:12\nHEALTHCHECK --interval=3s CMD «['curl', 'localhost']»\n",
            fixed='FROM debian:12\nHEALTHCHECK --interval=3s CMD ["curl", "localhost"]\n',
        ),
        example("FROM debian:12\nCMD «[“serve”]»\n", fixed='FROM debian:12\nCMD ["serve"]\n'),
        example(
            "FROM debian:12\nCOPY --chown=1 «['a b', '/c']»\nADD «[ 'a', '/' ]»\n",
            fixed='FROM debian:12\nCOPY --chown=1 ["a b", "/c"]\nADD ["a", "/"]\n',
        ),
        example(
            "FROM debian:12\nRUN «[/bin/echo, hello]»\nCOPY «[src, /dst/]»\n",
            fixed='FROM debian:12\nRUN ["/bin/echo", "hello"]\nCOPY ["src", "/dst/"]\n',
        ),
        example("FROM debian:12\nVOLUME «['/data']»\n", fixed='FROM debian:12\nVOLUME ["/data"]\n'),
        example("FROM debian:12\nONBUILD CMD «['a']»\n", fixed='FROM debian:12\nONBUILD CMD ["a"]\n'),
        'FROM debian:12\nCMD «["python", "serve.py"] # starts it»\n',
    ],
    good=[
        'FROM debian:12\nCMD ["python", "serve.py"]\nVOLUME ["/data"]\nCOPY ["a b", "/c"]\n',
        "FROM debian:12\nRUN [ -f x ] && y\nRUN [[ -f x ]] && y\nCMD [ -f x ] && y\n",
        'FROM debian:12\nRUN [ "$X" = "y" ] && z\nRUN [ "$X" ] || z\n',
        "FROM debian:12\nCOPY [a-z]*.txt /a/\nCOPY [a,b] /c\nCOPY [a,b] /[c]\n",
        "FROM debian:12\nCMD [\n",
        "FROM debian:12\nCMD serve ['a']\n",
        "FROM debian:12\nCMD ['{{ program }}']\n{% if a %}\n",
    ],
)
def malformed_json_form(instruction: ShellForm | Transfer | Volume | Onbuild) -> Iterator[Finding]:
    """Text in brackets is not valid JSON.

    Docker then takes `CMD`, `ENTRYPOINT`, `RUN` and `HEALTHCHECK CMD` for the shell form: the shell looks
    for a program named `[python,`. `COPY`, `ADD` and `VOLUME` take the brackets as parts of paths. JSON has
    double quotes, a comma between two strings and none after the last one. A shell test such as
    `[ -f x ] && y` is not reported. `SHELL`, which allows nothing but JSON, is an error of `invalid`.
    """
    inner: Instruction | None = instruction.instruction if isinstance(instruction, Onbuild) else instruction
    if inner is None or "[" not in inner.logical:
        return
    span = malformed_json(inner)
    if span is None or inner.file.ask(queries.is_template):
        return
    words = _words(inner.source.of(span))
    form = {"COPY": "paths", "ADD": "paths", "VOLUME": "a path"}.get(inner.name, "a shell command")
    message = f"`{inner.keyword}` is not in valid JSON form, so the text is used as {form}"
    fixes: tuple[Fix, ...] = ()
    if words is not None:
        fixes = (Fix("Convert to valid JSON", partial(_edits, span, words)),)
    yield Finding(span, message, fixes)


def _edits(span: Span, words: list[str]) -> list[Edit]:
    return [Edit(span.start, span.end, json.dumps(words, ensure_ascii=False))]


def _words(text: str) -> list[str] | None:
    """The intended strings; None if they are unclear."""
    text = text.strip()
    if "\n" in text:
        return None
    at, end, words = 1, len(text) - text.endswith("]"), list[str]()
    while text[at:end].strip():
        match = _ITEM.match(text, at, end)
        if match is None:
            return None
        group = match.lastgroup or ""
        value = match[group]
        if group == "double":
            with suppress(ValueError):  # a Windows path has backslashes that are no escapes
                value = json.loads(f'"{value}"')
        words.append(value)
        at = match.end()
        if at < end and text[at] == ",":
            at += 1
        elif at < end and (group == "bare" or text[at] not in "\"'“‘"):
            return None
    return words or None
