"""``oci.cosign``: what is there stays, ours join once; and what a referrer says."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from twinbuild.errors import IntegrityError
from twinbuild.model.digest import Digest
from twinbuild.model.image import Descriptor
from twinbuild.oci.cosign import EMPTY, attachments_tag, image_signature, joined, referrer, statement

OURS = (image_signature(b"claim", b"\x01"), image_signature(b"claim", b"\x02"))
IMAGE = Digest.of(b"image")


def _layers(content: bytes) -> list[dict[str, Any]]:
    layers: list[dict[str, Any]] = json.loads(content)["layers"]
    return layers


def test_alone() -> None:
    """A layer for each signature, also of the same text, and a configuration that names them all."""
    content, config = joined(None, OURS)
    assert config is not None
    assert [
        (layer["mediaType"], layer["digest"], layer["size"], layer["annotations"]) for layer in _layers(content)
    ] == [
        (
            "application/vnd.dev.cosign.simplesigning.v1+json",
            str(Digest.of(b"claim")),
            5,
            {"dev.cosignproject.cosign/signature": base64.b64encode(sig).decode()},
        )
        for sig in (b"\x01", b"\x02")
    ]
    document = json.loads(content)
    assert (document["config"]["digest"], document["config"]["size"]) == (str(Digest.of(config)), len(config))
    assert json.loads(config)["rootfs"]["diff_ids"] == [str(Digest.of(b"claim"))] * 2
    assert joined(None, OURS) == (content, config)


def test_again() -> None:
    """What is there already changes nothing, not a byte, however it is spelled and noted."""
    document = json.loads(joined(None, OURS)[0])
    document["layers"][1]["annotations"]["dev.sigstore.cosign/bundle"] = "{}"
    found = json.dumps(document, indent=4).encode()
    assert joined(found, OURS) == (found, None)


def test_beside_others() -> None:
    """Somebody else's layers, annotations and further fields stay as they are, in their place."""
    theirs = image_signature(b"claim", b"\x03").listed()
    found = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "x", "digest": str(Digest.of(b"")), "size": 0},
        "layers": [theirs],
        "annotations": {"by": "them"},
        "further": {"a number": 1e300, "another": 2**70},
    }
    content, config = joined(json.dumps(found).encode(), OURS)
    assert config is not None
    assert _layers(content) == [theirs, *(each.listed() for each in OURS)]
    document = json.loads(content)
    assert {key: document[key] for key in ("annotations", "further", "mediaType")} == {
        key: found[key] for key in ("annotations", "further", "mediaType")
    }
    assert joined(content, OURS) == (content, None)


@pytest.mark.parametrize("key", ["mediaType", "digest", "annotations"])
def test_what_only_looks_like_ours(key: str) -> None:
    """Of another kind, of another text, or with another signature it is not ours, and ours joins."""
    document = json.loads(joined(None, OURS[:1])[0])
    other = {"mediaType": "text/plain", "digest": str(IMAGE), "annotations": None}
    document["layers"][0][key] = other[key]
    content, _ = joined(json.dumps(document).encode(), OURS[:1])
    assert len(_layers(content)) == 2


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (b"", "TB4330"),
        (b"[]", "TB4330"),
        (b"{}", "TB4335"),
        (b'{"layers":{}}', "TB4335"),
        (b'{"layers":[1]}', "TB4335"),
        (b'{"layers":[{"mediaType":"x","digest":"sha256:1","size":1}]}', "TB4335"),
    ],
)
def test_no_manifest(found: bytes, code: str) -> None:
    """Nothing is written over what cannot be read."""
    with pytest.raises(IntegrityError, match=code):
        joined(found, OURS)


def test_referrer() -> None:
    """A manifest about an image, with the empty configuration; the same each time."""
    subject = Descriptor(media_type="application/vnd.oci.image.index.v1+json", digest=IMAGE, size=7)
    attached = statement(b"{}", "https://tests.example/look")
    content = referrer(subject, "application/x", (attached,), (("a", "b"),))
    document = json.loads(content)
    assert document["subject"] == {"mediaType": subject.media_type, "digest": str(IMAGE), "size": 7}
    assert (document["artifactType"], document["annotations"]) == ("application/x", {"a": "b"})
    assert document["config"]["digest"] == str(Digest.of(EMPTY))
    assert document["layers"][0]["mediaType"] == "application/vnd.dsse.envelope.v1+json"
    assert document["layers"][0]["annotations"]["predicateType"] == "https://tests.example/look"
    assert referrer(subject, "application/x", (attached,), (("a", "b"),)) == content
    assert "annotations" not in json.loads(referrer(subject, "application/x", (attached,)))


def test_tag() -> None:
    """Where cosign looks."""
    assert attachments_tag(IMAGE, "sig") == f"sha256-{IMAGE.hex}.sig"
