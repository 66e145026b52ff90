"""Where a locked package lies: its archive's mirrors in order, then snapshots of the index's own date."""

from __future__ import annotations

import re

from twinbuild.errors import UsageError
from twinbuild.model.lock import AptIndex, LockedDeb
from twinbuild.model.settings import Settings, addresses_of, mirror_variable
from twinbuild.net.address import join

__all__ = ["Mirrors"]


class Mirrors:
    """Addresses of package files. ``indexes`` are the lock's: their dates name the snapshots."""

    def __init__(self, settings: Settings, indexes: tuple[AptIndex, ...]) -> None:
        self._archives = settings.archives
        self._snapshots = settings.snapshots
        self._dates = {(index.archive, index.suite): index.date for index in indexes}

    def addresses(self, deb: LockedDeb) -> tuple[str, ...]:
        """Where to try, in order. Raises UsageError TB3045 where no setting says where the archive is."""
        bases = list(addresses_of(deb.archive, self._archives))
        date = self._dates.get((deb.archive, deb.suite), "")
        timestamp = re.sub(r"[-:]", "", date)
        if re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", timestamp):
            bases += [base.replace("{timestamp}", timestamp) for base in addresses_of(deb.archive, self._snapshots)]
        if not bases:
            raise UsageError.of(
                "TB3045",
                f"no setting says where the archive {deb.archive!r} of packages is",
                hint=f"set {mirror_variable(deb.archive)}, or write a mirror's address below [archives] in "
                "twinbuild.toml",
                where=f"archive {deb.archive}",
            )
        return tuple(join(base, deb.path) for base in bases)
