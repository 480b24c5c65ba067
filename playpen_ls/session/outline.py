"""The outline of a file as editors show it: its symbols, and the ranges that can be folded.

Only of Dockerfiles and Jenkinsfiles: the servers for YAML and Python have outlines (see `outline_beside.py`), and an
answer of ours would take folding by indentation away.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from playpen_ls.languages.dockerfile.model.dockerfile import DockerfileModel
from playpen_ls.languages.dockerfile.syntax.instruction import Instruction
from playpen_ls.languages.dockerfile.syntax.instruction_types import Cmd, Entrypoint, Expose, Healthcheck
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.tree import Block, Statement, Tree
from playpen_ls.languages.model import Model
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

_DEPTH = 40  # nested blocks; deeper nesting is malicious input
_LONGEST = 60  # characters of a detail
_CONDITIONS = frozenset(
    "always changed fixed regression aborted failure success unstable unsuccessful notBuilt cleanup".split()
)
_METHOD = regex(r"(?:(?:static|private|protected|public|final|@\w+)\s+)*(?:[A-Za-z_][\w.<>\[\]]*)\s+(\w+)\s*\(")
_SHOWN = (Cmd, Entrypoint, Expose, Healthcheck)


class Kind(Enum):
    """What a symbol is."""

    PIPELINE = "pipeline"
    STAGE = "stage"
    CONDITION = "condition"
    METHOD = "method"
    INSTRUCTION = "instruction"
    OBJECT = "object"
    CONTAINER = "container"
    PORT = "port"
    PROBE = "probe"
    ROUTE = "route"
    ENGINE = "engine"
    MIGRATION = "migration"


@dataclass(frozen=True)
class Symbol:
    """`span` covers all of it, `name_span` its name; the spans of `children` are inside `span`."""

    name: str
    detail: str
    kind: Kind
    span: Span
    name_span: Span
    children: tuple[Symbol, ...] = ()


class FoldKind(Enum):
    """What a range that can be folded is."""

    REGION = "region"
    COMMENT = "comment"


@dataclass(frozen=True)
class Fold:
    """The first line stays visible. Lines count from 0; `last` is included."""

    first: int
    last: int
    kind: FoldKind = FoldKind.REGION


def symbols(model: Model) -> tuple[Symbol, ...] | None:
    """The symbols of a file in text order; None for a language that is left to other servers."""
    if isinstance(model, Jenkinsfile):
        return _in_regions(model)
    if isinstance(model, DockerfileModel):
        return tuple(_stage(model, number) for number in range(1, len(model.chunks)))
    return None


def folds(model: Model) -> tuple[Fold, ...] | None:
    """The ranges of more than one line that can be folded, by first line, one a line; None as for `symbols`."""
    if isinstance(model, Jenkinsfile):
        found = [*_blocks(model.tree, model.source), *_strings(model.tree, model.source)]
    elif isinstance(model, DockerfileModel):
        found = [*_stages(model)]
    else:
        return None
    longest: dict[int, Fold] = {}
    for one in (*found, *_comments(model)):
        known = longest.get(one.first)
        if one.last > one.first and (known is None or one.last > known.last):
            longest[one.first] = one
    return tuple(longest[line] for line in sorted(longest))


# Jenkinsfiles


def _in_regions(model: Jenkinsfile) -> tuple[Symbol, ...]:
    """From the symbols of each region, which stay known while its text stays the same."""
    if any(chunk.broken for chunk in model.chunks):
        return tuple(_in_block(model.tree.root, 0))  # braces are missing: the frames are not known
    levels: list[list[Symbol]] = [[]]
    opened: list[Symbol | None] = []
    end = 0

    def close() -> None:
        head, children = opened.pop(), levels.pop()
        if head is not None:
            span = Span(head.span.start, end)
            children = [Symbol(head.name, head.detail, head.kind, span, head.name_span, tuple(children))]
        levels[-1] += children

    for chunk in model.chunks:
        while len(opened) > len(chunk.content.state.frames):
            close()
        *found, head = chunk.content.derived(_in_region)
        levels[-1] += [_shifted(one, chunk.begins) for one in found if one is not None]
        if chunk.content.structure.frame_at >= 0:
            opened.append(_shifted(head, chunk.begins) if head is not None else None)
            levels.append([])
        end = chunk.begins + chunk.content.text.rfind("}") + 1
    while opened:
        close()
    return tuple(levels[0])


def _in_region(parsed: Parsed) -> tuple[Symbol | None, ...]:
    """The symbols of a region, and that of the frame that it opens, if it opens one and that is a symbol."""
    found = list(_in_block(Tree(parsed).root, 0))
    if parsed.structure.frame_at < 0:
        return (*found, None)
    *_, last = Tree(parsed).root.statements
    heads = list(_of_statement(last, 0))
    return (*found[: len(found) - len(heads)], *heads) if heads else (*found, None)


def _shifted(one: Symbol, by: int) -> Symbol:
    children = tuple([_shifted(child, by) for child in one.children])
    return Symbol(one.name, one.detail, one.kind, one.span.shifted(by), one.name_span.shifted(by), children)


def _in_block(block: Block, depth: int) -> Iterator[Symbol]:
    for statement in block.statements if depth < _DEPTH else ():
        yield from _of_statement(statement, depth)


def _of_statement(statement: Statement, depth: int) -> Iterator[Symbol]:
    blocks = list(statement.blocks())
    if not blocks:
        return
    inside = [symbol for block in blocks for symbol in _in_block(block, depth + 1)]
    call = statement.call
    if call is not None:
        first = next(iter(call.positional), None)
        if call.name == "stage" and first is not None:
            span = first.string.inside if first.string is not None else first.span
            name = statement.tree.of(span).strip() or "stage"
            yield Symbol(name, "stage", Kind.STAGE, statement.span, span, tuple(inside))
            return
        if call.name in ("pipeline", "post") or call.name in _CONDITIONS:
            kind = Kind.CONDITION if call.name != "pipeline" else Kind.PIPELINE
            yield Symbol(call.name, "", kind, statement.span, call.name_span, tuple(inside))
            return
    head = statement.tree.text[statement.start : blocks[0].start]
    method = _METHOD.match(head) if statement.word not in ("if", "for", "while", "switch", "try", "return") else None
    if method is not None and head.rstrip().endswith(")"):
        named = Span(*method.span(1)).shifted(statement.start)
        yield Symbol(method[1], "method", Kind.METHOD, statement.span, named, tuple(inside))
    else:
        yield from inside


def _blocks(tree: Tree, source: Source) -> Iterator[Fold]:
    """The line of the closing brace stays visible."""
    for block in tree.blocks:
        if block.closed:
            yield Fold(source.line_of(block.start), source.line_of(block.end - 1) - 1)


def _strings(tree: Tree, source: Source) -> Iterator[Fold]:
    for kind, start, end, _ in tree.tokens:
        if kind == "string":
            yield Fold(source.line_of(start), source.line_of(end))


# Dockerfiles


def _stage(model: DockerfileModel, number: int) -> Symbol:
    stage, start = model.stage(number), model.chunks[number].begins
    image, name = stage.start.image, stage.start.stage_name
    shown = name or image
    children = [_instruction(one, start) for one in stage.instructions if isinstance(one, _SHOWN)]
    return Symbol(
        shown.text if shown is not None else "FROM",
        image.text if name is not None and image is not None else "",
        Kind.STAGE,
        stage.span.shifted(start),
        (shown.span if shown is not None else stage.start.keyword_span).shifted(start),
        tuple(children),
    )


def _instruction(one: Instruction, start: int) -> Symbol:
    detail = " ".join(one.logical.split()[1:])[:_LONGEST] if isinstance(one, Expose) else ""  # commands hold secrets
    return Symbol(
        one.name,
        detail,
        Kind.INSTRUCTION,
        one.span.shifted(start),
        one.keyword_span.shifted(start),
    )


def _stages(model: DockerfileModel) -> Iterator[Fold]:
    source = model.source
    for number in range(1, len(model.chunks)):
        stage, start = model.stage(number), model.chunks[number].begins
        yield _lines(source, stage.span.shifted(start))
        for one in stage.instructions:
            yield _lines(source, one.span.shifted(start))


def _lines(source: Source, span: Span) -> Fold:
    return Fold(source.line_of(span.start), source.line_of(max(span.start, span.end - 1)))


def _comments(model: Model) -> Iterator[Fold]:
    """Comments of several lines, and comments on lines below each other."""
    source, first, last = model.source, -1, -2
    for comment in model.comments():
        start, end = source.line_of(comment.span.start), source.line_of(max(comment.span.start, comment.span.end - 1))
        if not comment.alone:
            continue
        if start != last + 1:
            yield Fold(first, last, FoldKind.COMMENT)
            first = start
        last = end
    yield Fold(first, last, FoldKind.COMMENT)
