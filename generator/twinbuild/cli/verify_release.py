"""``twinbuild verify-release``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from twinbuild.cli.options import NamedPath, json_option

__all__ = ["command"]


@click.command("verify-release")
@click.argument("release", metavar="DIST", type=NamedPath(path_type=Path))
@click.option(
    "--key",
    "keys",
    required=True,
    multiple=True,
    type=NamedPath(path_type=Path),
    metavar="PUBLIC",
    help="A public key of somebody whom you trust; may be repeated.",
)
@click.option(
    "--expect",
    metavar="NAME@VERSION|DIGEST",
    help="The release that it must be; without it an older release that was signed passes for a newer one.",
)
@click.option("--threshold", default=1, show_default=True, metavar="N", help="How many of the keys must have signed.")
@json_option
def command(*, release: Path, keys: tuple[Path, ...], expect: str | None, threshold: int, as_json: bool) -> None:
    """Verify that a release was signed by whom you trust, and is what they signed. Needs no network.

    DIST is the directory of a release. Exit 8: it is not signed by enough of the keys, or a signature is bad. Exit 5:
    a file is not the one that was signed, was added, or is missing. run.json is signed by nobody: it tells of one run.
    """
    from twinbuild.cli.keyfile import public_key
    from twinbuild.cli.outcome import shown
    from twinbuild.errors import PolicyRefused
    from twinbuild.pipeline.released import read_release
    from twinbuild.pipeline.vouching import verify_release

    trusted = tuple(public_key(path) for path in keys)
    found = read_release(release)
    vouched = verify_release(found, trusted, threshold=threshold)
    if expect is not None and expect not in (f"{vouched.name}@{vouched.version}", str(vouched.digest)):
        raise PolicyRefused.of(
            "TB8620",
            f"got the release {vouched.name}@{vouched.version} with {vouched.digest}, expected {expect[:200]}",
            hint="take the release that you mean from where it was signed",
            where=str(release),
        )
    if as_json:
        document = {
            "name": vouched.name,
            "version": vouched.version,
            "keys": vouched.keys,
            "others": vouched.strangers,
            "files": vouched.files,
            "lacking": [{"file": name, "keyid": keyid} for name, keyid in vouched.lacking],
        }
        click.echo(json.dumps({"release": str(vouched.digest), **document}))
        return
    click.echo(f"release  {vouched.name} {vouched.version}  {vouched.digest}")
    for keyid in vouched.keys:
        click.echo(f"signed   by {keyid}")
    for keyid in vouched.strangers:
        click.echo(f"besides  by {keyid}, which is none of the given keys")
    for name, keyid in vouched.lacking:
        click.echo(f"lacks    {name}, which {keyid} wrote")
    assert found.directory is not None
    click.echo(f"whole    {vouched.files} files and the images of {shown(found.directory)}")
