"""Deleting what no root names: first a plan to look at, then the deed.

A plan may be old when it is carried out: the deed waits until no other process uses the store, reads the roots again,
and leaves what was stored anew, what a new root names, and what this process itself has used. Killed at any moment, the
store is whole: records that name a blob go before it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from twinbuild.model.digest import Digest
from twinbuild.store import layout
from twinbuild.store.disk import DiskStore
from twinbuild.store.faults import translated

__all__ = ["Collected", "Plan", "delete", "plan"]

_HEX: Final = re.compile(rb"[0-9a-f]{64}")
_RECORD_LIMIT: Final = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Blobs that may go, sorted, and their bytes on disk; roots that go with what they were made for, sorted."""

    blobs: tuple[Digest, ...]
    size: int
    orphaned: tuple[tuple[str, str], ...]  # name, origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What went: blobs, their bytes, records that named them, orphaned roots, and files of processes that are gone."""

    blobs: int
    size: int
    records: int
    roots: int
    abandoned: int


def plan(store: DiskStore, *, grace: float = 0.0) -> Plan:
    """The blobs that no root names and that are older than ``grace`` seconds. Nothing is changed.

    Raises IntegrityError TB3113 if a root can't be trusted.
    """
    orphaned = store.roots.orphaned()
    kept = _kept(store, without=frozenset(orphaned))
    limit = time.time() - grace
    blobs, size = [], 0
    for digest in store.blobs():
        status = store.area.status(layout.blob_name(digest))
        if digest not in kept and status is not None and status.st_ctime <= limit:
            blobs.append(digest)
            size += status.st_size
    gone = tuple(sorted((name, str(origin)) for name, origin in orphaned.items()))
    return Plan(blobs=tuple(blobs), size=size, orphaned=gone)


def delete(store: DiskStore, planned: Plan, *, wait: float = 10.0) -> Collected:
    """Delete what was planned and may still go, and what killed processes left under ``tmp/``.

    Raises EnvironmentFault TB3111 if other processes still use the store after ``wait`` seconds, IntegrityError TB3113
    if a root can't be trusted; nothing is deleted then.
    """
    area = store.area
    with translated(str(area.path), form=area.form), area.locks.exclusive(wait=wait):
        roots = _drop_roots(store, planned)
        kept = _kept(store) | store.used
        going = {digest for digest in planned.blobs if digest not in kept}
        records = _delete_records(store, going)
        count = size = 0
        for digest in sorted(going):
            name = layout.blob_name(digest)
            if (status := area.status(name)) is not None:
                area.files.remove(name)
                count, size = count + 1, size + status.st_size
        abandoned = area.remove_abandoned()
    return Collected(blobs=count, size=size, records=records, roots=roots, abandoned=len(abandoned))


def _kept(store: DiskStore, *, without: frozenset[str] = frozenset()) -> set[Digest]:
    return {digest for name, digests in store.roots.all().items() if name not in without for digest in digests}


def _drop_roots(store: DiskStore, planned: Plan) -> int:
    """Remove the planned roots that are still orphaned; none if any root can't be trusted (TB3113)."""
    store.roots.all()
    still = store.roots.orphaned()
    going = [name for name, _ in planned.orphaned if name in still]
    for name in going:
        store.roots.remove(name)
    return len(going)


def _delete_records(store: DiskStore, going: set[Digest]) -> int:
    """Records under a digest that goes, or that name one, and damaged ones: all of them can be made again."""
    names = {digest.hex.encode() for digest in going}
    count = 0
    for name, key in _records(store):
        stored = store.area.content(name, limit=_RECORD_LIMIT)
        content = None if stored is None else layout.decode_record(stored)
        if content is None or key in going or not names.isdisjoint(_HEX.findall(content)):
            store.area.files.remove(name)
            count += 1
    return count


def _records(store: DiskStore) -> Iterator[tuple[str, Digest]]:
    for kind in sorted({*store.area.names(layout.RECORDS)} - {*store.area.form.lasting}):
        for shard in store.area.names(f"{layout.RECORDS}/{kind}"):
            for rest in store.area.names(f"{layout.RECORDS}/{kind}/{shard}"):
                if (key := layout.digest_at(shard, rest)) is not None:
                    yield f"{layout.RECORDS}/{kind}/{shard}/{rest}", key
