"""What `.dockerignore` excludes from the build context, by the rules of moby's pattern matcher.

A pattern is matched as a nondeterministic automaton, in time proportional to the path: a regular expression made of
`*a*a*a*b` backtracks for hours, and a build context can have such a pattern.
"""

from __future__ import annotations

import posixpath
import re

from playpen_ls.api.facts import Files
from playpen_ls.text.regex import regex


class Ignore:
    """The patterns of one ignore file; `path` is where it is, relative to the project."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self._patterns = [pattern for line in text.split("\n") if (pattern := _read(line))]

    @property
    def reincludes(self) -> bool:
        """Whether it has a `!` pattern, which includes files again."""
        return any(negated for _, negated in self._patterns)

    def excludes(self, path: str) -> bool:
        """`path` is relative to the build context. The last pattern that matches it or a parent folder decides."""
        paths = [path]
        while "/" in paths[-1]:
            paths.append(paths[-1].rpartition("/")[0])
        excluded = False
        for pattern, negated in self._patterns:
            if excluded is negated and any(pattern.matches(one) for one in paths):
                excluded = not negated
        return excluded


def ignore_of(dockerfile: str, context: str, files: Files) -> Ignore | None:
    """The ignore file in effect: `<Dockerfile>.dockerignore` next to the Dockerfile, else that of the context."""
    for path in (f"{dockerfile}.dockerignore", posixpath.join(context, ".dockerignore")):
        text = files.text(path)
        if text is not None:
            return Ignore(path, text)
    return None


def _read(line: str) -> tuple[_Pattern, bool] | None:
    if line.startswith("#"):
        return None
    line = line.strip()
    negated = line.startswith("!")
    if negated:
        line = line[1:].strip()
    if not line:
        return None
    pattern = posixpath.normpath(line).lstrip("/")
    return (_Pattern(pattern), negated) if pattern and pattern != "." else None


class _Pattern:
    """The states of its automaton are bits: state n has read the first n tokens that take a character.

    `_any` and `_name` are the states that any character leaves as they are, or any but `/`; `_folders` those at a
    `**/`, which matches nothing, or anything up to a `/`: its state is followed by one that any character leaves.
    """

    def __init__(self, pattern: str) -> None:
        self._literal = ""
        self._tokens: list[re.Pattern[str] | str] = []
        self._any = self._name = self._folders = 0
        self._by_char: dict[str, int] = {}
        at = 0
        while at < len(pattern):
            char, state = pattern[at], 1 << len(self._tokens)
            at += 1
            if char == "*" and pattern.startswith("*", at):
                at += 1
                if not pattern.startswith("/", at):
                    self._any |= state
                    continue
                at += 1
                if not self._folders & state:
                    self._folders |= state
                    self._any |= state << 1
                    self._tokens += ["", "/"]
            elif char == "*":
                self._name |= state
            elif char == "?":
                self._tokens.append(_NOT_SLASH)
            elif char == "[" and (close := pattern.find("]", at + 1)) > 0:
                self._tokens.append(_set(pattern[at:close]))
                at = close + 1
            else:
                if char == "\\" and at < len(pattern):
                    char = pattern[at]
                    at += 1
                self._tokens.append(char)
        self._start = self._closed(1)
        stars = self._any | self._name | self._folders
        literal = len(self._tokens) if not stars else (stars & -stars).bit_length() - 1
        for token in self._tokens[:literal]:
            if not isinstance(token, str):
                break
            self._literal += token

    def matches(self, path: str) -> bool:
        if not path.startswith(self._literal):
            return False
        states = self._start
        for char in path:
            taken = self._by_char.get(char)
            if taken is None:
                taken = self._by_char[char] = self._taking(char)
            stay = self._any if char == "/" else self._any | self._name
            states = self._closed((states & taken) << 1 | states & stay)
            if not states:
                return False
        return bool(states >> len(self._tokens) & 1)

    def _taking(self, char: str) -> int:
        """The states whose next token takes a character."""
        return sum(
            1 << number
            for number, token in enumerate(self._tokens)
            if (char == token if isinstance(token, str) else token.match(char))
        )

    def _closed(self, states: int) -> int:
        """With the states that are reached without a character."""
        while True:
            folders = states & self._folders
            more = states | folders << 1 | folders << 2
            if more == states:
                return states
            states = more


_NOT_SLASH = regex("[^/]")


def _set(inside: str) -> re.Pattern[str]:
    escaped = inside.replace("\\", r"\\").replace("[", r"\[")
    try:
        return re.compile(f"[{escaped}]", re.DOTALL)
    except re.error:
        return re.compile("(?!)")
