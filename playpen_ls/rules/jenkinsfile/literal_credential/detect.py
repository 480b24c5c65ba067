"""Hard-coded secrets in the scripts of shell steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from playpen_ls.languages.jenkinsfile.syntax.tree import ShellStep
from playpen_ls.languages.shell.parser import Command, Word
from playpen_ls.languages.shell.secrets import in_text
from playpen_ls.text.span import Span

_MOST = 50  # leaks per script; more would be a dump of keys


@dataclass(frozen=True)
class Leak:
    """A hard-coded secret of a step; the other members are those of a `ShellSecret`.

    `command` and `word` are None for a secret outside of the commands, such as in a here-document.
    """

    kind: str
    step: ShellStep
    start: int
    end: int
    command: Command | None = None
    word: Word | None = None
    name: str = ""
    user: tuple[Word, int, int] | None = None
    flag: Word | None = None
    plain: bool = False
    exact: bool = True

    @property
    def text(self) -> str:
        assert self.step.script is not None
        return self.step.script.fragment.text[self.start : self.end]

    @property
    def span(self) -> Span:
        assert self.step.script is not None
        return self.step.script.fragment.span(self.start, self.end)


def leaks(step: ShellStep) -> list[Leak]:
    """The hard-coded secrets of a script in text order, without overlaps."""
    literal = step.script
    if literal is None:
        return []
    found: list[Leak] = []
    for leak in chain(_in_commands(step), _in_text(step)):
        if not any(leak.start < other.end and other.start < leak.end for other in found):
            found.append(leak)
            if len(found) == _MOST:
                break
    return sorted(found, key=lambda leak: leak.start)


def _in_commands(step: ShellStep) -> Iterator[Leak]:
    for one in step.secrets:
        yield Leak(
            one.kind,
            step,
            one.start,
            one.end,
            one.command,
            one.word,
            one.name,
            one.user,
            one.flag,
            one.plain,
            one.exact,
        )


def _in_text(step: ShellStep) -> Iterator[Leak]:
    """Secrets that are told by their own text, anywhere in the script."""
    assert step.script is not None
    fragment = step.script.fragment
    for kind, start, end, name in in_text(fragment.text):
        value = fragment.text[start:end]
        if not fragment.holds_hole(start, end) and not (step.name == "bat" and "%" in value):
            yield _of_word(step, kind, start, end, name)


def _of_word(step: ShellStep, kind: str, start: int, end: int, name: str) -> Leak:
    for command in step.commands:
        for word in (*command.words, *command.assignments):
            if word.start <= start < word.end:
                return Leak(kind, step, start, end, command, word, name)
    return Leak(kind, step, start, end, name=name)
