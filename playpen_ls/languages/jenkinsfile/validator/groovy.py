"""What Groovy's own parser rejects although the brackets and strings of a text are complete.

Jenkins runs Groovy 2.4. Reported is only what that version rejects whatever is around it; which texts those are is
recorded in `tests/jenkinsfile/groovy-syntax.json`, from a run of Groovy itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from playpen_ls.api.file_view import Outline
from playpen_ls.languages.jenkinsfile.syntax.lexer import Token
from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.tree import DOTS, KEYWORDS, Statement, Tree, string_at
from playpen_ls.languages.jenkinsfile.validator.faults import Fault
from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span

_VALUES = frozenset(("true", "false", "null", "this", "super"))
_OPERATORS = frozenset(("as", "in", "instanceof"))
_CONDITIONS = frozenset(("if", "while", "switch"))
_NEEDS_PARENTHESIS = frozenset(("if", "while", "switch", "for"))
_COMPOUND = frozenset(("if", "for", "while", "switch", "try", "else", "catch", "finally"))
# A line outside of brackets cannot begin with one of these; before `.`, `?` and `:` a line end is allowed.
_NOT_FIRST = frozenset(("&&", "||", "==", "!=", ">=", "<=", "=~", "==~", "<<", "=", "+=", "*", ","))
# Two tokens that never follow each other, `(:` and `= )`; generic types can have `?` beside a comma.
_OPENS = frozenset(("=", "+=", "==", "!=", "&&", "||", "(", "[", ",", "?", ":", ".", "?."))
_CANNOT_FOLLOW = frozenset(("&&", "||", "==", "!=", "?", ":", "=", "+=", ".", "?."))
_CLOSES = frozenset((")", "]", ","))
_FOLLOW = frozenset(
    (
        ("[", ":"),
        (":", "]"),
        ("?", ":"),
        (",", "?"),
        ("?", ","),
        (",", ")"),
        (",", "]"),
        (",", ","),
        ("(", ")"),
        ("[", "]"),
    )
)
# Before a parenthesis around an expression: not before parameters, a cast or what is declared.
_BEFORE_EXPRESSION = frozenset(("=", "(", "[", ",", "&&", "||", "+", "==", "!=", "!", "?"))
# A statement cannot end with one of these.
_NOT_LAST = frozenset(("=", "+=", "-=", "+", "-", "==", "!=", "&&", "||", ".", "?.", ","))
_ASSIGNS = frozenset(("=", "+=", "-=", "*=", "/=", "%=", "<<"))
_ESCAPE = regex(r"\\(?:u+(?![0-9a-fA-Fu])|u+[0-9a-fA-F]{1,3}(?![0-9a-fA-F])|[^btnfr\\'\"$u0-7\r\n]|([\s\S]))")
_DOLLAR = regex(r"\\[\s\S]|(\$)(?![{A-Za-z_]|[^\x00-\x7f])")
_TEMPLATE = frozenset((("{", "{"), ("{", "%"), ("<", "%"), ("%", ">")))
"""The marks of templates, as two tokens beside each other; in strings they say nothing about the code."""
_MOST = 20  # faults of a region: one mistake can be repeated on each line


def is_template(parsed: Parsed) -> bool:
    """Whether a text can be the template of a file, in which anything can be written."""
    if not any(first + second in parsed.text for first, second in _TEMPLATE):
        return False
    tokens = parsed.tokens
    return any(one[2] == other[1] and (one[0], other[0]) in _TEMPLATE for one, other in pairwise(tokens))


def groovy_faults(parsed: Parsed) -> tuple[Fault, ...]:
    """A summary, in text order; the first one on each line, since it causes others."""
    tree = Tree(parsed)
    found = sorted(
        (*_of_characters(tree), *_of_pairs(tree), *_of_groups(tree), *_of_statements(tree)),
        key=lambda fault: fault.span,
    )
    kept: list[Fault] = []
    for fault in found:
        if not kept or re.search(r"[\r\n]", parsed.text[kept[-1].span.start : fault.span.start]):
            kept.append(fault)
        if len(kept) == _MOST:
            break
    return tuple(kept)


def file_groovy_faults(outline: Outline) -> tuple[tuple[int, Fault], ...]:
    """Each with its region; none in the template of a file."""
    if any(outline.each(is_template)):
        return ()
    return tuple((number, one) for number, every in enumerate(outline.each(groovy_faults)) for one in every)


def _fault(tree: Tree, kind: str, span: Span, message: str) -> Fault:
    return Fault(f"Groovy.{kind}", span, message, anchor=span.start, text=tree.of(span))


def _unexpected(tree: Tree, index: int, reason: str, kind: str = "unexpected") -> Fault:
    token, start, end, _ = tree.tokens[index]
    shown = "a string" if token == "string" else f"`{tree.text[start:end]}`"
    return _fault(tree, kind, Span(start, end), f"unexpected {shown}: {reason}")


# Characters


def _of_characters(tree: Tree) -> Iterator[Fault]:
    text = tree.text
    odd = {kind for kind in {token[0] for token in tree.tokens} if kind in "#`\\" or "\x80" <= kind <= "\xbf"}
    for index, (kind, start, end, _) in enumerate(tree.tokens):
        if kind == "string":
            if text.find("\\", start, end) >= 0 or text.find("$", start, end) >= 0:
                yield from _in_string(tree, index)
        elif kind in odd:
            if kind == "#":
                yield _fault(tree, "comment", Span(start, end), "`#` does not begin a comment in Groovy; use `//`")
            elif kind == "\xa0":
                yield _fault(tree, "space", Span(start, end), "no-break space (U+00A0) instead of a space")
            else:
                yield _fault(tree, "character", Span(start, end), f"unexpected character `{kind}`")


def _in_string(tree: Tree, index: int) -> Iterator[Fault]:
    literal = string_at(tree, index)
    assert literal is not None
    text, inside, slashy = tree.text, literal.inside, literal.quote in ("/", "$/")
    ends = [*literal.holes, Span(inside.end, inside.end)]
    at = inside.start
    for hole in ends:
        for match in _ESCAPE.finditer(text, at, hole.start) if "\\" in text[at : hole.start] else ():
            if match[1] is None and (not slashy or match[0].startswith("\\u")):
                yield _bad_escape(tree, Span(*match.span()))
        if not slashy and literal.interpolates:
            for match in _DOLLAR.finditer(text, at, hole.start) if "$" in text[at : hole.start] else ():
                if match[1]:
                    message = "`$` in a double-quoted string must begin `${…}` or a name; escape it as `\\$`"
                    yield _fault(tree, "dollar", Span(*match.span()), message)
        at = hole.end


def _bad_escape(tree: Tree, span: Span) -> Fault:
    text = tree.of(span)
    if text.startswith("\\u"):
        return _fault(
            tree, "unicode", span, f"`{text}` must be followed by four hexadecimal digits; escape the backslash"
        )
    message = f"`{text}` is not an escape sequence of Groovy; escape the backslash as `\\\\`"
    return _fault(tree, "escape", span, message)


def _of_pairs(tree: Tree) -> Iterator[Fault]:
    places = [index for index, token in enumerate(tree.tokens) if token[0] != "\n"]
    kinds = [tree.tokens[index][0] for index in places]
    wrong = {pair for pair in set(pairwise(kinds)) if _is_wrong(*pair)}
    for index, pair in zip(places[1:], pairwise(kinds), strict=True) if wrong else ():
        if pair in wrong:
            yield _unexpected(tree, index, f"it cannot follow `{pair[0]}`")


def _is_wrong(before: str, kind: str) -> bool:
    wrong = kind in _CANNOT_FOLLOW or (kind in _CLOSES and before != "." and before != "?.")
    return before in _OPENS and wrong and (before, kind) not in _FOLLOW


# Brackets


def _of_groups(tree: Tree) -> Iterator[Fault]:
    tokens, partner = tree.tokens, tree.partner
    for index, closing in enumerate(partner):
        if closing < index + 3:  # of one token nothing is wrong
            continue
        kind = tokens[index][0]
        if kind == "[":
            yield from _in_group(tree, index, is_list=True)
        elif kind == "(" and _is_checked(tree, index):
            yield from _in_group(tree, index, is_list=False)


def _is_checked(tree: Tree, index: int) -> bool:
    """Whether a parenthesis has the arguments of a call, or a condition: not parameters, a cast or a loop header."""
    if index == 0:
        return False
    kind, _, _, name = tree.tokens[index - 1]
    if kind != "name":
        return kind in _BEFORE_EXPRESSION
    if name in _CONDITIONS:
        return index < 2 or tree.tokens[index - 2][0] not in DOTS
    place = tree.record.at.get(index - 1)
    if place is None:
        return index > 1 and tree.tokens[index - 2][3] == "new"
    _, _, _, _, _, block, _, _ = tree.record.sites[place]
    return not (name[:1].isupper() and block > 0)  # a constructor has a body


def _in_group(tree: Tree, opened: int, *, is_list: bool) -> Iterator[Fault]:
    tokens, ends, close, before = tree.tokens, tree.ends, tree.partner[opened], opened
    begin, colon, asked = opened + 1, -1, False
    """Of the element: its first token, its colon, and whether `?` or `*` is before that."""
    plain, entries, spread = list[int](), 0, False
    for at in _inside(tree, opened + 1, close):
        kind, _, _, name = tokens[at]
        if kind == "\n":
            begin += at == begin
            continue
        last = tokens[before][0]
        if kind == ",":
            if last in ("[", "(", ":"):
                yield _unexpected(tree, at, "a value is missing before it")
            elif colon < 0 and begin < at:
                plain.append(begin)
            begin, colon, asked = at + 1, -1, False
        elif kind == ":" and colon < 0 and not asked:
            colon, entries = at, entries + 1
            if at > ends[begin] + 1 and tokens[begin][0] == "name" and tokens[at - 1][0] != "\n":
                yield from _key(tree, begin, at)
        elif kind in ("?", "*", "->"):
            asked = True
            spread |= kind == "*"
        elif kind == ";":
            yield _unexpected(tree, at, "the elements of a list and the arguments of a call are separated by commas")
        elif kind == ">" and last == "=" and tokens[before][2] == tokens[at][1]:
            yield _unexpected(tree, at, "Groovy separates key and value with `:`")
        elif _begins_operand(kind, name) and _ends_operand(tree, before, strict=kind == "name"):
            yield _unexpected(tree, at, "a comma or an operator is missing before it", "comma")
        before = ends[at]
    if tokens[before][0] == ":" and before > opened + 1:
        yield _unexpected(tree, close, "a value is missing before it")
    if colon < 0 and begin < close:
        plain.append(begin)
    if is_list and entries and plain and not spread and not asked:  # `[a: 1, b]` is neither a list nor a map
        yield _unexpected(tree, plain[0], "an entry `key: value` of the map is expected")


def _key(tree: Tree, first: int, colon: int) -> Iterator[Fault]:
    """`[my-key: 1]`: a key that is neither a name nor a literal needs quotes or parentheses."""
    span = Span(tree.tokens[first][1], tree.tokens[colon - 1][2])
    if all(tree.tokens[at][0] != "string" for at in range(first, colon)):  # the text of a string can be a secret
        yield _fault(tree, "key", span, f"`{tree.of(span)}` is not a key: it needs quotes")


def _inside(tree: Tree, first: int, last: int) -> list[int]:
    """The tokens from `first` to `last`, without those in brackets and blocks: of these, only the opening one."""
    ends, at, found = tree.ends, first, list[int]()
    while at < last:
        found.append(at)
        at = ends[at] + 1
    return found


def _begins_operand(kind: str, name: str) -> bool:
    return kind in ("string", "number") or (kind == "name" and name not in _OPERATORS)


def _ends_operand(tree: Tree, at: int, *, strict: bool) -> bool:
    """Whether a value ends with the token. With `strict` a name that can be a type does not: `String name`."""
    kind, _, _, name = tree.tokens[at]
    if kind in ("string", "number", "]", "}"):
        return True
    if kind == "name":
        if at > 0 and tree.tokens[at - 1][0] in DOTS:
            return True
        if name in KEYWORDS and name not in _VALUES:
            return False
        return not (at > 0 and tree.tokens[at - 1][0] == "@") and not (strict and name[:1].isupper())
    if kind == ")" and tree.partner[at] > 0:  # of a call; `(String) x` is a cast
        return _names_call(tree.tokens[tree.partner[at] - 1])
    return False


def _names_call(token: Token) -> bool:
    return token[0] == "name" and (token[3] not in KEYWORDS or token[3] in _VALUES)


# Statements


def _of_statements(tree: Tree) -> Iterator[Fault]:
    for statement in tree.statements:
        found = next(_of_statement(tree, statement), None)
        if found is not None:
            yield found


def _of_statement(tree: Tree, statement: Statement) -> Iterator[Fault]:
    tokens, first, last = tree.tokens, statement.first, statement.last
    kind, word = tokens[first][0], statement.word
    if last - first < 3 and kind == "name" and word not in KEYWORDS and tokens[last - 1][0] not in _NOT_LAST:
        return  # `sh 'x'`
    if word in ("import", "package") or kind == "@":
        return
    top = list(_inside(tree, first, last))
    kinds = {tokens[at][0] for at in top}
    if word in _COMPOUND or word == "do":
        yield from _headers(tree, statement, top)
    if ":" in kinds or word == "return":
        yield from _missing_commas(tree, statement, top)
    if "\n" in kinds or kind in _NOT_FIRST:
        yield from _line_starts(tree, top)
    ends = tokens[top[-1]][0]
    if ends in _NOT_LAST and len(top) > 1 and not _is_cut_off(tree, statement):
        yield _unexpected(tree, top[-1], "a value is missing after it")
    if (
        "-" in kinds
        and [tokens[at][0] for at in top[:4]] == ["name", "-", "name", "="]
        and not _is_blank_between(tree, first, top[2])
        and not _in_environment(statement)
    ):
        span = Span(tokens[first][1], tokens[top[2]][2])
        yield _fault(tree, "name", span, f"`{tree.of(span)}` is not the name of a variable: `-` subtracts")


def _is_cut_off(tree: Tree, statement: Statement) -> bool:
    """Whether the text of the region ends with the statement: what follows is in the next one."""
    return statement.last >= len(tree.tokens) and bool(tree.parsed.state.frames)


def _is_blank_between(tree: Tree, first: int, last: int) -> bool:
    tokens = tree.tokens
    return any(tokens[at][2] < tokens[at + 1][1] for at in range(first, last))


def _in_environment(statement: Statement) -> bool:
    call = statement.block.call
    return call is not None and call.name == "environment"  # reported with Jenkins' own words


def _headers(tree: Tree, statement: Statement, top: list[int]) -> Iterator[Fault]:
    """`if x {`, `} elseif (x) {`, `catch {`, an `else` without its `if`."""
    tokens, word = tree.tokens, statement.word
    if word == "else" and not _follows_if(statement):
        yield _unexpected(tree, statement.first, "no `if` is before it")
    if word == "do" and len(top) > 1 and tokens[top[1]][0] == "{":
        yield _unexpected(tree, statement.first, "Groovy 2.4 has no `do … while`")
    for place, at in enumerate(top if word in _COMPOUND else ()):
        kind, _, _, name = tokens[at]
        before = tokens[tree.ends[top[place - 1]]] if place else ("", 0, 0, "")
        following = next((one for one in top[place + 1 :] if tokens[one][0] != "\n"), None)
        if kind != "name":
            if place and before[0] == "}" and kind not in ("\n", ";") and _is_body(tree, top, place):
                if tokens[at - 1][0] != "\n":
                    yield _unexpected(tree, at, "a line end is expected after the block")
                return
            continue
        if name in _NEEDS_PARENTHESIS and (place == 0 or before[3] == "else"):
            if following is not None and tokens[following][0] != "(":
                yield _unexpected(tree, following, f"`{name}` needs a condition in parentheses")
                return
        elif name == "catch" and (place == 0 or before[0] == "}"):
            if following is not None and tokens[following][0] == "{":
                yield _unexpected(tree, at, "`catch` needs an exception in parentheses: `catch (e)`")
                return
        elif place and before[0] == "}" and name not in ("else", "catch", "finally") and _is_body(tree, top, place):
            if name in ("elseif", "elif", "elsif"):
                yield _unexpected(tree, at, "Groovy writes it as `else if`", "elseif")
            else:
                yield _unexpected(tree, at, "a line end is expected after the block")
            return


def _is_body(tree: Tree, top: list[int], place: int) -> bool:
    """Whether the block before a token is that of `if (…)`, `else` or the like, not the closure of a call in it."""
    opened = top[place - 1]
    before = next((at for at in reversed(top[: place - 1]) if tree.tokens[at][0] != "\n"), None)
    if before is None or tree.block_at(opened) is None:
        return False
    kind, _, _, name = tree.tokens[before]
    if kind == "(":
        header = tree.tokens[before - 1]
        return header[0] == "name" and header[3] in ("if", "while", "for", "switch", "catch")
    return name in ("else", "finally")


def _follows_if(statement: Statement) -> bool:
    siblings = statement.block.statements
    place = next(number for number, one in enumerate(siblings) if one.number == statement.number)
    # The first statement of a region can follow one of another region; without braces, what `if` guards is another one.
    return statement.number == 0 or any(map(_has_if, siblings[:place]))


def _has_if(statement: Statement) -> bool:
    return any(statement.tree.tokens[at][3] == "if" for at in range(statement.first, statement.last))


def _missing_commas(tree: Tree, statement: Statement, top: list[int]) -> Iterator[Fault]:
    """`sh script: 'x' returnStdout: true`, and `return sh 'x'`, which needs parentheses."""
    tokens, word = tree.tokens, statement.word
    operands = [at for at in top if tokens[at][0] != "\n"]
    if word == "return":
        for place in range(2, len(operands)):
            at, before = operands[place], tree.ends[operands[place - 1]]
            if _begins_operand(tokens[at][0], tokens[at][3]) and _ends_operand(tree, before, strict=False):
                if tokens[at - 1][0] == "\n":
                    return
                reason = "a call after `return` needs parentheses"
                yield _unexpected(tree, at, reason, "parentheses")
                return
        return
    if word in ("case", "default", "assert") or len(operands) < 4 or (tokens[operands[1]][0] == ":"):
        return
    asked = False
    for place in range(2, len(operands) - 1):
        at, before = operands[place], tree.ends[operands[place - 1]]
        kind = tokens[at][0]
        asked |= kind == "?" or tokens[operands[place - 1]][0] == "?"
        if asked or tokens[operands[place + 1]][0] != ":" or kind not in ("name", "string"):
            continue
        if tokens[at - 1][0] != "\n" and _ends_operand(tree, before, strict=False) and _has_call(tree, operands, place):
            yield _unexpected(tree, at, "a comma is missing before it", "comma")
            return


def _has_call(tree: Tree, operands: list[int], place: int) -> bool:
    """Whether the value before is not itself what is called: `echo a: 1`, and `echo b lock c: 1`, a chain of calls."""
    begins = 0
    for number in range(place):
        if tree.tokens[operands[number]][0] in _ASSIGNS:
            begins = number + 1
    while begins + 2 < place and tree.tokens[operands[begins + 1]][0] in DOTS:
        begins += 2
    if place - begins < 2:
        return False
    earlier = tree.ends[operands[place - 2]]
    return place - begins == 2 or not _ends_operand(tree, earlier, strict=False)


def _line_starts(tree: Tree, top: list[int]) -> Iterator[Fault]:
    """`&&` and the like at the start of a line, outside of brackets."""
    tokens = tree.tokens
    for at in top:
        if tokens[at][0] in _NOT_FIRST and (at == top[0] or tokens[at - 1][0] == "\n"):
            yield _unexpected(tree, at, "outside of brackets the line before must end with it", "line")
            return
