"""Resolving Debian packages: signed indexes from a mirror, then the closure (the adapter of the room ``debian``)."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import IO, TYPE_CHECKING, BinaryIO, Final, Protocol, cast

from twinbuild.codec.amounts import counted
from twinbuild.debian.closure import closure
from twinbuild.debian.interpreter import python_packages
from twinbuild.debian.packages import Package, read_packages
from twinbuild.debian.pool import Pool
from twinbuild.debian.release import IndexFile, Release, check_release, parse_release
from twinbuild.errors import FetchError, IntegrityError, Location, UsageError
from twinbuild.model.digest import Digest
from twinbuild.model.lock import AptIndex, LockedDeb
from twinbuild.model.platform import Platform
from twinbuild.model.settings import Settings, addresses_of, mirror_variable
from twinbuild.model.spec.environment import DebianBase
from twinbuild.net.address import redact
from twinbuild.ports import Store
from twinbuild.resolve.base_apt import SystemArchive
from twinbuild.resolve.debian_keys import certificates, verify_inrelease
from twinbuild.resolve.mirrors import require_addresses

if TYPE_CHECKING:
    from pysequoia import Cert

__all__ = ["Document", "Downloader", "archive_of", "load_pool", "resolve_debian"]

_RELEASE_LIMIT: Final = 4 << 20  # bytes; bookworm's InRelease has 151 kB
_PACKAGES_LIMIT: Final = 512 << 20  # bytes uncompressed; bookworm main has 50 MB
_ANOTHER: Final = "use a mirror that serves the archive unchanged"


class Document(Protocol):
    """What a download gives."""

    @property
    def body(self) -> bytes:
        """The bytes."""


class Downloader(Protocol):
    """What is needed of an HTTP client; that of the room ``net`` has it."""

    def get(self, url: str, *, limit: int, allow_http: bool) -> Document:
        """The document at an address. Raises FetchError, also if it is longer than ``limit`` bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suite:
    """A suite whose Release file is verified."""

    archive: str
    name: str
    release: Release
    digest: Digest
    signed_by: str
    addresses: tuple[str, ...]  # of the suite's directory: that which had it first, then those that were not asked


def archive_of(suite: str) -> str:
    """Which archive has a suite: ``debian-security`` for ``bookworm-security``, else ``debian``."""
    return "debian-security" if suite.endswith("-security") else "debian"


def resolve_debian(
    base: DebianBase,
    packages: tuple[str, ...],
    platform: Platform,
    *,
    client: Downloader,
    settings: Settings,
    now: datetime,
    python: str = "",
    installed: tuple[Package, ...] | None = None,
    store: Store | None = None,
    host: str = "",
    trusted: Callable[[str], tuple[Cert, ...]] = certificates,
    system: SystemArchive | None = None,
) -> tuple[tuple[AptIndex, ...], tuple[LockedDeb, ...]]:
    """The indexes as they were read, and the closure of the Essential packages, ``packages`` and Python.

    ``python`` is a minor version such as ``3.11``, or empty for none; ``installed`` is what a base image has already,
    to which the others are added; the rest is as for ``load_pool``. Raises as that, and LockError TB2130 to TB2137.
    """
    indexes, pool = load_pool(
        base,
        platform,
        client=client,
        settings=settings,
        now=now,
        store=store,
        host=host,
        trusted=trusted,
        system=system,
    )
    wanted = packages + (python_packages(python, pool) if python else ())
    return indexes, closure(wanted, pool, base=installed is None, installed=installed or ())


def load_pool(
    base: DebianBase,
    platform: Platform,
    *,
    client: Downloader,
    settings: Settings,
    now: datetime,
    store: Store | None = None,
    host: str = "",
    trusted: Callable[[str], tuple[Cert, ...]] = certificates,
    system: SystemArchive | None = None,
) -> tuple[tuple[AptIndex, ...], Pool]:
    """The indexes of all suites and components of a base, verified, and the packages in them.

    ``now`` judges dates and keys; ``store`` keeps compressed indexes by digest, so that an unchanged suite isn't
    fetched twice; ``host`` is the text of os-release, for a message; ``trusted`` gives the certificates that may sign
    an archive of Debian's; ``system`` is the archive in place of Debian's, with certificates of its own. The main
    suite comes first; a version that two suites have is taken from the first. Variants that differ in packages only
    can share a pool.

    Raises EnvironmentFault TB2140, TB2293 (no mirror known), FetchError TB2144, IntegrityError TB2101 to TB2121,
    TB2291, TB2292, LockError TB2119, TB2290.
    """
    suites = tuple(
        _read_suite(suite, client, settings, now=now, host=host, trusted=trusted, system=system)
        for suite in dict.fromkeys((base.suite, *base.suites))
    )
    indexes: list[AptIndex] = []
    found: list[Package] = []
    for suite in suites:
        for component in dict.fromkeys(base.components):
            index, listed = _load_index(suite, component, platform, client=client, store=store)
            indexes.append(index)
            found.extend(listed)
    reluctant = frozenset(suite.name for suite in suites if not suite.release.automatic)
    return tuple(indexes), Pool(found, architecture=platform.debian, reluctant=reluctant)


