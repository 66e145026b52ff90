"""``twinbuild verify-release``."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import NamedPath, audit_kept_option, json_option
from twinbuild.cli.trusting import trust_options
from twinbuild.codec.amounts import counted
from twinbuild.errors import UsageError

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
@click.option(
    "--threshold", type=int, metavar="N", help="With --key: how many of the keys must have signed.  [default: 1]"
)
@trust_options(required=False)
@click.option("--role", metavar="NAME", help="With --trust: who must have signed.  [default: creator]")
@click.option(
    "--audit", type=NamedPath(path_type=Path), metavar="LOG", help="With --trust: an audit log with times of signing."
)
@audit_kept_option
@json_option
def command(
    *,
    release: Path,
    keys: tuple[Path, ...],
    expect: str | None,
    threshold: int | None,
    trust: Path | None,
    trust_version: str | None,
    role: str | None,
    audit: Path | None,
    audit_kept: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Verify that a release was signed by whom you trust, and is what they signed. Needs no network.

    DIST is the directory of a release. Exit 8: it is not signed by enough of the keys, or a signature is bad. Exit 5:
    a file is not the one that was signed, was added, or is missing. run.json is signed by nobody: it tells of one run.

    Whom you trust say --key, or --trust: a trust root, whose keys of --role count while they are valid.
    """
    from twinbuild.cli.keyfile import public_key
    from twinbuild.cli.outcome import shown
    from twinbuild.errors import PolicyRefused
    from twinbuild.pipeline.reading.released import read_release
    from twinbuild.pipeline.vouching import verify_release

    if bool(keys) == (trust is not None):
        hint = "name the public keys of whom you trust, or the directory of a trust root"
        raise UsageError.of("TB8001", "expected --key or --trust", hint=hint, where="verify-release")
    of_trust = {
        "--trust-version": trust_version,
        "--role": role,
        "--audit": audit,
        "--audit-checkpoint": audit_kept or None,
    }
    _refuse_unused(trust, threshold, of_trust)
    people: tuple[str, ...] = ()
    besides: dict[str, tuple[str, str]] = {}
    role = "creator" if role is None else role
    if trust is not None:
        found = read_release(release)
        vouchers, version = _by_role(found, trust, trust_version, role=role, audit=audit, kept=audit_kept)
        vouched, people = vouchers.vouched, vouchers.people
        besides = {keyid: (who, why) for keyid, who, why in vouchers.besides}
    else:
        trusted = tuple(public_key(path) for path in keys)
        found = read_release(release)
        vouched = verify_release(found, trusted, threshold=1 if threshold is None else threshold)
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
        if trust is not None:
            uncounted = [{"keyid": keyid, "who": who, "why": why} for keyid, (who, why) in besides.items()]
            document |= {"people": people, "role": role, "trust": version, "uncounted": uncounted}
        click.echo(json.dumps({"release": str(vouched.digest), **document}))
        return
    click.echo(f"release  {vouched.name} {vouched.version}  {vouched.digest}")
    for keyid in vouched.keys:
        click.echo(f"signed   by {keyid}")
    if trust is not None:
        click.echo(f"trusted  {', '.join(people)}, {role} in version {version} of {shown(trust)}")
    for keyid in vouched.strangers:
        who, why = besides.get(
            keyid, ("", "is none of the given keys" if trust is None else "is not in the trust root")
        )
        click.echo(f"besides  by {keyid}, which {why}" if not who else f"besides  by {keyid}, {who}'s, which {why}")
    for name, keyid in vouched.lacking:
        click.echo(f"lacks    {name}, which {keyid} wrote")
    assert found.directory is not None
    click.echo(f"whole    {counted(vouched.files, 'file')} and the images of {shown(found.directory)}")


def _refuse_unused(trust: Path | None, threshold: int | None, of_trust: Mapping[str, object]) -> None:
    """An option that would say nothing is refused: who gives it counts on it. Raises UsageError TB8001."""
    if trust is not None and threshold is not None:
        message, hint = "got --threshold with --trust, whose roles say how many people it takes", "leave it out"
        raise UsageError.of("TB8001", message, hint=hint, where="--threshold")
    unused = [name for name, value in of_trust.items() if value is not None]
    if trust is None and unused:
        message, hint = f"got {', '.join(unused)} without --trust", "name a trust root, or leave it out"
        raise UsageError.of("TB8001", message, hint=hint, where=unused[0])


def _by_role(
    found: Released, trust: Path, version: str | None, *, role: str, audit: Path | None, kept: tuple[Path, ...]
) -> tuple[Vouchers, int]:
    """The same by a trust root, and its version."""
    from twinbuild.cli.trusting import logged_given, opened
    from twinbuild.pipeline.governing.trustedrelease import verify_by_role

    now = int(time.time())
    trusted = opened(trust, version, now=now)
    logged = logged_given(audit, kept, trusted, now)
    times = logged.times("signed", str(found.digest))
    return verify_by_role(found, trusted, role, now, logged=times), trusted.root.version
