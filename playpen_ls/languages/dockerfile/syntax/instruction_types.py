"""The instruction types and their arguments: the image of FROM, the sources of COPY, the commands of RUN."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from operator import itemgetter

from playpen_ls.api.file_view import FileView
from playpen_ls.languages.dockerfile.syntax.instruction import Flag, Instruction, Pair, Scope, Word
from playpen_ls.languages.dockerfile.syntax.key_values import pairs_of, unassigned_in
from playpen_ls.languages.dockerfile.syntax.raw import SPACE, Heredoc, RawInstruction
from playpen_ls.languages.dockerfile.syntax.stage_text import StageText
from playpen_ls.languages.shell import parser as shell
from playpen_ls.text.cached_property import cached_property
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.fragment import Fragment
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_POSIX_SHELL = regex(r"(?:/\S*/)?(?:sh|bash|ash|dash|zsh)")
# Fast path for most FROM lines, which are parsed for every version of a file; flags and lists use the general parser.
_PLAIN_FROM = regex(
    rf"[A-Za-z]+[\t ]+(?P<image>[^{SPACE}\[-][^{SPACE}]*)"
    rf"(?:[\t ]+(?P<as>[^{SPACE}]+)[\t ]+(?P<name>[^{SPACE}]+))?[\t ]*"
)
_ONLY_HEREDOC = regex(r"\d*<<-?\s*\S+\s*")
_BEFORE_COLON = regex(r"(?:\$\{[^}]*\}?|[^:])*")  # `${uid:-1000}` has a colon of its own
_SHEBANG = regex(rf"\s*#!\s*(?:/usr/bin/env\s+)?(?P<posix>{_POSIX_SHELL.pattern}(?=\s|$))?")


class From(Instruction):
    """`image` is None if the instruction has no argument yet; `stage_name` is the word after AS."""

    @cached_property
    def words(self) -> tuple[Word, ...]:
        match = _PLAIN_FROM.fullmatch(self.logical) if not self.raw.is_continued else None
        if match is None:
            return super().words
        at = self.raw.start
        return tuple(
            Word(match[group], Span(at + match.start(group), at + match.end(group)))
            for group in (("image", "as", "name") if match["name"] else ("image",))
        )

    @property
    def image(self) -> Word | None:
        return self.words[0] if self.words else None

    @cached_property
    def stage_name(self) -> Word | None:
        words = self.words
        return words[2] if len(words) == 3 and words[1].text.lower() == "as" else None


class Transfer(Instruction):
    """COPY or ADD. A word that opens a heredoc is not a source."""

    @cached_property
    def sources(self) -> tuple[Word, ...]:
        return tuple(word for word in self.words[:-1] if self.json is not None or not word.text.startswith("<<"))

    @property
    def destination(self) -> Word | None:
        return self.words[-1] if len(self.words) > 1 else None

    @property
    def origin(self) -> Flag | None:
        """`--from`, a stage or an image."""
        return self.flag("from")


class Copy(Transfer):
    pass


class Add(Transfer):
    pass


class ShellForm(Instruction):
    """RUN, CMD, ENTRYPOINT, HEALTHCHECK CMD: shell form, or JSON (exec) form."""

    @property
    def _text_at(self) -> int:
        return self.arguments_at

    @cached_property
    def vector(self) -> tuple[Word, ...] | None:
        """The words of the JSON (exec) form; None in shell form."""
        return self.json_behind(self._text_at)

    @cached_property
    def shell_text(self) -> str:
        """The logical text after the flags; shell code if `vector` is None."""
        return self.logical[self._text_at :].rstrip(SPACE)

    @cached_property
    def commands(self) -> tuple[shell.Command, ...]:
        """The simple commands in text order, including those of heredocs that a shell runs.

        Empty if a shell other than a POSIX shell runs the instruction.
        """
        return tuple(self._commands())

    def words_around(self, place: Span) -> list[shell.Word]:
        """The words of all commands that contain a range, each once: words can contain scripts with words."""
        starts, furthest, words = self._words_by_start
        found = []
        at = bisect_right(starts, place.start)
        while at and furthest[at - 1] >= place.end:
            at -= 1
            if words[at][0] >= place.end:
                found.append(words[at][1])
        return found

    @cached_property
    def _words_by_start(self) -> tuple[list[int], list[int], list[tuple[int, shell.Word]]]:
        """The start of each word in the file; the furthest end of the words up to it; its own end, and the word."""
        found = {
            (word.span.start, word.span.end, word.start): word
            for command in self.commands
            for word in (*command.words, *command.assignments)
        }
        words = [(end, word) for (_, end, _), word in sorted(found.items(), key=itemgetter(0))]
        return sorted(start for start, _, _ in found), [*accumulate((end for end, _ in words), max)], words

    def _commands(self) -> Iterator[shell.Command]:
        if self.vector is not None:
            yield from shell.exec_form(tuple(self._exec_words()))
        elif self._runs_in_posix_shell:
            start = self._text_at
            read = shell.commands(self.fragment(start, start + len(self.shell_text)))
            yield from read
            for heredoc in self._scripts(read):
                yield from shell.commands(Fragment.verbatim(self.syntax.text, heredoc.body))

    @property
    def _runs_in_posix_shell(self) -> bool:
        if self.scope is not None:
            return self.scope.posix_shell_at(self)
        return self.syntax.escape == "\\"

    def _exec_words(self) -> Iterator[shell.Word]:
        """The vector as words of one fragment, so that a script in it can be parsed as shell code."""
        assert self.vector is not None
        starts: list[int] = []
        ends: list[int] = []
        ranges: list[tuple[int, int]] = []
        for word in self.vector:
            # The text inside the quotes, mapped character by character if it contains no JSON escapes.
            start, end, length = word.span.start + 1, word.span.end - 1, len(word.text)
            exact = end - start == length
            ranges.append((len(starts), len(starts) + length))
            starts += [*(range(start, end) if exact else [start] * length), end]
            ends += [*(range(start + 1, end + 1) if exact else [end] * length), end]
        text = "".join([word.text + " " for word in self.vector])
        fragment = Fragment(text, starts, ends, encode=_in_json)
        for word, (begin, stop) in zip(self.vector, ranges, strict=True):
            yield shell.Word(fragment, begin, stop, word.text, True, "")

    def _scripts(self, commands: tuple[shell.Command, ...]) -> Iterator[Heredoc]:
        """The heredocs that a POSIX shell runs: `RUN bash <<EOF`, also through `cat`, and `RUN <<EOF` unless its
        shebang names another interpreter."""
        if len(self.heredocs) == 1 and _ONLY_HEREDOC.fullmatch(self.shell_text):
            heredoc = self.heredocs[0]
            shebang = _SHEBANG.match(self.syntax.text, heredoc.body.start, heredoc.body.end)
            if shebang is None or shebang["posix"]:
                yield heredoc
            return
        names = set()
        for number, command in enumerate(commands):
            reader = command
            if command.name == "cat" and not command.arguments and command.after == "|" and number + 1 < len(commands):
                reader = commands[number + 1]
            if command.heredocs and _runs_its_input(reader):
                names.add(command.heredocs[-1])  # the last redirection of the input counts
        yield from (heredoc for heredoc in self.heredocs if heredoc.name in names)

    @property
    def whole_text(self) -> str:
        """The logical text and the heredoc bodies, for fast pre-checks whether a word occurs."""
        if not self.heredocs:
            return self.logical
        text = self.syntax.text
        return "\n".join([self.logical, *(text[doc.body.start : doc.body.end] for doc in self.heredocs)])


def _runs_its_input(command: shell.Command) -> bool:
    """A shell without a script of its own, such as `bash -eux` or `sh -s -- a b`."""
    if not command.words or not _POSIX_SHELL.fullmatch(command.words[0].text):
        return False
    if command.has("-s"):
        return True
    flags = [word.text for word in command.arguments]
    values = {index + 1 for index, text in enumerate(flags) if re.fullmatch(r"[-+][a-zA-Z]*o", text)}
    return all(
        index in values or re.fullmatch(r"[-+](?![a-zA-Z]*c)[a-zA-Z]+|--\w+|-", text)
        for index, text in enumerate(flags)
    )


def _in_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


@dataclass(frozen=True, slots=True)
class Mount:
    """`--mount=…` of a RUN: the values of its keys as written, aliases resolved; "" if absent."""

    type: str
    source: str
    target: str
    origin: str
    flag: Flag


class Run(ShellForm):
    @cached_property
    def mounts(self) -> tuple[Mount, ...]:
        return tuple(_mount(flag) for flag in self.flags if flag.name == "mount")


def _mount(flag: Flag) -> Mount:
    keys = dict(part.strip().partition("=")[::2] for part in flag.value.split(","))
    return Mount(
        keys.get("type", "bind"),
        keys.get("source") or keys.get("src", ""),
        keys.get("target") or keys.get("dst") or keys.get("destination", ""),
        keys.get("from", ""),
        flag,
    )


class Cmd(ShellForm):
    pass


class Entrypoint(ShellForm):
    pass


class Healthcheck(ShellForm):
    """`HEALTHCHECK CMD …`; its shell text starts after CMD, and is empty for NONE."""

    @property
    def _text_at(self) -> int:
        match = re.compile(r"CMD[\t\v\f\r ]+", re.IGNORECASE).match(self.logical, self.arguments_at)
        return match.end() if match else len(self.logical)


class Assigning(Instruction):
    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        return pairs_of(self)

    @property
    def unassigned(self) -> tuple[Word, ...]:
        """The words without `=`."""
        return unassigned_in(self)


class Environment(Assigning):
    """ENV."""


class Argument(Assigning):
    """ARG."""


class Label(Assigning):
    pass


class Expose(Instruction):
    pass


class Workdir(Instruction):
    @property
    def path(self) -> str:
        """The path as written, without surrounding quotes."""
        text = self.arguments
        return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


class User(Instruction):
    """`user` is the name or number before the `:`."""

    @property
    def user(self) -> str:
        return _BEFORE_COLON.match(self.arguments.strip("\"'"))[0]  # type: ignore[index]  # it also matches nothing


class Volume(Instruction):
    pass


class Shell(Instruction):
    """SHELL; `posix` is True if it sets a POSIX shell for the instructions after it."""

    @property
    def posix(self) -> bool:
        return bool(self.json) and bool(_POSIX_SHELL.fullmatch(self.json[0].text))  # type: ignore[index]


class Onbuild(Instruction):
    """ONBUILD; `instruction` is the instruction that it registers for child images, None if there is none yet."""

    @cached_property
    def instruction(self) -> Instruction | None:
        at = self.arguments_at
        if not self.arguments:
            return None
        segments, reached = list[tuple[int, int]](), 0
        for start, end in self.raw.segments:
            length = end - start
            if reached + length > at or (segments and length == 0):
                segments.append((start + max(at - reached, 0), end))
            reached += length
        inner = RawInstruction(self.syntax.text, segments, self.raw.head_end)
        inner.heredocs, inner.end = self.raw.heredocs, self.raw.end
        return instruction_of(self.syntax, inner, self.index, self._file, self.scope, self)


_KINDS: dict[str, type[Instruction]] = {
    "ADD": Add,
    "ARG": Argument,
    "CMD": Cmd,
    "COPY": Copy,
    "ENTRYPOINT": Entrypoint,
    "ENV": Environment,
    "EXPOSE": Expose,
    "FROM": From,
    "HEALTHCHECK": Healthcheck,
    "LABEL": Label,
    "ONBUILD": Onbuild,
    "RUN": Run,
    "SHELL": Shell,
    "USER": User,
    "VOLUME": Volume,
    "WORKDIR": Workdir,
}


def instruction_of(
    syntax: StageText,
    raw: RawInstruction,
    index: int,
    file: FileView | None = None,
    scope: Scope | None = None,
    onbuild: Instruction | None = None,
) -> Instruction:
    kind = _KINDS.get(raw.keyword.upper(), Instruction)
    return kind(syntax, raw, index, file, scope, onbuild)
