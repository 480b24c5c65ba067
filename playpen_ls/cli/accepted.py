"""Applies a baseline to the findings of a run, and writes it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from pathlib import Path

from playpen_ls.cli.common import Unusable
from playpen_ls.cli.inputs import Targets
from playpen_ls.cli.output import write_whole
from playpen_ls.cli.results import Excerpt, FileReport, FindingReport, Position, Range
from playpen_ls.engine.baseline import Baseline, Entry, InvalidBaseline, Matching, written
from playpen_ls.engine.own_rules import UNUSED_BASELINE
from playpen_ls.engine.summary import counted
from playpen_ls.project.read_file import read_text
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.source import Unreadable


def baseline_file(given: str | None, targets: Targets) -> Path | None:
    """The baseline of `--baseline`, else that of the configuration of the current folder."""
    if given is not None:
        return Path(os.path.abspath(given))
    return targets.config(str(targets.folder)).baseline


@dataclass
class Accepted:
    """The baseline of a run. `complete`: all files and rules are checked, so entries without a finding are unused."""

    file: Path
    baseline: Baseline
    complete: bool
    found: Counter[Entry] = field(default_factory=Counter)
    hidden: int = 0
    new: Counter[Entry] = field(default_factory=Counter)

    @classmethod
    def read(cls, file: Path, complete: bool, optional: bool) -> Accepted:
        """A missing file is empty if it is `optional`. Raises Unusable."""
        try:
            return cls(file, Baseline.read(read_text(str(file))), complete)
        except FileNotFoundError:
            if optional:
                return cls(file, Baseline(), complete)
            raise Unusable(f"baseline {file.name} does not exist; --write-baseline creates it") from None
        except (OSError, Unreadable, InvalidBaseline) as error:
            raise Unusable(f"baseline {file.name}: {getattr(error, 'strerror', None) or error}") from None

    def applied(self, files: Iterable[FileReport]) -> Iterator[FileReport]:
        """The files with accepted findings among the suppressed ones; at the end the unused entries of the baseline."""
        matching = Matching(self.baseline, self._exists)
        for file in files:
            path = os.path.relpath(file.path, self.file.parent).replace(os.sep, "/")
            new, accepted = [], list(file.suppressed)
            for finding in file.findings:
                entry = Entry(finding.rule, path, finding.key)
                if matching.takes(entry):
                    accepted.append(replace(finding, suppression=("external", "in the baseline"), fixes=()))
                    self.hidden += 1
                else:
                    new.append(finding)
                    self.new[entry] += 1
            yield replace(file, findings=tuple(new), suppressed=tuple(accepted))
        self.found = matching.used
        if self.complete:
            unused = [self._unused(entry, count) for entry, count in matching.unused()]
            if unused:
                unused.sort(key=lambda finding: finding.range)
                yield FileReport(self.file.as_posix(), tuple(unused))

    def write(self, accept_new: bool) -> str:
        """Write the baseline without unused entries and, if it is new or so wanted, with new ones. Raises Unusable.

        Returns what was done.
        """
        is_new = not self.file.exists()
        kept = self.found + (self.new if is_new or accept_new else Counter[Entry]())
        removed = self.baseline.entries.total() - self.found.total()
        added = kept.total() - self.found.total()
        write_whole(str(self.file), written(kept))
        done = f"{self.file.name}: {counted(kept.total(), 'finding')} ({added} added, {removed} removed)"
        left = self.new.total() - added
        return f"{done}; {counted(left, 'new finding')} not added: use --accept-new" if left else done

    def _exists(self, path: str) -> bool:
        return os.path.exists(self.file.parent / path)

    def _unused(self, entry: Entry, count: int) -> FindingReport:
        start = Position(self.baseline.lines[entry], 1, 1)
        findings = "no finding" if count == self.baseline.entries[entry] else f"{count} findings fewer"
        message = f"unused baseline entry: {findings} of `{entry.rule}` with this text in `{entry.path}`"
        text = f"{entry.rule} {entry.path}"
        rule, shown = UNUSED_BASELINE, Excerpt(text, 0, len(text))
        return FindingReport(rule.id, rule.severity, message, Range(start, start), shown, entry.text)
