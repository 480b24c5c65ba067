"""Hard-coded secrets in the scripts of shell steps."""

from __future__ import annotations

from collections.abc import Iterator

from playpen_ls.languages.jenkinsfile.syntax.tree import ShellStep
from playpen_ls.languages.shell import parser as shell
from playpen_ls.languages.shell.commands import Command, Word
from playpen_ls.languages.shell.secrets import ShellSecret, in_text
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.span import Span

_MOST = 50  # leaks per script; more would be a dump of keys


@dataclass(frozen=True, kw_only=True)
class Leak(ShellSecret):
    """A hard-coded secret of a step."""

    step: ShellStep

    @property
    def text(self) -> str:
        return self.command.fragment.text[self.start : self.end]

    @property
    def span(self) -> Span:
        return self.command.fragment.span(self.start, self.end)


def leaks(step: ShellStep) -> list[Leak]:
    """The hard-coded secrets of a script in text order, without overlaps."""
    found: list[Leak] = []
    for secret in (*step.secrets, *_in_text(step)):
        if not any(secret.start < other.end and other.start < secret.end for other in found):
            found.append(Leak(**vars(secret), step=step))
            if len(found) == _MOST:
                break
    return sorted(found, key=lambda leak: leak.start)


def docker_options(fragment: Fragment) -> Iterator[Command]:
    """The options of `docker run` in a string as a command: `-e POSTGRES_PASSWORD=… -p 5432:5432`."""
    for command in shell.commands(fragment):
        program = (Word(fragment, command.start, command.start, text, True, "") for text in ("docker", "run"))
        yield from shell.exec_form((*program, *command.assignments, *command.words))


def _in_text(step: ShellStep) -> Iterator[ShellSecret]:
    """Secrets that are told by their own text, anywhere in the script."""
    fragment = step.script.fragment if step.script is not None else None
    for kind, start, end, name in in_text(fragment.text) if fragment is not None else ():
        assert fragment is not None
        value = fragment.text[start:end]
        if fragment.holds_hole(start, end) or (step.name == "bat" and "%" in value):
            continue
        words = ((one, word) for one in step.commands for word in (*one.words, *one.assignments))
        around = next(((one, word) for one, word in words if word.start <= start < word.end), None)
        if around is not None:
            yield ShellSecret(kind, start, end, *around, name)
        else:  # such as in a here-document, where no variable can be put for sure
            word = Word(fragment, start, end, value, True, "")
            command = Command(fragment, start, end, (), (), (), "", "", "", 0)
            yield ShellSecret(kind, start, end, command, word, name, exact=False)
