"""What a repository holds, and deleting manifests."""

from __future__ import annotations

import pytest

from fakes.registry import MANIFEST, FakeRegistry
from fakes.web import text
from twinbuild.errors import FetchError
from twinbuild.model.digest import Digest
from unit.net.registry.conftest import Clients, named


def test_a_blob(registry: FakeRegistry, clients: Clients) -> None:
    """It is asked for by HEAD."""
    registry.put_blob("team/model", b"there")
    client = clients()
    assert client.own_blob(named(registry), Digest.of(b"there"))
    assert not client.own_blob(named(registry), Digest.of(b"away"))
    assert not client.own_blob(named(registry, "team/other"), Digest.of(b"there"))
    assert registry.counts()["GET"] <= 1, "that of the scheme"


def test_a_manifest_goes_with_its_tags(registry: FakeRegistry, clients: Clients) -> None:
    """By digest; what is gone already is fine."""
    content = registry.put_image("team/model", "1", [b"layer"])
    registry.put_manifest("team/model", "2", content, MANIFEST)
    client, digest = clients(), Digest.of(content)
    assert client.delete_manifest(named(registry), digest)
    assert client.own_manifest(named(registry)) is None
    assert client.own_manifest(named(registry, "team/model:2")) is None
    assert not client.delete_manifest(named(registry), digest)


def test_a_registry_that_deletes_nothing(registry: FakeRegistry, clients: Clients) -> None:
    """405, 501, or UNSUPPORTED with another status: TB9160; other refusals are said as they are."""
    digest = Digest.of(registry.put_image("team/model", "1", []))
    place = f"/v2/team/model/manifests/{digest}"
    unsupported = b'{"errors":[{"code":"UNSUPPORTED"}]}'
    for answer in (text("", status=405), text("", status=501), text(unsupported, status=400)):
        registry.answers[place] = answer
        with pytest.raises(FetchError, match="TB9160"):
            clients().delete_manifest(named(registry), digest)
    for status, code in ((400, "TB3220"), (403, "TB3204"), (500, "TB3016"), (429, "TB3016")):
        registry.answers[place] = text('{"errors":[{"code":"DENIED"}]}', status=status)
        with pytest.raises(FetchError, match=code):
            clients().delete_manifest(named(registry), digest)
