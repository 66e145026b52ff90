from __future__ import annotations

import io
import tarfile

from twinbuild.verify.mismatch.headers import of_headers


def tar(form: int = tarfile.USTAR_FORMAT, *, padding: int = 0, **pax: str) -> bytes:
    """An archive with one file of a long name."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=form) as out:
        member = tarfile.TarInfo("d" * 60)
        member.size, member.pax_headers = 3, pax
        out.addfile(member, io.BytesIO(b"abc"))
    return sink.getvalue() + bytes(padding)


def names(one: bytes, other: bytes) -> list[str]:
    """The names of the causes."""
    return [each.cause.name for each in of_headers((), (io.BytesIO(one), io.BytesIO(other)))]


def test_causes() -> None:
    """Format, records of pax, padding, an end in the middle of a block."""
    pax = tarfile.PAX_FORMAT
    assert names(tar(), tar()) == []
    assert names(tar(), tar(tarfile.GNU_FORMAT)) == ["tar-format"]
    assert names(tar(), tar(pax, comment="x")) == ["tar-format"]
    assert names(tar(pax, mtime="0.5"), tar(pax, mtime="0.7")) == ["modification-time"]
    assert names(tar(pax, **{"SCHILY.xattr.user.a": "1"}), tar(pax, **{"SCHILY.xattr.user.a": "2"})) == ["xattr"]
    assert names(tar(), tar(padding=1024)) == ["tar-padding"]
    assert names(tar(), tar()[:-100]) == ["truncated"]
