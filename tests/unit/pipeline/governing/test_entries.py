"""``pipeline.governing.entries``: what is logged of an act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakes.case import Case
from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.governing.entries import entry_of


def test_entry(case: Callable[..., Case]) -> None:
    """The release, the stage first, then the policy's digest and what is said."""
    release = case().release
    entry = entry_of(release, action="approved", by="a" * 64, stage="production", now=5, said="fine")
    assert (entry.name, entry.release, entry.details) == ("tiny", str(release.digest), "stage=production fine")
    digest = Digest.of(b"rules")
    judged = entry_of(release, action="approved", by="a" * 64, stage="production", now=5, said="fine", policy=digest)
    assert judged.details == f"stage=production policy={digest} fine"
    more: dict[str, Any] = {"by": "a" * 64, "stage": "production", "now": 5, "said": "TB8861", "accepted": True}
    assert entry_of(release, action="refused", **more).details == "stage=production record=accepted TB8861"
    with pytest.raises(UsageError):
        entry_of(release, action="went", by="a" * 64, stage="production", now=5)
