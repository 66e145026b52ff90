"""``twinbuild archive find``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from twinbuild.cli.kept import opened_archive
from twinbuild.cli.options import NamedPath, archive_option, json_option
from twinbuild.cli.outcome import shown
from twinbuild.codec.amounts import counted

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.archive.summaries import Faults
    from twinbuild.pipeline.archive.finding import Found
    from twinbuild.ports import ReleaseArchive

__all__ = ["find"]

_VULNERABILITY: Final = re.compile(r"[A-Z][A-Z0-9]+-[A-Za-z0-9:-]+")  # no digest, package URL or NAME==VERSION


@click.command("find")
@click.argument("what", metavar="[DIGEST|PURL|NAME==VERSION|CVE]", default="")
@archive_option
@click.option("--vulnerability", default="", metavar="ID", help="Say which have it, such as CVE-2026-0001.")
@click.option(
    "--database",
    type=NamedPath(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="For a vulnerability: the directory of OSV records, as `sbom scan` reads it.",
)
@click.option("--max-age", default="7d", show_default=True, metavar="AGE", help="How old its newest record may be.")
@json_option
def find(*, what: str, place: str, vulnerability: str, database: Path | None, max_age: str, as_json: bool) -> int:
    """Say which releases hold something: an image, a package, a file of the model, or any other file.

    An image is named by the digest of its manifest, its configuration or its index; a package by its package URL or by
    NAME==VERSION (a URL without a version is any version's); a vulnerability by its id, with --database; anything else
    by its SHA-256. Exit 1: no release has it. Exit 5: a release cannot be read, and may have it.
    """
    from twinbuild.archive.summaries import refuse_unreadable
    from twinbuild.pipeline.archive.finding import find

    if _VULNERABILITY.fullmatch(what) and not vulnerability:
        what, vulnerability = "", what
    if bool(what) == bool(vulnerability) or bool(vulnerability) != (database is not None):
        raise click.UsageError("expected what is sought; a vulnerability, and nothing else, with --database DIR")
    faults: Faults = {}
    with opened_archive(place) as archive:
        if database is None:
            found = find(archive, what, faults)
        else:
            found = _vulnerable(archive, vulnerability, database, max_age, faults)
    if as_json:
        click.echo(
            json.dumps(
                [
                    {
                        "release": str(each.release.digest),
                        "name": each.release.name,
                        "version": each.release.version,
                        "what": each.what,
                    }
                    for each in found
                ]
            )
        )
    else:
        for each in found:
            digest = each.release.digest.hex[:12]
            click.echo(f"{shown(each.release.label):32} sha256:{digest}  {', '.join(map(shown, each.what))}")
        unread = f", {len(faults)} more cannot be read" if faults else ""
        click.echo(f"{counted(len(found), 'release has', 'releases have')} {shown(what or vulnerability)}{unread}")
    refuse_unreadable(faults)
    return 0 if found else 1


def _vulnerable(
    archive: ReleaseArchive, vulnerability: str, database: Path, max_age: str, faults: Faults
) -> tuple[Found, ...]:
    """The releases with a component that a vulnerability concerns, and these components."""
    from datetime import UTC, datetime

    from pydantic import ValidationError

    from twinbuild.model.vulnerability import VulnerabilityPolicy
    from twinbuild.pipeline.archive.finding import Found
    from twinbuild.pipeline.archive.scanning import named, scan_archive

    try:
        rules = VulnerabilityPolicy.model_validate({"max_age": max_age})
    except ValidationError:
        raise click.UsageError(f"--max-age is {max_age!r}, expected hours or days, such as 12h or 7d") from None
    found = scan_archive(archive, database, rules, now=datetime.now(UTC), faults=faults)
    listed = ((each.release, named(each.scan, vulnerability)) for each in found.releases)
    return tuple(
        Found(release=release, what=tuple(each.package.title for each in those)) for release, those in listed if those
    )
