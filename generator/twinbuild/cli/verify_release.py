"""``twinbuild verify-release``."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import NamedPath, json_option
from twinbuild.cli.trusting import trust_options

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.pipeline.governing.trustedrelease import Vouchers
    from twinbuild.pipeline.reading.released import Released

__all__ = ["command"]


@click.command("verify-release")
@click.argument("release", metavar="DIST", type=NamedPath(path_type=Path))
@click.option(
    "--key",
    "keys",
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
@trust_options(required=False)
@click.option(
    "--role", default="creator", show_default=True, metavar="NAME", help="With --trust: who must have signed."
)
@click.option(
    "--audit", type=NamedPath(path_type=Path), metavar="LOG", help="With --trust: an audit log with times of signing."
)
@json_option
def command(
    *,
    release: Path,
    keys: tuple[Path, ...],
    expect: str | None,
    threshold: int,
    trust: Path | None,
    trust_version: str | None,
    role: str,
    audit: Path | None,
    as_json: bool,
) -> None:
    """Verify that a release was signed by whom you trust, and is what they signed. Needs no network.

    DIST is the directory of a release. Exit 8: it is not signed by enough of the keys, or a signature is bad. Exit 5:
    a file is not the one that was signed, was added, or is missing. run.json is signed by nobody: it tells of one run.

    Whom you trust say --key, or --trust: a trust root, whose keys of --role count while they are valid.
    """
    from twinbuild.cli.keyfile import public_key
    from twinbuild.cli.outcome import shown
    from twinbuild.errors import PolicyRefused, UsageError
    from twinbuild.pipeline.reading.released import read_release
    from twinbuild.pipeline.vouching import verify_release

    if bool(keys) == (trust is not None):
        hint = "name the public keys of whom you trust, or the directory of a trust root"
        raise UsageError.of("TB8001", "expected --key or --trust", hint=hint, where="verify-release")
    people: tuple[str, ...] = ()
    if trust is not None:
        found = read_release(release)
        vouchers, version = _by_role(found, trust, trust_version, role=role, audit=audit)
        vouched, people = vouchers.vouched, vouchers.people
    else:
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
            **({"people": people, "role": role, "trust": version} if trust is not None else {}),
        }
        click.echo(json.dumps({"release": str(vouched.digest), **document}))
        return
    click.echo(f"release  {vouched.name} {vouched.version}  {vouched.digest}")
    for keyid in vouched.keys:
        click.echo(f"signed   by {keyid}")
    if trust is not None:
        click.echo(f"trusted  {', '.join(people)}, {role} in version {version} of {shown(trust)}")
    for keyid in vouched.strangers:
        click.echo(f"besides  by {keyid}, which is none of the given keys")
    for name, keyid in vouched.lacking:
        click.echo(f"lacks    {name}, which {keyid} wrote")
    assert found.directory is not None
    click.echo(f"whole    {vouched.files} files and the images of {shown(found.directory)}")


def _by_role(
    found: Released, trust: Path, version: str | None, *, role: str, audit: Path | None
) -> tuple[Vouchers, int]:
    """The same by a trust root, and its version."""
    from twinbuild.cli.trusting import opened
    from twinbuild.pipeline.governing.logged import Logged, read_logged
    from twinbuild.pipeline.governing.trustedrelease import verify_by_role

    now = int(time.time())
    trusted = opened(trust, version, now=now)
    logged = read_logged(audit, trusted.root, now) if audit is not None else Logged()
    times = logged.times("signed", str(found.digest))
    return verify_by_role(found, trusted, role, now, logged=times), trusted.root.version
