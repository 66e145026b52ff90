"""Blobs on their way into a repository (distribution-spec, "Pushing blobs"): nothing is sent that is there already.

A blob that the registry has is not sent; one that another of its repositories has is mounted. A small blob goes in one
request, a large one in pieces; after a broken connection the registry is asked how much it has, and the rest follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import BinaryIO, Final, Protocol
from urllib.parse import urlencode

from twinbuild.errors import FetchError, IntegrityError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.net.address import Address, redact
from twinbuild.net.failure import Broken
from twinbuild.net.http import ignore
from twinbuild.net.registry.endpoint import Endpoint
from twinbuild.net.registry.refusals import CLIENT_ERRORS, refused, stored_other
from twinbuild.net.registry.wire import Ask, Reply, Wire, scope

__all__ = ["CHUNK", "BlobSource", "Sent", "upload"]

CHUNK: Final = 32 << 20  # bytes in one request at most, unless the registry wants longer pieces
_LONGEST_CHUNK: Final = 1 << 30
_PIECE: Final = 64 << 10  # each must pass within the time for a connection: 7 kB/s are enough
_STEP: Final = 1 << 20  # bytes that count as progress
_RANGE: Final = re.compile(r"(?:bytes=)?0-(\d{1,18})", re.ASCII)
_NO_PATCH: Final = frozenset({405, 501})


class Sent(Enum):
    """What it took to have a blob or manifest in the repository."""

    PRESENT = "present"
    MOUNTED = "mounted"
    UPLOADED = "uploaded"


class BlobSource(Protocol):
    """Where blobs are taken from: the part of ``ports.Store`` that an upload needs."""

    def open(self, digest: Digest) -> BinaryIO:
        """A seekable stream over a blob."""

    def check(self, digest: Digest) -> None:
        """Raise IntegrityError unless the blob has that digest."""


class _Session:
    """An upload that has begun: how much of the blob the registry has, or that it must be asked."""

    def __init__(self) -> None:
        self.location = ""
        self.offset = 0
        self.unsure = False


def upload(
    wire: Wire,
    endpoint: Endpoint,
    repository: str,
    descriptor: Descriptor,
    source: BlobSource,
    *,
    mount_from: Sequence[str] = (),
    advance: Callable[[int], None] = ignore,
    chunk: int = CHUNK,
) -> Sent:
    """Have a blob in a repository. ``advance`` hears how many of its bytes are there.

    Raises FetchError TB3220 (refused), TB3221 (sent elsewhere), TB3204 and what ``Wire`` raises; IntegrityError TB3222
    (the registry has other bytes), and what ``source.check`` raises.
    """
    sending = _Sending(
        wire=wire,
        endpoint=endpoint,
        repository=repository,
        descriptor=descriptor,
        source=source,
        advance=advance,
        chunk=chunk,
    )
    if sending.is_there():
        return Sent.PRESENT
    for other in dict.fromkeys(name for name in mount_from if name != repository):
        if sending.mount(other):
            return Sent.MOUNTED
    source.check(descriptor.digest)
    sending.send()
    return Sent.UPLOADED


class _Sending:
    """One blob into one repository."""

    def __init__(
        self,
        *,
        wire: Wire,
        endpoint: Endpoint,
        repository: str,
        descriptor: Descriptor,
        source: BlobSource,
        advance: Callable[[int], None],
        chunk: int,
    ) -> None:
        self._wire, self._endpoint, self._repository = wire, endpoint, repository
        self._descriptor, self._source, self._advance, self._chunk = descriptor, source, advance, chunk
        self._scopes = (scope(endpoint, repository, "pull,push"),)
        self._scheme = wire.scheme(endpoint)
        self._session: _Session | None = None
        self._mark = 0
        self._sent = 0
        self._patches = True

    def is_there(self) -> bool:
        """Whether the repository has the blob."""
        reply = self._wire.reply(self._look(), self._endpoint, limit=0)
        if reply.status != 200:
            return False
        length = reply.header("content-length").strip()
        if length.isascii() and length.isdecimal() and int(length[:19]) != self._descriptor.size:
            raise stored_other(reply.url, f"the registry has {length} bytes, expected {self._descriptor.size}")
        return True

    def mount(self, other: str) -> bool:
        """Have the registry take the blob from another of its repositories, if it does that."""
        query = urlencode({"mount": str(self._descriptor.digest), "from": f"{self._endpoint.prefix}{other}"})
        try:
            reply = self._wire.reply(
                self._ask("POST", self._url("blobs/uploads/", query), extra=(scope(self._endpoint, other, "pull"),)),
                self._endpoint,
                limit=_PIECE,
            )
        except FetchError as error:
            if error.findings[0].code != "TB3204":
                raise
            return False  # we may not read that repository
        if reply.status == 202:
            self._begun(reply)  # it would not, but began an upload
        return reply.status == 201

    def send(self) -> None:
        """Send the blob, or what the registry lacks of it."""
        address = Address.parse(self._url("blobs/uploads/"))
        while not self._wire.persist(address, self._step, self._progressed):
            self._advance(self._session.offset if self._session else 0)
        self._advance(self._descriptor.size)

    def _step(self) -> bool:
        """One request that brings the upload further; whether it was the last. Raises Broken."""
        session = self._session
        if session is not None and session.unsure:
            if self._wire.once(self._look(), self._endpoint).status == 200:
                return True  # only the answer was lost
            self._catch_up(session)
            session = self._session
        if session is None:
            reply = self._wire.once(self._ask("POST", self._url("blobs/uploads/")), self._endpoint)
            if reply.status != 202:
                raise refused(reply, "begin an upload")
            session = self._begun(reply)
        session.unsure = True  # until an answer says otherwise
        left = self._descriptor.size - session.offset
        self._sent += min(left, self._chunk)
        if self._sent > 4 * self._descriptor.size + 4 * self._chunk:
            raise Broken("TB3025", "the registry takes the same bytes again and again", transient=False)
        whole = session.offset == 0 and (left <= self._chunk or not self._patches)
        if left and not whole:
            self._patch(session, min(left, self._chunk))
            return False
        self._close(session, left)
        return True

    def _patch(self, session: _Session, count: int) -> None:
        start, end = session.offset, session.offset + count
        fields = (("content-type", "application/octet-stream"), ("content-range", f"{start}-{end - 1}"))
        reply = self._wire.once(self._ask("PATCH", session.location, fields, body=(start, count)), self._endpoint)
        if reply.status in _NO_PATCH:
            self._patches, self._session = False, None
            raise Broken("TB3025", "the registry takes no pieces", transient=True)
        if reply.status in (404, 416):
            raise Broken("TB3025", "the registry lost its place in the upload", transient=True)
        if reply.status not in (201, 202, 204):
            raise refused(reply, "take a piece of a blob")
        self._moved(session, reply)
        session.offset, session.unsure = end, False
        stated = _RANGE.fullmatch(reply.header("range").strip())
        if stated is not None and int(stated[1]) + 1 != end:
            session.unsure = True  # it kept less, and is asked before the next piece

    def _close(self, session: _Session, count: int) -> None:
        url = session.location + ("&" if "?" in session.location else "?")
        url += urlencode({"digest": str(self._descriptor.digest)})
        fields = (("content-type", "application/octet-stream"),)
        reply = self._wire.once(self._ask("PUT", url, fields, body=(session.offset, count)), self._endpoint)
        if reply.status == 404:
            raise Broken("TB3025", "the registry lost the upload", transient=True)
        if reply.status == 400 and b"DIGEST_INVALID" in reply.body:
            raise stored_other(reply.url, f"the registry got other bytes than {self._descriptor.digest}")
        if reply.status not in (201, 204):
            raise refused(reply, "take a blob")
        stated = reply.header("docker-content-digest")
        if stated.startswith("sha256:") and stated != str(self._descriptor.digest):
            raise stored_other(reply.url, f"the registry stored {stated[:80]!r}, expected {self._descriptor.digest}")

    def _catch_up(self, session: _Session) -> None:
        """Ask how much of the blob the registry has."""
        reply = self._wire.once(self._ask("GET", session.location), self._endpoint)
        stated = _RANGE.fullmatch(reply.header("range").strip())
        if reply.status not in (200, 202, 204) or stated is None or not self._patches:
            self._session = None  # it knows nothing of it, or cannot go on: another upload
            return
        self._moved(session, reply)
        session.offset = int(stated[1]) + 1 if int(stated[1]) else 0  # "0-0" is how registries say nothing
        if session.offset > self._descriptor.size:
            self._session = None
        session.unsure = False

    def _begun(self, reply: Reply) -> _Session:
        least = reply.header("oci-chunk-min-length").strip()
        if least.isascii() and least.isdecimal() and len(least) < 12:
            self._chunk = min(max(self._chunk, int(least)), _LONGEST_CHUNK)
        self._session = _Session()
        self._moved(self._session, reply, required=True)
        return self._session

    def _moved(self, session: _Session, reply: Reply, *, required: bool = False) -> None:
        """Where the upload goes on. It never leaves the registry: what we send is not for others."""
        location = reply.header("location")
        if not location and not required:
            return
        base = Address.parse(self._url("blobs/uploads/"))
        try:
            there = Address.parse(base.follow(location)) if location else None
        except (TwinbuildError, ValueError):
            there = None
        if there is None or there.origin != base.origin or there.user or there.password:
            raise FetchError.of(
                "TB3221",
                f"the registry wants the upload at {redact(location) or 'no address'!r}, which is not its own",
                hint="correct the registry's external address (behind a proxy: its host and X-Forwarded-Proto)",
                where=redact(reply.url),
            )
        session.location = str(there)

    def _progressed(self) -> bool:
        offset = self._session.offset if self._session else 0
        if offset - self._mark < _STEP:
            return False
        self._mark = offset
        return True

    def _ask(
        self,
        method: str,
        url: str,
        headers: tuple[tuple[str, str], ...] = (),
        *,
        body: tuple[int, int] | None = None,
        extra: tuple[str, ...] = (),
    ) -> Ask:
        return Ask(
            method=method,
            url=url,
            scopes=self._scopes + extra,
            accept=frozenset({200, 201, 202, 204, 501}) | CLIENT_ERRORS,
            headers=headers,
            body=None if not body or not body[1] else lambda: _pieces(self._source, self._descriptor.digest, *body),
            length=body[1] if body else 0,
        )

    def _look(self) -> Ask:
        return self._ask("HEAD", self._url(f"blobs/{self._descriptor.digest}"))

    def _url(self, path: str, query: str = "") -> str:
        return self._endpoint.url(self._scheme, self._repository, path, query)


def _pieces(source: BlobSource, digest: Digest, start: int, count: int) -> Iterator[bytes]:
    with source.open(digest) as stream:
        stream.seek(start)
        while count and (piece := stream.read(min(_PIECE, count))):
            count -= len(piece)
            yield piece
    if count:
        raise IntegrityError.of(
            "TB3211",
            "the blob here is shorter than its descriptor says",
            hint="build or pull the image anew",
            where=str(digest),
        )
