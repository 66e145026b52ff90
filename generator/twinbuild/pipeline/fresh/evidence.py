"""Evidence: what was built twice on this machine to the same bytes, for whole images and for single layers.

A derivation and the code that realises it are all that can change a layer's bytes. So a layer that was once built
twice, under other conditions and to the same bytes, stays proven until twinbuild itself changes: where one application
file changes, the second build makes that file's layer and takes the others as proven. It still works out by itself
which layers there must be, from spec and lock, and it takes a layer only where it arrives at the very derivation that
was proven.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from twinbuild.build.code import remembered_as
from twinbuild.codec.built import encode_layer
from twinbuild.codec.canonical import canonical, digest_of
from twinbuild.model.digest import Digest
from twinbuild.model.image import BuiltLayer, Image
from twinbuild.model.verification import Identical, Verification
from twinbuild.pipeline.fresh.stamp import EVIDENCE
from twinbuild.ports import Store
from twinbuild.verify.conditions import VARIATIONS

__all__ = ["Evidence", "evidence_key", "forget_proof", "proven_images", "proven_layers", "remember_proof"]

_LAYERS = "proven-layer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The outcome of a verification, what this machine did for it, and how much of it was done in an earlier run.

    ``reused``: nothing was built again. ``earlier``: derivations of the layers that were not built again.
    """

    verification: Verification
    witnesses: tuple[tuple[str, str], ...]
    reused: bool
    earlier: tuple[Digest, ...]


def proven_images(images: tuple[Image, ...], store: Store) -> Evidence | None:
    """The evidence for exactly these images from exactly their derivations, or None."""
    record = store.record(EVIDENCE, evidence_key(images))
    if not record:  # none, or forgotten
        return None
    kept = json.loads(record)
    if kept["manifests"] != _manifests(images):
        return None
    return Evidence(
        verification=Identical(variations=VARIATIONS, images=tuple(image.manifest.digest for image in images)),
        witnesses=tuple((name, how) for name, how in kept["witnesses"]),
        reused=True,
        earlier=tuple(layer.derivation for layer in _layers(images)),
    )


def proven_layers(images: tuple[Image, ...], store: Store) -> tuple[BuiltLayer, ...]:
    """Those layers of the images that an earlier verification built twice to exactly these bytes."""
    return tuple(
        layer for layer in _layers(images) if store.record(_LAYERS, _layer_key(layer.derivation)) == encode_layer(layer)
    )


def remember_proof(images: tuple[Image, ...], witnesses: tuple[tuple[str, str], ...], store: Store) -> None:
    """Note that these images and each of their layers were built twice to the same bytes."""
    evidence = {"manifests": _manifests(images), "witnesses": [list(pair) for pair in witnesses]}
    records = [(_LAYERS, _layer_key(layer.derivation), encode_layer(layer)) for layer in _layers(images)]
    records.append((EVIDENCE, evidence_key(images), canonical(evidence)))
    for kind, key, content in records:
        if store.record(kind, key) != content:
            store.put_record(kind, key, content)


def forget_proof(images: tuple[Image, ...], store: Store) -> None:
    """Take back what was noted of these images and their layers: a second build found other bytes."""
    store.put_record(EVIDENCE, evidence_key(images), b"")
    for layer in _layers(images):
        store.put_record(_LAYERS, _layer_key(layer.derivation), b"")


def _layers(images: tuple[Image, ...]) -> tuple[BuiltLayer, ...]:
    return tuple({layer.derivation: layer for image in images for layer in image.layers}.values())


def _manifests(images: tuple[Image, ...]) -> list[str]:
    return [str(image.manifest.digest) for image in images]


def evidence_key(images: tuple[Image, ...]) -> Digest:
    """Where the evidence for these images' derivations lies."""
    derivations = [str(remembered_as(image.derivation)) for image in images]
    return digest_of({"derivations": derivations, "variations": VARIATIONS})


def _layer_key(derivation: Digest) -> Digest:
    return digest_of({"derivation": str(remembered_as(derivation)), "variations": VARIATIONS})