def _read_suite(
    suite: str,
    client: Downloader,
    settings: Settings,
    *,
    now: datetime,
    host: str,
    trusted: Callable[[str], tuple[Cert, ...]],
    system: SystemArchive | None,
) -> _Suite:
    archive = archive_of(suite) if system is None else system.name
    if settings.offline and not addresses_of(archive, settings.archives):
        raise UsageError.of(
            "TB2045", "resolving asks a mirror of packages, but the run is offline", hint="run `lock` online"
        )
    certain = trusted(archive) if system is None else system.certificates()
    known = (*settings.archives, *([(archive, system.addresses)] if system is not None else []))
    addresses = [f"{base}/dists/{suite}" for base in require_addresses(archive, known, host)]
    where = f"{archive} {suite} InRelease"
    spot = Location(subject=where, pointer="/environment/base/debian")
    content, address = _first(client, [f"{base}/InRelease" for base in addresses], _RELEASE_LIMIT, spot, archive)
    holder = "" if system is None else system.subject
    text, signed_by = verify_inrelease(content, certain, now=now, where=where, holder=holder)
    release = parse_release(text, where=where)
    check_release(release, suite=suite, now=now, where=where, system="" if system is None else system.name)
    first = address.removesuffix("/InRelease")
    return _Suite(
        archive=archive,
        name=suite,
        release=release,
        digest=Digest.of(content),
        signed_by=signed_by,
        addresses=tuple(addresses[addresses.index(first) :]),
    )


def _first(client: Downloader, urls: list[str], limit: int, where: str | Location, archive: str) -> tuple[bytes, str]:
    """The body at the first address that answers. Wrong bytes are never a reason to ask the next."""
    failures = []
    absent = True  # as far as every mirror says
    for url in urls:
        try:  # plain http is good enough for what is signed, or named by what is signed
            return client.get(url, limit=limit, allow_http=True).body, url
        except FetchError as error:
            failures.append(f"{redact(url)}: {error.findings[0].message}")
            absent = absent and error.findings[0].code == "TB3015"
    raise FetchError.of(
        "TB2144",
        f"no mirror has it: {'; '.join(failures)}" if absent else f"no mirror gave it: {'; '.join(failures)}",
        hint=f"check suite and archive in environment.base, or set {mirror_variable(archive)} to a mirror that has it"
        if absent
        else f"look at the network, or set {mirror_variable(archive)} to another mirror",
        where=where if absent else str(where),
    )


def _load_index(
    suite: _Suite, component: str, platform: Platform, *, client: Downloader, store: Store | None
) -> tuple[AptIndex, tuple[Package, ...]]:
    """One Packages file of a suite, checked by size and digest before and after it is decompressed.

    Raises LockError TB2119, FetchError TB2144, IntegrityError TB2120 (size or digest) and TB2121 (compression).
    """
    plain, forms = suite.release.packages(component, platform.debian)
    form = forms[0]
    where = f"{suite.archive} {suite.name} {form.path}"
    if max(plain.size, form.size) > _PACKAGES_LIMIT:
        raise IntegrityError.of(
            "TB2105", f"{counted(plain.size, 'byte')}, more than {_PACKAGES_LIMIT}", hint=_ANOTHER, where=where
        )
    if store is not None and store.has(form.sha256):
        content = store.read(form.sha256, limit=form.size)
    else:
        by_hash = f"{form.path.rpartition('/')[0]}/by-hash/SHA256/{form.sha256.hex}"
        paths = [by_hash, form.path] if suite.release.acquire_by_hash else [form.path]
        urls = [f"{address}/{path}" for address in suite.addresses for path in paths]  # another may have the platform
        content, _ = _first(client, urls, form.size, where, suite.archive)
        _same(form, len(content), Digest.of(content), where)
        if store is not None:
            store.put(content)
    checked = _Checked(_decompressed(content, form.path), plain, where)
    stream = cast("BinaryIO", io.BufferedReader(checked, 1 << 20))
    listed = tuple(read_packages(stream, archive=suite.archive, suite=suite.name, component=component))
    checked.finish()
    index = AptIndex(
        archive=suite.archive,
        suite=suite.name,
        component=component,
        architecture=platform.debian,
        date=suite.release.date_text,
        release=suite.digest,
        packages=plain.sha256,
        signed_by=suite.signed_by,
    )
    return index, listed


def _decompressed(content: bytes, path: str) -> IO[bytes]:
    stream = io.BytesIO(content)
    if path.endswith(".xz"):
        return lzma.LZMAFile(stream)
    return cast("IO[bytes]", gzip.GzipFile(fileobj=stream)) if path.endswith(".gz") else stream


class _Checked(io.RawIOBase):
    """A stream that ends in an error unless it had the size and digest that are claimed. It never reads beyond."""

    def __init__(self, stream: IO[bytes], claimed: IndexFile, where: str) -> None:
        super().__init__()
        self._stream = stream
        self._claimed = claimed
        self._where = where
        self._digest = hashlib.sha256()
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stub's type is any buffer
        try:
            chunk = self._stream.read(min(len(buffer), self._claimed.size - self._size + 1))
        except (lzma.LZMAError, zlib.error, gzip.BadGzipFile, EOFError) as error:
            raise IntegrityError.of(
                "TB2121", f"it does not decompress: {error}", hint=_ANOTHER, where=self._where
            ) from error
        self._digest.update(chunk)
        self._size += len(chunk)
        if self._size > self._claimed.size:
            raise _unlike(self._claimed, f"more than {counted(self._claimed.size, 'byte')}", self._where)
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def finish(self) -> None:
        """Insist that all was read and is what was claimed. Raises IntegrityError TB2120."""
        _same(self._claimed, self._size, Digest(self._digest.hexdigest()), self._where)


def _same(claimed: IndexFile, size: int, digest: Digest, where: str) -> None:
    if (size, digest) != (claimed.size, claimed.sha256):
        raise _unlike(claimed, f"{counted(size, 'byte')} with {digest}", where)


def _unlike(claimed: IndexFile, got: str, where: str) -> IntegrityError:
    return IntegrityError.of(
        "TB2120",
        f"got {got}, expected {counted(claimed.size, 'byte')} with {claimed.sha256}",
        hint=_ANOTHER,
        where=f"{where} ({claimed.path})",
    )
