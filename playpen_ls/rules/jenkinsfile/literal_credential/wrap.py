"""Replacing literal secrets of a script with variables that `withCredentials` binds around the step."""

from __future__ import annotations

import re
from collections.abc import Callable

from playpen_ls.api.finding import Refused
from playpen_ls.languages.jenkinsfile.edits.indentation import fixed_lines, unit, whole_lines
from playpen_ls.languages.jenkinsfile.edits.quoting import all_words
from playpen_ls.languages.jenkinsfile.model.credentials import enclosing_bindings
from playpen_ls.languages.jenkinsfile.model.jenkinsfile import Jenkinsfile
from playpen_ls.languages.jenkinsfile.model.queries import line_goes_on
from playpen_ls.languages.jenkinsfile.syntax.tree import ShellStep, Statement, Tree
from playpen_ls.languages.shell.parser import Word
from playpen_ls.languages.shell.secrets import KNOW_STDIN
from playpen_ls.rules.jenkinsfile.literal_credential.detect import Leak, leaks
from playpen_ls.rules.jenkinsfile.literal_credential.store import Credential, Store, credential_for, setting_of
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.edit import Edit
from playpen_ls.text.source import LINE_END, Source
from playpen_ls.text.span import Span
from playpen_ls.vocabulary.secrets import url_logins

_LONGEST_ROW = 10  # adjacent steps that are looked at together, since each of them looks at all


@dataclass(frozen=True)
class Rebinding:
    """The change of one step: `needed` credentials that are not bound yet, and `edits` of its script."""

    step: ShellStep
    needed: tuple[Credential, ...]
    edits: tuple[Edit, ...]


Known = dict[tuple[Tree, int], Rebinding | None]
"""What was found out about statements, by their first token: findings of one row look at the same ones."""


def rebound(file: Jenkinsfile, leak: Leak, store: Store) -> list[Edit]:
    """The edit that binds the secrets of the leak's step and of adjacent steps. Raises Refused."""
    return [_wrapped(file, _row(leak, store, lambda one: whole_lines(file.source, one.span) is not None, {}))]


def credentials_of(leak: Leak, store: Store, known: Known) -> list[Credential]:
    """The credentials that `rebound` adds a binding for, the leak's own first; empty where it raises Refused."""
    try:
        row = _row(leak, store, _has_own_lines, known)
    except Refused:
        row = []
    own = credential_for(leak, store)
    needed = dict.fromkeys(one for rebinding in row for one in rebinding.needed)
    return sorted(needed, key=lambda one: one != own)


def _has_own_lines(statement: Statement) -> bool:
    """Whether nothing but a comment shares the lines of a statement of a region."""
    tree, text = statement.tree, statement.tree.text
    if not tree.starts_line(statement.start):
        return False
    line_end = LINE_END.search(text, statement.end)
    rest = text[statement.end : line_end.start() if line_end else len(text)].strip()
    return (not rest or rest.startswith("//")) and (line_end is not None or not tree.file.ask(line_goes_on))


def _row(leak: Leak, store: Store, has_own_lines: Callable[[Statement], bool], known: Known) -> list[Rebinding]:
    """The leak's step and the adjacent steps that share one `withCredentials` with it. Raises Refused."""
    middle = _rebinding(leak.step, store, leak)
    row = [middle]
    if not middle.needed:
        return row
    siblings = leak.step.statement.block.statements
    place = siblings.index(leak.step.statement)
    # Always start from the first adjacent step, so that every secret of the row gets the same change.
    first, farthest = place, max(place - _LONGEST_ROW, 0)
    while first > farthest and _secret_step(siblings[first - 1], store, known) is not None:
        first -= 1
    if first == farthest:
        first = place - place % _LONGEST_ROW
    rows: list[list[Rebinding]] = [[]]
    for statement in siblings[first : first + _LONGEST_ROW]:
        one = _secret_step(statement, store, known)
        if one is None:
            break
        if rows[-1] and not (_suits(rows[-1], one) and all(map(has_own_lines, _statements(rows[-1][-1], one)))):
            rows.append([])
        rows[-1].append(one)
    return next((row for row in rows if any(one.step.index == leak.step.index for one in row)), row)


def _statements(*row: Rebinding) -> list[Statement]:
    return [one.step.statement for one in row]


def _suits(row: list[Rebinding], one: Rebinding) -> bool:
    """Whether `one` can join the row: no variable is bound to two credentials."""
    names = {credential.secret: credential for other in row for credential in other.needed}
    return all(names.get(credential.secret, credential) == credential for credential in one.needed)


def _secret_step(statement: Statement, store: Store, known: Known) -> Rebinding | None:
    place = statement.tree, statement.first
    if place not in known:
        known[place] = _made(statement, store)
    return known[place]


