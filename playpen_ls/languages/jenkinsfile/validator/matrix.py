"""Validation of `matrix {…}`: its axes and excludes."""

from __future__ import annotations

from playpen_ls.languages.jenkinsfile.syntax.tree import Argument, Block, Call, Statement
from playpen_ls.languages.jenkinsfile.validator.environment import is_identifier, not_an_identifier
from playpen_ls.languages.jenkinsfile.validator.faults import (
    Faults,
    block_of,
    boolean,
    misspelled,
    needs_block,
    number,
    shown,
    words_of,
)


def calls_of(faults: Faults, block: Block, *, repeated: bool = True) -> list[Call]:
    """The calls among the statements of a block; other statements are reported, and with `repeated` duplicates."""
    found = []
    for statement in block.statements:
        if statement.call is not None:
            found.append(statement.call)
        else:
            _no_section(faults, statement)
    if repeated:
        faults.repeated(found)
    return found


def _no_section(faults: Faults, statement: Statement) -> None:
    message = f'Not a valid section definition: "{shown(statement)}". Some extra configuration is required.'
    faults.add("InvalidSectionDefinition", words_of(statement), message)


def axes(faults: Faults, call: Call, excluded: bool = False) -> None:
    block = needs_block(faults, call)
    if block is None:
        return
    names: set[str] = set()
    for statement in block.statements:
        one = statement.call
        inner = block_of(one) if one is not None else None
        if one is None or inner is None:
            faults.add("ExpectedBlockFor", words_of(statement), "Expected a block for axis")
            continue
        name = _axis(faults, one, inner, excluded)
        if name and name in names:
            faults.add("DuplicateAxisName", one.name_span, f'Duplicate axis name: "{name}"')
        names.add(name)
    if not block.statements:
        faults.add("NoAxes", call.name_span, "No axis directives specified")


def _axis(faults: Faults, axis: Call, block: Block, excluded: bool) -> str:
    """Check an axis. Returns its name, "" if it is missing or computed."""
    sections = calls_of(faults, block)
    by_name = {one.name: one for one in reversed(sections)}
    for one in sections:
        if one.name not in ("name", "values", *(("notValues",) if excluded else ())):
            meant = misspelled(one.name, ({"name", "values"} | ({"notValues"} if excluded else set())) - by_name.keys())
            if meant:
                by_name[meant] = one
            faults.add("UndefinedSection", one.name_span, f'Undefined section "{one.name}"', meant=meant)
    if excluded and {"values", "notValues"} <= by_name.keys():
        message = 'Exclude axis must contain either "values" or "notValues"'
        faults.add("MatrixExcludeAxisValuesOrNotValues", by_name["notValues"].name_span, message)
    if "name" not in by_name:
        faults.add("RequiredSection", axis.name_span, 'Missing required section "name"')
    values = by_name.get("values") or by_name.get("notValues")
    if values is None or not values.arguments:
        faults.add("RequiredSection", axis.name_span, 'Missing required section "values"')
    else:
        _values(faults, values.arguments)
    return _name(faults, by_name["name"]) if "name" in by_name else ""


def _name(faults: Faults, call: Call) -> str:
    if not call.arguments:
        faults.add("NoArgForField", call.name_span, 'No argument for field "name"')
        return ""
    if len(call.arguments) > 1:
        faults.add("TooManyArgsForField", call.name_span, 'Too many arguments for field "name"')
        return ""
    one = call.arguments[0]
    kind, _, _, text = one.tree.tokens[one.first]
    name = one.value if one.string else text if kind == "name" and one.last == one.first + 1 else None
    if name is None:
        faults.add("ExpectedStringLiteral", one.span, "Expected string literal")
        return ""
    if not is_identifier(name):
        faults.add("InvalidIdentifierInEnv", one.span, not_an_identifier(name))
    return name


def _values(faults: Faults, values: tuple[Argument, ...]) -> None:
    seen: set[str] = set()
    for one in values:
        literal = one.value is not None or number(one) is not None or boolean(one) is not None
        if not literal:
            got = one.text if one.string else f"${{{one.text}}}"
            faults.add("ExpectedStringLiteralButGot", one.span, f"Expected string literal but got {got}")
            continue
        written = one.value if one.value is not None else one.text
        if written in seen:
            faults.add("DuplicateAxisValue", one.span, f'Duplicate axis value: "{written}"')
        seen.add(written)


def excludes(faults: Faults, call: Call) -> None:
    block = needs_block(faults, call)
    if block is None:
        return
    for statement in block.statements:
        one = statement.call
        if one is None or block_of(one) is None:
            faults.add("ExpectedBlockFor", words_of(statement), "Expected a block for exclude")
        else:
            axes(faults, one, excluded=True)
    if not block.statements:
        faults.add("NoExcludes", call.name_span, "No exclude directives specified")
