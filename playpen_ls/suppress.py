"""Drops what comments silence: `# playpen: ignore[rule] why`, and what users wrote for other tools."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from playpen_ls.finding import Finding, Fix, Refused, Severity
from playpen_ls.hit import Hit
from playpen_ls.hits import Hits
from playpen_ls.languages.base import Comment, Model
from playpen_ls.rule import own_rule, rules_of
from playpen_ls.source import Edit, Source, Span

UNUSED_IGNORE = own_rule(
    "playpen/unused-ignore",
    Severity.HINT,
    """An ignore comment silences nothing.

    What it was written for is mended or moved, or its rule is misspelt, or it names no rule: an
    ignore comment always says which rules it means, `ignore[moving-tag]`, so that it cannot hide
    anything else.
    """,
)

_OURS = re.compile(r"playpen:\s*(?P<word>ignore(?:-file)?)\b(?:\[(?P<ids>[^\]\n]*)\])?")
_CODES = r"[A-Za-z][\w/.-]*"
# (tool as in `like` of a rule, pattern, what it covers)
_THEIRS = tuple(
    (tool, re.compile(pattern, re.IGNORECASE), scope)
    for tool, pattern, scope in (
        ("hadolint", rf"hadolint\s+ignore=(?P<codes>{_CODES}(?:\s*,\s*{_CODES})*)", "next"),
        ("hadolint", rf"hadolint\s+global\s+ignore=(?P<codes>{_CODES}(?:\s*,\s*{_CODES})*)", "file"),
        ("docker", rf"check=(?:[\w=;]*;)?skip=(?P<codes>{_CODES}(?:\s*,\s*{_CODES})*)", "file"),
        ("ruff", rf"ruff:\s*noqa:\s*(?P<codes>{_CODES}(?:[\s,]+{_CODES})*)", "file"),
        ("ruff", r"(?:ruff|flake8):\s*noqa(?!\s*:|\w)", "file"),
        ("ruff", rf"ruff:\s*ignore\[(?P<codes>{_CODES}(?:\s*,\s*{_CODES})*)\]", "line"),
        (
            "ruff",
            r"(?<!ruff: )(?<!ruff:)(?<!flake8: )(?<!flake8:)\bnoqa\b(?::\s?(?P<codes>[A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*))?",
            "line",
        ),
        ("bandit", r"\bnosec\b(?:\s+(?P<codes>B\d+(?:[\s,]+B\d+)*))?", "line"),
        ("pylint", rf"pylint:\s*disable=(?P<codes>{_CODES}(?:\s*,\s*{_CODES})*)", "line"),
        ("detect-secrets", r"pragma:\s*allowlist\s+(?P<codes>secret)", "line"),
        ("detect-secrets", r"pragma:\s*allowlist\s+nextline\s+(?P<codes>secret)", "next"),
        ("semgrep", rf"nosemgrep(?::\s*(?:[\w-]+\.)*(?P<codes>{_CODES}))?", "line"),
    )
)
_MARKS = ("playpen:", "hadolint", "check=", "noqa", "nosec", "ruff:", "pylint:", "pragma:", "nosemgrep")
_ANNOTATIONS = ("kube-linter.io/", "kube-score/ignore", "polaris.fairwinds.com/", "checkov.io/skip")


@dataclass(frozen=True)
class Suppressed:
    """What is left, what was silenced, and the comments of ours that silenced nothing."""

    kept: Hits
    silenced: list[Hit]
    unused: list[Hit]


def suppress(model: Model, hits: Hits, ran: Iterable[str]) -> Suppressed:
    """Apply the comments of a file to its findings. `ran` are the ids of the rules that looked at it."""
    annotated = model.language == "kubernetes" and model.may_mention(_ANNOTATIONS)
    comments = model.comments_with(_MARKS)
    if not annotated and not comments:
        return Suppressed(hits, [], [])
    text = model.source.text
    kept, silenced, unused = list(hits), list[Hit](), list[Hit]()
    if annotated:
        kept = _exempted(model, kept, silenced)
    for comment in comments:
        match = _OURS.search(comment.text)
        kept = _theirs(model, comment, kept, silenced)
        if match is None:
            continue
        word, names = match["word"], [name.strip() for name in (match["ids"] or "").split(",") if name.strip()]
        if word == "ignore-file" and not _in_header(model, comment):
            unused.append(_report(model.source, comment, "`ignore-file` counts only in the first comment block"))
        elif not names:
            unused.append(_report(model.source, comment, f"`{word}` names no rule: `{word}[rule]`"))
        else:
            span = Span(0, len(text)) if word == "ignore-file" else _covered(model, comment)
            for name in names:
                before = [hit for hit in silenced if _silences(name, span, hit)]
                now = [hit for hit in kept if _silences(name, span, hit)]
                silenced += now
                kept = [hit for hit in kept if not _silences(name, span, hit)]
                if not before and not now and (message := _useless(model, name, ran)):
                    unused.append(_report(model.source, comment, message, _without(name, comment)))
    return Suppressed(hits.kept(kept), silenced, unused)


def _useless(model: Model, name: str, ran: Iterable[str]) -> str:
    """What to say of a name that silences nothing; nothing of rules that did not run, or of other languages."""
    full = name if "/" in name else f"{model.language}/{name}"
    if full in ran:
        return f"`{name}` is not reported here"
    known = any(rule.id == full for rule in rules_of(model.language))
    return "" if known or not full.startswith(f"{model.language}/") else f"there is no rule `{name}`"


def _silences(name: str, span: Span | None, hit: Hit) -> bool:
    return span is not None and span.contains(hit.span.start) and name in (hit.rule.id, hit.rule.name)


def _covered(model: Model, comment: Comment) -> Span | None:
    """A comment behind code covers its line; one alone covers the whole construct that follows."""
    if comment.alone:
        return model.construct_after(comment.span.end)
    line = model.source.line_of(comment.span.start)
    return Span(model.source.line_starts[line], model.source.line_span(line).end + 1)


def _in_header(model: Model, comment: Comment) -> bool:
    first = model.construct_after(0)
    return first is None or comment.span.start < first.start


def _report(source: Source, comment: Comment, message: str, edit: Edit | None = None) -> Hit:
    edit = edit or _whole(source, comment)
    fix = Fix("Remove the ignore comment", lambda: [edit], safe=True)
    return Hit(UNUSED_IGNORE, Finding(comment.span, message, (fix,)), UNUSED_IGNORE.severity)


def _whole(source: Source, comment: Comment) -> Edit:
    """Take out a comment with its line, or with the blanks before it where code stands on the line."""
    start = source.line_start(comment.span.start)
    if comment.alone:
        return Edit(start, source.next_line_start(comment.span.end), "")
    before = source.text[start : comment.span.start]
    return Edit(start + len(before.rstrip(" \t")), comment.span.end, "")


def _without(id: str, comment: Comment) -> Edit | None:
    """Take one id out of the list; None where it is the only one."""
    match = _OURS.search(comment.text)
    if match is None or match["ids"] is None:
        return None
    left = [word.strip() for word in match["ids"].split(",") if word.strip() and word.strip() != id]
    if not left:
        return None
    start = comment.span.start
    return Edit(start + match.start("ids"), start + match.end("ids"), ", ".join(left))


def _theirs(model: Model, comment: Comment, kept: list[Hit], silenced: list[Hit]) -> list[Hit]:
    """What another tool's comment silences; one that names no code lowers a secret to a hint."""
    for tool, pattern, scope in _THEIRS:
        match = pattern.search(comment.text)
        if match is None:
            continue
        named = "codes" in match.groupdict() and match["codes"]
        codes = {code.upper() for code in re.split(r"[\s,]+", named)} if named else set()
        if tool == "docker" and "ALL" in codes:
            codes = set()  # `skip=all` names no check
        span = Span(0, len(model.source.text)) if scope == "file" else _covered(model, comment)
        if span is None:
            continue
        left = []
        for hit in kept:
            theirs = {code.upper() for code in hit.rule.like.get(tool, ())}
            if not span.touches(hit.span) or not span.contains(_line_end(model, hit, scope)) or not theirs:
                left.append(hit)
            elif codes & theirs or (not codes and not hit.rule.secret):
                silenced.append(hit)
            elif not codes:
                left.append(hit.at(Severity.HINT))
            else:
                left.append(hit)
        kept = left
    return kept


def _exempted(model: Model, kept: list[Hit], silenced: list[Hit]) -> list[Hit]:
    """What annotations for other tools silence; one that excuses from everything lowers a secret to a hint."""
    for exemption in model.exemptions():
        left = []
        for hit in kept:
            theirs = {code.lower() for code in hit.rule.like.get(exemption.tool, ())}
            if not theirs or not exemption.span.contains(hit.span.start):
                left.append(hit)
            elif theirs & exemption.codes or (not exemption.codes and not hit.rule.secret):
                silenced.append(hit)
            else:
                left.append(hit if exemption.codes else hit.at(Severity.HINT))
        kept = left
    return kept


def _line_end(model: Model, hit: Hit, scope: str) -> int:
    """The place by which a hit is on a line: line comments of other tools stand on a string's last line."""
    return max(hit.span.start, hit.span.end - 1) if scope == "line" else hit.span.start


def ignore_here(model: Model, hit: Hit) -> list[Edit]:
    """The comment that silences a finding where it stands. Raises Refused where no comment can stand."""
    edit = model.comment_above(hit.span.start, f"playpen: ignore[{hit.rule.name}]")
    if edit is None:
        raise Refused("no comment can stand here")
    return [edit]
