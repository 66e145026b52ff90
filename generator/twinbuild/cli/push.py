"""``twinbuild push``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import json_option, quiet_option, variant_option
from twinbuild.codec.amounts import counted

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.pipeline.images.pushing import Moved, Pushed

__all__ = ["command"]


@click.command("push")
@click.argument("source", metavar="SPEC|DIST", type=click.Path(path_type=Path))
@click.argument("reference")
@variant_option
@click.option(
    "--mount-from",
    multiple=True,
    metavar="REPOSITORY",
    help="A repository of the same registry that may have layers; may be repeated.",
)
@click.option("--no-signatures", is_flag=True, help="Attach nothing of what was signed.")
@json_option
@quiet_option
def command(
    *,
    source: Path,
    reference: str,
    variants: tuple[str, ...],
    mount_from: tuple[str, ...],
    no_signatures: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Push the images of a release, or of an OCI layout, into a registry.

    SPEC|DIST is a spec that was released, the directory of a release (dist/NAME-VERSION) or an OCI layout. REFERENCE is
    [HOST[:PORT]/]NAME[:TAG]; without a tag the release's version is taken (VERSION-VARIANT where the spec has several
    variants). Several variants get a tag each, TAG-VARIANT; a single one, as with --variant, gets TAG as it is. What
    the registry has already is not sent. Signatures and statements of a signed release are attached to its images, as
    cosign and the OCI referrers API have them; those of others stay.
    """
    from twinbuild.cli.session import session
    from twinbuild.model.reference import ImageReference
    from twinbuild.pipeline.images.pushing import push

    named = ImageReference.parse(reference)
    with session(beside=source, quiet=quiet or as_json) as machine:
        pushed = push(source, named, machine, variants=variants, mount_from=mount_from, signatures=not no_signatures)
    click.echo(_json(pushed) if as_json else _text(pushed))


def _text(pushed: Pushed) -> str:
    from twinbuild.net.registry.upload import Sent

    moved = {how: [each for each in pushed.blobs if each.how is how] for how in Sent}
    lines = [f"pushed   {image.reference}  {image.digest}" for image in pushed.images]
    sent = moved[Sent.UPLOADED]
    lines.append(
        f"sent     {len(sent)} of {counted(len(pushed.blobs), 'blob')}, {sum(each.size for each in sent) / 1e6:.1f} MB"
    )
    for how, words in ((Sent.MOUNTED, "mounted"), (Sent.PRESENT, "there")):
        if moved[how]:
            size = sum(each.size for each in moved[how]) / 1e6
            what = "from other repositories" if how is Sent.MOUNTED else "already"
            lines.append(f"{words:8} {counted(len(moved[how]), 'blob')}, {size:.1f} MB, {what}")
    if pushed.attached:
        fresh = sum(each.how is not Sent.PRESENT for each in pushed.attached)
        what = counted(fresh, "blob or manifest", "blobs and manifests") if fresh else "already"
        lines.append(f"attached signatures and statements, {what}")
    if all(each.how is Sent.PRESENT for each in (*pushed.manifests, *pushed.attached)):
        lines.append("nothing  was new: the registry had all of it under that name")
    return "\n".join(lines)


def _json(pushed: Pushed) -> str:
    def listed(moved: tuple[Moved, ...]) -> list[dict[str, object]]:
        return [{"digest": str(each.digest), "size": each.size, "how": each.how.value} for each in moved]

    images = [
        {"reference": str(image.reference), "digest": str(image.digest), "images": image.platforms}
        for image in pushed.images
    ]
    return json.dumps(
        {
            "images": images,
            "sent": pushed.sent(),
            "blobs": listed(pushed.blobs),
            "manifests": listed(pushed.manifests),
            "attached": listed(pushed.attached),
        }
    )
