"""The state of one download over several tries: what was received, and how the next answer continues it.

Bytes that went into the sink are never taken back. So where a server ignores the range that was asked for, its body
is compared with what is there and only the rest is written; a difference means that two tries got two files.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from twinbuild.codec.amounts import counted
from twinbuild.errors import FetchError, IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.net.failure import Broken

if TYPE_CHECKING:
    from twinbuild.net.transport import Exchange

__all__ = ["Download", "Sink"]

_PIECE = 256 << 10
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)
_UNSATISFIED = re.compile(r"bytes \*/(\d{1,18})", re.ASCII)
_STRONG = re.compile(r'"[!#-~]{1,200}"', re.ASCII)


class Sink(Protocol):
    """What a download is written into: the part of ``ports.BlobWriter`` that it needs."""

    def write(self, chunk: bytes | bytearray | memoryview) -> int:
        """Append bytes."""


class Download:
    """One file on its way into a sink. ``where`` is the redacted address for messages."""

    def __init__(self, sink: Sink, *, size: int | None, limit: int, where: str, advance: Callable[[int], None]) -> None:
        self._sink = sink
        self._size = size
        self._limit = limit
        self._where = where
        self._advance = advance
        self._hash = hashlib.sha256()
        self._entity = ""
        self._ranges = True
        self._mark = 0
        self._total = size or 0
        self.received = 0

    @property
    def digest(self) -> Digest:
        """The digest of what was received so far."""
        return Digest(self._hash.hexdigest())

    def headers(self) -> dict[str, str]:
        """Header fields that ask for the rest (RFC 9110, 14.2), under the entity tag seen first (13.1.5)."""
        fields = {"accept-encoding": "identity"}
        if self.received and self._ranges:
            fields["range"] = f"bytes={self.received}-"
            if self._entity:
                fields["if-range"] = self._entity
        return fields

    @property
    def accept(self) -> frozenset[int]:
        """Statuses that ``take`` understands."""
        return frozenset({200, 206, 416}) if self.received and self._ranges else frozenset({200})

    def progressed(self) -> bool:
        """Whether enough arrived since the last call to count as progress: 64 KiB and a fiftieth of the file.

        Where the length is unknown it is 1 MiB. So a file costs a bounded number of tries, however often it breaks.
        """
        step = max(64 << 10, self._total // 50) if self._total else 1 << 20
        if self.received - self._mark < step:
            return False
        self._mark = self.received
        return True

    def take(self, exchange: Exchange) -> None:
        """Read an answer to its end. Raises Broken where it broke off, IntegrityError TB3027, TB3030, TB3032."""
        encoding = exchange.header("content-encoding").strip().lower()
        if encoding not in ("", "identity"):
            raise IntegrityError.of(
                "TB3027",
                f"the server sent the file with Content-Encoding {encoding[:40]!r}, expected its own bytes",
                hint="correct the server or choose another mirror; it must serve files as they are",
                where=self._where,
            )
        if exchange.status == 416:
            self._unsatisfied(exchange.header("content-range"))
            return
        known = self.received if exchange.status == 206 else 0
        total = self._continues(exchange) if exchange.status == 206 else _length(exchange)
        if total is not None:
            self._check_total(total)
        if exchange.status == 200:
            entity = exchange.header("etag").strip()
            self._entity = entity if _STRONG.fullmatch(entity) else ""
        self._copy(exchange, repeated=self.received - known)
        if self._size is not None and self.received < self._size:
            raise Broken(
                "TB3030",
                f"got {counted(self.received, 'byte')}, expected {self._size}; the body just ended",
                transient=True,
            )

    def _continues(self, exchange: Exchange) -> int | None:
        """The total length that a 206 states; it must continue where we are."""
        match = _RANGE.fullmatch(exchange.header("content-range").strip())
        if match is None or int(match[1]) != self.received:
            self._ranges = False
            raise Broken("TB3025", "the server sent another range than was asked for", transient=True)
        return None if match[3] == "*" else int(match[3])

    def _unsatisfied(self, content_range: str) -> None:
        """No range is left: either the file is as long as what we have, or ranges cannot be trusted here."""
        match = _UNSATISFIED.fullmatch(content_range.strip())
        if match is not None:
            self._check_total(int(match[1]))
        if match is None or int(match[1]) != self.received:
            self._ranges = False
            raise Broken("TB3025", "the server refused the range that was asked for", transient=True)

    def _check_total(self, total: int) -> None:
        self._total = total
        if self._size is not None and total != self._size:
            raise self._differs(total)
        if total > self._limit:
            raise self._too_large(total)

    def _copy(self, exchange: Exchange, *, repeated: int) -> None:
        again = hashlib.sha256()
        while piece := exchange.read(_PIECE):
            if repeated:
                old, piece = piece[:repeated], piece[repeated:]
                again.update(old)
                repeated -= len(old)
                if not repeated and again.digest() != self._hash.digest():
                    raise IntegrityError.of(
                        "TB3032",
                        f"the file changed between two tries; it differs in its first {counted(self.received, 'byte')}",
                        hint="try again later; if it stays so, the server or a proxy corrupts the file",
                        where=self._where,
                    )
            if self._size is not None and self.received + len(piece) > self._size:
                raise self._differs(self.received + len(piece), word="at least ")
            if self.received + len(piece) > self._limit:
                raise self._too_large(self.received + len(piece))
            if piece:
                self._sink.write(piece)
                self._hash.update(piece)
                self.received += len(piece)
                self._advance(len(piece))
        if repeated:
            raise Broken("TB3020", "the body ended before the point that an earlier try reached", transient=True)

    def _differs(self, got: int, word: str = "") -> IntegrityError:
        return IntegrityError.of(
            "TB3030",
            f"got {word}{counted(got, 'byte')}, expected {self._size}",
            hint="the file is not the one that was locked; choose another mirror or lock again",
            where=self._where,
        )

    def _too_large(self, got: int) -> FetchError:
        return FetchError.of(
            "TB3026",
            f"got at least {counted(got, 'byte')}, expected at most {self._limit}",
            hint="check that the address names the file you mean",
            where=self._where,
        )


def _length(exchange: Exchange) -> int | None:
    text = exchange.header("content-length").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