def _made(statement: Statement, store: Store) -> Rebinding | None:
    call = statement.call
    if not isinstance(call, ShellStep) or not leaks(call):
        return None
    try:
        made = _rebinding(call, store)
    except Refused:
        return None
    return made if made.needed else None


def _rebinding(step: ShellStep, store: Store, leak: Leak | None = None) -> Rebinding:
    """The change of one step; secrets that cannot be bound are skipped. Raises Refused if `leak` is one of them."""
    literal = step.script
    assert literal is not None
    if step.statement.first != step.index or step.statement.last != step.last:
        raise Refused("the step is part of a larger statement; bind the credential around that statement")
    if literal.quote in ("/", "$/"):
        raise Refused("the script is a slashy string, which cannot be rewritten")
    needed: list[Credential] = []
    edits: list[Edit] = []
    for one in leaks(step):
        try:
            credential, wrap, made = _replaced(one, store)
            if any(made_edit.start < edit.end and edit.start < made_edit.end for made_edit in made for edit in edits):
                raise Refused("two secrets are in the same word of the script")
            if wrap and any(other.secret == credential.secret and other != credential for other in needed):
                raise Refused(f"two secrets would be bound to the variable `{credential.secret}`")
            if wrap:
                _check_names(credential, literal.fragment.text)
        except Refused:
            if leak is not None and (one.start, one.end) == (leak.start, leak.end):
                raise
            continue
        edits += made
        if wrap and credential not in needed:
            needed.append(credential)
    return Rebinding(step, tuple(needed), tuple(edits))


def _check_names(credential: Credential, script: str) -> None:
    for name in filter(None, (credential.user, credential.secret)):
        if re.search(rf"\$(?:\{{|env:)?{name}\b|%{name}%", script):
            raise Refused(f"the script uses a variable `{name}` already")


def _replaced(leak: Leak, store: Store) -> tuple[Credential, bool, list[Edit]]:
    """(credential, whether it must still be bound, edits of the script). Raises Refused."""
    credential = credential_for(leak, store)
    if credential is None or not leak.exact:
        raise Refused("no credential id can be derived for the secret")
    bound = False
    for binding in enclosing_bindings(leak.step):
        names = binding.variables
        own = leak.kind == "url" and setting_of(leak) is not None  # not that of what the command logs in to
        if credential.user and binding.kind == "usernamePassword" and len(names) == 2 and not own:
            credential = Credential(credential.id, names.get("usernameVariable", ""), names.get("passwordVariable", ""))
            bound = bool(credential.user and credential.secret)
            break
        if not credential.user and binding.kind == "string" and names.get("variable") == credential.secret:
            bound = True
            break
    _check(leak)
    if leak.step.name == "sh":
        return credential, not bound, _in_shell(leak, credential)
    return credential, not bound, _elsewhere(leak, credential)


def _check(leak: Leak) -> None:
    command, word = leak.command, leak.word
    if leak.start < word.start or word.end < leak.end:
        raise Refused("the secret is part of a text of several words")
    if command.name == "ssh" or all(one.start != command.start for one in leak.step.commands):
        raise Refused("the command runs on another host or in a container")
    around = [one for one in all_words(leak.step) if one.start <= leak.start < one.end]
    if len(around) > 1:
        raise Refused("the command is an argument of another command")


def _in_shell(leak: Leak, credential: Credential) -> list[Edit]:
    command, word = leak.command, leak.word
    if leak.kind == "login" and command.name in KNOW_STDIN and leak.user is not None:
        if command.before in ("|", "|&") or "<" in command.fragment.text[command.start : command.end]:
            raise Refused(f"the standard input of `{command.name}` is already redirected")
        first = leak.flag or word
        user = leak.user[0]
        return [
            _edit(leak, command.start, command.start, f'echo "${credential.secret}" | '),
            _edit(leak, user.start, user.end, _with(user, [(leak.user[1], leak.user[2], credential.user)])),
            _edit(leak, first.start, word.end, "--password-stdin"),
        ]
    places = [(leak.start, leak.end, credential.secret)]
    if leak.kind == "url":
        places.append(_url_user(leak, credential))
    elif leak.user is not None and leak.user[0] is word:
        places.append((leak.user[1], leak.user[2], credential.user))
    edits = [_edit(leak, word.start, word.end, _with(word, places))]
    if leak.user is not None and leak.user[0] is not word:
        user, start, end = leak.user
        edits.append(_edit(leak, user.start, user.end, _with(user, [(start, end, credential.user)])))
    return edits


def _url_user(leak: Leak, credential: Credential) -> tuple[int, int, str]:
    text = leak.step.script.fragment.text  # type: ignore[union-attr]
    for login in url_logins(text):
        if login.password.start == leak.start:
            start = login.url.start + len(login.scheme) + len("://")
            if login.user and re.search(r"[$`%]", login.user):
                raise Refused("the user name in the URL is a variable")
            return start, start + len(login.user), credential.user
    raise Refused("no credential id can be derived for the secret")


