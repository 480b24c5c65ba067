"""Makes a name available in a module: reuses an existing import, else adds one in isort's order."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from playpen_ls.api.finding import Refused
from playpen_ls.languages.python.edits.import_order import after_imports, gap, import_edit
from playpen_ls.languages.python.edits.whitespace import comma, divided, own_line
from playpen_ls.languages.python.model.module import PythonModel, Top
from playpen_ls.languages.python.model.parts import Part, PythonModule
from playpen_ls.languages.python.syntax.bindings import bound
from playpen_ls.languages.python.syntax.nodes import imported
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit, narrowed
from playpen_ls.text.regex import regex

if TYPE_CHECKING:  # its first import takes 200 ms
    import libcst

    from playpen_ls.languages.python.edits.whitespace import Whitespace


@dataclass(frozen=True)
class Brought:
    """How to write the name, and the edits that import or define it; these count from the start of the part's chunk."""

    name: str
    edits: tuple[Edit, ...] = ()


def module_member(part: Part, module: str, member: str) -> Brought:
    """`os.getenv`, in the form in which the module is imported. Raises Refused if the name has another meaning here."""
    for top in _usable(part):
        for name, origin in imported(top.node):
            if origin == f"={module}.{member}" and _is_free(part, name, origin):
                return Brought(name)
            if origin == f"={module}" and _is_free(part, name, origin):
                return Brought(f"{name}.{member}")
    local = _origin(part, module)
    if local == module and _bound_here(part, module):
        return Brought(f"{module}.{member}")
    _refuse_taken(part, module)
    return _brought(part, f"{module}.{member}", import_edit(model_of(part), f"import {module}", part.start))


def imported_name(part: Part, module: str, member: str) -> Brought:
    """`QueuePool` of `from sqlalchemy.pool import QueuePool`. Raises Refused if the name has another meaning here."""
    model = model_of(part)
    for top in _usable(part):
        for name, origin in imported(top.node):
            if origin == f"={module}.{member}" and _is_free(part, name, origin):
                return Brought(name)
            if origin == f"={module}" and _is_free(part, name, origin):
                return Brought(f"{name}.{member}")
    _refuse_taken(part, member)
    for top in _usable(part):
        extended = _extended(model, top, module, member)
        if extended is not None:
            return _brought(part, member, extended)
    line = f"from {module} import {member}"
    return _brought(part, member, import_edit(model, line, part.start))


def imported_instead(part: Part, module: str, old: str, member: str) -> Brought:
    """As `imported_name`; if only the part uses the import of `old`, the new name replaces that in the import."""
    model = model_of(part)
    if old.isidentifier() and len(re.findall(rf"\b{old}\b", model.source.text)) == _IMPORT_AND_USE:
        for top in _usable(part):
            node = top.node
            if not isinstance(node, ast.ImportFrom) or node.module != module or node.level:
                continue
            names = [alias.name for alias in node.names if alias.asname is None]
            text = model.source.of(top.span)
            if old in names and len(names) == len(node.names) and "\n" not in text and "(" not in text:
                now = sorted({*names, member} - {old})
                return _brought(part, member, narrowed(top.span.start, text, f"from {module} import {', '.join(now)}"))
    return imported_name(part, module, member)


_IMPORT_AND_USE = 2  # mentions of a name


def _extended(model: PythonModel, top: _ImportTop, module: str, member: str) -> Edit | None:
    """The edit that adds a name to `from module import …` in alphabetical order; None for any other import."""
    node = top.node
    if not isinstance(node, ast.ImportFrom) or node.module != module or node.level or node.names[0].name == "*":
        return None
    text = model.source.of(top.span)
    return narrowed(top.span.start, text, _with_name(text, member, model.source.newline))


def _with_name(text: str, member: str, newline: str) -> str:
    """A `from` import with one name more. Comments stay beside the names that they are written at. Raises Refused."""
    import libcst

    try:
        line = libcst.ensure_type(libcst.parse_statement(text), libcst.SimpleStatementLine)
        statement = libcst.ensure_type(line.body[0], libcst.ImportFrom)
    except (libcst.ParserSyntaxError, TypeError):
        raise Refused("the form of the import is not supported") from None
    assert not isinstance(statement.names, libcst.ImportStar)
    names = [*statement.names]
    at = next((index for index, one in enumerate(names) if one.evaluated_name > member), len(names))
    between = _before(statement, names, min(at, len(names) - 1))
    new = libcst.ImportAlias(libcst.Name(member), comma=comma(between))
    if at < len(names):
        changed = statement.with_changes(names=[*names[:at], new, *names[at:]])
    else:
        changed = _with_last(statement, names, new, between)
    return libcst.Module([], default_newline=newline).code_for_node(changed)


def _with_last(
    statement: libcst.ImportFrom, names: list[libcst.ImportAlias], new: libcst.ImportAlias, between: Whitespace
) -> libcst.ImportFrom:
    import libcst

    last, parenthesis = names[-1], statement.rpar
    if isinstance(last.comma, libcst.Comma):
        first, final = divided(last.comma.whitespace_after, between)
        new = new.with_changes(comma=comma(final))
    else:
        new = new.with_changes(comma=libcst.MaybeSentinel.DEFAULT)
        first, final = (
            divided(parenthesis.whitespace_before, between) if parenthesis is not None else (between, between)
        )
        parenthesis = parenthesis.with_changes(whitespace_before=final) if parenthesis is not None else None
    return statement.with_changes(names=[*names[:-1], last.with_changes(comma=comma(first)), new], rpar=parenthesis)


