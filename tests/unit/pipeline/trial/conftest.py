"""Trials of services that run on this machine's Python."""

from __future__ import annotations

import pytest

from fakes.services import trial_here
from twinbuild.pipeline.trial import run


@pytest.fixture(autouse=True)
def _this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs of this machine are seen in the sandbox."""
    monkeypatch.setattr(run, "trial", trial_here)
