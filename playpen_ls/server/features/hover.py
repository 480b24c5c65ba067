"""Hover on a container: what its image is built from, and what it runs.

On a finding: the page of its rule, and why fixes are not available.
"""

from __future__ import annotations

from lsprotocol import types as lsp

from playpen_ls.api.finding import Refused
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.rule_docs import page
from playpen_ls.languages.kubernetes.model.manifests import Manifests
from playpen_ls.server.client_documents import ClientDocument
from playpen_ls.server.context import Context
from playpen_ls.session.inspection import described, inspected_at
from playpen_ls.text.span import Span


def hover(context: Context, params: lsp.HoverParams) -> lsp.Hover | None:
    """The hover at a position; None if there is neither a container nor a finding."""
    opened = context.documents.get(params.text_document.uri)
    if opened is None or opened.language is None:
        return None
    workspace, positions = opened.workspace, context.documents.positions(opened.source)
    offset = positions.offset(params.position)
    texts, spans = [], []
    container = _container(opened, offset)
    if container is not None:
        lines, span = container
        texts.append(_written(lines, context.abilities.shows_markdown))
        spans.append(span)
    diagnostics = [
        diagnostic
        for diagnostic in workspace.documents[opened.path].displayed
        if diagnostic.span.start <= offset <= diagnostic.span.end
    ]
    diagnostics.sort(key=lambda diagnostic: diagnostic.span.end - diagnostic.span.start)
    platform = workspace.configs.of(opened.path).platform
    texts += [page(diagnostic.rule, platform) + _refusals(opened, diagnostic) for diagnostic in diagnostics]
    spans += [diagnostic.span for diagnostic in diagnostics]
    if not texts:
        return None
    is_plain = not diagnostics and not context.abilities.shows_markdown
    kind = lsp.MarkupKind.PlainText if is_plain else lsp.MarkupKind.Markdown
    content = lsp.MarkupContent(kind, "\n---\n\n".join(dict.fromkeys(texts)))
    return lsp.Hover(content, positions.range(spans[0]))


def _container(opened: ClientDocument, offset: int) -> tuple[list[str], Span] | None:
    """What is known of the container whose name or image is at the offset; None until all files are known."""
    workspace = opened.workspace
    model = workspace.documents[opened.path].model
    if not isinstance(model, Manifests) or not workspace.index.complete:
        return None
    found = inspected_at(model, workspace.context(opened.path), offset)
    return (described(found[0], str, workspace.text), found[1]) if found is not None else None


def _written(lines: list[str], markdown: bool) -> str:
    """The lines as a list, or as plain text."""
    if not markdown:
        return "\n".join(lines).replace("`", "") + "\n"
    return "".join(f"{' ' * (len(line) - len(line.lstrip()))}- {line.lstrip()}\n" for line in lines)


def _refusals(opened: ClientDocument, diagnostic: Diagnostic) -> str:
    """Markdown with the reasons why fixes of a finding are not available."""
    said, tried = [], opened.workspace.fix_verifier(opened.path)
    for one in opened.workspace.look(opened.path, diagnostic.span).diagnostics:
        if one.rule is diagnostic.rule and one.span == diagnostic.span:
            for fix in one.finding.fixes:
                try:
                    tried(one, fix)
                except Refused as reason:
                    said.append(f"\nFix not available: {fix.title}, because {reason}.\n")
    return "".join(said)
