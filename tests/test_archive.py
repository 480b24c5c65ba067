"""Archives are unpacked in memory, within limits; what is no file of text in them is left out."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from playpen_ls.project.archive import MOST_BYTES, MOST_FILES, texts_in
from playpen_ls.project.filesystem import ProjectFiles
from playpen_ls.text.source import Unreadable


def packed(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


def file(name: str, content: bytes, kind: bytes = tarfile.REGTYPE, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, target, len(content)
    return member, content


CHART = file("web/Chart.yaml", b"name: web\n")


def test_regular_files_are_read():
    long = "web/" + "folder/" * 40 + "a.yaml"
    found = texts_in(
        packed(
            CHART,
            file("web", b"", tarfile.DIRTYPE),
            file("web/passwd", b"", tarfile.SYMTYPE, "/etc/passwd"),
            file("web/hard", b"", tarfile.LNKTYPE, "web/Chart.yaml"),
            file("web/pipe", b"", tarfile.FIFOTYPE),
            file("web/logo.png", b"\x89PNG\0\xff"),
            file(long, "ä".encode()),
        )
    )
    assert dict(found) == {"web/Chart.yaml": "name: web\n", "web/logo.png": None, long: "ä"}


def _one_header(size_field: bytes, kind: bytes) -> bytes:
    header = bytearray(file("a", b"")[0].tobuf(tarfile.GNU_FORMAT))
    header[124:136], header[156:157] = size_field, kind
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return gzip.compress(bytes(header) + bytes(2048))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no archive", id="other content"),
        pytest.param(gzip.compress(b"no archive" * 100), id="no tar"),
        pytest.param(packed(CHART)[:-20], id="cut off"),
        pytest.param(packed(CHART) * 2, id="two"),
        pytest.param(packed(file("../web/Chart.yaml", b"")), id="above"),
        pytest.param(packed(file("web/../../Chart.yaml", b"")), id="above in the end"),
        pytest.param(packed(file("/etc/Chart.yaml", b"")), id="absolute"),
        pytest.param(packed(file("a", bytes(MOST_BYTES))), id="large"),
        pytest.param(packed(*(file(f"web/{number}", b"") for number in range(MOST_FILES + 1))), id="many"),
        pytest.param(_one_header(b"\xff" * 11 + b"\0", tarfile.REGTYPE), id="negative size"),
        pytest.param(_one_header(b"\xff" * 11 + b"\0", tarfile.XHDTYPE), id="negative size of an extension"),
        pytest.param(_one_header(b"77777777777\0", tarfile.REGTYPE), id="a file larger than the archive"),
        pytest.param(_one_header(b"77777777777\0", tarfile.XHDTYPE), id="an extension larger than the archive"),
    ],
)
def test_other_archives_are_refused(content: bytes):
    with pytest.raises(Unreadable):
        texts_in(content)


def test_an_archive_is_read_again_when_it_changes(tmp_path: Path):
    files = ProjectFiles(tmp_path, lambda path: None)
    assert files.archive("a.tgz") is None
    (tmp_path / "a.tgz").write_bytes(packed(CHART))
    assert files.archive("a.tgz") == (("web/Chart.yaml", "name: web\n"),)
    (tmp_path / "a.tgz").write_bytes(b"none any more")
    assert files.archive("a.tgz") is None
    assert files.archive("../a.tgz") is None
    (tmp_path / "a").mkdir()
    assert files.archive("a") is None
