"""What only the store in memory does."""

from __future__ import annotations

import gc

from twinbuild.store.memory import MemoryStore


def test_files_go_with_the_store() -> None:
    """A blob's file, made on request, is deleted when the store is no longer used."""
    store = MemoryStore()
    path = store.path(store.put(b"x"))
    assert path == store.path(store.put(b"x"))
    assert path.read_bytes() == b"x"
    del store
    gc.collect()
    assert not path.parent.exists()
