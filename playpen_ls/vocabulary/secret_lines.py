"""Secrets in the lines of a configuration file: env, properties, INI, YAML, JSON, `.netrc`, `redis.conf`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playpen_ls.text.span import Span
from playpen_ls.vocabulary.secret_shapes import shapes
from playpen_ls.vocabulary.secrets import (
    connection_passwords,
    is_configured_secret,
    is_named_secret,
    is_secret_name,
    is_template,
    url_logins,
)

_ASSIGNMENT = re.compile(
    r"""(?m)^[ \t]*(?:-[ \t]+)?(?:export[ \t]+)?["']?(?P<name>[A-Za-z][\w.-]*)["']?[ \t]*(?P<sign>[=:])[ \t]*"""
    r"""(?P<quote>["']?)(?P<value>[^\s"'#;,{}\[\]]+)(?P=quote)[ \t]*,?[ \t]*(?:[#;].*)?$"""
)
# `requirepass s3cr3t`; a name and a value, and nothing else in the line
_DIRECTIVE = re.compile(
    r"(?m)^[ \t]*(?P<name>requirepass|masterauth|primaryauth)[ \t]+[\"']?(?P<value>[^\s\"'#]+)[\"']?[ \t]*$"
)
_NETRC = re.compile(r"\blogin[ \t]+\S+\s+password[ \t]+(?P<value>\S+)")
_NPM = re.compile(r"(?m)_(?:authToken|auth|password)[ \t]*=[ \t]*[\"']?(?P<value>[^\s\"'$]{6,})")
_COMMENT_LINE = re.compile(r"(?m)^[ \t]*(?:#|//|;).*$")


def embedded(text: str) -> Iterator[Span]:
    """The spans of provider keys and of passwords in URLs and connection strings within a text."""
    yield from shapes(text)
    for login in url_logins(text):
        yield login.password
    yield from connection_passwords(text)


def secrets_in_lines(text: str) -> Iterator[tuple[Span, bool]]:
    """(span, whether it is only a plain word) of each secret of a configuration file; not those in comment lines."""
    text = text.replace("\r", "\n")  # so that `^` and `$` match at every line end; offsets do not change
    found: list[tuple[Span, bool]] = []
    for match in _ASSIGNMENT.finditer(text):
        name, value = match["name"], match["value"]
        if re.search(r"\{\{|[$`(]", value):
            continue
        if is_named_secret(name, value):
            found.append((Span(*match.span("value")), False))
        elif match["sign"] == "=" and name.isupper() and is_configured_secret(name, value):
            found.append((Span(*match.span("value")), True))
    for pattern in (_DIRECTIVE, _NETRC, _NPM):
        for match in pattern.finditer(text):
            if not is_template(match["value"]) and not is_secret_name(match["value"]) and "$" not in match["value"]:
                found.append((Span(*match.span("value")), False))
    found += [(span, False) for span in embedded(text)]
    comments = [Span(*match.span()) for match in _COMMENT_LINE.finditer(text)] if found else []
    reached = 0
    for span, plain in sorted(found):
        if span.start >= reached and not any(comment.touches(span) for comment in comments):
            yield span, plain
            reached = span.end
