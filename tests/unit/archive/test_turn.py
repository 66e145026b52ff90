"""``archive.turn``: one process at a time changes what an archive says, and nobody waits for ever."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from twinbuild.archive import turn
from twinbuild.archive.directory import Archive
from twinbuild.errors import EnvironmentFault


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
