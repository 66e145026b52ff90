"""Manifests into repositories."""

from __future__ import annotations

import json

import pytest

from fakes.registry import CONFIG, INDEX, MANIFEST, FakeRegistry, described, digest_of, document
from fakes.web import text
from twinbuild.errors import FetchError, IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.net.registry.upload import Sent
from unit.net.registry.conftest import Clients, named


def referrer(subject: bytes, kind: str, registry: FakeRegistry) -> bytes:
    """A manifest that refers to another."""
    registry.put_blob("team/model", b"{}")
    return document({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind, "layers": [], "annotations": {"a": kind},
        "config": described(CONFIG, b"{}"), "subject": described(MANIFEST, subject),
    })  # fmt: skip


def test_byte_for_byte(registry: FakeRegistry, clients: Clients) -> None:
    """By tag and by digest; the second time nothing is sent."""
    content = registry.put_image("team/model", "1", [b"layer"])
    client = clients()
    reference = named(registry, "team/model:2")
    assert client.put_manifest(reference, content, MANIFEST) is Sent.UPLOADED
    assert registry.manifests["team/model", "2"] == (content, MANIFEST)
    assert client.put_manifest(reference, content, MANIFEST) is Sent.PRESENT
    assert client.put_manifest(reference.pinned(Digest.of(content)), content, MANIFEST) is Sent.PRESENT
    assert registry.counts()["PUT"] == 1
    other = registry.put_image("team/model", "3", [])
    assert client.put_manifest(reference, other, MANIFEST) is Sent.UPLOADED
    assert registry.manifests["team/model", "2"] == (other, MANIFEST)


def test_refused(registry: FakeRegistry, clients: Clients) -> None:
    """RG-68: a layer that is missing there."""
    content = registry.put_image("team/model", "1", [b"layer"])
    with pytest.raises(FetchError, match=r"TB3220.*MANIFEST_BLOB_UNKNOWN"):
        clients().put_manifest(named(registry, "team/empty:1"), content, MANIFEST)


def test_rewritten(registry: FakeRegistry, clients: Clients) -> None:
    """RG-69: a registry that stores another digest than that of the bytes it was sent."""
    content = registry.put_image("team/model", "1", [])
    registry.stored = digest_of(b"rewritten")
    with pytest.raises(IntegrityError, match="TB3222"):
        clients().put_manifest(named(registry, "team/model:2"), content, MANIFEST)


@pytest.mark.parametrize("api", [True, False])
def test_referrers(registry: FakeRegistry, clients: Clients, *, api: bool) -> None:
    """What refers to an image is found afterwards, with the API and without it; pushing it again adds nothing."""
    registry.referrers_api = api
    subject = registry.put_image("team/model", "1", [])
    client, reference = clients(), named(registry)
    for kind in ("application/sbom", "application/provenance", "application/sbom"):
        content = referrer(subject, kind, registry)
        client.put_manifest(reference.pinned(Digest.of(content)), content, MANIFEST)
    found = client.referrers(reference.pinned(Digest.of(subject)))
    assert {entry.artifact_type for entry in found} == {"application/sbom", "application/provenance"}
    assert len(found) == 2
    tag = f"sha256-{Digest.of(subject).hex}"
    assert (("team/model", tag) in registry.manifests) is not api
    if not api:
        assert registry.manifests["team/model", tag][1] == INDEX
        assert dict(found[0].annotations) == {"a": found[0].artifact_type}


def test_a_fallback_tag_that_is_no_index(registry: FakeRegistry, clients: Clients) -> None:
    """RG-70: what stands under the tag is not overwritten if it cannot be read."""
    registry.referrers_api = False
    subject = registry.put_image("team/model", "1", [])
    tag = f"sha256-{Digest.of(subject).hex}"
    registry.answers[f"/v2/team/model/manifests/{tag}"] = text("<html>")
    content = referrer(subject, "application/sbom", registry)
    with pytest.raises(IntegrityError, match="TB4330"):
        clients().put_manifest(named(registry).pinned(Digest.of(content)), content, MANIFEST)
    del registry.answers[f"/v2/team/model/manifests/{tag}"]
    registry.manifests["team/model", tag] = (subject, MANIFEST)  # somebody named the image so
    with pytest.raises(FetchError, match="TB3236"):
        clients().put_manifest(named(registry).pinned(Digest.of(content)), content, MANIFEST)
    assert registry.manifests["team/model", tag] == (subject, MANIFEST)


@pytest.mark.parametrize("api", [True, False])
def test_there_and_not_listed(registry: FakeRegistry, clients: Clients, *, api: bool) -> None:
    """Who was killed before the manifest was listed pushes again, and it is; the third time nothing is sent."""
    registry.referrers_api = api
    subject = registry.put_image("team/model", "1", [])
    content = referrer(subject, "application/sbom", registry)
    registry.put_manifest("team/model", digest_of(content), content, MANIFEST)
    client, reference = clients(), named(registry)
    expected = Sent.PRESENT if api else Sent.UPLOADED
    assert client.put_manifest(reference.pinned(Digest.of(content)), content, MANIFEST) is expected
    assert len(client.referrers(reference.pinned(Digest.of(subject)))) == 1
    assert client.put_manifest(reference.pinned(Digest.of(content)), content, MANIFEST) is Sent.PRESENT


def test_what_others_say_in_the_list(registry: FakeRegistry, clients: Clients) -> None:
    """Of an index under the fallback tag nothing is lost when an entry joins: not what we have no word for, either."""
    registry.referrers_api = False
    subject = registry.put_image("team/model", "1", [])
    theirs = {**described(MANIFEST, subject), "x": 1.5, "platform": {"os": "linux", "more": [1]}}
    index = {"schemaVersion": 2, "mediaType": INDEX, "annotations": {"kept": "by others"}, "manifests": [theirs]}
    tag = f"sha256-{Digest.of(subject).hex}"
    registry.put_manifest("team/model", tag, document(index), INDEX)
    content = referrer(subject, "application/sbom", registry)
    clients().put_manifest(named(registry).pinned(Digest.of(content)), content, MANIFEST)
    found = json.loads(registry.manifests["team/model", tag][0])
    assert found["manifests"].pop()["artifactType"] == "application/sbom"
    assert found == index
