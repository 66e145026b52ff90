"""What the tests of the store share."""

from __future__ import annotations

import pytest


@pytest.fixture
def quick_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the waiting for the disk; the step before it is still taken, so that faults can be injected there."""
    monkeypatch.setattr("twinbuild.store.files.os.fsync", lambda descriptor: None)
