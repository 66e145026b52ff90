"""Layers of releases, read for what takes the room in them: each once, however many releases share it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

from twinbuild.codec.untar import Kind, untar
from twinbuild.describe.site.contents import Contents, Group, grouped, is_list, kept_path
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.oci.contents import HashedStream
from twinbuild.oci.decompress import decompress
from twinbuild.oci.stack import LAYER_KINDS
from twinbuild.pipeline.explain.layers import layout_in
from twinbuild.pipeline.reading.layouts import LayoutBlobs

__all__ = ["Layers", "OpenLayer", "opener"]

OpenLayer = Callable[[Digest], BinaryIO]
_LARGEST: Final = 64 << 30  # bytes of a layer's tar
_MOST: Final = 4096  # layers that are kept in mind, each a few kilobytes
_LISTS: Final = 64 << 20  # bytes of all lists of a layer; what is above goes by its directory


def opener(directory: Path) -> OpenLayer | None:
    """What opens the layers of a release's directory; None where it has no images."""
    layout = layout_in(directory)
    return LayoutBlobs(layout).open if layout is not None else None


class Layers:
    """Contents of layers. An instance lasts for one run."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Group, ...]] = {}

    def of(self, manifest: dict[str, Any], opened: OpenLayer) -> tuple[Contents, ...]:
        """Each layer of a release manifest's images once, in its order.

        Raises IntegrityError TB9410 for one with other bytes than the manifest says, and what ``opened``, ``untar``
        and ``decompress`` raise. A layer of a kind that is not read is left out.
        """
        found: dict[str, Contents] = {}
        for image in manifest["environment"]["images"]:
            for layer in image["layers"]:
                name = layer["digest"]
                if name not in found and layer["media_type"] in LAYER_KINDS:
                    found[name] = Contents(layer=name, groups=self._groups(layer, opened))
        return tuple(found.values())

    def _groups(self, layer: dict[str, Any], opened: OpenLayer) -> tuple[Group, ...]:
        key = f"{layer['digest']} {layer['diff_id']}"  # both were held against the bytes
        if key not in self._known:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = _read(layer, opened)
        return self._known[key]


def _read(layer: dict[str, Any], opened: OpenLayer) -> tuple[Group, ...]:
    files: dict[str, int] = {}
    lists: dict[str, bytes] = {}
    left = _LISTS
    subject = f"layer {layer['title']!r} ({layer['digest']})"
    with opened(Digest.parse(layer["digest"])) as stream:
        plain = HashedStream(decompress(stream, LAYER_KINDS[layer["media_type"]], limit=_LARGEST, subject=subject))
        for member, body in untar(plain, subject=subject, special=True, anything=True):
            if member.kind is Kind.FILE:
                path = kept_path(member.path)
                files[path] = files.get(path, 0) + member.size
                if member.size <= left and is_list(member.path, member.size):
                    left -= member.size
                    lists[member.path] = body.read()
    if str(plain.digest()) != layer["diff_id"]:
        raise IntegrityError.of(
            "TB9410",
            f"{subject} unpacks to {plain.digest()}, expected {layer['diff_id']}",
            hint="take the release from where it was made again",
            where=layer["digest"],
        )
    return grouped(files, lists)
