"""Licences in the lock: the same lock whichever way the bytes came, and a clear word while they are not there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.pipeline.conftest import lock_of

from fakes.machines import machine
from fakes.packages import DEB, LOCKED_DEB, LOCKED_WHEEL, WHEEL
from twinbuild.codec.lock import decode_lock, encode_lock
from twinbuild.errors import LockError
from twinbuild.pipeline.lock.licensing import licences_missing, with_licences
from twinbuild.pipeline.lock.lockfiles import ensure_lock, write_lock
from twinbuild.pipeline.lock.locking import stale
from twinbuild.pipeline.project import Project, read_lock
from twinbuild.store.memory import MemoryStore


def test_every_way_to_the_same_lock(project: Project, tmp_path: Path) -> None:
    """All bytes at once, one after the other, or what an earlier lock knew: the same lock in the end."""
    everything, part = MemoryStore(), MemoryStore()
    for content in (WHEEL, DEB):
        everything.put(content)
    part.put(WHEEL)
    bare = lock_of(project, machine(everything, tmp_path))
    at_once = with_licences(bare, machine(everything, tmp_path))
    assert [entry.filename for entry in at_once.licensing] == [LOCKED_WHEEL.filename, LOCKED_DEB.filename]
    half = with_licences(bare, machine(part, tmp_path))
    assert [entry.filename for entry in half.licensing] == [LOCKED_WHEEL.filename]
    part.put(DEB)
    assert with_licences(half, machine(part, tmp_path)) == at_once
    assert with_licences(bare, machine(MemoryStore(), tmp_path), previous=at_once) == at_once
    assert with_licences(bare, machine(MemoryStore(), tmp_path)) == bare
    changed = replace(at_once, licensing=tuple(replace(entry, names=("other",)) for entry in at_once.licensing))
    assert with_licences(changed, machine(everything, tmp_path), previous=changed) == at_once


def test_only_the_very_same_file_is_kept(project: Project, tmp_path: Path) -> None:
    """What an earlier lock says of a file of the same name with other bytes is not taken over."""
    store = MemoryStore()
    store.put(DEB)
    bare = lock_of(project, machine(store, tmp_path))
    known = with_licences(bare, machine(store, tmp_path))
    (target,) = bare.targets
    other = replace(target, debs=(replace(LOCKED_DEB, sha256=LOCKED_WHEEL.sha256),))
    assert not with_licences(replace(bare, targets=(other,)), machine(MemoryStore(), tmp_path), known).licensing


def test_word(project: Project, tmp_path: Path) -> None:
    """What is missing is named with its code; ``--check`` says so too."""
    here = machine(MemoryStore(), tmp_path)
    lock = lock_of(project, here)
    (finding,) = licences_missing(lock)
    assert finding.code == "TB2225"
    assert LOCKED_DEB.filename in finding.message
    assert [found.code for found in stale(project, lock, here)] == ["TB2225"]


def _store() -> MemoryStore:
    store = MemoryStore()
    for content in (WHEEL, DEB):
        store.put(content)
    return store


def test_completed_by_the_next_verb(project: Project, tmp_path: Path) -> None:
    """A lock without licences (``--metadata-only``, then fetch) is completed by a build, which needs no network."""
    here = machine(_store(), tmp_path)
    write_lock(project, lock_of(project, here))
    lock = ensure_lock(project, here, locked=False, discover=False)
    assert not licences_missing(lock)
    assert read_lock(project) == lock
    before = project.lock_path.stat().st_mtime_ns
    assert ensure_lock(project, here, locked=True, discover=False) == lock
    assert project.lock_path.stat().st_mtime_ns == before


def test_locked(project: Project, tmp_path: Path) -> None:
    """``--locked`` writes nothing: it refuses."""
    here = machine(_store(), tmp_path)
    write_lock(project, lock_of(project, here))
    before = project.lock_path.read_bytes()
    with pytest.raises(LockError) as caught:
        ensure_lock(project, here, locked=True, discover=False)
    assert [finding.code for finding in caught.value.findings] == ["TB2225"]
    assert project.lock_path.read_bytes() == before


def test_first_version_is_upgraded(project: Project, tmp_path: Path) -> None:
    """A lock of the first version keeps all that it pins, and gets the licences."""
    here = machine(_store(), tmp_path)
    bare = lock_of(project, here)
    text = encode_lock(bare).decode().replace('"lock": 3', '"lock": 1').replace(',\n "licensing": []', "")
    assert '"licensing"' not in text
    project.lock_path.write_text(text)
    lock = ensure_lock(project, here, locked=False, discover=False)
    assert replace(lock, licensing=()) == bare
    assert decode_lock(project.lock_path.read_bytes()) == lock
    assert len(lock.licensing) == 2
