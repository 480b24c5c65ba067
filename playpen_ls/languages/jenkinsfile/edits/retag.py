"""Changing the tag of an image in every reference of a Jenkinsfile."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.edits.indentation import whole_lines
from playpen_ls.languages.jenkinsfile.edits.quoting import expandable
from playpen_ls.languages.jenkinsfile.model.images import Mention
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.syntax.strings import StringLiteral
from playpen_ls.languages.jenkinsfile.syntax.tree import ShellStep, Statement, string_at
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.images import ImageReference

_VERSION = regex(r"v?\d+(?:\.\d+)+")


def release_tag(found: Iterable[ImageReference], reference: ImageReference, release: str) -> str:
    """The release tag, with its version replaced by that of the same image elsewhere in the file, if any.

    `found` are all references of the file.
    """
    for one in found:
        same = one.repository == reference.repository
        if same and (known := _VERSION.match(one.tag)) and _VERSION.match(release):
            return _VERSION.sub(known[0], release, count=1)
    return release


def retagged(file: Jenkinsfile, reference: ImageReference, tag: str) -> Iterator[Edit]:
    """Edits that change the tag of every equal reference in the file; `tag` can contain `${…}`. Raises Refused."""
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
    """Replace ranges of a literal's decoded text with text that Groovy expands; single quotes become double quotes.

    Raises Refused.
    """
    if literal.quote not in ("'", '"'):
        raise Refused("the text is in a multi-line or slashy string that is not a shell script")
    text = literal.fragment.text
    if literal.quote == "'" and "${" in text:
        raise Refused("the single-quoted string contains `${…}`, which Groovy would expand in double quotes")

    def kept(start: int, end: int) -> str:
        if literal.quote == "'":
            return _escaped(text[start:end])
        span = literal.fragment.span(start, end)
        return literal.text[span.start : span.end] if start < end else ""

    pieces, reached = [], 0
    for start, end in places:
        pieces += [kept(reached, start), new]
        reached = end
    return Edit(literal.start, literal.end, f'"{"".join(pieces)}{kept(reached, len(text))}"')


def _escaped(text: str) -> str:
    """Escape text for a double-quoted Groovy string."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("\n", "\\n")


def without_option(mention: Mention) -> Edit:
    """Remove `-t REF` from its command, with the whitespace before it."""
    command, word = mention.command, mention.word
    assert command is not None
    assert word is not None
    first = mention.flag or word
    before = command.words[command.words.index(first) - 1]
    span = Span(mention.literal.fragment.span(before.start, before.end).end, word.span.end)
    return Edit(span.start, span.end, "")


def without_statement(file: Jenkinsfile, statement: Statement) -> Edit:
    """Remove the lines of a statement. Raises Refused if other code or a comment shares them."""
    span = whole_lines(file.source, statement.span)
    if span is None or file.source.text[statement.end : span.end].strip():
        raise Refused("other code or a comment is on the same line")
    return Edit(span.start, span.end, "")
