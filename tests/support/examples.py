"""Runs rules over the small projects that their examples are."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from pathlib import Path

from playpen_ls.api.example import Example
from playpen_ls.api.finding import Finding, Fix, Refused
from playpen_ls.api.rule import Configured, Rule, RuleContext
from playpen_ls.engine.check import check
from playpen_ls.engine.diagnostic import Diagnostic
from playpen_ls.engine.fixer import CheckedText, Checker, fix_all, verified
from playpen_ls.engine.registry import rules_of
from playpen_ls.engine.rule_set import RuleSet
from playpen_ls.languages import builds
from playpen_ls.languages.detection import language_of
from playpen_ls.languages.registry import LANGUAGES, model_facts, parse
from playpen_ls.project.filesystem import ProjectFiles
from playpen_ls.project.index import Index
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span

MARK = re.compile("[«»]")
TOO_WIDE = "the practices page calls this good: make the rule narrower, or opt-in (`enabled=False`)"


def on_by_default(language: str) -> list[Rule]:
    """The rules that the practices page binds; one that is opt-in may be stricter than the page."""
    return [rule for rule in rules_of(language) if rule.enabled]


def unmarked(text: str) -> tuple[str, list[Span]]:
    """The text without its «marks», and the ranges that they mark."""
    spans, starts, plain, reached = [], [], [], 0
    for match in MARK.finditer(text):
        plain.append(text[reached : match.start()])
        at = sum(map(len, plain))
        if match[0] == "«":
            starts.append(at)
        else:
            spans.append(Span(starts.pop(), at))
        reached = match.end()
    assert not starts, f"«» do not match in {text!r}"
    return "".join(plain) + text[reached:], sorted(spans)


class Project:
    """The files of an example, with one rule to look at the first of them."""

    def __init__(self, rule: Rule, example: Example) -> None:
        self.rule, self.example = rule, example
        self.path, self.marked = next(iter(example.files.items()))
        text, self.expected = unmarked(self.marked)
        self.source = Source(self.path, text)
        self.others = {path: text for path, text in example.files.items() if path != self.path}
        self.index = Index()
        self.index.complete = True
        self.folder = tempfile.TemporaryDirectory() if self.others else None
        self.root = Path(self.folder.name if self.folder else "/nonexistent-project")
        for path, text in self.others.items():
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if not path.endswith("/"):
                place.write_bytes(text.encode())
            self.index.put(path, self._facts(path, text))
        self.files = ProjectFiles(self.root, self._opened)

    def changed(self, change: Callable[[str], str]) -> Project:
        """The same project with another text of its first file. Marks travel with the text that they mark."""
        other = copy(self)
        text, other.expected = unmarked(change(self.marked))
        other.source = Source(self.path, text)
        other.files = ProjectFiles(self.root, other._opened)
        return other

    def _opened(self, path: str) -> str | None:
        return self.source.text if path == self.path else None

    def _facts(self, path: str, text: str):
        language = language_of(path, lambda: text)
        return tuple(model_facts(parse(language, Source(path, text)))) if language else builds.facts_in(path, text)

    def look(self, source: Source | None = None, others: Mapping[str, str] | None = None) -> CheckedText:
        source, others = source or self.source, others or {}
        index = self.index.with_overrides({path: self._facts(path, text) for path, text in others.items()}, self.path)
        given = RuleContext(
            self.example.platform, self.files.with_overrides(others), lambda kind: index.facts(kind, self.path)
        )
        model = parse(self.rule.language, source)
        checked = check(model, RuleSet([Configured(self.rule, None, self.example.options)]), given)
        offers = [
            Diagnostic(self.rule, Finding(offered.offer.span, "", (offered.offer.fix,)), self.rule.severity)
            for offered in checked.offers
        ]
        return CheckedText(model, checked.diagnostics.extended(offers if not self.expected else []))

    @property
    def checker(self) -> Checker:
        return self.look

    def text(self, path: str) -> str | None:
        return self.files.text(path)

    def fixed(self, source: Source | None = None):
        """All default fixes of the rule, applied in turn."""
        return fix_all(
            source or self.source, self.look, lambda diagnostic, fix: fix is diagnostic.finding.fixes[0], self.text
        )

    def possible_fixes(self) -> Iterator[tuple[Diagnostic, Fix]]:
        """The fixes that would be offered."""
        look = self.look()
        for diagnostic in look.diagnostics:
            for fix in diagnostic.finding.fixes:
                try:
                    verified(look, diagnostic, fix, self.look, self.text)
                except Refused:
                    continue
                yield diagnostic, fix


EMOJI = "😀"


def emoji_before(language: str, text: str, offset: int) -> Iterator[str]:
    """Texts that mean the same, with an emoji before `offset` on its line, or at least above it; best first."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    code = start + len(text[start:]) - len(text[start:].lstrip(" \t"))
    if language == "python":
        yield f'{text[:code]}mood = "{EMOJI}"; {text[code:]}'
    elif language == "jenkinsfile":
        yield f"{text[:code]}/* {EMOJI} */ {text[code:]}"
    elif language == "dockerfile":
        keyword = re.compile(r"[A-Za-z]+[ \t]+").match(text, code)
        if keyword:
            for words in (f"echo {EMOJI} && ", f"E={EMOJI} ", f"--chown={EMOJI} "):
                yield text[: keyword.end()] + words + text[keyword.end() :]
    elif language == "kubernetes":
        yield f'{text[:code]}{{"{EMOJI}": 1}}: 1, {text[code:]}'
    mark = LANGUAGES[language].comment_mark
    if not text.lstrip().startswith("{"):
        yield f"{mark} {EMOJI}\n{text}"
