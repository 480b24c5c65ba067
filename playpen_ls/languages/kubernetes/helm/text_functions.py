"""The functions of sprig and Go for texts."""

from __future__ import annotations

import base64
import html
import posixpath
import re
import urllib.parse
from functools import lru_cache

from playpen_ls.languages.kubernetes.helm.registry import LONGEST, function, number, string
from playpen_ls.languages.kubernetes.helm.text import GAP, HOLE, Text, cut, edited, joined
from playpen_ls.languages.kubernetes.helm.values import (
    UNKNOWN,
    CannotRender,
    List,
    Map,
    TooLarge,
    Unknown,
    Value,
    float_text,
    is_vague,
    printed,
    type_of,
)
from playpen_ls.text.regex import regex

_LONGEST_NAME = 40  # of a release or another unknown part of a name that is cut at 63 characters
_HOLES = HOLE + GAP


def strval(value: Value) -> str:
    """A value as sprig makes a string of it."""
    return printed(value)


@function("toString", holes=True)
def to_string(value: Value) -> str:
    return strval(value)


@function("quote", holes=True)
def quote(*values: Value) -> str:
    parts: list[str] = []
    for value in values:
        if value is not None:
            written = strval(value)
            edits = [(match.start(), match.end(), _escaped(match[0])) for match in _TO_ESCAPE.finditer(written)]
            parts += [" "] * bool(parts) + ['"', edited(written, edits) if edits else written, '"']
    return joined(parts)


_TO_ESCAPE = regex(r'["\\\x00-\x1f\x7f\x80-\x9f\ufeff]')
_SHORT_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\v": "\\v",
}


def _escaped(character: str) -> str:
    code = ord(character)
    return _SHORT_ESCAPES.get(character) or (f"\\x{code:02x}" if code < 128 else f"\\u{code:04x}")


@function("squote", holes=True)
def squote(*values: Value) -> str:
    parts: list[str] = []
    for value in values:
        if value is not None:
            parts += [" "] * bool(parts) + ["'", strval(value), "'"]
    return joined(parts)


@function("cat", holes=True)
def cat(*values: Value) -> str:
    parts: list[str] = []
    for value in values:
        if value is not None:
            parts += [" "] * bool(parts) + [strval(value)]
    return joined(parts)


@function("indent", holes=True)
def indent(spaces: Value, text: Value) -> str:
    pad = " " * _bounded(number(spaces), 1000)
    edits = [(match.end(), match.end(), pad) for match in re.finditer(r"\A|\n", string(text))]
    if len(pad) * len(edits) > LONGEST:
        raise TooLarge("a text is too long")
    return edited(text, edits)


@function("nindent", holes=True)
def nindent(spaces: Value, text: Value) -> str:
    return joined(["\n", indent(spaces, text)])


def _bounded(count: int, most: int = 100_000) -> int:
    if count > most:
        raise TooLarge("a text is too long")
    return max(count, 0)


@function("trim", holes=True)
def trim(text: Value) -> str:
    return _trimmed(string(text), _WHITESPACE)


_WHITESPACE = "\t\n\v\f\r \x85\xa0"


def _trimmed(text: str, characters: str, left: bool = True, right: bool = True) -> str:
    start = len(text) - len(text.lstrip(characters)) if left else 0
    end = len(text.rstrip(characters)) if right else len(text)
    return cut(text, start, max(start, end))


@function("trimAll", "trimall", holes=True)
def trim_all(characters: Value, text: Value) -> str:
    return _trimmed(string(text), string(characters))


@function("trimSuffix", holes=True)
def trim_suffix(suffix: Value, text: Value) -> str:
    if is_vague(suffix):
        return HOLE
    if string(suffix) and string(text).endswith(suffix):
        return cut(text, 0, len(text) - len(suffix))
    return text  # type: ignore[no-any-return]


@function("trimPrefix", holes=True)
def trim_prefix(prefix: Value, text: Value) -> str:
    if is_vague(prefix):
        return HOLE
    if string(prefix) and string(text).startswith(prefix):
        return cut(text, len(prefix), len(text))
    return text  # type: ignore[no-any-return]


@function("upper", holes=True)
def upper(text: Value) -> str:
    return _same_length(text, string(text).upper())


