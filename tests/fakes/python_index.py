"""A package index on loopback: small real wheels, PEP 691 or 503 pages, and the ways in which an index can fail."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import io
import json
import socket
import threading
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote

__all__ = ["File", "PackageIndex", "wheel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a project, and what the index says about it; None for what it leaves unsaid."""

    name: str
    content: bytes
    sha256: str | None
    size: int | None
    uploaded: str | None = "2026-01-01T00:00:00Z"
    requires_python: str | None = None
    yanked: str | None = None


def wheel(
    project: str,
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    requires: tuple[str, ...] = (),
    extras: tuple[str, ...] = (),
    metadata_python: str = "",
    weight: int = 0,
    build: str = "",
    sized: bool = True,
    hashed: bool = True,
    **stated: str | None,
) -> File:
    """A wheel that pip can read; ``weight`` adds that many incompressible bytes."""
    stem = project.replace("-", "_")
    lines = ["Metadata-Version: 2.1", f"Name: {project}", f"Version: {version}"]
    lines += [f"Requires-Dist: {each}" for each in requires]
    lines += [f"Provides-Extra: {each}" for each in extras]
    lines += [f"Requires-Python: {metadata_python}"] if metadata_python else []
    directory = f"{stem}-{version}.dist-info"
    members = {
        f"{stem}.py": b"",
        f"{stem}.bin": b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(weight // 32)),
        f"{directory}/METADATA": ("\n".join(lines) + "\n").encode(),
        f"{directory}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    members[f"{directory}/RECORD"] = "".join(f"{name},,\n" for name in [*members, f"{directory}/RECORD"]).encode()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    content = stream.getvalue()
    return File(
        name=f"{stem}-{version}{'-' + build if build else ''}-{tag}.whl",
        content=content,
        sha256=hashlib.sha256(content).hexdigest() if hashed else None,
        size=len(content) if sized else None,
        **stated,  # type: ignore[arg-type]
    )


class _Server(ThreadingHTTPServer):
    """One that leaves no thread behind, though a client of this process keeps its connection for a next request."""

    daemon_threads = False  # so that closing waits for them

    def __init__(self, *arguments: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*arguments)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a connection, which is known as long as it is open."""
        self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)

    def hang_up(self) -> None:
        """End every connection that is still open."""
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@dataclass
class PackageIndex:
    """A running index. ``failures`` maps a project to the status that its page answers with."""

    projects: dict[str, tuple[File, ...]]
    style: str = "json"
    credentials: str = ""
    failures: dict[str, int] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    garbage: frozenset[str] = frozenset()
    ranges: bool = True
    heads: bool = True
    asked: list[str] = field(default_factory=list)
    sent: int = 0

    def __enter__(self) -> Self:
        index = self

        class Answer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                index.answer(self, body=True)

            def do_HEAD(self) -> None:
                index.answer(self, body=False)

        self._server = _Server(("127.0.0.1", 0), Answer)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    def address(self, *, host: str = "127.0.0.1", credentials: str = "") -> str:
        """The base address of the simple API."""
        user = f"{credentials}@" if credentials else ""
        return f"http://{user}{host}:{self._server.server_port}/simple"

    def answer(self, request: BaseHTTPRequestHandler, *, body: bool) -> None:
        """One request: a project's page, or a file, whole or in part."""
        self.asked.append(f"{request.command} {request.path}")
        wanted = "Basic " + base64.b64encode(self.credentials.encode()).decode()
        if self.credentials and request.headers.get("Authorization") != wanted:
            return self._send(request, 401, b"", {"WWW-Authenticate": 'Basic realm="tests"'})
        kind, _, name = request.path.strip("/").partition("/")
        if kind == "files":
            return self._file(request, name, body=body)
        if name in self.failures:
            return self._send(request, self.failures[name], b"")
        if name in self.redirects:
            return self._send(request, 302, b"", {"Location": f"{self.redirects[name]}/{name}/"})
        if name in self.garbage:
            return self._send(request, 200, b"%PDF-", {"Content-Type": "application/pdf"})
        if name not in self.projects:
            return self._send(request, 404, b"")
        page, content_type = self._page(name)
        return self._send(request, 200, page if body else b"", {"Content-Type": content_type})

    def _page(self, project: str) -> tuple[bytes, str]:
        files = self.projects[project]
        if self.style == "json":
            entries = []
            for each in files:
                entry: dict[str, object] = {"filename": each.name, "url": f"/files/{project}/{each.name}"}
                entry["hashes"] = {"sha256": each.sha256} if each.sha256 else {}
                stated = {
                    "size": each.size,
                    "upload-time": each.uploaded,
                    "requires-python": each.requires_python,
                    "yanked": each.yanked,
                }
                entries.append(entry | {key: value for key, value in stated.items() if value is not None})
            document = {"meta": {"api-version": "1.1"}, "name": project, "files": entries}
            return json.dumps(document).encode(), "application/vnd.pypi.simple.v1+json"
        anchors = []
        for each in files:
            fragment = f"#sha256={each.sha256}" if each.sha256 else ""
            python = f' data-requires-python="{html.escape(each.requires_python)}"' if each.requires_python else ""
            anchors.append(f'<a href="/files/{project}/{each.name}{fragment}"{python}>{each.name}</a>')
        return f"<!DOCTYPE html><html><body>{''.join(anchors)}</body></html>".encode(), "text/html"

    def _file(self, request: BaseHTTPRequestHandler, name: str, *, body: bool) -> None:
        project, _, filename = unquote(name).partition("/")
        found = [each for each in self.projects.get(project, ()) if each.name == filename]
        if not found or (not body and not self.heads):
            return self._send(request, 404 if not found else 405, b"")
        content, wanted = found[0].content, request.headers.get("Range", "")
        headers = {"Content-Type": "application/octet-stream"}
        if not body:
            headers |= {"Accept-Ranges": "bytes"} if self.ranges else {}
            return self._send(request, 200, b"", headers | {"Content-Length": str(len(content))})
        if not self.ranges or not wanted.startswith("bytes="):
            return self._send(request, 200, content, headers)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start = int(first) if first else len(content) - int(last)
        end = min(int(last), len(content) - 1) if first and last else len(content) - 1
        headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
        return self._send(request, 206, content[start : end + 1], headers)

    def _send(
        self, request: BaseHTTPRequestHandler, status: int, content: bytes, headers: dict[str, str] | None = None
    ) -> None:
        request.send_response(status)
        for key, value in ({"Content-Length": str(len(content))} | (headers or {})).items():
            request.send_header(key, value)
        request.end_headers()
        request.wfile.write(content)
        self.sent += len(content)
