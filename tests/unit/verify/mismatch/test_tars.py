from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

import pytest

from twinbuild.errors import IntegrityError
from twinbuild.verify.mismatch.catalogue import cause
from twinbuild.verify.mismatch.found import Found, at_bytes, told
from twinbuild.verify.mismatch.tars import CHUNK, compare_tars, scan_tar


def tar(*files: tuple[str, bytes], mtime: int = 0) -> bytes:
    """An archive of files."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.USTAR_FORMAT) as out:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), mtime
            out.addfile(member, io.BytesIO(content))
    return sink.getvalue()


def found(one: bytes, other: bytes, *, strict: bool = False) -> list[tuple[str, ...]]:
    """The name of each cause after the way to it."""

    def dive(place: tuple[str, ...], sides: tuple[bytes, bytes]) -> Iterator[Found]:
        yield told(place, "", "", cause("content", "x"))

    def explain(place: tuple[str, ...], sides: tuple[bytes, bytes], base: int) -> Found:
        return at_bytes(place, sides, 0, cause("content", "x"), base=base)

    opens = (lambda: io.BytesIO(one)), (lambda: io.BytesIO(other))
    return [
        (*each.place, each.cause.name) for each in compare_tars((), opens, dive=dive, explain=explain, strict=strict)
    ]


def test_causes() -> None:
    """Bytes, headers, order, a file alone, another name for the same bytes."""
    two = ("a", b"1"), ("b", b"2")
    assert found(tar(*two), tar(*two)) == []
    assert found(tar(*two), tar(two[0], ("b", b"3"))) == [("b", "content")]
    assert found(tar(*two), tar(*two, mtime=3)) == [("a", "modification-time"), ("b", "modification-time")]
    assert found(tar(*two), tar(*reversed(two))) == [("member-order",)]
    assert found(tar(*two), tar(two[0])) == [("b", "file-set")]
    assert found(tar(*two), tar(two[0], ("c", b"2"))) == [("b", "file-set")]


def test_what_cannot_be_read() -> None:
    """It is an error of a layer of ours, and elsewhere a difference like others."""
    whole = tar(("a", b"1" * 5000))
    assert found(whole, whole[:3000]) == [("truncated",)]
    assert found(whole, whole[:100] + b"\x39" + whole[101:]) == [("corrupt",)]
    with pytest.raises(IntegrityError):
        found(whole, whole[:3000], strict=True)


def test_chunks() -> None:
    """Each member has a digest for each chunk."""
    (seen,) = scan_tar(io.BytesIO(tar(("a", bytes(CHUNK + 1)))), "x", anything=False).values()
    assert len(seen.chunks) == 2
