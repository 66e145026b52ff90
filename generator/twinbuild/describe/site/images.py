"""The matrix of variants and platforms, and the layers of each image as tables and treemaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from twinbuild.describe.site.cells import Cell, Table, amount, badge, columns, digest, number, size, text
from twinbuild.describe.site.contents import Contents
from twinbuild.describe.site.zoom import Picture, pictures, weights

__all__ = ["Image", "images", "matrix"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image: its name on the page, its layers as pictures and as tables, sizes in bytes."""

    name: str
    title: str
    digest: str
    pictures: tuple[Picture, ...]
    layers: Table
    weights: Table | None
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


def images(
    manifest: dict[str, Any],
    contents: Sequence[Contents] = (),
    rows: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> tuple[Image, ...]:
    """Each image with its layers. ``rows``: ids of components' rows by kind and name, which packages lead to."""
    found = manifest["environment"]["images"]
    return tuple(_image(number, one, contents, rows, len(found)) for number, one in enumerate(found))


def _image(
    position: int,
    one: dict[str, Any],
    contents: Sequence[Contents],
    rows: Mapping[tuple[str, str], str],
    share: int,
) -> Image:
    layers, name = one["layers"], f"image-{position}"
    whole = sum(layer["size"] for layer in layers)
    unpacked = sum(layer.get("uncompressed_size", 0) for layer in layers)
    return Image(
        name=name,
        title=f"{one['variant']} {one['platform']}",
        digest=one["digest"],
        whole=f"{amount(whole)} compressed" + (f", {amount(unpacked)} unpacked" if unpacked else ""),
        pictures=pictures(name, layers, contents, rows, share=share),
        weights=weights(name, layers, contents, share=share) if contents else None,
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
