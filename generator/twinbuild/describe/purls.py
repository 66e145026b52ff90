"""Package URLs (ECMA-427) of what a lock names."""

from __future__ import annotations

from typing import Final

from packageurl import PackageURL

from twinbuild.model.lock import LockedDeb, LockedWheel

__all__ = ["deb_purl", "wheel_purl"]

_RELEASES: Final = {"bookworm": "debian-12", "trixie": "debian-13"}


def deb_purl(item: LockedDeb) -> PackageURL:
    """The package URL of a Debian package."""
    distribution = _RELEASES.get(item.suite.partition("-")[0], item.suite)
    qualifiers = {"arch": item.architecture, "distro": distribution}
    return PackageURL("deb", "debian", item.name, item.version, qualifiers)


def wheel_purl(item: LockedWheel, *, file: bool = False) -> PackageURL:
    """The package URL of a wheel's project and version, and of the very ``file`` if asked."""
    qualifiers = {"file_name": item.filename} if file else None
    return PackageURL("pypi", None, item.name, item.version, qualifiers)
