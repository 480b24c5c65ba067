from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from playpen_ls.api.example import example
from playpen_ls.api.facts import Files
from playpen_ls.api.finding import Finding, Fix, Severity
from playpen_ls.api.rule import rule
from playpen_ls.languages.dockerfile.parts import Add
from playpen_ls.text.edit import Edit
from playpen_ls.text.regex import regex

_ARCHIVE = regex(r".*\.(?:tar|tgz|tbz2?|txz|tar\.\w+|gz|bz2|xz|zst|Z)", re.IGNORECASE)
_REMOTE = regex(r"\w+://|git@|.*\.git(?:[#?].*)?$")
_NO_ARCHIVE = regex(r"\.(?:txt|md|py|[cm]?[jt]sx?|json|ya?ml|toml|ini|cfg|conf|xml|html|css|sh|sql|go|rs|java|c|h)$")


@rule(
    severity=Severity.INFORMATION,
    practice="+",
    like={"hadolint": ["DL3020"]},
    bad=[
        example(
            {"Dockerfile": "FROM python:3.12\n«ADD» app.py /app/\n", "app.py": ""},
            fixed="FROM python:3.12\nCOPY app.py /app/\n",
        ),
        example("FROM python:3.12\n«ADD» app.py /app/\n", fixed="FROM python:3.12\nCOPY app.py /app/\n"),
        example(
            "from python:3.12\n«add» --chown=1:1 app.py db.py /app/\n",
            fixed="from python:3.12\ncopy --chown=1:1 app.py db.py /app/\n",
        ),
        example("FROM python:3.12\n«ADD» conf/*.txt /app/\n", fixed="FROM python:3.12\nCOPY conf/*.txt /app/\n"),
        example(
            'FROM python:3.12\n«ADD» ["my app.py", "/app/"]\n', fixed='FROM python:3.12\nCOPY ["my app.py", "/app/"]\n'
        ),
    ],
    good=[
        "FROM python:3.12\nCOPY app.py /app/\n",
        "FROM python:3.12\nADD https://example.com/tool /opt/tool\n",
        "FROM python:3.12\nADD app.tar.gz /app/\n",
        "FROM python:3.12\nADD app.tgz config /app/\n",
        "FROM python:3.12\nADD git@github.com:team/app.git /app\nADD https://github.com/team/app.git#main /app\n",
        "FROM python:3.12\nADD --checksum=sha256:0 https://example.com/tool /opt/tool\n",
        "FROM python:3.12\nADD $SOURCE /app\n",
        "FROM python:3.12\nADD <<EOF /app/config\ndebug\nEOF\n",
        "FROM python:3.12\nADD *.* /app/\nADD release-* /app/\n",
        "FROM python:3.12\nADD \"file.tgz\" /x\nADD 'http://example.com/a' /a\n",
    ],
)
def add_local_file(add: Add, files: Files) -> Iterator[Finding]:
    """`ADD` is used where `COPY` is enough.

    `ADD` unpacks tar archives, which it recognizes by content, and fetches URLs; `COPY` only copies.
    Reported where every source is a local file or folder whose name is not that of an archive. The fix
    is safe where the project's files show that no source is an archive by content.
    """
    names = [source.text if add.json is not None else source.text.strip("\"'") for source in add.sources]
    if not names or add.heredocs or add.flag("checksum") or add.flag("keep-git-dir") or add.flag("unpack"):
        return
    if any("$" in name or _REMOTE.match(name) or _ARCHIVE.fullmatch(name) for name in names):
        return
    if any(re.search(r"[*?\[]", posixpath.basename(name)) and not _NO_ARCHIVE.search(name) for name in names):
        return  # the pattern can match an archive
    keyword = "copy" if add.keyword.islower() else "COPY"
    span = add.keyword_span
    folder = posixpath.dirname(add.file.path)
    # A file that can be read as text is not an archive, and a folder is never unpacked.
    safe = all(_is_no_archive(posixpath.normpath(posixpath.join(folder, name.lstrip("/"))), files) for name in names)
    fix = Fix(f"Replace `{add.keyword}` with `{keyword}`", lambda: [Edit(span.start, span.end, keyword)], safe=safe)
    message = f"`{add.keyword}` is used only to copy local files; use `{keyword}`, which never unpacks archives"
    yield Finding(span, message, (fix,))


def _is_no_archive(path: str, files: Files) -> bool:
    return files.known and (files.text(path) is not None or bool(files.names(path)))
