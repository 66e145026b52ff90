"""One way to open an address, whether a web server or a directory of this machine serves it (an island)."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from twinbuild.codec.amounts import counted
from twinbuild.errors import FetchError, IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.settings import Settings
from twinbuild.net.address import is_web, redact, unfit
from twinbuild.net.download import Sink
from twinbuild.net.http import HttpClient, Response, ignore

__all__ = ["Opener", "local_path"]

_PIECE = 1 << 20


def local_path(address: str) -> str:
    """The absolute path that a ``file:`` address or plain path names. Raises FetchError TB3010."""
    path = address
    if address.lower().startswith("file:"):
        parts = urlsplit(address)
        if parts.netloc not in ("", "localhost"):
            raise unfit(address, "names a host")
        path = unquote(parts.path)
    if not path.startswith("/") or "\0" in path:
        raise unfit(address, "is neither http(s) nor an absolute path")
    return path


class Opener:
    """Documents and downloads from http(s) addresses, ``file:`` addresses and absolute paths.

    Files of this machine are read even when the settings say offline: no network is needed for them.
    """

    def __init__(self, settings: Settings, *, client: HttpClient | None = None) -> None:
        self.http = client or HttpClient(settings)

    def get(self, address: str, *, limit: int, accept: str = "*/*", allow_http: bool = False) -> Response:
        """A document, as ``HttpClient.get``. Raises FetchError; TB3015 where there is no such file."""
        if is_web(address):
            return self.http.get(address, limit=limit, accept=accept, allow_http=allow_http)
        path = local_path(address)
        with _open(path, address) as stream:
            body = stream.read(limit + 1)
        if len(body) > limit:
            raise FetchError.of(
                "TB3026",
                f"the document is larger than {limit} bytes",
                hint="check that the path names what you mean",
                where=address,
            )
        return Response(body=body, headers=(), url=Path(path).as_uri())

    def download(
        self,
        address: str,
        sink: Sink,
        *,
        size: int | None = None,
        digest: Digest | None = None,
        allow_http: bool = False,
        advance: Callable[[int], None] = ignore,
    ) -> tuple[Digest, int]:
        """Stream a file into ``sink``, as ``HttpClient.download``. Raises FetchError, IntegrityError TB3030, TB3031."""
        if is_web(address):
            return self.http.download(address, sink, size=size, digest=digest, allow_http=allow_http, advance=advance)
        summed, received = hashlib.sha256(), 0
        with _open(local_path(address), address) as stream:
            while piece := stream.read(_PIECE):
                received += len(piece)
                if size is not None and received > size:
                    break
                sink.write(piece)
                summed.update(piece)
                advance(len(piece))
        if size is not None and received != size:
            raise _differs("TB3030", f"got {counted(received, 'byte')}, expected {size}", address)
        found = Digest(summed.hexdigest())
        if digest is not None and found != digest:
            raise _differs("TB3031", f"got {found}, expected {digest}", address)
        return found, received


def _open(path: str, address: str) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except FileNotFoundError:
        raise FetchError.of(
            "TB3015",
            "there is no such file",
            hint="check the address, or choose a mirror that has the file",
            where=redact(address),
        ) from None
    except OSError as error:
        raise unfit(address, f"cannot be opened: {os.strerror(error.errno or 0).lower()}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise unfit(address, "is no regular file")
    return os.fdopen(descriptor, "rb")


def _differs(code: str, message: str, address: str) -> IntegrityError:
    return IntegrityError.of(
        code,
        message,
        hint="do not use the file: it is not the one that was locked; choose another mirror or lock again",
        where=redact(address),
    )