def _before(statement: libcst.ImportFrom, names: list[libcst.ImportAlias], index: int) -> Whitespace:
    """What stands before a name: a line of its own, or a blank."""
    import libcst

    before: object = statement.lpar.whitespace_after if statement.lpar is not None else None
    if index:
        previous = names[index - 1].comma
        before = previous.whitespace_after if isinstance(previous, libcst.Comma) else None
    if isinstance(before, libcst.ParenthesizedWhitespace):
        return own_line(before.last_line.value)
    continued = isinstance(before, libcst.SimpleWhitespace) and "\n" in before.value
    return before if isinstance(before, libcst.SimpleWhitespace) and continued else libcst.SimpleWhitespace(" ")


def module_logger(part: Part) -> Brought:
    """The module's logger, created if there is none. Raises Refused if `logger` has another meaning here."""
    model = model_of(part)
    known = [
        name
        for name, origin in model.scope.names.items()
        # A `metrics_logger` is for something else.
        if origin == "logging.getLogger()" and name.isidentifier() and not _SPECIAL.search(name)
    ]
    for name in sorted(known, key=lambda name: (name != "logger", name != "log", name)):
        if _origin(part, name) == "logging.getLogger()" and (part.function or _bound_before(part, name)):
            return Brought(name)
    if _origin(part, "logger") != "logger" or _binding(model, "logger") is not None:
        raise Refused("`logger` has another meaning here")
    made = module_member(part, "logging", "getLogger")
    at = model.once(after_imports)
    if at > part.start:
        raise Refused("the imports are below this line")
    newline = model.source.newline
    line = f"logger = {made.name}(__name__){newline}"
    edits = [edit.shifted(part.file.start) for edit in made.edits]
    if edits and edits[0].start == at:
        text = edits.pop().text.rstrip("\r\n") + newline
        return _brought(part, "logger", Edit(at, at, text + newline + line + gap(model, at, newline)))
    first = next(model.statements_with(""), None)
    before = "" if at == 0 or first is None or at <= first.span.start else newline
    return _brought(part, "logger", *edits, Edit(at, at, before + line + gap(model, at, newline)))


_SPECIAL = regex(r"[^\W_]_(?:log|logger)$", re.IGNORECASE)


def model_of(part: Part | PythonModule) -> PythonModel:
    """The whole file of a part. Raises UnrecordedRead while a rule runs."""
    return cast(PythonModel, part.file.model)


def _brought(part: Part, name: str, *edits: Edit) -> Brought:
    return Brought(name, tuple(part.file.local(edits)))


class _ImportTop(Top):
    node: ast.Import | ast.ImportFrom


def _usable(part: Part) -> Iterator[_ImportTop]:
    """The top-level imports that have been executed before the part."""
    inside, start = part.function is not None, part.start
    return (top for top in model_of(part).once(_imports) if inside or top.span.start < start)


def _imports(model: PythonModel) -> list[_ImportTop]:
    return [top for top in model.statements_with("import") if isinstance(top.node, (ast.Import, ast.ImportFrom))]  # type: ignore[misc]


def _origin(part: Part, name: str) -> str | None:
    """The origin of a name in the scope of the part, which need not mention it."""
    return model_of(part).names.origin(ast.Name(name), part.link)


def _is_free(part: Part, name: str, origin: str) -> bool:
    """Whether the name resolves to the import of the module in the scope of the part, without being shadowed."""
    return _origin(part, name) == origin[1:] and not _is_local(part, name)


def _is_local(part: Part, name: str) -> bool:
    """Whether the enclosing function binds the name, so that it is unbound there until that."""
    return part.function is not None and name in part.site.names.bound_in(part.function)


def _binding(model: PythonModel, name: str) -> Top | None:
    """The first top-level statement that binds a name itself."""
    return next((top for top in model.statements_with(name) if any(one == name for one, _ in bound(top.node))), None)


def _bound_before(part: Part, name: str) -> bool:
    top = _binding(model_of(part), name)
    return top is not None and top.span.end <= part.start


def _bound_here(part: Part, name: str) -> bool:
    """Whether the enclosing function imports the name before the part."""
    function = part.function
    if function is None:
        return False
    start = part.span.start
    return any(
        isinstance(statement, (ast.Import, ast.ImportFrom))
        and part.span_of(statement).start < start
        and any(found == name for found, _ in imported(statement))
        for statement in function.body
    )


def _refuse_taken(part: Part, name: str) -> None:
    """Raise Refused if an import of this name would shadow another binding or be shadowed by one."""
    if _origin(part, name) != name or _is_local(part, name):
        raise Refused(f"`{name}` has another meaning here")
    if any(value != f"={name}" for value in _values(model_of(part), name)):
        raise Refused(f"`{name}` has another meaning here")


def _values(model: PythonModel, name: str) -> Iterator[str | None]:
    """The values that top-level statements bind a name to, also in their blocks."""
    for top in model.statements_with(name):
        block = isinstance(top.node, (ast.If, ast.Try, ast.With, ast.For))
        for inner in ast.walk(top.node) if block else (top.node,):
            if isinstance(inner, ast.stmt):
                yield from (value for one, value in bound(inner) if one == name)
