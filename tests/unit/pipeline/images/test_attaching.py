"""Attach: what was signed of a release lies beside its images, once, and what others attached stays."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.registry import INDEX, MANIFEST, FakeRegistry, digest_of, document
from fakes.signed import SignedDist, signed, signed_once
from fakes.tiny import tiny_release
from fakes.tool import Tool, tool
from fakes.web import Request, Wire
from twinbuild.codec.dsse import IN_TOTO, Envelope, decode_envelope, encode_envelope
from twinbuild.describe.attestation import RELEASE
from twinbuild.errors import FetchError, IntegrityError, TwinbuildError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.model.reference import ImageReference
from twinbuild.model.settings import Settings
from twinbuild.net.registry.client import RegistryClient
from twinbuild.net.registry.upload import Sent
from twinbuild.oci.cosign import image_signature, statement
from twinbuild.pipeline.images import attaching
from twinbuild.pipeline.images.attaching import Attachments, attach, attachments_of
from twinbuild.pipeline.reading.attested import payloads_of

__all__ = ["signed", "signed_once", "tool"]
PREDICATES = {"https://slsa.dev/provenance/v1", "https://cyclonedx.org/bom", RELEASE}
SIG = "application/vnd.dev.cosign.artifact.sig.v1+json"
STATEMENT = "application/vnd.in-toto+json"


@pytest.fixture(params=[True, False], ids=["referrers", "fallback"])
def registry(request: pytest.FixtureRequest) -> Iterator[FakeRegistry]:
    """A registry with the referrers API, and one without."""
    with FakeRegistry(referrers_api=request.param) as running:
        yield running


def image_of(dist: Path) -> str:
    """The digest of the release's image."""
    (image,) = json.loads((dist / "manifest.json").read_bytes())["environment"]["images"]
    return str(image["digest"])


def layers(registry: FakeRegistry, name: str) -> list[dict[str, object]]:
    """The layers of a manifest of the repository."""
    content, _ = registry.manifests["team/tiny", name]
    found: list[dict[str, object]] = json.loads(content)["layers"]
    return found


def test_beside_the_image(tool: Tool, registry: FakeRegistry, signed: SignedDist) -> None:
    """Under cosign's tags, and as referrers; a second push sends nothing; the tag comes last."""
    name = f"{registry.authority}/team/tiny"
    ended = tool("push", str(signed.dist), name)
    assert ended.status == 0, ended.err
    assert "attached signatures and statements" in ended.out
    put = [request.target for request in registry.requests if request.method == "PUT"]
    image = image_of(signed.dist)
    beside = image.replace(":", "-")
    order = [put.index(f"/v2/team/tiny/manifests/{name}") for name in (image, f"{beside}.sig", "1.0.0")]
    assert order == sorted(order)
    assert order[-1] == len(put) - 1
    assert len(layers(registry, f"{beside}.sig")) == 2  # ada's and grace's
    kinds = {each["annotations"]["predicateType"] for each in layers(registry, f"{beside}.att")}  # type: ignore[index]
    assert kinds >= PREDICATES

    client = RegistryClient(Settings(store="/nonexistent", retries=0))
    entries = client.referrers(ImageReference.parse(name).pinned(Digest.parse(image)))
    assert [entry.artifact_type for entry in entries].count(SIG) == 1
    assert len([entry for entry in entries if entry.artifact_type == STATEMENT]) == len(kinds)

    registry.requests.clear()
    again = tool("push", str(signed.dist), name)
    assert "nothing  was new" in again.out
    assert set(registry.counts()) == {"GET", "HEAD"}


def test_left_out(tool: Tool, registry: FakeRegistry, signed: SignedDist) -> None:
    """--no-signatures, a release that is not signed, and a layout alone: as before."""
    name = f"{registry.authority}/team/tiny"
    shutil.copytree(signed.dist / "image", signed.dist.parent / "layout")
    for words in (("--no-signatures", str(signed.dist)), (str(signed.dist.parent / "layout"),)):
        answer = json.loads(tool("push", *words, name, "--json").out)
        assert answer["attached"] == []
    shutil.rmtree(signed.dist / "signatures")
    assert "attached" not in tool("push", str(signed.dist), name).out
    assert {reference for _, reference in registry.manifests} == {"1.0.0", image_of(signed.dist)}
    assert not [request for request in registry.requests if ".sig" in request.target]