@function("lower", holes=True)
def lower(text: Value) -> str:
    return _same_length(text, string(text).lower())


def _same_length(text: str, changed: str) -> str:
    if isinstance(text, Text) and len(changed) == len(text):
        return edited(text, [(0, 0, "")]) if changed == text else _relabelled(text, changed)
    return changed


def _relabelled(text: Text, changed: str) -> Text:
    made = Text(changed)
    made.pieces = tuple(piece._replace(exact=False) for piece in text.pieces)
    return made


@function("title")
def title(text: Value) -> str:
    return re.sub(r"(?:(?<=[\s\x85\xa0])|\A)\w", lambda match: match[0].upper(), string(text))


@function("untitle")
def untitle(text: Value) -> str:
    return re.sub(r"(?:(?<=[\s\x85\xa0])|\A)\w", lambda match: match[0].lower(), string(text))


@function("repeat")
def repeat(count: Value, text: Value) -> str:
    _bounded(number(count) * len(string(text)))
    return string(text) * max(number(count), 0)


@function("substr")
def substr(start: Value, end: Value, text: Value) -> str:
    first, last = number(start), number(end)
    if first < 0:
        return cut(string(text), 0, min(last, len(text)))
    last = len(string(text)) if last < 0 or last > len(text) else last
    return cut(text, min(first, last), last)


@function("trunc", holes=True)
def trunc(length: Value, text: Value) -> str:
    size, known = number(length), string(text)
    if is_vague(text):
        # What is unknown is a name of usual length, which is not cut.
        return known if len(known.strip(_HOLES)) + _LONGEST_NAME // 2 <= size and GAP not in known else HOLE
    data = len(known.encode("utf-8", "surrogatepass"))
    if data != len(known):
        encoded = known.encode("utf-8", "surrogatepass")
        return (
            (encoded[:size] if size >= 0 else encoded[size:]).decode("utf-8", "replace") if data > abs(size) else known
        )
    if size < 0 and len(known) + size > 0:
        return cut(known, len(known) + size, len(known))
    return cut(known, 0, size) if 0 <= size < len(known) else known


@function("abbrev", text=True)
def abbrev(width: Value, text: Value) -> str:
    size = number(width)
    return text if size < 4 or len(string(text)) <= size else cut(text, 0, size - 3) + "..."


@function("nospace")
def nospace(text: Value) -> str:
    return re.sub(r"\s", "", string(text))


@function("initials")
def initials(text: Value) -> str:
    return "".join(word[0] for word in string(text).split())


@function("snakecase")
def snakecase(text: Value) -> str:
    return _words(string(text), "_")


@function("kebabcase")
def kebabcase(text: Value) -> str:
    return _words(string(text), "-")


def _words(text: str, separator: str) -> str:
    """As `xstrings.ToSnakeCase` for texts of letters and digits; others raise CannotRender."""
    if not re.fullmatch(r"[A-Za-z0-9 _-]*", text) or re.search(r"[A-Z]{2}|\d", text):
        raise CannotRender("words that are not understood")
    return re.sub(r"[ _-]+", separator, re.sub(r"(?<=[a-z])(?=[A-Z])", "-", text)).lower()


@function("camelcase")
def camelcase(text: Value) -> str:
    if not re.fullmatch(r"[a-z0-9]+(?:[_ -][a-z0-9]+)*", string(text)):
        raise CannotRender("words that are not understood")
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[_ -]", text))


@function("plural")
def plural(one: Value, many: Value, count: Value) -> str:
    return string(one) if number(count) == 1 else string(many)


@function("wrap")
def wrap(length: Value, text: Value) -> str:
    raise CannotRender("`wrap` is not understood")


@function("contains", holes=True)
def contains(part: Value, text: Value) -> Value:
    if is_vague(part):
        return UNKNOWN
    return True if string(part) in string(text) else (UNKNOWN if is_vague(text) else False)


@function("hasPrefix", holes=True)
def has_prefix(part: Value, text: Value) -> Value:
    if is_vague(part):
        return UNKNOWN
    if string(text).startswith(string(part)):
        return True
    known = re.split(f"[{_HOLES}]", text)[0]
    return UNKNOWN if is_vague(text) and part.startswith(known) else False


