"""Blobs into repositories: whole, in pieces, mounted, continued; and registries that get in the way."""

from __future__ import annotations

import hashlib

import pytest

from fakes.registry import LAYER, FakeRegistry
from fakes.web import script, text
from twinbuild.errors import FetchError, IntegrityError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.net.registry.client import RegistryClient
from twinbuild.net.registry.upload import Sent
from twinbuild.store.memory import MemoryStore
from unit.net.registry.conftest import Clients, named

CONTENT = hashlib.shake_256(b"layer").digest(1 << 20)
BLOB = Descriptor(media_type=LAYER, digest=Digest.of(CONTENT), size=len(CONTENT))
UPLOADS = "/v2/team/model/blobs/uploads/"


@pytest.fixture
def store() -> MemoryStore:
    """A store with the blob."""
    filled = MemoryStore()
    filled.put(CONTENT)
    return filled


def in_pieces(clients: Clients, size: int, **settings: object) -> RegistryClient:
    """A client that sends at most so many bytes in one request."""
    client = clients(**settings)
    client._chunk = size
    return client


def received(registry: FakeRegistry) -> int:
    """How many bytes of bodies came."""
    return sum(len(request.body) for request in registry.requests)


def test_whole(registry: FakeRegistry, clients: Clients, store: MemoryStore) -> None:
    """A small blob takes a look, a beginning and one request; the second time a look alone."""
    client, heard = clients(), []
    progress = lambda activity, done, total: heard.append((done, total))  # noqa: E731
    assert client.push_blob(named(registry), BLOB, store, progress) is Sent.UPLOADED
    assert registry.blobs[str(BLOB.digest)] == CONTENT
    assert [request.method for request in registry.requests] == ["GET", "HEAD", "POST", "PUT"]
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    registry.requests.clear()
    assert client.push_blob(named(registry), BLOB, store) is Sent.PRESENT
    assert [request.method for request in registry.requests] == ["HEAD"]


def test_in_pieces(registry: FakeRegistry, clients: Clients, store: MemoryStore) -> None:
    """A large blob goes in pieces, each with its place, and each once."""
    client = in_pieces(clients, 400_000)
    assert client.push_blob(named(registry), BLOB, store) is Sent.UPLOADED
    pieces = [request.headers["content-range"] for request in registry.requests if request.method == "PATCH"]
    assert pieces == ["0-399999", "400000-799999", f"800000-{len(CONTENT) - 1}"]
    assert received(registry) == len(CONTENT)
    assert registry.blobs[str(BLOB.digest)] == CONTENT


def test_least_chunk(registry: FakeRegistry, clients: Clients, store: MemoryStore) -> None:
    """A registry may want longer pieces."""
    registry.least_chunk = 700_000
    in_pieces(clients, 400_000).push_blob(named(registry), BLOB, store)
    pieces = [request.headers["content-range"] for request in registry.requests if request.method == "PATCH"]
    assert pieces == ["0-699999", f"700000-{len(CONTENT) - 1}"]


@pytest.mark.parametrize("size", [400_000, 1 << 30])
def test_broken_upload_is_continued(registry: FakeRegistry, clients: Clients, store: MemoryStore, size: int) -> None:
    """RG-60: after a broken connection the rest is sent, in pieces or begun as a whole."""
    registry.breaks = [150_000, 100_000]
    in_pieces(clients, size).push_blob(named(registry), BLOB, store)
    assert registry.blobs[str(BLOB.digest)] == CONTENT
    assert registry.counts()["POST"] == 1
    starts = [request.headers.get("content-range", "0-").partition("-")[0] for request in registry.requests
              if request.method in ("PATCH", "PUT") and request.headers.get("content-length") != "0"]  # fmt: skip
    assert starts[:3] == ["0", "150000", "250000"]


def test_registry_that_takes_no_pieces(registry: FakeRegistry, clients: Clients, store: MemoryStore) -> None:
    """It gets the blob whole, however large."""
    registry.patches = False
    in_pieces(clients, 400_000).push_blob(named(registry), BLOB, store)
    assert registry.blobs[str(BLOB.digest)] == CONTENT


def test_lost_answer(registry: FakeRegistry, clients: Clients, store: MemoryStore) -> None:
    """RG-61: where only the last answer was lost, nothing is sent again."""
    client = clients()

    def lost(request: object, wire: object) -> None:
        registry.put_blob("team/model", CONTENT)
        wire.reset()  # type: ignore[attr-defined]

    registry.answers[UPLOADS + "u0"] = lost
    assert client.push_blob(named(registry), BLOB, store) is Sent.UPLOADED
    assert [request.method for request in registry.requests][2:] == ["POST", "PUT", "HEAD"]


def test_mounted(registry: FakeRegistry, clients: Clients, store: MemoryStore) -> None:
    """What another repository of the registry has is mounted: no byte is sent."""
    registry.put_blob("base/python", CONTENT)
    client = clients()
    pushed = client.push_blob(named(registry), BLOB, store, mount_from=["team/model", "other/none", "base/python"])
    assert pushed is Sent.MOUNTED
    assert received(registry) == 0
    assert str(BLOB.digest) in registry.held["team/model"]


