"""Secrets in the lines of a configuration file: env, properties, INI, YAML, JSON, XML, `.netrc`, `redis.conf`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from playpen_ls.text.regex import regex
from playpen_ls.text.span import Span, Spans
from playpen_ls.vocabulary.names import snake
from playpen_ls.vocabulary.secret_shapes import shapes
from playpen_ls.vocabulary.secrets import (
    connection_passwords,
    is_configured_secret,
    is_default_secret,
    is_named_secret,
    is_own_host,
    is_password_name,
    is_secret_name,
    is_template,
    is_weak_login,
    url_logins,
)

_ASSIGNMENT = regex(
    r"""(?m)^[ \t]*(?:-[ \t]+)?(?:export[ \t]+)?["']?(?P<name>[A-Za-z][\w.-]*)["']?[ \t]*(?P<sign>[=:])[ \t]*"""
    r"""(?P<quote>["']?)(?P<value>[^\s"'#;,{}\[\]]+)(?P=quote)[ \t]*,?[ \t]*(?:[#;].*)?$"""
)
_VALUE = r"""(?:"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'|(?P<plain>[^\n]*))"""
_ENV = regex(rf"(?m)^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*{_VALUE}")
_INI = regex(rf"(?m)^[ \t]*(?P<name>[A-Za-z_][\w.-]*(?:\[\w*\])?)[ \t]*[=:][ \t]*{_VALUE}")
_YAML = regex(rf"""(?m)^[ \t]*(?:-[ \t]+)*["']?(?P<name>[A-Za-z_][\w./-]*)["']?[ \t]*:[ \t]+{_VALUE}""")
_YAML_FLOW = regex(
    r"""[{,][ \t]*["']?(?P<name>[A-Za-z_][\w.-]*)["']?[ \t]*:[ \t]+"""
    r"""(?:"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'|(?P<plain>[^\s"'{}\[\],]+))[ \t]*(?=[,}])"""
)
_YAML_LIST = regex(
    r"""(?m)^[ \t]*-[ \t]+["']?(?P<name>[A-Za-z_][\w.]*)="""
    r"""(?:"(?P<double>[^"\n]+)"|'(?P<single>[^'\n]+)'|(?P<plain>[^\n"']*))"""
)
_XML = regex(r"<(?P<name>password|passphrase|token|secret)>(?P<plain>[^<>]*)</(?P=name)>", re.IGNORECASE)
# `${DB_PASSWORD:value}` of Spring, `${DB_PASSWORD:-value}` of a shell and of compose files
_DEFAULT = regex(
    r"\$\{(?P<name>[A-Z][A-Z0-9_]*(?=:?-)|[A-Za-z_][\w.-]*(?=:))(?::[-=]?|-)(?P<value>(?![?+=-])[^${}]+)\}"
)
# References, template expressions, and what YAML does not read as a plain scalar.
_NO_LITERAL = regex(r"\{\{|\$[A-Za-z_({]|<%|%\(|^[&*!|>{\[]")
_INLINE_COMMENT = regex(r"(?:^|[ \t])[#;].*")
# `requirepass s3cr3t`; a name and a value, and nothing else in the line
_DIRECTIVE = regex(
    r"(?m)^[ \t]*(?P<name>requirepass|masterauth|primaryauth)[ \t]+[\"']?(?P<value>[^\s\"'#]+)[\"']?[ \t]*$"
)
_NETRC = regex(r"\blogin[ \t]+\S+\s+password[ \t]+(?P<value>\S+)")
_NETRC_FILE = regex(r"(?:^|(?<=\s))password[ \t]+(?P<value>\S+)")
_NPM = regex(r"(?m)_(?:authToken|auth|password)[ \t]*=[ \t]*[\"']?(?P<value>[^\s\"'$]{6,})")
_COMMENT_LINE = regex(r"(?m)^[ \t]*(?:#|//(?!\S+:_)|;).*$")
_XML_COMMENT = regex(r"<!--(?:(?!-->).)*+(?:-->)?", re.DOTALL)


# `spring.datasource.password`: settings of a program; other properties can be labels.
_PROGRAM = regex(
    r"(?:^|.*\.)(?:spring|quarkus|micronaut|hibernate|javax|jakarta|jdbc|db|database|datasource|connection|redis|rabbitmq"
    r"|kafka|mysql|postgres|mongodb|elasticsearch|es|sonar|server\.ssl)\.|(?:^|.*\.)(?:db|jdbc)pass"
)


# What a program signs or encrypts with has no label.
_SIGNS = regex(r"(?:^|_)(?:jwt|hmac|session|cookie|signing|encryption)_(?:\w+_)?(?:secret|key|secret_key)$")


def _is_program_secret(name: str) -> bool:
    """`spring.redis.password`, `store.db.password`, `canal.instance.dbPassword`, `app.jwt.secret`."""
    program = _PROGRAM.match(name.lower()) and is_password_name(name)
    return bool(program or (is_secret_name(name) and _SIGNS.search(snake(name))))


def _is_variable(name: str) -> bool:
    """`DB_PASSWORD`, `RabbitMq__Password`, `spring.datasource.password`."""
    return name.isupper() or "__" in name or ("." in name and is_password_name(name))


class Form(NamedTuple):
    """How the lines of a kind of file are written, and for which names a plain word is a secret."""

    settings: tuple[re.Pattern[str], ...] = ()
    word_names: Callable[[str], bool] = lambda _: False
    others: tuple[re.Pattern[str], ...] = ()
    comment: re.Pattern[str] = _COMMENT_LINE
    inline_comments: bool = True
    objects: bool = True
    """Whether a value can be the name of a Secret object, `web-db-secret`."""
    word_defaults: bool = False
    """Whether a plain word counts as the default of a variable, `${DB_PASSWORD:postgres}`, wherever it stands."""


