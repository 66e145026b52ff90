"""Manifests and blobs from a registry that is honest, broken or hostile."""

from __future__ import annotations

import hashlib
import os

import pytest

from fakes.registry import INDEX, LAYER, MANIFEST, FakeRegistry, digest_of, document
from fakes.web import Answer, Request, Wire, file, script, text
from twinbuild.errors import FetchError, IntegrityError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.store.memory import MemoryStore
from unit.net.registry.conftest import Clients, named

CONTENT = hashlib.shake_256(b"layer").digest(1 << 20)
BLOB = Descriptor(media_type=LAYER, digest=Digest.of(CONTENT), size=len(CONTENT))


def blob_path(descriptor: Descriptor = BLOB) -> str:
    """Where the registry has a blob."""
    return f"/v2/team/model/blobs/{descriptor.digest}"


# -- manifests -----------------------------------------------------------------------------------------------------


def test_manifest_byte_for_byte(registry: FakeRegistry, clients: Clients) -> None:
    """What comes is what was pushed, spaces and all, with its digest; HEAD says the same."""
    content = registry.put_image("team/model", "1", [CONTENT])
    client = clients()
    manifest = client.manifest(named(registry))
    assert (manifest.content, manifest.media_type, manifest.digest) == (content, MANIFEST, Digest.of(content))
    assert client.resolve(named(registry)) == manifest.descriptor
    assert client.manifest(named(registry).pinned(manifest.digest)) == manifest


@pytest.mark.parametrize("head", [True, False])
def test_resolve_without_head(registry: FakeRegistry, clients: Clients, *, head: bool) -> None:
    """A registry without HEAD, or that leaves out the digest, is asked by GET."""
    content = registry.put_image("team/model", "1", [])
    registry.head = head
    path = "/v2/team/model/manifests/1"
    if head:  # it answers HEAD without a digest
        registry.answers[path] = text(content, Content_Type=MANIFEST)
    assert clients().resolve(named(registry)).digest == Digest.of(content)


def test_no_such_manifest(registry: FakeRegistry, clients: Clients) -> None:
    """RG-10: TB3202, asked once."""
    for ask in (clients().manifest, clients().resolve):
        registry.requests.clear()
        with pytest.raises(FetchError, match="TB3202"):
            ask(named(registry))
        assert len([target for target in registry.targets() if "manifests" in target]) == 1


def _lying(content: bytes, **fields: object) -> Answer:
    return text(content, Content_Type=MANIFEST, **fields)


@pytest.mark.parametrize(
    ("name", "code"),
    [("corrupted", "TB3210"), ("swapped", "TB3210"), ("truncated", "TB3210"), ("oversized", "TB3210"),
     ("header", "TB3212"), ("header-syntax", "TB3212"), ("page", "TB4330"), ("index", "TB3212")],
)  # fmt: skip
def test_hostile_manifest(registry: FakeRegistry, clients: Clients, name: str, code: str) -> None:
    """RG-11: integrity errors, each after one request, never a retry."""
    content = registry.put_image("team/model", "1", [CONTENT])
    other = registry.put_image("team/model", "2", [])
    answers = {
        "corrupted": _lying(content.replace(b"amd64", b"arm64").replace(b" ", b"\t", 1)),
        "swapped": _lying(other),
        "truncated": _lying(content[:-1]),
        "oversized": _lying(content + b" " * (5 << 20)),
        "header": _lying(content, Docker_Content_Digest=digest_of(other)),
        "header-syntax": _lying(content, Docker_Content_Digest="sha256:XYZ"),
        "page": text("<html>log in</html>", Content_Type="text/html"),
        "index": text(content, Content_Type=INDEX),
    }
    pinned = name in ("corrupted", "swapped", "truncated", "oversized")
    path = f"/v2/team/model/manifests/{digest_of(content) if pinned else '1'}"
    registry.answers[path] = answers[name]
    reference = named(registry).pinned(Digest.of(content)) if pinned else named(registry)
    with pytest.raises(IntegrityError, match=code) as caught:
        clients().manifest(reference)
    assert caught.value.exit_code == 5
    assert registry.targets().count(path) == 1


def test_head_names_another_digest(registry: FakeRegistry, clients: Clients) -> None:
    """RG-12: a registry that answers for one digest with another contradicts itself."""
    content = registry.put_image("team/model", "1", [])
    wanted = Digest.of(b"another")
    registry.answers[f"/v2/team/model/manifests/{wanted}"] = text(
        content, Content_Type=MANIFEST, Docker_Content_Digest=digest_of(content)
    )
    with pytest.raises(IntegrityError, match="TB3212"):
        clients().resolve(named(registry).pinned(wanted))


def test_other_digest_algorithms_are_passed_over(registry: FakeRegistry, clients: Clients) -> None:
    """A digest of another algorithm in the header is no contradiction: ours is computed."""
    content = document({"schemaVersion": 2, "mediaType": MANIFEST})
    registry.answers["/v2/team/model/manifests/1"] = _lying(content, Docker_Content_Digest=f"sha512:{'0' * 128}")
    assert clients().manifest(named(registry)).digest == Digest.of(content)


