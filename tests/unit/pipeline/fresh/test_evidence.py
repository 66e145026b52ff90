"""What counts as proven: exactly the bytes that were built twice, from exactly that derivation."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from twinbuild.build import code
from twinbuild.build.code import remembered_as
from twinbuild.build.embedded import EmbeddedBuilder, remember_layers
from twinbuild.codec.canonical import to_json
from twinbuild.model.digest import Digest
from twinbuild.model.image import BuiltLayer, Descriptor, Image
from twinbuild.model.platform import Platform
from twinbuild.model.verification import Identical, Variation
from twinbuild.pipeline.fresh import evidence
from twinbuild.pipeline.fresh.evidence import forget_proof, proven_images, proven_layers, remember_proof
from twinbuild.store.memory import MemoryStore

WITNESSES = (("clock", "injected"),)


def layer(name: str, content: str = "") -> BuiltLayer:
    """A layer whose derivation is ``name`` and whose bytes are ``content``."""
    digest = Digest.of((content or name).encode())
    blob = Descriptor(media_type="application/vnd.oci.image.layer.v1.tar+zstd", digest=digest, size=3)
    return BuiltLayer(derivation=Digest.of(name.encode()), title=name, diff_id=digest, uncompressed_size=9, blob=blob)


def image(*layers: BuiltLayer) -> Image:
    """An image of these layers."""
    name = "+".join(str(each.blob.digest) for each in layers).encode()
    here = Descriptor(media_type="x", digest=Digest.of(name), size=1)
    return Image(
        derivation=Digest.of(b"of " + b"+".join(each.title.encode() for each in layers)),
        variant="cpu",
        platform=Platform.parse("linux/amd64"),
        manifest=here,
        config=here,
        layers=layers,
    )


@pytest.fixture
def store() -> MemoryStore:
    """A store that remembers layers a and b as built twice."""
    found = MemoryStore()
    remember_proof((image(layer("a"), layer("b")),), WITNESSES, found)
    return found


def test_the_same_images_are_proven(store: MemoryStore) -> None:
    """Verdict, witnesses and layers come back."""
    images = (image(layer("a"), layer("b")),)
    known = proven_images(images, store)
    assert known is not None
    assert known.reused
    assert known.witnesses == WITNESSES
    assert known.earlier == (layer("a").derivation, layer("b").derivation)
    assert isinstance(known.verification, Identical)
    assert known.verification.images == (images[0].manifest.digest,)


def test_a_new_layer_is_not_proven_and_the_others_are(store: MemoryStore) -> None:
    """One changed layer: the image as a whole must be built again, of its layers only that one."""
    images = (image(layer("a"), layer("c")),)
    assert proven_images(images, store) is None
    assert proven_layers(images, store) == (layer("a"),)


def test_other_bytes_of_the_same_derivation_are_not_proven(store: MemoryStore) -> None:
    """A derivation that now gives other bytes is just what a second build is for."""
    images = (image(layer("a"), layer("b", content="other")),)
    assert proven_images(images, store) is None
    assert proven_layers(images, store) == (layer("a"),)


def test_fewer_variations_prove_nothing_about_more(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version of twinbuild that varies something else proves everything anew."""
    monkeypatch.setattr(evidence, "VARIATIONS", (Variation(name="moon", description="its phase"),))
    images = (image(layer("a"), layer("b")),)
    assert proven_images(images, store) is None
    assert proven_layers(images, store) == ()


def test_another_twinbuild_proves_anew(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an older version built twice says nothing of the bytes that this one would write."""
    monkeypatch.setattr(code, "code_digest", lambda: "the next version")
    images = (image(layer("a"), layer("b")),)
    assert proven_images(images, store) is None
    assert proven_layers(images, store) == ()


def test_a_refuted_proof_is_none(store: MemoryStore) -> None:
    """Once a second build found other bytes, neither the image nor a layer of it counts as proven."""
    images = (image(layer("a"), layer("b")),)
    forget_proof(images, store)
    assert proven_images(images, store) is None
    assert proven_layers(images, store) == ()


def test_a_proven_layer_answers_for_its_own_derivation_alone() -> None:
    """The second build takes it from its cache where it arrives at that derivation, and its bytes are there."""
    store = MemoryStore()
    kept, lost = layer("kept", "abc"), layer("lost")
    store.put(b"abc")
    remember_layers(store, [to_json(kept), to_json(lost), {"title": "no layer"}, 7, None])
    builder = EmbeddedBuilder(store=store, runner=None, scratch=None)  # type: ignore[arg-type]
    assert builder._cached_layer(kept.derivation) == kept
    assert builder._cached_layer(lost.derivation) is None
    assert builder._cached_layer(Digest.of(b"another")) is None
    forged = replace(kept, derivation=Digest.of(b"another"))
    store.put_record("layer", remembered_as(kept.derivation), json.dumps(to_json(forged)).encode())
    assert builder._cached_layer(kept.derivation) is None
