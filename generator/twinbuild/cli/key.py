"""``twinbuild key``."""

from __future__ import annotations

import errno
import json
import os
import re
import time
from pathlib import Path

import click

from twinbuild.cli.options import NamedPath, json_option
from twinbuild.codec.amounts import counted

__all__ = ["command"]

_SHORTEST, _LONGEST = 12, 1023  # bytes of a passphrase: what guesses it has the file, and time


@click.group("key")
def command() -> None:
    """Make keys that sign releases, say what they are called; rotate and revoke them in a trust root."""


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
        message = f"the passphrase has {counted(len(passphrase), 'byte')}, expected {_SHORTEST} to {_LONGEST}"
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
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):  # the disk's fault, which another name keeps
                raise
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


@command.command("rotate")
@click.argument("old", metavar="OLD")
@click.argument("public", metavar="NEW", type=NamedPath(path_type=Path))
@click.option("--trust", required=True, type=NamedPath(path_type=Path), metavar="DIR", help="The trust root.")
@click.option("--overlap", default="0s", show_default=True, metavar="TIME", help="How long the old key still counts.")
@json_option
def rotate(*, old: str, public: Path, trust: Path, overlap: str, as_json: bool) -> None:
    """Let a key take the place of another one of the same person, in each of its roles.

    OLD is the id of a key of the trust root (or its beginning), or a file with its public half; NEW a public key. It
    changes the draft of the next document, which counts once it is signed: `trust sign`.
    """
    from twinbuild.cli.keyfile import public_key
    from twinbuild.cli.trusting import say_draft, time_given
    from twinbuild.govern.rootedits import with_rotated
    from twinbuild.pipeline.governing.drafting import change_root

    now = int(time.time())
    new, keyid, until = public_key(public), _keyid(old), time_given(overlap, now, where="--overlap")
    edit = lambda root: with_rotated(root, keyid, new, now=now, until=until)  # noqa: E731
    say_draft(change_root(trust, edit, now=now, policy=lambda _: b""), as_json=as_json)


@command.command("revoke")
@click.argument("key", metavar="KEY")
@click.option("--trust", required=True, type=NamedPath(path_type=Path), metavar="DIR", help="The trust root.")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@click.option(
    "--at", "moment", metavar="TIME", help="Since when it counts for nothing: a day, or a time (default: now)."
)
@json_option
def revoke(*, key: str, trust: Path, reason: str, moment: str | None, as_json: bool) -> None:
    """Let a key count for nothing any more.

    KEY is its id (or the beginning), or a file with its public half. What it signed before still counts where an audit
    log says when. It changes the draft of the next document, which counts once it is signed: `trust sign`.
    """
    from twinbuild.cli.trusting import say_draft, time_given
    from twinbuild.govern.rootedits import without_key
    from twinbuild.pipeline.governing.drafting import change_root

    now = int(time.time())
    keyid, at = _keyid(key), now if moment is None else time_given(moment, now, where="--at")
    edit = lambda root: without_key(root, keyid, at=at, reason=reason)  # noqa: E731
    say_draft(change_root(trust, edit, now=now, policy=lambda _: b""), as_json=as_json)


def _keyid(text: str) -> str:
    """The id of a key that is named by it, by its beginning, or by a file with its public half."""
    from twinbuild.cli.keyfile import public_key

    return text if re.fullmatch(r"[0-9a-f]{8,64}", text) else public_key(Path(text)).keyid


def _say(keyid: str, kind: str, *, as_json: bool, files: tuple[Path, ...]) -> None:
    from twinbuild.cli.outcome import shown

    if as_json:
        click.echo(json.dumps({"keyid": keyid, "kind": kind, "files": [str(each) for each in files]}))
        return
    click.echo(f"key      {keyid}")
    click.echo(f"kind     {'ECDSA P-256' if kind == 'ecdsa' else 'Ed25519'}")
    for each, what in zip(files[::-1], ("public", "private"), strict=False):
        click.echo(f"{what:8} {shown(each)}")
