"""Giving an image another tag, in every place of a Jenkinsfile that names it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.edits.indentation import whole_lines
from playpen_ls.languages.jenkinsfile.edits.quoting import expandable
from playpen_ls.languages.jenkinsfile.model.images import Mention
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.steps import ShellStep
from playpen_ls.languages.jenkinsfile.syntax.expressions import string_at
from playpen_ls.languages.jenkinsfile.syntax.strings import StringLiteral
from playpen_ls.languages.jenkinsfile.syntax.tree import Statement
from playpen_ls.text.edit import Edit
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.images import ImageReference

_VERSION = re.compile(r"v?\d+(?:\.\d+)+")


def release_tag(file: Jenkinsfile, mentions: Sequence[Mention], reference: ImageReference, release: str) -> str:
    """The release's tag, with the version of the same image elsewhere in the file in place of its own."""
    for one in mentions:
        same = one.reference.repository == reference.repository
        if same and (known := _VERSION.match(one.reference.tag)) and _VERSION.match(release):
            return _VERSION.sub(known[0], release, count=1)
    return release


def retagged(file: Jenkinsfile, reference: ImageReference, tag: str) -> Iterator[Edit]:
    """Edits that give every equal reference of the file this tag, which may hold `${…}`. Raises Refused."""
    old = re.compile(
        rf"(?:(?<=docker://)|(?<![\w./:@-])){re.escape(reference.text)}"
        + (r"(?![\w-]|\.\w)" if reference.tag else r"(?![\w:@/-]|\.\w)")
    )
    scripts = {step.script.start: step for step in file.shell_steps if step.script is not None}
    tree = file.tree
    for index, token in enumerate(tree.tokens):
        if token[0] != "string" or reference.path.rpartition("/")[2] not in file.source.text[token[1] : token[2]]:
            continue
        literal = string_at(tree, index)
        assert literal is not None
        found = list(old.finditer(literal.fragment.text))
        if not found:
            continue
        step = scripts.get(literal.start)
        if step is not None:
            yield from _in_script(step, literal, reference, tag, [match.end() for match in found])
        else:
            yield groovy_edit(
                literal,
                [(match.end() - len(reference.tag), match.end()) for match in found],
                tag if reference.tag else f":{tag}",
            )


def _in_script(
    step: ShellStep, literal: StringLiteral, reference: ImageReference, tag: str, ends: list[int]
) -> Iterator[Edit]:
    for end in ends:
        written = expandable(step, end - 1, tag)
        if written is not None:
            span = literal.fragment.span(end - len(reference.tag), end)
            yield Edit(span.start, span.end, written if reference.tag else f":{written}")


def groovy_edit(literal: StringLiteral, places: list[tuple[int, int]], new: str) -> Edit:
    """Replace ranges of a literal's decoded text by text that Groovy expands; single quotes become double ones."""
    if literal.quote not in ("'", '"'):
        raise Refused("the text stands in a string that is no shell script")
    text = literal.fragment.text
    if literal.quote == "'" and "${" in text:
        raise Refused("the string holds `${…}` that is not Groovy's")

    def kept(start: int, end: int) -> str:
        if literal.quote == "'":
            return _escaped(text[start:end])
        return literal.source.of(literal.fragment.span(start, end)) if start < end else ""

    pieces, reached = [], 0
    for start, end in places:
        pieces += [kept(reached, start), new]
        reached = end
    return Edit(literal.start, literal.end, f'"{"".join(pieces)}{kept(reached, len(text))}"')


def _escaped(text: str) -> str:
    """Text as it is written in double quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("\n", "\\n")


def without_option(mention: Mention) -> Edit:
    """Drop `-t REF` from its command, with the blanks before it."""
    command, word = mention.command, mention.word
    assert command is not None
    assert word is not None
    first = mention.flag or word
    before = command.words[command.words.index(first) - 1]
    span = Span(mention.literal.fragment.span(before.start, before.end).end, word.span.end)
    return Edit(span.start, span.end, "")


def without_statement(file: Jenkinsfile, statement: Statement) -> Edit:
    """Drop the lines of a statement. Raises Refused where something else stands on them."""
    span = whole_lines(file.source, statement.span)
    if span is None or file.source.text[statement.end : span.end].strip():
        raise Refused("something else stands on the same line")
    return Edit(span.start, span.end, "")
