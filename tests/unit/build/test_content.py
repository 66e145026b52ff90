"""Content out of the store."""

from __future__ import annotations

import pytest

from twinbuild.build.content import BlobContent
from twinbuild.errors import LockError
from twinbuild.model.digest import Digest
from twinbuild.store.memory import MemoryStore


def test_content_of_a_blob() -> None:
    """It can be read more than once; a blob that is not there is refused."""
    store = MemoryStore()
    content = BlobContent(store, store.put(b"bytes"), 5)
    for _ in range(2):
        with content.open() as stream:
            assert stream.read() == b"bytes"
    with pytest.raises(LockError):
        BlobContent(store, Digest.of(b"other"), 5).open()
