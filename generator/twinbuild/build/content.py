"""Content of a file that is a blob of the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from twinbuild.model.digest import Digest
from twinbuild.ports import Store

__all__ = ["BlobContent"]


@dataclass(frozen=True, slots=True)
class BlobContent:
    """Content that is a blob of the store, verified as it is read."""

    store: Store
    digest: Digest
    size: int

    def open(self) -> BinaryIO:
        """A new stream from the first byte."""
        return self.store.open(self.digest)
