"""A scorecard of many services, made of one report for each: which best practices does each of them follow?

Reports are read one after the other and only their counts are kept, so that thousands fit into memory. A practice that
concerns no file of a service does not apply to it, and one of a service that was not checked completely is not passed.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from pathlib import Path
from textwrap import indent
from typing import Any

from playpen_ls.api.finding import Severity
from playpen_ls.engine.registry import all_rules
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.ignore_patterns import IgnorePatterns

VERSION = 1
LARGEST = 200_000_000  # bytes of one report
PASSED, FAILED, NOT_CHECKED, NOT_APPLICABLE = "passed", "failed", "not checked", "not applicable"
Cell = tuple[str, int]
"""(PASSED, FAILED, NOT_CHECKED or NOT_APPLICABLE; number of findings)."""


class InvalidReport(Exception):
    """A file is not a report of `check`. The message is the reason, without the path."""


@dataclass(frozen=True)
class Service:
    """`findings` counts by practice; `practices` are those that concern it; `complete`: all its files were checked."""

    name: str
    findings: Counter[str]
    practices: frozenset[str]
    files: int
    complete: bool
    owners: tuple[str, ...] = ()

    def cell(self, practice: str) -> Cell:
        found = self.findings[practice]
        if found:
            return FAILED, found
        if practice not in self.practices:
            return (NOT_APPLICABLE if self.complete and self.files else NOT_CHECKED), 0
        return (PASSED if self.complete else NOT_CHECKED), 0

    @property
    def passed(self) -> int:
        return sum(self.cell(practice)[0] == PASSED for practice in practices())

    @property
    def applicable(self) -> int:
        return sum(self.cell(practice)[0] in (PASSED, FAILED) for practice in practices())


def practices() -> list[str]:
    """The best practices, by their headings on the practices page."""
    return sorted(_by_rule_practices())


def _by_rule_practices() -> set[str]:
    return {rule.practice for rule in all_rules()} - {"+"}


@dataclass
class Scorecard:
    """`before` has the numbers of an earlier scorecard, by practice: (passed, applicable)."""

    services: list[Service] = field(default_factory=list)
    before: dict[str, tuple[int, int]] = field(default_factory=dict)

    def total(self, practice: str) -> tuple[int, int, int]:
        """(services that pass, services to which it applies, findings)."""
        cells = [service.cell(practice) for service in self.services]
        states = Counter(state for state, _ in cells)
        return states[PASSED], states[PASSED] + states[FAILED], sum(number for _, number in cells)

    def by_owner(self) -> dict[str, tuple[int, int, int]]:
        """(services, passed, applicable) of each owner."""
        found: dict[str, tuple[int, int, int]] = {}
        for service in self.services:
            for owner in service.owners or ("(no owner)",):
                number, passed, applicable = found.get(owner, (0, 0, 0))
                found[owner] = number + 1, passed + service.passed, applicable + service.applicable
        return dict(sorted(found.items()))

    def as_json(self) -> str:
        """Each service is written alone: the writer takes many times the memory of what it writes."""
        document = {
            "version": VERSION,
            "practices": {
                practice: dict(zip(("passed", "applicable", "findings"), self.total(practice), strict=True))
                for practice in practices()
            },
        }
        services = ",\n".join([indent(_json(_as_dict(one)), "  ") for one in self.services])
        return f'{_json(document)[:-2]},\n "services": [\n{services}\n ]\n}}\n'

    def as_csv(self) -> str:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["service", "owners", "passed", "applicable", *practices()])
        for service in self.services:
            cells = [service.cell(practice) for practice in practices()]
            shown = [str(number) if number else state for state, number in cells]
            owners = _cell(" ".join(service.owners))
            writer.writerow([_cell(service.name), owners, service.passed, service.applicable, *shown])
        return out.getvalue()


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def _as_dict(service: Service) -> dict[str, Any]:
    return {
        "name": service.name,
        "owners": list(service.owners),
        "files": service.files,
        "complete": service.complete,
        "passed": service.passed,
        "applicable": service.applicable,
        "practices": {
            practice: {"state": state, "findings": number}
            for practice in practices()
            for state, number in (service.cell(practice),)
        },
    }


def _cell(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") and text else text


def earlier(text: str) -> dict[str, tuple[int, int]]:
    """The numbers of an earlier scorecard. Raises InvalidReport."""
    try:
        found = json.loads(text)
        return {name: (int(one["passed"]), int(one["applicable"])) for name, one in found["practices"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidReport("not a scorecard") from None


def service(name: str, text: str) -> Service:
    """The service of a JSON or SARIF report. Raises InvalidReport."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidReport(f"not JSON: {error}") from None
    practice_of = {rule.id: rule.practice for rule in all_rules()}
    try:
        if "runs" in document:
            rules, checked, complete = _sarif(document)
        else:
            rules = [one["rule"] for one in document["findings"]]
            checked, complete = document["checked"], not document["errors"]
        return Service(
            name,
            Counter(practice_of.get(rule, "+") for rule in rules),
            frozenset(map(sys.intern, checked["practices"])),
            int(checked["files"]),
            complete,
        )
    except (KeyError, TypeError, IndexError, AttributeError, ValueError):
        raise InvalidReport("not a JSON or SARIF report of `playpen-ls check`") from None


def _sarif(document: dict[str, Any]) -> tuple[list[str], dict[str, Any], bool]:
    rules, names, files, complete = list[str](), set[str](), 0, True
    for run in document["runs"]:
        rules += [one["ruleId"] for one in run["results"] if not one.get("suppressions")]
        names |= set(run["properties"]["practices"])
        files += run["properties"]["checkedFiles"]
        for invocation in run["invocations"]:
            notes = invocation["toolExecutionNotifications"] + invocation["toolConfigurationNotifications"]
            complete = complete and not any(note["level"] == Severity.ERROR.label for note in notes)
    return rules, {"practices": names, "files": files}, complete


def report_files(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(name of the service, file): of a file its name without endings, below a folder its path without them."""
    for path in paths:
        name, equals, file = path.partition("=")
        if equals and os.path.isfile(file):
            yield name, file
        elif os.path.isdir(path):
            for folder, folders, files in os.walk(path):
                folders.sort()
                for one in sorted(files):
                    if one.endswith((".sarif", ".json")):
                        inside = Path(folder, one).relative_to(path)
                        yield _without_endings(inside), os.path.join(folder, one)
        else:
            yield _without_endings(Path(os.path.basename(path))), path


def _without_endings(path: Path) -> str:
    name = path.as_posix()
    for ending in (".sarif", ".json", "/playpen-ls", "/report"):
        name = name.removesuffix(ending)
    return name


def owners_of(codeowners: str) -> Callable[[str], tuple[str, ...]]:
    """The owners of a service by the lines of a CODEOWNERS file: the last pattern that matches counts."""
    lines = []
    for line in codeowners.split("\n"):
        words = line.partition("#")[0].split()
        if words and not words[0].startswith("["):
            lines.append((IgnorePatterns([words[0]]), tuple(words[1:])))

    def owners(name: str) -> tuple[str, ...]:
        for patterns, named in reversed(lines):
            if patterns.ignores(name, True) or patterns.ignores(f"{name}/x"):
                return named
        return ()

    return owners
