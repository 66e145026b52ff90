"""``pipeline.governing.entries``: what is logged of an act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakes.case import Case
from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest
from twinbuild.pipeline.audit.log import new_log
from twinbuild.pipeline.audit.read import read_entries
from twinbuild.pipeline.governing.entries import append_act, entry_of


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


def test_no_older_than_what_was_logged_before(case: Callable[..., Case]) -> None:
    """Who waited for a token comes after others, and no clock went back; one that is wrong is seen."""
    found = case()
    log, bot = found.dist.parent / "log", found.ours.signer("bot")
    new_log(log, "example.com/log", bot)
    for now in (1000, 400, 1001):
        append_act(log, bot, entry_of(found.release, action="approved", by="a" * 64, stage="x", now=now))
    assert [each.time for each in read_entries(log)[2]] == [1000, 1000, 1001]
    append_act(log, bot, entry_of(found.release, action="approved", by="a" * 64, stage="x", now=400))
    assert read_entries(log)[2][-1].time == 400
