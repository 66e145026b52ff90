"""A packed twinbuild names all that must be kept of it."""

from __future__ import annotations

from twinbuild.model.digest import Digest
from twinbuild.model.image import BuiltLayer, Descriptor, Image
from twinbuild.model.platform import Platform
from twinbuild.model.tool import ToolRoot


def blob(name: str) -> Descriptor:
    """One of as many bytes as its name has."""
    return Descriptor(media_type="text/plain", digest=Digest.of(name.encode()), size=len(name))


def test_names_and_sizes() -> None:
    """A layer that is there twice is kept once; the digest is the manifest's."""
    layers = tuple(
        BuiltLayer(
            derivation=Digest.of(b"d"), title=name, diff_id=Digest.of(b"tar"), uncompressed_size=10, blob=blob(name)
        )
        for name in ("one", "two", "one")
    )
    image = Image(
        derivation=Digest.of(b"d"),
        variant="cpu",
        platform=Platform.parse("linux/arm64"),
        manifest=blob("manifest"),
        config=blob("config"),
        layers=layers,
    )
    tool = ToolRoot(version="1.0", python="3.11.2", code=Digest.of(b"code"), lock=Digest.of(b"lock"), image=image)
    assert tool.digest == blob("manifest").digest
    assert str(tool.platform) == "linux/arm64"
    assert tool.blobs == (blob("manifest"), blob("config"), blob("one"), blob("two"))
    assert tool.unpacked_size == 30
