"""``archive.turn``: one process at a time changes what an archive says, and nobody waits for ever."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from fakes.kept import made
from twinbuild.archive import turn
from twinbuild.archive.directory import Archive
from twinbuild.archive.summaries import releases
from twinbuild.errors import EnvironmentFault, IntegrityError


def test_who_never_lets_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may read the archive may hold a lock in it for ever: who waits is told, and does not wait for ever."""
    monkeypatch.setattr(turn, "_WAIT", 0.1)
    with Archive(tmp_path / "archive", writing=True) as archive:
        with archive.updating():
            pass
        descriptor = os.open(tmp_path / "archive" / "v1" / "updating.lock", os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(EnvironmentFault, match="TB9102"):
            archive.updating().__enter__()
        os.close(descriptor)
        with archive.updating():
            pass


def test_a_reader_waits_for_the_moment_between_root_and_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that is being named is not lost: who looks meanwhile sees it a moment later."""
    monkeypatch.setattr(turn, "_MOMENT", 0.05)
    with Archive(tmp_path / "archive", writing=True) as archive, Archive(tmp_path / "archive") as reader:
        release = made()
        put = archive.blobs.put_record

        def looked_at(*arguments: object) -> None:
            with pytest.raises(IntegrityError, match="TB9110"):  # nobody waits for ever, and then it counts as lost
                releases(reader)
            monkeypatch.setattr(reader._turn, "let_others_end", lambda: put(*arguments))
            assert [each.release for each in releases(reader)] == [release.record.digest]

        monkeypatch.setattr(archive.blobs, "put_record", looked_at)
        release.keep(archive)