FORMS = {
    "env": Form((_ENV,), lambda _: True, word_defaults=True),
    "ini": Form((_INI,), is_password_name),
    "properties": Form((_INI,), _is_program_secret, inline_comments=False, word_defaults=True),
    "npmrc": Form(others=(_NPM,)),
    "netrc": Form(others=(_NETRC_FILE,)),
    "xml": Form((_XML,), is_password_name, comment=_XML_COMMENT, inline_comments=False),
    # Values of a chart also name Secret objects, and the keys in them.
    "values": Form((_YAML, _YAML_FLOW), is_password_name),
    "compose": Form((_YAML, _YAML_FLOW, _YAML_LIST), _is_variable, objects=False, word_defaults=True),
}
"""The kinds of files whose form is known by their name."""


class Setting(NamedTuple):
    """A name and its literal value, without quotes."""

    name: str
    value: str
    span: Span


class LineSecret(NamedTuple):
    """`plain`: only a word, which its name makes a secret. `name` is that of its variable or key, if it has one."""

    span: Span
    plain: bool
    name: str = ""


def settings(text: str, form: Form) -> Iterator[Setting]:
    """What the lines of a file of this form set; `text` has no carriage returns."""
    for pattern in form.settings:
        for match in pattern.finditer(text):
            kind = match.lastgroup if match.lastgroup in ("double", "single") else "plain"
            start, value = match.start(kind), match[kind] or ""
            if kind == "plain" and form.inline_comments:
                value = _INLINE_COMMENT.sub("", value, count=1)
            start += len(value) - len(value.lstrip())
            value = value.strip()
            if value:
                yield Setting(match["name"], value, Span(start, start + len(value)))


def embedded(text: str) -> Iterator[Span]:
    """The spans of provider keys and of passwords in URLs and connection strings within a text."""
    yield from shapes(text)
    for login in url_logins(text, documented=False):
        yield login.password
    yield from connection_passwords(text)


def secrets_in_lines(text: str) -> Iterator[LineSecret]:
    """The secrets of a configuration file of unknown form, in text order; not those in comment lines."""
    text = text.replace("\r", "\n")  # so that `^` and `$` match at every line end; offsets do not change
    found: list[LineSecret] = []
    for match in _ASSIGNMENT.finditer(text):
        name, value, span = match["name"], match["value"], Span(*match.span("value"))
        if re.search(r"\{\{|[$`(]", value):
            continue
        if is_named_secret(name, value):
            found.append(LineSecret(span, False, name))
        elif match["sign"] == "=" and name.isupper() and is_configured_secret(name, value):
            found.append(LineSecret(span, True, name))
    found += _given(text, (_DIRECTIVE, _NETRC, _NPM))
    found += _in_text(text)
    yield from _reported(text, found, _COMMENT_LINE)


def secrets_in_file(text: str, form: Form) -> Iterator[LineSecret]:
    """The secrets of a file of this form, in text order; not those in comments."""
    text = text.replace("\r", "\n")
    found = list(_given(text, form.others))
    for name, value, span in settings(text, form):
        default = _DEFAULT.fullmatch(value)
        if default is not None:
            found += _default((name, default["name"]), default, span.start, form)
        elif _NO_LITERAL.search(value) or "/" in name:  # an annotation names keys and paths
            continue
        elif is_named_secret(name, value):
            found.append(LineSecret(span, False, name))
        elif (form.word_names(name) or (value.isdigit() and is_password_name(name))) and is_configured_secret(
            name, value, objects=form.objects
        ):
            found.append(LineSecret(span, True, name))
    for default in _DEFAULT.finditer(text):
        found += _default((default["name"],), default, 0, form)
    found += _in_text(text, own_hosts=False)
    yield from _reported(text, found, form.comment)


def _in_text(text: str, *, own_hosts: bool = True) -> Iterator[LineSecret]:
    """Secrets that are told by their own text. `own_hosts`: also weak passwords for services on the machine itself."""
    for span in (*shapes(text), *connection_passwords(text)):
        yield LineSecret(span, False)
    for login in url_logins(text, documented=False):
        plain = is_weak_login(login, text)
        if own_hosts or not (plain and is_own_host(login.host)):
            yield LineSecret(login.password, plain)


def _default(names: tuple[str, ...], default: re.Match[str], offset: int, form: Form) -> Iterator[LineSecret]:
    """The default of a variable, if it is a secret by one of these names."""
    value, start = default["value"], offset + default.start("value")
    plain = not any(is_named_secret(one, value) for one in names)
    if form.word_defaults or not plain:
        counting = next((one for one in names if is_default_secret(one, value)), None)
        if counting is not None:
            yield LineSecret(Span(start, start + len(value)), plain, counting)


def _given(text: str, patterns: tuple[re.Pattern[str], ...]) -> Iterator[LineSecret]:
    for pattern in patterns:
        for match in pattern.finditer(text):
            if not is_template(match["value"]) and not is_secret_name(match["value"]) and "$" not in match["value"]:
                yield LineSecret(Span(*match.span("value")), False)


def _reported(text: str, found: list[LineSecret], comment: re.Pattern[str]) -> Iterator[LineSecret]:
    """Those in no comment, in text order and without overlaps."""
    comments = Spans(Span(*match.span()) for match in comment.finditer(text)) if found else Spans(())
    reached = 0
    for one in sorted(found):
        if one.span.start >= reached and not comments.touch(one.span.start, one.span.end):
            yield one
            reached = one.span.end
