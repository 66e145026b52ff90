"""``archive.collecting``: taking releases out of a directory (``tests/contract`` has what every archive does)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fakes.kept import made
from twinbuild.archive.directory import Archive
from twinbuild.errors import EnvironmentFault, IntegrityError
from twinbuild.store import layout


def test_a_lost_entry_stops_it(tmp_path: Path) -> None:
    """Blobs that are kept for a release without an entry are no reason to delete anything: TB9110."""
    with Archive(tmp_path / "a", writing=True) as archive:
        for version in ("1.0.0", "2.0.0"):
            made(version).keep(archive)
        first, second = archive.names()
        shutil.rmtree(tmp_path / "a/v1/records/release" / first.hex[:2])
        with pytest.raises(IntegrityError, match=f"TB9110.*{first.hex}"):
            archive.take_out([second])
        assert archive.kept(second) is not None


def test_another_process(tmp_path: Path) -> None:
    """While another uses the archive the releases go and the blobs stay (TB9141); the next time they go."""
    with Archive(tmp_path / "a", writing=True) as archive:
        made().keep(archive)
        with Archive(tmp_path / "a"), pytest.raises(EnvironmentFault, match="TB9141"):
            archive.take_out(archive.names(), wait=0.0)
        assert archive.names() == ()
        assert archive.take_out((), wait=0.0).blobs == len(made().contents) + 1


def test_a_pin_lasts(tmp_path: Path) -> None:
    """A damaged pin, or one whose reason names what goes, stays: else the next prune took its release."""
    with Archive(tmp_path / "a", writing=True) as archive:
        for version in ("1.0.0", "2.0.0", "3.0.0"):
            made(version).keep(archive)
        going, pinned, damaged = archive.names()
        archive.pin(pinned, f"in the place of {going}")
        archive.pin(damaged, "for ever")
        note = tmp_path / "a" / layout.record_name("pin", damaged)
        note.chmod(0o644)
        note.write_bytes(b"")
        for _ in range(2):
            archive.take_out([going, pinned, damaged])
            assert archive.pinned(pinned) == f"in the place of {going}"
            assert archive.pinned(damaged) == "a damaged note"
        assert archive.names() == (pinned, damaged)
