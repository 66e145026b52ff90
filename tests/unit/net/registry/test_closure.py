"""Everything that belongs to an image."""

from __future__ import annotations

import pytest

from fakes.registry import CONFIG, INDEX, LAYER, MANIFEST, described, document
from twinbuild.errors import FetchError, IntegrityError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.platform import Platform
from twinbuild.net.registry.closure import close_over
from twinbuild.net.registry.document import FetchedManifest, kind_of

AMD, ARM = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")


class Shelf:
    """Manifests by digest."""

    def __init__(self) -> None:
        self.contents: dict[Digest, bytes] = {}

    def put(self, value: object) -> bytes:
        """Keep one."""
        content = document(value)
        self.contents[Digest.of(content)] = content
        return content

    def image(self, *layers: bytes) -> bytes:
        """Keep an image."""
        config = described(CONFIG, b"c" + b"".join(layers))
        described_layers = [described(LAYER, layer) for layer in layers]
        return self.put({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": described_layers})

    def index(self, **images: bytes) -> bytes:
        """Keep an index by architecture."""
        entries = [described(MANIFEST, content, platform={"os": "linux", "architecture": name})
                   for name, content in images.items()]  # fmt: skip
        return self.put({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})

    def read(self, descriptor: Descriptor) -> FetchedManifest:
        """One by descriptor."""
        return self.fetched(self.contents[descriptor.digest])

    def fetched(self, content: bytes) -> FetchedManifest:
        """As it was fetched."""
        return FetchedManifest(content=content, media_type=kind_of(content, "", where="x"), digest=Digest.of(content))


def test_index() -> None:
    """What is referred to comes first, shared layers once."""
    shelf = Shelf()
    amd, arm = shelf.image(b"shared", b"amd"), shelf.image(b"shared", b"arm")
    index = shelf.index(amd64=amd, arm64=arm)
    closure = close_over(shelf.fetched(index), shelf.read)
    assert [manifest.content for manifest in closure.manifests] == [amd, arm, index]
    assert closure.top.content == index
    assert [blob.size for blob in closure.blobs] == [10, 6, 3, 10, 3]


def test_platforms() -> None:
    """One platform is that image; several are the index with those alone."""
    shelf = Shelf()
    amd, arm, old = shelf.image(b"amd"), shelf.image(b"arm"), shelf.image(b"old")
    index = shelf.fetched(shelf.index(amd64=amd, arm64=arm, s390x=old))
    assert close_over(index, shelf.read, platforms={ARM}).top.content == arm
    both = close_over(index, shelf.read, platforms={ARM, AMD})
    assert [manifest.content for manifest in both.manifests] == [amd, arm, index.content]
    assert close_over(shelf.fetched(amd), shelf.read, platforms={ARM}).top.content == amd
    with pytest.raises(FetchError, match="TB3214"):
        close_over(shelf.fetched(shelf.index(arm64=arm)), shelf.read, platforms={AMD})


def test_another_document_than_the_index_says() -> None:
    """RG-71: size and kind of an image are what the index says."""
    shelf = Shelf()
    image = shelf.image(b"amd")
    for change in ({"size": len(image) + 1}, {"mediaType": INDEX}, {"size": 9 << 20}):
        entry = {**described(MANIFEST, image, platform={"os": "linux", "architecture": "amd64"}), **change}
        index = shelf.fetched(shelf.put({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}))
        with pytest.raises(IntegrityError, match="TB3212"):
            close_over(index, shelf.read)


def test_nesting() -> None:
    """RG-72: indexes in indexes have an end, and list nothing but images and indexes."""
    shelf = Shelf()
    content = shelf.image(b"amd")
    for _ in range(6):
        media_type = kind_of(content, "", where="x")
        content = shelf.put({"schemaVersion": 2, "mediaType": INDEX, "manifests": [described(media_type, content)]})
    with pytest.raises(IntegrityError, match="TB4338"):
        close_over(shelf.fetched(content), shelf.read)
    other = shelf.put({"schemaVersion": 2, "mediaType": INDEX, "manifests": [described("text/plain", b"x")]})
    with pytest.raises(TwinbuildError, match="TB4333"):
        close_over(shelf.fetched(other), shelf.read)
