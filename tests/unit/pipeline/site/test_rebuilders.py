"""``pipeline.site.rebuilders``: who built it too, by statements of real keys about a real release."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.signed import SignedDist, signed, signed_once
from twinbuild.codec.dsse import IN_TOTO, Envelope, Signature, encode_envelope, pae
from twinbuild.describe.rebuilt import encode_rebuilt
from twinbuild.describe.site.overview import marks
from twinbuild.errors import PolicyRefused, UsageError
from twinbuild.govern.keys import PrivateKey, new_key
from twinbuild.model.digest import Digest
from twinbuild.model.rebuilt import Rebuilt, RebuiltImage
from twinbuild.pipeline.site.reading import published
from twinbuild.pipeline.site.rebuilders import heard_below

__all__ = ["signed", "signed_once"]

ADA, BOB = new_key("ed25519"), new_key("ecdsa")


def true(dist: Path) -> Rebuilt:
    """What an honest rebuilder of the release says."""
    manifest = json.loads((dist / "manifest.json").read_bytes())
    (image,) = manifest["environment"]["images"]
    return Rebuilt(
        name=manifest["metadata"]["name"],
        version=manifest["metadata"]["version"],
        lock=Digest.parse(manifest["dependencies"]["lock"]),
        source=Digest.parse(manifest["source"]["digest"]),
        images=(
            RebuiltImage(
                variant=image["variant"],
                platform=image["platform"],
                derivation=Digest.of(b"derivation"),
                digest=Digest.parse(image["digest"]),
            ),
        ),
        tool="1",
        python="3.11",
    )


def say(path: Path, rebuilt: Rebuilt, key: PrivateKey, *, name: PrivateKey | None = None) -> Path:
    """Write a statement; ``name`` is whose name the signature bears."""
    payload = encode_rebuilt(rebuilt)
    signature = Signature(keyid=(name or key).public.keyid, sig=key.sign(pae(IN_TOTO, payload)))
    path.write_bytes(encode_envelope(Envelope(payload_type=IN_TOTO, payload=payload, signatures=(signature,))))
    return path


def test_who_got_what(signed: SignedDist, tmp_path: Path) -> None:
    """The same bytes or others, verified by the keys that are given; another release's statement is passed over."""
    good, place = true(signed.dist), tmp_path / "said"
    place.mkdir()
    bad = replace(good, images=(replace(good.images[0], digest=Digest.of(b"other")),))
    say(place / "a.dsse.json", good, ADA)
    say(place / "b.dsse.json", bad, BOB)
    say(place / "c.dsse.json", replace(good, version="9"), BOB)
    (place / "notes.txt").write_text("no statement")
    heard = heard_below((place,))
    one = published(signed.dist, heard=heard, keys=(ADA.public,))
    assert {(each.keyid, each.agrees, each.is_verified) for each in one.rebuilders} == {
        (ADA.public.keyid, True, True),
        (BOB.public.keyid, False, False),
    }
    assert [each.word for each in marks(one)][3:] == ["Disputed"]
    assert [each.word for each in marks(published(signed.dist))][3:] == []
    honest = heard_below((place / "a.dsse.json",))
    assert [each.tone for each in marks(published(signed.dist, heard=honest))][3:] == ["warn"]
    assert [each.tone for each in marks(published(signed.dist, heard=honest, keys=(ADA.public,)))][3:] == ["good"]


def test_images_of_other_variants(signed: SignedDist, tmp_path: Path) -> None:
    """Those that the release does not have say nothing of it; of one that has more, it is told how many were built."""
    good = true(signed.dist)
    more = replace(good.images[0], variant="cuda", digest=Digest.of(b"other"))
    both = heard_below((say(tmp_path / "a.dsse.json", replace(good, images=(*good.images, more)), ADA),))
    one = published(signed.dist, heard=both, keys=(ADA.public,))
    assert [each.word for each in marks(one)][3:] == ["Rebuilt"]
    assert published(signed.dist, heard=heard_below((say(tmp_path / "b", replace(good, images=(more,)), ADA),))) == (
        published(signed.dist)
    )
    document = one.document
    document["environment"]["images"].append({**document["environment"]["images"][0], "variant": "cuda"})
    mark = marks(replace(one, manifest=json.dumps(document).encode()))[3]
    assert (mark.word, mark.tone, "of 1 of 2 images" in mark.detail) == ("Partly rebuilt", "warn", True)


def test_a_signature_in_anothers_name(signed: SignedDist, tmp_path: Path) -> None:
    """It is refused where the name's key is given; without it, it is shown as not verified."""
    heard = heard_below((say(tmp_path / "a.dsse.json", true(signed.dist), BOB, name=ADA),))
    with pytest.raises(PolicyRefused, match="TB6102"):
        published(signed.dist, heard=heard, keys=(ADA.public,))
    assert [each.is_verified for each in published(signed.dist, heard=heard).rebuilders] == [False]


def test_what_is_no_statement(signed: SignedDist, tmp_path: Path) -> None:
    """An empty directory, a pipe, a link, another text."""
    path = say(tmp_path / "a.dsse.json", true(signed.dist), ADA)
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(path)
    for name in ("empty", "pipe", "link"):
        with pytest.raises(UsageError, match="TB9411"):
            heard_below((tmp_path / name,))
    path.write_bytes(path.read_bytes().replace(b"payload", b"payl0ad", 1))
    with pytest.raises(PolicyRefused):
        heard_below((path,))
