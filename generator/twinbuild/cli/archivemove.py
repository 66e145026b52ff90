"""``twinbuild archive restore``, ``export`` and ``import``: releases out of an archive, and into one."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.kept import name_argument, opened_archive, opened_for
from twinbuild.cli.options import NamedPath, archive_option, json_option, quiet_option
from twinbuild.cli.outcome import shown
from twinbuild.codec.amounts import amount, counted
from twinbuild.model.settings import OCI_SCHEME

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.archive.directory import Archive
    from twinbuild.archive.summaries import Faults, Summary
    from twinbuild.pipeline.archive.moving import Imported
    from twinbuild.pipeline.machine import Machine

__all__ = ["export", "import_", "restore"]


@click.command("restore")
@name_argument
@archive_option
@click.option("--output", required=True, type=NamedPath(path_type=Path), metavar="DIR", help="Where the release goes.")
@json_option
def restore(*, name: str, place: str, output: Path, as_json: bool) -> None:
    """Write a release as it was archived, signatures and approvals included, for verbs that take a directory.

    Nothing is built; every file is hashed on the way. `reproduce` builds it again.
    """
    from twinbuild.pipeline.archive.naming import chosen
    from twinbuild.pipeline.archive.viewing import restore_release

    with opened_archive(place, quiet=as_json) as archive:
        release = archive.release(chosen(archive, name).kept)
        restore_release(archive, release, output)
    if as_json:
        click.echo(json.dumps({"release": str(release.digest), "files": len(release.files), "output": str(output)}))
        return
    click.echo(f"release  {shown(release.name)} {shown(release.version)}  {release.digest}")
    click.echo(f"output   {shown(output)}, {counted(len(release.files), 'file')}")


@click.command("export")
@click.argument("target", metavar="FILE|oci://REPOSITORY")
@click.argument("names", metavar="[NAME@VERSION|DIGEST]...", nargs=-1)
@archive_option
@quiet_option
@json_option
def export(*, target: str, names: tuple[str, ...], place: str, quiet: bool, as_json: bool) -> None:
    """Write releases of an archive (all of them, unless some are named) to one file, or to a registry.

    FILE ends in .tar. It holds an OCI image layout, and the same releases give the same bytes. In a registry each
    release is an artifact with a tag of its own; what is there already is not sent.
    """
    from twinbuild.archive.summaries import summaries
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
    click.echo(f"exported {counted(len(found), 'release')} to {shown(target)}, {amount(size)} {what}")


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
def import_(*, source: str, place: str, quiet: bool, as_json: bool) -> None:
    """Take the releases of a file, or of a repository, to which `archive export` wrote, into an archive.

    Every file is hashed, and a release is named only when all of it is there and its record fits its release manifest.
    Exit 5: one of a repository is not so; the others are in the archive.
    """
    from twinbuild.archive.summaries import refuse_unreadable
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
    what = counted(len(found.releases), "release")
    click.echo(f"imported {what}, {found.known} known before; {counted(found.brought, 'new file')}")
    refuse_unreadable(faults)


def _pulled(source: str, machine: Machine, faults: Faults, archive: Archive) -> Imported:
    from twinbuild.pipeline.archive.registering import open_registered, pull_releases

    with open_registered(source, machine) as registered:
        return pull_releases(archive, registered, machine, faults=faults)


def _read(source: str, _machine: Machine, _faults: Faults, archive: Archive) -> Imported:
    from twinbuild.pipeline.archive.moving import import_releases

    return import_releases(archive, Path(source))
