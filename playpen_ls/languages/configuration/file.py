"""A configuration file: one chunk for each block of lines without a blank line in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from playpen_ls.api.file_view import FileView
from playpen_ls.languages.configuration.commands import commands_of
from playpen_ls.languages.configuration.kinds import Kind, kind_of
from playpen_ls.languages.model import Chunk, Comment, Model
from playpen_ls.languages.shell.commands import Command
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.secret_lines import FORMS, LineSecret, secrets_in_file

LARGEST = 1_000_000  # characters; larger files are data

_BLANK_LINES = regex(r"(?>\r\n|\n|\r)(?:[ \t]*(?>\r\n|\n|\r))+")
_COMMENT = regex(r"(?:^|(?<=[\r\n]))(?P<before>[ \t]*)(?P<text>[#;!][^\r\n]*)")
# Behind a value: only where the readers of the file end a value at ` #`.
_BEHIND = regex(r"(?<=[ \t])#[^\r\n\"']*(?=[\r\n]|\Z)")
_XML_COMMENT = regex(r"(?P<text><!--(?:(?!-->)[\s\S])*+)(?:-->)?")
_BLOCK_SCALAR = regex(r"[|>][+-]?\d?[+-]?[ \t]*(?:#.*)?$")


@dataclass(frozen=True)
class Section:
    """Some lines of a configuration file."""

    text: str
    kind: Kind
    file: FileView

    @property
    def secrets(self) -> Iterator[LineSecret]:
        """The secrets in the lines, in text order."""
        return secrets_in_file(self.text, FORMS[self.kind.form])

    @property
    def commands(self) -> Iterator[Command]:
        """The commands that the services of a compose file are started and checked with."""
        return commands_of(self.text) if self.kind.form == "compose" else iter(())


class SectionChunk(Chunk):
    def __init__(self, text: str, start: int, kind: Kind) -> None:
        self.key = text
        self.text = text
        self.span = Span(start, start + len(text))
        self._kind = kind

    @property
    def content(self) -> str:
        return self.text

    def parts(self, file: FileView) -> Iterable[object]:
        return [Section(self.text, self._kind, file)] if self._kind.form else ()


class ConfigurationFile(Model):
    """The model of a file. Nothing is reported in files that are too large, examples, and bundles of translations."""

    language: ClassVar[str] = "configuration"

    def __init__(self, source: Source, form: str) -> None:
        self.source = source
        self.kind = kind_of(source.path, form) if len(source.text) <= LARGEST else Kind("")
        starts = [0]
        if self.kind.form not in ("", "xml"):
            starts += [match.end() for match in _BLANK_LINES.finditer(source.text) if match.end() < len(source.text)]
        ends = [*starts[1:], len(source.text)]
        self.chunks: Sequence[SectionChunk] = [
            SectionChunk(source.text[start:end], start, self.kind) for start, end in zip(starts, ends, strict=True)
        ]

    def comments(self) -> Sequence[Comment]:
        text = self.source.text
        if self.kind.form == "xml":
            return [Comment(Span(*match.span()), match["text"], True) for match in _XML_COMMENT.finditer(text)]
        found = [Comment(Span(*match.span("text")), match["text"], True) for match in _COMMENT.finditer(text)]
        if self.kind.form in ("env", "values", "compose"):
            alone = {one.span.start for one in found}
            for match in _BEHIND.finditer(text):
                if match.start() not in alone and not self._is_comment(match.start()):
                    found.append(Comment(Span(*match.span()), match[0], False))
        return sorted(found, key=lambda one: one.span)

    def construct_after(self, offset: int) -> Span | None:
        source = self.source
        for line in range(source.line_of(offset), len(source.line_starts)):
            start = max(source.line_starts[line], offset)
            text = source.text[start : source.line_span(line).end]
            if text.strip() and not self._is_comment(start):
                first = start + len(text) - len(text.lstrip(" \t"))
                return Span(first, source.line_span(self._last_line(line)).end)
        return None

    def construct_at(self, offset: int) -> Span | None:
        line = self._first_line(self.source.line_of(offset))
        span = self.source.line_span(line)
        indentation = len(self.source.indentation(span.start))
        return Span(span.start + indentation, self.source.line_span(self._last_line(line)).end)

    def comment_above(self, offset: int, comment: str) -> Edit | None:
        if self.kind.form == "xml":
            comment = f"<!-- {comment.removeprefix('#').strip()} -->"
        return super().comment_above(offset, comment)

    def _is_comment(self, offset: int) -> bool:
        """Whether the line of the offset is a comment."""
        return self.source.line_text(self.source.line_of(offset)).lstrip(" \t").startswith(("#", ";", "!"))

    def _first_line(self, line: int) -> int:
        """The line that a value begins on, which can go on over several."""
        if self.kind.form in ("values", "compose"):
            return next((above for above in self._opened_above(line)), line)
        while line and self.kind.form in ("properties", "env") and self.source.line_text(line - 1).endswith("\\"):
            line -= 1
        return line

    def _last_line(self, line: int) -> int:
        source, last = self.source, line
        count = len(source.line_starts)
        if self.kind.form in ("values", "compose") and _BLOCK_SCALAR.search(source.line_text(line)):
            depth = self._depth(line)
            while last + 1 < count and (not source.line_text(last + 1).strip() or self._depth(last + 1) > depth):
                last += 1
            while last > line and not source.line_text(last).strip():
                last -= 1
        elif self.kind.form in ("properties", "env"):
            while last + 1 < count and source.line_text(last).endswith("\\"):
                last += 1
        return last

    def _opened_above(self, line: int) -> Iterator[int]:
        """The line with the key of the block scalar that a line is in."""
        depth = self._depth(line)
        for above in range(line - 1, -1, -1):
            text = self.source.line_text(above)
            if text.strip() and self._depth(above) < depth:
                depth = self._depth(above)
                if _BLOCK_SCALAR.search(text):
                    yield above

    def _depth(self, line: int) -> int:
        return len(self.source.indentation(self.source.line_starts[line]))
