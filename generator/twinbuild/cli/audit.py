"""``twinbuild audit``."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import NamedPath, json_option
from twinbuild.codec.amounts import counted

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.codec.auditentry import Entry
    from twinbuild.govern.keys import PublicKey

__all__ = ["command"]

_LOG = click.argument("log", metavar="LOG", type=NamedPath(path_type=Path))
_KEY = click.option("--key", metavar="FILE|env:NAME", help="The log's private key, in PEM: a file, or a variable.")
_SIGNER = click.option("--signer", "program", metavar="COMMAND", help="A program that signs its standard input.")
_PUBLIC = click.option(
    "--public", type=NamedPath(path_type=Path), metavar="FILE", help="The public half of the program's key."
)


@click.group("audit")
def command() -> None:
    """Keep an append-only log of who did what to which release, and verify it.

    A log is a directory: a Merkle tree of its entries (RFC 6962) as C2SP's tlog-tiles lays it out, and a signed
    checkpoint. Keep copies of LOG/checkpoint elsewhere: against them every later change of the past is found.
    """


@command.command("new")
@_LOG
@click.option("--origin", required=True, metavar="NAME", help="The log's name, as in example.com/releases.")
@_KEY
@_SIGNER
@_PUBLIC
@json_option
def new(*, log: Path, origin: str, key: str | None, program: str | None, public: Path | None, as_json: bool) -> None:
    """Make an empty log in a new directory. All its checkpoints are signed with this key."""
    from twinbuild.cli.keyfile import signer_of
    from twinbuild.cli.outcome import shown
    from twinbuild.govern.notes import verifier_key
    from twinbuild.pipeline.audit.log import new_log

    signer = signer_of(key, program, public, os.environ)
    made = new_log(log, origin, signer)
    vkey = verifier_key(signer.public, origin)
    if as_json:
        click.echo(json.dumps({"origin": made.origin, "keyid": signer.public.keyid, "verifier": vkey}))
        return
    click.echo(f"log      {made.origin}, empty, in {shown(log)}")
    click.echo(f"signed   by {signer.public.keyid}")
    click.echo(f"verifier {vkey}")


@command.command("add")
@_LOG
@click.argument("action")
@click.option("--release", type=NamedPath(path_type=Path), metavar="DIST", help="The release that it was done to.")
@click.option("--by", metavar="WHO", help="Who did it: a key's id, or a name (default: the id of the log's key).")
@click.option("--details", default="", metavar="TEXT", help="What else is to be said.")
@_KEY
@_SIGNER
@_PUBLIC
@click.option("--wait", default=60, show_default=True, metavar="SECONDS", type=click.IntRange(0), help="For others.")
@json_option
def add(
    *,
    log: Path,
    action: str,
    release: Path | None,
    by: str | None,
    details: str,
    key: str | None,
    program: str | None,
    public: Path | None,
    wait: int,
    as_json: bool,
) -> None:
    """Append an entry: ACTION is released, signed, approved, refused, promoted, rolled-back or note.

    What it prints is in the log for good. It may be killed at any moment: the entry is then in the log or it is not.
    """
    from twinbuild.cli.keyfile import signer_of
    from twinbuild.codec.auditentry import Entry
    from twinbuild.codec.standard64 import encode_base64
    from twinbuild.pipeline.audit.log import add_entries
    from twinbuild.pipeline.reading.released import read_release
    from twinbuild.pipeline.reading.validating import require_format

    about = {}
    if release is not None:
        found = read_release(release)
        require_format(found.path, found.document)  # what a log has, it keeps
        metadata = found.document["metadata"]
        assert isinstance(metadata, dict)
        about = {"release": str(found.digest), "name": str(metadata["name"]), "version": str(metadata["version"])}
    signer = signer_of(key, program, public, os.environ)
    who = signer.public.keyid if by is None else by
    entry = Entry(action=action, by=who, time=int(time.time()), details=details, **about)
    signed = add_entries(log, (entry,), signer, wait=wait)
    if as_json:
        root = encode_base64(signed.root)
        click.echo(json.dumps({"index": signed.size - 1, "size": signed.size, "root": root, "origin": signed.origin}))
        return
    click.echo(f"entry    {signed.size - 1}")
    click.echo(f"root     {encode_base64(signed.root)} of {_entries(signed.size)}")


@command.command("log")
@_LOG
@json_option
def show(*, log: Path, as_json: bool) -> None:
    """List the entries. Nothing is verified: `audit verify` does that."""
    from twinbuild.codec.standard64 import encode_base64
    from twinbuild.pipeline.audit.read import read_entries

    checkpoint, _, entries = read_entries(log)
    if as_json:
        listed = [{"index": index, **_document(entry)} for index, entry in enumerate(entries)]
        document = {"origin": checkpoint.origin, "size": checkpoint.size, "root": encode_base64(checkpoint.root)}
        click.echo(json.dumps({**document, "entries": listed}))
        return
    for index, entry in enumerate(entries):
        click.echo(_line(index, entry))


@command.command("prove")
@_LOG
@click.argument("index", type=click.IntRange(0), required=False)
@click.option("--release", metavar="DIGEST", help="The entry about this release, where there is one.")
@click.option("--since", type=NamedPath(path_type=Path), metavar="FILE", help="That the log goes on from a checkpoint.")
@click.option("--output", type=NamedPath(path_type=Path), metavar="FILE", help="Write it there (default: print it).")
def prove(*, log: Path, index: int | None, release: str | None, since: Path | None, output: Path | None) -> None:
    """Make a proof that an entry is in the log, or that the log goes on from an older checkpoint.

    Whoever has it and the log's public key verifies it without the log: `audit verify PROOF --key PUBLIC`.
    """
    from twinbuild.errors import TwinbuildError, UsageError
    from twinbuild.model.digest import Digest
    from twinbuild.pipeline.audit.prove import index_of, prove_consistency, prove_inclusion
    from twinbuild.pipeline.output import write_file

    if [index, release, since].count(None) != 2:
        message = "expected one of INDEX, --release and --since"
        raise UsageError.of("TB8001", message, hint="say what is to be proven", where="audit prove")
    if since is not None:
        proof = prove_consistency(log, since)
    else:
        if release is not None:
            try:
                digest = Digest.parse(release)
            except TwinbuildError as error:
                raise UsageError(error.findings) from None
            index = index_of(log, digest)
        assert index is not None
        proof = prove_inclusion(log, index)
    if output is None:
        click.echo(proof, nl=False)
    else:
        write_file(output, proof)


def _entries(count: int) -> str:
    return counted(count, "entry", "entries")


@command.command("verify")
@click.argument("log", metavar="LOG|PROOF", type=NamedPath(path_type=Path))
@click.option(
    "--key", "public", required=True, type=NamedPath(path_type=Path), metavar="PUBLIC", help="The log's public key."
)
@click.option(
    "--checkpoint",
    "kept",
    multiple=True,
    type=NamedPath(path_type=Path),
    metavar="FILE",
    help="A copy of the log's checkpoint that was kept elsewhere; may be repeated.",
)
@json_option
def verify(*, log: Path, public: Path, kept: tuple[Path, ...], as_json: bool) -> None:
    """Verify a log: its signature, every entry and every tile, and that it goes on from checkpoints kept elsewhere.

    A PROOF is verified by itself. Exit 5: entries were changed, moved, copied, taken out or cut off, tiles rewritten,
    the log is a fork, or a proof proves nothing. Exit 8: the key did not sign it.
    """
    from twinbuild.cli.keyfile import public_key
    from twinbuild.cli.outcome import shown
    from twinbuild.codec.standard64 import encode_base64
    from twinbuild.pipeline.audit.read import verify_log

    key = public_key(public)
    if log.is_file():
        _verify_proof(log, key, kept, as_json=as_json)
        return
    found = verify_log(log, key, kept)
    checkpoint, root = found.checkpoint, encode_base64(found.checkpoint.root)
    if as_json:
        document = {"origin": checkpoint.origin, "size": checkpoint.size, "root": root, "keyid": key.keyid}
        more = {"kept": found.kept, "beyond": found.beyond, "back": found.back}
        click.echo(json.dumps({**document, **more}))
        return
    click.echo(f"log      {shown(checkpoint.origin)}, {_entries(checkpoint.size)}")
    click.echo(f"root     {root}")
    click.echo(f"signed   by {key.keyid}")
    for index in found.back:
        click.echo(f"clock    the time of entry {index} is before that of the entry before it")
    if found.beyond:
        click.echo(
            f"beyond   {counted(len(found.beyond), 'file')} of an append that did not end: {shown(found.beyond[0])}, …"
        )
    for path in kept:
        click.echo(f"since    {shown(path)}: the log goes on from it")
    if not kept:
        click.echo(
            "unknown  whether entries at the end are gone, or all of it was written anew by who has the key: "
            "give --checkpoint, a copy kept elsewhere"
        )


def _verify_proof(path: Path, key: PublicKey, kept: tuple[Path, ...], *, as_json: bool) -> None:
    from twinbuild.cli.outcome import shown
    from twinbuild.codec.standard64 import encode_base64
    from twinbuild.pipeline.audit.prove import verify_proof

    proven = verify_proof(path, key, kept)
    checkpoint, root = proven.checkpoint, encode_base64(proven.checkpoint.root)
    document = {"origin": checkpoint.origin, "size": checkpoint.size, "root": root, "keyid": key.keyid}
    if as_json:
        more = {"older": proven.index} if proven.entry is None else {"index": proven.index, **_document(proven.entry)}
        click.echo(json.dumps({**document, **more}))
        return
    click.echo(f"log      {shown(checkpoint.origin)}, {_entries(checkpoint.size)}")
    click.echo(f"root     {root}")
    click.echo(f"signed   by {key.keyid}")
    if proven.entry is None:
        click.echo(f"since    {shown(kept[0])}: the log goes on from its {_entries(proven.index)}")
    else:
        click.echo(f"entry    {_line(proven.index, proven.entry).strip()}")


def _document(entry: Entry) -> dict[str, str]:
    about = {"release": entry.release, "name": entry.name, "version": entry.version} if entry.release else {}
    details = {"details": entry.details} if entry.details else {}
    return {"time": entry.moment, "action": entry.action, "by": entry.by, **about, **details}


def _line(index: int, entry: Entry) -> str:
    from twinbuild.cli.outcome import shown
    from twinbuild.codec.auditentry import is_key

    release = f"  {entry.name} {entry.version} {entry.release[:19]}…" if entry.release else ""
    by = f"key {entry.by[:12]}…" if is_key(entry.by) else entry.by
    details = f"  {entry.details}" if entry.details else ""
    return shown(f"{index:5}  {entry.moment}  {entry.action:11}{release}  by {by}{details}")
