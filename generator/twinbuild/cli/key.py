"""``twinbuild key``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from twinbuild.cli.options import NamedPath, json_option

__all__ = ["command"]

_SHORTEST, _LONGEST = 12, 1023  # bytes of a passphrase: what guesses it has the file, and time


@click.group("key")
def command() -> None:
    """Make keys that sign releases, and say what they are called."""


@command.command("new")
@click.argument("path", metavar="FILE", type=NamedPath(path_type=Path))
@click.option(
    "--kind",
    type=click.Choice(["ecdsa", "ed25519"]),
    default="ecdsa",
    show_default=True,
    help="ECDSA on P-256, which most tools read, or Ed25519.",
)
@click.option("--unencrypted", is_flag=True, help="Write it without a passphrase.")
@json_option
def new(*, path: Path, kind: str, unencrypted: bool, as_json: bool) -> None:
    """Make a key: FILE is the private half (mode 0600), FILE.pub the public one.

    The passphrase is asked for at a terminal, or taken from TWINBUILD_KEY_PASSPHRASE.
    """
    from twinbuild.cli.keyfile import PASSPHRASE, passphrase_for
    from twinbuild.errors import Location, UsageError
    from twinbuild.govern.keys import new_key

    if not path.name:
        raise UsageError.of("TB8613", f"{path} is no name of a file", hint="name a new file", where="FILE")
    public = path.with_name(f"{path.name}.pub")
    for each in (path, public):
        if each.exists() or each.is_symlink():
            message = f"{each} is there already: a key is never written over"
            raise UsageError.of("TB8613", message, hint="choose another name", where=Location(file=str(each)))
    passphrase = None if unencrypted else passphrase_for(str(path), os.environ, twice=True)
    if not unencrypted and not passphrase:
        raise UsageError.of(
            "TB8614",
            "no passphrase was given",
            hint=f"set {PASSPHRASE}, run it at a terminal, or add --unencrypted where nobody else can read the file",
            where="--unencrypted",
        )
    if passphrase is not None and not _SHORTEST <= len(passphrase) <= _LONGEST:
        message = f"the passphrase has {len(passphrase)} bytes, expected {_SHORTEST} to {_LONGEST}"
        hint = "take several words, or what a password manager makes"
        raise UsageError.of("TB8614", message, hint=hint, where=PASSPHRASE)
    key = new_key("ed25519" if kind == "ed25519" else "ecdsa")
    made: list[Path] = []
    for each, content, mode in ((path, key.pem(passphrase), 0o600), (public, key.public.pem, 0o644)):
        try:
            descriptor = os.open(each, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
            made.append(each)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())  # what it signs may last longer than the power does
        except OSError as error:
            for half in made:  # half a pair is no key, and would be in the way of the next one
                half.unlink(missing_ok=True)
            message = f"{each} cannot be written: {error.strerror}"
            hint = "name a file in a directory that is yours"
            raise UsageError.of("TB8613", message, hint=hint, where=Location(file=str(each))) from error
    _say(key.public.keyid, kind, as_json=as_json, files=(path, public))


@command.command("show")
@click.argument("path", metavar="FILE", type=NamedPath(path_type=Path))
@json_option
def show(*, path: Path, as_json: bool) -> None:
    """Print the id of a public key: FILE.pub, in PEM."""
    from twinbuild.cli.keyfile import public_key

    key = public_key(path)
    _say(key.keyid, key.kind, as_json=as_json, files=(path,))


def _say(keyid: str, kind: str, *, as_json: bool, files: tuple[Path, ...]) -> None:
    from twinbuild.cli.outcome import shown

    if as_json:
        click.echo(json.dumps({"keyid": keyid, "kind": kind, "files": [str(each) for each in files]}))
        return
    click.echo(f"key      {keyid}")
    click.echo(f"kind     {'ECDSA P-256' if kind == 'ecdsa' else 'Ed25519'}")
    for each, what in zip(files[::-1], ("public", "private"), strict=False):
        click.echo(f"{what:8} {shown(each)}")
