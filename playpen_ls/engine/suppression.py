"""Suppression comments: `# playpen: ignore[rule] reason`, and those for other tools."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from playpen_ls.api.finding import Finding, Fix, Refused, Severity
from playpen_ls.api.rule import Rule
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.diagnostics import FileDiagnostics
from playpen_ls.engine.own_rules import UNUSED_IGNORE
from playpen_ls.engine.registry import rules_of
from playpen_ls.languages.model import Comment, Model
from playpen_ls.languages.registry import LANGUAGES
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

_OURS = regex(r"playpen:\s*(?P<word>ignore(?:-file)?)\b(?:\[(?P<ids>[^\]\n]*)\])?")
_CODES = r"[A-Za-z][\w/.-]*"
# (tool as in `like` of a rule, pattern, covered range); compiled where a file has such a comment.
_THEIRS = (
    ("hadolint", rf"hadolint\s+ignore\s*=\s*(?P<codes>{_CODES}(?:\s*,\s*{_CODES})*)", "next"),
    ("hadolint", rf"hadolint\s+global\s+ignore\s*=\s*(?P<codes>{_CODES}(?:\s*,\s*{_CODES})*)", "file"),
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
_MARKS = ("playpen:", "hadolint", "check=", "noqa", "nosec", "ruff:", "pylint:", "pragma:", "nosemgrep")


@dataclass(frozen=True)
class Suppressed:
    """The remaining and the suppressed diagnostics, and diagnostics for unused ignore comments."""

    kept: FileDiagnostics
    silenced: list[tuple[Diagnostic, str]]
    """Each with the reason that its comment gives, or ""."""
    unused: list[Diagnostic]


class _Findings:
    """The diagnostics of a file, numbered in text order, with bisection by range for files with many comments.

    `left` has None for suppressed ones.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.every = list(diagnostics)
        self.left: list[Diagnostic | None] = [*self.every]
        self.reasons: dict[int, str] = {}
        self._starts = [diagnostic.start for diagnostic in self.every]

    def starting_in(self, span: Span) -> range:
        return range(bisect_left(self._starts, span.start), bisect_left(self._starts, span.end))

    def ending_in(self, span: Span) -> list[int]:
        """The numbers of diagnostics whose last character is in the range."""
        first = bisect_left(self._ends, (span.start, 0))
        return sorted([number for _, number in self._ends[first : bisect_left(self._ends, (span.end, 0))]])

    @cached_property
    def _ends(self) -> list[tuple[int, int]]:
        return sorted(
            [(max(diagnostic.start, diagnostic.end - 1), number) for number, diagnostic in enumerate(self.every)]
        )

    def silence(self, number: int, *, fully: bool, reason: str = "") -> None:
        """Suppress a diagnostic, or lower it to a hint."""
        diagnostic = self.left[number]
        self.reasons.setdefault(number, reason)
        self.left[number] = None if diagnostic is None or fully else diagnostic.at(Severity.HINT)


def suppress(model: Model, diagnostics: FileDiagnostics, ran: Iterable[str]) -> Suppressed:
    """Apply the suppression comments of a file. `ran` are the ids of the rules that ran on it."""
    words = LANGUAGES[model.language].exemption_words
    annotated = bool(words) and model.may_mention(words)
    comments = model.comments_with(_MARKS)
    if not annotated and not comments:
        return Suppressed(diagnostics, [], [])
    findings, unused = _Findings(diagnostics), list[Diagnostic]()
    if annotated:
        _exempt(model, findings)
    for comment in comments:
        _take_theirs(model, comment, findings)
        unused += _take_ours(model, comment, findings, ran)
    silenced = [
        (diagnostic, findings.reasons[number])
        for number, (diagnostic, left) in enumerate(zip(findings.every, findings.left, strict=True))
        if left is None
    ]
    return Suppressed(
        diagnostics.filtered([diagnostic for diagnostic in findings.left if diagnostic is not None]), silenced, unused
    )


def _take_ours(model: Model, comment: Comment, findings: _Findings, ran: Iterable[str]) -> Iterator[Diagnostic]:
    """Apply a `playpen:` comment, and yield diagnostics for the comment itself."""
    match = _OURS.search(comment.text)
    if match is None:
        return
    word, names = match["word"], [name.strip() for name in (match["ids"] or "").split(",") if name.strip()]
    if word == "ignore-file" and not _in_header(model, comment):
        yield _report(model.source, comment, "`ignore-file` has no effect after the first comment block of the file")
    elif not names:
        yield _report(model.source, comment, f"ignore comment names no rule; write `{word}[rule]`")
    else:
        span = _whole_text(model) if word == "ignore-file" else _covered(model, comment)
        covered = findings.starting_in(span) if span is not None else ()
        for name in names:
            meant = [one for one in covered if name in (findings.every[one].rule.id, findings.every[one].rule.name)]
            for one in meant:
                findings.silence(one, fully=True, reason=_reason(comment, match))
            if not meant and (message := _useless(model, name, ran)):
                yield _report(model.source, comment, message, _without(name, comment))


def _reason(comment: Comment, match: re.Match[str]) -> str:
    """What the comment says behind the rules."""
    return " ".join(comment.text[match.end() :].removesuffix("*/").split())


def _useless(model: Model, name: str, ran: Iterable[str]) -> str:
    """The message for a name that suppresses nothing; "" for rules that did not run or are of other languages."""
    full = name if "/" in name else f"{model.language}/{name}"
    if full in ran:
        return f"unused ignore comment: `{name}` is not reported here"
    known = any(rule.id == full for rule in rules_of(model.language))
    return "" if known or not full.startswith(f"{model.language}/") else f"unknown rule `{name}` in ignore comment"


