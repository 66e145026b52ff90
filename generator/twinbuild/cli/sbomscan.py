"""``twinbuild sbom scan`` and ``twinbuild sbom vex``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from twinbuild.cli.options import NamedPath, json_option
from twinbuild.cli.outcome import shown
from twinbuild.codec.amounts import counted

if TYPE_CHECKING:  # start-up is measured
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from twinbuild.model.vulnerability import Database, StatementSheet, VulnerabilityPolicy, Vulnerable
    from twinbuild.pipeline.materials.scanning import Scan
    from twinbuild.pipeline.reading.boms import ReadBom

__all__ = ["scan", "vex"]

_REFUSED: Final = 8
_DATABASE = click.option(
    "--database",
    required=True,
    type=NamedPath(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="Directory of OSV records: JSON files, or all.zip of ecosystems.",
)
_MAX_AGE = click.option("--max-age", metavar="AGE", help="How old the newest record may be, such as 7d or 12h.")


@click.command("scan")
@click.argument("document", metavar="[DIST|FILE]", type=NamedPath(path_type=Path), required=False)
@click.option(
    "--archive",
    "place",
    type=NamedPath(path_type=str),
    metavar="DIR|oci://REPOSITORY",
    help="Every release kept there.",
)
@_DATABASE
@click.option("--policy", type=NamedPath(path_type=Path), metavar="FILE", help="Policy file (vulnerabilities).")
@click.option(
    "--fail-on",
    type=click.Choice(["low", "medium", "high", "critical", "never"]),
    help="Least severity that fails (default: the policy's, or high).",
)
@_MAX_AGE
@click.option("--statements", type=NamedPath(path_type=Path), metavar="FILE", help="What people say of findings.")
@json_option
def scan(
    *,
    document: Path | None,
    place: str | None,
    database: Path,
    policy: Path | None,
    fail_on: str | None,
    max_age: str | None,
    statements: Path | None,
    as_json: bool,
) -> None:
    """Look a release's components up in a local database of vulnerabilities (exit 8 where one fails by the policy).

    Without a network. The database's digest and age are printed, and a stale one is refused: its age is that of its
    newest record, and of the newest of each system (Debian, PyPI) that has components. FILE is CycloneDX 1.6 or 1.7 in
    JSON, by whomever. With --archive all releases of an archive are looked up, with one reading of the database.
    """
    from datetime import UTC, datetime

    from twinbuild.pipeline.materials.scanning import database_for, refuse_stale, scan_bom
    from twinbuild.pipeline.reading.boms import read_bom

    now = datetime.now(UTC)
    rules = _rules(policy, fail_on, max_age)
    if place is not None and document is None and statements is None:
        _scan_all(place, database, rules, now, as_json=as_json)
        return
    if document is None or place is not None:
        raise click.UsageError(
            "expected DIST or FILE, or --archive in its place, without --statements, which are about one release"
        )
    found = read_bom(document)
    sheet = _sheet(found, statements)
    known, systems = database_for(found.bom, database)
    age = refuse_stale(known, rules, now=now, directory=database, systems=systems)
    result = scan_bom(found.bom, known, rules, now=now, statements=sheet)
    if as_json:
        click.echo(json.dumps(_document(result, known, age, found)))
    else:
        for line in _report(result, known, age):
            click.echo(shown(line))
    if result.failing:
        raise click.exceptions.Exit(_REFUSED)


def _scan_all(place: str, database: Path, rules: VulnerabilityPolicy, now: datetime, *, as_json: bool) -> None:
    """Scan every release of an archive, and end with 5 where one cannot be read, else with 8 where one fails."""
    from twinbuild.archive.summaries import Faults, refuse_unreadable
    from twinbuild.cli.kept import opened_archive
    from twinbuild.pipeline.archive.scanning import scan_archive

    faults: Faults = {}
    with opened_archive(place) as archive:
        found = scan_archive(archive, database, rules, now=now, faults=faults)
    known, age = found.database, found.age
    if as_json:
        releases = [
            {"release": str(each.release.digest), "name": each.release.name, "version": each.release.version}
            | _findings(each.scan)
            for each in found.releases
        ]
        click.echo(
            json.dumps(
                {"database": _database(known, age), "passes": not (found.failing or faults), "releases": releases}
            )
        )
    else:
        click.echo(shown(_age(known, age)))
        for each in found.releases:
            click.echo(f"release   {shown(each.release.label)}  {each.release.digest}")
            for line in _outcome(each.scan):
                click.echo(shown(line))
        failing = sum(bool(each.scan.failing) for each in found.releases)
        unread = f", {len(faults)} more cannot be read" if faults else ""
        click.echo(f"{counted(len(found.releases), 'release')}: {counted(failing, 'fails', 'fail')}{unread}")
    refuse_unreadable(faults)
    if found.failing:
        raise click.exceptions.Exit(_REFUSED)


@click.command("vex")
@click.argument("release", metavar="DIST", type=NamedPath(path_type=Path, file_okay=False))
@click.option("--statements", required=True, type=NamedPath(path_type=Path), metavar="FILE", help="The statements.")
@_DATABASE
@_MAX_AGE
@click.option(
    "--format",
    "form",
    type=click.Choice(["cyclonedx", "openvex"]),
    default="cyclonedx",
    show_default=True,
    help="CycloneDX 1.6 or OpenVEX 0.2.0.",
)
@click.option("--output", type=NamedPath(path_type=Path), metavar="FILE", help="Write it there (default: print it).")
def vex(
    *, release: Path, statements: Path, database: Path, max_age: str | None, form: str, output: Path | None
) -> None:
    """Write what holds of a release's vulnerabilities: the findings of a scan with people's statements (VEX).

    Findings that nobody speaks of are under investigation. Statements are bound to the digest of the release; one about
    a component that is not there is refused. Its time is the statements' date.
    """
    from datetime import UTC, datetime

    from twinbuild.pipeline.materials.scanning import database_for, refuse_stale, scan_bom
    from twinbuild.pipeline.materials.vexing import vex_document
    from twinbuild.pipeline.output import write_file
    from twinbuild.pipeline.reading.boms import read_bom

    now = datetime.now(UTC)
    rules = _rules(None, None, max_age)
    found = read_bom(release)
    sheet = _sheet(found, statements)
    assert sheet is not None, "asked for"
    known, systems = database_for(found.bom, database)
    refuse_stale(known, rules, now=now, directory=database, systems=systems)
    result = scan_bom(found.bom, known, rules, now=now, statements=sheet)
    content = vex_document(form, found, sheet, result.findings)
    if output is None:
        click.echo(content, nl=False)
    else:
        write_file(output, content)


def _rules(policy: Path | None, fail_on: str | None, max_age: str | None) -> VulnerabilityPolicy:
    """The policy of a file, with what the command line says in its place."""
    from pydantic import ValidationError

    from twinbuild.model.vulnerability import VulnerabilityPolicy
    from twinbuild.pipeline.materials.scanning import read_policy

    stated = read_policy(policy) if policy is not None else VulnerabilityPolicy()
    given = {key: value for key, value in {"fail_on": fail_on, "max_age": max_age}.items() if value is not None}
    try:
        return VulnerabilityPolicy.model_validate({**stated.model_dump(), **given})
    except ValidationError:
        raise click.UsageError(f"--max-age is {max_age!r}, expected hours or days, such as 12h or 7d") from None


def _sheet(found: ReadBom, statements: Path | None) -> StatementSheet | None:
    """The statements of a file, if they are about this release and its components."""
    from twinbuild.pipeline.materials.scanning import read_statements
    from twinbuild.pipeline.materials.vexing import refuse_unbound

    if statements is None:
        return None
    sheet = read_statements(statements)
    refuse_unbound(found, sheet, path=statements)
    return sheet


def _document(result: Scan, known: Database, age: timedelta, found: ReadBom) -> dict[str, object]:
    return {
        "release": str(found.release.digest) if found.release is not None else None,
        "database": _database(known, age),
        **_findings(result),
    }


def _database(known: Database, age: timedelta) -> dict[str, object]:
    return {
        "digest": str(known.digest),
        "records": known.records,
        "newest": known.newest,
        "age_hours": int(age.total_seconds() // 3600),
    }


def _findings(result: Scan) -> dict[str, object]:
    failing = set(map(id, result.failing))
    return {
        "looked_up": result.looked_up,
        "not_looked_up": result.others,
        "uncovered": [{"ecosystem": name, "components": count} for name, count in result.uncovered],
        "passes": not result.failing,
        "findings": [
            {
                "vulnerability": each.name,
                "ids": each.ids,
                "component": each.package.reference,
                "purl": each.package.purl,
                "package": {
                    "ecosystem": each.package.ecosystem,
                    "name": each.package.name,
                    "version": each.package.version,
                },
                "severity": each.level,
                "score": each.score,
                "vector": each.vector,
                "fixed": each.fixed,
                "decided": each.decided,
                "summary": each.summary,
                "status": each.status,
                "excused": each.excused,
                "lapsed": each.lapsed,
                "fails": id(each) in failing,
            }
            for each in result.findings
        ],
    }


def _report(result: Scan, known: Database, age: timedelta) -> Iterator[str]:
    yield _age(known, age)
    yield from _outcome(result)


def _age(known: Database, age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    old = counted(hours // 24, "day") if hours >= 48 else counted(hours, "hour")
    return f"database  {known.digest}  {counted(known.records, 'record')}, the newest {known.newest}, {old} old"


def _outcome(result: Scan) -> Iterator[str]:
    yield f"asked     {counted(result.looked_up, 'component')}; {result.others} that no ecosystem of a database has"
    failing = set(map(id, result.failing))
    for each in result.findings:
        yield _line(each, "fails" if id(each) in failing else "excused" if each.excused else "passes")
        if each.excused or each.lapsed:
            yield f"          {each.excused or 'no longer: ' + each.lapsed}"
    for name, many in result.uncovered:
        yield f"unknown   {counted(many, 'component')} of {name}: the database has no record of it"
    found = counted(len(result.findings), "vulnerability", "vulnerabilities")
    excused = sum(bool(each.excused) for each in result.findings)
    yield f"{found}: {counted(len(failing), 'fails', 'fail')}, {excused} excused"


def _line(each: Vulnerable, outcome: str) -> str:
    score = f" {each.score}" if each.score is not None else ""
    fixed = f"fixed in {', '.join(each.fixed[:3])}" if each.fixed else "no fix is known"
    unsure = "" if each.decided else "  (its version cannot be compared)"
    return f"{outcome:8}  {each.level}{score}  {each.name}  {each.package.title}  {fixed}{unsure}"
