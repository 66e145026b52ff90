"""Where things lie below the root of a store. All names are relative to the root, with ``/``.

::

    version                          "twinbuild store 1"
    v1/lock  v1/gc.lock              flock only, always empty
    v1/blobs/sha256/ab/<62 more>     blobs, mode 0444
    v1/records/<kind>/ab/<62 more>   a line of 64 hex digits, the digest of the content, then the content
    v1/roots/<name>                  digests one a line, then "<64 hex digits of the lines above>"
    v1/tmp/                          being written, or left by a killed process
    v1/quarantine/                   what ``verify`` took out of the way
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from twinbuild.errors import UsageError
from twinbuild.model.digest import Digest

__all__ = [
    "BLOBS",
    "COLLECTOR_LOCK",
    "DIRECTORIES",
    "LOCK",
    "QUARANTINE",
    "RECORDS",
    "ROOTS",
    "STORE",
    "TEMPORARY",
    "VERIFIED",
    "VERSION",
    "VERSION_TEXT",
    "Form",
    "blob_name",
    "check_name",
    "decode_record",
    "decode_root",
    "digest_at",
    "encode_record",
    "encode_root",
    "record_name",
]

VERSION: Final = "version"
VERSION_TEXT: Final = b"twinbuild store 1\n"
BLOBS: Final = "v1/blobs/sha256"
RECORDS: Final = "v1/records"
ROOTS: Final = "v1/roots"
TEMPORARY: Final = "v1/tmp"
QUARANTINE: Final = "v1/quarantine"
LOCK: Final = "v1/lock"
COLLECTOR_LOCK: Final = "v1/gc.lock"
DIRECTORIES: Final = ("v1", "v1/blobs", BLOBS, RECORDS, ROOTS, TEMPORARY, QUARANTINE)
VERIFIED: Final = "verified"  # the kind of record that remembers which file was hashed


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a directory laid out like this is: its name in messages, and what its file ``version`` says.

    ``hints`` are what to do about faults of it by their codes, where that is not what it is for a store. ``lasting``
    are the kinds of records that cannot be made again: they go by the hand of who wrote them, and are never collected.
    """

    name: str
    version: bytes
    hints: tuple[tuple[str, str], ...] = ()
    lasting: tuple[str, ...] = ()

    def hint(self, code: str, otherwise: str) -> str:
        """What to do about a fault."""
        return dict(self.hints).get(code, otherwise)


STORE: Final = Form(name="store", version=VERSION_TEXT)

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]+", re.ASCII)


def blob_name(digest: Digest) -> str:
    """Where a blob lies. A Digest holds 64 hexadecimal digits and nothing else, so this never leaves ``BLOBS``."""
    return f"{BLOBS}/{digest.hex[:2]}/{digest.hex[2:]}"


def record_name(kind: str, key: Digest) -> str:
    """Where a record lies. Raises UsageError TB3112."""
    return f"{RECORDS}/{check_name(kind)}/{key.hex[:2]}/{key.hex[2:]}"


def digest_at(shard: str, rest: str) -> Digest | None:
    """The digest of a file by the last two parts of its name, or None if it is not one of ours."""
    if len(shard) == 2 and len(rest) == 62 and _HEX.fullmatch(shard) and _HEX.fullmatch(rest):
        return Digest(shard + rest)
    return None


def check_name(name: str) -> str:
    """The name itself. Raises UsageError TB3112 unless it can be the name of a root or of a kind of record."""
    if not _NAME.fullmatch(name):
        raise UsageError.of(
            "TB3112",
            f"{name[:120]!r} cannot name a root or a kind of record",
            hint="use at most 100 lower-case letters, digits, '.', '_' and '-', a letter or digit first",
        )
    return name


def encode_record(content: bytes) -> bytes:
    """A record as it lies on disk: the digest of its content first, so that damage shows."""
    return Digest.of(content).hex.encode() + b"\n" + content


def decode_record(stored: bytes) -> bytes | None:
    """The content of a record, or None if it is damaged."""
    head, newline, content = stored[:64], stored[64:65], stored[65:]
    return content if newline == b"\n" and head == Digest.of(content).hex.encode() else None


def encode_root(digests: Iterable[Digest]) -> bytes:
    """A root as it lies on disk: sorted digests, one a line, and the digest of those lines."""
    lines = "".join(f"{digest}\n" for digest in sorted(set(digests))).encode()
    return lines + Digest.of(lines).hex.encode() + b"\n"


def decode_root(stored: bytes) -> tuple[Digest, ...] | None:
    """The digests of a root, or None if it is damaged."""
    lines, tail = stored[:-65], stored[-65:]
    if tail != Digest.of(lines).hex.encode() + b"\n":
        return None
    return tuple(Digest.parse(line) for line in lines.decode("ascii").splitlines())