def test_registry_that_does_not_mount(registry: FakeRegistry, clients: Clients, store: MemoryStore) -> None:
    """The upload that it began instead is used."""
    registry.put_blob("base/python", CONTENT)
    registry.mounts = False
    assert clients().push_blob(named(registry), BLOB, store, mount_from=["base/python"]) is Sent.UPLOADED
    assert registry.counts()["POST"] == 1


def test_repository_that_we_may_not_read(registry: FakeRegistry, clients: Clients, store: MemoryStore) -> None:
    """A refused mount is no end: the blob is sent."""
    registry.answers[UPLOADS] = script(text("", status=403), text("", status=202, Location=f"{UPLOADS}u0"))
    registry.uploads["u0"] = bytearray()
    assert clients().push_blob(named(registry), BLOB, store, mount_from=["secret/base"]) is Sent.UPLOADED


@pytest.mark.parametrize(
    "location",
    ["https://elsewhere.example/upload", "http://127.0.0.1:1/x", "//elsewhere.example/x", "http://u:p@x/", "ftp:x"],
)
def test_upload_elsewhere(registry: FakeRegistry, clients: Clients, store: MemoryStore, location: str) -> None:
    """RG-62: TB3221; what is pushed goes to the registry and to nobody else."""
    registry.location = location
    with pytest.raises(FetchError, match="TB3221"):
        clients().push_blob(named(registry), BLOB, store)
    assert received(registry) == 0


def test_upload_without_location(registry: FakeRegistry, clients: Clients, store: MemoryStore) -> None:
    """RG-62: likewise where none is given."""
    registry.answers[UPLOADS] = text("", status=202)
    with pytest.raises(FetchError, match="TB3221"):
        clients().push_blob(named(registry), BLOB, store)


def test_redirected_upload(registry: FakeRegistry, clients: Clients, store: MemoryStore) -> None:
    """RG-63: a body does not follow redirects."""
    registry.answers[UPLOADS + "u0"] = text("", status=307, Location="/elsewhere")
    with pytest.raises(FetchError, match="TB3012"):
        clients().push_blob(named(registry), BLOB, store)


@pytest.mark.parametrize(
    ("status", "words"),
    [(413, "TB3220.*413"), (404, "TB3220.*NAME_UNKNOWN"), (403, "TB3204.*denied"), (503, "TB3016.*tries")],
)
def test_refused(registry: FakeRegistry, clients: Clients, store: MemoryStore, status: int, words: str) -> None:
    """RG-64: the registry's code is shown, its words (which may repeat a secret) are not."""
    body = '{"errors":[{"code":"NAME_UNKNOWN","message":"hunter22"},{"code":"lower case"}]}' if status == 404 else ""
    registry.answers[UPLOADS] = text(body, status=status)
    with pytest.raises(FetchError, match=words) as caught:
        clients().push_blob(named(registry), BLOB, store)
    assert "hunter22" not in str(caught.value)


def test_bytes_changed_on_the_way(registry: FakeRegistry, clients: Clients, store: MemoryStore) -> None:
    """RG-65: a registry that got, has or stored other bytes is an integrity error, once."""
    registry.answers[UPLOADS + "u0"] = text('{"errors":[{"code":"DIGEST_INVALID"}]}', status=400)
    with pytest.raises(IntegrityError, match="TB3222"):
        clients().push_blob(named(registry), BLOB, store)
    assert registry.counts()["PUT"] == 1
    registry.answers.clear()
    registry.stored = f"sha256:{'0' * 64}"
    with pytest.raises(IntegrityError, match="TB3222"):
        clients().push_blob(named(registry), BLOB, store)
    registry.put_blob("team/model", CONTENT)
    registry.blobs[str(BLOB.digest)] = CONTENT[:-1]
    with pytest.raises(IntegrityError, match="TB3222"):
        clients().push_blob(named(registry), BLOB, store)


def test_pieces_that_never_stay(registry: FakeRegistry, clients: Clients, store: MemoryStore) -> None:
    """RG-66: a registry that forgets each piece is given up on."""
    place = f"{UPLOADS}u0"
    registry.answers[place] = text("", status=202, Range="0-0", Location=place)
    with pytest.raises(FetchError, match="TB3025"):
        in_pieces(clients, 400_000).push_blob(named(registry), BLOB, store)
    assert received(registry) < 8 * len(CONTENT)


def test_damaged_here(registry: FakeRegistry, clients: Clients) -> None:
    """RG-67: a blob that is not what it is called is not sent."""

    class Damaged(MemoryStore):
        def check(self, digest: Digest) -> None:
            raise IntegrityError.of("TB3103", "damaged", hint="-")

    with pytest.raises(TwinbuildError, match="TB3103"):
        clients().push_blob(named(registry), BLOB, Damaged())
    assert registry.counts()["POST"] == 0
