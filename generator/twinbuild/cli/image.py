"""``twinbuild image``: ls, inspect and rm."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinbuild.cli.options import json_option
from twinbuild.cli.outcome import shown
from twinbuild.store.disk import DiskStore

if TYPE_CHECKING:  # start-up is measured
    from twinbuild.pipeline.images.images import ImageDetails, KnownImage

__all__ = ["command"]


@click.group("image")
def command() -> None:
    """Look at images in the store: those that were pulled, built and released here."""


@contextmanager
def _store() -> Iterator[DiskStore]:
    from twinbuild.cli.session import session

    with session(beside=Path(), quiet=True) as machine:
        assert isinstance(machine.store, DiskStore)
        yield machine.store


@command.command("ls")
@json_option
def ls_command(*, as_json: bool) -> None:
    """List the images that the store keeps, and for what.

    Where the spec or release is no longer there, the next `twinbuild store gc` frees the image.
    """
    from twinbuild.pipeline.images.images import known_images

    with _store() as store:
        images = known_images(store)
    if as_json:
        click.echo(json.dumps({"images": [_summary(image) for image in images]}))
        return
    for image in images:
        what = image.platform or "index"
        name = shown(image.name or "-")
        of = f" ({shown(image.variant)})" if image.variant else ""
        kept = "" if image.kind == "pulled" else f"  {shown(image.origin)}{', no longer there' if image.gone else ''}"
        digest = image.manifest.digest.hex[:12]
        click.echo(f"{image.kind:8} {digest}  {what:12} {_amount(image.size):>9}  {name}{of}{kept}")


@command.command("inspect")
@click.argument("image")
@json_option
def inspect_command(*, image: str, as_json: bool) -> None:
    """Show an image's configuration, layers and history.

    IMAGE is the name of an image that was pulled, a digest, or the first digits of one.
    """
    from twinbuild.pipeline.images.images import find_image, image_details

    with _store() as store:
        found = find_image(store, image)
        details = image_details(store, found)
    if as_json:
        click.echo(json.dumps({**_summary(found), "images": [_document(each) for each in details]}))
        return
    click.echo("\n\n".join(_text(each) for each in details))


@command.command("rm")
@click.argument("image")
@json_option
def rm_command(*, image: str, as_json: bool) -> None:
    """Keep an image that was pulled no longer; `twinbuild store gc` then deletes what nothing else needs."""
    from twinbuild.pipeline.images.images import forget_image

    with _store() as store:
        gone = forget_image(store, image)
    click.echo(json.dumps(_summary(gone)) if as_json else f"no longer kept: {shown(gone.name)}")


def _summary(image: KnownImage) -> dict[str, object]:
    return {
        "name": image.name,
        "kind": image.kind,
        "origin": image.origin,
        "gone": image.gone,
        "variant": image.variant or None,
        "digest": str(image.manifest.digest),
        "mediaType": image.manifest.media_type,
        "platform": image.platform or None,
        "size": image.size,
    }


def _document(details: ImageDetails) -> dict[str, object]:
    layers = [
        {
            "digest": str(layer.descriptor.digest),
            "mediaType": layer.descriptor.media_type,
            "size": layer.descriptor.size,
            "diffId": layer.diff_id or None,
            "createdBy": layer.created_by,
        }
        for layer in details.layers
    ]
    return {
        "digest": str(details.image.manifest.digest),
        "platform": details.image.platform,
        "config": json.loads(details.config_document),
        "configDigest": str(details.config.digest),
        "layers": layers,
    }


def _text(details: ImageDetails) -> str:
    image = details.image
    lines = [
        f"image       {image.manifest.digest}",
        f"platform    {image.platform}",
        f"config      {details.config.digest}",
    ]
    for label, value in (
        ("created", details.created),
        ("user", details.user),
        ("directory", details.working_directory),
        ("entrypoint", json.dumps(details.entrypoint) if details.entrypoint else ""),
        ("command", json.dumps(details.command) if details.command else ""),
    ):
        if value:
            lines.append(f"{label:11} {value}")
    lines += [f"environment {each}" for each in details.environment]
    lines += [f"label       {name}={value}" for name, value in details.labels]
    for number, layer in enumerate(details.layers, start=1):
        digest = layer.descriptor.digest.hex[:12]
        lines.append(f"layer {number:<5} {digest} {_amount(layer.descriptor.size):>9}  {layer.created_by[:200]}")
    return "\n".join(shown(line) for line in lines)


def _amount(size: int) -> str:
    if size >= 10**9:
        return f"{size / 1e9:.2f} GB"
    return f"{size / 1e6:.1f} MB" if size >= 10**5 else f"{size / 1e3:.1f} kB"
