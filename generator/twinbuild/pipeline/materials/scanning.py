"""Vulnerabilities of a bill of materials, from a local database: outside the release, for they change from day to day.

``scan_bom`` takes a bill as a value, so that what keeps many releases scans each of them with one reading of the
database (``packages_of`` says what to ask for).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from twinbuild.codec.section import load_section
from twinbuild.codec.yaml import SourceText
from twinbuild.errors import IntegrityError, Location, PolicyRefused, UsageError
from twinbuild.govern.vulnerabilities.judging import excuse, fails, stated
from twinbuild.govern.vulnerabilities.matching import find, names_of, packages_of, same_system, systems_of
from twinbuild.model.bom import Bom
from twinbuild.model.vulnerability import Database, PolicySheet, StatementSheet, VulnerabilityPolicy, Vulnerable
from twinbuild.pipeline.materials.osvdatabase import read_database
from twinbuild.pipeline.regular import Irregular, read_regular

__all__ = ["Scan", "database_for", "read_policy", "read_statements", "refuse_stale", "scan_bom"]

_LARGEST: Final = 4 << 20  # bytes of a file that people write
_UNITS: Final[Mapping[str, timedelta]] = {"h": timedelta(hours=1), "d": timedelta(days=1)}
_SKEW: Final = timedelta(days=1)  # by which clocks may differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What was found in one bill. ``looked_up`` counts components that a database may know; others were not asked.

    ``uncovered`` are ecosystems of which the database has no record at all, each with the number of its components.
    """

    findings: tuple[Vulnerable, ...]
    failing: tuple[Vulnerable, ...]
    looked_up: int
    others: int
    uncovered: tuple[tuple[str, int], ...]


def database_for(bom: Bom, directory: Path) -> tuple[Database, frozenset[str]]:
    """The database, with what concerns the components of a bill, and the systems that they are looked up in.

    Raises as ``read_database``.
    """
    packages, _ = packages_of(bom)
    return read_database(directory, names_of(packages)), systems_of(packages)


def scan_bom(
    bom: Bom,
    database: Database,
    policy: VulnerabilityPolicy,
    *,
    now: datetime,
    statements: StatementSheet | None = None,
) -> Scan:
    """Every vulnerability of a bill's components that the database knows, and those that fail by the policy.

    ``now`` decides which exceptions have expired. Nothing else of the machine is asked.
    """
    packages, others = packages_of(bom)
    found = excuse(find(packages, database.advisories), policy.exceptions, today=f"{now.astimezone(UTC):%Y-%m-%d}")
    if statements is not None:
        found = stated(found, statements)
    return Scan(
        findings=found,
        failing=tuple(each for each in found if fails(each, policy)),
        looked_up=len(packages),
        others=len(others),
        uncovered=tuple(
            (ours, count)
            for ours, count in sorted(Counter(each.ecosystem for each in packages).items())
            if not any(same_system(ours, theirs) for theirs in database.ecosystems)
        ),
    )


def refuse_stale(
    database: Database, policy: VulnerabilityPolicy, *, now: datetime, directory: Path, systems: Collection[str]
) -> timedelta:
    """The database's age, that of its newest record. Raises PolicyRefused TB8734 where it is too old.

    So is each of the ``systems`` that are looked up, whose archives are fetched one by one: a new one of PyPI must not
    make an old one of Debian look new. A record of the future would, too: IntegrityError TB8735.
    """
    newest = datetime.fromisoformat(database.newest)
    age = now - newest
    if age < -_SKEW:
        raise IntegrityError.of(
            "TB8735",
            f"the newest record of {directory} was changed at {database.newest}, which is in the future",
            hint="set the clock right, or take the database from where it is published again",
            where=Location(file=str(directory)),
        )
    most = int(policy.max_age[:-1]) * _UNITS[policy.max_age[-1]]
    asked = [(f"{system} in {directory}", time) for system, time in database.systems if system in systems]
    for what, time in ((str(directory), database.newest), *asked):
        old = now - datetime.fromisoformat(time)
        if old > most:
            raise PolicyRefused.of(
                "TB8734",
                f"the newest record of {what} is of {time}, {old.days} days ago; at most {policy.max_age} are allowed",
                hint="fetch the database again; --max-age or max_age of the policy says how old it may be",
                where=Location(file=str(directory)),
            )
    return max(age, timedelta(0))


def read_policy(path: Path) -> VulnerabilityPolicy:
    """The section ``vulnerabilities`` of a policy file. Raises UsageError TB8736, SpecError as ``load_section``."""
    return load_section(_source(path), PolicySheet, begin="vulnerabilities:").value.vulnerabilities


def read_statements(path: Path) -> StatementSheet:
    """The statements of a file. Raises UsageError TB8736, SpecError as ``load_section``."""
    return load_section(_source(path), StatementSheet, begin="release: sha256:…").value


def _source(path: Path) -> SourceText:
    try:
        return SourceText(name=str(path), content=read_regular(path, _LARGEST, follow=True))
    except Irregular as error:
        raise UsageError.of(
            "TB8736", f"{path} {error}", hint="name a file that can be read", where=Location(file=str(path))
        ) from None
