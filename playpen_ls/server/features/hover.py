"""Hover: what stands under the cursor, and what was found there, with why there is no fix."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsprotocol import types as lsp

from playpen_ls.api.finding import Refused
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.rule_docs import reason_in_short
from playpen_ls.languages.kubernetes.model.manifests import Manifests
from playpen_ls.server.client_documents import ClientDocument
from playpen_ls.server.context import Context
from playpen_ls.session.explanations import explained_at
from playpen_ls.session.inspection import described, inspected_at
from playpen_ls.session.references.reference import Kind
from playpen_ls.text.span import Span

_MOST = 12  # lines that are shown; others would have to be scrolled to
_PEERS_OWN = (Kind.STAGE, Kind.ARGUMENT)
"""What other servers for Dockerfiles show."""


def hover(context: Context, params: lsp.HoverParams) -> lsp.Hover | None:
    """The hover at a position; None if nothing is known of what is there."""
    opened = context.documents.get(params.text_document.uri)
    if opened is None or opened.language is None:
        return None
    workspace, positions = opened.workspace, context.documents.positions(opened.source)
    offset = positions.offset(params.position)
    texts, spans = [], []
    thing = _thing(opened, offset, opened.language in context.peers)
    room = _MOST
    diagnostics = [
        diagnostic
        for diagnostic in workspace.documents[opened.path].displayed
        if diagnostic.span.start <= offset <= diagnostic.span.end
    ]
    if thing is not None:
        lines, span = thing
        lines = _at_most(_MOST - 5 if diagnostics else _MOST, lines)
        room -= len(lines) + 1
        texts.append("".join(f"{' ' * (len(line) - len(line.lstrip()))}- {line.lstrip()}\n" for line in lines))
        spans.append(span)
    diagnostics.sort(key=lambda diagnostic: diagnostic.span.end - diagnostic.span.start)
    if diagnostics:
        texts.append("".join(_findings(opened, diagnostics, room - 3)))
        spans += [diagnostic.span for diagnostic in diagnostics]
    if not texts:
        return None
    text, kind = "\n---\n\n".join(texts), lsp.MarkupKind.Markdown
    if not context.abilities.shows_markdown:
        text, kind = _plain(text), lsp.MarkupKind.PlainText
    return lsp.Hover(lsp.MarkupContent(kind, text), positions.range(spans[0]))


def _thing(opened: ClientDocument, offset: int, is_beside: bool) -> tuple[list[str], Span] | None:
    """What is at the offset; None until all files are known. `is_beside`: another server is there for the language."""
    workspace = opened.workspace
    if not workspace.index.complete or workspace.documents[opened.path].model is None:
        return None
    model = workspace.documents[opened.path].model
    if isinstance(model, Manifests):
        found = inspected_at(model, workspace.context(opened.path), offset)
        if found is not None:
            return described(found[0], str, workspace.text), found[1]
    left = _PEERS_OWN if opened.language == "dockerfile" and is_beside else ()
    return explained_at(workspace, opened.path, offset, left)


def _at_most(number: int, lines: list[str]) -> list[str]:
    return lines if len(lines) <= number else [*lines[: number - 1], "…"]


def _findings(opened: ClientDocument, diagnostics: list[Diagnostic], most: int) -> Iterator[str]:
    """The first finding with its reason in three lines at most, the others in a line each; at most so many of these."""
    others = len(diagnostics) - 1
    shown = others if others <= most else max(0, most - 1)
    platform = opened.workspace.configs.of(opened.path).platform
    for number, diagnostic in enumerate(diagnostics[: 1 + shown]):
        rule = diagnostic.rule
        page = platform.rule_link(rule.id, rule.practice)
        name = f"[{rule.id}]({page})" if page else f"`{rule.id}`"
        refused = "; ".join(_refusals(opened, diagnostic))
        if number == 0:
            why = f"\n\nNo fix: {refused}." if refused else ""
            yield f"{diagnostic.finding.message} ({name})\n\n{reason_in_short(rule)}{why}\n"
        else:
            why = f"; no fix: {refused}" if refused else ""
            yield f"{'' if number > 1 else chr(10)}- {diagnostic.finding.message} ({name}){why}\n"
    if shown < others:
        yield f"{'' if shown else chr(10)}- and {others - shown} more\n"


def _refusals(opened: ClientDocument, diagnostic: Diagnostic) -> list[str]:
    """The reasons why no fix of a finding is available; none if one is."""
    said, tried = dict[str, None](), opened.workspace.fix_verifier(opened.path)
    for one in opened.workspace.look(opened.path, diagnostic.span).diagnostics:
        if one.rule is diagnostic.rule and one.span == diagnostic.span:
            for fix in one.finding.fixes:
                try:
                    tried(one, fix)
                except Refused as reason:
                    said[str(reason)] = None
                else:
                    return []
    return list(said)


def _plain(text: str) -> str:
    """Markdown without its marks."""
    text = re.sub(r"\[([^\]]*)\]\(([^)]*)\)", r"\1: \2", text)
    return re.sub(r"^(\s*)- ", r"\1", text, flags=re.MULTILINE).replace("\n---\n\n", "\n").replace("`", "")
