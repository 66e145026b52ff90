from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

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


def names(one: bytes, other: bytes) -> list[str]:
    """The names of the causes."""

    def dive(place: tuple[str, ...], sides: tuple[bytes, bytes]) -> Iterator[Found]:
        yield told(place, "", "", cause("content", "x"))

    first, second = read_zip(one), read_zip(other)
    assert not isinstance(first, str)
    assert not isinstance(second, str)
    return [each.cause.name for each in compare_zips((), (one, other), (first, second), dive=dive, limit=1 << 20)]


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
