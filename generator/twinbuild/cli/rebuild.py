"""``twinbuild rebuild``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.kept import from_archive_option
from twinbuild.cli.options import Asked, common, signer_options, variant_option

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.model.rebuilt import Rebuilt

__all__ = ["command"]


@click.command("rebuild")
@common
@variant_option
@from_archive_option
@click.option(
    "--tool",
    "trusted",
    metavar="DIGEST",
    help="With --archive: let the archived twinbuild build whose image has this digest, which you know from elsewhere.",
)
@click.option(
    "--sign",
    is_flag=True,
    help="Sign what came out; without --key by the key of TWINBUILD_SIGNING_KEY. That there is none is an error.",
)
@signer_options
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the statement goes (default: a name of its own in the current directory).",
)
def command(
    *,
    asked: Asked,
    variants: tuple[str, ...],
    place: str | None,
    trusted: str | None,
    sign: bool,
    key: str | None,
    program: str | None,
    public: Path | None,
    output: Path | None,
) -> None:
    """Build the images of a release anew, nothing taken from an earlier build; with a key, sign what they are.

    SPEC is a spec file or a directory with a release.yaml (default: the current directory), with its lock. What the
    lock names is fetched where it is not at hand. `challenge` compares what several rebuilders signed.

    With --archive, SPEC is NAME@VERSION or a digest: it is built from the archive alone, shut off from all else. Exit
    8 where the twinbuild that made it is another: the one in the archive could copy what was released.
    """
    from twinbuild.cli.keyfile import signer_of
    from twinbuild.cli.outcome import shown
    from twinbuild.cli.session import session_for
    from twinbuild.model.settings import SIGNING_KEY
    from twinbuild.pipeline.build.building import source_epoch
    from twinbuild.pipeline.challenge.making import rebuild_images, sign_rebuilt, statement_name
    from twinbuild.pipeline.lock.fetching import fetch_lock
    from twinbuild.pipeline.lock.lockfiles import ensure_lock
    from twinbuild.pipeline.output import write_file
    from twinbuild.pipeline.project import open_project

    if sign and not (program or public):
        key = key or os.environ.get(SIGNING_KEY)
    signer = signer_of(key, program, public, os.environ) if sign or key or program or public else None
    if place is not None:
        if asked.overlays or variants:
            raise click.UsageError(
                "an archived release has its overlays and variants: leave --overlay and --variant out"
            )
        rebuilt = _of_archive(place, str(asked.spec), trusted, quiet=asked.quiet)
    else:
        if trusted is not None:
            raise click.UsageError("--tool is about an archived release: add --archive")
        project = open_project(asked.spec, asked.overlays).only(variants)
        with session_for(asked) as machine:
            lock = ensure_lock(project, machine, locked=True, discover=False)
            fetch_lock(project, lock, machine)
            rebuilt = rebuild_images(project, lock, machine, epoch=source_epoch(project, machine))
    written: Path | None = None
    if signer is not None:
        written = output or Path(statement_name(rebuilt, signer.public.keyid))
        write_file(written, sign_rebuilt(rebuilt, signer))
    if asked.as_json:
        images = {each.name: str(each.digest) for each in rebuilt.images}
        answer = {"name": rebuilt.name, "version": rebuilt.version, "lock": str(rebuilt.lock), "images": images}
        signed = {"keyid": signer.public.keyid, "output": str(written)} if signer is not None else {}
        click.echo(json.dumps({**answer, **signed}))
        return
    click.echo(f"rebuilt  {rebuilt.name} {rebuilt.version}  of lock {rebuilt.lock}")
    for image in rebuilt.images:
        click.echo(f"image    {image.name}  {image.digest}")
    if signer is None:
        click.echo("unsigned give a key, and what came out is a statement that `challenge` reads")
        return
    assert written is not None
    click.echo(f"signed   by {signer.public.keyid}")
    click.echo(f"output   {shown(written)}")


def _of_archive(place: str, name: str, trusted: str | None, *, quiet: bool) -> Rebuilt:
    from twinbuild.cli.kept import opened_for
    from twinbuild.cli.session import offline, session
    from twinbuild.model.digest import Digest
    from twinbuild.pipeline.archive.naming import chosen
    from twinbuild.pipeline.archive.registering import at_hand
    from twinbuild.pipeline.challenge.archived import rebuild_kept

    tool = Digest.parse(trusted) if trusted is not None else None
    with session(beside=Path(), quiet=quiet) as machine, opened_for(place, machine) as kept:
        summary = chosen(kept, name)
        with at_hand(kept, (summary.kept,), machine, layers=False) as archive:
            rebuilt = rebuild_kept(archive, summary, offline(machine), trusted=tool)
        machine.progress("", 0, 0)
    return rebuilt
