"""Cache of the faults of a section by its text: a keystroke changes only one section."""

from __future__ import annotations

from collections.abc import Callable

from playpen_ls.languages.jenkinsfile.syntax.calls import Call
from playpen_ls.languages.jenkinsfile.syntax.memo import Memory
from playpen_ls.languages.jenkinsfile.validator.faults import Fault, Faults


def remembered(
    faults: Faults, call: Call, memory: Memory, judge: Callable[[Faults, Call], None], within: bool = False
) -> None:
    """Add the faults that `judge` finds in a call; it must not depend on anything but the call's own text."""
    span = call.span

    def find() -> tuple[Fault, ...]:
        found = Faults()
        judge(found, call)
        return tuple(one.shifted(-span.start) for one in found.found)

    known = memory.of(("faults", call.tree.source.of(span), within), find)
    faults.found += (one.shifted(span.start) for one in known)
