"""``twinbuild archive pin``, ``unpin`` and ``prune``: what stays, and what goes."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import click

from twinbuild.cli.kept import name_argument, opened_archive
from twinbuild.cli.options import archive_option, json_option
from twinbuild.cli.outcome import shown
from twinbuild.codec.amounts import amount, counted
from twinbuild.model.settings import OCI_SCHEME

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.pipeline.archive.pruning import Judged

__all__ = ["pin", "prune", "unpin"]

_DURATION: Final = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?(s|m|h|d|w|y)")
_WHOLE: Final = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


def _span(_context: click.Context, _parameter: click.Parameter, value: str | None) -> timedelta | None:
    from twinbuild.pipeline.archive.pruning import span

    if value is None:
        return None
    if not _DURATION.fullmatch(value):
        raise click.BadParameter(f"got {value[:40]!r}, expected a time span such as 180d or 5y")
    return span(value)


@click.command("pin")
@name_argument
@click.option("--reason", required=True, metavar="TEXT", help="Why it is kept, for whoever wonders in five years.")
@archive_option
@json_option
def pin(*, name: str, reason: str, place: str, as_json: bool) -> None:
    """Never prune a release, whatever the rules say."""
    from twinbuild.pipeline.archive.naming import chosen

    if not reason.strip() or len(reason) > 1000 or not reason.isprintable():
        raise click.BadParameter("give one line of at most 1000 characters", param_hint="--reason")
    with opened_archive(place, writing=True) as archive, archive.updating():
        found = chosen(archive, name)
        archive.pin(found.kept.release, reason.strip())
    if as_json:
        click.echo(json.dumps({"release": str(found.kept.release), "pinned": reason.strip()}))
        return
    click.echo(f"pinned   {shown(found.label)}  {found.kept.release}: {shown(reason.strip())}")


@click.command("unpin")
@name_argument
@archive_option
@json_option
def unpin(*, name: str, place: str, as_json: bool) -> None:
    """Let the rules decide about a release again. One that is pinned and lost is named by its whole digest."""
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
    if as_json:
        click.echo(json.dumps({"release": str(digest), "pinned": None}))
        return
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
def prune(*, place: str, keep: int, keep_for: timedelta | None, yes: bool, as_json: bool) -> None:
    """Take out releases by rules, and the files that no other release needs.

    A release stays if any rule keeps it, and always while it is pinned. Nothing is deleted while another process uses
    the archive (exit 4). In a registry the manifests are deleted; files go when it collects garbage.
    """
    from datetime import UTC, datetime

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
    click.echo(
        f"{counted(len(gone.releases), 'release')} and {counted(gone.blobs, 'file')}, {amount(gone.size)}: {what}"
    )


def _named(each: Judged) -> dict[str, str]:
    return {
        "release": str(each.summary.kept.release),
        "name": each.summary.name,
        "version": each.summary.version,
    }
