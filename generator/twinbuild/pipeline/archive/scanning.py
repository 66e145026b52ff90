"""Every release of an archive against one reading of a database of vulnerabilities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from twinbuild.archive.summaries import Faults, refuse_unreadable, summaries
from twinbuild.codec.cyclonedx import LARGEST_BOM, decode_bom
from twinbuild.errors import IntegrityError, UsageError
from twinbuild.govern.vulnerabilities.matching import names_of, packages_of, systems_of
from twinbuild.model.archive import ArchivedRelease
from twinbuild.model.bom import Bom
from twinbuild.model.vulnerability import Database, VulnerabilityPolicy, Vulnerable
from twinbuild.pipeline.archive.viewing import release_file
from twinbuild.pipeline.materials.osvdatabase import read_database
from twinbuild.pipeline.materials.scanning import Scan, refuse_stale, scan_bom
from twinbuild.ports import ReleaseArchive

__all__ = ["ArchiveScan", "ScannedRelease", "named", "scan_archive"]

_BILL = "sbom.cdx.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedRelease:
    """A release, and what was found in its bill of materials."""

    release: ArchivedRelease
    scan: Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveScan:
    """All releases, by name and time; the database, and how old it is."""

    releases: tuple[ScannedRelease, ...]
    database: Database
    age: timedelta

    @property
    def failing(self) -> bool:
        """Whether any of them fails."""
        return any(each.scan.failing for each in self.releases)


def scan_archive(
    archive: ReleaseArchive,
    directory: Path,
    policy: VulnerabilityPolicy,
    *,
    now: datetime,
    faults: Faults | None = None,
) -> ArchiveScan:
    """Scan every kept release. Bills are read one at a time, twice, so that a thousand need no memory for all.

    Releases that are not whole go into ``faults``, or are raised: IntegrityError TB9110 to TB9115 and the like. Raises
    as ``read_database`` and ``refuse_stale`` do.
    """
    names: set[str] = set()
    systems: set[str] = set()
    unreadable: Faults = {} if faults is None else faults
    for _, bom in _bills(archive, unreadable):
        packages, _ = packages_of(bom)
        names |= names_of(packages)
        systems |= systems_of(packages)
    database = read_database(directory, frozenset(names))
    age = refuse_stale(database, policy, now=now, directory=directory, systems=systems)
    found = (
        ScannedRelease(release=release, scan=scan_bom(bom, database, policy, now=now))
        for release, bom in _bills(archive, unreadable)
    )
    scanned = tuple(found)
    if faults is None:
        refuse_unreadable(unreadable)
    return ArchiveScan(releases=scanned, database=database, age=age)


def named(scan: Scan, vulnerability: str) -> tuple[Vulnerable, ...]:
    """The findings that bear a name, or one of its other names."""
    return tuple(each for each in scan.findings if vulnerability in (each.name, *each.ids))


def _bills(archive: ReleaseArchive, faults: Faults) -> Iterator[tuple[ArchivedRelease, Bom]]:
    for summary in summaries(archive, faults=faults):
        try:
            release = archive.release(summary.kept)
            content = release_file(archive, release, _BILL, limit=LARGEST_BOM)
            bom = decode_bom(content, name=f"{_BILL} of {release.label}")
        except (IntegrityError, UsageError) as error:
            faults[summary.kept.release] = error
            continue
        yield release, bom
