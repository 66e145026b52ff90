"""Signatures beside images in a real registry, as cosign sees them, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fakes.cosign import Cosign, cosign
from fakes.docker_registry import PROGRAM, real_registry
from fakes.registry import INDEX, MANIFEST
from fakes.signed import SignedDist, signed, signed_once
from fakes.tool import Tool, tool
from twinbuild.codec.dsse import IN_TOTO, Envelope, Signature, encode_envelope, pae
from twinbuild.describe.attestation import CYCLONEDX, RELEASE, sbom_attestation
from twinbuild.describe.simplesigning import image_claims
from twinbuild.govern.keys import read_private
from twinbuild.govern.signer import KeySigner
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.platform import Platform
from twinbuild.model.reference import ImageReference
from twinbuild.model.settings import Settings
from twinbuild.net.registry.client import RegistryClient
from twinbuild.oci.cosign import image_signature, statement
from twinbuild.oci.image import described, index_document
from twinbuild.pipeline.images.attaching import Attachments, attach

__all__ = ["cosign", "signed", "signed_once", "tool"]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(PROGRAM is None, reason="needs docker-registry")]
KINDS = ("slsaprovenance1", "cyclonedx", RELEASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A repository that a signed release was pushed to, and the digest of its image."""

    name: str
    digest: str
    release: SignedDist

    def key(self, name: str) -> tuple[str, str]:
        """``--key FILE.pub``."""
        return "--key", f"{getattr(self.release, name)}.pub"


@pytest.fixture
def site(tool: Tool, signed: SignedDist, tmp_path: Path) -> Iterator[Site]:
    """A registry (2.8, without the referrers API) with the release."""
    with real_registry(tmp_path / "registry") as running:
        name = f"{running.authority}/team/tiny"
        ended = tool("push", str(signed.dist), name, "--json")
        assert ended.status == 0, ended.err
        (image,) = json.loads(ended.out)["images"]
        yield Site(name=name, digest=image["digest"], release=signed)


@pytest.mark.parametrize("who", ["ada", "grace"])
def test_cosign_takes_them(cosign: Cosign, site: Site, who: str) -> None:
    """By tag and by digest, of either kind of key: the image's signature, and the statements about it."""
    for reference in (f"{site.name}:1.0.0", f"{site.name}@{site.digest}"):
        assert cosign.verifies("verify", *site.key(who), reference)
        for kind in KINDS:
            assert cosign.verifies("verify-attestation", *site.key(who), "--type", kind, reference)
    release = (site.release.dist / "release.digest").read_text().strip()
    assert cosign.verifies("verify", *site.key(who), "-a", f"dev.twinbuild.release={release}", f"{site.name}:1.0.0")
    assert cosign.verifies("verify", *site.key(who), "--experimental-oci11", f"{site.name}:1.0.0")


def test_cosign_refuses_them(cosign: Cosign, site: Site) -> None:
    """Another key, a claim that the signature does not have, and a kind of statement that is not there."""
    reference = f"{site.name}:1.0.0"
    assert not cosign.verifies("verify", *site.key("eve"), reference)
    assert not cosign.verifies("verify", *site.key("ada"), "-a", "dev.twinbuild.release=sha256:0", reference)
    assert not cosign.verifies("verify-attestation", *site.key("eve"), "--type", "cyclonedx", reference)
    assert not cosign.verifies("verify-attestation", *site.key("ada"), "--type", "vuln", reference)


def test_a_swapped_image(cosign: Cosign, site: Site) -> None:
    """Another image under the tag, without signatures and with those of ours moved to it."""
    client = _client()
    found = client.manifest(ImageReference.parse(f"{site.name}@{site.digest}"))
    document: dict[str, Any] = json.loads(found.content)
    document["layers"].reverse()
    swapped = json.dumps(document).encode()
    client.put_manifest(ImageReference.parse(f"{site.name}:1.0.0"), swapped, MANIFEST)
    assert not cosign.verifies("verify", *site.key("ada"), f"{site.name}:1.0.0")
    for kind in ("sig", "att"):
        beside = client.manifest(ImageReference.parse(f"{site.name}:{site.digest.replace(':', '-')}.{kind}"))
        tag = f"sha256-{Digest.of(swapped).hex}.{kind}"
        client.put_manifest(ImageReference.parse(f"{site.name}:{tag}"), beside.content, beside.media_type)
    assert not cosign.verifies("verify", *site.key("ada"), f"{site.name}:1.0.0")
    assert not cosign.verifies("verify-attestation", *site.key("ada"), "--type", "cyclonedx", f"{site.name}:1.0.0")
    assert cosign.verifies("verify", *site.key("ada"), f"{site.name}@{site.digest}")


