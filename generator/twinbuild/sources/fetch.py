"""The fetcher: brings what the lock names into the store, several at a time, and nothing else.

Every byte is verified before it enters the store. What arrived whole stays stored, so a run that failed or was
killed is simply started again; an item that was half there is fetched anew.
"""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable

from twinbuild.codec.amounts import counted
from twinbuild.errors import FetchError, Finding, IntegrityError, Location, LockError, TwinbuildError, UsageError
from twinbuild.model.lock import AptIndex, LockedArtifact, LockedDeb, LockedSdist, LockedWheel
from twinbuild.model.settings import Settings
from twinbuild.net.address import is_web
from twinbuild.net.opener import Opener
from twinbuild.ports import BlobWriter, Progress, Store, silent
from twinbuild.sources.artifact import is_in_wheel, store_file
from twinbuild.sources.debian import Mirrors
from twinbuild.sources.index import Indexes
from twinbuild.sources.origins import remember_origin

__all__ = ["RemoteFetcher"]

Item = LockedWheel | LockedSdist | LockedDeb | LockedArtifact


class RemoteFetcher:
    """Fetches wheels from indexes, packages from mirrors and snapshots, artifacts from the project or the web.

    ``project`` is the directory that relative artifacts belong to; ``apt_indexes`` are the lock's, for the dates of
    snapshots. An artifact ``wheel:PROJECT/PATH`` is passed over: it is taken out of its wheel by whoever needs it.
    Offline, files of this machine (project, directories as mirror or index) are still read.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        project: str,
        apt_indexes: tuple[AptIndex, ...] = (),
        opener: Opener | None = None,
    ) -> None:
        self._settings = settings
        self._project = project
        self._opener = opener or Opener(settings)
        self._indexes = Indexes(settings, self._opener)
        self._mirrors = Mirrors(settings, apt_indexes)

    def fetch(self, items: tuple[Item, ...], store: Store, progress: Progress = silent) -> None:
        """Store every item that is not there yet.

        Raises LockError TB3047 offline, naming all that is missing; else one error with the findings of all items
        that failed: IntegrityError if any item's bytes are wrong, then UsageError, SpecError, FetchError.
        """
        missing = _missing(items, store)
        if self._settings.offline:
            absent = tuple(_absent(item) for item in missing if self._needs_network(item))
            if absent:
                raise LockError(absent)
        meter = _Meter(progress, sum(item.size for item in missing))
        errors: list[TwinbuildError] = []
        executor = concurrent.futures.ThreadPoolExecutor(max(1, self._settings.connections), "fetch")
        try:
            tasks = [executor.submit(self._fetch, item, store, meter) for item in missing]
            for task in tasks:
                try:
                    task.result()
                except TwinbuildError as error:
                    errors.append(error)
        except BaseException:
            meter.stop()
            self._opener.http.stop()
            raise
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
        if errors:
            raise _together(errors)

    def _needs_network(self, item: Item) -> bool:
        if isinstance(item, LockedArtifact):
            return is_web(item.uri)
        try:
            if isinstance(item, (LockedWheel, LockedSdist)):
                return is_web(self._indexes.address(item.index))
            return all(is_web(address) for address in self._mirrors.addresses(item))
        except UsageError:
            return True

    def _fetch(self, item: Item, store: Store, meter: _Meter) -> None:
        match item:
            case LockedWheel() | LockedSdist():
                file = self._indexes.locate(item)
                allow_http = self._indexes.address(item.index).startswith("http:")
                self._download(item, (file.url,), store, meter, allow_http=allow_http)
            case LockedDeb():
                self._download(item, self._mirrors.addresses(item), store, meter, allow_http=True)
            case LockedArtifact() if is_web(item.uri):
                self._download(item, (item.uri,), store, meter, allow_http=True)
            case LockedArtifact():
                store_file(item.uri, store, self._project, sha256=item.sha256, size=item.size, advance=meter.advance)
                remember_origin(store, item.sha256, item.uri)

    def _download(
        self, item: Item, addresses: tuple[str, ...], store: Store, meter: _Meter, *, allow_http: bool
    ) -> None:
        """Try the addresses in order. Wrong bytes end the search: they are never worked around."""
        findings: tuple[Finding, ...] = ()
        for address in addresses:
            if self._settings.offline and is_web(address):
                continue
            part = _Part(meter)
            try:
                with store.writer() as writer:
                    self._transfer(item, address, writer, part.advance, allow_http=allow_http)
            except FetchError as error:
                part.take_back()
                findings += error.findings
            else:
                remember_origin(store, item.sha256, address)
                return
        raise FetchError(findings)

    def _transfer(
        self, item: Item, address: str, writer: BlobWriter, advance: Callable[[int], None], *, allow_http: bool
    ) -> None:
        self._opener.download(
            address, writer, size=item.size, digest=item.sha256, allow_http=allow_http, advance=advance
        )
        writer.commit(item.sha256)


class _Meter:
    """Counts bytes of all items together; ends them when the run is interrupted."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._lock = threading.Lock()
        self._stopped = False

    def advance(self, count: int) -> None:
        """Count bytes. Raises FetchError TB3029 after ``stop``."""
        with self._lock:
            if self._stopped:
                raise FetchError.of("TB3029", "the download was stopped", hint="run the command again")
            self._done += count
            self._progress("fetch", self._done, self._total)

    def stop(self) -> None:
        """Let every writer fail at its next piece."""
        with self._lock:
            self._stopped = True


class _Part:
    """The share of one try in a meter."""

    def __init__(self, meter: _Meter) -> None:
        self._meter = meter
        self._count = 0

    def advance(self, count: int) -> None:
        """Count bytes of this try."""
        self._count += count
        self._meter.advance(count)

    def take_back(self) -> None:
        """The try failed: its bytes did not count."""
        self._meter.advance(-self._count)


def _missing(items: tuple[Item, ...], store: Store) -> list[Item]:
    """Each item to fetch, once. Raises IntegrityError TB3030 where a stored blob has another size than locked."""
    wanted: dict[str, Item] = {}
    findings: list[Finding] = []
    for item in items:
        if isinstance(item, LockedArtifact) and is_in_wheel(item.uri):
            continue
        first = wanted.get(item.sha256.hex)
        stored = store.size(item.sha256) if store.has(item.sha256) else None
        other = first.size if first is not None else stored
        if other is not None and other != item.size:
            findings.append(
                Finding(
                    code="TB3030",
                    message=f"got {counted(other, 'byte')} for {_name(item)} of {item.sha256}, "
                    f"expected {item.size} by the lock",
                    hint="lock again: one digest cannot have two sizes",
                    where=Location(subject=_name(item)),
                )
            )
        elif first is None and stored is None:
            wanted[item.sha256.hex] = item
    if findings:
        raise IntegrityError(tuple(findings))
    return list(wanted.values())


def _name(item: Item) -> str:
    return item.name if isinstance(item, LockedArtifact) else item.filename


def _absent(item: Item) -> Finding:
    return Finding(
        code="TB3047",
        message=f"{_name(item)} is not in the store, and the run is offline",
        hint="run `twinbuild fetch` while there is a network, or copy the blobs of another store",
        where=Location(subject=str(item.sha256)),
    )


def _together(errors: list[TwinbuildError]) -> TwinbuildError:
    """One error with all findings; its class is the gravest (integrity first, then what the user can correct)."""
    rank = {IntegrityError: 0, UsageError: 1, LockError: 3, FetchError: 4}
    gravest = min(errors, key=lambda error: rank.get(type(error), 2))
    findings = dict.fromkeys(finding for error in errors for finding in error.findings)
    return type(gravest)(tuple(findings))
