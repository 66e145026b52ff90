"""Manifests and indexes of others."""

from __future__ import annotations

import json

import pytest

from fakes.registry import CONFIG, INDEX, LAYER, MANIFEST, described, document
from twinbuild.errors import FetchError, IntegrityError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.platform import Platform
from twinbuild.net.registry.document import FetchedManifest, choose, entries_of, kind_of, parts_of

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"


def fetched(value: object, media_type: str = INDEX) -> FetchedManifest:
    """A document as it was fetched."""
    content = document(value)
    return FetchedManifest(content=content, media_type=media_type, digest=Digest.of(content))


@pytest.mark.parametrize("media_type", [MANIFEST, DOCKER, INDEX, DOCKER_LIST])
def test_kinds(media_type: str) -> None:
    """OCI's types and Docker's; a document without its own is what it was sent as."""
    for fields in ({"mediaType": media_type}, {}):
        assert kind_of(document({"schemaVersion": 2, **fields}), media_type, where="x") == media_type
    assert kind_of(document({"schemaVersion": 2, "mediaType": media_type}), "text/plain", where="x") == media_type


@pytest.mark.parametrize(
    ("value", "stated"),
    [
        ({"schemaVersion": 2, "mediaType": MANIFEST}, INDEX),
        ({"schemaVersion": 2, "mediaType": INDEX}, MANIFEST),
        ({"schemaVersion": 2, "mediaType": INDEX, "manifests": [], "layers": []}, INDEX),
        ({"schemaVersion": 2, "manifests": [], "config": {}}, INDEX),
        ({"schemaVersion": 2, "layers": [], "manifests": []}, MANIFEST),
        ({"schemaVersion": 1, "mediaType": MANIFEST}, MANIFEST),
    ],
)
def test_two_meanings(value: object, stated: str) -> None:
    """RG-06: TB3212 for a document that two readers take for two things."""
    with pytest.raises(IntegrityError, match="TB3212"):
        kind_of(document(value), stated, where="x")


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"a":1,"a":2}', b"{" * 50_000])
def test_no_document(content: bytes) -> None:
    """RG-07: TB4330 for what is no strict JSON, such as an error page."""
    with pytest.raises(IntegrityError, match="TB4330"):
        kind_of(content, MANIFEST, where="x")


@pytest.mark.parametrize(
    "value", [{"mediaType": "application/vnd.docker.distribution.manifest.v1+json"}, {"mediaType": "x"}]
)
def test_other_kinds(value: object) -> None:
    """RG-08: TB3213 for Docker's first version and for what is no image."""
    with pytest.raises(FetchError, match="TB3213"):
        kind_of(document(value), "application/vnd.docker.distribution.manifest.v1+prettyjws", where="x")


def entry(content: bytes, platform: dict[str, str] | None) -> dict[str, object]:
    """One of an index."""
    return described(MANIFEST, content, **({} if platform is None else {"platform": platform}))


def test_choose() -> None:
    """The first that the platform runs: not another architecture's, not a newer processor's, not an attestation."""
    index = fetched({"schemaVersion": 2, "manifests": [
        entry(b"none", None),
        entry(b"attestation", {"os": "unknown", "architecture": "unknown"}),
        entry(b"newer", {"os": "linux", "architecture": "amd64", "variant": "v3"}),
        entry(b"amd64", {"os": "linux", "architecture": "amd64"}),
        entry(b"second", {"os": "linux", "architecture": "amd64"}),
        entry(b"arm64", {"os": "linux", "architecture": "arm64", "variant": "v8"}),
        entry(b"windows", {"os": "windows", "architecture": "amd64"}),
    ]})  # fmt: skip
    entries = entries_of(index)
    assert choose(entries, Platform.parse("linux/amd64"), where="x").digest == Digest.of(b"amd64")
    assert choose(entries, Platform.parse("linux/arm64"), where="x").digest == Digest.of(b"arm64")
    with pytest.raises(FetchError, match=r"TB3214.*it has linux/amd64, linux/amd64/v3, windows/amd64"):
        choose(entries[:5] + entries[6:], Platform.parse("linux/arm64"), where="x")


def test_parts() -> None:
    """Configuration and layers in order; 1.1's subject."""
    value = {
        "schemaVersion": 2,
        "config": described(CONFIG, b"c"),
        "layers": [described(LAYER, b"1"), described(LAYER, b"2")],
        "artifactType": "application/x",
        "subject": described(MANIFEST, b"s"),
        "annotations": {"b": "2", "a": "1"},
    }
    parts = parts_of(fetched(value, MANIFEST))
    assert parts.config.digest == Digest.of(b"c")
    assert [layer.digest for layer in parts.layers] == [Digest.of(b"1"), Digest.of(b"2")]
    assert (parts.artifact_type, parts.annotations) == ("application/x", (("a", "1"), ("b", "2")))
    assert parts.subject is not None
    assert parts.subject.digest == Digest.of(b"s")


@pytest.mark.parametrize(
    "layer",
    [{"digest": "sha256:../../x", "size": 1}, {"digest": Digest.of(b"").__str__(), "size": -1}, {"size": 1 << 62},
     {"urls": ["https://elsewhere.example/layer"]}, {"digest": "sha512:" + "0" * 128}],
)  # fmt: skip
def test_hostile_descriptors(layer: dict[str, object]) -> None:
    """RG-09: digests that are paths, sizes that are none, and layers that lie elsewhere."""
    value = {"schemaVersion": 2, "config": described(CONFIG, b"c"), "layers": [{**described(LAYER, b"1"), **layer}]}
    with pytest.raises(TwinbuildError, match=r"TB4333|TB4335"):
        parts_of(fetched(json.loads(json.dumps(value)), MANIFEST))