def _with(word: Word, places: list[tuple[int, int, str]]) -> str:
    """The word with variables at `places`, in double quotes. Raises Refused.

    A place is (start, end, variable) with offsets in the fragment.
    """
    raw, text = word.raw, word.fragment.text
    prefix = re.match(r"(?:[A-Za-z_][\w.]*|--?[\w.-]+)=(?=['\"]|[^'\"]*$)|-[up](?=[^'\"\s])", raw)
    begin = word.start + (prefix.end() if prefix and word.quote not in ("'", '"') else 0)
    value = text[begin : word.end]
    quote = value[0] if value[:1] in ("'", '"') else ""
    if (quote and (len(value) < 2 or value[-1] != quote or quote in value[1:-1])) or (
        not quote and re.search(r"['\"\\]", value)
    ):
        raise Refused("the word mixes quoting styles")
    if (quote == "'" and re.search(r'[$`"\\!]', value)) or (not quote and re.search(r"[*?\[~!]", value)):
        raise Refused("the word would have another meaning in double quotes")
    at, end, pieces = begin + len(quote), word.end - len(quote), []
    for start, stop, name in sorted(places):
        following = text[stop : stop + 1]
        braces = stop < end and (following.isalnum() or following == "_")
        pieces += [text[at:start], f"${{{name}}}" if braces else f"${name}"]
        at = stop
    pieces.append(text[at:end])
    return text[word.start : begin] + '"' + "".join(pieces) + '"'


def _elsewhere(leak: Leak, credential: Credential) -> list[Edit]:
    """The edits of a batch script (`%X%`) or a PowerShell script (`$env:X`). Raises Refused."""
    bat = leak.step.name == "bat"
    word = leak.word
    if not bat and word.quote not in ("", '"'):
        raise Refused("PowerShell does not expand variables inside single quotes")
    places = [(leak.start, leak.end, credential.secret)]
    if leak.kind == "url":
        places.append(_url_user(leak, credential))
    elif leak.user is not None:
        places.append((leak.user[1], leak.user[2], credential.user))
    return [
        _edit(
            leak,
            start,
            end,
            f"%{name}%" if bat else f"${{env:{name}}}" if leak.kind in ("pair", "url") else f"$env:{name}",
        )
        for start, end, name in places
    ]


def _edit(leak: Leak, start: int, end: int, text: str) -> Edit:
    literal = leak.step.script
    assert literal is not None
    span, written = literal.fragment.span(start, end), literal.encode(text)
    if literal.quote == '"""' and span.end == literal.inside.end and written.endswith('"'):
        written = f'{written[:-1]}\\"'  # four quotes in a row would end the string one character early
    return Edit(span.start, span.end, written)


def _wrapped(file: Jenkinsfile, row: list[Rebinding]) -> Edit:
    """One edit: the row's statements with their edits, wrapped in `withCredentials` unless all is bound already."""
    first, last = row[0].step.statement, row[-1].step.statement
    source = file.source
    whole = Span(first.start, last.end)
    needed = list(dict.fromkeys(one for rebinding in row for one in rebinding.needed))
    edits = [edit for rebinding in row for edit in rebinding.edits]
    lines = whole_lines(source, whole)
    span = lines if lines is not None and needed else whole
    if not needed:
        return Edit(span.start, span.end, _applied(source, span, edits))
    header = f"withCredentials([{', '.join(one.binding for one in needed)}]) {{"
    if lines is None:
        return Edit(span.start, span.end, f"{header} {_applied(source, span, edits)} }}")
    indentation, newline = source.indentation(first.start), source.newline
    by = unit(file, first)
    fixed = frozenset[int]().union(*(fixed_lines(file, one.step.span) for one in row if not _may_shift(one.step)))
    for number in range(source.line_of(span.start), source.line_of(max(span.start, span.end - 1)) + 1):
        if number not in fixed and source.line_text(number).strip():
            edits = [*edits, Edit(source.line_starts[number], source.line_starts[number], by)]
    body = _applied(source, span, edits)
    end = "" if body.endswith(("\n", "\r")) else newline
    tail = newline if not end else ""
    return Edit(span.start, span.end, f"{indentation}{header}{newline}{body}{end}{indentation}}}{tail}")


def _may_shift(step: ShellStep) -> bool:
    """Whether the script can be re-indented: it has no here-document and no quoted text over several lines."""
    literal, text = step.script, step.tree.text
    if literal is None or step.name != "sh" or "<<" in literal.raw:
        return False
    spans = [word.span for word in all_words(step)] + list(literal.holes)
    return not any(LINE_END.search(text, span.start, span.end) for span in spans)


def _applied(source: Source, span: Span, edits: list[Edit]) -> str:
    text = source.text[span.start : span.end]
    local = [Edit(one.start - span.start, one.end - span.start, one.text) for one in edits]
    return Source("", text).edited(local).text
