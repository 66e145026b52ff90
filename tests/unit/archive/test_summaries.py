"""``archive.summaries``: a cache that is quick, and that no list depends on."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.archived import tiny_record
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import summaries, summary_of
from twinbuild.codec.canonical import canonical
from twinbuild.store import layout


def _filled(place: Path, count: int) -> None:
    with Archive(place, writing=True) as archive:
        for number in range(count):
            archive.put(
                tiny_record(version=f"1.0.{number}", added=f"2026-11-01T00:{number // 60:02}:{number % 60:02}Z")
            )


def test_order_and_figures(tmp_path: Path) -> None:
    """By name, then by when they were added; blobs are counted once."""
    _filled(tmp_path / "a", 3)
    with Archive(tmp_path / "a") as archive:
        found = summaries(archive)
        assert [each.version for each in found] == ["1.0.0", "1.0.1", "1.0.2"]
        assert found == tuple(summary_of(archive.release(each.kept), each.kept) for each in found)
        assert (found[0].blobs, found[0].size, len(found[0].images)) == (3, 6, 2)


@pytest.mark.parametrize(
    "cache",
    [
        b"",
        b"nonsense",
        layout.encode_record(b"[]"),
        layout.encode_record(canonical({"apiVersion": "twinbuild/archive-summaries/v1", "records": []})),
        None,
    ],
)
def test_a_cache_that_is_damaged(tmp_path: Path, cache: bytes | None) -> None:
    """It is made anew; lines of it that are not whole do not count."""
    _filled(tmp_path / "a", 2)
    file = tmp_path / "a" / "v1" / "summaries"
    with Archive(tmp_path / "a") as archive:
        expected = summaries(archive)
    whole = file.read_bytes()
    file.chmod(0o644)
    if cache is None:
        cache = layout.encode_record(whole[65:].replace(b'"size":6', b'"size":"6"'))
    file.write_bytes(cache)
    with Archive(tmp_path / "a") as archive:
        assert summaries(archive) == expected
    assert file.read_bytes() == whole
