"""Whether every blob of a store is what its name says, and putting right what is not."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.amounts import counted
from twinbuild.errors import Finding, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.ports import Progress, silent
from twinbuild.store import layout
from twinbuild.store.area import hash_file
from twinbuild.store.disk import DiskStore, kind_of
from twinbuild.store.faults import damaged, misplaced, missing, translated, unreadable
from twinbuild.store.files import FILE_MODE

__all__ = ["Verification", "verify"]

_WRITABLE: Final = 0o222
_KNOWN: Final = {
    ".": {layout.VERSION, "v1", "resolvers"},  # the last one: environments of pip
    "v1": {"lock", "gc.lock", "blobs", "records", "roots", "tmp", "quarantine"},
    "v1/blobs": {"sha256"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found. ``findings`` is empty if all is well; each names one blob or root, sorted as met.

    ``repaired`` counts modes set right, ``quarantined`` lists where damaged files lie now (relative to the store).
    ``foreign`` names files that are not of the store: ignored, but listed.
    """

    blobs: int
    size: int
    findings: tuple[Finding, ...]
    repaired: int
    quarantined: tuple[str, ...]
    foreign: tuple[str, ...]


class _Inspection:
    """One walk over a store."""

    def __init__(self, store: DiskStore, *, repair: bool) -> None:
        self._store, self._repair = store, repair
        self.findings: list[Finding] = []
        self.quarantined: list[str] = []
        self.repaired = self.blobs = self.size = 0

    def blob(self, digest: Digest) -> None:
        """One blob: kind of file, mode, digest."""
        name = layout.blob_name(digest)
        status = self._store.area.status(name)
        if status is None:
            return
        self.blobs += 1
        self.size += status.st_size
        if not stat.S_ISREG(status.st_mode):
            self._bad(name, misplaced(digest, kind_of(status.st_mode)))
            return
        try:
            actual, size = self._hash(name, readable=bool(status.st_mode & 0o400))
        except OSError as error:
            self._bad(name, unreadable(str(digest), error))
            return
        if actual != digest.hex:
            self._bad(name, damaged(digest, f"{counted(size, 'byte')} with the digest sha256:{actual}"))
        elif status.st_mode & _WRITABLE or not status.st_mode & 0o400:
            self._mode(name, digest, stat.S_IMODE(status.st_mode))

    def roots(self) -> None:
        """Every root can be read, and what it names is there."""
        try:
            named = self._store.roots.all()
        except TwinbuildError as error:
            self.findings.extend(error.findings)
            return
        origins = self._store.roots.origins()
        absent: dict[Digest, list[str]] = {}
        for name, digests in named.items():
            for digest in digests:
                if self._store.area.status(layout.blob_name(digest)) is None:
                    absent.setdefault(digest, []).append(str(origins.get(name, f"the root {name}")))
        for digest, needed in sorted(absent.items()):
            self.findings.append(missing(digest, needed_by=", ".join(needed)).findings[0])

    def _hash(self, name: str, *, readable: bool) -> tuple[str, int]:
        if self._repair and not readable:
            self._store.area.files.set_mode(name, FILE_MODE)
        descriptor = self._store.area.open(name)
        try:
            return hash_file(descriptor)
        finally:
            os.close(descriptor)

    def _mode(self, name: str, digest: Digest, mode: int) -> None:
        self.findings.append(
            Finding(
                code="TB3106",
                message=f"the blob {digest} has mode {mode:04o}, expected {FILE_MODE:04o}",
                hint="run `twinbuild store verify --repair`",
            )
        )
        if self._repair:
            self._store.area.files.set_mode(name, FILE_MODE)
            self.repaired += 1

    def _bad(self, name: str, error: TwinbuildError) -> None:
        self.findings.extend(error.findings)
        if self._repair:
            self.quarantined.append(self._store.quarantine(name))


def verify(store: DiskStore, *, repair: bool = False, wait: float = 10.0, progress: Progress = silent) -> Verification:
    """Hash every blob, whatever was hashed before, and look at the roots.

    ``repair`` moves what is damaged to quarantine (so that a fetch brings it again) and sets modes right; it waits for
    other processes that use the store: EnvironmentFault TB3111.
    """
    inspection = _Inspection(store, repair=repair)
    with translated(str(store.area.path)), store.area.locks.exclusive(wait=wait) if repair else nullcontext():
        for digest in store.blobs():
            inspection.blob(digest)
            progress("verify", inspection.blobs, 0)
        inspection.roots()
        foreign = tuple(_foreign(store))
    return Verification(
        blobs=inspection.blobs,
        size=inspection.size,
        findings=tuple(inspection.findings),
        repaired=inspection.repaired,
        quarantined=tuple(inspection.quarantined),
        foreign=foreign,
    )


def _foreign(store: DiskStore) -> Iterator[str]:
    for directory, known in _KNOWN.items():
        for name in store.area.names(directory):
            if name not in known:
                yield name if directory == "." else f"{directory}/{name}"
    for shard in store.area.names(layout.BLOBS):
        rests = store.area.names(f"{layout.BLOBS}/{shard}")
        if layout.digest_at(shard, "0" * 62) is None or (not rests and not _is_directory(store, shard)):
            yield f"{layout.BLOBS}/{shard}"
            continue
        for rest in rests:
            if layout.digest_at(shard, rest) is None:
                yield f"{layout.BLOBS}/{shard}/{rest}"


def _is_directory(store: DiskStore, shard: str) -> bool:
    status = store.area.status(f"{layout.BLOBS}/{shard}")
    return status is not None and stat.S_ISDIR(status.st_mode)