def _whole_text(model: Model) -> Span:
    return Span(0, len(model.source.text) + 1)  # a finding can be after the last character


def _covered(model: Model, comment: Comment) -> Span | None:
    """A trailing comment covers its line; one on its own line covers the construct that follows."""
    if comment.alone:
        return model.construct_after(comment.span.end)
    line = model.source.line_of(comment.span.start)
    return Span(model.source.line_starts[line], model.source.line_span(line).end + 1)


def _in_header(model: Model, comment: Comment) -> bool:
    first = model.construct_after(0)
    return first is None or comment.span.start < first.start


def _report(source: Source, comment: Comment, message: str, edit: Edit | None = None) -> Diagnostic:
    edit = edit or _whole(source, comment)
    fix = Fix("Remove the ignore comment", lambda: [edit], safe=True)
    return Diagnostic(UNUSED_IGNORE, Finding(comment.span, message, (fix,)), UNUSED_IGNORE.severity)


def _whole(source: Source, comment: Comment) -> Edit:
    """Remove a comment with its line, or a trailing comment with the spaces before it."""
    start = source.line_start(comment.span.start)
    if comment.alone:
        return Edit(start, source.next_line_start(comment.span.end), "")
    before = source.text[start : comment.span.start]
    return Edit(start + len(before.rstrip(" \t")), comment.span.end, "")


def _without(id: str, comment: Comment) -> Edit | None:
    """Remove one id from the list; None if it is the only one."""
    match = _OURS.search(comment.text)
    if match is None or match["ids"] is None:
        return None
    left = [word.strip() for word in match["ids"].split(",") if word.strip() and word.strip() != id]
    if not left:
        return None
    start = comment.span.start
    return Edit(start + match.start("ids"), start + match.end("ids"), ", ".join(left))


def _take_theirs(model: Model, comment: Comment, findings: _Findings) -> None:
    """Apply comments for other tools. A comment without codes only lowers findings about secrets to hints."""
    for tool, pattern, scope in _THEIRS:
        match = re.search(pattern, comment.text, re.IGNORECASE)
        if match is None:
            continue
        named = "codes" in match.groupdict() and match["codes"]
        codes = {code.upper() for code in re.split(r"[\s,]+", named)} if named else set()
        if tool == "docker" and "ALL" in codes:
            codes = set()  # `skip=all` names no check
        # In Docker's checks, only a parser directive counts for the whole file.
        whole = scope == "file" and (tool != "docker" or _in_header(model, comment))
        span = _whole_text(model) if whole else _covered(model, comment)
        if span is not None:
            # For other tools, a line comment is on the last line of a multi-line string.
            covered = findings.ending_in(span) if scope == "line" else findings.starting_in(span)
            _silence_like(findings, covered, tool, codes)


def _exempt(model: Model, findings: _Findings) -> None:
    """Apply annotations for other tools."""
    for exemption in model.exemptions():
        codes = {code.upper() for code in exemption.codes}
        _silence_like(findings, findings.starting_in(exemption.span), exemption.tool, codes)


def _silence_like(findings: _Findings, covered: Iterable[int], tool: str, codes: set[str]) -> None:
    """Suppress findings similar to these checks of another tool. Without codes: all, but secrets are only lowered."""
    for number in covered:
        rule = findings.every[number].rule
        like = {code.upper() for code in rule.like.get(tool, ())}
        if like and (codes & like or not codes):
            findings.silence(number, fully=bool(codes) or not rule.masks_text)


REASON = "TODO: reason"
"""Stands for the reason of an ignore comment where nobody could be asked for it."""


def ignore_here(model: Model, diagnostics: Iterable[Diagnostic], reason: str = "") -> list[Edit]:
    """The edits that add an ignore comment for findings. Raises Refused if no comment is possible there."""
    edits = ignore_all(model, diagnostics, reason)
    if not edits:
        raise Refused("a comment is not possible here")
    return edits


# Lines that must stay the first ones: of the interpreter, the encoding, and directives of Docker's parser.
_FIRST = regex(r"#!|#.*?coding[:=]|#\s*(?:syntax|escape|check)\s*=", re.IGNORECASE)


def ignore_in_file(model: Model, rule: Rule, reason: str = "") -> list[Edit]:
    """The edit that adds a comment at the top of the file, which suppresses all findings of a rule in it."""
    source, line = model.source, 0
    while line < len(source.line_starts) - 1 and _FIRST.match(source.text, source.line_starts[line]):
        line += 1
    at = source.line_starts[line]
    comment = f"{LANGUAGES[model.language].comment_mark} playpen: ignore-file[{rule.name}] {reason}".rstrip()
    return [Edit(at, at, comment + source.newline)]


def ignore_all(model: Model, diagnostics: Iterable[Diagnostic], reason: str = "") -> list[Edit]:
    """The edits that add ignore comments for the findings for which one is possible, one comment for a construct."""
    mark = LANGUAGES[model.language].comment_mark
    rules: dict[tuple[int, int], list[str]] = {}
    offsets: dict[tuple[int, int], int] = {}
    for diagnostic in diagnostics:
        edit = model.comment_above(diagnostic.span.start, f"{mark} x")
        if edit is not None:
            offsets.setdefault((edit.start, edit.end), diagnostic.span.start)
            names = rules.setdefault((edit.start, edit.end), [])
            names += [diagnostic.rule.name] if diagnostic.rule.name not in names else []
    edits = []
    for place, names in rules.items():
        comment = f"{mark} playpen: ignore[{', '.join(names)}] {reason}".rstrip()
        edit = model.comment_above(offsets[place], comment)
        edits += [edit] if edit is not None else []
    return edits