# -- blobs ---------------------------------------------------------------------------------------------------------


def test_blob(registry: FakeRegistry, clients: Clients) -> None:
    """A blob is streamed into the store once; the second time nothing is asked."""
    registry.put_blob("team/model", CONTENT)
    store, client, heard = MemoryStore(), clients(), []
    progress = lambda activity, done, total: heard.append((done, total))  # noqa: E731
    assert client.fetch_blob(named(registry), BLOB, store, progress)
    assert store.read(BLOB.digest) == CONTENT
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    asked = len(registry.requests)
    assert not client.fetch_blob(named(registry), BLOB, store)
    assert len(registry.requests) == asked


def test_broken_connection_is_resumed(registry: FakeRegistry, clients: Clients) -> None:
    """RG-13: a connection that breaks in a blob is continued with a range; no byte comes twice."""
    registry.answers[blob_path()] = file(CONTENT, breaks=(200_000, 700_000))
    store = MemoryStore()
    clients().fetch_blob(named(registry), BLOB, store)
    assert store.read(BLOB.digest) == CONTENT
    ranges = [request.headers.get("range") for request in registry.requests if request.target == blob_path()]
    assert ranges == [None, "bytes=200000-", "bytes=700000-"]


def test_ranges_that_are_ignored(registry: FakeRegistry, clients: Clients) -> None:
    """RG-14: a server that begins anew is compared with what came before."""
    registry.answers[blob_path()] = file(CONTENT, ranges=False, breaks=(200_000,))
    store = MemoryStore()
    clients().fetch_blob(named(registry), BLOB, store)
    assert store.read(BLOB.digest) == CONTENT


def _endless(request: Request, wire: Wire) -> None:
    wire.head(200, {"Transfer-Encoding": "chunked"})
    while True:
        wire.send(b"10000\r\n" + bytes(0x10000) + b"\r\n")


def _short(request: Request, wire: Wire) -> None:
    wire.head(200, {"Transfer-Encoding": "chunked"})
    wire.send(f"{1000:x}\r\n".encode() + CONTENT[:1000] + b"\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(text(CONTENT[:500] + b"!" + CONTENT[501:]), id="corrupted"),
        pytest.param(text(CONTENT[:-1]), id="truncated"),
        pytest.param(_short, id="truncated-in-chunks"),
        pytest.param(
            lambda request, wire: wire.send(b"HTTP/1.0 200 x\r\n\r\n" + CONTENT[:9]), id="truncated-by-closing"
        ),
        pytest.param(text(CONTENT + b"!"), id="oversized"),
        pytest.param(text(os.urandom(len(CONTENT))), id="swapped"),
        pytest.param(text(b""), id="empty"),
        pytest.param(_endless, id="endless"),
    ],
)
def test_hostile_blob(registry: FakeRegistry, clients: Clients, answer: Answer) -> None:
    """RG-15: TB3211 after one request, and nothing in the store."""
    registry.answers[blob_path()] = answer
    store = MemoryStore()
    with pytest.raises(IntegrityError, match="TB3211") as caught:
        clients().fetch_blob(named(registry), BLOB, store)
    assert caught.value.exit_code == 5
    assert registry.targets().count(blob_path()) == 1
    assert list(store.blobs()) == []


def test_file_that_changes_between_tries(registry: FakeRegistry, clients: Clients) -> None:
    """RG-16: other bytes after a break are an integrity error."""
    other = bytes(len(CONTENT))
    registry.answers[blob_path()] = script(file(CONTENT, breaks=(300_000,)), file(other, ranges=False))
    with pytest.raises(IntegrityError, match="TB3032"):
        clients().fetch_blob(named(registry), BLOB, MemoryStore())


def test_missing_blob(registry: FakeRegistry, clients: Clients) -> None:
    """RG-17: TB3203, asked once."""
    with pytest.raises(FetchError, match="TB3203"):
        clients().fetch_blob(named(registry), BLOB, MemoryStore())
    assert registry.targets().count(blob_path()) == 1


def test_a_descriptor_that_lies_about_a_stored_blob(registry: FakeRegistry, clients: Clients) -> None:
    """RG-18: a blob that is stored has a size, and a manifest that says another is refused."""
    store = MemoryStore()
    store.put(CONTENT)
    with pytest.raises(IntegrityError, match="TB3211"):
        clients().fetch_blob(
            named(registry), Descriptor(media_type=LAYER, digest=BLOB.digest, size=len(CONTENT) + 1), store
        )


def test_encoded_blob(registry: FakeRegistry, clients: Clients) -> None:
    """RG-19: a Content-Encoding would hide the bytes."""
    registry.answers[blob_path()] = text(CONTENT, Content_Encoding="gzip")
    with pytest.raises(TwinbuildError, match="TB3027"):
        clients().fetch_blob(named(registry), BLOB, MemoryStore())
