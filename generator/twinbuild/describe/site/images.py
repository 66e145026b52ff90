"""The matrix of variants and platforms, and the layers of each image as a table and a treemap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twinbuild.describe.site.cells import Cell, Table, amount, badge, columns, digest, number, size, text
from twinbuild.describe.site.treemap import Tile, treemap

__all__ = ["Image", "Leaf", "images", "matrix"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A layer in the treemap: its place, what it is, and the id of its row in the table."""

    tile: Tile
    title: str
    said: str
    kind: str
    row: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image: its name on the page, its layers as a picture and as a table, sizes in bytes."""

    name: str
    title: str
    digest: str
    leaves: tuple[Leaf, ...]
    layers: Table
    whole: str


def matrix(manifest: dict[str, Any]) -> Table:
    """A row for each variant on each platform."""
    environment = manifest["environment"]
    verdicts = {one["digest"]: one for one in manifest["tests"].get("images", ())}
    accelerators = {one["name"]: one.get("accelerator", "none") for one in environment.get("variants", ())}
    pythons = {(one["variant"], one["platform"]): one["python"]["version"] for one in environment["targets"]}
    return Table(
        name="matrix",
        caption="Variants and platforms",
        columns=columns("Variant", "Platform", "Accelerator", "Python", "#Layers", "#Size", "Tests", "Image"),
        rows=tuple(
            (
                text(one["variant"]),
                text(one["platform"]),
                text(accelerators.get(one["variant"], "none")),
                text(pythons.get((one["variant"], one["platform"]), "")),
                number(len(one["layers"])),
                size(sum(layer["size"] for layer in one["layers"])),
                _verdict(verdicts.get(one["digest"])),
                digest(one["digest"]),
            )
            for one in environment["images"]
        ),
        empty="This release has no image.",
    )


def _verdict(one: dict[str, Any] | None) -> Cell:
    if one is None:
        return badge("untested", "warn")
    return badge(one["verdict"], "good" if one["verdict"] == "passed" else "warn")


def images(manifest: dict[str, Any]) -> tuple[Image, ...]:
    """Each image with its layers."""
    return tuple(_image(number, one) for number, one in enumerate(manifest["environment"]["images"]))


def _image(position: int, one: dict[str, Any]) -> Image:
    layers, name = one["layers"], f"image-{position}"
    tiles = treemap([layer["size"] for layer in layers])
    whole = sum(layer["size"] for layer in layers)
    unpacked = sum(layer.get("uncompressed_size", 0) for layer in layers)
    return Image(
        name=name,
        title=f"{one['variant']} {one['platform']}",
        digest=one["digest"],
        whole=f"{amount(whole)} compressed" + (f", {amount(unpacked)} unpacked" if unpacked else ""),
        leaves=tuple(
            Leaf(
                tile=tile,
                title=layers[tile.index]["title"].removeprefix("wheel "),
                said=f"{amount(layers[tile.index]['size'])}, {100 * layers[tile.index]['size'] / whole:.1f} %",
                kind=_kind(layers[tile.index]["title"]),
                row=f"{name}-layers-{tile.index + 1}",
            )
            for tile in tiles
        ),
        layers=Table(
            name=f"{name}-layers",
            caption=f"Layers of {one['variant']} {one['platform']}",
            columns=columns("#No.", "Layer", "#Compressed", "#Unpacked", "Digest", "diff_id"),
            rows=tuple(
                (
                    number(count),
                    text(layer["title"]),
                    size(layer["size"]),
                    size(layer.get("uncompressed_size", 0)),
                    digest(layer["digest"]),
                    digest(layer["diff_id"]),
                )
                for count, layer in enumerate(layers, 1)
            ),
        ),
    )


def _kind(title: str) -> str:
    """What a layer holds, of what its title begins with: it decides the colour alone."""
    first = title.split(" ", 1)[0]
    if first in ("Debian", "base"):
        return "system"
    if first in ("wheel", "Python") or "wheels" in title:
        return "python"
    if first == "artifact":
        return "model"
    return "application"
