"""Mirrors before registries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fakes.registry import LAYER, FakeRegistry
from fakes.web import file, text
from twinbuild.errors import FetchError, IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.store.memory import MemoryStore
from unit.net.registry.conftest import Clients, named


@pytest.fixture
def mirror() -> Iterator[FakeRegistry]:
    """A mirror of the registry, below a prefix."""
    with FakeRegistry() as running:
        yield running


def mirrored(registry: FakeRegistry, mirror: FakeRegistry) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The setting."""
    return ((registry.authority, (f"http://{mirror.authority}/cache",)),)


def test_mirror_first(registry: FakeRegistry, mirror: FakeRegistry, clients: Clients) -> None:
    """What the mirror has comes from there alone."""
    content = registry.put_image("team/model", "1", [])
    mirror.put_image("cache/team/model", "1", [])
    client = clients(mirrors=mirrored(registry, mirror))
    assert client.manifest(named(registry)).content == content
    assert client.list_tags(named(registry)) == ("1",)
    assert registry.requests == []
    assert mirror.targets()[0] == "/v2/cache/team/model/manifests/1"


def test_mirror_that_has_it_not(registry: FakeRegistry, mirror: FakeRegistry, clients: Clients) -> None:
    """The registry itself is asked for what the mirror has not, again each time."""
    content = registry.put_image("team/model", "1", [])
    client = clients(mirrors=mirrored(registry, mirror))
    for _ in range(2):
        assert client.manifest(named(registry)).content == content
    assert len(mirror.requests) == 2


def test_mirror_that_is_away(registry: FakeRegistry, clients: Clients) -> None:
    """A mirror that cannot be reached is passed over, from then on without a try."""
    content = registry.put_image("team/model", "1", [])
    with FakeRegistry() as mirror:
        setting = mirrored(registry, mirror)
    client = clients(mirrors=setting)
    assert client.manifest(named(registry)).content == content
    waited = len(clients.pauses)
    assert client.manifest(named(registry)).content == content
    assert len(clients.pauses) == waited


def test_nobody_has_it(registry: FakeRegistry, mirror: FakeRegistry, clients: Clients) -> None:
    """Both are named."""
    with pytest.raises(FetchError) as caught:
        clients(mirrors=mirrored(registry, mirror)).manifest(named(registry))
    assert [finding.code for finding in caught.value.findings] == ["TB3202", "TB3202"]


@pytest.mark.parametrize(("status", "code"), [(401, "TB3204"), (403, "TB3204"), (418, "TB3023")])
def test_mirror_that_refuses(
    registry: FakeRegistry, mirror: FakeRegistry, clients: Clients, status: int, code: str
) -> None:
    """RG-50: a mirror that refuses us is no reason to go elsewhere."""
    registry.put_image("team/model", "1", [])
    mirror.answers["/v2/cache/team/model/manifests/1"] = text("", status=status)
    with pytest.raises(FetchError, match=code):
        clients(mirrors=mirrored(registry, mirror)).manifest(named(registry))
    assert registry.requests == []


def test_mirror_that_lies(registry: FakeRegistry, mirror: FakeRegistry, clients: Clients) -> None:
    """RG-51: wrong bytes from a mirror end the command; the registry is not asked instead."""
    content = registry.put_image("team/model", "1", [])
    pinned = named(registry).pinned(Digest.of(content))
    mirror.answers[f"/v2/cache/team/model/manifests/{pinned.digest}"] = text(content + b" ")
    with pytest.raises(IntegrityError, match="TB3210"):
        clients(mirrors=mirrored(registry, mirror)).manifest(pinned)
    assert registry.requests == []


def test_blob_begun_at_the_mirror(registry: FakeRegistry, mirror: FakeRegistry, clients: Clients) -> None:
    """A blob whose mirror goes away in the middle is continued at the registry."""
    content = bytes(range(256)) * 4000
    digest = registry.put_blob("team/model", content)
    mirror.answers[f"/v2/cache/team/model/blobs/{digest}"] = file(content, breaks=(500_000, 500_001))
    store = MemoryStore()
    descriptor = Descriptor(media_type=LAYER, digest=Digest.of(content), size=len(content))
    clients(mirrors=mirrored(registry, mirror), retries=1).fetch_blob(named(registry), descriptor, store)
    assert store.read(Digest.of(content)) == content
    (request,) = [request for request in registry.requests if "blobs" in request.target]
    assert request.headers["range"] == "bytes=500001-"


def test_own_manifest(registry: FakeRegistry, mirror: FakeRegistry, clients: Clients) -> None:
    """What is to be joined is asked of the registry itself; what it has not is nothing, what it refuses an error."""
    mirror.put_image("cache/team/model", "1", [])
    client = clients(mirrors=mirrored(registry, mirror))
    assert client.own_manifest(named(registry)) is None
    content = registry.put_image("team/model", "1", [])
    found = client.own_manifest(named(registry))
    assert found is not None
    assert found.content == content
    assert mirror.requests == []
    registry.answers["/v2/team/model/manifests/1"] = text("", status=403)
    with pytest.raises(FetchError, match="TB3204"):
        client.own_manifest(named(registry))
