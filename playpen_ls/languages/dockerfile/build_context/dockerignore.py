"""What `.dockerignore` excludes from the build context, by the rules of moby's pattern matcher."""

from __future__ import annotations

import posixpath
import re
from functools import cache

from playpen_ls.api.facts import Files


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
            if excluded is negated and any(pattern.fullmatch(one) for one in paths):
                excluded = not negated
        return excluded


def ignore_of(dockerfile: str, context: str, files: Files) -> Ignore | None:
    """The ignore file in effect: `<Dockerfile>.dockerignore` next to the Dockerfile, else that of the context."""
    for path in (f"{dockerfile}.dockerignore", posixpath.join(context, ".dockerignore")):
        text = files.text(path)
        if text is not None:
            return Ignore(path, text)
    return None


def _read(line: str) -> tuple[re.Pattern[str], bool] | None:
    if line.startswith("#"):
        return None
    line = line.strip()
    negated = line.startswith("!")
    if negated:
        line = line[1:].strip()
    if not line:
        return None
    pattern = posixpath.normpath(line).lstrip("/")
    return (_compiled(pattern), negated) if pattern and pattern != "." else None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    made, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*" and pattern.startswith("*", at):
            at += 1
            if pattern.startswith("/", at):
                at += 1
                made.append("(?:.*/)?")
            else:
                made.append(".*")
        elif char == "*":
            made.append("[^/]*")
        elif char == "?":
            made.append("[^/]")
        elif char == "[" and (close := pattern.find("]", at + 1)) > 0:
            inside = pattern[at:close].replace("\\", r"\\").replace("[", r"\[")
            made.append(f"[{inside}]")
            at = close + 1
        elif char == "\\" and at < len(pattern):
            made.append(re.escape(pattern[at]))
            at += 1
        else:
            made.append(re.escape(char))
    try:
        return re.compile("".join(made), re.DOTALL)
    except re.error:
        return re.compile(re.escape(pattern))
