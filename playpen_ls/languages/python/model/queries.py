"""What the parts of a chunk ask of the rest of their file."""

from __future__ import annotations

from collections.abc import Callable

from playpen_ls.api.file_view import Outline, located
from playpen_ls.languages.python.model.file_kind import HEAD, is_generated, is_without_application_code
from playpen_ls.languages.python.model.scope import SERVING, Scope, fold
from playpen_ls.languages.python.syntax.bindings import Binding
from playpen_ls.languages.python.syntax.statement import Statement
from playpen_ls.text.regex import regex
from playpen_ls.text.source import LINE_END

# What a statement says by itself


def bindings(statement: Statement) -> tuple[Binding, ...]:
    return statement.bindings


def main_guards(statement: Statement) -> tuple[bool, ...]:
    return (True,) if statement.guards_main else ()


def assigned_texts(statement: Statement) -> tuple[tuple[str, str], ...]:
    return statement.texts


def serves(statement: Statement) -> tuple[bool, ...]:
    return (True,) if _has_server(statement.text) else ()


def _has_server(text: str) -> bool:
    named = "grpc" in text or "Servicer" in text or "aiohttp" in text or "tornado" in text
    return named and SERVING.search(text) is not None


_CALLED = regex(r"(?<!def )\b(\w+)\(")


def called_names(statement: Statement) -> tuple[tuple[str, bool], ...]:
    """(name, whether only a `__main__` guard calls it) of the functions that a statement calls."""
    names = dict.fromkeys(match[1] for match in _CALLED.finditer(statement.text))
    return tuple((name, statement.guards_main) for name in names)


def returns(statement: Statement) -> tuple[tuple[str, str], ...]:
    return statement.returns


def loggers(statement: Statement) -> tuple[tuple[str, str, str | None], ...]:
    return statement.loggers


# Queries


def scope(outline: Outline) -> Scope:
    """The module scope. For queries: what a part asks is narrower."""
    return fold(
        outline.every(bindings),
        bool(outline.every(main_guards)),
        outline.every(returns),
        bool(outline.every(serves)),
        outline.every(loggers),
    )


def origin(outline: Outline, name: str) -> str | None:
    """The origin of a name of the module scope, "" if it is unknown; None if the module does not bind the name."""
    return outline.ask(scope).names.get(name)


def origins(outline: Outline) -> frozenset[str]:
    """The known origins of all names of the module scope."""
    return frozenset(filter(None, outline.ask(scope).names.values()))


def flags(outline: Outline) -> frozenset[str]:
    """What kind of program it is: "web", "cli", "main" (a `__main__` guard), "json" (logs)."""
    return outline.ask(scope).flags


def is_main(outline: Outline, name: str) -> bool:
    """Whether only a `__main__` guard calls the function."""
    calls = {guarded for called, guarded in outline.every(called_names) if called == name}
    return calls == {True}


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
