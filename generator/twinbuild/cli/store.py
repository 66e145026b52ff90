"""``twinbuild store``: verify, gc, info and path."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from twinbuild.cli.options import json_option, quiet_option
from twinbuild.cli.outcome import shown
from twinbuild.codec.amounts import amount, counted
from twinbuild.errors import IntegrityError, TwinbuildError, UsageError
from twinbuild.ports import Progress
from twinbuild.store.disk import DiskStore

__all__ = ["command"]


@click.group("store")
def command() -> None:
    """Look after the store, where everything that was pinned or built lies under its digest.

    TWINBUILD_STORE, or `store` in twinbuild.toml here, says where it is; the default is below ~/.cache.
    """


@contextmanager
def _opened(*, quiet: bool) -> Iterator[tuple[DiskStore, Progress]]:
    from twinbuild.cli.session import session

    with session(beside=Path(), quiet=quiet) as machine:
        assert isinstance(machine.store, DiskStore)
        yield machine.store, machine.progress


@command.command("verify")
@click.option("--repair", is_flag=True, help="Move what is damaged to quarantine and set permissions right.")
@quiet_option
@json_option
def verify_command(*, repair: bool, quiet: bool, as_json: bool) -> None:
    """Hash every stored file anew and compare it with its name (exit 5 if one is damaged)."""
    from twinbuild.store.verification import verify

    with _opened(quiet=quiet or as_json) as (store, progress):
        found = verify(store, repair=repair, progress=progress)
        where = store.area.path
    for name in () if as_json else found.foreign:
        click.echo(f"not of the store: {shown(name)}")
    for name in () if as_json else found.quarantined:
        click.echo(f"moved to {shown(where / name)}")
    if found.findings:
        raise IntegrityError(found.findings)
    if as_json:
        click.echo(json.dumps({"blobs": found.blobs, "size": found.size, "foreign": list(found.foreign)}))
    else:
        click.echo(f"{counted(found.blobs, 'file')}, {amount(found.size)}: all as their digests say")


@command.command("gc")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@click.option(
    "--older-than", type=click.IntRange(0), default=0, metavar="DAYS", help="Leave what is younger than that."
)
@quiet_option
@json_option
def gc_command(*, dry_run: bool, older_than: int, quiet: bool, as_json: bool) -> None:
    """Delete what no lock, no last build and no release needs.

    Locks, specs and releases count as long as they lie where they were made, and of a spec the last build of each
    variant and platform that its lock has. Nothing is deleted while another
    twinbuild runs (exit 4).
    """
    from twinbuild.store.collection import delete, plan

    with _opened(quiet=quiet or as_json) as (store, _):
        planned = plan(store, grace=older_than * 86400.0)
        kept = len(store.roots.all()) - len(planned.orphaned)
        gone = None if dry_run else delete(store, planned)
    count, size = (len(planned.blobs), planned.size) if gone is None else (gone.blobs, gone.size)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "dry_run": dry_run,
                    "blobs": count,
                    "size": size,
                    "roots": kept,
                    "orphaned": [{"root": name, "origin": origin} for name, origin in planned.orphaned],
                    "digests": [str(digest) for digest in planned.blobs],
                }
            )
        )
        return
    for name, origin in planned.orphaned:
        click.echo(f"{name.partition('-')[0]} no longer there: {shown(origin)}")
    what = "would be deleted" if dry_run else "deleted"
    keep = counted(kept, "lock, build or release keeps", "locks, builds and releases keep")
    click.echo(f"{counted(count, 'file')}, {amount(size)} {what}; {keep} the rest")


@command.command("info")
@json_option
def info_command(*, as_json: bool) -> None:
    """Say where the store is, how much it holds, and for what."""
    with _opened(quiet=True) as (store, _):
        where = store.area.path
        sizes = {digest: store.size(digest) for digest in store.blobs()}
        roots = store.roots.all()
        origins = store.roots.origins()
    free = shutil.disk_usage(where).free
    held = [
        {
            "root": name,
            "origin": str(origins.get(name, "")),
            "blobs": len(digests),
            "size": sum(sizes.get(digest, 0) for digest in digests),
        }
        for name, digests in sorted(roots.items(), key=lambda item: (item[0][:5], str(origins.get(item[0], ""))))
    ]
    if as_json:
        total = sum(sizes.values())
        click.echo(json.dumps({"path": str(where), "blobs": len(sizes), "size": total, "free": free, "roots": held}))
        return
    click.echo(
        f"{where}: {counted(len(sizes), 'file')}, {amount(sum(sizes.values()))}; {amount(free)} free on its disk"
    )
    for item in held:
        kind, _, rest = str(item["root"]).partition("-")
        target = rest.partition("-")[2]  # of a build
        count, size = item["blobs"], item["size"]
        assert isinstance(count, int)
        assert isinstance(size, int)
        of = f" ({target})" if target else ""
        click.echo(f"{kind:8} {counted(count, 'file'):>11} {amount(size):>9}  {shown(item['origin'])}{of}")


@command.command("path")
@click.argument("digest", required=False)
@json_option
def path_command(*, digest: str | None, as_json: bool) -> None:
    """Print where the store is, or where the file with DIGEST lies, after checking it."""
    from twinbuild.model.digest import Digest

    with _opened(quiet=True) as (store, _):
        where = store.area.path
        if digest is not None:
            try:
                wanted = Digest.parse(digest)
            except TwinbuildError as error:
                raise UsageError(error.findings) from None
            store.check(wanted)
            where = store.path(wanted)
    click.echo(json.dumps({"path": str(where)}) if as_json else str(where))
