"""Databases as they are published and as they come: JSON, archives, broken, hostile."""

from __future__ import annotations

import json
import os
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from fakes.osv import CRITICAL, MEDIUM, database, record
from twinbuild.codec import osv
from twinbuild.errors import IntegrityError, UsageError
from twinbuild.pipeline.materials import osvdatabase
from twinbuild.pipeline.materials.osvdatabase import read_database

_NAMES = frozenset({"alpha"})
_AGAIN = '"package": {"name": "alpha"}'
_TWICE = f'{{"id": "A-1", "modified": "2026-11-01T00:00:00Z", "affected": [{{{_AGAIN}, {_AGAIN}}}]}}'.encode()


def test_json_and_archives_alike(tmp_path: Path) -> None:
    """The digest is that of the records; only what was asked for is kept, and what tells how severe it is."""
    records = [
        record("A-1", name="Alpha", aliases=["CVE-2026-1"], modified="2026-11-02T00:00:00Z"),
        record("B-1", name="beta"),
        record("CVE-2026-1", "", "", vector=CRITICAL),
    ]
    plain = read_database(database(tmp_path / "plain" / "below", *records).parent, _NAMES)
    packed = tmp_path / "packed"
    packed.mkdir()
    with zipfile.ZipFile(packed / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for each in reversed(records):
            archive.writestr(f"x/{each['id']}.json", json.dumps(each))
        archive.writestr("README", "no record")
    assert read_database(packed, _NAMES) == plain
    assert [each.id for each in plain.advisories] == ["A-1", "CVE-2026-1"]
    assert (plain.records, plain.newest) == (3, "2026-11-02T00:00:00Z")
    database(tmp_path / "plain", record("C-1", modified="2020-01-01T00:00:00Z"))
    other = read_database(tmp_path / "plain", _NAMES)
    assert other.digest != plain.digest
    assert other.newest == plain.newest
    database(packed, records[0])  # the very same record once more
    assert read_database(packed, _NAMES) == plain


def test_nothing_there(tmp_path: Path) -> None:
    """An empty directory, one of other files, and none."""
    (tmp_path / "a.txt").write_text("x")
    for directory in (tmp_path, tmp_path / "gone"):
        with pytest.raises(UsageError, match="TB8730"):
            read_database(directory, _NAMES)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.json", b"{", "TB8732"),
        ("a.json", b"[" * 100_000, "TB8732"),
        ("a.json", b'{"id": "A-1"}', "TB8732"),
        (
            "a.json",
            _TWICE,
            "TB8732",
        ),
        ("all.zip", b"PK no archive", "TB8731"),
    ],
)
def test_broken(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    """Refused, with the file; a scan of half a database is worse than none."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(IntegrityError, match=code) as caught:
        read_database(tmp_path, _NAMES)
    assert name in str(caught.value)


@pytest.mark.parametrize(("method", "place"), [(zipfile.ZIP_DEFLATED, 36), (zipfile.ZIP_LZMA, 40)])
def test_archive_with_a_spoilt_member(tmp_path: Path, method: int, place: int) -> None:
    """What the decompressor trips over is an archive that cannot be read, and no defect of ours."""
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.json", json.dumps(record("A-1", summary="abc" * 2000)))
    content = bytearray(path.read_bytes())
    content[place] = 0xFF
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match="TB8731"):
        read_database(tmp_path, _NAMES)


def test_two_of_one_name(tmp_path: Path) -> None:
    """An older copy beside a newer one."""
    database(tmp_path / "one", record("A-1"))
    database(tmp_path / "two", record("A-1", fixed="2"))
    with pytest.raises(IntegrityError, match="TB8733"):
        read_database(tmp_path, _NAMES)


def test_hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links, pipes, depth, size: of a file, and of a member of an archive that says it is small."""
    link = tmp_path / "link"
    link.mkdir()
    (link / "a.json").symlink_to("/dev/zero")
    away = database(tmp_path / "away", record("A-1"))
    (away / "more").symlink_to(link)
    (away / "loop").symlink_to("loop")  # leads nowhere, so that nothing is missed
    pipe = tmp_path / "pipe"
    pipe.mkdir()
    os.mkfifo(pipe / "a.json")
    deep = tmp_path / "deep"
    database(deep.joinpath(*"abcdefghij"), record("A-1"))
    monkeypatch.setattr(osvdatabase, "LARGEST_RECORD", 1000)
    large = database(tmp_path / "large", record("A-1", summary="x" * 2000))
    packed = tmp_path / "packed"
    packed.mkdir()
    with zipfile.ZipFile(packed / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", b" " * 10_000_000)
    for directory in (link, away, pipe, deep, large, packed):
        with pytest.raises(IntegrityError, match="TB8731"):
            read_database(directory, _NAMES)
    assert osv.LARGEST_RECORD == 16 << 20


def test_no_memory_for_what_nobody_asked_for(tmp_path: Path) -> None:
    """Records that only may say how severe another is are not held: a small archive would take all memory.

    Those of them that a found one names are read once more.
    """
    advisory = record("A-1", aliases=["CVE-7", "CVE-8"])
    (tmp_path / "a.json").write_text(json.dumps(advisory))
    (tmp_path / "b.json").write_text(json.dumps(record("CVE-8", name="other", vector=CRITICAL)))
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(40):
            text = "".join(f"{digit:x}" for digit in os.urandom(16)) * 10 + "x" * 1_000_000
            each = record(f"CVE-{number}" if number != 8 else "CVE-80", name="other", vector=CRITICAL, details=text)
            archive.writestr(f"{number}.json", json.dumps(each))
    tracemalloc.start()
    found = read_database(tmp_path, _NAMES)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [each.id for each in found.advisories] == ["A-1", "CVE-7", "CVE-8"]
    assert found.records == 42
    assert peak < 20_000_000


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TB8731: more than an archive of texts can unpack to, and more about the packages than is true."""
    bomb = tmp_path / "bomb"
    bomb.mkdir()
    with zipfile.ZipFile(bomb / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(30):
            archive.writestr(f"{number}.json", b" " * 10_000_000)
    with pytest.raises(IntegrityError, match="more than 200 times its size"):
        read_database(bomb, _NAMES)
    many = database(tmp_path / "many", *(record(f"A-{number}", details="x" * 1000) for number in range(9)))
    monkeypatch.setattr(osvdatabase, "_KEPT", 8000)
    with pytest.raises(IntegrityError, match="TB8731"):
        read_database(many, _NAMES)
    named = database(tmp_path / "named", record("A-1", aliases=["CVE-1"]))
    database(named, record("CVE-1", name="other", vector=CRITICAL, details="x" * 8000))
    with pytest.raises(IntegrityError, match="TB8731"):
        read_database(named, _NAMES)


def test_changed_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read once more is what was counted in the digest."""
    database(tmp_path, record("A-1", aliases=["CVE-1"]), record("CVE-1", name="other", vector=CRITICAL))
    whole = osvdatabase._advisory

    def slow(name: str, content: bytes) -> object:
        database(tmp_path, record("CVE-1", name="other", vector=MEDIUM))
        return whole(name, content)

    monkeypatch.setattr(osvdatabase, "_advisory", slow)
    with pytest.raises(IntegrityError, match="changed while it was read"):
        read_database(tmp_path, _NAMES)
