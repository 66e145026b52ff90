"""RECORD: every file of a wheel with hash and size (PEP 376, PEP 427, "Recording installed projects")."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from twinbuild.errors import Finding, IntegrityError
from twinbuild.wheel.faults import finding
from twinbuild.wheel.stream import Hasher

__all__ = ["ALGORITHMS", "Row", "encode_hash", "parse_record", "write_record"]

ALGORITHMS: Final[dict[str, Callable[[], Hasher]]] = {
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
}
_HASH: Final = re.compile(r"(\w+)=([A-Za-z0-9_-]+)", re.ASCII)
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_MOST: Final = 50  # findings of one file


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: a path, the hash as written (``sha256=…`` or empty) and the size (-1 where it is left empty)."""

    path: str
    hash: str
    size: int

    @property
    def algorithm(self) -> str:
        """``sha256`` of ``sha256=…``."""
        return self.hash.partition("=")[0]

    @property
    def digest(self) -> bytes:
        """The hash's bytes."""
        value = self.hash.partition("=")[2]
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def encode_hash(digest: bytes) -> str:
    """A SHA-256 digest as RECORD has it: URL-safe base 64 without padding."""
    return "sha256=" + base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def parse_record(content: bytes, *, archive: str, member: str) -> dict[str, Row]:
    """The rows by path, in the file's order; rows without a hash are kept (the caller knows which may be so).

    Raises IntegrityError TB4105 with a finding for each row that is malformed, repeated, or hashed with anything
    weaker than SHA-256.
    """
    rows: dict[str, Row] = {}
    findings: list[Finding] = []

    def object_to(message: str) -> None:
        if len(findings) < _MOST:
            findings.append(finding("TB4105", message, archive=archive, member=member))

    try:
        for number, fields in enumerate(csv.reader(io.StringIO(content.decode(), newline=""), strict=True), start=1):
            if len(fields) != 3:
                object_to(f"row {number} has {len(fields)} fields, expected path, hash and size")
                continue
            path, hash_, size = fields
            if path in rows:
                object_to(f"row {number} repeats {path!r}")
            reason = _objection(hash_, size)
            if reason:
                object_to(f"row {number} ({path!r}) {reason}")
                continue
            rows[path] = Row(path=path, hash=hash_, size=int(size) if size else -1)
    except (UnicodeDecodeError, csv.Error) as error:
        object_to(f"is not CSV in UTF-8: {error}")
    if findings:
        raise IntegrityError(tuple(findings))
    return rows


def _objection(hash_: str, size: str) -> str:
    if size and not _SIZE.fullmatch(size):
        return f"has size {size[:40]!r}, expected a number of bytes"
    if not hash_:
        return ""
    match = _HASH.fullmatch(hash_)
    if match is None:
        return f"has hash {hash_[:80]!r}, expected sha256=…"
    algorithm = ALGORITHMS.get(match[1])
    if algorithm is None:
        return f"is hashed with {match[1]}, expected sha256 or stronger"
    digest = algorithm().digest()
    value = match[2]
    decoded = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)) if len(value) % 4 != 1 else b""
    if len(decoded) != len(digest) or base64.urlsafe_b64encode(decoded).decode().rstrip("=") != value:
        return f"has a hash that is no {match[1]} in URL-safe base 64"
    return ""


def write_record(rows: Iterable[Row]) -> bytes:
    """RECORD as pip writes it: sorted, CSV with CRLF line ends, in UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerows(sorted((row.path, row.hash, "" if row.size < 0 else str(row.size)) for row in rows))
    return out.getvalue().encode()
