"""What the parts of a chunk ask of the rest of their file."""

from __future__ import annotations

from collections.abc import Callable

from playpen_ls.api.file_view import Outline, located
from playpen_ls.languages.python.model.file_kind import HEAD, is_generated, is_without_application_code
from playpen_ls.languages.python.model.scope import Scope, fold
from playpen_ls.languages.python.syntax.bindings import Binding
from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.text.source import LINE_END

# What a statement says by itself


def bindings(statement: Statement) -> tuple[Binding, ...]:
    return statement.bindings


def main_guards(statement: Statement) -> tuple[bool, ...]:
    return (True,) if statement.guards_main else ()


def assigned_texts(statement: Statement) -> tuple[tuple[str, str], ...]:
    return statement.texts


def returns(statement: Statement) -> tuple[tuple[str, str], ...]:
    return statement.returns


# Queries


def scope(outline: Outline) -> Scope:
    """The module scope. For queries: what a part asks is narrower."""
    return fold(outline.every(bindings), bool(outline.every(main_guards)), outline.every(returns))


def origin(outline: Outline, name: str) -> str | None:
    """The origin of a name of the module scope, "" if it is unknown; None if the module does not bind the name."""
    return outline.ask(scope).names.get(name)


def origins(outline: Outline) -> frozenset[str]:
    """The known origins of all names of the module scope."""
    return frozenset(filter(None, outline.ask(scope).names.values()))


def flags(outline: Outline) -> frozenset[str]:
    """What kind of program it is: "web", "cli", "main" (a `__main__` guard), "json" (logs)."""
    return outline.ask(scope).flags


def texts(outline: Outline) -> tuple[tuple[str, str], ...]:
    """(name, value) of the module's string constants, in order."""
    return outline.every(assigned_texts)


def is_left_alone(outline: Outline) -> bool:
    """Tests, migrations and generated files, which are only checked for keys of known providers."""
    if is_without_application_code(outline.path):
        return True
    head, number, count = "", 0, outline.count
    while len(head) < HEAD and number < count:
        head += outline.content(number).text
        number += 1
    return is_generated(head)


def anywhere(outline: Outline, holds: Callable[[Statement], bool]) -> bool:
    """Whether `holds` is true of a statement of the file. It is a function of a module, and looks at that only."""
    return any(outline.each(holds))


@located
def text_above(outline: Outline, chunk: int, lines: int) -> str:
    """The last lines of the text above the chunk."""
    text = ""
    while chunk and len(LINE_END.findall(text)) < lines:
        chunk -= 1
        text = outline.content(chunk).text + text
    ends = [match.end() for match in LINE_END.finditer(text)]
    return text[ends[-lines - 1] :] if len(ends) > lines else text
