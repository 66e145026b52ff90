"""``twinbuild archive``: add, list, show, verify."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.archivefind import find
from twinbuild.cli.archivekeep import pin, prune, unpin
from twinbuild.cli.archivemove import export, import_, restore
from twinbuild.cli.kept import name_argument, opened_archive, opened_for
from twinbuild.cli.options import NamedPath, archive_option, json_option, overlay_option, quiet_option
from twinbuild.cli.outcome import shown
from twinbuild.codec.amounts import amount, counted

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.archive.summaries import Summary
    from twinbuild.model.archive import ArchivedRelease

__all__ = ["command"]


@click.group("archive")
def command() -> None:
    """Keep releases for years, with everything that is needed to build them again."""


for _each in (find, restore, pin, unpin, prune, export, import_):
    command.add_command(_each)


@command.command("add")
@click.argument("release", metavar="DIST", type=NamedPath(path_type=Path))
@archive_option
@click.option(
    "--spec",
    type=NamedPath(path_type=Path),
    metavar="SPEC",
    help="The spec that the release was made of (default: the one in whose `dist` it lies).",
)
@overlay_option
@click.option("--without-tool", is_flag=True, help="Leave the twinbuild out that made it.")
@quiet_option
@json_option
def add_command(
    *,
    release: Path,
    place: str,
    spec: Path | None,
    overlays: tuple[Path, ...],
    without_tool: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Archive a release: its directory as it was released, and all that building it again needs.

    DIST is validated first. What its lock names is taken from the store, whose digests are checked on the way. Archive
    it again after it was signed: what is new comes beside what is there.

    The running twinbuild is packed and kept with it, once for all releases that it made, so that `reproduce` can run
    it where another one is installed. Nothing is fetched: `twinbuild tool pack` brings what that needs, once. To an
    archive in a registry only what it lacks is sent.
    """
    from twinbuild.cli.session import offline, session
    from twinbuild.pipeline.archive.adding import add_release, project_of
    from twinbuild.pipeline.reading.released import read_release

    found = read_release(release)
    project = project_of(found, spec, overlays)
    with (
        session(beside=project.spec_path, quiet=quiet or as_json) as machine,
        opened_for(place, machine, writing=True) as archive,
    ):
        added = add_release(found, project, archive, offline(machine), tool=not without_tool)
        machine.progress("", 0, 0)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "release": str(added.release.digest),
                    "name": added.release.name,
                    "version": added.release.version,
                    "record": str(added.record),
                    "known": added.known,
                    "brought": {"blobs": added.brought, "size": added.size},
                    "needs": len(added.release.blobs),
                    "tool": [str(digest) for digest in added.release.tool],
                    "without_tool": added.untooled or None,
                }
            )
        )
        return
    what = "was archived already" if added.known else "archived"
    click.echo(f"release  {added.release.name} {added.release.version}  {added.release.digest}")
    click.echo(
        f"{what} in {shown(place)}: {counted(len(added.release.blobs), 'file')}, "
        f"of which {counted(added.brought, 'is', 'are')} new there "
        f"({amount(added.size)})"
    )
    if added.untooled:
        click.echo(f"tool     not archived: {shown(added.untooled)}")
        click.echo(f"         without it no twinbuild but {shown(added.release.generator)} is sure to build it again")


@command.command("list")
@archive_option
@json_option
def list_command(*, place: str, as_json: bool) -> None:
    """List the releases of an archive, by name and in the order in which they were archived.

    Exit 5: there are others, which cannot be read; they are named behind the list.
    """
    from twinbuild.archive.summaries import Faults, refuse_unreadable, summaries

    faults: Faults = {}
    with opened_archive(place) as archive:
        found = summaries(archive, faults=faults)
        pins = {each.kept.release: archive.pinned(each.kept.release) for each in found}
    if as_json:
        click.echo(json.dumps([{**_summary(each), "pinned": pins[each.kept.release]} for each in found]))
        refuse_unreadable(faults)
        return
    for each in found:
        pinned = f"  pinned: {shown(pins[each.kept.release])}" if pins[each.kept.release] is not None else ""
        click.echo(
            f"{shown(each.label):32} sha256:{each.kept.release.hex[:12]}  {each.added[:10]}  "
            f"{amount(each.size):>9}{pinned}"
        )
    unread = f", {len(faults)} more cannot be read" if faults else ""
    click.echo(f"{counted(len(found), 'release')} in {shown(place)}{unread}")
    refuse_unreadable(faults)


