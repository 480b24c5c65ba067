from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile import Add
from playpen_ls.text.edit import Edit

_ARCHIVE = re.compile(r".*\.(?:tar|tgz|tbz2?|txz|tar\.\w+|gz|bz2|xz|zst|Z)", re.IGNORECASE)
_REMOTE = re.compile(r"\w+://|git@|.*\.git(?:[#?].*)?$")


@rule(
    severity=Severity.INFORMATION,
    practice="+",
    like={"hadolint": ["DL3020"]},
    bad=[
        example({"Dockerfile": "FROM a\n«ADD» app.py /app/\n", "app.py": ""}, fixed="FROM a\nCOPY app.py /app/\n"),
        example("FROM a\n«ADD» app.py /app/\n", fixed="FROM a\nCOPY app.py /app/\n"),
        example("from a\n«add» --chown=1:1 a b /x/\n", fixed="from a\ncopy --chown=1:1 a b /x/\n"),
        example('FROM a\n«ADD» ["a b", "/x/"]\n', fixed='FROM a\nCOPY ["a b", "/x/"]\n'),
    ],
    good=[
        "FROM a\nCOPY app.py /app/\n",
        "FROM a\nADD https://x.io/a /a\n",
        "FROM a\nADD a.tar.gz /a/\n",
        "FROM a\nADD a.tgz b /a/\n",
        "FROM a\nADD git@github.com:a/b.git /a\nADD https://github.com/a/b.git#main /a\n",
        "FROM a\nADD --checksum=sha256:0 https://x.io/a /a\n",
        "FROM a\nADD $SOURCE /a\n",
        "FROM a\nADD <<EOF /a\nx\nEOF\n",
        "FROM a\nADD *.* /a/\n",
    ],
)
def add_local_file(add: Add, files: Files) -> Iterator[Finding]:
    """ADD does more than copy.

    It unpacks archives by their content and fetches URLs, so a file may arrive as something else.
    COPY just copies. Reported where every source is a local file or folder and no archive by name;
    the fix is safe where the project's files show that none is one by content.
    """
    names = [source.text for source in add.sources]
    if not names or add.heredocs or add.flag("checksum") or add.flag("keep-git-dir") or add.flag("unpack"):
        return
    if any("$" in name or _REMOTE.match(name) or _ARCHIVE.fullmatch(name) for name in names):
        return
    if any(re.search(r"[*?\[]", posixpath.basename(name)) for name in names):
        return  # the pattern may meet an archive
    keyword = "copy" if add.keyword.islower() else "COPY"
    span = add.keyword_span
    folder = posixpath.dirname(add.document.source.path)
    # What can be read as text is no archive, and a folder is never unpacked.
    safe = all(_is_no_archive(posixpath.normpath(posixpath.join(folder, name.lstrip("/"))), files) for name in names)
    fix = Fix(f"Use `{keyword}`", lambda: [Edit(span.start, span.end, keyword)], safe=safe)
    yield Finding(span, f"`{add.keyword}` would unpack what it only has to copy", (fix,))


def _is_no_archive(path: str, files: Files) -> bool:
    return files.known and (files.text(path) is not None or bool(files.names(path)))
