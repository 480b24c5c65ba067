"""Requirements files of pip: the files they include, and whether installing them needs the source files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from playpen_ls.api.finding import Refused
from playpen_ls.rules.dockerfile._installs import is_local
from playpen_ls.text.regex import regex

_INCLUDE = regex(r"(?:-r|--requirement|-c|--constraint)(?:\s*=\s*|\s+|(?<=-[rc]))(?P<path>\S+)")
_EDITABLE = regex(r"(?:-e|--editable)(?:\s*=\s*|\s+)(?P<target>.+)")
_FIND_LINKS = regex(r"(?:-f|--find-links)(?:\s*=\s*|\s+)(?P<place>\S+)")
_DIRECT = regex(r"[\w.\[\],-]+\s*@\s*(?P<target>\S+)")


def closure(path: str, text_of: Callable[[str], str | None]) -> list[str]:
    """The file and all files that it includes, relative to the build context, without duplicates.

    Raises Refused if one is missing or needs the source files.
    """
    found: list[str] = []
    waiting = [posixpath.normpath(path)]
    while waiting:
        one = waiting.pop(0)
        if one in found:
            continue
        if one.startswith(("../", "/")):
            raise Refused(f"`{one}` is outside the build context")
        text = text_of(one)
        if text is None:
            raise Refused(f"`{one}` is not in the build context")
        found.append(one)
        if one.endswith((".toml", ".cfg", ".py")):
            _refuse_dynamic(one, text)
            continue
        for line in _lines(text):
            included = _read(line, one)
            if included:
                waiting.append(posixpath.normpath(posixpath.join(posixpath.dirname(one), included)))
    return found


def _refuse_dynamic(path: str, text: str) -> None:
    """Refuses dynamic or local dependencies; `uv pip install -r pyproject.toml` reads only static ones."""
    if not path.endswith(".toml") or re.search(r"^\s*dynamic\s*=|^\[tool\.poetry", text, re.MULTILINE):
        raise Refused(f"the dependencies in `{path}` are known only after the project is built")
    if found := re.search(r"@\s*file:\S*|\bpath\s*=\s*[\"'][^\"']*[\"']|\bworkspace\s*=\s*true", text):
        raise Refused(f"`{path}` contains `{found[0]}`, so the install needs the source files")


def included_in(text: str) -> list[str]:
    """The files that a requirements file names with `-r` and `-c`, as written."""
    matches = (_INCLUDE.fullmatch(line) for line in _lines(text))
    return [match["path"] for match in matches if match and not re.search(r"://|\$", match["path"])]


def _lines(text: str) -> list[str]:
    joined = re.sub(r"\\\r?\n", "", text)
    return [line for raw in joined.split("\n") if (line := re.sub(r"(?:^|\s)#.*", "", raw).strip())]


def _read(line: str, path: str) -> str:
    """The file that a line includes, or "". Raises Refused for a line that needs the source files."""
    if match := _INCLUDE.fullmatch(line):
        return "" if "://" in match["path"] else match["path"]
    if match := _EDITABLE.fullmatch(line):
        target = match["target"]
        if not re.match(r"(?:git|hg|svn|bzr)\+|https?://", target):
            raise Refused(f"`{path}` contains `-e {target}`, so the install needs the source files")
        return ""
    if match := _FIND_LINKS.fullmatch(line):
        if "://" not in match["place"]:
            raise Refused(f"`{path}` installs packages from `{match['place']}`")
        return ""
    direct = _DIRECT.fullmatch(line.partition(";")[0].strip())
    target = direct["target"] if direct else line.split()[0]
    if not line.startswith("-") and is_local(target):
        raise Refused(f"`{path}` contains `{target}`, so the install needs the source files")
    return ""
