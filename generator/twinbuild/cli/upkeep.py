"""``twinbuild archive``: find, restore, pin, unpin, prune, export and import."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from twinbuild.cli.options import NamedPath, archive_option, json_option, quiet_option
from twinbuild.cli.outcome import shown
from twinbuild.model.settings import OCI_SCHEME

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.archive.directory import Archive
    from twinbuild.archive.summaries import Faults, Summary
    from twinbuild.pipeline.archive.finding import Found
    from twinbuild.pipeline.archive.moving import Imported
    from twinbuild.pipeline.archive.pruning import Judged
    from twinbuild.pipeline.machine import Machine
    from twinbuild.ports import ReleaseArchive

__all__ = ["COMMANDS", "amount"]

_DURATION: Final = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?(s|m|h|d|w|y)")
_WHOLE: Final = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_VULNERABILITY: Final = re.compile(r"[A-Z][A-Z0-9]+-[A-Za-z0-9:-]+")  # no digest, package URL or NAME==VERSION
_name_argument = click.argument("name", metavar="NAME@VERSION|DIGEST")


def _span(_context: click.Context, _parameter: click.Parameter, value: str | None) -> timedelta | None:
    from twinbuild.pipeline.archive.pruning import span

    if value is None:
        return None
    if not _DURATION.fullmatch(value):
        raise click.BadParameter(f"got {value[:40]!r}, expected a time span such as 180d or 5y")
    return span(value)


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
def find_command(
    *, what: str, place: str, vulnerability: str, database: Path | None, max_age: str, as_json: bool
) -> int:
    """Say which releases hold something: an image, a package, a file of the model, or any other file.

    An image is named by the digest of its manifest, its configuration or its index; a package by its package URL or by
    NAME==VERSION (a URL without a version is any version's); a vulnerability by its id, with --database; anything else
    by its SHA-256. Exit 1: no release has it. Exit 5: a release cannot be read, and may have it.
    """
    from twinbuild.archive.summaries import refuse_unreadable
    from twinbuild.cli.kept import opened_archive
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
        click.echo(f"{len(found)} releases have {shown(what or vulnerability)}{unread}")
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


@click.command("restore")
@_name_argument
@archive_option
@click.option("--output", required=True, type=NamedPath(path_type=Path), metavar="DIR", help="Where the release goes.")
@json_option
def restore_command(*, name: str, place: str, output: Path, as_json: bool) -> None:
    """Write a release as it was archived, signatures and approvals included, for verbs that take a directory.

    Nothing is built; every file is hashed on the way. `reproduce` builds it again.
    """
    from twinbuild.cli.kept import opened_archive
    from twinbuild.pipeline.archive.naming import chosen
    from twinbuild.pipeline.archive.viewing import restore_release

    with opened_archive(place, quiet=as_json) as archive:
        release = archive.release(chosen(archive, name).kept)
        restore_release(archive, release, output)
    if as_json:
        click.echo(json.dumps({"release": str(release.digest), "files": len(release.files), "output": str(output)}))
        return
    click.echo(f"release  {shown(release.name)} {shown(release.version)}  {release.digest}")
    click.echo(f"output   {shown(output)}, {len(release.files)} files")


@click.command("pin")
@_name_argument
@click.option("--reason", required=True, metavar="TEXT", help="Why it is kept, for whoever wonders in five years.")
@archive_option
def pin_command(*, name: str, reason: str, place: str) -> None:
    """Never prune a release, whatever the rules say."""
    from twinbuild.cli.kept import opened_archive
    from twinbuild.pipeline.archive.naming import chosen

    if not reason.strip() or len(reason) > 1000 or not reason.isprintable():
        raise click.BadParameter("give one line of at most 1000 characters", param_hint="--reason")
    with opened_archive(place, writing=True) as archive, archive.updating():
        found = chosen(archive, name)
        archive.pin(found.kept.release, reason.strip())
    click.echo(f"pinned   {shown(found.label)}  {found.kept.release}: {shown(reason.strip())}")


@click.command("unpin")
@_name_argument
@archive_option
def unpin_command(*, name: str, place: str) -> None:
    """Let the rules decide about a release again. One that is pinned and lost is named by its whole digest."""
    from twinbuild.cli.kept import opened_archive
    from twinbuild.errors import IntegrityError
    from twinbuild.model.digest import Digest
    from twinbuild.pipeline.archive.naming import chosen

    with opened_archive(place, writing=True) as archive, archive.updating():
        try:
            found = chosen(archive, name)
            label, digest = found.label, found.kept.release
        except IntegrityError:
            if not _WHOLE.fullmatch(name):
                raise
            label, digest = "what is lost", Digest.parse(name)
        archive.unpin(digest)
    click.echo(f"unpinned {shown(label)}  {digest}")


@click.command("prune")
@archive_option
@click.option("--keep", type=click.IntRange(0), default=0, metavar="N", help="Keep the newest N of each name.")
@click.option(
    "--keep-for",
    callback=_span,
    metavar="DURATION",
    help="Keep for so long, such as 5y; a release that states governance.retention is kept for that instead.",
)
@click.option("--yes", is_flag=True, help="Do it; without this it is only said what would go.")
@json_option
def prune_command(*, place: str, keep: int, keep_for: timedelta | None, yes: bool, as_json: bool) -> None:
    """Take out releases by rules, and the files that no other release needs.

    A release stays if any rule keeps it, and always while it is pinned. Nothing is deleted while another process uses
    the archive (exit 4). In a registry the manifests are deleted; files go when it collects garbage.
    """
    from datetime import UTC, datetime

    from twinbuild.cli.kept import opened_archive
    from twinbuild.pipeline.archive.pruning import Rules, foreseen, judge, prune

    with opened_archive(place, writing=yes) as archive:
        judged = judge(archive, Rules(newest=keep, younger=keep_for), now=datetime.now(UTC))
        gone = prune(archive, judged) if yes else foreseen(archive, judged)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "dry_run": not yes,
                    "kept": [{**_named(each), "because": each.kept} for each in judged if each.kept],
                    "gone": [_named(each) for each in gone.releases],
                    "blobs": gone.blobs,
                    "size": gone.size,
                }
            )
        )
        return
    for each in judged:
        verdict = f"stays: {each.kept}" if each.kept else ("gone" if yes else "goes")
        click.echo(f"{shown(each.summary.label):32} sha256:{each.summary.kept.release.hex[:12]}  {shown(verdict)}")
    done = "named by no release any more: the registry collects them" if place.startswith(OCI_SCHEME) else "deleted"
    what = done if yes else "would be deleted; --yes does it"
    click.echo(f"{len(gone.releases)} releases and {gone.blobs} files, {amount(gone.size)}: {what}")


@click.command("export")
@click.argument("target", metavar="FILE|oci://REPOSITORY")
@click.argument("names", metavar="[NAME@VERSION|DIGEST]...", nargs=-1)
@archive_option
@quiet_option
@json_option
def export_command(*, target: str, names: tuple[str, ...], place: str, quiet: bool, as_json: bool) -> None:
    """Write releases of an archive (all of them, unless some are named) to one file, or to a registry.

    FILE ends in .tar. It holds an OCI image layout, and the same releases give the same bytes. In a registry each
    release is an artifact with a tag of its own; what is there already is not sent.
    """
    from twinbuild.archive.summaries import summaries
    from twinbuild.cli.kept import opened_for
    from twinbuild.cli.session import session
    from twinbuild.pipeline.archive.naming import chosen
    from twinbuild.pipeline.archive.registering import at_hand

    registry = target.startswith(OCI_SCHEME)
    if not registry and not target.endswith(".tar"):
        raise click.BadParameter(
            f"got {target[:120]!r}, expected FILE.tar or {OCI_SCHEME}REPOSITORY", param_hint="FILE"
        )
    with (
        session(beside=Path(), quiet=quiet or as_json) as machine,
        opened_for(place, machine, paranoid=True) as archive,
    ):
        found = [chosen(archive, name) for name in names] if names else list(summaries(archive))
        found = list({each.kept.release: each for each in found}.values())
        with at_hand(archive, [each.kept for each in found], machine) as local:
            size = _pushed(local, found, target, machine) if registry else _written(local, found, target)
        machine.progress("", 0, 0)
    if as_json:
        click.echo(json.dumps({"releases": [str(each.kept.release) for each in found], "size": size}))
        return
    what = "sent" if registry else "written"
    click.echo(f"exported {len(found)} releases to {shown(target)}, {amount(size)} {what}")


def _written(archive: Archive, found: list[Summary], target: str) -> int:
    from twinbuild.pipeline.archive.moving import export_releases

    export_releases(archive, found, Path(target))
    return Path(target).stat().st_size


def _pushed(archive: Archive, found: list[Summary], target: str, machine: Machine) -> int:
    from twinbuild.pipeline.archive.registering import open_registered, push_releases

    with open_registered(target, machine, writing=True) as registered:
        return push_releases(archive, [each.kept for each in found], registered, machine).size


@click.command("import")
@click.argument("source", metavar="FILE|oci://REPOSITORY")
@archive_option
@quiet_option
@json_option
def import_command(*, source: str, place: str, quiet: bool, as_json: bool) -> None:
    """Take the releases of a file, or of a repository, to which `archive export` wrote, into an archive.

    Every file is hashed, and a release is named only when all of it is there and its record fits its release manifest.
    Exit 5: one of a repository is not so; the others are in the archive.
    """
    from twinbuild.archive.summaries import refuse_unreadable
    from twinbuild.cli.kept import opened_for
    from twinbuild.cli.session import session
    from twinbuild.pipeline.archive.registering import import_into

    with (
        session(beside=Path(), quiet=quiet or as_json) as machine,
        opened_for(place, machine, writing=True) as archive,
    ):
        faults: Faults = {}
        receive = partial(_pulled if source.startswith(OCI_SCHEME) else _read, source, machine, faults)
        found = import_into(archive, machine, receive)
        machine.progress("", 0, 0)
    if as_json:
        releases = [str(each.digest) for each in found.releases]
        click.echo(json.dumps({"releases": releases, "known": found.known, "brought": found.brought}))
        refuse_unreadable(faults)
        return
    for each in () if quiet else found.releases:
        click.echo(f"release  {each.name} {each.version}  {each.digest}")
    click.echo(f"imported {len(found.releases)} releases, {found.known} known before; {found.brought} new files")
    refuse_unreadable(faults)


def _pulled(source: str, machine: Machine, faults: Faults, archive: Archive) -> Imported:
    from twinbuild.pipeline.archive.registering import open_registered, pull_releases

    with open_registered(source, machine) as registered:
        return pull_releases(archive, registered, machine, faults=faults)


def _read(source: str, _machine: Machine, _faults: Faults, archive: Archive) -> Imported:
    from twinbuild.pipeline.archive.moving import import_releases

    return import_releases(archive, Path(source))


COMMANDS: Final = (
    find_command,
    restore_command,
    pin_command,
    unpin_command,
    prune_command,
    export_command,
    import_command,
)


def amount(size: int) -> str:
    """Bytes for people."""
    return f"{size / 1e9:.2f} GB" if size >= 10**9 else f"{size / 1e6:.1f} MB"


def _named(each: Judged) -> dict[str, str]:
    return {
        "release": str(each.summary.kept.release),
        "name": each.summary.name,
        "version": each.summary.version,
    }