@function("hasSuffix", holes=True)
def has_suffix(part: Value, text: Value) -> Value:
    if is_vague(part):
        return UNKNOWN
    if string(text).endswith(string(part)):
        return True
    known = re.split(f"[{_HOLES}]", text)[-1]
    return UNKNOWN if is_vague(text) and part.endswith(known) else False


@function("replace", holes=True)
def replace(old: Value, new: Value, text: Value) -> str:
    if is_vague(old):
        return GAP
    if not string(old):
        return str(text).replace("", string(new))
    edits = [(match.start(), match.end(), string(new)) for match in re.finditer(re.escape(old), string(text))]
    if len(edits) * len(new) > LONGEST:
        raise TooLarge("a text is too long")
    return edited(text, edits) if edits else text


@function("sha1sum", "sha256sum", "sha512sum", "adler32sum", text=True)
def checksum(text: Value) -> str:
    """The checksum of a rendered text depends on each of its characters, so it is not worked out."""
    return HOLE


@function("b64enc", text=True)
def b64enc(text: Value) -> str:
    return base64.b64encode(string(text).encode("utf-8", "surrogatepass")).decode()


@function("b64dec", text=True)
def b64dec(text: Value) -> str:
    try:
        return base64.b64decode(string(text), validate=True).decode()
    except UnicodeDecodeError:
        return HOLE
    except ValueError:
        return HOLE


@function("b32enc", text=True)
def b32enc(text: Value) -> str:
    return base64.b32encode(string(text).encode("utf-8", "surrogatepass")).decode()


@function("atoi")
def atoi(text: Value) -> int:
    return int(text) if re.fullmatch(r"[+-]?\d{1,18}", string(text)) else 0


# Lists of texts


@function("split")
def split(separator: Value, text: Value) -> Map:
    parts = _split(string(text), string(separator))
    return Map({f"_{number}": part for number, part in enumerate(parts)})


@function("splitn")
def splitn(separator: Value, count: Value, text: Value) -> Map:
    parts = string(text).split(string(separator), number(count) - 1) if number(count) > 0 else []
    return Map({f"_{number}": part for number, part in enumerate(parts)})


@function("splitList", holes=True)
def split_list(separator: Value, text: Value) -> Value:
    if is_vague(separator) or is_vague(text):
        return UNKNOWN
    return List(_split(string(text), string(separator)))


def _split(text: str, separator: str) -> list[str]:
    if not separator:
        return list(text)
    found, reached = [], 0
    while (at := text.find(separator, reached)) >= 0:
        found.append(cut(text, reached, at))
        reached = at + len(separator)
    return [*found, cut(text, reached, len(text))]


def texts_of(values: Value) -> list[str]:
    if isinstance(values, list):
        return [one if isinstance(one, str) else strval(one) for one in values if one is not None]
    return [] if values is None else [strval(values)]


@function("join", holes=True)
def join(separator: Value, values: Value) -> str:
    if isinstance(values, Map):
        raise CannotRender("`join` of a map")
    parts: list[str] = []
    for one in texts_of(values):
        parts += [string(separator)] * bool(parts) + [one]
    return joined(parts)


@function("toStrings", holes=True)
def to_strings(values: Value) -> List:
    return List(texts_of(values))


@function("sortAlpha")
def sort_alpha(values: Value) -> List:
    found = texts_of(values)
    return UNKNOWN if any(map(is_vague, found)) else List(sorted(found))  # type: ignore[return-value]


# Paths and URLs


@function("base", "osBase", text=True)
def base(path: Value) -> str:
    stripped = string(path).rstrip("/")
    return posixpath.basename(stripped) if stripped else ("/" if path else ".")


@function("dir", "osDir", text=True)
def dir_(path: Value) -> str:
    return posixpath.normpath(posixpath.dirname(string(path)) or ".")


@function("clean", "osClean", text=True)
def clean(path: Value) -> str:
    return posixpath.normpath(string(path) or ".")


@function("ext", "osExt", text=True)
def ext(path: Value) -> str:
    name = posixpath.basename(string(path))
    return name[name.rindex(".") :] if "." in name else ""


@function("isAbs", "osIsAbs")
def is_abs(path: Value) -> bool:
    return string(path).startswith("/")


