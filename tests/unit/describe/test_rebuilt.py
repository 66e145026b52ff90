"""A rebuilder's statement: what is written is read back, and nothing else is read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinbuild.codec.canonical import canonical
from twinbuild.describe.rebuilt import decode_rebuilt, encode_rebuilt
from twinbuild.errors import PolicyRefused
from twinbuild.model.digest import Digest
from twinbuild.model.rebuilt import Rebuilt, RebuiltImage

DIGESTS = st.binary(max_size=4).map(Digest.of)
WORDS = st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=20)
IMAGES = st.builds(RebuiltImage, variant=WORDS, platform=WORDS, derivation=DIGESTS, digest=DIGESTS)
REBUILT = st.builds(
    Rebuilt,
    name=WORDS,
    version=WORDS,
    lock=DIGESTS,
    source=DIGESTS,
    images=st.lists(IMAGES, min_size=1, max_size=4, unique_by=lambda each: each.name).map(
        lambda images: tuple(sorted(images, key=lambda each: each.name))
    ),
    tool=WORDS,
    python=WORDS,
)


@settings(max_examples=50)
@given(REBUILT)
def test_round_trip(rebuilt: Rebuilt) -> None:
    """Byte for byte."""
    assert decode_rebuilt(encode_rebuilt(rebuilt), name="x") == rebuilt


ONE = Rebuilt(
    name="tiny",
    version="1",
    lock=Digest.of(b"lock"),
    source=Digest.of(b"source"),
    images=(
        RebuiltImage(variant="cpu", platform="linux/amd64", derivation=Digest.of(b"d"), digest=Digest.of(b"i")),
        RebuiltImage(variant="cuda", platform="linux/amd64", derivation=Digest.of(b"d"), digest=Digest.of(b"i")),
    ),
    tool="1",
    python="3.11.7",
)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["subject"].pop(),
        lambda d: d["subject"].reverse(),
        lambda d: d["subject"][0].update(name="cuda linux/amd64"),
        lambda d: d["subject"][0]["digest"].update(sha512="00"),
        lambda d: d["subject"][0]["digest"].update(sha256="0" * 63),
        lambda d: d["predicate"]["images"].reverse(),
        lambda d: d["predicate"].update(images=[]) or d.update(subject=[]),
        lambda d: d["predicate"].update(name="a\nb"),
        lambda d: d["predicate"].update(name="a" * 400),
        lambda d: d["predicate"].update(lock="sha512:00"),
        lambda d: d["predicate"].update(more=1),
        lambda d: d.update(predicateType="https://slsa.dev/provenance/v1"),
        lambda d: d.update(_type="https://in-toto.io/Statement/v0.1"),
        lambda d: d.update(predicate=[]),
    ],
)
def test_anything_else(change) -> None:  # type: ignore[no-untyped-def]
    """It is refused, whatever it is."""
    document = json.loads(encode_rebuilt(ONE))
    change(document)
    with pytest.raises(PolicyRefused) as caught:
        decode_rebuilt(canonical(document), name="x")
    assert [each.code for each in caught.value.findings] == ["TB6101"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", json.dumps({"a": 1}).encode()])
def test_no_statement(content: bytes) -> None:
    """Nor is what is no object, or not canonical."""
    with pytest.raises(PolicyRefused):
        decode_rebuilt(content, name="x")
    with pytest.raises(PolicyRefused):
        decode_rebuilt(json.dumps(json.loads(encode_rebuilt(ONE)), indent=1).encode(), name="x")
