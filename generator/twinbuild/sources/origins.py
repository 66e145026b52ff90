"""Where a stored file was fetched from: remembered beside it in the store, for ``run.json`` and nothing else."""

from __future__ import annotations

from typing import Final

from twinbuild.model.digest import Digest
from twinbuild.net.address import redact
from twinbuild.ports import Store

__all__ = ["origin_of", "remember_origin"]

_KIND: Final = "origin"


def remember_origin(store: Store, digest: Digest, address: str) -> None:
    """Note the address, without credentials and query, that gave the bytes of a blob."""
    store.put_record(_KIND, digest, redact(address).encode())


def origin_of(store: Store, digest: Digest) -> str | None:
    """The address that was noted; None where the blob came by another way, such as a copy of another store."""
    record = store.record(_KIND, digest)
    return record.decode("utf-8", "replace") if record else None
