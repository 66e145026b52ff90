"""Where a locked wheel or sdist lies: its address on its index, if that still says the same as the lock."""

from __future__ import annotations

import threading

from twinbuild.errors import FetchError, IntegrityError, UsageError
from twinbuild.model.lock import LockedSdist, LockedWheel
from twinbuild.model.settings import Settings, index_variable
from twinbuild.net.address import redact
from twinbuild.net.index import IndexFile, files
from twinbuild.net.opener import Opener

__all__ = ["Indexes"]


class Indexes:
    """The configured indexes; a project's page is asked for once. Safe to use from several threads."""

    def __init__(self, settings: Settings, opener: Opener) -> None:
        self._addresses = dict(settings.indexes)
        self._opener = opener
        self._lock = threading.Lock()
        self._pages: dict[tuple[str, str], tuple[IndexFile, ...]] = {}

    def address(self, index: str) -> str:
        """An index's base address. Raises UsageError TB3044 where no setting gives it."""
        address = self._addresses.get(index, "")
        if not address:
            raise UsageError.of(
                "TB3044",
                f"no setting says where the package index {index!r} is",
                hint=f"write its address, or a directory of wheels as file:///…, below [indexes] in twinbuild.toml, or "
                f"set {index_variable(index)} to it",
                where=f"index {index}",
            )
        return address

    def locate(self, wheel: LockedWheel | LockedSdist) -> IndexFile:
        """The file of a locked wheel, its name, digest and size as in the lock where the index states them.

        Raises UsageError TB3044; FetchError TB3041 (no project), TB3042 (no such file); IntegrityError TB3043 where
        the index states another digest or size: nothing is then downloaded.
        """
        address = self.address(wheel.index)
        found = [file for file in self._page(address, wheel) if file.filename == wheel.filename]
        if not found:
            raise FetchError.of(
                "TB3042",
                f"the index {wheel.index!r} has no file {wheel.filename!r} of {wheel.name!r}",
                hint="take the file from a store or mirror that has it, or lock again for another version",
                where=redact(address),
            )
        for file in found:
            if file.sha256 in (None, wheel.sha256) and file.size in (None, wheel.size):
                return file
        stated = found[0].sha256 if found[0].sha256 not in (None, wheel.sha256) else f"{found[0].size} bytes"
        expected = wheel.sha256 if isinstance(stated, type(wheel.sha256)) else f"{wheel.size} bytes"
        raise IntegrityError.of(
            "TB3043",
            f"the index states {stated} for {wheel.filename}, expected {expected} as in the lock",
            hint="do not use the file: the index's differs from the one that was locked; find out who replaced it",
            where=redact(found[0].url),
        )

    def _page(self, address: str, wheel: LockedWheel | LockedSdist) -> tuple[IndexFile, ...]:
        key = (address, wheel.name)
        with self._lock:
            page = self._pages.get(key)
        if page is None:
            page = files(self._opener, address, wheel.name)
            with self._lock:
                self._pages[key] = page
        return page
