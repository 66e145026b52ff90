"""Package URLs (ECMA-427) of what a lock names."""

from __future__ import annotations

from typing import Final

from packageurl import PackageURL

from twinbuild.model.digest import Digest
from twinbuild.model.lock import InstalledPackage, LockedBase, LockedDeb, LockedSdist, LockedWheel, PythonEnvironment

__all__ = [
    "base_purl",
    "deb_purl",
    "image_purl",
    "installed_purl",
    "own_purl",
    "python_purl",
    "sdist_purl",
    "wheel_purl",
]

_RELEASES: Final = {"bookworm": "debian-12", "trixie": "debian-13"}
_DEBIAN: Final = frozenset({"debian", "debian-security"})  # archives


def deb_purl(item: LockedDeb, base: LockedBase | None = None) -> PackageURL:
    """The package URL of a package of Debian, or of the system of the ``base`` that it is added to."""
    if item.archive in _DEBIAN or base is None:
        distribution = _RELEASES.get(item.suite.partition("-")[0], item.suite)
    else:
        distribution = _distribution(base)
    namespace = "debian" if item.archive in _DEBIAN else item.archive
    return PackageURL("deb", namespace, item.name, item.version, {"arch": item.architecture, "distro": distribution})


def _distribution(base: LockedBase) -> str:
    """``ubuntu-24.04``."""
    return f"{base.system}-{base.system_version}" if base.system_version else base.system


def wheel_purl(item: LockedWheel, *, file: bool = False) -> PackageURL:
    """The package URL of a wheel's project and version, and of the very ``file`` if asked."""
    qualifiers = {"file_name": item.filename} if file else None
    return PackageURL("pypi", None, item.name, item.version, qualifiers)


def sdist_purl(item: LockedSdist) -> PackageURL:
    """The package URL of a source distribution's very file."""
    return PackageURL("pypi", None, item.name, item.version, {"file_name": item.filename})


def installed_purl(item: InstalledPackage, base: LockedBase) -> PackageURL:
    """The package URL of a package that a base image holds."""
    qualifiers = {"arch": item.architecture}
    if base.system:
        qualifiers["distro"] = _distribution(base)
    return PackageURL("deb", base.system or "debian", item.name, item.version, qualifiers)


def base_purl(base: LockedBase) -> PackageURL:
    """The package URL of a base image: by its manifest's digest (purl-spec, type oci)."""
    repository, _, name = base.name.rpartition("/")
    qualifiers = {"tag": base.tag} if base.tag else {}
    if repository and not base.name.startswith("oci-layout:"):
        qualifiers["repository_url"] = base.name
    return PackageURL("oci", None, name.rpartition(":")[2], str(base.manifest.digest), qualifiers or None)


def python_purl(python: PythonEnvironment) -> PackageURL:
    """The package URL of an interpreter that no ecosystem delivered (purl-spec, type generic)."""
    return PackageURL("generic", None, "python", python.version)


def own_purl(release: str, version: str, part: str = "", *, sha256: Digest | None = None) -> PackageURL:
    """The package URL of a release, or of a ``part`` of it (purl-spec, type generic): no ecosystem has them."""
    qualifiers = {"checksum": str(sha256)} if sha256 is not None else None
    return PackageURL("generic", release if part else None, part or release, version, qualifiers)


def image_purl(release: str, digest: Digest, architecture: str) -> PackageURL:
    """The package URL of an image of a release, by its manifest's digest (purl-spec, type oci)."""
    return PackageURL("oci", None, release, str(digest), {"arch": architecture})