@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_beside_those_of_cosign(tool: Tool, cosign: Cosign, site: Site, tmp_path: Path, first: str) -> None:
    """What cosign signs itself stays when we push, and ours when cosign signs: the tags are everybody's."""
    assert cosign.run("generate-key-pair").returncode == 0
    theirs = tmp_path / "home" / "cosign.key"
    name = f"{site.name}-{first}"
    if first == "theirs":
        assert tool("push", "--no-signatures", str(site.release.dist), name, "-q").status == 0
        assert not cosign.verifies("verify", *site.key("ada"), f"{name}:1.0.0")
    else:
        assert tool("push", str(site.release.dist), name, "-q").status == 0
    image = f"{name}@{site.digest}"
    signed = cosign.run("sign", "--key", theirs, "--tlog-upload=false", "--yes", image)
    assert signed.returncode == 0, signed.stderr
    predicate = tmp_path / "predicate.json"
    predicate.write_text('{"looked": "well"}')
    attest = ("--key", theirs, "--tlog-upload=false", "--yes", "--type", "https://tests.example/look")
    attested = cosign.run("attest", *attest, "--predicate", predicate, image)
    assert attested.returncode == 0, attested.stderr
    assert tool("push", str(site.release.dist), name, "-q").status == 0
    assert "nothing  was new" in tool("push", str(site.release.dist), name, "-q").out
    for key in (site.key("ada"), site.key("grace"), ("--key", str(theirs.with_suffix(".pub")))):
        assert cosign.verifies("verify", *key, f"{name}:1.0.0")
    look = ("--type", "https://tests.example/look")
    assert cosign.verifies("verify-attestation", "--key", theirs.with_suffix(".pub"), *look, f"{name}:1.0.0")
    assert cosign.verifies("verify-attestation", *site.key("ada"), "--type", "cyclonedx", f"{name}:1.0.0")


def test_referrers(site: Site) -> None:
    """The same as a list of referrers, which this registry keeps under the fallback tag."""
    listed = _client().referrers(ImageReference.parse(site.name).pinned(Digest.parse(site.digest)))
    kinds = [entry.artifact_type for entry in listed]
    assert kinds.count("application/vnd.dev.cosign.artifact.sig.v1+json") == 1
    assert kinds.count("application/vnd.in-toto+json") >= len(KINDS)
    named = {value for entry in listed for key, value in entry.annotations if key == "in-toto.io/predicate-type"}
    assert named >= {"https://slsa.dev/provenance/v1", "https://cyclonedx.org/bom", RELEASE}


def test_an_index(cosign: Cosign, site: Site) -> None:
    """The index of a variant's images is signed as they are; cosign looks for it under the index's own digest."""
    client, reference = _client(), ImageReference.parse(f"{site.name}:both")
    image = client.manifest(reference.pinned(Digest.parse(site.digest)))
    content = index_document([described(image.descriptor, platform=Platform.parse("linux/amd64"))])
    index = Descriptor(media_type=INDEX, digest=Digest.of(content), size=len(content))
    client.put_manifest(reference, content, INDEX)
    assert not cosign.verifies("verify", *site.key("ada"), str(reference))
    manifest = {
        "metadata": {"name": "tiny", "version": "1"},
        "environment": {"images": [], "indexes": [{"variant": "cpu", "digest": str(index.digest)}]},
    }
    (claim,) = image_claims(manifest, Digest.of(b"release"))
    ada = KeySigner(read_private(site.release.ada.read_bytes(), name="ada", passphrase=None))
    sbom = sbom_attestation(manifest, {})
    signature = Signature(keyid=ada.public.keyid, sig=ada.sign(pae(IN_TOTO, sbom)))
    envelope = encode_envelope(Envelope(payload_type=IN_TOTO, payload=sbom, signatures=(signature,)))
    signed = Attachments(
        signatures=(image_signature(claim.payload, ada.sign(claim.payload)),),
        statements=((CYCLONEDX, statement(envelope, CYCLONEDX)),),
    )
    attach(client, reference, (index,), {index.digest: signed})
    assert cosign.verifies("verify", *site.key("ada"), str(reference))
    assert cosign.verifies("verify-attestation", *site.key("ada"), "--type", "cyclonedx", str(reference))
    assert not cosign.verifies("verify", *site.key("grace"), str(reference))


def test_a_layout(tool: Tool, cosign: Cosign, site: Site, tmp_path: Path) -> None:
    """`sign --layout` writes what cosign reads without a registry, and loads into one; a changed image is refused."""
    layout = tmp_path / "layout"
    ended = tool("sign", str(site.release.dist), "--key", str(site.release.ada), "--layout", str(layout))
    assert ended.status == 0, ended.err
    loaded = f"{site.name}-loaded:1"
    assert cosign.run("load", "--dir", layout, loaded).returncode == 0
    for where in (("--local-image", layout), (loaded,)):
        for who in ("ada", "grace"):
            assert cosign.verifies("verify", *site.key(who), *where)
            for kind in KINDS:
                assert cosign.verifies("verify-attestation", *site.key(who), "--type", kind, *where)
        assert not cosign.verifies("verify", *site.key("eve"), *where)
    index = json.loads((layout / "index.json").read_text())
    content = (layout / "blobs" / "sha256" / index["manifests"][0]["digest"].removeprefix("sha256:")).read_bytes()
    swapped = content + b" "
    (layout / "blobs" / "sha256" / Digest.of(swapped).hex).write_bytes(swapped)
    index["manifests"][0] |= {"digest": str(Digest.of(swapped)), "size": len(swapped)}
    (layout / "index.json").write_text(json.dumps(index))
    assert not cosign.verifies("verify", *site.key("ada"), "--local-image", layout)


def _client() -> RegistryClient:
    return RegistryClient(Settings(store="/nonexistent"))
