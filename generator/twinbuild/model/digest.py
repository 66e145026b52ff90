"""Content digests (OCI image-spec, descriptor.md, "Digests"). Only SHA-256, in its one canonical spelling."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from twinbuild.errors import IntegrityError

__all__ = ["Digest"]

_SPELLING = re.compile(r"sha256:([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A SHA-256 digest; ``str()`` gives ``sha256:`` and 64 lower-case hexadecimal digits.

    A value that names a path outside of its directory, another algorithm or upper case cannot exist.
    """

    hex: str

    def __post_init__(self) -> None:
        if not _SPELLING.fullmatch(f"sha256:{self.hex}"):
            raise IntegrityError.of(
                "TB3001",
                f"not a SHA-256 digest: {self.hex[:80]!r}",
                hint="write 64 lower-case hexadecimal digits",
            )

    def __str__(self) -> str:
        return f"sha256:{self.hex}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The value of ``sha256:<64 hex digits>``. Raises IntegrityError TB3001 for anything else."""
        match = _SPELLING.fullmatch(text)
        if match is None:
            raise IntegrityError.of(
                "TB3001",
                f"not a digest: {text[:80]!r}, expected sha256: and 64 lower-case hexadecimal digits",
                hint="take the digest from the lock or from `sha256sum`",
            )
        return cls(match[1])

    @classmethod
    def of(cls, content: bytes) -> Self:
        """The digest of bytes in memory."""
        return cls(hashlib.sha256(content).hexdigest())
