"""Images that the store knows: records and roots that are damaged."""

from __future__ import annotations

from pathlib import Path

from fakes.registry import MANIFEST, document
from twinbuild.model.digest import Digest
from twinbuild.pipeline.images.images import known_images
from twinbuild.pipeline.images.pulling import PULLED, pulled_root
from twinbuild.store.disk import DiskStore


def test_what_is_no_image_is_passed_over(tmp_path: Path) -> None:
    """Blobs that are no manifests, documents of other kinds, and roots of locks."""
    with DiskStore(tmp_path / "store") as store:
        blobs = [
            store.put(content) for content in (b"", b"{", b'{"schemaVersion": 1}', b'{"schemaVersion": "x"}', b"PK")
        ]
        store.keep("build-1", blobs, origin=tmp_path)
        store.keep("lock-1", [store.put(document({"schemaVersion": 2, "mediaType": MANIFEST}))], origin=tmp_path)
        assert known_images(store) == ()


def test_a_record_that_is_damaged(tmp_path: Path) -> None:
    """A pulled image whose record is lost is no reason to fail."""
    with DiskStore(tmp_path / "store") as store:
        key, root = pulled_root("a.example/b:1")
        store.keep(root, [store.put(b"{}")])
        store.put_record(PULLED, key, b"[" * 1000)
        assert known_images(store) == ()
        assert key == Digest.of(b"a.example/b:1")
