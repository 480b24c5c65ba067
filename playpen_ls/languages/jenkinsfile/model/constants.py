"""Variables with a single constant value in the whole pipeline: `IMAGE = 'nexus:5000/web'`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from playpen_ls.languages.jenkinsfile.model.pipeline import Assignment
from playpen_ls.languages.jenkinsfile.syntax.tree import Expression, string_at
from playpen_ls.text.regex import regex

_USE = regex(r"\$\{\s*(?:env[.])?(?P<braced>[A-Za-z_]\w*)\s*\}|\$(?:env\.)?(?P<bare>[A-Za-z_]\w*)|%(?P<bat>\w+)%")
_NESTED = 5  # levels of variables whose values refer to other variables
_LONGEST = 500  # characters; an image reference or a path is shorter


class Constants:
    """Resolves variables on demand: most pipelines use only a few of theirs in image references.

    `assignments` and `text` are those of the whole file.
    """

    def __init__(self, text: str, assignments: Iterable[Assignment]) -> None:
        self._text = text
        self._assignments = tuple(assignments)
        self._known: dict[str, str | None] = {}

    def put_in(self, text: str, depth: int = 0) -> str:
        """Replace `${NAME}`, `$NAME`, `${env.NAME}` and `%NAME%` with the values of constants."""
        if "$" not in text and "%" not in text:
            return text

        def value(match: re.Match[str]) -> str:
            found = self._value(match["braced"] or match["bare"] or match["bat"], depth)
            return match[0] if found is None else found

        return _USE.sub(value, text)

    def put_in_reference(self, text: str) -> str:
        """Like `put_in`, also with what is known of a constant whose value ends in unknown ones: `me/web:${TAG}`."""
        made = self.put_in(text)
        match = _USE.match(made)
        name = (match["braced"] or match["bare"]) if match is not None else None
        found = [one for one in self._assignments if one.name == name] if name else []
        pieces = _pieces(found[0].value) if len(found) == 1 and self._is_set_once(found[0].name) else None
        if match is None or pieces is None:
            return made
        value = "".join(map(self.put_in, pieces))
        return value + made[match.end() :] if len(value) <= _LONGEST and not value.startswith("$") else made

    def _value(self, name: str, depth: int) -> str | None:
        """The constant value; None if the variable is set more than once, or to other code."""
        if name not in self._known and depth < _NESTED:
            made = [one for one in self._assignments if one.name == name]
            pieces = _pieces(made[0].value) if len(made) == 1 and self._is_set_once(name) else None
            text = None if pieces is None else "".join(self.put_in(piece, depth + 1) for piece in pieces)
            self._known[name] = text if text is not None and len(text) <= _LONGEST and "$" not in text else None
        return self._known.get(name)

    def _is_set_once(self, name: str) -> bool:
        """Whether no `withEnv(['X=…'])`, shell assignment `X=…`, `read X` or parameter `name: 'X'` sets it as well.

        An option `--cache-X=…` does not.
        """
        text = self._text
        if f"'{name}'" in text or f'"{name}"' in text or re.search(rf"\bread\b[^\n;]*\b{name}\b", text):
            return False
        return len(re.findall(rf"(?<![-\w]){name}\b\s*[-+?]?=(?![=~])", text)) == 1


def _pieces(value: Expression) -> list[str] | None:
    """The operands of a concatenation of strings and names, a name as `${name}`; None for other code."""
    pieces, tree = [], value.tree
    for number, at in enumerate(range(value.first, value.last)):
        kind, _, _, text = tree.tokens[at]
        if number % 2:
            if kind != "+":
                return None
        elif kind == "string":
            literal = string_at(tree, at)
            if literal is None or (not literal.interpolates and "$" in literal.fragment.text):
                return None
            pieces.append(literal.fragment.text)
        elif kind == "name":
            pieces.append(f"${{{text}}}")
        else:
            return None
    return pieces if (value.last - value.first) % 2 else None
