"""``pipeline.governing.logged``: times of signing, by a log whose key has the role."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.case import Case
from fakes.governed import NOW
from twinbuild.codec.acts import reason_fault
from twinbuild.codec.auditentry import Entry
from twinbuild.errors import IntegrityError, PolicyRefused
from twinbuild.model.digest import Digest
from twinbuild.pipeline.audit.log import new_log
from twinbuild.pipeline.audit.read import verify_log
from twinbuild.pipeline.governing import logged as logged_module
from twinbuild.pipeline.governing.approved import Approved
from twinbuild.pipeline.governing.entries import append_act, entry_of
from twinbuild.pipeline.governing.logged import Logged, read_logged
from twinbuild.pipeline.governing.tokens import said_of


def test_times(case: Callable[..., Case]) -> None:
    """The first time of each key, of this release and stage; none is before that of an earlier entry."""
    found = case()
    log, bot, release = found.dist.parent / "log", found.ours.signer("bot"), found.release
    new_log(log, "example.com/log", bot)
    for action, stage, now in (
        ("signed", "any", 5),
        ("signed", "any", 3),
        ("approved", "production", 7),
        ("note", "x", 1),
    ):
        append_act(log, bot, entry_of(release, action=action, by="a" * 64, stage=stage, now=now))
    logged = read_logged(log, found.ours.open().root, NOW)
    digest = str(release.digest)
    assert logged.times("signed", digest) == {"a" * 64: 5}
    assert logged.times("approved", digest, "production") == {"a" * 64: 7}
    assert logged.times("approved", digest, "staging") == logged.times("signed", "sha256:x") == {}
    assert Logged().times("signed", digest) == {}


def test_tokens() -> None:
    """By the digest in an entry of this release and stage: the first time. What a reason looks like does not count."""
    release, other = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
    one, two, policy = "1" * 64, "2" * 64, f"policy=sha256:{'c' * 64}"
    said = [
        ("approved", release, f"stage=production token={one} why", 9),
        ("approved", release, f"stage=production {policy} token={one} why", 7),
        ("approved", release, f"stage=production {policy} token={one}", 8),
        ("approved", release, f"stage=staging token={two}", 5),
        ("approved", other, f"stage=production token={two}", 5),
        ("note", release, f"stage=production token={two}", 5),
        ("approved", release, f"stage=production because token={two}", 5),
        ("approved", release, f"stage=production {policy} because token={two}", 5),
        ("approved", release, f"stage=production policy=mine token={two}", 5),
        ("approved", release, f"stage=production token={two}x", 5),
        ("approved", release, "stage=production", 5),
    ]
    entries = tuple(
        Entry(action=action, by="x", time=time, release=about, name="tiny", version="1", details=details)
        for action, about, details, time in said
    )
    assert Logged(entries=entries).tokens(release, "production") == {one: 7}
    assert Logged().tokens(release, "production") == {}


def test_refused(case: Callable[..., Case]) -> None:
    """A log of another key proves nothing, nor does one that was changed."""
    found = case()
    log = found.dist.parent / "log"
    new_log(log, "example.com/log", found.ours.signer("grace"))
    root = found.ours.open().root
    with pytest.raises(PolicyRefused, match="signed by none of the keys that have the role 'audit'") as raised:
        read_logged(log, root, NOW)
    assert raised.value.findings[0].code == "TB8808"
    with pytest.raises(PolicyRefused) as raised:
        read_logged(log, root, 5)
    assert raised.value.findings[0].code == "TB8808"
    audit = root.role("audit")
    assert audit is not None
    several = replace(root, roles=(replace(audit, threshold=2), *(each for each in root.roles if each != audit)))
    with pytest.raises(PolicyRefused, match=r"TB8808.*takes 2 people"):
        read_logged(log, several, NOW)
    good = found.dist.parent / "good"
    new_log(good, "example.com/log", found.ours.signer("bot"))
    append_act(good, found.ours.signer("bot"), entry_of(found.release, action="signed", by="a" * 64, stage="x", now=5))
    (bundle,) = (good / "tile" / "entries").rglob("1")
    bundle.write_bytes(bundle.read_bytes().replace(b"signed", b"noted!"))
    with pytest.raises(IntegrityError):
        read_logged(good, root, NOW)


def test_as_it_is_written(case: Callable[..., Case]) -> None:
    """What an approval by a token tells a log, with the policy that it was judged by, is what is read again."""
    found = case()
    log, bot = found.dist.parent / "log", found.ours.signer("bot")
    new_log(log, "example.com/log", bot)
    approved = Approved(path=Path(f"production.{'e' * 64}.jwt"), approval=None, actor=None)
    more: dict[str, Any] = {"said": said_of(approved, "late"), "policy": Digest.of(b"policy")}
    append_act(log, bot, entry_of(found.release, action="approved", by="a" * 64, stage="production", now=7, **more))
    logged = read_logged(log, found.ours.open().root, NOW)
    assert logged.tokens(str(found.release.digest), "production") == {"e" * 64: 7}
    assert reason_fault(f"token={'e' * 64}") != ""
    assert reason_fault(f" policy=sha256:{'e' * 64} token={'e' * 64}") != ""
    assert reason_fault("record=accepted") != ""


def test_an_older_state(case: Callable[..., Case]) -> None:
    """A log that was cut off is signed all the same: a checkpoint kept elsewhere tells, and is of the log's key."""
    found = case()
    log, bot, root = found.dist.parent / "log", found.ours.signer("bot"), found.ours.open().root
    new_log(log, "example.com/log", bot)
    append_act(log, bot, entry_of(found.release, action="signed", by="a" * 64, stage="x", now=5))
    shutil.copytree(log, log.with_name("before"))
    append_act(log, bot, entry_of(found.release, action="refused", by="a" * 64, stage="x", now=6))
    kept = log.with_name("kept")
    shutil.copy(log / "checkpoint", kept)
    append_act(log, bot, entry_of(found.release, action="signed", by="b" * 64, stage="x", now=7))
    assert len(read_logged(log, root, NOW, (kept,)).entries) == 3
    shutil.rmtree(log)
    shutil.move(log.with_name("before"), log)
    assert len(read_logged(log, root, NOW).entries) == 1
    with pytest.raises(IntegrityError, match="was cut off") as raised:
        read_logged(log, root, NOW, (kept,))
    assert raised.value.findings[0].code == "TB8640"
    other = log.with_name("other")
    new_log(other, "example.com/log", found.ours.signer("ada"))
    with pytest.raises(PolicyRefused) as refused:
        read_logged(log, root, NOW, (other / "checkpoint",))
    assert refused.value.findings[0].code == "TB8634"


def test_what_was_verified_is_what_counts(case: Callable[..., Case], monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who exchanges the log while it is looked at changes nothing of what was read."""
    found = case()
    log, bot, root = found.dist.parent / "log", found.ours.signer("bot"), found.ours.open().root
    new_log(log, "example.com/log", bot)
    append_act(log, bot, entry_of(found.release, action="signed", by="a" * 64, stage="x", now=NOW - 5))

    def exchanged(*arguments: Any) -> Any:
        verified = verify_log(*arguments)
        for path in (log / "tile" / "entries").rglob("1"):
            path.write_bytes(path.read_bytes().replace(str(NOW - 5).encode(), str(NOW - 9).encode()))
        return verified

    monkeypatch.setattr(logged_module, "verify_log", exchanged)
    assert read_logged(log, root, NOW).times("signed", str(found.release.digest)) == {"a" * 64: NOW - 5}