@command.command("show")
@name_argument
@archive_option
@click.option("--files", is_flag=True, help="List every file of the release and of its project, and every input.")
@json_option
def show_command(*, name: str, place: str, files: bool, as_json: bool) -> None:
    """Show what an archive keeps of a release.

    It is named by NAME@VERSION, by its release digest or a beginning of it, or by the digest of one of its images
    (REPOSITORY@sha256:…, as a pod says it, will do).
    """
    from twinbuild.codec.archive import encode_archived
    from twinbuild.pipeline.archive.naming import chosen

    with opened_archive(place) as archive:
        summary = chosen(archive, name)
        release = archive.release(summary.kept)
        pinned = archive.pinned(summary.kept.release)
    if as_json:
        click.echo(
            json.dumps({**json.loads(encode_archived(release)), "record": str(summary.kept.record), "pinned": pinned})
        )
        return
    click.echo("\n".join(_told(release, summary)))
    if pinned is not None:
        click.echo(f"pinned   {shown(pinned)}")
    if files:
        for digest, size, what, _ in release.needs():
            click.echo(f"{digest}  {size:>12}  {shown(what)}")


@command.command("verify")
@click.argument("names", metavar="[NAME@VERSION|DIGEST]...", nargs=-1)
@archive_option
@quiet_option
@json_option
def verify_command(*, names: tuple[str, ...], place: str, quiet: bool, as_json: bool) -> None:
    """Hash every file of an archive anew (or of some releases), and name what is missing and what that blocks.

    Exit 5 where a file is missing or damaged.
    """
    from twinbuild.cli.progress import shown_progress
    from twinbuild.pipeline.archive.naming import chosen
    from twinbuild.pipeline.archive.verifying import verify_archive

    with opened_archive(place) as archive, shown_progress(quiet=quiet or as_json) as progress:
        only = tuple(chosen(archive, name).kept for name in names)
        found = verify_archive(archive, only, progress=progress)
        progress("", 0, 0)
    if as_json:
        click.echo(
            json.dumps(
                {"releases": found.releases, "blobs": found.blobs, "size": found.size, "unneeded": found.unneeded}
            )
        )
        return
    more = f"; {found.unneeded} more that no release needs" if found.unneeded else ""
    click.echo(
        f"whole    {counted(found.releases, 'release')}: {counted(found.blobs, 'file')}, {amount(found.size)}{more}"
    )


def _summary(each: Summary) -> dict[str, object]:
    return {
        "release": str(each.kept.release),
        "name": each.name,
        "version": each.version,
        "added": each.added,
        "generator": each.generator,
        "images": [str(digest) for digest in each.images],
        "blobs": each.blobs,
        "size": each.size,
    }


def _told(release: ArchivedRelease, summary: Summary) -> list[str]:
    kinds: dict[str, int] = {}
    for each in release.inputs:
        kinds[each.kind] = kinds.get(each.kind, 0) + 1
    return [
        f"release  {release.name} {release.version}  {release.digest}",
        f"made     by twinbuild {shown(release.generator)}, archived {release.added}",
        *(
            [f"source   commit {release.commit}{', with changes' if release.modified else ''}"]
            if release.commit
            else []
        ),
        *(f"image    {shown(image.variant)} {shown(image.platform)}  {image.digest}" for image in release.images),
        f"released {counted(len(release.files), 'file')}",
        f"project  {counted(len(release.project), 'file')}, spec {shown(release.spec)}",
        f"inputs   {', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}",
        f"tool     {counted(len(release.tool), 'blob') if release.tool else 'not archived: the installed one is used'}",
        f"size     {counted(summary.blobs, 'file')}, {amount(summary.size)}",
    ]
