"""One member of a zip archive, and the limits within which an archive is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["DEFLATED", "LIMITS", "STORED", "Limits", "Member"]

STORED: Final = 0
DEFLATED: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an archive may ask of its reader. The defaults are several times what the largest known wheels need.

    Ratios are judged only above ``ratio_from`` bytes: a small file of zeros is not an attack.
    """

    members: int = 100_000
    directory: int = 64 << 20  # bytes of the central directory
    member_size: int = 16 << 30  # bytes, unpacked
    total_size: int = 64 << 30  # bytes, unpacked, all members together
    ratio: int = 250  # unpacked ÷ packed, for one member
    total_ratio: int = 100  # and for all members together
    ratio_from: int = 32 << 20  # bytes, unpacked


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member, on which the central directory and the local header agree."""

    name: str
    method: int  # STORED or DEFLATED
    crc: int  # CRC-32 of the unpacked bytes
    size: int  # bytes, unpacked
    packed_size: int  # bytes in the archive
    mode: int  # Unix file type and permission bits, 0 where the archive has none
    header: int  # offset of the local header
    body: int  # offset of the packed bytes

    @property
    def directory(self) -> bool:
        """Whether it only names a directory."""
        return self.name.endswith("/")

    @property
    def executable(self) -> bool:
        """Whether an installer sets the executable bits: a regular file with any of them (as pip has it)."""
        return self.mode & 0o170000 == 0o100000 and bool(self.mode & 0o111)
