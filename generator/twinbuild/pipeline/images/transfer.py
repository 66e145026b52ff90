"""Blobs moved side by side, with one progress for all, and where each repository's blobs are known to lie."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from twinbuild.errors import TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference
from twinbuild.net.registry.upload import Sent
from twinbuild.ports import Progress, Store

__all__ = ["Meter", "Moved", "known_repositories", "move", "remember_repository"]

_SIDE_BY_SIDE: Final = 4
_KIND: Final = "blob-repository"  # the record that says where in a registry a blob was last seen
_LONGEST: Final = 255
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One blob or manifest: its size in bytes, and what it took."""

    digest: Digest
    size: int
    how: Sent


class Meter:
    """Progress of all blobs together. ``total`` is in bytes."""

    def __init__(self, progress: Progress, activity: str, total: int) -> None:
        self._progress, self._activity, self._total = progress, activity, total
        self._parts: dict[Digest, int] = {}
        self._lock = threading.Lock()

    def part(self, digest: Digest) -> Progress:
        """The progress of one blob."""

        def heard(activity: str, done: int, total: int) -> None:  # noqa: ARG001  the whole has a name of its own
            self.at(digest, done)

        return heard

    def at(self, digest: Digest, done: int) -> None:
        """So many bytes of a blob are where they are to be."""
        with self._lock:
            if self._parts.get(digest) == done:
                return
            self._parts[digest] = done
            self._progress(self._activity, sum(self._parts.values()), self._total)


def move(
    blobs: Sequence[Descriptor], one: Callable[[Descriptor], _Result], *, connections: int, stop: Callable[[], None]
) -> list[_Result]:
    """Do ``one`` for each blob, a few at a time; the results in order. An error ends it: ``stop`` wakes the others."""
    executor = concurrent.futures.ThreadPoolExecutor(max(1, min(connections, _SIDE_BY_SIDE)), "registry")
    try:
        tasks = [executor.submit(one, blob) for blob in blobs]
        done, _ = concurrent.futures.wait(tasks, return_when=concurrent.futures.FIRST_EXCEPTION)
        failed = [error for task in tasks if task in done and (error := task.exception()) is not None]
    except BaseException:
        stop()
        raise
    else:
        if failed:
            stop()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
    if failed:
        raise min(failed, key=_severity)
    return [task.result() for task in tasks]


def _severity(error: BaseException) -> int:
    """Wrong bytes are said before a failed network."""
    return -error.exit_code if isinstance(error, TwinbuildError) else -100


def known_repositories(store: Store, reference: ImageReference, blob: Digest) -> tuple[str, ...]:
    """Repositories of the reference's registry that had a blob, so that it need not be sent there again."""
    found = store.record(_KIND, _key(reference.registry, blob))
    return (found.decode("ascii", "replace"),) if found and len(found) <= _LONGEST else ()


def remember_repository(store: Store, reference: ImageReference, blobs: Sequence[Descriptor]) -> None:
    """Note that a repository has these blobs."""
    for blob in blobs:
        key = _key(reference.registry, blob.digest)
        if store.record(_KIND, key) is None:
            store.put_record(_KIND, key, reference.repository.encode())


def _key(registry: str, blob: Digest) -> Digest:
    return Digest.of(f"{registry} {blob}".encode())
