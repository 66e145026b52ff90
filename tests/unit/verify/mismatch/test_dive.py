from __future__ import annotations

import gzip
import io
import tarfile

from fakes.faults import _elf
from twinbuild.verify.mismatch.budget import Budget
from twinbuild.verify.mismatch.dive import Diver


def tars(*files: tuple[str, bytes]) -> bytes:
    """An archive."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.USTAR_FORMAT) as out:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            out.addfile(member, io.BytesIO(content))
    return sink.getvalue()


def tar(name: str, content: bytes) -> bytes:
    """An archive of one file."""
    return tars((name, content))


def found(one: bytes, other: bytes) -> list[tuple[tuple[str, ...], int, str]]:
    """Way, offset and cause of each difference."""
    return [(each.place, each.offset, each.cause.name) for each in Diver().content(("f",), (one, other))]


def test_archives_in_archives() -> None:
    """The way leads through each of them to the byte."""
    one, other = (gzip.compress(tar("in.tar", tar("x", b"built at 2026-11-0%d" % day)), mtime=0) for day in (3, 4))
    assert found(one, other) == [(("f", "unpacked gzip", "in.tar", "x"), 18, "timestamp")]
    assert found(one, one) == []


def test_too_deep() -> None:
    """Beyond eight levels the bytes are compared as they are."""
    one, other = b"a" * 50, b"b" * 50
    for _ in range(30):
        one, other = gzip.compress(one, mtime=0), gzip.compress(other, mtime=0)
    (only,) = found(one, other)
    assert len(only[0]) <= 10


def test_no_more_is_unpacked_than_all_may() -> None:
    """However many archives there are, and of whatever form: what is beyond is compared as it stands."""
    packed = [gzip.compress(b"built in /tmp/build-%d\n" % number * 40, mtime=0) for number in (1, 2)]
    sides = tuple(tars(("a.gz", side), ("b.gz", side)) for side in packed)
    places = [each.place for each in Diver(budget=Budget(2000)).content((), (sides[0], sides[1]))]
    assert places == [("a.gz", "unpacked gzip"), ("b.gz",)]


def test_damaged() -> None:
    """One side that does not unpack is what is wrong."""
    packed = gzip.compress(bytes(range(256)) * 40, mtime=0)
    assert found(packed, packed[:-20])[0][2] == "truncated"
    assert found(packed, packed[:60] + bytes(9) + packed[69:])[0][2] == "corrupt"


def test_elf() -> None:
    """Its telling sections come before its code, and a build id only where it stands alone."""
    plain = {".text": b"a" * 64, ".rodata": b"/home/ada/x.c\0", ".note.gnu.build-id": b"1" * 36}
    path = {**plain, ".rodata": b"/srv/ci/x/y.c\0", ".text": b"b" * 64}
    assert found(_elf(plain), _elf(path))[0][2] == "absolute-path"
    assert found(_elf(plain), _elf({**plain, ".note.gnu.build-id": b"2" * 36}))[0][2] == "elf-build-id"
    assert found(_elf(plain), _elf({**plain, ".text": b"c" * 64}))[0][2] == "cpu"
