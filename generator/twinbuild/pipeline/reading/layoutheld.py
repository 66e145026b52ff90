"""``index.json`` and ``oci-layout`` of a release's images: no manifest names their digests, but it implies them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from twinbuild import __version__
from twinbuild.codec.jsontext import JsonProblem, parse_json
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor, Image
from twinbuild.model.platform import Platform
from twinbuild.net.registry.document import LARGEST_DOCUMENT, parts_of
from twinbuild.oci.layout import image_layout
from twinbuild.pipeline.reading.layouts import LayoutBlobs
from twinbuild.pipeline.regular import Irregular, read_regular

__all__ = ["layout_faults"]

_HELD: Final = ("index.json", "oci-layout")


def layout_faults(source: LayoutBlobs, document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Which of the two files are not those of the release manifest's images, and why; paths below the layout.

    This version's files have the very bytes that it writes. Another version may have spelled the same JSON otherwise,
    or sorted its entries otherwise. Raises IntegrityError TB3210, TB3211 where the layout lacks an image.
    """
    ours = document["generator"].get("version") == __version__
    made = _made(source, document)
    for name in _HELD:
        try:
            content = read_regular(source.directory / name, LARGEST_DOCUMENT)
        except Irregular as error:
            yield name, str(error)
            continue
        if content != made[name] and (ours or _meaning(name, content) != _meaning(name, made[name])):
            got, expected = Digest.of(content), Digest.of(made[name])
            yield name, f"is not what the release's images imply: got {got}, expected {expected}"


def _made(source: LayoutBlobs, document: dict[str, Any]) -> dict[str, bytes]:
    """The documents that were written for the release's images, by path."""
    environment, metadata = document["environment"], document["metadata"]
    images = []
    for image in environment["images"]:
        digest = Digest.parse(image["digest"])
        manifest = source.manifest(Descriptor(media_type="", digest=digest, size=0))  # of its digest alone
        images.append(
            Image(
                derivation=digest,  # no file of a layout says it
                variant=image["variant"],
                platform=Platform.parse(image["platform"]),
                manifest=manifest.descriptor,
                config=parts_of(manifest).config,
                layers=(),  # blobs are looked at elsewhere
            )
        )
    layout = image_layout(metadata["name"], metadata["version"], images, some=bool(environment.get("subset_of")))
    return {file.path: file.content for file in layout if isinstance(file.content, bytes)}


def _meaning(name: str, content: bytes) -> str:
    """The JSON in one spelling, its entries sorted; "" for none."""
    try:
        value: Any = parse_json(name, content)[0]
    except JsonProblem:
        return ""
    if isinstance(value, dict) and isinstance(value.get("manifests"), list):
        value["manifests"].sort(key=_spelled)
    return _spelled(value)


def _spelled(value: object) -> str:
    return json.dumps(value, sort_keys=True)
