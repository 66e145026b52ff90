"""The embedded assembler: derivation → image, without an engine, root or a network.

Steps: (1) take from the layer cache what is there; (2) prepare the image's interpreter if byte code must be made;
(3) write the missing layers, side by side in worker processes, the heaviest first; (4) write configuration and
manifest. What is in the cache is keyed by the digest of its derivation and of the code that made it (``code``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from pathlib import Path

from twinbuild.build.code import remembered_as
from twinbuild.build.interpreter import Workshop
from twinbuild.build.parent import die_with_parent
from twinbuild.build.recipes import layer_entries, weight
from twinbuild.build.steps import prerequisites
from twinbuild.codec.built import decode_image, decode_layer, encode_image, encode_layer
from twinbuild.codec.canonical import digest_of
from twinbuild.errors import InternalError
from twinbuild.model.digest import Digest
from twinbuild.model.image import BuiltLayer, Descriptor, Image
from twinbuild.model.plan import Derivation, LayerDerivation
from twinbuild.model.tree import Entry
from twinbuild.oci.image import CONFIG, MANIFEST, image_config, image_manifest
from twinbuild.oci.layer import write_layer
from twinbuild.ports import Progress, Runner, Store, silent

__all__ = ["EmbeddedBuilder", "base_layers", "forget_images", "put_image", "put_layer", "remember_layers"]

_LAYERS = "layer"
_IMAGES = "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedBuilder:
    """Implements ``ports.Builder``. ``scratch`` is a directory for what is deleted again; ``workers`` is processes."""

    store: Store
    runner: Runner
    scratch: Path
    workers: int = 0  # 0: one for each processor that this process may use

    def build(self, derivation: Derivation, progress: Progress = silent) -> Image:
        """Build, or take from the cache what is there. Raises BuildError, IntegrityError, LockError."""
        key = digest_of(derivation)
        found = self._cached_image(key)
        if found is not None:
            return found
        layers = (*base_layers(derivation), *self.realise(derivation.layers, progress))
        image = put_image(key, derivation, layers, self.store)
        self.store.put_record(_IMAGES, remembered_as(key), encode_image(image))
        return image

    def built(self, derivation: Derivation) -> Image | None:
        """What an earlier ``build`` of the same derivation gave, where the store still has all of it."""
        return self._cached_image(digest_of(derivation))

    def _cached_image(self, key: Digest) -> Image | None:
        record = self.store.record(_IMAGES, remembered_as(key))
        image = decode_image(record) if record is not None else None
        if image is None or image.derivation != key:
            return None
        blobs = (image.manifest, image.config, *(layer.blob for layer in image.layers))
        return image if all(self.store.has(blob.digest) for blob in blobs) else None

    def _cached_layer(self, key: Digest) -> BuiltLayer | None:
        record = self.store.record(_LAYERS, remembered_as(key))
        layer = decode_layer(record) if record is not None else None
        return layer if layer is not None and layer.derivation == key and self.store.has(layer.blob.digest) else None

    def realise(self, layers: tuple[LayerDerivation, ...], progress: Progress = silent) -> tuple[BuiltLayer, ...]:
        """Single layers, in their order, from the cache or made anew. Raises as ``build``."""
        keys = [digest_of(layer) for layer in layers]
        built = {key: layer for key in keys if (layer := self._cached_layer(key)) is not None}
        wanted = [layer for key, layer in zip(keys, layers, strict=True) if key not in built]
        needed = tuple(dict.fromkeys(below for layer in wanted for below in prerequisites(layer.recipe)))
        below = self.realise(needed, progress) if needed else ()
        built |= {layer.derivation: layer for layer in below if layer.derivation in keys}
        missing = {key: layer for key, layer in zip(keys, layers, strict=True) if key not in built}
        total = len(keys)
        progress("layers", len(built), total)
        with self._workshop(tuple(missing.values()), below) as workshop:
            for layer in self._realise(missing, workshop):
                built[layer.derivation] = layer
                self.store.put_record(_LAYERS, remembered_as(layer.derivation), encode_layer(layer))
                progress("layers", len(built), total)
        return tuple(built[key] for key in keys)

    @contextmanager
    def _workshop(self, layers: tuple[LayerDerivation, ...], below: tuple[BuiltLayer, ...]) -> Iterator[Workshop]:
        with Workshop.open(self.store, self.runner, self.scratch, layers, below) as workshop:
            yield workshop

    def _realise(self, missing: dict[Digest, LayerDerivation], workshop: Workshop) -> Iterator[BuiltLayer]:
        order = sorted(missing, key=lambda key: (-weight(missing[key].recipe), key))
        workers = min(self.workers or len(os.sched_getaffinity(0)), len(order))
        if workers <= 1:
            for key in order:
                yield _realise_layer(key, missing[key], self.store, workshop)
            return
        # Forked, so that a worker starts at once with everything imported; no thread runs here at this moment.
        with ProcessPoolExecutor(
            workers, mp_context=get_context("fork"), initializer=_adopt, initargs=(self.store, workshop, os.getpid())
        ) as pool:
            pending = {pool.submit(_realise_adopted, key, missing[key]) for key in order}
            try:
                while pending:
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
            except BaseException:
                for worker in active_children():
                    worker.kill()  # nobody waits for its layer; what it began in the store, the next run clears
                pool.shutdown(wait=True, cancel_futures=True)
                raise


def base_layers(derivation: Derivation) -> Iterator[BuiltLayer]:
    """The layers of the image that this one stands on: nobody builds them, so what derives them is their own name."""
    layers = derivation.base.layers if derivation.base is not None else ()
    for number, layer in enumerate(layers, 1):
        yield BuiltLayer(
            derivation=digest_of(layer),
            title=f"base layer {number} of {len(layers)}",
            diff_id=layer.diff_id,
            uncompressed_size=layer.uncompressed_size,
            blob=Descriptor(media_type=layer.media_type, digest=layer.digest, size=layer.size),
        )


def put_image(key: Digest, derivation: Derivation, layers: tuple[BuiltLayer, ...], store: Store) -> Image:
    """Configuration and manifest of an image, whose layers the store has; ``key`` is the derivation's digest."""
    config = image_config(derivation, layers)
    manifest = image_manifest(config, layers)
    return Image(
        derivation=key,
        variant=derivation.variant,
        platform=derivation.platform,
        manifest=Descriptor(media_type=MANIFEST, digest=store.put(manifest), size=len(manifest)),
        config=Descriptor(media_type=CONFIG, digest=store.put(config), size=len(config)),
        layers=layers,
    )