def test_others_stay(tool: Tool, registry: FakeRegistry, signed: SignedDist) -> None:
    """A signature and a statement of somebody else are kept, before ours."""
    beside = image_of(signed.dist).replace(":", "-")
    theirs = {"sig": image_signature(b"their claim", b"theirs"), "att": statement(b"{ }", "https://their.example")}
    for kind, each in theirs.items():
        config = registry.put_blob("team/tiny", b"{}")
        registry.put_blob("team/tiny", each.content)
        described = {"mediaType": "application/json", "digest": config, "size": 2}
        value = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": [each.listed()]}
        registry.put_manifest("team/tiny", f"{beside}.{kind}", document(value), MANIFEST)
    assert tool("push", str(signed.dist), f"{registry.authority}/team/tiny", "-q").status == 0
    for kind, each in theirs.items():
        found = layers(registry, f"{beside}.{kind}")
        assert found[0] == each.listed()
        assert len(found) > 2


def test_a_tag_that_is_something_else(tool: Tool, registry: FakeRegistry, signed: SignedDist) -> None:
    """TB3236: it is somebody's, and stays; no tag names the image."""
    tag = f"{image_of(signed.dist).replace(':', '-')}.sig"
    index = document({"schemaVersion": 2, "mediaType": INDEX, "manifests": []})
    registry.put_manifest("team/tiny", tag, index, INDEX)
    ended = tool("push", str(signed.dist), f"{registry.authority}/team/tiny")
    assert (ended.status, "error[TB3236]" in ended.err) == (4, True), ended.err
    assert registry.manifests["team/tiny", tag] == (index, INDEX)
    assert ("team/tiny", "1.0.0") not in registry.manifests
    registry.put_manifest("team/tiny", tag, b'{"schemaVersion":2,"layers":[1],"config":{}}', MANIFEST)
    ended = tool("push", str(signed.dist), f"{registry.authority}/team/tiny")
    assert (ended.status, "error[TB4335]" in ended.err) == (5, True), ended.err


def test_an_index_and_its_images(registry: FakeRegistry) -> None:
    """Each has what is about it, and what has nothing gets nothing."""
    with_both, with_nothing = (
        Descriptor(media_type=INDEX, digest=Digest.parse(registry.put_blob("x", content)), size=1)
        for content in (b"1", b"2")
    )
    found = {
        with_both.digest: Attachments(
            signatures=(image_signature(b"claim", b"1"),), statements=(("https://a.example", statement(b"{}", "a")),)
        ),
        Digest.of(b"elsewhere"): Attachments(signatures=(image_signature(b"other", b"1"),), statements=()),
    }
    client = RegistryClient(Settings(store="/nonexistent", retries=0))
    reference = ImageReference.parse(f"{registry.authority}/team/tiny")
    moved = attach(client, reference, (with_both, with_nothing), found)
    assert {each.how for each in moved} == {Sent.UPLOADED}
    tags = {name for _, name in registry.manifests if name.endswith((".sig", ".att"))}
    assert tags == {f"sha256-{with_both.digest.hex}.{kind}" for kind in ("sig", "att")}
    assert {each.how for each in attach(client, reference, (with_both,), found)} == {Sent.PRESENT}


@dataclass
class Crowded(FakeRegistry):
    """Others, who read a tag before we wrote it, write it after us, so many times."""

    others: int = 0
    late: re.Pattern[str] = re.compile(r"sha256-[0-9a-f]{64}(\.sig|\.att|)")

    def put_manifest(self, repository: str, reference: str, content: bytes, media_type: str) -> None:
        """Theirs takes our place."""
        if self.late.fullmatch(reference) and self.others > 0:
            self.others -= 1
            key = "manifests" if media_type == INDEX else "layers"
            theirs = document({**json.loads(content), key: []})
            super().put_manifest(repository, reference, theirs, media_type)
            return
        super().put_manifest(repository, reference, content, media_type)


