"""Replacing a script's literal secrets by variables that `withCredentials` binds around the step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from playpen_ls.finding import Refused
from playpen_ls.languages.jenkinsfile.credentials import enclosing_bindings
from playpen_ls.languages.jenkinsfile.layout import fixed_lines, unit, whole_lines
from playpen_ls.languages.jenkinsfile.leaks import KNOW_STDIN, Leak, leaks
from playpen_ls.languages.jenkinsfile.quoting import all_words
from playpen_ls.languages.jenkinsfile.steps import ShellStep
from playpen_ls.languages.shell import Word
from playpen_ls.source import Edit, Source, Span
from playpen_ls.vocabulary.names import kebab, variable
from playpen_ls.vocabulary.secrets import url_logins


@dataclass(frozen=True)
class Store:
    """The platform's registry, and the ids of the credentials that it keeps for hosts."""

    registry: str
    ids: Mapping[str, str]


@dataclass(frozen=True)
class Credential:
    """A credential that must exist in Jenkins; `user` is "" for a secret text."""

    id: str
    user: str
    secret: str

    @property
    def binding(self) -> str:
        if not self.user:
            return f"string(credentialsId: '{self.id}', variable: '{self.secret}')"
        return (
            f"usernamePassword(credentialsId: '{self.id}', usernameVariable: '{self.user}', "
            f"passwordVariable: '{self.secret}')"
        )


def credential_for(leak: Leak, store: Store) -> Credential | None:
    """The credential that should stand in for a literal; None where nothing suggests its name."""
    if leak.kind == "single":
        return Credential(kebab(leak.name), "", leak.name) if leak.name else None
    id = _id(leak, store)
    if id is None:
        return None
    name = variable(id.removesuffix("-credentials"))
    return Credential(id, f"{name}_USER", f"{name}_PASS")


def _id(leak: Leak, store: Store) -> str | None:
    command = leak.command
    if command is None:
        return None
    if leak.kind == "login" and command.name in KNOW_STDIN:
        operands = [word for word in command.operands if word.text not in ("registry", "login")]
        literal_user = leak.user[0] if leak.user else None
        hosts = [word for word in operands if word not in (literal_user, leak.word)]
        if hosts and not hosts[-1].plain:
            return store.ids.get(store.registry, "registry-credentials")
        return _of_host(hosts[-1].text if hosts else "docker.io", store)
    if command.name == "git":
        return "git-credentials"
    if command.name.startswith(("mysql", "mariadb")):
        return "mysql-credentials"
    if leak.kind in ("pair", "url"):
        url = next((word.text for word in command.arguments if "://" in word.text), "")
        host = re.sub(r"^[^/]*@", "", urlsplit(url).netloc) if "$" not in url and "[" not in url else ""
        return _of_host(host, store) if host and "%" not in host else f"{kebab(command.name)}-credentials"
    return f"{kebab(command.name)}-credentials"


def _of_host(host: str, store: Store) -> str:
    host = re.sub(r"^https?://", "", host).partition("/")[0]
    bare = host.partition(":")[0]
    for registry, id in store.ids.items():
        if host == registry or bare == registry.partition(":")[0]:
            return id
    return f"{bare}-credentials"


def rebound(step: ShellStep, leak: Leak, store: Store) -> list[Edit]:
    """The edit that binds all secrets of the leak's step that can be bound. Raises Refused if this one cannot."""
    literal = step.script
    assert literal is not None
    if step.statement.first != step.index or step.statement.last != step.last:
        raise Refused("the step is part of a larger statement; bind the credential around that")
    if literal.quote in ("/", "$/"):
        raise Refused("a slashy string cannot be rewritten")
    needed: list[Credential] = []
    edits: list[Edit] = []
    for one in leaks(step):
        try:
            credential, wrap, made = _replaced(one, store)
            if any(made_edit.start < edit.end and edit.start < made_edit.end for made_edit in made for edit in edits):
                raise Refused("two secrets stand in one word")
            if wrap and any(other.secret == credential.secret and other != credential for other in needed):
                raise Refused("two secrets would be bound to one variable")
        except Refused:
            if (one.start, one.end) == (leak.start, leak.end):
                raise
            continue
        edits += made
        if wrap and credential not in needed:
            needed.append(credential)
    return [_wrapped(step, needed, edits)]


def _replaced(leak: Leak, store: Store) -> tuple[Credential, bool, list[Edit]]:
    """The credential, whether it must still be bound, and the edits of the script."""
    credential = credential_for(leak, store)
    if credential is None or leak.word is None:
        raise Refused("nothing says which credential this is")
    bound = False
    for binding in enclosing_bindings(leak.step):
        names = binding.variables
        if credential.user and binding.kind == "usernamePassword" and len(names) == 2:
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
    assert command is not None
    assert word is not None
    if command.name == "ssh" or any(one.text == "ssh" for one in command.words[:1]):
        raise Refused("the command runs on another machine")
    around = [one for one in all_words(leak.step) if one.start <= leak.start < one.end]
    if len(around) > 1:
        raise Refused("the command stands inside another command's argument")


