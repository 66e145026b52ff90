"""What is inside a layer: the tar read strictly while it is hashed, with OCI's own rules (layer.md, "Whiteouts")."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from twinbuild.codec.untar import Kind, Limits, Member, untar
from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest

__all__ = ["LARGEST_OWNER", "OPAQUE", "WHITEOUT", "HashedStream", "LayerContents", "check_member", "read_layer"]

LARGEST_OWNER: Final = 2**31 - 1  # above it an engine's signed 32-bit number becomes another user, even root
WHITEOUT: Final = ".wh."
OPAQUE: Final = ".wh..wh..opq"
_SPECIAL: Final = 0o6000  # set-uid and set-gid
_REMARKS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerContents:
    """A layer that was read whole. ``remarks`` name members that gain rights: set-uid, set-gid, capabilities."""

    diff_id: Digest
    uncompressed_size: int
    members: int
    remarks: tuple[str, ...]


class HashedStream:
    """Chunks as a stream that hashes what passes."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = memoryview(b"")
        self._hash = hashlib.sha256()
        self.size = 0

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; nothing at the end."""
        if not self._buffer:
            chunk = next(self._chunks, b"")
            self._hash.update(chunk)
            self.size += len(chunk)
            self._buffer = memoryview(chunk)
        part, self._buffer = self._buffer[:size], self._buffer[size:]
        return bytes(part)

    def digest(self) -> Digest:
        """The digest of all chunks so far."""
        return Digest(self._hash.hexdigest())


def read_layer(chunks: Iterator[bytes], *, subject: str, limits: Limits) -> LayerContents:
    """Read a layer's plain tar to its end; ``subject`` names it in errors.

    Raises what ``codec.untar`` raises (TB4401 to TB4404), and IntegrityError TB4306 for a malformed whiteout,
    TB4335 for an owner above 2**31 - 1.
    """
    stream = HashedStream(chunks)
    members = 0
    remarks: list[str] = []
    for member, _ in untar(stream, subject=subject, limits=limits):
        members += 1
        check_member(member, subject)
        if len(remarks) < _REMARKS and (remark := _remark(member)):
            remarks.append(remark)
    return LayerContents(
        diff_id=stream.digest(), uncompressed_size=stream.size, members=members, remarks=tuple(remarks)
    )


def check_member(member: Member, subject: str) -> None:
    """Raise IntegrityError TB4335 for an owner that engines read differently, TB4306 for such a whiteout."""
    if max(member.uid, member.gid) > LARGEST_OWNER:
        raise IntegrityError.of(
            "TB4335",
            f"owner {member.uid}:{member.gid}, expected numbers up to {LARGEST_OWNER}",
            hint="do not use the image; report it to whoever made it",
            where=f"{subject}!{member.path}",
        )
    if WHITEOUT not in member.path:
        return
    *parents, name = member.path.split("/")
    hides = name.removeprefix(WHITEOUT)
    malformed = (
        name.startswith(WHITEOUT) and name != OPAQUE and (hides in ("", ".", "..") or hides.startswith(WHITEOUT))
    )
    no_mark = name.startswith(WHITEOUT) and (member.kind is not Kind.FILE or member.size > 0)
    if malformed or no_mark or any(part.startswith(WHITEOUT) for part in parents):
        raise IntegrityError.of(
            "TB4306",
            f"{member.path!r} is no whiteout that every engine reads the same, expected an empty file .wh.NAME",
            hint="do not use the image; report it to whoever made it",
            where=f"{subject}!{member.path}",
        )


def _remark(member: Member) -> str:
    if member.kind is Kind.FILE and member.mode & _SPECIAL:
        return f"{member.path}: mode {member.mode:04o}"
    names = [name for name, _ in member.attributes]
    return f"{member.path}: {', '.join(names)}" if names else ""
