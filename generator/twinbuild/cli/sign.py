"""``twinbuild sign``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from twinbuild.cli.options import NamedPath, json_option, signer_options

__all__ = ["command"]


@click.command("sign")
@click.argument("release", metavar="DIST", type=NamedPath(path_type=Path))
@signer_options
@click.option(
    "--layout",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the images with their signatures there, too.",
)
@json_option
def command(
    *, release: Path, key: str | None, program: str | None, public: Path | None, layout: Path | None, as_json: bool
) -> None:
    """Sign a release: DIST is its directory, or the spec that it was made from.

    What is not whole is not signed. Signatures lie in DIST/signatures; those of other keys stay. The passphrase is
    asked for at a terminal, or taken from TWINBUILD_KEY_PASSPHRASE. --layout writes an OCI layout that `cosign verify
    --local-image` reads; DIR/VARIANT where there are several variants.

    Where TWINBUILD_ARCHIVE and TWINBUILD_AUDIT_LOG say so, it is archived and logged, too.
    """
    from twinbuild.cli.keyfile import signer_of
    from twinbuild.cli.outcome import shown
    from twinbuild.cli.recording import recording_of
    from twinbuild.pipeline.images.signedlayout import write_signed_layouts
    from twinbuild.pipeline.reading.released import read_release
    from twinbuild.pipeline.signing import sign_release

    found = read_release(release)
    signer = signer_of(key, program, public, os.environ)
    recording = recording_of(os.environ)
    signed = sign_release(found, signer)
    layouts = write_signed_layouts(found, layout) if layout is not None else ()
    assert found.directory is not None
    recorded = recording.record(found.directory, actions=("signed",), keyid=signed.keyid)
    if as_json:
        answer = {"release": str(signed.digest), "keyid": signed.keyid, "keys": list(signed.keys)}
        more = {"weights": signed.weights, "layouts": [str(path) for path in layouts]}
        click.echo(json.dumps({**answer, **more, **dict(recorded.document)}))
        return
    click.echo(f"release  {signed.digest}")
    click.echo(f"signed   by {signed.keyid}")
    others = [keyid for keyid in signed.keys if keyid != signed.keyid]
    for keyid in others:
        click.echo(f"also     by {keyid}")
    if signed.weights:
        click.echo(f"weights  for model-signing: model.{signed.keyid}.sig")
    elif signer.public.kind == "ed25519":
        click.echo("weights  without a signature for model-signing, which takes no Ed25519 key")
    click.echo(f"output   {shown(found.directory / 'signatures')}")
    for path in layouts:
        click.echo(f"layout   {shown(path)}")
    for line in recorded.lines:
        click.echo(line)