def put_layer(key: Digest, layer: LayerDerivation, entries: Iterable[Entry], store: Store) -> BuiltLayer:
    """A layer of these entries, written to the store; ``key`` is the digest of its derivation."""
    with store.writer() as sink:
        written = write_layer(entries, mtime=layer.source_date_epoch, compressor=layer.compressor, sink=sink)
        digest, size = sink.commit(written.digest)
    if size != written.size:
        raise InternalError.of(
            "TB9002",
            f"layer {digest} has {size} bytes, expected {written.size}",
            hint="report this as a defect",
        )
    return BuiltLayer(
        derivation=key,
        title=layer.title,
        diff_id=written.diff_id,
        uncompressed_size=written.uncompressed_size,
        blob=written.blob,
    )


def remember_layers(store: Store, documents: Iterable[object]) -> None:
    """Put finished layers (plain JSON) into a store's layer cache; what is no layer is left out."""
    for document in documents:
        layer = decode_layer(json.dumps(document).encode())
        if layer is not None:
            store.put_record(_LAYERS, remembered_as(layer.derivation), encode_layer(layer))


def forget_images(store: Store, images: Iterable[Image]) -> None:
    """Take images and their layers out of a store's cache: the next build makes them anew."""
    for image in images:
        store.put_record(_IMAGES, remembered_as(image.derivation), b"")
        for layer in image.layers:
            store.put_record(_LAYERS, remembered_as(layer.derivation), b"")


_adopted: list[tuple[Store, Workshop]] = []


def _adopt(store: Store, workshop: Workshop, parent: int) -> None:
    """Remember in a new worker what it inherited from its parent, and end with it."""
    die_with_parent(parent)
    _adopted[:] = [(store, workshop)]


def _realise_adopted(key: Digest, layer: LayerDerivation) -> BuiltLayer:
    store, workshop = _adopted[0]
    return _realise_layer(key, layer, store, workshop)


def _realise_layer(key: Digest, layer: LayerDerivation, store: Store, workshop: Workshop) -> BuiltLayer:
    with layer_entries(layer, store, workshop) as entries:
        return put_layer(key, layer, entries, store)