@pytest.mark.parametrize("api", [True, False])
def test_others_who_write_at_the_same_time(api: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another writer took away is written again; if that does not end, it is told, and no tag is left unsaid."""
    monkeypatch.setattr(attaching, "_PAUSE", 0)
    image = Descriptor(media_type=MANIFEST, digest=Digest.of(b"image"), size=5)
    signature, stated = image_signature(b"claim", b"1"), statement(b"{}", "https://a.example")
    found = {image.digest: Attachments(signatures=(signature,), statements=(("https://a.example", stated),))}
    client = RegistryClient(Settings(store="/nonexistent", retries=0))
    for others in (0, 1, 3):
        with Crowded(referrers_api=api, others=others) as registry:
            reference = ImageReference.parse(f"{registry.authority}/team/tiny")
            attach(client, reference, (image,), found)
            beside = str(image.digest).replace(":", "-")
            assert registry.others == 0
            assert layers(registry, f"{beside}.sig") == [signature.listed()]
            assert layers(registry, f"{beside}.att") == [stated.listed()]
            kinds = {each.artifact_type for each in client.referrers(reference.pinned(image.digest))}
            assert kinds == {SIG, STATEMENT}
    with Crowded(referrers_api=api, others=1000) as registry, pytest.raises(FetchError, match="TB8621"):
        attach(client, ImageReference.parse(f"{registry.authority}/team/tiny"), (image,), found)


@pytest.mark.parametrize("status", [200, 403])
def test_a_list_that_comes_later(status: int) -> None:
    """A registry that keeps the list itself is believed: it may show it later, or to others alone."""
    image = Descriptor(media_type=MANIFEST, digest=Digest.of(b"image"), size=5)
    found = {image.digest: Attachments(signatures=(image_signature(b"claim", b"1"),), statements=())}
    body = document({"schemaVersion": 2, "mediaType": INDEX, "manifests": []})
    with FakeRegistry() as registry:

        def empty(_: Request, wire: Wire) -> None:
            wire.head(status, {"Content-Type": INDEX, "Content-Length": len(body)})
            wire.send(body)

        registry.answers[f"/v2/team/tiny/referrers/{image.digest}"] = empty
        client = RegistryClient(Settings(store="/nonexistent", retries=0))
        attach(client, ImageReference.parse(f"{registry.authority}/team/tiny"), (image,), found)
        assert sum(json.loads(content).get("artifactType") == SIG for content, _ in registry.manifests.values()) == 1


def test_a_second_try_is_no_blind_one() -> None:
    """Of two that write a tag at once docker-registry fails one, who tries again: not with what he joined before."""
    image = Descriptor(media_type=MANIFEST, digest=Digest.of(b"image"), size=5)
    ours, theirs = image_signature(b"claim", b"1"), image_signature(b"claim", b"2")
    found = {image.digest: Attachments(signatures=(ours,), statements=())}
    tag = f"{image.digest}.sig".replace(":", "-")
    with FakeRegistry() as registry:
        registry.put_blob("team/tiny", b"{}")
        registry.put_blob("team/tiny", theirs.content)
        config = {"mediaType": "application/json", "digest": digest_of(b"{}"), "size": 2}
        list_ = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [theirs.listed()]}
        path = f"/v2/team/tiny/manifests/{tag}"

        def fails(request: Request, wire: Wire) -> None:
            if request.method == "PUT":
                del registry.answers[path]
                registry.put_manifest("team/tiny", tag, document(list_), MANIFEST)
            wire.head(500 if request.method == "PUT" else 404, {"Content-Length": 0})

        registry.answers[path] = fails
        client = RegistryClient(Settings(store="/nonexistent", retries=2))
        attach(client, ImageReference.parse(f"{registry.authority}/team/tiny"), (image,), found)
        assert layers(registry, tag) == [theirs.listed(), ours.listed()]


def _repositories(found: Attachments) -> list[str]:
    return [json.loads(each.content)["critical"]["identity"]["docker-reference"] for each in found.signatures]


def test_of_the_repository(tool: Tool, signed: SignedDist, tmp_path: Path) -> None:
    """Signatures that name the repository; where none does, all of them; the release's name where it names none."""
    image = Digest.parse(image_of(signed.dist))
    assert _repositories(attachments_of(signed.dist / "image", "registry.example/tiny")[image]) == ["tiny", "tiny"]
    names = {stage: f"registry.example/{stage}/tiny" for stage in ("dev", "prod")}
    dist = tiny_release(tool, tmp_path, more=f"publish: {{repositories: {json.dumps(names)}}}\n")
    assert tool("sign", str(dist), "--key", str(signed.ada)).status == 0
    assert tool("verify-release", str(dist), *signed.public("ada")).status == 0
    image = Digest.parse(image_of(dist))
    assert _repositories(attachments_of(dist / "image", names["prod"])[image]) == [names["prod"]]
    assert _repositories(attachments_of(dist / "image", "registry.example/elsewhere")[image]) == sorted(names.values())


@pytest.mark.parametrize("name", ["release.dsse.json", "provenance.dsse.json", "sbom.dsse.json"])
def test_statements_about_something_else(signed: SignedDist, name: str) -> None:
    """They are about another release: nothing is attached."""
    path = signed.dist / "signatures" / name
    found = decode_envelope(path.read_bytes(), name=name)
    other = Envelope(payload_type=IN_TOTO, payload=found.payload + b" ", signatures=found.signatures)
    path.write_bytes(encode_envelope(other))
    with pytest.raises(IntegrityError, match=f"TB8619.*{name}"):
        attachments_of(signed.dist / "image")


def test_a_statement_that_is_not_about_an_image(signed: SignedDist) -> None:
    """A provenance that names the release manifest alone is beside no image; the others are."""
    (signed.dist / "signatures" / "release.dsse.json").unlink()
    path = signed.dist / "provenance.intoto.json"
    provenance = json.loads(path.read_bytes())
    provenance["subject"] = [each for each in provenance["subject"] if each["name"] == "manifest.json"]
    path.write_text(json.dumps(provenance))
    envelope = Envelope(payload_type=IN_TOTO, payload=path.read_bytes(), signatures=())
    (signed.dist / "signatures" / "provenance.dsse.json").write_bytes(encode_envelope(envelope))
    (found,) = attachments_of(signed.dist / "image").values()
    assert {kind for kind, _ in found.statements} == {"https://cyclonedx.org/bom"}


@pytest.mark.parametrize("sbom", [b"", b"[]", b'{"a": 36893488147419103232}', b'{"a":"\\ud800"}', b"[" * 100_000])
def test_no_sbom(signed: SignedDist, sbom: bytes) -> None:
    """What is none has no statement: whatever a hostile release holds, it is refused as such, and nothing breaks."""
    manifest = json.loads((signed.dist / "manifest.json").read_bytes())
    assert "sbom.dsse.json" not in payloads_of(manifest, Digest.of(b""), {"sbom.cdx.json": sbom})
    for entry in manifest["documents"]:
        if entry["path"] == "sbom.cdx.json":
            entry["sha256"] = Digest.of(sbom).hex
    assert "sbom.dsse.json" not in payloads_of(manifest, Digest.of(b""), {"sbom.cdx.json": sbom})


def test_signatures_of_other_images(signed: SignedDist) -> None:
    """A list that lacks one, and one that is none."""
    path = min((signed.dist / "signatures").glob("images.*.json"))
    for text, code in (('{"signatures": []}', "TB8619"), ("{}", "TB8611")):
        path.write_text(text)
        with pytest.raises(TwinbuildError, match=code):
            attachments_of(signed.dist / "image")
    assert digest_of(path.read_bytes()) == digest_of(b"{}")