def _in_shell(leak: Leak, credential: Credential) -> list[Edit]:
    command, word = leak.command, leak.word
    assert command is not None
    assert word is not None
    if leak.kind == "login" and command.name in KNOW_STDIN and leak.user is not None:
        if command.before in ("|", "|&") or "<" in command.fragment.text[command.start : command.end]:
            raise Refused("the command's standard input is taken")
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
                raise Refused("the URL's user is a variable")
            return start, start + len(login.user), credential.user
    raise Refused("nothing says which credential this is")


def _with(word: Word, places: list[tuple[int, int, str]]) -> str:
    """The word with variables at these places (offsets of the fragment), in double quotes where it needs them."""
    raw, text = word.raw, word.fragment.text
    prefix = re.match(r"(?:[A-Za-z_][\w.]*|--?[\w.-]+)=(?=['\"]|[^'\"]*$)|-[up](?=[^'\"\s])", raw)
    begin = word.start + (prefix.end() if prefix and word.quote not in ("'", '"') else 0)
    value = text[begin : word.end]
    quote = value[0] if value[:1] in ("'", '"') else ""
    if (quote and (len(value) < 2 or value[-1] != quote or quote in value[1:-1])) or (
        not quote and re.search(r"['\"\\]", value)
    ):
        raise Refused("the word is quoted in several ways")
    if (quote == "'" and re.search(r'[$`"\\!]', value)) or (not quote and re.search(r"[*?\[~!]", value)):
        raise Refused("the word would mean something else in double quotes")
    at, end, pieces = begin + len(quote), word.end - len(quote), []
    for start, stop, name in sorted(places):
        following = text[stop : stop + 1]
        braces = stop < end and (following.isalnum() or following == "_")
        pieces += [text[at:start], f"${{{name}}}" if braces else f"${name}"]
        at = stop
    pieces.append(text[at:end])
    return text[word.start : begin] + '"' + "".join(pieces) + '"'


def _elsewhere(leak: Leak, credential: Credential) -> list[Edit]:
    """In bat `%X%`, in PowerShell `$env:X`."""
    bat = leak.step.name == "bat"
    word = leak.word
    assert word is not None
    if not bat and word.quote not in ("", '"'):
        raise Refused("PowerShell expands nothing inside single quotes")
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
        written = f'{written[:-1]}\\"'  # four quotes in a row would end the string too early
    return Edit(span.start, span.end, written)


def _wrapped(step: ShellStep, needed: list[Credential], edits: list[Edit]) -> Edit:
    """One edit: the step's statement with the edits made, and `withCredentials` around it if it is needed."""
    tree, statement = step.tree, step.statement
    source = tree.source
    lines = whole_lines(source, statement.span)
    span = lines if lines is not None and needed else statement.span
    if not needed:
        return Edit(span.start, span.end, _applied(source, span, edits))
    header = f"withCredentials([{', '.join(one.binding for one in needed)}]) {{"
    if lines is None:
        return Edit(span.start, span.end, f"{header} {_applied(source, span, edits)} }}")
    indentation, newline = source.indentation(statement.start), source.newline
    by = unit(source, tree, statement)
    fixed = frozenset[int]() if _may_shift(step) else fixed_lines(tree, span)
    for number in range(source.line_of(span.start), source.line_of(max(span.start, span.end - 1)) + 1):
        if number not in fixed and source.line_text(number).strip():
            edits = [*edits, Edit(source.line_starts[number], source.line_starts[number], by)]
    body = _applied(source, span, edits)
    end = "" if body.endswith(("\n", "\r")) else newline
    tail = newline if not end else ""
    return Edit(span.start, span.end, f"{indentation}{header}{newline}{body}{end}{indentation}}}{tail}")


def _may_shift(step: ShellStep) -> bool:
    """Blanks before the script's lines mean nothing: no here-document, nothing quoted over several lines."""
    literal, source = step.script, step.tree.source
    if literal is None or step.name != "sh" or "<<" in literal.raw:
        return False
    spans = [word.span for word in all_words(step)] + list(literal.holes)
    return all(source.line_of(span.start) == source.line_of(span.end) for span in spans)


def _applied(source: Source, span: Span, edits: list[Edit]) -> str:
    text = source.text[span.start : span.end]
    local = [Edit(one.start - span.start, one.end - span.start, one.text) for one in edits]
    return Source("", text).edited(local).text
