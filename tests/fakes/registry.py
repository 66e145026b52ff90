"""A registry of our own on the loopback, which keeps to the distribution specification until it is told otherwise.

``answers`` (of ``WebServer``) replaces what it says at a path; the switches take away what older registries lack.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from fakes.web import Request, WebServer, Wire, file

__all__ = ["CONFIG", "INDEX", "LAYER", "MANIFEST", "FakeRegistry", "digest_of", "document"]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest_of(content: bytes) -> str:
    """``sha256:…`` of bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def document(value: object) -> bytes:
    """JSON as some other tool may write it: with spaces."""
    return json.dumps(value, indent=3).encode()


def described(media_type: str, content: bytes, **more: object) -> dict[str, object]:
    """A descriptor."""
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content), **more}


@dataclass
class FakeRegistry(WebServer):
    """Repositories in memory. ``user`` and ``password`` make it ask for Basic, ``realm`` for tokens."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    held: dict[str, set[str]] = field(default_factory=dict)  # repository → digests of its blobs
    manifests: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    uploads: dict[str, bytearray] = field(default_factory=dict)
    user: str = ""
    password: str = ""
    realm: str = ""
    tokens: set[str] = field(default_factory=set)
    referrers_api: bool = True
    mounts: bool = True
    patches: bool = True
    head: bool = True
    deletes: bool = True
    least_chunk: int = 0
    breaks: list[int] = field(default_factory=list)  # after so many bytes of an upload's body the connection is reset
    location: str = ""  # what uploads are answered with in place of their own place
    stored: str = ""  # the digest that the registry says it stored, in place of the right one

    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def authority(self) -> str:
        """``host:port``."""
        return f"{self.host}:{self.port}"

    def counts(self) -> Counter[str]:
        """How often each method was used."""
        return Counter(request.method for request in self.requests)

    def put_blob(self, repository: str, content: bytes) -> str:
        """Have a blob; its digest."""
        self.blobs[digest_of(content)] = content
        self.held.setdefault(repository, set()).add(digest_of(content))
        return digest_of(content)

    def put_image(self, repository: str, tag: str, layers: list[bytes], *, platform: str = "linux/amd64") -> bytes:
        """Have an image; its manifest."""
        system, architecture = platform.split("/")
        config = document({"os": system, "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": []}})
        for content in (config, *layers):
            self.put_blob(repository, content)
        manifest = document(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": described(CONFIG, config),
                "layers": [described(LAYER, layer) for layer in layers],
            }
        )
        self.put_manifest(repository, tag, manifest, MANIFEST)
        return manifest

    def put_index(self, repository: str, tag: str, images: dict[str, bytes]) -> bytes:
        """Have an index over manifests by platform; its bytes."""
        entries = []
        for platform, manifest in images.items():
            system, architecture = platform.split("/")
            entries.append(described(MANIFEST, manifest, platform={"os": system, "architecture": architecture}))
        index = document({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
        self.put_manifest(repository, tag, index, INDEX)
        return index

    def put_manifest(self, repository: str, reference: str, content: bytes, media_type: str) -> None:
        """Have a manifest, by tag and by digest."""
        for name in {reference, digest_of(content)}:
            self.manifests[repository, name] = content, media_type

    def patience(self, request: Request) -> int | None:
        """Read as much of a body as it takes until the connection is to break."""
        if request.method in ("PATCH", "PUT") and "/uploads/" in request.target and self.breaks:
            return self.breaks[0]
        return None

    def respond(self, request: Request, sock: socket.socket) -> None:
        """Answer one request."""
        if request.target.partition("?")[0] in self.answers:
            super().respond(request, sock)
            return
        wire = Wire(sock, self._stopped)
        self._serve(request, wire)
        if self.tls is None:
            sock.shutdown(socket.SHUT_WR)

    def _serve(self, request: Request, wire: Wire) -> None:
        if not self._admitted(request):
            challenge = (
                f'Bearer realm="{self.realm}",service="fake",scope="repository:x/y:pull"'
                if self.realm
                else 'Basic realm="fake"'
            )
            self._say(wire, request, 401, {"WWW-Authenticate": challenge})
            return
        path = urlsplit(request.target).path
        for pattern, serve in (
            (r"/v2/", self._root),
            (r"/v2/(.+)/manifests/([^/]+)", self._manifest),
            (r"/v2/(.+)/blobs/uploads/([^/]*)", self._upload),
            (r"/v2/(.+)/blobs/([^/]+)", self._blob),
            (r"/v2/(.+)/referrers/([^/]+)", self._referrers),
            (r"/v2/(.+)/tags/list", self._tags),
        ):
            match = re.fullmatch(pattern, path)
            if match:
                serve(request, wire, *match.groups())
                return
        self._say(wire, request, 404)

    def _admitted(self, request: Request) -> bool:
        authorization = request.headers.get("authorization", "")
        if self.realm:
            return authorization.removeprefix("Bearer ") in self.tokens
        if self.user:
            basic = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            return authorization == f"Basic {basic}"
        return True

    def _say(
        self,
        wire: Wire,
        request: Request,
        status: int,
        fields: dict[str, object] | None = None,
        body: bytes = b"",
    ) -> None:
        wire.head(status, {"Content-Length": len(body), **(fields or {})})
        if request.method != "HEAD":
            wire.send(body)

    def _root(self, request: Request, wire: Wire) -> None:
        self._say(wire, request, 200, {}, b"{}")

    def _manifest(self, request: Request, wire: Wire, repository: str, reference: str) -> None:
        if request.method == "PUT":
            media_type = request.headers["content-type"]
            named = json.loads(request.body)
            for entry in [*named.get("layers", []), *([named["config"]] if "config" in named else [])]:
                if entry["digest"] not in self.held.get(repository, ()):
                    self._say(wire, request, 400, {}, b'{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"x"}]}')
                    return
            self.put_manifest(repository, reference, request.body, media_type)
            fields: dict[str, object] = {"Docker-Content-Digest": self.stored or digest_of(request.body)}
            if self.referrers_api and "subject" in named:
                fields["OCI-Subject"] = named["subject"]["digest"]
            self._say(wire, request, 201, fields)
            return
        if request.method == "HEAD" and not self.head:
            self._say(wire, request, 405)
            return
        if request.method == "DELETE":
            self._delete(request, wire, repository, reference)
            return
        content, media_type = self.manifests.get((repository, reference), (b"", ""))
        if not content:
            self._say(wire, request, 404)
            return
        fields = {"Content-Type": media_type, "Docker-Content-Digest": digest_of(content)}
        self._say(wire, request, 200, fields | {"Content-Length": len(content)}, content)

    def _delete(self, request: Request, wire: Wire, repository: str, reference: str) -> None:
        """With all tags of the manifest, as registries do it that take a digest only."""
        if not self.deletes:
            self._say(wire, request, 405, {}, b'{"errors":[{"code":"UNSUPPORTED"}]}')
            return
        content, _ = self.manifests.get((repository, reference), (b"", ""))
        for key in [key for key, value in self.manifests.items() if key[0] == repository and value[0] == content]:
            del self.manifests[key]
        self._say(wire, request, 202 if content else 404)

    def _blob(self, request: Request, wire: Wire, repository: str, digest: str) -> None:
        if digest not in self.held.get(repository, ()):
            self._say(wire, request, 404)
        elif request.method == "HEAD":
            self._say(wire, request, 200, {"Content-Length": len(self.blobs[digest])})
        else:
            file(self.blobs[digest])(request, wire)

    def _upload(self, request: Request, wire: Wire, repository: str, session: str) -> None:
        query = {key: values[0] for key, values in parse_qs(urlsplit(request.target).query).items()}
        if request.method == "POST":
            if self.mounts and query.get("mount") in self.held.get(query.get("from", ""), ()):
                self.held.setdefault(repository, set()).add(query["mount"])
                self._say(wire, request, 201, {"Location": f"/v2/{repository}/blobs/{query['mount']}"})
                return
            session = f"u{next(self._numbers)}"
            self.uploads[session] = bytearray()
            least = {"OCI-Chunk-Min-Length": self.least_chunk} if self.least_chunk else {}
            self._say(wire, request, 202, {"Location": self._place(repository, session), "Range": "0-0", **least})
            return
        kept = self.uploads.get(session)
        if kept is None:
            self._say(wire, request, 404)
        elif request.method == "GET":
            self._say(wire, request, 204, self._state(repository, session))
        elif request.method == "PATCH" and not self.patches:
            self._say(wire, request, 405)
        elif request.method == "PATCH":
            start = int(request.headers.get("content-range", f"{len(kept)}-").partition("-")[0])
            if start != len(kept):
                self._say(wire, request, 416, self._state(repository, session))
                return
            self._receive(request, wire, kept)
            self._say(wire, request, 202, self._state(repository, session))
        elif request.method == "PUT":
            self._receive(request, wire, kept)
            if digest_of(bytes(kept)) != query["digest"]:
                self._say(wire, request, 400, {}, b'{"errors":[{"code":"DIGEST_INVALID"}]}')
                return
            del self.uploads[session]
            self.put_blob(repository, bytes(kept))
            self._say(wire, request, 201, {"Docker-Content-Digest": self.stored or query["digest"]})

    def _receive(self, request: Request, wire: Wire, kept: bytearray) -> None:
        length = int(request.headers.get("content-length", 0))
        if self.breaks and length:
            kept += request.body[: self.breaks.pop(0)]
            wire.reset()
        kept += request.body

    def _place(self, repository: str, session: str) -> str:
        return self.location or f"/v2/{repository}/blobs/uploads/{session}?state=a%2Fb"

    def _state(self, repository: str, session: str) -> dict[str, object]:
        return {"Location": self._place(repository, session), "Range": f"0-{max(0, len(self.uploads[session]) - 1)}"}

    def _referrers(self, request: Request, wire: Wire, repository: str, digest: str) -> None:
        if not self.referrers_api:
            self._say(wire, request, 404)
            return
        found = []
        for (where, name), (content, media_type) in sorted(self.manifests.items()):
            named = json.loads(content)
            if where == repository and name == digest_of(content) and named.get("subject", {}).get("digest") == digest:
                kind = named.get("artifactType", "")
                found.append(described(media_type, content, artifactType=kind))
        body = document({"schemaVersion": 2, "mediaType": INDEX, "manifests": found})
        self._say(wire, request, 200, {"Content-Type": INDEX}, body)

    def _tags(self, request: Request, wire: Wire, repository: str) -> None:
        found = sorted(name for where, name in self.manifests if where == repository and ":" not in name)
        if not found:
            self._say(wire, request, 404)
            return
        query = {key: values[0] for key, values in parse_qs(urlsplit(request.target).query).items()}
        after = query.get("last", "")
        page = [tag for tag in found if tag > after][:2]
        more = page and page[-1] != found[-1]
        fields = {"Link": f'</v2/{repository}/tags/list?n=2&last={page[-1]}>; rel="next"'} if more else {}
        self._say(wire, request, 200, dict(fields), json.dumps({"name": repository, "tags": page}).encode())
