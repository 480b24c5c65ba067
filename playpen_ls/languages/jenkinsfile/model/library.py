"""The steps of a shared library: what `vars/x.groovy` says of the step `x`.

Source: "Defining custom steps" of Jenkins' documentation of shared libraries. A method `call` makes the file a step.
Groovy passes named arguments as a map, which is the method's first argument.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from playpen_ls.languages.jenkinsfile.syntax.region import Parsed
from playpen_ls.languages.jenkinsfile.syntax.tree import ShellStep, Tree
from playpen_ls.text.dataclass import dataclass
from playpen_ls.text.regex import regex
from playpen_ls.text.source import Source
from playpen_ls.text.span import Span
from playpen_ls.text.text_cache import cached_by_text

FOLDER = "vars"
_LONGEST = 100_000  # characters of a file
_NO_MAP = frozenset(
    """String CharSequence GString int Integer long Long short boolean Boolean double Double float Float Number
    BigDecimal List ArrayList Set Closure""".split()
)
"""Types that take no map: with these, named arguments are an error."""
_DYNAMIC = regex(r"\b(?:methodMissing|invokeMethod|propertyMissing)\b")
_DEFINED = regex(
    r"^[ \t]*(?:(?:private|protected|public|static|final|synchronized)\s+)*"
    r"(?:def|void|boolean|int|long|double|[A-Z]\w*(?:<[^>\n]*>)?(?:\[\])?)\s+(?P<name>[A-Za-z_]\w*)\s*\(",
    re.MULTILINE,
)
_READ = regex(
    r"\??\.(?:get|containsKey)\(\s*(['\"])(?P<asked>[\w.-]+)\1|\??\.(?P<name>[A-Za-z_]\w*)(?!\s*[({\w])"
    r"|\[\s*(['\"])(?P<item>[\w.-]+)\4\s*\]"
)
_GIVEN = regex(r"\"\$\{?(?P<held>[\w.?]+)\}?\"|(?P<plain>[\w.?]+)")


class Parameter(NamedTuple):
    """A parameter of a method; `type` is "" if it has none, or `def`."""

    name: str
    type: str


@dataclass(frozen=True)
class LibraryStep:
    """A step of a library.

    `span` is that of the first `call` in its file. `names` are the named arguments that it reads, `complete` if it
    reads no others. `takes_names` is false if named arguments are an error. `scripts` are the arguments that it runs as
    scripts: the position, or the name, of each.
    """

    span: Span
    names: frozenset[str] = frozenset()
    complete: bool = False
    takes_names: bool = True
    scripts: frozenset[int | str] = frozenset()


def library_methods(text: str) -> frozenset[str]:
    """The methods that a file in `vars/` defines, as in `x.method()`; empty if it can have any."""
    if len(text) > _LONGEST or _DYNAMIC.search(text):
        return frozenset()
    return frozenset(match["name"] for match in _DEFINED.finditer(text))


class _Method(NamedTuple):
    parameters: tuple[Parameter, ...]
    name: Span
    body: Span


@cached_by_text(1_000_000)
def library_step(text: str) -> LibraryStep | None:
    """The step that a file in `vars/` defines; None if it defines none, or if that cannot be seen."""
    if len(text) > _LONGEST or "call" not in text:
        return None
    tree = Tree(Parsed.whole(Source("", text)))
    if tree.parsed.problems:
        return None
    methods = list(_methods(tree))
    if not methods:
        return None
    takes_names = _DYNAMIC.search(text) is not None or any(_takes_names(one) for one in methods)
    names: frozenset[str] = frozenset()
    complete = False
    if len(methods) == 1 and methods[0].parameters and methods[0].parameters[0].type in ("Map", ""):
        only = methods[0]
        names, complete = _names(text[only.body.start : only.body.end], only.parameters[0].name)
    scripts = (
        frozenset(one for method in methods for one in _scripts(tree, method)) if len(methods) == 1 else frozenset()
    )
    return LibraryStep(methods[0].name, names, complete, takes_names, scripts)


def _methods(tree: Tree) -> Iterator[_Method]:
    """The methods `call` at the top level of the file."""
    tokens, partner = tree.tokens, tree.partner
    at = 0
    while at < len(tokens):
        kind, start, end, text = tokens[at]
        opened = kind == "name" and text == "call" and at > 0 and tokens[at - 1][0] in ("name", ">", "]")
        if opened and at + 1 < len(tokens) and tokens[at + 1][0] == "(" and partner[at + 1] > at:
            close = partner[at + 1]
            brace = close + 1
            while brace < len(tokens) and tokens[brace][0] == "\n":
                brace += 1
            if brace < len(tokens) and tokens[brace][0] == "{" and partner[brace] > brace:
                body = Span(tokens[brace][2], tokens[partner[brace]][1])
                yield _Method(tuple(_parameters(tree, at + 2, close)), Span(start, end), body)
                at = close
        if kind in ("(", "[", "{") and partner[at] > at:
            at = partner[at]
        at += 1


def _parameters(tree: Tree, first: int, last: int) -> Iterator[Parameter]:
    tokens, partner = tree.tokens, tree.partner
    words: list[str] = []
    valued, at = False, first
    while at <= last:
        kind, _, _, text = tokens[at] if at < last else (",", 0, 0, "")
        if kind == "," and not _in_generics(words):
            names = [one for one in words if one not in ("final", "def", "<", ">", ",")]
            if names:
                yield Parameter(names[-1], names[0] if len(names) > 1 else "")
            words, valued = [], False
        elif kind == "=":
            valued = True
        elif kind in ("(", "[", "{") and partner[at] > at:
            at = partner[at]
        elif not valued and kind in ("name", "<", ">", ","):
            words.append(text if kind == "name" else kind)
        at += 1


def _in_generics(words: list[str]) -> bool:
    return words.count("<") > words.count(">")


def _takes_names(method: _Method) -> bool:
    return bool(method.parameters) and method.parameters[0].type not in _NO_MAP


def _names(body: str, parameter: str) -> tuple[frozenset[str], bool]:
    """The names that a method reads from its map, and whether it uses the map for nothing else."""
    names, complete = set[str](), True
    for use in re.finditer(rf"(?<![\w.]){parameter}\b(?!\s*:(?!:))", body):
        read = _READ.match(body, use.end())
        name = next(filter(None, (read["asked"], read["name"], read["item"])), None) if read is not None else None
        if name is None:
            complete = False
        else:
            names.add(name)
    return frozenset(names), complete


def _scripts(tree: Tree, method: _Method) -> Iterator[int | str]:
    """The arguments that are, as they are, the script of a shell step."""
    places = {one.name: place for place, one in enumerate(method.parameters)}
    for step in tree.shell_steps:
        argument = step.argument_of_script
        if argument is None or not method.body.contains(step.span.start) or not isinstance(step, ShellStep):
            continue
        given = _GIVEN.fullmatch(argument.text)
        owner, _, name = (given["held"] or given["plain"]).replace("?", "").partition(".") if given else ("", "", "")
        place = places.get(owner)
        if place is None:
            continue
        if not name:
            yield place
        elif place == 0 and "." not in name:
            yield name
