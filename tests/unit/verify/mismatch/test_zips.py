"""Zip archives: what differs in them, and that none takes much to read."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Iterator

from twinbuild.verify.mismatch.budget import Budget
from twinbuild.verify.mismatch.catalogue import cause
from twinbuild.verify.mismatch.found import Found, told
from twinbuild.verify.mismatch.zips import compare_zips, read_zip


def archive(names: str = "ab", *, hour: int = 8, level: int = 6, content: bytes = b"x" * 99, system: int = 3) -> bytes:
    """A zip with a file for each letter."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as out:
        for number, name in enumerate(names):
            member = zipfile.ZipInfo(name, (2026, 11, 3, hour, 15, 2 * number))
            member.compress_type, member.create_system = zipfile.ZIP_DEFLATED, system
            out.writestr(member, content)
    return sink.getvalue()


def names(one: bytes, other: bytes, limit: int = 1 << 20) -> list[str]:
    """The names of the causes."""

    def dive(place: tuple[str, ...], sides: tuple[bytes, bytes]) -> Iterator[Found]:
        yield told(place, "", "", cause("content", "x"))

    first, second = read_zip(one), read_zip(other)
    assert not isinstance(first, str)
    assert not isinstance(second, str)
    return [
        each.cause.name for each in compare_zips((), (one, other), (first, second), dive=dive, budget=Budget(limit))
    ]


def test_causes() -> None:
    """Zone, time, system, level, order, a member alone, bytes."""
    assert names(archive(), archive(hour=17)) == ["time-zone", "time-zone"]
    assert names(archive(), archive(system=0)) == ["zip-format", "zip-format"]
    assert names(archive(content=b"abc" * 999, level=1), archive(content=b"abc" * 999, level=9)) == ["compressor"]
    assert "member-order" in names(archive("ab"), archive("ba"))
    assert names(archive("a"), archive("ab")) == ["file-set"]
    assert names(archive("a"), archive("a", content=b"y")) == ["content"]


def test_what_is_no_zip() -> None:
    """It says what is wrong."""
    assert isinstance(read_zip(archive()[:40]), str)


def _bzip2(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as out:
        out.writestr(zipfile.ZipInfo("a"), content, zipfile.ZIP_BZIP2)
    return sink.getvalue()


def test_a_member_of_bzip2_stays_small() -> None:
    """A few bytes of it become gigabytes; no more than is allowed is unpacked, or held."""
    one, other = _bzip2(bytes(30 << 20)), _bzip2(bytes(30 << 20) + b"x")
    tracemalloc.start()
    try:
        assert names(one, other, limit=1 << 20) == ["content"]
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert names(_bzip2(b"one"), _bzip2(b"two")) == ["content"]
    damaged = _bzip2(b"two").replace(b"BZh9", b"BZh0")
    assert names(_bzip2(b"one"), damaged) == ["corrupt"]


def test_more_entries_than_any_archive_has() -> None:
    """They are counted before they are read."""
    entries = archive("a").partition(b"PK\x01\x02")
    assert isinstance(read_zip(entries[0] + b"PK\x01\x02" * 100_001 + b"".join(entries[1:])), str)