@function("urlParse")
def url_parse(url: Value) -> Map:
    found = urllib.parse.urlsplit(string(url))
    host = found.netloc.rpartition("@")[2]
    parts = {
        "scheme": found.scheme,
        "host": host,
        "hostname": host.rpartition(":")[0] or host if ":" in host and not host.endswith("]") else host,
        "path": found.path,
        "query": found.query,
        "opaque": "",
        "fragment": found.fragment,
        "userinfo": found.netloc.rpartition("@")[0],
    }
    return Map(parts)


@function("urlJoin")
def url_join(parts: Value) -> Value:
    return UNKNOWN


@function("urlquery")
def url_query(*values: Value) -> str:
    return urllib.parse.quote_plus("".join(map(strval, values)))


@function("html")
def as_html(*values: Value) -> str:
    return html.escape("".join(map(strval, values))).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")


# Regular expressions

_REPEATED_GROUP = regex(r"[*+}?][^()]*\)[*+{]")
# `(\.[0-9a-z]+)*`: a list of words with a separator, which can be matched in one way only.
_SEPARATED = regex(r"\((?:\?:)?(?P<separator>\\?[^\w\s\\()\[\]])(?P<word>\[(?:[^\]\\]|\\\W)+\])[*+]\)[*+]")
_LONGEST_MATCHED = 4_000


def _without_repetition(match: re.Match[str]) -> str:
    is_word = re.fullmatch(match["word"], match["separator"][-1]) is not None
    is_plain = match["separator"] not in ("^", "$", ".", "|", "?", "*", "+")
    return match[0] if is_word or not is_plain else "x*"


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    if (
        _REPEATED_GROUP.search(_SEPARATED.sub(_without_repetition, pattern))
        or len(re.findall(r"[*+}]", pattern)) > 12
        or "\\p" in pattern
    ):
        raise CannotRender("a pattern that is not understood")
    try:
        return re.compile(re.sub(r"\\z", r"\\Z", re.sub(r"\[:alnum:\]", "a-zA-Z0-9", pattern)), re.ASCII)
    except re.error:
        raise CannotRender("an invalid pattern") from None


def _pattern(pattern: Value, text: Value) -> re.Pattern[str]:
    if len(string(text)) > _LONGEST_MATCHED or "[[:" in string(pattern).replace("[:alnum:]", ""):
        raise CannotRender("a pattern that is not understood")
    return _compiled(str(pattern))


@function("regexMatch", "mustRegexMatch")
def regex_match(pattern: Value, text: Value) -> bool:
    return _pattern(pattern, text).search(text) is not None


@function("regexFind", "mustRegexFind", text=True)
def regex_find(pattern: Value, text: Value) -> str:
    match = _pattern(pattern, text).search(text)
    return cut(text, *match.span()) if match else ""


@function("regexFindAll", "mustRegexFindAll")
def regex_find_all(pattern: Value, text: Value, count: Value) -> List:
    found = [match[0] for match in _pattern(pattern, text).finditer(text)]
    return List(found if number(count) < 0 else found[: number(count)])


@function("regexSplit", "mustRegexSplit")
def regex_split(pattern: Value, text: Value, count: Value) -> List:
    compiled = _pattern(pattern, text)
    if compiled.groups or number(count) == 0:
        raise CannotRender("a pattern that is not understood")
    return List(compiled.split(text, max(number(count) - 1, 0)) if number(count) != 1 else [text])


@function("regexReplaceAll", "mustRegexReplaceAll", text=True)
def regex_replace_all(pattern: Value, text: Value, new: Value) -> str:
    compiled = _pattern(pattern, text)

    def expanded(match: re.Match[str]) -> str:
        def group(found: re.Match[str]) -> str:
            name = found[1] or found[2]
            try:
                return match[int(name) if name.isdigit() else name] or ""
            except (IndexError, KeyError):
                return ""

        return re.sub(r"\$(?:\{(\w+)\}|(\w+))", group, string(new))

    return compiled.sub(expanded, text)


@function("regexReplaceAllLiteral", "mustRegexReplaceAllLiteral", text=True)
def regex_replace_literal(pattern: Value, text: Value, new: Value) -> str:
    return _pattern(pattern, text).sub(lambda _: string(new), text)


@function("regexQuoteMeta", text=True)
def regex_quote_meta(text: Value) -> str:
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", string(text))


# Formats


