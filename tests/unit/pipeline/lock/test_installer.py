"""The installer: the lock's where it has one, else the one that this twinbuild pins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from twinbuild.codec.lock import decode_lock
from twinbuild.pipeline.lock import installer
from twinbuild.pipeline.lock.installer import installer_of
from twinbuild.pipeline.machine import Machine

EXAMPLE = Path(__file__).resolve().parents[4] / "examples" / "fraud-scorer" / "release.lock"


def test_that_of_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock's own pip is used as it is, and only a lock without one asks this twinbuild's."""
    lock = decode_lock(EXAMPLE.read_bytes())
    assert lock.installer is not None
    monkeypatch.setattr(installer, "pinned_installer", lambda _: "pinned")
    nowhere = cast("Machine", None)
    assert installer_of(lock, nowhere) is lock.installer
    assert installer_of(replace(lock, installer=None), nowhere) == "pinned"
