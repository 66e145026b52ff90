"""``sources.origins``: where a blob came from, without what nobody may read."""

from __future__ import annotations

from twinbuild.model.digest import Digest
from twinbuild.sources.origins import origin_of, remember_origin
from twinbuild.store.memory import MemoryStore


def test_credentials_are_masked() -> None:
    """Neither password nor signature is kept; what nobody noted is None."""
    store, digest = MemoryStore(), Digest.of(b"x")
    assert origin_of(store, digest) is None
    remember_origin(store, digest, "https://ada:secret@mirror.example/pool/x.deb?signature=secret")
    assert origin_of(store, digest) == "https://***@mirror.example/pool/x.deb?***"