@function("print", holes=True)
def print_(*values: Value) -> str:
    parts: list[str] = []
    for number_, value in enumerate(values):
        if number_ and not isinstance(value, str) and not isinstance(values[number_ - 1], str):
            parts.append(" ")
        parts.append(printed(value))
    return joined(parts)


@function("println", holes=True)
def println(*values: Value) -> str:
    parts: list[str] = []
    for value in values:
        parts += [" "] * bool(parts) + [printed(value)]
    return joined([*parts, "\n"])


_VERB = regex(r"%(?P<flags>[-+# 0]*)(?P<width>\d{0,4})(?:\.(?P<precision>\d{0,3}))?(?P<verb>.)", re.DOTALL)


_INDEXED = regex(r"%[^a-zA-Z%]*[\[*]")


@function("printf", holes=True)
def printf(pattern: Value, *values: Value) -> str:
    parts: list[str] = []
    reached, used = 0, 0
    if _INDEXED.search(pattern):
        raise CannotRender("a format that is not understood")
    for match in _VERB.finditer(string(pattern)):
        parts.append(cut(pattern, reached, match.start()))
        reached = match.end()
        if match["verb"] == "%":
            parts.append("%")
        elif used >= len(values):
            parts.append(f"%!{match['verb']}(MISSING)")
        else:
            parts.append(_formatted(match, values[used]))
            used += 1
    parts.append(cut(pattern, reached, len(pattern)))
    if used < len(values):
        extra = ", ".join(HOLE if _is_integer(one) else f"{type_of(one)}={printed(one)}" for one in values[used:])
        parts.append(f"%!(EXTRA {extra})")
    return joined(parts)


def _formatted(match: re.Match[str], value: Value) -> str:
    verb, flags, width = match["verb"], match["flags"], int(match["width"] or 0)
    precision = match["precision"]
    if isinstance(value, Unknown):
        return GAP if verb in "vs" else HOLE
    text = _of_verb(verb, flags, precision, value)
    if text is None and (_is_integer(value) or isinstance(value, (List, Map))):
        return HOLE  # several types of integers are one here; those in lists and maps are formatted
    if text is None:
        shown = "<nil>" if value is None else f"{type_of(value)}={printed(value)}"
        return f"%!{verb}({shown})"
    if width > len(text) and not is_vague(text):
        if "-" in flags:
            return joined([text, " " * (width - len(text))])
        if "0" in flags and isinstance(value, (int, float)):
            sign = text[:1] if text[:1] in "+-" else ""
            return sign + text[len(sign) :].rjust(width - len(sign), "0")
        return joined([" " * (width - len(text)), text])
    return text


def _of_verb(verb: str, flags: str, precision: str | None, value: Value) -> str | None:
    if " " in flags or ("#" in flags and verb != "v"):
        return HOLE
    if verb == "v":
        return printed(value) if "#" not in flags else HOLE
    if verb == "T":
        return type_of(value)
    if verb == "t":
        return printed(value) if isinstance(value, bool) else None
    if verb in "sq" and isinstance(value, str):
        cut_off = value if precision is None else cut(value, 0, min(int(precision or 0), len(value)))
        return quote(cut_off) if verb == "q" else cut_off
    if verb == "s":
        return _list_text(value)
    if verb in "dxXobc" and _is_integer(value):
        text = chr(value) if verb == "c" else format(value, verb)
        return f"+{text}" if "+" in flags and value >= 0 else text
    if verb in "xX" and isinstance(value, str) and not is_vague(value):
        return format_hex(value, verb)
    if verb in "feEgG" and isinstance(value, float):
        if verb in "gG" and precision is None:
            return float_text(value)
        text = format(value, f".{6 if precision is None else int(precision or 0)}{verb}")
        return f"+{text}" if "+" in flags and value >= 0 else text
    return HOLE if is_vague(value) else None


def _is_integer(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def format_hex(text: str, verb: str) -> str:
    found = text.encode("utf-8", "surrogatepass").hex()
    return found.upper() if verb == "X" else found


def _list_text(value: Value) -> str | None:
    """A list or map with `%s`, if it only has strings."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return printed(value)
    if isinstance(value, Map) and all(isinstance(one, str) for one in value.values()):
        return printed(value)
    return HOLE if isinstance(value, (list, Map)) else None
